package console

import (
	"context"
	"sync"

	"lamplight/telephony"
)

// backlogLimit is how many events a desk may be behind before its stream is ended: it then watches again and gets a
// fresh Hello, which is smaller than what it missed.
const backlogLimit = 2000

// A make makes an event when its turn has come; false means that there is nothing to tell after all. It may read the
// database: it runs in the stream's own goroutine, so a slow one delays this desk alone.
type makeEvent func(ctx context.Context) (Event, bool)

// streams are the desks that watch. Each one's events keep their order.
type streams struct {
	mu   sync.Mutex // guards open
	open map[telephony.AgentID]map[*stream]struct{}
}

// stream is one desk's queue of events to come.
type stream struct {
	mu    sync.Mutex // guards queue and board
	queue []makeEvent
	board bool          // a board is in the queue already: it will show what has changed since, too
	some  chan struct{} // holds a token when queue may hold something
	end   context.CancelFunc
}

// attach opens a stream for an agent until ctx ends; first is its first event. last tells, when the stream has ended,
// whether it was the agent's last.
func (s *streams) attach(ctx context.Context, a telephony.AgentID, first makeEvent, ended func(last bool)) <-chan Event {
	ctx, cancel := context.WithCancel(ctx)
	st := &stream{some: make(chan struct{}, 1), end: cancel}
	st.push(first, false)
	s.mu.Lock()
	if s.open == nil {
		s.open = map[telephony.AgentID]map[*stream]struct{}{}
	}
	if s.open[a] == nil {
		s.open[a] = map[*stream]struct{}{}
	}
	s.open[a][st] = struct{}{}
	s.mu.Unlock()
	out := make(chan Event, 16)
	go func() {
		defer close(out)
		st.run(ctx, out)
		cancel()
		ended(s.detach(a, st))
	}()
	return out
}

// detach forgets a stream and tells whether it was the agent's last.
func (s *streams) detach(a telephony.AgentID, st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open[a], st)
	if len(s.open[a]) > 0 {
		return false
	}
	delete(s.open, a)
	return true
}

// watched tells whether a desk of this agent watches.
func (s *streams) watched(a telephony.AgentID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open[a]) > 0
}

// any tells whether some desk watches.
func (s *streams) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) > 0
}

// to queues an event for one agent's desks.
func (s *streams) to(a telephony.AgentID, m makeEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.open[a] {
		st.push(m, false)
	}
}

// all queues an event for every desk. A board still waiting in a queue stands for this one.
func (s *streams) all(m makeEvent, board bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, desks := range s.open {
		for st := range desks {
			st.push(m, board)
		}
	}
}

func (st *stream) push(m makeEvent, board bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if board && st.board {
		return
	}
	if len(st.queue) >= backlogLimit {
		st.end()
		return
	}
	if board {
		st.board = true
		inner := m
		m = func(ctx context.Context) (Event, bool) {
			st.mu.Lock()
			st.board = false // what changes from here on needs a board of its own
			st.mu.Unlock()
			return inner(ctx)
		}
	}
	st.queue = append(st.queue, m)
	select {
	case st.some <- struct{}{}:
	default:
	}
}

// run makes and delivers events until ctx ends.
func (st *stream) run(ctx context.Context, out chan<- Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-st.some:
		}
		st.mu.Lock()
		todo := st.queue
		st.queue = nil
		st.mu.Unlock()
		for _, m := range todo {
			e, ok := m(ctx)
			if !ok {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}
}
