package engine

import (
	"context"

	"lamplight/telephony"
)

// A post is whom a supervisor's leg hears, and how.
type post struct {
	agent telephony.LegID
	mode  telephony.SupervisionMode
}

// post is where the supervisor of a call belongs now; false: the agent's leg is on its way.
func (c *call) post() (post, bool) {
	a := c.agent()
	if a == nil || !a.up || a.down || a.away {
		return post{}, false
	}
	return post{a.id, c.Supervision.Mode}, true
}

func (e *Engine) supervise(s telephony.AgentID, id telephony.CallID, m telephony.SupervisionMode) error {
	c, who := e.calls[id], e.agents[s]
	_, in := e.status[s]
	switch {
	case !in:
		return ErrNoAgent
	case c == nil:
		return ErrNoCall
	case c.Supervision.By != "" && c.Supervision.By != s:
		return ErrSupervised
	case c.Supervision.By == s && c.Supervision.Mode == m:
		return nil
	case m != telephony.Monitor && m != telephony.Whisper && m != telephony.Barge,
		flow[c.phase][superviseAsked].to == "", c.agent() == nil, c.Agent == s:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	case c.Supervision.By == s && c.Supervision.Since.IsZero():
		c.Supervision.Mode = m // when the phone is answered
		return nil
	case c.Supervision.By == s:
		e.raised = append(e.raised, raised{c: c, s: modeAsked, set: func() { c.Supervision.Mode = m }})
		return nil
	case e.phones.out[who.Endpoint]:
		return ErrPhone
	}
	err := e.leaveQueueFor(s, aside{supervises: id, state: telephony.AgentPaused, reason: telephony.PausedToSupervise})
	if err == nil {
		e.raised = append(e.raised, raised{c: c, s: superviseAsked, set: func() {
			c.Supervision = telephony.Supervision{By: s, Mode: m}
		}})
	}
	return err
}

func (e *Engine) stopSupervising(s telephony.AgentID) error {
	if a := e.aside[s]; a != nil {
		if c := e.calls[a.supervises]; c != nil {
			e.raise(c, supervisorGone)
		}
	}
	return nil
}

// dialSupervisor rings the supervisor's own phone.
func (e *Engine) dialSupervisor(c *call) {
	e.originate(c, &c.supervisor, telephony.Originate{
		Leg: telephony.LegID(marked(c.ID, supervisorMark, e.cfg.Now())), Call: c.ID, Agent: e.agents[c.Supervision.By].Endpoint,
		CallerID: c.DID, CallerName: c.line.Name, Headers: map[string]string{"X-Lamplight-Call": string(c.ID)}, Timeout: e.cfg.OfferFor,
	})
}

// seatSupervisor brings the supervisor, if there is one, to where they belong.
func (e *Engine) seatSupervisor(c *call) {
	p, ok := c.post()
	if !c.supervisor.up || !ok || p == c.posted {
		return
	}
	c.posted = p
	sw, ear := e.cfg.Switch, c.supervisor.id
	if c.supervisor.lease == nil {
		c.supervisor.lease = e.freshLease(ear, c.supervisor.told)
	}
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error {
			return sw.Listen(ctx, ear, p.agent, p.mode)
		})
	}, func(err error) {
		if err != nil && c.posted == p {
			c.posted = post{}
		}
		e.failed(c, "have a supervisor listen", err, "")
	})
	e.recordBarge(c)
}

// dropSupervisor ends the supervision by the supervisor's wish, or because their leg has gone.
func (e *Engine) dropSupervisor(c *call) {
	why := "stopped-listening"
	if c.supervisor.down || c.supervisor.away {
		why = "hung-up"
	}
	e.endSupervision(c, why)
}

// endSupervision hangs the supervisor up, and gives them back to the queue.
func (e *Engine) endSupervision(c *call, why string) {
	was := c.Supervision
	c.Supervision, c.posted = telephony.Supervision{}, post{}
	e.drop(c, &c.supervisor)
	if a := e.aside[was.By]; a != nil && a.supervises == c.ID {
		e.comeBack(was.By)
	}
	if !was.Since.IsZero() {
		e.note(c, telephony.StepUnsupervised, was.By, why)
	}
}

// mendSupervisor brings a supervisor back who is not where they belong.
func (e *Engine) mendSupervisor(c *call, s survey) {
	v, there := s.legs[c.supervisor.id]
	p, ok := c.post()
	if !there || !v.Up || !ok {
		return
	}
	if l := c.supervisor.lease; l != nil && l.over && !c.supervisor.away {
		c.supervisor.lease = e.lease(c.supervisor.id)
	}
	e.recordBarge(c)
	if c.posted = p; v.Hears != p.agent || v.As != p.mode {
		c.posted = post{}
		e.seatSupervisor(c)
	}
}

// superviseOn goes on with the supervision of a call taken over, if the supervisor is there still. A leg of a supervisor of whom
// nobody was told is hung up.
func (e *Engine) superviseOn(c *call) {
	switch {
	case c.Supervision.Since.IsZero():
		c.Supervision = telephony.Supervision{}
		if c.supervisor.id != "" {
			e.abandon(&c.supervisor)
		}
	case c.supervisor.id == "":
		e.endSupervision(c, "restart")
	case flow[c.phase][superviseAsked].to == "":
		e.endSupervision(c, "agent-gone")
	default:
		e.superviseAside(c)
	}
}

// superviseAside has a supervisor who is signed in do nothing else.
func (e *Engine) superviseAside(c *call) {
	by := c.Supervision.By
	if _, in := e.status[by]; in && e.aside[by] == nil {
		if err := e.leaveQueueFor(by, aside{supervises: c.ID, state: telephony.AgentPaused,
			reason: telephony.PausedToSupervise}); err != nil {
			e.cfg.Log.Error("telephony: a supervisor who listens is still offered calls", "agent", by, "error", err)
		}
	}
}
