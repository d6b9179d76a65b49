package record_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/telephony"
)

func connect(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// follow stands for what routing writes in the note's transaction.
func follow(ctx context.Context, tx pgx.Tx, n notes.Note) error {
	_, err := tx.Exec(ctx, "insert into follows (note) values ($1)", n.ID)
	return err
}

// TestTakerProcess is not a test of its own: the test below runs it in a child process and kills it. It records calls and
// takes notes without end and prints each draft once it is acknowledged.
func TestTakerProcess(t *testing.T) {
	url, dir := os.Getenv("LAMPLIGHT_TEST_TAKER"), os.Getenv("LAMPLIGHT_TEST_STATE")
	if url == "" {
		return
	}
	h := fixtureOn(t, connect(t, url), dir)
	go h.log.Run(context.Background(), func(err error) { fmt.Println("trouble", err) })
	agent := h.as(t, agentID)
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				c := h.record(t, aCall(telephony.CallID(id)), telephony.Arrived, telephony.Talking)
				if err := h.store.SaveDraft(agent, aDraft(id, c.ID)); err != nil {
					fmt.Println("trouble", err)
				}
				if _, err := h.store.Take(agent, aDraft(id, c.ID), follow); err != nil {
					fmt.Println("trouble", err)
					continue
				}
				fmt.Println("acknowledged", id)
			}
		}()
	}
	select {} // until killed
}

// TestKilledInTheMiddle kills a process that takes notes, again and again, and PostgreSQL itself once, and then accounts for
// everything: every note that was acknowledged is there, whole, with its leaf and what had to follow from it; none is half there.
func TestKilledInTheMiddle(t *testing.T) {
	dir, state := postgrestest.Dir(t), t.TempDir()
	ctx := t.Context()
	cluster, err := postgres.Private(ctx, postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if cluster != nil {
			cluster.Close()
		}
	}()
	pool, err := postgres.Open(ctx, cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	fixtureOn(t, pool, state).furnish(t)
	if _, err := pool.Exec(ctx, "create table follows (note text primary key)"); err != nil {
		t.Fatal(err)
	}
	pool.Close()

	var acknowledged []string
	for round := range 4 {
		acknowledged = append(acknowledged, killTaker(t, cluster.URL(), state, 25)...)
		if round != 1 {
			continue
		}
		// Once the database too: kill -9 of the postmaster by stopping it at once, then recovery from its log.
		pid, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(pid), "\n")
		if out, err := exec.Command("kill", "-9", first).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		if err := cluster.Close(); err != nil {
			t.Fatal(err)
		}
		if cluster, err = postgres.Private(ctx, postgres.Config{Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	account(t, fixtureOn(t, connect(t, cluster.URL()), state), acknowledged)
}

// killTaker lets a child acknowledge n notes, kills it, and returns what it had acknowledged.
func killTaker(t *testing.T, url, state string, n int) (ids []string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestTakerProcess$")
	child.Env = append(os.Environ(), "LAMPLIGHT_TEST_TAKER="+url, "LAMPLIGHT_TEST_STATE="+state)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
		if !ok {
			t.Errorf("the child says: %s", lines.Text())
			continue
		}
		if ids = append(ids, id); len(ids) == n {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	child.Wait()
	if len(ids) < n {
		t.Fatalf("the child ended after %d notes", len(ids))
	}
	return ids
}

func account(t *testing.T, h *fixture, acknowledged []string) {
	t.Helper()
	ctx := h.as(t, agentID)
	for _, id := range acknowledged {
		again, err := h.store.Take(ctx, aDraft(id, telephony.CallID(id)), follow) // a desk that did not hear the answer sends again
		if err != nil {
			t.Fatalf("the acknowledged draft %s: %v", id, err)
		}
		if n, err := h.store.Open(ctx, again.ID); err != nil || n.Body.Fields["reason"] != said.Fields["reason"] {
			t.Errorf("the note of %s: %v", id, err)
		}
	}
	var taken, followed, refs int
	if err := h.pool.QueryRow(ctx, "select count(*), count(f.note), count(distinct n.reference) from note n left join follows f on "+
		"f.note = n.id").Scan(&taken, &followed, &refs); err != nil {
		t.Fatal(err)
	}
	if taken < len(acknowledged) || followed != taken || refs != taken {
		t.Errorf("%d acknowledged, %d stored, %d followed, %d references", len(acknowledged), taken, followed, refs)
	}
	drafts, err := h.store.Drafts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drafts { // typed, not sent: still there, and can be sent
		if _, err := h.store.Take(ctx, d, follow); err != nil {
			t.Errorf("an unsent draft: %v", err)
		}
	}
	r := h.mustVerify(t)
	t.Logf("%d acknowledged, %d stored, %d drafts sent after, %d leaves", len(acknowledged), taken, len(drafts), r.Leaves)
}

// TestConnectionsCutInTheMiddle ends connections under the store while notes are taken: each Take either stored all or nothing.
func TestConnectionsCutInTheMiddle(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	if _, err := h.pool.Exec(agent, "create table follows (note text primary key)"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	cut := make(chan int)
	go func() {
		n := 0
		defer func() { cut <- n }()
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
			}
			if _, err := h.pool.Exec(agent, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "+
				"and pid <> pg_backend_pid() and state <> 'idle' limit 1"); err == nil {
				n++
			}
		}
	}()
	good := 0
	for i := range 400 {
		id := fmt.Sprintf("d%d", i)
		if _, err := h.store.Take(agent, aDraft(id, ""), follow); err == nil {
			good++
		}
	}
	close(stop)
	t.Logf("%d of 400 stored at the first try, %d cuts", good, <-cut)
	for i := range 400 {
		id := fmt.Sprintf("d%d", i)
		_, err := h.store.Take(agent, aDraft(id, ""), follow)
		for broken := 0; err != nil && broken < 10; broken++ { // connections cut last are found out when they are used next
			_, err = h.store.Take(agent, aDraft(id, ""), follow)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var taken, followed int
	if err := h.pool.QueryRow(agent, "select (select count(*) from note), (select count(*) from follows)").Scan(&taken,
		&followed); err != nil || taken != 400 || followed != 400 {
		t.Errorf("%d notes, %d followed %v", taken, followed, err)
	}
	h.mustVerify(t)
}
