package record_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// A note that is not sent in time comes onto the board and turns late there; one whose agent has gone is late at once. Another
// agent takes it over with its words, and sends it once: who began it cannot send or save it any more, whoever asks first.
func TestANoteNotSentIsSomebodyElsesToFinish(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	h := newFixtureAt(t, func() time.Time { return now }).furnish(t)
	seed := access.System(t.Context(), "seed")
	for id, g := range map[notes.PersonID]access.Grant{
		"agent-2": {Account: "lakeside", Role: notes.RoleAgent}, "boss": {Account: access.Everywhere, Role: notes.RoleSupervisor},
		"agent-b": {Account: "bosque", Role: notes.RoleAgent},
	} {
		p := access.Person{ID: id, Login: string(id), Name: "The " + string(id), Language: "en", Grants: []access.Grant{g}}
		if _, err := h.door.AddPerson(seed, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	first, second, boss, stranger := h.as(t, agentID), h.as(t, "agent-2"), h.as(t, "boss"), h.as(t, "agent-b")
	call := aCall("call-1")
	call.OpenedAt = now
	h.record(t, call, telephony.Arrived, telephony.Talking)
	d := aDraft("draft-1", "call-1")
	save := func(ctx context.Context) error { return h.store.SaveDraft(ctx, d) }
	if err := save(first); err != nil {
		t.Fatal(err)
	}
	board := func(ctx context.Context) (rows []record.BoardLine) {
		t.Helper()
		if err := h.store.RaiseUnsent(ctx); err != nil {
			t.Fatal(err)
		}
		b, err := h.store.Board(ctx, record.BoardSelection{})
		if err != nil {
			t.Fatal(err)
		}
		return b.Lines
	}
	if got := board(boss); len(got) != 0 {
		t.Fatalf("they talk, and on the board: %+v", got)
	}
	call.State, call.Outcome, call.EndedAt = telephony.Ended, telephony.Completed, now
	if err := h.store.Record(t.Context(), call, telephony.Step{At: now, Kind: telephony.StepEnded}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(record.UnsentAfter - time.Second)
	if got := board(boss); len(got) != 0 {
		t.Fatalf("not yet, and on the board: %+v", got)
	}
	now = now.Add(time.Second)
	if got := board(second); len(got) != 1 || got[0].Draft != "draft-1" || got[0].Call != "call-1" || got[0].Agent != agentID || got[0].Late ||
		got[0].Left || !got[0].Since.Equal(call.EndedAt) {
		t.Fatalf("on time: %+v", got)
	}
	if got := board(stranger); len(got) != 0 {
		t.Fatalf("another practice's agent sees %+v", got)
	}
	now = now.Add(record.UnsentLate - record.UnsentAfter)
	if got := board(boss); len(got) != 1 || !got[0].Late {
		t.Fatalf("late: %+v", got)
	}
	var held *record.DraftHeld
	if _, _, err := h.store.TakeDraft(second, "draft-1"); !errors.As(err, &held) || held.Name != "Marta Agent" || held.Gone {
		t.Errorf("a colleague takes what its agent has in hand: %v", err)
	}
	if _, _, err := h.store.TakeDraft(stranger, "draft-1"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another practice's agent takes it: %v", err)
	}
	if err := h.store.AgentLeft(t.Context(), agentID); err != nil {
		t.Fatal(err)
	}
	if got := board(second); len(got) != 1 || !got[0].Left {
		t.Fatalf("left: %+v", got)
	}
	for range 2 { // asked again it answers the same
		got, _, err := h.store.TakeDraft(second, "draft-1")
		if err != nil || got.Body.Fields["name"] != said.Fields["name"] || got.Body.Verbatim != said.Verbatim {
			t.Fatalf("taken over: %+v, %v", got, err)
		}
	}
	if got := board(boss); len(got) != 0 {
		t.Errorf("in hand again, and on the board: %+v", got)
	}
	if _, _, err := h.store.TakeDraft(boss, "draft-1"); !errors.Is(err, record.ErrNoDraft) {
		t.Errorf("a supervisor takes what is not on the board: %v", err)
	}
	over := func(when string) {
		t.Helper()
		d.Seq++
		for what, do := range map[string]func() error{"saves": func() error { return save(first) },
			"sends": func() error { _, err := h.store.Take(first, d); return err }} {
			if err := do(); !errors.As(err, &held) || held.Name != "The agent-2" || !held.Gone {
				t.Errorf("%s, who began it %s: %v", when, what, err)
			}
		}
		if kept, err := h.store.Drafts(first); err != nil || len(kept) != 0 {
			t.Errorf("%s, who began it still has %d, %v", when, len(kept), err)
		}
	}
	over("before it is sent")
	n, err := h.store.Take(second, d)
	if err != nil || n.Taker != "agent-2" {
		t.Fatalf("%+v, %v", n, err)
	}
	over("after it was sent")
	if again, err := h.store.Take(second, d); err != nil || again.ID != n.ID {
		t.Errorf("sent again it is %s, %v, not %s", again.ID, err, n.ID)
	}
	st, err := h.store.StoryOf(boss, "call-1", "")
	if err != nil || !slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool {
		return l.Kind == notes.LineDraftTakenOver && l.Actor == "The agent-2"
	}) {
		t.Errorf("the story does not tell it: %+v, %v", st.Lines, err)
	}
	h.mustVerify(t)
}

// Of several supervisors who take one note over at once, one has it; the others are told so, and it changes hands once.
func TestANoteIsTakenOverByOne(t *testing.T) {
	h := newFixture(t).furnish(t)
	if err := h.store.SaveDraft(h.as(t, agentID), aDraft("draft-1", "")); err != nil {
		t.Fatal(err)
	}
	if err := h.store.AgentLeft(t.Context(), agentID); err != nil {
		t.Fatal(err)
	}
	if err := h.store.RaiseUnsent(h.as(t, agentID)); err != nil {
		t.Fatal(err)
	}
	const bosses = 6
	ctxs, errs := make([]context.Context, bosses), make([]error, bosses)
	for i := range bosses {
		id := notes.PersonID(fmt.Sprintf("boss-%d", i))
		p := access.Person{ID: id, Login: string(id), Name: "The " + string(id), Language: "en",
			Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleSupervisor}}}
		if _, err := h.door.AddPerson(access.System(t.Context(), "seed"), p, ""); err != nil {
			t.Fatal(err)
		}
		ctxs[i] = h.as(t, id)
	}
	var all sync.WaitGroup
	for i := range bosses {
		all.Go(func() { _, _, errs[i] = h.store.TakeDraft(ctxs[i], "draft-1") })
	}
	all.Wait()
	var has int
	for i, err := range errs {
		switch {
		case err == nil:
			has++
			if kept, err := h.store.Drafts(ctxs[i]); err != nil || len(kept) != 1 {
				t.Errorf("who took it over has %d, %v", len(kept), err)
			}
		case !errors.Is(err, record.ErrNoDraft):
			t.Errorf("boss %d is told %v", i, err)
		}
	}
	if has != 1 {
		t.Errorf("%d of %d have it: %v", has, bosses, errs)
	}
	h.mustVerify(t)
}

