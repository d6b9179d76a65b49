package main

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lamplight/console"
	"lamplight/telephony"
)

// TestASupervisorEndsACall looks at the calls of now by a key, and ends one for everybody by choosing it twice.
func TestASupervisorEndsACall(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	since := time.Now().Add(-90 * time.Second)
	s.desk.mu.Lock()
	s.desk.now = []console.CallNow{
		{Call: "ghost", Practice: "Pediatría del Sol", State: telephony.Waiting, Inbound: true, Since: since},
		{Call: "back", Practice: "Lakeside Internal Medicine", State: telephony.Talking, Agent: "Luis Vega", Since: since},
	}
	s.desk.mu.Unlock()
	items := `[...document.querySelectorAll('[role=menuitemradio] .label')].map(e => e.textContent.replace(/\d+:\d\d/, 'TIME')).join('|')`
	b.see(state, "Ready")
	b.press('c', kb.ModifierAlt)
	b.see(items, "Pediatría del Solwaiting · TIME|Lakeside Internal Medicine · Luis Vegatalking · TIME · call back")
	b.keys("1")
	b.see(items, "Pediatría del SolOnce more to end this call for everybody|Lakeside Internal Medicine · Luis Vegatalking · TIME · call "+
		"back")
	b.shot("calls-now")
	b.keys("2") // another call is not the second choice of the first
	b.keys("1", "1")
	b.see(items, "Lakeside Internal Medicine · Luis Vegatalking · TIME · call back")
	s.desk.mu.Lock()
	said := slices.Clone(s.desk.said)
	s.desk.mu.Unlock()
	if !slices.Equal(said, []string{"ended: ghost"}) {
		t.Errorf("the server heard %q", said)
	}
	b.noErrors()
}

// TestAPhoneThatIsOutIsTold: what is wrong, and what to do about it.
func TestAPhoneThatIsOutIsTold(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	s.desk.mu.Lock()
	s.desk.state(telephony.AgentPaused, telephony.PausedByPhone)
	s.desk.mu.Unlock()
	b.see(`document.querySelector('.state .reason')?.textContent`, "Phone out")
	b.see(`document.querySelector('.idle .late')?.textContent`, "No calls come: your phone cannot be rung.")
	b.see(`document.querySelector('.idle .soft')?.textContent`,
		"See that this computer's network works. You are Ready by yourself when the phone is back.")
	b.shot("phone-out")
	s.desk.mu.Lock()
	s.desk.state(telephony.AgentReady, "")
	s.desk.mu.Unlock()
	b.see(state, "Ready")
	b.noErrors()
}

// TestAnExtensionIsTold before it is dialled, while it is, and after.
func TestAnExtensionIsTold(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	says := `document.querySelector('.extension')?.textContent`
	s.desk.mu.Lock()
	s.desk.ring = nil
	s.desk.pop = &console.Pop{Call: "back-1", State: telephony.Arrived, Caller: "(312) 555-0142", CallerRaw: "+13125550142",
		Language: "en", ArrivedAt: time.Now(), Practice: practice(time.Now(), false), Script: script(), Outbound: true, Extension: "123"}
	s.desk.emit(console.Event{Kind: console.EventPop, Pop: s.desk.pop})
	s.desk.mu.Unlock()
	b.see(says, "then extension 123")
	s.desk.mu.Lock()
	s.desk.move(telephony.Talking)
	s.desk.mu.Unlock()
	b.see(says, "dialling extension 123")
	b.shot("extension")
	b.see(says, "extension 123")
	b.noErrors()
}

// TestOneCallerIsOneRow says how often somebody has called.
func TestOneCallerIsOneRow(t *testing.T) {
	s, b := openDesk(t, 1280, 800)
	s.desk.mu.Lock()
	for i, r := range s.desk.board {
		if r.Kind == "callback" {
			s.desk.board[i].Tries = 3
		}
	}
	s.desk.boardLocked()
	s.desk.mu.Unlock()
	b.see(`[...document.querySelectorAll('#board .last')].some(e => e.textContent.endsWith('hung up waiting, 3 calls'))`, "true")
	b.shot("three-calls")
	b.noErrors()
}
