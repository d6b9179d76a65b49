package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// BeginTx implements Desk.
func (e *Engine) BeginTx(ctx context.Context, tx pgx.Tx, note notes.Note, plan Plan) (DispatchID, error) {
	var now time.Time
	if err := tx.QueryRow(ctx, "select routing_now()").Scan(&now); err != nil {
		return "", fmt.Errorf("begin a dispatch: read the clock: %w", err)
	}
	s := step{note: note.ID, account: note.Account, kind: StepBegun, due: true}
	return e.begin(ctx, tx, s, beginning{plan: plan, practice: plan.Practice, urgency: string(note.Urgency), reference: note.Reference}, now.UTC())
}

// beginning is what a new dispatch holds beside its note.
type beginning struct {
	plan                         Plan
	practice, urgency, reference string
}

const (
	insertDispatch = `insert into dispatch (id, note, account, practice, urgency, reference, plan, first_rung, state, begun_at,
		ended_at, ended_by, ended_name, reason, rung, board_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, -1, $15)`
	insertAttempt = `insert into attempt (id, dispatch, rung, contact, name, person, channel, lang, address, try, state, sent_at, ref,
		why, due_at, wake_at, fence, sends, link)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 0, 0, $16)`
)

// begin writes a dispatch and its attempts in one round trip: storing a note waits for it. The plan's times are moved to
// now, since it may have been made a moment before.
func (e *Engine) begin(ctx context.Context, tx pgx.Tx, s step, d beginning, now time.Time) (DispatchID, error) {
	now = now.Truncate(time.Microsecond)
	text, err := json.Marshal(d.plan)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	s.dispatch = DispatchID(newID())
	first, late := -1, now.Sub(d.plan.At)
	if d.plan.Reaches() {
		first = d.plan.Steps[0].Rung
	}
	var none *string
	var never *time.Time
	values := []any{string(s.dispatch), string(s.note), string(s.account), d.practice, d.urgency, d.reference, string(text),
		first, string(Climbing), now, never, none, none, none}
	b := &pgx.Batch{}
	b.Queue(insertDispatch, append(values, d.plan.Board.Add(late))...)
	row, err := dispatchTable.Row(string(s.dispatch), values...)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	rows := []audit.Row{row}
	for _, p := range d.plan.Steps {
		row, err := e.queueAttempt(b, s.dispatch, p, 1, p.At.Add(late))
		if err != nil {
			return "", fmt.Errorf("begin a dispatch: %w", err)
		}
		rows = append(rows, row)
	}
	if err := e.queueStep(b, s, now, rows); err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	e.log.Wake()
	return s.dispatch, nil
}

// queueAttempt adds one attempt to b and vouches for its row.
func (e *Engine) queueAttempt(b *pgx.Batch, d DispatchID, p PlanStep, try int, due time.Time) (audit.Row, error) {
	id := newID()
	var none *string
	var never *time.Time
	values := []any{id, string(d), p.Rung, p.Contact, p.Name, string(p.Person), string(p.Channel), string(p.Lang), p.Address,
		try, string(Due), never, none, ""}
	b.Queue(insertAttempt, append(values, due, hashToken(e.token(AttemptID(id))))...)
	return attemptTable.Row(id, values...)
}

// newID is a UUIDv7: sortable by time, unique without asking anybody.
func newID() string {
	return uuid.Must(uuid.NewV7()).String() // fails only when the system has no randomness, and then nothing may go on
}
