package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/channel/mail"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/channel/push"
	"lamplight/routing/channel/twilio"
	"lamplight/routing/routingtest"
)

// patience is how long a condition may take before a test fails: these tests may run in a busy machine's idle time.
const patience = time.Minute

// realLease is a lease of real time that a sending ends within even in a busy machine's idle time.
const realLease = 4 * time.Second

// fixture is an engine on a real database with real channels to a pocket.
type fixture struct {
	t    *testing.T
	pool *pgxpool.Pool
	log  *audit.Log
	key  *audit.Key
	// keyPath and textConfig are for another process that does the same work.
	keyPath    string
	textConfig twilio.Config
	clock      *routingtest.Clock
	pocket     *pocket.Pocket
	engine     *Engine
	cfg        Config
	kept       []string // what texts() kept
	alarms     chan Alarm
	stop       context.CancelFunc
	done       chan struct{}
}

var providers = []pocket.ProviderPhone{
	{Person: "p-reyes", Name: "Dr Reyes", Number: "+13125550101", Email: "reyes@lakeside.example", Lang: "en"},
	{Person: "p-osei", Name: "Dr Osei", Number: "+13125550102", Email: "osei@lakeside.example", Lang: "es"},
}

// newFixture opens everything but runs no engine yet.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	h := &fixture{t: t, pool: postgrestest.New(t), alarms: make(chan Alarm, 100)}
	h.clock = routingtest.NewClock(t, h.pool)
	var err error
	h.keyPath = filepath.Join(t.TempDir(), "audit.key")
	if h.key, err = audit.LoadKey(h.keyPath, "test"); err != nil {
		t.Fatal(err)
	}
	h.log = audit.NewLog(h.pool, h.key)
	keys, err := push.NewVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	if h.pocket, err = pocket.Start(t.Context(), pocket.Config{Phones: providers, PushKey: keys.Public}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.pocket.Close() })
	h.subscribe()
	h.cfg = h.config(keys)
	if h.engine, err = New(h.cfg); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *fixture) subscribe() {
	h.t.Helper()
	for _, p := range providers {
		var s push.Subscription
		if err := json.Unmarshal(h.pocket.Subscription(p.Person), &s); err != nil {
			h.t.Fatal(err)
		}
		if err := NewPushPhones(h.pool, h.log).Subscribe(h.t.Context(), notes.PersonID(p.Person), s); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *fixture) config(keys push.VAPIDKeys) Config {
	h.t.Helper()
	var hook http.Handler
	hooks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hook.ServeHTTP(w, r) }))
	h.t.Cleanup(hooks.Close)
	h.textConfig = twilio.Config{BaseURL: h.pocket.URL, AccountSID: h.pocket.AccountSID, AuthToken: h.pocket.AuthToken,
		From: "+13125550999", CallbackURL: hooks.URL + "/hooks/text"}
	text, err := twilio.New(h.textConfig)
	if err != nil {
		h.t.Fatal(err)
	}
	hook = text.Callback(func(ctx context.Context, r channel.DeliveryReport) error { return h.engine.Report(ctx, r) })
	email, err := mail.New(mail.Config{Host: h.pocket.MailHost, Port: h.pocket.MailPort, From: "Lamplight <notes@house.example>",
		Bounces: "bounces@house.example", Roots: h.pocket.Roots})
	if err != nil {
		h.t.Fatal(err)
	}
	pushes, err := push.New(push.Config{Keys: keys, Subscriber: "ops@house.example", Plain: []string{"127.0.0.1"}},
		NewPushPhones(h.pool, h.log))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { text.Close(); pushes.Close() })
	linkKey := sha256.Sum256([]byte("a test's link key"))
	return Config{
		Pool: h.pool, Log: h.log, LinkBase: "https://page.example", LinkKey: linkKey[:],
		Channels: map[routing.ChannelKind]channel.Channel{routing.Text: text, routing.Email: email, routing.Push: pushes},
		Alarm:    func(a Alarm) { h.alarms <- a },
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Poll:     200 * time.Millisecond, Audit: 50 * time.Millisecond, Workers: 4,
	}
}

// run starts the service's engine; it stops with the test, or with h.halt.
func (h *fixture) run() *fixture {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		_ = h.engine.Run(ctx)
	}()
	h.stop = cancel
	h.t.Cleanup(h.halt)
	return h
}

func (h *fixture) halt() { h.stop(); <-h.done }

// account is a practice whose primary is Reyes and whose backup is Osei.
func account(ladders ...routing.Ladder) notes.Account {
	text, err := routing.FormatLadders(ladders)
	if err != nil {
		panic(err)
	}
	return notes.Account{
		ID: "lakeside", Name: "Lakeside Internal Medicine", TimeZone: "America/Chicago", Ladders: text,
		Schedule: []byte(`{"timezone":"America/Chicago","layers":[{"who":["reyes"]},{"role":"backup","who":["osei"]}]}`),
		Contacts: []notes.Contact{
			{ID: "reyes", Person: "p-reyes", Name: "Dr Reyes", Language: "en", Mobile: "+13125550101", Email: "reyes@lakeside.example"},
			{ID: "osei", Person: "p-osei", Name: "Dr Osei", Language: "es", Mobile: "+13125550102", Email: "osei@lakeside.example"},
			{ID: "nobody", Name: "Dr Nowhere", Language: "en"},
		},
	}
}

// urgent is the ladder of the tests: Reyes now by everything, Reyes again at 3 min, Osei at 6, the board at 9.
var urgent = routing.Ladder{Name: "urgent", Version: 7, Rungs: []routing.Rung{
	{After: 0, Who: "primary", Channels: []routing.ChannelKind{routing.Text, routing.Email, routing.Push}},
	{After: 3 * time.Minute, Who: "primary", Channels: []routing.ChannelKind{routing.Text}},
	{After: 6 * time.Minute, Who: "backup", Channels: []routing.ChannelKind{routing.Text}},
}}

