package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/cmd/console/windowtest"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// Where the keys are while calls come and go, in Chromium: one patient's words never come into another's note.

const (
	nameSays   = `document.querySelector('#field-name')?.value`
	reasonSays = `document.querySelector('#field-reason')?.value`
	whose      = `document.querySelector('.whose b')?.textContent`
	state      = `document.querySelector('.state strong')?.textContent`
	caret      = `(e => [e.id, e.selectionStart, e.selectionEnd, e.selectionDirection].join())(document.activeElement)`
	offer      = `document.querySelector('#answer')?.textContent.replace(/\s+/g, ' ').trim()`
)

// openDesk opens the page for a fresh server, in English.
func openDesk(t *testing.T, w, h int64) (*testServer, *browser) {
	t.Helper()
	s := newTestServer(t)
	b := openBrowser(t, s.args(t.TempDir()), w, h, "light", "en")
	b.see(`document.querySelector('[data-region=board]') !== null`, "true") // from here on its keys act
	return s, b
}

// toReason takes the first practice call and goes to the reason's field of its form.
func (b *browser) toReason() {
	b.t.Helper()
	b.ring("1")
	b.keys(" ")
	b.see(`document.activeElement.id`, "call-types")
	b.keys("1", "Maria Paz", kb.Enter, kb.Enter, "4/2/1961", kb.Enter)
	b.see(`document.activeElement.id`, "field-reason")
}

// TestAnOfferTakesNoKey has a call land in the middle of a sentence: every sign of it stays in the note it was begun for,
// and the call is answered by its own key alone.
func TestAnOfferTakesNoKey(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.toReason()
	b.keys("Fever and ")
	b.keys(kb.Escape, kb.Escape)
	b.see(state, "Wrap-up")
	b.see(`document.activeElement.id`, "field-reason")
	if err := s.desk.PracticeCall(t.Context(), "niño"); err != nil {
		t.Fatal(err)
	}
	b.see(offer, "Answer F3")
	b.see(whose, "Lakeside Internal Medicine")
	b.see(`document.querySelector('.phrase').textContent`, "Pediatría del Sol, le habla Ana. ¿En qué le puedo ayudar?")
	b.shot("offer-while-typing")
	b.keys("chills since Monday, 3 days", kb.Enter, " ")
	b.see(reasonSays, "Fever and chills since Monday, 3 days")
	b.see(state, "Offered")
	b.keys(kb.F9, kb.Escape, kb.F7, " ") // on the board, where nobody writes, Space answers
	b.see(whose, "Pediatría del Sol")
	b.see(`document.activeElement.id`, "call-types")
	b.see(nameSays, "")
	b.see(`document.querySelector('.unsent')?.textContent.includes('One note not sent')`, "true")
	b.keys("1", "Mateo Ibáñez")
	b.see(nameSays, "Mateo Ibáñez")
	b.keys(kb.Escape, kb.Escape)
	b.see(state, "Wrap-up")
	b.press('d', kb.ModifierAlt)
	b.see(`document.querySelectorAll('section .go').length`, "2")
	b.keys(kb.ArrowDown, kb.Enter)
	b.see(whose, "Lakeside Internal Medicine")
	b.see(reasonSays, "Fever and chills since Monday, 3 days")
	b.noErrors()
}

// TestAnOfferByItsOwnKey answers in the middle of a word, and finds the note again when the offer comes to nothing.
func TestAnOfferByItsOwnKey(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.toReason()
	b.keys("Cough")
	b.keys(kb.Escape, kb.Escape)
	b.see(state, "Wrap-up")
	s.desk.mu.Lock()
	ring := s.desk.ring
	s.desk.ring = nil // the phone does not ring: the answer cannot come
	s.desk.mu.Unlock()
	if err := s.desk.PracticeCall(t.Context(), "niño"); err != nil {
		t.Fatal(err)
	}
	b.see(offer, "Answer F3")
	b.keys(kb.F3)
	b.see(whose, "Pediatría del Sol")
	b.keys(kb.Escape, kb.Escape)
	b.see(whose, "Lakeside Internal Medicine")
	b.see(reasonSays, "Cough")
	s.desk.mu.Lock()
	s.desk.ring = ring
	s.desk.mu.Unlock()
	if err := s.desk.PracticeCall(t.Context(), "niño"); err != nil {
		t.Fatal(err)
	}
	b.see(offer, "Answer F3")
	b.keys(kb.F3)
	b.see(whose, "Pediatría del Sol")
	b.see(state, "Talking")
	b.see(nameSays, "")
	b.noErrors()
}

