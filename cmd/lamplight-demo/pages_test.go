package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cdruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"lamplight/cmd/console/windowtest"
	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
)

// TestThePages has a call taken, then opens the provider's link on a phone-sized Chromium and the practice's page on a
// desk-sized one, and looks at what they did to the record. No address they asked for may hold a token or a patient's word.
func TestThePages(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	sent, link, s := w.taken(t)
	_, token, _ := strings.Cut(link, "#")
	located, err := d.server.Routing.Locate(t.Context(), token)
	if err != nil || located.Note != sent.Note {
		t.Fatalf("the link leads to %+v, %v", located, err)
	}
	secrets := []string{token, "Bennett", "bennett", s.ANI, strings.TrimPrefix(s.ANI, "+1"), "%2B", "Chest", d.keys.Password}

	t.Run("the provider's", func(t *testing.T) {
		p := openPage(t, 320, 640)
		onThePhone(t, w, p, located.Person, link, sent.Note)
		p.clean(secrets)
	})
	t.Run("the practice's", func(t *testing.T) {
		p := openPage(t, 1280, 800)
		atThePractice(t, d, p, sent.Reference)
		p.clean(secrets)
	})
	t.Run("a supervisor's wall", func(t *testing.T) {
		p := openPage(t, 1280, 800)
		p.do(chromedp.Navigate(d.server.PagesURL + "/"))
		p.signIn(d, "sofia.marin", d.keys.Password)
		p.click("[data-tab=wall]")
		p.see(`[...document.querySelectorAll('main tbody tr')].map(r => r.cells[5].textContent.trim()).join()`, "1")
		p.see(`[...document.querySelectorAll('main dd')].map(d => d.textContent.trim()).join()`, "0,–,0,100 %")
		p.accessible("how the calls stand")
		p.clean(secrets)
	})
	if report, err := d.server.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// taken walks one call until the provider has a text: the note, the link, what was said.
func (w *walker) taken(t *testing.T) (console.Sent, string, server.CallScenario) {
	t.Helper()
	ctx := t.Context()
	one := &walk{walker: w, s: w.d.script(0)}
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fatal(w.until(ctx, "the desk", func(s deskState) bool { return s.hello }))
	fatal(console.AskReady.Do(ctx, w.desk, console.Nothing{}))
	fatal(w.until(ctx, "ready", func(s deskState) bool { return s.agent == "ready" }))
	caller, agent, err := one.connect(ctx)
	fatal(err)
	fatal(one.talk(ctx, caller, agent))
	sent, err := one.note(ctx)
	fatal(err)
	fatal(one.end(ctx, caller, agent))
	text, err := one.deliveries(ctx, sent.Reference)
	fatal(err)
	return sent, text.Link, one.s
}

// onThePhone opens the link, proves who they are, reads and acknowledges.
func onThePhone(t *testing.T, w *walker, p *page, person notes.PersonID, link string, note notes.NoteID) {
	ctx := access.System(t.Context(), "test")
	state := func(want notes.NoteState) {
		t.Helper()
		eventually(t, "the note is "+string(want), func() bool {
			n, err := w.d.server.Record.Note(ctx, note)
			return err == nil && n.State == want
		})
	}
	p.do(chromedp.Navigate(link))
	p.see(`location.pathname + location.hash`, "/m")
	p.accessible("the sign-in")
	p.signIn(w.d, person, "wrong")
	p.see(`document.querySelector('.answer').textContent.trim() !== ''`, "true")
	p.see(`document.querySelector('#otp').value`, "")
	state(notes.Open) // a link alone reads nothing
	p.signIn(w.d, person, w.d.keys.Password)
	p.see(`document.querySelector('article h1')?.textContent`, "Chest tightness since this morning")
	p.see(`document.activeElement.tagName`, "H1")
	p.see(`document.querySelector('.digits').textContent`, "(312) 555-0142")
	p.see(`location.pathname + location.hash`, "/m")
	state(notes.Read)
	p.see(`[...document.querySelectorAll('button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
	p.see(`document.documentElement.scrollWidth`, "320")
	p.see(`document.querySelector('#acknowledge').getBoundingClientRect().bottom <= innerHeight`, "true")
	p.accessible("the note")
	p.online(false)
	p.click("#acknowledge")
	p.see(`document.body.innerText.includes('No connection')`, "true")
	state(notes.Read)
	p.online(true) // what was pressed is done now, without another press
	state(notes.Acknowledged)
	p.see(`document.body.innerText.includes('No connection')`, "false")
	p.see(`document.querySelector('#acknowledge') === null && document.querySelector('footer [role=status]').textContent.trim()`,
		"Acknowledged")
	if err := w.until(t.Context(), "the board clears", func(s deskState) bool { return !s.shows(note) }); err != nil {
		t.Error(err)
	}
	p.click("#reply")
	p.accessible("writing back")
	p.write("#words", "On my way to the office")
	p.click("form button[type=submit]")
	p.see(`document.querySelector('.addon .said')?.textContent`, "On my way to the office")
	p.do(chromedp.Reload()) // a phone that dropped the page finds the note again, without its link
	p.see(`document.querySelector('article h1')?.textContent`, "Chest tightness since this morning")
	p.click("#reply")
	p.write("#words", "Half a sentence")
	p.asleep(p.signedInAs(w.d, person))
	p.see(`document.querySelector('article h1')?.textContent`, "Chest tightness since this morning")
	p.click("#reply")
	p.see(`document.querySelector('#words').value`, "Half a sentence")
	p.click("form button[type=button]")
	p.click("#close")
	p.write("#words", "Seen")
	p.click("form button[type=submit]")
	state(notes.Closed)
}

// atThePractice finds the call by the patient's surname, reads its story, listens to it and takes the list away as a file.
func atThePractice(t *testing.T, d *demo, p *page, ref string) {
	dir := t.TempDir()
	if _, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow",
		DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(d.server.PagesURL + "/"))
	p.signIn(d, "marta.webb", d.keys.Password)
	p.see(`document.querySelectorAll('[data-call]').length`, "1")
	p.accessible("the calls")
	p.write("#search", "Nobody")
	p.see(`document.querySelectorAll('[data-call]').length`, "0")
	p.accessible("no calls")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#search').value = ''`))
	p.write("#search", "bennett")
	p.see(`document.querySelector('[data-call]')?.textContent`, "R. Bennett")
	p.click("[data-call]")
	p.see(`document.querySelector('#story')?.textContent`, "Chest tightness since this morning")
	p.see(`document.activeElement.id`, "story")
	p.see(`document.querySelector('aside ol').textContent.includes('took the message')`, "true")
	p.see(`/[a-z]+\.[a-z]+|undefined|\{\{/.test([...document.querySelectorAll('aside li')].map(l => l.textContent).join(' '))`, "false")
	p.see(`/under signed checkpoint \d+/.test(document.querySelector('.proof').textContent)`, "true")
	p.click("#listen")
	p.see(`document.querySelector('audio')?.duration > 1`, "true")
	p.accessible("a story with its recording")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('audio').currentTime = 1`))
	p.see(`Math.abs(document.querySelector('audio').currentTime - 1) < 3 && !document.querySelector('audio').error`, "true")
	p.asleep(p.signedInAs(d, "marta.webb"))
	p.write("#search", "bennett")
	p.click("[data-call]")
	p.click("#export")
	file := filepath.Join(dir, "calls.csv")
	p.until("calls.csv", func() bool {
		b, err := os.ReadFile(file)
		return err == nil && bytes.HasPrefix(b, []byte("\ufeff")) && bytes.Contains(b, []byte(ref)) &&
			bytes.Contains(b, []byte("R. Bennett"))
	})
}

// asleep lets the page's machine sleep for longer than a page may stand untouched: it has locked itself when it wakes, its
// session is over, and nothing of the patient is on it. back signs in again.
func (p *page) asleep(back func()) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`Date.now = (now => () => now() + 16 * 60_000)(Date.now)`))
	p.see(`document.querySelector('#login') !== null && document.querySelector('[role=alert]').textContent !== ''`, "true")
	p.see(`/Bennett|Chest|555-0142|Half/.test(document.documentElement.outerHTML)`, "false")
	p.until("the session of a locked page is over", func() bool {
		v, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](`fetch('/api/me').then(r => r.status)`, chromedp.EvalAwaitPromise))
		return err == nil && v == http.StatusUnauthorized
	})
	back()
}

// signedInAs signs in with the code after the last one used.
func (p *page) signedInAs(d *demo, who notes.PersonID) func() {
	return func() {
		p.t.Helper()
		p.signInWith(d, who, d.keys.Password, time.Now().Add(codePeriod))
	}
}

// accessible has axe-core look at the page as it stands, in both looks.
func (p *page) accessible(what string) {
	p.t.Helper()
	for _, look := range []string{"light", "dark"} {
		p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = '` + look + `'`))
		found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](windowtest.Axe(p.t), chromedp.EvalAwaitPromise))
		if err != nil {
			p.t.Fatal(err)
		}
		if found != "" {
			p.t.Errorf("%s, %s: axe-core finds\n%s", what, look, found)
		}
	}
}

