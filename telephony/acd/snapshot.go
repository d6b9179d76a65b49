package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Snapshot is a State written down: a plain value that survives JSON. Agents stand in the order of idle and calls in
// the order they came in, which settles the order among equals.
type Snapshot struct {
	Config Config        `json:"config"`
	Now    time.Time     `json:"now"` // of the last Apply; zero if there was none
	Epoch  uint64        `json:"epoch"`
	Offers uint64        `json:"offers"` // number of the last offer
	Agents []AgentRecord `json:"agents"`
	Calls  []CallRecord  `json:"calls"`
	Count  TallyBook     `json:"count"`
}

// A TallyBook is every count.
type TallyBook struct {
	All       Tally                `json:"all"`
	Practices map[PracticeID]Tally `json:"practices,omitempty"`
	Languages map[Language]Tally   `json:"languages,omitempty"`
	Groups    map[GroupID]Tally    `json:"groups,omitempty"`
}

// An AgentRecord is one agent, as a Snapshot or Rebuild has it.
type AgentRecord struct {
	Agent  Agent      `json:"agent"`
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	Since  time.Time  `json:"since"`          // in this state
	Idle   time.Time  `json:"idle,omitzero"`  // Ready since, for Ready, Reserved and Ringing; zero means Since
	Until  time.Time  `json:"until,omitzero"` // the offer's deadline, or the limit of wrap-up
	Call   CallID     `json:"call,omitempty"` // offered or talking
	Offer  OfferID    `json:"offer,omitzero"` // while Reserved or Ringing
	Misses int        `json:"misses,omitempty"`
	// Pausing and Leaving tell what comes after the conversation.
	Pausing bool `json:"pausing,omitempty"`
	Leaving bool `json:"leaving,omitempty"`
	// Counted, Last and Talked are for the figures.
	Counted time.Time     `json:"counted,omitzero"`
	Last    *Needs        `json:"last,omitempty"`
	Talked  time.Duration `json:"talked,omitempty"`
}

// A CallRecord is one call, as a Snapshot or Rebuild has it.
type CallRecord struct {
	Call   CallID      `json:"call"`
	Needs  Needs       `json:"needs"`
	State  CallState   `json:"state"`
	In     time.Time   `json:"in"`
	Since  time.Time   `json:"since"`           // in this state
	Agent  AgentID     `json:"agent,omitempty"` // offered to or talking with
	Taken  bool        `json:"taken,omitempty"` // counted as answered
	Barred []BarRecord `json:"barred,omitempty"`
}

// A BarRecord keeps a call from an agent who missed or rejected it.
type BarRecord struct {
	Agent AgentID   `json:"agent"`
	Until time.Time `json:"until"`
}

// Snapshot writes the State down. The value shares nothing with the State.
func (s *State) Snapshot() Snapshot {
	snap := Snapshot{Config: s.cfg, Now: at(s.now), Epoch: s.epoch, Offers: s.n,
		Agents: make([]AgentRecord, 0, len(s.agents)), Calls: make([]CallRecord, 0, len(s.calls)),
		Count: TallyBook{All: s.all, Practices: values(s.practices), Languages: values(s.languages), Groups: values(s.groups)}}
	snap.Config.Groups = cloneGroups(s.cfg.Groups)
	if s.now == 0 {
		snap.Now = time.Time{}
	}
	for _, a := range slices.SortedFunc(maps.Values(s.agents), func(x, y *agent) int {
		return cmp.Or(cmp.Compare(x.idle.seq, y.idle.seq), cmp.Compare(x.id, y.id))
	}) {
		snap.Agents = append(snap.Agents, a.record())
	}
	for _, c := range slices.SortedFunc(maps.Values(s.calls), func(x, y *call) int { return cmp.Compare(x.place.seq, y.place.seq) }) {
		snap.Calls = append(snap.Calls, c.record())
	}
	return snap
}

func values[K comparable, V any](m map[K]*V) map[K]V {
	out := make(map[K]V, len(m))
	for k, v := range m {
		out[k] = *v
	}
	return out
}

func (a *agent) record() AgentRecord {
	r := AgentRecord{Agent: a.able.clone(), State: a.state, Reason: a.reason, Since: at(a.since), Misses: a.misses,
		Pausing: a.pausing, Leaving: a.leaving, Counted: at(a.counted), Talked: time.Duration(a.talked)}
	if a.state == StateReady || a.offered() {
		r.Idle = at(a.idle.at)
	}
	if a.timer.pos > 0 {
		r.Until = at(a.timer.at)
	}
	if a.call != nil {
		r.Call = a.call.id
	}
	if a.offered() {
		r.Offer = OfferID{a.epoch, a.offer}
	}
	if a.last != nil {
		n := a.last.needs.clone()
		r.Last = &n
	}
	return r
}

