// Package record is where practices, calls, notes, drafts and recordings last: one PostgreSQL store. What a patient said is
// sealed (notes/seal) before it gets there; every act that changes or opens a record commits its leaf (notes/audit) in the
// same transaction, and a read commits its leaf before it decrypts.
//
// It promises that a note is stored with its leaf and whatever must follow from it (its dispatch, through TakeHook) in
// one transaction or not at all, that a locked note is only ever added to, and that nobody reads without the right
// (notes/access) and a trace.
//
// It leaves to others: the words and rules (notes), who must be told and when (routing), what a screen shows (console).
package record

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Errors a caller can tell apart, beside access.ErrNobody and access.ErrForbidden.
var (
	ErrNoNote    = errors.New("notes: no such note")
	ErrNoCall    = errors.New("notes: no such call")
	ErrNoAccount = errors.New("notes: no such practice")
	ErrClosed    = errors.New("notes: the note is closed")
	// ErrDraftTaken: another person's note carries this draft id, or the draft is theirs.
	ErrDraftTaken = errors.New("notes: the draft id belongs to another note")
	// ErrNoDraft: there is no such draft, or none that somebody else may take over.
	ErrNoDraft = errors.New("notes: no such note not sent")
)

// A DraftHeld is another agent's, who has it in hand, has taken it over or has sent it: Name is theirs. Gone says that it was the
// asker's before.
type DraftHeld struct {
	Name string
	Gone bool
}

func (e *DraftHeld) Error() string { return "notes: the draft is another agent's" }

// Unwrap makes it an ErrDraftTaken.
func (e *DraftHeld) Unwrap() error { return ErrDraftTaken }

// An Incomplete draft cannot be sent. Fields names what is missing or wrong, by field key ("callType" for the call type
// itself), as codes of the catalogs. Nothing is lost by it.
type Incomplete struct{ Fields map[string]string }

func (e *Incomplete) Error() string {
	return fmt.Sprintf("notes: %d fields need a look", len(e.Fields))
}

// Store is the record. Its methods may be called from any goroutine, and any number of servers may hold a Store on one
// database. Who acts is carried in ctx (notes/access); without an actor every method but the Ledger's refuses.
type Store struct {
	pool *pgxpool.Pool
	log  *audit.Log
	ring *seal.Ring
	now  func() time.Time

	glances  glances
	mu       sync.Mutex // guards accounts, blocks and sources
	accounts map[telephony.AccountID]cachedAccount
	blocks   map[blockKey]*block
	sources  []StorySource
	closed   []CloseHook
	marked   []MarkHook
}

var _ telephony.Ledger = (*Store)(nil)

// NewStore returns the record kept in pool. now is the clock; nil is the machine's.
func NewStore(pool *pgxpool.Pool, log *audit.Log, ring *seal.Ring, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{pool: pool, log: log, ring: ring, now: now,
		accounts: map[telephony.AccountID]cachedAccount{}, blocks: map[blockKey]*block{}}
}

// Log is the audit log the store writes to, for the stages above.
func (s *Store) Log() *audit.Log { return s.log }

// Keys are a practice's keys, for the stages above to seal what they keep of it.
func (s *Store) Keys(ctx context.Context, account telephony.AccountID) (*seal.Keys, error) {
	return s.ring.Keys(ctx, string(account))
}

// An ActHook runs inside the transaction of an act on a note, after the note's own rows and before it commits: what must
// follow from the act is written here, or the act does not happen. n has no Body.
type ActHook func(ctx context.Context, tx pgx.Tx, n notes.Note) error

// A CloseHook is an ActHook of a note that was closed, or added to after that: addOn is what was said.
type CloseHook func(ctx context.Context, tx pgx.Tx, n notes.Note, addOn string) error

// OnClosed has h run in every such transaction. Called while the server is put together.
func (s *Store) OnClosed(h CloseHook) { s.closed = append(s.closed, h) }

// A MarkHook runs in the transaction that puts an appointment into another state, opened, for what follows from that.
type MarkHook func(ctx context.Context, tx pgx.Tx, a notes.Appointment) error

// OnMarked has h run in every such transaction. Called while the server is put together.
func (s *Store) OnMarked(h MarkHook) { s.marked = append(s.marked, h) }

// A TakeHook is an ActHook of a note being taken: routing writes its dispatch here.
type TakeHook = ActHook

// A TakeQueue is a TakeHook that asks nothing of the database: it adds its statements to the batch that is the whole
// transaction, so that storing a note is one round trip. The note's leaf vouches for the rows it returns.
type TakeQueue func(b *pgx.Batch, n notes.Note) ([]audit.Row, error)

// clock is now to the microsecond, which is what a row keeps.
func (s *Store) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// asEngine returns a context in which the call engine acts when nobody else does.
func asEngine(ctx context.Context) context.Context {
	if _, ok := access.From(ctx); ok {
		return ctx
	}
	return access.System(ctx, "telephony")
}

// actorOf is who acts in a context that asEngine made or that was checked.
func actorOf(ctx context.Context) string {
	a, _ := access.From(ctx)
	return a.ID()
}

// addLeaf commits a leaf that stands alone: a reading's, before anything is decrypted. What somebody is shown without having
// asked is no act of theirs.
func (s *Store) addLeaf(ctx context.Context, e audit.Entry) error {
	e.At = s.clock()
	if a, _ := access.From(ctx); a.ShownBy() != "" {
		e.Actor, e.Detail = a.ShownBy(), append(e.Detail, "shown:"+a.ID())
	}
	b := &pgx.Batch{}
	if err := s.log.Queue(b, e); err != nil {
		return err
	}
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("leave a trace: %w", err)
	}
	s.log.Wake()
	return nil
}

// newID is sortable by the time it was made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// clashes reports a unique violation of a constraint.
func clashes(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "23505" && (constraint == "" || pgErr.ConstraintName == constraint)
}

// noSuch reports that a row asked for by id is not there; an id that no text can be (a zero byte, broken UTF-8) names none.
func noSuch(err error) bool {
	return errors.Is(err, pgx.ErrNoRows) || postgres.NoText(err)
}

// orNil turns a zero time into null.
func orNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// since is a nullable time read back.
func since(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
