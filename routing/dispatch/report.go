package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/routing/channel"
)

// Report takes a carrier's later word on an attempt: what a channel's callback handler is given as its sink. Reports may
// come twice, late, and in any order: an attempt's state only moves forward. A report on nothing of ours is ignored, since
// the carrier would repeat it for ever. A nil error means that it is written down.
func (e *Engine) Report(ctx context.Context, r channel.DeliveryReport) error {
	if r.Status == channel.Accepted {
		return nil // Send's answer said so already
	}
	err := postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		a, err := e.lockAttempt(ctx, tx, routing.AttemptID(r.Key))
		if errors.Is(err, routing.ErrBadLink) {
			return nil
		}
		if err != nil {
			return err
		}
		return e.reported(ctx, tx, a, r)
	})
	if err != nil {
		return fmt.Errorf("write a carrier's report down: %w", err)
	}
	return nil
}

func (e *Engine) reported(ctx context.Context, tx pgx.Tx, a held, r channel.DeliveryReport) error {
	switch r.Status {
	case channel.Delivered:
		if !a.state.MayBecome(routing.Delivered) {
			return nil
		}
		if err := e.left(ctx, tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, attemptDelivered,
			a.id, plain(r.Ref)); err != nil {
			return err
		}
		return e.trace(ctx, tx, a.step(notes.LineDelivered, ""))
	case channel.Undelivered, channel.Failed:
		if !a.state.MayBecome(routing.Undelivered) {
			return nil
		}
		if err := e.left(ctx, tx, a); err != nil {
			return err
		}
		why := "undelivered"
		if r.Why != "" {
			why = "carrier-" + r.Why
		}
		return e.failed(ctx, tx, a, routing.Undelivered, why, false)
	}
	return nil
}
