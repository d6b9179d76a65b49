package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
)

// aPhoto is a photo of several pieces, with words in it that no photo of ours has.
func aPhoto(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 900, 900))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32())
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), "Ximena Quiñones's kitchen"...)
}

// body is what is posted or fetched, as it is.
func (b patientBrowser) raw(t *testing.T, method, path string, body io.Reader) (status int, answer []byte, head http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		return 0, nil, nil // the line was cut
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer, res.Header
}

// cutLine breaks off after some bytes.
type cutLine struct {
	io.Reader
}

func (c cutLine) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// sends sends a file by the doors under base, cut in the middle of a piece once; the pieces that were posted.
func (b patientBrowser) sends(t *testing.T, base string, file []byte) (id string, posted int) {
	t.Helper()
	id = uuid.NewString()
	came := func(route string, body any) (c console.FileCame) {
		t.Helper()
		status, answer := b.post(t, "POST "+base+route, body)
		if err := json.Unmarshal([]byte(answer), &c); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", route, status, answer)
		}
		return c
	}
	size := int64(len(file))
	begun := map[string]any{"file": id, "size": size}
	c := came("/file", begun)
	cut := false
	for c.Arrived < size {
		piece := file[c.Arrived:min(size, c.Arrived+record.PieceSize)]
		path := fmt.Sprintf("%s/files/%s/pieces/%d", base, id, c.Arrived/record.PieceSize)
		if posted++; posted == 2 && !cut {
			cut = true
			b.raw(t, "POST", path, cutLine{bytes.NewReader(piece[:len(piece)/2])})
			c = came("/file", begun) // asked how much arrived, it goes on there
			if c.Arrived != record.PieceSize {
				t.Fatalf("%d bytes arrived before the cut", c.Arrived)
			}
			continue
		}
		status, answer, _ := b.raw(t, "POST", path, bytes.NewReader(piece))
		if err := json.Unmarshal(answer, &c); err != nil || status != http.StatusOK {
			t.Fatalf("a piece: %d %s", status, answer)
		}
	}
	if c = came("/file/done", map[string]any{"file": id}); c.Kind == "" {
		t.Fatalf("looked at, it is %+v", c)
	}
	return id, posted
}

