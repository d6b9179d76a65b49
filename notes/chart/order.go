package chart

// The order in which one patient's notes reach the chart.

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// known keeps whose note a row is, so that others of the same patient wait for it; behind reports that it must wait itself.
func (e *Engine) known(ctx context.Context, c claimed, who Who) (behind bool, err error) {
	if c.patient != nil {
		return false, nil
	}
	keys, err := e.cfg.Store.Keys(ctx, c.account)
	if err != nil {
		return false, err
	}
	term := keys.Term("chart-note", string(c.note)) // of nobody else's
	if names := seal.Words(who.Name); len(names) > 0 {
		slices.Sort(names)
		term = keys.Term("chart-patient", strings.Join(names, " ")+"\x00"+who.Birth)
	}
	err = pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		r := writeTable.MacRow()
		err := tx.QueryRow(ctx, rowKnown, c.id, c.fence, []byte(term)).Scan(append([]any{&behind}, r.Into()...)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return errLost
		}
		if err != nil {
			return err
		}
		id, _ := r.Values()[0].(string)
		row, err := writeTable.Row(id, r.Values()...)
		if err != nil {
			return err
		}
		entry := e.entry("chart", c.note, c.account, "chart.known")
		entry.Kind, entry.Object, entry.Rows = "chart-write", c.id, []audit.Row{row}
		b := &pgx.Batch{}
		if err := e.cfg.Log.QueueMac(b, r); err != nil {
			return err
		}
		if err := e.cfg.Log.Queue(b, entry); err != nil {
			return err
		}
		return tx.SendBatch(ctx, b).Close()
	})
	return behind, err
}

// behind gives a row back that must wait for an earlier one; it is claimed when that has ended.
func (e *Engine) behind(ctx context.Context, c claimed) error {
	if _, err := e.cfg.Pool.Exec(ctx, rowFailed, c.id, c.fence, "", nil, c.tries, 0.0); err != nil {
		return err
	}
	return errLost
}

// before looks at the note's row before this one: what it is in the chart, and whose it is. left reports that a person had kept
// that one out, and this one goes the same way. A person's answer for this very row goes before.
func (e *Engine) before(ctx context.Context, c claimed, d *Document) (left bool, err error) {
	var state, id string
	var subject []byte
	err = e.cfg.Pool.QueryRow(ctx, selectPrev, c.note, c.seq).Scan(&state, &d.Replaces, &subject, &id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if state == "left" && c.subject == nil {
		return true, pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
			return e.leave(ctx, tx, "chart", c.id, c.note, c.account)
		})
	}
	if c.subject != nil {
		subject, id = c.subject, c.id
	}
	if subject == nil {
		return false, nil
	}
	keys, err := e.cfg.Store.Keys(ctx, c.account)
	if err != nil {
		return false, err
	}
	plain, err := keys.Unseal(e.label(c.account, "chart.subject", id), subject)
	if err != nil {
		return false, &Trouble{Why: Unopened}
	}
	d.Subject = string(plain)
	return false, nil
}

func (e *Engine) leave(ctx context.Context, tx pgx.Tx, actor, id string, note notes.NoteID, account telephony.AccountID) error {
	rows, err := tx.Query(ctx, rowLeft, id, time.Now().UTC().Truncate(time.Microsecond))
	if err != nil {
		return err
	}
	return e.vouch(ctx, tx, rows, e.entry(actor, note, account, notes.LineChartLeft))
}
