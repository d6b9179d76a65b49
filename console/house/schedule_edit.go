package house

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// mostWords is the longest reason for a change, or name of a holiday, in bytes.
const mostWords = 500

// EditSchedule changes who is on call at a practice.
func (h *House) EditSchedule(ctx context.Context, e console.ScheduleEdit) (console.ScheduleEdited, error) {
	a, acc, _, err := h.schedulePractice(ctx, e.Account, notes.EditSchedule)
	if err != nil {
		return console.ScheduleEdited{}, err
	}
	switch {
	case strings.TrimSpace(e.Why) == "":
		return console.ScheduleEdited{}, console.Refuse(console.Invalid, "portal.error.schedule-why")
	case len(e.Why) > mostWords || len(e.Do.Name) > mostWords || len(e.Word) > mostWords:
		return console.ScheduleEdited{}, console.Refuse(console.Invalid, "portal.error.too-large")
	case scheduleBasis(acc) != e.Basis:
		return h.scheduleMoved(ctx, acc)
	}
	return h.changeSchedule(ctx, a, acc, e)
}

// changeSchedule makes a change, provided that the schedule is still the one that the change was made from.
func (h *House) changeSchedule(ctx context.Context, a access.Actor, acc notes.Account, e console.ScheduleEdit) (console.ScheduleEdited,
	error) {
	after, err := h.edited(ctx, acc, &e.Do)
	if err != nil {
		return console.ScheduleEdited{}, err
	}
	return h.storeSchedule(ctx, a, acc, after, e)
}

// storeSchedule stores the schedule that a change makes, unless it has problems that the asker may not, or did not, accept.
func (h *House) storeSchedule(ctx context.Context, a access.Actor, acc notes.Account, after []byte, e console.ScheduleEdit) (
	out console.ScheduleEdited, err error) {
	if out.Problems, err = h.scheduleProblems(ctx, a, acc, after, e.Do); err != nil {
		return out, err
	}
	final := func(p console.ScheduleProblem) bool { return p.Final }
	if len(out.Problems) > 0 && (!e.Sure || slices.ContainsFunc(out.Problems, final)) {
		return out, nil
	}
	var failed []notes.Text
	for _, p := range out.Problems {
		if p.Word {
			failed = append(failed, p.Says)
		}
	}
	if len(failed) > 0 && strings.TrimSpace(e.Word) == "" {
		return out, nil
	}
	did, err := json.Marshal(e.Do)
	if err != nil {
		return out, fmt.Errorf("change a schedule: %w", err)
	}
	err = h.cfg.Store.PutSchedule(ctx, acc.ID, acc.Schedule, after, string(did), strings.TrimSpace(e.Why), overruling(e.Word, failed))
	if errors.Is(err, record.ErrScheduleMoved) {
		return h.scheduleMoved(ctx, acc)
	}
	out.Saved = err == nil
	return out, pageRefusal(err)
}

// scheduleMoved tells who changed the schedule first.
func (h *House) scheduleMoved(ctx context.Context, acc notes.Account) (console.ScheduleEdited, error) {
	last, err := h.scheduleChanges(ctx, acc.ID, 1)
	if len(last) == 0 {
		last = []console.ScheduleChange{{Did: console.ScheduleAct{Act: console.EditStored}}}
	}
	return console.ScheduleEdited{Moved: &last[0], Problems: []console.ScheduleProblem{}}, err
}

func parseSchedule(acc notes.Account) (*oncall.Document, error) {
	if len(bytes.TrimSpace(acc.Schedule)) == 0 {
		return &oncall.Document{Timezone: acc.TimeZone, Layers: []oncall.Layer{}}, nil
	}
	return oncall.Parse(bytes.NewReader(acc.Schedule))
}

