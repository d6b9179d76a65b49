package house_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/console"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/chart"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/routing/channel"
	"lamplight/routing/dispatch"
	"lamplight/routing/patient"
	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// rig is a House on a real record and real escalations, of which nobody sends anything; there is no telephone.
type rig struct {
	*house.House
	pool    *pgxpool.Pool
	log     *audit.Log
	key     *audit.Key
	store   *record.Store
	door    *access.Door
	routing *dispatch.Engine

	patients *record.Patients
	notices  *patient.Engine
}

// The people of the rig. Two practices, lakeside and bosque; what happens, happens at lakeside.
var people = []access.Person{
	{ID: "agent", Name: "Ana Agent", Grants: []access.Grant{{Account: "*", Role: notes.RoleAgent}}, Speaks: `{"languages":{"en":3}}`},
	{ID: "doctor", Name: "Dr Reyes", Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleProvider}}},
	{ID: "office", Name: "Front Office", Grants: []access.Grant{{Account: "lakeside", Role: notes.RolePractice}}},
	{ID: "boss", Name: "Sam Boss", Grants: []access.Grant{{Account: "*", Role: notes.RoleSupervisor}}},
	{ID: "other-doctor", Name: "Dr Bosque", Grants: []access.Grant{{Account: "bosque", Role: notes.RoleProvider}}},
	{ID: "other-office", Name: "Otra Oficina", Grants: []access.Grant{{Account: "bosque", Role: notes.RolePractice}}},
	{ID: "other-agent", Name: "Olga Agent", Grants: []access.Grant{{Account: "bosque", Role: notes.RoleAgent}},
		Speaks: `{"languages":{"es":3}}`},
	{ID: "other-boss", Name: "Jefa Bosque", Grants: []access.Grant{{Account: "bosque", Role: notes.RoleSupervisor}}},
	{ID: "admin", Name: "Ada Admin", Grants: []access.Grant{{Account: "*", Role: notes.RoleAdmin}}},
}

// said is what the patient said: nobody of another practice may see a word of it.
var said = notes.Body{Fields: map[string]string{"name": "Ximena Quiñones", "callback": "+13125550142",
	"reason": "Presión detrás del esternón"},
	Verbatim: "desde la cena", ReadBack: []string{"callback"}}

var words = []string{"Quiñones", "Ximena", "555-0142", "5550142", "QUINONES", "esternón", "desde la cena"}

func newRig(t testing.TB) *rig {
	t.Helper()
	return rigOn(t, postgrestest.New(t))
}

