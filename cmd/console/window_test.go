package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/cmd/console/journal"
	"lamplight/cmd/console/windowtest"
	"lamplight/console"
)

// The real window, driven through its keys by WebKitWebDriver on a display nobody sees.

// openWindow opens the desk's window, built to be driven.
func openWindow(t *testing.T, args []string) *windowtest.Window {
	t.Helper()
	return windowtest.Launch(t, program(t, windowtest.Tags), args)
}

// TestFromRingToSend takes a call by keys alone: it rings, it is answered, its note is typed, sent and done.
func TestFromRingToSend(t *testing.T) {
	s := newTestServer(t)
	w := openWindow(t, s.args(t.TempDir()))
	w.See("signed in, the phone registered", `return String(!!document.querySelector('.desk') && document.querySelectorAll('.line.down').length === 0)`, "true")
	w.Press(windowtest.F10)
	w.See("the menu of practice calls", `return String(document.querySelectorAll('[role=menu] button').length)`, "3")
	w.Press("1")
	w.See("the pop has the answer key's focus", `return document.activeElement.id`, "answer")
	w.See("who is called", `return document.querySelector('h1').textContent`, "Lakeside Internal Medicine")
	w.See("who is on call", `return document.querySelector('section li b').textContent`, "Dr Reyes")
	w.Shot("window-1-offered")
	w.Press(" ")
	w.See("answered by the phone", `return document.activeElement.id`, "call-types")
	w.Press("1")
	w.See("the first empty field", `return document.activeElement.id`, "field-name")
	w.Write("señora María Muñoz")
	w.Press(windowtest.Enter)
	w.See("the number is filled from the caller's", `return document.activeElement.value`, "(312) 555-0142")
	w.Press(windowtest.Enter)
	w.Write("4/2/1961")
	w.Press(windowtest.Enter)
	w.Write("Fever since last night, F keys 1 2 3 too?")
	w.See("the ladder stands before sending", `return [...document.querySelectorAll('.ladder .step b')].map(e => e.textContent).join()`,
		"Dr Reyes,Dr Reyes,Dr Osei")
	w.Press(windowtest.F8)
	w.See("muted", `return String(document.querySelectorAll('[aria-pressed=true]').length)`, "1")
	w.Press(windowtest.F8, windowtest.F4)
	w.See("held", `return String(!!document.querySelector('.held'))`, "true")
	w.Press(windowtest.F4, windowtest.F2)
	w.See("the form speaks Spanish", `return document.querySelector('.form').lang`, "es")
	w.Press(windowtest.F2)
	w.See("and English again", `return document.querySelector('.form').lang`, "en")
	w.See("kept here and at the server", `return String(document.querySelector('footer .state').textContent.includes('here and at the server'))`, "true")
	w.Shot("window-2-form")
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	w.See("sent", `return document.querySelector('#sent')?.textContent.trim()`, "L-4821 is on its way")
	w.Press(windowtest.Esc, windowtest.Esc)
	w.See("hung up, to be done", `return document.activeElement.id`, "done")
	w.Shot("window-3-sent")
	w.Press(windowtest.F12)
	w.See("ready for the next", `return document.querySelector('.state strong').textContent`, "Ready")

	w.Press(windowtest.F7, windowtest.Down, windowtest.Enter)
	w.See("a story by keys", `return String(document.querySelectorAll('#story ol li').length)`, "10")
	w.Press(windowtest.Esc)
	w.See("a pause by keys", `return String(!document.querySelector('#story'))`, "true")
	w.Press(windowtest.F9, "2")
	w.See("paused", `return document.querySelector('.state strong').textContent + ' ' + document.querySelector('.state .reason')?.textContent`, "Paused Break")

	s.desk.mu.Lock()
	defer s.desk.mu.Unlock()
	if len(s.desk.bodies) != 1 {
		t.Fatalf("%d notes were sent, want 1", len(s.desk.bodies))
	}
	d := s.desk.bodies[0]
	got := fmt.Sprint(d.CallType, " ", d.Urgency, " ", d.Body.Fields, " ", d.Body.ReadBack)
	want := "symptom urgent map[callback:+13125550142 dob:1961-04-02 name:señora María Muñoz reason:Fever since last night, F keys 1 2 " +
		"3 too?] [callback]"
	if got != want {
		t.Errorf("sent  %s\nwant  %s", got, want)
	}
	w.Log.Until(t, `"msg":"painted"`)
}

// TestWhatWasTypedSurvives kills the desk in the middle of a word, and stops the server in the middle of another.
func TestWhatWasTypedSurvives(t *testing.T) {
	s := newTestServer(t)
	data := t.TempDir()
	w := openWindow(t, s.args(data))
	toTheName(w)

	s.Stop() // the server is gone; what is typed now is on this machine only
	w.See("the link's fall is told", `return String(document.querySelectorAll('.line.down').length >= 1)`, "true")
	w.Write("Maria Muñoz")
	w.See("kept on this machine", `return String(document.querySelector('footer .state').textContent.includes('on this machine'))`, "true")
	windowtest.Eventually(t, "the whole word is in the journal", func() bool { return journalSays(t, data, "name") == "Maria Muñoz" })
	w.Kill() // and now the desk, too
	s.Restart(t)

	w = openWindow(t, s.args(data))
	w.See("the word is back in its place", `return document.querySelector('#field-name')?.value`, "Maria Muñoz")
	w.See("and reaches the server", `return String(document.querySelector('footer .state').textContent.includes('Brought back'))`, "true")
	windowtest.Eventually(t, "the server has the draft", func() bool {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		for _, d := range s.desk.drafts {
			if d.Body.Fields["name"] == "Maria Muñoz" {
				return true
			}
		}
		return false
	})
	for _, name := range []string{"Muñoz", "Maria"} {
		if files, err := filepath.Glob(filepath.Join(data, "*")); err != nil || len(files) == 0 {
			t.Fatal("no journal", err)
		} else {
			for _, f := range files {
				if b, err := os.ReadFile(f); err != nil || bytes.Contains(b, []byte(name)) {
					t.Errorf("%s holds %q in the clear, or cannot be read: %v", filepath.Base(f), name, err)
				}
			}
		}
	}
}