func (h *fixture) plan(l routing.Ladder) routing.Plan {
	h.t.Helper()
	p, err := h.engine.Plan(h.t.Context(), account(l), "symptom", l.Name)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func newNote(id, reference string) notes.Note {
	return notes.Note{ID: notes.NoteID(id), Account: "lakeside", Urgency: notes.Urgent, Reference: reference,
		Body: &notes.Body{Fields: map[string]string{"name": "Maria Muñoz", "callback": "+13125550142", "reason": "dolor de pecho"}}}
}

// send begins a dispatch as taking a note does.
func (h *fixture) send(n notes.Note, p routing.Plan) routing.DispatchID {
	h.t.Helper()
	if err := h.begin(h.engine, n, p); err != nil {
		h.t.Fatal(err)
	}
	var id routing.DispatchID
	if err := h.pool.QueryRow(h.t.Context(), "select id from dispatch where note = $1", n.ID).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// begin stores a leaf, in place of a note's, with the dispatch it vouches for.
func (h *fixture) begin(e *Engine, n notes.Note, p routing.Plan) error {
	h.t.Helper()
	b := &pgx.Batch{}
	rows, err := e.QueueBegin(b, n, p)
	if err != nil {
		return err
	}
	if err := h.log.Queue(b, audit.Entry{Actor: "test", Action: "note.taken", Kind: "note", Object: string(n.ID), Rows: rows}); err != nil {
		return err
	}
	if err := postgres.Commit(h.t.Context(), h.pool, b); err != nil {
		return err
	}
	e.Begun()
	return nil
}

// unfold does what an engine that runs would do at once.
func (h *fixture) unfold(note notes.NoteID) {
	h.t.Helper()
	var id routing.DispatchID
	err := h.pool.QueryRow(h.t.Context(), "select id from dispatch where note = $1 and not unfolded", note).Scan(&id)
	if err == nil {
		err = h.engine.unfoldAll(h.t.Context(), []routing.DispatchID{id})
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// wait waits at the pocket until n messages have arrived, and returns them.
func (h *fixture) wait(n int) []pocket.Arrival {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	all, err := h.pocket.Wait(ctx, func(a []pocket.Arrival) bool { return len(a) >= n })
	if err != nil {
		h.t.Fatalf("%v\n%s", err, h.story())
	}
	return all
}

// until waits for a condition of the database, which notifies of every change.
func (h *fixture) until(what string, so func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			h.t.Fatalf("never: %s\n%s", what, h.story())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (h *fixture) row(id notes.NoteID) routing.DispatchView {
	h.t.Helper()
	r, err := h.engine.View(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *fixture) attempts(id notes.NoteID) []routing.Attempt {
	h.t.Helper()
	list, err := h.engine.Attempts(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return list[id]
}

// states counts a note's attempts by state.
func (h *fixture) states(id notes.NoteID) map[routing.AttemptState]int {
	n := map[routing.AttemptState]int{}
	for _, a := range h.attempts(id) {
		n[a.State]++
	}
	return n
}

// advance moves the clock on, once nothing is under way: a jump would end the leases of what is. What is in doubt may wait.
func (h *fixture) advance(d time.Duration) {
	h.t.Helper()
	h.until("nothing is under way", func() bool {
		var n int
		if err := h.pool.QueryRow(h.t.Context(), `select count(*) from attempt
			where state = 'sending' and wake_at <= routing_now() + $1`, h.engine.cfg.Lease).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		return n == 0
	})
	h.clock.Advance(d)
}

func (h *fixture) exec(sql string) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), sql); err != nil {
		h.t.Fatal(err)
	}
}

// signed runs statements whose rows are taken for ours, at once.
func (h *fixture) signed(statements ...string) {
	h.t.Helper()
	err := postgres.InTx(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(h.t.Context(), sql); err != nil {
				return err
			}
		}
		_, err := h.log.SignRows(h.t.Context(), tx, Tables()...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// wakes is when an attempt that may have left is looked at next: after its claim, and anew after a sending of which nobody knows
// how it went.
func (h *fixture) wakes(id notes.NoteID) (at time.Time) {
	h.t.Helper()
	err := h.pool.QueryRow(h.t.Context(), `select coalesce(max(a.wake_at), 'epoch') from attempt a join dispatch d on d.id = a.dispatch
		where d.note = $1 and a.state = 'sending' and a.sends > 0`, id).Scan(&at)
	if err != nil {
		h.t.Fatal(err)
	}
	return at
}

// story is the whole story, for a test that failed.
func (h *fixture) story() string {
	rows, err := h.pool.Query(context.Background(), "select at::text || ' ' || note || ' ' || kind || ' ' || actor || ' ' || channel || "+
		"' ' || detail from dispatch_step order by seq")
	if err != nil {
		return err.Error()
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err.Error()
	}
	out := ""
	for _, l := range lines {
		out += l + "\n"
	}
	return out
}

// check runs the audit check over everything routing wrote; verify expects it to find nothing.
func (h *fixture) check() audit.Report {
	h.t.Helper()
	if _, err := h.log.Sequence(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	r, err := audit.Verify(h.t.Context(), h.pool, audit.VerifyOptions{Key: h.key, Tables: Tables()})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *fixture) verify() {
	h.t.Helper()
	if r := h.check(); !r.Good() || r.Rows == 0 || len(r.Unchecked) != 0 {
		h.t.Errorf("audit: %+v", r)
	}
}

var dr = routing.ActingPerson{ID: "p-reyes", Name: "Dr Reyes"}