// TestTheCaretComesBack leaves a half-selected sentence for a menu, the board and a story, and goes on in it.
func TestTheCaretComesBack(t *testing.T) {
	_, b := openDesk(t, 1280, 800)
	b.toReason()
	b.keys("Fever of 103")
	for range 3 {
		b.press([]rune(kb.ArrowLeft)[0], kb.ModifierShift)
	}
	const there = "field-reason,9,12,backward"
	b.see(caret, there)
	b.keys(kb.F9)
	b.see(`document.activeElement.role`, "menuitemradio")
	b.keys(kb.Escape)
	b.see(caret, there)
	b.keys(kb.F5, kb.Escape)
	b.see(caret, there)
	b.keys(kb.F7)
	b.see(`document.activeElement.id`, "board")
	b.keys(kb.F7)
	b.see(caret, there)
	b.keys(kb.F7, kb.ArrowDown, kb.Enter)
	b.see(`document.activeElement.id`, "story")
	b.keys(kb.Escape)
	b.see(`document.activeElement.id`, "board")
	b.keys(kb.F7)
	b.see(caret, there)
	b.keys("99.5 F")
	b.see(reasonSays, "Fever of 99.5 F")
	b.noErrors()
}

// TestAnOpenStoryIsLive has somebody acknowledge while a remark is half written: it is seen at once, and the caret stays.
func TestAnOpenStoryIsLive(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.keys(kb.F7)
	b.see(`document.activeElement.id`, "board")
	b.keys("a")
	b.see(`document.activeElement.id`, "addon")
	b.keys("He called")
	b.press([]rune(kb.ArrowLeft)[0], kb.ModifierShift)
	const there = "addon,8,9,backward"
	b.see(caret, there)
	happens := func(k notes.LineKind) {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		s.desk.later = append(s.desk.later, notes.StoryLine{At: time.Now(), Kind: k, Actor: "Dr Osei", Leaf: -1})
	}
	const last, news = `document.querySelector('#story ol li:last-child span').textContent`,
		`document.querySelector('#story header').textContent.includes('More was said')`
	happens("dispatch.acknowledged")
	b.see(last, "Acknowledged\u2002Dr Osei")
	b.see(news, "false")
	b.see(caret, there)
	happens("note.added-to")
	b.see(news, "true")
	b.see(caret, there)
	b.noErrors()
}

// TestAccentsAreKept puts a name together sign by sign where the call types are, as an accent and its letter do.
func TestAccentsAreKept(t *testing.T) {
	_, b := openDesk(t, 1280, 800)
	b.ring("1")
	b.keys(" ")
	b.see(`document.activeElement.id`, "call-types")
	b.compose("´", "Á")
	b.see(`document.activeElement.id`, "field-name")
	b.keys("lvaro Pe")
	b.compose("~", "ñ")
	b.keys("a")
	b.see(nameSays, "Álvaro Peña")
	b.keys(kb.Enter)
	b.see(`document.activeElement.id`, "field-callback") // and an Enter that ends a word is no Enter of ours: compose pressed one
	b.noErrors()
}

// compose types a sign in two steps: what stands there first, with an Enter in the middle that belongs to it, and what it becomes.
func (b *browser) compose(first, sign string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		begun := input.ImeSetCompositionParams{Text: first, SelectionStart: 1, SelectionEnd: 1}
		if _, err := cdp.Call(ctx, t, input.ImeSetComposition, begun); err != nil {
			return err
		}
		enter := input.DispatchKeyEventParams{Type: "rawKeyDown", Key: "Enter", WindowsVirtualKeyCode: 229}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, enter); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: sign})
		return err
	}))
}

// TestWhatIsThrownAwayComesBack discards an unsent note and has it back; one nobody has back is gone. An old one is red.
func TestWhatIsThrownAwayComesBack(t *testing.T) {
	s := newTestServer(t)
	draft := func(id string, name string, ago time.Duration) {
		s.desk.drafts[id] = console.Draft{ID: id, Seq: 1, Call: telephony.CallID("old-" + id), Account: "lakeside",
			Body: notes.Body{Fields: map[string]string{"name": name}}, SavedAt: time.Now().Add(-ago)}
	}
	s.desk.mu.Lock()
	draft("d1", "Ruth Abel", 6*time.Minute)
	draft("d2", "Omar Diaz", time.Minute)
	s.desk.mu.Unlock()
	b := openBrowser(t, s.args(t.TempDir()), 1280, 800, "light", "en")
	b.see(`document.querySelectorAll('section .go').length`, "2")
	b.see(`document.querySelector('li.late .go')?.textContent.includes('Ruth Abel')`, "true")
	b.see(`document.querySelector('.unsent.overdue')?.textContent.includes('2 notes not sent')`, "true")
	b.shot("unsent-late")
	b.see(`document.activeElement.id`, "draft")
	first := eval[string](b, `document.activeElement.textContent`)
	b.keys(kb.Delete)
	b.see(`document.querySelectorAll('section .go').length`, "1")
	b.shot("thrown-away")
	b.press('z', kb.ModifierAlt)
	b.see(`document.querySelectorAll('section .go').length`, "2")
	if got := eval[string](b, `document.querySelector('#draft').textContent`); !strings.Contains(first, got[:4]) {
		t.Errorf("%q came back for %q", got, first)
	}
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	if len(s.desk.drafts) != 2 {
		t.Errorf("the server has %d drafts, want both: nothing was thrown away for good", len(s.desk.drafts))
	}
}

