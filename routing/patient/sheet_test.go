package patient_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/notes"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

var sheetAccount = notes.Account{ID: "lakeside", TimeZone: "America/Chicago", Languages: []telephony.Language{"en", "es"}}

// TestAFileOfAppointmentsIsRead in the forms of practices' systems, and every line and column that is wrong is told.
func TestAFileOfAppointmentsIsRead(t *testing.T) {
	now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	long := strings.Repeat("ñ", 5000)
	for name, c := range map[string]struct{ file, want string }{
		"a plain one": {"Patient,DOB,Cell Phone,Date,Time,Duration,Visit Type,Provider,Location,Status\n" +
			"\"Quiñones, Ximena\",4/2/1961,(312) 555-0142,3/9/2026,9:30 AM,30 min,Control,Dr Reyes,Lake St,Scheduled\n",
			"2 Ximena Quiñones 1961-04-02 2026-03-09T14:30Z 30 Control/Dr Reyes/Lake St booked"},
		"in Spanish, by semicolons, day first": {"Nombre;Apellidos;Fecha de nacimiento;Celular;Fecha y hora;Idioma;Estado\n",
			": empty"},
		"a European one": {"Nombre;Fecha de nacimiento;Celular;Fecha y hora;Estado\nIván Muñoz;13/12/2009;312 555 0142;31/03/2026 17:00;Cancelada\n",
			"2 Iván Muñoz 2009-12-13 2026-03-31T22:00Z 0 // cancelled"},
		"what the clock never shows": {"Name,DOB,Phone,Date,Time\nAna Ruiz,1/2/1980,3125550142,3/8/2026,2:30 AM\n",
			"2 time: gap 3/8/2026 2:30 AM"},
		"what the clock shows twice is the first": {"Name,DOB,Phone,Date,Time\nAna Ruiz,1/2/1980,3125550142,11/1/2026,1:30 AM\n",
			"2 Ana Ruiz 1980-01-02 2026-11-01T06:30Z 0 // "},
		"everything wrong at once": {"Name,DOB,Phone,Date,Time,Status,Duration\n7,1/2/61,123,soon,,perhaps,-5\n" + long +
			",1/2/1961,3125550142,3/9/2026,25:00,,\n",
			"2 birth: date 1/2/61|2 date: date soon|2 minutes: minutes -5|2 name: name 7|2 number: number 123|2 state: state perhaps|" +
				"3 name: too-long " + long[:80] + "…|3 time: time 25:00"},
		"without its columns": {"Patient,Date\nAna,3/9/2026\n", "birth: no-column|number: no-column"},
		"twice in a file": {"Appt ID,Name,DOB,Phone,Date,Time\n7,Ana Ruiz,1/2/1980,3125550142,3/9/2026,9:00\n7,Ana Ruiz,1/2/1980,3125550142,3/10/2026,9:00\n",
			"2 Ana Ruiz 1980-01-02 2026-03-09T14:00Z 0 // |3 id: twice 2"},
		"both orders of dates": {"Name,DOB,Phone,Date,Time\nAna Ruiz,1/2/1980,3125550142,13/3/2026,9:00\nAna Ruiz,1/2/1980,3125550142,3/14/2026,9:00\n",
			"date: both-orders"},
		"nothing":           {"", ": empty"},
		"a quote left open": {"Name,DOB\n\"Ana,1/2/1980\n", "2 : unreadable"},
		"no table at all":   {"\x00\x01\x02", ": empty|birth: no-column|date: no-column|number: no-column|name: no-column"},
	} {
		got := patient.ReadSheet([]byte(c.file), nil, sheetAccount, now)
		var told []string
		for _, r := range got.Rows {
			a := r.Appointment
			told = append(told, fmt.Sprintf("%d %s %s %s %d %s/%s/%s %s", r.Line, r.Patient.Name, r.Patient.Birth,
				a.Begins.Format("2006-01-02T15:04Z07:00"), a.Minutes, a.Visit, a.Provider, a.Place, a.State))
		}
		for _, w := range got.Wrong {
			text := fmt.Sprintf("%s: %s", w.Column, w.Code)
			if w.Line > 0 {
				text = fmt.Sprintf("%d %s", w.Line, text)
			}
			told = append(told, strings.TrimSpace(text+" "+w.Value))
		}
		slices.Sort(told)
		want := strings.Split(c.want, "|")
		slices.Sort(want)
		if name != "no table at all" && !slices.Equal(told, want) || len(told) == 0 {
			t.Errorf("%s:\n%q, want\n%q", name, told, want)
		}
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add([]byte("Patient,DOB,Phone,Date,Time\nAna,1/2/1980,3125550142,3/9/2026,9:00\n"))
	f.Add([]byte("sep=;\nNombre;Fecha y hora\n\"A\nB\";31/03/2026 17:00\n"))
	f.Add([]byte("\xff\xfeN\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		now := time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
		for _, columns := range []map[patient.SheetColumn]int{nil, {patient.SheetDate: 0, patient.SheetName: 1, patient.SheetBirth: 2,
			patient.SheetNumber: -1}} {
			for _, r := range patient.ReadSheet(file, columns, sheetAccount, now).Rows {
				if wrong := notes.CheckAppointment(r.Appointment); len(wrong) > 0 || r.Appointment.Source == "" {
					t.Errorf("%+v: %v", r, wrong)
				}
			}
		}
	})
}

// TestAFileIsKeptWhole or not at all: patients are matched by name, date of birth and number together and asked about otherwise, and the
// same file again changes what has changed.
func TestAFileIsKeptWhole(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}})
	f.at(noonThere)
	mother := f.expected("Ximena Quiñones", number, true)
	const head = "Appt ID,Patient,DOB,Phone,Date,Time,Status\n"
	ask := func(text string, answers map[int]notes.PatientID, keep bool) patient.SheetOutcome {
		t.Helper()
		out, err := f.engine.Sheet(f.staff, patient.SheetImport{Account: "lakeside", File: []byte(text), Answers: answers, Keep: keep,
			Agreed: notes.OnPaper})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	stored := func() (n int) {
		if err := f.pool.QueryRow(t.Context(), "select count(*) from appointment").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	file := head + "1,\"QUINONES, Ximena\",4/2/1961,312-555-0142,12/1/2025,9:00,Scheduled\n" + // her, however it is spelled
		"2,Iván Quiñones,1/2/2009,312-555-0142,12/1/2025,9:30,Scheduled\n" + // a son, or her by a slip?
		"3,Ana Ruiz,1/2/1980,312-555-0177,12/1/2025,10:00,\n" +
		"4,Leo Ruiz,1/2/2012,312-555-0177,12/1/2025,10:30,\n" // two of one number, both unknown
	out := ask(file, nil, true)
	if out.Kept || len(out.Questions) != 3 || out.Questions[0].Line != 3 || out.Questions[0].Among[0].ID != mother.ID ||
		!slices.Equal(out.Questions[1].Shared, []int{5}) || stored() != 0 {
		t.Fatalf("%+v", out.Questions)
	}
	if bad := ask(file+"5,Eva,1/2/1980,3125550199,soon,9:00,\n", map[int]notes.PatientID{3: patient.SheetNobody, 4: patient.SheetNobody,
		5: patient.SheetNobody}, true); bad.Kept || len(bad.Wrong) != 1 || stored() != 0 {
		t.Errorf("half of it is kept: %+v", bad.Wrong)
	}
	answers := map[int]notes.PatientID{3: patient.SheetNobody, 4: patient.SheetNobody, 5: patient.SheetNobody}
	if out = ask(file, answers, true); !out.Kept || out.Patients != 3 || out.Count(patient.SheetNew) != 4 || stored() != 4 {
		t.Fatalf("%+v", out)
	}
	if out = ask(file, nil, true); !out.Kept || out.Count(patient.SheetSame) != 4 || len(out.Questions) != 0 || stored() != 4 {
		t.Errorf("again: %+v", out)
	}
	day, err := f.patients.Day(f.staff, "lakeside", noonThere, noonThere.Add(240*time.Hour), "")
	if err != nil || len(day.Lines) != 4 || day.Lines[0].Patient != mother.ID {
		t.Fatalf("%+v, %v", day, err)
	}
	// What a patient said since stands, until the file says another thing than before.
	if err := f.patients.Mark(f.staff, day.Lines[0].ID, 1, notes.VisitConfirmed); err != nil {
		t.Fatal(err)
	}
	if out = ask(file, nil, true); out.Count(patient.SheetSame) != 4 || f.visit(day.Lines[0].ID).State != notes.VisitConfirmed {
		t.Errorf("the same file undoes a confirmation: %+v", out)
	}
	file = strings.Replace(file, "12/1/2025,9:30,Scheduled", "12/2/2025,9:30,Canceled", 1)
	if out = ask(file, nil, false); out.Kept || out.Count(patient.SheetChanged) != 1 ||
		f.visit(day.Lines[1].ID).State != notes.VisitBooked {
		t.Errorf("a look changes something: %+v", out)
	}
	if out = ask(file, nil, true); !out.Kept || f.visit(day.Lines[1].ID).State != notes.VisitCancelled || stored() != 4 {
		t.Errorf("%+v", out)
	}
	f.verify()
}

// TestAMovedVisitIsAskedAbout: in a file without numbers a visit at another day is held against the nearest of that patient, provider and
// visit type that the file does not name; a person says whether it is that one, and it is there once.
func TestAMovedVisitIsAskedAbout(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}})
	f.at(noonThere)
	f.expected("Ximena Quiñones", number, true)
	ask := func(keep bool, moved map[int]bool, rows ...string) patient.SheetOutcome {
		t.Helper()
		text := "Patient,DOB,Phone,Date,Time,Visit type,Provider\n"
		for _, r := range rows {
			text += "Ximena Quiñones,4/2/1961,312-555-0142," + r + "\n"
		}
		out, err := f.engine.Sheet(f.staff, patient.SheetImport{Account: "lakeside", File: []byte(text), Moved: moved, Keep: keep})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	stored := func() (n int) {
		if err := f.pool.QueryRow(t.Context(), "select count(*) from appointment").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const early, late, other = "12/1/2025,9:00,Control,Dr Reyes", "12/15/2025,9:00,Control,Dr Reyes", "12/2/2025,9:00,Vaccine,Dr Reyes"
	if out := ask(true, nil, early, late, other); !out.Kept || stored() != 3 {
		t.Fatalf("%+v", out)
	}
	const to = "12/3/2025,10:00,control,dr reyes"
	out := ask(true, nil, to, late, other)
	if out.Kept || len(out.Moves) != 1 || out.Moves[0].Line != 2 || out.Moves[0].From.Begins.Format(time.DateOnly) != "2025-12-01" ||
		out.Count(patient.SheetOpen) != 1 || stored() != 3 {
		t.Fatalf("asked are %+v, %+v", out.Moves, out.Fates)
	}
	was := out.Moves[0].From.ID
	if out = ask(true, map[int]bool{2: true}, to, late, other); !out.Kept || out.Count(patient.SheetChanged) != 1 || stored() != 3 {
		t.Fatalf("%+v", out.Fates)
	}
	if v := f.visit(was); v.Begins.Format(time.RFC3339) != "2025-12-03T16:00:00Z" || v.State != notes.VisitBooked {
		t.Errorf("it is moved to %+v", v)
	}
	if out = ask(true, nil, to, late, other); !out.Kept || out.Count(patient.SheetSame) != 3 {
		t.Errorf("the same file again: %+v, %+v", out.Fates, out.Moves)
	}
	if out = ask(true, map[int]bool{2: false}, early, late, other); !out.Kept || out.Count(patient.SheetNew) != 1 || stored() != 4 {
		t.Errorf("one more: %+v", out.Fates)
	}
	// One that was cancelled, or that staff made by hand, is not it.
	if out = ask(false, nil, "12/20/2025,9:00,Surgery,Dr Reyes"); len(out.Moves) != 0 {
		t.Errorf("asked are %+v", out.Moves)
	}
	f.verify()
}

// TestAChartThatIsNotReadRemindsNobody: what its chart had may have been cancelled there since; once it is read again they are reminded.
func TestAChartThatIsNotReadRemindsNobody(t *testing.T) {
	f := newFixture(t, nil)
	f.reminds(notes.Reminders{Before: []string{"1d"}})
	f.at(noonThere)
	p := f.expected("Ximena Quiñones", number, true)
	id := notes.AppointmentID(uuid.NewString())
	if err := f.patients.Book(f.staff, "lakeside", nil, []notes.Appointment{{ID: id, Account: "lakeside", Patient: p.ID,
		State: notes.VisitBooked, Begins: noonThere.Add(23 * time.Hour), Source: notes.ChartPrefix + "7"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.pool.Exec(t.Context(), `insert into chart_reading (account, read_at, why, due_at, tries, fence)
		values ('lakeside', $1, 'unreachable', now(), 9, 0)`, noonThere.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.until("it is put off", func() bool {
		var at time.Time
		return f.pool.QueryRow(t.Context(), "select remind_at from appointment where id = $1", id).Scan(&at) == nil && at.After(noonThere)
	})
	if got := f.arrived(number); len(got) != 0 {
		t.Fatalf("they are reminded: %+v", got)
	}
	if _, err := f.pool.Exec(t.Context(), "update chart_reading set read_at = $1", noonThere); err != nil {
		t.Fatal(err)
	}
	f.at(noonThere.Add(11 * time.Minute))
	f.next(number, 1)
}

// TestWhatWouldBeSaid: a practice sees its cadence by visit type, in both languages, as patients would get it.
func TestWhatWouldBeSaid(t *testing.T) {
	acc := sheetAccount
	acc.Name = "Lakeside"
	acc.Messaging = &notes.Messaging{Reminders: &notes.Reminders{Before: []string{"7d", "1d"}, Visits: map[string][]string{"Surgery": {"2h"},
		"Walk-in": {}}, Says: []notes.ReminderWord{notes.SaysProvider}}}
	begins := noonThere.Add(10*24*time.Hour - 2*time.Hour) // ten in the morning there
	for visit, want := range map[string][]string{"": {"2025-11-27T16:00:00Z", "2025-12-03T16:00:00Z"}, "surgery": {"2025-12-04T14:00:00Z"},
		"Walk-in": nil} {
		list, err := patient.Previews(acc, notes.Appointment{Begins: begins, Visit: visit, Provider: "Dr Reyes", Place: "Main Street"}, noonThere)
		var got []string
		for _, p := range list {
			got = append(got, p.At.Format(time.RFC3339))
			en, es := p.Says[telephony.English], p.Says[telephony.Spanish]
			if !strings.Contains(en, "Lakeside: your appointment is Thu, Dec 4 at 10:00 AM (Dr Reyes)") ||
				!strings.Contains(es, "(Dr Reyes)") || strings.Contains(en+es, "Main") || en == es {
				t.Errorf("%q is said %q, %q", visit, en, es)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is told at %v, %v, want %v", visit, got, err, want)
		}
	}
}
