package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing"
)

// A dispatch begins folded: its row, with the frozen plan, is all that the agent who sends waits for. Whoever touches it
// first writes the attempts that the plan says, in one transaction: an engine, woken by the beginning's commit or by its
// poll, or a person's act that comes before. A process that dies between leaves a row that says so, for the next.

// Unfold writes the attempts of whatever is folded, which Run does by itself. One that cannot be unfolded keeps no
// other back, and the auditor is loud about it.
func (e *Engine) Unfold(ctx context.Context) error {
	var ids []routing.DispatchID
	err := e.soon(ctx, func(ctx context.Context) error {
		rows, err := e.pool.Query(ctx, selectAllFolded)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[routing.DispatchID])
		return err
	})
	if err != nil || len(ids) == 0 || e.unfoldAll(ctx, ids) == nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		if err := e.unfoldAll(ctx, []routing.DispatchID{id}); err != nil {
			errs = append(errs, fmt.Errorf("dispatch %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// unfoldAll unfolds dispatches in a transaction that does not wait for the disk: should it be lost, they are folded again,
// and no attempt can have left, since its claim is committed after it and to the disk.
func (e *Engine) unfoldAll(ctx context.Context, ids []routing.DispatchID) error {
	return e.soon(ctx, func(ctx context.Context) error {
		b := &pgx.Batch{}
		b.Queue(doNotWaitForDisk)
		b.Queue(selectFolded, ids)
		var list []dispatchRow
		tx, err := postgres.Begin(ctx, e.pool, b, func(res pgx.BatchResults) (err error) {
			if _, err = res.Exec(); err != nil {
				return err
			}
			rows, err := res.Query()
			list, err = readFolded(rows, err)
			return err
		})
		if err != nil {
			return err
		}
		defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
		if err := e.writeUnfolded(ctx, tx, list, step{}, nil); err != nil {
			return err
		}
		return tx.Commit(ctx)
	})
}

// readFolded reads what selectFolded answers.
func readFolded(rows pgx.Rows, err error) ([]dispatchRow, error) {
	if err != nil {
		return nil, fmt.Errorf("unfold: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (dispatchRow, error) { return readDispatch(r) })
	if err != nil {
		return nil, fmt.Errorf("unfold: %w", err)
	}
	return list, nil
}

// unfold unfolds one dispatch, which tx may hold already, if it is still folded; s says who began it. The leaf vouches for more
// rows as well.
func (e *Engine) unfold(ctx context.Context, tx pgx.Tx, id routing.DispatchID, s step, more ...audit.Row) error {
	rows, err := tx.Query(ctx, selectFolded, []routing.DispatchID{id})
	list, err := readFolded(rows, err)
	if err != nil {
		return err
	}
	return e.writeUnfolded(ctx, tx, list, s, more)
}

// writeUnfolded writes the attempts, the first line of each story, and the leaves that vouch for them, and for more.
func (e *Engine) writeUnfolded(ctx context.Context, tx pgx.Tx, list []dispatchRow, by step, more []audit.Row) error {
	b := &pgx.Batch{}
	for _, d := range list {
		if !e.log.Holds(d.mac) {
			var err error
			if d, err = e.raise(ctx, tx, d); err != nil {
				return fmt.Errorf("unfold: %w", err)
			}
		}
		var plan routing.Plan
		if err := json.Unmarshal([]byte(d.plan), &plan); err != nil {
			e.logger.Error("a dispatch's plan cannot be read", "dispatch", d.id, "error", err)
			continue // it stays folded; a person can still act on it
		}
		if err := e.queueUnfold(tx, b, d, by, plan, slices.Clip(more)); err != nil {
			return fmt.Errorf("unfold: %w", err)
		}
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("unfold: %w", err)
	}
	e.log.Wake()
	return nil
}

func (e *Engine) queueUnfold(tx pgx.Tx, b *pgx.Batch, d dispatchRow, by step, plan routing.Plan, vouched []audit.Row) error {
	late := d.begun.Sub(plan.At)
	for _, p := range plan.Attempts {
		row, err := e.queueAttempt(b, d.id, p, 1, p.At.Add(late))
		if err != nil {
			return err
		}
		vouched = append(vouched, row)
	}
	b.Queue(dispatchUnfolded, d.id)
	d.mac.Set("unfolded", true)
	if err := e.log.QueueMac(b, d.mac); err != nil {
		return err
	}
	s := d.step(notes.LineBegun, routing.ActingPerson{ID: notes.PersonID(by.by), Name: by.name})
	s.due = true
	return e.queueStep(tx, b, s, d.begun, vouched)
}
