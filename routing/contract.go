package routing

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
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
	// BeginTx writes the dispatch, its attempts and the leaf in the transaction that takes the note, and wakes the workers
	// when it commits. A plan that reaches nobody begins on the board.
	BeginTx(ctx context.Context, tx pgx.Tx, note notes.Note, plan Plan) (DispatchID, error)
	// QueueBegin is BeginTx for a note that is stored in one round trip: it adds to the batch that holds the whole
	// transaction. The plan must come from Plan, a moment ago.
	QueueBegin(b *pgx.Batch, note notes.Note, plan Plan) (DispatchID, error)

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
