package house

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

func (h *House) SaveDraft(ctx context.Context, d console.Draft) error {
	if _, _, err := h.agent(ctx); err != nil {
		return err
	}
	return refusal(h.cfg.Store.SaveDraft(ctx, notes.Draft(d)))
}

func (h *House) Drafts(ctx context.Context) ([]console.Draft, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return nil, err
	}
	kept, err := h.cfg.Store.Drafts(ctx)
	out := make([]console.Draft, 0, len(kept))
	for _, d := range kept {
		out = append(out, console.Draft(d))
	}
	return out, refusal(err)
}

func (h *House) DropDraft(ctx context.Context, id string) error {
	if _, _, err := h.agent(ctx); err != nil {
		return err
	}
	return refusal(h.cfg.Store.DropDraft(ctx, id))
}

// SentDrafts returns those of the drafts that the agent has sent, with their notes' references.
func (h *House) SentDrafts(ctx context.Context, ids []string) ([]console.SentDraft, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return nil, err
	}
	refs, err := h.cfg.Store.SentDrafts(ctx, ids[:min(len(ids), console.Many)])
	out := make([]console.SentDraft, 0, len(refs))
	for id, ref := range refs {
		out = append(out, console.SentDraft{ID: id, Reference: ref})
	}
	return out, refusal(err)
}

// TakeDraft gives the agent a note that another agent has not sent; the other's desk is told.
func (h *House) TakeDraft(ctx context.Context, id string) (console.TakenDraft, error) {
	actor, me, err := h.agent(ctx)
	if err != nil {
		return console.TakenDraft{}, err
	}
	d, from, err := h.cfg.Store.TakeDraft(ctx, id)
	if errors.Is(err, access.ErrForbidden) { // a draft of a practice that is not theirs looks as if it did not exist
		err = record.ErrNoDraft
	}
	if err != nil {
		return console.TakenDraft{}, refusal(err)
	}
	if from := telephony.AgentID(from); from != me {
		h.streams.to(from, h.now(console.Event{Kind: console.EventTaken, Taken: &console.DraftTaken{ID: id, Name: actor.Name}}))
	}
	h.boardMoved()
	pops, err := h.draftPops(ctx, []console.Draft{console.Draft(d)})
	if err != nil {
		return console.TakenDraft{}, refusal(err)
	}
	return console.TakenDraft{Draft: console.Draft(d), Pop: pops[0]}, nil
}

// Colleagues lists the other agents who are at a desk and may take the practice's notes, by name.
func (h *House) Colleagues(ctx context.Context, account telephony.AccountID) ([]console.Colleague, error) {
	_, me, err := h.agent(ctx)
	if err == nil {
		_, err = access.Check(ctx, notes.TakeNote, string(account))
	}
	if err != nil {
		return nil, refusal(err)
	}
	out := []console.Colleague{}
	for id, actor := range h.streams.viewers() {
		if id == me || !actor.May(notes.TakeNote, string(account)) {
			continue
		}
		st, _ := h.engine.Agent(id)
		c := console.Colleague{ID: id, Name: actor.Name, State: st.State}
		for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
			if st.Agent.Languages[l] > 0 {
				c.Languages = append(c.Languages, l)
			}
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b console.Colleague) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), console.Many)], nil
}

// GiveDraft gives a note that the agent has not sent to another agent who is at a desk; that desk is told.
func (h *House) GiveDraft(ctx context.Context, g console.DraftGift) error {
	actor, me, err := h.agent(ctx)
	if err != nil {
		return err
	}
	if _, err := access.Check(ctx, notes.TakeNote, string(g.Draft.Account)); err != nil {
		return refusal(err)
	}
	if g.To == me || !h.streams.watched(g.To) {
		return console.Refuse(console.Conflict, "desk.error.give-away")
	}
	to, err := h.cfg.Door.ActorOf(ctx, notes.PersonID(g.To))
	if err != nil {
		return err
	}
	if !to.May(notes.TakeNote, string(g.Draft.Account)) {
		return console.Refuse(console.Conflict, "desk.error.give-not")
	}
	if err := h.cfg.Store.GiveDraft(ctx, notes.Draft(g.Draft), to.Person); err != nil {
		return refusal(err)
	}
	h.streams.to(g.To, h.now(console.Event{Kind: console.EventGiven, Given: &console.DraftGiven{ID: g.Draft.ID, Name: actor.Name}}))
	h.boardMoved()
	return nil
}

