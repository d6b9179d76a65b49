package ari_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/switchtest"
)

// A carrier's media gateway may go on with another source in mid-call, its counters lower or higher: both sides go on
// hearing each other, and the recording holds both.
func TestAnotherSourceInMidCall(t *testing.T) {
	t.Parallel()
	h := newFixture(t, func(c *asterisk.Config) { c.Stale = 10 * time.Minute }) // nothing beats here
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	must(t, h.sw.Beat(t.Context()))
	for name, test := range map[string]struct {
		payload  uint8
		from, to asterisktest.SoundSource
		reinvite bool
	}{
		"mu-law, far lower": {0, asterisktest.SoundSource{SSRC: 1, Seq: 30000, Time: 4_000_000},
			asterisktest.SoundSource{SSRC: 2, Seq: 100, Time: 1000}, false},
		"mu-law, a bit lower": {0, asterisktest.SoundSource{SSRC: 1, Seq: 30000, Time: 4_000_000},
			asterisktest.SoundSource{SSRC: 2, Seq: 29990, Time: 3_999_000}, false},
		"mu-law, higher": {0, asterisktest.SoundSource{SSRC: 1, Seq: 100, Time: 1000},
			asterisktest.SoundSource{SSRC: 2, Seq: 30000, Time: 4_000_000}, true},
		"A-law, far lower": {8, asterisktest.SoundSource{SSRC: 1, Seq: 30000, Time: 4_000_000},
			asterisktest.SoundSource{SSRC: 2, Seq: 100, Time: 1000}, false},
		"A-law, a bit lower": {8, asterisktest.SoundSource{SSRC: 1, Seq: 30000, Time: 4_000_000},
			asterisktest.SoundSource{SSRC: 2, Seq: 29990, Time: 3_999_000}, true},
		"A-law, higher": {8, asterisktest.SoundSource{SSRC: 1, Seq: 100, Time: 1000},
			asterisktest.SoundSource{SSRC: 2, Seq: 30000, Time: 4_000_000}, false},
	} {
		t.Run(name, func(t *testing.T) { h.otherSource(t, test.payload, test.from, test.to, test.reinvite, false) })
		t.Run(name+", recorded by the dialplan", func(t *testing.T) {
			h.otherSource(t, test.payload, test.from, test.to, test.reinvite, true)
		})
	}
}

func (h *fixture) otherSource(t *testing.T, payload uint8, from, to asterisktest.SoundSource, reinvite, talk bool) {
	ctx := t.Context()
	agent := h.be("agent1", switchtest.PhoneBehavior{Answers: true})
	w := asterisktest.NewWire(t, "127.0.0.2", h.server.SIPAddr())
	if payload == 8 {
		w.SDP = asterisktest.Plain("8 PCMA/8000")
	}
	from.Payload, to.Payload = payload, payload
	answered := make(chan int, 1)
	go func() { answered <- w.Invite(ctx) }()
	leg := next(t, h.sw, telephony.LegArrived).Leg
	id := leg[len(leg)-6:]
	b, r, other := telephony.BridgeID("b-"+id), telephony.RecordingID("rec-"+id), "agent-"+id
	must(t, h.sw.Answer(ctx, leg), h.sw.Renew(ctx, leg, time.Minute), h.sw.MakeBridge(ctx, b))
	if code := <-answered; code != 200 {
		t.Fatal(code)
	}
	o := telephony.Originate{Leg: other, Call: "call-1", Agent: "agent1", Timeout: 20 * time.Second}
	if talk {
		o.Record = r
	}
	must(t, h.sw.Originate(ctx, o))
	next(t, h.sw, telephony.LegEntered)
	must(t, h.sw.Join(ctx, b, leg, other), h.sw.Renew(ctx, other, 0))
	if !talk {
		must(t, h.sw.Record(ctx, leg, r))
	}
	desk := agent.talks()
	speaking, stop := context.WithCancel(ctx)
	go desk.Play(speaking, counted(ofAgent, 0, 1000))
	defer stop()
	w.Speak(ctx, &from, true, time.Second)
	if _, err := desk.HeardAbove(ctx, 500, time.Now().Add(-300*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	changed := time.Now()
	if reinvite {
		go w.Invite(ctx)
	}
	also := make(chan error, 1)
	if talk { // what the server does then
		r += "-2"
		go func() {
			next(t, h.sw, telephony.SourceChanged)
			also <- h.sw.Record(ctx, leg, r)
		}()
	} else {
		also <- nil
	}
	w.Speak(ctx, &to, true, 1200*time.Millisecond)
	again, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := desk.HeardAbove(again, 500, changed.Add(900*time.Millisecond)); err != nil {
		t.Error("a second after another source the agent hears nothing")
	}
	if n := w.Loud(changed.Add(900 * time.Millisecond)); n < 3 {
		t.Errorf("the caller heard %d packets", n)
	}
	w.Speak(ctx, &to, true, time.Second)
	must(t, <-also, h.sw.StopRecording(ctx, r))
	next(t, h.sw, telephony.RecordingEnded)
	var wav bytes.Buffer
	must(t, h.sw.FetchRecording(ctx, r, &wav))
	left, right := lastSecond(wav.Bytes())
	if left < 500 || right < 100 {
		t.Errorf("the last second of the recording: caller %d, agent %d", left, right)
	}
	stop()
	w.Bye()
	must(t, h.sw.DeleteRecording(ctx, r), h.sw.Hangup(ctx, leg), h.sw.Hangup(ctx, other), h.sw.RemoveBridge(ctx, b))
	if talk {
		must(t, h.sw.DeleteRecording(ctx, next(t, h.sw, telephony.RecordingEnded).Recording))
	}
}

// lastSecond is the mean level of both channels in the last second of a stereo WAV.
func lastSecond(wav []byte) (left, right int) {
	body := wav[44:]
	body = body[max(0, len(body)-8000*4)/4*4:]
	n := len(body) / 4
	for i := range n {
		l, r := int(int16(binary.LittleEndian.Uint16(body[4*i:]))), int(int16(binary.LittleEndian.Uint16(body[4*i+2:])))
		left, right = left+max(l, -l), right+max(r, -r)
	}
	return left / max(n, 1), right / max(n, 1)
}
