package record

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// DayMany is how many appointments a page of a day has, ComingMany how many of a patient's to come are read.
const (
	DayMany    = 100
	ComingMany = 10
)

// matchingMany is how many patients a file's rows are held against at most: those who share a number or a date of birth with one.
const matchingMany = 50_000

// A VisitListed is a row of a practice's day.
type VisitListed struct {
	notes.Appointment
	Name     string             // the patient's
	Language telephony.Language // in which they are written to
	RemindAt time.Time          // when the next reminder is made; zero for none
	Untold   string             // why there was none: "no-consent", "stopped"; "" where there was, or will be
}

// VisitLines are a page of a practice's day.
type VisitLines struct {
	Lines  []VisitListed
	Next   string // the After of the page that follows, "" when none does
	Counts map[notes.AppointmentState]int
}

// Day reads a page of a practice's appointments that begin from one instant until before another. Names and words are opened; the trace
// of that is durable before, one for what a person reads of it within a minute.
func (p *Patients) Day(ctx context.Context, account telephony.AccountID, from, to time.Time, after string) (page VisitLines, err error) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return page, err
	}
	begins, id, err := readVisitPlace(after)
	if err != nil {
		return page, err
	}
	type sealedVisit struct {
		body, title []byte
		version     int
	}
	var shut []sealedVisit
	page.Counts = map[notes.AppointmentState]int{}
	b := &pgx.Batch{}
	b.Queue(selectDay, account, from, to, begins, id).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var s sealedVisit
			var l VisitListed
			var remind *time.Time
			if l.Appointment, s.body, err = scanAppointment(rows, &remind, &l.Untold, &s.version, &l.Language, &s.title); err != nil {
				return err
			}
			l.RemindAt = since(remind)
			page.Lines, shut = append(page.Lines, l), append(shut, s)
		}
		return rows.Err()
	})
	b.Queue(countDay, account, from, to).Query(func(rows pgx.Rows) error {
		var state notes.AppointmentState
		var n int
		_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { page.Counts[state] = n; return nil })
		return err
	})
	if err := p.s.pool.SendBatch(ctx, b).Close(); err != nil {
		return page, fmt.Errorf("read a day's appointments: %w", err)
	}
	if len(page.Lines) > DayMany {
		page.Lines = page.Lines[:DayMany]
		last := page.Lines[DayMany-1]
		page.Next = fmt.Sprintf("%d.%s", last.Begins.UnixMicro(), last.ID)
	}
	if len(page.Lines) == 0 {
		return page, nil
	}
	if err := p.s.traceListing(ctx, listing{action: "appointments.opened", actor: actor.ID(), scope: []string{string(account)},
		brief: true}); err != nil {
		return page, err
	}
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return page, err
	}
	for i := range page.Lines {
		l := &page.Lines[i]
		plain, err := keys.Unseal(patientLabel(account, "patient.title", l.Patient, shut[i].version), shut[i].title)
		if err != nil {
			return page, fmt.Errorf("open a patient's name: %w", err)
		}
		l.Name = string(plain)
		if err := p.unsealVisit(ctx, &l.Appointment, shut[i].body); err != nil {
			return page, err
		}
	}
	return page, nil
}

func readVisitPlace(s string) (begins any, id string, err error) {
	if s == "" {
		return "-infinity", "", nil
	}
	micro, id, ok := strings.Cut(s, ".")
	n, err := strconv.ParseInt(micro, 10, 64)
	if !ok || err != nil {
		return nil, "", ErrCursor
	}
	return time.UnixMicro(n).UTC(), id, nil
}

// Coming are a patient's next appointments, since an instant, opened with a trace.
func (p *Patients) Coming(ctx context.Context, of notes.PatientID, since time.Time) ([]notes.Appointment, error) {
	h, actor, err := p.allowed(ctx, of)
	if err != nil {
		return nil, err
	}
	return p.visits(ctx, audit.Entry{Actor: actor.ID(), Action: "appointments.opened", Kind: "patient", Object: string(of),
		Account: string(h.Account)}, selectComing, of, since)
}

// Visits are some of a practice's appointments, opened with a trace, in no order. What is another practice's is not there.
func (p *Patients) Visits(ctx context.Context, account telephony.AccountID, ids []notes.AppointmentID) ([]notes.Appointment, error) {
	return p.visitsOf(ctx, account, selectByIDs, ids)
}

// ComingOf are those appointments to come of some of a practice's patients, since an instant, that were not made by hand, opened with a
// trace, the next first.
func (p *Patients) ComingOf(ctx context.Context, account telephony.AccountID, of []notes.PatientID, since time.Time) (
	[]notes.Appointment, error,
) {
	return p.visitsOf(ctx, account, selectComingOf, of, since)
}

// BySource are a practice's appointments by the numbers they have in its own system, opened with a trace.
func (p *Patients) BySource(ctx context.Context, account telephony.AccountID, sources []string) (map[string]notes.Appointment, error) {
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	terms := make([]seal.Term, len(sources))
	for i, s := range sources {
		terms[i] = SourceTerm(keys, s)
	}
	found, err := p.visitsOf(ctx, account, selectBySource, seal.Unique(terms))
	out := make(map[string]notes.Appointment, len(found))
	for _, a := range found {
		out[a.Source] = a
	}
	return out, err
}

func (p *Patients) visitsOf(ctx context.Context, account telephony.AccountID, sql string, which ...any) ([]notes.Appointment, error) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return nil, err
	}
	return p.visits(ctx, audit.Entry{Actor: actor.ID(), Action: "appointments.opened", Kind: "list", Object: string(account),
		Account: string(account)}, sql, append([]any{account}, which...)...)
}

func (p *Patients) visits(ctx context.Context, leaf audit.Entry, sql string, args ...any) (out []notes.Appointment, err error) {
	rows, err := p.s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read appointments: %w", err)
	}
	var bodies [][]byte
	if out, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (notes.Appointment, error) {
		a, body, err := scanAppointment(r)
		bodies = append(bodies, body)
		return a, err
	}); err != nil {
		return nil, fmt.Errorf("read appointments: %w", err)
	}
	if len(out) == 0 {
		return nil, nil
	}
	if err := p.s.addLeaf(ctx, leaf); err != nil {
		return nil, err
	}
	for i := range out {
		if err := p.unsealVisit(ctx, &out[i], bodies[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Matching are a practice's patients who share a date of birth (2006-01-02) or a number (E.164) with some. Whether one of them is one of
// those is for the caller to say, and where it is not plain for a person.
func (p *Patients) Matching(ctx context.Context, account telephony.AccountID, births, numbers []string) ([]notes.Patient, error) {
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	var terms []seal.Term
	for _, b := range births {
		terms = append(terms, keys.DateTerm(b))
	}
	for _, n := range numbers {
		terms = append(terms, keys.PhoneTerm(n))
	}
	return p.search(ctx, account, selectMatching, account, seal.Unique(terms))
}
