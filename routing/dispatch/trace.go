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

// The kinds of steps a story tells, as the catalogs know them under "routing.story.".
const (
	StepBegun        = "dispatch.begun"
	StepSent         = "attempt.sent"
	StepDelivered    = "attempt.delivered"
	StepUndelivered  = "attempt.undelivered"
	StepFailed       = "attempt.failed"
	StepOpened       = "attempt.opened"
	StepWithdrawn    = "attempt.withdrawn" // acknowledged while it was on its way out
	StepAcknowledged = "dispatch.acknowledged"
	StepPassed       = "dispatch.passed"
	StepPushed       = "dispatch.pushed"
	StepSkipped      = "dispatch.skipped" // everybody on a rung was out of reach: the next one began early
	StepReassigned   = "dispatch.reassigned"
	StepCancelled    = "dispatch.cancelled"
	StepExhausted    = "dispatch.exhausted"
	StepTexted       = "text.replied" // a text came back; its words stand with the note, and a board shows those
	StepUnclear      = "text.unclear" // a text came back that could be about any of several notes: its words were not kept
	StepStopped      = "text.stopped" // the phone wants no texts
	StepStarted      = "text.started"
)

// The tables whose every row a leaf vouches for. What only claims move is left out, and "sending" counts as "due".
var (
	dispatchTable = audit.Table{Kind: "dispatch", Name: "dispatch", Key: "id", Columns: []string{
		"id", "note", "account", "practice", "urgency", "reference", "plan", "first_rung", "state", "begun_at",
		"ended_at", "ended_by", "ended_name", "reason"}}
	attemptTable = audit.Table{Kind: "attempt", Name: "attempt", Key: "id", Columns: []string{
		"id", "dispatch", "rung", "contact", "name", "person", "channel", "lang", "address", "try",
		"(case state when 'sending' then 'due' else state end)", "sent_at", "ref", "why"}}
	stepTable = audit.Table{Kind: "dispatch-step", Name: "dispatch_step", Key: "id", Columns: []string{
		"id", "dispatch", "note", "attempt", "at", "kind", "actor", "channel", "detail"}}
)

// Tables are what `lamplight audit verify` checks of this package.
func Tables() []audit.Table { return []audit.Table{dispatchTable, attemptTable, stepTable, stopTable} }

// A step is one line of the story, with the leaf that proves it and the word to whoever watches.
type step struct {
	dispatch routing.DispatchID
	note     notes.NoteID
	account  telephony.AccountID
	attempt  routing.AttemptID // empty for a step of the dispatch
	kind     string
	by       string // the actor's id in the leaf; "routing" for the service
	name     string // who the story names
	channel  routing.ChannelKind
	detail   string // a code

	attempts []routing.AttemptID // whose rows the act changed
	due      bool                // something may be due sooner: wake the workers
}

const (
	insertStep = `insert into dispatch_step (id, dispatch, note, attempt, at, kind, actor, channel, detail)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	notifyDue   = "select pg_notify('lamplight_due', '')"
	notifyMoved = "select pg_notify('lamplight_moved', $1)"
)

// trace writes s in tx, after the rows it tells of were written: the story's line, the leaf that vouches for the rows, the
// notifications. It is the last thing a transaction does.
func (e *Engine) trace(ctx context.Context, tx pgx.Tx, s step) error {
	rows, now, err := e.vouch(ctx, tx, s)
	if err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	b := &pgx.Batch{}
	if err := e.queueStep(b, s, now, rows); err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("trace %s: %w", s.kind, err)
	}
	e.log.Wake()
	return nil
}

// vouch reads the rows an act changed, as they now stand, and the clock.
func (e *Engine) vouch(ctx context.Context, tx pgx.Tx, s step) (rows []audit.Row, now time.Time, err error) {
	b := &pgx.Batch{}
	b.Queue("select routing_now()").QueryRow(func(r pgx.Row) error { return r.Scan(&now) })
	read := func(t audit.Table) func(pgx.Rows) error {
		return func(r pgx.Rows) error {
			more, err := t.Read(r)
			rows = append(rows, more...)
			return err
		}
	}
	b.Queue("select "+dispatchTable.Returning()+" from dispatch where id = $1", s.dispatch).Query(read(dispatchTable))
	if len(s.attempts) > 0 {
		b.Queue("select "+attemptTable.Returning()+" from attempt where id = any($1)", s.attempts).Query(read(attemptTable))
	}
	err = tx.SendBatch(ctx, b).Close()
	return rows, now, err
}

// queueStep adds the story's line, its leaf and the notifications to b.
func (e *Engine) queueStep(b *pgx.Batch, s step, now time.Time, rows []audit.Row) error {
	values, entry, err := s.write(now, rows)
	if err != nil {
		return err
	}
	b.Queue(insertStep, values...)
	if err := e.log.Queue(b, entry); err != nil {
		return err
	}
	b.Queue(notifyMoved, string(s.note))
	if s.due {
		b.Queue(notifyDue)
	}
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
	values = []any{id.String(), string(s.dispatch), string(s.note), attempt, now, s.kind, s.name, string(s.channel), s.detail}
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
	return values, audit.Entry{At: now, Actor: or(s.by, "routing"), Action: s.kind, Kind: "dispatch",
		Object: string(s.dispatch), Account: string(s.account), Detail: detail, Rows: append(rows, line)}, nil
}
