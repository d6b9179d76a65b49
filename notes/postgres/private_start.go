package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// settings are what makes an acknowledged write last, and what keeps statements and values out of the server's log.
var settings = map[string]string{
	"listen_addresses":                  "''",
	"fsync":                             "on",
	"synchronous_commit":                "on",
	"full_page_writes":                  "on",
	"wal_level":                         "replica",
	"max_connections":                   "120",
	"shared_buffers":                    "128MB",
	"max_wal_size":                      "1GB",
	"jit":                               "off",
	"timezone":                          "'UTC'",
	"log_timezone":                      "'UTC'",
	"log_statement":                     "none",
	"log_min_error_statement":           "panic",
	"log_min_duration_statement":        "-1",
	"log_error_verbosity":               "terse",
	"log_parameter_max_length":          "0",
	"log_parameter_max_length_on_error": "0",
}

// configure writes the settings and who may connect into a data directory. Written again at each start, so that a newer
// Lamplight's settings take hold.
func (c *Cluster) configure(dir string) error {
	all := maps.Clone(settings)
	all["unix_socket_directories"] = "'" + strings.ReplaceAll(c.socket, "'", "''") + "'"
	all["unix_socket_permissions"] = "0777" // the directory is the gate, and peer names who comes
	maps.Copy(all, c.cfg.Settings)
	var conf strings.Builder
	conf.WriteString("# Written by Lamplight at each start; changes here are lost.\n")
	for _, k := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&conf, "%s = %s\n", k, all[k])
	}
	me, err := user.Current()
	if err != nil {
		return fmt.Errorf("who runs this: %w", err)
	}
	hba := "# Written by Lamplight: this machine's two accounts, by the socket, and nobody else.\nlocal all lamplight peer map=house\nlocal replication lamplight peer map=house\n"
	ident := "house " + strconv.Quote(me.Username) + " lamplight\n"
	if c.acct.name != me.Username {
		ident += "house " + strconv.Quote(c.acct.name) + " lamplight\n"
	}
	for name, text := range map[string]string{"lamplight.conf": conf.String(), "pg_hba.conf": hba, "pg_ident.conf": ident} {
		path := filepath.Join(dir, name)
		if err := writeWhole(path, []byte(text), 0o600); err != nil {
			return c.explain("write "+name, err, "")
		}
		if err := c.acct.own(path); err != nil {
			return err
		}
	}
	main := filepath.Join(dir, "postgresql.conf")
	have, err := os.ReadFile(main)
	if err != nil {
		return fmt.Errorf("read postgresql.conf: %w", err)
	}
	const include = "include 'lamplight.conf'\n"
	if !strings.Contains(string(have), include) {
		if err := writeWhole(main, append(have, "\n"+include...), 0o600); err != nil {
			return c.explain("write postgresql.conf", err, "")
		}
		return c.acct.own(main)
	}
	return nil
}

// orphansLeave is how long the children of a killed postmaster may take to notice and end.
const orphansLeave = 15 * time.Second

// start runs the postmaster. After one was killed its children hold the shared memory for a moment, and PostgreSQL rightly
// refuses to start beside them: that is waited out.
func (c *Cluster) start(ctx context.Context) error {
	if err := c.configure(c.data()); err != nil {
		return err
	}
	if err := c.buryZombie(); err != nil {
		return err
	}
	for end := time.Now().Add(orphansLeave); ; {
		err := c.startOnce(ctx)
		if err == nil || !errors.Is(err, errOrphans) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// startOnce starts it in a process group of its own, so that neither our death nor a Ctrl-C ends it.
func (c *Cluster) startOnce(ctx context.Context) error {
	log, err := os.OpenFile(c.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return c.explain("open the database's log", err, "")
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("open the database's log: %w", err)
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.data())
	c.acct.apply(cmd)
	cmd.SysProcAttr.Setpgid = true
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return c.explain("start PostgreSQL", err, "")
	}
	c.child, c.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) {
		_ = cmd.Wait() // how it ended stands in its log
		close(exited)
	}(c.exited)
	if err := c.waitReady(ctx); err != nil {
		said := tail(c.Log(), from)
		if strings.Contains(said, "is still in use") {
			return fmt.Errorf("start PostgreSQL in %s: %w", c.data(), errOrphans)
		}
		return c.explain("start PostgreSQL", err, said)
	}
	return nil
}

var errOrphans = errors.New("processes of a killed PostgreSQL still hold its memory")

// buryZombie removes the lock file of a postmaster that is dead and that nobody reaped, as happens in a container whose
// first process reaps nothing: PostgreSQL would take it for a living one. Its memory is checked for all that.
func (c *Cluster) buryZombie() error {
	path := filepath.Join(c.data(), "postmaster.pid")
	b, err := os.ReadFile(path)
	if err != nil {
		return nil // none, or PostgreSQL will say what is wrong with it
	}
	pid, _, _ := strings.Cut(string(b), "\n")
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(pid) + "/stat")
	if err != nil {
		return nil // no such process: PostgreSQL sees that itself
	}
	// "123 (name) Z …"; the name may hold anything, so the state is sought after its last parenthesis.
	if at := strings.LastIndexByte(string(stat), ')'); at < 0 || !strings.HasPrefix(string(stat[at:]), ") Z") {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the lock of a dead PostgreSQL: %w", err)
	}
	return nil
}

// waitReady returns when the cluster accepts a connection, the child has died, or a minute has passed (crash recovery of a
// large database may take that).
func (c *Cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL in %s does not answer: %w", c.cfg.Dir, err)
		case <-c.exited: // nil for a borrower: never
			if c.ping(ctx) == nil {
				return nil // another postmaster was already there
			}
			return errors.New("PostgreSQL ended at once")
		case <-tick.C:
		}
	}
}

func (c *Cluster) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// ensureDatabase makes the database "lamplight" when it is not there.
func (c *Cluster) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DatabaseURL("postgres"))
	if err != nil {
		return fmt.Errorf("reach the private PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "create database lamplight")
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P04" { // it is there
		return nil
	}
	if err != nil {
		return c.explain("make the database", err, "")
	}
	return nil
}

// postmaster is the process that runs in our data directory, 0 when there is none.
func (c *Cluster) postmaster() int {
	b, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	lines := strings.SplitN(string(b), "\n", 3)
	pid := atoi(strings.TrimSpace(lines[0]))
	if pid <= 0 || len(lines) < 2 || strings.TrimSpace(lines[1]) != c.data() {
		return 0
	}
	// The pid may have been given to somebody else since: it must be a postgres in our directory.
	if cmd, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err != nil || !strings.Contains(string(cmd), c.data()) {
		return 0
	}
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return 0
	}
	return pid
}

// tail is what a file holds from an offset on, at most 64 kB.
func tail(path string, from int64) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return ""
	}
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return string(b)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
