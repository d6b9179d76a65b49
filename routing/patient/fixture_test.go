package patient_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/routing/channel"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/twilio"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

const (
	number   = "+13125550142"
	mailbox  = "ximena@example.org"
	birth    = "1961-04-02"
	patience = time.Minute
)

// fixture is an engine on a real database with real channels to a pocket, at a time of day that a test sets.
type fixture struct {
	t        *testing.T
	pool     *pgxpool.Pool
	key      *audit.Key
	log      *audit.Log
	store    *record.Store
	patients *record.Patients
	door     *access.Door
	pocket   *pocket.Pocket
	engine   *patient.Engine
	cfg      patient.Config
	text     twilio.Config
	dir      string
	set      atomic.Pointer[time.Time] // the time of day; nil for the machine's
	staff    context.Context
}

func (f *fixture) clock() time.Time {
	if at := f.set.Load(); at != nil {
		return *at
	}
	return time.Now()
}

// at sets the time of day.
func (f *fixture) at(now time.Time) { f.set.Store(&now) }

func newFixture(t *testing.T, faults func(pocket.Arrival) pocket.Fault) *fixture {
	return fixtureOn(t, postgrestest.New(t), faults)
}

func fixtureOn(t *testing.T, pool *pgxpool.Pool, faults func(pocket.Arrival) pocket.Fault) *fixture {
	t.Helper()
	f := &fixture{t: t, pool: pool, dir: t.TempDir()}
	keys := postgrestest.KeysIn(t, f.pool, f.dir)
	f.key, f.log = keys.Key, keys.Log
	f.store, f.door = record.NewStore(f.pool, keys.Log, keys.Ring, f.clock), access.NewDoor(f.pool, keys.Log, keys.Ring)
	f.door.Now, f.patients = f.clock, record.NewPatients(f.store)
	var err error
	if f.pocket, err = pocket.Start(t.Context(), pocket.Config{Faults: faults}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.pocket.Close() })
	var report, in http.Handler
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/in") {
			in.ServeHTTP(w, r)
			return
		}
		report.ServeHTTP(w, r)
	}))
	t.Cleanup(hooks.Close)
	f.pocket.SetInbound(hooks.URL + "/in")
	f.text = twilio.Config{BaseURL: f.pocket.URL, AccountSID: f.pocket.AccountSID, AuthToken: f.pocket.AuthToken, From: "+13125550999",
		CallbackURL: hooks.URL + "/text", InboundURL: hooks.URL + "/in"}
	text, err := twilio.New(f.text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(text.Close)
	report = text.Callback(func(ctx context.Context, r channel.DeliveryReport) error {
		_, err := f.engine.Report(ctx, r)
		return err
	})
	in = text.Inbound(func(ctx context.Context, r channel.Reply) (string, error) {
		heard, err := f.engine.TextedBack(ctx, r)
		if err == nil && heard.Words != nil {
			return f.kept(ctx, r, *heard.Words)
		}
		return heard.Answer, err
	})
	email, err := mail.New(mail.Config{Host: f.pocket.MailHost, Port: f.pocket.MailPort, From: "Lamplight <notes@house.example>",
		Roots: f.pocket.Roots})
	if err != nil {
		t.Fatal(err)
	}
	f.cfg = patient.Config{Pool: f.pool, Log: f.log, Store: f.store, Patients: f.patients, Door: f.door, LinkBase: "https://page.example",
		LinkKey: linkKey(), Channels: map[notes.ConsentChannel]channel.Channel{notes.ByText: text, notes.ByEmail: email},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: f.clock, Poll: 50 * time.Millisecond, Lease: 2 * time.Second}
	if f.engine, err = patient.New(f.cfg); err != nil {
		t.Fatal(err)
	}
	f.furnish()
	return f
}

func linkKey() []byte {
	key := sha256.Sum256([]byte("a test's link key"))
	return key[:]
}

func (f *fixture) furnish() {
	f.t.Helper()
	seed := access.System(f.t.Context(), "seed")
	acc := notes.Account{ID: "lakeside", Name: "Lakeside", TimeZone: "America/Chicago", Languages: []telephony.Language{"en", "es"},
		Lines:    []telephony.Line{{DID: "+13125550100", Account: "lakeside"}},
		Schedule: []byte(`{}`), Ladders: []byte(`[]`),
		Messaging: &notes.Messaging{Ladder: "urgent"},
		Script: notes.Script{RedFlags: []notes.RedFlag{{Words: map[telephony.Language][]string{"en": {"can't breathe"},
			"es": {"presión en el pecho"}}}}}}
	if err := f.store.PutAccount(seed, acc); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.door.AddPerson(seed, access.Person{ID: "office", Login: "office", Name: "Front Office", Language: "en",
		Grants: []access.Grant{{Account: "lakeside", Role: notes.RolePractice}}}, ""); err != nil {
		f.t.Fatal(err)
	}
	a, err := f.door.ActorOf(f.t.Context(), "office")
	if err != nil {
		f.t.Fatal(err)
	}
	f.staff = access.With(context.Background(), a)
}

