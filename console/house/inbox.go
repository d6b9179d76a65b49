package house

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel/push"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// reader returns the actor of a page's request.
func reader(ctx context.Context) (access.Actor, error) {
	a, ok := access.From(ctx)
	if !ok {
		return a, console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	return a, nil
}

// pageRefusal is refusal with the pages' words; what may not be seen is answered like what does not exist.
func pageRefusal(err error) error {
	err = refusal(err)
	var e *console.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "desk.error.not-allowed", "desk.error.not-found":
		return console.Refuse(console.NotFound, "portal.error.not-found")
	case "desk.error.session":
		return console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	return err
}

// Me tells who is signed in, with the practices at which they hold a role.
func (h *House) Me(ctx context.Context) (console.Me, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Me{}, err
	}
	me := console.Me{ID: a.Person, Name: a.Name, Language: telephony.Language(a.Language), Accounts: []console.AccountRef{},
		LockAfter: h.cfg.LockAfter}
	kept, everybody := a.Accounts(notes.EditPeople)
	me.Keeps = everybody || len(kept) > 0
	me.Service = h.cfg.Office != nil && a.May(notes.EditAccount, access.Everywhere)
	supervised, everywhere := a.Accounts(notes.Supervise)
	me.Wall = everywhere || len(supervised) > 0
	for _, r := range []notes.Role{notes.RoleSupervisor, notes.RoleProvider, notes.RolePractice, notes.RoleAgent, notes.RoleAdmin} {
		if a.Has(r) {
			me.Role = r
			break
		}
	}
	all, err := h.cfg.Store.Accounts(ctx)
	if err != nil {
		return console.Me{}, err
	}
	for _, acc := range all {
		if a.May(notes.ReadNote, string(acc.ID)) {
			ref := accountRef(acc)
			for _, t := range acc.Script.CallTypes {
				ref.CallTypes = append(ref.CallTypes, console.CallTypeRef{ID: t.ID, Label: t.Label})
			}
			ref.Chart = acc.Chart != nil && a.May(notes.FileNote, string(acc.ID))
			ref.Messages = acc.Messaging != nil && h.cfg.Patients != nil && a.May(notes.MessagePatients, string(acc.ID))
			me.Accounts = append(me.Accounts, ref)
		}
	}
	if a.Has(notes.RolePractice) || a.Has(notes.RoleSupervisor) {
		me.Agents, err = h.agents(ctx)
	}
	return me, err
}

// agents lists the people who take calls, by name.
func (h *House) agents(ctx context.Context) ([]console.AgentRef, error) {
	people, err := h.cfg.Door.People(access.System(ctx, "console"))
	if err != nil {
		return nil, err
	}
	var out []console.AgentRef
	for _, p := range people {
		if slices.ContainsFunc(p.Grants, func(g access.Grant) bool { return g.Role == notes.RoleAgent || g.Role == notes.RoleSupervisor }) {
			out = append(out, console.AgentRef{ID: p.ID, Name: p.Name})
		}
	}
	return out, nil
}

func accountRef(a notes.Account) console.AccountRef {
	return console.AccountRef{ID: a.ID, Name: a.Name, TimeZone: a.TimeZone}
}

// Locate tells which note a link leads to, if the actor may read it.
func (h *House) Locate(ctx context.Context, token string) (notes.NoteID, error) {
	a, err := reader(ctx)
	if err != nil {
		return "", err
	}
	l, err := h.cfg.Routing.Locate(ctx, token)
	if err != nil {
		return "", pageRefusal(err)
	}
	if !a.May(notes.ReadNote, string(l.Account)) {
		return "", console.Refuse(console.NotFound, "portal.error.not-found")
	}
	return l.Note, nil
}

// inboxDays is how many days back an inbox lists what is done.
const inboxDays = 3

