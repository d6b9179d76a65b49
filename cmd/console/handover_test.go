package main

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestACallIsHandedOverWithItsNote gives a caller and the note begun for them to a colleague by a key, in the middle of a word, to nobody
// who is busy; and takes a colleague's: their words stand in the form, and the keys go on after them.
func TestACallIsHandedOverWithItsNote(t *testing.T) {
	const notice = `document.querySelector('.place p')?.firstChild.textContent.trim()`
	const menu = `document.querySelector('[role=menu]')?.getAttribute('aria-label') ?? ''`
	for _, c := range []struct{ look, lang, who, asked, handed string }{
		{"light", "en", "Who takes this call and its note?",
			"Ben Cole is asked to take the call and has your note; both come back if nobody does.", "Ben Cole hands this call over to you"},
		{"dark", "es", "¿Quién toma esta llamada y su nota?",
			"Se le pide a Ben Cole que tome la llamada y ya tiene su nota; ambas vuelven si nadie la toma.", "Ben Cole le entrega esta llamada"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			s := newTestServer(t)
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelector('[data-region=board]') !== null`, "true")
			b.toReason()
			b.keys("Fever")
			b.press('g', kb.ModifierAlt)
			b.see(menu, c.who)
			b.shot("handover-" + c.lang + "-1-who")
			b.keys("2") // who is in a call
			b.see(menu, c.who)
			b.keys("1")
			b.see(notice, c.asked)
			b.see(`document.querySelectorAll('#field-reason').length`, "0")
			b.see(`document.activeElement.id`, "board")
			b.shot("handover-" + c.lang + "-2-asked")
			b.keys(kb.F12)

			s.desk.handsBack("Ben Cole")
			b.see(`[...document.querySelectorAll('strong')].map(e => e.textContent.trim()).find(w => w === `+"`"+c.handed+"`"+`) ?? ''`, c.handed)
			b.see(`document.querySelector('#field-reason')?.value`, "Fever")
			b.shot("handover-" + c.lang + "-3-handed")
			b.keys(kb.F3)
			b.see(`document.activeElement.id`, "field-reason")
			b.see(`document.querySelector('#field-name').value`, "Maria Paz")
			b.see(menu, "")

			s.desk.mu.Lock()
			said := slices.Clone(s.desk.said)
			id := s.desk.handed.Draft.ID
			s.desk.mu.Unlock()
			if want := []string{"hand over Maria Paz to ben", "take " + id}; !slices.Equal(said, want) {
				t.Errorf("the server heard %q", said)
			}
			b.noErrors()
		})
	}
}
