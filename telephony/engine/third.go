package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"lamplight/telephony"
)

// A Patch asks for a third party in a call, for a caller.
type Patch struct {
	Contact   string           // whom the practice's list names, by id, for the story; "" for nobody of it
	Number    telephony.Number // theirs
	Extension string           // dialled after the answer; only of who is asked for no key
	// Plain asks no key of whoever answers: the agent talks with them alone, or has sent them the caller without that.
	Plain    bool
	Language telephony.Language // theirs; English when it is not said
	Urgent   bool               // they are told so
	// Emergency says that the caller's is one: they are told that instead.
	Emergency bool
}

// whoWaits is what whoever answers is told.
func (e *Engine) whoWaits(p Patch) []string {
	say := []string{e.cfg.Prompts.CallerWaits}
	switch {
	case p.Emergency:
		say = append(say, e.cfg.Prompts.Emergency)
	case p.Urgent:
		say = append(say, e.cfg.Prompts.Urgent)
	}
	return append(say, e.cfg.Prompts.PressToTalk)
}

// patchCall has a third party called; s says whether the agent stays.
func (e *Engine) patchCall(a telephony.AgentID, id telephony.CallID, p Patch, s signal) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case p.Number == "":
		return errors.New("telephony: a patch needs a number")
	case !telephony.IsExtension(p.Extension):
		return fmt.Errorf("telephony: an extension must be at most %d keys of a telephone", telephony.MaxExtension)
	case c.Third.State != "":
		return ErrThird
	case !c.Inbound || c.phase != talking && c.phase != held:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	}
	p.Language = cmp.Or(p.Language, telephony.English)
	e.raised = append(e.raised, raised{c: c, s: s, detail: cmp.Or(p.Contact, telephony.UnlistedNumber), set: func() {
		c.patch, c.Third, c.third.onUp = p, telephony.Third{Contact: p.Contact}, upOf(p.Plain)
	}})
	return nil
}

// upOf is the signal that a third party's phone was answered.
func upOf(plain bool) signal {
	if plain {
		return thirdThere
	}
	return thirdUp
}

func (e *Engine) conferCall(a telephony.AgentID, id telephony.CallID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case c.phase == conferring || c.phase == merging:
		return nil
	case c.phase != consulting:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	}
	e.raise(c, conferAsked)
	return nil
}

func (e *Engine) leave(a telephony.AgentID, id telephony.CallID) error {
	c, err := e.own(a, id)
	switch {
	case err != nil:
		return err
	case c.phase == patched || c.phase == landing:
		return nil
	case c.phase != conferring && c.phase != consulting:
		return ErrState
	case !e.linked:
		return ErrNoSwitch
	}
	e.raise(c, leaveAsked)
	return nil
}

// stepAside gives the caller music and takes the agent to where the third party will be. From now on the agent's hanging up
// is ours to answer: it takes nobody along.
func (e *Engine) stepAside(c *call) {
	e.startMusic(c)
	c.aside = true
	sw, agent := e.cfg.Switch, c.far.id
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error {
			if err := sw.MakeBridge(ctx, c.beside); err != nil {
				return err
			}
			if err := sw.Join(ctx, c.beside, agent); err != nil {
				return err
			}
			return sw.SetPeer(ctx, agent, "")
		})
	}, func(err error) { e.failed(c, "take an agent aside", err, "") })
}

// dialThird rings the third party, who sees the practice's number.
func (e *Engine) dialThird(c *call) {
	mark := byte(thirdMark)
	if c.patch.Plain {
		mark = plainMark
	}
	e.originate(c, &c.third, telephony.Originate{Leg: telephony.LegID(marked(c.ID, mark, e.cfg.Now())), Call: c.ID, Number: c.patch.Number,
		CallerID: c.DID, CallerName: c.line.Name, Timeout: e.cfg.DialFor})
}

// ringBack has the agent hear that a phone rings, once more.
func (e *Engine) ringBack(c *call) { e.play(c, c.beside, c.Language, e.cfg.Prompts.Ringing) }

// brief tells whoever answered who waits, once more. At first it brings them to the agent, if that one has not gone.
func (e *Engine) brief(c *call) {
	if id := c.third.id; c.asked != id {
		c.asked = id
		c.patience = e.after(e.cfg.ProveFor, func() {
			if c.third.id == id {
				e.raiseAs(c, unproved, "third-no-key")
			}
		})
		e.meetThird(c)
	}
	e.play(c, c.beside, c.patch.Language, e.whoWaits(c.patch)...)
}

