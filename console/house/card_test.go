package house_test

import (
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
)

// A card that is looked at learns who took the note on without opening it again; who acknowledges second is told whose it is.
func TestACardIsLive(t *testing.T) {
	r := newRig(t)
	second := access.Person{ID: "second", Name: "Dr Osei", Login: "second", Language: "en",
		Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleProvider}}}
	if _, err := r.door.AddPerson(access.System(t.Context(), "seed"), second, ""); err != nil {
		t.Fatal(err)
	}
	first, late := r.as(t, "doctor"), r.as(t, "second")
	r.call(t, "call-1", "lakeside")
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Card(late, sent.Note); err != nil {
		t.Fatal(err)
	}
	leaves := func() (n int) {
		if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	stands := func() console.CardState {
		t.Helper()
		before := leaves()
		st, err := r.CardState(late, sent.Note)
		if err != nil {
			t.Fatal(err)
		}
		if after := leaves(); after != before {
			t.Errorf("asking left %d leaves", after-before)
		}
		return st
	}
	if st := stands(); st.State != notes.Open || st.AckedBy != "" || !st.CanAct {
		t.Errorf("at first it stands at %+v", st)
	}
	if _, err := r.Acknowledge(first, sent.Note); err != nil {
		t.Fatal(err)
	}
	if st := stands(); st.State != notes.Acknowledged || st.AckedBy != "Dr Reyes" || st.AckedAt.IsZero() || !st.NextAt.IsZero() {
		t.Errorf("then it stands at %+v", st)
	}
	if card, err := r.Acknowledge(late, sent.Note); err != nil || card.AckedBy != "Dr Reyes" || card.State != notes.Acknowledged {
		t.Errorf("a second acknowledgment: %q by %q, %v", card.State, card.AckedBy, err)
	}
	if _, err := r.CloseOut(first, sent.Note, "Seen"); err != nil {
		t.Fatal(err)
	}
	if st := stands(); st.State != notes.Closed || st.CanAct || st.ClosedAt.IsZero() {
		t.Errorf("at last it stands at %+v", st)
	}
}
