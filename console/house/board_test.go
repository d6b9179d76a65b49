package house

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/audit/tree"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

// boardFixture is a server on a database of its own, with two practices, whose boards are drawn.
type boardFixture struct {
	*House
	pool  *pgxpool.Pool
	store *record.Store
	desk  *dispatch.Engine
}

func newBoardFixture(t *testing.T) *boardFixture {
	t.Helper()
	b := &boardFixture{pool: postgrestest.New(t)}
	keys := postgrestest.KeysIn(t, b.pool, t.TempDir())
	b.store = record.NewStore(b.pool, keys.Log, keys.Ring, nil)
	var err error
	if b.desk, err = dispatch.New(dispatch.Config{Pool: b.pool, Log: keys.Log, LinkBase: "https://page.example",
		LinkKey: make([]byte, 32)}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []telephony.AccountID{"lakeside", "bosque"} {
		if err := b.store.PutAccount(access.System(t.Context(), "test"), notes.Account{ID: id, Name: "Practice " + string(id),
			TimeZone:  "America/Chicago",
			Languages: []telephony.Language{"en"}, Schedule: []byte(`{}`), Ladders: []byte(`[]`),
			Script: notes.Script{CallTypes: []notes.CallType{{ID: "symptom", Digit: "1", Urgency: notes.Urgent,
				Fields: []notes.Field{{Key: "name", Kind: "name", Required: true}}}}}}); err != nil {
			t.Fatal(err)
		}
	}
	b.House = New(Config{Store: b.store, Door: access.NewDoor(b.pool, keys.Log, keys.Ring), Routing: b.desk,
		Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	first, left := context.WithCancel(access.With(ctx, agentFor("first", access.Everywhere)))
	events := b.streams.attach(first, "first", []makeEvent{b.now(console.Event{Kind: "hello"})}, func(bool) {})
	<-events
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if e := <-events; e.Kind != "change" || e.Change.Page == nil { // from now on the server knows what has changed
		t.Fatalf("the first look is told as %+v", e)
	}
	left()
	for range events { // until it is gone
	}
	return b
}

// take stores a note that climbs.
func (b *boardFixture) take(t *testing.T, account telephony.AccountID, name string) {
	t.Helper()
	d := notes.Draft{ID: string(account) + "-draft", Account: account, CallType: "symptom", Urgency: notes.Urgent, Language: "en",
		Body: notes.Body{Fields: map[string]string{"name": name}}}
	now := time.Now()
	plan := routing.Plan{Ladder: "urgent", At: now, Board: now.Add(time.Hour),
		Attempts: []routing.PlannedAttempt{{At: now.Add(time.Hour / 2), Contact: "reyes", Name: "Dr Reyes", Channel: routing.Text}}}
	if _, err := b.store.TakeQueued(access.System(t.Context(), "test"), d, func(q *pgx.Batch, n notes.Note) ([]audit.Row, error) {
		return b.desk.QueueBegin(q, n, plan)
	}); err != nil {
		t.Fatal(err)
	}
}

// agentFor is an agent of one practice, or of all.
func agentFor(id, account string) access.Actor {
	return access.Actor{Person: notes.PersonID(id), Grants: []access.Grant{{Account: account, Role: notes.RoleAgent}}}
}

// sits opens a desk's stream whose first event is a hello.
func (b *boardFixture) sits(t *testing.T, a access.Actor) <-chan console.Event {
	t.Helper()
	hello := []makeEvent{b.now(console.Event{Kind: "hello"})}
	events := b.streams.attach(access.With(t.Context(), a), telephony.AgentID(a.Person), hello, func(bool) {})
	if e := <-events; e.Kind != "hello" {
		t.Fatalf("the first event is %q", e.Kind)
	}
	return events
}

// readings are the leaves of boards read, in order.
func (b *boardFixture) readings(t *testing.T) (out []tree.Entry) {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), "select body from audit_outbox order by id")
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		e, err := tree.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Action == "board.opened" {
			out = append(out, e)
		}
	}
	return out
}