// draftPops builds the pops of the calls that drafts belong to, so that a desk that comes back can draw their forms.
func (h *House) draftPops(ctx context.Context, drafts []console.Draft) ([]console.Pop, error) {
	out := []console.Pop{}
	for _, d := range drafts {
		c, err := h.cfg.Store.Call(ctx, d.Call)
		if err != nil {
			// The agent may no longer open the draft's call, or there may be none: what they typed is shown all the same.
			c = telephony.Call{ID: d.Call, Account: d.Account, Language: d.Language, State: telephony.Ended}
		}
		p, err := h.pop(ctx, telephony.Offer{Call: d.Call}, c)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (h *House) Preview(ctx context.Context, d console.Draft) (console.Preview, error) {
	if _, err := access.Check(ctx, notes.TakeNote, string(d.Account)); err != nil {
		return console.Preview{}, refusal(err)
	}
	acc, err := h.cfg.Store.Account(ctx, d.Account)
	if err != nil {
		return console.Preview{}, refusal(err)
	}
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return console.Preview{}, err
	}
	now := h.cfg.Now()
	out := console.Preview{Contacts: []console.PreviewContact{}, Holes: []routing.PlanHole{}, Failing: []routing.ChannelKind{},
		Missing: notes.CheckDraft(acc.Script, notes.Draft(d), now.In(loc))}
	p, climbs, err := h.plan(ctx, acc, d.CallType, d.Urgency)
	if err != nil {
		return out, refusal(err)
	}
	if _, picked := callType(acc, d.CallType); !picked {
		return out, nil
	}
	out.Goes = goes(p, climbs)
	if climbs {
		out.Contacts = append(out.Contacts, p.Preview()...)
		out.Board, out.Holes = p.Board, append(out.Holes, p.Holes...)
		for _, f := range h.cfg.Routing.Failing() {
			if slices.ContainsFunc(p.Attempts, func(s routing.PlannedAttempt) bool { return s.Channel == f.Channel }) {
				out.Failing = append(out.Failing, f.Channel)
			}
		}
	} else if stops(acc, d) {
		out.Goes, out.Missing["urgency"] = console.GoesNowhere, notes.FieldNoLadder
	}
	return out, nil
}

// Send stores the note with its leaf and its dispatch in one transaction: all of it is durable, or none. Its plan is made
// beforehand and checked in that transaction; if what it was made from has changed, it is made again.
func (h *House) Send(ctx context.Context, d console.Draft) (console.Sent, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.Sent{}, err
	}
	sent, err := h.send(ctx, d, h.cfg.Store.Account, h.reckon)
	for try := 0; try < 3 && dispatch.PlanMoved(err); try++ {
		sent, err = h.send(ctx, d, h.cfg.Store.AccountNow, h.plan)
	}
	return sent, refusal(err)
}

func (h *House) send(ctx context.Context, d console.Draft, read func(context.Context, telephony.AccountID) (notes.Account, error),
	plan func(context.Context, notes.Account, string, notes.Urgency) (routing.Plan, bool, error)) (console.Sent, error) {
	acc, err := read(ctx, d.Account)
	if err != nil {
		return console.Sent{}, err
	}
	p, climbs, err := plan(ctx, acc, d.CallType, d.Urgency)
	if err != nil {
		return console.Sent{}, err
	}
	if !climbs && stops(acc, d) {
		return h.stopped(ctx, acc, d)
	}
	n, err := h.cfg.Store.TakeQueued(ctx, notes.Draft(d), func(b *pgx.Batch, n notes.Note) ([]audit.Row, error) {
		if !climbs {
			return nil, nil
		}
		return h.cfg.Routing.QueueBegin(b, n, p)
	})
	if err != nil {
		return console.Sent{}, err
	}
	h.voicemailNoted(ctx, d, n)
	if climbs {
		h.cfg.Routing.Begun()
	}
	h.boardMoved()
	row := takenRow(acc, n, d)
	if climbs && len(p.Attempts) > 0 {
		row.NextAt, row.NextKind, row.NextName = p.Attempts[0].At, routing.NextKind(p.Attempts[0].Channel), p.Attempts[0].Name
	}
	return console.Sent{Note: n.ID, Reference: n.Reference, Row: row, Goes: goes(p, climbs)}, nil
}

// takenRow is the row of a note that has just been taken; the caller fills in what comes next.
func takenRow(acc notes.Account, n notes.Note, d console.Draft) console.BoardRow {
	row := set{accounts: map[telephony.AccountID]notes.Account{acc.ID: acc}}.boardRow(noteLine(n, &d.Body))
	row.Last.Kind = console.LastTaken
	return row
}

func (h *House) AddOn(ctx context.Context, note notes.NoteID, text string) error {
	if _, _, err := h.agent(ctx); err != nil {
		return err
	}
	_, err := h.cfg.Store.AddOn(ctx, note, "", notes.Remark, text)
	h.boardMoved()
	return refusal(err)
}

func (h *House) CloseAbandoned(ctx context.Context, call telephony.CallID, outcome string) error {
	if _, _, err := h.agent(ctx); err != nil {
		return err
	}
	n, ok, err := h.cfg.Store.OpenVoicemail(ctx, call)
	switch {
	case err != nil:
	case ok:
		_, err = h.cfg.Store.CloseOut(ctx, n.ID, outcome)
	default:
		err = h.cfg.Store.CloseCallBack(ctx, call, outcome)
	}
	h.boardMoved()
	return refusal(err)
}

// Supervise ends an escalation or begins its next rung.
func (h *House) Supervise(ctx context.Context, note notes.NoteID, act console.SuperviseAct, reason string) error {
	n, err := h.cfg.Store.Note(ctx, note)
	if err != nil {
		return refusal(err)
	}
	actor, err := access.Check(ctx, notes.Supervise, string(n.Account))
	if err != nil {
		return refusal(err)
	}
	by := routing.ActingPerson{ID: notes.PersonID(actor.Person), Name: actor.Name}
	switch act {
	case console.SuperviseNext:
		err = h.pushOn(ctx, by, n)
	case console.SuperviseCancel:
		if reason == "" {
			return &console.Error{Kind: console.Invalid, Code: "desk.error.reason",
				Fields: map[string]string{"reason": notes.FieldRequired}}
		}
		// Nobody would deal with the note of a cancelled climb, so it is closed with it, for the same reason.
		_, err = h.cfg.Store.CloseOut(ctx, note, reason, func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
			return h.cfg.Routing.CancelTx(ctx, tx, by, n.ID, "supervisor")
		})
	default:
		return console.Refuse(console.NotFound, "desk.error.unknown-request")
	}
	h.boardMoved()
	return refusal(err)
}
