package house

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

// awayFor is how long an agent whose last desk fell silent stays signed in: a desk that crashed is back within it.
const awayFor = 10 * time.Second

// leftFor is how long after that others may finish the notes that they have not sent.
const leftFor = time.Minute

// Watch signs the agent in on the engine and delivers what happens at their desk.
func (h *House) Watch(ctx context.Context) (<-chan console.Event, error) {
	actor, id, err := h.agent(ctx)
	if err != nil {
		return nil, err
	}
	person, err := h.cfg.Door.Person(access.System(ctx, "console"), actor.Person)
	if err != nil {
		return nil, err
	}
	a, err := engineAgent(person)
	if err != nil {
		return nil, err
	}
	if err := h.engine.AgentIn(ctx, a); err != nil {
		return nil, refusal(err)
	}
	if err := h.cfg.Store.AgentBack(ctx, actor.Person); err != nil {
		h.cfg.Log.Error("console: an agent is back", "agent", id, "error", err)
	}
	first := func(ctx context.Context) (console.Event, bool) {
		hello, err := h.Hello(ctx)
		if err != nil {
			h.cfg.Log.Error("console: hello", "agent", id, "error", err)
			return console.Event{}, false
		}
		return h.event(console.Event{Kind: console.EventHello, Hello: &hello}), true
	}
	begin := []makeEvent{first}
	if notice := console.TooOld(ctx); notice != "" {
		begin = append(begin, h.now(console.Event{Kind: console.EventNotice, Notice: notice}))
	}
	return h.streams.attach(ctx, id, begin, func(last bool) {
		if last {
			time.AfterFunc(awayFor, func() { h.away(id) })
			time.AfterFunc(leftFor, func() { h.left(id) })
		}
	}), nil
}

// SignOut signs an agent out who says so, without waiting for their desk to come back.
func (h *House) SignOut(ctx context.Context) error {
	return h.act(ctx, func(a telephony.AgentID) error {
		if h.streams.desks(a) > 1 {
			return nil
		}
		if err := h.engine.AgentOut(ctx, a); err != nil {
			return err
		}
		if err := h.cfg.Store.AgentLeft(ctx, notes.PersonID(a)); err != nil {
			return err
		}
		h.boardMoved()
		return nil
	})
}

// InCall reports whether an agent is in a call, or still writing the note of one.
func (h *House) InCall(id notes.PersonID) bool {
	a, ok := h.engine.Agent(telephony.AgentID(id))
	return ok && a.Call != ""
}

// WhenWatched returns nil as soon as a desk watches, or else ctx's error.
func (h *House) WhenWatched(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !h.streams.any() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// away signs out an agent whose desk has not come back.
func (h *House) away(id telephony.AgentID) {
	if h.streams.watched(id) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), awayFor)
	defer cancel()
	if err := h.engine.AgentOut(ctx, id); err != nil {
		h.cfg.Log.Info("console: sign-out of a silent desk", "agent", id, "error", err)
	}
}

// left gives up the unsent notes of an agent whose desk has not come back.
func (h *House) left(id telephony.AgentID) {
	if h.streams.watched(id) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), awayFor)
	defer cancel()
	if err := h.cfg.Store.AgentLeft(ctx, notes.PersonID(id)); err != nil {
		h.cfg.Log.Error("console: notes of an agent who left", "agent", id, "error", err)
	}
}

// event stamps an event with the time.
func (h *House) event(e console.Event) console.Event {
	e.Sent = h.cfg.Now()
	return e
}

// now is a makeEvent of an event that is complete already.
func (h *House) now(e console.Event) makeEvent {
	return func(context.Context) (console.Event, bool) { return h.event(e), true }
}

// Offered shows the screen pop. The desk's own stream reads what the pop needs, so that a slow database delays neither other
// desks nor the engine.
func (h *House) Offered(o telephony.Offer, c telephony.Call) {
	h.streams.to(o.Agent, func(ctx context.Context) (console.Event, bool) {
		p, err := h.pop(ctx, o, c)
		if err != nil {
			h.cfg.Log.Error("console: screen pop", "call", c.ID, "error", err)
			return console.Event{}, false
		}
		return h.event(console.Event{Kind: console.EventPop, Pop: &p}), true
	})
}

