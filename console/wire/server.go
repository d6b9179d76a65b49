package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"lamplight/console"
)

// A Doorkeeper knows who holds a session. It is asked at every request, so it must be quick, and a session that has
// ended is refused at once. The context returned carries the actor (notes/access).
type Doorkeeper interface {
	Who(ctx context.Context, s DeskSession) (context.Context, error)
}

// Server answers desks. Make one with Serve.
type Server struct {
	nc      *nats.Conn
	service console.Backend
	door    Doorkeeper
	log     *slog.Logger
	ctx     context.Context

	mu      sync.Mutex // guards watches
	watches map[DeskSession]*watch
}

// watch is one desk's stream of events.
type watch struct {
	id     string
	beat   chan struct{}
	cancel context.CancelFunc
}

// Serve answers the desks' requests on nc until ctx ends; it returns when subscribed. Requests run concurrently; those of
// one desk may overtake each other, as its own goroutines may.
func Serve(ctx context.Context, nc *nats.Conn, service console.Backend, door Doorkeeper, log *slog.Logger) (*Server, error) {
	s := &Server{nc: nc, service: service, door: door, log: log, ctx: ctx, watches: map[DeskSession]*watch{}}
	sub, err := nc.QueueSubscribe(everyDo, QueueGroup, func(m *nats.Msg) { go s.serve(m) })
	if err != nil {
		return nil, fmt.Errorf("subscribe to the desks' requests: %w", err)
	}
	if err := nc.Flush(); err != nil { // NATS has the subscription now
		return nil, fmt.Errorf("subscribe to the desks' requests: %w", err)
	}
	context.AfterFunc(ctx, func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			log.Warn("wire: unsubscribe", "error", err)
		}
	})
	return s, nil
}

// serve answers one request.
func (s *Server) serve(m *nats.Msg) {
	session, method, ok := parseDo(m.Subject)
	if !ok {
		return // cannot come: the callout grants no such subject
	}
	ctx, cancel := context.WithTimeout(s.ctx, requestLimit)
	defer cancel()
	result, err := s.do(ctx, session, method, m.Data)
	a := answer{Result: result}
	if err != nil {
		a = answer{Error: s.refusal(method, err)}
	}
	b, err := json.Marshal(a)
	if err == nil {
		err = m.Respond(b)
	}
	if err != nil {
		s.log.Warn("wire: answer not sent", "method", method, "error", err)
	}
}

func (s *Server) do(ctx context.Context, session DeskSession, method string, body []byte) (result []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in %s: %v", method, p)
		}
	}()
	actx, err := s.door.Who(ctx, session)
	if err != nil {
		return nil, err
	}
	switch method {
	case "watch":
		return []byte("{}"), s.watch(session, body)
	case "beat":
		return []byte("{}"), s.beat(session, body)
	}
	if spec, ok := console.SpecOf(method); !ok || !spec.Desk {
		return nil, console.Refuse(console.NotFound, "desk.error.unknown-request")
	}
	result, err = s.service.Ask(actx, method, aged(method+".in", body))
	return aged(method+".out", result), err
}

// refusal turns an error into what a desk may see; the inside is only logged.
func (s *Server) refusal(method string, err error) *console.Error {
	var e *console.Error
	if errors.As(err, &e) {
		return e
	}
	s.log.Error("wire: request failed", "method", method, "error", err)
	return console.Refuse(console.Internal, "desk.error.internal")
}

// watch starts a desk's stream, ending the one it had.
func (s *Server) watch(session DeskSession, body []byte) error {
	var b watchBody
	if err := json.Unmarshal(body, &b); err != nil || b.Watch == "" {
		return fmt.Errorf("%w: watch", errMalformed)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	actx, err := s.door.Who(ctx, session)
	if err != nil {
		cancel()
		return err
	}
	events, err := s.service.Watch(console.Speaking(actx, b.Protocol))
	if err != nil {
		cancel()
		return err
	}
	w := &watch{id: b.Watch, beat: make(chan struct{}, 1), cancel: cancel}
	s.mu.Lock()
	old := s.watches[session]
	s.watches[session] = w
	s.mu.Unlock()
	if old != nil {
		old.cancel()
	}
	go s.pump(session, w, events, ctx)
	return nil
}

// beat keeps a stream alive.
func (s *Server) beat(session DeskSession, body []byte) error {
	var b watchBody
	if err := json.Unmarshal(body, &b); err != nil {
		return fmt.Errorf("%w: beat", errMalformed)
	}
	s.mu.Lock()
	w := s.watches[session]
	s.mu.Unlock()
	if w == nil || w.id != b.Watch {
		return console.Refuse(console.Conflict, "desk.error.watch-ended")
	}
	select {
	case w.beat <- struct{}{}:
	default: // one is waiting to be read already
	}
	return nil
}

// pump tells a desk its events until the desk falls silent or ctx ends.
func (s *Server) pump(session DeskSession, w *watch, events <-chan console.Event, ctx context.Context) {
	defer func() {
		w.cancel()
		s.mu.Lock()
		if s.watches[session] == w {
			delete(s.watches, session)
		}
		s.mu.Unlock()
	}()
	silent := time.NewTimer(BeatLimit)
	defer silent.Stop()
	for n := uint64(1); ; {
		select {
		case <-ctx.Done():
			return
		case <-w.beat:
			silent.Reset(BeatLimit)
		case <-silent.C:
			s.log.Info("wire: a desk fell silent", "session", session)
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			for _, e := range append(alongside(e), e) {
				if err := s.emit(session, w.id, n, e); err != nil {
					s.log.Warn("wire: event not told", "kind", e.Kind, "error", err)
					return // the desk misses its beat and watches again
				}
				n++
			}
		}
	}
}

// emit sends a desk the n-th event of its watch.
func (s *Server) emit(session DeskSession, watch string, n uint64, e console.Event) error {
	b, err := json.Marshal(watchEvent{Watch: watch, N: n, Event: e})
	if err != nil {
		return err
	}
	return s.nc.Publish(eventSubject(session), aged("watchEvent", b))
}

// parseDo takes "lamplight.desk.<session>.do.<method>" apart.
func parseDo(subject string) (DeskSession, string, bool) {
	rest, ok := strings.CutPrefix(subject, root)
	if !ok {
		return "", "", false
	}
	p := strings.Split(rest, ".")
	if len(p) != 3 || p[1] != "do" {
		return "", "", false
	}
	return DeskSession(p[0]), p[2], true
}
