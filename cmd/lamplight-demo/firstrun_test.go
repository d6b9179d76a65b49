package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/routing/channel/pocket"
)

// empty is a server on a record in which nobody is yet, as 'lamplight serve' without a flag starts it.
type empty struct {
	*server.Server
	pocket *pocket.Pocket
	cfg    server.Config
	stop   func()
	said   *printer
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
	dir := postgrestest.Dir(t)
	k, err := pocket.Start(t.Context(), pocket.Config{AuthToken: "TWILIOTOKEN", MailUser: "notes@example.org", MailPassword: "MAILBOX-PASSWORD",
		Phones: []pocket.ProviderPhone{{Person: "ada.grant", Number: "+13125550171", Email: "ada@harbor.example", Lang: "en"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	mailCA := filepath.Join(dir, "mail-ca.pem")
	if err := os.WriteFile(mailCA, k.RootPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	e := &empty{pocket: k, cfg: server.Config{State: filepath.Join(dir, "state"), ForTests: true, NATSListen: free(t), Listen: free(t),
		HooksListen: "127.0.0.1:0", MetricsFrom: []string{"127.0.0.0/8"}, PushContact: "mailto:operator@lamplight.example",
		MailPort: 587, MailFrom: "Lamplight <notes@localhost>", TextURL: k.URL, MailCA: mailCA}}
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
	t.Run("the service, carriers", func(t *testing.T) { carriers(t, e, p) })
	t.Run("a practice, an agent", func(t *testing.T) { firstPractice(t, e, p) })
	t.Run("whom the service calls", func(t *testing.T) { supervisors(t, e, p) })
	t.Run("a phone, Spanish", func(t *testing.T) { serviceOnAPhone(p) })
	t.Run("the doctor", func(t *testing.T) { doctorSays(t, e) })
	p.clean([]string{code, ownWords, "TWILIOTOKEN", "MAILBOX-PASSWORD"})
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

// enter focuses a key of the page and presses it.
func (p *page) enter(sel string) {
	p.t.Helper()
	p.see(`!!document.querySelector(`+"`"+sel+"`"+`)`, "true")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + "`" + sel + "`" + `).focus()`))
	p.press(kb.Enter)
}

// stands waits until something that a night needs stands so.
func (p *page) stands(check, state string) {
	p.t.Helper()
	p.see(`document.querySelector('[data-check=`+check+`]')?.dataset.state`, state)
}

// over writes over what stands in the field that has the focus.
func (p *page) over(words string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`))
	p.press(words)
}

// carriers gives the service its name and its carriers, wrongly first: each refusal says what to mend.
func carriers(t *testing.T, e *empty, p *page) {
	p.see(`document.querySelector('h1').textContent`, "Ready for tonight")
	p.stands("text", "open")
	p.stands("practices", "open")
	p.accessible("ready for tonight")
	p.see(`document.documentElement.scrollWidth`, "1280")
	p.shot("service")
	p.enter("[data-set=service]")
	p.see(`document.activeElement.id`, "set-service-name")
	p.press("Harbor Answering" + kb.Tab + "Chicago" + kb.Tab + kb.Tab + "we begin" + kb.Enter)
	p.see(`document.querySelector('#answer-service').textContent.trim()`, "That is no time zone such as America/Chicago.")
	p.accessible("the service's name")
	p.shot("service-name")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#set-service-zone').focus()`))
	p.over("America/Chicago" + kb.Enter)
	p.see(`document.activeElement.id`, "title-service")
	p.see(`document.querySelector('#part-service dl').textContent.includes('Harbor Answering')`, "true")

	token := func(words string) {
		p.enter("[data-set=text]")
		p.see(`document.activeElement.id`, "set-text-account")
		p.over(e.pocket.AccountSID + kb.Tab)
		p.over("312 555 0199" + kb.Tab + kb.Tab + words + kb.Tab + "our account" + kb.Enter)
		p.see(`document.activeElement.id`, "title-text")
	}
	trial := func(by, to string) {
		p.enter("[data-trial=" + by + "]")
		p.see(`document.activeElement.id`, "trial-"+by)
		p.press(to + kb.Enter)
	}
	answers := func(by, words string) {
		t.Helper()
		p.see(fmt.Sprintf(`document.querySelector('[data-answer=%s]').textContent.includes(%q)`, by, words), "true")
	}
	token("WRONGTOKEN")
	p.see(`document.querySelector('[data-trial=text]') !== null`, "true")
	trial("text", "312 555 0171")
	answers("text", "account, user or password are wrong")
	p.accessible("a carrier that answers 401")
	p.shot("service-refused")
	token("TWILIOTOKEN")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#trial-text').focus()`))
	p.press(kb.Enter)
	p.see(`document.activeElement.id`, "trial-came-text")
	eventually(t, "the trial's text", func() bool { return e.pocketHas("text", "Harbor Answering: a trial") })
	p.stands("text", "open") // green only when a person says so
	p.press(kb.Enter)
	p.stands("text", "good")

	p.enter("[data-set=mail]")
	mail := func(password string) {
		p.over(e.pocket.MailHost + kb.Tab)
		p.over(fmt.Sprint(e.pocket.MailPort, kb.Tab))
		p.over("notes@example.org" + kb.Tab)
		p.over("notes@example.org" + kb.Tab + password + kb.Tab + "our mailbox")
	}
	mail("WRONG-PASSWORD")
	// Another administrator is quicker: what was written stays.
	other := access.System(t.Context(), "test")
	if err := e.Record.PutSetting(other, 0, record.Setting{Part: "mail", Values: map[string]string{"host": "smtp.example.org", "port": "587",
		"from": "other@example.org"}}); err != nil {
		t.Fatal(err)
	}
	p.press(kb.Enter)
	p.see(`document.querySelector('#answer-mail').textContent.includes('While you were writing')`, "true")
	p.see(`document.querySelector('#part-mail dl').textContent.includes('smtp.example.org')`, "true")
	p.see(`document.querySelector('#set-mail-host').value`, e.pocket.MailHost)
	p.accessible("two at once")
	p.shot("service-moved")
	p.enter("#part-mail form button.main")
	p.see(`document.activeElement.id`, "title-mail")
	trial("email", "ada@harbor.example")
	answers("email", "account, user or password are wrong")
	p.enter("[data-set=mail]")
	p.see(`document.activeElement.id`, "set-mail-host")
	mail("MAILBOX-PASSWORD")
	p.press(kb.Enter)
	p.see(`document.activeElement.id`, "title-mail")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#trial-email').focus()`))
	p.press(kb.Enter)
	p.see(`document.activeElement.id`, "trial-came-email")
	eventually(t, "the trial's mail", func() bool { return e.pocketHas("email", "Harbor Answering: a trial") })
	p.press(kb.Enter)
	p.stands("mail", "good")
	p.see(`document.querySelector('#part-mail details') !== null`, "true")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#part-mail details').open = true`))
	p.accessible("what was set")
	p.shot("service-set")
	p.enter("#part-mail li:nth-child(3) button") // the other administrator's, brought back, and undone
	p.see(`document.querySelector('#part-mail dl').textContent.includes('smtp.example.org')`, "true")
	p.stands("mail", "open")
	p.enter("#part-mail li:nth-child(2) button")
	p.see(`document.querySelector('#part-mail dl').textContent.includes('smtp.example.org')`, "false")
	p.stands("mail", "good")
}

func (e *empty) pocketHas(kind, words string) bool {
	for _, a := range e.pocket.Messages() {
		if a.Kind == kind && strings.Contains(a.Title+a.Body, words) {
			return true
		}
	}
	return false
}

// firstPractice begins a practice from a template and publishes it, and invites an agent.
func firstPractice(t *testing.T, e *empty, p *page) {
	p.enter("[data-lead=practices]")
	p.enter(".top > button")
	p.see(`document.activeElement.id`, "new-name")
	p.press("Harbor Family Practice" + kb.Enter)
	p.see(`document.querySelector('[data-path="account.name"]')?.value`, "Harbor Family Practice")
	p.part("lines")
	p.to("account.lines[0].did", "+13125550100")
	p.part("people")
	p.to("account.contacts[0].name", "Dr Reyes")
	p.to("account.contacts[0].mobile", "+13125550171")
	p.keptDraft()
	p.part("publish")
	p.see(`document.querySelector('#publish').disabled`, "false")
	p.shot("service-publish")
	p.write("#publish-why", "the first one")
	p.enter("#publish")
	eventually(t, "the practice is answered", func() bool {
		_, err := e.Record.AccountNow(access.System(t.Context(), "test"), "harbor-family-practice")
		return err == nil
	})
	p.see(`document.activeElement.id`, "practice-title") // the page has heard of it, too
	p.enter("[data-tab=service]")
	p.stands("practices", "good")
	p.stands("schedules", "good")
	p.enter("[data-lead=agents]")
	p.see(`document.querySelectorAll('[data-login]').length`, "1")
	p.press("n")
	p.see(`document.activeElement.id`, "invite-title")
	p.set("#person-role", "agent")
	p.write("#invite-name", "Nora Vega"+kb.Enter)
	p.see(`document.activeElement.id`, "link-title")
	p.printsACard()
	p.enter("[data-tab=service]")
	p.see(`document.querySelector('[data-check=agents]')?.textContent.includes('1 agent is invited')`, "true")
	p.shot("service-ready")
}

// printsACard prints the invitation from a dark screen on which far more stands than fits a page: the card is one page, black on white.
func (p *page) printsACard() {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = 'dark'; document.querySelector('main').style.minHeight = '5000px'`))
	pdf, err := chromedp.Call(p.ctx, cdppage.PrintToPDF, cdppage.PrintToPDFParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`/Type /Page\b`).FindAll(pdf.Data, -1)); n != 1 {
		p.t.Errorf("a card is printed on %d pages", n)
	}
	if !bytes.Contains(pdf.Data, []byte("/Font")) {
		p.t.Error("nothing is printed")
	}
	media := func(is string) {
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: is}); err != nil {
			p.t.Fatal(err)
		}
	}
	media("print")
	p.see(`getComputedStyle(document.querySelector('#invitation-link')).color`, "rgb(27, 31, 36)")
	p.see(`getComputedStyle(document.querySelector('#invitation-link')).visibility`, "visible")
	p.see(`getComputedStyle(document.querySelector('header')).visibility`, "hidden")
	p.shot("card")
	media("")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('main').style.minHeight = ''`))
}

