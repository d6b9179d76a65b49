package postgres_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
)

// TestOwnerProcess is not a test of its own: the test below runs it in a child process, which is then killed.
func TestOwnerProcess(t *testing.T) {
	dir := os.Getenv("LAMPLIGHT_TEST_OWNER")
	if dir == "" {
		return
	}
	ctx := context.Background()
	c, err := postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "create table kept (n int); insert into kept values (42)"); err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	select {} // until killed
}

// leaveRunning has another process make a cluster in dir with a row to be kept; then that process is killed. What is to be
// done meanwhile is done while it lives.
func leaveRunning(t *testing.T, dir string, meanwhile ...func()) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestOwnerProcess$", "-test.v")
	child.Env = append(os.Environ(), "LAMPLIGHT_TEST_OWNER="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for buf := make([]byte, 4096); !strings.Contains(said, "ready"); {
		n, err := out.Read(buf)
		said += string(buf[:n])
		if err != nil {
			t.Fatalf("the child ended before it was ready: %s", said)
		}
	}
	for _, do := range meanwhile {
		do()
	}
	if err := child.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the killed process ended well")
	}
}

func TestClusterOutlivesItsKilledOwner(t *testing.T) {
	ctx, dir := t.Context(), postgrestest.Dir(t)
	leaveRunning(t, dir, func() {
		borrower, err := postgres.Private(ctx, postgres.Config{Dir: dir})
		if err != nil {
			t.Fatalf("a second process cannot borrow the cluster: %v", err)
		}
		if err := borrower.Close(); err != nil {
			t.Fatal(err)
		}
	})
	before := postmaster(t, dir)
	c, err := postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if after := postmaster(t, dir); after != before {
		t.Errorf("the running postmaster %s was not taken over: now %s", before, after)
	}
	if n := kept(t, c); n != 42 {
		t.Errorf("kept %d, want 42", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); !os.IsNotExist(err) {
		t.Error("the postmaster is still there after Close")
	}
	c, err = postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatalf("start again after a clean stop: %v", err)
	}
	defer c.Close()
	if n := kept(t, c); n != 42 {
		t.Errorf("kept %d after a restart, want 42", n)
	}
}

// TestALockWhoseNumberIsNotFreeIsNoObstacle leaves in the locks the id of a process that nobody reaped, and of one that came
// by the number after the machine had started anew.
func TestALockWhoseNumberIsNotFreeIsNoObstacle(t *testing.T) {
	for name, what := range map[string]struct {
		program []string
		state   string
	}{"a dead one": {[]string{"/bin/true"}, ") Z"}, "another's": {[]string{"/bin/sleep", "1000"}, "(sleep) S"}} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := t.Context(), postgrestest.Dir(t)
			c, err := postgres.Private(ctx, postgres.Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(dir, "data")
			owner, err := os.Stat(data)
			if err != nil {
				t.Fatal(err)
			}
			uid := owner.Sys().(*syscall.Stat_t).Uid // the same account: PostgreSQL does not mind anybody else
			other := exec.Command(what.program[0], what.program[1:]...)
			if os.Geteuid() == 0 {
				other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			}
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = other.Process.Kill() // it may have ended
				_ = other.Wait()
			}()
			for stat := ""; !strings.Contains(stat, what.state); {
				b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", other.Process.Pid))
				if err != nil {
					t.Fatal(err)
				}
				stat = string(b)
			}
			lock := fmt.Appendf(nil, "%d\n%s\n1\n5432\n", other.Process.Pid, data)
			for _, path := range []string{filepath.Join(data, "postmaster.pid"), filepath.Join(dir, "run", ".s.PGSQL.5432.lock")} {
				if err := os.WriteFile(path, lock, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c, err = postgres.Private(ctx, postgres.Config{Dir: dir}); err != nil {
				t.Fatal(err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestClusterStartsAgainAfterPostgresWasKilled(t *testing.T) {
	ctx, dir := t.Context(), postgrestest.Dir(t)
	c, err := postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ name, value string }{{"fsync", "on"}, {"synchronous_commit", "on"}, {"data_checksums", "on"},
		{"listen_addresses", ""}, {"log_statement", "none"}} {
		conn, err := pgx.Connect(ctx, c.URL())
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := conn.QueryRow(ctx, "show "+want.name).Scan(&got); err != nil || got != want.value {
			t.Errorf("%s is %q (%v), want %q", want.name, got, err, want.value)
		}
		conn.Close(ctx)
	}
	var pid int
	fmt.Sscan(postmaster(t, dir), &pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c, err = postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestClearErrors(t *testing.T) {
	ctx := t.Context()
	empty := postgrestest.Dir(t)
	if _, err := postgres.Private(ctx, postgres.Config{Dir: postgrestest.Dir(t), Bin: empty}); err == nil ||
		!strings.Contains(err.Error(), "no usable PostgreSQL") {
		t.Errorf("no binaries: %v", err)
	}
	t.Setenv("PATH", empty)
	if os.Geteuid() == 0 {
		closed := postgrestest.Dir(t)
		if err := os.Chmod(closed, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := postgres.Private(ctx, postgres.Config{Dir: filepath.Join(closed, "pg")}); err == nil ||
			!strings.Contains(err.Error(), "may not enter") {
			t.Errorf("a directory the account may not enter: %v", err)
		}
	}
	if _, err := postgres.Open(ctx, "postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=2"); err == nil ||
		strings.Contains(err.Error(), "hunter2") {
		t.Errorf("unreachable: %v", err)
	}
	dir := postgrestest.Dir(t)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Private(ctx, postgres.Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "install postgresql-9") {
		t.Errorf("data of another version: %v", err)
	}
}

func TestMigrationsTwiceAndEachTestItsOwnDatabase(t *testing.T) {
	ctx := t.Context()
	a, b := postgrestest.New(t), postgrestest.New(t)
	if err := postgres.Migrate(ctx, a); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Exec(ctx, "insert into account (id, name, version, document, schedule, ladders, changed_at) values ('x', '', 1, '', "+
		"'', '', now())"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(ctx, "select count(*) from account").Scan(&n); err != nil || n != 0 {
		t.Errorf("the other test's row is seen: %d %v", n, err)
	}
}

func TestBeginSendsItsFirstStatementsAtOnce(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	if _, err := pool.Exec(ctx, "create table n (n int primary key)"); err != nil {
		t.Fatal(err)
	}
	put := func(n int) (pgx.Tx, error) {
		b := &pgx.Batch{}
		b.Queue("insert into n values ($1)", n)
		return postgres.Begin(ctx, pool, b, nil)
	}
	tx, err := put(1)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := tx.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inner.Exec(ctx, "insert into n values (2)"); err != nil {
		t.Fatal(err)
	}
	if err := inner.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := put(1); err == nil {
		t.Fatal("a duplicate went in")
	}
	tx, err = put(3)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := pool.QueryRow(ctx, "select count(*) from n").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows (%v), want 1", n, err)
	}
	if s := pool.Stat().AcquiredConns(); s != 0 {
		t.Errorf("%d connections leaked", s)
	}
}

func postmaster(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(b), "\n")
	return pid
}

func kept(t *testing.T, c *postgres.Cluster) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
