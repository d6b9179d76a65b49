package engine

import (
	"context"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// recover takes over the calls that an earlier engine left: renew first, so that nobody is lost meanwhile, then ask the
// ledger what they are, look again, and go on. Until then events are held and nothing beats: new callers go to the
// fail-safe. A ledger that does not answer keeps those who talk talking and gives the others to the fail-safe.
func (e *Engine) recover(link uint64) {
	at := e.clock
	var s survey
	e.work(func(ctx context.Context) (err error) {
		s, err = e.takeSurvey(ctx)
		return err
	}, func(err error) {
		if link != e.link {
			return
		}
		if err != nil {
			e.cfg.Log.Error("telephony: the switch was linked but does not tell what is on it", "error", err)
			e.again(link)
			return
		}
		leases := map[telephony.LegID]*lease{}
		for id := range s.legs {
			leases[id] = e.lease(id)
		}
		e.remember(link, at, s, leases)
	})
}

// remember asks the ledger for the calls that have not ended, and their lines, then looks again and takes over.
func (e *Engine) remember(link, at uint64, first survey, leases map[telephony.LegID]*lease) {
	var live []telephony.Call
	var lines map[telephony.Number]telephony.Line
	var s survey
	e.work(func(ctx context.Context) (err error) {
		ok := e.patiently(ctx, func(ctx context.Context) (err error) {
			live, lines, err = e.living(ctx)
			return err
		}, func() { // let go whoever talks to nobody
			for id := range first.legs {
				if len(first.legsWith(id)) < 2 {
					leases[id].last(spill)
				}
			}
		})
		if !ok {
			return ctx.Err()
		}
		s, err = e.takeSurvey(ctx)
		return err
	}, func(err error) {
		defer func() {
			for _, l := range leases { // of the legs that no call has taken
				l.end()
			}
		}()
		if link != e.link {
			return
		}
		if err != nil {
			e.again(link)
			return
		}
		s.strict, s.at = true, at
		e.known = true
		e.takeOver(live, lines, s, leases)
		e.reconcile(s)
		e.release()
		e.recovered()
	})
}

// living asks the ledger for the calls that have not ended, and for the lines of those that callers made.
func (e *Engine) living(ctx context.Context) ([]telephony.Call, map[telephony.Number]telephony.Line, error) {
	live, err := e.cfg.Ledger.Live(ctx)
	if err != nil {
		return nil, nil, err
	}
	lines := map[telephony.Number]telephony.Line{}
	for _, c := range live {
		if _, ok := lines[c.DID]; ok || !c.Inbound {
			continue
		}
		line, owned, err := e.cfg.Ledger.LineFor(ctx, c.DID)
		if err != nil {
			return nil, nil, err
		}
		if !owned { // its number was taken from the practice since: the call goes on as it was
			line = telephony.Line{DID: c.DID, Account: c.Account, Languages: []telephony.Language{c.Language}}
		}
		lines[c.DID] = line
	}
	return live, lines, nil
}

// legsWith lists the legs in the bridge of a leg, itself among them.
func (s survey) legsWith(id telephony.LegID) (with []telephony.LegID) {
	for other, b := range s.in {
		if b == s.in[id] && s.in[id] != "" {
			with = append(with, other)
		}
	}
	return with
}

// takeOver makes calls of what the ledger and the switch tell. What does not fit together yet, reconcile mends.
func (e *Engine) takeOver(live []telephony.Call, lines map[telephony.Number]telephony.Line, s survey, leases map[telephony.LegID]*lease) {
	byCall := map[telephony.CallID][]telephony.LegView{}
	for _, v := range s.snap.Legs {
		id := v.Call
		if id == "" || v.Agent == "" && e.isNear(v) {
			id = telephony.CallOf(v.Leg)
		}
		byCall[id] = append(byCall[id], v)
	}
	sortCalls(live)
	var quiet []*call
	for _, rec := range live {
		if rec.State == telephony.Ended || e.calls[rec.ID] != nil {
			continue
		}
		near := roleCaller
		if !rec.Inbound {
			near = roleProvider
		}
		c := e.newCall(rec, waiting, near)
		c.line = lines[rec.DID]
		for _, v := range byCall[rec.ID] {
			e.adopt(c, v, s, leases)
		}
		if c.far.id == "" {
			quiet = append(quiet, c)
		} else {
			e.goOn(c, s)
			e.superviseOn(c)
		}
	}
	for _, c := range quiet { // after those who talk: their agents are not free
		e.goOn(c, s)
		e.superviseOn(c)
	}
}

// isNear tells a caller's leg from the legs we originated, whose names start with their call's.
func (e *Engine) isNear(v telephony.LegView) bool {
	return len(v.Leg) < len(v.Call) || string(v.Leg[:len(v.Call)]) != string(v.Call)
}

// adopt takes a leg found on the switch into its call. Of several legs to agents only one that was answered can be
// the one; the others are hung up as strays. It goes on with the lease that was begun for the leg: two renewals at once
// could undo each other.
func (e *Engine) adopt(c *call, v telephony.LegView, s survey, leases map[telephony.LegID]*lease) {
	p := &c.far
	switch {
	case isMarked(v.Leg, c.ID, supervisorMark):
		if p = &c.supervisor; !v.Up {
			return
		}
	case c.Inbound && v.Agent == "" && v.Call != "" && !e.isNear(v):
		p = &c.third
		p.onUp = upOf(isMarked(v.Leg, c.ID, plainMark))
	case c.Inbound && v.Agent == "" || !c.Inbound && v.Leg == nearOf(c.ID):
		p = &c.near
	case !v.Up || c.far.id != "" && s.in[v.Leg] != c.bridge:
		return
	}
	if p.id != "" {
		e.abandon(p)
	}
	p.leg = leg{id: v.Leg, up: v.Up, known: 1, lease: leases[v.Leg]}
	delete(leases, v.Leg)
	if p.lease == nil { // it came after the first survey
		p.lease = e.lease(v.Leg)
	}
	e.legs[v.Leg] = c
	if p == &c.near && !c.Inbound && v.Agent != "" {
		c.near.role, c.near.onUp = roleAgent, nearUp
	}
}

// abandon leaves a party's leg to be hung up as a stray.
func (e *Engine) abandon(p *party) {
	delete(e.legs, p.id)
	p.lease.end()
	p.leg = leg{}
}

// goOn chooses the phase of a call taken over.
func (e *Engine) goOn(c *call, s survey) {
	talked := c.State == telephony.Talking || c.State == telephony.Held || c.State == telephony.Patched
	c.offer = telephony.Offer{Call: c.ID, Agent: c.Agent}
	c.aside, c.music = s.bridges[c.beside], s.legs[c.waiter().id].Waits
	if c.State == telephony.Patched && c.far.id != "" { // the agent was leaving
		e.abandon(&c.far)
	}
	if c.third.id != "" && talked && c.near.id != "" && e.goOnWithThird(c, s) {
		return
	}
	if c.third.id != "" {
		e.abandon(&c.third)
	}
	e.removeBeside(c)
	switch {
	case !c.Inbound && !(talked && c.near.id != "" && c.far.id != ""):
		c.phase = map[bool]phase{true: talking, false: dialling}[talked]
		e.raise(c, nearGone)
	case c.near.id == "":
		c.phase = map[bool]phase{true: talking, false: waiting}[talked]
		c.near.leg = leg{id: "gone", known: 1} // reconcile finds out how it went
	case talked && c.far.id != "":
		c.phase = map[telephony.CallState]phase{telephony.Talking: talking, telephony.Held: held}[c.State]
		c.unleased().lease.last(0)
		c.leased().lease.lasts(e.leaseIn(c.phase))
		e.besides(c)
	case talked:
		c.phase = talking
		e.raise(c, nearAlone)
	case c.State == telephony.Offered && c.far.id != "": // answered, and the engine died before it could write that down
		c.phase = joining
		e.besides(c)
	default:
		if c.far.id != "" {
			e.abandon(&c.far)
		}
		c.phase, c.State, c.Agent, c.offer = waiting, telephony.Waiting, "", telephony.Offer{}
		e.note(c, telephony.StepRecovered, "", "")
		e.queueOr(acd.Return{Call: acd.CallID(c.ID), Needs: e.needs(c), Since: c.OpenedAt})
	}
}

// goOnWithThird chooses the phase of a call into which somebody was being brought, or was. false: without an agent who calls
// them, they are not called.
func (e *Engine) goOnWithThird(c *call, s survey) bool {
	together := s.in[c.third.id] == c.bridge
	switch {
	case together && c.State == telephony.Patched:
		c.phase = patched
	case c.State == telephony.Patched: // what they hear begins anew
		c.phase, c.third.up = sending, false
	case together && c.State == telephony.Held && c.far.id != "": // that they talk was not written yet
		c.phase = merging
	case together:
		c.phase = conferring
	case c.far.id == "":
		return false
	default: // what they hear begins anew
		c.phase, c.third.up = calling, false
		e.ringBack(c)
	}
	c.Third.State = shownThird[c.phase]
	if c.phase != sending {
		c.unleased().lease.last(0)
	}
	c.leased().lease.lasts(e.leaseIn(c.phase))
	if c.phase == conferring {
		c.third.lease.lasts(e.leaseIn(c.phase))
	}
	switch {
	case c.phase == patched || c.phase == sending:
	case c.far.id != "":
		e.besides(c)
	default:
		e.raise(c, farGone)
	}
	return true
}

// besides has an agent who is signed in already talk on a call the queue does not know.
func (e *Engine) besides(c *call) {
	if _, ok := e.agents[c.Agent]; ok && e.aside[c.Agent] == nil {
		e.aside[c.Agent] = &aside{call: c.ID, state: telephony.AgentTalking, since: maxTime(c.AnsweredAt, c.OpenedAt), ready: true}
		e.queueOr(acd.Pause{Agent: acd.AgentID(c.Agent), Reason: onACall}, c.Agent)
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
