package house_test

import (
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
)

// A story that stands open learns who took the note on, without being opened again, without a leaf and without the patient's words.
func TestAStoryIsLive(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	agent, doctor := r.as(t, "agent"), r.as(t, "doctor")
	sent, err := r.Send(agent, draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	ref := console.StoryRef{Call: "call-1", Note: sent.Note}
	opened, err := r.Story(agent, ref)
	if err != nil {
		t.Fatal(err)
	}
	stands := func() console.StoryState {
		t.Helper()
		before := r.leaves(t)
		st, err := r.StoryState(agent, ref)
		if err != nil {
			t.Fatal(err)
		}
		if after := r.leaves(t); after != before {
			t.Errorf("asking left %d leaves", after-before)
		}
		if shown := asJSON(t, st); slices.ContainsFunc(words, func(w string) bool { return strings.Contains(shown, w) }) {
			t.Errorf("it holds the patient's words: %s", shown)
		}
		return st
	}
	if st := stands(); !slices.Equal(st.Lines, opened.Lines) || st.State != notes.Open || !st.HasRecording {
		t.Errorf("nothing has happened, and it stands at %+v", st)
	}
	if _, err := r.Acknowledge(doctor, sent.Note); err != nil {
		t.Fatal(err)
	}
	if st := stands(); st.State != notes.Acknowledged || !slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool {
		return l.Kind == notes.LineNoteAcknowledged && l.Actor == "Dr Reyes"
	}) {
		t.Errorf("acknowledged, and it stands at %+v", st)
	}
}

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
	stands := func() console.CardState {
		t.Helper()
		before := r.leaves(t)
		st, err := r.CardState(late, sent.Note)
		if err != nil {
			t.Fatal(err)
		}
		if after := r.leaves(t); after != before {
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

// leaves is how many acts wait to be sequenced: none is, in a rig.
func (r *rig) leaves(t *testing.T) (n int) {
	t.Helper()
	if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
