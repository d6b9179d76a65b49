package engine

import (
	"context"
	"lamplight/telephony"
	"slices"
	"time"
)

// hear deals with one event of the switch. Every event may come twice, or after its matter is settled.
func (e *Engine) hear(ev telephony.Event) {
	switch ev.Kind {
	case telephony.Linked:
		e.onLinked()
	case telephony.Unlinked:
		e.linked, e.dirty = false, true
		e.cfg.Log.Warn("telephony: the switch cannot be reached; its fail-safe keeps the callers")
	case telephony.LegArrived:
		e.beginCall(telephony.LegView{Leg: ev.Leg, DID: ev.DID, Called: ev.Called, ANI: ev.ANI, Since: ev.At}, ev.CallerName)
	case telephony.PhoneOut, telephony.PhoneBack:
		e.onPhone(ev.Phone, ev.Kind == telephony.PhoneOut)
	case telephony.RecordingEnded:
		e.onRecordingEnded(ev.Recording)
	case telephony.PlayEnded:
		if c := e.plays[ev.Play]; c != nil {
			delete(e.plays, ev.Play)
			c.greeting = ""
			e.raise(c, played)
		}
	case telephony.LegRinging, telephony.LegEntered, telephony.LegDown, telephony.LegLost, telephony.Digit, telephony.SourceChanged:
		e.onLeg(ev)
	}
}

// onLeg deals with an event of one leg.
func (e *Engine) onLeg(ev telephony.Event) {
	c := e.legs[ev.Leg]
	if c == nil {
		if ev.Kind == telephony.LegEntered || ev.Kind == telephony.LegRinging {
			e.dropStray(ev.Leg) // of an offer that was withdrawn while it was under way
		}
		return
	}
	p := c.party(ev.Leg)
	e.meet(&p.leg)
	switch ev.Kind {
	case telephony.LegRinging:
		p.rang = true
		if p == &c.far && c.phase == ringing {
			e.queueOr(offerRings(c), c.offer.Agent)
		}
	case telephony.LegEntered:
		p.told = ev.At
		if ev.Recording != "" {
			c.rec = ev.Recording
		}
		e.legUp(c, p)
	case telephony.LegDown:
		p.down = true
		p.lease.end()
		if p == &c.far && ev.Cause == telephony.CauseSilent && c.Inbound && c.answered() {
			e.raise(c, farSilent)
			return
		}
		e.raiseAs(c, p.onGone, whyGone(c, p, ev.Cause))
	case telephony.LegLost:
		p.away = true
		p.lease.end()
		e.raise(c, p.onLost)
	case telephony.SourceChanged:
		if c.rec != "" {
			e.recordCaller(c)
		}
	case telephony.Digit:
		switch {
		case c.phase == proving && p == &c.near, (c.phase == briefing || c.phase == announcing) && p == &c.third:
			switch {
			case ev.Digit != proof:
			case c.plan.Code != "":
				e.raise(c, codeAsked)
			default:
				e.raise(c, proved)
			}
		case p == &c.near:
			e.onDigit(c, ev.Digit)
		}
	}
}

func (e *Engine) legUp(c *call, p *party) {
	if !p.up {
		p.up = true
		e.raise(c, p.onUp)
	}
}

// proof is the key that tells a person from a voicemail.
const proof = "1"

// Why somebody whom the service called did not talk: the first party of a call of ours, the second, a third in any call.
var (
	hungUp      = [3]string{"first-hung-up", "second-hung-up", "third-hung-up"}
	busy        = [3]string{"first-busy", "second-busy", "third-busy"}
	refused     = [3]string{"first-rejected", "second-rejected", "third-rejected"}
	noAnswer    = [3]string{"first-no-answer", "second-no-answer", "third-no-answer"}
	wrongNumber = [3]string{"first-wrong-number", "second-wrong-number", "third-wrong-number"}
	unringable  = [3]string{"first-failed", "second-failed", "third-failed"}
	byCause     = map[int][3]string{ // Q.850
		17: busy, 21: refused,
		0: noAnswer, 16: noAnswer, 18: noAnswer, 19: noAnswer, 20: noAnswer,
		1: wrongNumber, 2: wrongNumber, 3: wrongNumber, 22: wrongNumber, 28: wrongNumber,
	}
)

// whyGone says in a word why somebody whom the service called is gone; "" of anybody else.
func whyGone(c *call, p *party, cause int) string {
	why, known := byCause[cause]
	switch {
	case p.up:
		why = hungUp
	case !known:
		why = unringable
	}
	switch {
	case p == &c.third:
		return why[2]
	case c.Inbound || c.answered():
		return ""
	case p == &c.near:
		return why[0]
	}
	return why[1]
}

// keys are the languages that callers choose by key, the same on every line, because the greeting says them.
var keys = map[string]telephony.Language{"1": telephony.English, "2": telephony.Spanish}

func (e *Engine) onDigit(c *call, digit string) {
	l, ok := keys[digit]
	if !ok || !slices.Contains(c.line.Languages, l) {
		return
	}
	if l == c.Language {
		e.heard(c)
		return
	}
	e.raised = append(e.raised, raised{c: c, s: chosen, detail: string(l), set: func() {
		c.Language, c.choosing = l, false
	}})
}

