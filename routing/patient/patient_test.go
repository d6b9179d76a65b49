package patient_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

// noon is a time of day at which everybody may be told something.
var noon = time.Date(2025, 11, 24, 18, 0, 0, 0, time.UTC)

// TestAPatientIsToldAndComesIn walks from the practice's message to the patient's session, and holds the door against all who are not
// the patient.
func TestAPatientIsToldAndComesIn(t *testing.T) {
	f := newFixture(t, nil)
	f.at(noon)
	f.run()
	p := f.admitted(notes.ByText, notes.ByEmail)
	f.writes(p, "m1", "")
	told := f.next(number, 1)
	if !strings.HasPrefix(told.Body, "Lakeside: un mensaje para usted") || strings.Contains(told.Body, "Ximena") ||
		strings.Contains(told.Body, "aspirin") {
		t.Errorf("the text says %q", told.Body)
	}
	token := tokenOf(told)
	f.until("delivered", func() bool { return slices.Equal(f.states(p), []string{"text delivered"}) })
	l, err := f.engine.Locate(t.Context(), token)
	if err != nil || l.Patient != p.ID || l.Expired || l.Language != "es" {
		t.Fatalf("%+v, %v", l, err)
	}
	prove := func(token, code, born string) (string, error) {
		session, _, err := f.engine.Prove(t.Context(), patient.Proof{Token: token, Code: code, Birth: born, Source: "192.0.2.1"})
		return session, err
	}
	if _, err := prove(token, "000000", birth); !errors.Is(err, patient.ErrWrongProof) {
		t.Errorf("before a code was sent: %v", err)
	}
	code := f.code(token, number)
	for _, wrong := range [][2]string{{code, "1961-04-03"}, {"12345", birth}} {
		if _, err := prove(token, wrong[0], wrong[1]); !errors.Is(err, patient.ErrWrongProof) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if w := f.warned(p); w != notes.WarnNone {
		t.Errorf("staff are told of two slips: %q", w)
	}
	session, err := prove(token, code[:3]+" "+code[3:], "4/2/1961")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prove(token, code, birth); !errors.Is(err, patient.ErrWrongProof) {
		t.Errorf("a code opens twice: %v", err)
	}
	v, err := f.engine.Resume(t.Context(), session)
	if err != nil || v != (access.Visitor{Patient: p.ID, Account: "lakeside"}) {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := f.door.Resume(t.Context(), session); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("a patient's session is one of staff's: %v", err)
	}
	f.verify()

	code = f.code(token, number)
	for range 4 {
		_, _ = prove(token, "999999", birth)
	}
	if w := f.warned(p); w != notes.WarnRefused {
		t.Errorf("after four wrong tries staff are told %q", w)
	}
	var slowed *access.SlowedError
	if _, err := prove(token, "999999", birth); !errors.As(err, &slowed) && !errors.Is(err, patient.ErrWrongProof) {
		t.Error(err)
	}
	if _, err := prove(token, code, birth); err == nil {
		t.Error("a code that was guessed at five times opens")
	}

	// Who alters a session's row, or a patient's number, is believed by nobody; with another number the device is to prove anew.
	changed, err := f.patients.Open(f.staff, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	changed.Numbers[0].Number = "+13125550177"
	if _, err := f.patients.Put(f.staff, changed, nil, f.engine.Changed); err != nil {
		t.Fatal(err)
	}
	if _, err := f.engine.Resume(t.Context(), session); !errors.Is(err, patient.ErrNoVisit) {
		t.Errorf("with another number the device is still known: %v", err)
	}
	f.at(noon.Add(2 * time.Hour))
	if code = f.code(token, "+13125550177"); code == "" {
		t.Error("no code came to the number on record now")
	}
	session, err = prove(token, code, birth)
	if err != nil {
		t.Fatal(err)
	}
	f.at(noon.Add(patient.SessionLasts + 3*time.Hour))
	if _, err := f.engine.Resume(t.Context(), session); !errors.Is(err, patient.ErrNoVisit) {
		t.Errorf("after thirty days: %v", err)
	}
	f.verify()
	f.at(noon.Add(2 * time.Hour))
	if _, err := f.pool.Exec(t.Context(), "update patient_session set expires_at = expires_at + interval '1 year'"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.engine.Resume(t.Context(), session); !errors.Is(err, patient.ErrNoVisit) {
		t.Errorf("an altered session is believed: %v", err)
	}
}

// TestAnOldLinkSaysSo, and sends a new one to the address on record, not often.
func TestAnOldLinkSaysSo(t *testing.T) {
	f := newFixture(t, nil)
	f.at(noon)
	f.run()
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	token := tokenOf(f.next(number, 1))
	f.at(noon.Add(8 * 24 * time.Hour))
	if l, err := f.engine.Locate(t.Context(), token); err != nil || !l.Expired {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := f.engine.SendCode(t.Context(), token, "192.0.2.1"); !errors.Is(err, patient.ErrExpired) {
		t.Errorf("a code by an old link: %v", err)
	}
	if _, _, err := f.engine.Prove(t.Context(), patient.Proof{Token: token}); !errors.Is(err, patient.ErrExpired) {
		t.Errorf("in by an old link: %v", err)
	}
	for i := range 3 {
		if by, err := f.engine.SendLink(t.Context(), token, "192.0.2.1"); err != nil || by != notes.ByText {
			t.Fatal(by, err)
		}
		f.next(number, 2+i)
	}
	if _, err := f.engine.SendLink(t.Context(), token, "192.0.2.1"); !errors.Is(err, patient.ErrEnough) {
		t.Errorf("a fourth link in a day: %v", err)
	}
	if l, err := f.engine.Locate(t.Context(), tokenOf(f.next(number, 2))); err != nil || l.Expired || l.Patient != p.ID {
		t.Errorf("the new one: %+v, %v", l, err)
	}
	for _, wrong := range []string{"", "x", strings.Repeat("A", 43)} {
		if _, err := f.engine.Locate(t.Context(), wrong); !errors.Is(err, patient.ErrNoLink) {
			t.Errorf("%q leads somewhere: %v", wrong, err)
		}
	}
	f.verify()
}

// TestNobodyIsToldWithoutConsent, nor at night, nor of what was withdrawn.
func TestNobodyIsToldWithoutConsent(t *testing.T) {
	f := newFixture(t, nil)
	f.at(time.Date(2025, 11, 25, 4, 30, 0, 0, time.UTC)) // 22:30 in Chicago
	none := f.admitted()
	if err := f.tryWrite(none, "n1", ""); !errors.Is(err, patient.ErrNoConsent) {
		t.Errorf("who agreed to nothing is written to: %v", err)
	}
	p := f.admitted(notes.ByEmail)
	f.writes(p, "m1", "")
	f.writes(p, "m2", "m1")
	all, err := f.engine.Notices(t.Context(), p.ID)
	morning := time.Date(2025, 11, 25, 14, 0, 0, 0, time.UTC)
	if err != nil || len(all) != 1 || all[0].Channel != notes.ByEmail || !all[0].DueAt.Equal(morning) {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := f.patients.Withdraw(f.staff, p.ID, "m1", f.engine.Withdraw); err != nil {
		t.Fatal(err)
	}
	if got := f.states(p); !slices.Equal(got, []string{"email cancelled"}) {
		t.Error(got)
	}
	// The patient writes at night: the answer is told at once.
	visitor := access.WithVisitor(t.Context(), access.Visitor{Patient: p.ID, Account: "lakeside"})
	if _, err := f.patients.WriteAsPatient(visitor, record.PatientWords{ID: "p1", Text: "¿Puedo comer?", Due: f.clock()}); err != nil {
		t.Fatal(err)
	}
	f.writes(p, "m3", "p1")
	if all, err = f.engine.Notices(t.Context(), p.ID); err != nil || !all[0].DueAt.Equal(f.clock()) {
		t.Errorf("%+v, %v", all, err)
	}
	// A consent that ends before it leaves ends it.
	if err := f.patients.Say(visitor, p, notes.Consent{Channel: notes.ByEmail, How: notes.OnPage},
		f.engine.Ended(p, notes.ByEmail)); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.until("it is cancelled", func() bool { return f.states(p)[0] == "email cancelled" })
	if got := f.pocket.Messages(); len(got) > 0 {
		t.Errorf("somebody was told: %+v", got)
	}
	f.verify()
}

// TestStopEndsTexts at once, in every word for it, with one confirmation; START takes it back.
func TestStopEndsTexts(t *testing.T) {
	f := newFixture(t, nil)
	f.at(noon)
	f.run()
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	token := tokenOf(f.next(number, 1))
	say := func(words string) string {
		t.Helper()
		answer, err := f.pocket.TextBack(t.Context(), pocket.TextBack{From: number, To: f.text.From, Body: words})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := say("me duele"); !strings.Contains(got, "911") || !strings.Contains(got, "+13125550100") {
		t.Errorf("words are answered %q", got)
	}
	if got := say("AYUDA"); !strings.Contains(got, "ALTO") {
		t.Errorf("help is answered %q", got)
	}
	if got := say("No me escriban más"); !strings.Contains(got, "Lakeside ya no le env") {
		t.Errorf("a stop is answered %q", got)
	}
	if got := say("ALTO"); got != "" {
		t.Errorf("a second stop is answered %q", got)
	}
	if w := f.warned(p); w != notes.WarnStopped {
		t.Errorf("staff are told %q", w)
	}
	if err := f.tryWrite(p, "m2", "m1"); !errors.Is(err, patient.ErrNoConsent) {
		t.Errorf("a message after a stop: %v", err)
	}
	// A consent that staff write down does not take a stop back; the mail is a way to a code.
	if err := f.patients.Say(f.staff, p, notes.Consent{Channel: notes.ByText, Given: true, How: notes.ByPhone}); err != nil {
		t.Fatal(err)
	}
	if err := f.tryWrite(p, "m2", "m1"); !errors.Is(err, patient.ErrNoConsent) {
		t.Errorf("staff's word takes a stop back: %v", err)
	}
	if by, err := f.engine.SendCode(t.Context(), token, "192.0.2.1"); err != nil || by != notes.ByEmail {
		t.Errorf("the code comes by %q, %v", by, err)
	}
	if err := f.patients.Say(f.staff, p, notes.Consent{Channel: notes.ByText, How: notes.ByPhone}); err != nil {
		t.Fatal(err)
	}
	if got := say("ALTA"); !strings.Contains(got, "Lakeside le avisa") {
		t.Errorf("a start is answered %q", got)
	}
	if err := f.tryWrite(p, "m2", "m1"); !errors.Is(err, patient.ErrNoConsent) {
		t.Errorf("a start takes back what was said by telephone: %v", err)
	}
	if heard, err := f.engine.TextedBack(t.Context(), channel.Reply{Ref: "SMx", From: "+13125550999", Body: "STOP",
		Sense: channel.SenseStop}); err != nil || heard.Known || heard.Answer != "" {
		t.Errorf("a stranger's stop: %+v, %v", heard, err)
	}
	f.verify()
}

// TestAStartTakesAStopBack with what was agreed before.
func TestAStartTakesAStopBack(t *testing.T) {
	f := newFixture(t, nil)
	f.at(noon)
	f.run()
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	f.next(number, 1)
	for _, words := range []string{"STOP", "START"} {
		if _, err := f.pocket.TextBack(t.Context(), pocket.TextBack{From: number, To: f.text.From, Body: words}); err != nil {
			t.Fatal(err)
		}
	}
	f.writes(p, "m2", "m1")
	f.next(number, 4) // a message and two answers came before
	f.verify()
}

// TestANoticeLeavesOnce although its sender is killed after the carrier took it and before that was written down.
func TestANoticeLeavesOnce(t *testing.T) {
	var hangs atomic.Bool
	url := postgrestest.URL(t)
	pool, err := postgres.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	hangs.Store(true)
	f := fixtureOn(t, pool, func(pocket.Arrival) pocket.Fault {
		if hangs.Load() {
			return pocket.TakeAndHang
		}
		return pocket.None
	})
	acc, err := f.store.Account(t.Context(), "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	acc.Messaging.QuietFrom, acc.Messaging.QuietTo = "00:00", "00:00" // it is any time of day: the worker has no clock but the machine's
	if err := f.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	order, err := json.Marshal(orders{Database: url, Dir: f.dir, Text: f.text})
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), ordersVar+"="+string(order))
	worker.Stderr = os.Stderr
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = worker.Process.Kill(); _ = worker.Wait() }
	t.Cleanup(kill)
	f.next(number, 1)
	kill()
	hangs.Store(false)
	if got := f.states(p); !slices.Equal(got, []string{"text sending"}) {
		t.Errorf("when its sender died: %q", got)
	}
	f.run()
	f.until("it is written down", func() bool { s := f.states(p)[0]; return s == "text accepted" || s == "text delivered" })
	if got := f.arrived(number); len(got) != 1 {
		t.Errorf("it came %d times", len(got))
	}
	f.verify()
}

// TestARefusedNoticeIsToldToStaff, and so is one that did not arrive.
func TestARefusedNoticeIsToldToStaff(t *testing.T) {
	f := newFixture(t, func(pocket.Arrival) pocket.Fault { return pocket.Refuse })
	f.at(noon)
	f.run()
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	f.until("staff are told", func() bool { return f.warned(p) == notes.WarnUnreached })
	if got := f.states(p); !slices.Equal(got, []string{"text failed"}) {
		t.Error(got)
	}
	if err := f.patients.Looked(f.staff, p.ID); err != nil || f.warned(p) != notes.WarnNone {
		t.Error(err)
	}
	if ours, err := f.engine.Report(t.Context(), channel.DeliveryReport{Key: "another's", Status: channel.Undelivered}); ours || err != nil {
		t.Error(ours, err)
	}
	f.verify()
}

// TestAForgedNoticeReachesNobody: an address or a text that somebody else wrote into the row.
func TestAForgedNoticeReachesNobody(t *testing.T) {
	f := newFixture(t, nil)
	f.at(noon)
	p := f.admitted(notes.ByText)
	f.writes(p, "m1", "")
	if _, err := f.pool.Exec(t.Context(), "update notice set kind = 'code'"); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.until("it has failed", func() bool {
		var why string
		err := f.pool.QueryRow(t.Context(), "select why from notice").Scan(&why)
		return err == nil && why == "forged"
	})
	if got := f.pocket.Messages(); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// TestRedFlagWords are found whole, in either language, however they are spelled.
func TestRedFlagWords(t *testing.T) {
	f := newFixture(t, nil)
	acc, err := f.store.Account(t.Context(), "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	acc.Messaging.RedFlags = []notes.RedFlag{{Words: map[telephony.Language][]string{"en": {"suicide"}}}}
	for text, want := range map[string]bool{"I CANT  BREATHE!": true, "can’t breathe": true, "tengo presion en el PECHO": true,
		"thoughts of suicide.": true, "I can breathe": false, "presión alta": false, "insuicide": false, "": false} {
		if got := patient.HasRedFlag(acc, text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
