package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The desk as a program: built once a kind, started in a group of its own, its log kept for a failed test.

var built sync.Map // tags → func() (path string, err error)

// program builds the desk with tags. Its page must have been built before: npm ci and npm run build in frontend.
func program(t *testing.T, tags string) string {
	t.Helper()
	once, _ := built.LoadOrStore(tags, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "lamplight-desk")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, "console")
		out, err := exec.Command("go", "build", "-tags", tags, "-o", path, ".").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("go build -tags %s: %w\n%s", tags, err, out)
		}
		return path, nil
	}))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	built.Range(func(_, once any) bool {
		if path, err := once.(func() (string, error))(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path)) // of a temporary directory
		}
		return true
	})
	os.Exit(code)
}

// A process is a started program and its log.
type process struct {
	*exec.Cmd
	log string
}

// start starts a program in a process group of its own, which ends with the test.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), log: filepath.Join(t.TempDir(), filepath.Base(name)+".log")}
	f, err := os.Create(p.log) // a file, not a pipe: a grandchild that outlives us would hold the test up
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p.Env, p.Stdout, p.Stderr = append(os.Environ(), env...), f, f
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGTERM) // it may have gone already
		done := make(chan struct{})
		go func() { _ = p.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
			<-done
		}
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), p.said())
		}
	})
	return p
}

func (p *process) said() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// until waits for a line of the log that holds words, and returns it.
func (p *process) until(t *testing.T, words string) string {
	t.Helper()
	var line string
	eventually(t, "the log says "+words, func() bool {
		sc := bufio.NewScanner(strings.NewReader(p.said()))
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

// eventually looks until ok, for at most fifteen seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within 15 s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
