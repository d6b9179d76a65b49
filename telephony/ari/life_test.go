package ari_test

import (
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// A server that ends and comes back within the lease finds its calls, hears of them again, and commands them.
func TestANewLifeTakesOver(t *testing.T) {
	t.Parallel()
	h := newFixture(t, nil)
	first := h.connect(t)
	h.sw = first
	next(t, first, telephony.Linked)
	caller, _, leg, other := h.talk(t, "rec-00000005")
	h.be("agent2", switchtest.PhoneBehavior{})
	must(t, first.Originate(t.Context(), telephony.Originate{Leg: "leg-ringing-1", Call: "call-2", Agent: "agent2",
		Timeout: 30 * time.Second}))
	next(t, first, telephony.LegRinging)
	must(t, first.Close())

	second := h.connect(t)
	next(t, second, telephony.Linked)
	snap, err := second.Snapshot(t.Context())
	must(t, err)
	seen := map[telephony.LegID]telephony.LegView{}
	for _, v := range snap.Legs {
		seen[v.Leg] = v
	}
	if len(seen) != 3 || seen[leg].Peer != other || seen[other].Peer != leg || seen[other].Call != "call-1" || seen["leg-ringing-1"].Up ||
		seen["leg-ringing-1"].Call != "call-2" || len(snap.Recordings) != 1 {
		t.Fatalf("the second life sees %+v", snap)
	}
	must(t, second.Renew(t.Context(), leg, time.Minute), second.Renew(t.Context(), "leg-ringing-1", time.Minute))
	caller.Press("7")
	if e := next(t, second, telephony.Digit); e.Leg != leg || e.Digit != "7" {
		t.Errorf("key %+v", e)
	}
	must(t, second.Hangup(t.Context(), "leg-ringing-1"))
	if e := next(t, second, telephony.LegDown); e.Leg != "leg-ringing-1" || e.Call != "call-2" {
		t.Errorf("the withdrawn offer: %+v", e)
	}
	must(t, second.SetPeer(t.Context(), leg, ""), second.SetPeer(t.Context(), other, ""))
	caller.HangUp()
	if e := next(t, second, telephony.LegDown); e.Leg != leg {
		t.Errorf("the caller's end: %+v", e)
	}
	if e := next(t, second, telephony.RecordingEnded); e.Recording != "rec-00000005" || e.Failed {
		t.Errorf("the recording's end: %+v", e)
	}
	must(t, second.Hangup(t.Context(), other))
	if e := next(t, second, telephony.LegDown); e.Leg != other || e.Call != "call-1" {
		t.Errorf("the agent's end: %+v", e)
	}
	must(t, second.RemoveBridge(t.Context(), "b-rec-00000005"), second.DeleteRecording(t.Context(), "rec-00000005"))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		snap, err := second.Snapshot(t.Context())
		must(t, err)
		if len(snap.Legs)+len(snap.Bridges)+len(snap.Recordings) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("left: %+v", snap)
		}
	}
}
