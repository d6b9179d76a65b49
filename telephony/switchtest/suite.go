package switchtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
)

// A World is a switch with people around it. Run asks for a new one in each of its tests.
type World interface {
	Switch() telephony.Switch
	// Caller dials did; the caller's phone stays until HangUp or the switch hangs up.
	Caller(did, ani telephony.Number, name string) Party
	// Agent says what the agent's phone of that name does when it is rung. Outside says it of a number of the
	// telephone network.
	Agent(endpoint string, p Phone) Party
	Outside(n telephony.Number, p Phone) Party
}

// A Party is somebody with a phone.
type Party interface {
	Press(digits string)
	HangUp()
}

// Run checks that what make returns is a telephony.Switch in all that Switch promises and an outsider can see. The
// agents "agent1" and "agent2" and the prompts "lamplight/greeting" and "lamplight/beep" must be there.
func Run(t *testing.T, make func(t *testing.T) World) {
	for _, c := range []struct {
		name string
		test func(s *scene)
	}{
		{"a caller arrives, presses keys and hangs up", callerLives},
		{"a caller's name is cleaned", nameIsCleaned},
		{"bridges may be made, filled and removed again and again", bridges},
		{"prompts play one after the other and end once", plays},
		{"an agent's leg rings, enters, talks and ends", agentTalks},
		{"an agent is busy, does not answer, or the offer is withdrawn", agentDoesNot},
		{"a number of the telephone network is called", outsideNumber},
		{"a recording is stereo and stays until it is deleted", recordingStays},
		{"a recording ends with its leg", recordingEndsWithLeg},
		{"a lease that is not renewed loses the leg", leaseRunsOut},
		{"a snapshot shows what is there", snapshotShows},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := make(t)
			s := &scene{T: t, World: w, sw: w.Switch()}
			s.want(telephony.Linked)
			s.do(s.sw.Beat(t.Context()))
			c.test(s)
			s.nothingLeft()
		})
	}
}

// patience is how long an event may be under way. A real Asterisk on a busy machine takes its time.
const patience = 20 * time.Second

const (
	did = telephony.Number("+13125550100")
	ani = telephony.Number("+13125550142")
)

// A scene is one test.
type scene struct {
	*testing.T
	World
	sw    telephony.Switch
	early []telephony.Event // events that came while another was waited for
	count int
}

func (s *scene) do(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) gone(what string, err error) {
	s.Helper()
	if !errors.Is(err, telephony.ErrGone) {
		s.Errorf("%s: %v, want ErrGone", what, err)
	}
}

// id makes an id that no test before has used: on a real switch a recording of an earlier run may lie.
func (s *scene) id(kind string) string {
	s.count++
	return fmt.Sprintf("%s-%016x-%03d", kind, time.Now().UnixNano(), s.count)
}

// want waits for the next event of a kind and puts others of before aside, for later wants.
func (s *scene) want(kind telephony.EventKind, about ...func(telephony.Event) bool) telephony.Event {
	s.Helper()
	fits := func(e telephony.Event) bool {
		return e.Kind == kind && !slices.ContainsFunc(about, func(f func(telephony.Event) bool) bool { return !f(e) })
	}
	if i := slices.IndexFunc(s.early, fits); i >= 0 {
		e := s.early[i]
		s.early = slices.Delete(s.early, i, i+1)
		return e
	}
	late := time.After(patience)
	for {
		select {
		case e, ok := <-s.sw.Events():
			switch {
			case !ok:
				s.Fatalf("events ended before %s", kind)
			case fits(e):
				return e
			}
			s.early = append(s.early, e)
		case <-late:
			s.Fatalf("no %s; came: %+v", kind, s.early)
		}
	}
}

func of(leg telephony.LegID) func(telephony.Event) bool {
	return func(e telephony.Event) bool { return e.Leg == leg }
}

