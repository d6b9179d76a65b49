package house_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/console/portal"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	"lamplight/console/wire/wiretest"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

// TestNobodyActsOnAnotherPracticesThings asks every declared request, as each role of one practice, about another practice's
// things and about what does not exist, over the real wire and over HTTP. It is refused, both alike; it is never answered; and
// no row of the database is another afterwards. A request declared later is covered by the types of its fields, or fails here.
func TestNobodyActsOnAnotherPracticesThings(t *testing.T) {
	d := openDoors(t)
	foreign := things{"live": d.live, "over": d.over, "stored": "call-1"}
	for _, role := range []notes.PersonID{"other-agent", "other-boss", "other-doctor", "other-office", "other-admin"} {
		v := d.visitor(t, role)
		for _, q := range console.Requests() {
			fill, ids := d.filler(t, q)
			for call, id := range foreign {
				if len(ids) == 0 || !ids["CallID"] && call != "live" {
					continue // it names nothing; or once is enough
				}
				before := d.rows(t)
				var of [2]string
				for i, what := range []fields{{call: id, note: d.note, account: "lakeside", token: d.token, patient: d.patient,
					visit: d.visit},
					{call: "no-such-call", note: "01a21e92-0000-7c9e-864f-9c0c341a6392", account: "nowhere",
						token: strings.Repeat("A", 43), patient: "01a21e92-3333-7c9e-864f-9c0c341a6392",
						visit: "01a21e92-4444-7c9e-864f-9c0c341a6392"}} {
					of[i] = v.ask(t, q, fill(what))
				}
				where := fmt.Sprintf("%s, as %s, of a %s call", q.Name, role, call)
				switch {
				case !refused(of[0]) && !ofNoDraft(q, of[0]):
					t.Errorf("%s: another practice's is answered %.200s", where, of[0])
				case of[0] != of[1]:
					t.Errorf("%s: another practice's is %.200s, and what does not exist %.200s", where, of[0], of[1])
				}
				if after := d.rows(t); !maps.Equal(before, after) {
					t.Errorf("%s: it changed %v", where, differing(before, after))
				}
			}
		}
	}
	if c, ok := d.engine.Call(d.live); !ok || c.State == telephony.Ended {
		t.Error("the living call was ended")
	}
}

// TestWhoMayIsAnswered is the other side: the same requests about one's own things are not refused as if they were another's.
func TestWhoMayIsAnswered(t *testing.T) {
	d := openDoors(t)
	// Of these an agent needs a call of their own in hand, which no agent here has, or a supervisor one that lives, or somebody's
	// note that was left, or a voicemail: of other calls agents hear nothing.
	inCall := []string{"takedraft", "recording", "endcall", "reject", "hold", "resume", "rejoin", "hangup", "setlanguage", "directory", "patch",
		"leavecall", "transfer", "confer", "handover", "listen"}
	for role, rights := range map[notes.PersonID]notes.Role{"agent": notes.RoleAgent, "boss": notes.RoleSupervisor,
		"doctor": notes.RoleProvider,
		"office": notes.RolePractice, "admin": notes.RoleAdmin} {
		v := d.visitor(t, role)
		for _, q := range console.Requests() {
			fill, ids := d.filler(t, q)
			if q.Desk && rights != notes.RoleAgent && rights != notes.RoleSupervisor {
				continue // they have no desk
			}
			if q.Name == console.AskNewPractice.Name && rights == notes.RolePractice {
				continue // an office has its practice
			}
			if len(ids) == 0 || !rights.May(q.Needs) || slices.Contains(inCall, q.Name) || v.way(q) == "" {
				continue
			}
			got := v.ask(t, q, fill(fields{call: "call-1", note: d.note, account: "lakeside", token: d.token, patient: d.patient,
				visit: d.visit, own: true}))
			if strings.HasPrefix(got, string(console.Forbidden)) || strings.HasPrefix(got, string(console.NotFound)) {
				t.Errorf("%s, as %s: %s", q.Name, role, got)
			}
		}
	}
}

// doors is a rig behind its real doors, with calls of lakeside's and a note.
type doors struct {
	*rig
	engine     *engine.Engine
	live, over telephony.CallID // one waits in the queue, the other hung up a moment ago
	note       notes.NoteID
	patient    notes.PatientID
	visit      notes.AppointmentID
	token      string
	bus        *wiretest.Server
	pages      *httptest.Server
}

type things map[string]telephony.CallID

const doorPassword = "a password of the tests"

