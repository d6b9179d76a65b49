// Package engine drives calls: Engine is the one place where a call's state moves.
//
// It asks a telephony.Switch to move audio, lets telephony/acd decide which agent gets which call, and writes each move
// to the telephony.Ledger before it acts, so that a process killed at any instant can come back and account for every
// call.
//
// It promises: a caller who is in is answered, queued, or told the truth by a spoken apology and a voicemail; each call
// ends exactly once with an outcome; hanging up from either side leaves no leg, bridge or recording behind.
//
// flow.go is the life of a call as a table; acts.go does what the table says; loop.go is the one goroutine that moves
// state. lane.go and ledgerqueue.go carry commands to the switch and moves to the ledger, and bring results back to the loop.
// reconcile.go compares what is remembered with what is on the switch, recover.go takes over what an earlier engine left.
//
// A call is offered at once, while its greeting plays. While the caller may still choose a language by key, only
// agents who speak all of the line's languages are asked; then the language chosen, or the line's first, counts.
//
// When the ledger does not answer: who talks goes on talking, and what happens is written when it answers again. A
// caller nobody talks to, whose next move cannot be written for Config.LedgerPatience, is given to the fail-safe. The
// heartbeat stops, so new callers go there at once. Recordings and voicemails stay on the switch until they are kept.
//
// When the engine is killed or its loop freezes, leases run out: talkers go on without it, who waits reaches the
// fail-safe. The next engine takes over what it finds: who talks, talks; who waits has the old place; a caller whose
// agent is gone waits again; what fits no call is removed.
//
// It leaves to others: the switch itself (telephony/ari), what is said in a call (notes), and what a desk shows (console).
package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"lamplight/telephony"
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

	ctx           context.Context // Run's: ends commands and timers
	ledgerCtx     context.Context // a little longer, for the last writes
	inbox         chan func()     // what work brings back to the loop
	wg            sync.WaitGroup  // all work
	ledgerWriters sync.WaitGroup  // the writing to the ledger
	better        chan struct{}   // the server may be healthy again
	beaten        atomic.Int64    // when a beat last reached the switch, Unix nanoseconds
	writing       atomic.Bool     // the ledger was not bad when the loop answered last
	pulse         atomic.Int64    // when the loop last answered the beat, Unix nanoseconds

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

	holding      bool              // events wait until a survey of the switch is over
	heldBack     []telephony.Event // the events that wait
	reconcileDue bool              // the switch will be reconciled soon
	ledgerBad    bool              // the ledger does not answer
	dirty        bool              // something others may see has changed
	touched      map[telephony.CallID]*call
	turned       map[telephony.AgentID]bool

	calls  map[telephony.CallID]*call
	legs   map[telephony.LegID]*call
	plays  map[telephony.PlayID]*call
	ended  map[telephony.CallID]ended    // lately: late events about them mean nothing
	away   map[telephony.LegID]time.Time // given to the fail-safe: never to be hung up
	strays map[telephony.LegID]uint64    // seen once with no call
	raised []raised

	keeping    map[telephony.RecordingID]bool
	collecting bool

	acd    *acd.State
	epoch  uint64 // the base of offers' epochs
	tick   *time.Timer
	tickAt time.Time
	agents map[telephony.AgentID]telephony.Agent
	status map[telephony.AgentID]AgentStatus
	// staffed are the practices some of whose own staff have signed in since the engine began.
	staffed map[telephony.AccountID]bool
	aside   map[telephony.AgentID]*aside
	phones  phones
	level   level // the service level

	told     telephony.Figures // what the Listener heard last
	counted  time.Time         // when the figures were counted last
	counting bool              // the events that wait will be soon
}

// seen is the loop's state as others may read it.
type seen struct {
	figures telephony.Figures
	callers map[telephony.AgentID]time.Time // a new map each time
	calls   map[telephony.CallID]telephony.Call
	agents  map[telephony.AgentID]AgentStatus
	offers  map[telephony.AgentID]telephony.Offer
}

// AgentStatus is an agent as the engine sees them now.
type AgentStatus struct {
	Agent  telephony.Agent
	State  telephony.AgentState
	Reason string           // of a pause
	Since  time.Time        // when the state began
	Call   telephony.CallID // the call offered, talked on or wrapped up, if any
	// Supervises is the call of another's that they are in on, or whose phone rings for that.
	Supervises telephony.CallID
}

