package house

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// A handed call is one that its agent has handed over and that nobody has taken yet.
type handed struct {
	by    access.Actor
	draft string      // the note begun for it, "" for none
	left  atomic.Bool // its agent has gone: who talks to the caller from now on has taken it
}

// followFor bounds how long a note may take to follow its call.
const followFor = 10 * time.Second

// HandOver has a colleague take the agent's call, and gives them the note that was begun for it.
func (h *House) HandOver(ctx context.Context, g console.CallGift) error {
	actor, me, err := h.agent(ctx)
	if err != nil {
		return err
	}
	acc, err := h.practiceOf(ctx, me, g.Call)
	if err != nil {
		return refusal(err)
	}
	if g.To == me || !h.streams.watched(g.To) {
		return console.Refuse(console.Conflict, "desk.error.give-away")
	}
	to, err := h.cfg.Door.ActorOf(ctx, notes.PersonID(g.To))
	if err != nil {
		return err
	}
	if !to.May(notes.TakeNote, string(acc.ID)) {
		return console.Refuse(console.Conflict, "desk.error.give-not")
	}
	if st, ok := h.engine.Agent(g.To); !ok || st.State != telephony.AgentReady {
		return refusal(engine.ErrBusy)
	}
	gives := &handed{by: actor}
	if d := g.Draft; d != nil {
		if d.Call != g.Call || d.Account != acc.ID {
			return console.Refuse(console.Invalid, "desk.error.not-found")
		}
		if err := h.cfg.Store.GiveDraft(ctx, notes.Draft(*d), to.Person); err != nil {
			return refusal(err)
		}
		gives.draft = d.ID
	}
	h.handed.Store(g.Call, gives)
	if err := h.engine.HandOver(ctx, me, g.Call, g.To); err != nil {
		h.handed.Delete(g.Call)
		if gives.draft != "" {
			h.follow(gives, actor.Person)
		}
		if errors.Is(err, engine.ErrState) {
			return console.Refuse(console.Conflict, "desk.error.hand-state")
		}
		return refusal(err)
	}
	if gives.draft != "" {
		h.streams.to(g.To, h.now(console.Event{Kind: console.EventGiven, Given: &console.DraftGiven{ID: gives.draft, Name: actor.Name}}))
	}
	return nil
}

// handedBy is the name of who handed a call over that nobody has taken yet, "" for any other call.
func (h *House) handedBy(c telephony.CallID) string {
	v, ok := h.handed.Load(c)
	if !ok {
		return ""
	}
	return v.(*handed).by.Name
}

// handedMoved has a note follow the call it was begun for: to whoever has taken the call; back to who handed it over when nobody has.
func (h *House) handedMoved(c telephony.Call) {
	v, ok := h.handed.Load(c.ID)
	if !ok {
		return
	}
	gave := v.(*handed)
	to := notes.PersonID(c.Agent)
	switch c.State {
	case telephony.Waiting:
		gave.left.Store(true)
		return
	case telephony.Ended:
		to = gave.by.Person
	case telephony.Talking:
	default:
		return
	}
	if gave.left.Load() && h.handed.CompareAndDelete(c.ID, v) && gave.draft != "" {
		go h.follow(gave, to)
	}
}

// follow makes a note that was begun for a call an agent's, and tells both desks.
func (h *House) follow(gave *handed, to notes.PersonID) {
	ctx, cancel := context.WithTimeout(access.System(context.Background(), "console"), followFor)
	defer cancel()
	from, err := h.cfg.Store.FollowCall(ctx, gave.draft, to)
	switch {
	case errors.Is(err, record.ErrNoDraft) || err == nil && from == to:
		return
	case err != nil: // it stays where it was, and stands on the board when it is not sent
		h.cfg.Log.Error("console: a note does not follow its call", "error", err)
		return
	}
	h.boardMoved()
	name := ""
	if a, ok := h.streams.viewer(telephony.AgentID(to)); ok {
		name = a.Name
	}
	h.streams.to(telephony.AgentID(from), h.now(console.Event{Kind: console.EventTaken,
		Taken: &console.DraftTaken{ID: gave.draft, Name: name}}))
	h.streams.to(telephony.AgentID(to), h.now(console.Event{Kind: console.EventGiven,
		Given: &console.DraftGiven{ID: gave.draft, Name: gave.by.Name}}))
}