// arrive brings a caller in.
func (s *scene) arrive() (Party, telephony.LegID) {
	s.Helper()
	p := s.Caller(did, ani, "Ana Paz")
	e := s.want(telephony.LegArrived)
	if e.Leg == "" || e.DID != did || e.ANI != ani || e.CallerName != "Ana Paz" || e.At.IsZero() {
		s.Errorf("arrived: %+v", e)
	}
	s.do(s.sw.Renew(s.Context(), e.Leg, time.Minute))
	return p, e.Leg
}

// answered brings a caller in, answers and puts them alone into a bridge.
func (s *scene) answered() (Party, telephony.LegID, telephony.BridgeID) {
	s.Helper()
	p, leg := s.arrive()
	b := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.Answer(s.Context(), leg))
	s.do(s.sw.MakeBridge(s.Context(), b))
	s.do(s.sw.Join(s.Context(), b, leg))
	return p, leg, b
}

func (s *scene) nothingLeft() {
	s.Helper()
	var left telephony.Snapshot
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var err error
		left, err = s.sw.Snapshot(context.Background())
		s.do(err)
		if len(left.Legs)+len(left.Bridges)+len(left.Recordings) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.Errorf("left behind: %+v", left)
			return
		}
	}
}

func callerLives(s *scene) {
	ctx := s.Context()
	p, leg := s.arrive()
	s.do(s.sw.Ring(ctx, leg))
	s.do(s.sw.Answer(ctx, leg))
	s.do(s.sw.Answer(ctx, leg))
	const keys = "12*0#987"
	p.Press(keys)
	heard := ""
	for range keys {
		heard += s.want(telephony.Digit, of(leg)).Digit
	}
	if heard != keys {
		s.Errorf("keys %q, pressed %q", heard, keys)
	}
	p.HangUp()
	if e := s.want(telephony.LegDown, of(leg)); e.Cause != 16 {
		s.Errorf("down with cause %d, want 16", e.Cause)
	}
	s.gone("Answer", s.sw.Answer(ctx, leg))
	s.gone("Renew", s.sw.Renew(ctx, leg, time.Minute))
	s.gone("Record", s.sw.Record(ctx, leg, telephony.RecordingID(s.id("rec"))))
	s.do(s.sw.Hangup(ctx, leg))
}

func nameIsCleaned(s *scene) {
	p := s.Caller(did, ani, "<b>Ana</b> \u202ezaP\u202c & Co")
	e := s.want(telephony.LegArrived)
	if e.CallerName != "<b>Ana</b> zaP & Co" {
		s.Errorf("name %q", e.CallerName)
	}
	p.HangUp()
	s.want(telephony.LegDown, of(e.Leg))
}

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
	s.do(s.sw.Music(ctx, other))
	s.do(s.sw.Music(ctx, other))
	s.do(s.sw.Quiet(ctx, other))
	s.do(s.sw.Quiet(ctx, other))
	s.do(s.sw.Leave(ctx, other, leg))
	s.do(s.sw.Leave(ctx, other, leg))
	for _, one := range []telephony.BridgeID{b, other} {
		s.do(s.sw.RemoveBridge(ctx, one))
		s.do(s.sw.RemoveBridge(ctx, one))
	}
	s.gone("Join a removed bridge", s.sw.Join(ctx, b, leg))
	s.gone("Music in a removed bridge", s.sw.Music(ctx, b))
	s.do(s.sw.MakeBridge(ctx, other))
	s.gone("Join of a leg that is not", s.sw.Join(ctx, other, "leg-that-never-was"))
	s.do(s.sw.RemoveBridge(ctx, other))
	s.do(s.sw.Hangup(ctx, leg))
	s.want(telephony.LegDown, of(leg))
}

