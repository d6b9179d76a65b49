package patient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// householdMany is how many more appointments one reminder may be of: it stays a text.
const householdMany = 4

// plannedAtOnce bounds what is planned before what is due is sent.
const plannedAtOnce = 50

// plan makes the reminders whose time has come. Servers take turns. One that cannot be made is left for a while, and the others are not.
func (e *Engine) plan(ctx context.Context) error {
	for range plannedAtOnce {
		if more, err := e.planNext(ctx); err != nil || !more {
			return err
		}
	}
	e.Wake()
	return nil
}

func (e *Engine) planNext(ctx context.Context) (more bool, err error) {
	var first planned
	err = postgres.InTx(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		first = planned{}
		var ours bool
		if err := tx.QueryRow(ctx, lockPlanner).Scan(&ours); err != nil || !ours {
			return err
		}
		err := tx.QueryRow(ctx, selectPlanned, e.clock()).Scan(&first.id, &first.account, &first.patient)
		if postgres.NoRow(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return e.planVisit(ctx, tx, first)
	})
	if err == nil || first.id == "" || ctx.Err() != nil {
		return first.id != "", err
	}
	e.cfg.Logger.Error("patients: make a reminder", "appointment", first.id, "error", err)
	_, err = e.cfg.Pool.Exec(ctx, visitLater, first.id, e.clock().Add(leftFor))
	return true, err
}

// leftFor is how long an appointment is left that cannot be planned.
const leftFor = 10 * time.Minute

// planned is an appointment that is held while its reminder is made.
type planned struct {
	id      notes.AppointmentID
	account telephony.AccountID
	patient notes.PatientID
	notes.Appointment
	lead int
}

// Why an appointment's patient was not reminded.
const (
	untoldNoConsent = "no-consent"
	untoldStopped   = "stopped"
)

func (e *Engine) planVisit(ctx context.Context, tx pgx.Tx, v planned) error {
	now := e.clock()
	acc, err := e.cfg.Store.Account(ctx, v.account)
	if err != nil {
		return err
	}
	all := []planned{v}
	if err := e.openVisits(ctx, acc, all); err != nil {
		return err
	}
	v = all[0]
	if stale, err := e.stale(ctx, tx, v); err != nil || stale {
		if err == nil {
			_, err = tx.Exec(ctx, visitLater, v.id, now.Add(leftFor))
		}
		return err
	}
	at, lead := acc.NextReminder(v.Appointment, below(v.Told), now)
	p, err := e.cfg.Patients.Open(system(ctx), v.patient)
	if err != nil {
		return err
	}
	if !at.IsZero() && !at.After(now) {
		at = notify(acc, p, now) // by the patient's own night
	}
	if at.IsZero() || at.After(now) {
		_, err := tx.Exec(ctx, visitLater, v.id, orNil(at))
		return err
	}
	v.lead = lead
	ways, err := e.ways(ctx, p, notes.PurposeReminders)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(ways, func(w way) bool { return w.channel == notes.ByText })
	if i < 0 {
		return e.untold(ctx, tx, acc, p, v)
	}
	all = []planned{v}
	others, err := e.household(ctx, tx, acc, v, ways[i].reach)
	if err != nil {
		return err
	}
	return e.putReminder(ctx, tx, acc, p, ways[i], append(all, others...))
}

// staleAfter is how long a chart may go unread before nobody is reminded of what it had: it may have been cancelled there meanwhile.
const staleAfter = time.Hour

// stale says that an appointment is a chart's, and that the chart was not read for too long.
func (e *Engine) stale(ctx context.Context, tx pgx.Tx, v planned) (bool, error) {
	if !v.Charted() {
		return false, nil
	}
	var read *time.Time
	err := tx.QueryRow(ctx, selectChartRead, v.account).Scan(&read)
	if postgres.NoRow(err) { // it is read no more: the book is the practice's own now
		return false, nil
	}
	return err == nil && (read == nil || e.clock().Sub(*read) > staleAfter), err
}

// below is what NextReminder takes for a lead that was told; 0 is none.
func below(told int) int {
	if told == 0 {
		return notes.FirstReminder
	}
	return told
}

func orNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// openVisits opens the appointments that are held.
func (e *Engine) openVisits(ctx context.Context, acc notes.Account, list []planned) error {
	ids := make([]notes.AppointmentID, len(list))
	for i, v := range list {
		ids[i] = v.id
	}
	opened, err := e.cfg.Patients.Visits(system(ctx), acc.ID, ids)
	if err != nil {
		return err
	}
	for i := range list {
		k := slices.IndexFunc(opened, func(a notes.Appointment) bool { return a.ID == list[i].id })
		if k < 0 {
			return fmt.Errorf("an appointment is not there: %s", list[i].id)
		}
		list[i].Appointment = opened[k]
	}
	return nil
}

// untold passes over a reminder of a patient who may not be told, and says why on the appointment.
func (e *Engine) untold(ctx context.Context, tx pgx.Tx, acc notes.Account, p notes.Patient, v planned) error {
	why := untoldNoConsent
	if number := p.Texts(); number != "" {
		reach, err := e.cfg.Patients.Reach(ctx, notes.ByText, number.Reveal())
		if err != nil {
			return err
		}
		if stopped, err := e.stopped(ctx, tx, reach); err != nil {
			return err
		} else if stopped {
			why = untoldStopped
		}
	}
	next, _ := acc.NextReminder(v.Appointment, v.lead, e.clock())
	_, err := tx.Exec(ctx, visitPlanned, v.id, orNil(next), v.lead, why)
	return err
}

// household are the other appointments that go into the same text: of that day, of patients with that number who agreed, and to be
// reminded of soon anyhow.
func (e *Engine) household(ctx context.Context, tx pgx.Tx, acc notes.Account, v planned, reach []byte) (out []planned, err error) {
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return nil, err
	}
	y, m, d := v.Begins.In(zone).Date()
	now := e.clock()
	soon := now.Add(min(time.Duration(v.lead)*time.Minute/2, 12*time.Hour))
	rows, err := tx.Query(ctx, selectHousehold, acc.ID, [][]byte{reach}, time.Date(y, m, d, 0, 0, 0, 0, zone),
		time.Date(y, m, d+1, 0, 0, 0, 0, zone), soon, v.id)
	if err != nil {
		return nil, err
	}
	if out, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (planned, error) {
		o := planned{account: acc.ID}
		err := r.Scan(&o.id, &o.patient)
		return o, err
	}); err != nil || len(out) == 0 {
		return nil, err
	}
	if err := e.openVisits(ctx, acc, out); err != nil {
		return nil, err
	}
	var agreed []planned
	for _, o := range out {
		may, err := e.may(ctx, o.patient, notes.PurposeReminders, notes.ByText, reach)
		if err != nil {
			return nil, err
		}
		if _, o.lead = acc.NextReminder(o.Appointment, below(o.Told), now); may && o.lead > 0 {
			agreed = append(agreed, o)
		}
	}
	return agreed, nil
}

// putReminder writes one text about some appointments, at the carrier's pace, with a leaf in the story of each.
func (e *Engine) putReminder(ctx context.Context, tx pgx.Tx, acc notes.Account, p notes.Patient, w way, list []planned) error {
	keys, err := e.cfg.Store.Keys(ctx, acc.ID)
	if err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7()).String()
	address, err := keys.Seal(addressLabel(acc.ID, id), []byte(w.address))
	if err != nil {
		return err
	}
	now := e.clock()
	var due time.Time
	if err := tx.QueryRow(ctx, takePace, now, 60/float64(e.cfg.RemindersAMinute)).Scan(&due); err != nil {
		return err
	}
	expires := list[0].Begins
	ids := make([]notes.AppointmentID, len(list))
	for i, v := range list {
		ids[i] = v.id
		if v.Begins.Before(expires) {
			expires = v.Begins
		}
	}
	res, err := tx.Query(ctx, insertReminder, id, acc.ID, p.ID, w.channel, p.Language, address, w.reach, string(NoticeDue), now, due,
		expires, nil, "", "")
	if err != nil {
		return err
	}
	if err := e.vouchSent(ctx, tx, res, reminders, ids, e.entry(ctx, acc.ID, p.ID, "", "reminder.made", string(w.channel))); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, v := range list {
		next, _ := acc.NextReminder(v.Appointment, v.lead, now)
		b.Queue(insertVisit, id, v.id, v.Begins)
		b.Queue(visitPlanned, v.id, orNil(next), v.lead, "")
	}
	postgres.AfterCommit(tx, e.Wake)
	return tx.SendBatch(ctx, b).Close()
}

