package main

import (
	"strings"
	"testing"
	"time"

	"lamplight/cmd/console/windowtest"
	"lamplight/telephony"
)

// untouched is how long the tests' desk may stand untouched: nothing, so that only what is looked at decides.
const untouched = time.Nanosecond

// TestADeskNobodyTouchesLocks leaves a half-written note alone: with a call on the desk it stays, after the call it is gone
// from the screen, and it stands again for whoever knows the password.
func TestADeskNobodyTouchesLocks(t *testing.T) {
	s := newTestServer(t)
	w := openWindow(t, s.args(t.TempDir()))
	toTheName(w)
	w.Write("Maria Muñoz")
	w.Press(windowtest.Enter, windowtest.Enter)
	w.Write("4/2/1961")

	s.desk.locksAfter(untouched)
	w.Await("a call holds the desk open, seconds later too", `return document.querySelector('.band b')?.textContent`,
		"two seconds of talk more",
		after(2*time.Second))
	w.See("the word in hand is still there", `return document.querySelector('#field-dob')?.value`, "4/2/1961")

	w.Press(windowtest.Esc, windowtest.Esc)
	w.See("locked", `return document.querySelector('h1')?.textContent`, "Locked")
	w.See("told to ears", `return document.querySelector('[role=alert]').textContent.includes('sign in') ? 'told' : ''`, "told")
	w.Shot("window-4-locked")
	for _, secret := range []string{"Muñoz", "1961", "555-0142", "Lakeside", "Ortega"} {
		if all := w.Read(`return document.documentElement.outerHTML + [...document.querySelectorAll('input,textarea')].map(e => e.value).join()`); strings.Contains(all, secret) {
			t.Errorf("a locked desk holds %q", secret)
		}
	}
	windowtest.Eventually(t, "the agent takes no calls", func() bool {
		defer s.desk.lock()()
		return s.desk.agent.State == telephony.AgentPaused
	})
	s.desk.locksAfter(0)

	w.See("who was here is asked", `return document.activeElement.id + ' ' + document.querySelector('#login').value`, "password "+testLogin)
	w.Write("not the password")
	w.Press(windowtest.Enter)
	w.See("a wrong password opens nothing", `return document.querySelector('.answer').textContent.trim()`,
		"That did not match. Check login, password and code.")
	w.Write(testPassword)
	w.Press(windowtest.Enter)
	w.See("the note stands again, the keys where they were", `return document.activeElement.id`, "field-dob")
	w.See("the date in hand", `return document.activeElement.value`, "1961-04-02")
	w.See("the name", `return document.querySelector('#field-name').value`, "Maria Muñoz")

	w.Chord(windowtest.Ctrl, "l")
	w.See("locked by its key", `return document.querySelector('h1')?.textContent`, "Locked")
	w.Write(testPassword)
	w.Press(windowtest.Enter)
	w.See("and back", `return document.querySelector('#field-name')?.value`, "Maria Muñoz")
}

// after is true once a length on the desk, "0:07", has grown by d since it was first seen.
func after(d time.Duration) func(string) bool {
	var first time.Duration
	return func(got string) bool {
		m, s, ok := strings.Cut(got, ":")
		now, err := time.ParseDuration(m + "m" + s + "s")
		if !ok || err != nil {
			return false
		}
		if first == 0 {
			first = max(now, 1)
		}
		return now >= first+d
	}
}

// TestADeskThatIsAboutToLockSaysSo answers the warning with a key.
func TestADeskThatIsAboutToLockSaysSo(t *testing.T) {
	s := newTestServer(t)
	w := openWindow(t, s.args(t.TempDir()))
	w.See("signed in", `return String(!!document.querySelector('.desk'))`, "true")
	s.desk.locksAfter(windowtest.Patience / 2)
	warned := `return document.querySelector('.place .lock')?.textContent.includes('Press any key') ? 'warned' : ''`
	w.See("warned when half the time is left", warned, "warned")
	w.Press(windowtest.F7)
	w.See("a key answers", warned, "")
	w.See("the desk stays", `return String(!!document.querySelector('.desk'))`, "true")
}
