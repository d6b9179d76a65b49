package ari_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/switchtest"
)

// A caller whose carrier speaks G.722 alone is recorded like any other: both sides at their own speed.
func TestAWidebandCallerIsRecorded(t *testing.T) {
	t.Parallel()
	h := newFixture(t, func(c *asterisk.Config) { c.Stale = 10 * time.Minute }) // nothing beats here
	h.spool = h.server.Spool()
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	must(t, h.sw.Beat(t.Context()))
	ctx := t.Context()
	agent := h.be("agent1", switchtest.PhoneBehavior{Answers: true})
	w := asterisktest.NewWire(t, "127.0.0.2", h.server.SIPAddr())
	w.SDP = asterisktest.Plain("9 G722/8000")
	answered := make(chan int, 1)
	go func() { answered <- w.Invite(ctx) }()
	leg := next(t, h.sw, telephony.LegArrived).Leg
	must(t, h.sw.Answer(ctx, leg), h.sw.Renew(ctx, leg, time.Minute), h.sw.MakeBridge(ctx, "b-g722"))
	if code := <-answered; code != 200 {
		t.Fatal(code)
	}
	must(t, h.sw.Originate(ctx, telephony.Originate{Leg: "agent-g722", Call: "call-1", Agent: "agent1", Timeout: 20 * time.Second}))
	next(t, h.sw, telephony.LegEntered)
	must(t, h.sw.Join(ctx, "b-g722", leg, "agent-g722"), h.sw.Renew(ctx, "agent-g722", 0), h.sw.Record(ctx, leg, "rec-g722"))
	words, err := asterisk.Sound("en", "lamplight/recorded")
	must(t, err)
	said := speech.FromUlaw(words)
	spoken := make(chan error, 1)
	go func() { spoken <- agent.talks().Play(context.WithoutCancel(ctx), said) }()
	w.Speak(ctx, &asterisktest.SoundSource{SSRC: 1, Payload: 9}, true, said.Duration()+500*time.Millisecond)
	must(t, <-spoken, h.sw.StopRecording(ctx, "rec-g722"))
	next(t, h.sw, telephony.RecordingEnded)
	var wav bytes.Buffer
	must(t, h.sw.FetchRecording(ctx, "rec-g722", &wav))
	var right speech.PCM
	for at := 44; at+4 <= wav.Len(); at += 4 {
		right = append(right, wav.Bytes()[at+2:at+4]...)
	}
	if got, _, _ := speech.Follow(right, said); got < 0.8 {
		t.Errorf("the agent's words are recorded with %.3f in %v, said in %v", got, right.Duration(), said.Duration())
	}
	must(t, h.sw.DeleteRecording(ctx, "rec-g722"), h.sw.Hangup(ctx, leg), h.sw.Hangup(ctx, "agent-g722"), h.sw.RemoveBridge(ctx, "b-g722"))
}
