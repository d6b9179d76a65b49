package notes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	"lamplight/telephony"
)

func TestTheWalkOfANote(t *testing.T) {
	h := newHouse(t).furnish(t)
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

	board, err := h.store.Board(agent)
	if err != nil || len(board) != 1 || board[0].Patient != "X. Quiñones-Wojciechowska" {
		t.Fatalf("board: %+v %v", board, err)
	}
	opened, err := h.store.Open(doctor, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Body.Fields["callback"] != "+13125550142" || opened.Body.Fields["dob"] != "1961-04-02" || opened.Body.Verbatim != said.Verbatim {
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
	if board, err := h.store.Board(agent); err != nil || len(board) != 0 {
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
		kinds = append(kinds, l.Kind)
		if l.Leaf < 0 && l.Kind != "story.opened" {
			t.Errorf("the line %s has no leaf", l.Kind)
		}
	}
	for _, want := range []string{"arrived", "talking", "note.taken", "note.opened", "note.read", "note.acknowledged", "note.closed", "ended"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("the story misses %s: %v", want, kinds)
		}
	}
	if st.Call.ANI != "+13125550142" || st.Call.CallerName != "QUINONES XIMENA" || len(st.Note.AddOns) != 2 || st.Proof.Leaves == 0 || st.Proof.Checkpoint == 0 {
		t.Errorf("story: %+v", st)
	}
	if st.Note.AddOns[0].Text != "Sent to the ER" || st.Note.AddOns[0].ByName != "Dr Reyes" {
		t.Errorf("add-ons: %+v", st.Note.AddOns)
	}
}

func TestWhoMayNot(t *testing.T) {
	h := newHouse(t).furnish(t)
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
		"an agent searches":                           {second(h.store.Calls(agent, notes.CallsFilter{})), access.ErrForbidden},
		"an office takes":                             {second(h.store.Take(office, aDraft("d2", ""))), access.ErrForbidden},
		"an office of another practice's calls":       {second(h.store.Calls(office, notes.CallsFilter{Accounts: []telephony.AccountID{"bosque"}})), access.ErrForbidden},
		"nobody opens":                                {second(h.store.Open(nobody, n.ID)), access.ErrNobody},
		"nobody takes":                                {second(h.store.Take(nobody, aDraft("d3", ""))), access.ErrNobody},
		"nobody lists":                                {second(h.store.Board(nobody)), access.ErrNobody},
		"an agent stores a practice":                  {h.store.PutAccount(agent, lakeside()), access.ErrForbidden},
		"opens what is not there":                     {second(h.store.Open(agent, "nothing")), notes.ErrNoNote},
		"another's draft":                             {second(h.store.Take(access.System(nobody, "x"), aDraft("d", ""))), notes.ErrDraftTaken},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAHalfFilledFormSaysWhatIsMissing(t *testing.T) {
	h := newHouse(t).furnish(t)
	agent := h.as(t, agentID)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for name, c := range map[string]struct {
		change func(*notes.Draft)
		want   map[string]string
	}{
		"nothing": {func(d *notes.Draft) { d.Body = notes.Body{} }, map[string]string{"name": notes.FieldRequired, "callback": notes.FieldRequired, "dob": notes.FieldRequired, "reason": notes.FieldRequired}},
		"blank":   {func(d *notes.Draft) { d.Body.Fields["name"] = "  " }, map[string]string{"name": notes.FieldRequired}},
		"checks": {func(d *notes.Draft) {
			maps.Copy(d.Body.Fields, map[string]string{"callback": "12", "dob": "31/31/1990", "pharmacy": "z", "again": "maybe"})
		}, map[string]string{"callback": notes.FieldNumber, "dob": notes.FieldDate, "pharmacy": notes.FieldChoice, "again": notes.FieldChoice}},
		"future":    {func(d *notes.Draft) { d.Body.Fields["dob"] = tomorrow }, map[string]string{"dob": notes.FieldFuture}},
		"read back": {func(d *notes.Draft) { d.Body.ReadBack = nil }, map[string]string{"callback": notes.FieldReadBack}},
		"flood":     {func(d *notes.Draft) { d.Body.Fields["reason"] = strings.Repeat("x", 10<<10) }, map[string]string{"reason": notes.FieldTooLong}},
		"type":      {func(d *notes.Draft) { d.CallType = "" }, map[string]string{"callType": notes.FieldRequired}},
		"urgency":   {func(d *notes.Draft) { d.Urgency = "" }, map[string]string{"urgency": notes.FieldRequired}},
	} {
		d := aDraft("draft-"+name, "")
		d.Body.Fields = maps.Clone(said.Fields)
		c.change(&d)
		_, err := h.store.Take(agent, d)
		var inc *notes.Incomplete
		if !errors.As(err, &inc) || !maps.Equal(inc.Fields, c.want) {
			t.Errorf("%s: %v %v, want %v", name, err, inc, c.want)
		}
	}
	h.mustVerify(t)
}

func TestWhatWasTypedSurvives(t *testing.T) {
	h := newHouse(t).furnish(t)
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
	if err := errors.Join(h.store.SaveDraft(agent, d), h.store.DropDraft(agent, "draft-2"), h.store.DropDraft(agent, "draft-2")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.store.LoadDraft(agent, "draft-2"); ok || err != nil {
		t.Errorf("a dropped draft is there: %v", err)
	}
	h.mustVerify(t)
}

func TestAFailingHookStoresNothing(t *testing.T) {
	h := newHouse(t).furnish(t)
	agent := h.as(t, agentID)
	boom := errors.New("boom")
	if _, err := h.store.Take(agent, aDraft("d", ""), func(ctx context.Context, tx pgx.Tx, n notes.Note) error { return boom }); !errors.Is(err, boom) {
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
	if _, err := h.store.Acknowledge(h.as(t, doctorID), n.ID, func(context.Context, pgx.Tx, notes.Note) error { return boom }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if n, err = h.store.Note(agent, n.ID); err != nil || n.State != notes.Open {
		t.Errorf("%v %v", n.State, err)
	}
	h.mustVerify(t)
}

func TestManyAtOnceGetTheirOwnReferencesAndOneNoteADraft(t *testing.T) {
	h := newHouse(t).furnish(t)
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
	h := newHouse(t).furnish(t)
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
				_, first, err := h.store.AcknowledgeTx(doctor, tx, n.ID, access.PersonID(fmt.Sprintf("p%d", i)))
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
			if n, err := h.store.Note(doctor, n.ID); err != nil || n.AckedBy != access.PersonID(fmt.Sprintf("p%d", i)) {
				t.Errorf("acked by %s, first was p%d", n.AckedBy, i)
			}
		}
	}
	if count != 1 {
		t.Errorf("%d were first", count)
	}
	h.mustVerify(t)
}

func TestLedger(t *testing.T) {
	ctx, h := t.Context(), newHouse(t).furnish(t)
	if l, ok, err := h.store.LineFor(ctx, "+13125550100"); err != nil || !ok || l.Account != "lakeside" {
		t.Errorf("line: %+v %v %v", l, ok, err)
	}
	if _, ok, err := h.store.LineFor(ctx, "+19995550100"); err != nil || ok {
		t.Errorf("a number nobody owns: %v %v", ok, err)
	}
	c := h.record(t, aCall("call-1"), telephony.Arrived, telephony.Waiting)
	h.record(t, aCall("call-2"), telephony.Arrived)
	live, err := h.store.Live(ctx)
	if err != nil || len(live) != 2 || live[0].ANI != "+13125550142" || live[0].CallerName != "QUINONES XIMENA" || live[0].State != telephony.Waiting {
		t.Fatalf("live: %+v %v", live, err)
	}
	if !live[0].OpenedAt.Equal(c.OpenedAt.Truncate(time.Microsecond)) {
		t.Errorf("opened %v, want %v", live[0].OpenedAt, c.OpenedAt)
	}
	var steps int
	for range 2 { // repeated: nothing new
		h.record(t, c, telephony.Ended)
		if err := h.pool.QueryRow(ctx, "select count(*) from call_step where call = 'call-1'").Scan(&steps); err != nil || steps != 3 {
			t.Errorf("%d steps %v", steps, err)
		}
	}
	late := c
	late.State, late.Outcome = telephony.Talking, ""
	if err := h.store.Record(ctx, late, telephony.Step{At: time.Now(), Kind: "late"}); err != nil {
		t.Fatal(err)
	}
	agent := h.as(t, agentID)
	board, err := h.store.Board(agent)
	if err != nil || len(board) != 1 || board[0].Kind != "callback" || board[0].Call != "call-1" || !board[0].Number {
		t.Fatalf("board: %+v %v", board, err)
	}
	if c, err := h.store.Call(agent, "call-1"); err != nil || c.ANI != "+13125550142" || c.State != telephony.Ended {
		t.Errorf("call: %+v %v", c, err)
	}
	for range 2 {
		if err := h.store.CloseCallBack(agent, "call-1", "reached"); err != nil {
			t.Fatal(err)
		}
	}
	if board, err = h.store.Board(agent); err != nil || len(board) != 0 {
		t.Errorf("board after: %v %v", board, err)
	}
	withheld := aCall("call-3")
	withheld.ANI, withheld.CallerName, withheld.Account = "", "", ""
	h.record(t, withheld, telephony.Arrived, telephony.Ended)
	h.mustVerify(t)
}

func TestRecordingsAndVoicemails(t *testing.T) {
	h := newHouse(t).furnish(t)
	ctx := context.Background()
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking, telephony.Ended)
	sound := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	fetched := 0
	fetch := func(w io.Writer) error { fetched++; return writes(sound)(w) }
	if err := h.store.Keep(ctx, "call-1", "rec-1", func(io.Writer) error { return errors.New("the switch has gone") }); err == nil {
		t.Error("a fetch that failed was kept")
	}
	for range 2 {
		if err := h.store.Keep(ctx, "call-1", "rec-1", fetch); err != nil {
			t.Fatal(err)
		}
	}
	if fetched != 1 {
		t.Errorf("fetched %d times", fetched)
	}
	var got bytes.Buffer
	if err := h.store.PlayRecording(h.as(t, officeID), "call-1", &got); err != nil || !bytes.Equal(got.Bytes(), sound) {
		t.Fatalf("played %d bytes, %v", got.Len(), err)
	}
	if err := h.store.PlayRecording(h.as(t, agentID), "call-1", io.Discard); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("an agent listens: %v", err)
	}
	v := telephony.Voicemail{Recording: "vm-1", DID: "+13125550100", ANI: "+13125550199", At: time.Now().Add(-time.Minute), Length: 20 * time.Second}
	for range 2 {
		if err := h.store.KeepVoicemail(ctx, v, fetch); err != nil {
			t.Fatal(err)
		}
	}
	agent := h.as(t, agentID)
	board, err := h.store.Board(agent)
	if err != nil || len(board) != 1 || board[0].Kind != notes.Voicemail {
		t.Fatalf("board: %+v %v", board, err)
	}
	got.Reset()
	if err := h.store.PlayRecording(agent, board[0].Call, &got); err != nil || !bytes.Equal(got.Bytes(), sound) {
		t.Errorf("voicemail: %d bytes, %v", got.Len(), err)
	}
	if n, err := h.store.Open(agent, board[0].Note.ID); err != nil || n.Body.Fields["callback"] != "+13125550199" {
		t.Errorf("voicemail's note: %+v %v", n.Body, err)
	}
	v.Recording, v.DID, v.ANI = "vm-2", "+19995550100", ""
	if err := h.store.KeepVoicemail(ctx, v, fetch); err != nil {
		t.Fatal(err)
	}
	if n, err := h.store.CloseOut(agent, board[0].Note.ID, "rang back"); err != nil || n.State != notes.Closed {
		t.Errorf("%v %v", n.State, err)
	}
	h.mustVerify(t)
}

func TestCallsAreFound(t *testing.T) {
	h := newHouse(t).furnish(t)
	agent, office := h.as(t, agentID), h.as(t, officeID)
	start := time.Now().Add(-time.Hour)
	for i := range 7 {
		c := aCall(telephony.CallID(fmt.Sprintf("call-%d", i)))
		c.OpenedAt = start.Add(time.Duration(i) * time.Minute)
		if i%2 == 1 {
			h.record(t, c, telephony.Arrived, telephony.Ended)
			continue
		}
		h.record(t, c, telephony.Arrived, telephony.Talking, telephony.Ended)
		d := aDraft(fmt.Sprintf("d-%d", i), c.ID)
		if i == 4 {
			d.Body.Fields = maps.Clone(said.Fields)
			maps.Copy(d.Body.Fields, map[string]string{"name": "Bob Lee", "callback": "+17735550199", "dob": "1999-12-31"})
		}
		if _, err := h.store.Take(agent, d); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		f    notes.CallsFilter
		want []string
	}{
		"all":       {notes.CallsFilter{}, []string{"6", "5", "4", "3", "2", "1", "0"}},
		"surname":   {notes.CallsFilter{Search: "QUINONES"}, []string{"6", "2", "0"}},
		"prefix":    {notes.CallsFilter{Search: "woj"}, []string{"6", "2", "0"}},
		"two words": {notes.CallsFilter{Search: "lee bob"}, []string{"4"}},
		"dob":       {notes.CallsFilter{Search: "12/31/1999"}, []string{"4"}},
		"phone":     {notes.CallsFilter{Search: "773-555-0199"}, []string{"4"}},
		"caller":    {notes.CallsFilter{Search: "312 555 0142"}, []string{"6", "5", "4", "3", "2", "1", "0"}},
		"reference": {notes.CallsFilter{Search: "l-1002"}, []string{"4"}},
		"nobody":    {notes.CallsFilter{Search: "Smithers"}, nil},
		"signs":     {notes.CallsFilter{Search: "%_';--"}, nil},
		"abandoned": {notes.CallsFilter{State: "abandoned"}, []string{"5", "3", "1"}},
		"open":      {notes.CallsFilter{State: "open"}, []string{"6", "4", "2", "0"}},
		"from to":   {notes.CallsFilter{From: start.Add(time.Minute), To: start.Add(3 * time.Minute)}, []string{"2", "1"}},
		"agent":     {notes.CallsFilter{Agent: agentID}, []string{"6", "4", "2", "0"}},
		"type":      {notes.CallsFilter{CallType: "refill"}, nil},
		"export":    {notes.CallsFilter{Export: true, State: "open"}, []string{"6", "4", "2", "0"}},
	} {
		page, err := h.store.Calls(office, c.f)
		var got []string
		for _, l := range page.Lines {
			got = append(got, strings.TrimPrefix(string(l.Call.ID), "call-"))
			if l.Note != nil && l.Patient == "" || l.Call.ANI != "" {
				t.Errorf("%s: line %+v", name, l)
			}
		}
		if err != nil || !slices.Equal(got, c.want) || page.Total != len(c.want) {
			t.Errorf("%s: %v (total %d) %v, want %v", name, got, page.Total, err, c.want)
		}
	}
	seen, after := 0, ""
	for range 9 {
		page, err := h.store.Calls(office, notes.CallsFilter{Limit: 3, After: after})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Lines)
		if after = page.Next; after == "" {
			break
		}
	}
	if seen != 7 {
		t.Errorf("paged through %d", seen)
	}
	if _, err := h.store.Calls(office, notes.CallsFilter{After: "zzz"}); !errors.Is(err, notes.ErrCursor) {
		t.Error(err)
	}
	prior, err := h.store.PriorCalls(agent, "lakeside", "+13125550142", "call-6", 3)
	if err != nil || len(prior) != 3 || prior[0].Call != "call-5" || prior[1].Ref != "L-1002" || prior[1].CallType != "symptom" {
		t.Errorf("prior: %+v %v", prior, err)
	}
	if other, err := h.store.PriorCalls(agent, "bosque", "+13125550142", "", 3); err != nil || len(other) != 0 {
		t.Errorf("another practice knows the caller: %v %v", other, err)
	}
}

func TestAccounts(t *testing.T) {
	h := newHouse(t).furnish(t)
	ctx := access.System(t.Context(), "seed")
	a, err := h.store.Account(ctx, "lakeside")
	want := lakeside()
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
	thief := lakeside()
	thief.ID, thief.Lines = "thief", []telephony.Line{{DID: "+13125550101"}}
	if err := h.store.PutAccount(ctx, thief); err == nil {
		t.Error("a practice took another's number")
	}
	if all, err := h.store.Accounts(ctx); err != nil || len(all) != 2 {
		t.Errorf("%d accounts %v", len(all), err)
	}
	if _, err := h.store.Account(ctx, "thief"); !errors.Is(err, notes.ErrNoAccount) {
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
	for in, want := range map[string]string{"": "", "  ": "", "Cher": "Cher", "José Ortega": "J. Ortega", "Ana María García López": "A. García López", "Élise  Roux": "É. Roux"} {
		if got := notes.DisplayName(in); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}
