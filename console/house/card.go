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

// reader returns who acts on a page.
func reader(ctx context.Context) (access.Actor, error) {
	a, ok := access.From(ctx)
	if !ok {
		return a, console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	return a, nil
}

// pageRefusal is refusal in the pages' words; what may not be seen is answered like what does not exist.
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

// Me tells who is signed in. The practices are those the person holds a role for.
func (h *House) Me(ctx context.Context) (console.Me, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Me{}, err
	}
	me := console.Me{ID: a.Person, Name: a.Name, Language: telephony.Language(a.Language), Accounts: []console.AccountRef{}, LockAfter: h.cfg.LockAfter}
	for _, r := range []notes.Role{notes.RoleSupervisor, notes.RoleProvider, notes.RolePractice, notes.RoleAgent, notes.RoleAdmin} {
		if a.Has(r) {
			me.Role = string(r)
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
			me.Accounts = append(me.Accounts, ref)
		}
	}
	if a.Has(notes.RolePractice) || a.Has(notes.RoleSupervisor) {
		me.Agents, err = h.agents(ctx)
	}
	return me, err
}

// agents lists who takes calls, by name.
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

// inboxDays is how far back an inbox reaches for what is done.
const inboxDays = 3

// inboxNotes are the notes an inbox shows: all that wait, however old and however many came after, and the latest. Nothing
// of a patient stands in an inbox, so nothing is opened for it.
func (h *House) inboxNotes(ctx context.Context) ([]notes.Note, error) {
	var out []notes.Note
	seen := map[notes.NoteID]bool{}
	for _, f := range []record.CallsFilter{
		{State: string(notes.Open), Limit: 500}, {State: string(notes.Read), Limit: 500},
		{From: h.cfg.Now().AddDate(0, 0, -inboxDays), Limit: 200},
	} {
		f.Nameless = true
		page, err := h.cfg.Store.Calls(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, l := range page.Lines {
			if l.Note != nil && !seen[l.Note.ID] {
				seen[l.Note.ID] = true
				out = append(out, *l.Note)
			}
		}
	}
	return out, nil
}

// Inbox lists the notes of the provider's practices: what was sent to them and waits first, then the newest.
func (h *House) Inbox(ctx context.Context) ([]console.InboxRow, error) {
	a, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.inboxNotes(ctx)
	if err != nil {
		return nil, pageRefusal(err)
	}
	out := []console.InboxRow{}
	for _, n := range list {
		acc, err := h.cfg.Store.Account(ctx, n.Account)
		if err != nil {
			return nil, err
		}
		t, _ := callType(acc, n.CallType)
		row := console.InboxRow{Note: n.ID, Ref: n.Reference, Practice: acc.Name, Urgency: n.Urgency, CallType: t.Label, State: n.State, TakenAt: n.TakenAt}
		if row.AckedBy, err = h.name(ctx, n.AckedBy); err != nil {
			return nil, err
		}
		if n.State == notes.Open || n.State == notes.Read {
			if row.Mine, err = h.sentTo(ctx, n, acc, a); err != nil {
				return nil, err
			}
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(x, y console.InboxRow) int {
		switch {
		case x.Mine != y.Mine && x.Mine:
			return -1
		case x.Mine != y.Mine:
			return 1
		}
		return y.TakenAt.Compare(x.TakenAt)
	})
	return out, nil
}

// sentTo tells whether an attempt to reach this person for the note was made.
func (h *House) sentTo(ctx context.Context, n notes.Note, acc notes.Account, a access.Actor) (bool, error) {
	attempts, err := h.cfg.Routing.Attempts(ctx, n.ID)
	if err != nil {
		return false, err
	}
	for _, at := range attempts {
		if at.SentAt.IsZero() {
			continue
		}
		for _, c := range acc.Contacts {
			if c.ID == at.Contact && c.Person == a.Person {
				return true, nil
			}
		}
	}
	return false, nil
}

// name is a person's name; "" for nobody, and the id for one who was never a person (a part of the house).
func (h *House) name(ctx context.Context, id notes.PersonID) (string, error) {
	if id == "" {
		return "", nil
	}
	p, err := h.cfg.Door.Person(access.System(ctx, "console"), id)
	if errors.Is(err, access.ErrNoPerson) {
		return string(id), nil
	}
	return p.Name, err
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

// card draws an opened note.
func (h *House) card(ctx context.Context, a access.Actor, n notes.Note) (console.Card, error) {
	acc, err := h.cfg.Store.Account(ctx, n.Account)
	if err != nil {
		return console.Card{}, err
	}
	t, _ := callType(acc, n.CallType)
	c := console.Card{Note: n.ID, Ref: n.Reference, Practice: accountRef(acc), Urgency: n.Urgency, CallType: t.Label, Language: n.Language, TakenAt: n.TakenAt,
		State: n.State, Reason: n.Body.Fields["reason"], Verbatim: n.Body.Verbatim, ReadBack: n.Body.ReadBack, AckedAt: n.AckedAt, ClosedAt: n.ClosedAt,
		AddOns: n.AddOns, Fields: cardFields(t, *n.Body), Told: []console.Told{}, Now: h.cfg.Now(),
		CanAct: a.May(notes.AckNote, string(n.Account)) && n.State != notes.Closed}
	if c.Taker, err = h.name(ctx, n.Taker); err != nil {
		return console.Card{}, err
	}
	if c.AckedBy, err = h.name(ctx, n.AckedBy); err != nil {
		return console.Card{}, err
	}
	if number := n.Body.Fields["callback"]; number != "" {
		c.CallBack = formatNumber(telephony.Number(number))
		c.CanCall = c.CanAct && h.mobile(acc, a) != ""
	}
	return c, h.told(ctx, n.ID, &c)
}

// cardFields are the note's fields in the script's order, what the script does not know any more at the end.
func cardFields(t notes.CallType, b notes.Body) []console.CardField {
	out := []console.CardField{}
	done := map[string]bool{"reason": true}
	add := func(f notes.Field) {
		v := b.Fields[f.Key]
		if done[f.Key] || v == "" {
			return
		}
		done[f.Key] = true
		if f.Kind == "phone" {
			v = formatNumber(telephony.Number(v))
		}
		field := console.CardField{Key: f.Key, Kind: f.Kind, Label: f.Label, Value: v}
		for _, c := range f.Choices {
			if c.Value == v {
				field.Shown = c.Label
			}
		}
		out = append(out, field)
	}
	for _, f := range t.Fields {
		add(f)
	}
	var rest []string
	for k := range b.Fields {
		rest = append(rest, k)
	}
	slices.Sort(rest)
	for _, k := range rest {
		add(notes.Field{Key: k, Kind: "text", Label: notes.Text{"en": k, "es": k}})
	}
	return out
}

// told puts who was told and what comes next on a card.
func (h *House) told(ctx context.Context, note notes.NoteID, c *console.Card) error {
	attempts, err := h.cfg.Routing.Attempts(ctx, note)
	if err != nil {
		return err
	}
	for _, at := range attempts {
		if at.SentAt.IsZero() {
			continue
		}
		c.Told = append(c.Told, console.Told{Name: at.Name, Channel: at.Channel, State: at.State, At: at.SentAt})
	}
	r, err := h.cfg.Routing.Row(ctx, note)
	if errors.Is(err, routing.ErrNoDispatch) {
		return nil
	}
	c.NextAt, c.NextName = r.Next.At, r.Next.Name
	return err
}

// mobile is the provider's own phone, as the practice knows it.
func (h *House) mobile(acc notes.Account, a access.Actor) telephony.Number {
	for _, c := range acc.Contacts {
		if c.Person == a.Person {
			return c.Mobile
		}
	}
	return ""
}

// Rendered says that the note was drawn: it is read by somebody who must act, and the link's message is opened.
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
	if a.May(notes.AckNote, string(n.Account)) { // an office's staff looking at it is no provider reading it
		if _, err := h.cfg.Store.MarkRead(ctx, note); err != nil {
			return pageRefusal(err)
		}
		h.boardMoved()
	}
	return nil
}

// acted runs one act on a note and draws the card anew.
func (h *House) acted(ctx context.Context, note notes.NoteID, do func(by routing.Actor) error) (console.Card, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Card{}, err
	}
	if err := do(routing.Actor{ID: a.Person, Name: a.Name}); err != nil {
		return console.Card{}, pageRefusal(err)
	}
	h.boardMoved()
	return h.Card(ctx, note)
}

// endClimb is the hook by which an act that takes a note on ends its climb in the same transaction.
func (h *House) endClimb(by routing.Actor) record.ActHook {
	return func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		_, err := h.cfg.Routing.AckTx(ctx, tx, by, n.ID)
		if errors.Is(err, routing.ErrNoDispatch) {
			return nil // it waited for the office and climbed no ladder
		}
		return err
	}
}

