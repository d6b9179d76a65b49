package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is one postmaster that runs, our child or one that an earlier process of ours left.
type process struct {
	pid  int
	fd   int           // its pidfd: a signal sent by it cannot hit another process that got the same number
	gone chan struct{} // closed when it is dead
	how  error         // how it ended, once gone is closed; nil for one that was taken over, nobody tells us
}

// launch starts a postmaster.
func launch(cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, gone: make(chan struct{})}
	var err error
	if p.fd, err = unix.PidfdOpen(p.pid, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("watch process %d: %w", p.pid, err), cmd.Process.Kill(), cmd.Wait())
	}
	go func() {
		p.how = cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// adopt finds the postmaster that runs in our data directory, nil when there is none.
func (c *Cluster) adopt() (*process, error) {
	pid := c.postmaster()
	if pid == 0 {
		return nil, nil
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	// With the pidfd open the number cannot come to mean another process between this look and a signal.
	if c.postmaster() != pid {
		return nil, unix.Close(fd)
	}
	p := &process{pid: pid, fd: fd, gone: make(chan struct{})}
	go func() {
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
				close(p.gone)
				return
			}
		}
	}()
	return p, nil
}

// signal sends one; to a dead process that is no error.
func (p *process) signal(s syscall.Signal) error {
	err := unix.PidfdSendSignal(p.fd, s, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// stop ends the postmaster: the transactions under way are rolled back, what is committed is written out. One that takes too
// long for that is stopped at once and recovers at its next start.
func (p *process) stop() error {
	for _, how := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGINT, 10 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}} {
		if err := p.signal(how.signal); err != nil {
			return fmt.Errorf("stop PostgreSQL: %w", err)
		}
		select {
		case <-p.gone:
			return nil
		case <-time.After(how.limit):
		}
	}
	return fmt.Errorf("PostgreSQL (process %d) does not stop", p.pid)
}

// release forgets a process.
func (p *process) release() error { return unix.Close(p.fd) }

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
	// The pid may have been given to somebody else since: it must be a postgres in our directory. A dead one that nobody has
	// reaped has no command line.
	if cmd, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err != nil || !bytes.Contains(cmd, []byte(c.data())) {
		return 0
	}
	return pid
}

// buryDead removes the lock files of a postmaster that is dead while its number is not free: nobody reaped it, as happens in
// a container whose first process reaps nothing, or the machine has started anew and given the number to another process.
// PostgreSQL would take that for a living one. The memory of a dead one's children is looked at for all that.
func (c *Cluster) buryDead() error {
	if c.postmaster() != 0 {
		return nil // PostgreSQL will say so
	}
	for _, path := range []string{filepath.Join(c.data(), "postmaster.pid"), filepath.Join(c.socket, ".s.PGSQL.5432.lock")} {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // none, or PostgreSQL will say what is wrong with it
		}
		pid, _, _ := strings.Cut(string(b), "\n")
		if _, err := os.Stat("/proc/" + strings.TrimSpace(pid)); err != nil {
			continue // no such process: PostgreSQL sees that itself
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove the lock of a dead PostgreSQL: %w", err)
		}
	}
	return nil
}

// killOrphans kills the children of a dead postmaster. They are known by the cluster's name, with which each one's title
// begins, and by whom they run as.
func (c *Cluster) killOrphans() {
	title := []byte("postgres: " + c.name() + ": ")
	all, err := os.ReadDir("/proc")
	if err != nil {
		c.cfg.Log.Error("look for the processes of a killed PostgreSQL", "error", err)
		return
	}
	killed := 0
	for _, d := range all {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue // it has ended
		}
		line, err := os.ReadFile(filepath.Join("/proc", d.Name(), "cmdline"))
		if fi, serr := os.Stat(filepath.Join("/proc", d.Name())); err == nil && serr == nil && bytes.HasPrefix(line, title) &&
			c.acct.owns(fi) {
			if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
				c.cfg.Log.Error("a process of a killed PostgreSQL cannot be killed", "pid", pid, "error", err)
			}
			killed++
		}
		_ = unix.Close(fd) // a pidfd holds nothing that could be lost
	}
	c.cfg.Log.Warn("processes of a killed PostgreSQL held its memory and are killed", "processes", killed)
}
