package routing

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// Errors a caller can tell apart.
var (
	ErrNoDispatch = errors.New("routing: no open dispatch for the note")
	ErrBadLink    = errors.New("routing: no such link")
)

// An Actor is the person who acts, by id and by the name a story shows. The zero Actor is the house itself.
type Actor struct {
	ID   notes.PersonID
	Name string
}

// An AckResult says who took a note on: the first person who did, who need not be the one who asked.
type AckResult struct {
	First bool // this very call took it on
	By    notes.PersonID
	At    time.Time
}

// A Row is an open dispatch as the board shows it.
type Row struct {
	Note  notes.NoteID
	State DispatchState
	Last  RowLast
	Next  RowNext
	Late  Lateness
}

// RowLast is the last thing that happened: Kind is a step's kind (StepSent, StepDelivered, StepPassed, …), Name whom it
// concerned or who did it, Channel is set for a step of an attempt, Detail is a code when there is more to say.
type RowLast struct {
	Kind    string
	Channel ChannelKind
	Name    string
	Detail  string
	At      time.Time
}

// RowNext is what happens if nobody acts: a channel's kind and whom, or "board". Zero At: nothing is due.
type RowNext struct {
	Kind string
	Name string
	At   time.Time
}

// Lateness is how late an open note is.
type Lateness string

const (
	OnTime      Lateness = ""
	Late        Lateness = "late"        // a rung passed without an acknowledgment
	Unreachable Lateness = "unreachable" // the ladder is exhausted
)

// A Located link: the note it leads to and the attempt that carried it.
type Located struct {
	Note    notes.NoteID
	Attempt AttemptID
	Account telephony.AccountID
	Person  notes.PersonID // whom it was sent to
	Contact string
}

// A Desk is everything the stages above do with escalations; *Engine is it.
type Desk interface {
	// Plan resolves the practice's ladder of that name for now, by the database's clock, to preview it or to send by it. A
	// ladder that is not there, or a document that cannot be read, is a hole in the plan and no error.
	Plan(ctx context.Context, acc notes.Account, callType, ladder string) (Plan, error)
	// Reckon is Plan without asking: from what the database said last. ok is false when it was never asked.
	Reckon(acc notes.Account, callType, ladder string) (p Plan, ok bool)
	// QueueBegin adds a dispatch to the batch that is the whole transaction in which its note is stored, whose leaf must vouch
	// for the rows returned. Its commit wakes the engines, which write the attempts from the plan and send. The plan must come
	// from Plan or Reckon, a moment ago: the database confirms what it was made from, and refuses the transaction with an
	// error for which PlanMoved holds when that is no longer so. A plan that reaches nobody begins on the board.
	QueueBegin(b *pgx.Batch, note notes.Note, plan Plan) ([]audit.Row, error)

	// Ack ends the climb: what waits is cancelled in its transaction. Repeating it, or coming second, is no error.
	Ack(ctx context.Context, by Actor, note notes.NoteID) (AckResult, error)
	AckTx(ctx context.Context, tx pgx.Tx, by Actor, note notes.NoteID) (AckResult, error)
	// PassOn is "not me": what waits for that person is cancelled and the next rung begins now, or the board. Said when the
	// ladder has gone on to others already, or said again, it only cancels.
	PassOn(ctx context.Context, by Actor, note notes.NoteID) error
	// Push begins the next rung now. Cancel ends the climb with a reason. Reassign ends it and climbs plan instead.
	Push(ctx context.Context, by Actor, note notes.NoteID) error
	Cancel(ctx context.Context, by Actor, note notes.NoteID, reason string) error
	CancelTx(ctx context.Context, tx pgx.Tx, by Actor, note notes.NoteID, reason string) error
	Reassign(ctx context.Context, by Actor, note notes.NoteID, plan Plan) (DispatchID, error)

	// Locate finds what a link's token leads to; it proves nothing about who holds it. MarkOpened says that the page
	// behind it was drawn.
	Locate(ctx context.Context, token string) (Located, error)
	MarkOpened(ctx context.Context, attempt AttemptID) error

	// Rows are the open dispatches, of every practice when none is named, most late first. Row is one, open or not.
	Rows(ctx context.Context, accounts ...telephony.AccountID) ([]Row, error)
	Row(ctx context.Context, note notes.NoteID) (Row, error)
	// Attempts and Story tell what was tried for a note, in order.
	Attempts(ctx context.Context, note notes.NoteID) ([]Attempt, error)
	Story(ctx context.Context, note notes.NoteID) ([]notes.StoryLine, error)
	// Watch tells the notes whose row changed until ctx ends; an empty id means that some may have been missed: read all.
	Watch(ctx context.Context) (<-chan notes.NoteID, error)
}
