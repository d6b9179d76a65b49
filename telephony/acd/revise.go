package acd

import (
	"fmt"
	"time"
)

// Revise changes what a call needs, wherever it stands: the caller chose another language. A waiting call keeps its
// place (a new Priority moves it). An offer to an agent who does not fit any more is withdrawn with WhyNeeds, and
// neither side loses by it. Counts made before stay with the old practice and language.
type Revise struct {
	Call  CallID
	Needs Needs
}

// Return puts a call on the list of the waiting that came in earlier, at Since, and was waiting then: a server that
// takes over has found it. It is not counted as offered again.
type Return struct {
	Call  CallID
	Needs Needs
	Since time.Time
}

func (Revise) event() {}
func (Return) event() {}

// WhyNeeds: the call needs what this agent does not have, since a Revise.
const WhyNeeds Why = 64

func (s *State) revise(id CallID, n *Needs) error {
	c := s.calls[id]
	if c == nil {
		return ErrUnknown
	}
	if err := n.check(); err != nil {
		return err
	}
	if c.state == CallWaiting {
		s.leaveList(c)
	}
	k := s.kindOf(n)
	s.hold(k)
	s.letGo(c.kind)
	c.kind = k
	c.place.at = c.in - int64(n.Priority)
	switch c.state {
	case CallWaiting:
		s.enterList(c)
	case CallOffered:
		s.settle(c)
		if a := c.agent; !k.slots[c.stage].fits.has(a.prof.i) {
			s.withdraw(a, WhyNeeds)
			s.move(a, StateReady) // with the idle time the agent had
		}
	}
	return nil
}

func (s *State) comeBack(id CallID, n *Needs, since time.Time) error {
	if id == "" {
		return fmt.Errorf("%w: a call without an id", ErrInvalid)
	}
	if s.calls[id] != nil {
		return ErrTwice
	}
	if err := n.check(); err != nil {
		return err
	}
	in, err := nanos(since)
	if err != nil {
		return err
	}
	c := s.newCall(id, s.kindOf(n), min(in, s.now))
	if s.expired(c) {
		s.finish(c, Overflowed)
		return nil
	}
	s.enterList(c)
	return nil
}
