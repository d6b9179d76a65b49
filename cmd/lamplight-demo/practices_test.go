package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/notes/access"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony"
)

// TestAPracticeOnTheWeb sets a practice up as a supervisor does, from a template to the call that is answered with its script and the
// text that reaches its doctor; then two people write at one practice, and a version is brought back.
func TestAPracticeOnTheWeb(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.walkers(t)
	p := openPage(t, 1280, 800)
	p.do(chromedp.Navigate(d.server.PagesURL + "/"))
	p.signIn(d, "sofia.marin", d.keys.Password)
	p.click(".me button[lang=en]")
	p.click("[data-tab=practices]")
	p.see(`document.querySelectorAll('[data-practice]').length`, "2")
	p.accessible("the practices")
	p.shot("practices")

	t.Run("looking changes nothing", func(t *testing.T) { lookingChangesNothing(t, d, p) })
	t.Run("a new one is set up", func(t *testing.T) { setUp(t, d, p) })
	t.Run("its call is answered and its doctor told", func(t *testing.T) { answeredAndTold(t, w) })
	t.Run("two write at one", func(t *testing.T) { twoWrite(t, d, p) })
	t.Run("a version is brought back", func(t *testing.T) { broughtBack(t, d, p) })
	t.Run("its tests are kept", func(t *testing.T) { testsAreKept(t, d, p) })
	t.Run("a bulletin", func(t *testing.T) { aBulletin(t, d, w, p) })
	t.Run("a phone, Spanish", func(t *testing.T) { practiceSmallAndSpanish(p) })
	p.clean([]string{d.keys.Password, "Northside", "5550171"})
	if report, err := d.server.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

var practiceParts = []string{"identity", "lines", "hours", "people", "places", "duty", "ladders", "calls", "flags", "tests", "rest", "moment",
	"bulletins", "versions", "publish"}

func (p *page) part(name string) {
	p.t.Helper()
	p.click("[data-part=" + name + "]")
	p.see(`document.querySelector('[data-part=`+name+`]').getAttribute('aria-current')`, "page")
}

// unfold opens all that is folded.
func (p *page) unfold() {
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('details').forEach(d => d.open = true)`))
}

// keptDraft waits until what stands on the page is on the server.
func (p *page) keptDraft() {
	p.t.Helper()
	p.see(`/^Kept|^Guardado/.test(document.querySelector('.state').textContent.trim())`, "true")
}

// to puts a value into the field at a place of the document.
func (p *page) to(path, value string) { p.t.Helper(); p.set(`[data-path="`+path+`"]`, value) }

func lookingChangesNothing(t *testing.T, d *demo, p *page) {
	p.click("[data-practice=lakeside]")
	p.see(`document.querySelector('[data-path="account.name"]')?.value`, "Lakeside Internal Medicine")
	for _, part := range practiceParts {
		p.part(part)
		p.unfold()
		p.see(`document.documentElement.scrollWidth`, "1280")
		if part != "versions" && part != "publish" && part != "tests" {
			p.see(`document.querySelectorAll('.form :is(input, select, textarea)').length > 0`, "true")
		}
		p.accessible("the part " + part)
		p.shot("practice-" + part)
	}
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published as version')`, "true")
	drafts, err := d.server.Record.PracticeDrafts(access.System(t.Context(), "test"), []telephony.AccountID{"lakeside"}, true)
	if err != nil || len(drafts) != 0 {
		t.Errorf("it wrote %+v, %v", drafts, err)
	}
	p.click(".editor header button")
}

