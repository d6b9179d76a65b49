package dispatch

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing"
)

// No engine runs when a note is sent: nothing is lost, the board knows what comes, and whoever acts first acts on all of it.
func TestAFoldedDispatchIsWhole(t *testing.T) {
	h := newFixture(t)
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	if n := len(h.attempts("n1")); n != 0 {
		t.Fatalf("%d attempts were written while an agent waited", n)
	}
	if r := h.row("n1"); r.State != routing.Climbing || r.Next.Kind != routing.NextText || r.Next.Name != "Dr Reyes" ||
		h.clock.Now().Sub(r.Next.At).Abs() > time.Second {
		t.Errorf("the board shows %+v", r)
	}
	if r, err := h.engine.Ack(t.Context(), dr, "n1"); err != nil || !r.First {
		t.Fatalf("%+v, %v", r, err)
	}
	if s := h.states("n1"); len(s) != 1 || s[routing.Withdrawn] != 5 {
		t.Errorf("after the acknowledgment: %v", s)
	}
	lines, err := h.engine.Story(t.Context(), "n1")
	if err != nil || len(lines) != 2 || lines[0].Kind != notes.LineBegun || lines[1].Kind != notes.LineAcknowledged {
		t.Errorf("the story is %+v, %v", lines, err)
	}
	h.run()
	h.halt()
	if all := h.pocket.Messages(); len(all) != 0 {
		t.Errorf("%d messages left after the acknowledgment", len(all))
	}
	h.verify()
}

// "Not me" said before any engine has looked: what waited for that person is not sent, the next rung begins.
func TestPassedOnWhileFolded(t *testing.T) {
	h := newFixture(t)
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	if err := h.engine.PassOn(t.Context(), dr, "n1"); err != nil {
		t.Fatal(err)
	}
	h.run()
	if all := h.wait(1); len(all) != 1 || all[0].To != "+13125550102" {
		t.Errorf("arrived: %+v", all)
	}
	h.halt()
	h.verify()
}

// No engine ran for hours after a note was sent: all of it leaves when one comes, and it stands on the board.
func TestWhatWasFoldedForLongLeaves(t *testing.T) {
	h := newFixture(t)
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.clock.Advance(time.Hour)
	h.run()
	h.wait(5)
	h.until("delivered, and on the board", func() bool {
		return h.states("n1")[routing.Due] == 0 &&
			h.row("n1").State == routing.Exhausted
	})
	h.halt()
	h.verify()
}

// Many engines wake at once, and each attempt is written once.
func TestManyUnfoldAtOnce(t *testing.T) {
	h := newFixture(t)
	const n = 40
	for i := range n {
		h.send(newNote(fmt.Sprintf("n%d", i), fmt.Sprintf("L-%d", i)), h.plan(urgent))
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := h.engine.Unfold(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range n {
		if got := h.states(notes.NoteID(fmt.Sprintf("n%d", i))); len(got) != 1 || got[routing.Due] != 5 {
			t.Fatalf("n%d: %v", i, got)
		}
	}
	h.verify()
}

// A dispatch that cannot be unfolded keeps no other back, and the auditor is loud about it.
func TestADispatchThatCannotBeUnfolded(t *testing.T) {
	h := newFixture(t)
	h.send(newNote("spoilt", "L-1"), h.plan(oneText))
	h.signed("update dispatch set plan = '{'")
	h.send(newNote("whole", "L-2"), h.plan(oneText))
	h.run()
	if all := h.wait(1); len(all) != 1 {
		t.Errorf("%d messages", len(all))
	}
	h.advance(overdueAfter + time.Second)
	if a := <-h.alarms; a.Kind != AlarmOverdue || a.Note != "spoilt" {
		t.Errorf("alarm %+v", a)
	}
	h.advance(time.Hour)
	h.until("it stands on the board all the same", func() bool { return h.row("spoilt").State == routing.Exhausted })
	if r, err := h.engine.Ack(t.Context(), dr, "spoilt"); err != nil || !r.First {
		t.Errorf("ack %+v, %v", r, err)
	}
}

// What a plan was made from is held against the database when its dispatch begins, and nothing happens when it has changed.
func TestAPlanIsProvedWhenItsDispatchBegins(t *testing.T) {
	h := newFixture(t)
	h.exec(`insert into account (id, name, version, document, schedule, ladders, changed_at) values ('lakeside', 'L', 3, '', '', '', now())`)
	acc := account(urgent)
	acc.Version = 3
	if _, ok := h.engine.Reckon(acc, "symptom", "urgent"); ok {
		t.Error("a plan was reckoned although the database was never asked")
	}
	ask := func() {
		t.Helper()
		if _, err := h.engine.Plan(t.Context(), acc, "symptom", "urgent"); err != nil {
			t.Fatal(err)
		}
	}
	begun := 0
	begin := func(what string, moved bool) {
		t.Helper()
		p, ok := h.engine.Reckon(acc, "symptom", "urgent")
		if !ok {
			t.Fatalf("%s: nothing to reckon from", what)
		}
		id := notes.NoteID(fmt.Sprintf("n%d", begun))
		err := h.begin(h.engine, newNote(string(id), "L-1"), p)
		if err != nil && !PlanMoved(err) {
			t.Fatalf("%s: %v", what, err)
		}
		if PlanMoved(err) != moved {
			t.Errorf("%s: refused %v, %v", what, PlanMoved(err), err)
		}
		var stored int
		if err := h.pool.QueryRow(t.Context(), "select count(*) from audit_outbox where object = $1", id).Scan(&stored); err != nil ||
			(stored == 0) != moved {
			t.Errorf("%s: %d leaves of its transaction, %v", what, stored, err)
		}
		begun++
	}
	ask()
	begin("nothing has changed", false)
	for _, c := range []struct{ what, sql string }{
		{"a phone went", "delete from push_subscription where person = 'p-reyes'"},
		{"another came", "insert into push_subscription values ('https://x', 'p-reyes', 'a', 'b', now())"},
		{"a phone changed hands", "update push_subscription set person = 'p-osei' where person = 'p-reyes'"},
		{"the clock jumped ahead", "update test_clock set ahead = ahead + interval '1 minute'"},
		{"the clock jumped back", "update test_clock set ahead = ahead - interval '1 minute'"},
	} {
		h.exec(c.sql)
		begin(c.what, true)
		ask()
		begin(c.what+", and was seen", false)
	}
	h.exec("update account set version = 4")
	begin("the practice was changed", true)
	acc.Version = 4
	begin("the practice was changed, and was seen", false)
	h.exec("delete from account")
	begin("the practice is gone", true)
}
