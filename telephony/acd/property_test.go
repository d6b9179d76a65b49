package acd

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

// The long form: go test ./telephony/acd -run TestRandom -acd.events 1000000 -acd.seeds 20
var (
	eventsFlag = flag.Int("acd.events", 0, "events a run of the property tests; 0 for the short form")
	seedsFlag  = flag.Int("acd.seeds", 0, "runs of the property tests; 0 for the short form")
)

func runs(t *testing.T) (events, seeds int) {
	events, seeds = *eventsFlag, *seedsFlag
	if events == 0 {
		events = 20_000
		if testing.Short() {
			events = 4_000
		}
	}
	if seeds == 0 {
		seeds = 6
	}
	return events, seeds
}

// apply plays an event and checks everything that must hold after each.
func (w *world) apply(e Event) error {
	cs, err := Apply(w.s, e, w.now)
	switch e := e.(type) {
	case CallIn:
		if err == nil {
			w.open(e.Call)
		}
	case Return:
		if err == nil {
			w.open(e.Call)
		}
	case Accepted:
		if err == nil {
			if _, ok := w.offers[e.Offer]; !ok {
				return fmt.Errorf("offer %v accepted, though not standing", e.Offer)
			}
			delete(w.offers, e.Offer)
		}
	}
	for _, c := range cs {
		if err := w.book(c); err != nil {
			return err
		}
	}
	if err := consistent(w.s); err != nil {
		return err
	}
	if len(w.s.calls) != len(w.opened) {
		return fmt.Errorf("%d calls are here, %d are open", len(w.s.calls), len(w.opened))
	}
	return policyHolds(w.s, cs)
}

// open opens a call; an id may come again once its call has ended.
func (w *world) open(id CallID) {
	w.opened[id] = true
	delete(w.closed, id)
}

func (w *world) book(c Command) error {
	switch c.Do {
	case DoOffer:
		for _, o := range w.offers {
			if o.Agent == c.Offer.Agent || o.Call == c.Offer.Call || o.ID == c.Offer.ID {
				return fmt.Errorf("two offers at once: %v and %v", o, c.Offer)
			}
		}
		w.offers[c.Offer.ID] = c.Offer
		w.past = append(w.past, c.Offer.ID)
	case DoWithdraw:
		if _, ok := w.offers[c.Offer.ID]; !ok {
			return fmt.Errorf("offer %v withdrawn, though not standing", c.Offer)
		}
		delete(w.offers, c.Offer.ID)
	case DoClose:
		if o, ok := w.closed[c.Call]; ok || !w.opened[c.Call] {
			return fmt.Errorf("%s closed %v, was open %v, closed %v", c.Call, c.Outcome, w.opened[c.Call], o)
		}
		delete(w.opened, c.Call)
		w.closed[c.Call] = c.Outcome
	}
	return nil
}

