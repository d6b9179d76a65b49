package patient_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

// reminds has lakeside remind its patients.
func (f *fixture) reminds(r notes.Reminders) {
	f.t.Helper()
	acc, err := f.store.AccountNow(access.System(f.t.Context(), "seed"), "lakeside")
	if err != nil {
		f.t.Fatal(err)
	}
	acc.Messaging.Reminders = &r
	if err := f.store.PutAccount(access.System(f.t.Context(), "seed"), acc); err != nil {
		f.t.Fatal(err)
	}
}

// expected is a patient who agreed to reminders, with a number of their own or another's.
func (f *fixture) expected(name, number string, agreed bool) notes.Patient {
	f.t.Helper()
	var said []notes.Consent
	if agreed {
		said = []notes.Consent{{Purpose: notes.PurposeReminders, Channel: notes.ByText, Given: true, How: notes.InPerson}}
	}
	p, err := f.patients.Put(f.staff, notes.Patient{ID: notes.PatientID(uuid.NewString()), Account: "lakeside", Language: "es", Name: name,
		Birth: birth, Numbers: []notes.PatientNumber{{Number: telephony.Number(number), Text: true}}}, said)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// books makes an appointment at a time of lakeside's wall clock.
func (f *fixture) books(p notes.Patient, wall string) notes.AppointmentID {
	f.t.Helper()
	begins, err := patient.VisitBegins(notes.Account{TimeZone: "America/Chicago"}, wall)
	if err != nil {
		f.t.Fatal(err)
	}
	id := notes.AppointmentID(uuid.NewString())
	if err := f.patients.Book(f.staff, "lakeside", nil, []notes.Appointment{{ID: id, Account: "lakeside", Patient: p.ID,
		State: notes.VisitBooked, Begins: begins, Visit: "Control", Provider: "Dr Reyes"}}); err != nil {
		f.t.Fatal(err)
	}
	f.engine.Wake()
	return id
}

func (f *fixture) visit(id notes.AppointmentID) notes.Appointment {
	f.t.Helper()
	v, err := f.patients.OpenAppointment(f.staff, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

// says texts from a number, and returns what is answered.
func (f *fixture) says(from, words string) string {
	f.t.Helper()
	answer, err := f.pocket.TextBack(f.t.Context(), pocket.TextBack{From: from, To: f.text.From, Body: words})
	if err != nil {
		f.t.Fatal(err)
	}
	return answer
}

// reminder is how the patient of an appointment was reminded last, "" for not.
func (f *fixture) reminder(id notes.AppointmentID) string {
	f.t.Helper()
	told, err := f.engine.Reminded(f.t.Context(), []notes.AppointmentID{id})
	if err != nil {
		f.t.Fatal(err)
	}
	return string(told[id].State)
}

// story is what was done with an appointment.
func (f *fixture) story(id notes.AppointmentID) (kinds []string) {
	f.t.Helper()
	lines, _, err := f.patients.AppointmentStory(f.staff, id)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, l := range lines {
		kinds = append(kinds, string(l.Kind))
	}
	return kinds
}

// noonThere is noon at lakeside, on a Monday.
var noonThere = time.Date(2025, 11, 24, 18, 0, 0, 0, time.UTC)

// TestAPatientIsRemindedAndAnswers walks from the appointment to its confirmation, another time asked for and a cancellation, each in the
// words people use, and what of it staff see.
func TestAPatientIsRemindedAndAnswers(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d", "2h"}})
	f.at(noonThere)
	f.run()
	p := f.expected("Ximena Quiñones", number, true)
	if got := f.says(number, "1"); !strings.Contains(got, "nadie lee textos") {
		t.Errorf("before any reminder 1 is answered %q", got)
	}
	id := f.books(p, "2025-11-25T11:30")
	told := f.next(number, 2)
	if want := "Lakeside: su cita es el mar 25 nov a las 11:30 am. Responda 1 para confirmar, 2 para cambiarla, 3 para cancelar. ALTO: no mas " +
		"textos"; told.Body != want {
		t.Errorf("the reminder says %q", told.Body)
	}
	f.until("delivered", func() bool { return f.reminder(id) == "delivered" })
	for _, yes := range []string{"Sí 👍", " c.", "1️⃣", "YES!", "sí, confirmo"} {
		if got := f.says(number, yes); !strings.Contains(got, "confirmado, mar 25 nov a las 11:30") {
			t.Errorf("%q is answered %q", yes, got)
		}
	}
	if v := f.visit(id); v.State != notes.VisitConfirmed || !v.Confirmed {
		t.Errorf("%+v", v)
	}
	f.at(noonThere.Add(6 * time.Minute)) // a phone that answers by itself is not answered for long
	if got := f.says(number, "¿Puedo comer antes?"); !strings.Contains(got, "tiene su mensaje") {
		t.Errorf("words are answered %q", got)
	}
	c, err := f.patients.Read(f.staff, p.ID)
	if err != nil || len(c.Messages) != 1 || c.Messages[0].Text != "¿Puedo comer antes?" || c.Thread.Waits != notes.WaitsOnStaff {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := f.says(number, "R"); !strings.Contains(got, "buscaremos otra fecha") {
		t.Errorf("R is answered %q", got)
	}
	if v := f.visit(id); v.State != notes.VisitReschedule || f.warned(p) != notes.WarnReschedule {
		t.Errorf("%+v, staff are told %q", v, f.warned(p))
	}
	// At another time it is booked anew, and an answer to the old reminder does nothing to it.
	v := f.visit(id)
	moved := v
	moved.Begins, moved.State = v.Begins.Add(72*time.Hour), ""
	if err := f.patients.Book(f.staff, "lakeside", nil, []notes.Appointment{v.Change(moved)}); err != nil {
		t.Fatal(err)
	}
	if got := f.says(number, "1"); !strings.Contains(got, "cambi") {
		t.Errorf("an answer to a reminder of before is answered %q", got)
	}
	if v = f.visit(id); v.State != notes.VisitBooked || v.Confirmed || !v.Asked {
		t.Errorf("%+v", v)
	}
	f.at(noonThere.Add(72 * time.Hour))
	f.engine.Wake()
	f.until("reminded anew", func() bool { return strings.Contains(f.last(number), "vie 28 nov") })
	if got := f.says(number, "cancelar la cita"); !strings.Contains(got, "cancelado, vie 28 nov") {
		t.Errorf("a cancellation is answered %q", got)
	}
	if v = f.visit(id); v.State != notes.VisitCancelled {
		t.Errorf("%+v", v)
	}
	for _, kind := range []string{"appointment.booked", "reminder.made", "reminder.delivered", "appointment.confirmed",
		"appointment.reschedule", "appointment.changed", "appointment.cancelled"} {
		if !slices.Contains(f.story(id), kind) {
			t.Errorf("the story has no %s: %q", kind, f.story(id))
		}
	}
	f.at(noonThere.Add(96 * time.Hour))
	f.engine.Wake()
	if err := f.patients.Mark(f.staff, id, v.Version, notes.VisitMissed); err != nil {
		t.Fatal(err)
	}
	figures, err := f.engine.Figures(f.staff, "lakeside", noonThere, noonThere.Add(240*time.Hour))
	if want := (patient.Figure{Visit: "Control", Provider: "Dr Reyes", Visits: 1, Sent: 1, Delivered: 1, Rescheduled: 1, Missed: 1}); err != nil ||
		len(figures) != 1 || figures[0] != want {
		t.Errorf("%+v, %v", figures, err)
	}
	f.verify()
}

// last is the last text to a number.
func (f *fixture) last(to string) string {
	all := f.arrived(to)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Body
}

// TestAHouseholdIsRemindedOnce of a day's appointments, and asked back which of them an answer is about.
func TestAHouseholdIsRemindedOnce(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}, Says: []notes.ReminderWord{notes.SaysProvider}})
	f.at(noonThere)
	p, child, other := f.expected("Ximena Quiñones", number, true), f.expected("Iván Quiñones", number, true),
		f.expected("Otra Persona", number, false)
	first, second := f.books(p, "2025-11-25T11:30"), f.books(child, "2025-11-25T15:00")
	f.books(other, "2025-11-25T11:45")
	f.run()
	told := f.next(number, 1)
	if !strings.Contains(told.Body, "sus citas son el mar 25 nov a las 11:30 am (Dr Reyes) y 3:00 pm (Dr Reyes)") ||
		strings.Contains(told.Body, "11:45") {
		t.Errorf("the reminder says %q", told.Body)
	}
	if got := f.says(number, "3"); !strings.Contains(got, "Cuál cancela") && !strings.Contains(got, "Cual cancela") ||
		!strings.Contains(got, "2 = mar 25 nov a las 3:00") || !strings.Contains(got, "3 = todas") {
		t.Errorf("a cancellation of which? %q", got)
	}
	if got := f.says(number, "2"); !strings.Contains(got, "cancelado, mar 25 nov a las 3:00") {
		t.Errorf("the second is answered %q", got)
	}
	if a, b := f.visit(first).State, f.visit(second).State; a != notes.VisitBooked || b != notes.VisitCancelled {
		t.Errorf("they are %s and %s", a, b)
	}
	if got := f.says(number, "sí"); !strings.Contains(got, "confirmado, mar 25 nov a las 11:30") {
		t.Errorf("the other is confirmed: %q", got)
	}
	f.at(noonThere.Add(6 * time.Minute))
	if got := f.says(number, "me siento mal"); !strings.Contains(got, "tiene su mensaje") {
		t.Errorf("words of a number of several: %q", got)
	}
	c, err := f.patients.Read(f.staff, p.ID)
	if err != nil || len(c.Messages) != 1 || c.Messages[0].Kind != notes.StaffRemark || c.Thread.Waits != notes.WaitsOnStaff {
		t.Errorf("they are kept as %+v, %v", c.Messages, err)
	}
	day, err := f.patients.Day(f.staff, "lakeside", noonThere, noonThere.Add(48*time.Hour), "")
	if err != nil || len(day.Lines) != 3 || day.Lines[1].Untold != "no-consent" || day.Counts[notes.VisitCancelled] != 1 {
		t.Errorf("%+v, %v", day, err)
	}
	if n := len(f.arrived(number)); n != 1+4 {
		t.Errorf("the phone got %d texts", n)
	}
	f.verify()
}

// TestCancelIsAskedBackOnce: the visit or the messages. Without an answer the texts end, and nothing leaves meanwhile.
func TestCancelIsAskedBackOnce(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}})
	f.at(noonThere)
	f.run()
	visit, texts, silent, twice := "+13125550151", "+13125550152", "+13125550153", "+13125550154"
	ids := map[string]notes.AppointmentID{}
	for i, n := range []string{visit, texts, silent, twice} {
		ids[n] = f.books(f.expected(fmt.Sprintf("Paciente %c", 'A'+i), n, true), "2025-11-25T11:30")
		f.next(n, 1)
	}
	for _, n := range []string{visit, texts, silent, twice} {
		if got := f.says(n, "Cancelar."); !strings.Contains(got, "cancelar la cita o los textos") {
			t.Errorf("CANCELAR is answered %q", got)
		}
	}
	if got := f.says(visit, "la cita"); !strings.Contains(got, "cancelado, mar 25 nov") || f.visit(ids[visit]).State != notes.VisitCancelled {
		t.Errorf("the visit: %q", got)
	}
	if got := f.says(texts, "ALTO"); !strings.Contains(got, "ya no le env") || f.visit(ids[texts]).State != notes.VisitBooked {
		t.Errorf("the texts: %q", got)
	}
	if got := f.says(twice, "CANCEL"); !strings.Contains(got, "ya no le env") {
		t.Errorf("asked twice: %q", got)
	}
	f.at(noonThere.Add(6 * time.Minute))
	f.engine.Wake()
	f.until("silence ends the texts", func() bool {
		var n int
		err := f.pool.QueryRow(t.Context(), "select count(*) from patient_stop").Scan(&n)
		return err == nil && n == 3
	})
	f.verify()
}

