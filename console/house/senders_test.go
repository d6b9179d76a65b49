package house_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/access"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
)

// senders is how many agents send at once.
const senders = 32

// BenchmarkSenders has 32 agents send notes as fast as they can, on a database that keeps what it acknowledges, and measures it
// against the same rows bare: what a sending writes of note, leaf and dispatch, with their indexes, and nothing else. They go in
// turn, so that a busy machine slows both alike.
func BenchmarkSenders(b *testing.B) {
	cfg, err := pgxpool.ParseConfig(postgrestest.Durable(b).URL())
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns = senders + 4
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	if err := postgres.Migrate(b.Context(), pool); err != nil {
		b.Fatal(err)
	}
	r := rigOn(b, pool)
	agent := r.as(b, "agent")
	var n atomic.Int64
	send := func(context.Context) error {
		_, err := r.Send(agent, draft(fmt.Sprint("d", n.Add(1)), "", "lakeside"))
		return err
	}
	if err := send(agent); err != nil {
		b.Fatal(err)
	}
	bare := bareRows(b, pool)
	var ratios, rates []float64
	for b.Loop() {
		ratios, rates = nil, nil
		for range 5 {
			floor, ours := perSecond(b, bare), perSecond(b, send)
			ratios, rates = append(ratios, floor/ours), append(rates, ours)
		}
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "bare/ours")
	b.ReportMetric(ratios[0], "least")
	b.ReportMetric(ratios[len(ratios)-1], "most")
	b.ReportMetric(rates[len(rates)/2], "notes/s")
}

// perSecond is how often a second all senders together can do something.
func perSecond(b *testing.B, do func(context.Context) error) float64 {
	b.Helper()
	const long = 2 * time.Second
	var done atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(long)
	for range senders {
		all.Go(func() {
			for time.Now().Before(end) {
				if err := do(access.System(b.Context(), "bench")); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return math.Round(float64(done.Load()) / long.Seconds())
}

// bareRows writes the rows that the last sending has written again and again, into tables that are only them.
func bareRows(b *testing.B, pool *pgxpool.Pool) func(context.Context) error {
	b.Helper()
	type write struct {
		sql     string
		columns []string
		values  []any
	}
	var writes []write
	for _, table := range []string{"note", "audit_outbox", "dispatch"} {
		if _, err := pool.Exec(b.Context(), "create table bare_"+table+" (like "+table+" including all)"); err != nil {
			b.Fatal(err)
		}
		rows, err := pool.Query(b.Context(), "select * from "+table+" limit 1")
		if err != nil {
			b.Fatal(err)
		}
		if !rows.Next() {
			b.Fatal("no row of ", table)
		}
		values, err := rows.Values()
		if err != nil {
			b.Fatal(err)
		}
		var w write
		var marks []string
		for i, f := range rows.FieldDescriptions() {
			if table == "audit_outbox" && f.Name == "id" {
				continue // the database's own number
			}
			w.columns, w.values = append(w.columns, f.Name), append(w.values, values[i])
			marks = append(marks, fmt.Sprintf("$%d", len(w.values)))
		}
		rows.Close()
		w.sql = "insert into bare_" + table + " (" + strings.Join(w.columns, ", ") + ") values (" + strings.Join(marks, ", ") + ")"
		writes = append(writes, w)
	}
	var n atomic.Int64
	return func(ctx context.Context) error {
		id := fmt.Sprintf("01900000-0000-7000-8000-%012d", n.Add(1))
		batch := &pgx.Batch{}
		for _, w := range writes {
			values := slices.Clone(w.values)
			for i, c := range w.columns {
				if slices.Contains([]string{"id", "draft", "reference", "note", "object"}, c) {
					values[i] = id
				}
			}
			batch.Queue(w.sql, values...)
		}
		return postgres.Commit(ctx, pool, batch)
	}
}
