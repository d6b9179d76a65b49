package chart

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// fixture is a practice with a chart: a real record, a real FHIR server, and between the two what a test may break.
type fixture struct {
	t      testing.TB
	pool   *pgxpool.Pool
	dir    string
	key    *audit.Key
	log    *audit.Log
	ring   *seal.Ring
	store  *record.Store
	engine *Engine
	peer   *peer
	way    *way
	said   logged
	n      int
}

// logged is what the engine said.
type logged struct {
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// way is the way to the chart. fault answers in the chart's place when it returns true.
type way struct {
	*httptest.Server
	mu    sync.Mutex // guards fault
	fault func(w http.ResponseWriter, r *http.Request) bool
}

func (w *way) breaks(fault func(w http.ResponseWriter, r *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}

func (w *way) to(base string) http.Handler {
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	p := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: u.Scheme, Host: u.Host}) },
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		fault := w.fault
		w.mu.Unlock()
		if fault != nil && fault(rw, r) {
			return
		}
		p.ServeHTTP(rw, r)
	})
}

const (
	office = "office-1"
	doctor = "doctor-1"
)

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := onDatabase(t, postgrestest.New(t), t.TempDir())
	ctx := access.System(t.Context(), "seed")
	key := newKey(t)
	f.peer = startPeer(t, key, "")
	f.way = &way{}
	f.way.Server = httptest.NewServer(f.way.to(f.peer.base))
	t.Cleanup(f.way.Close)
	if err := f.store.PutAccount(ctx, f.practice(f.way.URL+"/fhir/R4")); err != nil {
		t.Fatal(err)
	}
	for id, role := range map[notes.PersonID]notes.Role{office: notes.RolePractice, doctor: notes.RoleProvider} {
		if _, err := access.NewDoor(f.pool, f.log, f.ring).AddPerson(ctx, access.Person{ID: id, Login: string(id), Name: "Dr Reyes",
			Language: "en", Grants: []access.Grant{{Account: "lakeside", Role: role}}}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.engine.PutKey(ctx, "lakeside", key); err != nil {
		t.Fatal(err)
	}
	return f
}

// onDatabase is the part that another process can have too.
func onDatabase(t testing.TB, pool *pgxpool.Pool, dir string) *fixture {
	t.Helper()
	keys := postgrestest.KeysIn(t, pool, dir)
	f := &fixture{t: t, pool: pool, dir: dir, key: keys.Key, log: keys.Log, ring: keys.Ring}
	f.store = record.NewStore(pool, f.log, f.ring, nil)
	f.engine = New(Config{Pool: pool, Log: f.log, Store: f.store, Logger: slog.New(slog.NewTextHandler(&f.said, nil)),
		Lease: 40 * time.Second, Poll: 20 * time.Millisecond})
	return f
}

func (f *fixture) practice(endpoint string) notes.Account {
	return notes.Account{ID: "lakeside", Name: "Lakeside Internal Medicine", TimeZone: "America/Chicago",
		Languages: []telephony.Language{"es", "en"}, Schedule: []byte(`{}`), Ladders: []byte(`[]`),
		Chart: &notes.Chart{Endpoint: endpoint, Dialect: notes.ChartGeneric, Client: "lamplight", PatientSystem: "urn:oid:1.2.3",
			PatientField: "mrn"},
		Script: notes.Script{Version: 1, CallTypes: []notes.CallType{{ID: "refill", Digit: "1", Urgency: notes.Routine,
			Label: notes.Text{"en": "Refill", "es": "Receta"},
			Fields: []notes.Field{{Key: "name", Kind: "name", Required: true, Label: notes.Text{"es": "Nombre"}},
				{Key: "callback", Kind: "phone"}, {Key: "dob", Kind: "date"}, {Key: "mrn", Kind: "text"}, {Key: "reason", Kind: "text"}}}}}}
}

func (f *fixture) run() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- f.engine.Run(ctx) }()
	f.t.Cleanup(func() { cancel(); <-done })
}

// take takes a note; close closes it, as the office would.
func (f *fixture) take(fields map[string]string) notes.NoteID {
	f.t.Helper()
	f.n++
	n, err := f.store.Take(access.System(context.Background(), "seed"), notes.Draft{ID: fmt.Sprint("draft-", f.n), Seq: 1, Account: "lakeside",
		CallType: "refill", Urgency: notes.Routine, Language: "es", Body: notes.Body{Fields: fields}})
	if err != nil {
		f.t.Fatal(err)
	}
	return n.ID
}

