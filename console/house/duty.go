package house

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// States of a swap. Until it is approved, its owner stays on call.
const (
	swapOpen     = "open"
	swapTaken    = "taken"
	swapApproved = "approved"
)

// MyDuty returns a provider's own on-call days at each practice that has them as a contact. A practice whose schedule cannot be
// read is left out: the office's page says why.
func (h *House) MyDuty(ctx context.Context) (console.MyDuty, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.MyDuty{}, err
	}
	ids, everywhere := a.Accounts(notes.OwnDuty)
	if everywhere {
		all, err := h.cfg.Store.Accounts(ctx)
		if err != nil {
			return console.MyDuty{}, err
		}
		for _, acc := range all {
			ids = append(ids, string(acc.ID))
		}
	}
	feeds, err := h.cfg.Door.Feeds(ctx)
	if err != nil {
		return console.MyDuty{}, err
	}
	out := console.MyDuty{Practices: []console.PracticeDuty{}}
	for _, id := range ids {
		_, acc, zone, err := h.schedulePractice(ctx, telephony.AccountID(id), notes.OwnDuty)
		if err != nil {
			return out, err
		}
		if me := contactOf(acc, a); me != "" {
			p, err := h.practiceDuty(ctx, acc, zone, me)
			var unread oncall.ReadProblems
			switch {
			case errors.As(err, &unread):
			case err != nil:
				return out, err
			default:
				p.Feed = feeds[id]
				out.Practices = append(out.Practices, p)
			}
		}
	}
	return out, nil
}

// contactOf is which of a practice's contacts somebody is; "" for none.
func contactOf(acc notes.Account, a access.Actor) string {
	for _, c := range acc.Contacts {
		if c.Person != "" && c.Person == a.Person {
			return c.ID
		}
	}
	return ""
}

func (h *House) practiceDuty(ctx context.Context, acc notes.Account, zone *time.Location, me string) (console.PracticeDuty, error) {
	now := h.cfg.Now().In(zone).Truncate(time.Minute)
	p := console.PracticeDuty{Account: accountRef(acc), Basis: scheduleBasis(acc), Me: me, People: []console.ContactRef{},
		Mine: []console.ScheduleShift{}, Gaps: []console.ScheduleShift{}, Swaps: []console.ScheduleEntry{}}
	for _, c := range acc.Contacts {
		p.People = append(p.People, console.ContactRef{ID: c.ID, Name: c.Name})
	}
	sched, err := h.cfg.Routing.Schedule(ctx, acc, now, false)
	if err != nil {
		return p, err
	}
	for _, role := range sched.Roles() {
		q := oncall.Query{Role: role}
		for _, s := range scheduleShifts(sched, now, now.AddDate(0, 0, mostDays), q) {
			if !s.Gap && slices.Contains(s.Who, me) {
				p.Mine = append(p.Mine, s)
			}
		}
		for _, s := range sched.Gaps(now, now.Add(routing.LookAhead), q) {
			p.Gaps = append(p.Gaps, scheduleShift(role, s, true))
		}
	}
	byTime := func(a, b console.ScheduleShift) int { return a.From.Compare(b.From) }
	slices.SortStableFunc(p.Mine, byTime)
	slices.SortStableFunc(p.Gaps, byTime)
	entries, err := scheduleEntries(acc, sched, zone, now)
	for _, e := range entries {
		if e.Kind == console.EntrySwap {
			p.Swaps = append(p.Swaps, e)
		}
	}
	return p, err
}

// Duty changes a provider's own on-call days, or takes what others offer them. The schedule alone decides what is whose.
func (h *House) Duty(ctx context.Context, b console.DutyChange) (console.ScheduleEdited, error) {
	a, acc, zone, err := h.schedulePractice(ctx, b.Account, notes.OwnDuty)
	if err != nil {
		return console.ScheduleEdited{}, err
	}
	me := contactOf(acc, a)
	switch {
	case me == "":
		return console.ScheduleEdited{}, console.Refuse(console.Conflict, "portal.error.duty-nobody")
	case scheduleBasis(acc) != b.Basis:
		return h.scheduleMoved(ctx, acc)
	}
	doc, err := parseSchedule(acc)
	if err != nil {
		return console.ScheduleEdited{}, console.Refuse(console.Conflict, "portal.error.schedule-unread")
	}
	var do console.ScheduleAct
	if b.Act == console.DutyOffer || b.Act == console.DutyFill {
		do, err = h.dutyShift(ctx, acc, doc, me, b, zone)
	} else {
		do, err = dutySwap(doc, me, b)
	}
	if err != nil {
		return console.ScheduleEdited{}, err
	}
	after, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return console.ScheduleEdited{}, err
	}
	return h.storeSchedule(ctx, a, acc, after, console.ScheduleEdit{Do: do, Sure: b.Sure})
}

