package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/notes"
)

func (f *fakeDesk) ackBulletin(_ context.Context, b console.BulletinRef) error {
	defer f.lock()()
	f.said = append(f.said, "read "+b.Bulletin)
	return nil
}

// TestABulletinIsReadByOneKey: it stands beside what is said and asked, large; its key acts in the middle of a word and takes neither
// sign nor caret from it; the status line stays at the call's head.
func TestABulletinIsReadByOneKey(t *testing.T) {
	for _, c := range []struct{ look, lang, first, status string }{
		{"light", "en", "New answering rule since Monday: every laboratory call is urgent.", "Dr Reyes is in surgery until 4"},
		{"dark", "es", "Nueva regla desde el lunes: toda llamada de un laboratorio es urgente.", "Dr Reyes está en cirugía hasta las 4"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			s := newTestServer(t)
			s.desk.mu.Lock()
			ends := time.Now().Add(6 * time.Hour)
			s.desk.bulletins = []console.DeskBulletin{
				{ID: "b2", Kind: notes.BulletinToRead, Ends: ends, Says: both("New answering rule since Monday: every laboratory call is urgent.",
					"Nueva regla desde el lunes: toda llamada de un laboratorio es urgente.")},
				{ID: "b1", Kind: notes.BulletinToRead, Ends: ends, Says: both("Dr Osei is back.", "Dr Osei está de vuelta.")},
				{ID: "s1", Kind: notes.BulletinStatus, Ends: ends, Says: both("Dr Reyes is in surgery until 4", "Dr Reyes está en cirugía hasta las 4")},
			}
			s.desk.mu.Unlock()
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelector('[data-region=board]') !== null`, "true")
			b.toReason()
			const says = `document.querySelector('.bulletin .says')?.textContent ?? ''`
			b.see(says, c.first)
			b.see(`document.querySelector('.status').textContent.includes('`+c.status+`')`, "true")
			b.see(`document.activeElement.id`, "field-reason")
			// nothing of what is said now lies under it
			b.see(`(([c, f]) => c.left >= f.right)([document.querySelector('.bulletin'), document.querySelector('#field-reason')]`+
				`.map(e => e.getBoundingClientRect()))`, "true")
			b.shot("bulletin-" + c.lang)
			b.keys("Fe", kb.F11, "ver")
			b.see(`document.querySelector('.bulletin .says')?.textContent.includes('Osei')`, "true")
			b.keys(kb.F11)
			b.see(says, "")
			b.see(`document.querySelector('#field-reason').value`, "Fever")
			b.see(`document.activeElement.id`, "field-reason")
			b.see(`document.querySelector('.status').textContent.includes('`+c.status+`')`, "true")
			s.desk.mu.Lock()
			said := slices.Clone(s.desk.said)
			s.desk.mu.Unlock()
			if !slices.Equal(said, []string{"read b2", "read b1"}) {
				t.Errorf("the server heard %q", said)
			}
			b.noErrors()
		})
	}
}
