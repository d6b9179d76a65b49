package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/routing"
	"lamplight/routing/channel"
)

// TestWhoCanOnlyWriteTheDatabaseHoldsNoNoteBack writes to the rows of a note on its way, as somebody without the server's key. Each
// time the note goes on, to the right person or onto the supervisors' board, it is told, and the log's check tells it for good.
func TestWhoCanOnlyWriteTheDatabaseHoldsNoNoteBack(t *testing.T) {
	const later = "update attempt set state = 'delivered', wake_at = null where rung > 0"
	for name, c := range map[string]struct {
		sql   string
		board bool // it comes onto the board; else it reaches the backup by the plan
	}{
		"acknowledged": {"update dispatch set state = 'acked', ended_at = now(), ended_by = 'p-reyes', ended_name = 'Dr Reyes'",
			true},
		"cancelled": {"update dispatch set state = 'cancelled', ended_at = now(), ended_by = 'x', ended_name = 'x', " +
			"reason = 'x'", true},
		"the board put off":  {"update dispatch set board_at = board_at + interval '30 years'", true},
		"another plan":       {`update dispatch set plan = '{"steps":[]}'`, true},
		"without its MAC":    {"update dispatch set mac = null", true},
		"attempts delivered": {later, false},
		"attempts cancelled": {"update attempt set state = 'cancelled', wake_at = null where rung > 0", false},
		"attempts read":      {"update attempt set state = 'opened', sent_at = now(), wake_at = null where rung > 0", false},
		"attempts put off": {"update attempt set due_at = due_at + interval '30 years', wake_at = wake_at + interval '30 years' " +
			"where rung > 0", false},
		"attempts not looked at":  {"update attempt set wake_at = wake_at + interval '30 years' where rung > 0", false},
		"attempts never to come":  {"update attempt set wake_at = null where rung > 0", false},
		"attempts under way":      {"update attempt set state = 'sending', wake_at = now() + interval '30 years' where rung > 0", false},
		"to somebody else":        {"update attempt set address = '+13125550999' where rung > 0", false},
		"by another channel":      {"update attempt set channel = 'voice' where rung > 0", false},
		"sent too often":          {"update attempt set sends = 100 where rung > 0", false},
		"attempts taken away":     {"delete from attempt where rung > 0", false},
		"all attempts taken away": {"delete from attempt", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.run()
			h.send(newNote("n1", "L-1"), h.plan(urgent))
			h.wait(3)
			h.until("nothing is under way", func() bool { return h.states("n1")[routing.Sending] == 0 })
			h.exec(c.sql)
			h.until("it is told", func() bool { return strings.Contains(h.story(), string(notes.LineForged)) })
			if c.board {
				h.until("it is on the board", func() bool { return h.row("n1").State == routing.Exhausted })
			} else {
				h.until("the waits are right", func() bool {
					var odd int
					if err := h.pool.QueryRow(t.Context(), `select count(*) from attempt where state = 'due' and wake_at is distinct from due_at
						or state = 'sending' and (wake_at is null or wake_at > routing_now() + interval '1 hour')`).Scan(&odd); err != nil {
						t.Fatal(err)
					}
					return odd == 0
				})
				h.advance(urgent.Rungs[2].After)
				h.until("it reached the backup", func() bool {
					return slices.ContainsFunc(h.attempts("n1"), func(a routing.Attempt) bool {
						return a.Name == "Dr Osei" && a.State == routing.Delivered
					})
				})
			}
			if len(h.log.Forged()) == 0 {
				t.Error("nothing is remembered as forged")
			}
			r := h.check()
			if len(r.Mended) == 0 || !strings.HasPrefix(r.Mended[0], "dispatch ") {
				t.Errorf("mended, says the log's check: %v", r.Mended)
			}
			for _, f := range r.Findings { // what was taken away is missed for good
				if f.What != "row-missing" || !strings.HasPrefix(c.sql, "delete") {
					t.Errorf("after mending the log's check says %v", f)
				}
			}
		})
	}
}

// TestADispatchThatIsTakenAwayIsAnAlarm: nothing can be put right, but it is said.
func TestADispatchThatIsTakenAwayIsAnAlarm(t *testing.T) {
	h := newFixture(t) // no engine runs: we are its auditor
	id := h.send(newNote("n1", "L-1"), h.plan(oneText))
	for range 2 {
		if gone, err := h.engine.watchRows(t.Context()); err != nil || len(gone) != 0 {
			t.Fatal(gone, err)
		}
	}
	h.exec("delete from dispatch")
	gone, err := h.engine.watchRows(t.Context())
	if err != nil || len(gone) != 1 || gone[0].Kind != AlarmGone || gone[0].Dispatch != id || gone[0].Note != "n1" {
		t.Errorf("%+v, %v", gone, err)
	}
	if forged := h.log.Forged(); !slices.Contains(forged, "dispatch "+string(id)) {
		t.Errorf("remembered: %q", forged)
	}
}