func (c *call) record() CallRecord {
	r := CallRecord{Call: c.id, Needs: c.kind.needs.clone(), State: c.state, In: at(c.in), Since: at(c.since),
		Taken: c.taken}
	if c.agent != nil {
		r.Agent = c.agent.id
	}
	for _, b := range c.bars {
		r.Barred = append(r.Barred, BarRecord{b.agent, at(b.until)})
	}
	return r
}

// Restore makes the State a Snapshot was taken of, for a writer of this epoch: from here on the two behave the same. A
// Snapshot that contradicts itself is refused with an ErrInvalid, an epoch older than the Snapshot's with ErrStale.
func Restore(snap Snapshot, epoch uint64) (*State, error) {
	if epoch < snap.Epoch {
		return nil, ErrStale
	}
	s, err := New(snap.Config, epoch)
	if err != nil {
		return nil, err
	}
	if !snap.Now.IsZero() {
		if s.now, err = nanos(snap.Now); err != nil {
			return nil, err
		}
		s.turnGroups()
	}
	s.n = snap.Offers
	s.all = snap.Count.All
	refill(s.practices, snap.Count.Practices)
	refill(s.languages, snap.Count.Languages)
	refill(s.groups, snap.Count.Groups)
	for i := range snap.Calls {
		if err := s.readCall(&snap.Calls[i]); err != nil {
			return nil, fmt.Errorf("calls[%d]: %w", i, err)
		}
	}
	for i := range snap.Agents {
		if err := s.readAgent(&snap.Agents[i]); err != nil {
			return nil, fmt.Errorf("agents[%d]: %w", i, err)
		}
	}
	for _, c := range s.calls {
		if c.state != CallWaiting && c.agent == nil {
			return nil, fmt.Errorf("%w: call %.40q is %v, but with no agent", ErrInvalid, string(c.id), c.state)
		}
	}
	s.newCalls, s.newAgents, s.everyone = nil, nil, true
	return s, nil
}

func refill[K comparable, V any](m map[K]*V, from map[K]V) {
	for k, v := range from {
		m[k] = &v
	}
}

