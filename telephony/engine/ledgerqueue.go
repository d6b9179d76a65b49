package engine

import (
	"context"
	"errors"
	"lamplight/telephony"
	"sync"
	"time"
)

// A ledgerQueue is what one call has for the ledger: written in order, each until it is durable, by one goroutine that lives
// while there is something to write. A ledger that is down holds nothing up but what must be durable first.
type ledgerQueue struct {
	mu     sync.Mutex // guards writes and busy
	writes []ledgerWrite
	busy   bool
}

// written tells whether nothing is left to write.
func (b *ledgerQueue) written() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.busy
}

// A ledgerWrite is one move of a call. done runs in the loop when it is durable.
type ledgerWrite struct {
	call telephony.Call
	step telephony.Step
	done func()
}

// write adds a move. trouble runs in the loop when a move has not been written for LedgerPatience; writing goes on.
func (e *Engine) write(b *ledgerQueue, p ledgerWrite, trouble func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes = append(b.writes, p)
	if b.busy {
		return
	}
	b.busy = true
	e.ledgerWriters.Go(func() { e.writeAll(b, trouble) })
}

func (e *Engine) writeAll(b *ledgerQueue, trouble func()) {
	for {
		b.mu.Lock()
		if len(b.writes) == 0 {
			b.busy = false
			b.mu.Unlock()
			return
		}
		p := b.writes[0]
		b.mu.Unlock()
		ok := e.patiently(e.ledgerCtx, func(ctx context.Context) error {
			return e.cfg.Ledger.Record(ctx, p.call, p.step)
		}, trouble)
		if !ok {
			return // the engine has stopped and the ledger is still down: the next engine finds the call as it was
		}
		b.mu.Lock()
		b.writes = b.writes[1:]
		b.mu.Unlock()
		if p.done != nil {
			e.post(p.done)
		}
	}
}

// patiently repeats what the ledger is asked until it succeeds; trouble (may be nil) runs in the loop each time
// that has taken another LedgerPatience. It returns false when ctx ended first.
func (e *Engine) patiently(ctx context.Context, do func(context.Context) error, trouble func()) bool {
	began, wait, told := time.Now(), 50*time.Millisecond, false
	// A ledger may hang instead of failing: the patience has a timer of its own. It is told again each time, because
	// what waits for the writing may have begun to wait later.
	late := e.every(e.cfg.LedgerPatience, func() {
		e.ledgerLate()
		if trouble != nil {
			trouble()
		}
	})
	defer late()
	for {
		one, cancel := context.WithTimeout(ctx, e.cfg.LedgerPatience)
		err := do(one)
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !told && !errors.Is(err, context.DeadlineExceeded) {
			told = true
			e.cfg.Log.Warn("telephony: the ledger did not write; trying again", "error", err, "after", time.Since(began))
		}
		if !sleep(ctx, wait) {
			return false
		}
		wait = min(2*wait, 2*time.Second)
	}
}