// toldVisit is an appointment as a reminder told it, and as it is.
type toldVisit struct {
	id       notes.AppointmentID
	reminder string
	told, is time.Time
	state    notes.AppointmentState
	patient  notes.PatientID
	account  telephony.AccountID
}

// holds says that it is as the patient was told, and still to come.
func (v toldVisit) holds(now time.Time) bool {
	return v.told.Equal(v.is) && v.is.After(now) && (v.state.Awaited() || v.state == notes.VisitReschedule)
}

// visitsOf are the appointments of a reminder.
func (e *Engine) visitsOf(ctx context.Context, tx pgx.Tx, reminder string) (ids []notes.AppointmentID, err error) {
	list, err := e.readVisits(ctx, tx, reminder)
	for _, v := range list {
		ids = append(ids, v.id)
	}
	return ids, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (e *Engine) readVisits(ctx context.Context, q querier, reminder string) ([]toldVisit, error) {
	rows, err := q.Query(ctx, selectVisitsOf, reminder)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (v toldVisit, err error) {
		err = r.Scan(&v.id, &v.told, &v.is, &v.state)
		return v, err
	})
}

// sayReminder puts what a reminder says into m, of what is still as it was; why is that nothing is.
func (e *Engine) sayReminder(ctx context.Context, c *claimed, acc notes.Account, m *channel.Message) (why string, err error) {
	list, err := e.readVisits(ctx, e.cfg.Pool, c.id)
	if err != nil {
		return "", err
	}
	for _, v := range list {
		c.visits = append(c.visits, v.id)
	}
	as := slices.DeleteFunc(slices.Clone(list), func(v toldVisit) bool { return !v.told.Equal(v.is) || !v.state.Awaited() })
	if len(as) > 0 {
		list = as
	} else {
		why = "changed" // what was said before that stays, for the carrier to be asked for
	}
	if m.Since, err = made(c.id); err != nil {
		return "", err
	}
	if m.Visits, err = e.when(ctx, acc, c.lang, list); err != nil {
		return "", err
	}
	m.Several = len(list) > 1
	m.Confirmed = !slices.ContainsFunc(list, func(v toldVisit) bool { return v.state != notes.VisitConfirmed })
	return why, nil
}

// made is when a reminder was made, by the machine's clock: its id says so.
func made(id string) (time.Time, error) {
	u, err := uuid.Parse(id)
	if err != nil {
		return time.Time{}, err
	}
	s, ns := u.Time().UnixTime()
	return time.Unix(s, ns), nil
}

// when writes the days and times of appointments on the practice's clock, and what the practice wants said beside them.
func (e *Engine) when(ctx context.Context, acc notes.Account, lang telephony.Language, list []toldVisit) (string, error) {
	opened := map[notes.AppointmentID]notes.Appointment{}
	if acc.Messaging != nil && acc.Messaging.Reminders != nil && len(acc.Messaging.Reminders.Says) > 0 {
		ids := make([]notes.AppointmentID, len(list))
		for i, v := range list {
			ids[i] = v.id
		}
		all, err := e.cfg.Patients.Visits(system(ctx), acc.ID, ids)
		if err != nil {
			return "", err
		}
		for _, a := range all {
			opened[a.ID] = a
		}
	}
	return sayWhen(acc, lang, list, opened)
}

// sayWhen is when's sentence; opened are the appointments of which more is said than their time.
func sayWhen(acc notes.Account, lang telephony.Language, list []toldVisit, opened map[notes.AppointmentID]notes.Appointment) (
	string, error,
) {
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return "", err
	}
	slices.SortFunc(list, func(a, b toldVisit) int { return cmp.Or(a.told.Compare(b.told), cmp.Compare(a.id, b.id)) })
	var parts []string
	day := ""
	for _, v := range list {
		local := v.told.In(zone)
		text := visitClock(lang, local)
		if d := visitDay(lang, local); d != day {
			day, text = d, catalog.T(lang, "channel.visit.at", catalog.Vars{"day": d, "time": text})
		}
		if a, ok := opened[v.id]; ok && acc.Messaging != nil && acc.Messaging.Reminders != nil {
			text += saysBeside(acc.Messaging.Reminders.Says, a)
		}
		if !slices.Contains(parts, text) { // two of a household at one time are one
			parts = append(parts, text)
		}
	}
	last := len(parts) - 1
	if last == 0 {
		return parts[0], nil
	}
	return catalog.T(lang, "channel.visit.and", catalog.Vars{"first": strings.Join(parts[:last], ", "), "last": parts[last]}), nil
}