// times reads instants; a zero one becomes def.
func times(def int64, ts ...time.Time) ([]int64, error) {
	out := make([]int64, len(ts))
	for i, t := range ts {
		if t.IsZero() {
			out[i] = def
			continue
		}
		var err error
		if out[i], err = nanos(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *State) readCall(r *CallRecord) error {
	if r.Call == "" || s.calls[r.Call] != nil {
		return fmt.Errorf("%w: the id %.40q is empty or there twice", ErrInvalid, string(r.Call))
	}
	if err := r.Needs.check(); err != nil {
		return err
	}
	t, err := times(s.now, r.In, r.Since)
	if err != nil {
		return err
	}
	c := s.newCall(r.Call, s.kindOf(&r.Needs), min(t[0], s.now))
	c.since, c.taken = t[1], r.Taken
	for _, b := range r.Barred {
		until, err := nanos(b.Until)
		if err != nil {
			return err
		}
		c.bars = append(c.bars, bar{b.Agent, until})
	}
	switch r.State {
	case CallWaiting:
		s.enterList(c)
		c.since = t[1]
	case CallOffered:
		s.rearm(c)
		c.state = CallOffered
	case CallTalking:
		c.state = CallTalking
	default:
		return fmt.Errorf("%w: state %d", ErrInvalid, r.State)
	}
	return nil
}

func (s *State) readAgent(r *AgentRecord) error {
	if s.agents[r.Agent.ID] != nil {
		return fmt.Errorf("%w: the id %.40q is there twice", ErrInvalid, string(r.Agent.ID))
	}
	if r.State == StateOut || r.State > StateWrapUp || r.Misses < 0 || r.Talked < 0 {
		return fmt.Errorf("%w: state %d, misses %d, talked %v", ErrInvalid, r.State, r.Misses, r.Talked)
	}
	t, err := times(s.now, r.Since, r.Counted)
	if err != nil {
		return err
	}
	idle, err := times(t[0], r.Idle, r.Until)
	if err != nil {
		return err
	}
	if err := s.agentIn(r.Agent); err != nil {
		return err
	}
	a := s.agents[r.Agent.ID]
	a.state, a.since, a.counted, a.reason = r.State, t[0], min(t[1], s.now), r.Reason
	a.misses, a.pausing, a.leaving, a.talked = r.Misses, r.Pausing, r.Leaving, int64(r.Talked)
	a.idle.at, a.idle.seq = idle[0], s.nextSeq()
	if err := s.readTask(a, r); err != nil {
		return err
	}
	switch {
	case a.state == StateReady:
		s.enterReady(a)
	case a.offered() || a.state == StateWrapUp:
		s.arm(&a.timer, idle[1])
	}
	return nil
}

// readTask gives an agent the call of a record, or the wrap-up.
func (s *State) readTask(a *agent, r *AgentRecord) error {
	busy := a.offered() || a.state == StateTalking
	if busy != (r.Call != "") {
		return fmt.Errorf("%w: %v with call %.40q", ErrInvalid, a.state, string(r.Call))
	}
	if (a.state == StateWrapUp) != (r.Last != nil) {
		return fmt.Errorf("%w: %v, and last is %v", ErrInvalid, a.state, r.Last)
	}
	if r.Last != nil {
		if err := r.Last.check(); err != nil {
			return err
		}
		a.last = s.kindOf(r.Last)
		s.retain(a.last)
	}
	if !busy {
		return nil
	}
	c := s.calls[r.Call]
	if c == nil || c.agent != nil || (c.state == CallOffered) != a.offered() || c.state == CallWaiting {
		return fmt.Errorf("%w: %v with call %.40q, which is not so", ErrInvalid, a.state, string(r.Call))
	}
	a.call, c.agent = c, a
	if a.offered() {
		a.offer, a.epoch = r.Offer.N, r.Offer.Epoch
		if s.offers[a.offer] != nil || a.offer > s.n || a.epoch > s.epoch {
			return fmt.Errorf("%w: offer %v is there twice or from the future", ErrInvalid, r.Offer)
		}
		s.offers[a.offer] = a
	}
	return nil
}

func (a *Agent) clone() Agent {
	c := *a
	c.Languages, c.Skills = maps.Clone(a.Languages), maps.Clone(a.Skills)
	c.Staff, c.Groups = slices.Clone(a.Staff), slices.Clone(a.Groups)
	return c
}

func cloneGroups(gs []Group) []Group {
	out := slices.Clone(gs)
	for i := range out {
		out[i].Hours = slices.Clone(out[i].Hours)
		for j := range out[i].Hours {
			out[i].Hours[j].Days = slices.Clone(out[i].Hours[j].Days)
		}
	}
	return out
}

// Rebuild makes a State from what the switch and the desks say is there, for a server that takes over without a
// Snapshot. The records need only the id, the needs or abilities, the state and its times. It serves in the order the
// lost State would have; figures, bars and misses start anew. The lists may contradict each other,
// having been read at different instants; what can only be told by the call is believed of the call:
//
//   - an offer is not carried over: its call waits in its place, its agent is Ready with the idle time of before, and the ringing is
//     for the caller to stop, since its epoch is older;
//   - a call in conversation with an agent who is not listed keeps that agent, who leaves after it unless an AgentIn
//     comes before;
//   - an agent listed as Talking whose call is not is in wrap-up from now on.
//
// The first Apply after it, a Tick will do, offers what can be offered.
func Rebuild(cfg Config, epoch uint64, now time.Time, calls []CallRecord, agents []AgentRecord) (*State, error) {
	cfg = cfg.withDefaults()
	snap := Snapshot{Config: cfg, Now: now, Epoch: epoch}
	talking := map[AgentID]CallRecord{}
	for _, c := range calls {
		if c.State != CallTalking {
			c.State, c.Agent = CallWaiting, ""
		} else {
			talking[c.Agent] = c
		}
		snap.Calls = append(snap.Calls, c)
	}
	for _, a := range agents {
		c, busy := talking[a.Agent.ID]
		delete(talking, a.Agent.ID)
		snap.Agents = append(snap.Agents, a.found(c, busy, now, cfg.WrapUp))
	}
	for id, c := range talking {
		snap.Agents = append(snap.Agents, AgentRecord{Agent: Agent{ID: id}, State: StateTalking, Since: c.Since,
			Counted: now, Call: c.Call, Leaving: true})
	}
	slices.SortStableFunc(snap.Calls, func(x, y CallRecord) int { return x.In.Compare(y.In) })
	slices.SortStableFunc(snap.Agents, func(x, y AgentRecord) int {
		return cmp.Or(x.Idle.Compare(y.Idle), x.Since.Compare(y.Since), cmp.Compare(x.Agent.ID, y.Agent.ID))
	})
	return Restore(snap, epoch)
}

// found is what Rebuild makes of an agent's record, given the call that names the agent, if one does.
func (a AgentRecord) found(c CallRecord, busy bool, now time.Time, wrapUp time.Duration) AgentRecord {
	a.Offer, a.Counted = OfferID{}, now
	switch {
	case busy:
		if a.State != StateTalking {
			a.Since = c.Since
		}
		a.State, a.Call, a.Until, a.Last = StateTalking, c.Call, time.Time{}, nil
		return a
	case a.State == StateReserved || a.State == StateRinging:
		a.State = StateReady
		if !a.Idle.IsZero() {
			a.Since = a.Idle
		}
	case a.State == StateTalking:
		a.State, a.Since = StateWrapUp, now
		a.Until = now.Add(max(0, wrapUp))
	}
	a.Call = ""
	if a.State == StateWrapUp && a.Last == nil {
		a.Last = &Needs{Practice: unknownPractice}
	}
	if a.State == StateWrapUp && a.Until.IsZero() {
		a.Until = a.Since.Add(max(0, wrapUp))
	}
	return a
}

// unknownPractice stands in the figures for calls that were over before a Rebuild.
const unknownPractice PracticeID = "unknown"
