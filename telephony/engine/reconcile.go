package engine

import (
	"context"
	"errors"
	"lamplight/telephony"
	"slices"
	"time"
)

// After a break nothing is told again, so the engine reconciles: it surveys the switch, compares that with what it remembers, and makes
// up for what it missed. It does so now and then too, and soon after anything it did not expect. A survey is strict when no event was
// dealt with since it was taken: what is missing then is gone. At any other time a thing must be missing twice, because it may have come
// or gone while the switch was asked.

// reconcileAfter is how long after something unexpected the engine reconciles: time for the event that explains it.
const reconcileAfter = time.Second

// spill is the lease that gives a caller to the fail-safe; whole seconds, because dialplans count so.
const spill = time.Second

// survey is what was found on the switch, with the engine's clock when it began.
type survey struct {
	at         uint64
	strict     bool
	legs       map[telephony.LegID]telephony.LegView
	in         map[telephony.LegID]telephony.BridgeID
	bridges    map[telephony.BridgeID]bool
	snap       telephony.Snapshot
	voicemails []telephony.Voicemail
}

func (e *Engine) takeSurvey(ctx context.Context) (s survey, err error) {
	err = e.command(ctx, func(ctx context.Context) (err error) {
		s.snap, err = e.cfg.Switch.Snapshot(ctx)
		return err
	})
	if err != nil {
		return s, err
	}
	s.legs, s.in = map[telephony.LegID]telephony.LegView{}, map[telephony.LegID]telephony.BridgeID{}
	s.bridges = map[telephony.BridgeID]bool{}
	for _, l := range s.snap.Legs {
		s.legs[l.Leg] = l
	}
	for _, b := range s.snap.Bridges {
		s.bridges[b.Bridge] = true
		for _, l := range b.Legs {
			s.in[l] = b.Bridge
		}
	}
	// Voicemails only tell why a caller has gone; a survey does without them.
	err = e.command(ctx, func(ctx context.Context) (err error) {
		s.voicemails, err = e.cfg.Switch.Voicemails(ctx)
		return err
	})
	if errors.Is(err, telephony.ErrUnlinked) {
		return s, err
	}
	return s, nil
}

// onLinked surveys the switch before any other event is believed; they are held until then.
func (e *Engine) onLinked() {
	e.linked, e.dirty = true, true
	e.link++
	e.holding, e.heldBack = true, nil // the survey will see what those events told
	e.askPhones()
	link, at := e.link, e.clock
	if !e.known {
		e.recover(link)
		return
	}
	var s survey
	e.work(func(ctx context.Context) (err error) {
		s, err = e.takeSurvey(ctx)
		return err
	}, func(err error) {
		if link != e.link {
			return // linked again meanwhile: that survey counts
		}
		if err != nil {
			e.cfg.Log.Error("telephony: the switch was linked but does not tell what is on it", "error", err)
			e.again(link)
			return
		}
		s.strict, s.at = true, at
		e.reconcile(s)
		e.release()
		e.recovered()
	})
}

// again surveys once more after a survey that failed though the switch is linked.
func (e *Engine) again(link uint64) {
	e.after(reconcileAfter, func() {
		if link == e.link && e.linked && e.holding {
			e.onLinked()
		}
	})
}

// release deals with the events that were held while the engine looked.
func (e *Engine) release() {
	held := e.heldBack
	e.holding, e.heldBack = false, nil
	e.handleRaised() // what the survey made up for comes before them
	for _, ev := range held {
		e.hear(ev)
		e.handleRaised()
	}
}

// reconcileSoon reconciles a little later, once however often it is asked.
func (e *Engine) reconcileSoon() {
	if e.reconcileDue {
		return
	}
	e.reconcileDue = true
	e.after(reconcileAfter, e.reconcileNow)
}

func (e *Engine) reconcileNow() {
	e.reconcileDue = false
	if !e.linked || !e.known || e.holding {
		return
	}
	link, at := e.link, e.clock
	var s survey
	e.work(func(ctx context.Context) (err error) {
		s, err = e.takeSurvey(ctx)
		return err
	}, func(err error) {
		if link != e.link || !e.linked || e.holding {
			return
		}
		if err != nil {
			e.reconcileSoon()
			return
		}
		s.at = at
		e.reconcile(s)
	})
}

// reconcile makes up for what the engine missed.
func (e *Engine) reconcile(s survey) {
	for _, c := range e.sortedCalls() {
		e.compare(c, s)
	}
	e.handleRaised() // what is left on the switch is judged by the calls as they are now
	for _, v := range s.snap.Legs {
		if e.legs[v.Leg] == nil {
			e.unknownLeg(v, s)
		}
	}
	for _, b := range s.snap.Bridges {
		if id := callOfBridge(b.Bridge); id != "" && e.calls[id] == nil {
			e.work(func(ctx context.Context) error {
				return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.RemoveBridge(ctx, b.Bridge) })
			}, func(error) {})
		}
	}
	for _, r := range slices.Sorted(slices.Values(s.snap.Recordings)) { // a call's first is of the agent's leg
		c := e.calls[callOfRecording(r)]
		switch {
		case c == nil || !c.answered():
			e.keep(r, false)
		case c.rec == "":
			c.rec = r // running since before a restart
		case c.callersRec == "" && c.rec != r:
			c.callersRec = r
		case c.rec != r && c.callersRec != r:
			e.keep(r, false)
		}
	}
	for id, at := range e.strays {
		if _, ok := s.legs[id]; !ok && at < s.at {
			delete(e.strays, id)
		}
	}
	e.collect()
}

