package house_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit/tree"
	"lamplight/notes/postgres"
	"lamplight/routing/dispatch"
)

// saysWhy checks the code of a refusal, and the name in it.
func saysWhy(t *testing.T, what string, err error, code, name string) {
	t.Helper()
	var e *console.Error
	if !errors.As(err, &e) || e.Code != code || e.Vars["name"] != name {
		t.Errorf("%s: %v, not %s of %q", what, err, code, name)
	}
}

// An agent has a late note's people told again, tells another, and writes down who was told by voice; who said that they take
// it on has acknowledged it, with the agent as the witness. What cannot be done is refused with its reason, and what is done
// is in the story.
func TestAnAgentActsOnALateNote(t *testing.T) {
	r := newRig(t)
	acc := practice("lakeside", "+13125550100")
	acc.Contacts = append(acc.Contacts, notes.Contact{ID: "osei", Name: "Dr Osei", Language: "es", Mobile: "+13125550102"},
		notes.Contact{ID: "deaf", Name: "Dr Nowhere", Language: "en"})
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
	agent, boss := r.as(t, "agent"), r.as(t, "boss")
	sent, err := r.Send(agent, draft("d1", "", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	ref := func(contact string) console.NoteContact {
		return console.NoteContact{Note: sent.Note, Contact: contact}
	}
	exec := func(sql string) { // as the server would
		t.Helper()
		err := postgres.InTx(t.Context(), r.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
			_, err := r.log.SignRows(t.Context(), tx, dispatch.Tables()...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	saysWhy(t, "page again on time", r.PageAgain(agent, sent.Note), "desk.error.nobody-told", "")
	saysWhy(t, "page another on time", r.PageContact(agent, ref("osei")), "desk.error.not-late", "")
	saysWhy(t, "take over on time", r.TakeOver(boss, sent.Note), "desk.error.not-exhausted", "")
	if err := r.routing.Unfold(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec("update attempt set state = 'delivered', wake_at = null, sent_at = now() - interval '5 minutes'")
	saysWhy(t, "page again on time", r.PageAgain(agent, sent.Note), "desk.error.not-late", "")
	exec("update dispatch set rung = 0, state = 'exhausted'")

	reach, err := r.Reach(agent, sent.Note)
	if err != nil || len(reach.People) != 3 || reach.People[0].Name != "Dr Reyes" || !reach.People[0].OnCall || !reach.People[1].Rings ||
		reach.People[2].Why != "no-address" || reach.People[2].Rings {
		t.Errorf("%+v, %v", reach, err)
	}
	saysWhy(t, "another practice's agent", r.PageAgain(r.as(t, "other-agent"), sent.Note), "desk.error.not-found", "")
	saysWhy(t, "a doctor", r.PageAgain(r.as(t, "doctor"), sent.Note), "desk.error.not-found", "")
	if err := r.PageAgain(agent, sent.Note); err != nil {
		t.Fatal(err)
	}
	saysWhy(t, "page again at once", r.PageAgain(agent, sent.Note), "desk.error.just-told", "")
	if err := r.PageContact(agent, ref("osei")); err != nil {
		t.Fatal(err)
	}
	saysWhy(t, "who has no address", r.PageContact(agent, ref("deaf")), "desk.error.cannot-tell", "Dr Nowhere")
	saysWhy(t, "who has no number", r.CallContact(agent, ref("deaf")), "desk.error.no-number", "Dr Nowhere")
	saysWhy(t, "nobody of the list", r.PageContact(agent, ref("gone")), "desk.error.not-found", "")
	var told int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from attempt where contact = 'osei' and state = 'due' and rung = 0").Scan(
		&told); err != nil || told != 1 {
		t.Errorf("%d messages to Dr Osei, %v", told, err)
	}

	exec("update attempt set state = 'accepted', wake_at = null where state = 'due'")
	saysWhy(t, "an agent takes over", r.TakeOver(agent, sent.Note), "desk.error.not-found", "")
	if err := r.TakeOver(boss, sent.Note); err != nil {
		t.Fatal(err)
	}
	if row := r.board(t, "agent")[0]; row.TakenOver != "Sam Boss" || row.NextKind != "service" || row.Late != "unreachable" {
		t.Errorf("on the board: %+v", row)
	}
	if card, err := r.Card(r.as(t, "doctor"), sent.Note); err != nil || card.TakenOver != "Sam Boss" || card.CanTakeOver {
		t.Errorf("the doctor's card: %+v, %v", card, err)
	}

	if err := r.ToldByVoice(agent, console.NoteTold{Note: sent.Note, Contact: "reyes"}); err != nil {
		t.Fatal(err)
	}
	if row := r.board(t, "agent")[0]; row.State != notes.Open {
		t.Errorf("told, and not taken on: %+v", row)
	}
	if err := r.ToldByVoice(agent, console.NoteTold{Note: sent.Note, Contact: "osei", Took: true}); err != nil {
		t.Fatal(err)
	}
	saysWhy(t, "a second", r.ToldByVoice(agent, console.NoteTold{Note: sent.Note, Contact: "reyes", Took: true}),
		"desk.error.acknowledged", "Dr Osei")
	if card, err := r.Card(r.as(t, "doctor"), sent.Note); err != nil || card.AckedBy != "Dr Osei" {
		t.Errorf("the doctor's card: %q, %v", card.AckedBy, err)
	}
	story, err := r.Story(agent, console.StoryRef{Note: sent.Note})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range story.Lines {
		if strings.HasPrefix(string(l.Kind), "dispatch.") {
			lines = append(lines, string(l.Kind)+" "+l.Actor+" "+l.Detail)
		}
	}
	want := []string{"dispatch.paged Ana Agent → Dr Reyes ", "dispatch.paged Ana Agent → Dr Osei ", "dispatch.taken-over Sam Boss ",
		"dispatch.told Ana Agent → Dr Reyes ", "dispatch.told Ana Agent → Dr Osei ", "dispatch.acknowledged Dr Osei by-voice"}
	if !slices.Equal(lines[len(lines)-len(want):], want) {
		t.Errorf("the story is %q", lines)
	}
	if leaf := r.leafOf(t, "dispatch.acknowledged"); leaf.Actor != "agent" || !slices.Contains(leaf.Detail, "witness:agent") {
		t.Errorf("the leaf is %+v", leaf)
	}
}

// leafOf is the newest leaf of an action.
func (r *rig) leafOf(t *testing.T, action string) (out tree.Entry) {
	t.Helper()
	rows, err := r.pool.Query(t.Context(), "select body from audit_outbox order by id")
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		if e, err := tree.Decode(b); err == nil && e.Action == action {
			out = e
		}
	}
	return out
}