// An agent whose desk is back has their notes in hand again, and a note that is sent or thrown away leaves the board.
func TestWhatStoodNotSentLeavesTheBoard(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	open := func() int {
		t.Helper()
		if err := h.store.RaiseUnsent(agent); err != nil {
			t.Fatal(err)
		}
		b, err := h.store.Board(agent, record.BoardSelection{})
		if err != nil {
			t.Fatal(err)
		}
		return len(b.Lines)
	}
	for _, id := range []string{"sent", "dropped", "kept"} {
		if err := h.store.SaveDraft(agent, aDraft(id, "")); err != nil {
			t.Fatal(err)
		}
	}
	left := func(want int) {
		t.Helper()
		if err := h.store.AgentLeft(agent, agentID); err != nil {
			t.Fatal(err)
		}
		if got := open(); got != want {
			t.Fatalf("%d on the board, want %d", got, want)
		}
	}
	left(3)
	if err := h.store.AgentBack(agent, agentID); err != nil {
		t.Fatal(err)
	}
	if got := open(); got != 0 {
		t.Errorf("the agent is back, and on the board: %d", got)
	}
	left(3)
	if err := h.store.DropDraft(agent, "dropped"); err != nil {
		t.Fatal(err)
	}
	if err := h.store.AgentBack(agent, agentID); err != nil {
		t.Fatal(err)
	}
	left(2)
	d := aDraft("sent", "")
	d.Urgency = notes.Routine
	if _, err := h.store.Take(agent, d); err != nil {
		t.Fatal(err)
	}
	if got := open(); got != 1 {
		t.Errorf("sent and thrown away, and on the board: %d", got)
	}
	h.mustVerify(t)
}
