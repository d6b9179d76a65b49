package dispatch

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lamplight/notes"
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
	for _, sql := range []string{listenDue, listenMoved} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	e.Wake()
	e.hub.publish("")
	for {
		n, err := e.hear(ctx, conn)
		if err != nil {
			return err
		}
		if n.Channel == dueChannel {
			e.Wake()
		} else {
			e.hub.publish(notes.NoteID(n.Payload))
		}
	}
}

// hear waits for a notification, and asks now and then whether the database is still there: a connection that is cut is
// silent for ever.
func (e *Engine) hear(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	for {
		within, cancel := context.WithTimeout(ctx, e.cfg.Lease)
		n, err := conn.WaitForNotification(within)
		cancel()
		if err == nil || ctx.Err() != nil || !pgconn.Timeout(err) {
			return n, err
		}
		if err := e.soon(ctx, conn.Ping); err != nil {
			return nil, err
		}
	}
}