// consistent checks that the parts of a State agree.
func consistent(s *State) error {
	ready, waiting, timers, offers := 0, 0, 0, 0
	for id, a := range s.agents {
		if id != a.id || s.profiles[a.prof.i] != a.prof {
			return fmt.Errorf("%s has a strange profile", id)
		}
		if (a.state == StateReady) != (a.idle.pos > 0) || (a.offered() || a.state == StateWrapUp) != (a.timer.pos > 0) {
			return fmt.Errorf("%s is %v, idle %d, timer %d", id, a.state, a.idle.pos, a.timer.pos)
		}
		if (a.offered() || a.state == StateTalking) != (a.call != nil) || a.call != nil && a.call.agent != a {
			return fmt.Errorf("%s is %v with call %v", id, a.state, a.call)
		}
		if a.offered() != (s.offers[a.offer] == a) || (a.state == StateWrapUp) != (a.last != nil) {
			return fmt.Errorf("%s is %v with offer %d", id, a.state, a.offer)
		}
		if a.state == StateReady {
			ready++
		}
		if a.timer.pos > 0 {
			timers++
		}
		if a.offered() {
			offers++
		}
	}
	for id, c := range s.calls {
		if id != c.id || (c.state == CallWaiting) != (c.place.pos > 0) || (c.state == CallWaiting) == (c.agent != nil) ||
			c.agent != nil && c.agent.call != c {
			return fmt.Errorf("%s is %v, place %d, agent %v", id, c.state, c.place.pos, c.agent)
		}
		if c.timer.pos > 0 {
			timers++
		}
		if c.state == CallWaiting {
			waiting++
			if s.expired(c) {
				return fmt.Errorf("%s waits past its overflow", id)
			}
		}
	}
	for _, p := range s.profiles {
		if p != nil {
			ready -= len(p.ready)
			if (len(p.ready) > 0) != s.readyProfiles.has(p.i) {
				return fmt.Errorf("profile %d has %d ready", p.i, len(p.ready))
			}
		}
	}
	for _, sl := range s.slots {
		if sl != nil {
			waiting -= len(sl.waiting)
			if (len(sl.waiting) > 0) != s.waitingSlots.has(sl.i) || len(sl.waiting) > 0 && s.slotHead[sl.i] != sl.waiting[0] {
				return fmt.Errorf("slot %d has %d waiting", sl.i, len(sl.waiting))
			}
			if len(sl.waiting) > 0 && sl.waiting[0].before(s.wordHead[sl.i>>6]) {
				return fmt.Errorf("slot %d has a call before the first of its word", sl.i)
			}
		}
	}
	if ready != 0 || waiting != len(s.barred) || timers != len(s.timers) || offers != len(s.offers) {
		return fmt.Errorf("counts differ: ready %d, waiting %d of %d, timers %d of %d, offers %d of %d", ready, waiting,
			len(s.barred), timers, len(s.timers), offers, len(s.offers))
	}
	if at, ok := s.Next(); ok && at.UnixNano() <= s.now {
		return fmt.Errorf("next is %v, in the past", at)
	}
	return nil
}

func TestRandomEventsKeepEveryPromise(t *testing.T) {
	events, seeds := runs(t)
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			for i := range events {
				w.pass()
				e := w.event()
				if err := w.apply(e); err != nil {
					t.Fatalf("event %d, %T%+v at %v: %v", i, e, e, w.now, err)
				}
			}
			w.drain(t)
		})
	}
}

// drain ends everything and checks that nothing is left behind.
func (w *world) drain(t *testing.T) {
	for id := range w.s.calls {
		if err := w.apply(CallGone{id}); err != nil {
			t.Fatal(err)
		}
	}
	for id := range w.s.agents {
		if err := w.apply(AgentOut{id}); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Hour)
	if err := w.apply(Tick{}); err != nil {
		t.Fatal(err)
	}
	if len(w.offers)+len(w.opened)+len(w.s.agents)+len(w.s.calls)+len(w.s.timers)+w.s.kindsUsed+w.s.profilesUsed > 0 {
		t.Errorf("left behind: %d offers, %d calls, %d agents, %d timers, %d kinds, %d profiles", len(w.offers),
			len(w.s.calls), len(w.s.agents), len(w.s.timers), w.s.kindsUsed, w.s.profilesUsed)
	}
	answered, outcomes := 0, map[Outcome]int{}
	for _, o := range w.closed {
		outcomes[o]++
		if o == Answered {
			answered++
		}
	}
	for o := Answered; o <= Overflowed; o++ {
		if outcomes[o] == 0 {
			t.Errorf("no call ended %v: the run proves nothing about it (%v)", o, outcomes)
		}
	}
}

// FuzzApply plays random events from any seed.
func FuzzApply(f *testing.F) {
	f.Add(uint64(1), uint16(200))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		w := newWorld(t, seed)
		for range n % 2000 {
			w.pass()
			if err := w.apply(w.event()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