func setUp(t *testing.T, d *demo, p *page) {
	p.see(`document.querySelectorAll('[data-practice]').length`, "2")
	p.click(".top > button")
	p.see(`document.activeElement.id`, "new-name")
	p.accessible("a new practice")
	p.shot("practice-new")
	p.write("#new-name", "Northside Clinic")
	p.see(`document.querySelector('[aria-describedby=new-id]').value`, "northside-clinic")
	p.set(`[list=zones]`, "America/Chicago")
	p.write("#new-name", kb.Enter)
	p.see(`document.querySelector('[data-path="account.name"]')?.value`, "Northside Clinic")
	p.part("publish")
	p.see(`document.querySelector('#publish').disabled`, "true")
	p.see(`document.querySelectorAll('#publish-answer .final').length > 1`, "true")
	p.accessible("what is missing")
	p.shot("practice-missing")
	p.click("#publish-answer .final .link") // leads to where the number is missing
	p.see(`document.activeElement.dataset.path?.toLowerCase()`, "account.lines[0].did")
	p.to("account.lines[0].did", "+13125550100") // Lakeside's
	p.see(`document.querySelector('.form').textContent.includes('elongs to another practice')`, "true")
	p.shot("practice-taken")
	p.to("account.lines[0].did", "+13125550190")
	p.part("people")
	p.to("account.contacts[0].name", `=Dr "Ñ" <b>שלום</b> 🏥`)
	p.to("account.contacts[0].mobile", "+13125550171")
	p.part("places")
	directory(t, p)
	p.part("ladders")
	p.to("ladders.ladders[0].rungs[1].after", "2m")
	p.part("moment")
	p.see(`document.querySelector('.said').textContent.includes('<b>שלום</b> 🏥')`, "true")
	p.keptDraft()
	if _, err := d.server.Record.AccountNow(access.System(t.Context(), "test"), "northside-clinic"); err == nil {
		t.Error("it is published before anybody published it")
	}
	p.part("publish")
	p.see(`document.querySelector('#publish').disabled`, "false")
	p.write("#publish-why", "opens on Monday"+kb.Enter)
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")
	p.accessible("published")
	acc, err := d.server.Record.AccountNow(access.System(t.Context(), "test"), "northside-clinic")
	if err != nil || acc.Contacts[0].Name != `=Dr "Ñ" <b>שלום</b> 🏥` || !strings.Contains(string(acc.Ladders), `"2m"`) {
		t.Errorf("%+v, %v", acc, err)
	}
	if len(acc.Places) != 1 || acc.Places[0].Name != "Farmacia del Sol" || acc.Places[0].Extension != "12" ||
		!slices.Equal(acc.Dialling.Abroad, []string{"MX"}) || acc.Dialling.Premium {
		t.Errorf("its directory is %+v, %+v", acc.Places, acc.Dialling)
	}
	p.click(".editor header button")
}

// directory has a pharmacy in Mexico added, which may not be dialled before its country is allowed.
func directory(t *testing.T, p *page) {
	t.Helper()
	p.click(".form > button")
	p.to("account.places[0].name", "Farmacia del Sol")
	p.to("account.places[0].number", "+525512345678")
	p.to("account.places[0].extension", "12 and more")
	wrong := func(words string, is string) {
		t.Helper()
		p.see("document.querySelector('.form').textContent.includes(`"+words+"`)", is)
	}
	wrong("is abroad: if the practice wants that", "true")
	p.see(`document.querySelector('[data-path="account.places[0].extension"]').getAttribute('aria-invalid')`, "true")
	p.accessible("a number that may not be dialled")
	p.shot("practice-places-wrong")
	p.to("account.places[0].extension", "12")
	p.to("account.dialling.abroad", "MX")
	p.enter(".allow")
	p.see(`document.querySelector('.allowed').textContent.includes('Mexico')`, "true")
	p.to("account.dialling.abroad", "CA")
	p.enter(".allow")
	p.enter(".allowed li:nth-child(2) button")
	p.see(`document.querySelector('.allowed').textContent.includes('Canada')`, "false")
	wrong("is abroad: if the practice wants that", "false")
	p.see(`document.querySelectorAll('.form [aria-invalid]').length`, "0")
	p.shot("practice-places-right")
}

