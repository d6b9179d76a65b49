package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/routing"
	"lamplight/telephony"
)

// A step is one line of the story, with the leaf that proves it and the word to whoever watches.
type step struct {
	dispatch routing.DispatchID
	note     notes.NoteID
	account  telephony.AccountID
	attempt  routing.AttemptID // empty for a step of the dispatch
	kind     notes.LineKind
	by       string // the actor's id in the leaf; "routing" for the service
	name     string // who the story names
	channel  routing.ChannelKind
	detail   string   // a code
	more     []string // further codes, for the leaf alone

	attempts []routing.AttemptID // whose rows the act changed
	moved    []*audit.MacRow     // rows of which the act changed what only a MAC vouches for
	vouched  []audit.Row         // rows that the act made
	due      bool                // something may be due sooner: wake the workers
}

// moves changes rows by a statement that answers what is under their MACs then.
func (s *step) moves(ctx context.Context, tx pgx.Tx, t audit.Table, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	macs, err := t.ReadMacs(rows)
	s.moved = append(s.moved, macs...)
	return err
}

// trace writes s in tx, after the rows it tells of were written: the story's line and the leaf that vouches for the rows. It is the
// last thing a transaction does.
func (e *Engine) trace(ctx context.Context, tx pgx.Tx, s step) error {
	rows, macs, now, err := e.vouch(ctx, tx, s)
	if err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	b := &pgx.Batch{}
	for _, r := range append(macs, s.moved...) {
		if err := e.log.QueueMac(b, r); err != nil {
			return fmt.Errorf("trace %s: %w", s.kind, err)
		}
	}
	if err := e.queueStep(tx, b, s, now, rows); err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	e.log.Wake()
	return nil
}

// vouch reads the rows an act changed, as they now stand, and the clock.
func (e *Engine) vouch(ctx context.Context, tx pgx.Tx, s step) (rows []audit.Row, macs []*audit.MacRow, now time.Time, err error) {
	rows = s.vouched
	b := &pgx.Batch{}
	b.Queue(selectNow).QueryRow(func(r pgx.Row) error { return r.Scan(&now) })
	read := func(t audit.Table) func(pgx.Rows) error {
		return func(r pgx.Rows) error {
			more, err := t.Read(r)
			rows = append(rows, more...)
			return err
		}
	}
	under := func(t audit.Table) func(pgx.Rows) error {
		return func(r pgx.Rows) error {
			more, err := t.ReadMacs(r)
			macs = append(macs, more...)
			return err
		}
	}
	b.Queue(vouchDispatch, s.dispatch).Query(read(dispatchTable))
	b.Queue(dispatchMac, s.dispatch).Query(under(dispatchTable))
	if len(s.attempts) > 0 {
		b.Queue(vouchAttempts, s.attempts).Query(read(attemptTable))
		b.Queue(attemptMacs, s.attempts).Query(under(attemptTable))
	}
	err = tx.SendBatch(ctx, b).Close()
	return rows, macs, now, err
}

// queueStep adds the story's line and its leaf to b, which is sent in tx, and has who watches told after its commit.
func (e *Engine) queueStep(tx pgx.Tx, b *pgx.Batch, s step, now time.Time, rows []audit.Row) error {
	values, entry, err := s.write(now, rows)
	if err != nil {
		return err
	}
	b.Queue(insertStep, values...)
	if err := e.log.Queue(b, entry); err != nil {
		return err
	}
	e.tell(tx, s.note, s.due)
	return nil
}

// write is the step's row, column by column, and the leaf that vouches for it and for rows.
func (s step) write(now time.Time, rows []audit.Row) (values []any, entry audit.Entry, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, entry, err
	}
	var attempt *string
	if s.attempt != "" {
		attempt = (*string)(&s.attempt)
	}
	now = now.UTC().Truncate(time.Microsecond)
	values = []any{id.String(), string(s.dispatch), string(s.note), attempt, now, string(s.kind), s.name, string(s.channel), s.detail}
	line, err := stepTable.Row(id.String(), values...)
	if err != nil {
		return nil, entry, err
	}
	detail := []string{"note:" + string(s.note)}
	for _, code := range []string{string(s.attempt), string(s.channel), s.detail} {
		if code != "" {
			detail = append(detail, code)
		}
	}
	detail = append(detail, s.more...)
	return values, audit.Entry{At: now, Actor: or(s.by, "routing"), Action: string(s.kind), Kind: "dispatch",
		Object: string(s.dispatch), Account: string(s.account), Detail: detail, Rows: append(rows, line)}, nil
}
