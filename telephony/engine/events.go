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
	l, isNear := &c.far, ev.Leg == c.near.id
	if isNear {
		l = &c.near
	}
	e.meet(l)
	switch ev.Kind {
	case telephony.LegRinging:
		if !isNear && c.phase == ringing {
			e.queueOr(offerRings(c), c.offer.Agent)
		}
	case telephony.LegEntered:
		l.told = ev.At
		if ev.Recording != "" {
			c.rec = ev.Recording
		}
		e.legUp(c, l, isNear)
	case telephony.LegDown:
		l.down = true
		l.lease.end()
		switch {
		case isNear:
			e.raiseAs(c, nearGone, whyGone(c, l, ev.Cause))
		case ev.Cause == telephony.CauseSilent && c.Inbound && c.answered():
			e.raise(c, farSilent)
		default:
			e.raiseAs(c, farGone, whyGone(c, l, ev.Cause))
		}
	case telephony.LegLost:
		l.away = true
		l.lease.end()
		if isNear {
			e.raise(c, nearLost)
		} else {
			e.raise(c, farGone)
		}
	case telephony.SourceChanged:
		if c.rec != "" { // it runs on, and another besides
			c.rec = ""
			e.record(c)
		}
	case telephony.Digit:
		switch {
		case !isNear:
		case c.phase == proving:
			if ev.Digit == proof {
				e.raise(c, proved)
			}
		default:
			e.onDigit(c, ev.Digit)
		}
	}
}

func (e *Engine) legUp(c *call, l *leg, isNear bool) {
	if l.up {
		return
	}
	l.up = true
	switch {
	case isNear && !c.Inbound && !c.agentNear:
		e.raise(c, answeredBy)
	case isNear:
		e.raise(c, nearUp)
	default:
		e.raise(c, farUp)
	}
}

// proof is the key that tells a person from a voicemail.
const proof = "1"

// Why a call of ours came to nothing: of the first party, and of the second.
var (
	hungUp      = [2]string{"first-hung-up", "second-hung-up"}
	noAnswer    = [2]string{"first-no-answer", "second-no-answer"}
	wrongNumber = [2]string{"first-wrong-number", "second-wrong-number"}
	unringable  = [2]string{"first-failed", "second-failed"}
	byCause     = map[int][2]string{ // Q.850
		17: {"first-busy", "second-busy"}, 21: {"first-rejected", "second-rejected"},
		0: noAnswer, 16: noAnswer, 18: noAnswer, 19: noAnswer, 20: noAnswer,
		1: wrongNumber, 2: wrongNumber, 3: wrongNumber, 22: wrongNumber, 28: wrongNumber,
	}
)

// whyGone says in a word why a call of ours came to nothing when a leg of it is gone; "" of any other call.
func whyGone(c *call, l *leg, cause int) string {
	if c.Inbound || c.answered() {
		return ""
	}
	why, known := byCause[cause]
	switch {
	case l.up:
		why = hungUp
	case !known:
		why = unringable
	}
	if l == &c.near {
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
		OpenedAt: e.cfg.Now(), State: telephony.Arrived, Language: telephony.English}, identifying)
	c.near = leg{id: v.Leg, up: v.Up, known: e.clock, lease: e.freshLease(v.Leg, v.Since)}
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

// newCall takes a call into the engine's hands.
func (e *Engine) newCall(c telephony.Call, p phase) *call {
	n := &call{Call: c, phase: p, bridge: bridgeOf(c.ID)}
	e.calls[c.ID] = n
	e.touch(n)
	return n
}

// ended is what is remembered of a call that has ended.
type ended struct {
	at    time.Time
	agent telephony.AgentID // whose it was
	plan  Callback          // for a call of ours
	owed  *ledgerQueue      // what may not be written yet
}

// forget drops a call that has ended. Its last pages are still being written, its things on the switch removed.
func (e *Engine) forget(c *call) {
	delete(e.calls, c.ID)
	delete(e.legs, c.near.id)
	delete(e.legs, c.far.id)
	delete(e.plays, c.greeting)
	e.ended[c.ID] = ended{at: time.Now(), agent: c.Agent, plan: c.plan, owed: &c.ledger}
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
	for _, l := range []leg{c.near, c.far} {
		if l.id != "" && !l.down && !l.away && !(l.id == c.far.id && e.ringingOut(c)) {
			e.hangUpLeg(l.id)
		}
	}
	if e.ringingOut(c) {
		e.dropFar(c)
	}
	e.letGo(c)
}

// ringingOut tells whether the far leg may still be on its way out: its hang-up must wait for that.
func (e *Engine) ringingOut(c *call) bool { return c.reach.busy || len(c.reach.jobs) > 0 }

func (e *Engine) hangUpLeg(id telephony.LegID) {
	e.work(func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.Hangup(ctx, id) })
	}, func(err error) {
		if err != nil {
			e.reconcileSoon()
		}
	})
}

// letGo removes a call's bridge and recording and stops renewing, but hangs up nobody.
func (e *Engine) letGo(c *call) {
	c.near.endLease()
	c.far.endLease()
	c.lane.drop()
	e.unrecord(c)
	e.push(&c.lane, func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.RemoveBridge(ctx, c.bridge) })
	}, func(err error) { e.failed(c, "remove a bridge", err, "") })
}

func (l *leg) endLease() { l.lease.end() }

// dropStray hangs up a leg that belongs to no call of ours any more.
func (e *Engine) dropStray(id telephony.LegID) {
	e.cfg.Log.Info("telephony: hanging up a leg that no call wants", "leg", id)
	e.hangUpLeg(id)
}

func (e *Engine) onRecordingEnded(r telephony.RecordingID) {
	if c := e.calls[callOfRecording(r)]; c != nil && c.rec == r {
		c.rec = ""
	}
	e.keep(r, true)
}