func patients(rows []console.BoardRow) (names []string) {
	for _, r := range rows {
		names = append(names, r.Patient)
	}
	slices.Sort(names)
	return names
}

// TestABoardIsReadOnceForAllWhoSeeTheSame draws the board on thirty desks: two leaves name exactly who was shown what.
func TestABoardIsReadOnceForAllWhoSeeTheSame(t *testing.T) {
	b := newBoardFixture(t)
	b.take(t, "lakeside", "Julia Ortega")
	b.take(t, "bosque", "Max Weber")
	var everywhere []<-chan console.Event
	want := []string{"for-a-minute"}
	for i := range 29 {
		id := fmt.Sprintf("agent-%02d", i)
		everywhere, want = append(everywhere, b.sits(t, agentFor(id, access.Everywhere))), append(want, "shown:"+id)
	}
	everywhere = append(everywhere, b.sits(t, agentFor("agent-00", access.Everywhere))) // one at two desks
	one := b.sits(t, agentFor("agent-lakeside", "lakeside"))
	nobody := b.sits(t, access.Actor{Person: "admin", Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAdmin}}})

	b.boardMoved()
	for _, events := range everywhere {
		if e := <-events; e.Kind != "change" || !slices.Equal(patients(e.Change.Rows), []string{"J. Ortega", "M. Weber"}) {
			t.Fatalf("a desk shows %v of %q", patients(e.Change.Rows), e.Kind)
		}
	}
	if e := <-one; e.Kind != "change" || !slices.Equal(patients(e.Change.Rows), []string{"J. Ortega"}) {
		t.Fatalf("the desk of one practice shows %v of %q", patients(e.Change.Rows), e.Kind)
	}
	select {
	case e := <-nobody:
		t.Errorf("who may see no board got %q", e.Kind)
	default:
	}
	got := b.readings(t)
	if len(got) != 2 {
		t.Fatalf("%d leaves for 31 desks of two views, want 2", len(got))
	}
	slices.SortFunc(got, func(a, b tree.Entry) int { return len(b.Detail) - len(a.Detail) })
	if got[0].Object != "all" || !slices.Equal(got[0].Detail, want) {
		t.Errorf("the leaf of all says %q %q", got[0].Object, got[0].Detail)
	}
	if got[1].Account != "lakeside" || !slices.Equal(got[1].Detail, []string{"for-a-minute", "shown:agent-lakeside"}) {
		t.Errorf("the leaf of one practice says %q %q", got[1].Account, got[1].Detail)
	}
}

// TestABoardWithoutItsLeafIsNotShown takes the place of leaves away, and gives it back: the board is drawn then.
func TestABoardWithoutItsLeafIsNotShown(t *testing.T) {
	b := newBoardFixture(t)
	b.take(t, "lakeside", "Julia Ortega")
	events := b.sits(t, agentFor("agent-00", access.Everywhere))
	if _, err := b.pool.Exec(t.Context(), "alter table audit_outbox rename to audit_elsewhere"); err != nil {
		t.Fatal(err)
	}
	b.boardMoved()
	select {
	case e := <-events:
		t.Fatalf("a board of %d rows was shown without a leaf", len(e.Change.Rows))
	case <-time.After(4 * boardGather):
	}
	if _, err := b.pool.Exec(t.Context(), "alter table audit_elsewhere rename to audit_outbox"); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Kind != "change" || len(e.Change.Rows) != 1 {
		t.Fatalf("then it shows %d rows of %q", len(e.Change.Rows), e.Kind)
	}
	if got := b.readings(t); len(got) != 1 {
		t.Errorf("%d leaves, want 1", len(got))
	}
}

