package house_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// counter counts the statements that a database is asked.
type counter struct{ n atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *counter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (c *counter) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) { c.n.Add(1) }
func (c *counter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// countedRig is a rig whose statements are counted.
func countedRig(t testing.TB) (*rig, *counter) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(postgrestest.URL(t) + "&pool_max_conns=4")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{}
	cfg.ConnConfig.Tracer = c
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return rigOn(t, pool), c
}

// surname is a different name for every number, of letters alone.
func surname(i int) string {
	b := []byte("Xaaaaa")
	for k := len(b) - 1; k > 0; k-- {
		b[k] = byte('a' + i%26)
		i /= 26
	}
	return string(b)
}

// fill puts n open notes there, half a practice: each of a call that has ended, told to the doctor an hour ago, to be told
// again in an hour. Nothing of it is in the audit log, which no list reads.
func (r *rig) fill(t testing.TB, n int) {
	t.Helper()
	ctx := t.Context()
	accounts := []telephony.AccountID{"lakeside", "bosque"}
	keys := map[telephony.AccountID]*seal.Keys{}
	for _, a := range accounts {
		k, err := r.store.Keys(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		keys[a] = k
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	id := func(kind string, i int) string { return fmt.Sprintf("%s-%07d", kind, i) }
	table := func(name string, columns []string, row func(i int) ([]any, error)) {
		t.Helper()
		if _, err := r.pool.CopyFrom(ctx, pgx.Identifier{name}, columns, pgx.CopyFromSlice(n, row)); err != nil {
			t.Fatal(name, err)
		}
	}
	at := func(i int) time.Time { return now.Add(-time.Duration(n-i) * time.Second) }
	table("call", []string{"id", "account", "did", "caller", "caller_term", "language", "state", "agent", "outcome", "opened_at",
		"answered_at", "ended_at", "inbound", "followup"},
		func(i int) ([]any, error) {
			return []any{id("call", i), accounts[i%2], "+13125550100", []byte("x"),
				[]byte(keys[accounts[i%2]].PhoneTerm(fmt.Sprintf("+1%03d555%04d", 312+i/10_000, i%10_000))), "en", "ended", "agent",
				"completed", at(i), at(i), at(i), true, ""}, nil
		})
	table("dispatch", []string{"id", "note", "account", "practice", "urgency", "reference", "plan", "first_rung", "rung", "state",
		"begun_at", "board_at", "unfolded"},
		func(i int) ([]any, error) {
			return []any{id("dispatch", i), id("note", i), accounts[i%2], "P", "urgent", "L-1", "{}", 0, 0, "climbing", at(i),
				now.Add(2 * time.Hour), true}, nil
		})
	table("note", []string{"id", "draft", "account", "year", "reference", "call", "call_type", "urgency", "language", "taker", "taken_at",
		"state", "version", "script_version", "title", "body", "terms"},
		func(i int) ([]any, error) {
			k := keys[accounts[i%2]]
			title, err := k.Seal(seal.Label{Practice: string(accounts[i%2]), Kind: "note.title", ID: id("note", i), Version: 1},
				[]byte("A. "+surname(i)))
			return []any{id("note", i), id("draft", i), accounts[i%2], now.Year(), "L-" + strconv.Itoa(1000+i), id("call", i), "symptom",
				"urgent", "en", "agent", at(i), "open", 1, 1,
				title, []byte("x"), seal.Unique(k.NameTerms("Ann " + surname(i)))}, err
		})
	attempt := []string{"id", "dispatch", "rung", "contact", "name", "person", "channel", "lang", "address", "try", "state", "due_at",
		"wake_at", "fence", "sends", "why"}
	table("attempt", attempt, func(i int) ([]any, error) {
		return []any{id("sent", i), id("dispatch", i), 0, "reyes", "Dr Reyes", "doctor", "text", "en", "+1", 1, "accepted", at(i), nil, 1,
			1, ""}, nil
	})
	table("attempt", attempt, func(i int) ([]any, error) {
		return []any{id("due", i), id("dispatch", i), 1, "reyes", "Dr Reyes", "doctor", "text", "en", "+1", 1, "due", now.Add(time.Hour),
			now.Add(time.Hour), 0, 0, ""}, nil
	})
	table("dispatch_step", []string{"id", "dispatch", "note", "attempt", "at", "kind", "actor", "channel", "detail"},
		func(i int) ([]any, error) {
			return []any{id("step", i), id("dispatch", i), id("note", i), id("sent", i), at(i), "attempt.sent", "Dr Reyes", "text", ""}, nil
		})
	for _, sql := range []string{"update attempt set sent_at = due_at where state = 'accepted'", "delete from board_news",
		"vacuum analyze"} {
		if _, err := r.pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
}

// A reading is one thing that people look at all day, and how many rows it shows when enough is open.
type reading struct {
	name string
	rows int
	read func(context.Context, *rig) (int, error)
	who  notes.PersonID
}

var readings = []reading{
	{"board", 50, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.BoardPage(ctx, console.BoardQuery{})
		return len(p.Rows), err
	}, "agent"},
	{"board_of_one", 50, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.BoardPage(ctx, console.BoardQuery{})
		return len(p.Rows), err
	}, "other-agent"},
	{"hello", 50, func(ctx context.Context, r *rig) (int, error) { h, err := r.Hello(ctx); return len(h.Board), err }, "agent"},
	{"inbox", 50, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.Inbox(ctx, console.InboxQuery{})
		return len(p.Rows), err
	}, "doctor"},
	{"practice", 50, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.Calls(ctx, console.CallsFilter{Account: "lakeside"})
		return len(p.Rows), err
	}, "office"},
	{"everybody", 50, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.Calls(ctx, console.CallsFilter{})
		return len(p.Rows), err
	}, "boss"},
	{"search", 1, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.Calls(ctx, console.CallsFilter{Account: "lakeside", Search: surname(4)})
		return len(p.Rows), err
	}, "office"},
	{"search_number", 1, func(ctx context.Context, r *rig) (int, error) {
		p, err := r.Calls(ctx, console.CallsFilter{Search: "312-555-0004"})
		return len(p.Rows), err
	}, "boss"},
	{"auditor", 0, func(ctx context.Context, r *rig) (int, error) {
		found, _, err := r.routing.Standing(ctx)
		return len(found), err
	}, "boss"},
}

