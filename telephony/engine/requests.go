package engine

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// callName is what a Callback's ID may be: it becomes part of names on the switch.
var callName = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// callBack begins a call of ours. agent is the near party of an AgentCall, empty for a provider's call back.
func (e *Engine) callBack(agent telephony.AgentID, b Callback) error {
	switch {
	case e.calls[b.ID] != nil:
		return again(e.calls[b.ID].plan, b)
	case e.hasEnded(b.ID):
		return again(e.ended[b.ID].plan, b)
	case !callName.MatchString(string(b.ID)):
		return fmt.Errorf("telephony: a call back's id must be 8 to 64 letters, digits or dashes")
	case b.Code != "" && (strings.Trim(b.Code, "0123456789") != "" || b.First == "" || b.Second != ""):
		return fmt.Errorf("telephony: a call for trial needs one number and a code of digits")
	case b.Code == "" && (b.Second == "" || b.First == "" && agent == ""):
		return fmt.Errorf("telephony: a call back needs two numbers")
	case !telephony.IsExtension(b.Extension):
		return fmt.Errorf("telephony: an extension must be at most %d keys of a telephone", telephony.MaxExtension)
	case !e.linked || !e.known:
		return ErrNoSwitch
	}
	near := roleProvider
	if agent != "" {
		near = roleAgent
		if err := e.leaveQueueFor(agent, aside{call: b.ID, state: telephony.AgentTalking}); err != nil {
			return err
		}
	}
	c := e.newCall(telephony.Call{ID: b.ID, DID: b.Show, Account: b.Account, ANI: cmp.Or(b.Second, b.First), State: telephony.Arrived,
		Agent: agent, Language: cmp.Or(b.Language, telephony.English), OpenedAt: e.cfg.Now()}, placing, near)
	c.plan = b
	e.note(c, telephony.StepPlaced, cmp.Or(agent, b.By), b.About)
	return nil
}

// again is what asking for a call back by an id that is taken comes to: the same is success, another's is nobody's.
func again(was, b Callback) error {
	if was.ID != "" && was != b { // one found after a restart has no plan any more
		return ErrNoCall
	}
	return nil
}

// onACall is the reason of the pause that the queue has for an agent who is aside; nobody else sees it.
const onACall = "on a call"

// leaveQueueFor takes an agent from the queue for something it knows nothing of; ErrState: they are in a call.
func (e *Engine) leaveQueueFor(id telephony.AgentID, a aside) error {
	s, ok := e.status[id]
	if !ok {
		return ErrNoAgent
	}
	if e.aside[id] != nil && e.aside[id].state != telephony.AgentWrapUp {
		return ErrState
	}
	switch s.State {
	case telephony.AgentReady, telephony.AgentPaused, telephony.AgentWrapUp:
	default:
		return ErrState
	}
	a.since, a.ready, a.why, a.writing = e.cfg.Now(), s.State != telephony.AgentPaused, s.Reason, s.State == telephony.AgentWrapUp
	if was := e.aside[id]; was != nil {
		a.ready, a.why = was.ready, was.why
	}
	e.aside[id] = &a
	if s.State == telephony.AgentWrapUp {
		e.queueOr(acd.WrapUpDone{Agent: acd.AgentID(id)}, id)
	}
	e.queueOr(acd.Pause{Agent: acd.AgentID(id), Reason: onACall}, id)
	return nil
}

// dialNear rings the first party: the provider, or the agent.
func (e *Engine) dialNear(c *call) {
	o := telephony.Originate{Leg: nearOf(c.ID), Call: c.ID, CallerID: c.plan.Show, CallerName: c.plan.Name, Timeout: e.cfg.DialFor}
	if c.agentNear() {
		o.Agent = e.agents[c.Agent].Endpoint
		o.Headers = map[string]string{"X-Lamplight-Call": string(c.ID)}
	} else {
		o.Number = c.plan.First
	}
	e.originate(c, &c.near, o)
}

// askKey asks whoever answered the provider's phone for a key, once more: a voicemail presses none.
func (e *Engine) askKey(c *call) {
	if c.patience == nil {
		c.near.lease = e.lease(c.near.id)
		c.patience = e.after(e.cfg.ProveFor, func() { e.raiseAs(c, unproved, "first-no-key") })
	}
	if c.plan.Code != "" {
		e.speak(c, false, e.cfg.Prompts.TrialOne)
		return
	}
	e.speak(c, false, e.cfg.Prompts.PressOne)
}

