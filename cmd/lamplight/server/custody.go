package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"

	"lamplight/notes/custody"
)

// BackupConfig says where copies go: a flag, its environment variable and its default stand on one line.
type BackupConfig struct {
	BackupDir       string        `help:"Where the copy of the private database goes, encrypted: another disk, or another machine's by NFS. Without it there is none." env:"LAMPLIGHT_BACKUP_DIR" type:"path" placeholder:"DIR"`
	BackupKeys      string        `help:"Where the keys' copies go, encrypted: apart from --backup-dir, because both together open everything." env:"LAMPLIGHT_BACKUP_KEYS" type:"path" placeholder:"DIR"`
	BackupRecipient []string      `help:"For whom both are encrypted (age); its identity lies elsewhere. 'lamplight backup identity' makes one." env:"LAMPLIGHT_BACKUP_RECIPIENT" placeholder:"age1…"`
	BackupEvery     time.Duration `help:"How often a base backup is made; the write-ahead log follows within a second." env:"LAMPLIGHT_BACKUP_EVERY" default:"24h"`
	BackupKeep      int           `help:"How many base backups stay, with the log since the oldest of them." env:"LAMPLIGHT_BACKUP_KEEP" default:"7"`
	DrillEvery      time.Duration `help:"How often the copy is restored apart and proved; 0 is never." env:"LAMPLIGHT_DRILL_EVERY" default:"24h"`
}

// errYours: what backup does not do.
var errYours = errors.New("the PostgreSQL at --database-url is yours, and so are its base backups and its write-ahead log: " +
	"Lamplight copies only its keys then; " +
	"give --backup-keys without --backup-dir, and prove a database you have restored with 'lamplight drill --restored postgres://…'")

// check refuses what would be no backup; yours tells that the database is the administrator's.
func (c *BackupConfig) check(yours bool) error {
	switch {
	case c.BackupDir != "" && yours:
		return errYours
	case c.BackupDir != "" && c.BackupKeys == "":
		return errors.New("--backup-dir needs --backup-keys too: without the keys a copy of the database opens nothing, and they must " +
			"not lie with it")
	case c.BackupKeys != "" && len(c.BackupRecipient) == 0:
		return errors.New("--backup-dir and --backup-keys need --backup-recipient too; 'lamplight backup identity FILE' makes one")
	case c.BackupKeep < 0 || c.BackupEvery < 0 || c.DrillEvery < 0:
		return errors.New("--backup-every, --backup-keep and --drill-every cannot be below zero")
	}
	_, err := c.recipients()
	return err
}

func (c *BackupConfig) recipients() (out []age.Recipient, err error) {
	for _, text := range c.BackupRecipient {
		all, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("--backup-recipient %q is no age recipient such as age1…: give what 'lamplight backup identity' printed",
				text)
		}
		out = append(out, all...)
	}
	return out, nil
}

// startCustody opens what keeps the copies, and has the database know the keys that are in use by now.
func (s *Server) startCustody(ctx context.Context) error {
	if err := custody.MarkKeys(ctx, s.Pool, s.Audit, s.State.Keys(""), Hostname()); err != nil {
		return err
	}
	to, err := s.Config.recipients()
	if err != nil {
		return err
	}
	c := custody.Config{State: s.State.Dir, Bin: s.Config.PostgresBin, Dir: s.Config.BackupDir, KeysDir: s.Config.BackupKeys, To: to,
		BaseEvery: s.Config.BackupEvery,
		Keep:      s.Config.BackupKeep, DrillEvery: s.Config.DrillEvery, Pool: s.Pool, Log: s.Audit, Tables: AuditedTables(), Logger: s.Log}
	if s.Cluster != nil {
		c.URL = s.Cluster.URL()
	}
	if s.Custody, err = custody.New(c); err != nil {
		return err
	}
	if c.Dir == "" && s.Cluster != nil {
		s.Log.Warn("the record is not backed up: a lost disk loses it; give --backup-dir, --backup-keys and --backup-recipient")
	}
	return nil
}

// CustodyFlags are what a command needs to act on the copies.
type CustodyFlags struct {
	RecordFlags
	BackupConfig
}

// Connect is RecordFlags.Connect with the copies' keeper.
func (f CustodyFlags) Connect(ctx context.Context) (*Server, error) {
	if err := f.check(f.DatabaseURL != ""); err != nil {
		return nil, err
	}
	if f.BackupKeys == "" {
		return nil, errors.New("give --backup-dir, --backup-keys and --backup-recipient, or set their environment variables, as the " +
			"server has them")
	}
	s, err := f.RecordFlags.Connect(ctx)
	if err != nil {
		return nil, err
	}
	s.Config.BackupConfig = f.BackupConfig
	if err := s.startCustody(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