// TestThePagesProcessDies kills WebKit's process in the middle of a word, in a call: the page is loaded anew by itself, and
// within two seconds the call, its keys and what was typed are back, in the same call.
func TestThePagesProcessDies(t *testing.T) {
	s := newTestServer(t)
	w := openWindow(t, s.args(t.TempDir()))
	toTheName(w)
	w.Write("Maria Muñoz")
	windowtest.Eventually(t, "the words are kept, as they are within a fifth of a second", func() bool {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		return slices.ContainsFunc(slices.Collect(maps.Values(s.desk.drafts)), func(d console.Draft) bool {
			return d.Body.Fields["name"] == "Maria Muñoz"
		})
	})
	died := w.KillPage()
	var asked time.Time
	windowtest.Eventually(t, "the new page asks for its state", func() bool {
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		asked = s.desk.asked
		return asked.After(died)
	})
	w = w.Again()
	w.See("call and words", `return [document.querySelector('h1')?.textContent, document.querySelector('.state strong')?.textContent,
		document.querySelector('#field-name')?.value, document.activeElement.id].join()`,
		"Lakeside Internal Medicine,Talking,Maria Muñoz,field-name")
	t.Logf("the page was back %v after its process was killed, and was seen whole after %v", asked.Sub(died).Round(time.Millisecond),
		time.Since(died).Round(time.Millisecond))
	if asked.Sub(died) > 2*time.Second { // a driver takes its own time to look
		t.Error("that is more than 2 s")
	}
	w.Log.Until(t, "the page's process died")
	w.Write(" Paz")
	w.See("typing goes on", `return document.querySelector('#field-name').value`, "Maria Muñoz Paz")
	w.Press(windowtest.Esc, windowtest.Esc)
	w.See("the call's keys act", `return document.querySelector('.state strong').textContent`, "Wrap-up")
}

// journalSays reads a field of the one draft in a running desk's journal, from a copy: the journal itself is the desk's.
func journalSays(t *testing.T, data, field string) string {
	t.Helper()
	copied := t.TempDir()
	if os.CopyFS(copied, os.DirFS(data)) != nil {
		return "" // a file was replaced meanwhile
	}
	j, err := journal.Open(copied, testLogin, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, e := range j.All() {
		said = e.Draft.Body.Fields[field]
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestASecondDeskBringsTheFirstForward starts the same desk twice.
func TestASecondDeskBringsTheFirstForward(t *testing.T) {
	s := newTestServer(t)
	args := s.args(t.TempDir())
	w := openWindow(t, args)
	w.See("signed in", `return String(!!document.querySelector('.desk'))`, "true")
	second := exec.Command(program(t, windowtest.Tags), args...)
	second.Env = append(os.Environ(), w.Env...)
	if out, err := second.CombinedOutput(); err == nil {
		t.Errorf("the second desk went on: %s", out)
	}
	w.See("the first goes on", `return document.querySelector('.state strong').textContent`, "Ready")
}

// TestEachPopIsPainted has offers come and go: each tells once when it stood on the screen, which is what the bench goes by.
func TestEachPopIsPainted(t *testing.T) {
	s := newTestServer(t)
	s.desk.ring = nil // the phone is not what is measured
	args := s.args(t.TempDir())
	args[slices.Index(args, "none")] = "auto" // with this machine's headset, or the silent one where it has none
	w := openWindow(t, args)
	w.See("signed in, the phone registered", `return String(!!document.querySelector('.desk') && !document.querySelector('.line.down:not(.deaf)'))`, "true")
	const n = 20
	for i := range n {
		if err := s.desk.PracticeCall(t.Context(), "fever"); err != nil {
			t.Fatal(err)
		}
		w.Log.Until(t, fmt.Sprintf(`"painted","call":"call-%04d"`, i+1))
		if err := s.desk.Reject(t.Context(), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	var ms []float64
	for line := range strings.Lines(w.Log.Said()) {
		var l struct {
			Msg    string
			SentMs float64
		}
		if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "painted" {
			ms = append(ms, l.SentMs)
		}
	}
	if len(ms) != n || slices.Min(ms) <= 0 {
		t.Errorf("painted after %v ms, want %d pops", ms, n)
	}
}

// toTheName answers the first practice call and goes to its form's first field, the name.
func toTheName(w *windowtest.Window) {
	w.See("signed in, the phone registered", `return String(!!document.querySelector('.desk') && document.querySelectorAll('.line.down').length === 0)`, "true")
	w.Press(windowtest.F10)
	w.See("the menu", `return String(document.querySelectorAll('[role=menu] button').length)`, "3")
	w.Press("1")
	w.See("the pop", `return document.activeElement.id`, "answer")
	w.Press(" ")
	w.See("answered", `return document.activeElement.id`, "call-types")
	w.Press("1")
	w.See("the name's field", `return document.activeElement.id`, "field-name")
}