// tellCode says the code of a call for trial, once more.
func (e *Engine) tellCode(c *call) {
	if !c.told {
		c.told = true
		c.patience.Stop()
		c.patience = e.after(e.cfg.ProveFor, func() { e.raise(c, codeTold) })
		e.hush(c)
	}
	say := []string{e.cfg.Prompts.TrialCode}
	for _, digit := range c.plan.Code {
		say = append(say, e.cfg.Prompts.Digits+string(digit))
	}
	e.speak(c, false, say...)
}

// placed is how far it has come.
func (c *call) placed() Placed {
	out := Placed{Rang: c.near.rang, Answered: c.near.up, Told: c.told, Over: c.phase == closed, Why: c.over}
	if c.Outcome == telephony.Completed {
		out.Why = ""
	}
	return out
}

// dialFar tells the first party to wait and rings the second, who sees the practice's number.
func (e *Engine) dialFar(c *call) {
	if c.near.lease == nil {
		c.near.lease = e.lease(c.near.id)
	}
	e.hush(c)
	e.speak(c, false, e.cfg.Prompts.Connecting)
	e.originate(c, &c.far, telephony.Originate{Leg: farOf(c.ID), Call: c.ID, Number: c.plan.Second,
		CallerID: c.plan.Show, CallerName: c.plan.Name, Timeout: e.cfg.DialFor})
}

// pressSecond dials the extension that the second party's number has.
func (e *Engine) pressSecond(c *call) { e.pressKeys(c, &c.far, c.plan.Extension) }

// pressKeys dials an extension, after a pause: what answers speaks first.
func (e *Engine) pressKeys(c *call, p *party, keys string) {
	id := p.id
	if keys == "" {
		return
	}
	e.push(&p.reach, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.SendKeys(ctx, id, e.cfg.PauseBefore, keys) })
	}, func(err error) {
		what := telephony.StepExtension
		if err != nil {
			what = telephony.StepNoExtension
			e.failed(c, "dial an extension", err, "")
		}
		if c.phase != closed {
			e.note(c, what, "", "")
		}
	})
}

// own finds an agent's call.
func (e *Engine) own(a telephony.AgentID, id telephony.CallID) (*call, error) {
	if _, ok := e.status[a]; !ok {
		return nil, ErrNoAgent
	}
	if c := e.calls[id]; c != nil && c.Agent == a {
		return c, nil
	}
	return nil, ErrNoCall
}

func (e *Engine) hold(a telephony.AgentID, id telephony.CallID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case c.phase == held:
		return nil
	case c.phase != talking:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	}
	e.raise(c, holdAsked)
	return nil
}

func (e *Engine) resume(a telephony.AgentID, id telephony.CallID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case c.phase == talking || c.phase == rejoining:
		return nil
	case c.phase == alone:
		return e.rejoinCall(a, id)
	case !e.linked:
		return ErrNoSwitch
	}
	if _, ok := flow[c.phase][resumeAsked]; !ok {
		return ErrState
	}
	why := ""
	if c.phase != held { // from a third party who is being called
		why = "taken-back"
	}
	e.raiseAs(c, resumeAsked, why)
	return nil
}

func (e *Engine) rejoinCall(a telephony.AgentID, id telephony.CallID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case c.phase == rejoining:
		return nil
	case !c.Inbound || !c.answered():
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	}
	e.raise(c, rejoinAsked)
	return nil
}

func (e *Engine) hangUp(a telephony.AgentID, id telephony.CallID) error {
	if over, ok := e.ended[id]; ok && e.calls[id] == nil && over.agent == a { // another's says nothing
		return nil
	}
	c, err := e.own(a, id)
	if err != nil {
		return err
	}
	if _, ok := flow[c.phase][hangUpAsked]; !ok {
		return ErrState
	}
	e.raise(c, hangUpAsked)
	return nil
}

func (e *Engine) endCall(id telephony.CallID) error {
	c := e.calls[id]
	switch {
	case c == nil && e.hasEnded(id):
		return nil
	case c == nil:
		return ErrNoCall
	}
	if _, ok := flow[c.phase][endAsked]; !ok {
		return ErrState
	}
	e.raiseAs(c, endAsked, "supervisor")
	return nil
}

