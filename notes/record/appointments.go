package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Errors of appointments.
var (
	ErrNoAppointment = errors.New("notes: no such appointment")
	// ErrAppointmentMoved: somebody has changed the appointment meanwhile, or the patient was just reminded. Nothing is stored.
	ErrAppointmentMoved = errors.New("notes: somebody has changed the appointment meanwhile")
)

// A NewPatient is a patient who comes on record with an appointment, and what they agreed to.
type NewPatient struct {
	notes.Patient
	Said []notes.Consent
}

// Book keeps a practice's appointments, new ones (Version 0) and changed ones, and the patients who come on record with them: all, or
// nothing. A new one's id is the caller's; one that is there already stays as it is. An *Incomplete error says what is missing of the
// first that is wrong. ErrAppointmentMoved says that one is not as it was read.
func (p *Patients) Book(ctx context.Context, account telephony.AccountID, fresh []NewPatient, list []notes.Appointment) error {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return err
	}
	acc, err := p.s.cached(ctx, account)
	if err != nil {
		return err
	}
	rows := make([]patientRow, len(fresh))
	for i := range fresh {
		f := &fresh[i]
		if wrong := notes.CheckPatient(f.Patient, p.s.clock().In(acc.zone)); len(wrong) > 0 {
			return &Incomplete{wrong}
		}
		f.Patient, f.Account, f.Version = notes.TidyPatient(f.Patient), account, 0
		if rows[i], err = p.sealed(ctx, f.Patient); err != nil {
			return err
		}
	}
	var of []string
	for _, a := range list {
		if wrong := notes.CheckAppointment(a); len(wrong) > 0 {
			return &Incomplete{wrong}
		}
		of = append(of, string(a.Patient))
	}
	slices.Sort(of)
	of = slices.Compact(of)
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		for i, f := range fresh {
			if done, err := p.putTx(ctx, tx, actor, f.Patient, rows[i], f.Said); err != nil {
				return err
			} else if !done {
				return ErrPatientMoved
			}
		}
		var own int
		if err := tx.QueryRow(ctx, countOwn, account, of).Scan(&own); err != nil {
			return err
		}
		if own != len(of) {
			return ErrNoPatient
		}
		return p.bookTx(ctx, tx, acc.account, actor.ID(), list)
	})
	if err != nil {
		return fmt.Errorf("book appointments: %w", err)
	}
	p.s.log.Wake()
	return nil
}

func (p *Patients) bookTx(ctx context.Context, tx pgx.Tx, acc notes.Account, actor string, list []notes.Appointment) error {
	written := &pgx.Batch{}
	leaves := make([]audit.Entry, 0, len(list))
	for _, a := range list {
		a = notes.TidyAppointment(a)
		if err := p.queueAppointment(ctx, written, acc, a, func(rows []audit.Row) error {
			if len(rows) == 0 && a.Version == 0 && a.Source == "" {
				return nil // it was written before
			}
			if len(rows) == 0 {
				return ErrAppointmentMoved
			}
			action := "appointment.changed"
			if a.Version == 0 {
				action = "appointment.booked"
			}
			leaves = append(leaves, p.appointmentLeaf(a, actor, action, rows))
			return nil
		}); err != nil {
			return err
		}
	}
	if err := tx.SendBatch(ctx, written).Close(); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, e := range leaves {
		if err := p.s.log.Queue(b, e); err != nil {
			return err
		}
	}
	return tx.SendBatch(ctx, b).Close()
}

func (p *Patients) appointmentLeaf(a notes.Appointment, actor, action string, rows []audit.Row, detail ...string) audit.Entry {
	return audit.Entry{At: p.s.clock(), Actor: actor, Action: action, Kind: "appointment", Object: string(a.ID),
		Account: string(a.Account), Detail: detail, Rows: rows}
}

// queueAppointment adds the statement that writes an appointment; then gets its row, none when it is not as it was read.
func (p *Patients) queueAppointment(ctx context.Context, b *pgx.Batch, acc notes.Account, a notes.Appointment,
	then func([]audit.Row) error) error {
	keys, err := p.s.Keys(ctx, a.Account)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	body, err := keys.Seal(appointmentLabel(a.Account, a.ID, a.Version+1), plain)
	if err != nil {
		return err
	}
	now := p.s.clock()
	below := a.Told
	if below == 0 {
		below = notes.FirstReminder
	}
	remind, _ := acc.NextReminder(a, below, now)
	visit, provider := keys.Term("appointment-visit", seal.Fold(a.Visit)), keys.Term("appointment-provider", seal.Fold(a.Provider))
	var source any
	if a.Source != "" {
		source = []byte(SourceTerm(keys, a.Source))
	}
	sql, args := updateAppointment, []any{a.ID, a.Version, a.Told, a.Begins, a.State, a.Confirmed, a.Asked, now, visit, provider, body,
		orNil(remind), source}
	if a.Version == 0 {
		sql, args = insertAppointment, []any{a.ID, a.Account, a.Patient, a.Begins, a.State, a.Confirmed, a.Asked, now, now, 1, source,
			visit, provider, body, orNil(remind)}
	}
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		read, err := appointmentTable.Read(rows)
		if err != nil {
			return err
		}
		return then(read)
	})
	return nil
}

func appointmentLabel(account telephony.AccountID, id notes.AppointmentID, version int) seal.Label {
	return seal.Label{Practice: string(account), Kind: "appointment.body", ID: string(id), Version: version}
}

// SourceTerm stands for the number that an appointment has in the practice's own system.
func SourceTerm(keys *seal.Keys, source string) seal.Term {
	return keys.Term("appointment-source", source)
}

