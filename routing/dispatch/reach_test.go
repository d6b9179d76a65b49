package dispatch

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
)

var ana = routing.ActingPerson{ID: "p-ana", Name: "Ana Agent"}

// What an agent does about a late note leaves as every message does, leaves its leaf, and does not stop the ladder; only who
// said that they take it on ends it.
func TestAnAgentHasALateNotesPeopleTold(t *testing.T) {
	h := newFixture(t).run()
	h.send(newNote("n1", "L-1"), h.plan(urgent))
	h.wait(3)
	if err := h.engine.PageAgain(t.Context(), ana, "n1"); !errors.Is(err, routing.ErrNotLate) {
		t.Errorf("on time: %v", err)
	}
	h.advance(3 * time.Minute)
	h.wait(4)
	h.until("it is late", func() bool { return h.row("n1").Late == routing.Late })
	if err := h.engine.PageAgain(t.Context(), ana, "n1"); !errors.Is(err, routing.ErrJustTold) {
		t.Errorf("at once: %v", err)
	}
	h.advance(time.Minute)
	if err := h.engine.PageAgain(t.Context(), ana, "n1"); err != nil {
		t.Fatal(err)
	}
	if all := h.wait(5); all[4].To != "+13125550101" {
		t.Errorf("told again is %s", all[4].To)
	}
	reached, err := h.engine.Reached(t.Context(), account(urgent))
	if err != nil || len(reached) != 3 || len(reached[1].Steps) != 3 || reached[2].Why != routing.NoAddress {
		t.Fatalf("%+v, %v", reached, err)
	}
	if err := h.engine.PageContact(t.Context(), ana, "n1", reached[1].Steps); err != nil {
		t.Fatal(err)
	}
	h.wait(8)
	h.advance(2 * time.Minute) // the ladder is climbed on
	h.wait(9)
	osei := account(urgent).Contacts[1]
	if err := h.engine.Called(t.Context(), ana, "n1", osei); err != nil {
		t.Fatal(err)
	}
	if err := h.engine.Told(t.Context(), ana, "n1", osei); err != nil {
		t.Fatal(err)
	}
	if r := h.row("n1"); r.State != routing.Climbing {
		t.Errorf("told, and not taken on: %+v", r)
	}
	if err := postgres.InTx(t.Context(), h.pool, func(tx pgx.Tx) error {
		return h.engine.AckByVoiceTx(t.Context(), tx, ana, "n1", osei)
	}); err != nil {
		t.Fatal(err)
	}
	if r, err := h.engine.Ack(t.Context(), dr, "n1"); err != nil || r.First || r.By != "p-osei" {
		t.Errorf("a second acknowledgment: %+v, %v", r, err)
	}
	lines, err := h.engine.Story(t.Context(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, l := range lines {
		if l.Kind == notes.LinePaged || l.Kind == notes.LineCalled || l.Kind == notes.LineTold || l.Kind == notes.LineAcknowledged {
			acts = append(acts, string(l.Kind)+" "+l.Actor)
		}
	}
	if want := []string{"dispatch.paged Ana Agent → Dr Reyes", "dispatch.paged Ana Agent → Dr Osei", "dispatch.called Ana Agent → Dr Osei",
		"dispatch.told Ana Agent → Dr Osei", "dispatch.told Ana Agent → Dr Osei", "dispatch.acknowledged Dr Osei"}; !slices.Equal(acts,
		want) {
		t.Errorf("the story is %q", acts)
	}
	h.halt()
	h.verify()
}
