package acd

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

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

// agent is most often one of a few kinds, so that some agents are alike.
func (w *world) agent() Agent {
	if w.chance(0.7) {
		kind := &world{r: rand.New(rand.NewPCG(uint64(w.r.IntN(4)), 9))}
		a := kind.oneAgent()
		a.ID = w.agentID()
		return a
	}
	return w.oneAgent()
}

func (w *world) oneAgent() Agent {
	a := Agent{ID: w.agentID(), Languages: map[Language]Level{}, Skills: map[Skill]Level{}}
	for _, l := range some(w, 0.6, Language("en"), "es", "ht") {
		a.Languages[l] = Level(w.r.IntN(4))
	}
	for _, k := range some(w, 0.3, Skill("nurse"), "billing") {
		a.Skills[k] = Level(1 + w.r.IntN(3))
	}
	a.Groups = some(w, 0.5, GroupID("day"), "night", "main", "over")
	if w.chance(0.2) {
		a.Staff = some(w, 0.5, PracticeID("p0"), "p1", "p2")
	}
	return a
}

func (w *world) agentID() AgentID     { return AgentID(fmt.Sprintf("a%d", w.r.IntN(12))) }
func (w *world) practice() PracticeID { return PracticeID(fmt.Sprintf("p%d", w.r.IntN(3))) }

func (w *world) needs() Needs {
	n := Needs{Practice: w.practice(), Level: Level(w.r.IntN(4)), Own: Own(w.r.IntN(3)),
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
			AnySkill: w.chance(0.3), Outside: w.chance(0.5),
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
	case n < 56:
		r := Requeue{Call: w.call()}
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
		return Ended{w.call()}
	case n < 93:
		return WrapUpDone{w.agentID()}
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
