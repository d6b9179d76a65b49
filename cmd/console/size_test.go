package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// inSight says whether an element stands whole in the window with nothing over it.
const inSight = `((sel) => {
	const e = document.querySelector(sel), r = e.getBoundingClientRect()
	const on = (x, y) => { const at = document.elementFromPoint(x, y); return at === e || e.contains(at) || at?.contains(e) }
	const inside = r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth
	return inside && on(r.left + 4, r.top + 4) && on(r.right - 4, r.bottom - 4)
})`

// cut lists what is wider than its place and not made to be scrolled: words that nobody can read to the end.
const cut = `[...document.querySelectorAll('main h1, main h2, main p, main label, main button, header strong, footer *')].filter(e =>
	e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(
	e => e.className + ' ' + e.textContent.trim().slice(0, 40)).join('; ')`

// overlaps says whether the board stands over what is above it.
const overlaps = `((a, b) => a.bottom > b.top + 1)(...['main', '[data-region=board]'].map(
	s => document.querySelector(s).getBoundingClientRect()))`

// TestTextGrows takes a call at each size of text, in the two windows desks have, chosen by key: what to say, what is written
// and the key that sends are reached, and nothing is cut (WCAG 1.4.4).
func TestTextGrows(t *testing.T) {
	for _, h := range []int64{800, 720} {
		for _, lang := range []string{"en", "es"} {
			t.Run(fmt.Sprintf("1280x%d-%s", h, lang), func(t *testing.T) {
				s := newTestServer(t)
				b := openBrowser(t, s.args(t.TempDir()), 1280, h, "light", lang)
				b.axe = "''" // the same page, seen from nearer
				b.toReason()
				b.keys("Pressure and chest pain since this morning")
				b.see(`document.querySelectorAll('.ladder .step').length`, "4")
				b.press('r', kb.ModifierAlt)
				b.see(`(e => e.scrollHeight - e.clientHeight)(document.querySelector('.about')) <= 0`, "true") // the instructions, whole
				for _, size := range []string{"100", "125", "150", "175", "200"} {
					b.see(`document.documentElement.dataset.size`, size)
					b.shot(fmt.Sprintf("size-%d-%s-%s", h, lang, size))
					b.see(inSight+`('#send')`, "true")
					b.see(inSight+`('#field-reason')`, "true")
					b.see(inSight+`('.cue .words')`, "true")
					b.see(inSight+`('header .right > :last-child')`, "true")
					b.see(overlaps, "false")
					b.see(cut, "")
					b.press('+', kb.ModifierCtrl)
				}
				b.keys("!")
				b.see(reasonSays, "Pressure and chest pain since this morning!")
				b.noErrors()
			})
		}
	}
}
