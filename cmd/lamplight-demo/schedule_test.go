package main

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/notes"
	"lamplight/notes/access"
)

// TestTheScheduleOnTheWeb changes who is on call as an office manager does: by keyboard, by mouse, while a colleague changes it too,
// and asks what happens at a moment; on a desk and on a phone, in both languages.
func TestTheScheduleOnTheWeb(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	p := openPage(t, 1280, 800)
	p.do(chromedp.Navigate(d.server.PagesURL + "/"))
	p.signIn(d, "marta.webb", d.keys.Password)
	p.click("nav button:nth-child(2)")
	p.see(`document.querySelectorAll('[data-piece]').length >= 14`, "true")
	p.do(chromedp.KeyEvent(kb.PageDown)) // next week is all to come
	p.see(`document.querySelectorAll('[data-piece]:disabled').length`, "0")
	p.accessible("the week")
	p.see(`document.documentElement.scrollWidth`, "1280")
	p.shot("week")

	t.Run("by keyboard", func(t *testing.T) { byKeyboard(d, p) })
	t.Run("by mouse", func(t *testing.T) { byMouse(d, p) })
	t.Run("while another changes it", func(t *testing.T) { besideAnother(t, d, p) })
	t.Run("what happens at a moment", func(t *testing.T) { atAMoment(p) })
	t.Run("a month, a phone, Spanish", func(t *testing.T) { smallAndSpanish(p) })
	t.Run("a shift changes hands on phones", func(t *testing.T) { changesHands(t, d) })
	p.clean([]string{d.keys.Password, "conference", "Conference"})
	if report, err := d.server.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// stored waits until lakeside's schedule holds words, or holds them no more.
func (p *page) stored(d *demo, words string, want bool) {
	p.t.Helper()
	p.until(fmt.Sprintf("the schedule holds %q: %v", words, want), func() bool {
		acc, err := d.server.Record.AccountNow(access.System(p.t.Context(), "test"), "lakeside")
		return err == nil && bytes.Contains(acc.Schedule, []byte(words)) == want
	})
}

// set puts a value into a field as a person's choice does.
func (p *page) set(sel, value string) {
	p.t.Helper()
	p.see(`document.querySelector('`+sel+`') !== null`, "true")
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(e => { e.value = %q; for (const k of ['input', 'change'])
		e.dispatchEvent(new Event(k, { bubbles: true })) })(document.querySelector('%s'))`, value, sel)))
}

// idle is who has nothing to do on the third day that is shown.
func (p *page) idle() string {
	p.t.Helper()
	id, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('.people [data-person]')].find(l =>
		!document.querySelectorAll('[data-day]')[2].textContent.includes(l.textContent.trim())).dataset.person`))
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func byKeyboard(d *demo, p *page) {
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-piece]').focus()`), chromedp.KeyEvent(kb.ArrowRight),
		chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
	p.see(`document.activeElement.id`, "schedule-form")
	p.accessible("a change being written")
	p.see(`document.querySelector('form select').value`, "replace")
	p.set("#schedule-who", p.idle())
	p.write("#schedule-why", "Conference"+kb.Enter)
	p.see(`document.activeElement.id`, "schedule-undo")
	p.stored(d, `"overrides"`, true)
	p.shot("saved")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.stored(d, `"overrides"`, false)
	p.see(`document.querySelector('#schedule-undo') === null`, "true")
}