// TestASlowDeskIsToldOnce shows three changes, and figures three times, while the desk's stream is busy: it is told each as one,
// the newest of each row.
func TestASlowDeskIsToldOnce(t *testing.T) {
	b := &boardFixture{House: New(Config{})}
	busy, free := make(chan struct{}), make(chan struct{})
	first := func(context.Context) (console.Event, bool) {
		close(busy)
		<-free
		return console.Event{Kind: "hello"}, true
	}
	events := b.streams.attach(t.Context(), "agent-00", []makeEvent{first}, func(bool) {})
	<-busy
	row := func(id, state string) console.BoardRow {
		return console.BoardRow{Note: notes.NoteID(id), State: notes.NoteState(state)}
	}
	for st := range b.streams.byAgent["agent-00"] {
		st.show(console.BoardChange{Rows: []console.BoardRow{row("a", "open"), row("b", "open")}, Open: 2}, b.changeEvent)
		st.show(console.BoardChange{Rows: []console.BoardRow{row("a", "read")}, Open: 2}, b.changeEvent)
		st.show(console.BoardChange{Gone: []string{"b"}, Open: 1}, b.changeEvent)
	}
	since := time.Now()
	for i := range 3 {
		b.FiguresMoved(telephony.Figures{Waiting: i}, map[telephony.AgentID]time.Time{"agent-00": since})
	}
	close(free)
	<-events
	e := <-events
	if c := e.Change; e.Kind != "change" || c.Seq != 1 || c.Open != 1 || len(c.Rows) != 1 || c.Rows[0].State != notes.Read ||
		!slices.Equal(c.Gone, []string{"b"}) {
		t.Errorf("it is told %+v", e.Change)
	}
	if e = <-events; e.Kind != "figures" || e.Figures.Waiting != 2 || !e.Figures.Caller.Equal(since) {
		t.Errorf("then %q, %+v", e.Kind, e.Figures)
	}
	for st := range b.streams.byAgent["agent-00"] {
		st.show(console.BoardChange{Open: 1}, b.changeEvent)
	}
	if e = <-events; e.Change.Seq != 2 {
		t.Errorf("the next is %+v", e.Change)
	}
}

// TestWhateverChangesTheBoardIsTold changes it as another server would, or a switch's voicemail does: nobody says that it has
// moved, and the desk is told what has, and of what is gone, and of nothing else.
func TestWhateverChangesTheBoardIsTold(t *testing.T) {
	b := newBoardFixture(t)
	events := b.sits(t, agentFor("agent-00", access.Everywhere))
	next := func() (rows []string, gone int) {
		var e console.Event
		select {
		case e = <-events:
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is told")
		}
		for _, r := range e.Change.Rows {
			rows = append(rows, r.Patient+" "+string(r.State)+" "+string(r.Late))
		}
		return rows, len(e.Change.Gone)
	}
	b.take(t, "lakeside", "Julia Ortega")
	if rows, _ := next(); !slices.Equal(rows, []string{"J. Ortega open "}) {
		t.Errorf("taken: %q", rows)
	}
	b.take(t, "bosque", "Max Weber")
	if rows, gone := next(); !slices.Equal(rows, []string{"M. Weber open "}) || gone != 0 {
		t.Errorf("another: %q, %d gone", rows, gone)
	}
	for _, c := range []struct {
		sql  string
		rows []string
		gone int
	}{
		{"update dispatch set rung = first_rung + 1 where account = 'lakeside'", []string{"J. Ortega open late"}, 0},
		{"update note set state = 'read' where account = 'bosque'", []string{"M. Weber read "}, 0},
		{"with d as (update dispatch set state = 'acked' where account = 'lakeside') update note set state = 'acknowledged' where " +
			"account = 'lakeside'", nil, 1},
	} {
		if _, err := b.pool.Exec(t.Context(), c.sql); err != nil {
			t.Fatal(err)
		}
		if rows, gone := next(); !slices.Equal(rows, c.rows) || gone != c.gone {
			t.Errorf("%s: %q, %d gone", c.sql, rows, gone)
		}
	}
	if got := b.readings(t); len(got) != 1 || got[0].Actor != "console" || !slices.Equal(got[0].Detail,
		[]string{"for-a-minute", "shown:agent-00"}) {
		t.Errorf("the leaves of a minute: %+v", got)
	}
}
