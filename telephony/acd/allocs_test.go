package acd

import (
	"testing"
	"time"
)

// Once its kinds have been seen an Apply allocates nothing; an Event costs its caller at most one allocation, when it
// is put into the interface.
func TestSteadyApplyAllocatesNothing(t *testing.T) {
	for _, m := range mixes[:2] {
		h := newShift(t, m, 50, 200)
		for range 5000 {
			h.turn()
		}
		var in, gone Event = CallIn{"again", h.needs[0]}, CallGone{"again"}
		now := h.now
		for _, e := range []Event{in, gone} {
			if _, err := Apply(h.s, e, now); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(200, func() {
			now = now.Add(time.Microsecond)
			for _, e := range []Event{in, gone} {
				if _, err := Apply(h.s, e, now); err != nil {
					t.Error(err)
				}
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
}

// A whole turn of a full floor allocates no more than its three Events, also where needs loosen in the very Apply in
// which an agent comes free.
func TestFullHouseAllocatesNothing(t *testing.T) {
	for _, m := range mixes {
		h := newShift(t, m, 50, 200)
		for range 5000 {
			h.turn()
		}
		if n := testing.AllocsPerRun(2000, h.turn); n > 3 {
			t.Errorf("%s: %v allocations a turn", m.name, n)
		}
	}
}
