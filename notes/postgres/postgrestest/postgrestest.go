// Package postgrestest gives each test a fresh, migrated database of a real PostgreSQL. One private cluster serves a test
// binary and dies with it, however it ends; a database is copied from a migrated template, which takes milliseconds.
//
// It promises isolation between tests, and that a test fails, never skips, when PostgreSQL is not there. Durability is off:
// tests of crashes start their own cluster with postgres.Private.
package postgrestest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/postgres"
)

var (
	once    sync.Once
	cluster *postgres.Cluster
	failed  error
	serial  atomic.Int64
)

// New returns a pool on a fresh migrated database that goes away with the test.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Connect(context.Background(), URL(t)+"&pool_max_conns=8")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a fresh migrated database that goes away with the test.
func URL(t testing.TB) string {
	t.Helper()
	c := Cluster(t)
	name := fmt.Sprintf("t%d", serial.Add(1))
	admin(t, c, "create database "+name+" template lamplight_template")
	t.Cleanup(func() { admin(t, c, "drop database "+name+" with (force)") })
	return c.DatabaseURL(name)
}

// Cluster returns the binary's shared cluster, starting it when this is the first test that asks.
func Cluster(t testing.TB) *postgres.Cluster {
	t.Helper()
	once.Do(func() { cluster, failed = start() })
	if failed != nil {
		t.Fatalf("start PostgreSQL for the tests: %v", failed)
	}
	return cluster
}

func start() (*postgres.Cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "lamplight-pgtest-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the account PostgreSQL runs as must get in
		return nil, err
	}
	if err := reaper(dir); err != nil {
		return nil, err
	}
	c, err := postgres.Private(ctx, postgres.Config{Dir: dir, Settings: map[string]string{
		"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "shared_buffers": "32MB",
		"max_connections": "200",
	}})
	if err != nil {
		return nil, err
	}
	return c, template(ctx, c)
}

// reaper starts a shell that outlives the test binary, whatever ends it, and then stops the cluster and removes its files.
// It learns of the end by its standard input closing.
func reaper(dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	const script = `read -r _; p=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$p" ] && kill -QUIT "$p"
while [ -n "$p" ] && grep -q . "/proc/$p/cmdline" 2>/dev/null; do sleep 0.05; done; rm -rf "$1"`
	cmd := exec.Command("/bin/sh", "-c", script, "reaper", filepath.Clean(dir))
	cmd.Stdin = r
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	keep = w
	go func() { _ = cmd.Wait() }() // it ends after us, or when the directory is gone
	return r.Close()
}

// keep holds the write end of the reaper's pipe until the process ends.
//
//lint:ignore U1000 it is there to be held, not read
var keep *os.File

func template(ctx context.Context, c *postgres.Cluster) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "create database lamplight_template"); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, c.DatabaseURL("lamplight_template"))
	if err != nil {
		return err
	}
	pool.Close()
	return nil
}

func admin(t testing.TB, c *postgres.Cluster, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}