// TestNobodyIsRemindedWrongly: not at night, of what has changed or was cancelled, without consent, or of yesterday.
func TestNobodyIsRemindedWrongly(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d", "2h"}, Visits: map[string][]string{"control": {"2h"}}})
	p := f.expected("Ximena Quiñones", number, true)
	f.at(time.Date(2025, 11, 25, 4, 30, 0, 0, time.UTC)) // 22:30
	early := f.books(p, "2025-11-25T07:30")              // before the night ends: never
	first := f.books(p, "2025-11-25T09:00")              // 07:00, so at 08:00
	gone := f.books(p, "2025-11-25T09:30")
	f.run()
	day, err := f.patients.Day(f.staff, "lakeside", f.clock(), f.clock().Add(48*time.Hour), "")
	if err != nil || !day.Lines[0].RemindAt.IsZero() || !day.Lines[1].RemindAt.Equal(time.Date(2025, 11, 25, 14, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v, %v", day, err)
	}
	if err := f.patients.Mark(f.staff, gone, 1, notes.VisitCancelled); err != nil {
		t.Fatal(err)
	}
	f.at(time.Date(2025, 11, 25, 14, 0, 0, 0, time.UTC))
	f.engine.Wake()
	if told := f.next(number, 1); !strings.Contains(told.Body, "a las 9:00 am. Responda") {
		t.Errorf("the reminder says %q", told.Body)
	}
	f.until("it is settled", func() bool { return f.reminder(first) == "delivered" })
	if f.reminder(early)+f.reminder(gone) != "" {
		t.Error("they are reminded of what is too early, or cancelled")
	}
	f.verify()

	// What has changed between its making and its leaving does not leave: the carrier was not there.
	late := f.books(p, "2025-11-25T11:00")
	if _, err := f.pool.Exec(t.Context(), "update reminder_pace set next_at = clock_timestamp() + interval '1 hour'"); err != nil {
		t.Fatal(err)
	}
	f.at(time.Date(2025, 11, 25, 15, 0, 0, 0, time.UTC))
	f.engine.Wake()
	f.until("it waits for the carrier's pace", func() bool { return f.reminder(late) == "due" })
	if err := f.patients.Mark(f.staff, late, 1, notes.VisitCancelled); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pool.Exec(t.Context(), "update reminder set wake_at = '-infinity' where state = 'due'"); err != nil {
		t.Fatal(err)
	}
	f.until("it is cancelled", func() bool { return f.reminder(late) == "cancelled" })
	if n := len(f.arrived(number)); n != 1 {
		t.Errorf("the phone got %d texts", n)
	}
	// Somebody who puts an appointment's row to another time reminds nobody.
	forged := f.books(p, "2025-11-26T11:00")
	if _, err := f.pool.Exec(t.Context(), "update appointment set begins_at = '2025-11-25 17:00+00', remind_at = '-infinity' where id = $1",
		forged); err != nil {
		t.Fatal(err)
	}
	f.engine.Wake()
	f.until("it is left", func() bool {
		var left bool
		err := f.pool.QueryRow(t.Context(), "select remind_at > '-infinity' from appointment where id = $1", forged).Scan(&left)
		return err == nil && left
	})
	if f.reminder(forged) != "" {
		t.Error("a forged time is told")
	}
}

// TestAReminderLeavesOnce although its sender is killed after the carrier took it and before that was written down.
func TestAReminderLeavesOnce(t *testing.T) {
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
	acc.Messaging.QuietFrom, acc.Messaging.QuietTo = "00:00", "00:00" // the worker has no clock but the machine's
	acc.Messaging.Reminders = &notes.Reminders{Before: []string{"1d"}}
	if err := f.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	id := f.books(f.expected("Ximena Quiñones", number, true), time.Now().Add(20*time.Hour).In(zone).Format("2006-01-02T15:04"))
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
	if got := f.reminder(id); got != "sending" {
		t.Errorf("when its sender died: %q", got)
	}
	f.run()
	f.until("it is written down", func() bool { s := f.reminder(id); return s == "accepted" || s == "delivered" })
	if got := f.arrived(number); len(got) != 1 {
		t.Errorf("it came %d times", len(got))
	}
	f.verify()
}

// TestRemindersLeaveAtTheCarriersPace, and what is due is found by an index however many appointments are stored.
func TestRemindersLeaveAtTheCarriersPace(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}})
	f.at(noonThere)
	f.cfg.RemindersAMinute = 120
	var err error
	if f.engine, err = patient.New(f.cfg); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		f.books(f.expected(fmt.Sprintf("Paciente %c", 'A'+i), fmt.Sprintf("+1312555016%d", i), true), "2025-11-25T11:30")
	}
	f.run()
	var due []time.Time
	f.until("all are made", func() bool {
		rows, err := f.pool.Query(context.Background(), "select due_at from reminder order by due_at")
		if err != nil {
			t.Fatal(err)
		}
		due = due[:0]
		for rows.Next() {
			var at time.Time
			if err := rows.Scan(&at); err != nil {
				t.Fatal(err)
			}
			due = append(due, at)
		}
		return len(due) == 6
	})
	if span := due[5].Sub(due[0]); span != 5*time.Second/2 {
		t.Errorf("six leave within %s", span)
	}
	for what, sql := range map[string]string{
		"what is due":         "select id from appointment where remind_at <= now() order by remind_at, id limit 1 for update skip locked",
		"what leaves":         "select id from reminder where wake_at <= clock_timestamp() and state in ('due', 'sending') order by wake_at limit 8",
		"a day":               "select id from appointment where account = 'lakeside' and begins_at >= now() and begins_at < now() order by begins_at, id limit 101",
		"a patient's":         "select id from appointment where patient = 'x' and begins_at > now() order by begins_at limit 10",
		"a number's reminder": "select id from reminder where reach = 'x' and made_at > now()",
		"an appointment's":    "select reminder from reminder_visit where appointment = 'x' order by reminder desc limit 1"} {
		var plan string
		tx, err := f.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "set local enable_seqscan = off"); err != nil { // few rows are read whole otherwise
			t.Fatal(err)
		}
		if err := tx.QueryRow(t.Context(), "explain (format json) "+sql).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		_ = tx.Rollback(t.Context())
		if strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "Index") {
			t.Errorf("%s: %s", what, plan)
		}
	}
}

