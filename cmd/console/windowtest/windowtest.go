// Package windowtest drives the desk's real window in tests: the automation build of cmd/console under WebKitWebDriver, on
// a display and a session bus of the test's own.
//
// It promises that what is pressed reaches the window as keys do, never as calls into the page, that nothing it starts
// outlives its test, and that a failed test shows the desk's log. It leaves to others which server the desk talks to and
// what must be seen. It needs Xvfb, WebKitWebDriver and dbus-daemon on the path; only tests import it.
package windowtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Tags build a desk that can be driven.
const Tags = "desktop,production,webkit2_41,automation"

// Keys that are no signs, as WebDriver writes them.
const (
	Enter, Ctrl, Alt, Esc, Down, Tab     = "\uE007", "\uE009", "\uE00A", "\uE00C", "\uE015", "\uE004"
	F2, F3, F4, F5, F7, F8, F9, F10, F12 = "\uE032", "\uE033", "\uE034", "\uE035", "\uE037", "\uE038", "\uE039", "\uE03A", "\uE03C"
)

// Patience is how long a condition may take before the test fails.
const Patience = 20 * time.Second

// driver asks the driver; one that hangs fails its test. Starting a desk takes longest.
var driver = http.Client{Timeout: 3 * Patience}

// A Window is a desk under a driver. It belongs to one test and one goroutine.
type Window struct {
	Env []string // what the desk was started with, beside the test's own environment: its display and its bus
	Log *Process // the driver, whose child the desk is and into whose log the desk writes

	t    testing.TB
	bin  string
	args []string
	base string
}

// Launch starts the desk bin with args and env beside the test's environment, and returns when its page can be driven.
func Launch(t testing.TB, bin string, args []string, env ...string) *Window {
	t.Helper()
	w := &Window{t: t, bin: bin, args: args, Env: append(display(t), env...)}
	w.Log = w.drive()
	return w
}

// drive starts a driver and has it take the window, which it starts unless it is told where one listens.
func (w *Window) drive(more ...string) *Process {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://127.0.0.1:%d", port)
	p := Start(w.t, w.Env, "WebKitWebDriver", append(more, "--host=127.0.0.1", fmt.Sprintf("--port=%d", port))...)
	Eventually(w.t, "the driver is up", func() bool { _, err := w.ask("GET", "/status", nil); return err == nil })
	var session struct{ SessionID string }
	w.must(&session, "POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"webkitgtk:browserOptions": map[string]any{"binary": w.bin, "args": w.args}}}})
	w.base += "/session/" + session.SessionID
	return p
}

// For is the same window in a subtest.
func (w *Window) For(t testing.TB) *Window {
	sub := *w
	sub.t = t
	return &sub
}

func (w *Window) ask(method, path string, body any) (json.RawMessage, error) {
	var rd io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		rd = bytes.NewReader(b)
	}
	q, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, rd)
	if err != nil {
		return nil, err
	}
	r, err := driver.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	var v struct{ Value json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s", method, path, v.Value)
	}
	return v.Value, nil
}

func (w *Window) must(out any, method, path string, body any) {
	w.t.Helper()
	v, err := w.ask(method, path, body)
	if err == nil && out != nil {
		err = json.Unmarshal(v, out)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// Press presses keys one after the other, through the window's own input.
func (w *Window) Press(keys ...string) {
	w.t.Helper()
	var a []map[string]string
	for _, k := range keys {
		a = append(a, map[string]string{"type": "keyDown", "value": k}, map[string]string{"type": "keyUp", "value": k})
	}
	w.act(a)
}

// Chord presses keys together.
func (w *Window) Chord(keys ...string) {
	w.t.Helper()
	var a []map[string]string
	for _, k := range keys {
		a = append(a, map[string]string{"type": "keyDown", "value": k})
	}
	for i := range keys {
		a = append(a, map[string]string{"type": "keyUp", "value": keys[len(keys)-1-i]})
	}
	w.act(a)
}

func (w *Window) act(a []map[string]string) {
	w.t.Helper()
	w.must(nil, "POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": a}}})
}

