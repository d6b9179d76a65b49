package custody

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/backup"
	"lamplight/notes/record"
	"lamplight/notes/seal"
)

var drillTable = audit.Table{Kind: "drill", Name: "drill", Key: "id", Columns: []string{"id", "begun_at", "ended_at", "good", "report"}}

// The promise: what a lost machine may cost, and how long the way back may take.
const (
	LossPromised    = 5 * time.Second
	RestorePromised = 5 * time.Minute
)

// A Drill is one restore apart and what it showed.
type Drill struct {
	ID    string    `json:"-"`
	Begun time.Time `json:"-"`
	Ended time.Time `json:"-"`
	Good  bool      `json:"-"`

	Trouble string  `json:"trouble,omitempty"` // what failed
	Loss    float64 `json:"lossSeconds"`       // how long after a commit it was stored in the copy
	Restore float64 `json:"restoreSeconds"`    // from the copy to a database that is proved
	Base    string  `json:"base"`              // when the base backup was complete
	Stored  string  `json:"stored"`            // the WAL up to here
	RestoreProof
}

// A RestoreProof is what a restored database showed.
type RestoreProof struct {
	Leaves int64 `json:"leaves"`
	Rows   int64 `json:"rows"`
	Notes  int   `json:"notes"` // opened, one of each practice that has any
}

