package house

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
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

// mostDays is the most days of a calendar that can be asked for at once: six weeks, which cover any month.
const mostDays = 42

// mostVersions is how many of a schedule's versions a page lists.
const mostVersions = 40

// schedulePractice returns a practice as it now is, with its zone, for an actor who may do act there.
func (h *House) schedulePractice(ctx context.Context, id telephony.AccountID, act notes.Act) (a access.Actor, acc notes.Account,
	zone *time.Location, err error) {
	if a, err = reader(ctx); err != nil {
		return a, acc, nil, err
	}
	if !a.May(act, string(id)) {
		return a, acc, nil, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	if acc, err = h.cfg.Store.AccountNow(ctx, id); err != nil {
		return a, acc, nil, pageRefusal(err)
	}
	zone, err = time.LoadLocation(acc.TimeZone)
	return a, acc, zone, err
}

// Schedule tells who is on call at a practice.
func (h *House) Schedule(ctx context.Context, q console.ScheduleQuery) (console.ScheduleView, error) {
	a, acc, zone, err := h.schedulePractice(ctx, q.Account, notes.ReadNote)
	if err != nil {
		return console.ScheduleView{}, err
	}
	now := h.cfg.Now().In(zone)
	start := now
	if q.From != "" {
		if start, err = localDay(q.From, zone, 0); err != nil {
			return console.ScheduleView{}, err
		}
	}
	y, m, d := start.Date()
	days := min(max(q.Days, 1), mostDays)
	v := console.ScheduleView{Account: accountRef(acc), From: time.Date(y, m, d, 0, 0, 0, 0, zone),
		To: time.Date(y, m, d+days, 0, 0, 0, 0, zone), Basis: scheduleBasis(acc), MayEdit: a.May(notes.EditSchedule, string(acc.ID)),
		Roles: []string{}, People: []console.ContactRef{}, Shifts: []console.ScheduleShift{}, Gaps: []console.ScheduleShift{},
		Entries: []console.ScheduleEntry{}, Problems: []console.WeekProblem{}}
	for _, c := range acc.Contacts {
		v.People = append(v.People, console.ContactRef{ID: c.ID, Name: c.Name})
	}
	if v.Changes, err = h.scheduleChanges(ctx, acc.ID, mostVersions); err != nil {
		return v, err
	}
	sched, err := h.cfg.Routing.Schedule(ctx, acc, now, false)
	var unread oncall.ReadProblems
	if errors.As(err, &unread) { // nobody is on call then, and the page must say why
		for _, p := range routing.ScheduleProblems(routing.Refuse, unread) {
			v.Problems = append(v.Problems, weekProblem(acc, nil, p))
		}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Roles = append(v.Roles, sched.Roles()...)
	for _, role := range v.Roles {
		query := oncall.Query{Role: role, CallType: q.CallType}
		v.Shifts = append(v.Shifts, scheduleShifts(sched, v.From, v.To, query)...)
		for _, s := range sched.Gaps(now.Truncate(time.Minute), now.Add(routing.LookAhead), query) {
			v.Gaps = append(v.Gaps, scheduleShift(role, s, true))
		}
	}
	if v.Entries, err = scheduleEntries(acc, sched, zone, now); err != nil {
		return v, err
	}
	for _, p := range routing.ScheduleProblems(routing.Warn, sched.Warnings()) {
		v.Problems = append(v.Problems, weekProblem(acc, sched, p))
	}
	return v, nil
}

// scheduleBasis names the present state of a practice's schedule.
func scheduleBasis(acc notes.Account) string {
	sum := sha256.Sum256(acc.Schedule)
	return hex.EncodeToString(sum[:12])
}

// scheduleShifts returns a role's shifts and gaps in order; together they cover the whole time.
func scheduleShifts(sched *oncall.Schedule, from, to time.Time, q oncall.Query) (out []console.ScheduleShift) {
	for _, s := range sched.Shifts(from, to, q) {
		if !s.Default {
			out = append(out, scheduleShift(q.Role, s, false))
		}
	}
	for _, s := range sched.Gaps(from, to, q) {
		out = append(out, scheduleShift(q.Role, s, true))
	}
	slices.SortFunc(out, func(a, b console.ScheduleShift) int { return a.From.Compare(b.From) })
	return out
}

func scheduleShift(role string, s oncall.Shift, gap bool) console.ScheduleShift {
	return console.ScheduleShift{Role: role, Who: contactIDs(s.People), From: s.From, To: s.Until, Gap: gap}
}

func contactIDs(people []oncall.ParticipantID) []string {
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = string(p)
	}
	return out
}

// weekProblem is a problem of a schedule in both languages; contacts' ids are replaced by their names.
func weekProblem(acc notes.Account, sched *oncall.Schedule, p routing.Problem) console.WeekProblem {
	if i := slices.IndexFunc(acc.Contacts, func(c notes.Contact) bool { return c.ID == p.Vars["value"] }); i >= 0 {
		p.Vars["value"] = acc.Contacts[i].Name
	} else if id, names := p.Vars["value"]; names && sched != nil {
		p.Vars["value"] = sched.Name(oncall.ParticipantID(id))
	}
	says := notes.Text{}
	for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
		says[l] = catalog.T(l, "routing.problem."+p.Code, catalog.Vars(p.Vars))
	}
	return console.WeekProblem{Field: p.Field, Says: says}
}