// Inbox reads a page of the notes of the provider's practices. It lists nothing of a patient, so it opens nothing.
func (h *House) Inbox(ctx context.Context, q console.InboxQuery) (console.InboxPage, error) {
	if _, err := reader(ctx); err != nil {
		return console.InboxPage{}, err
	}
	page, err := h.cfg.Store.Inbox(ctx, q.After, h.cfg.Now().AddDate(0, 0, -inboxDays))
	if errors.Is(err, record.ErrCursor) {
		return console.InboxPage{}, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err != nil {
		return console.InboxPage{}, pageRefusal(err)
	}
	var n needs
	for _, l := range page.Lines {
		n.accounts, n.people = append(n.accounts, l.Note.Account), append(n.people, l.Note.AckedBy)
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.InboxPage{}, err
	}
	out := console.InboxPage{Rows: make([]console.InboxRow, len(page.Lines)), Next: page.Next, Waiting: page.Waiting}
	for i, l := range page.Lines {
		out.Rows[i] = s.inboxRow(l)
	}
	return out, nil
}

func (h *House) Card(ctx context.Context, note notes.NoteID) (console.Card, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Card{}, err
	}
	n, err := h.cfg.Store.Open(ctx, note)
	if err != nil {
		return console.Card{}, pageRefusal(err)
	}
	return h.card(ctx, a, n)
}

// CardState tells the present state of a note's card. It opens nothing.
func (h *House) CardState(ctx context.Context, note notes.NoteID) (console.CardState, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.CardState{}, err
	}
	n, err := h.cfg.Store.Note(ctx, note)
	if err == nil && !a.May(notes.ReadNote, string(n.Account)) {
		err = access.ErrForbidden
	}
	if err != nil {
		return console.CardState{}, pageRefusal(err)
	}
	s, err := h.load(ctx, needs{people: []notes.PersonID{n.AckedBy}, climbs: []notes.NoteID{n.ID}})
	return s.cardState(a, n), err
}

// card draws an opened note.
func (h *House) card(ctx context.Context, a access.Actor, n notes.Note) (console.Card, error) {
	s, err := h.load(ctx, cardNeeds(n))
	if err != nil {
		return console.Card{}, err
	}
	return s.card(a, n, h.cfg.Now()), nil
}

// Rendered records that a note was drawn on a screen: it counts as read when the reader is somebody who must act on it, and the
// link's message as opened.
func (h *House) Rendered(ctx context.Context, note notes.NoteID, token string) error {
	a, err := reader(ctx)
	if err != nil {
		return err
	}
	n, err := h.cfg.Store.Note(ctx, note)
	if err != nil || !a.May(notes.ReadNote, string(n.Account)) {
		return pageRefusal(errors.Join(err, access.ErrForbidden))
	}
	if token != "" {
		l, err := h.cfg.Routing.Locate(ctx, token)
		if err == nil && l.Note == note && l.Person == a.Person {
			err = h.cfg.Routing.MarkOpened(ctx, l.Attempt)
		}
		if err != nil && !errors.Is(err, routing.ErrBadLink) {
			return err
		}
	}
	if a.May(notes.AckNote, string(n.Account)) { // an office's staff looking at it is not the provider reading it
		if _, err := h.cfg.Store.MarkRead(ctx, note); err != nil {
			return pageRefusal(err)
		}
		h.boardMoved()
	}
	return nil
}

// acted does one act on a note and returns its card as it then is.
func (h *House) acted(ctx context.Context, note notes.NoteID, do func(by routing.ActingPerson) error) (console.Card, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Card{}, err
	}
	if err := do(routing.ActingPerson{ID: a.Person, Name: a.Name}); err != nil {
		return console.Card{}, pageRefusal(err)
	}
	h.boardMoved()
	return h.Card(ctx, note)
}

// endClimb returns the hook by which an act that takes a note on ends its climb in the same transaction.
func (h *House) endClimb(by routing.ActingPerson) record.ActHook {
	return func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		_, err := h.cfg.Routing.AckTx(ctx, tx, by, n.ID)
		if errors.Is(err, routing.ErrNoDispatch) {
			return nil // it waited for the office, without a ladder
		}
		return err
	}
}

func (h *House) Acknowledge(ctx context.Context, note notes.NoteID) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.ActingPerson) error {
		_, err := h.cfg.Store.Acknowledge(ctx, note, h.endClimb(by))
		return err
	})
}

func (h *House) PassOn(ctx context.Context, note notes.NoteID) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.ActingPerson) error {
		n, err := h.cfg.Store.Note(ctx, note)
		if err != nil {
			return err
		}
		if _, err := access.Check(ctx, notes.AckNote, string(n.Account)); err != nil {
			return err
		}
		return h.cfg.Routing.PassOn(ctx, by, note)
	})
}

