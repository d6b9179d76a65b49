package house

import (
	"context"
	"slices"
	"strings"
	"sync"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// backlogLimit is how many events a desk may be behind before its stream is ended. It then watches again and gets a new Hello,
// which is smaller than what it missed.
const backlogLimit = 2000

// boardChanges is the first protocol that has changes of the board.
const boardChanges = 3

// A makeEvent makes the event when its turn in the queue has come; false means that there is nothing to tell any more. It may
// read the database: it runs in the stream's own goroutine, so a slow one delays this desk alone.
type makeEvent func(ctx context.Context) (console.Event, bool)

// streams holds the desks that watch. Each desk gets its events in order.
type streams struct {
	mu      sync.Mutex // guards byAgent
	byAgent map[telephony.AgentID]map[*stream]struct{}
}

// stream is one desk's queue of events to be sent.
type stream struct {
	viewer access.Actor  // the agent at the desk
	whole  bool          // the desk does not know changes of the board: it is told the whole first page
	some   chan struct{} // holds a token when queue may hold something
	end    context.CancelFunc

	mu      sync.Mutex // guards queue, board, told and figures
	queue   []makeEvent
	board   *console.BoardChange // the change to tell when its turn in the queue comes; nil when none is queued
	told    uint64               // how many changes of the board this desk has been told
	figures makeEvent            // makes the figures when their turn in the queue comes; nil when none are queued
}

// attach opens a stream for the agent in ctx, until ctx ends; begin makes its first events. When the stream has ended, ended is
// called with whether it was the agent's last.
func (s *streams) attach(ctx context.Context, a telephony.AgentID, begin []makeEvent, ended func(last bool)) <-chan console.Event {
	ctx, cancel := context.WithCancel(ctx)
	st := &stream{some: make(chan struct{}, 1), end: cancel}
	st.viewer, _ = access.From(ctx) // a stream without an actor sees no board
	st.whole = console.ProtocolOf(ctx) < boardChanges
	for _, m := range begin {
		st.push(m)
	}
	s.mu.Lock()
	if s.byAgent == nil {
		s.byAgent = map[telephony.AgentID]map[*stream]struct{}{}
	}
	if s.byAgent[a] == nil {
		s.byAgent[a] = map[*stream]struct{}{}
	}
	s.byAgent[a][st] = struct{}{}
	s.mu.Unlock()
	out := make(chan console.Event, 16)
	go func() {
		defer close(out)
		st.run(ctx, out)
		cancel()
		ended(s.detach(a, st))
	}()
	return out
}

// detach removes a stream and reports whether it was the agent's last.
func (s *streams) detach(a telephony.AgentID, st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byAgent[a], st)
	if len(s.byAgent[a]) > 0 {
		return false
	}
	delete(s.byAgent, a)
	return true
}

// viewers lists the agents who are at desks, without repeats.
func (s *streams) viewers() map[telephony.AgentID]access.Actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[telephony.AgentID]access.Actor{}
	for a, desks := range s.byAgent {
		for st := range desks {
			out[a] = st.viewer
		}
	}
	return out
}

// desks counts the desks at which an agent is.
func (s *streams) desks(a telephony.AgentID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byAgent[a])
}

// watched reports whether a desk of this agent watches.
func (s *streams) watched(a telephony.AgentID) bool { return s.desks(a) > 0 }

// viewer is the actor at an agent's desk; false when there is none.
func (s *streams) viewer(a telephony.AgentID) (access.Actor, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.byAgent[a] {
		return st.viewer, true
	}
	return access.Actor{}, false
}

// any reports whether any desk watches.
func (s *streams) any() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byAgent) > 0
}

// to queues an event for one agent's desks.
func (s *streams) to(a telephony.AgentID, m makeEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.byAgent[a] {
		st.push(m)
	}
}

// all queues an event for every desk.
func (s *streams) all(m makeEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, desks := range s.byAgent {
		for st := range desks {
			st.push(m)
		}
	}
}

// allCount queues the figures for every desk, made for each agent.
func (s *streams) allCount(figures func(telephony.AgentID) makeEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a, desks := range s.byAgent {
		for st := range desks {
			st.count(figures(a))
		}
	}
}

// byView groups the watching desks by what their agents may see of the board.
func (s *streams) byView() map[string][]*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]*stream{}
	for _, desks := range s.byAgent {
		for st := range desks {
			accounts, everywhere := st.viewer.Accounts(notes.SeeBoard)
			if everywhere {
				accounts = []string{access.Everywhere}
			}
			slices.Sort(accounts)
			if view := strings.Join(accounts, " "); view != "" {
				out[view] = append(out[view], st)
			}
		}
	}
	return out
}

// show queues a change of the board. One that is still queued is merged with it. A desk that is too far behind has to watch
// again, as with events.
func (st *stream) show(change console.BoardChange, tell boardEvent) {
	st.mu.Lock()
	waits := st.board != nil
	if waits {
		change = st.board.Then(change)
	}
	st.board = &change
	st.mu.Unlock()
	switch {
	case !waits:
		st.push(func(ctx context.Context) (console.Event, bool) {
			st.mu.Lock()
			newest := *st.board
			st.board = nil
			st.told++
			newest.Seq = st.told
			st.mu.Unlock()
			return tell(ctx, newest)
		})
	case len(change.Rows)+len(change.Gone) > backlogLimit/10:
		st.end()
	}
}

// count queues the figures, in place of earlier ones that are still queued.
func (st *stream) count(figures makeEvent) {
	st.mu.Lock()
	waits := st.figures != nil
	st.figures = figures
	st.mu.Unlock()
	if waits {
		return
	}
	st.push(func(ctx context.Context) (console.Event, bool) {
		st.mu.Lock()
		newest := st.figures
		st.figures = nil
		st.mu.Unlock()
		return newest(ctx)
	})
}

// A boardEvent makes the event that tells a desk of a change of the board.
type boardEvent func(ctx context.Context, c console.BoardChange) (console.Event, bool)

func (st *stream) push(m makeEvent) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.queue) >= backlogLimit {
		st.end()
		return
	}
	st.queue = append(st.queue, m)
	select {
	case st.some <- struct{}{}:
	default:
	}
}

// run makes and delivers events until ctx ends.
func (st *stream) run(ctx context.Context, out chan<- console.Event) {
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
