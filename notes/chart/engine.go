package chart

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// Config is what an Engine works with. Pool, Log and Store are needed.
type Config struct {
	Pool   *pgxpool.Pool
	Log    *audit.Log
	Store  *record.Store
	Roots  *x509.CertPool // whom charts' certificates may be of; nil for the machine's own
	Logger *slog.Logger   // nil for slog.Default

	Workers int           // charts written to at once; 4 if zero
	Lease   time.Duration // how long a claimed row is its worker's; 2 min if zero
	Poll    time.Duration // 1 s if zero
	Visits  time.Duration // how often a chart is asked which appointments have changed; a minute if zero
}

// Engine writes what is queued. Any number of engines may share one database; each row is written by one of them.
type Engine struct {
	cfg      Config
	patients *record.Patients
	wake     chan struct{} // holds one: something may be due

	seen map[telephony.AccountID]map[string]string // versions of appointments as they were read last; visits' alone

	mu      sync.Mutex // guards what follows
	clients map[telephony.AccountID]*Client
	keys    map[telephony.AccountID]knownKeys
	pauses  map[telephony.AccountID]time.Time // until when a practice's chart is left alone
}

type knownKeys struct {
	keys  []Key
	until time.Time
}

// New returns an Engine and has the store queue what is closed. Nothing is written before Run.
func New(cfg Config) *Engine {
	if cfg.Workers == 0 {
		cfg.Workers = 4
	}
	if cfg.Lease == 0 {
		cfg.Lease = 2 * time.Minute
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	if cfg.Visits == 0 {
		cfg.Visits = time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	e := &Engine{cfg: cfg, patients: record.NewPatients(cfg.Store), seen: map[telephony.AccountID]map[string]string{},
		wake: make(chan struct{}, 1), clients: map[telephony.AccountID]*Client{},
		keys: map[telephony.AccountID]knownKeys{}, pauses: map[telephony.AccountID]time.Time{}}
	cfg.Store.OnClosed(e.queue)
	cfg.Store.OnMarked(e.queueMark)
	return e
}

// queue is the store's CloseHook.
func (e *Engine) queue(ctx context.Context, tx pgx.Tx, n notes.Note, addOn string) error {
	acc, err := e.cfg.Store.Account(ctx, n.Account)
	if errors.Is(err, record.ErrNoAccount) || err == nil && (acc.Chart == nil || !acc.Chart.Takes(n.CallType)) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, insertWrite, addOn, n.ID, n.Account, time.Now().UTC().Truncate(time.Microsecond))
	if err != nil {
		return fmt.Errorf("queue a note for its chart: %w", err)
	}
	err = e.vouch(ctx, tx, rows, e.entry(actorOf(ctx), n.ID, n.Account, notes.LineChartQueued))
	if errors.Is(err, errLost) { // it was queued before
		err = nil
	}
	return err
}

// lost is returned where a row is another worker's by now, or ended.
var errLost = errors.New("chart: the row is another worker's")

// vouch gives the row that a statement returned its MAC, and has the entry's leaf vouch for it.
func (e *Engine) vouch(ctx context.Context, tx pgx.Tx, rows pgx.Rows, entry audit.Entry) error {
	changed, err := writeTable.ReadMacs(rows)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return errLost
	}
	return e.vouchRow(ctx, tx, changed[0], entry)
}

func (e *Engine) vouchRow(ctx context.Context, tx pgx.Tx, r *audit.MacRow, entry audit.Entry) error {
	id, _ := r.Values()[0].(string)
	row, err := writeTable.Row(id, r.Values()...)
	if err != nil {
		return err
	}
	entry.Rows = append(entry.Rows, row)
	b := &pgx.Batch{}
	if err := e.cfg.Log.QueueMac(b, r); err != nil {
		return err
	}
	if err := e.cfg.Log.Queue(b, entry); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	e.cfg.Log.Wake()
	return nil
}

func actorOf(ctx context.Context) string {
	a, _ := access.From(ctx)
	return a.ID()
}

