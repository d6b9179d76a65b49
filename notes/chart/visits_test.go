package chart

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// reads has the practice's appointments read from its chart.
func (f *fixture) reads(dialect string) {
	f.t.Helper()
	acc := f.practice(f.way.URL + "/fhir/R4")
	acc.Version, acc.Messaging = 1, &notes.Messaging{Ladder: "urgent", Reminders: &notes.Reminders{Before: []string{"1d"}}}
	acc.Chart.Appointments, acc.Chart.Dialect = true, dialect
	if err := f.store.PutAccount(access.System(f.t.Context(), "seed"), acc); err != nil {
		f.t.Fatal(err)
	}
	f.engine.cfg.Visits = 50 * time.Millisecond
	f.run()
}

// onRecord is a patient on the practice's own record.
func (f *fixture) onRecord(name, birth, number string) notes.PatientID {
	f.t.Helper()
	f.n++
	p, err := f.engine.patients.Put(f.as(office), notes.Patient{ID: notes.PatientID(fmt.Sprint("patient-", f.n)), Account: "lakeside",
		Language: telephony.Spanish, Name: name, Birth: birth,
		Numbers: []notes.PatientNumber{{Number: telephony.Number(number), Text: true}}}, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return p.ID
}

// begins is a whole hour some days from now.
func begins(days int) time.Time {
	return time.Now().UTC().Truncate(time.Hour).Add(time.Duration(days) * 24 * time.Hour)
}

// books stores an appointment in the chart, as it says its instant in another zone than the practice's.
func (p *peer) books(patient string, at time.Time, more string) string {
	return p.add("Appointment", fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","start":%q,"end":%q,"participant":[
		{"actor":{"reference":"Patient/%s"},"status":"needs-action"}]%s}`, at.In(time.FixedZone("", -8*3600)).Format(time.RFC3339),
		at.Add(20*time.Minute).Format(time.RFC3339), patient, more))
}

// changes writes an appointment of the chart's anew, as another hand does.
func (p *peer) changes(id string, change func(*Appointment)) {
	p.t.Helper()
	r := p.appointment(id)
	change(&r)
	body, err := r.MarshalJSON()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.with.do(p.t.Context(), http.MethodPut, p.with.at("Appointment/"+id, nil), body, nil); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) appointment(id string) Appointment {
	p.t.Helper()
	r, _, err := p.with.appointment(p.t.Context(), "Appointment/"+id)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// visit is an appointment in our book, by its id in the chart; without an ID when it is not there.
func (f *fixture) visit(id string) notes.Appointment {
	f.t.Helper()
	got, err := f.engine.patients.BySource(f.as(office), "lakeside", []string{notes.ChartPrefix + id})
	if err != nil {
		f.t.Fatal(err)
	}
	return got[notes.ChartPrefix+id]
}

func (f *fixture) wait(what string, so func() bool) {
	f.t.Helper()
	for end := time.Now().Add(60 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("never: %s; the log: %s", what, f.said.String())
		}
	}
}

// read waits until the chart was read whole some times more.
func (f *fixture) read(times int) {
	f.t.Helper()
	for range times {
		var was *time.Time
		_ = f.pool.QueryRow(context.Background(), selectReading, "lakeside").Scan(&was, nil)
		f.wait("another reading", func() bool {
			var now *time.Time
			err := f.pool.QueryRow(context.Background(), selectReading, "lakeside").Scan(&now, nil)
			return err == nil && now != nil && (was == nil || now.After(*was))
		})
	}
}

func (f *fixture) questions() VisitsAsked {
	f.t.Helper()
	q, err := f.engine.VisitQuestions(f.as(office), "lakeside")
	if err != nil {
		f.t.Fatal(err)
	}
	return q
}

// TestAppointmentsComeFromTheChart: more than a page of them come in, with who and where, in the right instant; read again nothing
// changes; what is put to another time or cancelled is so here, and reminds accordingly.
func TestAppointmentsComeFromTheChart(t *testing.T) {
	f := newFixture(t)
	anas := f.onRecord("Ana Núñez", "1990-01-02", "+13125550111")
	subject := f.peer.patient("Ana María", "Núñez", "1990-01-02", "(312) 555-0111")
	doctor := f.peer.add("Practitioner", `{"resourceType":"Practitioner","name":[{"family":"Okafor","given":["Ruth"]}]}`)
	place := f.peer.add("Location", `{"resourceType":"Location","name":"Main Street"}`)
	first := f.peer.add("Appointment", fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","start":%q,"end":%q,"minutesDuration":30,
		"appointmentType":{"text":"Physical"},"reasonCode":[{"text":"a rash"}],"participant":[{"actor":{"reference":"Patient/%s"},"status":"accepted"},
		{"actor":{"reference":"Practitioner/%s"},"status":"accepted"},{"actor":{"reference":"Location/%s"},"status":"accepted"}]}`,
		begins(3).In(time.FixedZone("", 3*3600)).Format(time.RFC3339), begins(3).Add(time.Hour).Format(time.RFC3339), subject, doctor, place))
	var many []string
	for i := range 120 {
		many = append(many, f.peer.books(subject, begins(4+i), ""))
	}
	f.peer.add("Appointment", fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","start":%q,"end":%[1]q,"participant":[
		{"actor":{"reference":"Practitioner/%[2]s"},"status":"accepted"}]}`, begins(3).Format(time.RFC3339), doctor))
	f.reads(notes.ChartGeneric)
	f.read(1)
	v := f.visit(first)
	if v.Patient != anas || !v.Begins.Equal(begins(3)) || v.Provider != "Ruth Okafor" || v.Place != "Main Street" || v.Visit != "Physical" ||
		v.Minutes != 30 || v.State != notes.VisitBooked {
		t.Fatalf("it came in as %+v", v)
	}
	for _, id := range many {
		if f.visit(id).Patient != anas {
			t.Fatalf("%s did not come in", id)
		}
	}
	if q := f.questions(); q.Count != 0 || q.ReadAt.IsZero() || q.Why != "" {
		t.Errorf("asked are %+v", q)
	}
	f.read(2)
	f.engine.seen = map[telephony.AccountID]map[string]string{}
	f.read(2)
	var n, most int
	if err := f.pool.QueryRow(t.Context(), "select count(*), max(version) from appointment").Scan(&n, &most); err != nil || n != 121 || most != 1 {
		t.Errorf("read again there are %d, of version %d, %v", n, most, err)
	}
	f.peer.changes(first, func(a *Appointment) { a.Start = begins(5).Format(time.RFC3339) })
	f.wait("it is put to another time", func() bool { return f.visit(first).Begins.Equal(begins(5)) })
	f.peer.changes(first, func(a *Appointment) { a.Status = "cancelled" })
	f.wait("it is cancelled", func() bool { return f.visit(first).State == notes.VisitCancelled })
	f.peer.changes(many[0], func(a *Appointment) { a.Status = "on-hold" })
	f.wait("it is asked about", func() bool { q := f.questions(); return q.Count == 1 && q.Questions[0].Why == UnclearStatus })
	if at, why := f.reminds(many[0]); at != nil || why != "unclear" {
		t.Errorf("one that is unclear is reminded of at %v, %q", at, why)
	}
	f.peer.changes(many[0], func(a *Appointment) { a.Status = "booked" })
	f.wait("it is clear again", func() bool { return f.questions().Count == 0 })
	if at, why := f.reminds(many[0]); at == nil || why != "" {
		t.Errorf("one that is clear again is reminded of at %v, %q", at, why)
	}
	f.verify()
	for _, word := range []string{"Ana", "Núñez", "0111", "Okafor", "rash"} {
		if strings.Contains(f.said.String(), word) {
			t.Errorf("the log says %q:\n%s", word, f.said.String())
		}
	}
}

func (f *fixture) reminds(id string) (at *time.Time, untold string) {
	f.t.Helper()
	if err := f.pool.QueryRow(f.t.Context(), "select remind_at, untold from appointment where id = $1", f.visit(id).ID).
		Scan(&at, &untold); err != nil {
		f.t.Fatal(err)
	}
	return at, untold
}

// TestWhoseAppointmentIsAsked: one whose patient is not plainly on record waits for a person, whose word holds for all of that patient's.
func TestWhoseAppointmentIsAsked(t *testing.T) {
	f := newFixture(t)
	anas := f.onRecord("Ana Núñez", "1990-01-02", "+13125550199") // her number has changed
	twin := f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111", `,"communication":[{"language":{"coding":[{"code":"es-US"}]}}]`)
	stranger := f.peer.patient("Luis", "Ortega", "1970-05-05", "312-555-0122")
	first, second := f.peer.books(twin, begins(3), ""), f.peer.books(twin, begins(4), "")
	his, other := f.peer.books(stranger, begins(5), ""), f.peer.books(stranger, begins(6), "")
	f.reads(notes.ChartGeneric)
	f.wait("four questions", func() bool { return f.questions().Count == 4 })
	q := f.questions().Questions
	if q[0].Why != Which || q[0].Who.Name != "Ana Núñez" || len(q[0].Among) != 1 || q[0].Among[0].ID != anas ||
		q[0].Who.Language != telephony.Spanish || !q[0].Visit.Begins.Equal(begins(3)) || len(q[2].Among) != 0 {
		t.Fatalf("asked are %+v", q)
	}
	agent := access.With(t.Context(), access.Actor{Person: "agent", Grants: []access.Grant{{Account: "*", Role: notes.RoleAgent}}})
	if err := f.engine.AnswerVisit(agent, "lakeside", VisitAnswer{ID: q[0].ID, Patient: anas}); err == nil {
		t.Error("an agent's answer is taken")
	}
	if err := f.engine.AnswerVisit(f.as(office), "lakeside", VisitAnswer{ID: q[0].ID, Patient: "nobody"}); err == nil {
		t.Error("a patient who is not there is taken")
	}
	if err := f.engine.AnswerVisit(f.as(office), "lakeside", VisitAnswer{ID: q[0].ID, Patient: anas}); err != nil {
		t.Fatal(err)
	}
	if f.visit(first).Patient != anas || f.visit(second).Patient != anas || f.questions().Count != 2 {
		t.Errorf("hers are not hers: %+v", f.questions())
	}
	if err := f.engine.AnswerVisit(f.as(office), "lakeside", VisitAnswer{ID: q[0].ID, Leave: true}); err != ErrNothing {
		t.Errorf("answered again: %v", err)
	}
	third := f.peer.books(twin, begins(7), "")
	f.wait("the next one comes in by itself", func() bool { return f.visit(third).Patient == anas })

	if err := f.engine.AnswerVisit(f.as(office), "lakeside", VisitAnswer{ID: q[3].ID, Leave: true}); err != nil {
		t.Fatal(err)
	}
	if err := f.engine.AnswerVisit(f.as(office), "lakeside", VisitAnswer{ID: q[2].ID, New: true, Agreed: notes.ByPhone}); err != nil {
		t.Fatal(err)
	}
	luis, err := f.engine.patients.Open(f.as(office), f.visit(his).Patient)
	if err != nil || luis.Name != "Luis Ortega" || luis.Texts() != "+13125550122" {
		t.Errorf("he came on record as %+v, %v", luis, err)
	}
	f.peer.changes(other, func(a *Appointment) { a.MinutesDuration = 25 })
	f.read(3)
	if f.visit(other).ID != "" || f.questions().Count != 0 {
		t.Error("one that was left out came in")
	}
	// In the chart it becomes another patient's: nobody is reminded of it.
	f.peer.changes(his, func(a *Appointment) { a.Participant[0].Actor = &Reference{Reference: "Patient/" + twin} })
	f.wait("it is asked about", func() bool { q := f.questions(); return q.Count == 1 && q.Questions[0].Why == UnclearOther })
	if at, _ := f.reminds(his); at != nil {
		t.Errorf("somebody is reminded at %v", at)
	}
	f.verify()
}

// searchset answers for the chart that a search found these resources.
func searchset(resources ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/Appointment") {
			return false
		}
		w.Header().Set("Content-Type", fhirJSON)
		fmt.Fprintf(w, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":%s}]}`, strings.Join(resources, `},{"resource":`))
		return true
	}
}

