package engine

import (
	"context"
	"errors"
	"lamplight/telephony"
)

// acts says how each act of the flow is done. An act starts work and returns; what comes of it is one more signal.
var acts map[act]func(*Engine, *call)

func init() { // not a literal: the acts raise signals, which run acts
	acts = map[act]func(*Engine, *call){
		admit:          (*Engine).admit,
		apologize:      (*Engine).apologize,
		enqueue:        (*Engine).enqueue,
		startMusic:     (*Engine).startMusic,
		heard:          (*Engine).heard,
		relearn:        (*Engine).relearn,
		pop:            (*Engine).pop,
		unpop:          (*Engine).unpop,
		ringAgent:      (*Engine).ringAgent,
		dropFar:        (*Engine).dropFar,
		replaceFar:     (*Engine).replaceFar,
		awaitAgent:     (*Engine).awaitAgent,
		reportMissed:   (*Engine).reportMissed,
		reportTaken:    (*Engine).reportTaken,
		reportLost:     (*Engine).reportLost,
		takeBack:       (*Engine).takeBack,
		leaveQueue:     (*Engine).leaveQueue,
		join:           (*Engine).join,
		secure:         (*Engine).secure,
		stopRecord:     (*Engine).unrecord,
		part:           (*Engine).part,
		rejoin:         (*Engine).rejoin,
		stepAside:      (*Engine).stepAside,
		dialThird:      (*Engine).dialThird,
		ringBack:       (*Engine).ringBack,
		brief:          (*Engine).brief,
		meetThird:      (*Engine).meetThird,
		pressThird:     (*Engine).pressThird,
		merge:          (*Engine).merge,
		confer:         (*Engine).confer,
		dropThird:      (*Engine).dropThird,
		clearAside:     (*Engine).removeBeside,
		passOn:         (*Engine).passOn,
		recall:         (*Engine).recall,
		takenAgain:     (*Engine).takenAgain,
		giveBack:       (*Engine).giveBack,
		dialSupervisor: (*Engine).dialSupervisor,
		dropSupervisor: (*Engine).dropSupervisor,
		dialNear:       (*Engine).dialNear,
		askKey:         (*Engine).askKey,
		tellCode:       (*Engine).tellCode,
		dialFar:        (*Engine).dialFar,
		pressKeys:      (*Engine).pressSecond,
		overflow:       (*Engine).overflow,
		wipe:           (*Engine).wipe,
		letGo:          (*Engine).letGo,
	}
}

// admit answers the caller and greets, in a bridge, so that the caller's leg is never busy with a prompt: its lease
// could not be renewed meanwhile.
func (e *Engine) admit(c *call) {
	c.choosing = len(c.line.Languages) > 1
	if c.choosing {
		c.chooser = e.after(e.cfg.ChooseFor, func() { e.heard(c) })
	}
	e.speak(c, true, e.cfg.Prompts.Greeting)
}

// apologize tells the caller that the number is nobody's.
func (e *Engine) apologize(c *call) { e.speak(c, true, e.cfg.Prompts.Unknown...) }

// speak brings the near leg into the bridge and plays prompts there.
func (e *Engine) speak(c *call, answer bool, prompts ...string) {
	sw, near := e.cfg.Switch, c.near.id
	e.push(&c.lane, func(ctx context.Context) error {
		if answer {
			if err := e.command(ctx, func(ctx context.Context) error { return sw.Answer(ctx, near) }); err != nil {
				return err
			}
		}
		if err := e.command(ctx, func(ctx context.Context) error { return sw.MakeBridge(ctx, c.bridge) }); err != nil {
			return err
		}
		return e.command(ctx, func(ctx context.Context) error { return sw.Join(ctx, c.bridge, near) })
	}, func(err error) { e.failed(c, "admit a caller", err, unreachable) })
	e.play(c, c.bridge, c.Language, prompts...)
}

// play plays prompts to who is in a bridge of the call's.
func (e *Engine) play(c *call, in telephony.BridgeID, l telephony.Language, prompts ...string) {
	c.greeting = telephony.PlayID(marked(c.ID, 'p', e.cfg.Now()))
	p := telephony.Play{ID: c.greeting, Bridge: in, Prompts: prompts, Language: l}
	e.plays[p.ID] = c
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Play(ctx, p) })
	}, func(err error) {
		if err != nil && e.plays[p.ID] == c {
			delete(e.plays, p.ID)
			c.greeting = ""
			e.failed(c, "play a prompt", err, "")
			if !repeats[c.phase] {
				e.raise(c, played) // go on as if it had been heard
				return
			}
			e.after(reconcileAfter, func() {
				if c.greeting == "" {
					e.raise(c, played)
				}
			})
		}
	})
}