// unknownLeg deals with a leg on the switch that no call has.
func (e *Engine) unknownLeg(v telephony.LegView, s survey) {
	inbound := v.Agent == "" && v.Call == ""
	switch {
	case inbound && !e.hasEnded(telephony.CallOf(v.Leg)):
		e.beginCall(v, "")
	case !e.away[v.Leg].IsZero(): // on its way to the fail-safe
	case s.strict || e.strays[v.Leg] != 0:
		e.dropStray(v.Leg)
	default:
		e.strays[v.Leg] = e.clock
		e.reconcileSoon()
	}
}

// compare makes up for what a call missed.
func (e *Engine) compare(c *call, s survey) {
	if e.missing(c, &c.near, s) {
		c.near.down = true
		c.near.lease.end()
		switch {
		case slices.Contains(s.snap.Lost, c.near.id), leftMessage(c, s):
			c.near.away = true
			e.raise(c, nearLost)
		case c.Inbound && c.answered() && c.OpenedAt.Before(s.snap.Since):
			e.raise(c, switchDied)
		default:
			e.raise(c, nearGone)
		}
		return
	}
	if e.missing(c, &c.far, s) {
		c.far.down = true
		c.far.lease.end()
		if _, lonely := flow[c.phase][nearAlone]; lonely && s.strict && c.Inbound {
			e.raise(c, nearAlone) // who hung up, and why, nobody saw: somebody must ask the caller
		} else {
			e.raise(c, farGone)
		}
		return
	}
	if e.missing(c, &c.third, s) {
		c.third.down = true
		c.third.lease.end()
		e.raiseAs(c, thirdGone, whyGone(c, &c.third, -1))
		return
	}
	if e.missing(c, &c.supervisor, s) {
		c.supervisor.down = true
		c.supervisor.lease.end()
		e.raise(c, supervisorGone)
		return
	}
	for _, p := range c.parties() {
		if v, ok := s.legs[p.id]; ok {
			e.meet(&p.leg)
			if v.Up && !(c.Inbound && p == &c.near) {
				e.legUp(c, p)
			}
		}
	}
	if c.lane.runs() {
		return // it is being seen to
	}
	e.mend(c, s)
	e.mendSupervisor(c, s)
}

// missing tells whether a leg that should be on the switch is not.
func (e *Engine) missing(c *call, l *party, s survey) bool {
	if l.id == "" || l.down || l.away {
		return false
	}
	if _, ok := s.legs[l.id]; ok {
		l.absent = false
		return false
	}
	if l.known > s.at || l.known == 0 && (l.reach.runs() || l == &c.near && c.lane.runs()) {
		return false // it came, or is coming, since the survey began
	}
	if s.strict || l.absent {
		return true
	}
	l.absent = true
	e.reconcileSoon()
	return false
}

// leftMessage tells whether the fail-safe has a message of this caller, who is not here any more.
func leftMessage(c *call, s survey) bool {
	return c.Inbound && slices.ContainsFunc(s.voicemails, func(v telephony.Voicemail) bool { return telephony.CallOf(v.Leg) == c.ID })
}

// mend puts legs, music and peers where the call's phase says that they are.
func (e *Engine) mend(c *call, s survey) {
	keeps := &c.near
	if paired[c.phase] {
		keeps = c.leased()
	}
	if l := keeps.lease; l != nil && l.over && !keeps.away && c.phase != closed {
		keeps.lease = e.lease(keeps.id)
		keeps.lease.lasts(e.leaseIn(c.phase))
	}
	nearIn, farIn := s.in[c.near.id] == c.bridge, c.far.id != "" && s.in[c.far.id] == c.bridge
	switch c.phase {
	case waiting, popping, ringing, recalling, returning, alone, rejoining:
		e.mendWaiting(c, nearIn, s)
	case joining, linking:
		switch {
		case nearIn && farIn:
			e.raise(c, joined)
			e.hush(c)
		case c.far.up:
			e.seat(c, nearIn, true)
			e.join(c)
		}
	case talking:
		if !nearIn || !farIn {
			e.seat(c, nearIn, farIn)
			e.hush(c)
		}
		if nearIn && farIn && (s.legs[c.near.id].Peer != c.far.id || s.legs[c.far.id].Peer != c.near.id) {
			e.secure(c)
		}
	case held:
		c.music = s.legs[c.waiter().id].Waits
		if l := c.agent(); l != nil && (s.in[l.id] == c.bridge || !c.music) {
			e.part(c)
		}
	case calling, briefing, consulting, sending, announcing:
		e.mendAside(c, s)
	case merging, landing, conferring, patched:
		e.mendThree(c, s)
	}
}

func (e *Engine) mendWaiting(c *call, nearIn bool, s survey) {
	waits := s.legs[c.near.id].Waits
	if (nearIn || waits) && !s.strict {
		return
	}
	if !nearIn && !waits {
		e.seat(c, false, true)
	}
	if g := c.greeting; g != "" {
		delete(e.plays, g)
		c.greeting = ""
		e.heard(c)
	}
	if c.music = waits; !waits {
		e.startMusic(c)
	}
}

// seat brings the legs that are missing there into the bridge.
func (e *Engine) seat(c *call, nearIn, farIn bool) {
	sw, near, far := e.cfg.Switch, c.near.id, c.far.id
	answer := c.Inbound
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error {
			if answer && !nearIn {
				if err := sw.Answer(ctx, near); err != nil {
					return err
				}
			}
			if err := sw.MakeBridge(ctx, c.bridge); err != nil {
				return err
			}
			if !nearIn {
				if err := sw.Join(ctx, c.bridge, near); err != nil {
					return err
				}
			}
			if !farIn {
				return sw.Join(ctx, c.bridge, far)
			}
			return nil
		})
	}, func(err error) { e.failed(c, "bring legs together again", err, unreachable) })
}
