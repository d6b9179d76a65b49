package record_test

import (
	"context"
	"errors"
	"slices"
	"strings"
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

// TestACallBackIsToldInTheNotesStory: whose phone rang, which number, and how it ended; and it is no call of its own in the
// practice's list.
func TestACallBackIsToldInTheNotesStory(t *testing.T) {
	h := newFixture(t).furnish(t)
	ctx, doctor := context.Background(), h.as(t, doctorID)
	h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking, telephony.Ended)
	n, err := h.store.Take(h.as(t, agentID), aDraft("draft-1", "call-1"))
	if err != nil {
		t.Fatal(err)
	}
	back := aCall("back-1")
	back.Inbound, back.ANI, back.CallerName = false, "+13125550199", ""
	if _, err := h.store.CallBackStep(doctor, n.ID, back.ID); !errors.Is(err, record.ErrNoCall) {
		t.Errorf("a call that was not placed: %v", err)
	}
	step := func(s telephony.CallState, kind, agent, detail string) {
		t.Helper()
		back.State = s
		if s == telephony.Ended {
			back.EndedAt, back.Outcome = time.Now(), telephony.Unreached
		}
		st := telephony.Step{At: time.Now(), Kind: telephony.StepKind(kind), Agent: telephony.AgentID(agent), Detail: detail}
		if err := h.store.Record(ctx, back, st); err != nil {
			t.Fatal(err)
		}
		if got, err := h.store.CallBackStep(doctor, n.ID, back.ID); err != nil || string(got.Kind) != kind || got.Detail != detail {
			t.Errorf("its last step is %+v, %v", got, err)
		}
	}
	step(telephony.Arrived, "placed", doctorID, string(n.ID))
	step(telephony.Arrived, "first-answered", "", "")
	step(telephony.Ended, "ended", "", "first-no-key")
	if _, err := h.store.CallBackStep(h.as(t, strangerID), n.ID, back.ID); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another practice's provider asks how far it is: %v", err)
	}
	if _, err := h.log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	st, err := h.store.StoryOf(doctor, "", n.ID)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, l := range st.Lines {
		if strings.HasPrefix(string(l.Kind), "back.") {
			told = append(told, strings.Join([]string{string(l.Kind), l.Actor, l.Number, l.Detail}, "|"))
			if l.Leaf < 0 {
				t.Errorf("no leaf vouches for %s", l.Kind)
			}
		}
	}
	want := []string{"back.placed|Dr Reyes|+13125550199|", "back.first-answered|||", "back.ended|||first-no-key"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if page, err := h.store.Calls(h.as(t, officeID), record.CallSelection{}); err != nil || len(page.Lines) != 1 {
		t.Errorf("%d calls listed, %v", len(page.Lines), err)
	}
	h.mustVerify(t)
}
