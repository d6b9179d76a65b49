package record_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

func TestLedger(t *testing.T) {
	ctx, h := t.Context(), newFixture(t).furnish(t)
	if l, ok, err := h.store.LineFor(ctx, "+13125550100"); err != nil || !ok || l.Account != "lakeside" {
		t.Errorf("line: %+v %v %v", l, ok, err)
	}
	if _, ok, err := h.store.LineFor(ctx, "+19995550100"); err != nil || ok {
		t.Errorf("a number nobody owns: %v %v", ok, err)
	}
	c := h.record(t, aCall("call-1"), telephony.Arrived, telephony.Waiting)
	h.record(t, aCall("call-2"), telephony.Arrived)
	live, err := h.store.Live(ctx)
	if err != nil || len(live) != 2 || live[0].ANI != "+13125550142" || live[0].CallerName != "QUINONES XIMENA" ||
		live[0].State != telephony.Waiting {
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
	board, err := h.board(agent)
	if err != nil || len(board) != 1 || board[0].Kind != "callback" || board[0].Call != "call-1" || !board[0].Number {
		t.Fatalf("board: %+v %v", board, err)
	}
	if c, err := h.store.Call(agent, "call-1"); err != nil || c.ANI != "+13125550142" || c.State != telephony.Ended {
		t.Errorf("call: %+v %v", c, err)
	}
	for range 2 {
		if err := h.store.CloseCallBack(agent, "call-1", "reached Maria; she will see Dr Reyes on Monday"); err != nil {
			t.Fatal(err)
		}
	}
	var row string
	if err := h.pool.QueryRow(ctx, "select call::text from call where id = 'call-1'").Scan(&row); err != nil ||
		strings.Contains(row, "Maria") {
		t.Errorf("the agent's words lie open: %v", err)
	}
	if st, err := h.store.StoryOf(agent, "call-1", ""); err != nil || st.FollowUp == nil ||
		st.FollowUp.Text != "reached Maria; she will see Dr Reyes on Monday" || string(st.FollowUp.By) != agentID {
		t.Errorf("how the call back ended: %+v %v", st.FollowUp, err)
	}
	if board, err = h.board(agent); err != nil || len(board) != 0 {
		t.Errorf("board after: %v %v", board, err)
	}
	withheld := aCall("call-3")
	withheld.ANI, withheld.CallerName, withheld.Account = "", "", ""
	h.record(t, withheld, telephony.Arrived, telephony.Ended)
	h.mustVerify(t)
}

func TestRecordingsAndVoicemails(t *testing.T) {
	h := newFixture(t).furnish(t)
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
	h.record(t, aCall("call-2"), telephony.Arrived, telephony.Talking, telephony.Ended)
	for id, part := range map[telephony.RecordingID]string{"rec-2": "first part", "rec-3": "second"} {
		if err := h.store.Keep(ctx, "call-2", id, writes([]byte(strings.Repeat("h", 44)+part))); err != nil {
			t.Fatal(err)
		}
	}
	got.Reset()
	if err := h.store.PlayRecording(h.as(t, officeID), "call-2", &got); err != nil || got.Len() != 44+16 ||
		binary.LittleEndian.Uint32(got.Bytes()[40:]) != 16 || !strings.Contains(got.String(), "first part") ||
		!strings.Contains(got.String(), "second") {
		t.Errorf("two parts: %q, %v", got.String(), err)
	}
	v := telephony.Voicemail{Recording: "vm-1", DID: "+13125550100", ANI: "+13125550199", At: time.Now().Add(-time.Minute),
		Length: 20 * time.Second}
	for range 2 {
		if err := h.store.KeepVoicemail(ctx, v, fetch); err != nil {
			t.Fatal(err)
		}
	}
	agent := h.as(t, agentID)
	board, err := h.board(agent)
	if err != nil || len(board) != 1 || board[0].Kind != notes.VoicemailType {
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
	known := aCall(telephony.CallOf("leg-1")) // who waited until the fail-safe took them is one caller, and one call
	known.Outcome = telephony.Overflowed
	h.record(t, known, telephony.Arrived, telephony.Waiting, telephony.Ended)
	steps := func() (n int) {
		if err := h.pool.QueryRow(ctx, "select count(*) from call_step where call = $1", known.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := steps()
	v = telephony.Voicemail{Recording: "vm-3", Leg: "leg-1", DID: known.DID, ANI: known.ANI, At: time.Now(), Length: time.Second}
	if err := h.store.KeepVoicemail(ctx, v, fetch); err != nil {
		t.Fatal(err)
	}
	if n, ok, err := h.store.OpenVoicemail(agent, known.ID); err != nil || !ok || n.Call != known.ID {
		t.Errorf("the message of a known caller: %+v, %v, %v", n, ok, err)
	}
	if n := steps(); n != before {
		t.Errorf("the message added to the call's story: %d lines, %d before", n, before)
	}
	h.mustVerify(t)
}

func TestCallsAreFound(t *testing.T) {
	h := newFixture(t).furnish(t)
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
		f    record.CallSelection
		want []string
	}{
		"all":       {record.CallSelection{}, []string{"6", "5", "4", "3", "2", "1", "0"}},
		"surname":   {record.CallSelection{Search: "QUINONES"}, []string{"6", "2", "0"}},
		"prefix":    {record.CallSelection{Search: "woj"}, []string{"6", "2", "0"}},
		"two words": {record.CallSelection{Search: "lee bob"}, []string{"4"}},
		"dob":       {record.CallSelection{Search: "12/31/1999"}, []string{"4"}},
		"phone":     {record.CallSelection{Search: "773-555-0199"}, []string{"4"}},
		"caller":    {record.CallSelection{Search: "312 555 0142"}, []string{"6", "5", "4", "3", "2", "1", "0"}},
		"reference": {record.CallSelection{Search: "l-1002"}, []string{"4"}},
		"nobody":    {record.CallSelection{Search: "Smithers"}, nil},
		"signs":     {record.CallSelection{Search: "%_';--"}, nil},
		"abandoned": {record.CallSelection{State: "abandoned"}, []string{"5", "3", "1"}},
		"open":      {record.CallSelection{State: "open"}, []string{"6", "4", "2", "0"}},
		"from to":   {record.CallSelection{From: start.Add(time.Minute), To: start.Add(3 * time.Minute)}, []string{"2", "1"}},
		"agent":     {record.CallSelection{Agent: agentID}, []string{"6", "4", "2", "0"}},
		"type":      {record.CallSelection{CallType: "refill"}, nil},
		"export":    {record.CallSelection{Export: true, State: "open"}, []string{"6", "4", "2", "0"}},
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
	if _, err := h.store.Take(agent, aDraft("second-note", "call-4")); err != nil {
		t.Fatal(err)
	}
	seen, after := 0, ""
	for range 9 {
		page, err := h.store.Calls(office, record.CallSelection{Limit: 3, After: after}) // the first page ends between call-4's two notes
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Lines)
		if after = page.Next; after == "" {
			break
		}
	}
	if seen != 8 {
		t.Errorf("paged through %d", seen)
	}
	if _, err := h.store.Calls(office, record.CallSelection{After: "zzz"}); !errors.Is(err, record.ErrCursor) {
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

// TestABoardForSeveral: who may see more or less than another is not shown the same board, and nothing is read.
func TestABoardForSeveral(t *testing.T) {
	h := newFixture(t).furnish(t)
	if _, err := h.store.Take(h.as(t, agentID), aDraft("d1", "")); err != nil {
		t.Fatal(err)
	}
	actor := func(id notes.PersonID) access.Actor {
		a, err := h.door.ActorOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ctx := access.System(t.Context(), "console")
	leaves := func() (n int) {
		if err := h.pool.QueryRow(ctx, "select count(*) from audit_outbox").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := leaves()
	for name, viewers := range map[string][]access.Actor{
		"all and one practice":     {actor(agentID), actor(doctorID)},
		"one practice and all":     {actor(doctorID), actor(agentID)},
		"one and another":          {actor(doctorID), actor(strangerID)},
		"somebody and one of none": {actor(agentID), {Person: "stranger"}},
	} {
		page, err := h.store.BoardFor(ctx, record.BoardSelection{}, viewers...)
		if !errors.Is(err, access.ErrForbidden) || page.Lines != nil {
			t.Errorf("%s: %d rows, %v", name, len(page.Lines), err)
		}
	}
	if _, err := h.store.BoardFor(ctx, record.BoardSelection{}); !errors.Is(err, access.ErrNobody) {
		t.Errorf("for nobody: %v", err)
	}
	if n := leaves(); n != before {
		t.Errorf("%d leaves of what was refused", n-before)
	}
	page, err := h.store.BoardFor(ctx, record.BoardSelection{}, actor(doctorID), actor(officeID))
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Patient == "" {
		t.Errorf("the practice's own: %+v, %v", page, err)
	}
	if n := leaves(); n != before+1 {
		t.Errorf("%d leaves for two viewers, want 1", n-before)
	}
}

// TestAnsweredCountsADaysCalls: those that callers made to a practice since an instant, once it is known how they went.
func TestAnsweredCountsADaysCalls(t *testing.T) {
	ctx, h := t.Context(), newFixture(t).furnish(t)
	midnight := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	put := func(name string, opened, waited time.Duration, outcome telephony.Outcome, change func(*telephony.Call)) {
		t.Helper()
		c := aCall(telephony.CallID(strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return '-'
			}
			return r
		}, name)))
		c.OpenedAt, c.State, c.Outcome = midnight.Add(opened), telephony.Ended, outcome
		if waited >= 0 {
			c.AnsweredAt = c.OpenedAt.Add(waited)
		}
		if outcome == "" {
			c.State = telephony.Talking
		}
		if change != nil {
			change(&c)
		}
		if err := h.store.Record(ctx, c, telephony.Step{At: c.OpenedAt, Kind: "arrived"}); err != nil {
			t.Fatal(err)
		}
	}
	const never = -1
	put("yesterday", -time.Second, time.Second, telephony.Completed, nil)
	put("in time", 0, 20*time.Second, telephony.Completed, nil)
	put("late", time.Hour, 20*time.Second+time.Millisecond, telephony.Completed, nil)
	put("given up", time.Hour, never, telephony.Abandoned, nil)
	put("cut off in the talk", time.Hour, time.Second, telephony.Abandoned, nil)
	put("taken by the fail-safe", time.Hour, never, telephony.Overflowed, nil)
	put("talks", time.Hour, time.Second, "", nil)
	put("waits", time.Hour, never, "", func(c *telephony.Call) { c.State = telephony.Waiting })
	put("to nobody's number", time.Hour, never, telephony.Refused, func(c *telephony.Call) { c.Account = "" })
	put("of the service's", time.Hour, time.Second, telephony.Completed, func(c *telephony.Call) { c.Inbound = false })
	a, err := h.store.Answered(ctx, midnight, 20*time.Second)
	if err != nil || a != (telephony.Answered{All: 6, InTime: 3}) {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = h.store.Answered(ctx, midnight.AddDate(0, 0, 1), 20*time.Second); err != nil || a.Share() != -1 {
		t.Errorf("the next day %+v, %v", a, err)
	}
}
