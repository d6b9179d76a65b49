package asterisk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is one Asterisk that runs, our child or one that an earlier process of ours left.
type process struct {
	pid  int
	fd   int           // its pidfd: a signal sent by it cannot hit another process that got the same number
	gone chan struct{} // closed when it is dead
	how  error         // how it ended, once gone is closed; nil for one that was taken over, nobody tells us
}

// launch starts Asterisk on the configuration in dir.
func launch(in Install, dir string, a account, dieWithUs bool) (*process, error) {
	out, err := os.OpenFile(filepath.Join(dir, "log", "start.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own
	if err := a.own(out.Name()); err != nil {
		return nil, err
	}
	// The shell sets what Go cannot set for one child alone: whatever Asterisk writes, voices above all, is its
	// account's only; and each leg needs files.
	args := append([]string{"-c", `umask 077; ulimit -n 65536 2>/dev/null || :; exec "$@"`, "sh"}, in.Command...)
	cmd := exec.Command("/bin/sh", append(args, "-f", "-C", filepath.Join(dir, "etc", "asterisk.conf"))...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=" + os.Getenv("TZ")}
	cmd.Stdout, cmd.Stderr = out, out
	// A session of its own: what the terminal sends us is ours to pass on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: a.credential()}
	if dieWithUs {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	p := &process{gone: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal is bound to the thread that started the child, so that thread stays for as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		usual := hurry()
		err := cmd.Start()
		usual()
		if err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		p.fd, err = unix.PidfdOpen(p.pid, 0)
		if err != nil {
			err = errors.Join(fmt.Errorf("watch process %d: %w", p.pid, err), cmd.Process.Kill())
		}
		started <- err
		p.how = cmd.Wait()
		close(p.gone)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", in.Command[len(in.Command)-1], err)
	}
	return p, nil
}

// How Asterisk runs before other programs: as a real-time program of low rank, as its own option -p would have it, or
// where that is not allowed as one that is not nice at all. Its sound is due each 20 ms, and a recorder that comes 100 ms
// late loses what was said; a busy machine lets ordinary programs wait longer than that, however little nice they are.
const (
	rank   = 10
	sooner = -11
)

// hurry lets this thread, and with it the child it starts, run before others where we may: as root, or when an
// administrator allows it (LimitRTPRIO= of systemd). Otherwise nothing changes. The result makes the thread as it was.
func hurry() (usual func()) {
	was, err := unix.SchedGetAttr(0, 0)
	if err != nil || was.Policy != unix.SCHED_NORMAL && was.Priority >= rank {
		return func() {}
	}
	if unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_RR, Priority: rank}, 0) != nil &&
		(was.Nice <= sooner || unix.SchedSetAttr(0, &unix.SchedAttr{Nice: sooner}, 0) != nil) {
		return func() {}
	}
	return func() {
		// giving up rank is never refused
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{Policy: was.Policy, Priority: was.Priority, Nice: was.Nice}, 0)
	}
}

// adopt finds the Asterisk that runs on the configuration in dir, nil when there is none.
func adopt(dir string) (*process, error) {
	text, err := os.ReadFile(filepath.Join(dir, "run", "asterisk.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return nil, nil // half-written by an Asterisk that died
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	// With the pidfd open the number cannot come to mean another process between this look and a signal.
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(line, []byte("\x00"+filepath.Join(dir, "etc", "asterisk.conf")+"\x00")) {
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

// stop asks the process to end, kills it when it does not, and returns when it is gone.
func (p *process) stop() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop Asterisk: %w", err)
	}
	select {
	case <-p.gone:
	case <-time.After(5 * time.Second):
		if err := p.signal(syscall.SIGKILL); err != nil {
			return fmt.Errorf("kill Asterisk: %w", err)
		}
		<-p.gone
	}
	return nil
}

// release forgets a process that is gone.
func (p *process) release() error { return unix.Close(p.fd) }

// ready returns when Asterisk answers on ARI and SIP and knows the carrier; it fails when the process dies or the time
// is over, with what its log says.
func (p *process) ready(ctx context.Context, pl plan) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		if last = answers(ctx, pl); last == nil {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("Asterisk ended while it started: %s", complaint(pl.Dir))
		case <-ctx.Done():
			return fmt.Errorf("Asterisk does not answer (%w): %s", last, complaint(pl.Dir))
		case <-tick.C:
		}
	}
}

// complaint is the last error in Asterisk's log, or what it said before it had one.
func complaint(dir string) string {
	for _, name := range []string{"messages.log", "start.log"} {
		text, err := os.ReadFile(filepath.Join(dir, "log", name))
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		for i := len(lines) - 1; i >= 0; i-- {
			if strings.Contains(lines[i], "ERROR") {
				return lastLine([]byte(lines[i]))
			}
		}
		if len(text) > 0 {
			return lastLine(text)
		}
	}
	return "its logs in " + filepath.Join(dir, "log") + " say nothing"
}
