package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lamplight/cmd/console/windowtest"
	"lamplight/cmd/lamplight/server"
	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
	"lamplight/telephony/phone"
)

// TestDesksAndServersOfTwoReleases runs today's programs beside the ones before and after them, as a service does that updates one
// machine after the other: the same tree built with the tag "older" speaks release 1's protocol, without a message or field that
// release did not have; built with "newer" it says more than today's end knows, and serves today's desks no longer whole.
//
// It proves that today's end takes calls and notes with both, and what it says of them. It does not prove that an older release's own
// code does: what release 1's program does with today's words is only as its protocol has it.
func TestDesksAndServersOfTwoReleases(t *testing.T) {
	t.Parallel() // it mostly waits
	k := newKillable(t, nil)
	w := k.walkers(t) // of whom only the caller's network is needed here
	build := ageing(t, "older,"+windowtest.Tags, "newer,"+windowtest.Tags, "older", "newer")
	for _, c := range []struct {
		name, desk, server string
		agent              int    // of desks
		says               string // of the catalogs; "" when there is nothing to be said
	}{
		{"an older desk", "older", "", 1, ""},
		{"a newer desk", "newer", "", 2, "desk.notice.older-server"},
		{"an older server", "", "older", 1, "desk.notice.older-server"},
		{"a newer server", "", "newer", 2, "desk.notice.update-desk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.stop(t, syscall.SIGTERM)
			desk, err := filepath.Abs("../../bin/console-automation")
			if err != nil {
				t.Fatal(err)
			}
			k.program = os.Args[0]
			if c.server != "" {
				k.program = build(t, c.server)
			}
			if c.desk != "" {
				desk = build(t, c.desk+","+windowtest.Tags)
			}
			k.start(t)
			k.callAndNote(t, w.network, desk, c.agent, c.says)
		})
	}
}

// reference is a note's, as a desk says it first.
var reference = regexp.MustCompile(`^[A-Z]+-\d+ `)

// ageing begins to build desks and servers with tags, one of them of another release, in the order they are named; what it returns
// waits for one. They give way to calls of other tests.
func ageing(t *testing.T, all ...string) func(t *testing.T, tags string) string {
	t.Helper()
	dir, built := t.TempDir(), map[string]chan error{}
	for _, tags := range all {
		built[tags] = make(chan error, 1)
	}
	bin := func(tags string) string { return filepath.Join(dir, strings.ReplaceAll(tags, ",", "-")) }
	go func() {
		for _, tags := range all {
			name, cgo := "lamplight", "0"
			if strings.Contains(tags, windowtest.Tags) {
				name, cgo = "console", "1"
			}
			cmd := exec.CommandContext(t.Context(), "nice", "-n", "19", "go", "build", "-tags", tags, "-o", bin(tags),
				"lamplight/cmd/"+name)
			cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("go build -tags %s: %w\n%s", tags, err, out)
			}
			built[tags] <- err
		}
	}()
	return func(t *testing.T, tags string) string {
		t.Helper()
		if err := <-built[tags]; err != nil {
			t.Fatal(err)
		}
		return bin(tags)
	}
}

// callAndNote has an agent sign in at a desk, read what is said in their language, take a call and send a note of it.
func (k *killable) callAndNote(t *testing.T, network *phone.Phone, desk string, agent int, says string) {
	code, err := k.fresh(t.Context(), desks[agent].ID)
	if err != nil {
		t.Fatal(err)
	}
	w, lang := k.openProgram(t, desk, desks[agent].ID, code), desks[agent].Language
	if says != "" {
		want := catalog.T(lang, says, nil)
		if want == says {
			t.Fatalf("the catalog of %s does not say %s", lang, says)
		}
		w.Await("what is said of the two", `return [...document.querySelectorAll('[aria-live=polite] p')].map(p => p.textContent.trim()).join('|')`, want,
			func(got string) bool { return strings.Contains(got, want) })
	}
	w.See("signed in, linked, the phone registered", signedIn, "true")
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, map[telephony.Language]string{"en": "Ready", "es": "Disponible"}[lang])
	e := map[telephony.Language]expect{"en": english, "es": spanish}[lang]
	s := server.Scenarios()[slices.IndexFunc(server.Scenarios(), func(s server.CallScenario) bool { return s.ID == e.scenario })]
	caller, err := network.Dial(t.Context(), phone.Outgoing{Number: s.DID, From: s.ANI, Name: s.Name})
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.DTMF(t.Context(), s.Key); err != nil {
		t.Fatal(err)
	}
	said, _, err := k.words(lang)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // until it is over
		for caller.Play(t.Context(), said) == nil {
		}
	}()
	w.See("the pop has the answer key's focus", focused, "answer")
	w.See("who is called", `return document.querySelector('h1').textContent`, e.practice)
	w.Press(" ")
	w.See("answered; the call types have the focus", focused, "call-types")
	w.Await("the caller is heard at the desk", `return document.querySelector('.levels rect.now').getAttribute('width')`,
		"a level above silence",
		func(got string) bool { return got != "" && got != "0" })
	w.Press("1")
	(&atDesk{Window: w, t: t, d: k.demo}).fill(e.fields)
	w.See("the send key", focused, "send")
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	w.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference",
		reference.MatchString) // that it is on its way too is told to those of one age alone
	if says == "" {
		w.See("nothing was said of the two", `return String(document.querySelector('[aria-live=polite]').textContent.trim())`, "")
	}
	w.Press(windowtest.Esc, windowtest.Esc)
	w.See("hung up; the done key", focused, "done")
	select {
	case <-caller.Done():
	case <-t.Context().Done():
	}
	w.Kill()
}
