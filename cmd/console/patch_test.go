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