// TestAPageCostsFewQueries counts what a page asks of the database, its leaf and what is counted for its heading included.
func TestAPageCostsFewQueries(t *testing.T) {
	r, asked := countedRig(t)
	r.fill(t, 120)
	if _, err := r.store.Keys(t.Context(), ""); err != nil { // of calls to numbers nobody owns, made at the first of them
		t.Fatal(err)
	}
	for _, c := range readings {
		if c.name == "hello" { // a desk's whole state
			continue
		}
		ctx := r.as(t, c.who)
		for _, a := range []notes.Account{practice("lakeside", "+13125550100"), practice("bosque", "+13125550200")} {
			if err := r.store.PutAccount(access.System(t.Context(), "seed"), a); err != nil { // stored again: no longer known
				t.Fatal(err)
			}
		}
		before := asked.n.Load()
		rows, err := c.read(ctx, r)
		if err != nil || rows != c.rows {
			t.Fatalf("%s: %d rows, %v", c.name, rows, err)
		}
		if n := asked.n.Load() - before; n > 6 {
			t.Errorf("%s: %d queries for %d rows, want 6 at most", c.name, n, rows)
		} else {
			t.Logf("%s: %d queries", c.name, n)
		}
	}
}

// BenchmarkOpenNotes gives, for each reading, what ten times as many open notes make of its time, from 100 to
// LAMPLIGHT_OPEN_NOTES (10,000): the ratio of most to least, a step. All sizes are read in turn, so that a busy machine slows all
// alike, and each ratio is the median of the rounds; least and most are those of the single steps.
func BenchmarkOpenNotes(b *testing.B) {
	most := 10_000
	if s := os.Getenv("LAMPLIGHT_OPEN_NOTES"); s != "" {
		var err error
		if most, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	var rigs []*rig
	for n := 100; n <= most; n *= 10 {
		r := newRig(b)
		r.fill(b, n)
		rigs = append(rigs, r)
	}
	for _, c := range readings {
		b.Run(c.name, func(b *testing.B) {
			const rounds = 61
			took := make([][]time.Duration, len(rigs))
			for round := range rounds + 10 {
				for i, r := range rigs {
					ctx := r.as(b, c.who)
					began := time.Now()
					if rows, err := c.read(ctx, r); err != nil || rows != c.rows {
						b.Fatalf("%d rows, %v", rows, err)
					}
					if round >= 10 { // the first warm it up
						took[i] = append(took[i], time.Since(began))
					}
				}
			}
			ratio := func(large, small int) float64 {
				all := make([]float64, rounds)
				for k := range all {
					all[k] = float64(took[large][k]) / float64(took[small][k])
				}
				slices.Sort(all)
				return all[rounds/2]
			}
			last := len(rigs) - 1
			var steps []float64
			for i := range last {
				steps = append(steps, ratio(i+1, i))
			}
			slices.Sort(steps)
			growth := math.Pow(ratio(last, 0), 1/float64(last))
			slices.Sort(took[last])
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(steps[0], "least")
			b.ReportMetric(growth, "growth")
			b.ReportMetric(steps[len(steps)-1], "most")
			b.ReportMetric(float64(took[last][rounds/2].Microseconds())/1000, "ms-at-most")
		})
	}
}
