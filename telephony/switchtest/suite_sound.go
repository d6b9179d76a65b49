package switchtest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"lamplight/telephony"
)

func bridges(s *scene) {
	ctx := s.Context()
	_, leg, b := s.answered()
	s.do(s.sw.MakeBridge(ctx, b))
	s.do(s.sw.Join(ctx, b, leg))
	other := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.MakeBridge(ctx, other))
	s.do(s.sw.Join(ctx, other, leg)) // moves
	s.do(s.sw.Leave(ctx, b, leg))    // is elsewhere
	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	for _, v := range snap.Bridges {
		if want := map[telephony.BridgeID]int{b: 0, other: 1}[v.Bridge]; len(v.Legs) != want {
			s.Errorf("in %s: %v", v.Bridge, v.Legs)
		}
	}
	s.do(s.sw.Leave(ctx, other, leg))
	s.do(s.sw.Leave(ctx, other, leg))
	for _, one := range []telephony.BridgeID{b, other} {
		s.do(s.sw.RemoveBridge(ctx, one))
		s.do(s.sw.RemoveBridge(ctx, one))
	}
	s.gone("Join a removed bridge", s.sw.Join(ctx, b, leg))
	s.do(s.sw.MakeBridge(ctx, other))
	s.gone("Join of a leg that is not", s.sw.Join(ctx, other, "leg-that-never-was"))
	s.do(s.sw.RemoveBridge(ctx, other))
	s.do(s.sw.Hangup(ctx, leg))
	s.want(telephony.LegDown, of(leg))
}

// waiting has two callers hear music, together and in no bridge of ours, and one come back from there.
func waiting(s *scene) {
	ctx := s.Context()
	one, first, b := s.answered()
	two, second, other := s.answered()
	for _, leg := range []telephony.LegID{first, first, second} {
		s.do(s.sw.Wait(ctx, leg))
	}
	s.waits(map[telephony.LegID]bool{first: true, second: true}, b, 0)
	s.do(s.sw.Leave(ctx, b, first)) // has left
	s.do(s.sw.RemoveBridge(ctx, other))
	s.do(s.sw.Join(ctx, b, first))
	s.waits(map[telephony.LegID]bool{first: false, second: true}, b, 1)
	for _, p := range []Party{one, two} {
		p.HangUp()
		s.want(telephony.LegDown)
	}
	s.gone("Wait of a leg that has gone", s.sw.Wait(ctx, second))
	s.do(s.sw.RemoveBridge(ctx, b))
}

// waits checks who waits, and how many are in a bridge.
func (s *scene) waits(want map[telephony.LegID]bool, b telephony.BridgeID, in int) {
	s.Helper()
	snap, err := s.sw.Snapshot(s.Context())
	s.do(err)
	for _, l := range snap.Legs {
		if l.Waits != want[l.Leg] {
			s.Errorf("%s waits: %v", l.Leg, l.Waits)
		}
	}
	for _, v := range snap.Bridges {
		if v.Bridge == b && len(v.Legs) != in {
			s.Errorf("in %s: %v", v.Bridge, v.Legs)
		}
	}
}

func plays(s *scene) {
	ctx := s.Context()
	_, leg, b := s.answered()
	whole := telephony.Play{ID: telephony.PlayID(s.id("play")), Bridge: b, Prompts: []string{"lamplight/beep", "lamplight/beep"},
		Language: telephony.Spanish}
	s.do(s.sw.Play(ctx, whole))
	if e := s.want(telephony.PlayEnded); e.Play != whole.ID || e.Bridge != b || e.Failed {
		s.Errorf("ended: %+v", e)
	}
	s.do(s.sw.StopPlay(ctx, whole.ID))
	cut := telephony.Play{ID: telephony.PlayID(s.id("play")), Bridge: b, Prompts: slices.Repeat([]string{"lamplight/greeting"}, 20),
		Language: telephony.English}
	s.do(s.sw.Play(ctx, cut))
	s.do(s.sw.Play(ctx, cut)) // already done
	s.do(s.sw.StopPlay(ctx, cut.ID))
	if e := s.want(telephony.PlayEnded); e.Play != cut.ID {
		s.Errorf("ended: %+v", e)
	}
	s.do(s.sw.StopPlay(ctx, cut.ID))
	orphan := cut
	orphan.ID = telephony.PlayID(s.id("play"))
	s.do(s.sw.Play(ctx, orphan))
	s.do(s.sw.RemoveBridge(ctx, b))
	if e := s.want(telephony.PlayEnded); e.Play != orphan.ID {
		s.Errorf("ended with its bridge: %+v", e)
	}
	s.gone("Play into a removed bridge", s.sw.Play(ctx, telephony.Play{ID: "play-x", Bridge: b, Prompts: []string{"lamplight/beep"},
		Language: telephony.English}))
	s.do(s.sw.Hangup(ctx, leg))
	s.want(telephony.LegDown, of(leg))
	if slices.ContainsFunc(s.early, func(e telephony.Event) bool { return e.Kind == telephony.PlayEnded }) {
		s.Errorf("a play ended twice: %+v", s.early)
	}
}