// TestVisitReplies holds the agreed answers to a reminder against what people write.
func TestVisitReplies(t *testing.T) {
	for text, want := range map[string]channel.VisitReply{"1": "confirm", "c": "confirm", "SÍ": "confirm", "si": "confirm", "¡Sí!": "confirm",
		"yes": "confirm", "Yes.": "confirm", " 1 ": "confirm", "1️⃣": "confirm", "sí 👍🏽": "confirm", "２": "reschedule", "r": "reschedule",
		"Cambiar la cita": "reschedule", "3": "cancel", "x": "cancel", "cancel my appointment": "cancel",
		// A person's own words are for a person.
		"": "", "👍": "", "no": "", "1 o 2?": "", "sí pero más tarde": "", "cancel": "", "cancelar": "", "13": "", "X-ray?": "",
		strings.Repeat("1 ", 100): ""} {
		if got := channel.VisitReplyOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzVisitReply(f *testing.F) {
	for _, s := range []string{"1", "Sí 👍", "cancelar", "todas", "la cita", "\xff", "1\u0301\u20e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := channel.ChoiceOf(text)
		if c.Number < 0 || c.Number > 9 || channel.IsCancel(text) && channel.VisitReplyOf(text) != "" {
			t.Errorf("%q: %+v", text, c)
		}
	})
}
