package acd

import (
	"fmt"
	"time"
)

func (s *State) callIn(id CallID, n *Needs) error {
	if id == "" {
		return fmt.Errorf("%w: a call without an id", ErrInvalid)
	}
	if s.calls[id] != nil {
		return ErrTwice
	}
	if err := n.check(); err != nil {
		return err
	}
	c := s.newCall(id, s.kindOf(n), s.now)
	for _, t := range c.kind.tallies {
		t.Offered++
	}
	s.enterList(c)
	return nil
}

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
	s.recast(c, n)
	switch c.state {
	case CallWaiting:
		s.enterList(c)
	case CallOffered:
		s.rearm(c)
		if a := c.agent; !c.kind.slots[c.stage].fits.has(a.prof.i) {
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

// recast gives a call that is in no queue other needs.
func (s *State) recast(c *call, n *Needs) {
	k := s.kindOf(n)
	s.retain(k)
	s.letGo(c.kind)
	c.kind = k
	c.place.at = c.in - int64(n.Priority)
}

func (s *State) newCall(id CallID, k *kind, in int64) *call {
	var c *call
	if n := len(s.spareCall); n > 0 {
		c = s.spareCall[n-1]
		s.spareCall = s.spareCall[:n-1]
		*c = call{bars: c.bars[:0]}
	} else {
		c = &call{}
	}
	c.id, c.kind, c.in, c.since = id, k, in, s.now
	c.place = node{at: in - int64(k.needs.Priority), seq: s.nextSeq(), call: c}
	c.timer.call = c
	s.retain(k)
	s.calls[id] = c
	return c
}

func (s *State) retain(k *kind) {
	if k.refs++; k.refs == 1 {
		s.kindsUsed++
	}
}

func (s *State) letGo(k *kind) {
	if k.refs--; k.refs == 0 {
		s.kindsUsed--
	}
}

func (s *State) callGone(id CallID) error {
	c := s.calls[id]
	if c == nil {
		return ErrUnknown
	}
	switch c.state {
	case CallTalking:
		return s.ended(id)
	case CallOffered:
		a := c.agent
		s.revoke(a, WhyGone)
		a.call, c.agent = nil, nil
		s.move(a, StateReady) // with the idle time the agent had
		s.finish(c, Abandoned)
	case CallWaiting:
		s.close(c, Abandoned)
	}
	return nil
}

func (s *State) requeue(id CallID, n *Needs) error {
	c := s.calls[id]
	switch {
	case c == nil:
		return ErrUnknown
	case c.state != CallTalking:
		return ErrState
	}
	if n != nil {
		if err := n.check(); err != nil {
			return err
		}
	}
	s.release(c.agent)
	c.agent = nil
	if n != nil {
		s.recast(c, n)
	}
	c.since = s.now
	if s.expired(c) {
		s.finish(c, Overflowed)
		return nil
	}
	s.enterList(c)
	return nil
}

func (s *State) ended(id CallID) error {
	c := s.calls[id]
	switch {
	case c == nil:
		return ErrUnknown
	case c.state != CallTalking:
		return ErrState
	}
	s.release(c.agent)
	c.agent = nil
	s.finish(c, Answered)
	return nil
}

// close ends a call that is on the list of the waiting.
func (s *State) close(c *call, o Outcome) {
	s.leaveList(c)
	s.finish(c, o)
}

// finish forgets a call that is in no queue and with no agent.
func (s *State) finish(c *call, o Outcome) {
	s.tallyEnd(c, o)
	s.timers.remove(&c.timer)
	delete(s.calls, c.id)
	s.do(Command{Do: DoClose, Call: c.id, Outcome: o})
	s.letGo(c.kind)
	c.kind, c.agent = nil, nil
	c.id = ""
	s.spareCall = append(s.spareCall, c)
}