// A Callback asks for a call that the service makes: First is rung, then Second, who sees Show; then both talk.
type Callback struct {
	ID      telephony.CallID // chosen by the asker: asking again with the same ID is success and rings nobody twice
	Account telephony.AccountID
	First   telephony.Number // the provider's phone; unused by AgentCall
	Second  telephony.Number // the patient's phone; patient data
	Show    telephony.Number // the practice's number, which Second sees
	Name    string           // the practice's name, shown to First
	// Extension is what is dialled when Second has answered: keys of a telephone, or "" for none; patient data.
	Extension string
	// Code makes it a call for trial: nobody but First is rung, and once a key was pressed there First hears these digits, for
	// ProveFor, in the place of Second, who is nobody.
	Code string
	// Language is what First is spoken to in, and what the two will speak as far as is known; English when it is not said.
	Language telephony.Language
	About    string            // the note or the call that this one is about, for the story
	By       telephony.AgentID // the person who asked for it, for the story; AgentCall's is the agent
}

// Placed is how far a call that the service makes has come with First.
type Placed struct {
	Rang, Answered bool // their phone
	Told           bool // the code of a call for trial is said
	Over           bool
	Why            string // it came to nothing: a code, as a Step's Detail
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
		calls: map[telephony.CallID]*call{}, legs: map[telephony.LegID]*call{}, plays: map[telephony.PlayID]*call{},
		ended: map[telephony.CallID]ended{}, away: map[telephony.LegID]time.Time{}, strays: map[telephony.LegID]uint64{},
		touched: map[telephony.CallID]*call{}, turned: map[telephony.AgentID]bool{},
		keeping: map[telephony.RecordingID]bool{},
		staffed: map[telephony.AccountID]bool{},
		agents:  map[telephony.AgentID]telephony.Agent{}, status: map[telephony.AgentID]AgentStatus{},
		aside: map[telephony.AgentID]*aside{}, phones: phones{out: map[string]bool{}, kept: map[telephony.AgentID]bool{}},
		told: telephony.Figures{ServiceLevel: -1},
	}
	e.seen = seen{figures: e.told, calls: map[telephony.CallID]telephony.Call{}, agents: map[telephony.AgentID]AgentStatus{},
		offers: map[telephony.AgentID]telephony.Offer{}}
	e.level.share = -1
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

// A Pulse is how the engine itself is.
type Pulse struct {
	Answered time.Time // when the loop answered last; zero before Run
	Beaten   time.Time // when a beat reached the switch last; zero when none did
	Writing  bool      // the ledger takes what happens
}

// Pulse tells how the engine is, by what another goroutine sees of it.
func (e *Engine) Pulse() Pulse {
	at := func(ns int64) time.Time {
		if ns == 0 {
			return time.Time{}
		}
		return time.Unix(0, ns)
	}
	return Pulse{Answered: at(e.pulse.Load()), Beaten: at(e.beaten.Load()), Writing: e.writing.Load()}
}

// Figures tells the queue's figures as they stood half a second ago at most.
func (e *Engine) Figures() telephony.Figures {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.seen.figures
}

// Caller tells when the caller came in who waits longest of those the agent could take, as it stood half a second ago at
// most; zero when nobody waits whom they could.
func (e *Engine) Caller(a telephony.AgentID) time.Time {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.seen.callers[a]
}

// MissedInARow is how many calls, not answered in a row, paused an agent whose pause has this reason; 0 for other reasons.
func (e *Engine) MissedInARow(reason string) int {
	if reason != acd.ReasonMissed {
		return 0
	}
	return e.cfg.Misses
}

// Calls lists the calls that have not ended, oldest first.
func (e *Engine) Calls() []telephony.Call {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]telephony.Call, 0, len(e.seen.calls))
	for _, c := range e.seen.calls {
		out = append(out, c)
	}
	sortCalls(out)
	return out
}

// Call finds a call that has not ended.
func (e *Engine) Call(id telephony.CallID) (telephony.Call, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	c, ok := e.seen.calls[id]
	return c, ok
}

// Agent finds an agent who is signed in.
func (e *Engine) Agent(id telephony.AgentID) (AgentStatus, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	a, ok := e.seen.agents[id]
	return a, ok
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
func (e *Engine) OfferOf(a telephony.AgentID) (telephony.Offer, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	o, ok := e.seen.offers[a]
	return o, ok
}
