package house_test

import (
	"encoding/json"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/channel/push"
	"lamplight/routing/dispatch"
)

// addresses are where a note's messages go, as its dispatch's frozen plan says.
func (r *rig) addresses(t *testing.T, note notes.NoteID) (out []string) {
	t.Helper()
	var text string
	if err := r.pool.QueryRow(t.Context(), "select plan from dispatch where note = $1", note).Scan(&text); err != nil {
		t.Fatal(err)
	}
	var p routing.Plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Attempts {
		out = append(out, string(s.Channel)+" "+s.Address)
	}
	return out
}

// A server sends by what it read before. Another server changes the practice, or a phone comes: the note goes where it must
// go now, is stored once, and the whole is proved.
func TestSendPlansAnewWhatHasChanged(t *testing.T) {
	r := newRig(t)
	agent := r.as(t, "agent")
	sent := func(id, want string) {
		t.Helper()
		s, err := r.Send(agent, draft(id, "", "lakeside"))
		if err != nil {
			t.Fatal(err)
		}
		if got := asJSON(t, r.addresses(t, s.Note)); got != want {
			t.Errorf("%s goes to %s, not to %s", id, got, want)
		}
		if again, err := r.Send(agent, draft(id, "", "lakeside")); err != nil || again.Note != s.Note {
			t.Errorf("%s sent again is %s, %v", id, again.Note, err)
		}
		if known, err := r.SentDrafts(agent, []string{id, "typed only"}); err != nil || len(known) != 1 ||
			known[0] != (console.SentDraft{ID: id, Reference: s.Reference}) {
			t.Errorf("of %s the desk is told %+v, %v", id, known, err)
		}
	}
	sent("first", `["text +13125550101"]`)
	other := record.NewStore(r.pool, r.log, nil, nil) // another server's: this one's has the practice in memory
	moved := practice("lakeside", "+13125550100")
	moved.Contacts[0].Mobile = "+13125550199"
	moved.Ladders = []byte(`{"ladders":[{"name":"urgent","version":2,"rungs":[{"after":"0s","who":"primary","channels":["text","push"]}]}]}`)
	if err := other.PutAccount(access.System(t.Context(), "seed"), moved); err != nil {
		t.Fatal(err)
	}
	sent("the number changed", `["text +13125550199"]`)
	if err := dispatch.NewPushPhones(r.pool, r.log).Subscribe(t.Context(), "doctor",
		push.Subscription{Endpoint: "https://push.example/1"}); err != nil {
		t.Fatal(err)
	}
	sent("a phone came", `["text +13125550199","push doctor"]`)
	var stored int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from note").Scan(&stored); err != nil || stored != 3 {
		t.Errorf("%d notes, %v", stored, err)
	}
	r.verify(t)
}

// verify checks the whole log.
func (r *rig) verify(t *testing.T) {
	t.Helper()
	if _, err := r.log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(t.Context(), r.pool, audit.VerifyOptions{Key: r.key, Tables: append(record.Tables(), dispatch.Tables()...)})
	if err != nil || !report.Good() {
		t.Errorf("audit: %+v %v", report, err)
	}
}
