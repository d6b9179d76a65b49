package windowtest

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Process is a started program and its log.
type Process struct {
	*exec.Cmd
	log string
}

// Start starts a program in a process group of its own, which ends with the test.
func Start(t testing.TB, env []string, name string, args ...string) *Process {
	t.Helper()
	return start(t, env, nil, name, args...)
}

func start(t testing.TB, env []string, files []*os.File, name string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(name, args...), log: filepath.Join(t.TempDir(), filepath.Base(name)+".log")}
	f, err := os.Create(p.log) // a file, not a pipe: a grandchild that outlives us would hold the test up
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p.Env, p.Stdout, p.Stderr, p.ExtraFiles = append(os.Environ(), env...), f, f, files
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGTERM) // it may have gone already
		done := make(chan struct{})
		go func() { _ = p.Wait(); close(done) }() // ended by a signal of ours is how it should end
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // it may have gone since
			<-done
		}
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), p.Said())
		}
	})
	return p
}

// Said is the log so far.
func (p *Process) Said() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Until waits for a line of the log that holds words, and returns it.
func (p *Process) Until(t testing.TB, words string) string {
	t.Helper()
	var line string
	Eventually(t, "the log says "+words, func() bool {
		sc := bufio.NewScanner(strings.NewReader(p.Said()))
		for sc.Scan() {
			if strings.Contains(sc.Text(), words) {
				line = sc.Text()
				return true
			}
		}
		return false
	})
	return line
}

// Eventually looks until ok, for at most Patience.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, Patience)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}

// display starts an X server and a session bus of the test's own.
func display(t testing.TB) []string {
	t.Helper()
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// -noreset: otherwise it begins anew, deaf for a moment, whenever its last window has gone.
	start(t, nil, []*os.File{wr}, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")
	if err := wr.Close(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	n, err := r.Read(b)
	if err != nil {
		t.Fatal("Xvfb tells no display:", err)
	}
	number := strings.TrimSpace(string(b[:n]))
	// It has told its number; whether it answers is another question where other X servers come and go at the same time.
	Eventually(t, "display "+number+" answers", func() bool { return answers("@/tmp/.X11-unix/X" + number) })
	bus := filepath.Join(t.TempDir(), "bus")
	env := []string{"DISPLAY=:" + number, "GDK_BACKEND=x11", "NO_AT_BRIDGE=1", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + bus,
		"XDG_DATA_HOME=" + t.TempDir(), "XDG_CACHE_HOME=" + t.TempDir()}
	Start(t, env, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path="+bus)
	Eventually(t, "the session bus is up", func() bool { _, err := os.Stat(bus); return err == nil })
	return env
}

// answers says whether the X server at the socket lets a client in. Source: X Window System Protocol, Connection Setup.
func answers(socket string) bool {
	c, err := net.DialTimeout("unix", socket, Patience)
	if err != nil {
		return false
	}
	defer c.Close()
	if c.SetDeadline(time.Now().Add(Patience)) != nil {
		return false
	}
	// little-endian, version 11.0, no authorization
	if _, err := c.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return false
	}
	said := []byte{0}
	_, err = c.Read(said)
	return err == nil && said[0] == 1
}
