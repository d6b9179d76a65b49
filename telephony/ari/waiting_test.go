package ari_test

import (
	"context"
	"testing"
	"time"

	"lamplight/telephony"
)

// Who waits hears music, also who talked before: on hold, and when the agent's leg has gone.
func TestWhoWaitsHearsMusic(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	caller, agent, leg, other := h.talk(t, "rec-00000005")
	ctx := t.Context()
	hears := func(when string) {
		t.Helper()
		soon, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if _, err := caller.talks().HeardAbove(soon, 300, time.Now()); err != nil {
			t.Errorf("%s: the caller hears no music: %v", when, err)
		}
	}
	must(t, h.sw.Wait(ctx, leg))
	hears("on hold")
	must(t, h.sw.Join(ctx, "b-rec-00000005", leg))
	converse(t, caller, agent, 0, 50)
	must(t, h.sw.SetPeer(ctx, other, ""), h.sw.Hangup(ctx, other))
	next(t, h.sw, telephony.LegDown)
	must(t, h.sw.Wait(ctx, leg))
	hears("when the agent has gone")
	must(t, h.sw.Hangup(ctx, leg))
}
