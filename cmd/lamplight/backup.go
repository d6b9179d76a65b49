package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/custody"
	"lamplight/notes/postgres/backup"
)

// backupCmd keeps a copy.
type backupCmd struct {
	Now      backupNowCmd      `cmd:"" help:"Make a base backup now, beside a running server or without one, and copy the keys."`
	Status   backupStatusCmd   `cmd:"" help:"Tell what could be restored now."`
	Identity backupIdentityCmd `cmd:"" help:"Make an age identity for backups: prints its recipient, for --backup-recipient."`
}

type backupNowCmd struct{ server.CustodyFlags }

func (c *backupNowCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *backupNowCmd) run(ctx context.Context, out io.Writer) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		if err := s.Custody.CopyKeys(); err != nil {
			return err
		}
		if c.BackupDir == "" {
			_, err := fmt.Fprintln(out, "the keys are copied; the PostgreSQL at --database-url is yours, and so are its backups")
			return err
		}
		b, lag, err := s.Custody.Base(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "base backup of %d MB in %.1f s, the keys apart; what is committed now was stored %.1f s later (promised "+
			"%s)\n",
			b.Bytes>>20, b.Seconds, lag.Seconds(), custody.LossPromised)
		return err
	})
}

type backupStatusCmd struct {
	BackupDir  string `arg:"" type:"existingdir" help:"Where the copy of the database lies." env:"LAMPLIGHT_BACKUP_DIR"`
	BackupKeys string `arg:"" optional:"" type:"existingdir" help:"Where the keys' copies lie." env:"LAMPLIGHT_BACKUP_KEYS"`
}

func (c *backupStatusCmd) Run() error { return c.run(os.Stdout) }

func (c *backupStatusCmd) run(out io.Writer) error {
	v, err := backup.OpenVault(c.BackupDir)
	if err != nil {
		return err
	}
	bases, err := v.Bases()
	if err != nil {
		return err
	}
	if len(bases) == 0 {
		return fmt.Errorf("%s holds no base backup that can be restored", c.BackupDir)
	}
	for _, b := range bases {
		_, err := fmt.Fprintf(out, "base %s  %5d MB  history %s-%d\n", b.At.Format(time.RFC3339), b.Bytes>>20, b.System, b.Timeline)
		if err != nil {
			return err
		}
	}
	f, err := backup.RestoreSource{Vault: v}.Find()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "a restore reaches %s of the log, stored %s\n", f.Stored, f.Newest.UTC().Format(time.RFC3339))
	if err != nil || c.BackupKeys == "" {
		return err
	}
	keys, err := backup.Escrow{Dir: c.BackupKeys}.Newest()
	if err == nil {
		_, err = fmt.Fprintln(out, "keys "+keys)
	}
	return err
}

type backupIdentityCmd struct {
	File string `arg:"" type:"path" help:"Where the identity is written: carry it away from this machine."`
}

func (c *backupIdentityCmd) Run() error { return c.run(os.Stdout) }

func (c *backupIdentityCmd) run(out io.Writer) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make an identity: %w", err)
	}
	f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // one that is there may be the only way into a backup
	if err != nil {
		return fmt.Errorf("keep the identity: %w", err)
	}
	_, err = fmt.Fprintf(f, "# Opens Lamplight's backups. Keep it away from the server, twice.\n%s\n", id)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep the identity: %w", err)
	}
	_, err = fmt.Fprintln(out, id.Recipient())
	return err
}

// readIdentities reads a file of age identities.
func readIdentities(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	defer f.Close()
	ids, err := age.ParseIdentities(bufio.NewReader(f))
	if err != nil { // the parser's error may quote the file
		return nil, fmt.Errorf("%s holds no age identity: give the file that 'lamplight backup identity' wrote", path)
	}
	return ids, nil
}

// keysCmd looks after keys.
type keysCmd struct {
	Renew keysRenewCmd `cmd:"" help:"Have a key made anew at the next start, where the old one is lost or known to others."`
}

type keysRenewCmd struct {
	server.RecordFlags
	Key string `arg:"" help:"Its file: push.json, links.key, nats.json, ca-secret.pem, drill.key."`
}

func (c *keysRenewCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *keysRenewCmd) run(ctx context.Context, out io.Writer) error {
	return inRecord(ctx, c.ConnectUnchecked, func(ctx context.Context, s *server.Server) error {
		loses, err := custody.RenewKey(ctx, s.Pool, s.Audit, s.State.Keys(""), server.Hostname(), c.Key)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "the next start makes %s anew, and then %s\n", c.Key, loses)
		return err
	})
}
