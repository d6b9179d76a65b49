package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/cmd/console/windowtest"
	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/keyfile"
	"lamplight/notes/record"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony"
	"lamplight/telephony/phone"
)

// The desk's real window against the whole real server: only its keys are pressed, and what it did is looked for in the
// call engine, on the switch, in the record and in the provider's pocket.

// openDesk starts the desk as `lamplight-demo` does, but for its sound. A code opens once: of several sign-ins each has a
// higher n, from -1 to 1, which is as far as the clocks of phone and server may differ.
func (d *demo) openDesk(t *testing.T, n int) *windowtest.Window {
	t.Helper()
	return d.openDeskOf(t, desks[0].ID, n)
}

// deskOpens is how long a desk may take from its start to its sign-in.
const deskOpens = 10 * time.Second

func (d *demo) openDeskOf(t *testing.T, agent notes.PersonID, n int) *windowtest.Window {
	t.Helper()
	bin, err := filepath.Abs("../../bin/console-automation")
	if err == nil {
		_, err = os.Stat(bin)
	}
	if err != nil {
		t.Fatalf("the desk's window cannot be tested: %v; 'make bin/console-automation' builds it", err)
	}
	if next := time.Now().Truncate(codePeriod).Add(codePeriod); n < 0 && time.Until(next) < deskOpens {
		<-time.After(time.Until(next)) // the code of the half minute before would be too old when the desk shows it
	}
	code, err := d.keys.code(agent, time.Now().Add(time.Duration(n)*codePeriod))
	if err != nil {
		t.Fatal(err)
	}
	w := d.openProgram(t, bin, agent, code)
	w.See("signed in, linked, the phone registered", signedIn, "true")
	return w
}

