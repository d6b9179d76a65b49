// Package custody answers for the record's survival: it has the copy kept (notes/postgres/backup), proves each day by a restore
// apart that it can be had again, brings a whole state back, and knows the keys that belong to a database.
//
// It promises: a drill counts as good only when the restored database holds the drill's own row, written just before, the log
// verifies against the newest checkpoint kept, and a note of each practice opens with the keys; its result is a row with a leaf
// and a failure is an error in the log and in Status; a key that is missing or of another installation is refused before
// anything is made in its place; a restore that was killed is seen as such and begun anew, never served.
//
// It leaves to others: which tables are vouched for, when the server calls, and what an operator is shown.
package custody

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"lamplight/notes/audit"
	"lamplight/notes/keyfile"
	"lamplight/notes/postgres/backup"
)

// Config says what is in custody and where its copies go.
type Config struct {
	State   string // the state directory
	URL     string // of its private cluster; "" when the database is the administrator's, who backs it up
	Bin     string // of PostgreSQL, "" for the machine's own
	Dir     string // where the copy goes; "" keeps none
	KeysDir string // where the keys' copies go, apart from it; "" keeps none
	To      []age.Recipient

	BaseEvery  time.Duration
	Keep       int
	DrillEvery time.Duration // 0: none by itself

	Pool   *pgxpool.Pool
	Log    *audit.Log
	Tables []audit.Table // all that the log vouches for
	Logger *slog.Logger
}

// A Custody keeps the copies. Its methods may be called from any goroutine.
type Custody struct {
	cfg    Config
	keeper *backup.Keeper // nil without a copy of the database
	vault  *backup.Vault

	drilling sync.Mutex // held while a drill runs: it has one directory

	mu   sync.Mutex // guards what follows
	keys error      // what is wrong with the keys' copy
	copy error      // why the copy is not kept
	last Drill
}

// A Status is how the copies stand.
type Status struct {
	backup.CopyStatus
	Kept  bool   // a copy of the database is configured
	Keys  string // what is wrong with the keys' copy, "" for nothing
	Drill Drill  // the newest that ended; its zero: none did
}

// New prepares the directories and refuses what would not be a backup.
func New(cfg Config) (*Custody, error) {
	c := &Custody{cfg: cfg}
	if cfg.KeysDir != "" && (cfg.Dir != "" && within(cfg.KeysDir, cfg.Dir) || within(cfg.KeysDir, cfg.State)) {
		return nil, fmt.Errorf("the keys' copies in %s would lie with what they open: give a directory on another disk or machine",
			cfg.KeysDir)
	}
	if cfg.Dir == "" {
		return c, c.unused()
	}
	if within(cfg.Dir, cfg.State) {
		return nil, fmt.Errorf("a backup in %s would be lost with the state directory: give a directory on another disk or machine",
			cfg.Dir)
	}
	drills, err := drillKey(cfg.State)
	if err != nil {
		return nil, err
	}
	// The server's own key can open the copy too: who has it has the database and all keys beside it.
	if c.vault, err = backup.OpenVault(cfg.Dir, append(slices.Clone(cfg.To), drills.Recipient())...); err != nil {
		return nil, err
	}
	if err := c.same(); err != nil {
		return nil, err
	}
	c.keeper = backup.NewKeeper(backup.Config{URL: cfg.URL, Vault: c.vault, Every: cfg.BaseEvery, Keep: cfg.Keep,
		Checkpoint: cfg.Log.Checkpoint, Log: cfg.Logger})
	return c, nil
}

// same refuses a backup directory that is not the one of before: an empty directory where its disk is not mounted would be
// taken for a new copy, on the very disk that may be lost.
func (c *Custody) same() error {
	path := filepath.Join(c.cfg.State, "backup-vault")
	known, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keyfile.Replace(path, []byte(c.vault.ID()), 0o600)
	}
	if err != nil {
		return fmt.Errorf("read which copy was kept: %w", err)
	}
	if string(known) != c.vault.ID() {
		return fmt.Errorf("--backup-dir %s is not the copy that was kept until now: is its disk mounted? To begin a new copy there, "+
			"remove %s",
			c.cfg.Dir, path)
	}
	return nil
}

// unused has the database keep nothing for a copy that is not made any more.
func (c *Custody) unused() error {
	if c.cfg.URL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return backup.Forget(ctx, c.cfg.URL)
}

// within tells whether a directory is another or lies in it.
func within(dir, outer string) bool {
	a, err1 := filepath.Abs(dir)
	b, err2 := filepath.Abs(outer)
	rel, err3 := filepath.Rel(b, a)
	return errors.Join(err1, err2, err3) == nil && filepath.IsLocal(rel)
}