func (h *House) Acknowledge(ctx context.Context, note notes.NoteID) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.Actor) error {
		_, err := h.cfg.Store.Acknowledge(ctx, note, h.endClimb(by))
		return err
	})
}

func (h *House) PassOn(ctx context.Context, note notes.NoteID) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.Actor) error {
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

// Reply writes back to the agents. The one who took the note is told at once, or every desk when that one is not there; it
// stands on the board until an agent adds to the note.
func (h *House) Reply(ctx context.Context, note notes.NoteID, text string) (console.Card, error) {
	return h.acted(ctx, note, func(routing.Actor) error {
		n, err := h.cfg.Store.AddOn(ctx, note, "", record.Reply, text)
		if err == nil {
			told := h.now(console.Event{Kind: console.EventNotice, Notice: "desk.notice.reply"})
			if taker := telephony.AgentID(n.Taker); h.streams.watched(taker) {
				h.streams.to(taker, told)
			} else {
				h.streams.all(told)
			}
		}
		return err
	})
}

func (h *House) CloseOut(ctx context.Context, note notes.NoteID, text string) (console.Card, error) {
	return h.acted(ctx, note, func(by routing.Actor) error {
		_, err := h.cfg.Store.CloseOut(ctx, note, text, h.endClimb(by))
		return err
	})
}

// CallPatient connects the provider to the patient through the practice's number. It opens the note, for its number.
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
	number, ok := notes.ParsePhone(n.Body.Fields["callback"]) // without its extension, which is no part of what is dialled
	mine, patient := h.mobile(acc, a), telephony.Number(number)
	if mine == "" || !ok || len(acc.Lines) == 0 || len(id) != 36 {
		return console.Refuse(console.Conflict, "portal.error.cannot-call")
	}
	return pageRefusal(h.engine.CallBack(ctx, engine.Callback{ID: telephony.CallID(id), Account: n.Account, First: mine, Second: patient, Show: acc.Lines[0].DID, Name: acc.Name}))
}

func (h *House) Subscribe(ctx context.Context, s console.PushSubscription) error {
	a, err := reader(ctx)
	if err != nil {
		return err
	}
	sub := push.Subscription{Endpoint: s.Endpoint}
	sub.Keys.P256dh, sub.Keys.Auth = s.Keys.P256dh, s.Keys.Auth
	if err := push.CheckEndpoint(s.Endpoint, h.cfg.PushPlain); err != nil {
		h.cfg.Log.Info("console: push subscription refused", "error", err)
		return console.Refuse(console.Invalid, "portal.error.push")
	}
	if err := h.cfg.Phones.Subscribe(ctx, a.Person, sub); err != nil {
		h.cfg.Log.Info("console: push subscription refused", "error", err)
		return console.Refuse(console.Invalid, "portal.error.push")
	}
	return nil
}

func (h *House) PushKey(ctx context.Context) (string, error) {
	_, err := reader(ctx)
	return h.cfg.PushKey, err
}