// Write types words.
func (w *Window) Write(words string) {
	w.t.Helper()
	if words != "" {
		w.Press(strings.Split(words, "")...)
	}
}

// Read runs a script in the page and returns what it answers as a string; nothing is the empty one. Scripts look, and
// never act.
func (w *Window) Read(script string) string {
	w.t.Helper()
	var got *string
	w.must(&got, "POST", "/execute/sync", map[string]any{"script": script, "args": []any{}})
	if got == nil {
		return ""
	}
	return *got
}

// See waits until a script answers want.
func (w *Window) See(what, script, want string) {
	w.t.Helper()
	w.Await(what, script, fmt.Sprintf("%q", want), func(got string) bool { return got == want })
}

// Await waits until ok takes what a script answers, and returns that. wanted is told when it never does.
func (w *Window) Await(what, script, wanted string, ok func(got string) bool) string {
	w.t.Helper()
	for end := time.Now().Add(Patience); ; {
		got := w.Read(script)
		if ok(got) {
			return got
		}
		if time.Now().After(end) {
			w.Shot("failed-" + strings.ReplaceAll(w.t.Name(), "/", "-"))
			w.t.Fatalf("%s: got %q, want %s; the page says:\n%s", what, got, wanted, w.Read(`return document.body.innerText`))
		}
	}
}

// Shot keeps a picture of the window in $LAMPLIGHT_SHOTS, if that is set.
func (w *Window) Shot(name string) {
	w.t.Helper()
	dir := os.Getenv("LAMPLIGHT_SHOTS")
	if dir == "" {
		return
	}
	var b64 string
	w.must(&b64, "GET", "/screenshot", nil)
	png, err := base64.StdEncoding.DecodeString(b64)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// Pid is the desk's own process.
func (w *Window) Pid() int {
	w.t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, exe := range list {
		var pid int
		if _, err := fmt.Sscanf(exe, "/proc/%d/exe", &pid); err != nil {
			continue
		}
		group, err := syscall.Getpgid(pid)
		if err != nil || group != w.Log.Process.Pid {
			continue // of another test, or gone meanwhile
		}
		if to, err := os.Readlink(exe); err == nil && to == w.bin {
			return pid
		}
	}
	w.t.Fatalf("no process of %s runs under the driver", w.bin)
	return 0
}

// KillPage ends the process that draws the page (SIGKILL), and not the desk's, and tells when.
func (w *Window) KillPage() (at time.Time) {
	w.t.Helper()
	pid := 0
	for _, of := range descendants(w.Pid()) {
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", of)); err == nil && strings.HasPrefix(string(name), "WebKitWebProces") {
			pid = of
		}
	}
	if pid == 0 {
		w.t.Fatal("the window has no process of WebKit's that draws its page")
	}
	at = time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	return at
}

// descendants are a process's children, theirs, and so on.
func descendants(pid int) (out []int) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, t := range tasks {
		children, err := os.ReadFile(t)
		if err != nil {
			continue // a thread that has ended
		}
		for _, c := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(c); err == nil {
				out = append(append(out, n), descendants(n)...)
			}
		}
	}
	return out
}

// Again is the same window under a driver anew: WebKit ends a driver's session with the page's process.
func (w *Window) Again() *Window {
	w.t.Helper()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", w.Pid()))
	if err != nil {
		w.t.Fatal(err)
	}
	_, target, ok := strings.Cut("\x00"+string(environ), "\x00WEBKIT_INSPECTOR_SERVER=")
	if !ok {
		w.t.Fatal("the desk does not listen for a driver")
	}
	target, _, _ = strings.Cut(target, "\x00")
	again := *w
	again.drive("--target=" + target)
	return &again
}

// Kill ends the desk's process as a crash would (SIGKILL), and returns when it has gone. The driver is of no use afterwards.
func (w *Window) Kill() (at time.Time) {
	w.t.Helper()
	pid := w.Pid()
	at = time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		w.t.Fatal(err)
	}
	Eventually(w.t, "the desk is gone", func() bool {
		to, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // a zombie has none
		return err != nil || to != w.bin
	})
	return at
}
