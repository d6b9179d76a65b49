package ari_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// Callers who wait cost no command each: they are looked after together, and all go to the fail-safe when nobody tells any more.
// One who is talked to stays.
func TestWhoWaitsIsLookedAfterTogether(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	ctx := t.Context()
	_, _, talker, _ := h.talk(t, "rec-00000006")
	must(t, h.sw.Renew(ctx, talker, 2*time.Minute))
	watched := func() bool { return strings.Contains(h.ask(t, "/channels"), "watching-") }
	for deadline := time.Now().Add(20 * time.Second); !watched(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no watchman")
		}
	}
	<-time.After(2 * time.Second) // it is seen each second
	must(t, h.sw.Beat(ctx))
	var waiting []telephony.LegID
	for range 3 {
		h.dial("+13125550100", "+13125550143", "Eva Paz")
		leg := next(t, h.sw, telephony.LegArrived).Leg
		must(t, h.sw.Answer(ctx, leg), h.sw.Wait(ctx, leg))
		waiting = append(waiting, leg)
	}
	before, begun := h.sw.Commands(), time.Now()
	for time.Since(begun) < asterisk.Lease+4*time.Second {
		for _, leg := range waiting {
			must(t, h.sw.Renew(ctx, leg, asterisk.Lease))
		}
		<-time.After(100 * time.Millisecond)
	}
	if n := h.sw.Commands() - before; n > 100 { // three a second for the watchman, and what the recording asks
		t.Errorf("%d commands for %d renewals", n, 3*int(time.Since(begun)/(100*time.Millisecond)))
	}
	gone := map[telephony.LegID]bool{}
	for late := time.After(asterisk.Lease + 3*time.Second); len(gone) < len(waiting); {
		select {
		case e := <-h.sw.Events():
			if e.Kind == telephony.LegLost {
				gone[e.Leg] = true
			}
		case <-late:
			t.Fatalf("of %v only %v have gone to the fail-safe", waiting, gone)
		}
	}
	if gone[talker] {
		t.Error("who talks was taken too")
	}
	must(t, h.sw.Renew(ctx, talker, time.Minute))
	if err := h.sw.Renew(ctx, waiting[0], asterisk.Lease); !errors.Is(err, telephony.ErrGone) {
		t.Errorf("Renew of a lost leg: %v", err)
	}
}