// failed deals with a command that failed. A thing that has gone is told by an event of its own, and a switch that
// cannot be reached will be looked at when it is linked again; any other failure raises s.
func (e *Engine) failed(c *call, what string, err error, s signal) {
	switch {
	case err == nil || e.ctx.Err() != nil:
		return
	case errors.Is(err, telephony.ErrGone) || errors.Is(err, telephony.ErrUnlinked):
		e.reconcileSoon()
		return
	}
	e.cfg.Log.Error("telephony: the switch did not "+what, "call", c.ID, "phase", c.phase, "error", err)
	e.reconcileSoon()
	if s != "" {
		e.raise(c, s)
	}
}

// startMusic has the party who waits hear music with all who wait.
func (e *Engine) startMusic(c *call) {
	if c.music {
		return
	}
	c.music = true
	id := c.waiter().id
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Wait(ctx, id) })
	}, func(err error) {
		if err != nil {
			c.music = false
		}
		e.failed(c, "play music", err, "")
	})
}

// seats are the legs that a join must bring into the bridge: the one given, and who hears music elsewhere.
func (c *call) seats(id telephony.LegID) []telephony.LegID {
	if w := c.waiter().id; c.music && w != id {
		return []telephony.LegID{w, id}
	}
	return []telephony.LegID{id}
}

// hush stops what the bridge plays; a join has brought, or brings, back who heard music.
func (e *Engine) hush(c *call) {
	e.endPrompt(c)
	c.music = false
}

// endPrompt stops what is being said.
func (e *Engine) endPrompt(c *call) {
	if g := c.greeting; g != "" {
		c.greeting = ""
		delete(e.plays, g)
		e.push(&c.lane, func(ctx context.Context) error {
			return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.StopPlay(ctx, g) })
		}, func(err error) { e.failed(c, "stop a prompt", err, "") })
	}
}

// pop shows the offer on the agent's desk; it is in the ledger by now.
func (e *Engine) pop(c *call) {
	c.popped = true
	e.cfg.Listener.Offered(c.offer, c.Call)
}

// unpop takes it off the desk.
func (e *Engine) unpop(c *call) {
	if !c.popped {
		return
	}
	c.popped = false
	why := "lost"
	switch {
	case c.phase == talking:
		why = "answered"
	case c.phase == closed && c.Outcome == telephony.Abandoned:
		why = "abandoned"
	case c.why != "":
		why = c.why
	}
	e.cfg.Listener.Withdrawn(c.offer, why)
}

// ringAgent rings the agent's phone.
func (e *Engine) ringAgent(c *call) {
	a, ok := e.agents[c.offer.Agent]
	if !ok {
		e.raise(c, farGone)
		return
	}
	e.originate(c, &c.far, telephony.Originate{
		Leg: telephony.LegID(marked(c.ID, 'a', e.cfg.Now())), Call: c.ID, Agent: a.Endpoint, For: c.near.id,
		CallerID: c.DID, CallerName: c.line.Name, Headers: map[string]string{"X-Lamplight-Call": string(c.ID)},
		Timeout: e.cfg.OfferFor, Record: recordingOf(c.ID, e.cfg.Now()),
	})
}

// originate rings a party; when that failed, they are gone.
func (e *Engine) originate(c *call, p *party, o telephony.Originate) {
	p.leg = leg{id: o.Leg}
	e.legs[o.Leg] = c
	e.push(&p.reach, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Originate(ctx, o) })
	}, func(err error) {
		if p.id != o.Leg {
			return // dropped meanwhile
		}
		switch {
		case err == nil:
			e.meet(&p.leg)
		case errors.Is(err, telephony.ErrGone): // no such phone, or not registered
			e.cfg.Log.Warn("telephony: a phone could not be rung", "call", c.ID, "error", err)
			e.raiseAs(c, p.onGone, whyGone(c, p, -1))
			e.askPhone(o.Agent)
		default:
			e.failed(c, "ring a phone", err, p.onGone)
		}
	})
}

// meet notes that the switch has a leg.
func (e *Engine) meet(l *leg) {
	l.absent = false
	if l.known == 0 {
		l.known = e.clock
	}
}

