package engine

import (
	"context"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// phones are the agents' phones that cannot be rung: their agents are offered no calls.
type phones struct {
	out map[string]bool // by endpoint
	// kept are the agents who would be Ready but for their phone: they are Ready when it is back.
	kept map[telephony.AgentID]bool
}

// askPhone asks the switch whether a phone can be rung, and to tell when that changes.
func (e *Engine) askPhone(endpoint string) {
	if endpoint == "" || !e.linked {
		return
	}
	var rings bool
	e.work(func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) (err error) {
			rings, err = e.cfg.Switch.Phone(ctx, endpoint)
			return err
		})
	}, func(err error) {
		if err != nil { // an unknown phone is not held against its agent: what rings it will tell
			e.cfg.Log.Warn("telephony: the switch does not tell how a phone is", "phone", endpoint, "error", err)
			return
		}
		e.onPhone(endpoint, !rings)
	})
}

// askPhones asks for the phones of all agents who are signed in.
func (e *Engine) askPhones() {
	for _, a := range e.agents {
		e.askPhone(a.Endpoint)
	}
}

// onPhone keeps the agents of a phone from the queue when it is out, and lets them back when it is back.
func (e *Engine) onPhone(endpoint string, out bool) {
	if e.phones.out[endpoint] == out {
		return
	}
	if out {
		e.phones.out[endpoint] = true
	} else {
		delete(e.phones.out, endpoint)
	}
	for id, a := range e.agents {
		if a.Endpoint != endpoint {
			continue
		}
		if !out {
			e.letBack(id)
		} else if e.willBeReady(id) {
			if err := e.keepBack(id); err != nil {
				e.cfg.Log.Error("telephony: an agent whose phone is out is still ready", "agent", id, "error", err)
			}
		}
	}
}

// willBeReady tells whether an agent is offered calls, or will be after the call they are in.
func (e *Engine) willBeReady(id telephony.AgentID) bool {
	if a := e.aside[id]; a != nil {
		return a.ready
	}
	s := e.status[id]
	return s.State != telephony.AgentPaused && s.Reason == ""
}

// keepBack has an agent paused until their phone is back; who talks or wraps up is paused after that.
func (e *Engine) keepBack(id telephony.AgentID) error {
	e.phones.kept[id] = true
	if a := e.aside[id]; a != nil {
		a.ready, a.why = false, telephony.PausedByPhone
		return nil
	}
	err := e.queue(acd.Pause{Agent: acd.AgentID(id), Reason: telephony.PausedByPhone}, id)
	if err != nil {
		delete(e.phones.kept, id)
	}
	return worded(err)
}

// letBack makes an agent Ready whose phone is back. A wrap-up is left to its end.
func (e *Engine) letBack(id telephony.AgentID) {
	if !e.phones.kept[id] || e.phones.out[e.agents[id].Endpoint] || e.status[id].State == telephony.AgentWrapUp {
		return
	}
	if err := e.makeReady(id); err != nil {
		e.cfg.Log.Error("telephony: an agent whose phone is back is not ready", "agent", id, "error", err)
	}
}
