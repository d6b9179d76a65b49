package postgres_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
)

// said is a log that a test reads.
type said struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) times(words string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.b.String(), words)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// watched is a running cluster with a table and the log it writes.
func watched(t *testing.T, dir string) (*postgres.Cluster, *said) {
	t.Helper()
	log := &said{}
	c, err := postgres.Private(t.Context(), postgres.Config{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log)
		}
	})
	return c, log
}

func kill(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) { // between two looks
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestADeadPostgresComesBackAndThePoolWithIt(t *testing.T) {
	c, log := watched(t, postgrestest.Dir(t))
	ctx := t.Context()
	pool, err := postgres.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "create table kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := pool.Exec(ctx, "insert into kept values ($1)", i); err != nil {
			t.Fatal(err)
		}
		before := c.Pid()
		kill(t, before, syscall.SIGKILL)
		began := time.Now()
		eventually(t, "another postmaster", func() bool { now := c.Pid(); return now != before && now != 0 })
		var n int
		eventually(t, "an answer", func() bool { return pool.QueryRow(ctx, "select count(*) from kept").Scan(&n) == nil })
		t.Logf("away for %v", time.Since(began))
		if n != i+1 {
			t.Errorf("%d rows of %d", n, i+1)
		}
	}
	if d, b := log.times("PostgreSQL died and is started again"), log.times("PostgreSQL is back"); d != 3 || b != 3 {
		t.Errorf("told of %d deaths and %d returns", d, b)
	}
}

// TestOneThatWasTakenOverComesBack kills a postmaster that another process of ours had started and left.
func TestOneThatWasTakenOverComesBack(t *testing.T) {
	dir := postgrestest.Dir(t)
	leaveRunning(t, dir)
	c, _ := watched(t, dir)
	before := c.Pid()
	kill(t, before, syscall.SIGKILL)
	eventually(t, "another postmaster", func() bool { now := c.Pid(); return now != before && now != 0 })
	if n := kept(t, c); n != 42 {
		t.Errorf("kept %d, want 42", n)
	}
}

// TestAChildThatOutlivesItsPostmasterIsKilled freezes a connection's process: it would hold the memory for ever.
func TestAChildThatOutlivesItsPostmasterIsKilled(t *testing.T) {
	c, log := watched(t, postgrestest.Dir(t))
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	backend, before := int(conn.PgConn().PID()), c.Pid()
	kill(t, backend, syscall.SIGSTOP)
	kill(t, before, syscall.SIGKILL)
	eventually(t, "another postmaster", func() bool { now := c.Pid(); return now != before && now != 0 })
	if _, err := conn.Exec(ctx, "select 1"); err == nil {
		t.Error("the frozen connection answers")
	}
	if log.times("are killed\" processes=1\n") != 1 {
		t.Error("not told, or others were killed")
	}
}

// TestWhatCannotStartIsTriedAgain takes away what PostgreSQL needs, and gives it back.
func TestWhatCannotStartIsTriedAgain(t *testing.T) {
	dir := postgrestest.Dir(t)
	c, log := watched(t, dir)
	control := filepath.Join(dir, "data", "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil {
		t.Fatal(err)
	}
	before := c.Pid()
	kill(t, before, syscall.SIGKILL)
	eventually(t, "three tries", func() bool { return log.times("PostgreSQL does not start") == 3 })
	if c.Pid() != 0 {
		t.Error("it says that one runs")
	}
	for _, wait := range []string{"100ms", "200ms", "400ms"} {
		if log.times(fmt.Sprintf("\"again in\"=%s\n", wait)) != 1 {
			t.Errorf("no rest of %s", wait)
		}
	}
	if err := os.Rename(control+".away", control); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another postmaster", func() bool { now := c.Pid(); return now != before && now != 0 })
}

// TestClosedWhileItIsAway closes the cluster at several moments of a restart; nothing of it is left.
func TestClosedWhileItIsAway(t *testing.T) {
	for _, after := range []time.Duration{0, 30 * time.Millisecond, 60 * time.Millisecond, 120 * time.Millisecond, 240 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			dir := postgrestest.Dir(t)
			c, _ := watched(t, dir)
			kill(t, c.Pid(), syscall.SIGKILL)
			<-time.After(after)
			began := time.Now()
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 9*time.Second {
				t.Errorf("it took %v", took)
			}
			if c.Pid() != 0 {
				t.Error("it says that one runs")
			}
			lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range lines {
				if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte(dir)) {
					t.Errorf("left behind: %q", line)
				}
			}
		})
	}
}
