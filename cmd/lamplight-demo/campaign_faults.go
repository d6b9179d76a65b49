package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lamplight/routing/channel/pocket"
)

// strike does a fault and undoes it again. An error is one of the campaign's own: it could not be done, or the service did not
// come up again.
func (c *campaign) strike(ctx context.Context, f *fault) error {
	f.Began = time.Now()
	defer func() { f.Ended = time.Now() }()
	switch f.Kind {
	case serverKilled:
		if err := c.process.stop(syscall.SIGKILL); err != nil {
			return err
		}
		return errors.Join(pause(ctx, f.Lasts), c.startServer(ctx))
	case serverFrozen:
		return c.freeze(ctx, f, []int{c.process.cmd.Process.Pid})
	case deskFrozen:
		return c.freeze(ctx, f, []int{c.agents[f.Which].cmd.Process.Pid})
	case postgresFrozen:
		pids, err := c.postgres(ctx)
		if err != nil {
			return err
		}
		return c.freeze(ctx, f, pids)
	case postgresAway:
		return c.postgresAway(ctx, f)
	case diskFull:
		return c.fillDisk(ctx, f)
	case clockMoved:
		hour := time.Hour
		if f.Which%2 == 1 {
			hour = -hour
		}
		return errors.Join(c.setClock(hour), pause(ctx, f.Lasts), c.setClock(0))
	case carrierLies:
		c.lie(true)
		defer c.lie(false)
		return pause(ctx, f.Lasts)
	}
	return fmt.Errorf("nobody knows how to do the fault %q", f.Kind)
}

// startServer starts the server, again if its start fails, as a watched service does: PostgreSQL may be recovering.
func (c *campaign) startServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, time.Minute)
		err := c.process.start(one, c.demo)
		done()
		if err == nil || ctx.Err() != nil {
			return err
		}
		c.note("the server did not start: %v", errors.Join(err, c.process.stop(syscall.SIGKILL)))
	}
}

// freeze stops processes and lets them go on.
func (c *campaign) freeze(ctx context.Context, f *fault, pids []int) (err error) {
	for _, pid := range pids {
		err = errors.Join(err, gone(syscall.Kill(pid, syscall.SIGSTOP)))
	}
	err = errors.Join(err, pause(ctx, f.Lasts))
	for _, pid := range pids {
		err = errors.Join(err, gone(syscall.Kill(pid, syscall.SIGCONT)))
	}
	return err
}

