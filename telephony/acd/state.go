package acd

import (
	"fmt"
	"math"
	"time"
)

// A State is everything this package knows: agents, calls, order, timers, figures. Apply moves it in place.
// It is not safe for concurrent use: one goroutine owns it.
type State struct {
	cfg   Config
	zones []*time.Location // of cfg.Groups
	shut  map[GroupID]bool // the groups that are closed now
	turns int64            // when a group next opens or closes; math.MaxInt64 for never

	now   int64 // of the last Apply, nanoseconds since 1970 UTC
	epoch uint64
	n     uint64 // of the last offer
	seq   uint64 // of the last place in a queue

	agents map[AgentID]*agent
	calls  map[CallID]*call
	offers map[uint64]*agent // who has the offer of that number
	timers queue

	profiles     []*profile // by number; nil where free
	profileBy    map[string]*profile
	freeProfiles []int
	profilesUsed int
	slots        []*slot // by number; nil where free
	slotBy       map[string]*slot
	freeSlots    []int
	kinds        map[string]*kind
	kindsUsed    int

	readyProfiles bits    // profiles with a Ready agent
	waitingSlots  bits    // slots with a waiting call
	slotHead      []entry // the first of each slot's waiting, beside each other for the search
	// By word of waitingSlots: none of its waiting calls is before this one. n is nil once the call itself has left.
	wordHead []entry
	barred   queue // waiting calls that some agent missed or rejected, apart from their slots while that counts

	all       tally
	practices map[PracticeID]*tally
	languages map[Language]*tally
	groups    map[GroupID]*tally

	newCalls  []*call  // became waiting, or fit more agents, in this Apply
	newAgents []*agent // became Ready in this Apply
	round     uint64   // number of the Apply
	everyone  bool     // who fits what has changed in this Apply
	out       []Command
	buf       []byte
	cand      bits
	spareCall []*call // ended calls, used again
}

// What each Apply touches comes first in agent, profile, slot and kind: with many of them, each line of memory counts.
type agent struct {
	id      AgentID
	prof    *profile
	state   AgentState
	pausing bool   // Paused after the conversation
	leaving bool   // Out after the conversation
	since   int64  // in this state
	counted int64  // time in this state is in the figures up to here
	idle    node   // the longest idle first, while Ready
	timer   node   // the offer's deadline or the limit of wrap-up
	call    *call  // offered or talking
	offer   uint64 // its number, while Reserved or Ringing
	misses  int    // in a row
	last    *kind  // of the call this wrap-up belongs to
	seen    uint64 // the round in which changed last saw it
	talked  int64  // how long that call was talked
	reason  string // of the pause there is, or comes after the conversation
	able    Agent
}

type call struct {
	id    CallID
	kind  *kind
	stage int
	state CallState
	in    int64 // when it came in
	since int64 // in this state
	place node  // at is in less the priority
	timer node  // the next loosening, overflow, or end of a bar
	bars  []bar
	agent *agent // offered to or talking with
	seen  uint64 // the round in which changed last saw it
	taken bool   // in the figures of the answered; once, however often it is sent back
}

// A bar keeps a call from an agent who just missed or rejected it.
type bar struct {
	agent AgentID
	until int64
}

// New makes an empty State whose offers carry the epoch, which is to be above any earlier State's. An invalid Config, such as an
// unknown time zone, is refused with an ErrInvalid that names the field. Zones are looked up in the machine's time-zone data
// here and nowhere else.
func New(cfg Config, epoch uint64) (*State, error) {
	s := &State{
		epoch: epoch, turns: math.MinInt64,
		agents: map[AgentID]*agent{}, calls: map[CallID]*call{}, offers: map[uint64]*agent{}, shut: map[GroupID]bool{},
		profileBy: map[string]*profile{}, slotBy: map[string]*slot{}, kinds: map[string]*kind{},
		practices: map[PracticeID]*tally{}, languages: map[Language]*tally{}, groups: map[GroupID]*tally{},
	}
	if err := s.configure(cfg); err != nil {
		return nil, err
	}
	return s, nil
}

// Next is the earliest instant at which State wants a Tick even if nothing happens: arm one timer for it and send a
// Tick. ok is false when nothing is due ever.
func (s *State) Next() (at time.Time, ok bool) {
	ns := s.turns
	if len(s.timers) > 0 {
		ns = min(ns, s.timers[0].at)
	}
	if ns == math.MaxInt64 || ns == math.MinInt64 {
		return time.Time{}, false
	}
	return time.Unix(0, ns).UTC(), true
}

// An AgentView is what an agent is doing.
type AgentView struct {
	Agent  Agent
	State  AgentState
	Since  time.Time // in this state
	Reason string    // of the pause, or of the pause to come
	Offer  *Offer    // while Reserved or Ringing
	Call   CallID    // offered or talking
	Until  time.Time // the offer's deadline or the limit of wrap-up; zero when there is none
}

// AgentNow tells what an agent is doing; ok is false when not signed in.
func (s *State) AgentNow(id AgentID) (v AgentView, ok bool) {
	a := s.agents[id]
	if a == nil {
		return v, false
	}
	v = AgentView{Agent: a.able, State: a.state, Since: at(a.since), Reason: a.reason}
	if a.timer.pos > 0 {
		v.Until = at(a.timer.at)
	}
	if a.call != nil {
		v.Call = a.call.id
	}
	if a.offered() {
		o := s.offerOf(a)
		v.Offer = &o
	}
	return v, true
}

// A CallView is where a call stands.
type CallView struct {
	Call  CallID
	Needs Needs
	State CallState
	In    time.Time // when it came in
	Since time.Time // in this state
	Stage int       // how many of Needs.Relax are in force
	Agent AgentID   // offered to or talking with
}

// CallNow tells where a call stands; ok is false when it has ended or never came.
func (s *State) CallNow(id CallID) (v CallView, ok bool) {
	c := s.calls[id]
	if c == nil {
		return v, false
	}
	v = CallView{Call: c.id, Needs: c.kind.needs.clone(), State: c.state, In: at(c.in), Since: at(c.since),
		Stage: c.stage}
	if c.agent != nil {
		v.Agent = c.agent.id
	}
	return v, true
}

func (a *agent) offered() bool { return a.state == StateReserved || a.state == StateRinging }

func (s *State) offerOf(a *agent) Offer {
	return Offer{ID: OfferID{s.epoch, a.offer}, Call: a.call.id, Agent: a.id, Deadline: at(a.timer.at)}
}

func at(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// nanos bounds an instant so that the difference of any two fits a time.Duration.
func nanos(t time.Time) (int64, error) {
	if y := t.UTC().Year(); y < 1970 || y > 2200 {
		return 0, fmt.Errorf("%w: the year %d is not in 1970 to 2200", ErrInvalid, y)
	}
	return t.UnixNano(), nil
}

// arm sets a timer. Of those due in the same instant calls come first, in the order they came in, then agents in the
// order they became Ready; so a restored State does the same.
func (s *State) arm(n *node, at int64) {
	s.timers.remove(n)
	n.at = at
	if n.call != nil {
		n.seq = n.call.place.seq
	} else {
		n.seq = n.agent.idle.seq | 1<<63
	}
	s.timers.push(n)
}

// nextSeq numbers places in queues, so that equals are served in the order they came.
func (s *State) nextSeq() uint64 { s.seq++; return s.seq }