// openProgram starts a desk of somebody's, whose code it is.
func (d *demo) openProgram(t *testing.T, bin string, agent notes.PersonID, code string) *windowtest.Window {
	t.Helper()
	passwordFile := d.server.State.Keys("demo-password")
	if err := keyfile.Replace(passwordFile, []byte(d.keys.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	return windowtest.Launch(t, bin, []string{"--server", d.server.Bus.URL, "--ca", d.server.Certs.CAFile, "--login", string(agent),
		"--password-file", passwordFile, "--data", d.server.State.Path("desk"), "--lang", "en", "--sound", "none"}, "LAMPLIGHT_CODE="+code)
}

const (
	signedIn = `return String(!!document.querySelector('.desk') && document.querySelectorAll('.line.down').length === 0)`
	focused  = `return document.activeElement.id`
	shown    = `return document.querySelector('button.state strong').textContent`
	typed    = `return document.activeElement.value`
)

// atDesk is an agent at the window, in the middle of one scenario.
type atDesk struct {
	*windowtest.Window
	t    *testing.T
	d    *demo
	s    server.CallScenario
	call telephony.CallID
}

// ring has a scenario's caller dial and waits for its pop.
func (d *demo) ring(t *testing.T, w *windowtest.Window, id string) *atDesk {
	t.Helper()
	a := &atDesk{Window: w, t: t, d: d}
	for _, s := range server.Scenarios() {
		if s.ID == id {
			a.s = s
		}
	}
	if err := d.server.Trainer.Call(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.See("the pop has the answer key's focus", focused, "answer")
	calls := d.server.Engine.Calls()
	if len(calls) != 1 || calls[0].DID != telephony.Number(a.s.DID) {
		t.Fatalf("the engine knows %d calls, want the one that pops", len(calls))
	}
	a.call = calls[0].ID
	return a
}

// answer presses Space.
func (a *atDesk) answer() {
	a.t.Helper()
	a.Press(" ")
	a.See("answered; the call types have the focus", focused, "call-types")
	a.connected()
}

// connected waits until caller and desk talk: on the switch, in the engine, and to be heard.
func (a *atDesk) connected() {
	a.t.Helper()
	ctx := access.System(a.t.Context(), "test")
	windowtest.Eventually(a.t, "both legs up in one bridge", func() bool {
		s, err := a.d.server.Switch.Client.Snapshot(ctx)
		if err != nil {
			return false
		}
		up := 0
		for _, l := range s.Legs {
			if l.Up {
				up++
			}
		}
		return up == 2 && len(s.Bridges) == 1 && len(s.Bridges[0].Legs) == 2
	})
	windowtest.Eventually(a.t, "the engine has them talking", func() bool {
		c := a.d.server.Engine.Calls()
		return len(c) == 1 && c[0].ID == a.call && c[0].State == telephony.Talking && c[0].Agent == telephony.AgentID(desks[0].ID)
	})
	a.Await("the caller is heard at the desk", `return document.querySelector('.levels rect.now').getAttribute('width')`,
		"a level above silence",
		func(got string) bool { return got != "" && got != "0" })
}

// fill types into the fields one after the other, each left with Enter; "" leaves what stands there.
func (a *atDesk) fill(fields []field) {
	a.t.Helper()
	for _, f := range fields {
		a.See("the field "+f.key, focused, "field-"+f.key)
		if f.stands != "" {
			a.See("what stands in "+f.key, typed, f.stands)
		}
		a.Write(f.words)
		a.Press(windowtest.Enter)
	}
}

// field is one field of a form: what stands in it, what is typed, what the record must hold.
type field struct{ key, stands, words, kept string }

// expect is a whole call as the window must show it and the record must keep it.
type expect struct {
	scenario, practice, phrase, caller, language string
	ladder, sent, wrapUp, ready                  string
	delivered, pushed                            string
	fields                                       []field
	verbatim                                     string
}

var english = expect{scenario: "chest", practice: "Lakeside Internal Medicine",
	phrase: "Lakeside Internal Medicine, this is Ana. How may I help you?",
	caller: "(312) 555-0142", language: "en", ladder: "now text + push|3:00 text + email|6:00 text + push + email", sent: " is on its way",
	wrapUp: "Wrap-up", ready: "Ready",
	delivered: ", delivered", pushed: "pushed to",
	fields: []field{
		{key: "name", words: "Rosa Bennett", kept: "Rosa Bennett"},
		{key: "callback", stands: "(312) 555-0142", kept: "+13125550142"}, // Enter says that it was read back
		{key: "dob", words: "4/2/1961", kept: "1961-04-02"},
		{key: "reason", words: "Chest tightness since 6 this morning; “like a belt” <b>& worse</b>",
			kept: "Chest tightness since 6 this morning; “like a belt” <b>& worse</b>"},
		{key: "since", words: "6 a.m.", kept: "6 a.m."},
		{key: "caller"}, // she calls for herself: it may stay empty
	}}

var spanish = expect{scenario: "fever", practice: "Pediatría del Sol",
	phrase: "Pediatría del Sol, le atiende Ana. ¿En qué le puedo ayudar?",
	caller: "(305) 555-0164", language: "es", ladder: "ahora texto + notificación|2:00 texto + correo|5:00 texto + notificación + correo",
	sent: " va en camino", wrapUp: "Cierre", ready: "Disponible",
	delivered: ", llegó", pushed: "notificación a",
	fields: []field{
		{key: "name", words: "Valentina Muñoz", kept: "Valentina Muñoz"},
		{key: "dob", words: "18/9/2024", kept: "2024-09-18"},
		{key: "caller", words: "María Muñoz Güell", kept: "María Muñoz Güell"},
		{key: "callback", stands: "(305) 555-0164", kept: "+13055550164"},
		{key: "reason", words: "Fiebre desde anoche; ¿39,5 °C? ¡No quiere comer!",
			kept: "Fiebre desde anoche; ¿39,5 °C? ¡No quiere comer!"},
		{key: "since", words: "Anoche, después de cenar", kept: "Anoche, después de cenar"},
		{key: "verbatim", words: "Está «calientita» y no quiere ni agüita"},
	},
	verbatim: "Está «calientita» y no quiere ni agüita"}

// TestTheWindow takes an English call in a light window and a Spanish one in a dark, Spanish window, from ring to send, by
// keys alone.
func TestTheWindow(t *testing.T) {
	d := boot(t)
	w := d.openDesk(t, 0)
	w.Press(windowtest.F5, "2", windowtest.Esc)
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	t.Run("in English", func(t *testing.T) { d.ringToSend(t, w, english) })
	if t.Failed() {
		return
	}
	w.Press(windowtest.F5, "3", "5", windowtest.Esc)
	w.See("the desk speaks Spanish", shown, "Disponible")
	t.Run("in Spanish", func(t *testing.T) { d.ringToSend(t, w, spanish) })
	report, err := d.server.Verify(t.Context())
	if err != nil || !report.Good() {
		t.Errorf("audit: %+v, %v", report.Findings, err)
	}
}

func (d *demo) ringToSend(t *testing.T, w *windowtest.Window, e expect) {
	w = w.For(t)
	a := d.ring(t, w, e.scenario)
	w.See("who is called", `return document.querySelector('h1').textContent`, e.practice)
	w.See("what to say", `return document.querySelector('.cue .words').textContent`, e.phrase)
	w.See("who calls", `return document.querySelector('.caller .number').textContent`, e.caller)
	onCall := w.Await("who is on call", `return document.querySelector('main > section:last-of-type li b')?.textContent`, "a name",
		func(got string) bool { return got != "" })
	w.Shot(e.language + "-1-offered")
	a.answer()
	w.Shot(e.language + "-2-answered")
	w.Press("1")
	a.fill(e.fields)
	w.See("the send key", focused, "send")
	ladder := w.Await("the ladder stands before sending",
		`return [...document.querySelectorAll('.ladder .step')].slice(0, 3).map(e => e.textContent.trim().replace(/\s+/g, ' ')).join('|')`,
		"three steps", func(got string) bool { return strings.Count(got, "|") == 2 })
	for i, step := range strings.Split(ladder, "|") {
		if want := strings.Split(e.ladder, "|")[i]; !strings.HasPrefix(step, want+" Dr") || i < 2 && step != want+" "+onCall {
			t.Errorf("step %d of the ladder is %q, want %q and %s", i+1, step, want, onCall)
		}
	}
	w.See("kept here and at the server", `return String(!!document.querySelector('footer .state') && !document.querySelector('footer .fault'))`, "true")
	w.Shot(e.language + "-3-form")
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	said := w.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference",
		func(got string) bool { return strings.HasSuffix(got, e.sent) })
	ref := strings.TrimSuffix(said, e.sent)
	a.noted(ref, e)
	a.pocketed(ref, onCall)
	next := fmt.Sprintf(`return [...document.querySelectorAll('#board li')].find(r => r.textContent.includes(%q))?.querySelector('.next b')?.textContent`, ref)
	last := strings.Replace(next, ".next b", ".last", 1)
	w.Await("delivered, or the push after it, is the last step on the board", last, "more than sent", func(got string) bool {
		return strings.HasSuffix(got, e.delivered) || strings.HasPrefix(got, e.pushed)
	})
	first := w.Await("the note's countdown on the board", next, "a time", regexp.MustCompile(`^\d:\d\d$`).MatchString)
	w.Await("and it counts", next, "less than "+first, func(got string) bool { return got < first })
	w.Shot(e.language + "-4-sent")
	a.hangUp(e)
}

// noted looks into the record: what was typed is what is kept, to the letter.
func (a *atDesk) noted(ref string, e expect) {
	a.t.Helper()
	n := a.d.openNote(a.t, ref)
	want := map[string]string{}
	for _, f := range e.fields {
		if f.kept != "" {
			want[f.key] = f.kept
		}
	}
	if !maps.Equal(n.Body.Fields, want) || n.Body.Verbatim != e.verbatim || !slices.Equal(n.Body.ReadBack, []string{"callback"}) {
		a.t.Errorf("kept   %q %q read back %q\nwanted %q %q", n.Body.Fields, n.Body.Verbatim, n.Body.ReadBack, want, e.verbatim)
	}
	if n.Call != a.call || string(n.Language) != e.language || n.CallType != "symptom" || n.Urgency != notes.Urgent ||
		n.Taker != desks[0].ID {
		a.t.Errorf("the note is of another call, language, type, urgency or agent: %+v", n)
	}
}

// openNote reads a note by its reference, as the record keeps it.
func (d *demo) openNote(t *testing.T, ref string) notes.Note {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	page, err := d.server.Record.Board(ctx, record.BoardSelection{})
	rows := page.Lines
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(r record.BoardLine) bool { return r.Note.Reference == ref })
	if i < 0 {
		t.Fatalf("no note %s among %d rows of the board", ref, len(rows))
	}
	n, err := d.server.Record.Open(ctx, rows[i].Note.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pocketed waits for the text at the phone of whom the window said is on call.
func (a *atDesk) pocketed(ref, onCall string) {
	a.t.Helper()
	var number string
	for _, p := range demoPhones(a.d.practices) {
		if p.Name == onCall {
			number = p.Number
		}
	}
	var text pocket.Arrival
	windowtest.Eventually(a.t, "a text in the pocket of "+onCall, func() bool {
		for _, m := range a.d.pocket.Messages() {
			if m.Kind == "text" && m.To == number && strings.Contains(m.Body, ref) {
				text = m
				return true
			}
		}
		return false
	})
	for _, secret := range []string{a.s.Expected.Fields["name"], "Muñoz", "Bennett", "Fiebre", "Chest"} {
		if strings.Contains(text.Body, secret) {
			a.t.Errorf("the text says %q", secret)
		}
	}
}

// hangUp ends the call and the wrap-up by keys; nothing is left of it on the switch.
func (a *atDesk) hangUp(e expect) {
	a.t.Helper()
	a.Press(windowtest.Esc, windowtest.Esc)
	a.See("hung up; the done key", focused, "done")
	a.See("wrap-up", shown, e.wrapUp)
	a.emptySwitch()
	a.Shot(e.language + "-5-wrapup")
	a.Press(windowtest.F12)
	a.See("ready for the next", shown, e.ready)
}

func (a *atDesk) emptySwitch() {
	a.t.Helper()
	ctx := access.System(a.t.Context(), "test")
	windowtest.Eventually(a.t, "an empty switch", func() bool {
		s, err := a.d.server.Switch.Client.Snapshot(ctx)
		return err == nil && len(s.Legs) == 0 && len(s.Bridges) == 0 && len(a.d.server.Engine.Calls()) == 0
	})
}

// lostAtMost is how much typing a crash of the desk may cost: half a second, and as much again for the keys' way to the page on a busy
// machine.
const lostAtMost = time.Second

// TestTheDeskIsKilled ends the desk in the middle of a word and starts it again, at once and then after the switch has missed
// its phone: what was typed is back, the agent is back in the call, which goes on, and the note is sent.
func TestTheDeskIsKilled(t *testing.T) {
	d := boot(t)
	w := d.openDesk(t, -1)
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	a := d.ring(t, w, "chest")
	a.answer()
	w.Press("1")
	a.fill(english.fields[:3])
	w.See("the reason's field", focused, "field-reason")
	const words = "Chest tightness since this morning, worse on the stairs, and her left arm is numb"
	var at []time.Time
	for _, key := range strings.Split(words, "") {
		w.Press(key)
		at = append(at, time.Now())
	}
	killed := w.Kill()

	w = d.openDesk(t, 0)
	a.Window = w
	back := w.Await("the words are back in their place", `return document.querySelector('#field-reason')?.value`,
		"the beginning of what was typed",
		func(got string) bool { return got != "" })
	if !strings.HasPrefix(words, back) {
		t.Fatalf("%q came back of %q", back, words)
	}
	if n := len(back); n < len(words) && killed.Sub(at[n]) > lostAtMost {
		t.Errorf("%q was lost, typed up to %v before the crash", words[n:], killed.Sub(at[n]))
	}
	t.Logf("%d of %d letters came back, the last typed %v before the crash", len(back), len(words), killed.Sub(at[len(at)-1]))
	w.See("the name, too", `return document.querySelector('#field-name').value`, "Rosa Bennett")
	w.Shot("crash-1-back")
	w.See("the reason's field, where it was left", focused, "field-reason")
	w.See("what happened is told", `return String(document.querySelector('[aria-live=polite] p')?.textContent.includes('back in the call'))`, "true")
	a.connected()
	killed = w.Kill()
	d.missed(t, a.call, killed)
	w = d.openDesk(t, 1)
	a.Window = w
	a.connected()
	w.See("the reason's field once more", focused, "field-reason")
	w.See("with its words", typed, back)
	w.See("the ladder, too", `return String(document.querySelectorAll('.ladder .step').length >= 3)`, "true")
	w.Write(words[len(back):])
	w.Press(windowtest.Enter)
	a.fill([]field{{key: "since", words: "6 a.m."}, {key: "caller"}})
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	said := w.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference",
		func(got string) bool { return strings.HasSuffix(got, english.sent) })
	again := english
	again.fields = slices.Clone(english.fields)
	again.fields[3].kept = words
	a.noted(strings.TrimSuffix(said, english.sent), again)
	a.hangUp(again)
	c, err := d.server.Record.Call(access.System(t.Context(), "test"), a.call)
	if err != nil || c.Outcome != telephony.Completed {
		t.Errorf("the call is %+v, %v", c, err)
	}
}

// TestASentNoteOutlivesItsDesk ends the desk while PostgreSQL stands still with its note: the desk that is started after it says
// that the note goes, lists nothing as not sent, and tells the reference when it is stored, once.
func TestASentNoteOutlivesItsDesk(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.openDesk(t, -1)
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	a := d.ring(t, w, "chest")
	a.answer()
	w.Press("1")
	a.fill(english.fields)
	tx, err := d.server.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) // after its end it does nothing
	if _, err := tx.Exec(t.Context(), "lock table note in exclusive mode"); err != nil {
		t.Fatal(err)
	}
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	windowtest.Eventually(t, "the note waits for its table", func() bool {
		var waits bool
		err := d.server.Pool.QueryRow(t.Context(),
			"select exists (select from pg_locks where relation = 'note'::regclass and not granted)").Scan(&waits)
		return err == nil && waits
	})
	w.Kill()

	w = d.openDesk(t, 0)
	w.See("it is said that it goes",
		`return String(!!document.querySelector('.unsent')?.textContent.includes('goes when the server answers'))`, "true")
	w.See("and is not listed", `return String(document.querySelector('#draft') === null)`, "true")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	const told = "The note was sent as "
	said := w.Await("what became of it", `return document.querySelector('.place p')?.textContent.trim()`, "its reference",
		func(got string) bool { return strings.HasPrefix(got, told) })
	d.openNote(t, strings.TrimPrefix(said, told))
	w.See("nothing is under way any more", `return String(document.querySelector('.unsent') === null)`, "true")
	var stored int
	err = d.server.Pool.QueryRow(t.Context(), "select count(*) from note where call = $1", a.call).Scan(&stored)
	if err != nil || stored != 1 {
		t.Errorf("%d notes of one draft, %v", stored, err)
	}
}

// TestANoteLeftIsTakenOver ends the desk in the middle of a note for good: a minute later the note is a row at a colleague's desk,
// who takes it over with its words and sends it, once. The desk that comes back says whose it is and has nothing to send.
func TestANoteLeftIsTakenOver(t *testing.T) {
	d := boot(t)
	w := d.openDesk(t, 0)
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	a := d.ring(t, w, "chest")
	a.answer()
	w.Press("1")
	a.fill(english.fields[:3])
	ana, err := d.server.Door.ActorOf(t.Context(), desks[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	windowtest.Eventually(t, "the server has it", func() bool {
		kept, err := d.server.Record.Drafts(access.With(t.Context(), ana))
		return err == nil && len(kept) == 1 && kept[0].Call == a.call && strings.Contains(kept[0].Body.Fields["dob"], "1961")
	})
	w.Kill()
	if err := d.server.Engine.End(t.Context(), a.call); err != nil {
		t.Fatal(err)
	}

	w = d.openDeskOf(t, desks[1].ID, 0)
	a.Window = w
	const row = `return [...document.querySelectorAll('#board li')].find(l => l.textContent.includes('not sent'))?.textContent.replace(/\s+/g, ' ')`
	for end := time.Now().Add(2 * time.Minute); !strings.Contains(w.Read(row), "begun by Ana Ruiz, who has gone"); {
		if time.Now().After(end) {
			t.Fatalf("the note is not on the board: %q", w.Read(row))
		}
	}
	w.Shot("unsent-1-row")
	w.Press(windowtest.F7)
	w.See("the board has the keys", focused, "board")
	for i := 0; i < 4 && !strings.Contains(w.Read(`return document.querySelector('#board li.on')?.textContent`), "not sent"); i++ {
		w.Press(windowtest.Down)
	}
	w.Press("t")
	w.See("her words are here", `return document.querySelector('#field-name')?.value`, "Rosa Bennett")
	w.Shot("unsent-2-taken")
	onCall := w.Read(`return document.querySelector('main > section:last-of-type li b').textContent`)
	w.See("the reason's field", focused, "field-reason")
	a.fill(english.fields[3:])
	w.Chord(windowtest.Ctrl, windowtest.Enter)
	said := w.Await("sent", `return document.querySelector('#sent')?.textContent.trim()`, "a reference",
		func(got string) bool { return strings.HasSuffix(got, english.sent) })
	ref := strings.TrimSuffix(said, english.sent)
	d.openNote(t, ref)
	a.pocketed(ref, onCall)
	windowtest.Eventually(t, "the row has gone", func() bool { return w.Read(row) == "" })
	w.Kill()

	w = d.openDesk(t, 0)
	w.See("whose it is", `return document.querySelector('.place p')?.textContent.trim()`,
		"Ben Cole has taken over your note that was not sent, and finishes it.")
	w.See("and nothing is left to send", `return String(document.querySelector('#draft') === null)`, "true")
	var stored int
	err = d.server.Pool.QueryRow(t.Context(), "select count(*) from note where call = $1", a.call).Scan(&stored)
	if err != nil || stored != 1 {
		t.Errorf("%d notes of one call, %v", stored, err)
	}
}

// missed waits until the switch has missed the phone of a killed desk: within seconds, for the caller hears nothing until
// then.
func (d *demo) missed(t *testing.T, call telephony.CallID, killed time.Time) {
	t.Helper()
	windowtest.Eventually(t, "the switch has missed the phone", func() bool {
		c := d.server.Engine.Calls()
		return len(c) == 1 && c[0].ID == call && c[0].State == telephony.Held
	})
	t.Logf("missed after %v", time.Since(killed).Round(time.Millisecond))
}

// TestTheDeskStaysDead ends the desk in a call for good: the caller hears music, and when they hang up somebody is told to
// call them back.
func TestTheDeskStaysDead(t *testing.T) {
	t.Parallel() // it mostly waits
	d := boot(t)
	w := d.openDesk(t, 0)
	w.Press(windowtest.F9, "1")
	w.See("ready", shown, "Ready")
	caller, err := d.server.Trainer.Network.Dial(t.Context(), phone.Outgoing{Number: "+13125550100", From: "+13125550142"})
	if err != nil {
		t.Fatal(err)
	}
	w.See("the pop has the answer key's focus", focused, "answer")
	w.Press(" ")
	w.See("answered; the call types have the focus", focused, "call-types")
	calls := d.server.Engine.Calls()
	if len(calls) != 1 {
		t.Fatalf("the engine knows %d calls", len(calls))
	}
	d.missed(t, calls[0].ID, w.Kill())
	if _, err := caller.HeardAbove(t.Context(), 300, time.Now()); err != nil {
		t.Errorf("the caller hears no music: %v", err)
	}
	if err := caller.Hangup(t.Context()); err != nil {
		t.Error(err)
	}
	ctx := access.System(t.Context(), "test")
	windowtest.Eventually(t, "the call is to be called back", func() bool {
		c, err := d.server.Record.Call(ctx, calls[0].ID)
		return err == nil && c.Outcome == telephony.Abandoned
	})
	w = d.openDesk(t, 1)
	w.Await("it stands on the board", `return document.querySelector('#board li')?.textContent`, "a call back", func(got string) bool {
		return strings.Contains(got, "call back") && strings.Contains(got, "cut off")
	})
	w.Shot("crash-2-callback")
	(&atDesk{Window: w, t: t, d: d}).emptySwitch()
}