// admitted is a patient who agreed to be told by the channels named.
func (f *fixture) admitted(by ...notes.ConsentChannel) notes.Patient {
	f.t.Helper()
	var said []notes.Consent
	for _, c := range by {
		said = append(said, notes.Consent{Channel: c, Given: true, How: notes.InPerson})
	}
	p, err := f.patients.Put(f.staff, notes.Patient{ID: notes.PatientID(uuid.NewString()), Account: "lakeside", Language: "es",
		Name: "Ximena Quiñones", Birth: birth, Email: mailbox, Numbers: []notes.PatientNumber{{Number: number, Text: true}}}, said,
		f.engine.Changed)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// writes sends a message of the practice's.
func (f *fixture) writes(p notes.Patient, id, seen string) {
	f.t.Helper()
	if err := f.tryWrite(p, id, seen); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) tryWrite(p notes.Patient, id, seen string) error {
	tell, err := f.engine.Tell(f.staff, p.ID)
	if err != nil {
		return err
	}
	_, err = f.patients.Write(f.staff, record.Writing{ID: id, Patient: p.ID, Seen: seen, Text: "Chew an aspirin"}, tell)
	return err
}

// run starts the engine; it stops with the test.
func (f *fixture) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = f.engine.Run(ctx) }()
	f.t.Cleanup(func() { cancel(); <-done })
}

func (f *fixture) until(what string, so func() bool) {
	f.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("never: %s", what)
		}
	}
}

// arrived are what reached the pocket, of an address.
func (f *fixture) arrived(to string) (out []pocket.Arrival) {
	for _, a := range f.pocket.Messages() {
		if a.To == to && a.Status != "refused" {
			out = append(out, a)
		}
	}
	return out
}

// next waits for the nth message to an address.
func (f *fixture) next(to string, n int) pocket.Arrival {
	f.t.Helper()
	f.until(fmt.Sprintf("message %d", n), func() bool { return len(f.arrived(to)) >= n })
	return f.arrived(to)[n-1]
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func tokenOf(a pocket.Arrival) string {
	_, token, _ := strings.Cut(a.Link, "#")
	return token
}

// code asks for one and reads it in the pocket.
func (f *fixture) code(token, to string) string {
	f.t.Helper()
	n := len(f.arrived(to))
	if _, err := f.engine.SendCode(f.t.Context(), token, "192.0.2.1"); err != nil {
		f.t.Fatal(err)
	}
	return sixDigits.FindString(f.next(to, n+1).Body)
}

func (f *fixture) states(p notes.Patient) (out []string) {
	f.t.Helper()
	all, err := f.engine.Notices(f.t.Context(), p.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, n := range all {
		out = append(out, string(n.Channel)+" "+string(n.State))
	}
	return out
}

func (f *fixture) warned(p notes.Patient) notes.ThreadWarning {
	f.t.Helper()
	t, err := f.patients.Last(f.t.Context(), p.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return t.Warned
}

func (f *fixture) verify() {
	f.t.Helper()
	if _, err := f.log.Sequence(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	tables := append(append(append(record.Tables(), access.Tables()...), postgres.Tables()...), patient.Tables()...)
	r, err := audit.Verify(context.Background(), f.pool, audit.VerifyOptions{Key: f.key, Tables: tables})
	if err != nil {
		f.t.Fatal(err)
	}
	if !r.Good() {
		var b strings.Builder
		r.Print(&b)
		f.t.Error(b.String())
	}
}

// orders is what a worker process of its own needs; it gets them in its environment.
type orders struct {
	Database, Dir string
	Text          twilio.Config
}

const ordersVar = "PATIENT_TEST_WORKER"

// TestMain lets this binary be the worker process that a test kills.
func TestMain(m *testing.M) {
	if text := os.Getenv(ordersVar); text != "" {
		if err := workAsOrdered(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func workAsOrdered(orderText string) error {
	var o orders
	if err := json.Unmarshal([]byte(orderText), &o); err != nil {
		return err
	}
	pool, err := postgres.Connect(context.Background(), o.Database)
	if err != nil {
		return err
	}
	key, err := audit.LoadKey(o.Dir+"/audit.key", "lamplight.test")
	if err != nil {
		return err
	}
	root, err := seal.LoadKeyring(o.Dir + "/root.keys")
	if err != nil {
		return err
	}
	text, err := twilio.New(o.Text)
	if err != nil {
		return err
	}
	log := audit.NewLog(pool, key)
	ring := seal.NewRing(root, postgres.NewShelf(pool, log))
	store := record.NewStore(pool, log, ring, nil)
	e, err := patient.New(patient.Config{Pool: pool, Log: log, Store: store, Patients: record.NewPatients(store),
		Door: access.NewDoor(pool, log, ring), LinkBase: "https://page.example", LinkKey: linkKey(), Poll: 20 * time.Millisecond,
		Channels: map[notes.ConsentChannel]channel.Channel{notes.ByText: text}, Lease: 2 * time.Second})
	if err != nil {
		return err
	}
	return e.Run(context.Background())
}

// kept does with a patient's words what the house does.
func (f *fixture) kept(ctx context.Context, r channel.Reply, w patient.TextedWords) (string, error) {
	if _, err := f.patients.WriteAsPatient(access.WithVisitor(ctx, access.Visitor{Patient: w.Patient, Account: w.Account}),
		record.PatientWords{ID: "text-" + r.Ref, Text: r.Body, Due: f.clock(), Texted: true, Shared: w.Shared}); err != nil {
		return "", err
	}
	return f.engine.TextKept(ctx, r, w)
}
