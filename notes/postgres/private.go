package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
	// Log is told what takes time, when PostgreSQL died and when it is back; default nobody.
	Log *slog.Logger

	patience time.Duration // how long a start may take; 0 is a minute
}

// A Cluster is a private PostgreSQL. Its owner (the first process that opened it) watches it, starts it again when it dies,
// and stops it at Close; another process that opened the same Dir meanwhile only borrows it. Its methods may be called from
// any goroutine.
type Cluster struct {
	cfg     Config
	bin     string
	version int
	acct    *account
	socket  string   // the directory of the socket
	owner   *os.File // holds the lock while we own the cluster; nil for a borrower

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	done      chan struct{} // closed when an owner's cluster does not run any more
	closeErr  error         // set before done is closed

	mu  sync.Mutex // guards what follows
	pid int
}

const freeNeeded = 300 << 20 // a new cluster takes 40 MB, its first WAL segments as much again

// Private returns a running cluster in cfg.Dir: one that still runs there is taken over, else it is made and started.
// It returns once the cluster accepts connections. When ctx is done before that the start is given up; afterwards ctx has
// no part in it: Close stops the cluster. Errors are one sentence that says what to do.
func Private(ctx context.Context, cfg Config) (*Cluster, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	cfg.Dir = dir
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{cfg: cfg, closing: make(chan struct{}), done: make(chan struct{})}
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
		if err := c.waitReady(ctx, nil); err != nil {
			return nil, err
		}
		return c, nil
	}
	p, err := c.bringUp(ctx)
	if err != nil {
		return nil, errors.Join(err, c.owner.Close())
	}
	c.setPid(p.pid)
	go c.watch(p)
	return c, nil
}

// URL is where the cluster listens, for Open: database "lamplight", user "lamplight", by the socket.
func (c *Cluster) URL() string { return c.DatabaseURL("lamplight") }

// DatabaseURL is URL for another database of the cluster.
func (c *Cluster) DatabaseURL(db string) string {
	q := url.Values{"host": {c.socket}, "user": {"lamplight"}, "dbname": {db}, "sslmode": {"disable"}}
	return "postgres:///?" + strings.ReplaceAll(q.Encode(), "+", "%20") // a plus in a database URL is a plus
}

// Bin is the directory of its binaries (pg_dump, pg_basebackup).
func (c *Cluster) Bin() string { return c.bin }

// Version is the major version of its binaries.
func (c *Cluster) Version() int { return c.version }

// Log is the path of the server's log; it holds no statement and no parameter.
func (c *Cluster) Log() string { return filepath.Join(c.cfg.Dir, "postgresql.log") }

func (c *Cluster) data() string { return filepath.Join(c.cfg.Dir, "data") }

// Pid is the process id of the postmaster that runs now, 0 while none does or another process owns the cluster.
func (c *Cluster) Pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

func (c *Cluster) setPid(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid = pid
}

// Close stops the cluster when this process owns it, letting running statements end no later than ten seconds from now. A
// second Close waits for the first.
func (c *Cluster) Close() error {
	if c.owner == nil {
		return nil
	}
	c.closeOnce.Do(func() { close(c.closing) })
	<-c.done
	return c.closeErr
}

// bringUp makes and starts what is missing. The owner's lock is held.
func (c *Cluster) bringUp(ctx context.Context) (*process, error) {
	if err := c.checkVersion(); err != nil {
		return nil, err
	}
	if !c.made() {
		if err := enoughRoom(c.cfg.Dir); err != nil {
			return nil, err
		}
		c.cfg.Log.Info("making the database")
		if err := c.make(ctx); err != nil {
			return nil, err
		}
	}
	if c.postmaster() == 0 {
		c.cfg.Log.Info("starting the database")
	}
	p, err := c.run(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.ensureDatabase(ctx); err != nil {
		return nil, errors.Join(err, p.stop(), p.release())
	}
	return p, nil
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
		return fmt.Errorf("the database in %s was made by PostgreSQL %s and this machine has %d: install postgresql-%s or upgrade it "+
			"with pg_upgrade", c.data(), v, c.version, v)
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
	if c.cfg.Settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
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