// TestUnclearAppointmentsRemindNobody: what cannot be read as an appointment of one patient's that is to be is shown to a person.
func TestUnclearAppointmentsRemindNobody(t *testing.T) {
	f := newFixture(t)
	f.onRecord("Ana Núñez", "1990-01-02", "+13125550111")
	ana := f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	luis := f.peer.patient("Luis", "Ortega", "1970-05-05", "312-555-0122")
	start := begins(3).Format(time.RFC3339)
	of := func(patients ...string) string {
		return `{"actor":{"reference":"Patient/` + strings.Join(patients, `"},"status":"accepted"},{"actor":{"reference":"Patient/`) +
			`"},"status":"accepted"}`
	}
	odd := []struct {
		id, status, start, participants string
		why                             TroubleKind // "" for none: it is left out, or comes in
		in                              bool
	}{
		{"right", "booked", start, of(ana), "", true},
		{"pending", "pending", start, of(ana), "", true},
		{"whole-address", "booked", start, of(ana)[:23] + "https://chart.example/fhir/" + of(ana)[23:], "", true},
		{"status", "confirmed?", start, of(ana), UnclearStatus, false},
		{"no-status", "", start, of(ana), UnclearStatus, false},
		{"no-start", "booked", "", of(ana), UnclearStart, false},
		{"no-zone", "booked", start[:19], of(ana), UnclearStart, false},
		{"a-day", "booked", start[:10], of(ana), UnclearStart, false},
		{"two", "booked", start, of(ana, luis), UnclearPatients, false},
		{"nobodys", "booked", start, "", "", false},
		{"proposed", "proposed", start, of(ana), "", false},
		{"cancelled", "cancelled", start, of(ana), "", false},
		{"declined", "booked", start, strings.Replace(of(ana), "accepted", "declined", 1), "", false},
		{"past", "booked", begins(-3).Format(time.RFC3339), of(ana), "", false},
		{"gone-patient", "booked", start, of("nobody"), Which, false},
	}
	resources := []string{`{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"informational"}]}`,
		`{"resourceType":"Appointment","id":"list","participant":"nobody"}`, `{"resourceType":"Appointment"}`}
	want := []string{"visit-odd list"}
	for _, x := range odd {
		resources = append(resources, fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"status":%q,"start":%q,"participant":[%s]}`, x.id, x.status,
			x.start, x.participants))
		if x.why != "" {
			want = append(want, string(x.why)+" "+x.id)
		}
	}
	f.way.breaks(searchset(resources...))
	f.reads(notes.ChartGeneric)
	f.read(2)
	var got []string
	for _, q := range f.questions().Questions {
		got = append(got, string(q.Why)+" "+strings.TrimPrefix(q.Visit.Source, notes.ChartPrefix))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("asked are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, x := range odd {
		if in := f.visit(x.id).ID != ""; in != x.in {
			t.Errorf("%s is in the book: %v", x.id, in)
		}
	}
	f.verify()
}

// TestABadReadingIsReadAgain: whatever the chart answers in a page's place, it is said why nothing comes in, and nothing is missed.
func TestABadReadingIsReadAgain(t *testing.T) {
	f := newFixture(t)
	f.onRecord("Ana Núñez", "1990-01-02", "+13125550111")
	ana := f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	refusal := `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","details":{"text":"Ana Núñez is locked"}}]}`
	says := func(status int, kind, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/Appointment") {
				return false
			}
			r.Method = http.MethodPost // what answering answers
			return answering(status, kind, body, header...)(w, r)
		}
	}
	f.reads(notes.ChartGeneric)
	f.read(1)
	for i, x := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		why   TroubleKind
	}{
		{"200 with an OperationOutcome", says(200, fhirJSON, refusal), Refused},
		{"429", says(429, "text/plain", "slow", "Retry-After", "1"), Busy},
		{"500", says(500, fhirJSON, refusal), Failing},
		{"403", says(403, fhirJSON, refusal), NotAllowed},
		{"HTML", says(200, "text/html", "<html>Sign in</html>"), Odd},
		{"nothing", says(200, fhirJSON, ""), Odd},
		{"half a page", func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/Appointment") {
				cut(w)
			}
			return false
		}, Cut},
		{"a page of somebody else's", says(200, fhirJSON, `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next",
			"url":"https://elsewhere.example/fhir/R4/Appointment?page=2"}]}`), Odd},
	} {
		f.way.breaks(x.fault)
		f.wait(x.name, func() bool { return f.questions().Why == x.why })
		id := f.peer.books(ana, begins(10+i), "")
		f.way.breaks(nil)
		f.due("chart_reading")
		f.wait("after "+x.name+" it comes in", func() bool { return f.visit(id).ID != "" })
	}
	if strings.Contains(f.said.String(), "locked") || strings.Contains(f.said.String(), "Núñez") {
		t.Errorf("the log has a chart's words: %s", f.said.String())
	}
	f.verify()
}