// Reply writes back to the agents. The one who took the note is told at once, or every desk if that one is not at theirs; the
// reply is on the board until an agent adds to the note.
func (h *House) Reply(ctx context.Context, note notes.NoteID, text string) (console.Card, error) {
	return h.acted(ctx, note, func(routing.ActingPerson) error {
		n, err := h.cfg.Store.AddOn(ctx, note, "", notes.Reply, text)
		if err == nil {
			h.announceReply(n)
		}
		return err
	})
}

func (h *House) CloseOut(ctx context.Context, note notes.NoteID, text string) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.ActingPerson) error {
		_, err := h.cfg.Store.CloseOut(ctx, note, text, h.endClimb(by))
		return err
	})
}

// CallPatient connects the provider to the patient through the practice's number. It opens the note to read the patient's.
func (h *House) CallPatient(ctx context.Context, note notes.NoteID, id string) error {
	a, err := reader(ctx)
	if err != nil {
		return err
	}
	n, err := h.cfg.Store.Open(ctx, note)
	if err != nil {
		return pageRefusal(err)
	}
	if !a.May(notes.AckNote, string(n.Account)) {
		return console.Refuse(console.Forbidden, "portal.error.forbidden")
	}
	acc, err := h.cfg.Store.Account(ctx, n.Account)
	if err != nil {
		return err
	}
	number, ok := notes.ParseNumber(n.Body.Fields["callback"])
	mine := mobile(acc, a)
	if mine == "" || !ok || len(acc.Lines) == 0 || len(id) != 36 {
		return console.Refuse(console.Conflict, "portal.error.cannot-call")
	}
	return pageRefusal(h.engine.CallBack(ctx, engine.Callback{ID: telephony.CallID(id), Account: n.Account, First: mine,
		Second: telephony.Number(number.E164), Extension: number.Ext, Show: acc.Lines[0].DID, Name: acc.Name,
		Language: telephony.Language(a.Language), About: string(note), By: telephony.AgentID(a.Person)}))
}

// CallStep tells how far a call that CallPatient began has come.
func (h *House) CallStep(ctx context.Context, note notes.NoteID, id string) (console.CallStep, error) {
	if _, err := reader(ctx); err != nil {
		return console.CallStep{}, err
	}
	st, err := h.cfg.Store.CallBackStep(ctx, note, telephony.CallID(id))
	if errors.Is(err, record.ErrNoCall) {
		return console.CallStep{}, nil // its first step is still being written
	}
	return console.CallStep{Kind: st.Kind, Detail: st.Detail}, pageRefusal(err)
}

func (h *House) Subscribe(ctx context.Context, s console.PushSubscription) error {
	a, err := reader(ctx)
	if err != nil {
		return err
	}
	sub, err := h.subscription(s)
	if err != nil {
		return err
	}
	if err := h.cfg.Phones.Subscribe(ctx, a.Person, sub); err != nil {
		h.cfg.Log.Info("console: push subscription refused", "error", err)
		return console.Refuse(console.Invalid, "portal.error.push")
	}
	return nil
}

// subscription checks what a browser sent; the error is a refusal for its owner.
func (h *House) subscription(s console.PushSubscription) (push.Subscription, error) {
	sub := push.Subscription{Endpoint: s.Endpoint}
	sub.Keys.P256dh, sub.Keys.Auth = s.Keys.P256dh, s.Keys.Auth
	err := sub.Check(h.cfg.PushPlain)
	if err == nil {
		return sub, nil
	}
	h.cfg.Log.Info("console: push subscription refused", "error", err)
	if errors.Is(err, push.ErrKeys) {
		return sub, console.Refuse(console.Invalid, "portal.error.push-keys")
	}
	return sub, console.Refuse(console.Invalid, "portal.error.push")
}

// MovePush replaces a subscription that the phone's browser has renewed by itself. Nobody is signed in then: knowing the old
// endpoint is the proof.
func (h *House) MovePush(ctx context.Context, old string, s console.PushSubscription) error {
	sub, err := h.subscription(s)
	if err != nil {
		return err
	}
	return h.cfg.Phones.Move(ctx, old, sub)
}

func (h *House) PushKey(ctx context.Context) (string, error) {
	_, err := reader(ctx)
	return h.cfg.PushKey, err
}