func rigOn(t testing.TB, pool *pgxpool.Pool) *rig {
	t.Helper()
	keys := postgrestest.KeysIn(t, pool, t.TempDir())
	r := &rig{pool: pool, log: keys.Log, key: keys.Key, store: record.NewStore(pool, keys.Log, keys.Ring, nil),
		door: access.NewDoor(pool, keys.Log, keys.Ring)}
	var err error
	quiet, link := slog.New(slog.NewTextHandler(io.Discard, nil)), sha256.Sum256([]byte("a test's link key"))
	if r.routing, err = dispatch.New(dispatch.Config{Pool: r.pool, Log: r.log, LinkBase: "https://page.example", LinkKey: link[:],
		Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	r.drive()
	seed := access.System(t.Context(), "seed")
	for _, a := range []notes.Account{practice("lakeside", "+13125550100"), practice("bosque", "+13125550200")} {
		if err := r.store.PutAccount(seed, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range people {
		p.Login, p.Language = string(p.ID), "en"
		if _, err := r.door.AddPerson(seed, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// drive makes the server on the rig's record and escalations.
func (r *rig) drive() { r.with(func(*house.Config) {}) }

// with is drive, with more of its configuration.
func (r *rig) with(more func(*house.Config)) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	r.store.AddStorySource(r.routing)
	r.patients = record.NewPatients(r.store)
	link := sha256.Sum256([]byte("a test's link key"))
	var err error
	// Nobody sends anything: a channel is there to be agreed to.
	if r.notices, err = patient.New(patient.Config{Pool: r.pool, Log: r.log, Store: r.store, Patients: r.patients, Door: r.door,
		LinkBase: "https://page.example", LinkKey: link[:], Logger: quiet,
		Channels: map[notes.ConsentChannel]channel.Channel{notes.ByText: nobody{}}}); err != nil {
		panic(err) // its configuration is this test's
	}
	cfg := house.Config{Store: r.store, Door: r.door, Routing: r.routing,
		Charts:   chart.New(chart.Config{Pool: r.pool, Log: r.log, Store: r.store, Logger: quiet}),
		Phones:   dispatch.NewPushPhones(r.pool, r.log),
		Patients: r.patients, Notices: r.notices,
		Log:   quiet,
		Phone: func(string) (console.PhoneAccount, bool) { return console.PhoneAccount{}, false }}
	more(&cfg)
	r.House = house.New(cfg)
	r.Drive(engine.NewEngine(engine.Config{Ledger: r.store, Listener: r.House, Log: quiet}))
}

// nobody is a channel by which nothing is sent.
type nobody struct{ channel.Channel }

func practice(id telephony.AccountID, did telephony.Number) notes.Account {
	return notes.Account{ID: id, Name: string(id), TimeZone: "America/Chicago", Languages: []telephony.Language{"en", "es"},
		Lines:     []telephony.Line{{DID: did, Account: id, Name: string(id), Languages: []telephony.Language{"en", "es"}}},
		Messaging: &notes.Messaging{Ladder: "urgent", AfterHours: notes.Text{"en": "Call us.", "es": "Llámenos."}},
		Contacts:  []notes.Contact{{ID: "reyes", Person: "doctor", Name: "Dr Reyes", Language: "en", Mobile: "+13125550101"}},
		Schedule:  []byte(`{"timezone":"America/Chicago","layers":[{"who":["reyes"]}]}`),
		Ladders:   []byte(`{"ladders":[{"name":"urgent","version":1,"rungs":[{"after":"0s","who":"primary","channels":["text"]}]}]}`),
		Script: notes.Script{Version: 1, RedFlags: []notes.RedFlag{{Words: map[telephony.Language][]string{"es": {"dolor de pecho"}}}},
			CallTypes: []notes.CallType{{ID: "symptom", Digit: "1", Urgency: notes.Urgent, Ladder: "urgent",
				Fields: []notes.Field{{Key: "name", Kind: "name", Required: true}, {Key: "callback", Kind: "phone"},
					{Key: "reason", Kind: "text"}}}}}}
}

// as returns a context in which the person acts.
func (r *rig) as(t testing.TB, id notes.PersonID) context.Context {
	t.Helper()
	a, err := r.door.ActorOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return access.With(t.Context(), a)
}

// board is the first page of somebody's board.
func (r *rig) board(t *testing.T, id notes.PersonID) (rows []console.BoardRow) {
	t.Helper()
	// What is listed and what is counted are two statements: a change may come between them.
	until(t, "as many rows as are counted", func() bool {
		page, err := r.BoardPage(r.as(t, id), console.BoardQuery{})
		if err != nil || page.Next != "" {
			t.Fatalf("%+v, %v", page, err)
		}
		rows = page.Rows
		return page.Open == len(rows)
	})
	return rows
}

// call records a call that was answered and has ended, with its recording.
func (r *rig) call(t *testing.T, id telephony.CallID, account telephony.AccountID) {
	t.Helper()
	at := time.Now().Add(-time.Minute)
	c := telephony.Call{ID: id, DID: "+13125550100", Account: account, ANI: "+13125550142", CallerName: "QUINONES XIMENA", Language: "es",
		Inbound: true,
		State:   telephony.Talking, OpenedAt: at, AnsweredAt: at, Agent: "agent"}
	if err := r.store.Record(t.Context(), c, telephony.Step{At: at, Kind: "talking", Agent: "agent"}); err != nil {
		t.Fatal(err)
	}
	c.State, c.EndedAt, c.Outcome = telephony.Ended, at.Add(time.Minute), telephony.Completed
	if err := r.store.Record(t.Context(), c, telephony.Step{At: c.EndedAt, Kind: "ended"}); err != nil {
		t.Fatal(err)
	}
	if err := r.store.Keep(t.Context(), id, telephony.RecordingID("rec-"+string(id)), func(w io.Writer) error {
		_, err := w.Write([]byte("RIFF esternón"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func draft(id string, call telephony.CallID, account telephony.AccountID) console.Draft {
	return console.Draft{ID: id, Seq: 1, Call: call, Account: account, CallType: "symptom", Urgency: notes.Urgent, Language: "es",
		Body: said}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
