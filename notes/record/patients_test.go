package record_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// aPatient is a record nobody has stored yet.
func aPatient(name, number string) notes.Patient {
	return notes.Patient{ID: notes.PatientID(uuid.NewString()), Account: "lakeside", Language: "es", Name: name, Birth: "4/2/1961",
		Email: "ximena@example.org", Numbers: []notes.PatientNumber{{Number: telephony.Number(number), Text: true, Call: true}}}
}

func (h *fixture) patients() *record.Patients { return record.NewPatients(h.store) }

// admitted is a patient with a consent.
func (h *fixture) admitted(t testing.TB, name, number string) notes.Patient {
	t.Helper()
	got, err := h.patients().Put(h.as(t, officeID), aPatient(name, number),
		[]notes.Consent{{Channel: notes.ByText, Given: true, How: notes.InPerson}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func asPatient(p notes.Patient) context.Context {
	return access.WithVisitor(context.Background(), access.Visitor{Patient: p.ID, Account: p.Account})
}

// TestAPatientIsFound by name, date of birth and number, by the staff of the practice and nobody else; two of one number are two.
func TestAPatientIsFound(t *testing.T) {
	h := newFixture(t).furnish(t)
	office, store := h.as(t, officeID), h.patients()
	mother := h.admitted(t, " Ximena  Quiñones-Wojciechowska ", "(312) 555-0142")
	if mother.Name != "Ximena Quiñones-Wojciechowska" || mother.Birth != "1961-04-02" || mother.Texts() != "+13125550142" {
		t.Errorf("kept as %+v", mother)
	}
	son := aPatient("Iván Quiñones", "312-555-0142")
	son.Birth = "2009-11-30"
	if same, err := store.Same(office, son); err != nil || len(same) != 1 || same[0].ID != mother.ID {
		t.Errorf("of the same number: %+v, %v", same, err)
	}
	for range 2 { // what was answered by nobody is asked again
		if _, err := store.Put(office, son, nil); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]int{"quinones": 2, "QUI": 2, "ximena": 1, "Iván 11/30/2009": 1, "4/2/1961": 1, "+1 312 555 0142": 2,
		"Ximena 2009-11-30": 0, "": 0, "312": 0} {
		found, more, err := store.Find(office, "lakeside", typed)
		if err != nil || len(found) != want || more {
			t.Errorf("%q finds %+v, %v, %v", typed, found, more, err)
		}
	}
	if found, _, err := store.Find(access.System(t.Context(), "test"), "bosque", "ximena"); err != nil || len(found) > 0 {
		t.Errorf("at another practice: %+v, %v", found, err)
	}
	for _, who := range []notes.PersonID{agentID, doctorID, strangerID} {
		if _, err := store.Open(h.as(t, who), mother.ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s opens a patient: %v", who, err)
		}
	}
	if _, err := store.Open(asPatient(mother), mother.ID); !errors.Is(err, access.ErrNobody) {
		t.Errorf("a patient opens a record: %v", err)
	}

	changed := mother
	changed.Numbers[0].Number = "+13125550177"
	var before notes.Patient
	after, err := store.Put(office, changed, nil, func(_ context.Context, _ pgx.Tx, b, _ notes.Patient) error { before = b; return nil })
	if err != nil || after.Version != 2 || before.Texts() != "+13125550142" {
		t.Errorf("changed from %+v to %+v, %v", before, after, err)
	}
	if _, err := store.Put(office, changed, nil); !errors.Is(err, record.ErrPatientMoved) {
		t.Errorf("a change of what is no more: %v", err)
	}
	// What was said of the old number says nothing of the new one.
	reach, err := store.Reach(t.Context(), notes.ByText, "+13125550177")
	if err != nil {
		t.Fatal(err)
	}
	if so, err := store.Agreed(t.Context(), h.pool, mother.ID, notes.PurposeCare, notes.ByText, reach); err != nil || so {
		t.Errorf("a new number is agreed to: %v, %v", so, err)
	}
	var wrong *record.Incomplete
	if _, err := store.Put(office, notes.Patient{ID: "x", Account: "lakeside"}, nil); !errors.As(err, &wrong) || len(wrong.Fields) != 4 {
		t.Errorf("an empty record: %+v, %v", wrong, err)
	}
	h.mustVerify(t)
}

// TestAForgedConsentIsNone: a line that somebody wrote into the ledger, or altered, agrees to nothing.
func TestAForgedConsentIsNone(t *testing.T) {
	h := newFixture(t).furnish(t)
	p := h.admitted(t, "Ximena Quiñones", "3125550142")
	agreed := func() bool {
		reach, err := h.patients().Reach(t.Context(), notes.ByText, "+13125550142")
		if err != nil {
			t.Fatal(err)
		}
		so, err := h.patients().Agreed(t.Context(), h.pool, p.ID, notes.PurposeCare, notes.ByText, reach)
		if err != nil {
			t.Fatal(err)
		}
		return so
	}
	if !agreed() {
		t.Error("a consent is none")
	}
	if err := h.patients().Say(asPatient(p), p, notes.Consent{Channel: notes.ByText, How: notes.OnPage}); err != nil {
		t.Fatal(err)
	}
	if agreed() {
		t.Error("a consent that has ended holds")
	}
	h.mustVerify(t)
	if _, err := h.pool.Exec(t.Context(), "update consent set given = true"); err != nil {
		t.Fatal(err)
	}
	if agreed() || h.verify(t).Good() {
		t.Error("an altered consent holds, or is not told")
	}
}

// TestAConversation is what staff and patient write, read and withdraw, and what two of the staff do at once.
func TestAConversation(t *testing.T) {
	h := newFixture(t).furnish(t)
	office, store := h.as(t, officeID), h.patients()
	p := h.admitted(t, "Ximena Quiñones", "3125550142")
	patient := asPatient(p)
	must := func(th notes.Thread, err error) notes.Thread {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return th
	}
	write := func(id, seen string) (notes.Thread, error) {
		return store.Write(office, record.Writing{ID: id, Patient: p.ID, Text: "Your results are in", Seen: seen})
	}
	th := must(write("m1", ""))
	again := must(write("m1", ""))
	if th.ID != again.ID || th.Waits != notes.WaitsOnPatient || th.Assigned != officeID || th.Version != again.Version {
		t.Errorf("%+v and once more %+v", th, again)
	}
	must(store.Withdraw(office, p.ID, "m1"))
	must(write("m2", "m1"))
	if c, err := store.ReadAsPatient(patient); err != nil || len(c.Messages) != 2 || c.Messages[0].Text != "" ||
		c.Messages[0].WithdrawnAt.IsZero() || c.Messages[1].Text == "" {
		t.Errorf("the patient reads %+v, %v", c.Messages, err)
	}
	var read *record.ReadAlready
	if _, err := store.Withdraw(office, p.ID, "m2"); !errors.As(err, &read) || time.Since(read.At) > time.Minute {
		t.Errorf("withdrawn after it was read: %v", err)
	}

	due := time.Now().Add(time.Hour)
	th = must(store.WriteAsPatient(patient, record.PatientWords{ID: "p1", Text: "Gracias. ¿Puedo comer pan?", Due: due}))
	th = must(store.WriteAsPatient(patient, record.PatientWords{ID: "p2", Text: "¿Y queso?", Due: due.Add(time.Hour)}))
	if th.Waits != notes.WaitsOnStaff || th.DueAt.Sub(due).Abs() > time.Millisecond {
		t.Errorf("who writes twice: %+v", th)
	}
	if _, err := write("m3", "m2"); !errors.Is(err, record.ErrThreadMoved) {
		t.Errorf("an answer to what is not the last: %v", err)
	}
	if _, err := store.Close(office, p.ID, "c0", "done", "m2"); !errors.Is(err, record.ErrThreadMoved) {
		t.Errorf("closed over a message that came: %v", err)
	}
	if _, err := store.Assign(office, p.ID, "somebody", "x"); !errors.Is(err, record.ErrThreadMoved) {
		t.Errorf("given away by who believes another has it: %v", err)
	}
	must(store.Write(office, record.Writing{ID: "r1", Patient: p.ID, Text: "She is on warfarin", Remark: true}))
	c, err := store.Read(office, p.ID)
	if err != nil || len(c.Messages) != 5 || c.Messages[3].ReadAt.IsZero() || c.Patient.Name != "Ximena Quiñones" || len(c.Lines) < 5 {
		t.Errorf("staff read %+v, %v", c, err)
	}
	page, err := store.Threads(office, "lakeside", notes.TabMine, "")
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Name != "Ximena Quiñones" || page.Counts[notes.TabMine] != 1 ||
		page.Counts[notes.TabLate] != 0 {
		t.Errorf("the inbox is %+v, %v", page, err)
	}
	must(write("m3", "p2"))
	must(store.Close(office, p.ID, "c1", "answered", "m3"))
	must(store.Close(office, p.ID, "c1", "answered", "m3"))
	if c, err := store.ReadAsPatient(patient); err != nil || len(c.Messages) != 5 {
		t.Errorf("the patient reads what is among staff: %+v, %v", c.Messages, err)
	}
	if th = must(store.WriteAsPatient(patient, record.PatientWords{ID: "p3", Text: "Una cosa más", Due: due})); th.ID == again.ID {
		t.Error("a closed thread goes on")
	}
	for _, who := range []notes.PersonID{agentID, doctorID, strangerID} {
		if _, err := store.Read(h.as(t, who), p.ID); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("%s reads: %v", who, err)
		}
	}
	h.mustVerify(t)
}

// TestARedFlagIsANote of the same transaction: with the message it is there, and without it nothing is.
func TestARedFlagIsANote(t *testing.T) {
	h := newFixture(t).furnish(t)
	p := h.admitted(t, "Ximena Quiñones", "3125550142")
	flag := func(fails error) *record.Flagged {
		return &record.Flagged{Zone: time.UTC, Begin: func(context.Context, pgx.Tx, notes.Note) error { return fails },
			Note: notes.Draft{ID: "patient-message:p1", Account: "lakeside", CallType: notes.PatientMessageType, Urgency: notes.Urgent,
				Language: "es", Body: said}}
	}
	if _, err := h.patients().WriteAsPatient(asPatient(p), record.PatientWords{ID: "p1", Text: "me duele el pecho", Due: time.Now(),
		Flagged: flag(context.Canceled)}); err == nil {
		t.Fatal("kept without what must follow")
	}
	var messages, taken int
	count := func() {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), "select (select count(*) from message), (select count(*) from note)").Scan(&messages,
			&taken); err != nil {
			t.Fatal(err)
		}
	}
	if count(); messages+taken != 0 {
		t.Errorf("%d messages, %d notes", messages, taken)
	}
	for range 2 {
		th, err := h.patients().WriteAsPatient(asPatient(p), record.PatientWords{ID: "p1", Text: "me duele el pecho", Due: time.Now(),
			Flagged: flag(nil)})
		if err != nil || th.Note == "" {
			t.Fatalf("%+v, %v", th, err)
		}
	}
	if count(); messages != 1 || taken != 1 {
		t.Errorf("%d messages, %d notes", messages, taken)
	}
	h.mustVerify(t)
}

