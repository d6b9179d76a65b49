package main

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/notes"
)

// late puts a note on the board that everybody was told of.
func (f *fakeDesk) late(reds ...string) {
	defer f.lock()()
	now := time.Now()
	f.reds = reds
	f.board = append([]console.BoardRow{{Key: "0", Kind: "note", Note: "late-1", Ref: "L-4711", Practice: "Lakeside Internal Medicine",
		Urgency: notes.Urgent, Patient: "J. Ortega", State: notes.Open, TakenAt: now.Add(-20 * time.Minute), Late: "unreachable",
		TakenOver: "Kim Jefa", NextAt: now.Add(9 * time.Minute), NextKind: "service",
		Last: console.LastStep{Kind: "dispatch.taken-over", Name: "Kim Jefa", At: now.Add(-time.Minute)}}}, f.board...)
	f.boardLocked()
}

// What is done about a late note has a key on its row, a place in the row's menu and a refusal that says why; what is wrong
// with the service stands in red above the board, in the agent's language.
func TestALateRowsKeysAndReds(t *testing.T) {
	for _, c := range []struct{ name, look, lang, red, again, refused, notice string }{
		{"late-light-en", "light", "en", "Nobody is called when a ladder has ended", "Told again", "Kim Jefa has it in hand already.",
			"Acknowledged by Dr Osei, with you as the witness"},
		{"late-dark-es", "dark", "es", "Nadie llama a los supervisores", "Se avisa otra vez", "Kim Jefa ya se hizo cargo.",
			"Confirmado por Dr Osei, con usted como testigo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestServer(t)
			s.desk.late("no-service-ladder", "failing-text")
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelectorAll('.red').length`, "2")
			b.see(`document.querySelector('.red').textContent.includes('`+c.red+`')`, "true")
			b.keys(kb.F7)
			b.see(`document.activeElement.id`, "board")
			b.shot(c.name + "-1-board")
			b.keys("m")
			b.see(`document.querySelectorAll('.menu button').length`, "7")
			b.shot(c.name + "-2-menu")
			b.keys(kb.Escape, "g")
			b.see(`document.querySelector('[role=status] p')?.textContent.trim()`, c.again)
			b.keys("t")
			b.see(`document.querySelector('[role=status] .late')?.textContent.trim()`, c.refused)
			b.keys("o")
			b.see(`[...document.querySelectorAll('.menu button')].map(b => b.getAttribute('aria-disabled')).join()`, "false,false,true")
			b.shot(c.name + "-3-people")
			b.keys("3", "2") // the third cannot be reached and does nothing
			b.see(`document.activeElement.id`, "board")
			b.keys("l")
			b.see(`document.querySelectorAll('.menu button').length`, "3")
			b.keys("1")
			b.see(`document.activeElement.id`, "board")
			b.keys("v")
			b.see(`document.querySelectorAll('.menu button').length`, "3")
			b.keys("2")
			b.see(`document.querySelectorAll('.menu button').length`, "2")
			b.shot(c.name + "-4-told")
			b.keys("2")
			b.see(`document.querySelector('[role=status] p')?.textContent.trim()`, c.notice)
			b.see(`document.activeElement.id`, "board")
			s.desk.mu.Lock()
			said := slices.Clone(s.desk.said)
			s.desk.mu.Unlock()
			if want := []string{"page again", "page osei", "call reyes", "told osei true"}; !slices.Equal(said, want) {
				t.Errorf("the server was asked for %q", said)
			}
			b.noErrors()
		})
	}
}
