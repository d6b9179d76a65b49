package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Begin opens a transaction and sends its first statements in the same round trip, which the path of a note being stored
// is measured by. read is called with the results, one per statement of b; it may be nil when none is looked at. When
// Begin returns an error nothing has happened and nothing needs to be rolled back.
func Begin(ctx context.Context, pool *pgxpool.Pool, b *pgx.Batch, read func(pgx.BatchResults) error) (pgx.Tx, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	first := &pgx.Batch{}
	first.Queue("begin")
	first.QueuedQueries = append(first.QueuedQueries, b.QueuedQueries...)
	t := &batchTx{conn: conn}
	res := conn.SendBatch(ctx, first)
	_, err = res.Exec()
	if err == nil && read != nil {
		err = read(res)
	}
	if cerr := res.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		if rerr := t.Rollback(context.WithoutCancel(ctx)); rerr != nil && !errors.Is(rerr, pgx.ErrTxClosed) {
			return nil, errors.Join(err, rerr)
		}
		return nil, err
	}
	return t, nil
}

// Commit runs a batch as one transaction in one round trip. When it returns nil all of it is durable; when the database
// refused a statement, or the commit, none of it is there, and when the connection broke nobody knows, as with any commit.
//
// It says neither "begin" nor "commit", which would cost an agent who waits a twentieth more: PostgreSQL takes all that
// comes before a Sync for one transaction (its manual, "Pipelining" under "Message Flow"), and what Close waits for is the
// answer to the Sync, which is sent after the commit.
func Commit(ctx context.Context, pool *pgxpool.Pool, b *pgx.Batch) error {
	return pool.SendBatch(ctx, b).Close()
}

// AfterCommit has do called once a transaction of InTx's or Begin's is durable, before whoever began it hears of that; never
// when it is rolled back. do must not block. Whatever is to be woken is woken here: a NOTIFY in the transaction itself takes one
// lock over all commits that have one (measured: 6,000 transactions a second become 1,200).
func AfterCommit(tx pgx.Tx, do func()) {
	h, ok := tx.(interface{ add(func()) })
	if !ok {
		panic("postgres: a transaction that neither InTx nor Begin began")
	}
	h.add(do)
}

// afterCommit is what is to be done once a transaction is durable.
type afterCommit struct{ all []func() }

func (a *afterCommit) add(do func()) { a.all = append(a.all, do) }

func (a *afterCommit) run() {
	for _, do := range a.all {
		do()
	}
}

// hookedTx is a transaction of InTx's.
type hookedTx struct {
	pgx.Tx
	*afterCommit
}

// batchTx is a transaction begun inside a batch. It holds its connection until Commit or Rollback.
type batchTx struct {
	conn *pgxpool.Conn
	done bool
	afterCommit
}

var _ pgx.Tx = (*batchTx)(nil)

// Begin starts a savepoint.
func (t *batchTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if t.done {
		return nil, pgx.ErrTxClosed
	}
	if _, err := t.conn.Exec(ctx, "savepoint inner_tx"); err != nil {
		return nil, err
	}
	return &savepoint{batchTx: t}, nil
}

func (t *batchTx) Commit(ctx context.Context) error {
	tag, err := t.end(ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	if err == nil {
		t.run()
	}
	return err
}

func (t *batchTx) Rollback(ctx context.Context) error {
	_, err := t.end(ctx, "rollback")
	return err
}

func (t *batchTx) end(ctx context.Context, how string) (pgconn.CommandTag, error) {
	if t.done {
		return pgconn.CommandTag{}, pgx.ErrTxClosed
	}
	t.done = true
	defer t.conn.Release()
	tag, err := t.conn.Exec(ctx, how)
	if err != nil {
		// Whether it took effect is unknown: this connection must not be used again.
		_ = t.conn.Conn().Close(context.WithoutCancel(ctx))
	}
	return tag, err
}

func (t *batchTx) CopyFrom(ctx context.Context, table pgx.Identifier, cols []string, src pgx.CopyFromSource) (int64, error) {
	if t.done {
		return 0, pgx.ErrTxClosed
	}
	return t.conn.Conn().CopyFrom(ctx, table, cols, src)
}

func (t *batchTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t *batchTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (t *batchTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Conn().Prepare(ctx, name, sql)
}

func (t *batchTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.done {
		return pgconn.CommandTag{}, pgx.ErrTxClosed
	}
	return t.conn.Exec(ctx, sql, args...)
}

func (t *batchTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.done {
		return nil, pgx.ErrTxClosed
	}
	return t.conn.Query(ctx, sql, args...)
}

func (t *batchTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

func (t *batchTx) Conn() *pgx.Conn { return t.conn.Conn() }

// savepoint is a transaction inside a batchTx; one at a time.
type savepoint struct {
	*batchTx
	over bool
}

func (s *savepoint) Commit(ctx context.Context) error {
	return s.leave(ctx, "release savepoint inner_tx")
}
func (s *savepoint) Rollback(ctx context.Context) error {
	return s.leave(ctx, "rollback to savepoint inner_tx")
}

func (s *savepoint) leave(ctx context.Context, how string) error {
	if s.over {
		return pgx.ErrTxClosed
	}
	s.over = true
	_, err := s.conn.Exec(ctx, how)
	return err
}
