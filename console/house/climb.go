package house

import (
	"context"
	"errors"
	"slices"
	"strings"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// plan is how a note would climb now; climbs is false when it would wait for the office instead.
func (h *House) plan(ctx context.Context, acc notes.Account, id string, u notes.Urgency) (p routing.Plan, climbs bool, err error) {
	ladder, climbs := routing.LadderFor(acc, id, u)
	if !climbs {
		return p, false, nil
	}
	p, err = h.cfg.Routing.Plan(ctx, acc, id, ladder)
	return p, true, err
}

// reckon is plan made from what was last read of the database, when that is enough: a dispatch that is begun by it checks it
// again.
func (h *House) reckon(ctx context.Context, acc notes.Account, id string, u notes.Urgency) (p routing.Plan, climbs bool, err error) {
	ladder, climbs := routing.LadderFor(acc, id, u)
	if !climbs {
		return p, false, nil
	}
	if p, known := h.cfg.Routing.Reckon(acc, id, ladder); known {
		return p, true, nil
	}
	return h.plan(ctx, acc, id, u)
}

// goes is where a note with this plan goes.
func goes(p routing.Plan, climbs bool) console.Goes { return console.Goes(p.Way(climbs)) }

// stops reports that a draft must not be sent, because at its urgency somebody must be told and it has no ladder.
func stops(acc notes.Account, d console.Draft) bool {
	return routing.MustTell(acc, d.CallType, d.Urgency)
}

// stopped answers a draft that stops: with the note it has already become, if it was sent while there was still a ladder;
// otherwise with a refusal that says who can be told.
func (h *House) stopped(ctx context.Context, acc notes.Account, d console.Draft) (console.Sent, error) {
	n, err := h.cfg.Store.Taken(ctx, notes.Draft(d))
	switch {
	case err == nil:
		return console.Sent{Note: n.ID, Reference: n.Reference, Row: takenRow(acc, n, d), Goes: console.GoesToPeople}, nil
	case !errors.Is(err, record.ErrNoNote):
		return console.Sent{}, err
	}
	refused := &console.Error{Kind: console.Invalid, Code: "desk.error.no-ladder",
		Fields: map[string]string{"urgency": notes.FieldNoLadder},
		Vars:   map[string]string{"who": h.onCallNames(ctx, acc), "callTypes": callTypesFor(ctx, acc, d.Urgency)}}
	if refused.Vars["who"] == "" {
		refused.Code = "desk.error.no-ladder-nobody"
	}
	return console.Sent{}, refused
}

// onCallNames lists who is on call for a practice now, without repeats.
func (h *House) onCallNames(ctx context.Context, acc notes.Account) string {
	on, err := h.onCall(ctx, acc, h.cfg.Now())
	if err != nil { // a schedule that cannot be read names nobody to tell
		h.cfg.Log.Error("console: who is on call", "practice", acc.ID, "error", err)
	}
	var names []string
	for _, o := range on {
		if o.Name != "" && !o.Next && !slices.Contains(names, o.Name) {
			names = append(names, o.Name)
		}
	}
	return strings.Join(names, ", ")
}

// callTypesFor lists the call types that wake somebody at an urgency, in the asker's language.
func callTypesFor(ctx context.Context, acc notes.Account, u notes.Urgency) string {
	actor, _ := access.From(ctx)
	var labels []string
	for _, t := range acc.Script.CallTypes {
		if t.LadderFor(u) != "" {
			labels = append(labels, t.Label.In(telephony.Language(actor.Language)))
		}
	}
	if len(labels) == 0 {
		return "—"
	}
	return strings.Join(labels, ", ")
}