const drillKeyFile = "drill.key"

// drillKey is the key by which the server itself opens its copy.
func drillKey(state string) (*age.X25519Identity, error) {
	path := filepath.Join(state, "keys", drillKeyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, fmt.Errorf("make the drills' key: %w", err)
		}
		if err := keyfile.Replace(path, []byte(id.String()+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("keep the drills' key: %w", err)
		}
		return id, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the drills' key: %w", err)
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	if err != nil { // the parser's error may quote the file
		return nil, fmt.Errorf("the drills' key %s is damaged: restore it, or have it made anew with 'lamplight keys renew %s'", path,
			drillKeyFile)
	}
	return id, nil
}

// Run keeps the copies and drills until ctx ends.
func (c *Custody) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if c.keeper != nil {
		g.Go(func() error { c.keepCopy(ctx); return nil })
	}
	if c.cfg.KeysDir != "" {
		g.Go(func() error { c.keepKeys(ctx); return nil })
	}
	if c.keeper != nil && c.cfg.DrillEvery > 0 {
		g.Go(func() error { c.keepDrilling(ctx); return nil })
	}
	return g.Wait()
}

// keepCopy keeps the copy; while another process does, that is told and waited for.
func (c *Custody) keepCopy(ctx context.Context) {
	for {
		err := c.keeper.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		c.mu.Lock()
		was := c.copy
		c.copy = err
		c.mu.Unlock()
		if err != nil && (was == nil || was.Error() != err.Error()) {
			c.cfg.Logger.Error("backup: the copy is not kept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
	}
}

// keepKeys copies the keys whenever they have changed.
func (c *Custody) keepKeys(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		err := c.CopyKeys()
		c.mu.Lock()
		was := c.keys
		c.keys = err
		c.mu.Unlock()
		if err != nil && (was == nil || was.Error() != err.Error()) {
			c.cfg.Logger.Error("backup: the keys are not copied", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Custody) escrow() backup.Escrow { return backup.Escrow{Dir: c.cfg.KeysDir, To: c.cfg.To} }

// CopyKeys adds a copy of the keys where theirs lie, if they have changed.
func (c *Custody) CopyKeys() error {
	files, err := secrets(c.cfg.State)
	if err != nil {
		return err
	}
	added, err := c.escrow().Put(files, time.Now())
	if added {
		c.cfg.Logger.Info("backup: the keys are copied", "files", len(files))
	}
	return err
}

// secrets are the files of a state that the database does not hold and that cannot be made again, by their names in it.
func secrets(state string) (map[string][]byte, error) {
	out := map[string][]byte{}
	all, err := os.ReadDir(filepath.Join(state, "keys"))
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	names := []string{filepath.Join("asterisk", "state.json")} // the phones' passwords and ports
	for _, f := range all {
		// A name with a dot before it is half-written, a checkpoint changes each second and lies with the database's copy.
		if f.Type().IsRegular() && !strings.HasPrefix(f.Name(), ".") && !strings.HasSuffix(f.Name(), ".checkpoint") {
			names = append(names, filepath.Join("keys", f.Name()))
		}
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(state, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the keys: %w", err)
		}
		out[name] = b
	}
	return out, nil
}

// Status tells how the copies stand at now.
func (c *Custody) Status(now time.Time) Status {
	s := Status{Kept: c.keeper != nil}
	if c.keeper != nil {
		s.CopyStatus = c.keeper.Status(now)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Drill = c.last
	if c.copy != nil {
		s.Trouble = c.copy.Error()
	}
	if c.keys != nil {
		s.Keys = c.keys.Error()
	}
	return s
}

// Base makes a base backup now; when no server keeps the copy at this moment it is kept meanwhile. lag is how long after it
// what was committed then was stored.
func (c *Custody) Base(ctx context.Context) (b backup.Base, lag time.Duration, err error) {
	err = c.keeping(ctx, func(ctx context.Context) error {
		if b, err = c.keeper.Base(ctx); err != nil {
			return err
		}
		lag, err = c.keeper.Caught(ctx)
		return err
	})
	return b, lag, err
}

// keeping does something while the copy is kept, by a server or else by us.
func (c *Custody) keeping(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.keeper.Stream(ctx) }()
	err := do(ctx)
	cancel()
	if kerr := <-ended; !errors.Is(kerr, backup.ErrKept) { // by a server: as it should be
		err = errors.Join(err, kerr)
	}
	return err
}
