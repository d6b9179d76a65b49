package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/custody"
)

// restoreCmd brings a state back. Files: everything under --state, which must hold nothing yet. Killed at any moment it is run
// again and begins anew; a server refuses the half of it.
type restoreCmd struct {
	State       string    `help:"The state directory to bring back: one that holds nothing yet." env:"LAMPLIGHT_STATE" type:"path" placeholder:"DIR"`
	BackupDir   string    `help:"Where the copy of the database lies." env:"LAMPLIGHT_BACKUP_DIR" type:"path" placeholder:"DIR"`
	BackupKeys  string    `required:"" help:"A copy of the keys, or the directory of their copies." env:"LAMPLIGHT_BACKUP_KEYS" type:"path" placeholder:"PATH"`
	Identity    string    `required:"" help:"The file that 'lamplight backup identity' wrote." type:"existingfile" placeholder:"FILE"`
	Until       time.Time `help:"Take nothing that was committed later, 2026-03-01T02:30:00Z; all there is when it is not given."`
	History     string    `help:"Which history, where the copy holds several; 'lamplight backup status' lists them. The newest when it is not given."`
	OnlyKeys    bool      `help:"Put back only those keys that are missing."`
	PostgresBin string    `help:"The directory of PostgreSQL's server programs, where they are not found by themselves." env:"LAMPLIGHT_POSTGRES_BIN" type:"path" placeholder:"DIR"`
}

func (c *restoreCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *restoreCmd) run(ctx context.Context, out io.Writer) (err error) {
	ids, err := readIdentities(c.Identity)
	if err != nil {
		return err
	}
	h, err := server.LockStateDir(c.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if c.OnlyKeys {
		laid, err := custody.OnlyKeys(h.Dir, c.BackupKeys, ids)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "put back: %s\n", strings.Join(append(laid, "nothing else"), ", "))
		return err
	}
	if c.BackupDir == "" {
		return errors.New("give --backup-dir, where the copy of the database lies; of a PostgreSQL of yours " +
			"only the keys can be put back here, with --only-keys")
	}
	began := time.Now()
	got, err := custody.Restore(ctx, custody.RestorePlan{State: h.Dir, Dir: c.BackupDir, Keys: c.BackupKeys,
		Identities: ids, Until: c.Until,
		Line: c.History,
		Bin:  c.PostgresBin, Tables: server.AuditedTables(), Say: func(step string) { server.PrintProgress(step, time.Since(began)) }})
	if err != nil {
		return err
	}
	if len(got.Lines) > 1 {
		_, err := fmt.Fprintf(out, "the copy holds the histories %s; this is %s-%d\n", strings.Join(got.Lines, ", "), got.Base.System,
			got.Base.Timeline)
		if err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "restored in %.1f s (promised %s): what was committed until %s, when the copy ends; "+
		"audit verified, %d leaves, %d rows; %d notes opened, one of each practice\n"+
		"'lamplight serve --state %s' goes on from there\n",
		got.Took.Seconds(), custody.RestorePromised, c.until(got.Newest), got.Leaves, got.Rows, got.Notes, h.Dir)
	return err
}

// until is the moment to which the restore reaches.
func (c *restoreCmd) until(newest time.Time) string {
	if !c.Until.IsZero() {
		newest = c.Until
	}
	return newest.UTC().Format(time.RFC3339)
}