// gone forgives that a process ended meanwhile: PostgreSQL's come and go.
func gone(err error) error {
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// postgres lists the private PostgreSQL's processes, the postmaster first, as soon as it runs: the fault before may have taken
// it away.
func (c *campaign) postgres(ctx context.Context) (pids []int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	postmaster := 0
	for postmaster == 0 {
		b, err := os.ReadFile(filepath.Join(c.server.State.Path("postgres"), "data", "postmaster.pid"))
		first, _, _ := strings.Cut(string(b), "\n")
		if pid, perr := strconv.Atoi(first); err == nil && perr == nil && syscall.Kill(pid, 0) == nil {
			postmaster = pid
		} else if pause(ctx, 100*time.Millisecond) != nil {
			return nil, errors.New("PostgreSQL does not run and does not come back")
		}
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", postmaster))
	if err != nil {
		return nil, err
	}
	pids = []int{postmaster}
	for _, t := range tasks {
		b, err := os.ReadFile(t)
		if err != nil {
			return nil, err
		}
		for _, one := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(one)
			if err != nil {
				return nil, err
			}
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// postgresAway kills PostgreSQL and keeps it from starting.
func (c *campaign) postgresAway(ctx context.Context, f *fault) error {
	control := filepath.Join(c.server.State.Path("postgres"), "data", "global", "pg_control")
	pids, err := c.postgres(ctx)
	if err != nil {
		return err
	}
	if err := os.Rename(control, control+".away"); err != nil {
		return err
	}
	return errors.Join(gone(syscall.Kill(pids[0], syscall.SIGKILL)), pause(ctx, f.Lasts), os.Rename(control+".away", control))
}

// disk is the size of the disk that can be filled: the state directory's own, in memory.
const disk = "3g"

// mountDisk gives the state directory a disk of its own; why tells why that cannot be.
func mountDisk(dir string) (why error) {
	if os.Geteuid() != 0 {
		return errors.New("only root may mount a small disk")
	}
	if err := syscall.Mount("lamplight-campaign", dir, "tmpfs", 0, "mode=0711,size="+disk); err != nil {
		return fmt.Errorf("mount a small disk: %w", err)
	}
	return nil
}

// fillDisk writes until there is no room, and keeps it so.
func (c *campaign) fillDisk(ctx context.Context, f *fault) (err error) {
	path := c.server.State.Path("filler")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	var st syscall.Statfs_t
	for end := time.Now().Add(f.Lasts); time.Now().Before(end); {
		if err := syscall.Fstatfs(int(file.Fd()), &st); err != nil {
			return err
		}
		at, err := file.Seek(0, 2)
		if err != nil {
			return err
		}
		if room := int64(st.Bavail) * st.Bsize; room > 0 {
			// What somebody else takes first is no error: then there is no room either.
			if err := syscall.Fallocate(int(file.Fd()), 0, at, room); err == nil {
				_, err = file.Seek(0, 2)
				if err != nil {
					return err
				}
			}
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// faketime is Debian's libfaketime.
const faketime = "/usr/lib/*/faketime/libfaketime.so.1"

// movablePostgres makes a directory of PostgreSQL's programs whose server goes by a clock that setClock moves.
func movablePostgres(dir, bin string) (string, error) {
	libraries, err := filepath.Glob(faketime)
	if err != nil || len(libraries) == 0 {
		return "", errors.New("there is no " + faketime)
	}
	own := filepath.Join(dir, "postgres-bin")
	if err := os.Mkdir(own, 0o755); err != nil {
		return "", err
	}
	programs, err := filepath.Glob(filepath.Join(bin, "*"))
	if err != nil {
		return "", err
	}
	for _, p := range programs {
		if filepath.Base(p) == "postgres" {
			script := fmt.Sprintf("#!/bin/sh\nexec env LD_PRELOAD=%s FAKETIME_TIMESTAMP_FILE=%s FAKETIME_NO_CACHE=1 "+
				"FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DISABLE_SHM=1 %s \"$@\"\n", libraries[0], filepath.Join(dir, "faketime"), p)
			err = os.WriteFile(filepath.Join(own, "postgres"), []byte(script), 0o755)
		} else {
			err = os.Symlink(p, filepath.Join(own, filepath.Base(p)))
		}
		if err != nil {
			return "", err
		}
	}
	return own, nil
}

// setClock moves the clock of the server and PostgreSQL; the phones', the agents' and this process's stay right.
func (c *campaign) setClock(ahead time.Duration) error {
	for path, text := range map[string]string{
		c.server.State.Path("clock"):    strconv.FormatInt(int64(ahead), 10),
		c.server.State.Path("faketime"): fmt.Sprintf("%+ds\n", int(ahead.Seconds())),
	} {
		if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	return nil
}

// lies are what a carrier does that lies.
var lies = []pocket.Fault{pocket.ServerError, pocket.Busy, pocket.TakeAndHang, pocket.TakeAndBreak, pocket.Undeliver, pocket.DropReports,
	pocket.TwiceReports, pocket.ShuffleReports, pocket.None}

// lie has the carrier lie from now on, or be honest again. What it did with each message is kept for the reckoning.
func (c *campaign) lie(now bool) {
	if !now {
		c.pocket.SetFaults(nil)
		return
	}
	c.pocket.SetFaults(func(a pocket.Arrival) pocket.Fault {
		c.mu.Lock()
		defer c.mu.Unlock()
		f := lies[c.lying.IntN(len(lies))]
		c.lied[a.Kind+a.Link] = append(c.lied[a.Kind+a.Link], f)
		return f
	})
}