func (f *fixture) as(id notes.PersonID) context.Context {
	f.t.Helper()
	a, err := access.NewDoor(f.pool, f.log, f.ring).ActorOf(context.Background(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return access.With(context.Background(), a)
}

func (f *fixture) close(note notes.NoteID, word string) {
	f.t.Helper()
	if _, err := f.store.CloseOut(f.as(doctor), note, word); err != nil {
		f.t.Fatal(err)
	}
}

// row is how the newest row of a note stands.
func (f *fixture) row(note notes.NoteID) (state string, why TroubleKind) {
	f.t.Helper()
	if err := f.pool.QueryRow(context.Background(), "select state, why from chart_write where note = $1 order by seq desc limit 1", note).
		Scan(&state, &why); err != nil {
		f.t.Fatal(err)
	}
	return state, why
}

// until waits until a note's newest row stands so.
func (f *fixture) until(note notes.NoteID, want string, why TroubleKind) {
	f.t.Helper()
	var state string
	var is TroubleKind
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if state, is = f.row(note); state == want && is == why {
			return
		}
	}
	f.t.Fatalf("%s is %s %q, want %s %q; the log: %s", note, state, is, want, why, f.said.String())
}

func (f *fixture) kinds(note notes.NoteID) (out []string) {
	f.t.Helper()
	st, err := f.store.StoryOf(f.as(doctor), "", note)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, l := range st.Lines {
		if strings.HasPrefix(string(l.Kind), "chart.") {
			out = append(out, string(l.Kind))
		}
	}
	return out
}

func (f *fixture) verify() {
	f.t.Helper()
	if _, err := f.log.Sequence(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	r, err := audit.Verify(context.Background(), f.pool, audit.VerifyOptions{Key: f.key,
		Tables: append(append(append(record.Tables(), access.Tables()...), postgres.Tables()...), Tables()...)})
	if err != nil {
		f.t.Fatal(err)
	}
	if !r.Good() {
		var b bytes.Buffer
		r.Print(&b)
		f.t.Fatal(b.String())
	}
}

var ana = map[string]string{"name": "Ana Núñez", "callback": "312 555 0111", "dob": "1/2/1990", "reason": "Dolor detrás del esternón"}

// TestTheChartGetsTheRecord: a note is closed and is in the chart, its add-on supersedes it, the story and the log tell it all.
func TestTheChartGetsTheRecord(t *testing.T) {
	f := newFixture(t)
	subject := "Patient/" + f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	f.run()
	n := f.take(ana)
	f.close(n, "Receta enviada")
	f.until(n, "written", "")
	docs := f.peer.documents(subject)
	if len(docs) != 1 || docs[0].Status != "current" {
		t.Fatalf("in the chart: %+v", docs)
	}
	for _, want := range []string{"Mensaje telefónico L-", "Nombre: Ana Núñez", "Dolor detrás del esternón", "Receta enviada", "Dr Reyes"} {
		if text := f.peer.text(docs[0]); !strings.Contains(text, want) {
			t.Errorf("the text has no %q:\n%s", want, text)
		}
	}
	if _, err := f.store.AddOn(f.as(doctor), n, "", notes.Correction, "Eran 20 mg, no 10"); err != nil {
		t.Fatal(err)
	}
	f.until(n, "written", "")
	docs = f.peer.documents(subject)
	var current, superseded int
	for _, d := range docs {
		switch {
		case d.Status == "current" && len(d.RelatesTo) == 1 && strings.Contains(f.peer.text(d), "Eran 20 mg"):
			current++
		case d.Status == "superseded" && !strings.Contains(f.peer.text(d), "Eran 20 mg"):
			superseded++
		}
	}
	if len(docs) != 2 || current != 1 || superseded != 1 {
		t.Errorf("after the correction: %d documents, %d current, %d superseded", len(docs), current, superseded)
	}
	if got := strings.Join(f.kinds(n), " "); got != "chart.queued chart.written chart.queued chart.written" {
		t.Errorf("the story tells %s", got)
	}
	f.verify()
	for _, word := range []string{"Ana", "Núñez", "0111", "esternón", subject} {
		if strings.Contains(f.said.String(), word) {
			t.Errorf("the log says %q:\n%s", word, f.said.String())
		}
	}
}

// TestWhichPatientIsAsked: what fits nobody waits for a person, whose answer moves it on; another's notes pass it, the same
// patient's do not; who may not say is refused, and what does not go in stays out with all that follows.
func TestWhichPatientIsAsked(t *testing.T) {
	f := newFixture(t)
	f.peer.patient("Ana", "Núñez", "1990-01-02", "312-555-0199") // her number has changed
	twin := f.peer.patient("Ana María", "Núñez", "1990-01-02", "312-555-0188", `,"identifier":[{"system":"urn:oid:1.2.3","value":"77"}]`)
	f.peer.patient("Luis", "Ortega", "1970-05-05", "312-555-0122")
	f.run()
	first, second := f.take(ana), f.take(ana)
	other := f.take(map[string]string{"name": "Luis Ortega", "callback": "312 555 0122", "dob": "5/5/1970"})
	f.close(first, "uno")
	f.until(first, "asking", "which")
	f.close(second, "dos")
	f.close(other, "tres")
	f.until(other, "written", "")
	if state, _ := f.row(second); state != "waiting" {
		t.Errorf("the same patient's next note is %s", state)
	}
	if _, err := f.engine.Question(access.System(t.Context(), "x"), "nobody's"); !errors.Is(err, record.ErrNoNote) {
		t.Errorf("a note that is not there: %v", err)
	}
	if err := f.engine.Answer(access.With(t.Context(), access.Actor{Person: "agent", Grants: []access.Grant{{Account: "*",
		Role: notes.RoleAgent}}}), first, Answer{Patient: twin}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("an agent's answer: %v", err)
	}
	waiting, err := f.engine.Waiting(f.as(office), "lakeside")
	if err != nil || len(waiting) == 0 || !waiting[0].Asking || waiting[0].Note != first {
		t.Fatalf("waiting are %+v, %v", waiting, err)
	}
	q, err := f.engine.Question(f.as(office), first)
	if err != nil || len(q.Choices) != 2 || q.Who.Birth != "1990-01-02" || !q.Asking || !q.Numbers {
		t.Fatalf("the question is %+v, %v", q, err)
	}
	if err := f.engine.Answer(f.as(office), first, Answer{Number: "78"}); !errors.Is(err, ErrWhich) {
		t.Errorf("a number nobody has: %v", err)
	}
	if err := f.engine.Answer(f.as(office), first, Answer{Number: "77"}); err != nil {
		t.Fatal(err)
	}
	f.until(first, "written", "")
	if docs := f.peer.documents("Patient/" + twin); len(docs) != 1 {
		t.Errorf("%d documents of hers", len(docs))
	}
	if err := f.engine.Answer(f.as(office), first, Answer{Leave: true}); !errors.Is(err, ErrNothing) {
		t.Errorf("an answer that came late: %v", err)
	}
	f.until(second, "asking", "which")
	if err := f.engine.Answer(f.as(office), second, Answer{Leave: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.AddOn(f.as(doctor), second, "", notes.Remark, "más"); err != nil {
		t.Fatal(err)
	}
	f.until(second, "left", "")
	if got := strings.Join(f.kinds(first), " "); got != "chart.queued chart.asked chart.answered chart.written" {
		t.Errorf("the story tells %s", got)
	}
	f.verify()
}

// answers with a status, a type and words.
func answering(status int, kind, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		w.Header().Set("Content-Type", kind)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	}
}

// cut sends the beginning of an answer and hangs up.
func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "5000")
	fmt.Fprint(w, `{"resourceType":"Docu`)
	panic(http.ErrAbortHandler)
}

// TestBadAnswersLoseNothing: whatever a chart answers, the note waits with a reason that can be said, and is there once when the chart
// is well again.
func TestBadAnswersLoseNothing(t *testing.T) {
	f := newFixture(t)
	subject := "Patient/" + f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	f.run()
	refusal := `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"processing","details":{"text":"Ana Núñez is locked"}}]}`
	at := func(path string, fault func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, path) && fault(w, r)
		}
	}
	for i, x := range []struct {
		name  string
		fault func(w http.ResponseWriter, r *http.Request) bool
		why   TroubleKind
	}{
		{"200 with an OperationOutcome", answering(200, fhirJSON, refusal), Refused},
		{"201 with an OperationOutcome", answering(201, fhirJSON, refusal), Refused},
		{"422", answering(422, fhirJSON, refusal), Refused},
		{"412", answering(412, fhirJSON, refusal), Several},
		{"429", answering(429, "text/plain", "slow", "Retry-After", "1"), Busy},
		{"500", answering(500, fhirJSON, refusal), Failing},
		{"403", answering(403, fhirJSON, refusal), NotAllowed},
		{"a page of HTML", answering(200, "text/html", "<html>Sign in</html>"), Odd},
		{"nothing", answering(200, fhirJSON, ""), Odd},
		{"another resource", answering(200, fhirJSON, `{"resourceType":"Patient","id":"1"}`), Odd},
		{"half of it", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				cut(w)
			}
			return false
		}, Cut},
		{"a redirection", answering(302, "text/html", "", "Location", "/login"), Odd},
		{"a token that is refused again and again", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Authorization") == "" {
				return false
			}
			w.WriteHeader(401)
			return true
		}, NoSignIn},
		{"something else read back", at("", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/DocumentReference/") {
				return false
			}
			w.Header().Set("Content-Type", fhirJSON)
			fmt.Fprint(w, `{"resourceType":"DocumentReference","id":"1","status":"current","content":[]}`)
			return true
		}), Differs},
	} {
		f.way.breaks(x.fault)
		n := f.take(ana)
		f.close(n, x.name)
		f.until(n, "waiting", x.why)
		f.way.breaks(nil)
		if err := f.engine.Answer(f.as(office), n, Answer{Again: true}); err != nil {
			t.Fatal(err)
		}
		f.until(n, "written", "")
		if docs := f.peer.documents(subject); len(docs) != i+1 {
			t.Fatalf("after %s there are %d documents, want %d", x.name, len(docs), i+1)
		}
	}
	if strings.Contains(f.said.String(), "locked") || strings.Contains(f.said.String(), "Núñez") {
		t.Errorf("the log has a chart's words: %s", f.said.String())
	}
	f.verify()
}