func (e *Engine) setLanguage(a telephony.AgentID, id telephony.CallID, l telephony.Language) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case l != telephony.English && l != telephony.Spanish:
		return fmt.Errorf("telephony: no such language: %w", ErrState)
	case c.Language == l:
		return nil
	case !c.answered():
		return ErrState
	}
	c.Language = l
	e.touch(c)
	e.note(c, telephony.StepLanguage, a, string(l))
	return nil
}

func (e *Engine) reject(a telephony.AgentID, id telephony.CallID, epoch uint64) error {
	c, err := e.own(a, id)
	if err != nil {
		return err
	}
	if c.offer.Epoch != epoch || c.phase != popping && c.phase != ringing && c.phase != recalling && c.phase != returning {
		return ErrStale
	}
	if c.phase == recalling || c.phase == returning {
		e.raise(c, rejected)
		return nil
	}
	return worded(e.queue(acd.Rejected{Offer: c.ticket}, a))
}

func (e *Engine) agentIn(a telephony.Agent) error {
	was, had := e.agents[a.ID]
	e.agents[a.ID] = a
	if err := e.queue(acd.AgentIn{Agent: ableTo(a)}); err != nil {
		if had {
			e.agents[a.ID] = was
		} else {
			delete(e.agents, a.ID)
		}
		return worded(err)
	}
	e.staff(a.Staff)
	if !had {
		for _, c := range e.calls { // found after a restart, before the desk came back
			if c.Agent == a.ID && c.answered() {
				e.aside[a.ID] = &aside{call: c.ID, state: telephony.AgentTalking, since: c.AnsweredAt, ready: true}
			}
		}
	}
	e.announceAgent(a.ID)
	if !had {
		for _, c := range e.calls {
			if c.Supervision.By == a.ID {
				e.superviseAside(c)
			}
		}
	}
	if !had || was.Endpoint != a.Endpoint {
		e.askPhone(a.Endpoint)
	}
	return nil
}

// staff has the calls of practices whose own staff are here offered to them first.
func (e *Engine) staff(practices []telephony.AccountID) {
	fresh := map[telephony.AccountID]bool{}
	for _, p := range practices {
		if !e.staffed[p] {
			e.staffed[p], fresh[p] = true, true
		}
	}
	if len(fresh) == 0 {
		return
	}
	for _, c := range e.calls {
		if fresh[c.Account] {
			e.relearn(c)
		}
	}
}

func (e *Engine) agentOut(a telephony.AgentID) error {
	if _, ok := e.agents[a]; !ok {
		return nil
	}
	if err := e.stopSupervising(a); err != nil {
		return err
	}
	delete(e.aside, a)
	delete(e.phones.kept, a)
	return worded(e.queue(acd.AgentOut{Agent: acd.AgentID(a)}, a))
}

func (e *Engine) agentReady(id telephony.AgentID) error {
	if !e.phones.out[e.agents[id].Endpoint] {
		return e.makeReady(id)
	}
	if err := e.keepBack(id); err != nil || e.status[id].State != telephony.AgentWrapUp {
		return err
	}
	return e.wrapUpDone(id)
}

// makeReady is agentReady for who can be rung.
func (e *Engine) makeReady(id telephony.AgentID) error {
	delete(e.phones.kept, id)
	if a := e.aside[id]; a != nil {
		a.ready = true
		if a.state == telephony.AgentWrapUp {
			e.comeBack(id)
		}
		return nil
	}
	return worded(e.queue(acd.Ready{Agent: acd.AgentID(id)}, id))
}

func (e *Engine) agentPause(id telephony.AgentID, reason string) error {
	delete(e.phones.kept, id)
	if a := e.aside[id]; a != nil {
		a.ready, a.why = false, reason
		if a.state == telephony.AgentWrapUp {
			e.comeBack(id)
		}
		return nil
	}
	return worded(e.queue(acd.Pause{Agent: acd.AgentID(id), Reason: cmp.Or(reason, "paused")}, id))
}

func (e *Engine) wrapUpDone(id telephony.AgentID) error {
	if a := e.aside[id]; a != nil {
		if a.state == telephony.AgentWrapUp {
			e.comeBack(id)
			return nil
		}
		return ErrState
	}
	if s := e.status[id]; s.State == telephony.AgentReady || s.State == telephony.AgentPaused {
		return nil
	}
	return worded(e.queue(acd.WrapUpDone{Agent: acd.AgentID(id)}, id))
}
