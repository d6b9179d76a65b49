package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/custody"
	"lamplight/notes/postgres/postgrestest"
)

// A program is `lamplight` itself, run as a process on a state directory.
type program struct {
	cmd    *exec.Cmd
	output *heard
	done   chan struct{} // closed when it has ended
}

// heard keeps what a process wrote.
type heard struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// launch starts it; env is added to ours.
func launch(t *testing.T, change func(*exec.Cmd), args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(os.Args[0], args...), output: &heard{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "LAMPLIGHT_TEST_SERVER=1", "DISPLAY=", "WAYLAND_DISPLAY=")
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{}
	p.cmd.WaitDelay = time.Second
	if change != nil {
		change(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the state says how
		close(p.done)
	}()
	t.Cleanup(func() {
		select {
		case <-p.done:
		default: // a test that failed left it
			p.signal(t, syscall.SIGTERM)
			<-p.done
		}
	})
	return p
}

func (p *program) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

// ends waits for its end and returns the exit status.
func (p *program) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatalf("it did not end within a minute: %s", p.output)
	}
	return p.cmd.ProcessState.ExitCode()
}

// says waits until it has written some words.
func (p *program) says(t *testing.T, words string) {
	t.Helper()
	eventually(t, "it says "+words, func() bool {
		select {
		case <-p.done:
			t.Fatalf("it ended before it said %q: %s", words, p.output)
		default:
		}
		return strings.Contains(p.output.String(), words)
	})
}

// complaints are the lines that are neither the server's log, nor the demo's progress, nor where an empty record waits for somebody.
func (p *program) complaints() []string {
	var out []string
	for line := range strings.Lines(p.output.String()) {
		line = strings.TrimRight(line, "\n")
		waits := line == "Lamplight waits for its first administrator."
		if !json.Valid([]byte(line)) && !strings.HasPrefix(line, "  ") && line != "" && !waits {
			out = append(out, line)
		}
	}
	return out
}

// refuses checks that it ended by itself with one clear sentence that holds the words, and left no process behind.
func (p *program) refuses(t *testing.T, dir string, status int, words ...string) {
	t.Helper()
	got := p.ends(t)
	said := p.complaints()
	if got != status || len(said) != 1 {
		t.Fatalf("status %d, want %d with one sentence: %s", got, status, p.output)
	}
	t.Log(said[0])
	for _, w := range append(words, "lamplight: ") {
		if !strings.Contains(said[0], w) {
			t.Errorf("%q does not say %q", said[0], w)
		}
	}
	if len(said[0]) > 700 || strings.Contains(said[0], "goroutine") {
		t.Errorf("not a sentence: %q", said[0])
	}
	nothingRuns(t, dir)
}

