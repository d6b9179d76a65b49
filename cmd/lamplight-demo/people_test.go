package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/notes/access"
)

const ownWords = "a lamp in every window"

// TestPeopleOnTheWeb keeps people as an administrator does, without a command: an agent and a doctor are invited, open their links in
// browsers of their own, choose what nobody else knows, and work; one leaves and is back. On a desk and on a phone, in both languages.
func TestPeopleOnTheWeb(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	p := openPage(t, 1280, 800)
	p.do(chromedp.Navigate(d.server.PagesURL + "/"))
	p.signIn(d, "ada.grant", d.keys.Password)
	p.click(`[data-tab="people"]`)
	p.see(`document.querySelectorAll('[data-login]').length >= 8`, "true")
	p.accessible("the people")
	p.see(`document.documentElement.scrollWidth`, "1280")
	p.shot("people")

	var links []string
	t.Run("an agent", func(t *testing.T) { links = append(links, invitedAgent(t, d, p)) })
	t.Run("a doctor", func(t *testing.T) { links = append(links, invitedDoctor(t, d, p)) })
	t.Run("changed beside another", func(t *testing.T) { changedBeside(t, d, p) })
	t.Run("who leaves", func(t *testing.T) { links = append(links, leavesAndReturns(t, d, p)) })
	t.Run("one's own", func(t *testing.T) { oneself(t, d, p) })
	t.Run("a phone, Spanish", func(t *testing.T) { peopleOnAPhone(p) })
	secrets := []string{d.keys.Password, ownWords}
	for _, l := range links {
		secrets = append(secrets, l[strings.Index(l, "#")+1:])
	}
	p.clean(secrets)
	if report, err := d.server.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// text is what an element says.
func (p *page) text(sel string) string {
	p.t.Helper()
	p.see(`!!document.querySelector('`+sel+`')?.textContent.trim()`, "true")
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.querySelector('`+sel+`').textContent.trim()`))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// press presses keys where the focus is.
func (p *page) press(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// invitedAgent is done by keyboard alone: N, the form, Enter.
func invitedAgent(t *testing.T, d *demo, p *page) string {
	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`))
	p.press("n")
	p.see(`document.activeElement.id`, "invite-title")
	p.accessible("an invitation being written")
	p.write("#invite-name", "Nora Núñez <b>نورا</b> 👩‍⚕️")
	p.see(`document.querySelector('#invite-login').value`, "nora.nunez.b.b")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#invite-login').select()`))
	p.write("#invite-login", "nora.nunez")
	p.set("#speaks-es", "3")
	p.shot("people-invite")
	p.write("#invite-mobile", "12"+kb.Enter)
	p.see(`document.querySelector('#invite-answer').textContent.trim()`, "That is not a phone number.")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#invite-mobile').select()`))
	p.write("#invite-mobile", "312 555 0188"+kb.Enter)
	p.see(`document.activeElement.id`, "link-title")
	p.accessible("a link to be handed over")
	p.shot("people-link")
	link := p.text("#invitation-link")

	nora := openPage(t, 390, 844) // a fresh browser
	nora.do(chromedp.Navigate(link))
	nora.see(`location.pathname + location.hash`, "/join")
	nora.see(`document.querySelector('h1').textContent.includes('<b>نورا</b>')`, "true")
	nora.see(`document.documentElement.scrollWidth`, "390")
	nora.accessible("an invitation")
	nora.shot("join")
	secret := nora.text("#join-secret")
	nora.do(chromedp.Reload()) // a phone that drops the page finds the same secret
	nora.see(`document.querySelector('#join-secret')?.textContent`, secret)
	nora.write("#join-new", ownWords)
	nora.write("#join-again", ownWords)
	nora.write("#join-otp", "000000"+kb.Enter)
	nora.see(`document.querySelector('.answer').textContent.trim().startsWith('That is not the code')`, "true")
	code, err := access.CodeAt(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	nora.write("#join-otp", code+kb.Enter)
	nora.see(`!!document.querySelector('main h1')?.textContent.startsWith('Nothing here')`, "true")
	nora.see(`location.pathname`, "/")
	nora.click("main button")
	desk := nora.text("#own-desk")
	if !strings.Contains(desk, d.server.Bus.URL) || !strings.Contains(desk, "nora.nunez") {
		t.Errorf("she is told %q", desk)
	}
	nora.accessible("one's own page")
	nora.shot("own")
	again := openPage(t, 390, 844)
	again.do(chromedp.Navigate(link))
	again.see(`document.querySelector('[role=alert]')?.textContent.startsWith('The invitation was used already')`, "true")
	again.see(`document.body.textContent.includes('Ask Ada Grant for a new one')`, "true")
	again.accessible("a link that was used")
	again.shot("join-used")

	code, err = access.CodeAt(secret, time.Now().Add(codePeriod)) // each opens once
	if err != nil {
		t.Fatal(err)
	}
	c, err := wire.Dial(t.Context(), wire.Options{URL: d.server.Bus.URL, CA: d.server.Certs.Pool, Login: "nora.nunez", Password: ownWords,
		Code: code})
	if err != nil {
		t.Fatalf("at a desk: %v", err)
	}
	defer c.Close()
	hello, err := console.AskHello.Of(t.Context(), c, console.Nothing{})
	if err != nil || hello.Phone.User != "agent4" {
		t.Errorf("her desk: %+v, %v", hello.Phone, err)
	}
	nora.clean([]string{ownWords, secret, link[strings.Index(link, "#")+1:]})
	return link
}