// dropFar hangs up the agent's, or the second party's, leg.
func (e *Engine) dropFar(c *call) { e.drop(c, &c.far) }

// drop hangs up a party's leg, after its originate came back: a hang-up that overtakes it would let it ring.
func (e *Engine) drop(c *call, p *party) {
	l := p.leg
	p.leg = leg{}
	if l.id == "" {
		return
	}
	delete(e.legs, l.id)
	l.lease.end()
	if l.down || l.away {
		return
	}
	e.push(&p.reach, func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.Hangup(ctx, l.id) })
	}, func(err error) { e.failed(c, "hang up a leg", err, "") })
}

// replaceFar hangs up the agent's old leg, should it still stand: a desk that crashed is back before the switch has missed
// its phone. First it forgets its peer, whom it would take along.
func (e *Engine) replaceFar(c *call) {
	if id := c.far.id; id != "" && !c.far.down && !c.far.away {
		e.push(&c.far.reach, func(ctx context.Context) error {
			return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.SetPeer(ctx, id, "") })
		}, func(err error) { e.failed(c, "part two legs", err, "") })
	}
	e.dropFar(c)
}

// awaitAgent gives the agent whose phone died AwayAtMost to come back; then the caller is somebody else's.
func (e *Engine) awaitAgent(c *call) {
	e.dropFar(c)
	if c.patience != nil {
		c.patience.Stop()
	}
	c.patience = e.after(e.cfg.AwayAtMost, func() {
		if c.phase == alone {
			e.raise(c, nearAlone)
		}
	})
}

// join brings both into the bridge first and stops the prompt after: nothing stands between the agent's answer and the
// first word but one command.
func (e *Engine) join(c *call) {
	c.far.lease = e.freshLease(c.far.id, c.far.told)
	e.bring(c, &c.far, c.seats(c.far.id))
	e.hush(c)
}

// bring has legs meet in the call's bridge, that of the party who comes last among them.
func (e *Engine) bring(c *call, last *party, legs []telephony.LegID) {
	id := last.id
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Join(ctx, c.bridge, legs...) })
	}, func(err error) {
		switch {
		case last.id != id:
		case err == nil:
			e.raise(c, joined)
		case errors.Is(err, telephony.ErrGone):
			e.raise(c, unjoined)
		default:
			e.failed(c, "join legs", err, unjoined)
		}
	})
}

// secure sees to two who talk: should we die, the fail-safe keeps them talking.
func (e *Engine) secure(c *call) {
	keeps, with := c.leased(), c.unleased()
	e.pair(c, keeps.leg, with.leg, keeps.id)
	if c.phase == patched {
		e.unrecord(c)
		return
	}
	e.record(c)
}

// pair has the fail-safe keep two talking, should we die; back is whom the second takes along when they hang up.
func (e *Engine) pair(c *call, keeps, with leg, back telephony.LegID) {
	sw := e.cfg.Switch
	e.push(&c.lane, func(ctx context.Context) error {
		if err := e.command(ctx, func(ctx context.Context) error { return sw.SetPeer(ctx, keeps.id, with.id) }); err != nil {
			return err
		}
		return e.command(ctx, func(ctx context.Context) error { return sw.SetPeer(ctx, with.id, back) })
	}, func(err error) {
		if err == nil {
			with.lease.last(0) // the other leg's lease alone decides from now on
			keeps.lease.lasts(e.leaseIn(c.phase))
		}
		e.failed(c, "pair two legs", err, "")
	})
}

// part takes the agent out of the bridge and gives the caller music.
func (e *Engine) part(c *call) {
	if l := c.agent(); l != nil {
		id := l.id
		e.push(&c.lane, func(ctx context.Context) error {
			return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Leave(ctx, c.bridge, id) })
		}, func(err error) { e.failed(c, "hold a call", err, "") })
	}
	e.startMusic(c)
}

// rejoin brings the agent back.
func (e *Engine) rejoin(c *call) {
	if l := c.agent(); l != nil {
		legs := c.seats(l.id)
		e.push(&c.lane, func(ctx context.Context) error {
			return e.command(ctx, func(ctx context.Context) error { return e.cfg.Switch.Join(ctx, c.bridge, legs...) })
		}, func(err error) { e.failed(c, "resume a call", err, "") })
	}
	e.hush(c)
}
