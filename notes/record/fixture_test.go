package record_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// fixture is a record with people and a practice, on a database of its own.
type fixture struct {
	pool  *pgxpool.Pool
	key   *audit.Key
	log   *audit.Log
	store *record.Store
	door  *access.Door
}

const (
	agentID    = "agent-1"
	doctorID   = "doctor-1"
	officeID   = "office-1"
	strangerID = "doctor-2"
)

// What a patient says in these tests; none of it may be found where it is not sealed.
var said = notes.Body{
	Fields: map[string]string{"name": "Ximena Quiñones-Wojciechowska", "callback": "(312) 555-0142", "dob": "4/2/1961",
		"reason": "Pressure behind the breastbone since supper"},
	Verbatim: "Siento una presión detrás del esternón desde la cena", ReadBack: []string{"callback"},
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	return fixtureOn(t, postgrestest.New(t), t.TempDir())
}

// newFixtureAt is a fixture whose record goes by now.
func newFixtureAt(t testing.TB, now func() time.Time) *fixture {
	t.Helper()
	return fixtureAt(t, postgrestest.New(t), t.TempDir(), now)
}

func fixtureOn(t testing.TB, pool *pgxpool.Pool, dir string) *fixture {
	t.Helper()
	return fixtureAt(t, pool, dir, nil)
}

func fixtureAt(t testing.TB, pool *pgxpool.Pool, dir string, now func() time.Time) *fixture {
	t.Helper()
	keys := postgrestest.KeysIn(t, pool, dir)
	return &fixture{pool: pool, key: keys.Key, log: keys.Log, store: record.NewStore(pool, keys.Log, keys.Ring, now),
		door: access.NewDoor(pool, keys.Log, keys.Ring)}
}

// furnish adds the practice and the people.
func (h *fixture) furnish(t testing.TB) *fixture {
	t.Helper()
	ctx := access.System(context.Background(), "seed")
	for range 2 { // a seed runs at every start
		if err := h.store.PutAccount(ctx, lakeside()); err != nil {
			t.Fatal(err)
		}
	}
	other := lakeside()
	other.ID, other.Name, other.Lines = "bosque", "Pediatría del Bosque", nil
	if err := h.store.PutAccount(ctx, other); err != nil {
		t.Fatal(err)
	}
	for _, p := range []access.Person{
		{ID: agentID, Login: "marta", Name: "Marta Agent", Language: "es",
			Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAgent}}},
		{ID: doctorID, Login: "reyes", Name: "Dr Reyes", Language: "en",
			Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleProvider}}},
		{ID: officeID, Login: "office", Name: "Front Office", Language: "en",
			Grants: []access.Grant{{Account: "lakeside", Role: notes.RolePractice}}},
		{ID: strangerID, Login: "osei", Name: "Dr Osei", Language: "en",
			Grants: []access.Grant{{Account: "bosque", Role: notes.RoleProvider}}},
	} {
		if _, err := h.door.AddPerson(ctx, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// as returns a context in which the person acts.
func (h *fixture) as(t testing.TB, id notes.PersonID) context.Context {
	t.Helper()
	a, err := h.door.ActorOf(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return access.With(context.Background(), a)
}

func (h *fixture) tables() []audit.Table {
	return append(append(record.Tables(), access.Tables()...), postgres.Tables()...)
}

func (h *fixture) verify(t testing.TB) audit.Report {
	t.Helper()
	r, err := audit.Verify(context.Background(), h.pool, audit.VerifyOptions{Key: h.key, Tables: h.tables()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *fixture) mustVerify(t testing.TB) audit.Report {
	t.Helper()
	if _, err := h.log.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
	r := h.verify(t)
	if !r.Good() || len(r.Unchecked) > 0 {
		var b bytes.Buffer
		r.Print(&b)
		t.Fatal(b.String())
	}
	return r
}

func lakeside() notes.Account {
	return notes.Account{
		ID: "lakeside", Name: "Lakeside Internal Medicine", TimeZone: "America/Chicago", Languages: []telephony.Language{"en", "es"},
		Lines: []telephony.Line{{DID: "+13125550100", Account: "lakeside", Name: "Lakeside",
			Languages: []telephony.Language{"en", "es"}}},
		Schedule: []byte(`{"s":1}`), Ladders: []byte(`[]`),
		Script: notes.Script{Version: 3, CallTypes: []notes.CallType{{ID: "symptom", Digit: "1", Urgency: notes.Urgent, Ladder: "urgent",
			Role: "primary", Fields: []notes.Field{
				{Key: "name", Kind: "name", Required: true},
				{Key: "callback", Kind: "phone", Required: true, ReadBack: true},
				{Key: "dob", Kind: "date", Required: true},
				{Key: "reason", Kind: "text", Required: true},
				{Key: "pharmacy", Kind: "choice", Choices: []notes.Choice{{Value: "a"}}},
				{Key: "again", Kind: "yesno"},
			}}}},
	}
}

func aCall(id telephony.CallID) telephony.Call {
	return telephony.Call{ID: id, DID: "+13125550100", Account: "lakeside", ANI: "+13125550142", CallerName: "QUINONES XIMENA",
		Language: "es",
		State:    telephony.Arrived, OpenedAt: time.Now(), Inbound: true}
}

func aDraft(id string, call telephony.CallID) notes.Draft {
	return notes.Draft{ID: id, Seq: 1, Call: call, Account: "lakeside", CallType: "symptom", Urgency: notes.Urgent, Language: "es",
		Body: said}
}

// record walks a call through its states.
func (h *fixture) record(t testing.TB, c telephony.Call, states ...telephony.CallState) telephony.Call {
	t.Helper()
	for i, st := range states {
		c.State = st
		at := c.OpenedAt.Add(time.Duration(i) * time.Second)
		switch st {
		case telephony.Talking:
			c.AnsweredAt, c.Agent = at, agentID
		case telephony.Ended:
			c.EndedAt = at
			if c.Outcome = telephony.Abandoned; !c.AnsweredAt.IsZero() {
				c.Outcome = telephony.Completed
			}
		}
		step := telephony.Step{At: at, Kind: telephony.StepKind(st), Agent: c.Agent}
		if err := h.store.Record(context.Background(), c, step); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func writes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
