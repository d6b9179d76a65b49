package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit"
	"lamplight/notes/postgres/postgrestest"
)

func newLog(t testing.TB) (*audit.Log, *audit.Key, *pgxpool.Pool) {
	t.Helper()
	pool := postgrestest.New(t)
	key, err := audit.LoadKey(filepath.Join(t.TempDir(), "audit.key"), "lamplight.test")
	if err != nil {
		t.Fatal(err)
	}
	return audit.NewLog(pool, key), key, pool
}

func leaf(object string) audit.Entry {
	return audit.Entry{Actor: "p", Action: "tested", Kind: "thing", Object: object}
}

func add(t testing.TB, l *audit.Log, pool *pgxpool.Pool, entries ...audit.Entry) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return l.Append(t.Context(), tx, entries...) }); err != nil {
		t.Fatal(err)
	}
}

func TestNoActNoLeaf(t *testing.T) {
	l, key, pool := newLog(t)
	boom := errors.New("boom")
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := l.Append(t.Context(), tx, leaf("a"), leaf("b")); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if n, err := l.Sequence(t.Context()); n != 0 || err != nil {
		t.Errorf("%d leaves %v", n, err)
	}
	if cp, err := l.Checkpoint(t.Context()); cp != "" || err != nil {
		t.Errorf("%q %v", cp, err)
	}
	r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() {
		t.Errorf("an empty log: %+v %v", r, err)
	}
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return l.Append(t.Context(), tx, audit.Entry{}) }); err == nil {
		t.Error("an empty entry went in")
	}
}

// TestSeveralServersSequenceOneLog has writers and sequencers at once; every leaf stands once and the log verifies while
// they are at it.
func TestSeveralServersSequenceOneLog(t *testing.T) {
	l, key, pool := newLog(t)
	ctx, cancel := context.WithCancel(t.Context())
	var sequencers, writers sync.WaitGroup
	for range 3 {
		sequencers.Go(func() {
			for ctx.Err() == nil {
				if _, err := l.Sequence(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	const each = 40
	for w := range 4 {
		writers.Go(func() {
			for i := range each {
				if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					return l.Append(t.Context(), tx,
						leaf(fmt.Sprintf("%d-%d", w, i)))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		if r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key}); err != nil || !r.Good() {
			t.Errorf("while it is written: %+v %v", r, err)
		}
	}
	writers.Wait()
	cancel()
	sequencers.Wait()
	if _, err := l.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() || r.Leaves != 4*each || r.Waiting != 0 {
		t.Errorf("%+v %v", r, err)
	}
	var twice int
	if err := pool.QueryRow(t.Context(), "select count(*) - count(distinct object) from audit_leaf").Scan(&twice); err != nil ||
		twice != 0 {
		t.Errorf("%d leaves stand twice %v", twice, err)
	}
}

// during has something happen when the first statement after a snapshot has been answered.
type during func()

func (do during) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (do during) TraceQueryEnd(_ context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	if d.CommandTag.Select() {
		do()
	}
}

// TestAHouseAtWorkIsNoCutLog has leaves sequenced, and their checkpoint kept beside the key, in the midst of a verification.
func TestAHouseAtWorkIsNoCutLog(t *testing.T) {
	l, key, pool := newLog(t)
	sequence := func() {
		add(t, l, pool, leaf("a"))
		if n, err := l.Sequence(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	sequence()
	cfg, n := pool.Config().Copy(), 0
	cfg.ConnConfig.Tracer = during(func() { n++; sequence() })
	beside, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	r, err := audit.Verify(t.Context(), beside, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() || r.Leaves != 1 || n == 0 {
		t.Errorf("%+v %v, %d leaves came meanwhile", r, err, n)
	}
}

func TestRunSequencesWhatComesAndEndsClean(t *testing.T) {
	l, key, pool := newLog(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx, func(err error) { t.Error(err) }) }()
	add(t, l, pool, leaf("first"))
	for end := time.Now().Add(20 * time.Second); ; {
		if cp, err := l.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		} else if cp != "" {
			break
		} else if time.Now().After(end) {
			t.Fatal("nothing was sequenced")
		}
	}
	add(t, l, pool, leaf("last"))
	cancel()
	<-done
	r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() || r.Leaves != 2 || r.Waiting != 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestManyLeavesInSeveralBatches(t *testing.T) {
	l, key, pool := newLog(t)
	var entries []audit.Entry
	for i := range 9001 {
		entries = append(entries, leaf(fmt.Sprint(i)))
	}
	add(t, l, pool, entries...)
	if n, err := l.Sequence(t.Context()); n != 9001 || err != nil {
		t.Fatal(n, err)
	}
	start := time.Now()
	r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() || r.Leaves != 9001 || r.Checkpoints != 3 {
		t.Errorf("%+v %v", r, err)
	}
	t.Logf("%d leaves verified in %v", r.Leaves, time.Since(start))
	var b strings.Builder
	if err := r.Print(&b); err != nil || b.String() != "audit verified, 9001 leaves (0 waiting), 3 checkpoints, 0 rows\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}

func TestNothingIsSignedOverATamperedLog(t *testing.T) {
	for name, sql := range map[string]string{
		"a hash": "update audit_hash set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where idx = (select max(idx) from " +
			"audit_hash)",
		"a checkpoint": "update audit_checkpoint set note = replace(note, 'previous', 'previovs')",
		"a short hash": "update audit_hash set hash = '\\x00' where idx = (select max(idx) from audit_hash)",
	} {
		l, key, pool := newLog(t)
		add(t, l, pool, leaf("a"))
		if _, err := l.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		add(t, l, pool, leaf("b"))
		if _, err := l.Sequence(t.Context()); !errors.Is(err, audit.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
		r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
		if err != nil || r.Good() {
			t.Errorf("%s: %+v %v", name, r, err)
		}
		var b strings.Builder
		if err := r.Print(&b); err != nil || !strings.Contains(b.String(), "AUDIT FAILED") {
			t.Errorf("%s: %q %v", name, b.String(), err)
		}
	}
}

func TestKindsWithoutATableAreNamed(t *testing.T) {
	l, key, pool := newLog(t)
	e := leaf("a")
	e.Rows = []audit.Row{{Kind: "thing", ID: "a", Hash: "00"}}
	add(t, l, pool, e)
	r, err := audit.Verify(t.Context(), pool, audit.VerifyOptions{Key: key})
	if err != nil || !r.Good() || len(r.Unchecked) != 1 || r.Waiting != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestTheKeysFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "audit.key")
	a, err := audit.LoadKey(path, "lamplight.test")
	if err != nil {
		t.Fatal(err)
	}
	b, err := audit.LoadKey(path, "another.name")
	if err != nil || a.Public() != b.Public() {
		t.Errorf("opened again: %v", err)
	}
	if err := a.Remember("x"); err != nil {
		t.Fatal(err)
	}
	if cp, err := b.Remembered(); cp != "x" || err != nil {
		t.Errorf("%q %v", cp, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.LoadKey(path, "x"); err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Error(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.LoadKey(path, "x"); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
	if _, err := audit.LoadKey(filepath.Join(t.TempDir(), "k"), "with space"); err == nil {
		t.Error("a name nobody can read back")
	}
}
