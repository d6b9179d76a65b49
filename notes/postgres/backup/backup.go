// Package backup keeps a copy of a private cluster in a directory elsewhere: base backups and the write-ahead log (WAL) as it
// is written, encrypted to age recipients before it touches that directory; and it brings a cluster back from there.
//
//	DIR/SYSTEM-TIMELINE/base-TIME.tar.gz.age   a base backup; base-TIME.json beside it once it can be restored
//	                    wal/SEGMENT.age        a whole segment of the WAL
//	                    wal/SEGMENT.N.FROM-TO.age  a piece of the newest one
//	                    checkpoint             the newest signed checkpoint whose leaves are all in the copy
//	KEYS/keys-TIME-SUM-SUM.tar.age             the keys, which lie apart: either directory alone opens nothing
//
// It promises: the WAL is received before the base backup begins, and a base counts only when the WAL up to its end is stored;
// what the database acknowledged is stored within about a second; the database keeps what was not stored yet (a replication
// slot), whoever dies meanwhile, up to a limit that keeps its own disk from filling; whatever is killed at whatever moment, a
// restore gives everything stored, or says why it cannot. A restored cluster begins a timeline of its own, so that it never
// writes over its past.
//
// It leaves to others: whether what came back is true (notes/audit, and who runs the drill), and where the private half of
// the recipient's key lies: away from this machine.
package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// Config says what is kept and where.
type Config struct {
	URL   string // of the private cluster; its role may replicate
	Vault *Vault
	// Every is the age at which a base backup is followed by another, Keep how many stay; defaults a day and seven.
	Every time.Duration
	Keep  int
	// Checkpoint tells the newest signed checkpoint, "" when there is none; nil keeps none.
	Checkpoint func(context.Context) (string, error)
	Log        *slog.Logger
}

// A CopyStatus is how the copy stands.
type CopyStatus struct {
	Behind   time.Duration // how long ago everything that was committed was stored; for ever when it never was
	Stored   string        // up to where in the WAL
	Base     time.Time     // the end of the newest base backup; zero: nothing can be restored yet
	Trouble  string        // what is wrong at this moment, "" for nothing
	Timeline string
}

// A Keeper keeps the copy. Its methods may be called from any goroutine.
type Keeper struct {
	cfg Config
	due chan struct{} // a base is wanted now

	mu      sync.Mutex // guards what follows
	caught  time.Time  // when everything the server had told of was stored
	stored  lsn
	line    line
	base    time.Time
	trouble map[string]string // by part
}

// NewKeeper returns a keeper; it does nothing before Run or Base.
func NewKeeper(cfg Config) *Keeper {
	if cfg.Every == 0 {
		cfg.Every = 24 * time.Hour
	}
	if cfg.Keep == 0 {
		cfg.Keep = 7
	}
	return &Keeper{cfg: cfg, due: make(chan struct{}, 1), trouble: map[string]string{}}
}

// Status tells how the copy stands at now.
func (k *Keeper) Status(now time.Time) CopyStatus {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := CopyStatus{Behind: now.Sub(k.caught), Stored: k.stored.String(), Base: k.base, Timeline: k.line.dir()}
	for _, part := range []string{partStream, partBase, partCheckpoint} {
		if s.Trouble == "" {
			s.Trouble = k.trouble[part]
		}
	}
	return s
}

const (
	partStream     = "stream"
	partBase       = "base"
	partCheckpoint = "checkpoint"
)

// setTrouble keeps and logs what is wrong with a part, once while it stays the same; nil: it is well again.
func (k *Keeper) setTrouble(part string, err error) {
	k.mu.Lock()
	was := k.trouble[part]
	if err == nil {
		delete(k.trouble, part)
	} else {
		k.trouble[part] = err.Error()
	}
	k.mu.Unlock()
	switch {
	case err != nil && was != err.Error():
		k.cfg.Log.Error("backup: "+part, "error", err)
	case err == nil && was != "":
		k.cfg.Log.Info("backup: " + part + " is well again")
	}
}

// Run keeps the copy until ctx ends. What fails is told and tried again; only a vault that another process keeps is an error.
func (k *Keeper) Run(ctx context.Context) error {
	return k.keep(ctx, func(ctx context.Context, streams <-chan struct{}) {
		select { // the WAL first: a base without the WAL written during it is worth nothing
		case <-streams:
			k.keepBases(ctx)
		case <-ctx.Done():
		}
	})
}

// Stream is Run without base backups of its own.
func (k *Keeper) Stream(ctx context.Context) error {
	return k.keep(ctx, func(context.Context, <-chan struct{}) {})
}

