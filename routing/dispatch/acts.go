package dispatch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
)

// ErrReason refuses a reason that is no code: reasons stand in the story and in the log, where a patient's word must not.
var ErrReason = errors.New("routing: a reason is a code of small letters, digits and dashes")

var reasonForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// lockOpen holds a note's open dispatch, its attempts written. One that is not as we wrote it is on the board.
func (e *Engine) lockOpen(ctx context.Context, tx pgx.Tx, note notes.NoteID) (dispatchRow, error) {
	d, err := readDispatch(tx.QueryRow(ctx, lockOpenOf, note))
	if postgres.NoRow(err) {
		return d, routing.ErrNoDispatch
	}
	if err == nil {
		d, err = e.believe(ctx, tx, d)
	}
	if err == nil && !d.unfolded {
		err = e.unfold(ctx, tx, d.id, step{})
	}
	return d, err
}

// Ack ends the climb: what waits is cancelled in its transaction. Repeating it, or coming second, is no error.
func (e *Engine) Ack(ctx context.Context, by routing.ActingPerson, note notes.NoteID) (r routing.AckResult, err error) {
	err = postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		r, err = e.AckTx(ctx, tx, by, note)
		return err
	})
	return r, err
}

// AckTx is Ack in a transaction of the caller's.
func (e *Engine) AckTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID) (routing.AckResult, error) {
	d, err := e.lockOpen(ctx, tx, note)
	if errors.Is(err, routing.ErrNoDispatch) {
		return e.ackedBefore(ctx, tx, note)
	}
	if err != nil {
		return routing.AckResult{}, fmt.Errorf("acknowledge: %w", err)
	}
	at, err := e.end(ctx, tx, d.step(notes.LineAcknowledged, by), routing.Acked, "")
	if err != nil {
		return routing.AckResult{}, fmt.Errorf("acknowledge: %w", err)
	}
	return routing.AckResult{First: true, By: by.ID, At: at}, nil
}

// ackedBefore is who ended the note's last dispatch.
func (e *Engine) ackedBefore(ctx context.Context, tx pgx.Tx, note notes.NoteID) (routing.AckResult, error) {
	var r routing.AckResult
	err := tx.QueryRow(ctx, selectEnded, note).Scan(&r.By, &r.At)
	if postgres.NoRow(err) {
		return r, routing.ErrNoDispatch
	}
	if err != nil {
		return r, fmt.Errorf("acknowledge: %w", err)
	}
	return r, nil
}

// end closes a dispatch that this transaction holds, and cancels what waits. A message that is on its way out at this very
// instant may still arrive.
func (e *Engine) end(ctx context.Context, tx pgx.Tx, s step, state routing.DispatchState, reason string) (at time.Time, err error) {
	return e.endAs(ctx, tx, s, notes.PersonID(s.by), state, reason)
}

// endAs is end as the act of by, who need not be the one who does it.
func (e *Engine) endAs(ctx context.Context, tx pgx.Tx, s step, by notes.PersonID, state routing.DispatchState, reason string) (
	at time.Time, err error,
) {
	err = tx.QueryRow(ctx, endDispatch, s.dispatch, state, by, s.name, reason).Scan(&at)
	if err != nil {
		return at, err
	}
	if s.attempts, err = cancelWaiting(ctx, tx, s.dispatch, ""); err != nil {
		return at, err
	}
	s.detail = reason
	return at, e.trace(ctx, tx, s)
}

// cancelWaiting withdraws the attempts that are not yet claimed: of one person, or all when person is empty.
func cancelWaiting(ctx context.Context, tx pgx.Tx, d routing.DispatchID, person notes.PersonID) ([]routing.AttemptID, error) {
	rows, err := tx.Query(ctx, cancelDue, d, person)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[routing.AttemptID])
}

// PassOn is "not me": what waits for that person is cancelled and the next rung begins now, or the board. Said when the
// ladder has gone on to others already, or said again, it only cancels.
func (e *Engine) PassOn(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error {
	return e.act(ctx, "pass on", note, func(tx pgx.Tx, d dispatchRow) error {
		s := d.step(notes.LinePassed, by)
		var err error
		if by.ID != "" {
			if s.attempts, err = cancelWaiting(ctx, tx, d.id, by.ID); err != nil {
				return err
			}
		}
		late, err := toldBefore(ctx, tx, d, by.ID)
		if err != nil {
			return err
		}
		if late {
			return e.trace(ctx, tx, s) // said again, or too late to matter: whoever has it now gets their time
		}
		return e.nextRung(ctx, tx, s, d)
	})
}

// toldBefore reports that a person was told on an earlier rung, and is not on the present one or one to come.
func toldBefore(ctx context.Context, tx pgx.Tx, d dispatchRow, person notes.PersonID) (so bool, err error) {
	err = tx.QueryRow(ctx, selectToldBefore, d.id, person, d.rung).Scan(&so)
	return so, err
}

// Push begins the next rung now.
func (e *Engine) Push(ctx context.Context, by routing.ActingPerson, note notes.NoteID) error {
	return e.act(ctx, "push", note, func(tx pgx.Tx, d dispatchRow) error {
		return e.nextRung(ctx, tx, d.step(notes.LinePushed, by), d)
	})
}

// nextRung begins the next rung now. After the last that is the service's ladder's.
func (e *Engine) nextRung(ctx context.Context, tx pgx.Tx, s step, d dispatchRow) error {
	if d.state == routing.Exhausted {
		return e.nextSummons(ctx, tx, s, d.rung)
	}
	return e.advance(ctx, tx, s, d.rung)
}

// Cancel ends the climb with a reason, a code.
func (e *Engine) Cancel(ctx context.Context, by routing.ActingPerson, note notes.NoteID, reason string) error {
	return e.act(ctx, "cancel", note, func(tx pgx.Tx, d dispatchRow) error { return e.cancel(ctx, tx, by, d, reason) })
}

// CancelTx is Cancel in a transaction of the caller's.
func (e *Engine) CancelTx(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, note notes.NoteID, reason string) error {
	d, err := e.lockOpen(ctx, tx, note)
	if err != nil {
		return fmt.Errorf("cancel: %w", err)
	}
	return e.cancel(ctx, tx, by, d, reason)
}

func (e *Engine) cancel(ctx context.Context, tx pgx.Tx, by routing.ActingPerson, d dispatchRow, reason string) error {
	if len(reason) > 40 || !reasonForm.MatchString(reason) {
		return ErrReason
	}
	_, err := e.end(ctx, tx, d.step(notes.LineCancelled, by), routing.Cancelled, reason)
	return err
}

// Reassign ends the climb and climbs plan instead.
func (e *Engine) Reassign(ctx context.Context, by routing.ActingPerson, note notes.NoteID, plan routing.Plan) (
	id routing.DispatchID, err error,
) {
	err = e.act(ctx, "reassign", note, func(tx pgx.Tx, d dispatchRow) error {
		at, err := e.end(ctx, tx, d.step(notes.LineReassigned, by), routing.Cancelled, "reassigned")
		if err != nil {
			return err
		}
		id, err = e.begin(ctx, tx, step{by: string(by.ID), name: by.Name}, beginning{note: note, account: string(d.account),
			practice: d.practice, urgency: d.urgency, reference: d.ref, plan: plan, at: at.UTC()})
		return err
	})
	return id, err
}

// act runs do on the note's open dispatch in a transaction.
func (e *Engine) act(ctx context.Context, what string, note notes.NoteID, do func(pgx.Tx, dispatchRow) error) error {
	err := postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		d, err := e.lockOpen(ctx, tx, note)
		if err != nil {
			return err
		}
		return do(tx, d)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