func byMouse(d *demo, p *page) {
	who := p.idle()
	// A name is dragged onto a shift: the form is filled.
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		const data = new DataTransfer(), to = document.querySelectorAll('[data-day]')[2].querySelector('[data-piece]')
		const from = document.querySelector('.people [data-person=%s]')
		from.dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true }))
		to.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }))
		to.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
	})()`, who)))
	p.see(`document.querySelector('#schedule-who')?.value`, who)
	p.write("#schedule-why", "conference")
	p.shot("form")
	p.click("form button.main")
	p.stored(d, `"overrides"`, true)
	p.see(`document.querySelector('#schedule-why') === null`, "true")
	p.click(".parts button:last-child")
	p.see(`document.querySelector('aside ol li').textContent.includes('Marta Webb')`, "true")
	p.see(`document.querySelector('aside ol li').textContent.includes('conference')`, "true")
	p.accessible("the history")
	p.shot("history")
	p.click(".parts button:first-child")
	p.click("aside section:last-child .link")
	p.write("#schedule-why", "not needed")
	p.click("form button.main")
	p.stored(d, `"overrides"`, false)
	p.see(`document.querySelector('#schedule-why') === null`, "true") // the page knows it, too
}

// besideAnother has the schedule changed by somebody else while the form is open: what was written stays, and is saved then.
func besideAnother(t *testing.T, d *demo, p *page) {
	p.click("[data-day]:nth-of-type(3) [data-piece]")
	p.set("#schedule-who", p.idle())
	p.write("#schedule-why", "swap with a friend")
	ctx := access.System(t.Context(), "test")
	acc, err := d.server.Record.AccountNow(ctx, "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(acc.Schedule, []byte("Lakeside on call"), []byte("On call, Lakeside"), 1)
	if err := d.server.Record.PutSchedule(ctx, acc.ID, acc.Schedule, other, "", "", nil); err != nil {
		t.Fatal(err)
	}
	p.click("form button.main")
	p.see(`/changed .*while you were writing/.test(document.querySelector('#schedule-answer').textContent)`, "true")
	p.see(`document.querySelector('#schedule-why').value`, "swap with a friend")
	p.stored(d, `"overrides"`, false)
	p.accessible("somebody was quicker")
	p.shot("moved")
	p.click("form button.main")
	p.stored(d, `"overrides"`, true)
	p.stored(d, "On call, Lakeside", true)
}

func atAMoment(p *page) {
	p.click(".parts button:nth-child(2)")
	p.set("#moment-at", time.Now().AddDate(0, 0, 9).Format(time.DateOnly)+"T02:00")
	p.see(`document.querySelectorAll('aside ol li').length`, "4") // three rungs, and the supervisors
	p.see(`document.querySelector('aside ol li time').textContent`, "02:00")
	p.accessible("a moment")
	p.shot("moment")
	p.set("#moment-at", "2027-11-07T01:30")
	p.see(`document.querySelector('aside input[type=checkbox]') !== null`, "true")
}

func smallAndSpanish(p *page) {
	p.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur()`), chromedp.KeyEvent("m"))
	p.see(`document.querySelectorAll('[data-cell]').length`, "42")
	p.click(".me button[lang=es]")
	p.see(`document.querySelector('h1').textContent`, "De guardia")
	p.accessible("the month")
	p.see(`document.documentElement.scrollWidth`, "1280")
	p.shot("month")
	p.do(chromedp.EmulateViewport(390, 844))
	p.see(`document.documentElement.scrollWidth`, "390")
	p.accessible("the month on a phone")
	p.shot("month-phone")
	p.do(chromedp.KeyEvent("w"))
	p.see(`document.querySelectorAll('[data-piece]').length >= 14`, "true")
	p.see(`document.documentElement.scrollWidth`, "390")
	p.see(`[...document.querySelectorAll('main button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
	p.accessible("the week on a phone")
	p.shot("week-phone")
	p.see(`/portal\.|undefined|\{\{/.test(document.body.innerText)`, "false")
}

// changesHands has a doctor offer a shift, another take it, and the first agree, a tap each.
func changesHands(t *testing.T, d *demo) {
	phone := func(who notes.PersonID) *page {
		p := openPage(t, 390, 844)
		p.do(chromedp.Navigate(d.server.PagesURL + "/"))
		p.signIn(d, who, d.keys.Password)
		p.click("main .duty")
		p.see(`document.querySelector('.card button') !== null && document.activeElement.tagName`, "H1")
		p.see(`document.documentElement.scrollWidth`, "390")
		p.see(`[...document.querySelectorAll('button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
		return p
	}
	tap := func(p *page, label, then string) {
		t.Helper()
		p.see(`(b => !!b && !b.disabled && (b.click(), true))([...document.querySelectorAll('.card button')].find(b => b.textContent === '`+label+
			`'))`, "true")
		p.see(`document.querySelector('.done')?.textContent.startsWith('`+then+`')`, "true")
	}
	owner := phone("kwame.osei")
	owner.accessible("one's own days")
	owner.shot("duty")
	tap(owner, "Offer this shift", "Offered")
	taker := phone("elena.reyes")
	taker.shot("duty-offered")
	tap(taker, "Take this shift", "Taken")
	d.holds(t, `"state": "taken"`)
	owner.click("nav button")
	owner.click("main .duty")
	owner.accessible("a shift that another would take")
	owner.shot("duty-taken")
	tap(owner, "Agree", "Agreed")
	d.holds(t, `"state": "approved"`)
	owner.clean([]string{d.keys.Password})
	taker.clean([]string{d.keys.Password})
}

// holds waits until lakeside's schedule holds words.
func (d *demo) holds(t *testing.T, words string) {
	t.Helper()
	eventually(t, "the schedule holds "+words, func() bool {
		acc, err := d.server.Record.AccountNow(access.System(t.Context(), "test"), "lakeside")
		return err == nil && bytes.Contains(acc.Schedule, []byte(words))
	})
}

// shot keeps a picture of the page, in both looks, where SHOTS names a directory.
func (p *page) shot(name string) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	for _, look := range []string{"light", "dark"} {
		p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = '` + look + `'`))
		b, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err == nil {
			err = os.WriteFile(dir+"/"+name+"-"+look+".png", b, 0o644)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}