// notThis refuses what is somebody else's, is over, or was already done: the page then shows the schedule as it now is.
var notThis = console.Refuse(console.Conflict, "portal.error.duty-gone")

// dutyShift offers a shift of the provider's own, or takes a time for which nobody is scheduled.
func (h *House) dutyShift(ctx context.Context, acc notes.Account, doc *oncall.Document, me string, b console.DutyChange,
	zone *time.Location) (console.ScheduleAct, error) {
	sched, err := h.cfg.Routing.Schedule(ctx, acc, h.cfg.Now(), false)
	if err != nil {
		return console.ScheduleAct{}, err
	}
	if !b.To.After(b.From) || b.To.Sub(b.From) > routing.LookAhead || !b.To.After(h.cfg.Now()) || !slices.Contains(sched.Roles(), b.Role) {
		return console.ScheduleAct{}, notThis
	}
	from, to := b.From.In(zone).Format(time.RFC3339), b.To.In(zone).Format(time.RFC3339)
	do := console.ScheduleAct{Act: console.EditPut, Role: b.Role, From: from, To: to}
	scope, id := oncall.Scope{Role: b.Role}, oncall.ParticipantID(me)
	for _, s := range scheduleShifts(sched, b.From, b.To, oncall.Query{Role: b.Role}) {
		if b.Act == console.DutyFill && !s.Gap || b.Act == console.DutyOffer && (s.Gap || !slices.Contains(s.Who, me)) {
			return do, notThis
		}
	}
	if b.Act == console.DutyFill {
		do.Kind, do.Who = console.EntryOverride, me
		doc.Overrides = append(doc.Overrides, oncall.Override{Scope: scope, From: from, To: to, Add: id})
		return do, known(acc, doc, me)
	}
	if slices.ContainsFunc(doc.Swaps, func(s oncall.Swap) bool {
		lo, hi, ok := sched.Span(s.From, s.To)
		return ok && s.Owner == id && s.Role == b.Role && s.State != swapApproved && lo.Before(b.To) && b.From.Before(hi)
	}) {
		return do, notThis // already offered
	}
	do.Kind, do.For, do.State = console.EntrySwap, me, swapOpen
	doc.Swaps = append(doc.Swaps, oncall.Swap{Scope: scope, Owner: id, From: from, To: to, State: swapOpen})
	return do, nil
}

// dutySwap advances a swap: its owner withdraws it or agrees, somebody else takes it or changes their mind.
func dutySwap(doc *oncall.Document, me string, b console.DutyChange) (console.ScheduleAct, error) {
	if b.Index < 0 || b.Index >= len(doc.Swaps) {
		return console.ScheduleAct{}, notThis
	}
	s := &doc.Swaps[b.Index]
	mine, taken := string(s.Owner) == me, string(s.Taker) == me
	do := console.ScheduleAct{Act: console.EditPut, Kind: console.EntrySwap, Role: s.Role, For: string(s.Owner), From: s.From, To: s.To}
	switch {
	case b.Act == console.DutyTake && s.State == swapOpen && !mine:
		s.Taker, s.State = oncall.ParticipantID(me), swapTaken
	case b.Act == console.DutyAgree && s.State == swapTaken && mine:
		s.State = swapApproved
	case b.Act == console.DutyWithdraw && s.State == swapTaken && taken:
		s.Taker, s.State = "", swapOpen
	case b.Act == console.DutyWithdraw && s.State != swapApproved && mine:
		do.Act, do.Who, do.State = console.EditRemove, string(s.Taker), s.State
		doc.Swaps = slices.Delete(doc.Swaps, b.Index, b.Index+1)
		return do, nil
	default:
		return do, notThis
	}
	do.Who, do.State = string(s.Taker), s.State
	return do, nil
}
