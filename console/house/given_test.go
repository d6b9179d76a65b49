package house_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/console/wire/bus"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// A note that is not sent is given to somebody who sits at a desk and may take it: their desk is told, has its words and sends it,
// and both stand in the story. To whom it cannot be given is said; who gave it has it no more.
func TestANoteIsGiven(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	agent, boss := r.as(t, "agent"), r.as(t, "boss")
	told := r.Attend(boss, "boss")
	r.Attend(agent, "agent")
	r.Attend(r.as(t, "other-agent"), "other-agent")
	<-told // hello
	could, err := r.Colleagues(agent, "lakeside")
	if err != nil || len(could) != 1 || could[0].ID != "boss" || could[0].Name != "Sam Boss" {
		t.Fatalf("who could finish it: %+v, %v", could, err)
	}
	if _, err := r.Colleagues(r.as(t, "other-agent"), "lakeside"); !refusedAs(err, "desk.error.not-found") {
		t.Errorf("another practice's agent asks who could: %v", err)
	}
	d := draft("d1", "call-1", "lakeside")
	give := func(ctx context.Context, to telephony.AgentID) error {
		d.Seq++
		return r.GiveDraft(ctx, console.DraftGift{Draft: d, To: to})
	}
	for to, code := range map[telephony.AgentID]string{"agent": "desk.error.give-away", "doctor": "desk.error.give-away",
		"nobody": "desk.error.give-away", "other-agent": "desk.error.give-not"} {
		if err := give(agent, to); !refusedAs(err, code) {
			t.Errorf("given to %s: %v", to, err)
		}
	}
	if err := give(agent, "boss"); err != nil {
		t.Fatal(err)
	}
	if e := <-told; e.Kind != console.EventGiven || e.Given.ID != "d1" || e.Given.Name != "Ana Agent" {
		t.Fatalf("told %+v", e)
	}
	over := func(when string) {
		t.Helper()
		d.Seq++
		for what, err := range map[string]error{"gives": give(agent, "boss"), "saves": r.SaveDraft(agent, d)} {
			if !refusedAs(err, "desk.error.draft-over") {
				t.Errorf("%s, who gave it %s it: %v", when, what, err)
			}
		}
		if kept, err := r.Drafts(agent); err != nil || len(kept) != 0 {
			t.Errorf("%s, who gave it still has %d, %v", when, len(kept), err)
		}
	}
	over("before it is sent")
	taken, err := r.TakeDraft(boss, "d1")
	if err != nil || taken.Draft.Body.Verbatim != said.Verbatim || taken.Pop.Practice.ID != "lakeside" {
		t.Fatalf("taken up: %+v, %v", taken, err)
	}
	if _, err := r.Send(boss, taken.Draft); err != nil {
		t.Fatal(err)
	}
	over("after it was sent")
	if err := give(boss, "agent"); !refusedAs(err, "desk.error.no-draft") {
		t.Errorf("what was sent is given: %v", err)
	}
	st, err := r.Story(boss, console.StoryRef{Call: "call-1"})
	if err != nil {
		t.Fatal(err)
	}
	for kind, by := range map[notes.LineKind]string{notes.LineDraftGiven: "Ana Agent", notes.LineDraftOpened: "Sam Boss"} {
		if !slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool { return l.Kind == kind && l.Actor == by }) {
			t.Errorf("the story does not tell %s by %s: %+v", kind, by, st.Lines)
		}
	}
}

// Who signs out leaves what they have not sent to the others at once, unless they sit at another desk, too.
func TestWhoSignsOutLeavesTheirNotes(t *testing.T) {
	d := openDoors(t)
	agent := d.as(t, "agent")
	one, leave := context.WithCancel(agent)
	defer leave()
	for _, ctx := range []context.Context{one, agent} {
		if _, err := d.Watch(ctx); err != nil {
			t.Fatal(err)
		}
	}
	left := func() bool {
		t.Helper()
		if err := d.SignOut(agent); err != nil {
			t.Fatal(err)
		}
		d.Raise(t.Context(), time.Now())
		return slices.ContainsFunc(d.board(t, "boss"), func(r console.BoardRow) bool { return r.Draft == "d-own" && r.Last.Detail == "left" })
	}
	if left() {
		t.Error("they sit at another desk")
	}
	leave()
	d.until(t, "the notes are somebody else's to finish", left)
	if a, ok := d.engine.Agent("agent"); ok && a.State != telephony.AgentOut {
		t.Errorf("the agent is %s", a.State)
	}
}

// A clock that is set forward signs nobody out whose desk is there, and no session ends in the middle of a call; when that is over
// its life is. Who signed out, and who was not seen here, is out whatever is asked.
func TestAClockSetForwardCutsNoCallOff(t *testing.T) {
	r := newRig(t)
	ahead, inCall := time.Duration(0), false
	r.door.Now = func() time.Time { return time.Now().Add(ahead) }
	if err := r.door.SetPassword(access.System(t.Context(), "seed"), "agent", doorPassword); err != nil {
		t.Fatal(err)
	}
	keeper := func() interface {
		bus.Admitter
		wire.Doorkeeper
	} {
		return bus.NewDoorkeeper(r.door, func(id notes.PersonID) bool { return inCall && id == "agent" })
	}
	g, token := keeper(), wire.NewToken()
	if _, err := g.Enter(t.Context(), bus.SignIn{Login: "agent", Password: doorPassword, Token: token, Source: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	in := func(what string, want bool) {
		t.Helper()
		until, err := g.Enter(t.Context(), bus.SignIn{Token: token})
		if errors.Is(err, access.ErrSignedOut) == want || err == nil && until.Before(r.door.Now()) {
			t.Errorf("%s: until %v, %v", what, until, err)
		}
	}
	if _, err := g.Who(t.Context(), wire.SessionOf(token)); err != nil { // it beats
		t.Fatal(err)
	}
	ahead = time.Hour
	in("an hour ahead", true)
	ahead = 13 * time.Hour
	in("past its life", false)
	inCall = true
	in("past its life, in a call", true)
	if err := r.door.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	in("swept", true)
	seen := g
	g = keeper()
	in("at a server that has not seen it", false)
	g, inCall = seen, false
	in("when the call is over", false)
	inCall = true
	if err := r.door.SignOut(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	in("signed out, in a call", false)
}
