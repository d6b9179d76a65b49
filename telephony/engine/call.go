package engine

import (
	"cmp"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// A call is one Call in the engine's hands: what is remembered of it, and what it has on the switch. It belongs to the
// loop. near is the caller, or the first party of a call of ours; far the agent, or the second party; third whom the agent
// brings in beside the caller; supervisor who is in on it and is another's superior, not theirs.
type call struct {
	telephony.Call
	phase      phase
	line       telephony.Line
	near       party
	far        party
	third      party
	supervisor party

	bridge   telephony.BridgeID
	beside   telephony.BridgeID // where the agent and a third party are, while the caller waits
	aside    bool               // beside may be on the switch
	greeting telephony.PlayID   // while it plays
	music    bool               // the waiter hears music, with all who wait
	choosing bool               // the caller may still choose a language
	chooser  *time.Timer        // ends choosing
	patience *time.Timer        // with an agent whose phone died, or whoever answered a phone we rang

	offer  telephony.Offer
	ticket acd.OfferID         // the queue's name of the offer
	popped bool                // the desk shows the offer
	seenBy telephony.AgentID   // who had it when others were shown it last
	why    string              // the last offer ended
	next   []telephony.AgentID // whom the call is offered to, in this order, before it is the queue's

	posted post // where the supervisor is, or is being brought

	plan  Callback        // of a call the service makes
	told  bool            // whoever answered hears a trial's code
	over  string          // why it ended, a word for its story
	patch Patch           // whom the agent brings in
	asked telephony.LegID // whose phone was answered and who was asked for a key last

	rec        telephony.RecordingID // of the agent's leg, while it may be running
	callersRec telephony.RecordingID // of the caller's leg, while it may be running
	moves      uint64                // lines written down so far
	lane       lane                  // commands about the bridges and who is in them
	ledger     ledgerQueue
}

// A party is somebody in a call: who they are, the signals that tell of them, and their leg, which may come and go.
type party struct {
	leg
	reach lane // commands about their ringing
	role  role

	onUp, onGone, onLost signal // their phone was answered; their leg is over; the fail-safe took it
}

// A role is what a party is in a call.
type role string

const (
	roleCaller     role = "caller"
	roleAgent      role = "agent"
	roleProvider   role = "provider"   // one of the practice's people
	rolePatient    role = "patient"    // whom a provider, or an agent, calls
	roleSupervisor role = "supervisor" // who listens in
)

// parties are all who may have a leg, in the order in which it is looked whether they still have.
func (c *call) parties() []*party { return []*party{&c.near, &c.far, &c.third, &c.supervisor} }

// party is whose leg it is.
func (c *call) party(id telephony.LegID) *party {
	for _, p := range c.parties() {
		if p.id == id {
			return p
		}
	}
	return nil
}

// agentNear tells of a call that an agent makes: they are the first party.
func (c *call) agentNear() bool { return c.near.role == roleAgent }

// A leg is one party of a call on the switch.
type leg struct {
	id     telephony.LegID
	up     bool
	down   bool      // it ended: nothing is to be hung up
	away   bool      // the fail-safe has it, or is about to: it must not be hung up
	known  uint64    // the engine's clock when the switch was first seen to have it; 0 before
	told   time.Time // when the switch said that it is ours; zero when a survey found it
	absent bool      // the last survey of the switch did not find it
	rang   bool      // the phone was heard to ring
	lease  *lease
}

// answered tells whether an agent has the call, in whatever way.
func (c *call) answered() bool {
	return c.phase == alone || c.phase == rejoining || paired[c.phase] && c.phase != patched
}

// paired are the phases in which two are each other's peers: one lease decides for both.
var paired = map[phase]bool{talking: true, held: true, calling: true, briefing: true, consulting: true,
	merging: true, conferring: true, patched: true}

// agent is the agent who talks, nil in a call without an agent.
func (c *call) agent() *party {
	switch {
	case c.Agent == "":
		return nil
	case c.agentNear():
		return &c.near
	}
	return &c.far
}

// waiter is who hears music when their call waits or is held.
func (c *call) waiter() *party {
	if c.agentNear() {
		return &c.far
	}
	return &c.near
}

// unleased is who of two who talk has no lease of their own, so that one lease decides for both. An agent's leg has
// no dialplan that goes on talking, the other party's has.
func (c *call) unleased() *party {
	switch {
	case c.agentNear():
		return &c.near
	case c.phase == patched:
		return &c.third
	}
	return &c.far
}

// leased is the other of two who talk, whose lease decides for both.
func (c *call) leased() *party {
	if c.agentNear() {
		return &c.far
	}
	return &c.near
}

// leaseIn is how long the lease of a call's caller lasts in a phase.
func (e *Engine) leaseIn(p phase) time.Duration {
	switch p {
	case talking, merging, conferring, patched:
		return e.cfg.TalkLease
	case held, calling, briefing, consulting, sending, announcing, landing:
		return e.cfg.HoldLease
	}
	return e.cfg.Lease
}

// raise has a signal dealt with after the one that is being dealt with.
func (e *Engine) raise(c *call, s signal) { e.raiseAs(c, s, "") }

// raiseAs is raise with a word for the story.
func (e *Engine) raiseAs(c *call, s signal, detail string) {
	e.raised = append(e.raised, raised{c: c, s: s, detail: detail})
}

// A raised signal waits to be dealt with. set, if any, runs just before the move, when the flow knows the signal.
type raised struct {
	c      *call
	s      signal
	detail string // for the story
	set    func()
}

// handleRaised deals with every signal raised, and those that they raise.
func (e *Engine) handleRaised() {
	for len(e.raised) > 0 {
		r := e.raised[0]
		e.raised = e.raised[1:]
		e.move(r)
	}
	e.publish()
}

// move is one step of the flow.
func (e *Engine) move(r raised) {
	c := r.c
	st, ok := flow[c.phase][r.s]
	if !ok {
		e.cfg.Log.Debug("telephony: a signal that changes nothing", "call", c.ID, "phase", c.phase, "signal", r.s)
		return
	}
	if r.set != nil {
		r.set()
	}
	e.cfg.Log.Debug("telephony: a call moves", "call", c.ID, "phase", c.phase, "signal", r.s, "to", st.to)
	if _, goesOn := flow[st.to][superviseAsked]; c.Supervision.By != "" && !goesOn {
		e.endSupervision(c, map[bool]string{true: "call-over", false: "agent-gone"}[st.to == closed])
	}
	was := c.phase
	c.phase, c.State = st.to, shown[st.to]
	who := c.Agent
	e.touch(c)
	if paired[was] && st.to != closed {
		c.leased().lease.lasts(e.leaseIn(st.to))
	}
	switch st.to {
	case talking:
		if c.AnsweredAt.IsZero() {
			c.AnsweredAt = e.cfg.Now()
		}
	case waiting:
		c.Agent = ""
	case closed:
		c.EndedAt, c.Outcome, c.over = e.cfg.Now(), st.outcome, r.detail
	}
	c.Third.State = shownThird[st.to]
	if st.note == telephony.StepPatchFailed || st.note == telephony.StepNoTransfer {
		c.Third.Why = cmp.Or(r.detail, "third-failed")
	}
	if st.note == telephony.StepSupervised {
		c.Supervision.Since = e.cfg.Now()
		who, r.detail = c.Supervision.By, string(c.Supervision.Mode)
	}
	if st.note != "" {
		e.note(c, st.note, who, r.detail)
	}
	for _, a := range st.do {
		acts[a](e, c)
	}
	e.seatSupervisor(c)
	if st.to == closed {
		e.forget(c)
	}
}

// note writes the call as it now stands, with a line for its story. When that is durable the Listener hears of it.
func (e *Engine) note(c *call, kind telephony.StepKind, who telephony.AgentID, detail string) {
	c.moves++
	n, was := c.moves, c.Call
	e.write(&c.ledger, ledgerWrite{
		call: was,
		step: telephony.Step{At: e.cfg.Now(), Kind: kind, Agent: who, Detail: detail},
		done: func() {
			e.cfg.Listener.CallMoved(was)
			if n == c.moves {
				e.raise(c, written)
			}
		},
	}, func() { e.raise(c, unwritable) })
}
