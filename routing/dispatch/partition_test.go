package dispatch

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
)

// lines are connections that can go dead without an end: what is written is swallowed, and nothing is heard any more, as
// when a network between two machines is cut.
type lines struct {
	mu   sync.Mutex // guards open
	open []*line
}

type line struct {
	net.Conn
	dead atomic.Bool
}

func (l *line) Write(b []byte) (int, error) {
	if l.dead.Load() {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

func (l *line) Read(b []byte) (int, error) {
	for {
		n, err := l.Conn.Read(b)
		if err != nil || !l.dead.Load() {
			return n, err
		}
	}
}

func (l *lines) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	one := &line{Conn: conn}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = append(l.open, one)
	return one, nil
}

func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.open {
		one.dead.Store(true)
	}
}

// The way to the database is cut, and no connection is told. The engine gives them up and goes by new ones: what is due
// leaves, and the boards hear of it, within seconds and not when TCP gives up.
func TestADatabaseThatNeitherAnswersNorHangsUp(t *testing.T) {
	h := newFixture(t)
	var between lines
	cfg := h.pool.Config().Copy()
	cfg.ConnConfig.DialFunc = between.dial
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.cfg.Pool, h.cfg.Lease = pool, 2*time.Second
	if h.engine, err = New(h.cfg); err != nil {
		t.Fatal(err)
	}
	h.run()
	moved, err := h.engine.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	h.wait(1)
	h.until("delivered", func() bool { return h.delivered("n1") })
	for heard := false; !heard; heard = <-moved == "n1" {
		continue
	}
	between.cut()
	cut := time.Now()
	h.signed(`insert into dispatch (id, note, account, practice, urgency, reference, plan, first_rung, rung, state, begun_at, board_at, unfolded)
		select 'd2', 'n2', account, practice, urgency, 'L-2', plan, first_rung, -1, 'climbing', routing_now(),
			routing_now() + '1 hour', true from dispatch where note = 'n1'`,
		`insert into attempt (id, dispatch, rung, contact, name, person, channel, lang, address, try, state, due_at, wake_at, fence, sends, why)
		select 'a2', 'd2', rung, contact, name, person, channel, lang, address, 1, 'due', routing_now(), routing_now(),
			0, 0, '' from attempt`)
	h.wait(2)
	h.until("delivered", func() bool { return h.delivered("n2") })
	t.Logf("delivered %v after the cut", time.Since(cut))
	deadline := time.After(40 * time.Second)
	for heard := false; !heard; {
		select {
		case id := <-moved:
			heard = id == "n2" || id == "" // or "all may have moved"
		case <-deadline:
			t.Fatal("the watchers hear nothing any more")
		}
	}
	t.Logf("heard of %v after the cut", time.Since(cut))
	h.halt()
	t.Logf("stopped %v after the cut", time.Since(cut))
}

// delivered asks by a connection of the test's own.
func (h *fixture) delivered(note notes.NoteID) (so bool) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), "select exists (select from attempt a join dispatch d on d.id = a.dispatch where d.note = "+
		"$1 and a.state = 'delivered')", note).
		Scan(&so); err != nil {
		h.t.Fatal(err)
	}
	return so
}
