// Package dispatch gets a note to a person and does not rest until that person says so: Engine walks a dispatch's frozen
// plan attempt by attempt until an acknowledgment, and past the last rung raises the note on the supervisors' board. A
// dispatch is born in the transaction that stores its note.
//
// It promises: the process may die at any instant without losing a dispatch or stopping an escalation; a repeat is
// possible after a crash, a loss is not. What leaves the server says practice, urgency, reference and a link, nothing of
// the patient.
//
// It leaves to others: the rules of a ladder (routing), how one message is sent (routing/channel), who is on call
// (routing/oncall), what a note holds (notes).
package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel"
)

// Config is what an Engine works with. Pool, Log, LinkBase and LinkKey are needed.
type Config struct {
	Pool *pgxpool.Pool
	Log  *audit.Log
	// Channels are what is set up. A kind that is not here is a hole in a plan, and an attempt by it, of a plan made before,
	// fails as "not-configured". Nil is an engine that sends nothing: its plans leave the question to those that do.
	Channels map[routing.ChannelKind]channel.Channel
	// LinkBase is the page a link leads to, "https://page.example.org": links are LinkBase + "/m#" + token.
	LinkBase string
	// LinkKey makes the tokens, which are not stored: 32 random bytes, the same for every server and after every restart.
	LinkKey []byte
	// Alarm hears of escalations that stand still; nil for the log alone. It must not block.
	Alarm  func(Alarm)
	Logger *slog.Logger // nil for slog.Default

	Workers int           // messages under way at once by one channel; 16 if zero
	Lease   time.Duration // how long a claimed attempt is its worker's; 12 s if zero. Sending gives up a quarter earlier
	Poll    time.Duration // the net under NOTIFY and the timers; 1 s if zero
	Audit   time.Duration // how often the auditor looks; 5 s if zero
}

// Engine walks every open dispatch of the database. Any number of engines may share one database; each attempt is sent by
// one of them. An Engine that does not Run can begin, acknowledge and list; Watch hears its own acts alone, and the others of them
// by their polls.
type Engine struct {
	cfg      Config
	pool     *pgxpool.Pool
	log      *audit.Log
	logger   *slog.Logger
	rotas    rotas
	services services
	failing  failing
	heard    heard
	hub      hub
	news     news
	wake     chan struct{} // holds one: something may be due
	busy     busy
	receipts receipts
	watchdog alarms
	rows     rowWatch // the auditor's alone

	sent, repeats, fenced atomic.Int64
}

var _ record.StorySource = (*Engine)(nil)

// New checks cfg. Nothing runs before Run.
func New(cfg Config) (*Engine, error) {
	switch {
	case cfg.Pool == nil || cfg.Log == nil:
		return nil, errors.New("routing: no database or no audit log")
	case len(cfg.LinkKey) < 32:
		return nil, errors.New("routing: the link key must be 32 bytes")
	case cfg.LinkBase == "":
		return nil, errors.New("routing: no address for links")
	}
	cfg.LinkBase = strings.TrimRight(cfg.LinkBase, "/")
	cfg.Workers = or(cfg.Workers, 16)
	cfg.Lease = or(cfg.Lease, 12*time.Second)
	cfg.Poll = or(cfg.Poll, time.Second)
	cfg.Audit = or(cfg.Audit, 5*time.Second)
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Engine{
		cfg: cfg, pool: cfg.Pool, log: cfg.Log, logger: cfg.Logger,
		wake: make(chan struct{}, 1), news: news{ready: make(chan struct{}, 1)},
	}, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Stats are what this engine has done since it was made.
type Stats struct {
	Sent    int64 // messages handed to a carrier
	Repeats int64 // of these, sent again because nobody knew whether the first time counted
	Fenced  int64 // results that came after the lease had gone to another worker
}

// Stats tells what this engine has done.
func (e *Engine) Stats() Stats {
	return Stats{Sent: e.sent.Load(), Repeats: e.repeats.Load(), Fenced: e.fenced.Load()}
}

// Run sends what is due, raises what is exhausted, listens and watches over it all until ctx ends; it then gives the
// messages under way a quarter of a lease, and writes down how they stand. A database that goes away is waited for.
func (e *Engine) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { e.listen(ctx) })
	wg.Go(func() { e.audit(ctx) })
	var under sync.WaitGroup
	for ctx.Err() == nil {
		e.round(ctx, &under)
		e.sleep(ctx)
	}
	under.Wait()
	wg.Wait()
	return nil
}

