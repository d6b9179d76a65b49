package engine

import (
	"context"
	"errors"
	"lamplight/telephony"
	"time"
)

// A lease keeps a leg from the switch's fail-safe: one goroutine a leg renews it, because a renewal of a leg that plays
// or records blocks, and must not delay the others. It renews only while the loop answers (see beat): a frozen core
// must lose its callers to the fail-safe.
type lease struct {
	finish chan time.Duration // the last renewal to make; closed for none
	length chan time.Duration // another length than Config.Lease, from now on
	over   bool               // finish was used; the loop's
}

// lease starts renewing a leg's lease, at once.
func (e *Engine) lease(id telephony.LegID) *lease { return e.leaseFrom(id, 0) }

// freshLease starts renewing the lease of a leg that was just told at a moment of the switch's own: the dialplan gave it
// one then, so the first renewal has time, unless the event was long under way or the clocks do not agree.
func (e *Engine) freshLease(id telephony.LegID, told time.Time) *lease {
	if age := time.Since(told); age < 0 || age > e.cfg.RenewEvery/2 {
		return e.lease(id)
	}
	return e.leaseFrom(id, e.cfg.RenewEvery)
}

func (e *Engine) leaseFrom(id telephony.LegID, first time.Duration) *lease {
	l := &lease{finish: make(chan time.Duration, 1), length: make(chan time.Duration, 1)}
	e.wg.Go(func() { e.keepLease(l, id, first) })
	return l
}

// lasts has the lease renewed for d at a time from now on.
func (l *lease) lasts(d time.Duration) {
	if l == nil || l.over {
		return
	}
	select {
	case <-l.length: // an earlier word that was not heard yet
	default:
	}
	l.length <- d
}

// end stops renewing.
func (l *lease) end() {
	if l != nil && !l.over {
		l.over = true
		close(l.finish)
	}
}

// last makes one last renewal, for d, 0 meaning for ever, and stops.
func (l *lease) last(d time.Duration) {
	if l != nil && !l.over {
		l.over = true
		l.finish <- d
	}
}

func (e *Engine) keepLease(l *lease, id telephony.LegID, first time.Duration) {
	renew := func(ctx context.Context, d time.Duration) error { return e.cfg.Switch.Renew(ctx, id, d) }
	length := e.cfg.Lease
	next := time.NewTimer(first)
	defer next.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case length = <-l.length:
		case d, ok := <-l.finish:
			if !ok {
				return
			}
			err := e.mustCommand(e.ctx, func(ctx context.Context) error { return renew(ctx, d) })
			if err != nil && e.ctx.Err() == nil && !errors.Is(err, telephony.ErrGone) {
				e.post(e.reconcileSoon)
			}
			return
		case <-next.C:
		}
		if left := e.lifeLeft(length); left > length/2 {
			one, cancel := context.WithTimeout(e.ctx, length)
			err := renew(one, left)
			cancel()
			if errors.Is(err, telephony.ErrGone) { // hung up, or the fail-safe has it: an event tells which, or the next survey
				e.post(func() {
					l.over = true
					e.reconcileSoon()
				})
				return
			}
		}
		next.Reset(time.Duration(float64(length) / float64(e.cfg.Lease) * float64(e.cfg.RenewEvery)))
	}
}

// lifeLeft is what is left of a lease's length since the loop answered last: a frozen core holds nobody longer than a dead one.
func (e *Engine) lifeLeft(length time.Duration) time.Duration {
	return length - time.Duration(time.Now().UnixNano()-e.pulse.Load())
}

// beat tells the switch that the server is healthy, each BeatEvery, as long as the loop answers, is linked, knows every
// call, and the ledger writes. New callers go to the fail-safe otherwise.
func (e *Engine) beat() {
	tick := time.NewTicker(e.cfg.BeatEvery)
	defer tick.Stop()
	for {
		healthy := make(chan bool, 1)
		e.post(func() {
			e.pulse.Store(time.Now().UnixNano())
			e.writing.Store(!e.ledgerBad)
			healthy <- e.healthy()
		})
		select {
		case ok := <-healthy:
			if ok {
				one, cancel := context.WithTimeout(e.ctx, e.cfg.BeatEvery)
				err := e.cfg.Switch.Beat(one)
				cancel()
				switch {
				case err == nil:
					e.beaten.Store(time.Now().UnixNano())
				case e.ctx.Err() == nil:
					e.cfg.Log.Warn("telephony: the heartbeat did not reach the switch", "error", err)
				}
			}
		case <-e.ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-e.better: // do not let callers wait for the next tick
		case <-e.ctx.Done():
			return
		}
	}
}

// recovered has the beat look at once.
func (e *Engine) recovered() {
	select {
	case e.better <- struct{}{}:
	default:
	}
}

func (e *Engine) healthy() bool { return e.linked && e.known && !e.ledgerBad }

// ledgerLate is told that something has not been written for LedgerPatience: no new callers until the ledger answers.
func (e *Engine) ledgerLate() {
	if e.ledgerBad {
		return
	}
	e.ledgerBad = true
	e.cfg.Log.Error("telephony: the ledger does not answer; new callers go to voicemail until it does")
	e.work(func(ctx context.Context) error {
		for {
			one, cancel := context.WithTimeout(ctx, e.cfg.LedgerPatience)
			_, err := e.cfg.Ledger.Live(one)
			cancel()
			if err == nil {
				return nil
			}
			if !sleep(ctx, time.Second) {
				return ctx.Err()
			}
		}
	}, func(err error) {
		if err == nil {
			e.ledgerBad = false
			e.recovered()
			e.cfg.Log.Info("telephony: the ledger answers again")
		}
	})
}
