package house

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// What a supervisor does: look at the agents, be in on an agent's call, and change an agent's state.

// looked holds the supervisors who are looking at the agents, and the agents who have changed since they were last told.
type looked struct {
	mu      sync.Mutex // guards what follows
	by      map[telephony.AgentID]bool
	changed map[telephony.AgentID]bool
}

// tellAfter is how long changes of agents are gathered: what happens together is told together, and the engine shows it by
// then.
const tellAfter = 100 * time.Millisecond

// agentChanged has the supervisors who are looking told of an agent soon.
func (h *House) agentChanged(a telephony.AgentID) {
	h.looked.mu.Lock()
	defer h.looked.mu.Unlock()
	if a == "" || len(h.looked.by) == 0 {
		return
	}
	if h.looked.changed == nil {
		h.looked.changed = map[telephony.AgentID]bool{}
		time.AfterFunc(tellAfter, h.tellAgents)
	}
	h.looked.changed[a] = true
}

func (h *House) tellAgents() {
	h.looked.mu.Lock()
	var changed []telephony.AgentID
	for a := range h.looked.changed {
		changed = append(changed, a)
	}
	h.looked.changed = nil
	var by []telephony.AgentID
	for s := range h.looked.by {
		if h.streams.watched(s) {
			by = append(by, s)
		} else {
			delete(h.looked.by, s)
		}
	}
	h.looked.mu.Unlock()
	for _, s := range by {
		h.streams.to(s, func(ctx context.Context) (console.Event, bool) {
			viewer, _ := h.streams.viewer(s)
			rows, err := h.agentsNow(ctx, viewer, changed)
			if err != nil {
				h.cfg.Log.Error("console: agents as a supervisor sees them", "agent", s, "error", err)
				return console.Event{}, false
			}
			return h.event(console.Event{Kind: console.EventAgents, Agents: rows}), len(rows) > 0
		})
	}
}

// Agents lists the agents that a supervisor may see, by name, and has their changes told from then on, or no longer.
func (h *House) Agents(ctx context.Context, on bool) ([]console.AgentNow, error) {
	actor, me, err := h.agent(ctx)
	if err != nil {
		return nil, err
	}
	h.looked.mu.Lock()
	if delete(h.looked.by, me); on {
		if h.looked.by == nil {
			h.looked.by = map[telephony.AgentID]bool{}
		}
		h.looked.by[me] = true
	}
	h.looked.mu.Unlock()
	if !on {
		return []console.AgentNow{}, nil
	}
	var ids []telephony.AgentID
	for _, st := range h.engine.Agents() {
		ids = append(ids, st.Agent.ID)
	}
	out, err := h.agentsNow(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b console.AgentNow) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), console.Many)], nil
}

// seesAgent reports whether a supervisor supervises a practice whose calls an agent may take.
func (h *House) seesAgent(s access.Actor, a telephony.AgentID) bool {
	accounts, everywhere := s.Accounts(notes.Supervise)
	if everywhere {
		return true
	}
	agent, ok := h.streams.viewer(a)
	return ok && slices.ContainsFunc(accounts, func(p string) bool { return agent.May(notes.TakeNote, p) })
}

// agentsNow returns those of the given agents whom a supervisor may see.
func (h *House) agentsNow(ctx context.Context, viewer access.Actor, ids []telephony.AgentID) ([]console.AgentNow, error) {
	out := []console.AgentNow{}
	var calls []telephony.Call
	n := needs{}
	for _, id := range ids {
		st, in := h.engine.Agent(id)
		if !in {
			out, calls = append(out, console.AgentNow{ID: id, State: telephony.AgentOut}), append(calls, telephony.Call{})
			continue
		}
		if !h.seesAgent(viewer, id) {
			continue
		}
		v := console.AgentNow{ID: id, Name: st.Agent.Name, State: st.State, Reason: console.PauseReason(st.Reason), Since: st.Since}
		c, ok := h.engine.Call(st.Call)
		if ok && viewer.May(notes.Supervise, string(c.Account)) {
			v.Call, v.CallState = c.ID, c.State
			n.accounts, n.people = append(n.accounts, c.Account), append(n.people, notes.PersonID(c.Supervision.By))
		} else {
			c = telephony.Call{}
		}
		out, calls = append(out, v), append(calls, c)
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return nil, err
	}
	for i, c := range calls {
		if c.ID == "" {
			continue
		}
		out[i].Practice = s.accounts[c.Account].Name
		if by := c.Supervision; !by.Since.IsZero() {
			out[i].Supervisor = &console.Supervisor{Name: s.name(notes.PersonID(by.By)), Mode: by.Mode}
		}
	}
	return out, nil
}

