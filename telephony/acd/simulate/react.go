package simulate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"lamplight/telephony/acd"
)

// apply gives acd an event and does what it commands, as the switch and the desks would.
func (r *run) apply(e acd.Event) error {
	r.res.Events++
	cs, err := acd.Apply(r.s, e, r.plan.Start.Add(r.now))
	if err != nil && !errors.Is(err, acd.ErrStale) {
		return err
	}
	for _, c := range slices.Clone(cs) {
		if err := r.obey(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) obey(c acd.Command) error {
	switch c.Do {
	case acd.DoOffer:
		return r.ring(c.Offer)
	case acd.DoWithdraw:
		if r.offers[c.Offer.Agent] != c.Offer.ID {
			return fmt.Errorf("%v is withdrawn, but does not stand", c.Offer)
		}
		delete(r.offers, c.Offer.Agent)
		switch c.Why {
		case acd.WhyMissed:
			r.res.Missed++
		case acd.WhyRejected:
			r.res.Rejected++
		}
	case acd.DoClose:
		if r.open[c.Call] == nil {
			return fmt.Errorf("%s ends %v, but is not open", c.Call, c.Outcome)
		}
		delete(r.open, c.Call)
		r.res.Outcomes[c.Outcome]++
	case acd.DoAgent:
		if c.State == acd.StatePaused {
			r.later(r.plan.Back, "", func() error { return r.apply(acd.Ready{Agent: c.Agent}) })
		}
	}
	return nil
}

// ring decides what an agent does with an offer.
func (r *run) ring(o acd.Offer) error {
	if _, two := r.offers[o.Agent]; two || r.open[o.Call] == nil {
		return fmt.Errorf("%v, but the agent has an offer or the call is over", o)
	}
	r.res.Offers++
	r.offers[o.Agent] = o.ID
	r.open[o.Call].offered = o.ID
	x := r.r.Float64()
	var after time.Duration
	if r.plan.Answer > 0 {
		after = r.chance(r.plan.Answer)
	}
	switch {
	case x < r.plan.Miss:
		return nil // it rings until the deadline
	case x < r.plan.Miss+r.plan.Reject:
		r.later(after, o.Call, func() error { return r.ifStanding(o, acd.Rejected{Offer: o.ID}) })
		return nil
	}
	r.later(after, o.Call, func() error { return r.answer(o) })
	return nil
}

func (r *run) ifStanding(o acd.Offer, e acd.Event) error {
	if r.offers[o.Agent] != o.ID {
		return nil
	}
	return r.apply(e)
}

func (r *run) answer(o acd.Offer) error {
	if r.offers[o.Agent] != o.ID {
		return nil
	}
	delete(r.offers, o.Agent)
	c := r.open[o.Call]
	c.taken = true
	if err := r.apply(acd.Accepted{Offer: o.ID}); err != nil {
		return err
	}
	if c.waited {
		r.res.Delayed++
	}
	r.later(c.Talk, o.Call, func() error {
		if err := r.apply(acd.Ended{Call: o.Call}); err != nil {
			return err
		}
		if r.plan.WrapUp > 0 {
			r.wrapUp(o.Agent)
		}
		return nil
	})
	return nil
}

// wrapUp ends an agent's wrap-up after its time, if its limit has not yet done so.
func (r *run) wrapUp(id acd.AgentID) {
	began := r.now
	r.later(r.chance(r.plan.WrapUp), "", func() error {
		v, ok := r.s.AgentNow(id)
		if !ok || v.State != acd.StateWrapUp || !v.Since.Equal(r.plan.Start.Add(began)) {
			return nil
		}
		return r.apply(acd.WrapUpDone{Agent: id})
	})
}