// edited is a practice's schedule after an act. When the act removes an entry, act is filled in with that entry.
func (h *House) edited(ctx context.Context, acc notes.Account, act *console.ScheduleAct) ([]byte, error) {
	if act.Act == console.EditRestore {
		document, err := h.cfg.Store.ScheduleOf(ctx, acc.ID, act.Version)
		return document, pageRefusal(err)
	}
	doc, err := parseSchedule(acc)
	if err != nil { // an unreadable schedule cannot be changed in part
		return nil, console.Refuse(console.Conflict, "portal.error.schedule-unread")
	}
	switch act.Act {
	case console.EditPut:
		err = h.putEntry(acc, doc, *act)
	case console.EditRemove:
		err = removeEntry(doc, act)
	default:
		err = console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(doc, "", " ")
}

// putEntry adds an entry to a document.
func (h *House) putEntry(acc notes.Account, doc *oncall.Document, act console.ScheduleAct) error {
	from, to, err := h.entrySpan(acc, doc.Timezone, act)
	if err != nil {
		return err
	}
	for _, id := range []string{act.Who, act.For} {
		if err := known(acc, doc, id); err != nil {
			return err
		}
	}
	who, whose, scope := oncall.ParticipantID(act.Who), oncall.ParticipantID(act.For), oncall.Scope{Role: act.Role}
	missing := console.Refuse(console.Invalid, "portal.error.schedule-who")
	switch act.Kind {
	case console.EntryOverride:
		if who == "" && whose == "" {
			return missing
		}
		doc.Overrides = append(doc.Overrides, oncall.Override{Scope: scope, From: from, To: to, Add: who, Remove: whose})
	case console.EntryLeave:
		if whose == "" {
			return missing
		}
		doc.Leave = append(doc.Leave, oncall.Leave{Who: whose, From: from, To: to, Backup: who})
	case console.EntryHoliday:
		if strings.TrimSpace(act.Name) == "" {
			return console.Refuse(console.Invalid, "portal.error.schedule-name")
		}
		if doc.Holidays == nil {
			doc.Holidays = &oncall.Holidays{}
		}
		doc.Holidays.Own = append(doc.Holidays.Own, oncall.Holiday{Name: act.Name, From: from, To: to})
	default:
		return console.Refuse(console.Invalid, "portal.error.malformed")
	}
	return nil
}

// known refuses a person who is not one of the practice's contacts, and adds a contact to the people that the document lists.
func known(acc notes.Account, doc *oncall.Document, id string) error {
	if id == "" {
		return nil
	}
	i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == id })
	listed := slices.ContainsFunc(doc.Participants, func(p oncall.Participant) bool { return string(p.ID) == id })
	switch {
	case listed:
	case i < 0:
		return console.Refuse(console.Invalid, "portal.error.schedule-who")
	case len(doc.Participants) > 0:
		doc.Participants = append(doc.Participants, oncall.Participant{ID: oncall.ParticipantID(id), Name: acc.Contacts[i].Name})
	}
	return nil
}

var wallForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$`)

// entrySpan is the time of an entry as a document with that zone writes it. One that is already over is refused: it would
// change nothing.
func (h *House) entrySpan(acc notes.Account, zone string, act console.ScheduleAct) (from, to string, err error) {
	lo, errFrom := wallMoment(acc.TimeZone, act.From, false)
	hi, errTo := wallMoment(acc.TimeZone, act.To, true)
	switch {
	case errFrom != nil || errTo != nil:
		return "", "", console.Refuse(console.Invalid, "portal.error.date")
	case !hi.After(lo):
		return "", "", console.Refuse(console.Invalid, "portal.error.schedule-ends-first")
	case !hi.After(h.cfg.Now()):
		return "", "", console.Refuse(console.Invalid, "portal.error.schedule-past")
	case zone == acc.TimeZone:
		return act.From, act.To, nil
	}
	return lo.Format(time.RFC3339), hi.Format(time.RFC3339), nil // the document's own zone is another
}

// wallMoment is the instant of a local time in a zone; a whole day ends where the next one begins.
func wallMoment(zone, text string, end bool) (time.Time, error) {
	if !wallForm.MatchString(text) {
		return time.Time{}, errors.New("no moment")
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if end {
			day = day.AddDate(0, 0, 1)
		}
		text = day.Format(time.DateOnly) + "T00:00"
	}
	read, err := oncall.ReadWall(zone, text)
	if end {
		return read.Last, err
	}
	return read.First, err
}

// removeEntry removes an entry from a document, and fills in act with it.
func removeEntry(doc *oncall.Document, act *console.ScheduleAct) error {
	gone := console.Refuse(console.NotFound, "portal.error.not-found")
	i := act.Index
	if i < 0 {
		return gone
	}
	was := console.ScheduleAct{Act: act.Act, Kind: act.Kind, Index: i}
	switch {
	case act.Kind == console.EntryOverride && i < len(doc.Overrides):
		o := doc.Overrides[i]
		was.Role, was.Who, was.For, was.From, was.To, was.Name = o.Role, string(o.Add), string(o.Remove), o.From, o.To, o.Name
		doc.Overrides = slices.Delete(doc.Overrides, i, i+1)
	case act.Kind == console.EntryLeave && i < len(doc.Leave):
		l := doc.Leave[i]
		was.Who, was.For, was.From, was.To = string(l.Backup), string(l.Who), l.From, l.To
		doc.Leave = slices.Delete(doc.Leave, i, i+1)
	case act.Kind == console.EntrySwap && i < len(doc.Swaps):
		s := doc.Swaps[i]
		was.Role, was.Who, was.For, was.From, was.To, was.State = s.Role, string(s.Taker), string(s.Owner), s.From, s.To, s.State
		doc.Swaps = slices.Delete(doc.Swaps, i, i+1)
	case act.Kind == console.EntryHoliday && doc.Holidays != nil && i < len(doc.Holidays.Own):
		d := doc.Holidays.Own[i]
		was.Name, was.From, was.To = d.Name, cmp.Or(d.From, d.Date), cmp.Or(d.To, d.Date)
		doc.Holidays.Own = slices.Delete(doc.Holidays.Own, i, i+1)
	default:
		return gone
	}
	*act = was
	return nil
}

// scheduleProblems are the problems that a practice would have after an act and does not have now. An unreadable schedule is
// final for everybody; a ladder that reaches nobody is final for everybody but the service's supervisors.
func (h *House) scheduleProblems(ctx context.Context, a access.Actor, acc notes.Account, after []byte, act console.ScheduleAct) (
	[]console.ScheduleProblem, error) {
	now := h.cfg.Now()
	out := []console.ScheduleProblem{}
	add := func(sched *oncall.Schedule, p routing.Problem, final bool) {
		w := weekProblem(acc, sched, p)
		out = append(out, console.ScheduleProblem{Field: w.Field, Says: w.Says, Final: final})
	}
	then := acc
	then.Schedule = after
	sched, err := compiled(then, now)
	var unread oncall.ReadProblems
	if errors.As(err, &unread) {
		for _, p := range routing.ScheduleProblems(routing.Refuse, unread) {
			add(nil, p, true)
		}
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if changesNothing(acc, sched, act, now) {
		says := notes.Text{}
		for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
			says[l] = catalog.T(l, "portal.error.schedule-idle", nil)
		}
		out = append(out, console.ScheduleProblem{Says: says})
	}
	people, err := h.knownPeople(ctx, acc)
	if err != nil {
		return nil, err
	}
	check := func(acc notes.Account) routing.Problems {
		return routing.CheckPractice(routing.PracticeDocument{Account: acc, Schedule: acc.Schedule, Ladders: acc.Ladders}, people, now)
	}
	before := check(acc)
	for _, p := range check(then) {
		if !slices.ContainsFunc(before, func(q routing.Problem) bool { return sameProblem(p, q) }) {
			add(sched, p, p.Severity == routing.Refuse && !a.May(notes.Supervise, string(acc.ID)))
		}
	}
	failed, err := h.failedTests(ctx, acc, then)
	for _, f := range failed {
		if p := testProblem(a, acc, f); p.Word {
			out = append(out, console.ScheduleProblem{Field: p.Field, Says: p.Says, Final: p.Final, Word: true})
		}
	}
	return out, err
}

// sameProblem reports that two problems are the same; an entry's place changes when an entry before it is removed.
func sameProblem(p, q routing.Problem) bool {
	if p.Code != q.Code || len(p.Vars) != len(q.Vars) || placeless(p.Field) != placeless(q.Field) {
		return false
	}
	for name, value := range p.Vars {
		if q.Vars[name] != value {
			return false
		}
	}
	return true
}

var indices = regexp.MustCompile(`\[\d+\]`)

func placeless(field string) string { return indices.ReplaceAllString(field, "[]") }

func compiled(acc notes.Account, now time.Time) (*oncall.Schedule, error) {
	doc, err := parseSchedule(acc)
	if err != nil {
		return nil, err
	}
	return oncall.Compile(doc, now.Add(-time.Hour), now.Add(mostDays*24*time.Hour))
}

// changesNothing reports that with an entry nobody else is on call at any time.
func changesNothing(acc notes.Account, then *oncall.Schedule, act console.ScheduleAct, now time.Time) bool {
	sched, err := compiled(acc, now)
	if err != nil || act.Act != console.EditPut || act.Kind == console.EntryHoliday {
		return false // from an unreadable schedule, anything is a change
	}
	from, errFrom := wallMoment(acc.TimeZone, act.From, false)
	to, errTo := wallMoment(acc.TimeZone, act.To, true)
	calls := []string{""}
	for _, t := range acc.Script.CallTypes {
		calls = append(calls, t.ID)
	}
	for _, role := range then.Roles() {
		for _, c := range calls {
			q := oncall.Query{Role: role, CallType: c}
			if !slices.EqualFunc(sched.Shifts(from, to, q), then.Shifts(from, to, q), sameShift) {
				return false
			}
		}
	}
	return errFrom == nil && errTo == nil
}

func sameShift(a, b oncall.Shift) bool {
	return a.From.Equal(b.From) && a.Until.Equal(b.Until) && a.Default == b.Default && slices.Equal(a.People, b.People)
}

// knownPeople lists those of a practice's contacts who can sign in or once could.
func (h *House) knownPeople(ctx context.Context, acc notes.Account) (map[notes.PersonID]routing.KnownPerson, error) {
	out := map[notes.PersonID]routing.KnownPerson{}
	for _, c := range acc.Contacts {
		if c.Person == "" {
			continue
		}
		p, err := h.cfg.Door.Person(ctx, c.Person)
		if errors.Is(err, access.ErrNoPerson) {
			continue
		}
		if err != nil {
			return nil, err
		}
		actor := access.Actor{Person: p.ID, Grants: p.Grants}
		out[p.ID] = routing.KnownPerson{Left: p.Left, Reads: actor.May(notes.ReadNote, string(acc.ID))}
	}
	return out, nil
}