// Withdrawn takes a pop off the desk, unless it became this agent's call.
func (h *House) Withdrawn(o telephony.Offer, why string) {
	if why == "answered" {
		return
	}
	h.streams.to(o.Agent, h.now(console.Event{Kind: console.EventGone, Gone: &console.Gone{Call: o.Call,
		Why: console.GoneWhy(why), At: h.cfg.Now()}}))
}

// CallMoved tells the call's agent. A call that ended may have left a row on everybody's board.
func (h *House) CallMoved(c telephony.Call) {
	if by := c.Supervision.By; by != "" { // perhaps in another mode now
		h.tellAgent(by)
	}
	h.agentChanged(c.Agent)
	h.handedMoved(c)
	if c.Agent != "" {
		switch {
		case !c.Inbound && c.State == telephony.Arrived: // the agent's own outgoing call: shown like any other
			h.Offered(telephony.Offer{Call: c.ID, Agent: c.Agent}, c)
		case c.State == telephony.Talking, c.State == telephony.Held, !c.Inbound && c.State == telephony.Waiting:
			at := h.cfg.Now()
			h.streams.to(c.Agent, func(ctx context.Context) (console.Event, bool) {
				return h.event(console.Event{Kind: console.EventCall, Call: &console.CallMoved{Call: c.ID, State: c.State,
					Language: c.Language, At: at, Third: h.third(ctx, c), Supervisor: h.supervisor(ctx, c)}}), true
			})
		case c.State == telephony.Patched:
			why := console.GonePatched
			if c.Third.State != telephony.ThirdTalking {
				why = console.GoneTransferred
			}
			h.streams.to(c.Agent, h.now(console.Event{Kind: console.EventGone, Gone: &console.Gone{Call: c.ID, Why: why,
				At: h.cfg.Now()}}))
		case c.State == telephony.Ended:
			h.placed.Delete(c.ID)
			h.streams.to(c.Agent, h.now(console.Event{Kind: console.EventGone, Gone: &console.Gone{Call: c.ID, Why: console.GoneEnded,
				Outcome: c.Outcome, At: c.EndedAt}}))
		}
	}
	if c.State == telephony.Ended && c.Outcome != telephony.Completed {
		h.boardMoved()
	}
}

// tellAgent tells an agent their own state.
func (h *House) tellAgent(a telephony.AgentID) {
	if st, ok := h.engine.Agent(a); ok {
		h.AgentMoved(a, st.State, st.Reason, st.Since)
	}
}

// AgentMoved tells an agent their own state.
func (h *House) AgentMoved(a telephony.AgentID, s telephony.AgentState, reason string, since time.Time) {
	h.agentChanged(a)
	h.streams.to(a, func(ctx context.Context) (console.Event, bool) {
		v, err := h.agentView(ctx, a)
		if err != nil {
			h.cfg.Log.Error("console: agent's view", "agent", a, "error", err)
			return console.Event{}, false
		}
		v.State, v.Reason, v.Since, v.Missed = s, console.PauseReason(reason), since, h.engine.MissedInARow(reason)
		if reason != telephony.PausedToSupervise {
			v.Supervises = nil
		}
		return h.event(console.Event{Kind: console.EventAgent, Agent: &v}), true
	})
}

// StandsStill tells every desk that nobody is dealing with an open note. Routing's auditor calls it repeatedly until a person
// acts.
func (h *House) StandsStill(dispatch.Alarm) { h.standsStill() }

// reds are the codes of what is wrong that every desk must show.
type reds struct {
	mu    sync.Mutex // guards what follows
	codes []string
	vars  map[string]map[string]string
}

func (r *reds) now() console.Reds {
	r.mu.Lock()
	defer r.mu.Unlock()
	return console.Reds{Codes: append([]string{}, r.codes...), Vars: r.vars}
}

// Reds tells every desk what is wrong now, when that has changed: codes of the catalog ("desk.red.") with what fills their
// sentences. The House keeps vars; the caller must not change it afterwards.
func (h *House) Reds(codes []string, vars map[string]map[string]string) {
	h.reds.mu.Lock()
	same := slices.Equal(h.reds.codes, codes) && maps.EqualFunc(h.reds.vars, vars, maps.Equal)
	h.reds.codes, h.reds.vars = codes, vars
	h.reds.mu.Unlock()
	if !same {
		reds := h.reds.now()
		h.streams.all(h.now(console.Event{Kind: console.EventReds, Reds: &reds}))
	}
}

