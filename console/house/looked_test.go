package house_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/postgres/postgrestest"
)

// looks counts what PostgreSQL looks at to answer: the rows that its scans touch, those thrown away included, and the pages they
// stand on. PostgreSQL says so itself of each statement as it was run (auto_explain), whatever plan it chose.
type looks struct {
	mu          sync.Mutex // guards what follows
	rows, pages float64
	most        float64
	worst       string // the statement that touched most, with its plan
	err         error
}

// plan is a node of what auto_explain tells.
type plan struct {
	Node    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Dropped float64 `json:"Rows Removed by Filter"`
	Checked float64 `json:"Rows Removed by Index Recheck"`
	Hit     float64 `json:"Shared Hit Blocks"`
	Read    float64 `json:"Shared Read Blocks"`
	Plans   []plan
}

// touched is how many rows the scans of a plan touched.
func (p plan) touched() (rows float64) {
	if p.Table != "" || p.Index != "" {
		rows = (p.Rows + p.Dropped + p.Checked) * p.Loops
	}
	for _, below := range p.Plans {
		rows += below.touched()
	}
	return rows
}

func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s: %.0f rows and %.0f dropped, %.0f times\n", p.Node, p.Table, p.Index, p.Rows, p.Dropped+p.Checked, p.Loops)
	for _, below := range p.Plans {
		b.WriteString("  " + strings.ReplaceAll(strings.TrimSuffix(below.String(), "\n"), "\n", "\n  ") + "\n")
	}
	return b.String()
}

// hear takes what auto_explain tells of a statement.
func (l *looks) hear(_ *pgconn.PgConn, n *pgconn.Notice) {
	_, text, ok := strings.Cut(n.Message, "plan:\n")
	if !ok {
		return
	}
	var said struct {
		Query string `json:"Query Text"`
		Plan  plan
	}
	err := json.Unmarshal([]byte(text), &said)
	rows := said.Plan.touched()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.err = err
	}
	l.rows, l.pages = l.rows+rows, l.pages+said.Plan.Hit+said.Plan.Read
	if rows > l.most {
		l.most, l.worst = rows, said.Query+"\n"+said.Plan.String()
	}
}

// take is what was looked at since the take before.
func (l *looks) take(t *testing.T) (rows, pages float64, worst string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		t.Fatal(l.err)
	}
	rows, pages, worst = l.rows, l.pages, l.worst
	l.rows, l.pages, l.most, l.worst = 0, 0, 0, ""
	return rows, pages, worst
}

// lookedAtRig is a rig of which is counted what its statements look at.
func lookedAtRig(t *testing.T) (*rig, *looks) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(postgrestest.URL(t) + "&pool_max_conns=2")
	if err != nil {
		t.Fatal(err)
	}
	l := &looks{}
	cfg.ConnConfig.OnNotice = l.hear
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, `load 'auto_explain'; set auto_explain.log_level = notice; set auto_explain.log_format = json;
			set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on; set auto_explain.log_timing = off;
			set auto_explain.log_buffers = on`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return rigOn(t, pool), l
}

// TestNoListLooksThroughWhatIsOpen holds what BenchmarkOpenNotes measures where no busy machine can blur it: for a page PostgreSQL
// touches a few rows for each that is shown, and with ten times as much open not one more, on pages that only an index's height
// adds to. Each list is read so often that a plan for any parameters may be chosen as well as one for these.
func TestNoListLooksThroughWhatIsOpen(t *testing.T) {
	const times, few, many = 12, 1000, 10_000
	type cost struct {
		rows, pages float64
		worst       string
	}
	costs := map[int]map[string]cost{}
	for _, n := range []int{few, many} {
		costs[n] = map[string]cost{}
		r, l := lookedAtRig(t)
		r.fill(t, n)
		for _, c := range readings {
			ctx := r.as(t, c.who)
			for again := range times + 1 {
				if again == 1 { // the first learns what is then known
					l.take(t)
				}
				if rows, err := c.read(ctx, r); err != nil || rows != c.rows {
					t.Fatalf("%s: %d rows, %v", c.name, rows, err)
				}
			}
			rows, pages, worst := l.take(t)
			costs[n][c.name] = cost{rows / times, pages / times, worst}
		}
	}
	for _, c := range readings {
		a, b := costs[few][c.name], costs[many][c.name]
		t.Logf("%s: of %d open %.0f rows on %.0f pages, of %d %.0f on %.0f", c.name, few, a.rows, a.pages, many, b.rows, b.pages)
		if most := float64(50 + 15*c.rows); a.rows > most || b.rows > most || b.rows > a.rows+1 || b.pages > 5+1.2*a.pages {
			t.Errorf("%s looks through what is open:\n%s\n%s", c.name, a.worst, b.worst)
		}
	}
}
