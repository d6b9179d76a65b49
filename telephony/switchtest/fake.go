// Package switchtest holds what every telephony.Switch is tested with: Fake, a switch in memory that injects faults,
// and Run, the conformance suite that passes over Fake and over a real Asterisk.
//
// Fake promises to behave as the suite says a switch behaves, deterministically: ids count up from one, events come in
// the order things happened, and time is the time package's, so it runs inside a testing/synctest bubble (it opens no
// socket). It leaves audio out: who would hear whom is told by Hears, never by samples.
package switchtest

import (
	"fmt"
	"sync"
	"time"

	"lamplight/telephony"
)

// Leases a leg has from the start, as the dialplan gives them; Renew extends them.
const (
	CallerLease = 8 * time.Second
	AgentLease  = 12 * time.Second
	// Stale is how old a beat may be before the switch stops handing over new calls.
	Stale = 4 * time.Second
)

var _ telephony.Switch = (*Fake)(nil)

// A Fake is a switch in memory. The methods of telephony.Switch are the server's side; all others are the outside
// world's side: callers, agents' phones, faults. Set the exported fields before the first event. All methods may be
// called from any goroutine. Close ends it.
type Fake struct {
	// PromptLength is how long one prompt of a Play lasts; zero leaves every play to EndPlay. NewFake sets 2 s.
	PromptLength time.Duration
	// Leases makes a leg whose lease runs out lost, as the real fail-safe does. NewFake sets it.
	Leases bool
	// AnyPhone is what an originated phone does by itself; see Phone. The zero value only rings.
	AnyPhone PhoneBehavior
	// Phones overrides AnyPhone for an agent's endpoint or an outside number.
	Phones map[string]PhoneBehavior

	out chan telephony.Event

	mu         sync.Mutex // guards everything below
	wake       chan struct{}
	queue      []telephony.Event
	closed     bool
	done       chan struct{}
	linked     bool
	since      time.Time
	demoted    bool
	lastBeat   time.Time
	beats      int
	count      int
	legs       map[telephony.LegID]*leg
	born       map[telephony.LegID]bool // every id ever originated: a repeat of a dead one must not ring again
	bridges    map[telephony.BridgeID]*bridge
	plays      map[telephony.PlayID]*play
	recordings map[telephony.RecordingID]*recording
	voicemails []telephony.Voicemail
	faults     map[string][]fault
	phonesOut  map[string]bool
	commands   []Command
	originated []telephony.Originate
}

// A PhoneBehavior is what a phone does when a leg is originated to it. The zero value rings and waits for Answers or Rejects.
type PhoneBehavior struct {
	Presses string        // keys it presses when it has answered
	Answers bool          // answers After it began to ring
	Rejects int           // if not zero, rejects with this Q.850 cause After it began to ring
	After   time.Duration // how long it rings first
	Mute    bool          // does not even ring: no LegRinging
}

// A Command is one call of a Switch method, for a test's eyes.
type Command struct {
	Method string // "Join"
	What   string // the ids it named, joined by a space
	At     time.Time
	Err    error // what it answered
}

type leg struct {
	view    telephony.LegView
	inbound bool
	bridge  telephony.BridgeID
	lease   *time.Timer
	ring    *time.Timer
	waits   bool // hears music with all who wait
	lost    bool // the fail-safe has it
	name    string
	record  telephony.RecordingID // to begin at its answer
}

type bridge struct{ legs []telephony.LegID }

type play struct {
	telephony.Play
	timer *time.Timer
}

type recording struct {
	leg  telephony.LegID
	live bool
	wav  []byte
}

type fault struct {
	err  error
	done bool // the command is carried out before err is returned
	slow time.Duration
}

// NewFake returns a Fake that is linked: its first event is Linked. Beat before the first Arrive.
func NewFake() *Fake {
	f := &Fake{
		PromptLength: 2 * time.Second,
		Leases:       true,
		Phones:       map[string]PhoneBehavior{},
		out:          make(chan telephony.Event),
		wake:         make(chan struct{}, 1),
		done:         make(chan struct{}),
		legs:         map[telephony.LegID]*leg{},
		born:         map[telephony.LegID]bool{},
		bridges:      map[telephony.BridgeID]*bridge{},
		plays:        map[telephony.PlayID]*play{},
		recordings:   map[telephony.RecordingID]*recording{},
		faults:       map[string][]fault{},
		phonesOut:    map[string]bool{},
	}
	f.linked, f.since = true, time.Now()
	f.emit(telephony.Event{Kind: telephony.Linked})
	go f.pump()
	return f
}

// Close ends the switch: Events is closed after what was queued and read, timers stop. It may be repeated.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	for _, l := range f.legs {
		stop(l.lease)
		stop(l.ring)
	}
	for _, p := range f.plays {
		stop(p.timer)
	}
	close(f.done)
	return nil
}

// Events implements telephony.Switch.
func (f *Fake) Events() <-chan telephony.Event { return f.out }

// pump hands the queue to the reader without ever making the world wait for it.
func (f *Fake) pump() {
	defer close(f.out)
	for {
		f.mu.Lock()
		batch := f.queue
		f.queue = nil
		f.mu.Unlock()
		for _, e := range batch {
			select {
			case f.out <- e:
			case <-f.done:
				return
			}
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-f.wake:
		case <-f.done:
			return
		}
	}
}

// emit queues an event; the caller holds mu, or nobody else has f yet.
func (f *Fake) emit(e telephony.Event) {
	if f.demoted && e.Kind != telephony.Demoted {
		return // a replaced application hears nothing more
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	f.queue = append(f.queue, e)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Fake) nextID(kind string) string {
	f.count++
	return fmt.Sprintf("%s-%06d", kind, f.count)
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
