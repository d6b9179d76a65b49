package record_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/telephony"
)

func TestTheWalkOfANote(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent, doctor := h.as(t, agentID), h.as(t, doctorID)
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Waiting, telephony.Talking)

	hooked := 0
	n, err := h.store.Take(agent, aDraft("draft-1", "call-1"), func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		hooked++
		if n.Body != nil {
			t.Error("the hook sees what the patient said")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n.Reference != "L-1000" || n.State != notes.Open || n.Taker != agentID || hooked != 1 {
		t.Errorf("took %+v, hooked %d", n, hooked)
	}
	again, err := h.store.Take(agent, aDraft("draft-1", "call-1"), func(context.Context, pgx.Tx, notes.Note) error { hooked++; return nil })
	if err != nil || again.ID != n.ID || hooked != 1 {
		t.Errorf("sent again: %v %v, hooked %d", again.ID, err, hooked)
	}

	board, err := h.board(agent)
	if err != nil || len(board) != 1 || board[0].Patient != "X. Quiñones-Wojciechowska" {
		t.Fatalf("board: %+v %v", board, err)
	}
	opened, err := h.store.Open(doctor, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Body.Fields["callback"] != "+13125550142" || opened.Body.Fields["dob"] != "1961-04-02" ||
		opened.Body.Verbatim != said.Verbatim {
		t.Errorf("body: %s", asJSON(t, opened.Body))
	}
	for _, step := range []struct {
		do   func() (notes.Note, error)
		want notes.NoteState
	}{
		{func() (notes.Note, error) { return h.store.MarkRead(doctor, n.ID) }, notes.Read},
		{func() (notes.Note, error) { return h.store.Acknowledge(doctor, n.ID) }, notes.Acknowledged},
		{func() (notes.Note, error) { return h.store.MarkRead(doctor, n.ID) }, notes.Acknowledged},
		{func() (notes.Note, error) { return h.store.AddOn(doctor, n.ID, "a1", notes.Reply, "Sent to the ER") }, notes.Acknowledged},
		{func() (notes.Note, error) { return h.store.AddOn(doctor, n.ID, "a1", notes.Reply, "Sent to the ER") }, notes.Acknowledged},
		{func() (notes.Note, error) { return h.store.CloseOut(doctor, n.ID, "Seen in the ER") }, notes.Closed},
		{func() (notes.Note, error) { return h.store.Acknowledge(doctor, n.ID) }, notes.Closed},
		{func() (notes.Note, error) { return h.store.CloseOut(doctor, n.ID, "again") }, notes.Closed},
	} {
		if got, err := step.do(); err != nil || got.State != step.want {
			t.Fatalf("state %s %v, want %s", got.State, err, step.want)
		}
	}
	if board, err := h.board(agent); err != nil || len(board) != 0 {
		t.Errorf("a closed note is on the board: %v %v", board, err)
	}
	h.record(t, aCall("call-1"), telephony.Ended)
	r := h.mustVerify(t)
	if r.Leaves < 15 || r.Rows < 10 {
		t.Errorf("report %+v", r)
	}

	st, err := h.store.StoryOf(agent, "call-1", "")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range st.Lines {
		kinds = append(kinds, string(l.Kind))
		if l.Leaf < 0 && l.Kind != "story.opened" {
			t.Errorf("the line %s has no leaf", l.Kind)
		}
	}
	for _, want := range []string{"arrived", "talking", "note.taken", "note.opened", "note.read", "note.acknowledged", "note.closed",
		"ended"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the story misses %s: %v", want, kinds)
		}
	}
	if st.Call.ANI != "+13125550142" || st.Call.CallerName != "QUINONES XIMENA" || len(st.Note.AddOns) != 2 || st.Proof.Leaves == 0 ||
		st.Proof.Checkpoint == 0 {
		t.Errorf("story: %+v", st)
	}
	if st.Note.AddOns[0].Text != "Sent to the ER" || st.Note.AddOns[0].ByName != "Dr Reyes" {
		t.Errorf("add-ons: %+v", st.Note.AddOns)
	}
}

func TestWhoMayNot(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	n, err := h.store.Take(agent, aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	stranger, office, nobody := h.as(t, strangerID), h.as(t, officeID), context.Background()
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"a provider of another practice opens":        {second(h.store.Open(stranger, n.ID)), access.ErrForbidden},
		"a provider of another practice acknowledges": {second(h.store.Acknowledge(stranger, n.ID)), access.ErrForbidden},
		"an agent acknowledges":                       {second(h.store.Acknowledge(agent, n.ID)), access.ErrForbidden},
		"an agent searches":                           {second(h.store.Calls(agent, record.CallSelection{})), access.ErrForbidden},
		"an office takes":                             {second(h.store.Take(office, aDraft("d2", ""))), access.ErrForbidden},
		"an office of another practice's calls": {second(h.store.Calls(office,
			record.CallSelection{Accounts: []telephony.AccountID{"bosque"}})), access.ErrForbidden},
		"nobody opens":               {second(h.store.Open(nobody, n.ID)), access.ErrNobody},
		"nobody takes":               {second(h.store.Take(nobody, aDraft("d3", ""))), access.ErrNobody},
		"nobody lists":               {second(h.board(nobody)), access.ErrNobody},
		"an agent stores a practice": {h.store.PutAccount(agent, lakeside()), access.ErrForbidden},
		"opens what is not there":    {second(h.store.Open(agent, "nothing")), record.ErrNoNote},
		"another's draft": {second(h.store.Take(access.System(nobody, "x"), aDraft("d", ""))),
			record.ErrDraftTaken},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAHalfFilledFormSaysWhatIsMissing(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for name, c := range map[string]struct {
		change func(*notes.Draft)
		want   map[string]string
	}{
		"nothing": {func(d *notes.Draft) { d.Body = notes.Body{} }, map[string]string{"name": notes.FieldRequired,
			"callback": notes.FieldRequired, "dob": notes.FieldRequired, "reason": notes.FieldRequired}},
		"blank": {func(d *notes.Draft) { d.Body.Fields["name"] = "  " }, map[string]string{"name": notes.FieldRequired}},
		"checks": {func(d *notes.Draft) {
			maps.Copy(d.Body.Fields, map[string]string{"callback": "12", "dob": "31/31/1990", "pharmacy": "z", "again": "maybe"})
		}, map[string]string{"callback": notes.FieldNumber, "dob": notes.FieldDate, "pharmacy": notes.FieldChoice,
			"again": notes.FieldChoice}},
		"future":    {func(d *notes.Draft) { d.Body.Fields["dob"] = tomorrow }, map[string]string{"dob": notes.FieldFuture}},
		"read back": {func(d *notes.Draft) { d.Body.ReadBack = nil }, map[string]string{"callback": notes.FieldReadBack}},
		"flood": {func(d *notes.Draft) { d.Body.Fields["reason"] = strings.Repeat("x", 10<<10) },
			map[string]string{"reason": notes.FieldTooLong}},
		"type":    {func(d *notes.Draft) { d.CallType = "" }, map[string]string{"callType": notes.FieldRequired}},
		"urgency": {func(d *notes.Draft) { d.Urgency = "" }, map[string]string{"urgency": notes.FieldRequired}},
	} {
		d := aDraft("draft-"+name, "")
		d.Body.Fields = maps.Clone(said.Fields)
		c.change(&d)
		_, err := h.store.Take(agent, d)
		var inc *record.Incomplete
		if !errors.As(err, &inc) || !maps.Equal(inc.Fields, c.want) {
			t.Errorf("%s: %v %v, want %v", name, err, inc, c.want)
		}
	}
	h.mustVerify(t)
}

func TestWhatWasTypedSurvives(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	d := aDraft("draft-1", "call-1")
	d.Seq = 5
	d.Body = notes.Body{Fields: map[string]string{"name": "Xim"}}
	if err := h.store.SaveDraft(agent, d); err != nil {
		t.Fatal(err)
	}
	late := d
	late.Seq, late.Body = 4, notes.Body{Fields: map[string]string{"name": "Xi"}}
	if err := h.store.SaveDraft(agent, late); err != nil {
		t.Fatal(err)
	}
	if other, err := h.store.Drafts(h.as(t, doctorID)); err != nil || len(other) != 0 {
		t.Errorf("another person sees drafts: %v %v", other, err)
	}
	got, ok, err := h.store.LoadDraft(agent, "draft-1")
	if err != nil || !ok || got.Body.Fields["name"] != "Xim" || got.Seq != 5 || got.SavedAt.IsZero() {
		t.Fatalf("%+v %v %v", got, ok, err)
	}
	if _, err := h.store.Take(agent, aDraft("draft-1", "call-1")); err != nil {
		t.Fatal(err)
	}
	if err := h.store.SaveDraft(agent, d); err != nil { // a late save of a sent draft
		t.Fatal(err)
	}
	if all, err := h.store.Drafts(agent); err != nil || len(all) != 0 {
		t.Errorf("a sent draft is still there: %v %v", all, err)
	}
	d.ID = "draft-2"
	if err := errors.Join(h.store.SaveDraft(agent, d), h.store.DropDraft(agent, "draft-2"),
		h.store.DropDraft(agent, "draft-2")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.store.LoadDraft(agent, "draft-2"); ok || err != nil {
		t.Errorf("a dropped draft is there: %v", err)
	}
	h.mustVerify(t)
}

func TestAFailingHookStoresNothing(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	boom := errors.New("boom")
	if _, err := h.store.Take(agent, aDraft("d", ""), func(ctx context.Context, tx pgx.Tx,
		n notes.Note) error {
		return boom
	}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	var rows int
	if err := h.pool.QueryRow(agent, "select count(*) from note").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d notes %v", rows, err)
	}
	n, err := h.store.Take(agent, aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Acknowledge(h.as(t, doctorID), n.ID, func(context.Context, pgx.Tx,
		notes.Note) error {
		return boom
	}); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if n, err = h.store.Note(agent, n.ID); err != nil || n.State != notes.Open {
		t.Errorf("%v %v", n.State, err)
	}
	h.mustVerify(t)
}

func TestManyAtOnceGetTheirOwnReferencesAndOneNoteADraft(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards refs and ids
	refs, ids := map[string]int{}, map[notes.NoteID]int{}
	for i := range 60 {
		wg.Go(func() {
			n, err := h.store.Take(agent, aDraft(fmt.Sprintf("d%d", i/2), "")) // every draft twice
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			refs[n.Reference]++
			ids[n.ID]++
		})
	}
	wg.Wait()
	if len(refs) != 30 || len(ids) != 30 {
		t.Errorf("%d references, %d notes, want 30", len(refs), len(ids))
	}
	h.mustVerify(t)
}

func TestOneOfManyAcknowledges(t *testing.T) {
	h := newFixture(t).furnish(t)
	n, err := h.store.Take(h.as(t, agentID), aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	doctor := h.as(t, doctorID)
	var wg sync.WaitGroup
	firsts := make([]bool, 8)
	for i := range firsts {
		wg.Go(func() {
			err := pgx.BeginFunc(doctor, h.pool, func(tx pgx.Tx) error {
				_, first, err := h.store.AcknowledgeTx(doctor, tx, n.ID, notes.PersonID(fmt.Sprintf("p%d", i)))
				firsts[i] = first
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := 0
	for i, f := range firsts {
		if f {
			count++
			if n, err := h.store.Note(doctor, n.ID); err != nil || n.AckedBy != notes.PersonID(fmt.Sprintf("p%d", i)) {
				t.Errorf("acked by %s, first was p%d", n.AckedBy, i)
			}
		}
	}
	if count != 1 {
		t.Errorf("%d were first", count)
	}
	h.mustVerify(t)
}

func TestAccounts(t *testing.T) {
	h := newFixture(t).furnish(t)
	ctx := access.System(t.Context(), "seed")
	a, err := h.store.Account(ctx, "lakeside")
	want := lakeside()
	want.Version = 1
	if err != nil || !reflect.DeepEqual(a, want) {
		t.Errorf("account: %s %v", asJSON(t, a), err)
	}
	want.Name, want.Lines = "Lakeside", []telephony.Line{{DID: "+13125550101"}}
	if err := h.store.PutAccount(ctx, want); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.store.LineFor(ctx, "+13125550100"); ok || err != nil {
		t.Errorf("the number given up is still theirs: %v", err)
	}
	if a, err := h.store.Account(ctx, "lakeside"); err != nil || a.Version != 2 {
		t.Errorf("after a change: version %d %v", a.Version, err)
	}
	thief := lakeside()
	thief.ID, thief.Lines = "thief", []telephony.Line{{DID: "+13125550101"}}
	if err := h.store.PutAccount(ctx, thief); err == nil {
		t.Error("a practice took another's number")
	}
	if all, err := h.store.Accounts(ctx); err != nil || len(all) != 2 {
		t.Errorf("%d accounts %v", len(all), err)
	}
	if _, err := h.store.Account(ctx, "thief"); !errors.Is(err, record.ErrNoAccount) {
		t.Error(err)
	}
	for _, bad := range []notes.Account{{}, {ID: "x", Name: "X"}, {ID: "x", Name: "X", TimeZone: "Mars/Olympus"}} {
		if err := h.store.PutAccount(ctx, bad); err == nil {
			t.Errorf("stored %+v", bad)
		}
	}
	h.mustVerify(t)
}

func TestDisplayName(t *testing.T) {
	for in, want := range map[string]string{"": "", "  ": "", "Cher": "Cher", "José Ortega": "J. Ortega",
		"Ana María García López": "A. García López", "Élise  Roux": "É. Roux"} {
		if got := notes.DisplayName(in); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}

// What is queued beside a note is in its one transaction: refused together, durable together, and not again for a draft
// that was taken before.
func TestTakeQueued(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	if _, err := h.pool.Exec(t.Context(), "create table beside (note text not null)"); err != nil {
		t.Fatal(err)
	}
	put := func(b *pgx.Batch, n notes.Note) ([]audit.Row, error) {
		b.Queue("insert into beside values ($1)", string(n.ID))
		return nil, nil
	}
	beside := func() (n int) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), "select count(*) from beside").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, spoil := range map[string]record.TakeQueue{
		"a statement the database refuses": func(b *pgx.Batch, n notes.Note) ([]audit.Row, error) {
			b.Queue("insert into beside values (null)")
			return put(b, n)
		},
		"a queue that fails": func(*pgx.Batch, notes.Note) ([]audit.Row, error) { return nil, errors.New("no") },
	} {
		if _, err := h.store.TakeQueued(agent, aDraft("queued", ""), spoil); err == nil {
			t.Errorf("%s: the note was taken", name)
		}
		var stored int
		if err := h.pool.QueryRow(t.Context(), "select count(*) from note").Scan(&stored); err != nil || stored+beside() != 0 {
			t.Errorf("%s: %d notes, %d rows beside, %v", name, stored, beside(), err)
		}
	}
	n, err := h.store.TakeQueued(agent, aDraft("queued", ""), put)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.store.TakeQueued(agent, aDraft("queued", ""), put)
	if err != nil || again.ID != n.ID || beside() != 1 {
		t.Errorf("taken again: %v %v, %d rows beside", again.ID, err, beside())
	}
	h.mustVerify(t)
}

// TestADraftThatWasSentIsKnown: a desk that went down with a note on its way asks what became of its draft, and what a save
// has left that was under way while the note was stored is no note unsent.
func TestADraftThatWasSentIsKnown(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	sent, open := aDraft("sent", ""), aDraft("open", "")
	n, err := h.store.Take(agent, sent)
	if err == nil {
		err = h.store.SaveDraft(agent, open)
	}
	if err == nil {
		_, err = h.pool.Exec(t.Context(),
			`insert into draft select 'sent', agent, account, seq, saved_at, body from draft where id = 'open'`)
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{"sent", "open", "unheard of"}
	if got, err := h.store.SentDrafts(agent, ids); err != nil || len(got) != 1 || got["sent"] != n.Reference {
		t.Errorf("sent %v, %v, want %s", got, err, n.Reference)
	}
	if got, err := h.store.SentDrafts(h.as(t, doctorID), ids); err != nil || len(got) != 0 {
		t.Errorf("somebody else is told of %v, %v", got, err)
	}
	if got, err := h.store.Drafts(agent); err != nil || len(got) != 1 || got[0].ID != "open" {
		t.Errorf("not sent: %+v, %v", got, err)
	}
}