// beginCall begins a caller's call. The same leg told twice is the same call.
func (e *Engine) beginCall(v telephony.LegView, name string) {
	id := telephony.CallOf(v.Leg)
	if e.calls[id] != nil || e.hasEnded(id) || !e.known {
		return
	}
	c := e.newCall(telephony.Call{ID: id, DID: v.DID, ANI: v.ANI, CallerName: telephony.CleanName(name), Inbound: true,
		OpenedAt: e.cfg.Now(), State: telephony.Arrived, Language: telephony.English}, identifying, roleCaller)
	c.near.leg = leg{id: v.Leg, up: v.Up, known: e.clock, lease: e.freshLease(v.Leg, v.Since)}
	e.legs[v.Leg] = c
	if !v.Up {
		e.push(&c.lane, func(ctx context.Context) error {
			return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Ring(ctx, v.Leg) })
		}, func(err error) { e.failed(c, "ring back", err, "") })
	}
	var did telephony.Number
	var line telephony.Line
	var owned bool
	e.work(func(ctx context.Context) error {
		e.patiently(ctx, func(ctx context.Context) (err error) {
			did, line, owned, err = e.lineFor(ctx, v.DID, v.Called)
			return err
		}, func() { e.raise(c, unwritable) })
		return ctx.Err()
	}, func(err error) {
		switch {
		case err != nil:
		case owned:
			if c.DID = did; did != line.DID {
				e.cfg.Log.Warn("telephony: a number was dialled that nobody owns, the catch-all takes it", "call", id, "did", did.Reveal())
			}
			c.setLine(line)
			e.raise(c, lineKnown)
		default:
			e.cfg.Log.Warn("telephony: a number was dialled that nobody owns", "call", id, "did", v.DID.Reveal())
			e.raise(c, lineUnknown)
		}
	})
}

func (c *call) setLine(l telephony.Line) {
	c.line, c.Account = l, l.Account
	if len(l.Languages) > 0 && !slices.Contains(l.Languages, c.Language) || c.phase == identifying && len(l.Languages) > 0 {
		c.Language = l.Languages[0]
	}
}

// newCall takes a call into the engine's hands, whose first party is near.
func (e *Engine) newCall(c telephony.Call, p phase, near role) *call {
	n := &call{Call: c, phase: p, bridge: bridgeOf(c.ID), beside: besideOf(c.ID)}
	n.near = party{role: near, onUp: nearUp, onGone: nearGone, onLost: nearLost}
	n.far = party{role: rolePatient, onUp: farUp, onGone: farGone, onLost: farGone}
	n.third = party{role: roleProvider, onUp: thirdUp, onGone: thirdGone, onLost: thirdGone}
	n.supervisor = party{role: roleSupervisor, onUp: supervisorUp, onGone: supervisorGone, onLost: supervisorGone}
	switch near {
	case roleCaller:
		n.far.role = roleAgent
	case roleProvider:
		n.near.onUp = answeredBy
	}
	e.calls[c.ID] = n
	e.touch(n)
	return n
}

// ended is what is remembered of a call that has ended.
type ended struct {
	at    time.Time
	agent telephony.AgentID // whose it was
	plan  Callback          // for a call of ours
	how   Placed            // and how it ended
	owed  *ledgerQueue      // what may not be written yet
}

// forget drops a call that has ended. Its last writes may still be under way, its things on the switch removed.
func (e *Engine) forget(c *call) {
	delete(e.calls, c.ID)
	for _, p := range c.parties() {
		delete(e.legs, p.id)
	}
	delete(e.plays, c.greeting)
	e.ended[c.ID] = ended{at: time.Now(), agent: c.Agent, plan: c.plan, how: c.placed(), owed: &c.ledger}
	e.touch(c)
}

// overflow gives the caller to the fail-safe, apology and voicemail, by a lease that runs out at once.
func (e *Engine) overflow(c *call) {
	c.near.away = true
	e.away[c.near.id] = time.Now()
	c.near.lease.last(spill)
	if c.phase == closed {
		e.letGo(c)
	}
}

// wipe hangs up every leg of a call and removes what else it has on the switch.
func (e *Engine) wipe(c *call) {
	for _, p := range c.parties() {
		switch {
		case p.reach.runs(): // still on their way out, maybe: the hang-up must wait for that
			e.drop(c, p)
		case p.id != "" && !p.down && !p.away:
			e.hangUpLeg(p.id)
		}
	}
	e.letGo(c)
}

func (e *Engine) hangUpLeg(id telephony.LegID) {
	e.work(func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.Hangup(ctx, id) })
	}, func(err error) {
		if err != nil {
			e.reconcileSoon()
		}
	})
}

// letGo removes a call's bridges and recording and stops renewing, but hangs up nobody.
func (e *Engine) letGo(c *call) {
	for _, p := range c.parties() {
		p.lease.end()
	}
	c.lane.drop()
	e.unrecord(c)
	e.push(&c.lane, func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.RemoveBridge(ctx, c.bridge) })
	}, func(err error) { e.failed(c, "remove a bridge", err, "") })
	e.removeBeside(c)
}

// dropStray hangs up a leg that belongs to no call of ours any more.
func (e *Engine) dropStray(id telephony.LegID) {
	e.cfg.Log.Info("telephony: hanging up a leg that no call wants", "leg", id)
	e.hangUpLeg(id)
}

func (e *Engine) onRecordingEnded(r telephony.RecordingID) {
	if c := e.calls[callOfRecording(r)]; c != nil {
		switch r {
		case c.rec:
			c.rec = ""
		case c.callersRec:
			c.callersRec = ""
		}
	}
	e.keep(r, true)
}