// TestAStopThatNobodySentStopsNothing: a phone is stopped, or sent elsewhere, in the database alone.
func TestAStopThatNobodySentStopsNothing(t *testing.T) {
	h := newFixture(t)
	h.exec("insert into text_stop (id, number, stopped_at) select 'x' || n, '+1312555010' || n, now() from generate_series(1, 2) n")
	h.exec("update push_subscription set endpoint = 'https://elsewhere.example/' || person")
	h.exec("update push_change set n = n + 1")
	if p := h.plan(oneText); len(p.Holes) != 0 || !p.Reaches() {
		t.Errorf("the plan: %+v", p)
	}
	h.run()
	h.send(newNote("n1", "L-1"), h.plan(oneText))
	if got := h.wait(1); got[0].To != "+13125550101" {
		t.Errorf("it went to %s", got[0].To)
	}
	list, err := NewPushPhones(h.pool, h.log).Subscriptions(t.Context(), "p-reyes")
	if err != nil || len(list) != 0 {
		t.Errorf("a phone that nobody subscribed: %v, %v", list, err)
	}
	forged := strings.Join(h.log.Forged(), ",")
	if !strings.Contains(forged, "text-stop ") || !strings.Contains(forged, "phone ") || strings.Contains(forged, "elsewhere") {
		t.Errorf("remembered as forged: %s", forged)
	}
}

// TestAnyAlteredColumnIsFound alters one value at a time of everything this package keeps, and takes a row of each away.
func TestAnyAlteredColumnIsFound(t *testing.T) {
	h := newFixture(t)
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.unfold("n1")
	reply := channel.Reply{Ref: "SM1", From: "+13125550101", Sense: channel.SenseStop}
	if _, err := h.engine.TextedBack(t.Context(), reply); err != nil {
		t.Fatal(err)
	}
	h.send(newNote("n2", "L-2"), h.plan(oneText))
	h.unfold("n2")
	h.clock.Advance(routing.DefaultWait)
	if err := h.engine.exhaustDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.verify()
	changed := map[string]string{"text": "coalesce(%[1]s, '') || 'x'", "int4": "%[1]s + 1000", "int8": "%[1]s + 1", "bool": "not %[1]s",
		"timestamptz": "coalesce(%[1]s + interval '1 microsecond', now())", "bytea": `coalesce(%[1]s, '') || '\x00'`}
	// What only claims move: bounded, and no finding (believe.go).
	free := []string{"dispatch.rung", "attempt.fence", "attempt.wake_at"}
	rows, err := h.pool.Query(t.Context(), `select table_name, column_name, udt_name from information_schema.columns
		where table_schema = 'public' and is_identity = 'NO'
		and table_name in ('dispatch', 'attempt', 'dispatch_step', 'text_stop', 'push_subscription', 'summons')`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c [3]string, err error) { return c, r.Scan(&c[0], &c[1], &c[2]) })
	if err != nil || len(columns) < 50 {
		t.Fatal(columns, err)
	}
	tamper := func(what string, sql ...string) {
		t.Helper()
		tx, err := h.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context()) // nothing of it stays
		for _, s := range append([]string{"set local session_replication_role = replica"}, sql...) {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		r, err := audit.VerifyTx(t.Context(), tx, audit.VerifyOptions{Key: h.key, Tables: Tables()})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r.Good() == !slices.Contains(free, what) {
			t.Errorf("%s: %v", what, r.Findings)
		}
	}
	for _, c := range columns {
		update := fmt.Sprintf("update %s set %s = %s where ctid = (select ctid from %s limit 1)", c[0], c[1],
			fmt.Sprintf(changed[c[2]], c[1]), c[0])
		tamper(c[0]+"."+c[1], "alter table "+c[0]+" drop constraint if exists "+c[0]+"_state_check", update)
	}
	for _, table := range []string{"dispatch", "attempt", "dispatch_step", "text_stop", "push_subscription", "summons"} {
		tamper("a row of "+table, "delete from "+table+" where ctid = (select ctid from "+table+" limit 1)")
	}
}
