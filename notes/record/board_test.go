package record_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit/tree"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// board is the first page of what somebody sees of the board.
func (h *fixture) board(ctx context.Context) ([]record.BoardLine, error) {
	page, err := h.store.Board(ctx, record.BoardSelection{})
	return page.Lines, err
}

// everyBoard is the board by its definition, worked out from the rows that the log vouches for: what the table must hold.
const everyBoard = `
	select n.id, case when d.state = 'exhausted' then 0 when d.rung > d.first_rung then 1 else 2 end::smallint, n.taken_at,
		d.id is null as free, n.call_type = 'voicemail'
			or n.urgency <> 'routine' and n.state in ('open', 'read')
			or (select a.kind from add_on a where a.note = n.id and a.kind in ('reply', 'agent') order by a.at desc,
				a.id desc limit 1) = 'reply' as waits
		from note n left join dispatch d on d.note = n.id and d.state in ('climbing', 'exhausted') where n.state <> 'closed'
	union all select id, 2, coalesce(ended_at, opened_at), true,
		true from call c where followup = 'no-number' or followup = 'due' and not exists (
		select from call o where o.followup = 'due' and o.account = c.account and o.caller_term = c.caller_term
		and (coalesce(o.ended_at, o.opened_at), o.id) < (coalesce(c.ended_at, c.opened_at), c.id))`

// onBoard is what stands on the board in order, as a query says it.
func (h *fixture) onBoard(t *testing.T, query string) (out []string) {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	out, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dispatches puts a dispatch beside a note as routing does, in the note's transaction or after it.
const aDispatch = `insert into dispatch (id, note, account, practice, urgency, reference, plan, first_rung, rung, state, begun_at, board_at, unfolded)
	values ($1, $2, 'lakeside', 'L', 'urgent', 'L-1', '{}', 0, 0, 'climbing', now(), now() + interval '1 h', true)`

// TestTheBoardIsWhatTheRecordSays does what happens to notes and calls at random, several at once, and after each round holds
// the board against its definition, and its pages, however small, against the board.
func TestTheBoardIsWhatTheRecordSays(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent, doctor := h.as(t, agentID), h.as(t, doctorID)
	r := rand.New(rand.NewPCG(3, 4))
	var ids []notes.NoteID
	for i := range 24 {
		d := aDraft(fmt.Sprint("d", i), "")
		d.Urgency = []notes.Urgency{notes.Routine, notes.Urgent, notes.Emergency}[i%3]
		var hooks []record.TakeHook
		if i%4 < 2 {
			hooks = append(hooks, func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
				_, err := tx.Exec(ctx, aDispatch, "D"+string(n.ID), n.ID)
				return err
			})
		}
		n, err := h.store.Take(agent, d, hooks...)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, n.ID)
	}
	for i := range 6 {
		c := aCall(telephony.CallID(fmt.Sprintf("call-%d", i)))
		c.OpenedAt = c.OpenedAt.Add(time.Duration(i) * time.Second)
		c.ANI = telephony.Number(fmt.Sprintf("+1312555014%d", i/2)) // each calls twice
		h.record(t, c, telephony.Arrived, telephony.Ended)
	}
	sql := func(q string, args ...any) func() error {
		return func() error { _, err := h.pool.Exec(context.Background(), q, args...); return err }
	}
	h.sameBoard(t)
	for range 12 {
		var acts []func() error
		for range 4 {
			n := ids[r.IntN(len(ids))]
			acts = append(acts, []func() error{
				sql("update dispatch set rung = rung + 1 where note = $1 and state = 'climbing'", n),
				sql("update dispatch set state = 'exhausted' where note = $1 and state = 'climbing'", n),
				sql("update dispatch set state = 'acked', ended_at = now() where note = $1 and state in ('climbing', 'exhausted')", n),
				sql("insert into dispatch select 'E' || gen_random_uuid(), note, account, practice, urgency, reference, plan, 0, 0, "+
					"'climbing', now(), board_at, null, null, null, null, true from dispatch where note = $1 and state = 'acked' and "+
					"not exists (select from dispatch where note = $1 and state in ('climbing', 'exhausted')) limit 1", n),
				func() error { _, err := h.store.AddOn(doctor, n, "", notes.Reply, "tell her"); return err },
				func() error { _, err := h.store.AddOn(agent, n, "", notes.Remark, "told her"); return err },
				func() error { _, err := h.store.Acknowledge(doctor, n); return err },
				func() error { _, err := h.store.MarkRead(doctor, n); return err },
				func() error {
					if r := n[len(n)-1]; r%3 != 0 {
						return nil // most stay open
					}
					_, err := h.store.CloseOut(doctor, n, "done")
					return err
				},
				func() error { return h.store.CloseCallBack(agent, "call-3", "rang back") },
			}[r.IntN(10)])
		}
		failed := make(chan error, len(acts))
		for _, act := range acts {
			go func() { failed <- act() }()
		}
		for range acts {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		h.sameBoard(t)
	}
}

func (h *fixture) sameBoard(t *testing.T) {
	t.Helper()
	want := h.onBoard(t, "select id from ("+everyBoard+") b (id, rank, since, free, waits) where not free or waits order by rank, since, id")
	if got := h.onBoard(t, "select id from board where rank is not null order by rank, since, id"); !slices.Equal(got, want) {
		t.Fatalf("the board is\n%q, want\n%q", got, want)
	}
	for _, who := range []notes.PersonID{agentID, doctorID} { // everything, and one practice
		var got []string
		for after, first := "", true; first || after != ""; first = false {
			page, err := h.store.Board(h.as(t, who), record.BoardSelection{After: after, Limit: 4})
			if err != nil || page.Open != len(want) {
				t.Fatalf("%+v, %v", page, err)
			}
			for _, row := range page.Lines {
				got = append(got, row.ID)
			}
			after = page.Next
		}
		if !slices.Equal(got, want) {
			t.Fatalf("by pages %s sees\n%q, want\n%q", who, got, want)
		}
	}
}