// supervisors says whom the service calls when a practice's ladder has ended: one that reaches nobody is refused.
func supervisors(t *testing.T, e *empty, p *page) {
	p.stands("supervisors", "bad")
	p.enter("[data-check=supervisors] .do button")
	p.see(`document.activeElement.id`, "ladder-person")
	p.write("#ladder-why", "nobody is called"+kb.Enter)
	p.see(`document.activeElement.id`, "answer-supervisors")
	p.see(`document.querySelector('#answer-supervisors').textContent.includes('a message could wait on nobody')`, "true")
	p.see(`document.querySelectorAll('#part-supervisors h4 + ul li').length`, "1")
	p.shot("service-ladder-nobody")
	p.set("#ladder-person", "ada.grant")
	p.enter("#part-supervisors .add")
	p.see(`document.activeElement.id`, "ladder-mobile-0")
	p.see(`document.querySelector('#ladder-who-0').selectedOptions[0].textContent`, "Ada Grant")
	p.write("#ladder-why", kb.Enter)
	p.see(`document.activeElement.id`, "answer-supervisors")
	p.accessible("a ladder into nobody")
	p.shot("service-ladder-wrong")
	p.write("#ladder-mobile-0", "+13125550171")
	p.enter("#part-supervisors button.step")
	p.see(`document.querySelector('#ladder-after-1').value`, "3m")
	p.write("#ladder-why", ", now somebody"+kb.Enter)
	p.see(`document.activeElement.id`, "title-supervisors")
	p.see(`document.querySelector('#part-supervisors > ol').textContent.includes('Ada Grant')`, "true")
	p.see(`document.querySelector('#part-supervisors > ul').textContent.includes('supervisor')`, "true") // which she is not yet
	p.stands("supervisors", "good")
	first, err := e.Record.Service(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.enter("[data-set=supervisors]")
	p.see(`document.activeElement.id`, "ladder-mobile-0")
	p.set("#ladder-again", "2s")
	p.write("#ladder-why", "sooner"+kb.Enter)
	p.see(`document.querySelector('#ladder-again').getAttribute('aria-invalid')`, "true")
	p.set("#ladder-again", "2m")
	p.write("#ladder-why", kb.Enter)
	p.see(`document.activeElement.id`, "title-supervisors")
	p.see(`document.querySelectorAll('#part-supervisors details li').length`, "2")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#part-supervisors details').open = true`))
	p.see(`document.querySelector('#part-supervisors details li:nth-child(2)').textContent.includes('“nobody is called, now somebody”')`, "true")
	p.accessible("whom the service calls")
	p.shot("service-ladder")
	p.enter("#part-supervisors details li:nth-child(2) button")
	p.see(`document.querySelectorAll('#part-supervisors details li').length`, "3")
	if now, err := e.Record.Service(t.Context()); err != nil || !bytes.Equal(now, first) {
		t.Errorf("brought back: %s, %v", now, err)
	}
}

func serviceOnAPhone(p *page) {
	p.click(".me button[lang=es]")
	p.see(`document.querySelector('h1').textContent`, "Listo para esta noche")
	p.accessible("ready, in Spanish")
	p.shot("service-es")
	p.do(chromedp.EmulateViewport(390, 844))
	p.see(`document.documentElement.scrollWidth`, "390")
	p.see(`[...document.querySelectorAll('main button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
	p.accessible("ready on a phone")
	p.shot("service-phone-es")
	p.click("[data-set=mail]")
	p.shot("service-phone-mail-es")
	p.click("#part-mail form .acts button:last-child")
	p.click("[data-set=supervisors]")
	p.see(`document.activeElement.id`, "ladder-mobile-0")
	p.see(`document.documentElement.scrollWidth`, "390")
	p.see(`[...document.querySelectorAll('main button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
	p.accessible("whom the service calls, on a phone")
	p.shot("service-phone-ladder-es")
	p.see(`/portal\.|undefined|\{\{/.test(document.body.innerText)`, "false")
}

// doctorSays asks on the command line: the running server says what its page says, and a stopped one is looked at as far as it goes.
func doctorSays(t *testing.T, e *empty) {
	said := func(when string) map[string]string {
		t.Helper()
		checks, err := server.Examine(t.Context(), e.cfg)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		out := map[string]string{}
		for _, c := range checks {
			out[c.Name] = string(c.State) + " " + c.Say
		}
		return out
	}
	running := said("running")
	for name, want := range map[string]string{"server": "good runs", "text": "good came", "mail": "good came", "practices": "good called",
		"agents": "open invited", "calls": "open none", "supervisors": "good called", "backup": "open none"} {
		if got := running[name]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	e.stop()
	l, err := net.Listen("tcp", e.cfg.NATSListen)
	if err != nil {
		t.Fatal(err)
	}
	stopped := said("stopped")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"server": "bad stopped", "ports": "bad taken", "text": "good came", "certificate": "good holds"} {
		if got := stopped[name]; got != want {
			t.Errorf("stopped, %s: %q, want %q", name, got, want)
		}
	}
	e.start(t) // for the proof of what was done
}
