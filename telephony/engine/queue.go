package engine

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// This file stands between the engine and its queue, telephony/acd, which decides who gets which call.

// speaks is the skill that stands for a language, for a call that may still turn out to be in any of its line's.
func speaks(l telephony.Language) acd.Skill { return acd.Skill("speaks:" + l) }

// head is the head start in the queue that one step of a line's priority gives.
const head = time.Minute

// needs is what a call asks of an agent now.
func (e *Engine) needs(c *call) acd.Needs {
	n := acd.Needs{
		Practice: acd.PracticeID(cmp.Or(c.Account, "-")),
		Language: acd.Language(c.Language),
		Level:    acd.Level(c.line.LanguageLevel),
		Priority: max(-24*time.Hour, min(24*time.Hour, time.Duration(c.line.Priority)*head)),
		Overflow: e.cfg.WaitAtMost,
	}
	if !c.AnsweredAt.IsZero() { // the time they have talked is none that they have waited
		n.Overflow += e.cfg.Now().Sub(c.OpenedAt).Truncate(time.Minute)
	}
	for _, s := range c.line.Skills {
		n.Skills = append(n.Skills, acd.SkillNeed{Skill: acd.Skill(s)})
	}
	if c.choosing {
		for _, l := range c.line.Languages {
			n.Skills = append(n.Skills, acd.SkillNeed{Skill: speaks(l), Level: n.Level})
		}
	}
	switch {
	case c.line.OwnOnly:
		n.Own = acd.OwnOnly
	case e.staffed[c.Account]:
		n.Own = acd.OwnFirst
	}
	n.Groups, n.Relax = groups(c.line.Groups), relaxed(c.line.Relax)
	return n
}

// relaxed is how a line's needs loosen, in the order of time.
func relaxed(r telephony.Relax) []acd.Relax {
	after := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	out := []acd.Relax{
		{After: after(r.SkillsAfter), AnySkill: true},
		{After: after(r.LevelAfter), Level: acd.Some},
		{After: after(r.LanguageAfter), AnyLanguage: true},
		{After: after(r.OutsideAfter), Outside: true},
		{After: after(r.GroupsAfter), Groups: groups(r.Overflow), AnyGroup: len(r.Overflow) == 0},
	}
	out = slices.DeleteFunc(out, func(r acd.Relax) bool { return r.After <= 0 })
	slices.SortStableFunc(out, func(a, b acd.Relax) int { return cmp.Compare(a.After, b.After) })
	return out
}

func groups(names []string) (out []acd.GroupID) {
	for _, n := range names {
		out = append(out, acd.GroupID(n))
	}
	return out
}

// ableTo is what the queue knows of an agent: each language with its level, as a skill too, and skills that are had or not.
func ableTo(a telephony.Agent) acd.Agent {
	out := acd.Agent{ID: acd.AgentID(a.ID), Languages: map[acd.Language]acd.Level{}, Skills: map[acd.Skill]acd.Level{}}
	for l, level := range a.Languages {
		out.Languages[acd.Language(l)] = acd.Level(level)
		out.Skills[speaks(l)] = acd.Level(level)
	}
	for _, s := range a.Skills {
		out.Skills[acd.Skill(s)] = acd.Qualified
	}
	out.Groups = groups(a.Groups)
	for _, p := range a.Staff {
		out.Staff = append(out.Staff, acd.PracticeID(p))
	}
	return out
}

// queue gives the queue an event and carries out what it commands. An error means that the event was refused and
// changed nothing.
func (e *Engine) queue(ev acd.Event, touched ...telephony.AgentID) error {
	cmds, err := acd.Apply(e.acd, ev, e.cfg.Now())
	for _, cmd := range cmds {
		switch cmd.Do {
		case acd.DoOffer:
			touched = append(touched, telephony.AgentID(cmd.Offer.Agent))
			e.toOffer(cmd.Offer)
		case acd.DoWithdraw:
			touched = append(touched, telephony.AgentID(cmd.Offer.Agent))
			e.toWithdraw(cmd.Offer, cmd.Why)
		case acd.DoClose:
			if c := e.calls[telephony.CallID(cmd.Call)]; c != nil && cmd.Outcome == acd.Overflowed {
				e.raise(c, waitedOut)
			}
		case acd.DoAgent:
			touched = append(touched, telephony.AgentID(cmd.Agent))
		}
	}
	for _, a := range touched {
		e.announceAgent(a)
	}
	e.armTick()
	e.dirty = true
	return err
}

func (e *Engine) toOffer(o acd.Offer) {
	c := e.calls[telephony.CallID(o.Call)]
	if c == nil {
		return
	}
	e.raised = append(e.raised, raised{c: c, s: offered, set: func() {
		c.ticket, c.why = o.ID, ""
		c.Agent = telephony.AgentID(o.Agent)
		c.offer = telephony.Offer{Call: c.ID, Agent: c.Agent, Epoch: e.epoch + o.ID.N, Deadline: o.Deadline}
	}})
}