// supervisor is who is in on an agent's call, as the agent's desk shows it; nil for nobody.
func (h *House) supervisor(ctx context.Context, c telephony.Call) *console.Supervisor {
	if c.Supervision.Since.IsZero() {
		return nil
	}
	return &console.Supervisor{Name: h.nameOf(ctx, c.Supervision.By), Mode: c.Supervision.Mode}
}

// nameOf is a person's name; "" when it cannot be read, because that somebody is there matters more than who.
func (h *House) nameOf(ctx context.Context, a telephony.AgentID) string {
	s, err := h.load(ctx, needs{people: []notes.PersonID{notes.PersonID(a)}})
	if err != nil {
		h.cfg.Log.Error("console: a supervisor's name", "agent", a, "error", err)
		return ""
	}
	return s.name(notes.PersonID(a))
}

// supervised is the call that a supervisor is in on; nil for none.
func (h *House) supervised(ctx context.Context, id telephony.CallID) (*console.Supervised, error) {
	c, ok := h.engine.Call(id)
	if !ok {
		return nil, nil
	}
	s, err := h.load(ctx, needs{accounts: []telephony.AccountID{c.Account}, people: []notes.PersonID{notes.PersonID(c.Agent)}})
	if err != nil {
		return nil, err
	}
	return &console.Supervised{Call: id, Practice: s.accounts[c.Account].Name, Agent: s.name(notes.PersonID(c.Agent)),
		Mode: c.Supervision.Mode, Rings: c.Supervision.Since.IsZero()}, nil
}

// Listen brings a supervisor in on an agent's call, or changes the mode. That it was asked for is in the log before it happens.
func (h *House) Listen(ctx context.Context, b console.ListenRef) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		if err := h.cfg.Store.ListenIn(ctx, b.Call, b.Mode); err != nil {
			return err
		}
		err := h.engine.Supervise(ctx, a, b.Call, b.Mode)
		switch {
		case errors.Is(err, engine.ErrSupervised):
			c, _ := h.engine.Call(b.Call)
			return &console.Error{Kind: console.Conflict, Code: "desk.error.supervised",
				Vars: map[string]string{"name": h.nameOf(ctx, c.Supervision.By)}}
		case errors.Is(err, engine.ErrState):
			return console.Refuse(console.Conflict, "desk.error.listen-state")
		case errors.Is(err, engine.ErrNoCall):
			return console.Refuse(console.Conflict, "desk.error.listen-over")
		}
		return err
	})
}

// Unlisten takes the supervisor out of the call.
func (h *House) Unlisten(ctx context.Context) error {
	return h.act(ctx, func(a telephony.AgentID) error { return h.engine.StopSupervising(ctx, a) })
}

// SetAgent has a supervisor make an agent ready or pause them; an agent in a call changes after it. The agent is told who did
// it.
func (h *House) SetAgent(ctx context.Context, b console.AgentSet) error {
	actor, _, err := h.agent(ctx)
	if err != nil {
		return err
	}
	if b.State != telephony.AgentReady && (b.State != telephony.AgentPaused || !slices.Contains(pauses, b.Reason)) {
		return console.Refuse(console.Invalid, "desk.error.pause-reason")
	}
	if st, in := h.engine.Agent(b.Agent); !in || st.Reason == telephony.PausedToSupervise || !h.seesAgent(actor, b.Agent) {
		return console.Refuse(console.NotFound, "desk.error.not-found")
	}
	detail := []string{string(b.State)}
	if b.State == telephony.AgentPaused {
		detail = append(detail, string(b.Reason))
	}
	if err := h.cfg.Store.SetAgent(ctx, b.Agent, detail...); err != nil {
		return refusal(err)
	}
	if b.State == telephony.AgentReady {
		err = h.engine.Ready(ctx, b.Agent)
	} else {
		err = h.engine.Pause(ctx, b.Agent, string(b.Reason))
	}
	if err != nil {
		return refusal(err)
	}
	h.streams.to(b.Agent, h.now(console.Event{Kind: console.EventSet, Set: &console.StateSet{By: actor.Name, State: b.State}}))
	return nil
}
