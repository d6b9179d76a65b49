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

// ladderFor is the ladder that a note of a call type climbs; climbs is false where it has none: it waits for the office.
func ladderFor(acc notes.Account, id string, u notes.Urgency) (ladder string, climbs bool) {
	t, ok := callType(acc, id)
	ladder = t.LadderFor(u)
	return ladder, ok && ladder != ""
}

// plan is how a note would climb now; climbs is false where it waits for the office.
func (h *House) plan(ctx context.Context, acc notes.Account, id string, u notes.Urgency) (p routing.Plan, climbs bool, err error) {
	ladder, climbs := ladderFor(acc, id, u)
	if !climbs {
		return p, false, nil
	}
	p, err = h.cfg.Routing.Plan(ctx, acc, id, ladder)
	return p, true, err
}

// reckon is plan from what the database said last, where that is enough: whoever begins a dispatch by it has it proved.
func (h *House) reckon(ctx context.Context, acc notes.Account, id string, u notes.Urgency) (p routing.Plan, climbs bool, err error) {
	ladder, climbs := ladderFor(acc, id, u)
	if !climbs {
		return p, false, nil
	}
	if p, known := h.cfg.Routing.Reckon(acc, id, ladder); known {
		return p, true, nil
	}
	return h.plan(ctx, acc, id, u)
}

// goes is where a note goes by its plan.
func goes(p routing.Plan, climbs bool) console.Goes {
	switch {
	case !climbs:
		return console.GoesToOffice
	case !p.Reaches():
		return console.GoesToBoard
	}
	return console.GoesToPeople
}

// stops tells that a draft without a ladder must not be sent: at its urgency somebody must be told, and nobody would be.
func stops(acc notes.Account, d console.Draft) bool {
	_, known := callType(acc, d.CallType)
	return known && slices.Contains(notes.Urgencies, d.Urgency) && !d.Urgency.Waits()
}

// stopped answers a draft that must not be sent: with the note it became when its practice still had a ladder for it, and
// else with a refusal that says who can be told.
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

// onCallNames are who is on call for a practice now, each once.
func (h *House) onCallNames(ctx context.Context, acc notes.Account) string {
	on, err := h.onCall(ctx, acc, h.cfg.Now())
	if err != nil { // who cannot be read cannot be told
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

// callTypesFor are the call types that wake somebody at an urgency, as the asker's own language calls them.
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