func plays(s *scene) {
	ctx := s.Context()
	_, leg, b := s.answered()
	whole := telephony.Play{ID: telephony.PlayID(s.id("play")), Bridge: b, Prompts: []string{"lamplight/beep", "lamplight/beep"}, Language: telephony.Spanish}
	s.do(s.sw.Play(ctx, whole))
	if e := s.want(telephony.PlayEnded); e.Play != whole.ID || e.Bridge != b || e.Failed {
		s.Errorf("ended: %+v", e)
	}
	s.do(s.sw.StopPlay(ctx, whole.ID))
	cut := telephony.Play{ID: telephony.PlayID(s.id("play")), Bridge: b, Prompts: slices.Repeat([]string{"lamplight/greeting"}, 20), Language: telephony.English}
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
	s.gone("Play into a removed bridge", s.sw.Play(ctx, telephony.Play{ID: "play-x", Bridge: b, Prompts: []string{"lamplight/beep"}, Language: telephony.English}))
	s.do(s.sw.Hangup(ctx, leg))
	s.want(telephony.LegDown, of(leg))
	if slices.ContainsFunc(s.early, func(e telephony.Event) bool { return e.Kind == telephony.PlayEnded }) {
		s.Errorf("a play ended twice: %+v", s.early)
	}
}

// ask originates a leg to agent1.
func (s *scene) ask(timeout time.Duration) telephony.Originate {
	s.Helper()
	o := telephony.Originate{
		Leg: telephony.LegID(s.id("leg")), Call: telephony.CallID(s.id("call")), Agent: "agent1", CallerName: `Lake "Shore" Clinic`, CallerID: did,
		Headers: map[string]string{"X-Lamplight-Call": "c1"}, Timeout: timeout,
	}
	s.do(s.sw.Originate(s.Context(), o))
	return o
}

func agentTalks(s *scene) {
	ctx := s.Context()
	caller, leg, b := s.answered()
	agent := s.Agent("agent1", Phone{Answers: true, After: 200 * time.Millisecond})
	o := s.ask(30 * time.Second)
	s.do(s.sw.Originate(ctx, o)) // already done
	if e := s.want(telephony.LegRinging); e.Leg != o.Leg || e.Call != o.Call {
		s.Errorf("rings: %+v", e)
	}
	if e := s.want(telephony.LegEntered); e.Leg != o.Leg || e.Call != o.Call {
		s.Errorf("entered: %+v", e)
	}
	s.do(s.sw.Join(ctx, b, o.Leg))
	s.do(s.sw.SetPeer(ctx, leg, o.Leg))
	s.do(s.sw.SetPeer(ctx, o.Leg, leg))
	s.do(s.sw.Renew(ctx, o.Leg, 0))
	agent.Press("5")
	if e := s.want(telephony.Digit); e.Leg != o.Leg || e.Digit != "5" {
		s.Errorf("key: %+v", e)
	}
	s.do(s.sw.SetPeer(ctx, leg, ""))
	s.do(s.sw.SetPeer(ctx, o.Leg, ""))
	agent.HangUp()
	if e := s.want(telephony.LegDown); e.Leg != o.Leg || e.Call != o.Call || e.Cause != 16 {
		s.Errorf("down: %+v", e)
	}
	caller.HangUp()
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
	s.gone("SetPeer of a leg that has gone", s.sw.SetPeer(ctx, leg, ""))
}

func agentDoesNot(s *scene) {
	s.Agent("agent1", Phone{Rejects: 17})
	busy := s.ask(30 * time.Second)
	if e := s.want(telephony.LegDown, of(busy.Leg)); e.Cause != 17 || e.Call != busy.Call {
		s.Errorf("busy: %+v", e)
	}
	s.Agent("agent1", Phone{})
	missed := s.ask(time.Second)
	s.want(telephony.LegRinging, of(missed.Leg))
	s.want(telephony.LegDown, of(missed.Leg))
	withdrawn := s.ask(30 * time.Second)
	s.want(telephony.LegRinging, of(withdrawn.Leg))
	s.do(s.sw.Renew(s.Context(), withdrawn.Leg, time.Minute)) // has no lease yet: no error
	s.do(s.sw.Hangup(s.Context(), withdrawn.Leg))
	s.want(telephony.LegDown, of(withdrawn.Leg))
	s.do(s.sw.Hangup(s.Context(), withdrawn.Leg))
}

