package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Config says where a private cluster lives.
type Config struct {
	// Dir holds data, socket and log; made when missing. When the process is root, the account PostgreSQL runs as must be
	// able to enter it, so it cannot lie under /root.
	Dir string
	// Bin is the directory of the PostgreSQL binaries; empty means the newest of /usr/lib/postgresql/*/bin, then PATH.
	Bin string
	// Settings are added to postgresql.conf after ours, "work_mem = 8MB" as key and value.
	Settings map[string]string
	// Progress, when set, hears what takes time ("making the database", "starting the database").
	Progress func(string)
}

// A Cluster is a private PostgreSQL. Its owner (the first process that opened it) stops it at Close; another process that
// opened the same Dir meanwhile only borrows it.
type Cluster struct {
	cfg     Config
	bin     string
	version int
	acct    *account
	socket  string   // the directory of the socket
	owner   *os.File // holds the lock while we own the cluster; nil for a borrower
	child   *exec.Cmd
	exited  chan struct{} // closed when child has been reaped
}

const freeNeeded = 300 << 20 // a new cluster takes 40 MB, its first WAL segments as much again

// Private returns a running cluster in cfg.Dir: one that still runs there is taken over, else it is made and started.
// It returns once the cluster accepts connections. Errors are one sentence that says what to do.
func Private(ctx context.Context, cfg Config) (*Cluster, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	cfg.Dir = dir
	c := &Cluster{cfg: cfg}
	if c.bin, c.version, err = findBinaries(cfg.Bin); err != nil {
		return nil, err
	}
	if c.acct, err = serviceAccount(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the database directory: %w", err)
	}
	if err := c.acct.canEnter(dir); err != nil {
		return nil, err
	}
	if c.socket, err = c.socketDir(); err != nil {
		return nil, err
	}
	if c.owner, err = tryLock(filepath.Join(dir, "owner.lock")); err != nil {
		return nil, err
	}
	if c.owner == nil { // somebody owns it: wait until it answers
		if err := c.waitReady(ctx); err != nil {
			return nil, err
		}
		return c, nil
	}
	if err := c.bringUp(ctx); err != nil {
		c.owner.Close()
		return nil, err
	}
	return c, nil
}

// URL is where the cluster listens, for Open: database "lamplight", user "lamplight", by the socket.
func (c *Cluster) URL() string { return c.DatabaseURL("lamplight") }

// DatabaseURL is URL for another database of the cluster.
func (c *Cluster) DatabaseURL(db string) string {
	q := url.Values{"host": {c.socket}, "user": {"lamplight"}, "dbname": {db}, "sslmode": {"disable"}}
	return "postgres:///?" + q.Encode()
}

// Bin is the directory of its binaries (pg_dump, pg_basebackup).
func (c *Cluster) Bin() string { return c.bin }

// Version is the major version of its binaries.
func (c *Cluster) Version() int { return c.version }

// Log is the path of the server's log; it holds no statement and no parameter.
func (c *Cluster) Log() string { return filepath.Join(c.cfg.Dir, "postgresql.log") }

func (c *Cluster) data() string { return filepath.Join(c.cfg.Dir, "data") }

// Close stops the cluster when this process owns it, letting running statements end no later than ten seconds from now.
func (c *Cluster) Close() error {
	if c.owner == nil {
		return nil
	}
	defer c.owner.Close()
	pid := c.postmaster()
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	if c.waitGone(pid, 10*time.Second) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop PostgreSQL at once: %w", err)
	}
	if !c.waitGone(pid, 5*time.Second) {
		return fmt.Errorf("PostgreSQL (process %d) does not stop; its log is %s", pid, c.Log())
	}
	return nil
}

// waitGone reports whether pid ended in time.
func (c *Cluster) waitGone(pid int, limit time.Duration) bool {
	if c.child != nil && c.child.Process.Pid == pid {
		select {
		case <-c.exited:
			return true
		case <-time.After(limit):
			return false
		}
	}
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		// Not kill(pid, 0): where nobody reaps orphans, a dead postmaster answers that for ever.
		if c.postmaster() != pid {
			return true
		}
	}
	return false
}

func (c *Cluster) say(what string) {
	if c.cfg.Progress != nil {
		c.cfg.Progress(what)
	}
}

// bringUp makes and starts what is missing. The owner's lock is held.
func (c *Cluster) bringUp(ctx context.Context) error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	if !c.made() {
		if err := enoughRoom(c.cfg.Dir); err != nil {
			return err
		}
		c.say("making the database")
		if err := c.make(ctx); err != nil {
			return err
		}
	}
	if c.postmaster() == 0 || c.ping(ctx) != nil {
		c.say("starting the database")
		if err := c.start(ctx); err != nil {
			return err
		}
	}
	return c.ensureDatabase(ctx)
}

func (c *Cluster) made() bool {
	_, err := os.Stat(filepath.Join(c.data(), "PG_VERSION"))
	return err == nil
}

// checkVersion refuses binaries that cannot read the data that is there.
func (c *Cluster) checkVersion() error {
	b, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	if v := strings.TrimSpace(string(b)); v != fmt.Sprint(c.version) {
		if bin := versionBin(v); bin != "" && c.cfg.Bin == "" {
			c.bin, c.version = bin, atoi(v)
			return nil
		}
		return fmt.Errorf("the database in %s was made by PostgreSQL %s and this machine has %d: install postgresql-%s or upgrade it with pg_upgrade", c.data(), v, c.version, v)
	}
	return nil
}

// make runs initdb beside the final place and renames, so that a killed initdb leaves nothing half-made.
func (c *Cluster) make(ctx context.Context) error {
	tmp := c.data() + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("clear %s: %w", tmp, err)
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", tmp, err)
	}
	if err := c.acct.own(tmp); err != nil {
		return err
	}
	args := []string{"-D", tmp, "-U", "lamplight", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8",
		"--auth-local=peer", "--auth-host=reject"}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"), args...)
	c.acct.apply(cmd)
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		os.RemoveAll(tmp)
		return c.explain("make the database", err, string(out))
	}
	if err := c.configure(tmp); err != nil {
		os.RemoveAll(tmp)
		return err
	}
	if err := os.Rename(tmp, c.data()); err != nil {
		return fmt.Errorf("put the database in place: %w", err)
	}
	return nil
}
