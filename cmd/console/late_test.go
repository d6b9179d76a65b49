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

// left puts a note that was not sent and a voicemail on the board.
func (f *fakeDesk) left() {
	defer f.lock()()
	now := time.Now()
	f.board = append([]console.BoardRow{
		{Key: "0", Kind: notes.BoardDraft, Draft: "left-1", Call: "call-left", Practice: "Lakeside Internal Medicine", Account: "lakeside",
			TakenAt: now.Add(-6 * time.Minute), Late: "late",
			Last: console.LastStep{Kind: console.LastUnsent, Name: "Ben Cole", Detail: "left", At: now.Add(-6 * time.Minute)}},
		{Key: "00", Kind: notes.BoardVoicemail, Note: "vm-1", Call: "call-vm", Ref: "L-4812", Practice: "Lakeside Internal Medicine",
			Account: "lakeside", Urgency: notes.Urgent, State: notes.Open, TakenAt: now.Add(-4 * time.Minute),
			Last: console.LastStep{Kind: console.LastVoicemail, At: now.Add(-4 * time.Minute)}}}, f.board...)
	f.boardLocked()
}

// A note that a colleague left and a voicemail are rows of the board with keys of their own: the note is taken over with its
// words, the voicemail is heard and becomes a note of its call. A note of this agent's that somebody takes over leaves the hand.
func TestWhatWasLeftIsFinishedHere(t *testing.T) {
	for _, c := range []struct{ name, look, lang, row, hear, over string }{
		{"left-light-en", "light", "en", "begun by Ben Cole, who has gone", "0:01 / 1:00",
			"Kim Jefa has taken over your note that was not sent, and finishes it."},
		{"left-dark-es", "dark", "es", "la empezó Ben Cole, que ya no está", "0:01 / 1:00",
			"Kim Jefa se hizo cargo de la nota que usted no envió, y la termina."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestServer(t)
			s.desk.left()
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			b.see(`document.querySelectorAll('#board li.late')[0]?.querySelector('.last').textContent`, c.row)
			b.keys(kb.F7)
			b.see(`document.activeElement.id`, "board")
			b.shot(c.name + "-1-rows")
			b.keys(kb.ArrowDown, "l")
			b.see(`document.querySelector('#board li.on .next').textContent.trim()`, c.hear)
			b.shot(c.name + "-2-heard")
			b.keys("n")
			b.see(`document.querySelector('#field-callback')?.value`, "(312) 555-0142")
			b.keys("1")
			b.see(`document.activeElement.id`, "field-name")
			b.keys("Rosa Diaz")
			b.shot(c.name + "-3-note")
			b.keys(kb.F7)
			b.see(`document.activeElement.id`, "board")
			b.keys(kb.ArrowUp, "t")
			b.see(`document.querySelector('#field-name')?.value`, "Rosa Bennett")
			b.shot(c.name + "-4-taken")
			s.desk.mu.Lock()
			for w := range s.desk.watches {
				w <- console.Event{Kind: console.EventTaken, Sent: time.Now(), Taken: &console.DraftTaken{ID: "left-1", Name: "Kim Jefa"}}
			}
			said := slices.Clone(s.desk.said)
			s.desk.mu.Unlock()
			b.see(`document.querySelector('[role=status] p')?.textContent.trim()`, c.over)
			b.see(`[...document.querySelectorAll('#field-name')].map(f => f.value).join()`, "")
			if !slices.Equal(said, []string{"take left-1"}) {
				t.Errorf("the server was asked for %q", said)
			}
			b.noErrors()
		})
	}
}

// A note that is not sent is given to a colleague by a key, who is told and has its words; when it cannot be, it stays, and that is
// said. Who signs out with notes not sent is told so once before they are left to the others. A voicemail is heard at a desk with
// a telephone of its own, too.
func TestANoteIsGivenToAColleague(t *testing.T) {
	const notice = `document.querySelector('.place p')?.firstChild.textContent.trim()`
	for _, c := range []struct{ name, look, lang, cannot, gave, got, leaves, aloud string }{
		{"given-light-en", "light", "en", "They are not at a desk any more; choose somebody else.", "Ben Cole has the note now and was told.",
			"Ben Cole gave you a note that was not sent.", "A note of yours is not sent. Sign out again to leave it to the others.",
			"It plays on this computer: mind who can hear it."},
		{"given-dark-es", "dark", "es", "Esa persona ya no está en su puesto; elija a otra.", "La nota ya es de Ben Cole, que recibió el aviso.",
			"Ben Cole le pasó una nota sin enviar.", "Le queda una nota sin enviar. Cierre sesión otra vez y quedará a cargo de los demás.",
			"Suena en esta computadora: cuide quién puede oírlo."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTestServer(t)
			s.desk.phone = console.PhoneAccount{}
			s.desk.left()
			b := openBrowser(t, s.args(t.TempDir()), 1280, 800, c.look, c.lang)
			take := func() {
				t.Helper()
				b.see(`document.querySelectorAll('#board li.late').length > 0`, "true")
				b.keys(kb.F7)
				b.see(`document.activeElement.id`, "board")
				b.keys(kb.Home, "t")
				b.see(`document.querySelector('#field-name')?.value`, "Rosa Bennett")
			}
			take()
			for choose, told := range []string{c.cannot, c.gave} {
				b.press('g', kb.ModifierAlt)
				b.see(`document.querySelectorAll('[role=menu] button').length`, "2")
				b.shot(c.name + "-1-menu")
				b.keys([]string{"2", "1"}[choose])
				b.see(notice, told)
				b.see(`document.querySelectorAll('#field-name').length`, []string{"1", "0"}[choose])
			}
			b.see(`document.activeElement.id`, "board")
			b.shot(c.name + "-2-given")
			b.keys(kb.End, kb.Home, "l")
			b.see(notice, c.aloud)
			b.see(`document.querySelector('#board li.on .next').textContent.trim()`, "0:01 / 1:00")
			s.desk.mu.Lock()
			s.desk.board = s.desk.board[1:]
			s.desk.mu.Unlock()
			s.desk.left()
			s.desk.mu.Lock()
			for w := range s.desk.watches {
				w <- console.Event{Kind: console.EventGiven, Sent: time.Now(), Given: &console.DraftGiven{ID: "left-1", Name: "Ben Cole"}}
			}
			s.desk.mu.Unlock()
			b.see(notice, c.got)
			b.shot(c.name + "-3-told")
			b.keys(kb.F9, "6")
			b.see(notice, c.leaves)
			b.shot(c.name + "-4-leaves")
			b.press('d', kb.ModifierAlt)
			b.see(`document.activeElement.id`, "draft")
			b.keys(kb.Enter)
			b.see(`document.querySelector('#field-name')?.value`, "Rosa Bennett")
			b.keys(kb.F9, "6", kb.F9, "6")
			want := []string{"take left-1", "give Rosa Bennett to kim", "give Rosa Bennett to ben", "take left-1", "sign out"}
			var said []string
			end := time.Now().Add(10 * time.Second)
			for !slices.Equal(said, want) && time.Now().Before(end) {
				time.Sleep(20 * time.Millisecond) // between two looks
				s.desk.mu.Lock()
				said = slices.Clone(s.desk.said)
				s.desk.mu.Unlock()
			}
			if !slices.Equal(said, want) {
				t.Errorf("the server was asked for %q", said)
			}
			b.noErrors()
		})
	}
}
