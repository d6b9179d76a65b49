package record_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/seal"
)

// durable is a database that keeps what it acknowledges, as in production; the tests' own does not.
func durable(b *testing.B) *pgxpool.Pool {
	b.Helper()
	pool, err := postgres.Open(b.Context(), postgrestest.Durable(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

// BenchmarkTake measures storing a note, with its leaf and with a hook that writes what a dispatch does (three rows and a
// leaf), against one bare encrypted INSERT…COMMIT of the same body on the same database.
func BenchmarkTake(b *testing.B) {
	pool := durable(b)
	dir := b.TempDir()
	h := fixtureOn(b, pool, dir).furnish(b)
	agent := h.as(b, agentID)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.log.Run(ctx, func(err error) { b.Error(err) }) }()
	defer func() { cancel(); <-done }()
	if _, err := pool.Exec(ctx, "create table bare (id text primary key, body bytea not null)"); err != nil {
		b.Fatal(err)
	}
	root, err := seal.LoadKeyring(filepath.Join(dir, "bare.keys"))
	if err != nil {
		b.Fatal(err)
	}
	w, err := seal.NewWrapped(ctx, root, "p", seal.UseSeal, 1)
	if err != nil {
		b.Fatal(err)
	}
	x, err := seal.NewWrapped(ctx, root, "p", seal.UseIndex, 1)
	if err != nil {
		b.Fatal(err)
	}
	keys, err := seal.UnwrapKeys(ctx, root, "p", []seal.Wrapped{w, x})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(asJSON(b, said))
	hook := func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		batch := &pgx.Batch{}
		for i := range 3 {
			batch.Queue("insert into bare (id, body) values ($1, $2)", fmt.Sprint(n.ID, i), body)
		}
		return tx.SendBatch(ctx, batch).Close()
	}
	acts := []func(id string) error{
		func(id string) error {
			sealed, err := keys.Seal(seal.Label{Practice: "p"}, body)
			if err != nil {
				return err
			}
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "insert into bare (id, body) values ($1, $2)", id, sealed)
				return err
			})
		},
		func(id string) error { _, err := h.store.Take(agent, aDraft(id, "")); return err },
		func(id string) error { _, err := h.store.Take(agent, aDraft(id, ""), hook); return err },
	}
	took := make([][]time.Duration, len(acts))
	n := 0
	for b.Loop() { // in turn, so that a busy machine slows all alike
		for i, act := range acts {
			n++
			start := time.Now()
			if err := act(fmt.Sprint("b", n)); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	half, last := len(took[0])/2, len(took[0])*99/100
	bare := float64(took[0][half])
	b.ReportMetric(bare/1e3, "bare-µs")
	b.ReportMetric(float64(took[1][half])/bare, "take/bare")
	b.ReportMetric(float64(took[2][half])/bare, "take+hook/bare")
	b.ReportMetric(float64(took[2][last])/1e6, "p99-ms")
}
