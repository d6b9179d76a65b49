package acd

import mathbits "math/bits"

// match offers waiting calls to Ready agents until none fits another. Before a Step that is so already, hence only what
// the Step changed can match: nearly always one call or one agent, which is one search; else matchAll looks at all.
func (s *State) match() {
	var c *call
	var a *agent
	all := s.everyone
	for _, n := range s.newCalls {
		if n.kind != nil && n.state == CallWaiting && n != c {
			all = all || c != nil
			c = n
		}
	}
	for _, n := range s.newAgents {
		if n.state == StateReady && n != a {
			all = all || a != nil
			a = n
		}
	}
	s.newCalls, s.newAgents, s.everyone = s.newCalls[:0], s.newAgents[:0], false
	switch {
	case all, a != nil && c != nil && s.suits(c, a):
		s.matchAll()
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
	if !sl.fits.and(s.readyProfiles, &s.cand) {
		return nil
	}
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
		for w := fits[i] & s.waitingSlots[i]; w != 0; w &= w - 1 {
			if e := s.slotHead[i<<6+mathbits.TrailingZeros64(w)]; best.n == nil || e.before(best) {
				best = e
			}
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
