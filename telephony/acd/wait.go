package acd

import (
	"math"
	"time"
)

// A pace is a running mean of handle times, in nanoseconds: the plain mean of the first paceSpan, then one that forgets.
type pace struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
}

const (
	paceSpan  = 50
	paceLeast = 20 // fewer handled calls make an expected wait a guess
)

func (p *pace) add(ns float64) {
	p.N = min(p.N+1, paceSpan)
	p.Mean += (ns - p.Mean) / float64(p.N)
}

func paceOf(m map[Language]*pace, l Language) *pace {
	p := m[l]
	if p == nil {
		p = &pace{}
		m[l] = p
	}
	return p
}

const (
	// guessLimit is the longest expected wait that is told; beyond it the figure says nothing about one caller.
	guessLimit = time.Hour
	// quantile is the standard normal's for 10 % and 90 %: eight waits in ten should end within the range.
	quantile = 1.2816
)

// ExpectedWait is the range in which a waiting call will probably be answered from now, eight times in ten. ok is false
// when it would be a guess: the call is not waiting, nobody signed in and not Paused fits it, fewer than 20 calls in
// its language have been handled, or the range ends beyond an hour.
//
// The low end reckons with the calls ahead that only the same agents can take, the high end with all the calls ahead that any
// of these agents can take. The time until so many agents have come free is taken as a gamma distribution, its quantiles by E. B. Wilson and
// M. M. Hilferty, "The Distribution of Chi-square", 1931. Calls yet to come with a head start, and needs that loosen, are
// not foreseen.
func (s *State) ExpectedWait(id CallID) (low, high time.Duration, ok bool) {
	c := s.calls[id]
	if c == nil || c.state != CallWaiting {
		return 0, 0, false
	}
	p := s.paces[c.kind.needs.Language]
	if p == nil || p.N < paceLeast {
		return 0, 0, false
	}
	var active, mine bits
	n := 0
	sl := c.kind.slots[c.stage]
	for _, a := range s.agents {
		if a.state != StatePaused && !a.leaving && !a.pausing {
			active.set(a.prof.i)
			if sl.fits.has(a.prof.i) {
				n++
			}
		}
	}
	if n == 0 {
		return 0, 0, false
	}
	sl.fits.and(active, &mine)
	only, any := 1, 1
	for _, o := range s.calls {
		if o.state != CallWaiting || !o.place.before(&c.place) {
			continue
		}
		var theirs bits
		if of := o.kind.slots[o.stage].fits; of.and(active, &theirs) && theirs.meets(mine) {
			any++
			if theirs.within(mine) {
				only++
			}
		}
	}
	each := p.Mean / float64(n)
	low = time.Duration(each * gamma(only, -quantile))
	high = time.Duration(each * gamma(any, quantile))
	return low, high, high <= guessLimit
}

// gamma is the quantile of a gamma distribution of shape k and scale 1 at a normal quantile z.
func gamma(k int, z float64) float64 {
	n := float64(k)
	v := 1 - 1/(9*n) + z/(3*math.Sqrt(n))
	return n * v * v * v
}
