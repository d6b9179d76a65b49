package postgres

import (
	"cmp"
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
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// settings are what makes an acknowledged write last, and what keeps statements and values out of the server's log. After a
// crash the files are synced by one call for all (syncfs), which halves the time away.
var settings = map[string]string{
	"listen_addresses":                  "''",
	"fsync":                             "on",
	"synchronous_commit":                "on",
	"full_page_writes":                  "on",
	"recovery_init_sync_method":         "syncfs",
	"wal_level":                         "replica",
	"max_slot_wal_keep_size":            "8GB", // what waits for a backup that does not come must not fill the service's own disk
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
	all["unix_socket_permissions"] = "0777"    // the directory is the gate, and peer names who comes
	all["cluster_name"] = "'" + c.name() + "'" // stands in the title of each of its processes
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
	hba := "# Written by Lamplight: this machine's two accounts, by the socket, and nobody else.\nlocal all lamplight peer " +
		"map=house\nlocal replication lamplight peer map=house\n"
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

// How long the children of a killed postmaster may take to notice and end; then how long to be gone once they are killed.
const (
	orphansLeave = 5 * time.Second
	orphansDie   = 10 * time.Second
)

// run brings a postmaster: the one that was left running or is still coming up, or a new one.
func (c *Cluster) run(ctx context.Context) (*process, error) {
	p, err := c.adopt()
	if err != nil {
		return nil, err
	}
	if p != nil {
		err := c.waitReady(ctx, p.gone)
		if err == nil {
			return p, nil
		}
		if err := errors.Join(err, p.release()); !errors.Is(err, errEnded) {
			return nil, err
		}
	}
	return c.start(ctx)
}

// start runs a new postmaster. After one was killed its children hold the shared memory for a moment, and PostgreSQL rightly
// refuses to start beside them: that is waited out. One that does not notice, in a long computation for instance, is killed:
// what it would still commit nobody waits for, and callers do.
func (c *Cluster) start(ctx context.Context) (*process, error) {
	if err := c.configure(c.data()); err != nil {
		return nil, err
	}
	if err := c.buryDead(); err != nil {
		return nil, err
	}
	killed := false
	for began := time.Now(); ; {
		p, err := c.startOnce(ctx)
		if err == nil || !errors.Is(err, errOrphans) {
			return p, err
		}
		switch waited := time.Since(began); {
		case waited > orphansLeave+orphansDie:
			return nil, err
		case waited > orphansLeave && !killed:
			killed = true
			c.killOrphans()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// startOnce starts it in a process group of its own, so that neither our death nor a Ctrl-C ends it. One that has not come up
// in time is left to its recovery, and found again by the next try.
func (c *Cluster) startOnce(ctx context.Context) (*process, error) {
	log, err := os.OpenFile(c.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, c.explain("open the database's log", err, "")
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("open the database's log: %w", err)
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.data())
	c.acct.apply(cmd)
	cmd.SysProcAttr.Setpgid = true
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	p, err := launch(cmd)
	if err != nil {
		return nil, c.explain("start PostgreSQL", err, "")
	}
	err = c.waitReady(ctx, p.gone)
	if err == nil {
		return p, nil
	}
	said := tail(c.Log(), from)
	if ctx.Err() != nil { // nobody will come back for it
		err = errors.Join(err, p.stop())
	}
	err = errors.Join(err, p.release())
	if strings.Contains(said, "is still in use") {
		return nil, fmt.Errorf("start PostgreSQL in %s: %w", c.data(), errOrphans)
	}
	return nil, c.explain("start PostgreSQL", err, said)
}

var (
	errOrphans = errors.New("processes of a killed PostgreSQL still hold its memory")
	errEnded   = errors.New("PostgreSQL ended at once")
)

// waitReady returns when the cluster accepts a connection, the process is gone (nil: somebody else's), or a minute has
// passed (crash recovery of a large database may take that; a restore's may take longer).
func (c *Cluster) waitReady(ctx context.Context, gone <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.cfg.patience, time.Minute))
	defer cancel()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.ping(ctx)
		select {
		case <-gone: // whoever answered, it was not this one
			return errEnded
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL in %s does not answer: %w", c.cfg.Dir, err)
		case <-gone:
			return errEnded
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
