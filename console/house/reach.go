package house

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// late returns a note that an agent is to do something about, with its practice and the actor.
func (h *House) late(ctx context.Context, note notes.NoteID) (n notes.Note, acc notes.Account, by routing.ActingPerson, err error) {
	if n, err = h.cfg.Store.Note(ctx, note); err != nil {
		return n, acc, by, refusal(err)
	}
	actor, err := access.Check(ctx, notes.Reach, string(n.Account))
	if err != nil {
		return n, acc, by, refusal(err)
	}
	acc, err = h.cfg.Store.Account(ctx, n.Account)
	return n, acc, routing.ActingPerson{ID: notes.PersonID(actor.ID()), Name: actor.Name}, refusal(err)
}

// lateContact is late with one of the practice's contacts.
func (h *House) lateContact(ctx context.Context, note notes.NoteID, contact string) (n notes.Note, acc notes.Account, c notes.Contact,
	by routing.ActingPerson, err error) {
	if n, acc, by, err = h.late(ctx, note); err != nil {
		return n, acc, c, by, err
	}
	i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == contact })
	if i < 0 {
		return n, acc, c, by, console.Refuse(console.NotFound, "desk.error.not-found")
	}
	return n, acc, acc.Contacts[i], by, nil
}

// Reach lists the practice's people and how each can be told now, those on call first.
func (h *House) Reach(ctx context.Context, note notes.NoteID) (console.Reach, error) {
	_, acc, _, err := h.late(ctx, note)
	if err != nil {
		return console.Reach{}, err
	}
	return h.reach(ctx, acc)
}

// reach lists a practice's people.
func (h *House) reach(ctx context.Context, acc notes.Account) (console.Reach, error) {
	all, err := h.cfg.Routing.Reached(ctx, acc)
	if err != nil {
		return console.Reach{}, err
	}
	on, err := h.onCall(ctx, acc, h.cfg.Now())
	if err != nil { // an unreadable schedule must not keep the agent from seeing everybody
		h.cfg.Log.Error("console: who is on call", "practice", acc.ID, "error", err)
	}
	out := console.Reach{People: make([]console.ReachPerson, len(all))}
	for i, r := range all {
		p := console.ReachPerson{Contact: r.Contact.ID, Name: r.Contact.Name, Say: r.Contact.Say, Why: r.Why, Rings: r.Contact.Mobile != "",
			Channels: []routing.ChannelKind{},
			OnCall:   slices.ContainsFunc(on, func(o console.OnCall) bool { return !o.Next && o.Name == r.Contact.Name })}
		for _, s := range r.Steps {
			p.Channels = append(p.Channels, s.Channel)
		}
		out.People[i] = p
	}
	slices.SortStableFunc(out.People, func(a, b console.ReachPerson) int {
		switch {
		case a.OnCall == b.OnCall:
			return 0
		case a.OnCall:
			return -1
		}
		return 1
	})
	return out, nil
}

// PageAgain tells those again who were told last.
func (h *House) PageAgain(ctx context.Context, note notes.NoteID) error {
	_, _, by, err := h.late(ctx, note)
	if err == nil {
		err = h.cfg.Routing.PageAgain(ctx, by, note)
	}
	h.boardMoved()
	return refusal(err)
}

// PageContact tells another of the practice's people.
func (h *House) PageContact(ctx context.Context, b console.NoteContact) error {
	_, acc, contact, by, err := h.lateContact(ctx, b.Note, b.Contact)
	if err != nil {
		return err
	}
	all, err := h.cfg.Routing.Reached(ctx, acc)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r routing.Reached) bool { return r.Contact.ID == b.Contact })
	if i < 0 || len(all[i].Steps) == 0 {
		return &console.Error{Kind: console.Conflict, Code: "desk.error.cannot-tell", Vars: map[string]string{"name": contact.Name}}
	}
	err = h.cfg.Routing.PageContact(ctx, by, b.Note, all[i].Steps)
	h.boardMoved()
	return refusal(err)
}

// CallContact rings the agent and then one of the practice's people, whose phone shows the practice's number.
func (h *House) CallContact(ctx context.Context, b console.NoteContact) error {
	n, acc, contact, by, err := h.lateContact(ctx, b.Note, b.Contact)
	if err != nil {
		return err
	}
	if contact.Mobile == "" || len(acc.Lines) == 0 {
		return &console.Error{Kind: console.Conflict, Code: "desk.error.no-number", Vars: map[string]string{"name": contact.Name}}
	}
	return h.act(ctx, func(a telephony.AgentID) error {
		call := engine.Callback{ID: telephony.CallID(uuid.Must(uuid.NewV7()).String()), Account: n.Account, Second: contact.Mobile,
			Show: acc.Lines[0].DID, Name: acc.Name, Language: contact.Language}
		if err := h.engine.AgentCall(ctx, a, call); err != nil {
			return err
		}
		err := h.cfg.Routing.Called(ctx, by, n.ID, contact)
		h.boardMoved()
		return err
	})
}

// ToldByVoice records that the agent told one of the practice's people by voice. If they said that they take it on, they have
// acknowledged the note, with the agent as the witness.
func (h *House) ToldByVoice(ctx context.Context, b console.NoteTold) error {
	n, _, contact, by, err := h.lateContact(ctx, b.Note, b.Contact)
	if err != nil {
		return err
	}
	first := true
	if b.Took {
		n, first, err = h.cfg.Store.AcknowledgeByVoice(ctx, n.ID, dispatch.AckerOf(contact),
			func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
				return h.cfg.Routing.AckByVoiceTx(ctx, tx, by, n.ID, contact)
			})
	} else {
		err = h.cfg.Routing.Told(ctx, by, n.ID, contact)
	}
	h.boardMoved()
	switch {
	case err != nil:
		return refusal(err)
	case !first:
		s, err := h.load(ctx, needs{people: []notes.PersonID{n.AckedBy}})
		if err != nil {
			return err
		}
		return &console.Error{Kind: console.Conflict, Code: "desk.error.acknowledged", Vars: map[string]string{"name": s.name(n.AckedBy)}}
	}
	return nil
}

// TakeOver has a supervisor take a note over whose ladder has ended.
func (h *House) TakeOver(ctx context.Context, note notes.NoteID) error {
	n, err := h.cfg.Store.Note(ctx, note)
	if err != nil {
		return refusal(err)
	}
	actor, err := access.Check(ctx, notes.Supervise, string(n.Account))
	if err != nil {
		return refusal(err)
	}
	err = h.cfg.Routing.TakeOver(ctx, routing.ActingPerson{ID: notes.PersonID(actor.ID()), Name: actor.Name}, note)
	h.boardMoved()
	return refusal(err)
}

// TakeOverCard is TakeOver from a phone. That somebody else has the note is no error there: the card says who.
func (h *House) TakeOverCard(ctx context.Context, note notes.NoteID) (console.Card, error) {
	if err := h.TakeOver(ctx, note); err != nil {
		var e *console.Error
		if !errors.As(err, &e) || e.Code != "desk.error.taken-over" {
			return console.Card{}, pageRefusal(err)
		}
	}
	return h.Card(ctx, note)
}
