package backup_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"lamplight/notes/postgres"
	"lamplight/notes/postgres/backup"
	"lamplight/notes/postgres/postgrestest"
)

// dirOf is a directory, with a space in its path, that the account PostgreSQL runs as may enter.
func dirOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(postgrestest.Dir(t), "a b")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func vault(t *testing.T, dir string, to ...age.Recipient) *backup.Vault {
	t.Helper()
	v, err := backup.OpenVault(dir, to...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestKeeperProcess is not a test of its own: others run it in a child process, which they kill.
func TestKeeperProcess(t *testing.T) {
	dir := os.Getenv("LAMPLIGHT_TEST_VAULT")
	if dir == "" {
		return
	}
	to, err := age.ParseX25519Recipient(os.Getenv("LAMPLIGHT_TEST_RECIPIENT"))
	if err != nil {
		t.Fatal(err)
	}
	every, err := time.ParseDuration(os.Getenv("LAMPLIGHT_TEST_EVERY"))
	if err != nil {
		t.Fatal(err)
	}
	k := backup.NewKeeper(backup.Config{URL: os.Getenv("LAMPLIGHT_TEST_URL"), Vault: vault(t, dir, to), Every: every,
		Log: slog.New(slog.NewTextHandler(os.Stdout, nil))})
	if err := k.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// ground is a private cluster in which rows are written without pause, and a vault.
type ground struct {
	*postgres.Cluster
	id    *age.X25519Identity
	vault string

	mu    sync.Mutex // guards acked
	acked []time.Time
}

func newGround(t *testing.T) *ground {
	t.Helper()
	c, err := postgres.Private(t.Context(), postgres.Config{Dir: dirOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{Cluster: c, id: identity(t), vault: filepath.Join(dirOf(t), "vault")}
	pool, err := postgres.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "create table kept (n int primary key, padding text)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ctx.Err() == nil; {
			// One whose answer was lost may be there: it is written again and counts once it is acknowledged.
			if _, err := pool.Exec(ctx, "insert into kept values ($1::int, repeat(md5($1::int::text), 60)) on conflict do nothing",
				n); err == nil {
				g.mu.Lock()
				g.acked = append(g.acked, time.Now())
				g.mu.Unlock()
				n++
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		pool.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// before counts the rows acknowledged before a moment.
func (g *ground) before(at time.Time) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for n < len(g.acked) && g.acked[n].Before(at) {
		n++
	}
	return n
}

// keeper starts a keeper in a process of its own and returns when said is in its log; kill ends it as a crash does.
func (g *ground) keeper(t *testing.T, every time.Duration, said string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKeeperProcess$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_VAULT="+g.vault, "LAMPLIGHT_TEST_RECIPIENT="+g.id.Recipient().String(),
		"LAMPLIGHT_TEST_URL="+g.URL(), "LAMPLIGHT_TEST_EVERY="+every.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	t.Cleanup(kill)
	heard := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), said) {
				heard <- true
			}
		}
		heard <- false
	}()
	if said != "" && !<-heard {
		t.Fatalf("the keeper never said %q", said)
	}
	return kill
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(time.Millisecond) { // between two looks
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// half tells whether a file of a pattern is being written in the vault.
func (g *ground) half(pattern string) func() bool {
	return func() bool {
		names, err := filepath.Glob(filepath.Join(g.vault, "*", pattern))
		return err == nil && len(names) > 0
	}
}

// restored restores all there is and counts the rows.
func (g *ground) restored(t *testing.T, src backup.RestoreSource) (rows int, f backup.Found) {
	t.Helper()
	began := time.Now()
	c, f, err := backup.Restore(t.Context(), src, postgres.Config{Dir: dirOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	t.Logf("restored in %s from %s to %s", time.Since(began).Round(time.Millisecond), f.Base.Start, f.Stored)
	conn, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var highest int
	if err := conn.QueryRow(t.Context(), "select count(*), coalesce(max(n), -1) from kept").Scan(&rows, &highest); err != nil {
		t.Fatal(err)
	}
	if rows != highest+1 {
		t.Errorf("%d rows, the highest is %d: one in between is missing", rows, highest)
	}
	if _, err := conn.Exec(t.Context(), "insert into kept values (-1, '')"); err != nil {
		t.Errorf("the restored database takes nothing: %v", err)
	}
	return rows, f
}

func (g *ground) source(t *testing.T) backup.RestoreSource {
	return backup.RestoreSource{Vault: vault(t, g.vault), Identities: []age.Identity{g.id}}
}

// TestWhoeverIsKilledNothingIsLost kills keeper and database at the points where a copy is half done, ends with the whole
// machine, and finds every acknowledged row but those of the last moment.
func TestWhoeverIsKilledNothingIsLost(t *testing.T) {
	g := newGround(t)
	points := []struct {
		what string
		at   func() bool
	}{
		{"before anything is stored", func() bool { return true }},
		{"while the first base is copied", g.half(".new-*")},
		{"while a piece of the WAL is written", g.half("wal/.new-*")},
		{"after the base", g.half("base-*.json")},
	}
	for _, p := range points {
		kill := g.keeper(t, time.Hour, "")
		eventually(t, p.what, p.at)
		kill()
		t.Logf("killed the keeper %s; %d rows were acknowledged", p.what, g.before(time.Now()))
	}
	// With a base due at once the database dies while it is copied.
	kill := g.keeper(t, time.Nanosecond, "")
	eventually(t, "another base under way", g.half(".new-*"))
	if err := syscall.Kill(g.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	before := g.before(time.Now())
	eventually(t, "rows after the database's death", func() bool { return g.before(time.Now()) > before+200 })
	kill()
	kill = g.keeper(t, time.Hour, "")
	k := backup.NewKeeper(backup.Config{URL: g.URL(), Vault: vault(t, g.vault)})
	if _, err := k.Caught(t.Context()); err != nil {
		t.Fatal(err)
	}
	before = g.before(time.Now())
	eventually(t, "two more seconds of rows", func() bool { return g.before(time.Now().Add(-2*time.Second)) > before })
	kill() // and with it, all that is here
	end := time.Now()
	rows, _ := g.restored(t, g.source(t))
	const promised = 5 * time.Second
	if must := g.before(end.Add(-promised)); rows < must {
		t.Errorf("%d rows came back, %d were acknowledged %s before the end", rows, must, promised)
	}
	g.mu.Lock()
	lost := end.Sub(g.acked[rows])
	g.mu.Unlock()
	t.Logf("%d of %d rows; the oldest lost was acknowledged %s before the end", rows, g.before(end), lost.Round(time.Millisecond))
}

// TestARestoreIsHeldToItsWords restores by halves: what cannot be is refused in words, and a history never meets its past.
func TestARestoreIsHeldToItsWords(t *testing.T) {
	g := newGround(t)
	kill := g.keeper(t, time.Hour, "a base is complete")
	k := backup.NewKeeper(backup.Config{URL: g.URL(), Vault: vault(t, g.vault)})
	eventually(t, "some rows", func() bool { return g.before(time.Now()) > 100 })
	if _, err := k.Caught(t.Context()); err != nil {
		t.Fatal(err)
	}
	atLeast, until := g.before(time.Now()), time.Now()
	eventually(t, "more rows", func() bool { return g.before(time.Now()) > atLeast+300 })
	if _, err := k.Caught(t.Context()); err != nil {
		t.Fatal(err)
	}
	kill()
	src := g.source(t)
	all, _ := g.restored(t, src)
	src.Until = until
	some, _ := g.restored(t, src)
	if some < atLeast-1 || some >= all {
		t.Errorf("up to an earlier moment %d rows came back, of %d then and %d in all", some, atLeast, all)
	}
	for name, c := range map[string]struct {
		src  backup.RestoreSource
		want string
	}{
		"the key of somebody else": {backup.RestoreSource{Vault: src.Vault, Identities: []age.Identity{identity(t)}},
			"was not encrypted for the identity given"},
		"before the first base": {backup.RestoreSource{Vault: src.Vault, Identities: src.Identities, Until: until.Add(-time.Hour)},
			"no base backup in"},
		"nothing there": {backup.RestoreSource{Vault: vault(t, dirOf(t)), Identities: src.Identities}, "no base backup in"},
	} {
		c1, _, err := backup.Restore(t.Context(), c.src, postgres.Config{Dir: dirOf(t)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if c1 != nil {
			t.Errorf("%s: a cluster runs", name)
		}
	}
	wal, err := filepath.Glob(filepath.Join(g.vault, "*", "wal", "*.age"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range wal {
		if err := os.Rename(name, name+".away"); err != nil {
			t.Fatal(err)
		}
	}
	src.Until = time.Time{}
	if _, _, err := backup.Restore(t.Context(), src, postgres.Config{Dir: dirOf(t)}); err == nil ||
		!strings.Contains(err.Error(), "files are missing there") {
		t.Errorf("without its WAL: %v", err)
	}
}

func TestKeysInEscrow(t *testing.T) {
	id := identity(t)
	e := backup.Escrow{Dir: filepath.Join(t.TempDir(), "keys"), To: []age.Recipient{id.Recipient()}}
	now := time.Date(2026, 3, 1, 2, 3, 4, 0, time.UTC)
	files := map[string][]byte{"keys/audit.json": []byte("a"), "keys/keyring.json": []byte("k")}
	put := func(want bool) {
		t.Helper()
		if added, err := e.Put(files, now); err != nil || added != want {
			t.Fatalf("added %v, %v", added, err)
		}
		now = now.Add(time.Hour)
	}
	put(true)
	put(false)
	files["keys/keyring.json"] = []byte("rotated")
	if _, err := e.Check(files); err == nil {
		t.Error("a copy of other keys is as good")
	}
	put(true)
	newest, err := e.Newest()
	if err != nil {
		t.Fatal(err)
	}
	got, err := backup.ReadEscrow(newest, []age.Identity{id})
	if err != nil || fmt.Sprint(got) != fmt.Sprint(files) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := backup.ReadEscrow(newest, []age.Identity{identity(t)}); err == nil {
		t.Error("anybody opens the keys")
	}
	b, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(newest, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Check(files); err == nil {
		t.Error("a damaged copy is as good")
	}
	put(true)
}