// due has what waits for another try be tried now.
func (f *fixture) due(table string) {
	f.t.Helper()
	if _, err := f.pool.Exec(f.t.Context(), "update "+table+" set due_at = clock_timestamp()"); err != nil {
		f.t.Fatal(err)
	}
}

// says puts an appointment into a state on its patient's word.
func (f *fixture) says(id string, to notes.AppointmentState) {
	f.t.Helper()
	v := f.visit(id)
	if err := pgx.BeginFunc(f.t.Context(), f.pool, func(tx pgx.Tx) error {
		done, err := f.engine.patients.MarkTx(access.System(f.t.Context(), "patients"), tx, v.ID, v.Begins, to)
		if err == nil && !done {
			f.t.Errorf("%s is not %s", id, to)
		}
		return err
	}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) told() bool {
	var n int
	err := f.pool.QueryRow(context.Background(), "select count(*) from chart_mark").Scan(&n)
	return err == nil && n == 0
}

// acts is how an appointment's story tells what the chart was told.
func (f *fixture) acts(id string) (out string) {
	f.t.Helper()
	lines, _, err := f.engine.patients.AppointmentStory(f.as(office), f.visit(id).ID)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, l := range lines {
		if strings.HasPrefix(string(l.Kind), "appointment.chart-") {
			out += strings.TrimPrefix(string(l.Kind), "appointment.chart-") + " "
		}
	}
	return strings.TrimSpace(out)
}

// TestThePatientsWordGoesBack: what is confirmed or cancelled here is so in the chart, with all else as it was there; who changed it
// meanwhile is not overwritten; a chart that does not take it leaves it in our book, and staff are told of a time that stays taken.
func TestThePatientsWordGoesBack(t *testing.T) {
	f := newFixture(t)
	f.onRecord("Ana Núñez", "1990-01-02", "+13125550111")
	ana := f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	own := `,"comment":"brings her x-rays","extension":[{"url":"https://chart.example/room","valueString":"4"}]`
	confirmed, cancelled, moves := f.peer.books(ana, begins(3), own), f.peer.books(ana, begins(4), own), f.peer.books(ana, begins(5), own)
	f.reads(notes.ChartGeneric)
	f.read(1)

	stale := 2 // another hand is quicker twice
	f.way.breaks(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || stale == 0 {
			return false
		}
		stale--
		f.peer.changes(confirmed, func(a *Appointment) { a.MinutesDuration = 40 + stale })
		return false
	})
	f.says(confirmed, notes.VisitConfirmed)
	f.wait("the chart is told", f.told)
	f.way.breaks(nil)
	a := f.peer.appointment(confirmed)
	body, err := a.MarshalJSON()
	if err != nil || !a.stands(notes.VisitConfirmed) || a.MinutesDuration != 40 || !strings.Contains(string(body), "x-rays") ||
		!strings.Contains(string(body), `"valueString":"4"`) || f.acts(confirmed) != "told" {
		t.Errorf("in the chart it is %s, %v, told %q", body, err, f.acts(confirmed))
	}
	f.says(cancelled, notes.VisitCancelled)
	f.wait("the chart is told", f.told)
	if a := f.peer.appointment(cancelled); a.Status != "cancelled" || f.acts(cancelled) != "told" {
		t.Errorf("in the chart it is %s, told %q", a.Status, f.acts(cancelled))
	}
	// Moved in the chart while the patient confirms the time before.
	f.way.breaks(func(w http.ResponseWriter, r *http.Request) bool { // it is not read yet
		return strings.HasSuffix(r.URL.Path, "/Appointment") && answering(503, "text/plain", "")(w, &http.Request{Method: http.MethodPost})
	})
	f.peer.changes(moves, func(a *Appointment) { a.Start = begins(6).Format(time.RFC3339) })
	f.says(moves, notes.VisitConfirmed)
	f.wait("nothing waits", f.told)
	f.way.breaks(nil)
	f.due("chart_reading")
	f.wait("it is as the chart has it", func() bool { v := f.visit(moves); return v.Begins.Equal(begins(6)) && v.State == notes.VisitBooked })
	if a := f.peer.appointment(moves); a.stands(notes.VisitConfirmed) || f.acts(moves) != "" {
		t.Errorf("one that was moved is confirmed in the chart: %+v", a)
	}
	f.verify()
}