// Wake has the engine look at once.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// soon asks the database what all escalations wait for. One that neither answers nor hangs up, because the way to it is cut,
// must not hold them until TCP gives up: the connections are given up instead, and the next question goes by a new one.
func (e *Engine) soon(ctx context.Context, ask func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, e.cfg.Lease/2)
	defer cancel()
	err := ask(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		e.pool.Reset()
	}
	return err
}

// inTxSoon is soon for a transaction.
func (e *Engine) inTxSoon(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	return e.soon(ctx, func(ctx context.Context) error {
		return postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error { return do(ctx, tx) })
	})
}

// busy counts the messages under way by channel, so that a carrier that hangs takes its own channel's workers and no other's.
type busy struct {
	mu sync.Mutex // guards n
	n  map[routing.ChannelKind]int
}

func (b *busy) add(kind routing.ChannelKind, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == nil {
		b.n = map[routing.ChannelKind]int{}
	}
	b.n[kind] += n
}

// slots are how many messages any channel can still take, and the channels that can take none.
func (b *busy) slots(most int) (slots int, full []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	slots, full = most, []string{}
	for kind, n := range b.n {
		if n >= most {
			full = append(full, string(kind))
		} else {
			slots = min(slots, most-n)
		}
	}
	return slots, full
}

// round does all that is due now; messages to providers come first.
func (e *Engine) round(ctx context.Context, under *sync.WaitGroup) {
	if err := e.Unfold(ctx); err != nil && ctx.Err() == nil {
		e.logger.Error("unfold dispatches", "error", err)
	}
	e.startDue(ctx, under)
	if err := e.exhaustDue(ctx); err != nil && ctx.Err() == nil {
		e.logger.Error("raise exhausted dispatches", "error", err)
	}
	if err := e.summonDue(ctx); err != nil && ctx.Err() == nil {
		e.logger.Error("call the supervisors", "error", err)
	}
}

// startDue claims and starts whatever is due until nothing is that a worker is free for; a worker that ends wakes us.
func (e *Engine) startDue(ctx context.Context, under *sync.WaitGroup) {
	for ctx.Err() == nil {
		slots, full := e.busy.slots(e.cfg.Workers)
		var claims []claimed
		err := e.soon(ctx, func(ctx context.Context) (err error) { claims, err = e.claim(ctx, slots, full); return err })
		if err != nil {
			if ctx.Err() == nil {
				e.logger.Error("claim attempts", "error", err)
			}
			return
		}
		for _, c := range claims {
			e.busy.add(c.channel, 1)
			under.Go(func() {
				defer func() { e.busy.add(c.channel, -1); e.Wake() }()
				// A message under way is written down although the engine stops: its lease bounds it.
				work, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Lease)
				defer cancel()
				if err := e.work(work, ctx, c); err != nil {
					e.logger.Error("send an attempt", "attempt", c.id, "error", err)
				}
			})
		}
		if len(claims) < slots {
			return
		}
	}
}

// lookAgain is the time between two looks at what is due already.
const lookAgain = 2 * time.Millisecond

// sleep waits until something may be due: a wake, the next due time by the database's clock, or the poll.
func (e *Engine) sleep(ctx context.Context) {
	wait := e.cfg.Poll
	var now time.Time
	var next *time.Time
	asked := time.Now()
	_, full := e.busy.slots(e.cfg.Workers) // theirs wake us
	err := e.soon(ctx, func(ctx context.Context) error {
		return e.pool.QueryRow(ctx, selectNextDue, full).Scan(&now, &next)
	})
	if err == nil {
		e.heard.clock(now, asked)
	}
	if err == nil && next != nil {
		due := next.Sub(now)
		if due <= 0 { // it became due since the last look, or another engine is at it
			due = lookAgain
		}
		wait = min(wait, due)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-e.wake:
	case <-t.C:
	}
}