func saysBeside(words []notes.ReminderWord, a notes.Appointment) string {
	var out []string
	for _, w := range words {
		if text := map[notes.ReminderWord]string{notes.SaysProvider: a.Provider, notes.SaysPlace: a.Place}[w]; text != "" {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// visitDay is "Mon, Nov 30" or "lun 30 nov".
func visitDay(lang telephony.Language, t time.Time) string {
	return catalog.T(lang, "channel.visit.day", catalog.Vars{
		"weekday": pick(catalog.T(lang, "channel.weekdays", nil), int(t.Weekday())),
		"month":   pick(catalog.T(lang, "channel.months", nil), int(t.Month())-1), "day": strconv.Itoa(t.Day())})
}

// pick is a word of a list that a catalog holds.
func pick(list string, i int) string {
	words := strings.Split(list, ",")
	return words[i%len(words)]
}

// visitClock is "9:00 AM" or "9:00 a. m.".
func visitClock(lang telephony.Language, t time.Time) string {
	half := "channel.visit.am"
	if t.Hour() >= 12 {
		half = "channel.visit.pm"
	}
	return catalog.T(lang, half, catalog.Vars{"time": t.Format("3:04")})
}

// quietFor is how long a patient's night lasts yet, 0 by day. One whose appointment begins before it ends expires.
func (e *Engine) quietFor(ctx context.Context, c claimed) (time.Duration, error) {
	acc, err := e.cfg.Store.Account(ctx, c.account)
	if err != nil {
		return 0, err
	}
	p, err := e.cfg.Patients.Open(system(ctx), c.patient)
	if err != nil {
		return 0, err
	}
	now := e.clock()
	return notify(acc, p, now).Sub(now), nil
}

// Reminded is how the patients of some appointments were reminded last. Nothing in it is patient data.
func (e *Engine) Reminded(ctx context.Context, ids []notes.AppointmentID) (map[notes.AppointmentID]Notice, error) {
	rows, err := e.cfg.Pool.Query(ctx, selectReminded, ids)
	if err != nil {
		return nil, fmt.Errorf("how patients were reminded: %w", err)
	}
	out := map[notes.AppointmentID]Notice{}
	var id notes.AppointmentID
	n := Notice{Kind: channel.NoticeReminder}
	var sent *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &n.Channel, &n.State, &n.DueAt, &sent, &n.Why}, func() error {
		n.DueAt, n.SentAt = n.DueAt.UTC(), time.Time{}
		if sent != nil {
			n.SentAt = sent.UTC()
		}
		out[id] = n
		return nil
	})
	return out, err
}

// A Figure counts a practice's appointments of a visit type and a provider, "" where none was said.
type Figure struct {
	Visit, Provider                                                          string
	Visits, Sent, Delivered, Confirmed, Rescheduled, Cancelled, Kept, Missed int
}

// Figures counts a practice's appointments that begin from one instant until before another, and what their reminders brought about, the
// most first. Whoever acts must be of the practice's staff.
func (e *Engine) Figures(ctx context.Context, account telephony.AccountID, from, to time.Time) ([]Figure, error) {
	if _, err := access.Check(ctx, notes.MessagePatients, string(account)); err != nil {
		return nil, err
	}
	rows, err := e.cfg.Pool.Query(ctx, selectFigures, account, from, to)
	if err != nil {
		return nil, fmt.Errorf("count appointments: %w", err)
	}
	var newest []notes.AppointmentID
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (f Figure, err error) {
		var id notes.AppointmentID
		err = r.Scan(&id, &f.Visits, &f.Sent, &f.Delivered, &f.Confirmed, &f.Rescheduled, &f.Cancelled, &f.Kept, &f.Missed)
		newest = append(newest, id)
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("count appointments: %w", err)
	}
	named, err := e.cfg.Patients.Visits(ctx, account, newest)
	if err != nil {
		return nil, err
	}
	for i := range out {
		k := slices.IndexFunc(named, func(a notes.Appointment) bool { return a.ID == newest[i] })
		if k < 0 {
			return nil, errors.New("count appointments: one has gone")
		}
		out[i].Visit, out[i].Provider = named[k].Visit, named[k].Provider
	}
	return out, nil
}
