// Package patient tells a practice's patients that a message waits, lets them in to read it, and keeps to what they agreed to: Engine
// sends notices by text and mail, knows the links and codes by which a patient comes in, and hears what patients text back.
//
// It promises: what leaves says the practice's name, that a message waits, and a link or a code, nothing of the patient; no notice
// leaves without a consent on record, to a number that said STOP, or in the patient's night unless it answers what they have just
// written; the process may die at any instant and a notice still leaves, once where the carrier can be asked. A link only locates:
// what opens a thread is a code sent to the address on record and the date of birth, and a patient's session opens nothing else.
//
// A notice is no attempt of a dispatch (routing/dispatch): an attempt belongs to a note's plan, stands on the board until somebody
// acknowledges, and keeps its provider's address readable. A patient's address is sealed, and nobody climbs for it. The way of
// sending is the same: claimed by SKIP LOCKED under a lease and a fence, counted before it leaves, looked up before it is repeated.
//
// It leaves to others: what is written and read (notes/record), words (routing/channel), and who of the practice may do what
// (console/house).
package patient

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/routing/channel"
)

// Config is what an Engine works with. All but what is said to have a default is needed.
type Config struct {
	Pool     *pgxpool.Pool
	Log      *audit.Log
	Store    *record.Store
	Patients *record.Patients
	Door     *access.Door // slows guesses
	// Channels are what is set up; a consent to another is no way to tell anybody.
	Channels map[notes.ConsentChannel]channel.Channel
	// LinkBase is the page a link leads to: links are LinkBase + "/p#" + token. LinkKey makes tokens and codes, which are not
	// stored: 32 random bytes, the same for every server.
	LinkBase string
	LinkKey  []byte
	Logger   *slog.Logger     // slog.Default if nil
	Now      func() time.Time // time.Now if nil: the clock of quiet hours and of what expires

	Workers int           // notices under way at once; 8 if zero
	Lease   time.Duration // how long a claimed notice is its worker's; 12 s if zero
	Poll    time.Duration // 1 s if zero

	RemindersAMinute int // how many leave at most, of all servers together: the carrier's pace; 180 if zero
}

// Engine works on every notice of the database. Any number of engines may share one; each notice is sent by one of them. An Engine
// that does not Run answers all the same, and sends nothing.
type Engine struct {
	cfg  Config
	wake chan struct{} // holds one: something may be due
}

// Errors a caller can tell apart.
var (
	// ErrNoConsent: the patient has agreed to no way in which they could be told.
	ErrNoConsent = errors.New("patients: nothing is agreed by which the patient could be told")
	// ErrNoLink: the link leads nowhere, or no longer.
	ErrNoLink = errors.New("patients: the link leads nowhere")
	// ErrExpired: the link is too old; a new one can be asked for.
	ErrExpired = errors.New("patients: the link has expired")
	// ErrWrongProof is the one answer to a wrong code and a wrong date of birth. It does not say which.
	ErrWrongProof = errors.New("patients: the code or the date of birth is wrong")
	// ErrNoVisit: nobody is in by that session.
	ErrNoVisit = errors.New("patients: the session is over")
	// ErrEnough: as many codes or links were sent as may be.
	ErrEnough = errors.New("patients: enough was sent for now")
)

// New checks cfg. Nothing runs before Run.
func New(cfg Config) (*Engine, error) {
	if cfg.Pool == nil || cfg.Log == nil || cfg.Store == nil || cfg.Patients == nil || cfg.Door == nil || cfg.LinkBase == "" {
		return nil, errors.New("patients: no record, no door or no address for links")
	}
	if len(cfg.LinkKey) < 32 {
		return nil, errors.New("patients: the link key must be 32 bytes")
	}
	cfg.LinkBase = strings.TrimRight(cfg.LinkBase, "/")
	if cfg.Workers == 0 {
		cfg.Workers = 8
	}
	if cfg.Lease == 0 {
		cfg.Lease = 12 * time.Second
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	if cfg.RemindersAMinute <= 0 {
		cfg.RemindersAMinute = 180
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Engine{cfg: cfg, wake: make(chan struct{}, 1)}, nil
}

// Wake has the engine look at once.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run sends what is due until ctx ends, and then writes down how what is under way went. A database that goes away is waited for.
func (e *Engine) Run(ctx context.Context) error {
	var under sync.WaitGroup
	free := make(chan struct{}, e.cfg.Workers)
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := errors.Join(e.plan(ctx), e.unanswered(ctx)); err != nil && ctx.Err() == nil {
			e.cfg.Logger.Error("patients: look whom to remind", "error", err)
		}
		for _, box := range outboxes {
			claims, err := e.claim(ctx, box, e.cfg.Workers-len(free))
			if err != nil && ctx.Err() == nil {
				e.cfg.Logger.Error("patients: look for "+box.name+"s that are due", "error", err)
			}
			for _, c := range claims {
				free <- struct{}{}
				under.Go(func() {
					defer func() { <-free; e.Wake() }()
					work, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Lease)
					defer cancel()
					if err := e.work(work, c); err != nil {
						e.cfg.Logger.Error("patients: send a "+box.name, box.name, c.id, "error", err)
					}
				})
			}
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-tick.C:
		}
	}
	under.Wait()
	return nil
}

// clock is now to the microsecond, which is what a row keeps.
func (e *Engine) clock() time.Time { return e.cfg.Now().UTC().Truncate(time.Microsecond) }

// system returns a context in which this part of the server acts: it reads what it needs to tell a patient, and leaves its trace.
func system(ctx context.Context) context.Context { return access.System(ctx, "patients") }
