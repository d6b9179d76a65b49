package dispatch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/routing"
)

// pagedAgo is how long after a message to somebody no agent sends them another: two agents who press the same key at once
// page once.
const pagedAgo = 30 * time.Second

// Reached tells of each of a practice's contacts by which channels a message would reach them now, or why none would.
func (e *Engine) Reached(ctx context.Context, acc notes.Account) ([]routing.Reached, error) {
	s, err := e.ask(ctx, acc.Contacts)
	if err != nil {
		return nil, fmt.Errorf("who of %s can be told: %w", acc.ID, err)
	}
	reach := routing.Reach{Practice: acc.Name, Contacts: acc.Contacts, Push: s.push, Left: gone(s.left), Stopped: s.stopped,
		Carriers: e.carriers()}
	return reach.Everybody(), nil
}

// PageAgain has everybody told again, now, whom the rung told that began last. It is for a note that is late: ErrNotLate for
// one whose ladder is at work.
func (e *Engine) PageAgain(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error {
	return e.act(ctx, "page again", note, func(tx pgx.Tx, d dispatchRow) error {
		rows, err := tx.Query(ctx, selectLastTold, d.id, serviceRung)
		if err != nil {
			return err
		}
		var steps []routing.PlannedAttempt
		var p routing.PlannedAttempt
		mac := attemptTable.MacRow()
		into := append([]any{&p.Rung, &p.Contact, &p.Name, &p.Person, &p.Channel, &p.Lang, &p.Address}, mac.Into()...)
		if _, err := pgx.ForEachRow(rows, into, func() error {
			if e.log.Holds(mac) { // what we did not write is sent to nobody
				steps = append(steps, p)
			}
			return nil
		}); err != nil {
			return err
		}
		if len(steps) == 0 {
			return routing.ErrNobodyTold
		}
		return e.page(ctx, tx, by, d, steps)
	})
}

// PageContact has one of the practice's people told now, by all of these steps (see Reached). It is for a note that is late.
func (e *Engine) PageContact(ctx context.Context, by routing.ActingPerson, note notes.NoteID, steps []routing.PlannedAttempt) error {
	return e.act(ctx, "page another", note, func(tx pgx.Tx, d dispatchRow) error {
		var rung int
		if err := tx.QueryRow(ctx, selectLastRung,
			d.id, serviceRung, d.rung).Scan(&rung); err != nil {
			return err
		}
		for i := range steps {
			steps[i].Rung = rung
		}
		return e.page(ctx, tx, by, d, steps)
	})
}

// page writes attempts that are due at once, beside those of the plan.
func (e *Engine) page(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, d dispatchRow, steps []routing.PlannedAttempt) error {
	if d.state == routing.Climbing && d.rung <= d.first {
		return routing.ErrNotLate
	}
	s, b := d.step(notes.LinePaged, by), &pgx.Batch{}
	s.due = true
	var names []string
	var now time.Time
	for i, p := range steps {
		var tries int
		var just bool
		if err := tx.QueryRow(ctx, selectTries, d.id, p.Rung, p.Contact, p.Channel, pagedAgo.Seconds()).Scan(&tries, &just,
			&now); err != nil {
			return err
		}
		if just {
			return routing.ErrJustTold
		}
		row, err := e.queueAttempt(b, d.id, p, tries+1, now)
		if err != nil {
			return err
		}
		s.attempts = append(s.attempts, routing.AttemptID(row.ID))
		if i == 0 || p.Name != names[len(names)-1] {
			names = append(names, p.Name)
		}
	}
	s.name = toward(by.Name, strings.Join(names, ", "))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return e.trace(ctx, tx, s)
}

// toward names who acted and on whom, as a story shows it in every language.
func toward(by, whom string) string { return by + " → " + whom }

// Called writes down that somebody rings one of the practice's people about a note.
func (e *Engine) Called(ctx context.Context, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error {
	return e.act(ctx, "call a contact", note, func(tx pgx.Tx, d dispatchRow) error {
		s := d.step(notes.LineCalled, by)
		s.name, s.more = toward(by.Name, contact.Name), []string{"contact:" + contact.ID}
		return e.trace(ctx, tx, s)
	})
}

// Told writes down that by has told a contact of the note by voice; the ladder is climbed on.
func (e *Engine) Told(ctx context.Context, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error {
	return e.act(ctx, "told by voice", note, func(tx pgx.Tx, d dispatchRow) error { return e.told(ctx, tx, by, contact, d) })
}

// AckByVoiceTx is Told of a contact who said that they take it on: the climb ends as theirs, with by as the witness whom the
// leaf names.
func (e *Engine) AckByVoiceTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID, contact notes.Contact) error {
	d, err := e.lockOpen(ctx, tx, note)
	if err != nil {
		return fmt.Errorf("acknowledged by voice: %w", err)
	}
	if err := e.told(ctx, tx, by, contact, d); err != nil {
		return fmt.Errorf("acknowledged by voice: %w", err)
	}
	s := d.step(notes.LineAcknowledged, by)
	s.name, s.more = contact.Name, []string{"contact:" + contact.ID, "witness:" + string(by.ID)}
	if _, err := e.endAs(ctx, tx, s, AckerOf(contact), routing.Acked, ByVoice); err != nil {
		return fmt.Errorf("acknowledged by voice: %w", err)
	}
	return nil
}

func (e *Engine) told(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, contact notes.Contact, d dispatchRow) error {
	s := d.step(notes.LineTold, by)
	s.name, s.more = toward(by.Name, contact.Name), []string{"contact:" + contact.ID}
	return e.trace(ctx, tx, s)
}

// ByVoice says of an acknowledgment that it was said to an agent.
const ByVoice = "by-voice"

// AckerOf is who a contact acknowledges as: their person, or their name where they never sign in.
func AckerOf(c notes.Contact) notes.PersonID {
	if c.Person != "" {
		return c.Person
	}
	return notes.PersonID(c.Name)
}