// TestADumpTellsNothingOfAPatient: neither what is in the record nor what was written.
func TestADumpTellsNothingOfAPatient(t *testing.T) {
	url := postgrestest.URL(t)
	h := fixtureOn(t, connect(t, url), t.TempDir()).furnish(t)
	p := h.admitted(t, "Ximena Quiñones-Wojciechowska", "3125550142")
	office := h.as(t, officeID)
	if _, err := h.patients().Write(office, record.Writing{ID: "m1", Patient: p.ID, Text: "Chew an aspirin"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.patients().WriteAsPatient(asPatient(p), record.PatientWords{ID: "p1", Text: "presión detrás del esternón", Due: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.patients().Close(office, p.ID, "c1", "breastbone", "p1"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.patients().Find(office, "lakeside", "Ximena 4/2/1961"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(postgrestest.Cluster(t).Bin(), "pg_dump"), "--dbname", url).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(p.ID)) {
		t.Fatalf("pg_dump: %v, %d bytes", err, len(out))
	}
	for _, w := range []string{"Ximena", "Quiñones", "Wojciechowska", "3125550142", "1961-04-02", "ximena@example.org", "aspirin", "esternón",
		"breastbone"} {
		for form, b := range forms(w) {
			if bytes.Contains(out, b) {
				t.Errorf("the dump shows %q (%s)", w, form)
			}
		}
	}
}
