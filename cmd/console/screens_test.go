package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	cdruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/cmd/console/windowtest"
)

// TestScreens walks the desk in Chromium through every place it has, in both sizes, looks and languages. It looks for
// what an eye would catch at once (errors, things cut off, a name that became markup), has axe-core look for what would keep
// somebody from using it, and leaves pictures in the
// directory LAMPLIGHT_SHOTS names, for a person to judge.
func TestScreens(t *testing.T) {
	for _, c := range []struct {
		name, look, lang string
		w, h             int64
	}{
		{"1280-light-en", "light", "en", 1280, 800},
		{"1280-dark-es", "dark", "es", 1280, 800},
		{"1920-dark-en", "dark", "en", 1920, 1080},
		{"1920-light-es", "light", "es", 1920, 1080},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), c.w, c.h, c.look, c.lang)
			if c.w > 1280 {
				b.axe = "''" // the same page, seen from further away
			}
			b.shot(c.name + "-1-idle")
			b.ring("1")
			b.see(`document.activeElement.id`, "answer") // nothing else had the keys
			b.shot(c.name + "-2-offered")
			b.keys(" ")
			b.see(`document.activeElement.id`, "call-types")
			b.keys("1")
			b.see(`document.activeElement.id`, "field-name")
			b.keys("Maria Muñoz", kb.Enter)
			b.shot(c.name + "-3-form")
			b.keys(kb.Enter, "4/2/1961", kb.Enter, "Pressure and chest pain since this morning")
			b.see(`document.querySelectorAll('.flags .say').length`, "1")
			b.see(`document.querySelectorAll('.ladder .step').length`, "4")
			b.shot(c.name + "-4-redflag")
			b.keys(kb.F7, kb.ArrowDown)
			b.shot(c.name + "-5-board")
			b.keys(kb.Enter)
			b.see(`document.querySelector('#story h2') !== null`, "true")
			b.shot(c.name + "-6-story-in-call")
			b.keys(kb.Escape)
			b.ctrlEnter()
			b.see(`document.querySelector('#sent') !== null`, "true")
			b.shot(c.name + "-7-sent")
			b.keys(kb.Escape, kb.Escape)
			b.see(`document.querySelector('#done') !== null`, "true")
			b.keys(kb.F12, kb.F1)
			b.shot(c.name + "-8-help")
			b.keys(kb.Escape, kb.F7, kb.Enter)
			b.see(`document.querySelector('#story h2') !== null`, "true")
			b.shot(c.name + "-9-story")
			b.keys(kb.Escape)
			b.ring("2")
			b.keys(" ")
			b.see(`document.activeElement.id`, "call-types")
			b.keys("1", "Mateo Ibáñez")
			b.ctrlEnter()
			b.shot(c.name + "-10-missing-es")
			b.keys(kb.F4)
			b.keys(kb.F9)
			b.shot(c.name + "-11-state-menu")
			b.keys(kb.Escape)
			b.noErrors()
		})
	}
}

// TestANameFullOfTricksIsText holds what a carrier passed on to be shown as it is, and to move nothing.
func TestANameFullOfTricksIsText(t *testing.T) {
	s := newTestServer(t)
	b := openBrowser(t, s.args(t.TempDir()), 1280, 800, "light", "en")
	b.ring("3")
	b.see(`document.querySelector('.name').textContent`, "<img src=x onerror=alert(1)>gpj.exe صوت")
	b.see(`document.title`, "Lamplight")
	b.see(`document.querySelectorAll('main img, main script').length`, "0")
	b.shot("hostile")
	b.noErrors()
}

// TestSignInRefusedAndIn types a wrong password and then the right one.
func TestSignInRefusedAndIn(t *testing.T) {
	s := newTestServer(t)
	b := openBrowser(t, s.argsAsking(t.TempDir()), 1280, 800, "dark", "en")
	b.see(`document.activeElement.id`, "login")
	b.keys("ana", kb.Tab, "wrong", kb.Enter)
	b.see(`document.querySelector('.answer').textContent.trim()`, "That did not match. Check login, password and code.")
	b.shot("signin")
	b.see(`document.activeElement.id`, "password")
	b.keys(testPassword, kb.Enter)
	b.see(`document.querySelector('.state strong')?.textContent`, "Ready")
}

