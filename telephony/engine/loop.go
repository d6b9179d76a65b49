package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// ErrDemoted is what Run returns when another process took our place on the switch.
var ErrDemoted = errors.New("telephony: another process drives the switch now")

// lastWords is how long Run waits, when it ends, for the ledger to take what has happened.
const lastWords = 3 * time.Second

// remembered is how long an ended call is remembered, so that late events about it mean nothing.
const remembered = time.Hour

// Run drives calls until ctx is done or the switch is closed: then it returns nil. Demoted, it returns ErrDemoted. It
// leaves legs as they are: the fail-safe's leases, or the engine that drives them next, take care of them. It may be
// called once.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.done)
	e.epoch = uint64(e.cfg.Now().UnixMilli()) * 1000 // of this engine's offers, above any earlier engine's
	q, err := acd.New(acd.Config{Ring: e.cfg.OfferFor, Misses: e.cfg.Misses, WrapUp: e.cfg.WrapUp, Target: answerIn,
		Groups: e.cfg.Groups}, e.epoch)
	if err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	e.acd = q
	var stop, stopBooks context.CancelFunc
	e.ctx, stop = context.WithCancel(ctx)
	e.ledgerCtx, stopBooks = context.WithCancel(context.WithoutCancel(ctx))
	defer stopBooks()
	e.pulse.Store(time.Now().UnixNano())
	e.wg.Go(e.beat)
	stopRounds := e.every(e.cfg.CollectEvery, e.rounds)
	stopFigures := e.every(time.Second, e.count)
	err = e.loop(ctx)
	stopRounds()
	stopFigures()
	stop()
	if e.tick != nil {
		e.tick.Stop()
	}
	time.AfterFunc(lastWords, stopBooks)
	e.ledgerWriters.Wait()
	e.wg.Wait()
	return err
}

func (e *Engine) loop(ctx context.Context) error {
	events := e.cfg.Switch.Events()
	for {
		e.clock++
		select {
		case <-ctx.Done():
			return nil
		case a := <-e.asks:
			err := a.do()
			e.handleRaised()
			a.reply <- err
		case f := <-e.inbox:
			f()
			e.handleRaised()
		case ev, ok := <-events:
			switch {
			case !ok:
				return nil
			case ev.Kind == telephony.Demoted:
				return ErrDemoted
			case e.holding && ev.Kind != telephony.Linked && ev.Kind != telephony.Unlinked:
				e.heldBack = append(e.heldBack, ev)
			default:
				e.hear(ev)
				e.handleRaised()
			}
		}
	}
}

// rounds is done every CollectEvery.
func (e *Engine) rounds() {
	old := time.Now().Add(-remembered)
	maps.DeleteFunc(e.ended, func(_ telephony.CallID, c ended) bool { return c.at.Before(old) })
	maps.DeleteFunc(e.away, func(_ telephony.LegID, at time.Time) bool { return at.Before(old) })
	if !e.reconcileDue {
		e.reconcileDue = true
		e.reconcileNow()
	}
}

// every has the loop run f each d, until the function returned is called.
func (e *Engine) every(d time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(e.ctx)
	e.wg.Go(func() {
		for sleep(ctx, d) {
			e.post(f)
		}
	})
	return cancel
}

func (e *Engine) hasEnded(id telephony.CallID) bool {
	_, ok := e.ended[id]
	return ok
}

// touch has publish show a call anew.
func (e *Engine) touch(c *call) {
	e.dirty, e.level.stale = true, true
	e.touched[c.ID] = c
}

// publish shows others what has changed, and only that: it costs the same however many calls and agents there are.
func (e *Engine) publish() {
	if !e.dirty {
		return
	}
	e.dirty = false
	e.countSoon()
	if len(e.touched)+len(e.turned) == 0 {
		return
	}
	e.mu.Lock()
	for id, c := range e.touched {
		if a := c.seenBy; e.seen.offers[a].Call == id {
			delete(e.seen.offers, a)
		}
		if e.calls[id] != c {
			delete(e.seen.calls, id)
			continue
		}
		e.seen.calls[id] = c.Call
		if c.popped || c.offer.Agent != "" && c.Agent == c.offer.Agent && c.answered() {
			c.seenBy = c.offer.Agent
			e.seen.offers[c.seenBy] = c.offer
		}
	}
	for id := range e.turned {
		if s, ok := e.status[id]; ok {
			e.seen.agents[id] = s
		} else {
			delete(e.seen.agents, id)
		}
	}
	e.mu.Unlock()
	clear(e.touched)
	clear(e.turned)
}

func sortCalls(cs []telephony.Call) {
	slices.SortFunc(cs, func(a, b telephony.Call) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
}

func sortAgents(as []AgentStatus) {
	slices.SortFunc(as, func(a, b AgentStatus) int { return cmp.Compare(a.Agent.ID, b.Agent.ID) })
}