func (e *Engine) toWithdraw(o acd.Offer, why acd.Why) {
	c := e.calls[telephony.CallID(o.Call)]
	if c == nil {
		return
	}
	s, word := withdrawn, "lost"
	switch why {
	case acd.WhyMissed:
		s, word = missed, "missed"
	case acd.WhyRejected:
		s, word = rejected, "rejected"
	}
	e.raised = append(e.raised, raised{c: c, s: s, set: func() { c.why = word }})
}

// armTick has the queue look at its timers when the next one is due.
func (e *Engine) armTick() {
	at, ok := e.acd.Next()
	if ok && at.Equal(e.tickAt) {
		return
	}
	if e.tick != nil {
		e.tick.Stop()
	}
	e.tickAt = at
	if !ok {
		return
	}
	e.tick = e.after(max(0, at.Sub(e.cfg.Now())), func() {
		e.tickAt = time.Time{}
		e.queueOr(acd.Tick{})
	})
}

// queueOr is queue for events that can only be refused because they come too late.
func (e *Engine) queueOr(ev acd.Event, touched ...telephony.AgentID) {
	err := e.queue(ev, touched...)
	switch {
	case err == nil:
	case errors.Is(err, acd.ErrStale) || errors.Is(err, acd.ErrUnknown):
		e.cfg.Log.Debug("telephony: too late for the queue", "event", ev, "error", err)
	default:
		e.cfg.Log.Error("telephony: the queue refused an event", "error", err)
	}
}

func (e *Engine) enqueue(c *call) {
	e.queueOr(acd.CallIn{Call: acd.CallID(c.ID), Needs: e.needs(c)})
}

// heard ends the caller's choice of language: the one assumed, or chosen, counts now.
func (e *Engine) heard(c *call) {
	if c.chooser != nil {
		c.chooser.Stop()
		c.chooser = nil
	}
	if !c.choosing {
		return
	}
	c.choosing = false
	e.relearn(c)
}

// relearn tells the queue what the call needs now. An agent who cannot give it loses the offer.
func (e *Engine) relearn(c *call) {
	if c.phase == waiting || c.phase == popping || c.phase == ringing {
		e.queueOr(acd.Revise{Call: acd.CallID(c.ID), Needs: e.needs(c)})
	}
}

func (e *Engine) reportMissed(c *call) { e.queueOr(acd.Missed{Offer: c.ticket}, c.offer.Agent) }

// reportTaken: the agent is there. The queue withdrew the offer in this very moment: then the leg is late and goes.
func (e *Engine) reportTaken(c *call) {
	if err := e.queue(acd.Accepted{Offer: c.ticket}, c.offer.Agent); err != nil {
		e.cfg.Log.Info("telephony: answered an offer that was over", "call", c.ID, "error", err)
	}
}

// reportLost: the agent's leg failed, the caller is back in the queue at the old place.
func (e *Engine) reportLost(c *call) {
	if a := e.aside[c.offer.Agent]; a != nil && a.call == c.ID {
		e.comeBack(c.offer.Agent)
	}
	e.requeue(c)
}

// requeue has a call wait again whose caller has talked to an agent.
func (e *Engine) requeue(c *call) {
	n := e.needs(c)
	if err := e.queue(acd.Requeue{Call: acd.CallID(c.ID), Needs: &n}, c.offer.Agent); err != nil {
		// the queue has it no more: a transfer that failed, or a call found after a restart
		e.queueOr(acd.Return{Call: acd.CallID(c.ID), Needs: n, Since: c.OpenedAt})
	}
}

// takeBack takes a call from an agent who talked: the caller waits again.
func (e *Engine) takeBack(c *call) {
	e.unrecord(c)
	e.cfg.Listener.Withdrawn(c.offer, "withdrawn")
	e.reportLost(c)
}

// leaveQueue: nobody waits any more; an agent who talked goes into wrap-up.
func (e *Engine) leaveQueue(c *call) {
	if c.chooser != nil {
		c.chooser.Stop()
	}
	id := cmp.Or(c.Agent, c.offer.Agent) // who hands a call over has it no more
	if a, ok := e.aside[id]; ok && a.call == c.ID {
		if a.state == telephony.AgentRinging { // who was only offered it
			e.letOff(id)
			return
		}
		a.state, a.since = telephony.AgentWrapUp, e.cfg.Now()
		if c.AnsweredAt.IsZero() {
			e.comeBack(id)
		}
		e.announceAgent(id)
		return
	}
	if _, ok := e.acd.CallNow(acd.CallID(c.ID)); ok {
		e.queueOr(acd.CallGone{Call: acd.CallID(c.ID)}, id)
	}
}

// An aside is an agent on a call that the queue knows nothing of: one they placed, one that was found after a restart, or
// another's that they supervise. The queue has them paused meanwhile.
type aside struct {
	call  telephony.CallID
	state telephony.AgentState // AgentTalking, then AgentWrapUp
	since time.Time
	ready bool // what to go back to
	// writing says that they were in wrap-up before, and go back to that from an offer they do not take.
	writing bool
	why     string // of the pause to go back to
	// supervises is the call of another's that a supervisor is in on; reason is of the pause that others see meanwhile.
	supervises telephony.CallID
	reason     string
}