// Wake has the engine look at once.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run writes what is due until ctx ends. A database or a chart that goes away is waited for.
func (e *Engine) Run(ctx context.Context) error {
	var under sync.WaitGroup
	under.Go(func() { e.visits(ctx) })
	free := make(chan struct{}, e.cfg.Workers)
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		claims, err := e.claim(ctx, e.cfg.Workers-len(free))
		if err != nil && ctx.Err() == nil {
			e.cfg.Logger.Error("chart: look for what is due", "error", err)
		}
		for _, c := range claims {
			free <- struct{}{}
			under.Go(func() {
				defer func() { <-free; e.Wake() }()
				e.work(ctx, c)
			})
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

// claimed is a row that is this worker's until its lease ends.
type claimed struct {
	id      string
	seq     int64
	note    notes.NoteID
	account telephony.AccountID
	madeAt  time.Time
	patient []byte
	subject []byte
	fence   int64
	tries   int
	why     TroubleKind
	mac     *audit.MacRow
}

func (e *Engine) claim(ctx context.Context, n int) ([]claimed, error) {
	var due bool
	if n <= 0 {
		return nil, nil
	}
	if err := e.cfg.Pool.QueryRow(ctx, selectDue).Scan(&due); err != nil || !due {
		return nil, err
	}
	rows, err := e.cfg.Pool.Query(ctx, claimDue, n, e.paused(), e.cfg.Lease.Seconds())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (claimed, error) {
		c := claimed{mac: writeTable.MacRow()}
		err := r.Scan(append([]any{&c.id, &c.seq, &c.note, &c.account, &c.madeAt, &c.patient, &c.subject, &c.fence, &c.tries, &c.why},
			c.mac.Into()...)...)
		return c, err
	})
}

// paused are the practices whose chart is left alone for now.
func (e *Engine) paused() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []string{}
	for account, until := range e.pauses {
		if time.Now().Before(until) {
			out = append(out, string(account))
		} else {
			delete(e.pauses, account)
		}
	}
	return out
}

// work brings one row as far as it comes now.
func (e *Engine) work(ctx context.Context, c claimed) {
	if !e.cfg.Log.Holds(c.mac) { // told as forged; nobody's word but ours moves a note
		e.failed(ctx, c, &Trouble{Why: Unopened})
		return
	}
	trying, cancel := context.WithTimeout(access.System(ctx, "chart"), e.cfg.Lease*3/4)
	defer cancel()
	err := e.write(trying, c)
	var t *Trouble
	switch {
	case err == nil:
		freed := make([]string, len(passing))
		for i, w := range passing {
			freed[i] = string(w)
		}
		if _, err := e.cfg.Pool.Exec(ctx, rowsFreed, c.account, freed); err != nil && ctx.Err() == nil {
			e.cfg.Logger.Error("chart: go on after a chart is back", "practice", c.account, "error", err)
		}
	case errors.Is(err, errLost):
	case errors.As(err, &t):
		e.failed(ctx, c, t)
	case ctx.Err() != nil: // we stop: another server goes on at once
		e.failed(ctx, c, &Trouble{Why: c.why})
	case trying.Err() != nil:
		e.failed(ctx, c, &Trouble{Why: Unreachable})
	default:
		e.cfg.Logger.Error("chart: write a note", "note", c.note, "error", err)
		e.failed(ctx, c, &Trouble{Why: Unopened})
	}
}

// failed writes down how a try ended, and when the next one is.
func (e *Engine) failed(ctx context.Context, c claimed, t *Trouble) {
	stops := ctx.Err() != nil
	tries, wait := c.tries+1, max(t.After, backoff(t.Why, c.tries+1))
	if stops {
		tries, wait = c.tries, 0
	}
	if slices.Contains(passing, t.Why) && !stops {
		e.mu.Lock()
		e.pauses[c.account] = time.Now().Add(wait)
		e.mu.Unlock()
	}
	if t.Why != c.why && t.Why != "" {
		e.cfg.Logger.Warn("chart: a note waits", "practice", c.account, "note", c.note, "why", string(t.Why), "status", t.Status)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var said []byte
	if t.Said != "" {
		keys, err := e.cfg.Store.Keys(ctx, c.account)
		if err == nil {
			said, err = keys.Seal(e.label(c.account, "chart.said", c.id), []byte(t.Said))
		}
		if err != nil {
			e.cfg.Logger.Error("chart: seal what a chart said", "note", c.note, "error", err)
		}
	}
	if _, err := e.cfg.Pool.Exec(ctx, rowFailed, c.id, c.fence, string(t.Why), said, tries, wait.Seconds()); err != nil {
		e.cfg.Logger.Error("chart: write down a failure", "note", c.note, "error", err) // its lease ends by itself
	}
}

// backoff is how long to wait after the nth try: soon for what passes by itself, less and less often for what a person must see to.
func backoff(why TroubleKind, n int) time.Duration {
	steps := []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}
	if !slices.Contains(passing, why) && why != Changed && why != Cut {
		steps = []time.Duration{30 * time.Second, 5 * time.Minute, 30 * time.Minute, time.Hour}
	}
	return steps[min(max(n, 1), len(steps))-1]
}

