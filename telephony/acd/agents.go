package acd

import "fmt"

func (s *State) agentIn(able Agent) error {
	if able.ID == "" {
		return fmt.Errorf("%w: an agent without an id", ErrInvalid)
	}
	if err := able.check(); err != nil {
		return err
	}
	able = able.clone()
	if a := s.agents[able.ID]; a != nil {
		s.retrain(a, able)
		return nil
	}
	a := &agent{id: able.ID, able: able, state: StatePaused, reason: ReasonSignedIn, since: s.now, counted: s.now}
	a.idle.agent, a.timer.agent = a, a
	a.idle.seq = s.nextSeq()
	s.wear(a, able)
	s.agents[a.id] = a
	return nil
}

// wear gives an agent a profile.
func (s *State) wear(a *agent, able Agent) {
	p := s.profileOf(able)
	if p.refs++; p.refs == 1 {
		s.profilesUsed++
	}
	a.prof, a.able = p, able
}

func (s *State) unwear(a *agent) {
	if a.prof.refs--; a.prof.refs == 0 {
		s.profilesUsed--
	}
}

// retrain changes what an agent who is here can do, whatever the agent is doing.
func (s *State) retrain(a *agent, able Agent) {
	s.count(a)
	a.leaving = false
	old := a.prof
	if a.state == StateReady {
		s.leaveReady(a)
	}
	s.wear(a, able)
	if old.refs--; old.refs == 0 {
		s.profilesUsed--
	}
	if a.state == StateReady {
		s.enterReady(a)
	}
}

func (s *State) agentOut(id AgentID) error {
	a := s.agents[id]
	if a == nil {
		return ErrUnknown
	}
	switch {
	case a.state == StateTalking:
		a.leaving = true
		return nil
	case a.offered():
		s.withdraw(a, WhyOut)
	case a.state == StateWrapUp:
		s.handled(a)
	}
	s.leave(a)
	return nil
}

func (s *State) leave(a *agent) {
	s.move(a, StateOut)
	s.timers.remove(&a.timer)
	s.unwear(a)
	delete(s.agents, a.id)
}

func (s *State) ready(id AgentID) error {
	a := s.agents[id]
	if a == nil {
		return ErrUnknown
	}
	switch a.state {
	case StatePaused:
		s.free(a)
	case StateWrapUp:
		a.pausing = false
		s.endWrapUp(a)
	case StateTalking:
		a.pausing, a.reason = false, ""
	}
	return nil // Ready already, or in an offer
}

func (s *State) pause(id AgentID, reason string) error {
	a := s.agents[id]
	if a == nil {
		return ErrUnknown
	}
	switch {
	case a.state == StateTalking || a.state == StateWrapUp:
		a.pausing, a.reason = true, reason
		return nil
	case a.offered():
		s.withdraw(a, WhyPaused)
	}
	s.move(a, StatePaused)
	a.reason = reason
	return nil
}

func (s *State) wrapUpDone(id AgentID) error {
	a := s.agents[id]
	if a == nil {
		return ErrUnknown
	}
	if a.state != StateWrapUp {
		return ErrState
	}
	s.endWrapUp(a)
	return nil
}

// free makes an agent Ready who was not: the idle time starts now.
func (s *State) free(a *agent) {
	a.idle.at, a.idle.seq = s.now, s.nextSeq()
	a.reason = ""
	s.move(a, StateReady)
}

// move changes an agent's state and keeps the queue of the Ready and the figures with it.
func (s *State) move(a *agent, to AgentState) {
	s.count(a)
	from := a.state
	a.state, a.since = to, s.now
	if from == StateReady && to != StateReady {
		s.leaveReady(a)
	}
	if to == StateReady && from != StateReady {
		s.enterReady(a)
	}
}

func (s *State) endWrapUp(a *agent) {
	s.timers.remove(&a.timer)
	s.handled(a)
	s.afterWork(a)
}

// afterWork is where an agent goes once a call and its wrap-up are done.
func (s *State) afterWork(a *agent) {
	switch {
	case a.leaving:
		s.leave(a)
	case a.pausing:
		a.pausing = false
		s.move(a, StatePaused)
	default:
		s.free(a)
	}
}

// release ends an agent's conversation: into wrap-up, if there is one.
func (s *State) release(a *agent) {
	a.talked = s.now - a.since
	a.last = a.call.kind
	s.retain(a.last)
	a.call = nil
	if a.leaving || s.cfg.WrapUp < 0 {
		s.handled(a)
		s.afterWork(a)
		return
	}
	s.move(a, StateWrapUp)
	s.arm(&a.timer, s.now+int64(s.cfg.WrapUp))
}

// offer puts a call to a Ready agent.
func (s *State) offer(c *call, a *agent) {
	s.leaveList(c)
	c.state, c.since, c.agent = CallOffered, s.now, a
	a.call = c
	s.n++
	a.offer = s.n
	s.offers[s.n] = a
	s.move(a, StateReserved)
	s.arm(&a.timer, s.now+int64(s.cfg.Ring))
	s.do(Command{Do: DoOffer, Offer: s.offerOf(a)})
}

// withdraw ends the offer an agent has, without an answer. The call returns to its place; the agent is left for the
// caller to move.
func (s *State) withdraw(a *agent, why Why) {
	s.revoke(a, why)
	c := a.call
	a.call, c.agent = nil, nil
	c.since = s.now
	if s.expired(c) {
		s.finish(c, Overflowed)
		return
	}
	s.enterList(c)
}

func (s *State) revoke(a *agent, why Why) {
	s.do(Command{Do: DoWithdraw, Offer: s.offerOf(a), Why: why})
	s.timers.remove(&a.timer)
	delete(s.offers, a.offer)
}

// holder finds the agent whose present offer this is.
func (s *State) holder(id OfferID) (*agent, error) {
	a := s.offers[id.N]
	if a == nil || s.epoch != id.Epoch {
		return nil, ErrStale
	}
	return a, nil
}

func (s *State) ringing(id OfferID) error {
	a, err := s.holder(id)
	if err != nil {
		return err
	}
	if a.state != StateRinging {
		s.move(a, StateRinging)
	}
	return nil
}

func (s *State) accepted(id OfferID) error {
	a, err := s.holder(id)
	if err != nil {
		return err
	}
	delete(s.offers, id.N)
	s.timers.remove(&a.timer)
	a.misses = 0
	s.move(a, StateTalking)
	s.answered(a.call)
	return nil
}

func (s *State) missed(id OfferID) error {
	a, err := s.holder(id)
	if err != nil {
		return err
	}
	s.miss(a)
	return nil
}

// miss: the caller keeps the place and is offered to others; the agent goes to the end of the idle, and is paused
// after so many in a row.
func (s *State) miss(a *agent) {
	s.bar(a)
	s.withdraw(a, WhyMissed)
	a.misses++
	if a.misses < s.cfg.Misses {
		s.free(a)
		return
	}
	a.misses = 0
	s.move(a, StatePaused)
	a.reason = ReasonMissed
	s.announce(a, WhyMissed)
}

func (s *State) rejected(id OfferID) error {
	a, err := s.holder(id)
	if err != nil {
		return err
	}
	s.bar(a)
	s.withdraw(a, WhyRejected)
	s.free(a)
	return nil
}

// bar keeps the offered call from its agent for a while, so that others come first.
func (s *State) bar(a *agent) {
	if s.cfg.Again > 0 {
		a.call.bars = append(a.call.bars, bar{a.id, s.now + int64(s.cfg.Again)})
	}
}