func outsideNumber(s *scene) {
	provider := s.Outside("+13125550199", Phone{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1", Number: "+13125550199", CallerID: did, Timeout: 30 * time.Second}
	s.do(s.sw.Originate(s.Context(), o))
	s.want(telephony.LegEntered, of(o.Leg))
	provider.HangUp()
	s.want(telephony.LegDown, of(o.Leg))
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
	s.do(s.sw.Music(ctx, b))
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

func leaseRunsOut(s *scene) {
	ctx := s.Context()
	p, leg, b := s.answered()
	s.do(s.sw.Renew(ctx, leg, time.Second))
	begun := time.Now()
	s.want(telephony.LegLost, of(leg))
	if took := time.Since(begun); took < 900*time.Millisecond || took > 5*time.Second {
		s.Errorf("lost after %v, the lease was 1 s", took)
	}
	s.gone("Renew of a lost leg", s.sw.Renew(ctx, leg, time.Minute))
	s.gone("Join of a lost leg", s.sw.Join(ctx, b, leg))
	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	if len(snap.Legs) != 0 {
		s.Errorf("a lost leg is in the snapshot: %+v", snap.Legs)
	}
	p.HangUp()
	s.do(s.sw.RemoveBridge(ctx, b))
}

func snapshotShows(s *scene) {
	ctx := s.Context()
	_, leg, b := s.answered()
	s.Agent("agent1", Phone{Answers: true})
	o := s.ask(30 * time.Second)
	s.want(telephony.LegEntered, of(o.Leg))
	s.do(s.sw.Join(ctx, b, leg, o.Leg))
	s.do(s.sw.SetPeer(ctx, leg, o.Leg))
	r := telephony.RecordingID(s.id("rec"))
	s.do(s.sw.Record(ctx, leg, r))
	empty := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.MakeBridge(ctx, empty))
	s.Agent("agent2", Phone{})
	ringing := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-2", Agent: "agent2", Timeout: 30 * time.Second}
	s.do(s.sw.Originate(ctx, ringing))
	s.want(telephony.LegRinging, of(ringing.Leg))

	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	legs := map[telephony.LegID]telephony.LegView{}
	for _, v := range snap.Legs {
		legs[v.Leg] = v
	}
	if v := legs[leg]; len(legs) != 3 || !v.Up || v.DID != did || v.ANI != ani || v.Peer != o.Leg || time.Since(v.Since) > time.Minute {
		s.Errorf("the caller's leg: %+v of %d", v, len(legs))
	}
	if v := legs[o.Leg]; !v.Up || v.Agent != "agent1" || v.Call != o.Call {
		s.Errorf("the agent's leg: %+v", v)
	}
	if v := legs[ringing.Leg]; v.Up || v.Agent != "agent2" || v.Call != "call-2" {
		s.Errorf("the ringing leg: %+v", v)
	}
	for _, v := range snap.Bridges {
		if want := map[telephony.BridgeID]int{b: 2, empty: 0}[v.Bridge]; len(v.Legs) != want {
			s.Errorf("bridge %+v", v)
		}
	}
	if len(snap.Bridges) != 2 || len(snap.Recordings) != 1 || snap.Recordings[0] != r {
		s.Errorf("bridges %v, recordings %v", snap.Bridges, snap.Recordings)
	}
	for _, l := range []telephony.LegID{leg, o.Leg, ringing.Leg} {
		s.do(s.sw.Hangup(ctx, l))
		s.want(telephony.LegDown, of(l))
	}
	s.want(telephony.RecordingEnded)
	s.do(s.sw.DeleteRecording(ctx, r))
	s.do(s.sw.RemoveBridge(ctx, b))
	s.do(s.sw.RemoveBridge(ctx, empty))
}
