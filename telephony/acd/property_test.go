package acd

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
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

// A world makes random events that are likely to mean something, and keeps its own book of what was commanded.
type world struct {
	r      *rand.Rand
	s      *State
	now    time.Time
	calls  int
	opened map[CallID]bool    // and not closed
	closed map[CallID]Outcome // for good
	offers map[OfferID]Offer  // standing
	past   []OfferID
}

var worldConfig = Config{Ring: 10 * time.Second, Misses: 2, Again: 7 * time.Second, WrapUp: 12 * time.Second, Groups: []Group{
	{ID: "day", Zone: "America/New_York", Hours: []Hours{{From: 9 * 60, To: 10 * 60}, {From: 11 * 60, To: 23 * 60}}},
	{ID: "night", Zone: "America/New_York", Hours: []Hours{{From: 23 * 60, To: 9 * 60}, {From: 10 * 60, To: 11 * 60}}},
}}

func newWorld(t testing.TB, seed uint64) *world {
	s, err := New(worldConfig, 1)
	if err != nil {
		t.Fatal(err)
	}
	return &world{r: rand.New(rand.NewPCG(seed, 7)), s: s, now: t0.Add(-time.Hour), opened: map[CallID]bool{},
		closed: map[CallID]Outcome{}, offers: map[OfferID]Offer{}}
}

func (w *world) chance(p float64) bool { return w.r.Float64() < p }

func some[T any](w *world, p float64, from ...T) (out []T) {
	for _, v := range from {
		if w.chance(p) {
			out = append(out, v)
		}
	}
	return out
}

func (w *world) agent() Agent {
	a := Agent{ID: w.agentID(), Languages: map[Language]Level{}, Skills: map[Skill]Level{}}
	for _, l := range some(w, 0.6, Language("en"), "es", "ht") {
		a.Languages[l] = Level(w.r.IntN(4))
	}
	for _, k := range some(w, 0.3, Skill("nurse"), "billing") {
		a.Skills[k] = Level(1 + w.r.IntN(3))
	}
	a.Certified = some(w, 0.5, PracticeID("p0"), "p1", "p2")
	a.Groups = some(w, 0.5, GroupID("day"), "night", "main", "over")
	if w.chance(0.2) {
		a.Staff = w.practice()
	}
	return a
}

func (w *world) agentID() AgentID     { return AgentID(fmt.Sprintf("a%d", w.r.IntN(12))) }
func (w *world) practice() PracticeID { return PracticeID(fmt.Sprintf("p%d", w.r.IntN(3))) }

func (w *world) needs() Needs {
	n := Needs{Practice: w.practice(), Level: Level(w.r.IntN(4)), Certified: w.chance(0.3), Own: Own(w.r.IntN(3)),
		Groups: some(w, 0.3, GroupID("day"), "night", "main")}
	n.Language = []Language{"", "en", "en", "es", "es", "ht"}[w.r.IntN(6)]
	for _, k := range some(w, 0.15, Skill("nurse"), "billing") {
		n.Skills = append(n.Skills, SkillNeed{k, Level(w.r.IntN(4))})
	}
	n.Priority = time.Duration(w.r.IntN(3)) * 20 * time.Second
	after := time.Duration(0)
	for range w.r.IntN(4) {
		after += time.Duration(1+w.r.IntN(20)) * time.Second
		n.Relax = append(n.Relax, Relax{After: after, Level: Level(w.r.IntN(3)), AnyLanguage: w.chance(0.1),
			AnySkill: w.chance(0.3), Uncertified: w.chance(0.3), Outside: w.chance(0.5),
			Groups: some(w, 0.5, GroupID("over")), AnyGroup: w.chance(0.1)})
	}
	if w.chance(0.5) {
		n.Overflow = time.Duration(20+w.r.IntN(100)) * time.Second
	}
	return n
}

// call is a recent call, most often one that is still here.
func (w *world) call() CallID {
	if a := w.s.agents[w.agentID()]; a != nil && a.call != nil {
		return a.call.id
	}
	var id CallID
	for range 8 {
		id = CallID(fmt.Sprintf("c%d", w.calls-w.r.IntN(15)))
		if w.opened[id] {
			break
		}
	}
	return id
}

func (w *world) offer() OfferID {
	if len(w.past) == 0 || w.chance(0.03) {
		return OfferID{uint64(w.r.IntN(3)), uint64(w.r.IntN(50))}
	}
	var id OfferID
	for range 6 {
		id = w.past[max(0, len(w.past)-1-w.r.IntN(12))]
		if _, ok := w.offers[id]; ok {
			break
		}
	}
	return id
}

