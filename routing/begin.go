package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	s, d := first(note, plan)
	return e.begin(ctx, tx, s, d, now.UTC())
}

// QueueBegin implements Desk.
func (e *Engine) QueueBegin(b *pgx.Batch, note notes.Note, plan Plan) (DispatchID, error) {
	s, d := first(note, plan)
	return e.queueBegin(b, s, d, plan.now())
}

// first is the beginning of a note's first dispatch.
func first(note notes.Note, plan Plan) (step, beginning) {
	return step{note: note.ID, account: note.Account, kind: StepBegun, due: true},
		beginning{plan: plan, practice: plan.Practice, urgency: string(note.Urgency), reference: note.Reference}
}

// beginning is what a new dispatch holds beside its note.
type beginning struct {
	plan                         Plan
	practice, urgency, reference string
}

const (
	insertAttempt = `insert into attempt (id, dispatch, rung, contact, name, person, channel, lang, address, try, state, sent_at, ref,
		why, due_at, wake_at, fence, sends, link)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, 0, 0, $16)`
	// A beginning is one statement, because an agent waits for it and each further one costs a twentieth of all of them.
	insertBeginning = `with begun as (insert into dispatch (id, note, account, practice, urgency, reference, plan, first_rung, state, begun_at,
			ended_at, ended_by, ended_name, reason, rung, board_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, -1, $15)),
		planned as (insert into attempt (id, dispatch, rung, contact, name, person, channel, lang, address, try, state, why, due_at, wake_at,
			fence, sends, link)
			select a.id, $1, a.rung, a.contact, a.name, a.person, a.channel, a.lang, a.address, 1, 'due', '', a.due_at, a.due_at, 0, 0, a.link
			from unnest($16::text[], $17::int[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[],
				$24::timestamptz[], $25::bytea[]) a (id, rung, contact, name, person, channel, lang, address, due_at, link)),
		told as (insert into dispatch_step (id, dispatch, note, attempt, at, kind, actor, channel, detail)
			values ($26, $27, $28, $29, $30, $31, $32, $33, $34)),
		leaf as (insert into audit_outbox (kind, object, body, mac) values ($35, $36, $37, $38))
		select pg_notify('lamplight_moved', $2), pg_notify('lamplight_due', '')`
)

// begin writes a dispatch and its attempts in one round trip. The plan's times are moved to now, since it may have been
// made a moment before.
func (e *Engine) begin(ctx context.Context, tx pgx.Tx, s step, d beginning, now time.Time) (DispatchID, error) {
	b := &pgx.Batch{}
	id, err := e.queueBegin(b, s, d, now)
	if err != nil {
		return "", err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	e.log.Wake()
	return id, nil
}

// queueBegin adds a dispatch with its attempts, its step, its leaf and the wake-ups to a batch, as one statement.
func (e *Engine) queueBegin(b *pgx.Batch, s step, d beginning, now time.Time) (DispatchID, error) {
	now = now.Truncate(time.Microsecond)
	text, err := json.Marshal(d.plan)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	s.dispatch = DispatchID(newID())
	rung, late := -1, now.Sub(d.plan.At)
	if d.plan.Reaches() {
		rung = d.plan.Steps[0].Rung
	}
	var none *string
	var never *time.Time
	args := []any{string(s.dispatch), string(s.note), string(s.account), d.practice, d.urgency, d.reference, string(text),
		rung, string(Climbing), now, never, none, none, none}
	row, err := dispatchTable.Row(string(s.dispatch), args...)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	attempts, more, err := e.attempts(s.dispatch, d.plan.Steps, late)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	told, entry, err := s.write(now, append([]audit.Row{row}, more...))
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	leaf, err := e.log.Leaf(entry)
	if err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	args = slices.Concat(args, []any{d.plan.Board.Add(late)}, attempts, told, leaf)
	b.Queue(insertBeginning, args...)
	return s.dispatch, nil
}

// attempts are a plan's steps as columns, one array each, and what vouches for their rows.
func (e *Engine) attempts(d DispatchID, steps []PlanStep, late time.Duration) (columns []any, rows []audit.Row, err error) {
	var id, contact, name, person, kind, lang, address []string
	var rung []int
	var due []time.Time
	var link [][]byte
	for _, p := range steps {
		one := newID()
		row, err := attemptTable.Row(one, attemptValues(one, d, p, 1)...)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
		id, rung, contact, name = append(id, one), append(rung, p.Rung), append(contact, p.Contact), append(name, p.Name)
		person, kind, lang = append(person, string(p.Person)), append(kind, string(p.Channel)), append(lang, string(p.Lang))
		address, due, link = append(address, p.Address), append(due, p.At.Add(late)), append(link, hashToken(e.token(AttemptID(one))))
	}
	return []any{id, rung, contact, name, person, kind, lang, address, due, link}, rows, nil
}

// queueAttempt adds one attempt to b and vouches for its row.
func (e *Engine) queueAttempt(b *pgx.Batch, d DispatchID, p PlanStep, try int, due time.Time) (audit.Row, error) {
	id := newID()
	values := attemptValues(id, d, p, try)
	b.Queue(insertAttempt, append(values, due, hashToken(e.token(AttemptID(id))))...)
	return attemptTable.Row(id, values...)
}

// attemptValues are a new attempt's columns, in the order of attemptTable.
func attemptValues(id string, d DispatchID, p PlanStep, try int) []any {
	var none *string
	var never *time.Time
	return []any{id, string(d), p.Rung, p.Contact, p.Name, string(p.Person), string(p.Channel), string(p.Lang), p.Address,
		try, string(Due), never, none, ""}
}

// newID is a UUIDv7: sortable by time, unique without asking anybody.
func newID() string {
	return uuid.Must(uuid.NewV7()).String() // fails only when the system has no randomness, and then nothing may go on
}
