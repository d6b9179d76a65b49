// Package postgres is the ground the record stands on: the pool, the migrations, and a private PostgreSQL cluster made from
// the machine's own binaries for those who have configured none.
//
// It promises that a database it opened has every migration, that several servers may open it at once (one migrates, the
// others wait), that the private cluster listens on a Unix socket only, runs as an unprivileged account, keeps checksums and
// durable settings, outlives a killed owner, who finds it again, and comes back when it dies itself.
//
// It leaves to others: what the rows mean (notes, routing, notes/access, notes/audit). It logs no statement and no parameter.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Numbers 00001–00019 belong to notes, 00020–00039 to routing, 00040 and up to console and portal. Each file says why.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Open connects to the database at url (a postgres:// URL or a keyword string), brings its schema up to date and returns
// the pool. Safe to call from several processes at once: they migrate one after the other. The error of a wrong or
// unreachable URL names the host but never the password.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := Migrate(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// Connect is Open without the migrations.
func Connect(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx redacts the password of a URL it cannot parse.
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = 24
	}
	if cfg.ConnConfig.ConnectTimeout == 0 { // a host that swallows packets must not hold a start for two minutes
		cfg.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	cfg.MinConns = 2
	cfg.MaxConnIdleTime = 10 * time.Minute
	cfg.ConnConfig.RuntimeParams["application_name"] = "lamplight"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		// pgx tells each address it tried on a line of its own; the last is as good as all.
		lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
		return nil, fmt.Errorf("reach PostgreSQL at %s: %s", cfg.ConnConfig.Host, strings.TrimSpace(lines[len(lines)-1]))
	}
	return pool, nil
}

// Migrate applies every migration the database does not have yet, each in its own transaction, under a session lock. A
// failed one leaves the schema as it was before it.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	// Packages own blocks of numbers, so a later file may carry a lower number than one applied before.
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir,
		goose.WithSessionLocker(locker), goose.WithAllowOutofOrder(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// InTx runs do in a transaction and commits when it returns nil; it rolls back otherwise, and when do panics.
func InTx(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	var after afterCommit
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		return do(&hookedTx{Tx: tx, afterCommit: &after})
	})
	if err == nil {
		after.run()
	}
	return err
}

// NoText reports that PostgreSQL refused a string that holds a zero byte or is no UTF-8.
func NoText(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "22021"
}

// Away reports that the database could not be asked, or was gone before it had answered: what was asked may have been done. Asking again
// is for whoever asked.
func Away(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		class := pgErr.Code[:min(2, len(pgErr.Code))]
		return class == "08" || class == "53" || strings.HasPrefix(pgErr.Code, "57P") // connection, resources, shutdown (Appendix A)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// NoRow reports that err is a query's answer of no row.
func NoRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