// scheduleEntries lists the temporary changes of a schedule that are not over at now.
func scheduleEntries(acc notes.Account, sched *oncall.Schedule, zone *time.Location, now time.Time) ([]console.ScheduleEntry, error) {
	doc, err := parseSchedule(acc)
	if err != nil {
		return nil, err
	}
	out := []console.ScheduleEntry{}
	add := func(e console.ScheduleEntry, from, to string) {
		lo, hi, ok := sched.Span(from, to)
		if e.From, e.To = lo.In(zone), hi.In(zone); ok && hi.After(now) {
			out = append(out, e)
		}
	}
	for i, o := range doc.Overrides {
		add(console.ScheduleEntry{Kind: console.EntryOverride, Index: i, Role: o.Role, Who: string(o.Add), For: string(o.Remove),
			Name: o.Name}, o.From, o.To)
	}
	for i, l := range doc.Leave {
		add(console.ScheduleEntry{Kind: console.EntryLeave, Index: i, Who: string(l.Backup), For: string(l.Who)}, l.From, l.To)
	}
	for i, s := range doc.Swaps {
		add(console.ScheduleEntry{Kind: console.EntrySwap, Index: i, Role: s.Role, Who: string(s.Taker), For: string(s.Owner),
			State: s.State}, s.From, s.To)
	}
	if doc.Holidays != nil {
		for i, d := range doc.Holidays.Own {
			e := console.ScheduleEntry{Kind: console.EntryHoliday, Index: i, Name: d.Name}
			switch {
			case d.Date == "":
				add(e, d.From, d.To)
			case len(d.Date) == len("12-24"):
				e.Day = d.Date
				add(e, yearly(d.Date, now), yearly(d.Date, now))
			default:
				add(e, d.Date, d.Date)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b console.ScheduleEntry) int { return a.From.Compare(b.From) })
	return out, nil
}

// yearly is the next date of a yearly day.
func yearly(day string, now time.Time) string {
	if now.Format("01-02") > day {
		now = now.AddDate(1, 0, 0)
	}
	return now.Format("2006-") + day
}

// namesOf loads the names of the people who made what is listed.
func namesOf[T any](ctx context.Context, h *House, all []T, by func(T) notes.PersonID) (set, error) {
	people := make([]notes.PersonID, len(all))
	for i, v := range all {
		people[i] = by(v)
	}
	return h.load(ctx, needs{people: people})
}

// scheduleChanges lists a schedule's versions, the newest first.
func (h *House) scheduleChanges(ctx context.Context, account telephony.AccountID, limit int) ([]console.ScheduleChange, error) {
	all, err := h.cfg.Store.ScheduleVersions(ctx, account, limit)
	if err != nil {
		return nil, err
	}
	s, err := namesOf(ctx, h, all, func(v record.ScheduleVersion) notes.PersonID { return v.By })
	if err != nil {
		return nil, err
	}
	out := make([]console.ScheduleChange, len(all))
	for i, v := range all {
		out[i] = scheduleChange(v, s.name(v.By))
	}
	return out, nil
}

func scheduleChange(v record.ScheduleVersion, by string) console.ScheduleChange {
	c := console.ScheduleChange{ID: v.ID, At: v.At, By: by, Why: v.Why, Did: console.ScheduleAct{Act: console.EditStored}}
	if v.Change != "" && json.Unmarshal([]byte(v.Change), &c.Did) != nil {
		c.Did = console.ScheduleAct{Act: console.EditStored} // a change that only a later build knows
	}
	return c
}

// Moment tells what would happen to a call at a moment. It makes the same plan as a desk's preview.
func (h *House) Moment(ctx context.Context, q console.MomentQuery) (console.Moment, error) {
	_, acc, _, err := h.schedulePractice(ctx, q.Account, notes.ReadNote)
	if err != nil {
		return console.Moment{}, err
	}
	return h.momentOf(ctx, acc, q)
}

// momentOf is Moment for a practice that is given.
func (h *House) momentOf(ctx context.Context, acc notes.Account, q console.MomentQuery) (console.Moment, error) {
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return console.Moment{}, err
	}
	read, err := oncall.ReadWall(acc.TimeZone, q.At)
	if err != nil {
		return console.Moment{}, console.Refuse(console.Invalid, "portal.error.date")
	}
	m := console.Moment{At: read.First.In(zone), Twice: !read.First.Equal(read.Last), Skipped: read.Skipped,
		Contacts: []routing.PreviewContact{}, Holes: []routing.PlanHole{}, OnCall: []console.MomentRole{}}
	if q.Later {
		m.At = read.Last.In(zone)
	}
	router, err := h.cfg.Routing.Router(ctx, acc)
	if err != nil {
		return m, err
	}
	p, way := routing.Try(acc, router, q.CallType, q.Urgency, m.At)
	m.Ladder, m.Board, m.Goes = p.Ladder, p.Board, console.Goes(way)
	m.Contacts, m.Holes = append(m.Contacts, p.Preview()...), append(m.Holes, p.Holes...)
	sched, err := h.cfg.Routing.Schedule(ctx, acc, h.cfg.Now(), false)
	var unread oncall.ReadProblems
	if errors.As(err, &unread) {
		return m, nil // nobody is on call: the plan's holes say so
	}
	if err != nil {
		return m, err
	}
	for _, role := range sched.Roles() {
		e := sched.Explain(m.At, oncall.Query{Role: role, CallType: q.CallType})
		m.OnCall = append(m.OnCall, console.MomentRole{Role: role, Who: contactIDs(e.People), Until: e.Until, By: e.Decided.Kind,
			Name: e.Decided.Name, Otherwise: contactIDs(e.Otherwise)})
	}
	return m, nil
}
