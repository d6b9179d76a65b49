package acd

import (
	"fmt"
	"math"
	"time"
)

// Apply applies one event at an instant and says what the world is to do. It first applies the event, then runs what
// has become due, then offers calls to agents until no waiting call fits a Ready agent.
//
// State is changed in place. The commands are valid until the next Apply and are to be carried out in order. A clock
// that goes back is held at the latest instant seen. An error, always one of this package's Err values or wrapping one,
// says that the event was refused and changed nothing; the commands of what was due are returned beside it.
func Apply(s *State, e Event, now time.Time) ([]Command, error) {
	s.out = s.out[:0]
	ns, err := nanos(now)
	if err != nil {
		return nil, err
	}
	s.now = max(s.now, ns)
	err = s.apply(e)
	s.runDue()
	s.match()
	return s.out, err
}

func (s *State) apply(e Event) error {
	switch e := e.(type) {
	case AgentIn:
		return s.agentIn(e.Agent)
	case AgentOut:
		return s.agentOut(e.Agent)
	case Ready:
		return s.ready(e.Agent)
	case Pause:
		return s.pause(e.Agent, e.Reason)
	case WrapUpDone:
		return s.wrapUpDone(e.Agent)
	case CallIn:
		return s.callIn(e.Call, &e.Needs)
	case Revise:
		return s.revise(e.Call, &e.Needs)
	case Return:
		return s.comeBack(e.Call, &e.Needs, e.Since)
	case CallGone:
		return s.callGone(e.Call)
	case Requeue:
		return s.requeue(e.Call, e.Needs)
	case Ended:
		return s.ended(e.Call)
	case Ringing:
		return s.ringing(e.Offer)
	case Accepted:
		return s.accepted(e.Offer)
	case Rejected:
		return s.rejected(e.Offer)
	case Missed:
		return s.missed(e.Offer)
	case Tick:
		return nil
	}
	return fmt.Errorf("%w: event %T", ErrInvalid, e)
}

// runDue runs every timer that is due, the earliest first, and opens and closes groups.
func (s *State) runDue() {
	for len(s.timers) > 0 && s.timers[0].at <= s.now {
		n := s.timers[0].n
		s.timers.remove(n)
		if n.agent != nil {
			s.agentDue(n.agent)
		} else {
			s.callDue(n.call)
		}
	}
	if s.turns <= s.now {
		s.turnGroups()
	}
}

// agentDue: an offer's deadline has passed, or wrap-up has reached its limit.
func (s *State) agentDue(a *agent) {
	switch {
	case a.offered():
		s.miss(a)
	case a.state == StateWrapUp:
		s.endWrapUp(a)
		if a.state != StateOut {
			s.announce(a, WhyLimit)
		}
	}
}

// callDue: a call's needs loosen, a bar ends, or it has waited as long as it may.
func (s *State) callDue(c *call) {
	if s.expired(c) {
		if c.state == CallWaiting {
			s.close(c, Overflowed)
		}
		return // an offer that stands may still be accepted; overflow comes when it is not
	}
	if c.state != CallWaiting {
		s.rearm(c)
		return
	}
	s.leaveList(c)
	s.enterList(c)
}

func (s *State) expired(c *call) bool {
	limit := c.kind.needs.Overflow
	return limit > 0 && s.now-c.in >= int64(limit)
}

// rearm brings a call's stage and bars up to now and arms its timer for the next change.
func (s *State) rearm(c *call) {
	n := &c.kind.needs
	stage, after := n.stageAt(time.Duration(s.now - c.in))
	c.stage = stage
	next := int64(math.MaxInt64)
	if after > 0 {
		next = c.in + int64(after)
	}
	if n.Overflow > 0 {
		next = min(next, c.in+int64(n.Overflow))
	}
	keep := c.bars[:0]
	for _, b := range c.bars {
		if b.until > s.now {
			keep = append(keep, b)
			next = min(next, b.until)
		}
	}
	c.bars = keep
	s.timers.remove(&c.timer)
	if next != math.MaxInt64 {
		s.arm(&c.timer, next)
	}
}

// enterList puts a call among the waiting, in its place.
func (s *State) enterList(c *call) {
	s.rearm(c)
	c.state = CallWaiting
	s.place(c)
	s.newCalls = append(s.newCalls, c)
}

func (s *State) place(c *call) {
	if len(c.bars) > 0 {
		s.barred.push(&c.place)
		return
	}
	sl := c.kind.slots[c.stage]
	sl.waiting.push(&c.place)
	s.slotHead[sl.i] = sl.waiting[0]
	s.waitingSlots.set(sl.i)
	if w := sl.i >> 6; sl.waiting[0].before(s.wordHead[w]) {
		s.wordHead[w] = sl.waiting[0]
	}
}

func (s *State) leaveList(c *call) {
	if i := int(c.place.pos) - 1; i >= 0 && i < len(s.barred) && s.barred[i].n == &c.place {
		s.barred.remove(&c.place)
		return
	}
	sl := c.kind.slots[c.stage]
	sl.waiting.remove(&c.place)
	if h := &s.wordHead[sl.i>>6]; h.n == &c.place {
		h.n = nil // none in the word is before it still
	}
	if len(sl.waiting) == 0 {
		s.waitingSlots.clear(sl.i)
	} else {
		s.slotHead[sl.i] = sl.waiting[0]
	}
}

// enterReady puts an agent among the Ready, in the order of idle.
func (s *State) enterReady(a *agent) {
	a.prof.ready.push(&a.idle)
	s.readyProfiles.set(a.prof.i)
	s.newAgents = append(s.newAgents, a)
}

func (s *State) leaveReady(a *agent) {
	a.prof.ready.remove(&a.idle)
	if len(a.prof.ready) == 0 {
		s.readyProfiles.clear(a.prof.i)
	}
}

func (s *State) do(c Command) { s.out = append(s.out, c) }

func (s *State) announce(a *agent, why Why) {
	s.do(Command{Do: DoAgent, Agent: a.id, State: a.state, Why: why})
}
