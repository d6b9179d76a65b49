package acd

import (
	"math"
	mathbits "math/bits"
)

// match offers waiting calls to Ready agents until none fits another. Before an Apply that is so already, hence only what
// the Apply changed can match: nearly always one call or one agent, which is one search, and else a batch of those.
func (s *State) match() {
	calls, agents := s.changed()
	var c *call
	var a *agent
	if len(calls) > 0 {
		c = calls[0]
	}
	if len(agents) > 0 {
		a = agents[0]
	}
	switch {
	case s.everyone:
		s.matchBatch(s.readyProfiles, s.waitingSlots)
	case len(calls) > 1, len(agents) > 1, a != nil && c != nil && s.suits(c, a):
		if only := s.onlyReady(calls, agents); only != nil {
			if best := s.mostUrgent(only); best != nil {
				s.offer(best, only)
			}
		} else {
			s.matchBatch(s.reach(calls, agents))
		}
	default:
		// A new call and a new agent that do not suit each other cannot compete for a third: what the call can have
		// was Ready before, and fitted nothing that the agent can have.
		var forC *agent
		var forA *call
		if c != nil {
			forC = s.pick(c)
		}
		if a != nil {
			forA = s.mostUrgent(a)
		}
		if forA != nil && forC != nil && forA.place.before(&c.place) {
			s.offer(forA, a)
			forA = nil
		}
		if forC != nil {
			s.offer(c, forC)
		}
		if forA != nil {
			s.offer(forA, a)
		}
	}
	s.newCalls, s.newAgents, s.everyone = s.newCalls[:0], s.newAgents[:0], false
}

// changed are the calls and agents that this Apply freed and that may find a match, each once.
func (s *State) changed() ([]*call, []*agent) {
	s.round++
	calls, agents := s.newCalls[:0], s.newAgents[:0]
	free := s.readyProfiles.any() // where nobody is Ready, what a call fits need not be looked at
	for _, c := range s.newCalls {
		if free && c.kind != nil && c.state == CallWaiting && c.seen != s.round && c.kind.slots[c.stage].fits.meets(s.readyProfiles) {
			c.seen = s.round
			calls = append(calls, c)
		}
	}
	for _, a := range s.newAgents {
		if a.state == StateReady && a.seen != s.round && (len(s.barred) > 0 || a.prof.fits.meets(s.waitingSlots)) {
			a.seen = s.round
			agents = append(agents, a)
		}
	}
	return calls, agents
}

// reach are the profiles and slots that hold every fitting pair there can be when these calls and agents are new.
func (s *State) reach(calls []*call, agents []*agent) (profiles, slots bits) {
	for _, c := range calls {
		sl := c.kind.slots[c.stage]
		profiles.add(sl.fits, s.readyProfiles)
		if s.waitingSlots.has(sl.i) {
			slots.set(sl.i)
		}
	}
	for _, a := range agents {
		profiles.set(a.prof.i)
		slots.add(a.prof.fits, s.waitingSlots)
	}
	return profiles, slots
}

// onlyReady is the one Ready agent that any of these calls fits or who is one of these agents; nil when there are more.
// On a full floor, where a call loosens just as an agent comes free, it is that agent, and no batch is needed.
func (s *State) onlyReady(calls []*call, agents []*agent) *agent {
	only := -1
	for _, c := range calls {
		fits := c.kind.slots[c.stage].fits
		for i := range min(len(fits), len(s.readyProfiles)) {
			w := fits[i] & s.readyProfiles[i]
			if w == 0 {
				continue
			}
			p := i<<6 + mathbits.TrailingZeros64(w)
			if w&(w-1) != 0 || only >= 0 && only != p {
				return nil
			}
			only = p
		}
	}
	for _, a := range agents {
		if only >= 0 && only != a.prof.i {
			return nil
		}
		only = a.prof.i
	}
	if ready := s.profiles[only].ready; len(ready) == 1 {
		return ready[0].n.agent
	}
	return nil
}

// suits says whether an agent may be offered a call now.
func (s *State) suits(c *call, a *agent) bool {
	return c.kind.slots[c.stage].fits.has(a.prof.i) && !c.barred(a)
}

func (c *call) barred(a *agent) bool {
	for _, b := range c.bars {
		if b.agent == a.id {
			return true
		}
	}
	return false
}

// pick is the agent a call is offered to, of those Ready: own staff before the others, then who is not spared, then
// who is idle longest. Nil when none fits.
func (s *State) pick(c *call) *agent {
	sl := c.kind.slots[c.stage]
	sl.fits.and(s.readyProfiles, &s.cand)
	if len(c.bars) > 0 {
		for i, w := range s.cand {
			for ; w != 0; w &= w - 1 {
				if p := i<<6 + mathbits.TrailingZeros64(w); s.profiles[p].longestIdle(c) == nil {
					s.cand.clear(p)
				}
			}
		}
	}
	if s.cand.meets(sl.own) {
		sl.own.and(s.cand, &s.cand)
	}
	var best *agent
	for i, w := range s.cand {
		for ; w != 0; w &= w - 1 {
			p := s.profiles[i<<6+mathbits.TrailingZeros64(w)]
			a := p.longestIdle(c)
			if (best == nil || a.idle.before(&best.idle)) && !s.cand.meets(p.less) {
				best = a
			}
		}
	}
	return best
}

func (n *node) before(o *node) bool { return n.at < o.at || n.at == o.at && n.seq < o.seq }

// longestIdle is the longest idle Ready agent of a profile who may be offered the call.
func (p *profile) longestIdle(c *call) *agent {
	if len(c.bars) == 0 {
		return p.ready[0].n.agent
	}
	var best *agent
	for _, e := range p.ready {
		if a := e.n.agent; !c.barred(a) && (best == nil || a.idle.before(&best.idle)) {
			best = a
		}
	}
	return best
}

// mostUrgent is the waiting call an agent is offered: the first in the order of waiting that fits. Nil when none does.
func (s *State) mostUrgent(a *agent) *call {
	var best entry
	fits := a.prof.fits
	for i := range min(len(fits), len(s.waitingSlots)) {
		w := fits[i] & s.waitingSlots[i]
		if w == 0 || best.n != nil && !s.wordHead[i].before(best) {
			continue
		}
		better := false
		for ; w != 0; w &= w - 1 {
			if e := s.slotHead[i<<6+mathbits.TrailingZeros64(w)]; best.n == nil || e.before(best) {
				best, better = e, true
			}
		}
		if !better && s.wordHead[i].n == nil {
			s.findWordHead(i)
		}
	}
	for _, e := range s.barred {
		if (best.n == nil || e.before(best)) && s.suits(e.n.call, a) {
			best = e
		}
	}
	if best.n == nil {
		return nil
	}
	return best.n.call
}

// findWordHead looks anew for the first call of a word of slots whose first has left, so that the word may be passed
// over again. At most one such look is due a call that leaves.
func (s *State) findWordHead(i int) {
	head := entry{at: math.MaxInt64}
	for w := s.waitingSlots[i]; w != 0; w &= w - 1 {
		if e := s.slotHead[i<<6+mathbits.TrailingZeros64(w)]; e.before(head) {
			head = e
		}
	}
	s.wordHead[i] = head
}