// TestATokenIsFetchedAnewOnce: one that ends in the middle is fetched anew, and the note is written at the first try.
func TestATokenIsFetchedAnewOnce(t *testing.T) {
	f := newFixture(t)
	f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	ended := map[string]bool{}
	var mu sync.Mutex
	f.way.breaks(func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		token := r.Header.Get("Authorization")
		if len(ended) == 0 && r.Method == http.MethodPost { // it is good for the search, and no more for what follows
			ended[token] = true
		}
		if !ended[token] || token == "" {
			return false
		}
		w.WriteHeader(401)
		return true
	})
	f.run()
	n := f.take(ana)
	f.close(n, "x")
	f.until(n, "written", "")
	var tries int
	mu.Lock()
	defer mu.Unlock()
	if err := f.pool.QueryRow(t.Context(), "select tries from chart_write where note = $1", n).Scan(&tries); err != nil || tries != 0 || len(ended) != 1 {
		t.Errorf("%d failed tries, %d tokens ended, %v", tries, len(ended), err)
	}
}

// TestAnOutageKeepsOrder: notes that were closed while the chart was away go in their order, once it is back, by themselves.
func TestAnOutageKeepsOrder(t *testing.T) {
	f := newFixture(t)
	subject := "Patient/" + f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	f.way.breaks(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
	f.run()
	var all []notes.NoteID
	for i := range 5 {
		n := f.take(ana)
		f.close(n, fmt.Sprint("word ", i))
		all = append(all, n)
	}
	f.until(all[0], "waiting", Cut)
	queues, err := f.engine.Queues(t.Context())
	if err != nil || len(queues) != 1 || queues[0].Count != 5 || queues[0].Asking {
		t.Errorf("the queues are %+v, %v", queues, err)
	}
	f.way.breaks(nil)
	for _, n := range all {
		f.until(n, "written", "")
	}
	for i, d := range f.peer.documents(subject) {
		if !strings.Contains(f.peer.text(d), fmt.Sprint("word ", i)) {
			t.Errorf("the document %d is\n%s", i, f.peer.text(d))
		}
	}
	f.verify()
}

// TestAChartThatIsNotTrusted: a certificate of nobody's is told as that, and so is a chart that speaks no TLS.
func TestAChartThatIsNotTrusted(t *testing.T) {
	key := newKey(t)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for name, x := range map[string]struct {
		endpoint string
		roots    *x509.CertPool
		want     TroubleKind
	}{
		"unknown certificate": {secure.URL, nil, Untrusted},
		"no TLS":              {strings.Replace(plain.URL, "http:", "https:", 1), nil, Untrusted},
		"trusted":             {secure.URL, roots, Gone}, // it has no CapabilityStatement
		"nobody":              {"https://127.0.0.1:1", nil, Unreachable},
	} {
		c, err := NewClient(ClientConfig{Chart: notes.Chart{Endpoint: x.endpoint, Dialect: notes.ChartGeneric, Client: "x"}, Key: key,
			Roots: x.roots})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ready(t.Context()); !is(err, x.want) {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	for _, address := range []string{"http://fhir.example.org/R4", "ftp://x", "https://user:word@x", "https://x?y", ""} {
		if _, err := NewClient(ClientConfig{Chart: notes.Chart{Endpoint: address, Dialect: notes.ChartGeneric}, Key: key}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

// TestARowSomebodyElseWrote: who can only write the database has no note written into another's chart.
func TestARowSomebodyElseWrote(t *testing.T) {
	f := newFixture(t)
	n := f.take(ana)
	f.close(n, "x")
	if _, err := f.pool.Exec(t.Context(), "update chart_write set subject = '\\x00', document = 'DocumentReference/1'"); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.until(n, "waiting", Unopened)
	if forged := f.log.Forged(); len(forged) != 1 || !strings.HasPrefix(forged[0], "chart-write ") {
		t.Errorf("told as forged: %q", forged)
	}
}

// TestKilledWhileWriting: a server that is killed when the chart has the document but we do not know it leaves one document.
func TestKilledWhileWriting(t *testing.T) {
	if dir := os.Getenv("CHART_KILLED"); dir != "" {
		pool, err := pgxpool.New(t.Context(), os.Getenv("CHART_DATABASE"))
		if err != nil {
			t.Fatal(err)
		}
		if err := onDatabase(t, pool, dir).engine.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	f := newFixture(t)
	subject := "Patient/" + f.peer.patient("Ana", "Núñez", "1990-01-02", "(312) 555-0111")
	there := make(chan struct{})
	forward := f.way.to(f.peer.base)
	var once sync.Once
	f.way.breaks(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		f.way.breaks(nil)
		forward.ServeHTTP(httptest.NewRecorder(), r) // the chart has it; its answer never comes
		once.Do(func() { close(there) })
		<-r.Context().Done()
		return true
	})
	n := f.take(ana)
	f.close(n, "x")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledWhileWriting$")
	cmd.Env = append(os.Environ(), "CHART_KILLED="+f.dir, "CHART_DATABASE="+f.pool.Config().ConnString())
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-there:
	case <-time.After(60 * time.Second):
		t.Error("nothing came to the chart")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	var leased float64 // seconds
	if err := f.pool.QueryRow(t.Context(), "select extract(epoch from due_at - clock_timestamp())::float8 from chart_write "+
		"where note = $1 and state = 'waiting'", n).Scan(&leased); err != nil || leased <= 0 || leased > 40 {
		t.Fatalf("its lease ends in %v s, %v", leased, err)
	}
	if _, err := f.pool.Exec(t.Context(), "update chart_write set due_at = clock_timestamp()"); err != nil { // it has ended
		t.Fatal(err)
	}
	f.run()
	f.until(n, "written", "")
	if docs := f.peer.documents(subject); len(docs) != 1 {
		t.Errorf("%d documents", len(docs))
	}
	f.verify()
}

// TestThePageOfKeys: the newest two of a practice, none of them private, and nothing of a practice without.
func TestThePageOfKeys(t *testing.T) {
	f := onDatabase(t, postgrestest.New(t), t.TempDir())
	ctx := access.System(t.Context(), "seed")
	if err := f.store.PutAccount(ctx, f.practice("https://fhir.example.org/R4")); err != nil {
		t.Fatal(err)
	}
	var made []string
	for range 3 {
		k := newKey(t)
		if err := f.engine.PutKey(ctx, "lakeside", k); err != nil {
			t.Fatal(err)
		}
		made = append(made, k.ID)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+JWKSPath("{account}"), f.engine.ServeJWKS)
	get := func(account telephony.AccountID) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, JWKSPath(account), nil))
		return w
	}
	w := get("lakeside")
	if w.Code != 200 || strings.Contains(w.Body.String(), made[0]) || !strings.Contains(w.Body.String(), made[1]) ||
		!strings.Contains(w.Body.String(), made[2]) || strings.Contains(w.Body.String(), `"d"`) {
		t.Errorf("the page says %d %s", w.Code, w.Body)
	}
	for _, nobody := range []telephony.AccountID{"nobody", "%00"} {
		if w := get(nobody); w.Code == 200 {
			t.Errorf("%s has keys: %s", nobody, w.Body)
		}
	}
	if err := f.engine.PutKey(access.With(t.Context(), access.Actor{Person: "x"}), "lakeside", newKey(t)); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("anybody puts a key: %v", err)
	}
	f.verify()
}
