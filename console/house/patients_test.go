package house_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/console/portal"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/record"
	"lamplight/routing/dispatch"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

// admitted is a patient of lakeside's who was written to and has written back.
func (r *rig) admitted(t *testing.T) notes.Patient {
	t.Helper()
	office := r.as(t, "office")
	kept, err := r.PutPatient(office, console.PatientForm{Account: "lakeside", Patient: notes.PatientID(uuid.NewString()),
		Name: "Ximena Quiñones", Birth: "4/2/1961", Number: "(312) 555-0142", Language: "es", Texts: true, How: notes.InPerson})
	if err != nil || kept.Record == nil {
		t.Fatalf("%+v, %v", kept, err)
	}
	if _, err := r.WriteThread(office, console.ThreadWriting{Patient: kept.Record.Patient, ID: "m1", Text: "Presión: bien"}); err != nil {
		t.Fatal(err)
	}
	p, err := r.patients.Open(office, kept.Record.Patient)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// booked is an appointment of a patient's, tomorrow at nine.
func (r *rig) booked(t *testing.T, p notes.PatientID) notes.AppointmentID {
	t.Helper()
	v, err := r.PutVisit(r.as(t, "office"), console.VisitForm{Account: "lakeside", Patient: p, Appointment: notes.AppointmentID(uuid.NewString()),
		Day: time.Now().AddDate(0, 0, 1).Format(time.DateOnly), Time: "09:00", Minutes: 30, Visit: "Control", Provider: "Dr Reyes"})
	if err != nil {
		t.Fatal(err)
	}
	return v.Row.Appointment
}

func visits(ctx context.Context, p notes.Patient) context.Context {
	return access.WithVisitor(ctx, access.Visitor{Patient: p.ID, Account: p.Account})
}

// TestAPatientWritesAndIsAnswered on the house's side: what each of the two is shown, and what a third may not do.
func TestAPatientWritesAndIsAnswered(t *testing.T) {
	r := newRig(t)
	p := r.admitted(t)
	office, me := r.as(t, "office"), visits(t.Context(), p)
	page, err := r.MyThread(me)
	if err != nil || len(page.Messages) != 1 || page.Messages[0].By != "Front Office" || page.Language != "es" ||
		page.Number != "(312) 555-0100" || page.AfterHours["es"] != "Llámenos." || len(page.Tells) != 1 || !page.Tells[0].On {
		t.Fatalf("%+v, %v", page, err)
	}
	stamp, err := r.MyStamp(me)
	if err != nil || stamp.Stamp != page.Stamp {
		t.Errorf("%+v is not of %q, %v", stamp, page.Stamp, err)
	}
	if page, err = r.MyWords(me, console.PatientWriting{ID: "p1", Text: "Gracias"}); err != nil || page.DueAt.Before(time.Now()) ||
		page.Stamp == stamp.Stamp {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err = r.MyWish(me, console.PatientWish{Channel: notes.ByText, On: false}); err != nil || page.Tells[0].On {
		t.Errorf("%+v, %v", page.Tells, err)
	}
	_, err = r.WriteThread(office, console.ThreadWriting{Patient: p.ID, ID: "m2", Text: "Bien", Seen: "p1"})
	if kindOf(err) != console.Conflict {
		t.Errorf("written to who wants no texts: %v", err)
	}
	if _, err := r.MyWish(me, console.PatientWish{Channel: notes.ByText, On: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteThread(office, console.ThreadWriting{Patient: p.ID, ID: "m2", Text: "Bien", Seen: "m1"}); kindOf(err) !=
		console.Conflict {
		t.Errorf("an answer to what is not the last: %v", err)
	}
	view, err := r.WriteThread(office, console.ThreadWriting{Patient: p.ID, ID: "m2", Text: "Bien", Seen: "p1"})
	if err != nil || len(view.Messages) != 3 || view.Messages[2].Notice == nil || view.Row.Waits != notes.WaitsOnPatient ||
		!view.Row.Mine ||
		len(view.Lines) < 5 {
		t.Fatalf("%+v, %v", view, err)
	}
	inbox, err := r.Threads(office, console.ThreadsQuery{Account: "lakeside", Tab: notes.TabMine})
	if err != nil || len(inbox.Rows) != 1 || inbox.Rows[0].Name != "Ximena Quiñones" || len(inbox.Staff) != 1 || inbox.Counts["mine"] != 1 {
		t.Errorf("%+v, %v", inbox, err)
	}
	same, err := r.PutPatient(office, console.PatientForm{Account: "lakeside", Patient: notes.PatientID(uuid.NewString()), Name: "Iván Quiñones",
		Birth: "1/2/2009", Number: "312 555 0142", Language: "es"})
	if err != nil || same.Record != nil || len(same.Same) != 1 || same.Same[0].Patient != p.ID {
		t.Errorf("another of that number: %+v, %v", same, err)
	}
	if view, err = r.CloseThread(office, console.ThreadClosing{Patient: p.ID, ID: "c1", Text: "hecho", Seen: "m2"}); err != nil ||
		view.Row.State != notes.ThreadClosed {
		t.Errorf("%+v, %v", view.Row, err)
	}
}

// TestARedFlagWakesWhoIsOnCall at once, and nobody is written to twice for it.
func TestARedFlagWakesWhoIsOnCall(t *testing.T) {
	r := newRig(t)
	p := r.admitted(t)
	for range 2 {
		page, err := r.MyWords(visits(t.Context(), p), console.PatientWriting{ID: "p1", Text: "Tengo DOLOR de pecho desde la cena"})
		if err != nil || !page.Messages[1].Flagged {
			t.Fatalf("%+v, %v", page, err)
		}
	}
	view, err := r.Thread(r.as(t, "office"), p.ID)
	if err != nil || view.NoteRef == "" || view.NoteIs != notes.Open || !view.Row.OnCall {
		t.Fatalf("%+v, %v", view, err)
	}
	var dispatches int
	var note notes.NoteID
	if err := r.pool.QueryRow(t.Context(), "select count(*), min(note) from dispatch where state = 'climbing'").Scan(&dispatches,
		&note); err != nil || dispatches != 1 {
		t.Errorf("%d dispatches, %v", dispatches, err)
	}
	card, err := r.Card(r.as(t, "doctor"), note)
	if err != nil || card.CallType["en"] != "Patient's message" || card.Reason != "Tengo DOLOR de pecho desde la cena" ||
		card.CallBack != "(312) 555-0142" || card.Taker != "the patient, on their page" || len(card.Fields) != 3 {
		t.Errorf("%+v, %v", card, err)
	}
	if rows := r.board(t, "agent"); len(rows) != 1 || rows[0].Note != note {
		t.Errorf("the board is %+v", rows)
	}
	if _, err := r.log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	tables := append(append(append(append(record.Tables(), access.Tables()...), postgres.Tables()...), dispatch.Tables()...),
		patient.Tables()...)
	rep, err := audit.Verify(t.Context(), r.pool, audit.VerifyOptions{Key: r.key, Tables: tables})
	if err != nil || !rep.Good() {
		var b bytes.Buffer
		rep.Print(&b)
		t.Error(err, b.String())
	}
}

// visitorOf is a patient's browser.
type patientBrowser struct {
	http *http.Client
	url  string
}

func (b patientBrowser) post(t *testing.T, route string, body any) (status int, answer string) {
	t.Helper()
	in, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	method, path, _ := strings.Cut(route, " ")
	if method == http.MethodGet {
		in = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

// patientPages serves the pages with patients' doors, and makes browsers that are nobody's yet.
func (r *rig) patientPages(t *testing.T, log *slog.Logger) (browser func() patientBrowser) {
	t.Helper()
	pages := httptest.NewTLSServer(portal.New(portal.Config{Service: r.Service(), Recordings: r.House, Pushes: r.House,
		Sessions: portal.NewSessions(r.door), Patients: r.notices, Attachments: r.House,
		Practice: func(ctx context.Context, id telephony.AccountID) (string, string, error) {
			acc, err := r.store.Account(ctx, id)
			return acc.Name, acc.Line().Reveal(), err
		}, Files: fstest.MapFS{"index.html": {Data: []byte("x")}, "patient.html": {Data: []byte("patient")}}, Log: log}))
	t.Cleanup(pages.Close)
	return func() patientBrowser {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return patientBrowser{&http.Client{Transport: pages.Client().Transport, Jar: jar}, pages.URL}
	}
}

// TestAPatientsDoors: a patient's session opens what is written for patients, about that patient, and nothing else; staff's opens
// none of it; a link alone opens nothing, and tells nothing of the patient; nothing of a patient is in the log.
func TestAPatientsDoors(t *testing.T) {
	r := newRig(t)
	p := r.admitted(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	browser := r.patientPages(t, logger)
	mine := browser()
	token, code := r.linkOf(t, p)
	if status, body := mine.post(t, "GET /p", nil); status != 200 || body != "patient" {
		t.Errorf("the page: %d %q", status, body)
	}
	status, body := mine.post(t, "POST /api/patient/link", map[string]string{"token": token})
	if status != 200 || strings.Contains(body, "Ximena") || strings.Contains(body, "0142") || !strings.Contains(body, "lakeside") {
		t.Errorf("a link tells %d %s", status, body)
	}
	patients := 0
	for _, q := range console.Requests() {
		if q.Route == "" {
			continue
		}
		if q.Patient {
			patients++
		}
		if status, body := mine.post(t, q.Route, struct{}{}); status != http.StatusUnauthorized {
			t.Errorf("%s, by nobody: %d %s", q.Name, status, body)
		}
	}
	if patients != 7 {
		t.Errorf("%d requests of patients", patients)
	}
	if status, body := mine.post(t, "POST /api/patient/prove", map[string]string{"token": token, "code": "000000", "birth": "1961-04-02"}); status !=
		http.StatusUnauthorized {
		t.Errorf("a wrong code: %d %s", status, body)
	}
	if status, body := mine.post(t, "POST /api/patient/code", map[string]string{"token": token}); status != 200 || body !=
		`{"by":"text"}`+"\n" {
		t.Errorf("a code: %d %s", status, body)
	}
	if status, body := mine.post(t, "POST /api/patient/prove", map[string]string{"token": token, "code": code(), "birth": "1961-04-02"}); status !=
		200 {
		t.Fatalf("in: %d %s", status, body)
	}
	if status, body := mine.post(t, "POST /api/patient/thread", struct{}{}); status != 200 || !strings.Contains(body, "Presión: bien") {
		t.Errorf("the thread: %d %s", status, body)
	}
	for _, q := range console.Requests() {
		if q.Route == "" || q.Patient {
			continue
		}
		route := strings.ReplaceAll(strings.ReplaceAll(q.Route, "{patient}", string(p.ID)), "{note}", "x")
		if status, body := mine.post(t, route, struct{}{}); status != http.StatusUnauthorized {
			t.Errorf("%s, by a patient: %d %s", q.Name, status, body)
		}
	}
	// Staff's session is none of a patient's.
	if err := r.door.SetPassword(access.System(t.Context(), "seed"), "office", doorPassword); err != nil {
		t.Fatal(err)
	}
	staff := browser()
	if status, body := staff.post(t, "POST /api/sign-in", map[string]string{"login": "office", "password": doorPassword}); status != 200 {
		t.Fatal(status, body)
	}
	for _, route := range []string{"POST /api/patient/thread", "POST /api/patient/stamp", "POST /api/patient/write", "POST /api/patient/wish",
		"POST /api/patient/file", "POST /api/patient/file/done", "POST /api/patient/file/drop"} {
		if status, body := staff.post(t, route, struct{}{}); status != http.StatusUnauthorized {
			t.Errorf("%s, by staff: %d %s", route, status, body)
		}
	}
	if status, _ := mine.post(t, "POST /api/patient/out", struct{}{}); status != 200 {
		t.Error(status)
	}
	if status, _ := mine.post(t, "POST /api/patient/thread", struct{}{}); status != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", status)
	}
	for _, w := range append(words, "Presión", token) {
		if strings.Contains(log.String(), w) {
			t.Errorf("the log tells %q: %s", w, log.String())
		}
	}
}

// linkOf makes what stands in the link that a patient was sent, and in the newest code.
func (r *rig) linkOf(t *testing.T, p notes.Patient) (token string, code func() string) {
	t.Helper()
	made := func(what, kind string) []byte {
		var id string
		if err := r.pool.QueryRow(t.Context(), "select id from notice where patient = $1 and kind = $2 order by made_at desc limit 1", p.ID,
			kind).Scan(&id); err != nil {
			t.Fatal(err)
		}
		key := sha256.Sum256([]byte("a test's link key"))
		m := hmac.New(sha256.New, key[:])
		m.Write([]byte(what + id))
		return m.Sum(nil)
	}
	return base64.RawURLEncoding.EncodeToString(made("lamplight patient link 1\n", "message")), func() string {
		return fmt.Sprintf("%06d", binary.BigEndian.Uint64(made("lamplight patient code 1\n", "code"))%1_000_000)
	}
}
