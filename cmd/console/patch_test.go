package main

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/telephony"
)

// TestAnAgentBringsSomebodyIn by the key alone, in both languages: whom is chosen, how far they are stands beside the call, what
// became of it is told, and the form stays as it was typed.
func TestAnAgentBringsSomebodyIn(t *testing.T) {
	const notice = `document.querySelector('.place p')?.firstChild.textContent.trim()`
	const asks = `document.querySelector('[role=menu]')?.textContent.replace(/\s+/g, ' ').includes('Dr Reyes') ? 'asks' : ''`
	for _, c := range []struct{ look, lang, rings, asked, failed, talks, connected, gone string }{
		{"light", "en", "Dr Reyes's phone rings; the caller hears music", "Dr Reyes: answered, asked to press 1; the caller hears music",
			"Dr Reyes was not connected: nobody pressed 1: perhaps a voicemail. The caller is back with you.", "talking, with Dr Reyes",
			"Dr Reyes is connected: all three hear each other", "The caller talks to Dr Reyes; you are out of the call"},
		{"dark", "es", "suena el teléfono de Dr Reyes; quien llama oye música",
			"Dr Reyes: contestaron, se pide oprimir 1; quien llama oye música",
			"No se comunicó con Dr Reyes: nadie oprimió 1: quizás un buzón de voz. Quien llama está otra vez con usted.",
			"hablando, con Dr Reyes", "Dr Reyes está en la llamada: los tres se oyen",
			"Quien llamó habla con Dr Reyes; usted ya no está en la llamada"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelector('[data-region=board]') !== null`, "true")
			b.toReason()
			see := func(words string) {
				t.Helper()
				b.see(`[...document.querySelectorAll('strong')].map(e => e.textContent.trim()).find(w => w === `+"`"+words+"`"+`) ?? ''`, words)
			}
			dr := console.Third{Name: "Dr Reyes", State: telephony.ThirdAsked}

			b.keys("Fever", kb.F6)
			b.see(asks, "asks")
			b.shot("patch-" + c.lang + "-1-whom")
			b.keys("1")
			see(c.rings)
			s.desk.third(telephony.Held, dr)
			see(c.asked)
			b.shot("patch-" + c.lang + "-2-asked")
			s.desk.third(telephony.Talking, console.Third{Name: "Dr Reyes", Why: "third-no-key"})
			b.see(notice, c.failed)
			b.see(`document.querySelector('#field-reason').value`, "Fever")

			b.keys(kb.F6)
			b.see(asks, "asks")
			b.keys("1")
			see(c.rings)
			b.keys(kb.F6) // the caller is taken back
			b.see(`String([...document.querySelectorAll('strong')].some(e => e.textContent.includes('Dr Reyes')))`, "false")

			b.keys(kb.F6)
			b.see(asks, "asks")
			b.keys("1")
			see(c.rings)
			dr.State = telephony.ThirdTalking
			s.desk.third(telephony.Talking, dr)
			see(c.talks)
			b.see(notice, c.connected)
			b.shot("patch-" + c.lang + "-3-three")
			b.keys(kb.F6, kb.F6) // it asks once
			b.see(notice, c.gone)
			b.see(`document.querySelector('#field-reason').value`, "Fever")
			b.shot("patch-" + c.lang + "-4-left")
			s.desk.mu.Lock()
			said := slices.Clone(s.desk.said)
			s.desk.mu.Unlock()
			if len(said) != 4 || said[3] != "left" || said[0] != said[1] || said[0] != said[2] {
				t.Errorf("the server heard %q", said)
			}
			b.noErrors()
		})
	}
}

// TestAnAgentCallsOut by the key alone, in both languages: a number that may not be called is refused in words, one is typed, somebody is
// talked with alone and all three talk then, the two are connected.
func TestAnAgentCallsOut(t *testing.T) {
	const notice = `document.querySelector('.place p')?.firstChild.textContent.trim()`
	const menu = `document.querySelector('[role=menu]')?.getAttribute('aria-label') ?? ''`
	for _, c := range []struct{ look, lang, whom, how, premium, alone, connected, gone, all, leaves string }{
		{"light", "en", "Who is called for the caller of Lakeside Internal Medicine?", "How is Lakeside Pharmacy called?",
			"That number charges who calls it: this practice’s rule does not allow it.",
			"you talk with Lakeside Pharmacy alone; the caller hears music", "Lakeside Pharmacy is connected: all three hear each other",
			"The caller talks to Lakeside Pharmacy; you are out of the call",
			"All three talk", "Connect them and go"},
		{"dark", "es", "¿A quién se llama para quien llama a Lakeside Internal Medicine?", "¿Cómo se llama a Lakeside Pharmacy?",
			"Ese número cobra a quien llama: la regla de este consultorio no lo permite.",
			"usted habla a solas con Lakeside Pharmacy; quien llama oye música", "Lakeside Pharmacy está en la llamada: los tres se oyen",
			"Quien llamó habla con Lakeside Pharmacy; usted ya no está en la llamada",
			"Hablar los tres", "Unirlos y salir"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelector('[data-region=board]') !== null`, "true")
			b.toReason()
			out := func() { b.t.Helper(); b.press([]rune(kb.F6)[0], kb.ModifierShift) }
			band := func(words string) {
				t.Helper()
				b.see(`[...document.querySelectorAll('strong')].map(e => e.textContent.trim()).find(w => w === `+"`"+words+"`"+`) ?? ''`, words)
			}
			b.keys("Fever")
			out()
			b.see(menu, c.whom)
			b.shot("transfer-" + c.lang + "-1-whom")
			b.keys("1")
			b.see(`document.activeElement.id`, "dial")
			b.keys("555\r")
			b.see(`document.activeElement.getAttribute('aria-invalid')`, "true")
			b.shot("transfer-" + c.lang + "-2-number")
			b.keys("\b\b\b", "(900) 555-0142\r")
			b.see(`document.querySelectorAll('[role=menu] button').length`, "2")
			b.keys("1")
			b.see(notice, c.premium)

			out()
			b.see(menu, c.whom)
			b.keys("5")
			b.see(menu, c.how)
			b.shot("transfer-" + c.lang + "-3-how")
			b.keys("1")
			pharmacy := console.Third{Name: "Lakeside Pharmacy", State: telephony.ThirdAlone}
			s.desk.third(telephony.Held, pharmacy)
			band(c.alone)
			b.see(`[...document.querySelectorAll('.acts button')].map(e => e.textContent).filter(w => w.includes('`+c.all+`') || w.includes('`+
				c.leaves+`')).length`, "2")
			b.shot("transfer-" + c.lang + "-4-alone")
			b.keys(kb.F4)
			b.see(notice, c.connected)
			s.desk.third(telephony.Talking, console.Third{Name: "Lakeside Pharmacy"})
			b.see(`document.querySelector('.acts [aria-keyshortcuts="Shift+F6"]') !== null`, "true") // they have gone
			out()
			b.see(menu, c.whom)
			b.keys("2")
			b.see(`document.querySelectorAll('[role=menu] button').length`, "2")
			b.keys(kb.Escape)
			b.see(`document.querySelector('#field-reason').value`, "Fever")
			s.desk.third(telephony.Held, pharmacy)
			band(c.alone)
			out()
			out() // it asks once
			b.see(notice, c.gone)
			b.see(`document.querySelector('#field-reason').value`, "Fever")

			s.desk.mu.Lock()
			said := slices.Clone(s.desk.said)
			s.desk.mu.Unlock()
			if want := []string{"talk first with (900) 555-0142 urgent", "talk first with pharmacy urgent", "all three", "left"}; !slices.Equal(said, want) {
				t.Errorf("the server heard %q", said)
			}
			b.noErrors()
		})
	}
}