// page is a Chromium on the server's pages. It remembers every address asked for and everything that went wrong.
type page struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex // guards what follows
	asked  []string
	errors []string
}

func openPage(t *testing.T, width, height int64) *page {
	t.Helper()
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.NoSandbox, chromedp.Headless,
		chromedp.WSURLReadTimeout(time.Minute), chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("lang", "en-US"))
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	p := &page{t: t, ctx: ctx}
	p.do(chromedp.EmulateViewport(width, height))
	if err := chromedp.Listen(ctx, p.heard); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *page) heard(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, e.Request.URL)
		for k, v := range e.Request.Headers {
			if strings.EqualFold(k, "Referer") {
				p.asked = append(p.asked, fmt.Sprint(v))
			}
		}
	case *cdruntime.EventExceptionThrown:
		p.errors = append(p.errors, e.ExceptionDetails.Text)
	case *cdruntime.EventConsoleAPICalled:
		if e.Type == "error" {
			p.errors = append(p.errors, "console.error")
		}
	}
}

// clean holds that nothing went wrong on the page and that no address holds a secret.
func (p *page) clean(secrets []string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.errors) > 0 {
		p.t.Errorf("page errors: %q", p.errors)
	}
	api := 0
	for _, u := range p.asked {
		if strings.Contains(u, "/api/") {
			api++
		}
		plain, err := url.PathUnescape(u)
		if err != nil {
			plain = u
		}
		for _, s := range secrets {
			if strings.Contains(u, s) || strings.Contains(plain, s) {
				p.t.Errorf("an address holds %q: %s", s, u)
			}
		}
	}
	if api < 5 {
		p.t.Errorf("only %d requests were seen: %q", api, p.asked)
	}
}

