package acd

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Rebuild from what the switch and the desks know serves in the same order as the State that was lost.
func TestRebuildServesInTheOrderOfTheLostState(t *testing.T) {
	_, seeds := runs(t)
	for seed := range uint64(20 * seeds) {
		w := newWorld(t, 1000+seed)
		for range 300 {
			w.pass()
			if err := w.apply(w.event()); err != nil {
				t.Fatal(err)
			}
		}
		// Let no offer stand and no bar be: of those Rebuild does not know.
		for i := len(w.past) - 1; i >= 0; i-- {
			if _, ok := w.offers[w.past[i]]; ok {
				if err := w.apply(Accepted{w.past[i]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, c := range w.s.barred {
			c.n.call.bars = nil
		}
		for len(w.s.barred) > 0 {
			c := w.s.barred[0].n.call
			w.s.barred.remove(&c.place)
			w.s.enterList(c)
		}
		w.s.everyone = true
		if err := w.apply(Tick{}); err != nil {
			t.Fatal(err)
		}
		compareRebuilt(t, w)
	}
}

func compareRebuilt(t *testing.T, w *world) {
	t.Helper()
	snap := w.s.Snapshot()
	for i := range snap.Agents { // what nobody but the lost State knew
		a := &snap.Agents[i]
		a.Misses, a.Counted, a.Talked = 0, time.Time{}, 0
		if a.State == StateReserved || a.State == StateRinging {
			return
		}
	}
	twin, err := Rebuild(worldConfig, w.s.Epoch()+1, w.now, snap.Calls, snap.Agents)
	if err != nil {
		t.Fatal(err)
	}
	if err := consistentAfter(twin, w.now); err != nil {
		t.Fatal(err)
	}
	// Serve both to the end: free agents one by one and compare who gets what.
	w.now = w.now.Add(time.Second)
	for range 3 {
		for i := range 12 {
			id := AgentID(fmt.Sprintf("a%d", i))
			a, b := plain(w.s, Ready{id}, w.now), plain(twin, Ready{id}, w.now)
			if !slices.Equal(a, b) {
				t.Fatalf("%s ready: lost %v, rebuilt %v", id, a, b)
			}
			if v, ok := w.s.AgentNow(id); ok && v.State == StateTalking {
				a, b := plain(w.s, Ended{Call: v.Call}, w.now), plain(twin, Ended{Call: v.Call}, w.now)
				if !slices.Equal(a, b) {
					t.Fatalf("%s ended: lost %v, rebuilt %v", v.Call, a, b)
				}
			}
		}
		w.now = w.now.Add(time.Second)
	}
}

func consistentAfter(s *State, now time.Time) error {
	cs, err := Apply(s, Tick{}, now)
	if err != nil {
		return err
	}
	for _, c := range cs {
		if c.Do == DoOffer {
			return fmt.Errorf("the rebuilt State offers %v at once", c.Offer)
		}
	}
	return consistent(s)
}

func plain(s *State, e Event, now time.Time) []string {
	cs, _ := Apply(s, e, now)
	var out []string
	for _, c := range cs {
		out = append(out, words(c))
	}
	return out
}

func TestRebuildBelievesTheCall(t *testing.T) {
	now := t0.Add(time.Hour)
	s, err := Rebuild(Config{}, 5, now, []CallRecord{
		{Call: "late", Needs: en, In: now.Add(-time.Second)},
		{Call: "early", Needs: en, In: now.Add(-time.Minute), State: CallOffered, Agent: "ringing"},
		{Call: "with-ghost", Needs: en, In: now.Add(-time.Minute), State: CallTalking, Agent: "ghost", Since: now.Add(-time.Second)},
		{Call: "with-listed", Needs: en, In: now.Add(-time.Minute), State: CallTalking, Agent: "listed", Since: now.Add(-time.Second)},
	}, []AgentRecord{
		{Agent: speaker("ringing", "en"), State: StateRinging, Call: "early", Since: now.Add(-time.Second), Idle: now.Add(-time.Hour)},
		{Agent: speaker("listed", "en"), State: StateReady, Since: now.Add(-2 * time.Hour)},
		{Agent: speaker("lost", "en"), State: StateTalking, Call: "gone", Since: now.Add(-time.Second)},
		{Agent: speaker("wrapping", "en"), State: StateWrapUp, Since: now.Add(-time.Second)},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &floor{t, s}
	d.want(3600, "early to ringing", Tick{})
	d.want(3601, "with-ghost answered", Ended{Call: "with-ghost"})
	if _, ok := s.AgentNow("ghost"); ok {
		t.Error("the agent nobody knows is still here")
	}
	d.want(3602, "with-listed answered", Ended{Call: "with-listed"})
	d.want(3629, "early from ringing missed, wrapping ready, early to wrapping, late to ringing", Tick{})
	if o := s.Epoch(); o != 5 {
		t.Errorf("epoch %d", o)
	}
	if _, err := Rebuild(Config{}, 1, now, []CallRecord{{Call: "x"}}, nil); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	good := func() Snapshot {
		d := newFloor(t, Config{})
		d.sign(0, speaker("a", "en"), speaker("b", "en"), speaker("c", "en"))
		d.at(10, CallIn{"1", en}, CallIn{"2", en}, CallIn{"3", en}, CallIn{"4", en})
		d.at(11, Accepted{d.offer("2")}, Accepted{d.offer("3")}, Ended{Call: "3"})
		return d.s.Snapshot()
	}
	if s, err := Restore(good(), 1); err != nil || len(s.agents) != 3 || len(s.calls) != 3 {
		t.Fatal(err)
	}
	if _, err := Restore(good(), 0); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
	old := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, spoil := range map[string]func(*Snapshot){
		"config":                  func(s *Snapshot) { s.Config.Ring = -1 },
		"now":                     func(s *Snapshot) { s.Now = old },
		"a call twice":            func(s *Snapshot) { s.Calls = append(s.Calls, s.Calls[0]) },
		"a call's needs":          func(s *Snapshot) { s.Calls[0].Needs.Practice = "" },
		"a call from 1900":        func(s *Snapshot) { s.Calls[0].In = old },
		"a bar until 1900":        func(s *Snapshot) { s.Calls[0].Barred = []BarRecord{{"a", old}} },
		"a call's state":          func(s *Snapshot) { s.Calls[0].State = 9 },
		"offered to nobody":       func(s *Snapshot) { s.Agents = nil },
		"an agent twice":          func(s *Snapshot) { s.Agents = append(s.Agents, s.Agents[0]) },
		"an agent out":            func(s *Snapshot) { s.Agents[0].State = StateOut },
		"an agent's state":        func(s *Snapshot) { s.Agents[0].State = 99 },
		"an agent since 1900":     func(s *Snapshot) { s.Agents[0].Since = old },
		"an agent idle since":     func(s *Snapshot) { s.Agents[0].Idle = old },
		"an agent without id":     func(s *Snapshot) { s.Agents[0].Agent.ID = "" },
		"ready with a call":       func(s *Snapshot) { s.Agents[0].State = StateReady },
		"a call that is not here": func(s *Snapshot) { s.Agents[0].Call = "x" },
		"wrap-up of nothing":      func(s *Snapshot) { find(s, StateWrapUp).Last = nil },
		"wrap-up of no practice":  func(s *Snapshot) { find(s, StateWrapUp).Last = &Needs{} },
		"an offer of the future":  func(s *Snapshot) { find(s, StateReserved).Offer.N = 99 },
	} {
		s := good()
		spoil(&s)
		if _, err := Restore(s, 1); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{`{"agents":[{"state":"asleep"}]}`, `{"calls":[{"state":"x"}]}`, `{"calls":[{"needs":{"own":"x"}}]}`} {
		if err := json.Unmarshal([]byte(text), &Snapshot{}); err == nil || !strings.Contains(err.Error(), "no such") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, v := range []any{Level(9), Own(9), AgentState(9), CallState(9)} {
		if _, err := json.Marshal(v); err == nil {
			t.Errorf("%T 9 has a name", v)
		}
	}
	if Level(9).String() != "Level(9)" || Native.String() != "native" {
		t.Error("level names")
	}
}

func find(s *Snapshot, state AgentState) *AgentRecord {
	i := slices.IndexFunc(s.Agents, func(a AgentRecord) bool { return a.State == state })
	return &s.Agents[i]
}

// FuzzRestore reads any text as a Snapshot: it is refused, or what comes of it keeps every promise.
func FuzzRestore(f *testing.F) {
	w := newWorld(f, 1)
	for range 25 {
		w.pass()
		if err := w.apply(w.event()); err != nil {
			f.Fatal(err)
		}
	}
	b, err := json.Marshal(w.s.Snapshot())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, uint64(1))
	f.Add([]byte(`{}`), uint64(2))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		var snap Snapshot
		if json.Unmarshal(b, &snap) != nil {
			return
		}
		s, err := Restore(snap, snap.Epoch)
		if err != nil {
			return
		}
		w := newWorld(t, seed)
		w.s, w.calls = s, 20
		w.now = t0
		if s.now > t0.UnixNano() {
			w.now = at(s.now)
		}
		for id, a := range s.agents {
			if a.offered() {
				w.offers[OfferID{a.epoch, a.offer}] = Offer{ID: OfferID{a.epoch, a.offer}, Call: a.call.id, Agent: id}
				w.past = append(w.past, OfferID{a.epoch, a.offer})
			}
		}
		for id := range s.calls {
			w.opened[id] = true
		}
		for range 40 {
			w.pass()
			if w.now.Year() > 2199 {
				return
			}
			if err := w.apply(w.event()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Restore(s.Snapshot(), s.Epoch()); err != nil {
			t.Fatalf("its own Snapshot: %v", err)
		}
		s.Board(w.now)
	})
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