func (k *Keeper) keep(ctx context.Context, bases func(context.Context, <-chan struct{})) error {
	lock, err := k.cfg.Vault.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	g, ctx := errgroup.WithContext(ctx)
	streams := make(chan struct{})
	g.Go(func() error { k.keepStreaming(ctx, streams); return nil })
	g.Go(func() error { bases(ctx, streams); return nil })
	if k.cfg.Checkpoint != nil {
		g.Go(func() error { k.keepCheckpoint(ctx); return nil })
	}
	return g.Wait()
}

// keepStreaming receives the WAL, again and again; streams is closed when it first flows.
func (k *Keeper) keepStreaming(ctx context.Context, streams chan struct{}) {
	var once sync.Once
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	for wait := shortest; ; wait = min(2*wait, longest) {
		err := k.stream(ctx, func() {
			wait = shortest
			k.setTrouble(partStream, nil)
			once.Do(func() { close(streams) })
		})
		if ctx.Err() != nil {
			return
		}
		k.setTrouble(partStream, err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// keepBases makes a base whenever the newest is too old or of another timeline, and then forgets the oldest.
func (k *Keeper) keepBases(ctx context.Context) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	forced := false
	for {
		if err := k.baseIfDue(ctx, forced); ctx.Err() == nil {
			k.setTrouble(partBase, err)
			forced = forced && err != nil
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-k.due:
			forced = true
		}
	}
}

func (k *Keeper) baseIfDue(ctx context.Context, forced bool) error {
	k.mu.Lock()
	l := k.line
	k.mu.Unlock()
	bases, err := k.cfg.Vault.bases(l)
	if err != nil {
		return err
	}
	if n := len(bases); n > 0 {
		k.mu.Lock()
		k.base = bases[n-1].At
		k.mu.Unlock()
		if !forced && time.Since(bases[n-1].At) < k.cfg.Every {
			return nil
		}
	}
	if _, err := k.Base(ctx); err != nil {
		return err
	}
	return k.cfg.Vault.prune(l, k.cfg.Keep)
}

// Base makes a base backup now and returns when the WAL up to its end is stored too, by this process's Run or another's.
func (k *Keeper) Base(ctx context.Context) (Base, error) {
	b, err := k.takeBase(ctx)
	if err != nil {
		return b, fmt.Errorf("make a base backup: %w", err)
	}
	k.mu.Lock()
	k.base = b.At
	k.mu.Unlock()
	k.cfg.Log.Info("backup: a base is complete", "bytes", b.Bytes, "seconds", b.Seconds, "timeline", b.line().dir())
	return b, nil
}

// errNobodyStreams: the WAL does not arrive in the vault.
var errNobodyStreams = errors.New("the WAL does not arrive in the backup directory: does the server run with --backup-dir, " +
	"and what does its log say of the backup?")

// Caught returns when everything that is committed now is stored, by this process's Run or another's, and how long that took.
func (k *Keeper) Caught(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	l, at, err := position(ctx, k.cfg.URL)
	if err != nil {
		return 0, err
	}
	err = k.cfg.Vault.waitFor(ctx, l, at)
	return time.Since(began), err
}

// position is where a cluster's WAL ends on the disk now.
func position(ctx context.Context, url string) (l line, at lsn, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return l, 0, fmt.Errorf("reach the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending on it
	var text string
	err = conn.QueryRow(ctx, `select s.system_identifier::text, c.timeline_id, pg_current_wal_flush_lsn()::text
		from pg_control_system() s, pg_control_checkpoint() c`).Scan(&l.System, &l.Timeline, &text)
	if err != nil {
		return l, 0, fmt.Errorf("ask where the WAL ends: %w", err)
	}
	at, err = parseLSN(text)
	return l, at, err
}

// keepCheckpoint keeps the newest checkpoint beside the WAL, once its leaves are stored: a restore must then contain it.
func (k *Keeper) keepCheckpoint(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	kept := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c, err := k.cfg.Checkpoint(ctx)
		if err == nil && c != "" && c != kept {
			if err = k.storeCheckpoint(ctx, c); err == nil {
				kept = c
			}
		}
		if ctx.Err() == nil {
			k.setTrouble(partCheckpoint, err)
		}
	}
}

func (k *Keeper) storeCheckpoint(ctx context.Context, c string) error {
	l, at, err := position(ctx, k.cfg.URL) // after it was signed, so that its transaction lies before
	if err != nil {
		return err
	}
	if err := k.cfg.Vault.waitFor(ctx, l, at); err != nil {
		return err
	}
	return writeWhole(k.cfg.Vault.checkpoint(l), []byte(c))
}