func openDoors(t *testing.T) *doors {
	t.Helper()
	d := &doors{rig: newRig(t)}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	seed := access.System(t.Context(), "seed")
	if _, err := d.door.AddPerson(seed, access.Person{ID: "other-admin", Login: "other-admin", Name: "Otra Admin", Language: "en",
		Grants: []access.Grant{{Account: "bosque", Role: notes.RoleAdmin}}}, ""); err != nil {
		t.Fatal(err)
	}
	fake := switchtest.NewFake()
	t.Cleanup(func() { _ = fake.Close() })
	d.engine = engine.NewEngine(engine.Config{Switch: fake, Ledger: d.store, Listener: d.House, Zone: time.UTC, Log: quiet})
	d.Drive(d.engine)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.engine.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })

	d.call(t, "call-1", "lakeside")
	sent, err := d.Send(d.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	d.note = sent.Note
	if err := d.SaveDraft(d.as(t, "agent"), draft("d-own", "call-1", "lakeside")); err != nil {
		t.Fatal(err)
	}
	if err := d.routing.Unfold(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.token = d.linkToken(t)
	d.patient = d.admitted(t).ID
	d.visit = d.booked(t, d.patient)
	d.until(t, "the switch is known", d.engine.Healthy)
	arrives := func() (telephony.LegID, telephony.CallID) {
		leg := fake.Arrive("+13125550100", "+13125550142", "")
		id := telephony.CallOf(leg)
		d.until(t, "a caller waits", func() bool { c, ok := d.engine.Call(id); return ok && c.State == telephony.Waiting })
		return leg, id
	}
	leg, over := arrives()
	fake.HangUp(leg, 16)
	d.until(t, "a caller hung up", func() bool { _, there := d.engine.Call(over); return !there })
	d.over = over
	_, d.live = arrives()
	d.until(t, "the calls are written down", func() bool {
		var n int
		err := d.pool.QueryRow(t.Context(), `select count(*) from call c where id = any($1) and state = case id when $2 then 'ended' else 'waiting' end`,
			[]string{string(d.live), string(d.over)}, string(d.over)).Scan(&n)
		return err == nil && n == 2
	})
	d.open(t, quiet)
	return d
}

// linkToken is what stands in a link that lakeside's doctor is sent.
func (d *doors) linkToken(t *testing.T) string {
	t.Helper()
	var attempt string
	if err := d.pool.QueryRow(t.Context(), "select min(id) from attempt").Scan(&attempt); err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte("a test's link key"))
	m := hmac.New(sha256.New, key[:])
	m.Write([]byte("lamplight link 1\n" + attempt))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// open serves the wire and the pages.
func (d *doors) open(t *testing.T, quiet *slog.Logger) {
	t.Helper()
	service := d.Service()
	d.bus = wiretest.Start(t, service, bus.NewDoorkeeper(d.door, d.InCall))
	d.pages = httptest.NewTLSServer(portal.New(portal.Config{Service: service, Recordings: d.House, Pushes: d.House,
		Feeds: d.House, Sessions: portal.NewSessions(d.door), Files: fstest.MapFS{"index.html": {Data: []byte("x")}, "sw.js": {Data: []byte("1")}},
		Log: quiet}))
	t.Cleanup(d.pages.Close)
}

func (d *doors) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// rows has each table's rows as one digest, but those of who is signed in.
func (d *doors) rows(t *testing.T) map[string]string {
	t.Helper()
	names, err := d.pool.Query(t.Context(), "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' "+
		"and relname not in ('session', 'sign_in_pace', 'person_seen')")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(names, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	out := map[string]string{}
	b := &pgx.Batch{}
	for _, name := range tables {
		b.Queue("select coalesce(md5(string_agg(x::text, '|' order by x::text)), '') from " + name + " x").QueryRow(func(r pgx.Row) error {
			var digest string
			err := r.Scan(&digest)
			out[name] = digest
			return err
		})
	}
	if err := d.pool.SendBatch(t.Context(), b).Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func differing(a, b map[string]string) (names []string) {
	for n := range b {
		if a[n] != b[n] {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// fields is what a request is asked about.
type fields struct {
	call    telephony.CallID
	note    notes.NoteID
	account telephony.AccountID
	token   string
	patient notes.PatientID
	visit   notes.AppointmentID
	own     bool
}

// harmlessWords are the values of fields that name nothing of a practice's, by request and name or by name.
var harmlessWords = map[string]any{"reason": "x", "pause.reason": "break", "epoch": 1, "language": "es", "outcome": "reached", "seq": 1,
	"on": true, "mode": "monitor", "plain": true,
	"callType": "symptom", "urgency": "urgent", "body": said, "savedAt": nil, "after": "", "text": "x", "act": "next", "from": "", "to": "",
	"state": "", "agent": "", "search": "", "limit": 0, "endpoint": "https://push.example/x", "keys": map[string]string{},
	"callpatient.id": "01a21e92-1111-7c9e-864f-9c0c341a6392", "practicecall.id": "urgent", "rendered.token": "",
	"callstep.id": "01a21e92-2222-7c9e-864f-9c0c341a6392", "recording.from": 0, "contact": "reyes", "took": false,
	"patient": "p1", "number": "", "leave": false, "again": true, "days": 7, "basis": "x", "why": "x", "sure": false, "word": "", "kind": "status", "says": map[string]string{"en": "x", "es": "x"}, "bulletin": "x",
	"do":    map[string]any{"act": "put", "kind": "leave", "for": "reyes", "from": "2100-01-01", "to": "2100-01-02"},
	"login": "new.person", "name": "New Person", "mobile": "+13125550109", "role": "practice", "send": "",
	"speaks": map[string]any{"languages": map[string]int{"en": 3}}, "session": "x", "inviteperson.contact": "", "left": false,
	"people.after":  "",
	"editperson.do": map[string]any{"act": "card", "name": "New Name", "language": "en"}, "duty.role": "primary", "inviteperson.language": "en",
	"at": "2100-01-01T02:00", "later": false, "index": 0,
	"document": "{}", "practicereminders.visit": "", "practicereminders.provider": "", "person": "nobody", "timeZone": "UTC", "template": "solo", "version": "x", "savepractice.version": 1,
	"birth": "1980-02-03", "email": "new@x.example", "zone": "", "texts": false, "mails": false, "how": "phone",
	"anyway": true, "call": false, "channel": "text", "given": true, "tab": "all", "seen": "x", "remark": false, "message": "m1",
	"writethread.id": "w1", "closethread.id": "c1", "mywords.id": "p1", "putpatient.version": 0,
	"code": "1234", "part": "service", "values": map[string]string{}, "secret": "", "back": 0, "by": "text", "editsetting.basis": 0,
	"handover.draft": nil, "purpose": "care", "reminders": false, "day": "2100-01-01", "time": "09:00", "minutes": 30, "visit": "Control",
	"place": "", "provider": "", "markvisit.state": "kept", "file": "", "columns": map[string]int{}, "answers": map[string]string{},
	"moved": map[string]bool{}, "agreed": "", "visitword.id": "a1", "new": false, "visitword.leave": true, "keep": false,
	"size": 10, "files": []string{}, "file.file": "f1", "filedone.file": "f1", "filedrop.file": "f1", "myfile.file": "f1",
	"myfiledone.file": "f1", "myfiledrop.file": "f1", "figures.from": "2100-01-01", "figures.to": "2100-01-02",
	"markvisit.version": 1, "putvisit.version": 1,
	"duty.act": "take", "duty.from": "2100-01-01T00:00:00Z", "duty.to": "2100-01-02T00:00:00Z"}

// filler makes a request's body of what it is to be asked about; ids are the types of its fields that name a thing. A field that this
// test does not know fails it.
func (d *doors) filler(t *testing.T, q console.Described) (fill func(fields) []byte, ids map[string]bool) {
	t.Helper()
	ids = map[string]bool{}
	type set func(fields) any
	sets := map[string]set{}
	for i := range q.In.NumField() {
		f := q.In.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		word, known := harmlessWords[q.Name+"."+name]
		if !known {
			word, known = harmlessWords[name]
		}
		switch f.Type {
		case reflect.TypeFor[telephony.CallID]():
			sets[name], ids["CallID"] = func(f fields) any { return f.call }, true
		case reflect.TypeFor[notes.NoteID]():
			sets[name], ids["NoteID"] = func(f fields) any { return f.note }, true
		case reflect.TypeFor[notes.PatientID]():
			sets[name], ids["PatientID"] = func(f fields) any { return f.patient }, true
		case reflect.TypeFor[notes.AppointmentID]():
			sets[name], ids["AppointmentID"] = func(f fields) any { return f.visit }, true
		case reflect.TypeFor[telephony.AccountID]():
			sets[name], ids["AccountID"] = func(f fields) any { return f.account }, true
		case reflect.TypeFor[notes.PersonID]():
			if known {
				sets[name] = func(fields) any { return word }
				continue
			}
			sets[name], ids["PersonID"] = func(f fields) any { return map[bool]string{true: "no-such", false: "doctor"}[f.account == "nowhere"] }, true
		default:
			switch {
			case name == "id" && (q.In == reflect.TypeFor[console.Draft]() || q.In == reflect.TypeFor[console.DraftRef]()):
				ids["draft"] = true
				sets[name] = func(f fields) any {
					switch {
					case f.own:
						return "d-new"
					case f.account == "nowhere":
						return "no-such-draft"
					}
					return "d-own"
				}
			case q.In == reflect.TypeFor[console.DraftRefs]():
				ids["draft"] = true
				sets[name] = func(f fields) any {
					return map[bool][]string{true: {"no-such-draft"}, false: {"d-own"}}[f.account == "nowhere"]
				}
			case q.Name == "locate" && name == "token":
				sets[name], ids["token"] = func(f fields) any { return f.token }, true
			case f.Type == reflect.TypeFor[console.Draft]():
				ids["draft"] = true
				sets[name] = func(f fields) any { return draft("d-gift", f.call, f.account) }
			case known:
				sets[name] = func(fields) any { return word }
			default:
				t.Errorf("%s asks with %q, a %s: say in this test what it names", q.Name, name, f.Type)
			}
		}
	}
	return func(f fields) []byte {
		in := map[string]any{}
		for name, set := range sets {
			if v := set(f); v != nil {
				in[name] = v
			}
		}
		if q.In == reflect.TypeFor[console.StoryRef]() && f.call != "" { // by one of the two
			delete(in, map[bool]string{true: "note", false: "call"}[f.call != d.live])
		}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}, ids
}

// visitor is somebody signed in at a desk and at the pages.
type visitor struct {
	desk *wire.Client
	http *http.Client
	url  string
}

func (d *doors) visitor(t *testing.T, id notes.PersonID) *visitor {
	t.Helper()
	if err := d.door.SetPassword(access.System(t.Context(), "seed"), id, doorPassword); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{http: &http.Client{Transport: d.pages.Client().Transport, Jar: jar}, url: d.pages.URL}
	o := wire.Options{URL: "tls://" + d.bus.Addr, CA: d.bus.CA, Login: string(id), Password: doorPassword}
	d.until(t, string(id)+" signs in", func() bool { // a machine too busy to hash in NATS's time refuses
		v.desk, err = wire.Dial(t.Context(), o)
		return err == nil
	})
	t.Cleanup(v.desk.Close)
	if events, err := v.desk.Watch(t.Context()); err == nil { // an agent, or a supervisor, sits down
		<-events
	} else if kindOf(err) != console.Forbidden {
		t.Fatal(err)
	}
	if got := v.post(t, "POST /api/sign-in", fmt.Appendf(nil, `{"login":%q,"password":%q}`, id, doorPassword)); refused(got) {
		t.Fatalf("%s cannot sign in: %s", id, got)
	}
	return v
}

// way is how a request is asked: its route, or the wire.
func (v *visitor) way(q console.Described) string {
	switch {
	case q.Route != "":
		return q.Route
	case q.Desk:
		return "wire"
	case q.Name == console.AskExport.Name:
		return "POST /api/calls.csv"
	}
	return ""
}

// ask asks, and tells the answer, or "kind code" of a refusal.
func (v *visitor) ask(t *testing.T, q console.Described, body []byte) string {
	t.Helper()
	switch way := v.way(q); way {
	case "":
		t.Errorf("nobody can ask %s: say in this test how", q.Name)
		return ""
	case "wire":
		answer, err := v.desk.Ask(t.Context(), q.Name, body)
		return told(t, q.Name, answer, err)
	default:
		if _, err := v.desk.Ask(t.Context(), q.Name, body); !q.Desk && kindOf(err) != console.NotFound {
			t.Errorf("%s, over the wire: %v", q.Name, err)
		}
		return v.post(t, way, body)
	}
}

func told(t *testing.T, name string, answer []byte, err error) string {
	t.Helper()
	var e *console.Error
	switch {
	case err == nil:
		return string(answer)
	case errors.As(err, &e):
		return string(e.Kind) + " " + e.Code
	}
	t.Errorf("%s: %v", name, err)
	return ""
}

func (v *visitor) post(t *testing.T, route string, body []byte) string {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatal(err)
	}
	for name, value := range in {
		path = strings.ReplaceAll(path, "{"+name+"}", fmt.Sprint(value))
	}
	if method == http.MethodGet {
		body = nil
	}
	r, err := http.NewRequestWithContext(t.Context(), method, v.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w, err := v.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Error *console.Error `json:"error"`
	}
	if w.StatusCode >= 400 {
		if err := json.Unmarshal(answer, &out); err != nil || out.Error == nil {
			t.Errorf("%s: %d %.200s", route, w.StatusCode, answer)
			return ""
		}
		return string(out.Error.Kind) + " " + out.Error.Code
	}
	return string(answer)
}

// ofNoDraft: one who drops a draft that is not theirs is told what who drops one that is not there is, for it may have been sent a
// moment ago; and of drafts that are not theirs none was sent.
func ofNoDraft(q console.Described, answer string) bool {
	return q.Name == console.AskDropDraft.Name && answer == "{}" || q.Name == console.AskSentDrafts.Name && answer == "[]"
}

func refused(answer string) bool {
	kind, _, _ := strings.Cut(answer, " ")
	return slices.Contains([]console.Kind{console.Forbidden, console.NotFound}, console.Kind(kind))
}