func (p *page) do(a ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, a...); err != nil {
		p.t.Fatal(err)
	}
}

// networkConditions is Network.emulateNetworkConditions, which older browsers know and newer ones still do.
type networkConditions struct {
	Offline bool    `json:"offline"`
	Latency float64 `json:"latency"`
	Down    float64 `json:"downloadThroughput"`
	Up      float64 `json:"uploadThroughput"`
}

// online connects the page to the network, or cuts it off.
func (p *page) online(on bool) {
	p.t.Helper()
	command := cdp.Command[networkConditions, cdp.Empty]{Method: "Network.emulateNetworkConditions"}
	if _, err := chromedp.Call(p.ctx, command, networkConditions{Offline: !on, Down: -1, Up: -1}); err != nil {
		p.t.Fatal(err)
	}
}

// click presses what is there and can be pressed.
func (p *page) click(sel string) {
	p.t.Helper()
	p.see(`document.querySelector('`+sel+`')?.disabled === false`, "true")
	p.do(chromedp.Click(sel))
}

func (p *page) write(sel, words string) {
	p.t.Helper()
	p.see(`document.querySelector('`+sel+`') !== null`, "true")
	p.do(chromedp.SendKeys(sel, words))
}

// signIn fills the form and sends it. The code is the next one each time: a code opens once.
func (p *page) signIn(d *demo, who notes.PersonID, password string) {
	p.t.Helper()
	p.signInWith(d, who, password, time.Now())
}

func (p *page) signInWith(d *demo, who notes.PersonID, password string, at time.Time) {
	p.t.Helper()
	code, err := d.keys.code(who, at)
	if err != nil {
		p.t.Fatal(err)
	}
	p.see(`document.querySelector('form button[type=submit]')?.disabled`, "false")
	p.do(chromedp.Evaluate[chromedp.Void](`for (const i of document.querySelectorAll('form input')) i.value = ''`))
	p.write("#login", string(who))
	p.write("#password", password)
	p.write("#otp", code)
	p.click("form button[type=submit]")
}

// see waits until a script's value is want.
func (p *page) see(script, want string) {
	p.t.Helper()
	var got string
	defer func() {
		if p.t.Failed() {
			p.t.Logf("%s is %q, want %q; the page says: %s", script, got, want, p.words())
		}
	}()
	p.until(script, func() bool {
		v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`String(`+script+`)`))
		if err != nil {
			v = err.Error() // between two documents a script finds none
		}
		got = v
		return v == want
	})
}

func (p *page) words() string {
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return v
}

func (p *page) until(what string, ok func() bool) {
	p.t.Helper()
	eventually(p.t, what, ok)
}