// TestNobodySignsOutInACall presses the menu's digits with a call on the desk: they mean what they mean without one.
func TestNobodySignsOutInACall(t *testing.T) {
	_, b := openDesk(t, 1280, 800)
	const menu = `[...document.querySelectorAll('[role=menu] .label')].map(e => e.firstChild.textContent).join()`
	b.see(`document.querySelector('.desk') !== null`, "true")
	b.keys(kb.F9)
	b.see(`document.querySelectorAll('[role=menu] button').length`, "6")
	idle := eval[string](b, menu)
	b.keys(kb.Escape)
	b.toReason()
	b.keys(kb.F9)
	b.see(menu, idle)
	b.see(`[...document.querySelectorAll('[role=menu] [aria-disabled=true]')].map(e => e.querySelector('kbd').textContent).join()`, "5,6")
	b.keys("5", "6")
	b.see(`document.querySelectorAll('[role=menu] button').length`, "6")
	b.keys(kb.Escape)
	b.see(state, "Talking")
	b.see(`document.activeElement.id`, "field-reason")
	click := `[...document.querySelectorAll('.acts button')].at(-1).click()`
	eval[any](b, click)
	b.see(`[...document.querySelectorAll('.acts button')].at(-1).textContent.includes('Once more')`, "true")
	b.see(state, "Talking") // the button asks as its key does
	eval[any](b, click)
	b.see(state, "Wrap-up")
	b.noErrors()
}

// TestANoteGoesWhenTheServerIsBack sends while the server stands still: the note goes by itself, once, and is never said to
// have failed or not to have been sent; meanwhile the agent takes the next call.
func TestANoteGoesWhenTheServerIsBack(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.toReason()
	b.keys("Rash")
	s.desk.standStill(true)
	b.ctrlEnter()
	b.see(`document.querySelector('footer .state b')?.textContent.includes('goes by itself')`, "true")
	b.shot("server-stands-still")
	b.keys("x")
	b.see(reasonSays, "Rash") // what is under way does not change any more
	b.keys(kb.Escape, kb.Escape)
	b.see(state, "Wrap-up")
	b.keys(kb.F12)
	b.see(`document.querySelector('.unsent')?.textContent.includes('goes when the server answers')`, "true")
	s.desk.standStill(false)
	b.see(`document.querySelector('.place p')?.textContent.trim()`, "L-4821, sent while the server stood still, is stored")
	b.see(`document.querySelector('.unsent') === null`, "true")
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	if len(s.desk.bodies) != 1 || s.desk.bodies[0].Body.Fields["reason"] != "Rash" {
		t.Errorf("sent %+v, want the one note", s.desk.bodies)
	}
	b.noErrors()
}

// killDesk ends the desk's program as a crash would.
func (b *browser) killDesk() {
	b.t.Helper()
	pid := b.desk.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	windowtest.Eventually(b.t, "the desk is gone", func() bool {
		_, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // a zombie has none
		return err != nil
	})
}

// TestANoteGoesAlthoughItsDeskDied kills the desk while its note is on the way. The one that is started after it asks what was
// stored, sends what was not, and lists neither as not sent.
func TestANoteGoesAlthoughItsDeskDied(t *testing.T) {
	for _, c := range []struct {
		name   string
		stored bool
	}{{"stored, and no answer came", true}, {"not stored yet", false}} {
		t.Run(c.name, func(t *testing.T) {
			s, data := newTestServer(t), t.TempDir()
			b := openBrowser(t, s.args(data), 1280, 800, "light", "en")
			b.toReason()
			b.keys("Rash")
			s.desk.standStill(true)
			s.desk.mu.Lock()
			s.desk.mute = c.stored
			s.desk.mu.Unlock()
			b.ctrlEnter()
			b.see(`document.querySelector('footer .state b')?.textContent.includes('goes by itself')`, "true")
			b.noErrors()
			b.killDesk()
			if err := s.desk.HangUp(t.Context(), s.desk.pop.Call); err != nil {
				t.Fatal(err)
			}
			if err := s.desk.WrapUpDone(t.Context()); err != nil {
				t.Fatal(err)
			}

			b = openBrowser(t, s.args(data), 1280, 800, "light", "en")
			if !c.stored {
				b.see(`document.querySelector('.unsent')?.textContent.includes('goes when the server answers')`, "true")
				b.shot("goes-after-a-restart")
				s.desk.standStill(false)
			}
			b.see(`document.querySelector('.place p')?.textContent.trim()`, "The note was sent as L-4821")
			b.see(`document.querySelector('.unsent') === null && document.querySelector('#draft') === null`, "true")
			s.desk.mu.Lock()
			defer s.desk.mu.Unlock()
			if len(s.desk.bodies) != 1 || s.desk.bodies[0].Body.Fields["reason"] != "Rash" {
				t.Errorf("sent %+v, want the one note", s.desk.bodies)
			}
			b.noErrors()
		})
	}
}

