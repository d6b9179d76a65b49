package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
)

// empty is a server on a record in which nobody is yet, as 'lamplight serve' without a flag starts it.
type empty struct {
	*server.Server
	cfg  server.Config
	stop func()
	said *printer
}

// A printer keeps what the server prints for a person.
type printer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *printer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *printer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newEmpty(t *testing.T) *empty {
	t.Helper()
	e := &empty{cfg: server.Config{State: filepath.Join(postgrestest.Dir(t), "state"), NATSListen: free(t), Listen: free(t),
		HooksListen: "127.0.0.1:0", MetricsFrom: []string{"127.0.0.0/8"}, PushContact: "mailto:operator@lamplight.example",
		MailPort: 587, MailFrom: "Lamplight <notes@localhost>", TextURL: "https://api.twilio.com"}}
	e.start(t)
	t.Cleanup(func() { e.stop() })
	return e
}

func (e *empty) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(filepath.Dir(e.cfg.State), "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if e.Server, err = server.Start(t.Context(), e.cfg, slog.New(slog.NewTextHandler(log, nil)), nil); err != nil {
		t.Fatal(err)
	}
	e.said = &printer{}
	e.Out = e.said
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	s := e.Server
	go func() { ran <- s.Run(ctx) }()
	e.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("the server ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if b, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("server.log: %s %v", b, err)
		}
	})
}

var printed = regexp.MustCompile(`open  (https://\S+/setup)\n  code  (\S+)`)

// printed is the address and the code that the server prints.
func (e *empty) printed(t *testing.T) (address, code string) {
	t.Helper()
	var m []string
	eventually(t, "an address and a code", func() bool { m = printed.FindStringSubmatch(e.said.String()); return m != nil })
	return m[1], m[2]
}

// TestTheFirstRun sets a service up as whoever has just started it does: by the code that it printed, on its page, by keyboard alone.
func TestTheFirstRun(t *testing.T) {
	t.Parallel() // it mostly waits
	e := newEmpty(t)
	address, code := e.printed(t)
	p, second := openPage(t, 1280, 800), openPage(t, 390, 844)
	for _, b := range []*page{p, second} {
		b.do(chromedp.Navigate(address))
		b.see(`document.activeElement.id`, "setup-code")
	}
	t.Run("the administrator", func(t *testing.T) { founds(t, e, p, second, code) })
	p.clean([]string{code, ownWords})
	if report, err := e.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// founds makes the first administrator, while a second browser has the code, too, and the server starts again in between.
func founds(t *testing.T, e *empty, p, second *page, code string) {
	p.accessible("the setup")
	p.shot("setup")
	p.press("abcd-efgh-jkmn" + kb.Tab + "Ada Grant" + kb.Enter)
	p.see(`document.querySelector('.answer').textContent.trim().startsWith('That is not the code')`, "true")
	p.see(`document.activeElement.id`, "setup-code")
	p.see(`document.querySelector('#setup-login').value`, "ada.grant")
	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`))
	p.press(code + kb.Enter)
	p.see(`document.activeElement.id`, "join-new")
	p.accessible("what the administrator chooses")
	p.shot("setup-chosen")

	second.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll('button')].find(b => b.lang === 'es')?.click()`))
	second.see(`document.querySelector('h1').textContent`, "El primer administrador")
	second.see(`document.documentElement.scrollWidth`, "390")
	second.shot("setup-es")
	second.press(code + kb.Tab + "Bo Berg" + kb.Enter)
	second.see(`document.activeElement.id`, "join-new")
	second.shot("setup-chosen-es")

	e.stop()
	e.start(t)
	if _, again := e.printed(t); again != code {
		t.Logf("the hour has changed between %s and %s", code, again)
	}
	secret := p.text("#join-secret")
	p.press(ownWords + kb.Tab + ownWords)
	one, err := access.CodeAt(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.write("#join-otp", one+kb.Enter)
	p.see(`location.pathname + ' ' + (document.querySelector('.me .name')?.textContent ?? '')`, "/ Ada Grant")

	one, err = access.CodeAt(second.text("#join-secret"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	second.press(ownWords + kb.Tab + ownWords)
	second.write("#join-otp", one+kb.Enter)
	second.see(`document.querySelector('.answer').textContent.trim().startsWith('El servicio ya tiene su administrador')`, "true")
	second.shot("setup-second")
	second.do(chromedp.Reload())
	second.see(`document.body.textContent.includes('404')`, "true")
}
