package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/custody"
)

// drillCmd restores apart, beside a running server or without one. Files: --state/drill while it runs. Exit status 1 when
// the copy does not come back as it should.
type drillCmd struct {
	server.CustodyFlags
	Restored string `help:"Prove a database that you have restored from your own backups, instead of drilling on ours." placeholder:"postgres://…"`
}

func (c *drillCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *drillCmd) run(ctx context.Context, out io.Writer) error {
	if c.Restored != "" {
		st, err := server.NewStateDir(c.State)
		if err != nil {
			return err
		}
		p, err := custody.Prove(ctx, c.Restored, st.Dir, server.AuditedTables())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "audit verified, %d leaves, %d rows; %d notes opened, one of each practice\n", p.Leaves, p.Rows, p.Notes)
		return err
	}
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		d, err := s.Custody.Drill(ctx)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "a commit was stored after %.1f s (promised %s); restored and proved in %.1f s (promised %s): "+
			"%d leaves, %d rows, %d notes opened, one of each practice\n",
			d.Loss, custody.LossPromised, d.Restore, custody.RestorePromised, d.Leaves, d.Rows, d.Notes); err != nil {
			return err
		}
		if !d.Good {
			return errors.New("THE DRILL FAILED: " + d.Trouble)
		}
		return nil
	})
}