func (w *world) event() Event {
	switch n := w.r.IntN(100); {
	case n < 8:
		return AgentIn{w.agent()}
	case n < 10:
		return AgentOut{w.agentID()}
	case n < 24:
		return Ready{w.agentID()}
	case n < 28:
		return Pause{w.agentID(), "lunch"}
	case n < 40:
		if !w.chance(0.02) {
			w.calls++
		}
		return CallIn{CallID(fmt.Sprintf("c%d", w.calls)), w.needs()}
	case n < 51:
		return CallGone{w.call()}
	case n < 54:
		return KeepPlace{w.call()}
	case n < 56:
		r := Requeue{Call: w.call(), Reached: w.chance(0.5)}
		if w.chance(0.5) {
			n := w.needs()
			r.Needs = &n
		}
		return r
	case n < 57:
		return Revise{w.call(), w.needs()}
	case n < 58:
		w.calls++
		return Return{CallID(fmt.Sprintf("c%d", w.calls)), w.needs(), w.now.Add(-time.Duration(w.r.IntN(60)) * time.Second)}
	case n < 61:
		return Ringing{w.offer()}
	case n < 75:
		return Accepted{w.offer()}
	case n < 77:
		return Rejected{w.offer()}
	case n < 79:
		return Missed{w.offer()}
	case n < 89:
		return Ended{w.call(), w.chance(0.3)}
	case n < 93:
		return WrapUpDone{w.agentID()}
	case n < 94 && w.chance(0.1):
		return Configure{worldConfig}
	case n < 95 && w.chance(0.1):
		return TakeOver{w.s.Epoch() + uint64(w.r.IntN(2))}
	case n < 96 && w.chance(0.1):
		return ResetFigures{}
	}
	return Tick{}
}

// pass lets a random time go by: mostly little, so that offers and calls live through several events.
func (w *world) pass() {
	switch n := w.r.IntN(400); {
	case n == 0:
		w.now = w.now.Add(time.Duration(w.r.IntN(900)) * time.Second)
	case n < 20:
		if at, ok := w.s.Next(); ok && at.Before(w.now.Add(time.Hour)) && at.After(w.now) {
			w.now = at
		}
	case n < 160:
		w.now = w.now.Add(time.Duration(w.r.IntN(4)) * time.Second)
	}
}

// step plays an event and checks everything that must hold after each.
func (w *world) step(e Event) error {
	cs, err := Step(w.s, e, w.now)
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
	if c.Epoch != w.s.epoch {
		return fmt.Errorf("a command of epoch %d", c.Epoch)
	}
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
				if err := w.step(e); err != nil {
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
		if err := w.step(CallGone{id}); err != nil {
			t.Fatal(err)
		}
	}
	for id := range w.s.agents {
		if err := w.step(AgentOut{id}); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Hour)
	if err := w.step(Tick{}); err != nil {
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
	for o := Answered; o <= Unreached; o++ {
		if outcomes[o] == 0 {
			t.Errorf("no call ended %v: the run proves nothing about it (%v)", o, outcomes)
		}
	}
}

// A State written down, read back and driven on gives the same commands as one that was not.
func TestRestoredStateBehavesTheSame(t *testing.T) {
	events, seeds := runs(t)
	for seed := range uint64(seeds) {
		w := newWorld(t, seed+100)
		for i := range events / 4 {
			w.pass()
			e := w.event()
			var twin *State
			if i%50 == 0 {
				twin = reread(t, w.s, w.s.Epoch())
			}
			if err := w.step(e); err != nil {
				t.Fatal(err)
			}
			if twin == nil {
				continue
			}
			twinDoes(t, w, twin, e)
		}
	}
}

func reread(t *testing.T, s *State, epoch uint64) *State {
	t.Helper()
	b, err := json.Marshal(s.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var snap Snapshot
	if err := json.Unmarshal(b, &snap); err != nil {
		t.Fatal(err)
	}
	twin, err := Restore(snap, epoch)
	if err != nil {
		t.Fatalf("restore: %v\n%s", err, b)
	}
	return twin
}

// twinDoes plays the last event and some more to both and compares.
func twinDoes(t *testing.T, w *world, twin *State, e Event) {
	t.Helper()
	want := slices.Clone(w.s.out)
	got, _ := Step(twin, e, w.now)
	for i := 0; ; i++ {
		if !slices.Equal(got, want) {
			t.Fatalf("event %T%+v: the restored State says %+v, the other %+v", e, e, got, want)
		}
		if i == 30 {
			break
		}
		w.pass()
		e = w.event()
		if err := w.step(e); err != nil {
			t.Fatal(err)
		}
		want = slices.Clone(w.s.out)
		got, _ = Step(twin, e, w.now)
	}
	a, _ := json.MarshalIndent(w.s.Snapshot(), "", " ")
	b, _ := json.MarshalIndent(twin.Snapshot(), "", " ")
	la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			t.Fatalf("snapshots differ:\n%s\n\n%s", strings.Join(la[max(0, i-12):i+5], "\n"), strings.Join(lb[max(0, i-12):i+5], "\n"))
		}
	}
	if a, b := w.s.Board(w.now), twin.Board(w.now); !reflect.DeepEqual(a, b) {
		t.Fatalf("boards differ:\n%+v\n%+v", a, b)
	}
}