// listLeaves are the leaves of lists that wait, in order.
func (h *fixture) listLeaves(t *testing.T) (out []tree.Entry) {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), "select body from audit_outbox where kind = 'list' order by id")
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		e, err := tree.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// TestALeafCoversAMinuteOfAList reads lists again and again: one leaf a person, kind of list and minute; a practice that no
// leaf of the minute covers, and a file to take away, have their own.
func TestALeafCoversAMinuteOfAList(t *testing.T) {
	now := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	h := newFixtureAt(t, func() time.Time { return now }).furnish(t)
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking, telephony.Ended)
	if _, err := h.store.Take(h.as(t, agentID), aDraft("d1", "call-1")); err != nil {
		t.Fatal(err)
	}
	agent, office := h.as(t, agentID), h.as(t, officeID)
	board := func() error { _, err := h.store.Board(agent, record.BoardSelection{}); return err }
	calls := func() error { _, err := h.store.Calls(office, record.CallSelection{}); return err }
	export := func() error { _, err := h.store.Calls(office, record.CallSelection{Export: true}); return err }
	both := access.Actor{Person: "two", Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleAgent}}}
	two := func() error {
		_, err := h.store.Board(access.With(t.Context(), both), record.BoardSelection{})
		return err
	}
	shown := func() error {
		a, _ := access.From(agent)
		_, err := h.store.BoardFor(access.System(t.Context(), "console"), record.BoardSelection{}, a)
		return err
	}
	for i, c := range []struct {
		what  string
		do    func() error
		after time.Duration
		want  int
	}{
		{"the board", board, 0, 1}, {"again", board, 0, 1}, {"a change of it, shown", shown, 0, 1}, {"the calls", calls, 0, 2},
		{"again, a little later", calls, 30 * time.Second, 2},
		{"a file", export, 0, 3}, {"another file", export, 0, 4}, {"the board when the minute is over", board, 31 * time.Second, 5},
		{"one practice", two, 0, 6}, {"again", two, 0, 6},
		{"and a new one", func() error {
			both.Grants = append(both.Grants, access.Grant{Account: "bosque", Role: notes.RoleAgent})
			return two()
		}, 0, 7}, {"again", two, 0, 7}, {"with the first alone", func() error { both.Grants = both.Grants[:1]; return two() }, 0, 7},
	} {
		now = now.Add(c.after)
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if got := h.listLeaves(t); len(got) != c.want {
			t.Errorf("%d, %s: %d leaves, want %d: %+v", i, c.what, len(got), c.want, got)
		}
	}
}

// TestOneCallerIsOneRow: the calls one number gave up are one row with a count, per practice, whatever order they end in; a
// withheld number is never merged; calling back once clears them all.
func TestOneCallerIsOneRow(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	begun := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	give := func(id telephony.CallID, at int, account telephony.AccountID, ani telephony.Number) {
		c := aCall(id)
		c.OpenedAt, c.Account, c.ANI = begun.Add(time.Duration(at)*time.Minute), account, ani
		h.record(t, c, telephony.Arrived, telephony.Ended)
	}
	const maria, other = "+13125550142", "+13125550143"
	give("m-2", 2, "lakeside", maria)
	give("m-1", 1, "lakeside", maria) // it ended first and is written last
	give("m-3", 3, "lakeside", maria)
	give("b-1", 4, "bosque", maria)
	give("o-1", 5, "lakeside", other)
	give("w-1", 6, "lakeside", "")
	give("w-2", 7, "lakeside", "")
	look := func() (out []string) {
		rows, err := h.board(agent)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, fmt.Sprint(r.Call, " ", r.Tries, " ", r.LastAt.Sub(begun).Truncate(time.Minute)))
		}
		return out
	}
	want := []string{"m-1 3 3m0s", "b-1 1 4m0s", "o-1 1 5m0s", "w-1 1 6m0s", "w-2 1 7m0s"}
	if got := look(); !slices.Equal(got, want) {
		t.Fatalf("the board is %q, want %q", got, want)
	}
	var news record.News
	if _, _, err := h.store.Changed(t.Context(), &news); err != nil {
		t.Fatal(err)
	}
	give("m-4", 8, "lakeside", maria) // the desks are told that its row has changed
	ids, all, err := h.store.Changed(t.Context(), &news)
	if err != nil || all || !slices.Contains(ids, "m-1") {
		t.Errorf("changed: %v %v %v", ids, all, err)
	}
	if err := h.store.CloseCallBack(agent, "m-3", "reached her"); err != nil {
		t.Fatal(err)
	}
	if got := look(); !slices.Equal(got, want[1:]) {
		t.Errorf("after calling back once the board is %q, want %q", got, want[1:])
	}
	for _, id := range []telephony.CallID{"m-1", "m-4"} {
		if st, err := h.store.StoryOf(agent, id, ""); err != nil || st.FollowUp == nil || st.FollowUp.Text != "reached her" {
			t.Errorf("how %s was followed up: %+v %v", id, st.FollowUp, err)
		}
	}
	give("m-5", 9, "lakeside", maria) // she calls again
	if got := look(); got[len(got)-1] != "m-5 1 9m0s" {
		t.Errorf("called again, the board is %q", got)
	}
	h.mustVerify(t)
}
