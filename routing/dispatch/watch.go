package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lamplight/notes"
	"lamplight/notes/postgres"
)

// hub hands the notes that moved to whoever watches. A slow watcher loses nothing: what it has not taken yet is kept as a
// set of notes, which cannot grow beyond the open ones.
type hub struct {
	mu       sync.Mutex // guards watchers and what each has not taken
	watchers map[*watcher]struct{}
}

type watcher struct {
	pending map[notes.NoteID]struct{}
	ready   chan struct{} // holds one
}

func (h *hub) publish(note notes.NoteID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		w.pending[note] = struct{}{}
		select {
		case w.ready <- struct{}{}:
		default:
		}
	}
}

func (h *hub) take(w *watcher) map[notes.NoteID]struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := w.pending
	w.pending = map[notes.NoteID]struct{}{}
	return got
}

// Watch tells the notes whose row changed until ctx ends; an empty id means that some may have been missed: read all.
func (e *Engine) Watch(ctx context.Context) (<-chan notes.NoteID, error) {
	w := &watcher{pending: map[notes.NoteID]struct{}{}, ready: make(chan struct{}, 1)}
	e.hub.mu.Lock()
	if e.hub.watchers == nil {
		e.hub.watchers = map[*watcher]struct{}{}
	}
	e.hub.watchers[w] = struct{}{}
	e.hub.mu.Unlock()
	out := make(chan notes.NoteID)
	go func() {
		defer close(out)
		defer func() {
			e.hub.mu.Lock()
			delete(e.hub.watchers, w)
			e.hub.mu.Unlock()
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case <-w.ready:
			}
			for note := range e.hub.take(w) {
				select {
				case <-ctx.Done():
					return
				case out <- note:
				}
			}
		}
	}()
	return out, nil
}

// listen hears the database's notifications on a connection of its own until ctx ends. Whenever it has to connect again,
// something may have been missed: the workers look, and the watchers get an empty id.
func (e *Engine) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		e.logger.Warn("listening to the database broke off; polling meanwhile", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(e.cfg.Poll):
		}
	}
}

func (e *Engine) listenOnce(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, e.pool.Config().ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Lease/4)
		defer cancel()
		_ = conn.Close(end) // the connection is of no more use, however it ends
	}()
	for _, sql := range []string{notDurable, listenDue, listenMoved} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	e.Wake()
	e.hub.publish("")
	for {
		n, err := e.hear(ctx, conn)
		switch {
		case err != nil:
			return err
		case n == nil:
			if err := e.soon(ctx, func(ctx context.Context) error { return e.news.tell(ctx, conn) }); err != nil {
				return err
			}
		case n.PID == conn.PgConn().PID(): // our own, which we know
		case n.Channel == dueChannel:
			e.Wake()
		default:
			e.hub.publish(notes.NoteID(n.Payload))
		}
	}
}

// hear waits for a notification, or returns nil when there is something to notify. It asks now and then whether the database is
// still there: a connection that is cut is silent for ever.
func (e *Engine) hear(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		within, cancel := context.WithTimeout(ctx, e.cfg.Lease)
		ready := make(chan bool, 1)
		go func() {
			select {
			case <-e.news.ready:
				cancel()
				ready <- true
			case <-within.Done():
				ready <- false
			}
		}()
		n, err := conn.WaitForNotification(within)
		cancel()
		news := <-ready
		switch {
		case err == nil:
			if news { // it is told in the next turn
				e.news.wake()
			}
			return n, nil
		case ctx.Err() != nil || conn.IsClosed():
			return nil, err
		case news:
			return nil, nil
		}
		if err := e.soon(ctx, conn.Ping); err != nil {
			return nil, err
		}
	}
}

// tell has watchers and workers hear of what tx does once it is durable: a note that moves, "" for none, and that something may
// be due.
func (e *Engine) tell(tx pgx.Tx, note notes.NoteID, due bool) {
	postgres.AfterCommit(tx, func() { e.moved(note, due) })
}

// moved tells this process at once, and the other engines of the database soon.
func (e *Engine) moved(note notes.NoteID, due bool) {
	if due {
		e.Wake()
		e.news.add(dueChannel, "")
	}
	if note != "" {
		e.hub.publish(note)
		e.news.add(movedChannel, string(note))
	}
}

// news is what the other engines are to be told: each thing once, however often it happened meanwhile. The connection that
// listens tells it, at most once in newsEvery, so that no commit waits for another's.
type news struct {
	mu      sync.Mutex // guards what follows
	pending map[[2]string]struct{}
	last    time.Time
	ready   chan struct{} // holds one
}

const newsEvery = 20 * time.Millisecond

// add keeps a channel's payload until it is told; while the database is away nothing is added.
func (n *news) add(channel, payload string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pending == nil {
		n.pending = map[[2]string]struct{}{}
	}
	first := len(n.pending) == 0
	n.pending[[2]string{channel, payload}] = struct{}{}
	if !first {
		return
	}
	time.AfterFunc(newsEvery-time.Since(n.last), n.wake)
}

func (n *news) wake() {
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

// tell notifies of all that is pending. What is not told when it fails is told with what comes next.
func (n *news) tell(ctx context.Context, conn *pgx.Conn) error {
	n.mu.Lock()
	told := n.pending
	n.pending, n.last = nil, time.Now()
	n.mu.Unlock()
	var channels, payloads []string
	for k := range told {
		channels, payloads = append(channels, k[0]), append(payloads, k[1])
	}
	if len(told) == 0 {
		return nil
	}
	_, err := conn.Exec(ctx, notify, channels, payloads)
	if err != nil {
		for k := range told {
			n.add(k[0], k[1])
		}
	}
	return err
}
