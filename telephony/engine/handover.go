package engine

import (
	"context"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// This file offers a call to one agent by name, past the queue: to a colleague whom its agent hands it over to, and back to who had it.

// HandOver has an agent go and a colleague of theirs, who is Ready, have the call: it rings at their desk, and the caller hears music
// until they answer. When they do not, it is offered to the agent again if they have taken no other; if they have, or do not take it,
// the caller waits for any agent, at the place they had when they called. ErrBusy: the colleague takes no call now.
func (e *Engine) HandOver(ctx context.Context, a telephony.AgentID, c telephony.CallID, to telephony.AgentID) error {
	return e.ask(ctx, func() error { return e.handOver(a, c, to) })
}

func (e *Engine) handOver(a telephony.AgentID, id telephony.CallID, to telephony.AgentID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case !c.Inbound || c.phase != talking && c.phase != held:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	case a == to || !e.takesCalls(to) || e.status[to].State != telephony.AgentReady:
		return ErrBusy
	}
	e.raised = append(e.raised, raised{c: c, s: handAsked, detail: string(to), set: func() { c.next = []telephony.AgentID{to, a} }})
	return nil
}

// takesCalls tells of an agent that they do nothing else and can be rung.
func (e *Engine) takesCalls(id telephony.AgentID) bool {
	s := e.status[id]
	return e.willBeReady(id) && (s.State == telephony.AgentReady || s.State == telephony.AgentWrapUp) && !e.phones.out[s.Agent.Endpoint]
}

// passOn takes the call off the desk of who hands it over, and offers it to the colleague.
func (e *Engine) passOn(c *call) {
	e.cfg.Listener.Withdrawn(c.offer, "handed-over")
	e.offerNext(c)
}

// recall offers the call to who had it, before the queue has it.
func (e *Engine) recall(c *call) {
	c.next = []telephony.AgentID{c.offer.Agent}
	e.offerNext(c)
}

// offerNext offers the call to the first of them who is free. With nobody left it is the queue's, at its old place.
func (e *Engine) offerNext(c *call) {
	for len(c.next) > 0 {
		id := c.next[0]
		c.next = c.next[1:]
		if !e.takesCalls(id) || e.leaveQueueFor(id, aside{call: c.ID, state: telephony.AgentRinging}) != nil {
			continue
		}
		e.announceAgent(id)
		e.epoch++ // an offer of ours, not of the queue's: whatever the queue offers next is of a later one
		e.raised = append(e.raised, raised{c: c, s: recalled, set: func() {
			c.Agent, c.ticket, c.why = id, acd.OfferID{}, ""
			c.offer = telephony.Offer{Call: c.ID, Agent: id, Epoch: c.offer.Epoch + 1, Deadline: e.cfg.Now().Add(e.cfg.OfferFor)}
		}})
		return
	}
	e.requeue(c)
}

// takenAgain: the agent is in the call.
func (e *Engine) takenAgain(c *call) {
	c.next = nil
	if a := e.aside[c.offer.Agent]; a != nil && a.call == c.ID {
		a.state, a.since = telephony.AgentTalking, e.cfg.Now()
		e.announceAgent(c.offer.Agent)
	}
}

// giveBack: the agent does not take the call.
func (e *Engine) giveBack(c *call) {
	if a := e.aside[c.offer.Agent]; a != nil && a.call == c.ID {
		e.letOff(c.offer.Agent)
	}
	e.offerNext(c)
}

// letOff has an agent do what they did before a call was offered to them.
func (e *Engine) letOff(id telephony.AgentID) {
	if a := e.aside[id]; a.writing {
		a.state, a.since = telephony.AgentWrapUp, e.cfg.Now()
		e.announceAgent(id)
		return
	}
	e.comeBack(id)
}