func recordingStays(s *scene) {
	ctx := s.Context()
	_, leg, b := s.answered()
	r := telephony.RecordingID(s.id("rec"))
	s.do(s.sw.Record(ctx, leg, r))
	s.do(s.sw.Record(ctx, leg, r))
	if err := s.sw.FetchRecording(ctx, r, new(bytes.Buffer)); err == nil {
		s.Error("a running recording was fetched")
	}
	s.do(s.sw.Wait(ctx, leg))
	// Half a second of it: what is being recorded takes time on any switch.
	<-time.After(500 * time.Millisecond)
	s.do(s.sw.StopRecording(ctx, r))
	if e := s.want(telephony.RecordingEnded); e.Recording != r || e.Failed {
		s.Errorf("ended: %+v", e)
	}
	s.do(s.sw.StopRecording(ctx, r))
	s.stereo(r)
	s.stereo(r) // fetching takes nothing away
	s.do(s.sw.DeleteRecording(ctx, r))
	s.do(s.sw.DeleteRecording(ctx, r))
	s.gone("fetch a deleted recording", s.sw.FetchRecording(ctx, r, new(bytes.Buffer)))
	s.do(s.sw.Hangup(ctx, leg))
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
}

// stereo fetches a recording and insists on a WAV of two channels with something in it.
func (s *scene) stereo(r telephony.RecordingID) {
	s.Helper()
	var b bytes.Buffer
	s.do(s.sw.FetchRecording(s.Context(), r, &b))
	wav := b.Bytes()
	if len(wav) <= 44 || string(wav[:4]) != "RIFF" || string(wav[8:12]) != "WAVE" || binary.LittleEndian.Uint16(wav[22:]) != 2 ||
		int(binary.LittleEndian.Uint32(wav[40:])) != len(wav)-44 {
		s.Errorf("no stereo WAV: %d bytes, %x", len(wav), wav[:min(44, len(wav))])
	}
}

func recordingEndsWithLeg(s *scene) {
	ctx := s.Context()
	p, leg, b := s.answered()
	r := telephony.RecordingID(s.id("rec"))
	s.do(s.sw.Record(ctx, leg, r))
	<-time.After(200 * time.Millisecond)
	p.HangUp()
	s.want(telephony.LegDown, of(leg))
	if e := s.want(telephony.RecordingEnded); e.Recording != r || e.Leg != leg {
		s.Errorf("ended: %+v", e)
	}
	s.stereo(r)
	s.do(s.sw.DeleteRecording(ctx, r))
	s.do(s.sw.RemoveBridge(ctx, b))
}

// recordedFromAnswer has an agent's leg recorded by the switch itself; one that nobody heard leaves no recording.
func recordedFromAnswer(s *scene) {
	ctx := s.Context()
	caller, leg, b := s.answered()
	agent := s.Agent("agent1", PhoneBehavior{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1", Agent: "agent1", CallerID: did,
		Timeout: 30 * time.Second, Record: telephony.RecordingID(s.id("rec"))}
	s.do(s.sw.Originate(ctx, o))
	if e := s.want(telephony.LegEntered, of(o.Leg)); e.Recording != o.Record {
		s.Errorf("entered, recorded as %q, want %q", e.Recording, o.Record)
	}
	s.do(s.sw.Join(ctx, b, o.Leg))
	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	if !slices.Contains(snap.Recordings, o.Record) {
		s.Errorf("recordings: %v", snap.Recordings)
	}
	if err := s.sw.FetchRecording(ctx, o.Record, new(bytes.Buffer)); err == nil {
		s.Error("a running recording was fetched")
	}
	// Half a second of it: what is being recorded takes time on any switch.
	<-time.After(500 * time.Millisecond)
	agent.HangUp()
	s.want(telephony.LegDown, of(o.Leg))
	if e := s.want(telephony.RecordingEnded); e.Recording != o.Record || e.Leg != o.Leg || e.Failed {
		s.Errorf("ended: %+v", e)
	}
	s.do(s.sw.StopRecording(ctx, o.Record))
	s.stereo(o.Record)
	s.stereo(o.Record) // fetching takes nothing away
	s.do(s.sw.DeleteRecording(ctx, o.Record))
	s.do(s.sw.DeleteRecording(ctx, o.Record))
	s.gone("fetch a deleted recording", s.sw.FetchRecording(ctx, o.Record, new(bytes.Buffer)))
	caller.HangUp()
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
}
