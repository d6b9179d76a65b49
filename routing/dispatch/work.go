package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/telephony"
)

// claimed is an attempt that is this worker's until its lease ends.
type claimed struct {
	id       routing.AttemptID
	dispatch routing.DispatchID
	rung     int
	fence    int64 // which claim of it this is, from 1
	sends    int   // before this claim: more than none means that a worker has died, or that nobody knew, on the way
	channel  routing.ChannelKind
	message  channel.Message
	mac      *audit.MacRow
}

// claim takes up to n attempts that are due, or whose worker's lease has run out, but of no channel that is full. Two workers
// never get the same one: each skips the rows the other holds, and once taken a row is not due before its lease ends.
func (e *Engine) claim(ctx context.Context, n int, full []string) ([]claimed, error) {
	rows, err := e.pool.Query(ctx, claimDue, n, e.cfg.Lease.Seconds(), full)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (claimed, error) {
		c := claimed{mac: attemptTable.MacRow()}
		var lang string
		m := &c.message
		err := r.Scan(append([]any{&c.id, &c.dispatch, &c.rung, &c.fence, &c.sends, &c.channel, &m.To, &m.Name, &lang,
			&m.Practice, &m.Urgency, &m.Reference}, c.mac.Into()...)...)
		m.Key, m.Lang, m.Link, m.Summons = string(c.id), telephony.Language(lang), e.link(c.id), summons(c.rung)
		return c, err
	})
}

// work brings one claimed attempt to an end, or leaves it to the next lease. run is the engine's: when it ends, a carrier
// that hangs is not waited for.
func (e *Engine) work(ctx, run context.Context, c claimed) error {
	if !e.log.Holds(c.mac) {
		return e.mend(ctx, c.dispatch)
	}
	// What is left of the lease after sending is for writing down how it went.
	sending, cancel := context.WithTimeout(ctx, e.cfg.Lease*3/4)
	defer cancel()
	defer context.AfterFunc(run, func() { time.AfterFunc(e.cfg.Lease/4, cancel) })()
	ch := channel.Set(e.cfg.Channels[c.channel])
	if ch == nil {
		return e.writeResult(ctx, c, channel.Receipt{}, &channel.SendError{Kind: notConfigured})
	}
	if c.sends > 0 {
		if receipt, ok := e.receipts.take(c.id); ok {
			return e.writeLeft(ctx, c, receipt)
		}
		receipt, err := ch.Lookup(sending, c.message)
		silent := err != nil && !errors.Is(err, channel.ErrNotFound) && !errors.Is(err, channel.ErrNoLookup)
		switch {
		case err == nil:
			return e.writeResult(ctx, c, receipt, nil)
		case c.sends >= maxSends, silent && c.fence < maxAsks:
			// It was sent often enough; or the carrier does not answer a question, so it will hardly take a message: it is
			// asked again later, a few times.
			return e.writeResult(ctx, c, receipt, &channel.SendError{Kind: channel.Unknown, Err: err})
		}
	}
	var stopped bool
	err := persist(sending, func() (err error) { stopped, err = e.isStopped(sending, c); return err })
	switch {
	case err != nil:
		return err
	case stopped:
		return e.writeResult(ctx, c, channel.Receipt{}, &channel.SendError{Kind: whyStopped})
	}
	var ok bool
	err = persist(sending, func() (err error) { ok, err = e.mayLeave(sending, c); return err })
	if err != nil || !ok {
		return err
	}
	e.sent.Add(1)
	if c.sends > 0 {
		e.repeats.Add(1)
	}
	receipt, err := ch.Send(sending, c.message)
	if err != nil {
		return e.writeResult(ctx, c, receipt, err)
	}
	return e.writeLeft(ctx, c, receipt)
}

// writeLeft writes down that the carrier took a message. While the database stands still for longer than a lease that cannot be
// done: the next claim does it then, because a mail server or a push service cannot be asked.
func (e *Engine) writeLeft(ctx context.Context, c claimed, r channel.Receipt) error {
	err := e.writeResult(ctx, c, r, nil)
	if err != nil {
		e.receipts.keep(c.id, r)
	}
	return err
}

// receipts are of messages that a carrier took from us without that being written down.
type receipts struct {
	mu sync.Mutex // guards by
	by map[routing.AttemptID]channel.Receipt
}

// mostLeft is how many are remembered; one whose writing was done without our hearing of it is never asked for.
const mostLeft = 4096

func (l *receipts) keep(id routing.AttemptID, r channel.Receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil || len(l.by) >= mostLeft {
		l.by = map[routing.AttemptID]channel.Receipt{}
	}
	l.by[id] = r
}

func (l *receipts) take(id routing.AttemptID) (r channel.Receipt, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok = l.by[id]
	delete(l.by, id)
	return r, ok
}

// mayLeave is the last look before a message leaves: nobody has acknowledged, and the attempt is still ours. It counts the
// sending before it happens, and brings the dispatch to this rung. When nobody needs the message any more it is withdrawn.
func (e *Engine) mayLeave(ctx context.Context, c claimed) (ok bool, err error) {
	link := hashToken(e.token(c.id))
	c.mac.Set("sends", c.sends+1)
	c.mac.Set("link", link)
	mac, err := e.log.Mac(attemptTable, c.mac.Values()...)
	if err != nil {
		return false, err
	}
	b := &pgx.Batch{} // one round trip and one commit; the dispatch first, as everybody takes them
	var open bool
	b.Queue(reachRung, c.dispatch, c.rung)
	b.Queue(countSending, c.id, c.fence, link, c.sends+1, mac).QueryRow(func(r pgx.Row) error {
		if err := r.Scan(&open); !postgres.NoRow(err) {
			return err
		}
		return nil
	})
	if err := e.pool.SendBatch(ctx, b).Close(); err != nil {
		return false, fmt.Errorf("look before sending: %w", err)
	}
	if open {
		return true, nil
	}
	return false, e.withdraw(ctx, c)
}

// withdraw ends an attempt that nobody needs any more: its dispatch ended between the claim and the sending.
func (e *Engine) withdraw(ctx context.Context, c claimed) error {
	return postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		a, err := e.lockAttempt(ctx, tx, c.id)
		if err != nil || a.fence != c.fence || a.state != routing.Sending || a.dispatchState.Open() {
			return err
		}
		if _, err := tx.Exec(ctx, attemptWithdrawn, c.id); err != nil {
			return err
		}
		return e.trace(ctx, tx, a.step(notes.LineNotNeeded, ""))
	})
}

// persist repeats do until it succeeds or ctx ends: a database connection that broke must not cost an attempt its lease, nor
// make it forget that its message has left.
func persist(ctx context.Context, do func() error) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// The rules of trying again.
const (
	maxSends      = 5 // handings-over of one attempt about which nobody knew
	maxAsks       = 4 // claims of one attempt after which it is sent again although its carrier does not answer
	maxTries      = 6 // attempts of one message that the carrier did not take
	notConfigured = channel.FailureKind("not-configured")
)

// backoff is how long to wait after the nth failure.
func backoff(n int) time.Duration {
	steps := []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}
	return steps[min(max(n, 1), len(steps))-1]
}