func (e *Engine) label(account telephony.AccountID, kind, id string) seal.Label {
	return seal.Label{Practice: string(account), Kind: kind, ID: id, Version: 1}
}

// write has one row's note be in its chart.
func (e *Engine) write(ctx context.Context, c claimed) error {
	acc, err := e.cfg.Store.Account(ctx, c.account)
	if err != nil {
		return err
	}
	client, err := e.client(ctx, acc)
	if err != nil {
		return err
	}
	if err := client.Ready(ctx); err != nil { // before anything is opened
		return err
	}
	n, err := e.cfg.Store.Open(ctx, c.note)
	if errors.Is(err, seal.ErrSealed) {
		return &Trouble{Why: Unopened}
	}
	if err != nil {
		return err
	}
	who := whoIn(*n.Body, *acc.Chart)
	if behind, err := e.known(ctx, c, who); err != nil || behind {
		if behind {
			return e.behind(ctx, c)
		}
		return err
	}
	d := Document{Note: string(n.ID), AddOn: c.id, Begun: n.TakenAt}
	if left, err := e.before(ctx, c, &d); err != nil || left {
		return err
	}
	if d.Subject == "" {
		d.Subject, err = client.Match(ctx, who)
		if errors.Is(err, ErrWhich) {
			return e.ask(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	if d.Page, d.At, err = e.page(ctx, acc, n, c.id); err != nil {
		return err
	}
	written, err := client.Write(ctx, d)
	if err != nil {
		return err
	}
	keys, err := e.cfg.Store.Keys(ctx, c.account)
	if err != nil {
		return err
	}
	subject, err := keys.Seal(e.label(c.account, "chart.subject", c.id), []byte(d.Subject))
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, rowWritten, c.id, c.fence, written, subject, time.Now().UTC().Truncate(time.Microsecond))
		if err != nil {
			return err
		}
		return e.vouch(ctx, tx, rows, e.entry("chart", c.note, c.account, notes.LineChartWritten, written))
	})
}

func (e *Engine) entry(actor string, note notes.NoteID, account telephony.AccountID, kind notes.LineKind, detail ...string) audit.Entry {
	return audit.Entry{Actor: actor, Action: string(kind), Kind: "note", Object: string(note), Account: string(account), Detail: detail}
}

// ask has a person say which patient it is.
func (e *Engine) ask(ctx context.Context, c claimed) error {
	return pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, rowAsks, c.id, c.fence, string(Which))
		if err != nil {
			return err
		}
		return e.vouch(ctx, tx, rows, e.entry("chart", c.note, c.account, notes.LineChartAsked))
	})
}

// client is the one that speaks with a practice's chart, made anew when its settings or its key have changed.
func (e *Engine) client(ctx context.Context, acc notes.Account) (*Client, error) {
	if acc.Chart == nil {
		return nil, &Trouble{Why: NoSettings}
	}
	keys, err := e.keysOf(ctx, acc.ID)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, &Trouble{Why: NoKey}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clients[acc.ID]
	if c != nil && c.cfg.Key.ID == keys[0].ID && reflect.DeepEqual(c.cfg.Chart, *acc.Chart) {
		return c, nil
	}
	made, err := NewClient(ClientConfig{Chart: *acc.Chart, Key: keys[0], Roots: e.cfg.Roots})
	if err != nil {
		return nil, &Trouble{Why: NoSettings}
	}
	if c != nil {
		c.Close()
	}
	e.clients[acc.ID] = made
	return made, nil
}