func answeredAndTold(t *testing.T, w *walker) {
	ctx, s := t.Context(), w.d.script(0)
	s.DID = "+13125550190"
	one := &walk{walker: w, s: s}
	if err := one.isReady(ctx); err != nil {
		t.Fatal(err)
	}
	caller, agent, err := one.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if pop := w.seen.pop; pop.Practice.Name != "Northside Clinic" || len(pop.Script.CallTypes) != 4 {
		t.Errorf("the desk shows %+v", pop.Practice)
	}
	sent, err := one.note(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.end(ctx, caller, agent); err != nil {
		t.Fatal(err)
	}
	_, err = w.d.pocket.Wait(ctx, func(all []pocket.Arrival) bool {
		return slices.ContainsFunc(all, func(a pocket.Arrival) bool {
			return a.Kind == "text" && a.To == "+13125550171" && strings.Contains(a.Body, sent.Reference)
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// twoWrite has the office and a supervisor write at one practice at once.
func twoWrite(t *testing.T, d *demo, p *page) {
	p.click("[data-practice=lakeside]")
	p.to("account.say", "LAKE-side")
	p.keptDraft()
	q := openPage(t, 1280, 800)
	q.do(chromedp.Navigate(d.server.PagesURL + "/"))
	q.signIn(d, "marta.webb", d.keys.Password)
	q.click("[data-tab=practices]")
	q.click("[data-practice=lakeside]")
	q.see(`/Sofía Marín is writing at this practice, too/.test(document.querySelector('.beside').textContent)`, "true")
	q.to("account.instructions.en", "Every call goes to the doctor.")
	q.part("lines")
	q.see(`document.querySelector('[data-path="account.lines[0].did"]').disabled`, "true")
	q.keptDraft()
	p.part("publish")
	p.write("#publish-why", "said so by the office"+kb.Enter)
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")
	q.part("publish")
	q.write("#publish-why", "new rule"+kb.Enter)
	q.see(`/Sofía Marín published this practice while you were writing: “said so by the office”/.test(document.querySelector('.stop').textContent)`,
		"true")
	q.see(`document.querySelector('.stop dl').textContent.includes('LAKE-side')`, "true")
	q.accessible("a colleague was quicker")
	q.shot("practice-moved")
	q.click("#onto")
	q.see(`document.querySelector('#onto') === null`, "true")
	q.keptDraft()
	q.click("#publish")
	q.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")
	acc, err := d.server.Record.AccountNow(access.System(t.Context(), "test"), "lakeside")
	if err != nil || acc.Say != "LAKE-side" || acc.Instructions["en"] != "Every call goes to the doctor." {
		t.Errorf("%q %q, %v", acc.Say, acc.Instructions, err)
	}
	q.clean([]string{d.keys.Password})
	p.click(".editor header button")
}

func broughtBack(t *testing.T, d *demo, p *page) {
	p.click("[data-practice=lakeside]")
	p.part("versions")
	p.see(`document.querySelectorAll('.form ol > li').length`, "3")
	p.see(`document.querySelector('.form ol > li').textContent.includes('Marta Webb') && document.querySelector('.form ol > li').textContent.includes('new rule')`,
		"true")
	p.click(".form ol > li button")
	p.see(`document.querySelector('.form dl').textContent.includes('Every call goes to the doctor.')`, "true")
	p.accessible("the versions")
	p.shot("practice-compared")
	p.click(".form ol > li:last-child button:last-child") // the first there was
	p.keptDraft()
	p.part("publish")
	p.shot("practice-publish")
	p.write("#publish-why", "as it was"+kb.Enter)
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")
	acc, err := d.server.Record.AccountNow(access.System(t.Context(), "test"), "lakeside")
	if err != nil || acc.Say != "LAKE-side in-TER-nal MED-i-sin" || acc.Instructions["en"] == "Every call goes to the doctor." {
		t.Errorf("%q %q, %v", acc.Say, acc.Instructions, err)
	}
}

// testsAreKept has a supervisor keep a test of Sunday nights; the office that moves the backup is stopped, and the supervisor's word, and
// that alone, has it published.
func testsAreKept(t *testing.T, d *demo, p *page) {
	const at = `account.tests[0]`
	result := func(p *page, state string) {
		t.Helper()
		p.see(`document.querySelector('[data-entry="account.tests[0]"] [data-result]')?.dataset.result`, state)
	}
	p.part("tests")
	p.click("#add-test")
	p.see(`document.querySelector('[data-path="`+at+`.when"]').value`, "02:00")
	result(p, "holds")
	p.click(`[data-entry="` + at + `"] .entry > button`)
	p.to(at+".expect[1].who", "backup")
	result(p, "fails") // between them the same person is told by email
	p.see(`document.querySelector('[data-result=fails]').textContent.includes('after 3m')`, "true")
	p.accessible("a test that fails")
	p.shot("practice-test-fails")
	p.to(at+".expect[1].who", "primary")
	p.click(`[data-entry="` + at + `"] .entry > button`)
	p.to(at+".expect[2].who", "backup")
	p.to(at+".expect[2].after", "6m")
	result(p, "holds")
	p.keptDraft()
	p.part("publish")
	p.write("#publish-why", "keeps a test"+kb.Enter)
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")

	q := openPage(t, 1280, 800)
	q.do(chromedp.Navigate(d.server.PagesURL + "/"))
	q.signIn(d, "marta.webb", d.keys.Password)
	q.click("[data-tab=practices]")
	q.click("[data-practice=lakeside]")
	moves := func(p *page) {
		p.part("ladders")
		p.to("ladders.ladders[0].rungs[2].who", "contact:lindqvist")
		p.to("ladders.ladders[0].rungs[2].after", "7m")
		p.keptDraft()
		p.part("publish")
		p.see(`document.querySelector('#publish-answer').textContent.includes('Sunday 02:00, Symptom” fails. Expected: ')`, "true")
	}
	moves(q)
	q.see(`document.querySelector('#publish').disabled && document.querySelector('#publish-word') === null`, "true")
	q.see(`document.querySelector('p.final').textContent.includes('ask a supervisor')`, "true")
	q.accessible("an office's change that fails a test")
	q.shot("practice-test-stops-office")
	q.part("tests")
	result(q, "fails")
	q.clean([]string{d.keys.Password})

	moves(p)
	p.see(`document.querySelector('#publish').disabled`, "false")
	p.shot("practice-test-word")
	p.write("#publish-why", "the backup is far away")
	p.click("#publish") // the browser asks for the word
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "false")
	p.write("#publish-word", "agreed with Dr Lindqvist by telephone")
	p.click("#publish")
	p.see(`document.querySelector('.state').textContent.trim().startsWith('Published.')`, "true")
	p.part("tests")
	p.see(`document.querySelector('.past')?.textContent.includes('agreed with Dr Lindqvist by telephone')`, "true")
	p.accessible("an overruled test")
	p.shot("practice-test-overruled")
	over, err := d.server.Record.Overrulings(access.System(t.Context(), "test"), "lakeside", 5)
	if err != nil || len(over) != 1 || over[0].By != "sofia.marin" || len(over[0].Failed) != 1 {
		t.Errorf("%+v, %v", over, err)
	}
	p.part("moment")
	p.see(`[...document.querySelectorAll('.climb > li')].map(li => li.querySelector('.after').textContent).join()`, "+0:00,+3:00,+7:00,+11:00")
	p.accessible("a ladder on a time line")
	p.shot("practice-climb")
}

// aBulletin is written on the page, stands on the desk of the agent who has the practice's next call, and the office sees who has read it.
func aBulletin(t *testing.T, d *demo, w *walker, p *page) {
	ctx := t.Context()
	p.part("bulletins")
	write := func(kind, en, es string) {
		t.Helper()
		p.set("#bulletin-kind", kind)
		p.write("#bulletin-en", en)
		p.write("#bulletin-es", es)
		p.click("#bulletin-put")
		p.see(`document.querySelector('[data-bulletin=`+kind+`] .says')?.textContent`, en)
	}
	write("status", "Dr Reyes is in surgery until 4", "Dr Reyes está en cirugía hasta las 4")
	write("bulletin", "New answering rule since Monday: labs are urgent", "Nueva regla desde el lunes: los resultados son urgentes")
	p.see(`document.querySelector('.readers').textContent.trim()`, "Read by nobody yet")
	p.accessible("the bulletins")
	p.shot("practice-bulletins")

	one := &walk{walker: w, s: d.script(0)}
	if err := one.isReady(ctx); err != nil {
		t.Fatal(err)
	}
	caller, agent, err := one.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	shown := w.seen.pop.Practice.Bulletins
	if len(shown) != 2 || shown[0].Says["es"] != "Nueva regla desde el lunes: los resultados son urgentes" {
		t.Fatalf("the desk shows %+v", shown)
	}
	if err := console.AskAckBulletin.Do(ctx, w.desk, console.BulletinRef{Bulletin: shown[0].ID}); err != nil {
		t.Fatal(err)
	}
	if err := one.end(ctx, caller, agent); err != nil {
		t.Fatal(err)
	}
	p.part("moment")
	p.part("bulletins")
	p.see(`/^Read by .* \d/.test(document.querySelector('.readers')?.textContent.trim())`, "true")
	p.click("[data-bulletin=status] button")
	p.see(`document.querySelector('ul:not(details ul) [data-bulletin=status]') === null`, "true")
}

func practiceSmallAndSpanish(p *page) {
	p.do(chromedp.EmulateViewport(390, 844))
	p.click(".me button[lang=es]")
	for _, part := range practiceParts {
		p.part(part)
		p.unfold()
		p.see(`[document.documentElement, document.querySelector('.page'), document.querySelector('main')].map(e => e.scrollWidth).join()`,
			"390,390,390")
		p.see(`[...document.querySelectorAll('main button')].filter(b => b.offsetParent && b.offsetHeight < 48).length`, "0")
		p.see(`/portal\.|undefined|\{\{(?!agent)/.test(document.body.innerText)`, "false")
		p.accessible(fmt.Sprintf("the part %s on a phone", part))
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('.climb')?.scrollIntoView()`))
		p.shot("practice-phone-" + part)
	}
}