func scanAppointment(row pgx.Row, more ...any) (a notes.Appointment, body []byte, err error) {
	err = row.Scan(append([]any{&a.ID, &a.Account, &a.Patient, &a.Begins, &a.State, &a.Confirmed, &a.Asked, &a.Version, &a.Told, &body},
		more...)...)
	a.Begins = a.Begins.UTC()
	if noSuch(err) {
		return a, nil, ErrNoAppointment
	}
	return a, body, err
}

// unsealVisit opens what was said of an appointment; its leaf must have been committed. One whose row somebody else has put to another
// time is an error: nobody is reminded of it.
func (p *Patients) unsealVisit(ctx context.Context, a *notes.Appointment, body []byte) error {
	keys, err := p.s.Keys(ctx, a.Account)
	if err != nil {
		return err
	}
	plain, err := keys.Unseal(appointmentLabel(a.Account, a.ID, a.Version), body)
	if err != nil {
		return fmt.Errorf("open an appointment: %w", err)
	}
	begins := a.Begins
	if err := json.Unmarshal(plain, a); err != nil {
		return fmt.Errorf("open an appointment: %w", err)
	}
	if !a.Begins.Equal(begins) {
		return errors.New("open an appointment: its row says another time than what was sealed; run 'lamplight audit verify'")
	}
	return nil
}

// allowedVisit is an appointment, still sealed, for somebody who may see it. What is another practice's is not there.
func (p *Patients) allowedVisit(ctx context.Context, id notes.AppointmentID) (a notes.Appointment, body []byte, actor access.Actor,
	err error) {
	if a, body, err = scanAppointment(p.s.pool.QueryRow(ctx, selectAppointment, id)); err != nil {
		return a, nil, actor, err
	}
	actor, err = access.Check(ctx, notes.MessagePatients, string(a.Account))
	return a, body, actor, err
}

// OpenAppointment returns an appointment. The trace is durable before anything is decrypted.
func (p *Patients) OpenAppointment(ctx context.Context, id notes.AppointmentID) (a notes.Appointment, err error) {
	a, body, actor, err := p.allowedVisit(ctx, id)
	if err != nil {
		return a, err
	}
	if err := p.s.addLeaf(ctx, p.appointmentLeaf(a, actor.ID(), "appointment.opened", nil)); err != nil {
		return a, err
	}
	return a, p.unsealVisit(ctx, &a, body)
}

// AppointmentStory is everything that was done with an appointment, and what vouches for it. Nothing is opened.
func (p *Patients) AppointmentStory(ctx context.Context, id notes.AppointmentID) (lines []notes.StoryLine, proof notes.Proof, err error) {
	if _, _, _, err := p.allowedVisit(ctx, id); err != nil {
		return nil, proof, err
	}
	var st notes.Story
	if lines, _, err = p.s.acts(ctx, &st, []string{string(id)}); err != nil {
		return nil, proof, err
	}
	slices.SortStableFunc(lines, inOrder)
	return lines, st.Proof, p.s.nameActors(ctx, lines)
}

// Mark puts an appointment that is as it was read into a state, on the word of one of the practice's staff.
func (p *Patients) Mark(ctx context.Context, id notes.AppointmentID, version int, to notes.AppointmentState) error {
	_, _, actor, err := p.allowedVisit(ctx, id)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, p.s.pool, func(tx pgx.Tx) error {
		now, body, err := scanAppointment(tx.QueryRow(ctx, lockAppointment, id))
		if err != nil {
			return err
		}
		if now.Version != version {
			return ErrAppointmentMoved
		}
		return p.mark(ctx, tx, now, body, actor.ID(), to)
	})
	if err != nil {
		return fmt.Errorf("mark an appointment: %w", err)
	}
	p.s.log.Wake()
	return nil
}

// MarkTx puts an appointment into a state on its patient's word, in a transaction of the caller's. Only one that is awaited, or waits for
// another time, and still begins when the patient was told, is moved; done says whether it stands so now.
func (p *Patients) MarkTx(ctx context.Context, tx pgx.Tx, id notes.AppointmentID, begins time.Time, to notes.AppointmentState,
	detail ...string) (done bool, err error) {
	a, body, err := scanAppointment(tx.QueryRow(ctx, lockAppointment, id))
	if err != nil {
		return false, err
	}
	if !a.Begins.Equal(begins) || !a.State.Awaited() && a.State != notes.VisitReschedule {
		return a.Begins.Equal(begins) && a.State == to, nil
	}
	if a.State == to {
		return true, nil
	}
	return true, p.mark(ctx, tx, a, body, access.Visitor{Patient: a.Patient}.ID(), to, detail...)
}

// marked are what the leaves call an act on an appointment.
var marked = map[notes.AppointmentState]string{notes.VisitBooked: "appointment.put-back", notes.VisitConfirmed: "appointment.confirmed",
	notes.VisitReschedule: "appointment.reschedule", notes.VisitCancelled: "appointment.cancelled", notes.VisitKept: "appointment.kept",
	notes.VisitMissed: "appointment.no-show"}

// mark writes a state, which is what the leaf calls the act.
func (p *Patients) mark(ctx context.Context, tx pgx.Tx, a notes.Appointment, body []byte, actor string, to notes.AppointmentState,
	detail ...string) error {
	if err := p.unsealVisit(ctx, &a, body); err != nil {
		return err
	}
	acc, err := p.s.cached(ctx, a.Account)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	var leaf audit.Entry
	if err := p.queueAppointment(ctx, b, acc.account, a.In(to), func(rows []audit.Row) error {
		if len(rows) == 0 {
			return ErrAppointmentMoved
		}
		leaf = p.appointmentLeaf(a, actor, marked[to], rows, detail...)
		return nil
	}); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, h := range p.s.marked {
		if err := h(ctx, tx, a.In(to)); err != nil {
			return err
		}
	}
	return p.s.log.Append(ctx, tx, leaf)
}