// keepDrilling drills whenever the newest drill is too old, and loads its result at first.
func (c *Custody) keepDrilling(ctx context.Context) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		last, err := c.lastDrill(ctx)
		if err == nil && !last.Ended.IsZero() {
			c.mu.Lock()
			c.last = last
			c.mu.Unlock()
		}
		if err == nil && time.Since(last.Begun) >= c.cfg.DrillEvery && !c.keeper.Status(time.Now()).Base.IsZero() {
			_, err = c.Drill(ctx)
		}
		if err != nil && ctx.Err() == nil {
			c.cfg.Logger.Error("backup: the drill", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// lastDrill is the newest that ended, its zero when none did.
func (c *Custody) lastDrill(ctx context.Context) (d Drill, err error) {
	var report string
	err = c.cfg.Pool.QueryRow(ctx, `select id, begun_at, ended_at, good, report from drill where ended_at is not null
		order by begun_at desc limit 1`).Scan(&d.ID, &d.Begun, &d.Ended, &d.Good, &report)
	if errors.Is(err, pgx.ErrNoRows) {
		return Drill{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(report), &d)
	}
	if err != nil {
		return d, fmt.Errorf("read the last drill: %w", err)
	}
	return d, nil
}

// Drill restores the copy apart, proves it, and keeps the result. Its error means that the result could not be kept; a drill
// that failed is told by its result, and logged as an error.
func (c *Custody) Drill(ctx context.Context) (Drill, error) {
	if c.keeper == nil {
		return Drill{}, errors.New("there is no copy to drill on: give --backup-dir")
	}
	c.drilling.Lock()
	defer c.drilling.Unlock()
	d := Drill{ID: uuid.Must(uuid.NewV7()).String(), Begun: time.Now().UTC().Truncate(time.Microsecond)}
	if err := c.storeDrill(ctx, "drill.begun", d); err != nil {
		return d, err
	}
	err := c.drill(ctx, &d)
	if ctx.Err() != nil {
		return d, fmt.Errorf("the drill was stopped: %w", ctx.Err())
	}
	d.Ended, d.Good = time.Now().UTC().Truncate(time.Microsecond), err == nil
	if err != nil {
		d.Trouble = err.Error()
		c.cfg.Logger.Error("backup: THE DRILL FAILED: what is backed up may not come back", "error", err)
	} else {
		c.cfg.Logger.Info("backup: the drill is good", "loss_s", d.Loss, "restore_s", d.Restore,
			"leaves", d.Leaves, "rows", d.Rows, "notes", d.Notes)
	}
	c.mu.Lock()
	c.last = d
	c.mu.Unlock()
	return d, c.storeDrill(ctx, "drill.ended", d)
}

// storeDrill writes a drill's row with its leaf.
func (c *Custody) storeDrill(ctx context.Context, action string, d Drill) error {
	report, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("keep a drill: %w", err)
	}
	values := []any{d.ID, d.Begun, nil, nil, nil}
	if !d.Ended.IsZero() {
		values = []any{d.ID, d.Begun, d.Ended, d.Good, string(report)}
	}
	err = pgx.BeginFunc(ctx, c.cfg.Pool, func(tx pgx.Tx) error {
		res, err := tx.Query(ctx, "insert into drill ("+drillTable.List()+") values ("+drillTable.Placeholders()+`)
			on conflict (id) do update set ended_at = excluded.ended_at, good = excluded.good, report = excluded.report
			returning `+drillTable.Returning(), values...)
		if err != nil {
			return err
		}
		rows, err := drillTable.Read(res)
		if err != nil {
			return err
		}
		return c.cfg.Log.Append(ctx, tx, audit.Entry{Actor: "custody", Action: action, Kind: drillTable.Kind, Object: d.ID, Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("keep a drill: %w", err)
	}
	return nil
}

// drill is the trial itself. The row that says it has begun is in the database already, and must come back.
func (c *Custody) drill(ctx context.Context, d *Drill) error {
	var problems []error
	err := c.keeping(ctx, func(ctx context.Context) error {
		lag, err := c.keeper.Caught(ctx)
		d.Loss = lag.Seconds()
		return err
	})
	if err != nil {
		return err
	}
	if c.cfg.KeysDir != "" {
		files, err := secrets(c.cfg.State)
		if err != nil {
			return err
		}
		if _, err := c.escrow().Check(files); err != nil {
			problems = append(problems, err)
		}
	}
	id, err := drillKey(c.cfg.State)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.cfg.State, "drill")
	if err := clear(dir); err != nil {
		return err
	}
	err = c.apart(ctx, d, dir, id)
	return errors.Join(append(problems, err, clear(dir))...)
}

// apart restores into a directory of its own and proves what came.
func (c *Custody) apart(ctx context.Context, d *Drill, dir string, id age.Identity) error {
	began := time.Now()
	cfg := postgres.Config{Dir: filepath.Join(dir, "postgres"), Bin: c.cfg.Bin,
		Settings: map[string]string{"fsync": "off", "shared_buffers": "32MB", "max_wal_senders": "10"}} // it is thrown away
	src := backup.RestoreSource{Vault: c.vault, Identities: []age.Identity{id}}
	cluster, found, err := backup.Restore(ctx, src, cfg)
	if err != nil {
		return err
	}
	d.Base, d.Stored = found.Base.At.Format(time.RFC3339), found.Stored
	proof, err := prove(ctx, proving{url: cluster.URL(), keys: filepath.Join(c.cfg.State, "keys"), scratch: dir,
		checkpoint: found.Checkpoint, tables: c.cfg.Tables, drill: d.ID})
	d.RestoreProof, d.Restore = proof, time.Since(began).Seconds()
	if err = errors.Join(err, cluster.Close()); err != nil {
		return err
	}
	if d.Loss > LossPromised.Seconds() || d.Restore > RestorePromised.Seconds() {
		return fmt.Errorf("a commit was stored after %.1f s (promised %s) and the restore took %.1f s (promised %s)",
			d.Loss, LossPromised, d.Restore, RestorePromised)
	}
	return nil
}

// clear ends what a killed drill or restore left running in a directory, and removes it.
func clear(dir string) error {
	cluster := filepath.Join(dir, "postgres")
	if err := postgres.Stop(postgres.Config{Dir: cluster}); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	return nil
}

// Prove verifies the log of a database that was restored by other means, with a state's keys, and opens a note of each practice.
func Prove(ctx context.Context, url, state string, tables []audit.Table) (RestoreProof, error) {
	scratch, err := os.MkdirTemp(filepath.Join(state, "keys"), ".proof-")
	if err != nil {
		return RestoreProof{}, fmt.Errorf("prove the restored database: %w", err)
	}
	p, err := prove(ctx, proving{url: url, keys: filepath.Join(state, "keys"), scratch: scratch, tables: tables})
	return p, errors.Join(err, os.RemoveAll(scratch))
}

// proving is what a restored database is proved with.
type proving struct {
	url        string
	keys       string // the directory of the keys
	scratch    string // where copies of two of them may lie meanwhile
	checkpoint string // that the log must contain
	tables     []audit.Table
	drill      string // the row that must be there, "" for none
}

// prove verifies the log and opens a note of each practice.
func prove(ctx context.Context, p proving) (proof RestoreProof, err error) {
	// Copies, because beside the service's own audit key lies a checkpoint newer than what any copy can hold.
	dir := filepath.Join(p.scratch, "proof")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return proof, fmt.Errorf("prove the restored database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range []string{auditFile, ringFile} {
		b, err := os.ReadFile(filepath.Join(p.keys, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			return proof, fmt.Errorf("prove the restored database: %w", err)
		}
	}
	signer, err := audit.LoadKey(filepath.Join(dir, auditFile), "")
	if err != nil {
		return proof, err
	}
	ring, err := seal.LoadKeyring(filepath.Join(dir, ringFile))
	if err != nil {
		return proof, err
	}
	pool, err := postgres.Open(ctx, p.url)
	if err != nil {
		return proof, err
	}
	defer pool.Close()
	if p.drill != "" {
		var there bool
		if err := pool.QueryRow(ctx, "select exists (select from drill where id = $1)", p.drill).Scan(&there); err != nil || !there {
			return proof, errors.Join(errors.New("the row that was committed before the restore is not in it"), err)
		}
	}
	o := audit.VerifyOptions{Key: signer, Tables: p.tables, Schema: postgres.CheckSchema}
	if p.checkpoint != "" {
		o.Against = []string{p.checkpoint}
	}
	r, err := audit.Verify(ctx, pool, o)
	proof.Leaves, proof.Rows = r.Leaves+r.Waiting, r.Rows
	if err != nil {
		return proof, err
	}
	if !r.Good() {
		var b strings.Builder
		if err := r.Print(&b); err != nil {
			return proof, err
		}
		return proof, fmt.Errorf("the restored log does not hold: %s", strings.TrimSpace(b.String()))
	}
	log := audit.NewLog(pool, signer)
	store := record.NewStore(pool, log, seal.NewRing(ring, postgres.NewShelf(pool, log)), nil)
	proof.Notes, err = openNotes(access.System(ctx, "drill"), store)
	return proof, err
}

// openNotes opens the newest note of each practice and keeps nothing of it; the leaves are the restored database's own.
func openNotes(ctx context.Context, store *record.Store) (n int, err error) {
	ids, err := store.NewestNotes(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := store.Open(ctx, id); err != nil {
			return n, fmt.Errorf("open the note %s: %w", id, err)
		}
		n++
	}
	return n, nil
}