// TestWhatTheChartDoesNotTake: Oracle's lets no appointment be confirmed.
func TestWhatTheChartDoesNotTake(t *testing.T) {
	f := newFixture(t)
	f.onRecord("Ana Núñez", "1990-01-02", "+13125550111")
	ana := f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	confirmed, cancelled := f.peer.books(ana, begins(3), ""), f.peer.books(ana, begins(4), "")
	f.reads(notes.ChartOracle)
	f.read(1)
	f.says(confirmed, notes.VisitConfirmed)
	f.says(cancelled, notes.VisitCancelled)
	f.wait("nothing waits", f.told)
	if f.acts(confirmed) != "kept" || f.acts(cancelled) != "kept" {
		t.Errorf("their stories tell %q, %q", f.acts(confirmed), f.acts(cancelled))
	}
	q := f.questions()
	if q.Count != 1 || q.Questions[0].Why != Unwritten || q.Questions[0].Who.Name != "Ana Núñez" {
		t.Fatalf("staff are asked %+v", q)
	}
	f.read(2)
	if v := f.visit(confirmed); v.State != notes.VisitConfirmed {
		t.Errorf("the chart's word undid the patient's: %s", v.State)
	}
	f.peer.changes(cancelled, func(a *Appointment) { a.Status = "cancelled" })
	f.wait("staff have done it there", func() bool { return f.questions().Count == 0 })
	f.verify()
}
