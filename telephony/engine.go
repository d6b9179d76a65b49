package telephony

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"lamplight/telephony/acd"
)

// An Engine drives every call: it alone moves a call's state. Make one with NewEngine and give it a goroutine with Run;
// the other methods may be called from any goroutine while Run runs, and answer ErrStopped when it does not.
//
// All state belongs to one goroutine, the loop in Run. Nothing blocks it: commands to the switch and writes to the
// ledger run in lanes of their own, and what they bring back comes to the loop as one more event.
type Engine struct {
	cfg  Config
	asks chan ask
	done chan struct{} // closed when Run returns

	ctx     context.Context // Run's: ends commands and timers
	bookCtx context.Context // a little longer, for the last pages
	inbox   chan func()     // what work brings back to the loop
	wg      sync.WaitGroup  // all work
	books   sync.WaitGroup  // the writing of pages
	better  chan struct{}   // the house may be healthy again
	beaten  atomic.Int64    // when a beat last reached the switch, Unix nanoseconds
	pulse   atomic.Int64    // when the loop last answered the beat, Unix nanoseconds

	state // the loop's alone

	// mu guards seen, what Figures, Calls, Agents and OfferOf answer from; the loop writes it.
	mu   sync.RWMutex
	seen seen
}

// state is what only the loop may touch.
type state struct {
	clock  uint64 // counts what the loop dealt with
	linked bool   // to the switch
	link   uint64 // how often it was linked
	known  bool   // the calls an earlier engine left are in hand

	holding   bool    // events wait until a look is over
	heldBack  []Event // they
	looking   bool    // a look will follow soon
	ledgerBad bool    // the ledger does not answer
	dirty     bool    // something others may see has changed
	touched   map[CallID]*call
	turned    map[AgentID]bool

	calls  map[CallID]*call
	legs   map[LegID]*call
	plays  map[PlayID]*call
	ended  map[CallID]time.Time // lately: late events about them mean nothing
	away   map[LegID]time.Time  // given to the fail-safe: never to be hung up
	strays map[LegID]uint64     // seen once with no call
	raised []raised

	keeping    map[RecordingID]bool
	collecting bool

	acd    *acd.State
	epoch  uint64 // the base of offers' epochs
	tick   *time.Timer
	tickAt time.Time
	agents map[AgentID]Agent
	status map[AgentID]AgentStatus
	aside  map[AgentID]*aside
	share  float64 // the service level, looked up each second
	told   Figures // what the Listener heard last
}

// seen is the loop's state as others may read it.
type seen struct {
	figures Figures
	calls   map[CallID]Call
	agents  map[AgentID]AgentStatus
	offers  map[AgentID]Offer
}

// AgentStatus is an agent as the engine sees them now.
type AgentStatus struct {
	Agent  Agent
	State  AgentState
	Reason string    // of a pause
	Since  time.Time // when the state began
	Call   CallID    // the call offered, talked on or wrapped up, if any
}

// A Callback asks for a call that the house makes: First is rung, then Second, who sees Show; then both talk.
type Callback struct {
	ID      CallID // chosen by the asker: asking again with the same ID is success and rings nobody twice
	Account AccountID
	First   Number // the provider's phone; unused by AgentCall
	Second  Number // the patient's phone; patient data
	Show    Number // the practice's number, which Second sees
	Name    string // the practice's name, shown to First
}

// An ask is a question to the loop; do runs there.
type ask struct {
	do    func() error
	reply chan error
}

// NewEngine makes an engine; nothing happens before Run.
func NewEngine(c Config) *Engine {
	e := &Engine{cfg: c.withDefaults(), asks: make(chan ask), done: make(chan struct{}), inbox: make(chan func()),
		better: make(chan struct{}, 1)}
	e.state = state{
		clock: 1, holding: true, // until the first Linked
		calls: map[CallID]*call{}, legs: map[LegID]*call{}, plays: map[PlayID]*call{},
		ended: map[CallID]time.Time{}, away: map[LegID]time.Time{}, strays: map[LegID]uint64{},
		touched: map[CallID]*call{}, turned: map[AgentID]bool{},
		keeping: map[RecordingID]bool{},
		agents:  map[AgentID]Agent{}, status: map[AgentID]AgentStatus{}, aside: map[AgentID]*aside{},
		told: Figures{ServiceLevel: -1},
	}
	e.seen = seen{figures: e.told, calls: map[CallID]Call{}, agents: map[AgentID]AgentStatus{}, offers: map[AgentID]Offer{}}
	e.share = -1
	return e
}

// ask has the loop run do, and returns its answer.
func (e *Engine) ask(ctx context.Context, do func() error) error {
	a := ask{do: do, reply: make(chan error, 1)}
	select {
	case e.asks <- a:
	case <-e.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-a.reply:
		return err
	case <-e.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Healthy tells whether the switch hands new callers over: linked, every call known, the ledger writing, and a beat
// has just reached the switch.
func (e *Engine) Healthy() bool {
	return time.Now().UnixNano()-e.beaten.Load() < int64(3*e.cfg.BeatEvery)
}

// Figures tells the queue's figures as they stand.
func (e *Engine) Figures() Figures {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.seen.figures
}

// Calls lists the calls that have not ended, oldest first.
func (e *Engine) Calls() []Call {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]Call, 0, len(e.seen.calls))
	for _, c := range e.seen.calls {
		out = append(out, c)
	}
	sortCalls(out)
	return out
}

// Agents lists the agents who are signed in, by id.
func (e *Engine) Agents() []AgentStatus {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]AgentStatus, 0, len(e.seen.agents))
	for _, a := range e.seen.agents {
		out = append(out, a)
	}
	sortAgents(out)
	return out
}

// OfferOf tells the offer that stands on an agent's desk, or rang and became the call they talk on.
func (e *Engine) OfferOf(a AgentID) (Offer, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	o, ok := e.seen.offers[a]
	return o, ok
}