// meetThird brings whoever answered to where the agent is.
func (e *Engine) meetThird(c *call) {
	sw, id := e.cfg.Switch, c.third.id
	e.leaseThird(c)
	c.aside = true
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error {
			if err := sw.MakeBridge(ctx, c.beside); err != nil {
				return err
			}
			return sw.Join(ctx, c.beside, id)
		})
	}, func(err error) { e.failed(c, "bring a third party to the agent", err, "") })
	e.endPrompt(c)
}

// pressThird dials the extension that a third party's number has.
func (e *Engine) pressThird(c *call) { e.pressKeys(c, &c.third, c.patch.Extension) }

// leaseThird has a third party's leg last.
func (e *Engine) leaseThird(c *call) {
	if c.third.lease == nil {
		c.third.lease = e.freshLease(c.third.id, c.third.told)
	}
}

// merge brings caller, third party and, if they have not gone, agent together.
func (e *Engine) merge(c *call) {
	e.leaseThird(c)
	legs := []telephony.LegID{c.near.id, c.third.id}
	if c.far.id != "" {
		legs = append(legs, c.far.id)
	}
	e.bring(c, &c.third, legs)
	e.hush(c)
}

// confer sees to three who talk. Should we die, the fail-safe keeps caller and agent talking when the lease runs out; whoever
// of agent and third party hangs up before takes nobody along.
func (e *Engine) confer(c *call) {
	e.pair(c, c.near.leg, c.far.leg, "")
	c.third.lease.lasts(e.leaseIn(c.phase))
	e.removeBeside(c)
	e.recordCaller(c)
}

// dropThird hangs the third party up; nobody is aside any more.
func (e *Engine) dropThird(c *call) {
	e.drop(c, &c.third)
	if c.aside {
		e.endPrompt(c)
	}
	e.removeBeside(c)
}

func (e *Engine) removeBeside(c *call) {
	if !c.aside {
		return
	}
	c.aside = false
	e.push(&c.lane, func(ctx context.Context) error {
		return e.mustCommand(ctx, func(ctx context.Context) error { return e.cfg.Switch.RemoveBridge(ctx, c.beside) })
	}, func(err error) { e.failed(c, "remove a bridge", err, "") })
}

// mendAside puts who belongs there aside, and the caller to the music.
func (e *Engine) mendAside(c *call, s survey) {
	if c.music = s.legs[c.near.id].Waits; !c.music {
		e.startMusic(c)
	}
	e.seatIn(c, c.beside, s, &c.far, &c.third)
	c.aside = c.aside || c.phase != sending
}

// mendThree puts who talks into the bridge.
func (e *Engine) mendThree(c *call, s survey) {
	moved := e.seatIn(c, c.bridge, s, &c.near, &c.far, &c.third)
	near, far := s.legs[c.near.id], s.legs[c.far.id]
	switch {
	case moved:
	case c.phase == merging || c.phase == landing:
		e.raise(c, joined)
		e.hush(c)
	case c.phase == conferring && c.far.up && (near.Peer != c.far.id || far.Peer != ""):
		e.confer(c)
	case c.phase == patched && (near.Peer != c.third.id || s.legs[c.third.id].Peer != c.near.id):
		e.secure(c)
	}
}

// seatIn brings those who are on the line and not there into a bridge; moved is whether there were any.
func (e *Engine) seatIn(c *call, b telephony.BridgeID, s survey, who ...*party) (moved bool) {
	var legs []telephony.LegID
	for _, p := range who {
		if v, there := s.legs[p.id]; there && v.Up && s.in[p.id] != b {
			legs = append(legs, p.id)
		}
	}
	if len(legs) == 0 {
		return false
	}
	e.push(&c.lane, func(ctx context.Context) error {
		return e.command(ctx, func(ctx context.Context) error {
			if err := e.cfg.Switch.MakeBridge(ctx, b); err != nil {
				return err
			}
			return e.cfg.Switch.Join(ctx, b, legs...)
		})
	}, func(err error) {
		e.failed(c, "bring legs together again", err, "")
		if err == nil {
			e.reconcileSoon()
		}
	})
	return true
}