// TestFilesThroughTheDoors: a photo from a patient over a line that is cut, a PDF from staff, each fetched by the other; through no door
// does anybody else come, whatever they say; and the log tells nothing of them.
func TestFilesThroughTheDoors(t *testing.T) {
	r := newRig(t)
	p := r.admitted(t)
	other, err := r.PutPatient(r.as(t, "office"), console.PatientForm{Account: "lakeside", Patient: notes.PatientID(uuid.NewString()),
		Name: "Otra Paciente", Birth: "4/2/1961", Number: "(312) 555-0177", Language: "es", Texts: true, How: notes.InPerson})
	if err != nil || other.Record == nil {
		t.Fatal(err)
	}
	if _, err := r.WriteThread(r.as(t, "office"), console.ThreadWriting{Patient: other.Record.Patient, ID: "o1", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	browser := r.patientPages(t, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	in := func(p notes.Patient) patientBrowser {
		b := browser()
		token, code := r.linkOf(t, p)
		b.post(t, "POST /api/patient/code", map[string]string{"token": token})
		if status, body := b.post(t, "POST /api/patient/prove", map[string]string{"token": token, "code": code(), "birth": "1961-04-02"}); status != 200 {
			t.Fatalf("in: %d %s", status, body)
		}
		return b
	}
	mine, theirs := in(p), in(notes.Patient{ID: other.Record.Patient, Account: "lakeside"})
	staff := map[notes.PersonID]patientBrowser{}
	for _, id := range []notes.PersonID{"office", "agent", "doctor", "other-doctor", "other-office", "other-agent", "other-boss"} {
		if err := r.door.SetPassword(access.System(t.Context(), "seed"), id, doorPassword); err != nil {
			t.Fatal(err)
		}
		staff[id] = browser()
		if status, body := staff[id].post(t, "POST /api/sign-in", map[string]string{"login": string(id), "password": doorPassword}); status != 200 {
			t.Fatal(id, status, body)
		}
	}

	photo := aPhoto(t)
	id, posted := mine.sends(t, "/api/patient", photo)
	if want := (len(photo)+record.PieceSize-1)/record.PieceSize + 1; posted != want || want < 3 {
		t.Errorf("%d pieces were posted, want %d", posted, want)
	}
	status, body := mine.post(t, "POST /api/patient/write", console.PatientWriting{ID: "p1", Files: []string{id}})
	var page console.PatientPage
	if err := json.Unmarshal([]byte(body), &page); err != nil || status != 200 || len(page.Messages[1].Files) != 1 {
		t.Fatalf("%d %s", status, body)
	}
	file := page.Messages[1].Files[0]
	desk := "/api/patients/" + string(p.ID)
	pdf := "%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R>>\nstartxref\n42\n%%EOF\n"
	doc := uuid.NewString()
	office := staff["office"]
	if status, body := office.post(t, "POST "+desk+"/file", map[string]any{"file": doc, "size": len(pdf)}); status != 200 {
		t.Fatal(status, body)
	}
	if status, body, _ := office.raw(t, "POST", desk+"/files/"+doc+"/pieces/0", strings.NewReader(pdf)); status != 200 {
		t.Fatal(status, string(body))
	}
	if status, body := office.post(t, "POST "+desk+"/file/done", map[string]any{"file": doc}); status != 200 || !strings.Contains(body, "pdf") {
		t.Fatal(status, body)
	}
	if status, body = office.post(t, "POST "+desk+"/write", map[string]any{"id": "m2", "seen": "p1", "files": []string{doc}}); status != 200 {
		t.Fatal(status, body)
	}
	var view console.ThreadView
	if err := json.Unmarshal([]byte(body), &view); err != nil || len(view.Messages) != 3 {
		t.Fatal(body, err)
	}
	result := view.Messages[2].Files[0]
	if status, _, _ := mine.raw(t, "GET", "/api/patient/files/"+result.ID, nil); status != http.StatusNotFound {
		t.Errorf("a file of a message that was not opened: %d", status)
	}
	mine.post(t, "POST /api/patient/thread", struct{}{})

	for path, b := range map[string]patientBrowser{"/api/patient/files/": mine, desk + "/files/": office} {
		status, got, head := b.raw(t, "GET", path+file.ID, nil)
		if status != 200 || head.Get("Content-Type") != "image/jpeg" || int64(len(got)) != file.Bytes || head.Get("Cache-Control") != "no-store" ||
			head.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || bytes.Contains(got, []byte("kitchen")) {
			t.Errorf("%s: a photo: %d %v", path, status, head)
		}
		status, got, _ = b.raw(t, "GET", path+file.ID+"/small", nil)
		if c, err := jpeg.DecodeConfig(bytes.NewReader(got)); err != nil || status != 200 || c.Width != 320 {
			t.Errorf("%s: a thumbnail: %d, %v", path, status, err)
		}
		status, got, head = b.raw(t, "GET", path+result.ID, nil)
		if status != 200 || string(got) != pdf || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment;") ||
			head.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a PDF: %d %v", path, status, head)
		}
	}

	half := uuid.NewString()
	if status, body := mine.post(t, "POST /api/patient/file", map[string]any{"file": half, "size": 10}); status != 200 {
		t.Fatal(status, body)
	}
	leaves := func() (n int) {
		if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := leaves()
	tries := 0
	refused := func(who string, b patientBrowser, route, body string, want ...int) {
		t.Helper()
		tries++
		method, path, _ := strings.Cut(route, " ")
		status, answer, _ := b.raw(t, method, path, strings.NewReader(body))
		for _, w := range want {
			if status == w {
				return
			}
		}
		t.Errorf("%s, as %s: %d %.200s", route, who, status, answer)
	}
	none := "01a21e92-5555-7c9e-864f-9c0c341a6392"
	for _, f := range []string{file.ID, result.ID, none} {
		for _, small := range []string{"", "/small"} {
			for who, b := range staff {
				if who != "office" { // agents and providers may read notes, and no thread
					refused(string(who), b, "GET "+desk+"/files/"+f+small, "", http.StatusNotFound)
				}
				refused(string(who), b, "GET /api/patient/files/"+f+small, "", http.StatusUnauthorized)
			}
			refused("another patient", theirs, "GET /api/patient/files/"+f+small, "", http.StatusNotFound)
			refused("a patient, as staff", mine, "GET "+desk+"/files/"+f+small, "", http.StatusUnauthorized)
			refused("nobody", browser(), "GET "+desk+"/files/"+f+small, "", http.StatusUnauthorized)
			refused("nobody", browser(), "GET /api/patient/files/"+f+small, "", http.StatusUnauthorized)
			refused("office, as another patient's", office, "GET /api/patients/"+string(other.Record.Patient)+"/files/"+f+small, "",
				http.StatusNotFound)
		}
	}
	for _, f := range []string{half, none} {
		for who, b := range staff {
			want := http.StatusNotFound
			if who == "office" {
				want = http.StatusConflict // theirs is another of that name, which has not begun
			}
			refused(string(who), b, "POST "+desk+"/files/"+f+"/pieces/0", "0123456789", want)
			refused(string(who), b, "POST "+desk+"/file/done", `{"file":"`+f+`"}`, want, http.StatusForbidden)
		}
		refused("another patient", theirs, "POST /api/patient/files/"+f+"/pieces/0", "0123456789", http.StatusConflict)
		refused("another patient", theirs, "POST /api/patient/file/done", `{"file":"`+f+`"}`, http.StatusConflict)
		refused("nobody", browser(), "POST /api/patient/files/"+f+"/pieces/0", "0123456789", http.StatusUnauthorized)
	}
	refused("the patient, too much", mine, "POST /api/patient/files/"+half+"/pieces/0", strings.Repeat("x", record.PieceSize+1),
		http.StatusRequestEntityTooLarge)
	refused("the patient, a wrong place", mine, "POST /api/patient/files/"+half+"/pieces/x", "0123456789", http.StatusBadRequest)
	refused("the patient, another length", mine, "POST /api/patient/files/"+half+"/pieces/0", "012", http.StatusUnprocessableEntity)
	if tries < 80 {
		t.Errorf("only %d tries", tries)
	}
	if after := leaves(); after != before {
		t.Errorf("%d leaves more", after-before)
	}
	if status, body := mine.post(t, "POST /api/patient/file", map[string]any{"file": half, "size": 10}); status != 200 || !strings.Contains(body, `"arrived":0`) {
		t.Errorf("somebody sent into a patient's file: %d %s", status, body)
	}
	// Refused with words, and gone.
	if status, body, _ := mine.raw(t, "POST", "/api/patient/files/"+half+"/pieces/0", strings.NewReader("<html>1234")); status != 200 {
		t.Error(status, string(body))
	}
	if status, body := mine.post(t, "POST /api/patient/file/done", map[string]any{"file": half}); status != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "patient.error.file-unknown") {
		t.Errorf("a page: %d %s", status, body)
	}
	if status, body := mine.post(t, "POST /api/patient/file", map[string]any{"file": none, "size": notes.MaxFileBytes + 1}); status !=
		http.StatusUnprocessableEntity || !strings.Contains(body, "patient.error.file-large") {
		t.Errorf("too large: %d %s", status, body)
	}
	for _, w := range append(words, "kitchen", "Presión", id, doc) {
		if strings.Contains(log.String(), w) {
			t.Errorf("the log tells %q: %s", w, log.String())
		}
	}
	if due := time.Until(page.DueAt); due <= 0 {
		t.Errorf("a photo without words waits for nobody: %s", due)
	}
}
