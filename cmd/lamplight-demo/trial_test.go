package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lamplight/cmd/console/windowtest"
	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// TestTheCarrierCalls has a carrier, which is another Asterisk, call the administrator: one that wants a registration and one that does
// not, one that answers 403, one that is not there. The step is green when the code that was said on the phone was typed in, and not
// before; whatever else comes of it is told in words.
func TestTheCarrierCalls(t *testing.T) {
	t.Parallel() // it mostly waits
	n := asterisktest.StartNetwork(t, "127.0.0.4", "127.0.0.1")
	mobile, err := phone.Start(t.Context(), phone.Config{Registrar: n.Addr, User: n.Telephone, Password: n.Secret})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := mobile.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := mobile.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := newEmpty(t)
	p := openPage(t, 1280, 800)
	isFounded(t, e, p)
	p.stands("calls", "open")
	p.see(`!!document.querySelector('[data-trial=voice]')`, "false")

	password := filepath.Join(filepath.Dir(e.cfg.State), "trunk-password")
	if err := os.WriteFile(password, []byte(n.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(trunk string, registers bool) {
		t.Helper()
		e.stop()
		e.cfg.SIP = server.SIP{Trunk: trunk, TrunkUser: n.User, TrunkPasswordFile: password, TrunkRegister: registers}
		e.start(t)
		p.do(chromedp.Reload())
		p.see(`document.querySelectorAll('[data-check]').length > 5`, "true")
	}
	asks := func() {
		t.Helper()
		p.enter("[data-trial=voice]")
		p.see(`document.activeElement.id`, "trial-voice")
		p.press("312 555 0171" + kb.Enter)
	}
	answers := func(words string) {
		t.Helper()
		p.see(`document.querySelector('[data-answer=voice]').textContent.includes(`+"`"+words+"`"+`)`, "true")
	}

	with(n.Addr, true)
	p.stands("calls", "open")
	asks()
	answers("No practice has a number yet")
	line := telephony.Line{DID: "+13125550100", Languages: []telephony.Language{telephony.English}}
	if err := e.Record.PutAccount(access.System(t.Context(), "test"), notes.Account{ID: "harbor", Name: "Harbor Family Practice",
		TimeZone: "America/Chicago", Lines: []telephony.Line{line}}); err != nil {
		t.Fatal(err)
	}
	ring := func() *phone.Incoming {
		t.Helper()
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#trial-voice').focus()`))
		p.press(kb.Enter)
		select {
		case in := <-mobile.Incoming():
			return in
		case <-time.After(windowtest.Patience):
			t.Fatal("the telephone does not ring")
			panic("unreached")
		}
	}
	busy := ring()
	if from, _ := busy.From(); from != "+13125550100" {
		t.Errorf("the telephone shows %s", from)
	}
	if err := busy.Reject(); err != nil {
		t.Error(err)
	}
	answers("Your phone was busy")
	heard := func() string {
		t.Helper()
		in := ring()
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		answers("Your phone rings")
		p.see(`document.activeElement.id`, "trial-code")
		p.accessible("a phone that rings")
		p.shot("trial-rings")
		call, err := in.Answer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answers("Press 1 on the phone")
		if err := call.DTMF(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		answers("The code is being said")
		p.shot("trial-told")
		code := spokenCode(t, call)
		if err := call.Hangup(t.Context()); err != nil {
			t.Error(err)
		}
		return code
	}
	code := heard()
	p.stands("calls", "open")
	p.press("12" + kb.Enter)
	answers("That is not the code")
	p.stands("calls", "open")
	p.shot("trial-wrong")
	p.over(code + kb.Enter)
	p.stands("calls", "good")
	p.see(`document.querySelector('[data-check=calls]').textContent.includes('Ada Grant heard its code')`, "true")
	p.shot("trial-came")

	n.Bar()
	with(n.Addr, false)
	asks()
	answers("The call was refused")
	n.Serve()
	again := heard()
	p.over(again + kb.Enter)
	p.stands("calls", "good")

	n.Bar()
	with(n.Addr, true)
	rejected := func() bool {
		p.enter(".top button.small")
		v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.querySelector('[data-check=calls]')?.dataset.state ?? ''`))
		return err == nil && v == "bad"
	}
	p.until("the registration is refused", rejected)
	p.see(`document.querySelector('[data-check=calls]').textContent.includes('does not take our registration')`, "true")
	asks()
	answers("The carrier answers and refuses us, as with 403")
	p.accessible("a carrier that answers 403")
	p.shot("trial-403")

	with("127.0.0.8:5999", false)
	p.stands("calls", "bad")
	asks()
	answers("The carrier does not answer")
	p.click(".me button[lang=es]")
	p.do(chromedp.EmulateViewport(390, 844))
	p.see(`document.documentElement.scrollWidth`, "390")
	p.shot("trial-silent-phone-es")
	p.clean([]string{ownWords, n.Password, "5550171"})
	if report, err := e.Verify(t.Context()); err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report, err)
	}
}

// isFounded makes Ada Grant the service's administrator and leaves her at its page.
func isFounded(t *testing.T, e *empty, p *page) {
	t.Helper()
	address, code := e.printed(t)
	p.do(chromedp.Navigate(address))
	p.see(`document.activeElement.id`, "setup-code")
	p.press(code + kb.Tab + "Ada Grant" + kb.Enter)
	p.see(`document.activeElement.id`, "join-new")
	one, err := access.CodeAt(p.text("#join-secret"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.press(ownWords + kb.Tab + ownWords)
	p.write("#join-otp", one+kb.Enter)
	p.see(`document.querySelector('h1').textContent`, "Ready for tonight")
}

// spokenCode is what a call for trial says in English between two of its beginnings, as whoever listens writes it down.
func spokenCode(t *testing.T, call *phone.Call) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), windowtest.Patience)
	defer cancel()
	// The loudest tenth of a second of each is not found in another.
	loudest := func(prompt string) []byte {
		b, err := asterisk.Sound("en", prompt)
		if err != nil {
			t.Fatal(err)
		}
		const piece = speech.Rate / 10 * 2
		all := speech.FromUlaw(b)
		var best speech.PCM
		for at := 0; at+piece <= len(all); at += piece / 4 {
			if p := all[at : at+piece]; best == nil || p.Level() > best.Level() {
				best = p
			}
		}
		return best
	}
	said := map[string][]byte{":": loudest("trial-code")}
	for d := range "0123456789" {
		said[string('0'+rune(d))] = loudest("digit-" + string('0'+rune(d)))
	}
	type word struct {
		at   int
		word string
	}
	for {
		heard := call.Heard()
		var words []word
		for w, piece := range said {
			for at := 0; ; {
				i := bytes.Index(heard[at:], piece)
				if i < 0 {
					break
				}
				words = append(words, word{at + i, w})
				at += i + len(piece)
			}
		}
		slices.SortFunc(words, func(a, b word) int { return cmp.Compare(a.at, b.at) })
		var line strings.Builder
		for _, w := range words {
			line.WriteString(w.word)
		}
		for _, code := range strings.Split(line.String(), ":") {
			if len(code) == 4 {
				return code
			}
		}
		if _, err := call.HeardAbove(ctx, -1, time.Now().Add(200*time.Millisecond)); err != nil {
			t.Fatalf("no code is heard but %q: %v", line.String(), err)
		}
	}
}
