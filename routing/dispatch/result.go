package dispatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"

	"lamplight/notes"
)

// writeResult writes down how a sending went. A worker whose lease has gone to another settles nothing.
func (e *Engine) writeResult(ctx context.Context, c claimed, r channel.Receipt, sendErr error) error {
	var failure *channel.SendError
	if sendErr != nil {
		if !errors.As(sendErr, &failure) {
			failure = &channel.SendError{Kind: channel.Unknown, Err: sendErr}
		}
		e.logger.Warn("an attempt did not leave", "attempt", c.id, "channel", c.channel, "error", failure.Error())
	}
	e.failing.heard(c.channel, failure, time.Now())
	return persist(ctx, func() error {
		return postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error { return e.writeResultTx(ctx, tx, c, r, failure) })
	})
}

func (e *Engine) writeResultTx(ctx context.Context, tx pgx.Tx, c claimed, r channel.Receipt, failure *channel.SendError) error {
	a, err := e.lockAttempt(ctx, tx, c.id)
	if err != nil {
		return err
	}
	switch {
	case a.fence != c.fence:
		e.fenced.Add(1)
		return nil
	case failure == nil:
		return e.accepted(ctx, tx, a, r)
	case a.state != routing.Sending:
		return nil // a report was quicker and knows more
	case mayHaveLeft(a, failure) && a.sends < maxSends && a.dispatchState.Open():
		// It stays ours to find out: the next lease asks the carrier before it sends again, under the same key, by which whoever
		// has it already knows the repeat.
		_, err := tx.Exec(ctx, askAgain, a.id, backoff(a.sends))
		return err
	}
	return e.failed(ctx, tx, a, routing.Failed, string(failure.Kind), failure.Kind == channel.Later)
}

// mayHaveLeft tells that nobody knows whether the message left: the carrier's answer was lost, now or, where it only now says that
// it takes nothing for the moment, at an earlier sending.
func mayHaveLeft(a held, failure *channel.SendError) bool {
	return failure.Kind == channel.Unknown || failure.Kind == channel.Later && a.sends > 1
}

// accepted writes the carrier's word down. Whoever reported or read the message may have been quicker: then it has been told
// that it left, and only the carrier's name for it may be news.
func (e *Engine) accepted(ctx context.Context, tx pgx.Tx, a held, r channel.Receipt) error {
	if a.state != routing.Sending {
		return e.named(ctx, tx, a, r.Ref)
	}
	if _, err := tx.Exec(ctx, attemptAccepted, a.id, plain(r.Ref)); err != nil {
		return err
	}
	if err := e.trace(ctx, tx, a.step(notes.LineSent, "")); err != nil {
		return err
	}
	a.state = routing.Accepted
	switch r.Status {
	case channel.Delivered, channel.Undelivered, channel.Failed:
		return e.reported(ctx, tx, a, channel.DeliveryReport{Status: r.Status, Ref: r.Ref})
	}
	return nil
}

// named keeps the carrier's name for a message. The story has no line for that, but the row needs its leaf.
func (e *Engine) named(ctx context.Context, tx pgx.Tx, a held, ref string) error {
	changed, err := tx.Query(ctx, nameAttempt, a.id,
		plain(ref))
	if err != nil {
		return err
	}
	macs, err := attemptTable.ReadMacs(changed)
	if err != nil || len(macs) == 0 {
		return err
	}
	row, err := attemptTable.Row(string(a.id), macs[0].Values()[:len(attemptTable.Columns)]...)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	if err := e.log.QueueMac(b, macs[0]); err != nil {
		return err
	}
	if err := e.log.Queue(b, audit.Entry{Actor: "routing", Action: "attempt.named", Kind: "dispatch",
		Object: string(a.dispatch), Account: string(a.account), Detail: []string{"note:" + string(a.note)},
		Rows: []audit.Row{row}}); err != nil {
		return err
	}
	e.log.Wake()
	return tx.SendBatch(ctx, b).Close()
}

// left tells that a message left when what came of it is heard before the carrier's answer: a story never tells an effect
// before its cause. At any other time that has been told.
func (e *Engine) left(ctx context.Context, tx pgx.Tx, a held) error {
	if a.state != routing.Sending {
		return nil
	}
	if _, err := tx.Exec(ctx, attemptLeft, a.id); err != nil {
		return err
	}
	return e.trace(ctx, tx, a.step(notes.LineSent, ""))
}

// plain is a carrier's name for a message as a database takes it.
func plain(ref string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(ref, "?"), "\x00", "?")
}

