package postgres

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"
)

// A Recovery is what a cluster is made from: a base backup and the WAL since its beginning.
type Recovery struct {
	Base  io.Reader              // the data directory as a tar
	WAL   func(dir string) error // puts the segments, by PostgreSQL's names for them, into a directory
	Until time.Time              // take nothing that was committed later; zero takes all there is
}

// recoveryPatience is how long a cluster may replay WAL before it is given up.
const recoveryPatience = time.Hour

// Recover makes a private cluster in cfg.Dir, which must not hold one, and returns it running and writable, on a timeline of
// its own. Killed at any moment it leaves a directory that holds no cluster or one that the next start recovers further.
func Recover(ctx context.Context, cfg Config, r Recovery) (*Cluster, error) {
	c := &Cluster{cfg: cfg}
	if c.made() {
		return nil, fmt.Errorf("there is a database in %s already: restore to another directory", c.data())
	}
	var err error
	if c.acct, err = serviceAccount(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the database directory: %w", err)
	}
	wal, data := filepath.Join(cfg.Dir, "wal"), c.data()+".new"
	for _, dir := range []string{wal, data} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("clear %s: %w", dir, err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make %s: %w", dir, err)
		}
	}
	if err := unpack(r.Base, data); err != nil {
		return nil, c.explain("unpack the base backup", err, "")
	}
	if err := r.WAL(wal); err != nil {
		return nil, c.explain("unpack the WAL", err, "")
	}
	if err := os.WriteFile(filepath.Join(data, "recovery.signal"), nil, 0o600); err != nil {
		return nil, c.explain("begin the recovery", err, "")
	}
	for _, dir := range []string{wal, data} {
		if err := c.ownAll(dir); err != nil {
			return nil, err
		}
	}
	if err := os.Rename(data, c.data()); err != nil {
		return nil, fmt.Errorf("put the database in place: %w", err)
	}
	cfg.Settings = recoverySettings(cfg.Settings, r.Until)
	cfg.patience = recoveryPatience
	up, err := Private(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("recover the database: %w", err)
	}
	if err := os.RemoveAll(wal); err != nil {
		return nil, errors.Join(fmt.Errorf("clear %s: %w", wal, err), up.Close())
	}
	return up, nil
}

// recoverySettings are for the one start that recovers; they are not in the settings of the next.
func recoverySettings(more map[string]string, until time.Time) map[string]string {
	s := maps.Clone(more)
	if s == nil {
		s = map[string]string{}
	}
	s["hot_standby"] = "off" // so that nobody is let in before it is over
	// PostgreSQL runs this in its data directory; the way there may hold anything a shell would trip over.
	s["restore_command"] = `'cp "../wal/%f" "%p"'`
	s["recovery_target_timeline"] = "'current'"
	if !until.IsZero() {
		s["recovery_target_time"] = "'" + until.UTC().Format("2006-01-02 15:04:05.999999+00") + "'"
		s["recovery_target_action"] = "'promote'"
	}
	return s
}

// unpack writes a data directory's tar.
func unpack(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r) // whoever writes may have more to say than a tar needs
			return err
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			if err = root.Mkdir(name, 0o700); errors.Is(err, fs.ErrExist) {
				err = nil
			}
		case tar.TypeReg:
			err = unpackFile(root, name, t)
		default:
			err = fmt.Errorf("%s is neither a file nor a directory", name)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, r io.Reader) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// ownAll gives a directory and what is in it to the account.
func (c *Cluster) ownAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return c.acct.own(path)
	})
}

// Stop ends a cluster that a killed process left running in cfg.Dir; none there is success.
func Stop(cfg Config) error {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	p, err := (&Cluster{cfg: Config{Dir: dir}}).adopt()
	if err != nil || p == nil {
		return err
	}
	return errors.Join(p.stop(), p.release())
}