// comeBack ends an agent's aside.
func (e *Engine) comeBack(id telephony.AgentID) {
	a := e.aside[id]
	if a == nil {
		return
	}
	delete(e.aside, id)
	if a.ready {
		e.queueOr(acd.Ready{Agent: acd.AgentID(id)}, id)
		return
	}
	e.queueOr(acd.Pause{Agent: acd.AgentID(id), Reason: cmp.Or(a.why, acd.ReasonSignedIn)}, id)
}

var agentWords = map[acd.AgentState]telephony.AgentState{
	acd.StateOut: telephony.AgentOut, acd.StatePaused: telephony.AgentPaused, acd.StateReady: telephony.AgentReady,
	acd.StateReserved: telephony.AgentReserved,
	acd.StateRinging:  telephony.AgentRinging, acd.StateTalking: telephony.AgentTalking, acd.StateWrapUp: telephony.AgentWrapUp,
}

// announceAgent tells the Listener if an agent has moved.
func (e *Engine) announceAgent(id telephony.AgentID) {
	if id == "" {
		return
	}
	e.dirty, e.turned[id] = true, true
	was, had := e.status[id]
	v, ok := e.acd.AgentNow(acd.AgentID(id))
	if !ok {
		if had {
			delete(e.status, id)
			delete(e.agents, id)
			e.cfg.Listener.AgentMoved(id, telephony.AgentOut, "", e.cfg.Now())
		}
		return
	}
	now := AgentStatus{Agent: e.agents[id], State: agentWords[v.State], Reason: v.Reason, Since: v.Since, Call: telephony.CallID(v.Call)}
	if now.State == telephony.AgentWrapUp {
		now.Call = was.Call
	}
	if a := e.aside[id]; a != nil {
		now.State, now.Reason, now.Since, now.Call, now.Supervises = a.state, a.reason, a.since, a.call, a.supervises
	}
	e.status[id] = now
	if !had || was.State != now.State || was.Reason != now.Reason || !was.Since.Equal(now.Since) {
		e.cfg.Listener.AgentMoved(id, now.State, now.Reason, now.Since)
	}
	if now.Reason == telephony.PausedByPhone {
		e.letBack(id)
	}
}

// figuresEvery is how often at most the figures are counted and told. They are one value for the top of every desk, not
// news of each move: told at each, they cost more than all else that is done for a call.
const figuresEvery = 500 * time.Millisecond

// countSoon has the figures counted and told: now, or as soon as figuresEvery has passed since they were last.
func (e *Engine) countSoon() {
	if e.counting {
		return
	}
	wait := figuresEvery - time.Since(e.counted)
	if wait <= 0 {
		e.announceFigures()
		return
	}
	e.counting = true
	e.after(wait, func() {
		e.counting = false
		e.announceFigures()
	})
}

func (e *Engine) announceFigures() {
	e.counted = time.Now()
	f, callers := e.figures(), e.callers()
	e.mu.RLock()
	same := maps.Equal(callers, e.seen.callers)
	e.mu.RUnlock()
	if f == e.told && same {
		return
	}
	e.told = f
	e.mu.Lock()
	e.seen.figures, e.seen.callers = f, callers
	e.mu.Unlock()
	e.cfg.Listener.FiguresMoved(f, callers)
}

// callers are when the caller came in who waits longest of those each agent could take.
func (e *Engine) callers() map[telephony.AgentID]time.Time {
	longest := e.acd.Longest()
	out := make(map[telephony.AgentID]time.Time, len(longest))
	for a, since := range longest {
		out[telephony.AgentID(a)] = since
	}
	return out
}

// figures counts the queue anew.
func (e *Engine) figures() telephony.Figures {
	f := telephony.Figures{ServiceLevel: e.level.share}
	now := e.cfg.Now()
	for _, c := range e.calls {
		if c.Inbound && (c.State == telephony.Waiting || c.State == telephony.Offered) {
			f.Waiting++
			f.Longest = max(f.Longest, now.Sub(c.OpenedAt).Truncate(time.Second))
		}
	}
	for _, a := range e.status {
		switch a.State {
		case telephony.AgentReady:
			f.Ready++
		case telephony.AgentTalking:
			f.Talking++
		}
	}
	return f
}

func (e *Engine) sortedCalls() []*call {
	out := make([]*call, 0, len(e.calls))
	for _, c := range e.calls {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *call) int { return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID)) })
	return out
}

// worded puts the queue's refusals in the engine's words.
func worded(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, acd.ErrStale):
		return ErrStale
	case errors.Is(err, acd.ErrUnknown):
		return ErrNoAgent
	case errors.Is(err, acd.ErrState):
		return ErrState
	}
	return err
}

func offerRings(c *call) acd.Event { return acd.Ringing{Offer: c.ticket} }