const words = `document.querySelector('.cue .say')?.textContent.trim()`

// TestWhatToSayIsOnTop walks a form from greeting to end: the biggest words are what is said next, a red flag comes before
// all until it was said, and the greeting never comes again.
func TestWhatToSayIsOnTop(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.ring("1")
	const greeting = "Lakeside Internal Medicine, this is Ana. How may I help you?"
	b.see(words, greeting)
	b.keys(" ")
	b.see(`document.activeElement.id`, "call-types")
	b.see(words, greeting)
	b.keys("1")
	b.see(words, "May I have the patient's first and last name?")
	b.keys("Maria Paz", kb.Enter, kb.Enter, "4/2/1961", kb.Enter, "Chest pain")
	b.see(words, "Tell the caller: please hang up and dial 911 now. Then finish this message as an emergency.")
	b.press('r', kb.ModifierAlt)
	b.see(words, "What is going on, in your own words?")
	b.see(`document.querySelector('.said').textContent.trim()`, "Caller was told what the practice says about “chest pain”")
	b.keys(" since noon", kb.Enter, kb.Enter, kb.Enter)
	b.see(`document.activeElement.id`, "send")
	b.see(words, "Thank you. I am writing this up for the practice now; please stay on the line.")
	b.press('u', kb.ModifierAlt)
	b.see(`document.querySelector('.whose.emergency .mark')?.textContent.trim()`, "emergency")
	b.keys(kb.F8, kb.F4)
	b.see(`[...document.querySelectorAll('.band')].map(e => e.textContent.trim().split(/\s\d/)[0]).join('|')`,
		"on hold|Muted: they cannot hear you")
	b.shot("emergency-held-muted")
	b.keys(kb.F8, kb.F4)
	b.ctrlEnter()
	b.see(words, "Your message is on its way. Is there anything else I can do for you?")
	b.noErrors()
	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	if got := s.desk.bodies[0].Body.ReadBack; !slices.Equal(got, []string{"callback", "flag:chest pain"}) {
		t.Errorf("the note keeps %q as said", got)
	}
}

// TestASentNoteSaysWhoHasIt has a provider acknowledge while its agent still sees that it is on its way.
func TestASentNoteSaysWhoHasIt(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	b.ring("1")
	b.keys(" ")
	b.see(`document.activeElement.id`, "call-types")
	b.keys("1", "Maria Paz", kb.Enter, kb.Enter, "4/2/1961", kb.Enter, "Fever")
	b.ctrlEnter()
	const how = `document.querySelector('.sent p:nth-child(2)')?.textContent.split(' · ')[1]`
	b.see(how, "texted Dr Reyes")
	s.desk.mu.Lock()
	last := &s.desk.board[len(s.desk.board)-1]
	last.State = notes.Acknowledged
	s.desk.later = append(s.desk.later, notes.StoryLine{At: time.Now(), Kind: "dispatch.acknowledged", Actor: "Dr Osei", Leaf: -1})
	s.desk.boards++
	s.desk.emit(console.Event{Kind: console.EventChange, Change: &console.BoardChange{Seq: s.desk.boards, Gone: []string{last.ID()}}})
	s.desk.mu.Unlock()
	b.see(how, "Dr Osei acknowledged")
	b.see(`document.querySelector('#sent').textContent.trim()`, "L-4821 is on its way")
	b.noErrors()
}

// TestTheLanguageIsAPersons chooses Spanish as Ana: the sign-in of this machine stays as it was, and another agent's desk is
// in that agent's language.
func TestTheLanguageIsAPersons(t *testing.T) {
	s := newTestServer(t)
	b := openBrowser(t, s.args(t.TempDir()), 1280, 800, "light", "en")
	b.see(state, "Ready")
	b.keys(kb.F5, "5", kb.Escape)
	b.see(state, "Disponible")
	b.see(`[localStorage.getItem('lang'), localStorage.getItem('lang:ana')].join()`, "en,es")
	s.desk.mu.Lock()
	s.desk.agent.ID, s.desk.agent.Interface = "bo", "en"
	s.desk.mu.Unlock()
	eval[any](b, `location.reload()`)
	b.see(state, "Ready")
	b.see(`document.documentElement.lang`, "en")
}
