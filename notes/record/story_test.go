package record_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// pager stands for routing's engine, which adds its attempts to a story.
type pager struct{ at time.Time }

func (p pager) Story(_ context.Context, note notes.NoteID) ([]notes.StoryLine, error) {
	if note == "" {
		return nil, errors.New("whose story?")
	}
	return []notes.StoryLine{{At: p.at, Kind: "texted", Actor: doctorID, Leaf: 7}}, nil
}

// lines is a source whose lines were all told at one instant.
type lines []notes.StoryLine

func (l lines) Story(context.Context, notes.NoteID) ([]notes.StoryLine, error) { return l, nil }

func TestLinesOfOneInstantStandAsInTheLog(t *testing.T) {
	h := newFixture(t).furnish(t)
	n, err := h.store.Take(h.as(t, agentID), aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	at := n.TakenAt.Add(time.Second)
	h.store.AddStorySource(lines{{At: at, Kind: "newest", Leaf: -1}, {At: at, Kind: "effect", Leaf: 1000},
		{At: at.Add(time.Second), Kind: "later", Leaf: 3}, {At: at, Kind: "cause", Leaf: 999}})
	st, err := h.store.StoryOf(h.as(t, doctorID), "", n.ID)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range st.Lines {
		if l.Actor == "" { // not the record's own
			kinds = append(kinds, string(l.Kind))
		}
	}
	if want := []string{"cause", "effect", "newest", "later"}; !slices.Equal(kinds, want) {
		t.Errorf("told as %v, want %v", kinds, want)
	}
}

func TestRoutingsLinesStandInTheStoryInOrder(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking)
	n, err := h.store.Take(agent, aDraft("d", "call-1"))
	if err != nil {
		t.Fatal(err)
	}
	h.store.AddStorySource(pager{time.Now().Add(-time.Hour)})
	st, err := h.store.StoryOf(agent, "", n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if st.Lines[0].Kind != "texted" || st.Lines[0].Actor != "Dr Reyes" || st.Lines[0].Leaf != 7 || st.Call.ID != "call-1" {
		t.Errorf("%+v", st.Lines[0])
	}
	if !slices.IsSortedFunc(st.Lines, func(a, b notes.StoryLine) int { return a.At.Compare(b.At) }) {
		t.Error("the lines are not in order")
	}
	if st.Proof.Sequenced || st.Proof.Leaves == 0 {
		t.Errorf("nothing is sequenced yet: %+v", st.Proof)
	}
	h.mustVerify(t)
	if st, err = h.store.StoryOf(agent, "call-1", ""); err != nil || st.Note.ID != n.ID || st.Proof.Checkpoint == 0 ||
		st.Proof.At.IsZero() {
		t.Errorf("%+v %v", st.Proof, err)
	}
	for name, err := range map[string]error{
		"no such note": second(h.store.StoryOf(agent, "", "nothing")),
		"no such call": second(h.store.StoryOf(agent, "nothing", "")),
		"no id at all": second(h.store.StoryOf(agent, "", "a\x00b\xff")),
		"open no id":   second(h.store.Open(agent, "a\x00b\xff")),
		"call no id":   second(h.store.Call(agent, "a\x00b\xff")),
	} {
		if !errors.Is(err, record.ErrNoNote) && !errors.Is(err, record.ErrNoCall) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.store.StoryOf(h.as(t, strangerID), "call-1", ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another practice's provider: %v", err)
	}
}

func TestWhoListensHearsOfEachChangeOnceItIsDurable(t *testing.T) {
	h := newFixture(t).furnish(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "listen "+record.NoteChanged); err != nil {
		t.Fatal(err)
	}
	n, err := h.store.Take(h.as(t, agentID), aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.MarkRead(h.as(t, doctorID), n.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		heard, err := conn.Conn().WaitForNotification(ctx)
		if err != nil || heard.Payload != string(n.ID) {
			t.Fatalf("%+v %v", heard, err)
		}
	}
}

func TestAddOnsRefuse(t *testing.T) {
	h := newFixture(t).furnish(t)
	agent := h.as(t, agentID)
	n, err := h.store.Take(agent, aDraft("d", ""))
	if err != nil {
		t.Fatal(err)
	}
	var inc *record.Incomplete
	if _, err := h.store.AddOn(agent, n.ID, "", notes.Remark, "  "); !errors.As(err, &inc) || inc.Fields["text"] != notes.FieldRequired {
		t.Errorf("nothing said: %v", err)
	}
	if _, err := h.store.AddOn(agent, n.ID, "", notes.Remark, string(make([]byte, 70<<10))); !errors.As(err, &inc) ||
		inc.Fields["text"] != notes.FieldTooLong {
		t.Errorf("a flood: %v", err)
	}
	if _, err := h.store.AddOn(agent, n.ID, "", notes.CloseWord, "x"); err == nil {
		t.Error("an agent closes by an add-on")
	}
	if _, err := h.store.CloseOut(agent, n.ID, "x"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("an agent closes a provider's note: %v", err)
	}
	if _, err := h.store.AddOn(agent, "nothing", "", notes.Remark, "x"); !errors.Is(err, record.ErrNoNote) {
		t.Error(err)
	}
	h.mustVerify(t)
}

func TestATextInTheLanguageThereIs(t *testing.T) {
	for _, c := range []struct {
		text notes.Text
		lang telephony.Language
		want string
	}{
		{notes.Text{"en": "Symptom", "es": "Síntoma"}, "es", "Síntoma"},
		{notes.Text{"en": "Symptom", "es": ""}, "es", "Symptom"},
		{notes.Text{"es": "Síntoma"}, "en", "Síntoma"},
		{nil, "en", ""},
	} {
		if got := c.text.In(c.lang); got != c.want {
			t.Errorf("%v in %s is %q, want %q", c.text, c.lang, got, c.want)
		}
	}
}
