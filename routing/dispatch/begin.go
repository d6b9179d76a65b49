package dispatch

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
	"lamplight/routing"
)

// QueueBegin adds a dispatch to the batch that is the whole transaction in which its note is stored, whose leaf must vouch
// for the rows returned. The engines write the attempts from the plan and send. The plan must come
// from Plan or Reckon, a moment ago: the database confirms what it was made from, and refuses the transaction with an
// error for which PlanMoved holds when that is no longer so. A plan that reaches nobody begins on the board. Whoever commits it
// calls Begun then; who dies before that leaves it to the engines' poll.
func (e *Engine) QueueBegin(b *pgx.Batch, note notes.Note, plan routing.Plan) ([]audit.Row, error) {
	d := beginning{note: note.ID, account: string(note.Account), practice: plan.Practice, urgency: string(note.Urgency),
		reference: note.Reference, plan: plan, at: nowBy(plan)}
	d.reckoned = &d.at
	_, row, err := e.queueBegin(b, d)
	if err != nil {
		return nil, err
	}
	return []audit.Row{row}, nil
}

// BeginTx begins a dispatch for a note that was stored before, in a transaction of the caller's that holds the note. One that has
// climbed already is left as it is.
func (e *Engine) BeginTx(ctx context.Context, tx pgx.Tx, note notes.Note, plan routing.Plan) error {
	var climbed bool
	if err := tx.QueryRow(ctx, selectClimbed, note.ID).Scan(&climbed); err != nil || climbed {
		return err
	}
	_, err := e.begin(ctx, tx, step{}, beginning{note: note.ID, account: string(note.Account), practice: plan.Practice,
		urgency: string(note.Urgency), reference: note.Reference, plan: plan, at: nowBy(plan)})
	return err
}

// Begun has the engines look at once, after a beginning's commit.
func (e *Engine) Begun() { e.moved("", true) }

// beginning is what a new dispatch holds.
type beginning struct {
	note                         notes.NoteID
	account                      string
	practice, urgency, reference string
	plan                         routing.Plan
	at                           time.Time
	reckoned                     *time.Time // at, when the database has not just told it
}

// begin writes a dispatch and its attempts in tx. s says who began it; nobody is the service.
func (e *Engine) begin(ctx context.Context, tx pgx.Tx, s step, d beginning) (routing.DispatchID, error) {
	b := &pgx.Batch{}
	id, row, err := e.queueBegin(b, d)
	if err != nil {
		return "", err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return "", fmt.Errorf("begin a dispatch: %w", err)
	}
	return id, e.unfold(ctx, tx, id, s, row)
}

// queueBegin adds a dispatch to a batch. The leaf of its transaction must vouch for the row. The plan's
// times count from d.at, since it may have been made a moment before.
func (e *Engine) queueBegin(b *pgx.Batch, d beginning) (routing.DispatchID, audit.Row, error) {
	text, err := json.Marshal(d.plan)
	if err != nil {
		return "", audit.Row{}, fmt.Errorf("begin a dispatch: %w", err)
	}
	id, at, rung := newID(), d.at.Truncate(time.Microsecond), -1
	if d.plan.Reaches() {
		rung = d.plan.Attempts[0].Rung
	}
	var none *string
	var never *time.Time
	args := []any{id, string(d.note), d.account, d.practice, d.urgency, d.reference, string(text), rung, string(routing.Climbing), at,
		never, none, none, none}
	row, err := dispatchTable.Row(id, args...)
	if err != nil {
		return "", row, fmt.Errorf("begin a dispatch: %w", err)
	}
	of, board := d.plan.Basis, d.plan.Board.Add(at.Sub(d.plan.At))
	mac, err := e.log.Mac(dispatchTable, append(slices.Clone(args), false, board)...)
	if err != nil {
		return "", row, fmt.Errorf("begin a dispatch: %w", err)
	}
	b.Queue(insertDispatch, append(args, board, of.Account, of.Phones, d.reckoned, mac)...)
	return routing.DispatchID(id), row, nil
}

// queueAttempt adds one attempt to b and vouches for its row.
func (e *Engine) queueAttempt(b *pgx.Batch, d routing.DispatchID, p routing.PlannedAttempt, try int, due time.Time) (audit.Row, error) {
	id := newID()
	var none *string
	var never *time.Time
	values := []any{id, string(d), p.Rung, p.Contact, p.Name, string(p.Person), string(p.Channel), string(p.Lang), p.Address,
		try, string(routing.Due), never, none, ""}
	row, err := attemptTable.Row(id, values...)
	if err != nil {
		return row, err
	}
	link := hashToken(e.token(routing.AttemptID(id)))
	mac, err := e.log.Mac(attemptTable, append(slices.Clone(values), due, link, 0)...)
	if err != nil {
		return row, err
	}
	b.Queue(insertAttempt, append(values, due, link, mac)...)
	return row, nil
}

// newID is a UUIDv7: sortable by time, unique without asking anybody.
func newID() string {
	return uuid.Must(uuid.NewV7()).String() // fails only when the system has no randomness, and then nothing may go on
}