// nothingRuns checks that no process works in a directory.
func nothingRuns(t *testing.T, dir string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lines {
		if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte(dir)) { // one that ended meanwhile has none
			t.Errorf("left behind: %s %q", f, bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

// serve is a server on free ports.
func serve(t *testing.T, dir string, change func(*exec.Cmd), more ...string) *program {
	t.Helper()
	return launch(t, change, append([]string{"serve", "--state", dir, "--listen", "127.0.0.1:0", "--nats-listen", "127.0.0.1:0"},
		more...)...)
}

// worksAgain starts a server and ends it as an administrator does, which leaves nothing.
func worksAgain(t *testing.T, dir string) {
	t.Helper()
	p := serve(t, dir, nil)
	p.says(t, `"msg":"serving"`)
	p.signal(t, syscall.SIGTERM)
	if status := p.ends(t); status != 0 || len(p.complaints()) != 0 {
		t.Errorf("it ended with status %d: %s", status, p.output)
	}
	nothingRuns(t, dir)
}

func env(vars ...string) func(*exec.Cmd) {
	return func(c *exec.Cmd) { c.Env = append(c.Env, vars...) }
}

// TestRefusals starts the real program on what cannot work, one thing after the other on one state directory, and then on
// what can: each refusal is one sentence, and nothing of it stays.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := postgrestest.Dir(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken, empty := l.Addr().String(), postgrestest.Dir(t)
	for _, one := range []struct {
		name   string
		args   []string
		env    []string
		status int
		words  []string
	}{
		{"pages' port taken", []string{"--listen", taken}, nil, 1, []string{taken, "is taken", "--listen"}},
		{"desks' port taken", []string{"--nats-listen", taken}, nil, 1, []string{taken, "is taken", "--nats-listen"}},
		{"carriers' port taken", []string{"--hooks-listen", taken}, nil, 1, []string{taken, "is taken", "--hooks-listen"}},
		{"no address", []string{"--listen", "nonsense"}, nil, 1, []string{"missing port", "host:port", "--listen"}},
		{"misspelt flag", []string{"--lisen", "x"}, nil, 2, []string{"unknown flag --lisen", `"--listen"`, "lamplight serve --help"}},
		{"a word too much", []string{"now"}, nil, 2, []string{"unexpected argument now", "lamplight serve --help"}},
		{"no number", []string{"--mail-port", "many"}, nil, 2, []string{"--mail-port", "many"}},
		{"half of what belongs together", []string{"--ari-url", "http://127.0.0.1:1/ari"}, nil, 1,
			[]string{"--ari-password-file", "--registrar"}},
		{"links that phones refuse", []string{"--public-url", "http://x"}, nil, 1, []string{"--public-url", "https"}},
		{"a word for a network", []string{"--trunk-match", "ten"}, nil, 1, []string{"--trunk-match", "is no network", "10.0.0.0/24"}},
		{"no database URL", []string{"--database-url", "nonsense"}, nil, 1, []string{"--database-url", "postgres://user"}},
		{"no database there", []string{"--database-url", "postgres://u:sesame@127.0.0.1:1/x"}, nil, 1,
			[]string{"connection refused", "--database-url"}},
		{"no database host", []string{"--database-url", "postgres://u:sesame@nowhere.invalid/x"}, nil, 1,
			[]string{"nowhere.invalid", "--database-url"}},
		{"no PostgreSQL", []string{"--postgres-bin", empty}, nil, 1, []string{empty, "apt install postgresql", "--database-url"}},
		{"no apt to fetch Asterisk with", nil, []string{"LAMPLIGHT_ASTERISK_CACHE=" + empty, "PATH=" + empty}, 1,
			[]string{"apt-get is missing", "install Asterisk 22"}},
		{"no network to fetch Asterisk from", nil, []string{"LAMPLIGHT_ASTERISK_CACHE=" + empty, "http_proxy=http://127.0.0.1:1",
			"https_proxy=http://127.0.0.1:1"}, 1,
			[]string{"check the network, or install Asterisk 22 yourself"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			p := serve(t, dir, env(one.env...), one.args...)
			p.refuses(t, dir, one.status, one.words...)
			if strings.Contains(p.output.String(), "sesame") {
				t.Error("the password is told")
			}
		})
	}
	if left, err := filepath.Glob(filepath.Join(empty, "*")); err != nil || len(left) != 1 || filepath.Base(left[0]) != ".lock" {
		t.Errorf("the fetch that failed left %v, %v, want its lock only", left, err)
	}
	worksAgain(t, dir)
	t.Run("damaged files", func(t *testing.T) { damagedFiles(t, dir) })
	t.Run("signals", func(t *testing.T) { signals(t, dir) })
}

// damagedFiles breaks each file the server keeps secrets in, and restores it.
func damagedFiles(t *testing.T, dir string) {
	keys := filepath.Join(dir, "keys")
	for _, one := range []struct {
		file, text string
		words      []string
	}{
		{"keyring.json", "{", []string{"is damaged", "restore it from its backup"}},
		{"keyring.json", `{"newest":"root-1","keys":{"root-1":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}`,
			[]string{"does not open this database", "restore"}},
		{"ca-secret.pem", "x", []string{"damaged", "'lamplight keys renew ca-secret.pem'"}},
		{"server-secret.pem", "x", []string{"certificate", "'lamplight keys renew server-secret.pem'"}},
		{"audit.json", "x", []string{"is damaged", "restore it from its backup"}},
		{"nats.json", "{}", []string{"damaged", "'lamplight keys renew nats.json'"}},
		{"links.key", "x", []string{"damaged", "restore"}},
		{"push.json", "{}", []string{"damaged", "restore"}},
		{"../asterisk/state.json", "x", []string{"state.json", "remove it"}},
	} {
		t.Run(one.file, func(t *testing.T) {
			path := filepath.Join(keys, one.file)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(one.text), 0o600); err != nil {
				t.Fatal(err)
			}
			serve(t, dir, nil).refuses(t, dir, 1, append(one.words, filepath.Base(one.file))...)
			if now, err := os.ReadFile(path); err != nil || string(now) != one.text {
				t.Errorf("the damaged file was changed: %q, %v", now, err)
			}
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	missingKeys(t, dir)
	worksAgain(t, dir)
	c, err := server.Certificates(keys, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Server.Certificates[0].Leaf.VerifyHostname("localhost"); err != nil {
		t.Error(err)
	}
}

// missingKeys takes keys away: each is refused and none made in its place, until its renewal is asked for. The certificate that
// hung on a renewed authority is made anew with it.
func missingKeys(t *testing.T, dir string) {
	for file, renewable := range map[string]bool{"audit.json": false, "keyring.json": false, "push.json": true, "links.key": true,
		"nats.json": true, "ca-secret.pem": true} {
		path := filepath.Join(dir, "keys", file)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		serve(t, dir, nil).refuses(t, dir, 1, file, "is missing", "restore it from its backup")
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was made anew: %v", file, err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if _, err := renewKey(t.Context(), dir, file); (err == nil) != renewable {
			t.Errorf("renew %s: %v", file, err)
		}
	}
}

// renewKey does what 'lamplight keys renew' does.
func renewKey(ctx context.Context, dir, file string) (loses string, err error) {
	s, err := server.RecordFlags{State: dir}.ConnectUnchecked(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return custody.RenewKey(ctx, s.Pool, s.Audit, s.State.Keys(""), server.Hostname(), file)
}

// signals: a second server is refused while the first runs; SIGTERM ends it in time; a second SIGTERM at once, even when
// Asterisk is stuck; and the next start takes over what was left.
func signals(t *testing.T, dir string) {
	first := serve(t, dir, nil)
	first.says(t, `"msg":"serving"`)
	second := serve(t, dir, nil)
	if status := second.ends(t); status != 1 {
		t.Errorf("the second server ended with status %d", status)
	}
	if said := strings.Join(second.complaints(), "\n"); !strings.Contains(said, "another lamplight runs on this state directory, "+dir+
		" (process "+strconv.Itoa(first.cmd.Process.Pid)+"): stop it, or give this one a directory of its own with --state") {
		t.Errorf("the second server said %q", said)
	}

	asterisk := asteriskOf(t, dir)
	if err := syscall.Kill(asterisk, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	first.signal(t, syscall.SIGTERM)
	select {
	case <-first.done:
		t.Fatal("it ended before its Asterisk did")
	case <-time.After(500 * time.Millisecond): // it waits for the stuck Asterisk
	}
	first.signal(t, syscall.SIGTERM)
	if status := first.ends(t); status != server.ExitAtOnce {
		t.Errorf("at once: status %d: %s", status, first.output)
	}
	if err := syscall.Kill(asterisk, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}

	again := serve(t, dir, nil)
	again.says(t, `"msg":"serving"`)
	if err := syscall.Kill(asteriskOf(t, dir), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	again.signal(t, syscall.SIGINT)
	if status := again.ends(t); status != 0 { // also with a stuck Asterisk
		t.Errorf("the stop ended with status %d: %s", status, again.output)
	}
	nothingRuns(t, dir)
}

// asteriskOf is the process id of the private Asterisk in a state directory.
func asteriskOf(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "asterisk", "run", "asterisk.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		t.Fatalf("asterisk.pid: %q, %v", b, err)
	}
	return pid
}

// TestTwoDemos at once on two directories both take a call; a third on one of theirs is refused in a sentence.
func TestTwoDemos(t *testing.T) {
	t.Parallel()
	dirs := []string{postgrestest.Dir(t), postgrestest.Dir(t)}
	var demos []*program
	for _, d := range dirs {
		demos = append(demos, launch(t, nil, "demo", "--no-desk", "--state", d))
	}
	for _, d := range demos {
		d.says(t, "Lamplight is up")
	}
	token, err := os.ReadFile(filepath.Join(dirs[0], "keys", "pocket-token"))
	if err != nil {
		t.Fatal(err)
	}
	third := launch(t, nil, "demo", "--unattended", "--state", dirs[0])
	if status := third.ends(t); status != 1 {
		t.Errorf("the third demo ended with status %d", status)
	}
	if said := third.complaints(); len(said) != 1 || !strings.Contains(said[0],
		"another lamplight runs on this state directory, "+dirs[0]) || !strings.Contains(said[0], "--state") {
		t.Errorf("the third demo said %q", said)
	}
	if now, err := os.ReadFile(filepath.Join(dirs[0], "keys", "pocket-token")); err != nil || !bytes.Equal(now, token) {
		t.Errorf("the third demo changed what the first one's server reads: %v", err)
	}
	for _, d := range demos {
		d.signal(t, syscall.SIGINT)
	}
	for i, d := range demos {
		if status := d.ends(t); status != 0 {
			t.Errorf("the demo ended with status %d: %s", status, d.output)
		}
		nothingRuns(t, dirs[i])
	}
}
