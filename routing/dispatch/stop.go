package dispatch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/routing"
	"lamplight/routing/channel"
)

// whyStopped fails an attempt whose phone wants no texts: the number is no address until it says START.
const whyStopped = channel.FailureKind(routing.Stopped)

// stop has a phone get no more texts, of any practice, from this transaction on: plans count it as no address, and what is
// due in a climb that has begun fails when it comes, so that the rung is skipped at once. A number that nobody ever paged has
// nothing to stop. It is confirmed once, where the carrier has not done so.
func (e *Engine) stop(ctx context.Context, tx pgx.Tx, h *Heard, texted []TextedNote) error {
	var known bool
	if err := tx.QueryRow(ctx, selectPaged,
		h.reply.From).Scan(&known); err != nil || !known {
		return err
	}
	changed, err := e.stopRow(ctx, tx, "text.stopped", insertStop,
		newID(), h.reply.From)
	if err != nil || !changed {
		return err
	}
	if err := e.addSteps(ctx, tx, openNotes(texted), notes.LineTextsStopped); err != nil || h.reply.Answered {
		return err
	}
	return e.answer(ctx, tx, h, catalog.T(langOf(texted), "channel.answer.stop", nil))
}

// start takes a stop back; started is false when there was none.
func (e *Engine) start(ctx context.Context, tx pgx.Tx, h Heard, texted []TextedNote) (started bool, err error) {
	started, err = e.stopRow(ctx, tx, "text.started", endStop, h.reply.From)
	if err != nil || !started {
		return false, err
	}
	return true, e.addSteps(ctx, tx, openNotes(texted), notes.LineTextsStarted)
}

// stopRow changes a row of text_stop with its leaf; false when there was nothing to change.
func (e *Engine) stopRow(ctx context.Context, tx pgx.Tx, action, sql string, args ...any) (bool, error) {
	changed, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return false, err
	}
	rows, err := stopTable.ReadMacs(changed)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	id, _ := rows[0].Values()[0].(string)
	entry := audit.Entry{Actor: "routing", Action: action, Kind: "text-stop", Object: id}
	return true, vouchWithMac(ctx, tx, e.log, stopTable, id, rows[0], entry)
}

// vouchWithMac gives a row of a table whose MAC is over its columns its MAC, and has the entry's leaf vouch for it.
func vouchWithMac(ctx context.Context, tx pgx.Tx, log *audit.Log, t audit.Table, id string, r *audit.MacRow, entry audit.Entry) error {
	row, err := t.Row(id, r.Values()...)
	if err != nil {
		return err
	}
	entry.Rows = append(entry.Rows, row)
	b := &pgx.Batch{}
	if err := log.QueueMac(b, r); err != nil {
		return err
	}
	if err := log.Queue(b, entry); err != nil {
		return err
	}
	log.Wake()
	return tx.SendBatch(ctx, b).Close()
}

// believedStops are those of the numbers that want no texts, by rows that we wrote.
func (e *Engine) believedStops(ctx context.Context, numbers []string) (out []string, err error) {
	rows, err := e.pool.Query(ctx, selectStopped, numbers)
	if err != nil {
		return nil, err
	}
	var number string
	r := stopTable.MacRow()
	_, err = pgx.ForEachRow(rows, append([]any{&number}, r.Into()...), func() error {
		if e.log.Holds(r) {
			out = append(out, number)
		}
		return nil
	})
	return out, err
}

func openNotes(texted []TextedNote) (out []TextedNote) {
	for _, p := range texted {
		if p.Open {
			out = append(out, p)
		}
	}
	return out
}

// isStopped is the last look before a text leaves.
func (e *Engine) isStopped(ctx context.Context, c claimed) (so bool, err error) {
	if c.channel != routing.Text {
		return false, nil
	}
	stopped, err := e.believedStops(ctx, []string{c.message.To})
	if err != nil {
		return false, fmt.Errorf("look whether a phone wants texts: %w", err)
	}
	return len(stopped) > 0, nil
}