// invitedDoctor is done by mouse: a doctor of lakeside's, new on its list, who reads on a phone.
func invitedDoctor(t *testing.T, d *demo, p *page) string {
	p.click("#invite")
	p.set("#person-role", "provider")
	p.see(`document.querySelectorAll('#person-contact option').length > 2`, "true")
	p.write("#invite-name", "Dr Iris Hale")
	p.write("#invite-email", "iris@lakeside.example")
	p.shot("people-doctor")
	p.click("aside form button.main")
	link := p.text("#invitation-link")
	acc, err := d.server.Record.AccountNow(t.Context(), "lakeside")
	if err != nil || !slices.ContainsFunc(acc.Contacts, func(c notes.Contact) bool {
		return c.Person == "dr.iris.hale" && c.Email == "iris@lakeside.example"
	}) {
		t.Errorf("her practice knows %+v, %v", acc.Contacts, err)
	}
	iris := openPage(t, 390, 844)
	iris.do(chromedp.Navigate(link))
	secret := iris.text("#join-secret")
	code, err := access.CodeAt(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	iris.write("#join-new", ownWords)
	iris.write("#join-again", ownWords)
	iris.write("#join-otp", code)
	iris.click("form button[type=submit]")
	iris.see(`document.querySelector('main h1') !== null && document.querySelector('.duty') !== null`, "true") // her inbox
	iris.shot("join-inbox")
	return link
}

// changedBeside has somebody changed by another while the form is open: what was written stays, and is saved then.
func changedBeside(t *testing.T, d *demo, p *page) {
	p.press(kb.Escape)
	p.click("#people-search")
	p.write("#people-search", "cole be")
	p.see(`document.querySelectorAll('[data-login]').length`, "1")
	p.click("[data-login]")
	p.see(`document.activeElement.id`, "person-title")
	p.click("#do-card")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#card-name').select()`))
	p.write("#card-name", "Benedict Cole")
	p.write("#person-why", "his own wish")
	if err := d.server.Door.Grant(access.System(t.Context(), "test"), "ben.cole", access.Grant{Account: "*", Role: notes.RoleSupervisor}); err != nil {
		t.Fatal(err)
	}
	p.click("aside form button.main")
	p.see(`/While you were writing, a command at the server changed this person: is now Supervisor/.test(document.querySelector('#person-answer').textContent)`,
		"true")
	p.see(`document.querySelector('#card-name').value`, "Benedict Cole")
	p.accessible("somebody was quicker")
	p.shot("people-moved")
	p.click("aside form button.main")
	p.see(`document.querySelector('#person-title')?.textContent`, "Benedict Cole")
	p.see(`document.querySelector('aside ol li').textContent.includes('his own wish')`, "true")
	p.accessible("a person")
	p.shot("people-person")
}

// leavesAndReturns lets a doctor go who is on call: where is told first.
func leavesAndReturns(t *testing.T, d *demo, p *page) string {
	p.press(kb.Escape)
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#people-search').value = ''`))
	p.write("#people-search", "reyes")
	p.see(`document.querySelector('[data-login]')?.dataset.login`, "elena.reyes")
	p.click("[data-login]")
	p.click("#do-leave")
	p.write("#person-why", "moves away"+kb.Enter)
	p.see(`document.querySelectorAll('#person-answer li').length > 0`, "true")
	p.see(`document.querySelector('#person-answer').textContent.includes('rotation')`, "true")
	p.accessible("where a leaver stands")
	p.shot("people-leave")
	if _, err := d.server.Door.ActorOf(t.Context(), "elena.reyes"); err != nil {
		t.Errorf("she is out before anybody is sure: %v", err)
	}
	p.click("aside form button.main")
	p.see(`document.querySelector('#do-return') !== null`, "true")
	if _, err := d.server.Door.ActorOf(t.Context(), "elena.reyes"); err == nil {
		t.Error("who has left is in")
	}
	p.see(`document.querySelectorAll('[data-login]').length`, "0")
	p.click(".check input")
	p.see(`document.querySelectorAll('[data-login]').length`, "1")
	p.shot("people-left")
	p.click("#do-return")
	p.write("#person-why", "back again"+kb.Enter)
	p.see(`document.activeElement.id`, "link-title")
	if p, err := d.server.Door.Person(t.Context(), "elena.reyes"); err != nil || p.Left || p.HasPassword {
		t.Errorf("%+v, %v", p, err)
	}
	return p.text("#invitation-link")
}

// oneself ends a session of one's own that another browser holds.
func oneself(t *testing.T, d *demo, p *page) {
	s, err := d.server.Door.SignIn(t.Context(), access.SignInAttempt{Login: "ada.grant", Password: d.keys.Password, Code: d.next(t, "ada.grant"),
		Program: "Safari, iPhone"})
	if err != nil {
		t.Fatal(err)
	}
	p.click(".me .name")
	p.see(`[...document.querySelectorAll('main li')].map(l => l.textContent).join().includes('Safari, iPhone')`, "true")
	p.see(`[...document.querySelectorAll('main li')].filter(l => l.textContent.includes('here')).length`, "1")
	p.accessible("one's own sessions")
	p.shot("own-desktop")
	p.click("main li button")
	p.see(`document.querySelectorAll('main li').length`, "1")
	if _, err := d.server.Door.Resume(t.Context(), s.Token); err == nil {
		t.Error("it is still open")
	}
	p.click("nav button")
	p.click(`[data-tab="people"]`)
	p.see(`document.querySelector('#people-title') !== null`, "true")
}

// next is a code that was not used yet.
func (d *demo) next(t *testing.T, who notes.PersonID) string {
	t.Helper()
	code, err := d.keys.code(who, time.Now().Add(codePeriod))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func peopleOnAPhone(p *page) {
	p.click(".me button[lang=es]")
	p.see(`document.querySelector('h1').textContent`, "Personas")
	p.see(`document.querySelectorAll('[data-login]').length >= 8`, "true")
	p.accessible("the people in Spanish")
	p.shot("people-es")
	p.do(chromedp.EmulateViewport(390, 844))
	whole := func(what string) {
		p.t.Helper()
		p.see(`document.documentElement.scrollWidth`, "390")
		p.see(`[...document.querySelectorAll('main button, main input:not([type=checkbox]), main select')].filter(b => b.offsetParent && b.offsetHeight < 48).length`,
			"0")
		p.accessible(what)
		p.shot(strings.ReplaceAll(what, " ", "-"))
	}
	whole("people on a phone")
	p.click("#invite")
	p.see(`document.activeElement.id`, "invite-title")
	whole("an invitation on a phone")
	p.click(".back button")
	p.click("tbody tr:nth-child(2) .name")
	p.see(`document.activeElement.id`, "person-title")
	whole("a person on a phone")
	p.see(`/portal\.|undefined|\{\{/.test(document.body.innerText)`, "false")
}