func (h *House) standsStill() {
	h.streams.all(h.now(console.Event{Kind: console.EventNotice, Notice: "desk.notice.stands-still"}))
	h.boardMoved()
}

// FiguresMoved tells every desk the queue's figures and the agent's own longest waiting caller. A desk that is behind gets the
// newest only.
func (h *House) FiguresMoved(f telephony.Figures, callers map[telephony.AgentID]time.Time) {
	h.streams.allCount(func(a telephony.AgentID) makeEvent {
		return h.now(console.Event{Kind: console.EventFigures, Figures: &console.Figures{Figures: f, Caller: callers[a]}})
	})
}

// Hello returns all that a desk draws. Desks ask for it by themselves whenever their connection comes back, so what is opened
// for it is recorded as shown by the server, not as asked for by the agent.
func (h *House) Hello(ctx context.Context) (console.Hello, error) {
	actor, id, err := h.agent(ctx)
	if err != nil {
		return console.Hello{}, err
	}
	ctx = access.Unasked(ctx, "console")
	v, err := h.agentView(ctx, id)
	if err != nil {
		return console.Hello{}, err
	}
	out := console.Hello{Agent: v, Now: h.cfg.Now(), Pauses: pauses,
		Figures:  console.Figures{Figures: h.engine.Figures(), Caller: h.engine.Caller(id)},
		Training: h.cfg.Trainer != nil, Supervisor: actor.Has(notes.RoleSupervisor), LockAfter: h.cfg.LockAfter,
		Server: console.ThisVersion()}
	reds := h.reds.now()
	out.Reds, out.RedVars = reds.Codes, reds.Vars
	person, err := h.cfg.Door.Person(access.System(ctx, "console"), actor.Person)
	if err != nil {
		return console.Hello{}, err
	}
	out.Phone, _ = h.cfg.Phone(person.Endpoint) // without a phone on this switch it stays empty, and the desk says so
	if o, c, ok := h.callOf(id); ok {
		p, err := h.pop(ctx, o, c)
		if err != nil {
			return console.Hello{}, err
		}
		out.Pop = &p
	}
	board, err := h.BoardPage(ctx, console.BoardQuery{})
	if err != nil {
		return console.Hello{}, err
	}
	out.Board, out.BoardNext, out.BoardOpen, out.BoardLate = board.Rows, board.Next, board.Open, board.Late
	if out.Drafts, err = h.Drafts(ctx); err != nil {
		return console.Hello{}, err
	}
	out.DraftPops, err = h.draftPops(ctx, out.Drafts)
	return out, err
}

// callOf finds the call that is offered to an agent or that they are in; a call taken over after a restart has no offer.
func (h *House) callOf(id telephony.AgentID) (telephony.Offer, telephony.Call, bool) {
	a, ok := h.engine.Agent(id)
	if !ok || a.Call == "" {
		return telephony.Offer{}, telephony.Call{}, false
	}
	o, ok := h.engine.OfferOf(id)
	if !ok || o.Call != a.Call {
		o = telephony.Offer{Call: a.Call, Agent: id}
	}
	c, ok := h.engine.Call(a.Call)
	return o, c, ok && c.State != telephony.Patched
}

// agentView is the agent as their own desk shows them.
func (h *House) agentView(ctx context.Context, id telephony.AgentID) (console.AgentView, error) {
	p, err := h.cfg.Door.Person(access.System(ctx, "console"), notes.PersonID(id))
	if err != nil {
		return console.AgentView{}, err
	}
	a, err := engineAgent(p)
	if err != nil {
		return console.AgentView{}, err
	}
	v := console.AgentView{ID: id, Name: p.Name, Interface: telephony.Language(p.Language), State: telephony.AgentOut}
	for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
		if a.Languages[l] > 0 {
			v.Languages = append(v.Languages, l)
		}
	}
	if st, ok := h.engine.Agent(id); ok {
		v.State, v.Reason, v.Since, v.Missed = st.State, console.PauseReason(st.Reason), st.Since, h.engine.MissedInARow(st.Reason)
		v.Supervises, err = h.supervised(ctx, st.Supervises)
	}
	return v, err
}