type browser struct {
	t    *testing.T
	ctx  context.Context
	ran  bool
	axe  string
	desk *windowtest.Process

	mu     sync.Mutex // guards errors
	errors []string
}

func openBrowser(t *testing.T, args []string, w, h int64, look, lang string) *browser {
	t.Helper()
	p := windowtest.Start(t, nil, program(t, "bridge"), args...)
	url := p.Until(t, "http://")
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.NoSandbox, chromedp.Headless, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("force-color-profile", "srgb"))
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	b := &browser{t: t, ctx: ctx, axe: windowtest.Axe(t), desk: p}
	b.do(chromedp.EmulateViewport(w, h))
	if err := chromedp.Listen(ctx, b.heard); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(url), chromedp.Evaluate[chromedp.Void](
		`for (const who of ['', ':ana']) { localStorage.setItem('look' + who, '`+look+`'); localStorage.setItem('lang' + who, '`+lang+`') }`),
		chromedp.Navigate(url))
	return b
}

// heard keeps what the page complained about.
func (b *browser) heard(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *cdruntime.EventExceptionThrown:
		b.errors = append(b.errors, e.ExceptionDetails.Text)
	case *cdruntime.EventConsoleAPICalled:
		if e.Type == "error" && len(e.Args) > 0 {
			b.errors = append(b.errors, string(e.Args[0].Value))
		}
	}
}

func (b *browser) do(a ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	if !b.ran { // the first run holds the browser: it must not have a limit
		ctx, b.ran = b.ctx, true
	}
	if err := chromedp.Do(ctx, a...); err != nil {
		b.t.Fatal(err)
	}
}

// browserLimit is how long the browser may take for one thing: a browser that hangs must fail its test, not hold it up.
const browserLimit = 30 * time.Second

// eval answers a script's value.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// keys presses each rune of each word. The sign goes with the key, as from a keyboard: a key that was acted on must leave
// none behind, which separate events would hide.
func (b *browser) keys(words ...string) {
	b.t.Helper()
	for _, w := range words {
		for _, r := range w {
			b.press(r, 0)
		}
	}
}

func (b *browser) ctrlEnter() { b.t.Helper(); b.press('\r', kb.ModifierCtrl) }

func (b *browser) press(r rune, m kb.Modifier) {
	b.t.Helper()
	k, ok := kb.Keys[r]
	if !ok {
		k = &kb.Key{Key: string(r), Text: string(r)}
	}
	e := input.DispatchKeyEventParams{Type: "keyDown", Key: k.Key, Code: k.Code, Text: k.Text, WindowsVirtualKeyCode: k.Windows,
		NativeVirtualKeyCode: k.Native, Modifiers: int64(m)}
	if m != 0 || k.Text == "" {
		e.Type, e.Text = "rawKeyDown", ""
	}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, e); err != nil {
			return err
		}
		e.Type, e.Text = "keyUp", ""
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, e)
		return err
	}))
}

// ring has the practice call with this digit come in.
func (b *browser) ring(digit string) {
	b.t.Helper()
	// the phone has registered
	b.see(`document.querySelector('.desk') !== null && document.querySelectorAll('.line.down').length === 0`, "true")
	b.keys(kb.F10)
	b.see(`document.querySelectorAll('[role=menu] button').length`, "3")
	b.keys(digit)
	b.see(`document.querySelector('#answer') !== null`, "true")
}

// see waits until a script's value is want.
func (b *browser) see(script, want string) {
	b.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		got := eval[string](b, `String(`+script+`)`)
		if got == want {
			return
		}
		if time.Now().After(end) {
			b.shot("failed-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
			b.t.Fatalf("%s is %q, want %q; page errors: %q", script, got, want, b.errors)
		}
		time.Sleep(20 * time.Millisecond) // between two looks at the condition
	}
}

func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("LAMPLIGHT_SHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	eval[bool](b, `new Promise(f => setTimeout(() => f(true), 60))`) // fonts and the frame in hand
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
	if found := eval[string](b, b.axe); found != "" {
		b.t.Errorf("%s: axe-core finds\n%s", name, found)
	}
	wide := eval[bool](b, `document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight`)
	if wide {
		b.t.Errorf("%s: the page is larger than its window", name)
	}
}

func (b *browser) noErrors() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		b.t.Errorf("page errors: %q", b.errors)
	}
}