// failed ends an attempt that did not arrive, tries again within the rung where that may help, and begins the next rung at
// once when nobody on this one can still be reached.
func (e *Engine) failed(ctx context.Context, tx pgx.Tx, a held, state routing.AttemptState, why string, again bool) error {
	if _, err := tx.Exec(ctx, attemptFailed, a.id, state, why); err != nil {
		return err
	}
	kind := notes.LineFailed
	if state == routing.Undelivered {
		kind = notes.LineUndelivered
	}
	if err := e.trace(ctx, tx, a.step(kind, why)); err != nil {
		return err
	}
	if !a.dispatchState.Open() {
		return nil
	}
	if again && a.try < maxTries {
		did, err := e.retry(ctx, tx, a)
		if err != nil || did {
			return err
		}
	}
	return e.skipDeadRung(ctx, tx, a)
}

// retry writes a further attempt of the same message, unless the next rung, or the board, would come before it.
func (e *Engine) retry(ctx context.Context, tx pgx.Tx, a held) (bool, error) {
	var p routing.PlannedAttempt
	var person, lang string
	var due, ends time.Time
	err := tx.QueryRow(ctx, selectRetry, a.id, backoff(a.try), serviceRung).
		Scan(&p.Rung, &p.Contact, &p.Name, &person, &p.Channel, &lang, &p.Address, &due, &ends)
	if err != nil || (a.dispatchState == routing.Climbing || summons(a.rung)) && !due.Before(ends) {
		return false, err
	}
	p.Person, p.Lang = notes.PersonID(person), telephony.Language(lang)
	b := &pgx.Batch{}
	row, err := e.queueAttempt(b, a.dispatch, p, a.try+1, due)
	if err != nil {
		return false, err
	}
	// The new row needs a leaf that vouches for it; the line of the story is the failure's.
	if err := e.log.Queue(b, audit.Entry{At: due.Add(-backoff(a.try)), Actor: "routing", Action: "attempt.again", Kind: "dispatch",
		Object: string(a.dispatch), Account: string(a.account), Detail: []string{"note:" + string(a.note)},
		Rows: []audit.Row{row}}); err != nil {
		return false, err
	}
	e.tell(tx, "", true)
	return true, tx.SendBatch(ctx, b).Close()
}

// skipDeadRung begins the next rung now when each attempt of the present one has failed: waiting for an acknowledgment
// from somebody who cannot be reached serves nobody.
func (e *Engine) skipDeadRung(ctx context.Context, tx pgx.Tx, a held) error {
	if a.dispatchState == routing.Exhausted && !summons(a.rung) || a.rung < a.dispatchRung {
		return nil
	}
	var alive bool
	if err := tx.QueryRow(ctx, selectRungAlive, a.dispatch, a.rung).Scan(&alive); err != nil || alive {
		return err
	}
	s := step{dispatch: a.dispatch, note: a.note, account: a.account, kind: notes.LineSkipped, detail: "unreachable"}
	if summons(a.rung) {
		return e.nextSummons(ctx, tx, s, a.rung)
	}
	return e.advance(ctx, tx, s, a.rung)
}

// advance begins the next rung after the given one now, moving all that follows by as much; after the last it is the
// board's turn. The dispatch's row is held.
func (e *Engine) advance(ctx context.Context, tx pgx.Tx, s step, rung int) error {
	return e.forward(ctx, tx, s, advanceRungs, rung)
}

// forward brings what follows a rung forward by a statement that answers when each attempt was due, and tells s.
func (e *Engine) forward(ctx context.Context, tx pgx.Tx, s step, sql string, rung int) error {
	rows, err := tx.Query(ctx, sql, s.dispatch, rung)
	if err != nil {
		return err
	}
	if _, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (none struct{}, err error) {
		m := attemptTable.MacRow()
		var is, was time.Time
		if err := r.Scan(append([]any{&is, &was}, m.Into()...)...); err != nil {
			return none, err
		}
		m.Set("due_at", was)
		if e.log.Holds(m) { // one that does not hold stays so, and is mended
			m.Set("due_at", is)
			s.moved = append(s.moved, m)
		}
		return none, nil
	}); err != nil {
		return err
	}
	s.due = true
	return e.trace(ctx, tx, s)
}

// exhaustDue raises every dispatch whose board time has come. It stays there until a person acts.
func (e *Engine) exhaustDue(ctx context.Context) error {
	for {
		var more bool
		err := e.inTxSoon(ctx, func(ctx context.Context, tx pgx.Tx) error {
			d := dispatchRow{mac: dispatchTable.MacRow()}
			err := tx.QueryRow(ctx, exhaustNext).
				Scan(append([]any{&d.id, &d.note, &d.account}, d.mac.Into()...)...)
			if postgres.NoRow(err) {
				return nil
			}
			if err != nil {
				return err
			}
			more = true
			if !e.log.Holds(d.mac) {
				_, err := e.raise(ctx, tx, d)
				return err
			}
			s := d.step(notes.LineExhausted, routing.ActingPerson{})
			if err := s.moves(ctx, tx, summonsTable, raiseSummons, d.id); err != nil {
				return err
			}
			return e.trace(ctx, tx, s)
		})
		if err != nil || !more {
			return err
		}
	}
}
