package house_test

import (
	"context"
	"slices"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// colleague is a second agent of the practice, with a telephone of their own.
func (r *rig) colleague(t *testing.T) context.Context {
	t.Helper()
	two := access.Person{ID: "two", Login: "two", Name: "Toa Two", Language: "en", Endpoint: "two", Speaks: `{"languages":{"en":3,"es":3}}`,
		Grants: []access.Grant{{Role: notes.RoleAgent, Account: "lakeside"}}}
	if _, err := r.door.AddPerson(access.System(t.Context(), "seed"), two, ""); err != nil {
		t.Fatal(err)
	}
	return r.as(t, "two")
}

// A call that is handed over takes the note begun for it along, to whoever takes the call: the colleague, the agent again when they do
// not, and back to the agent when the caller hangs up before anybody has taken it.
func TestANoteFollowsItsCall(t *testing.T) {
	for name, c := range map[string]struct {
		phone   switchtest.PhoneBehavior // the colleague's
		becomes func(sw *switchtest.Fake, caller telephony.LegID)
		has     notes.PersonID // the note, in the end
		told    []notes.LineKind
	}{
		"who takes it": {switchtest.PhoneBehavior{Answers: true}, nil, "two", []notes.LineKind{notes.LineDraftGiven}},
		"who had it":   {switchtest.PhoneBehavior{Rejects: 17}, nil, "agent", []notes.LineKind{notes.LineDraftGiven, notes.LineDraftFollowed}},
		"nobody": {switchtest.PhoneBehavior{}, func(sw *switchtest.Fake, caller telephony.LegID) { sw.HangUp(caller, 16) }, "agent",
			[]notes.LineKind{notes.LineDraftGiven, notes.LineDraftFollowed}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			sw := r.onTheLine(t)
			agent, two := r.as(t, "agent"), r.colleague(t)
			sw.AnyPhone = switchtest.PhoneBehavior{Answers: true}
			desk, err := r.Watch(agent)
			if err != nil {
				t.Fatal(err)
			}
			other, err := r.Watch(two)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Ready(agent); err != nil {
				t.Fatal(err)
			}
			caller := sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
			call := telephony.CallOf(caller)
			next(t, desk, func(e console.Event) bool { return e.Call != nil && e.Call.State == telephony.Talking })
			d := draft("d1", call, "lakeside")
			gift := console.CallGift{Call: call, Draft: &d, To: "two"}
			if err := r.HandOver(agent, gift); !refusedAs(err, "desk.error.hand-busy") {
				t.Errorf("to who is paused: %v", err)
			}
			sw.Phones["two"] = c.phone
			if err := r.Ready(two); err != nil {
				t.Fatal(err)
			}
			if who, err := r.Colleagues(agent, "lakeside"); err != nil || len(who) != 1 || who[0].State != telephony.AgentReady ||
				!slices.Equal(who[0].Languages, []telephony.Language{"en", "es"}) {
				t.Errorf("who could take it: %+v, %v", who, err)
			}
			for who, code := range map[telephony.AgentID]string{"agent": "desk.error.give-away", "boss": "desk.error.give-away"} {
				d.Seq++
				if err := r.HandOver(agent, console.CallGift{Call: call, Draft: &d, To: who}); !refusedAs(err, code) {
					t.Errorf("to %s: %v", who, err)
				}
			}
			if err := r.HandOver(two, console.CallGift{Call: call, To: "agent"}); !refusedAs(err, "desk.error.not-yours") {
				t.Errorf("another's call: %v", err)
			}
			strange := draft("d2", "call-elsewhere", "lakeside")
			if err := r.HandOver(agent, console.CallGift{Call: call, Draft: &strange, To: "two"}); !refusedAs(err, "desk.error.not-found") {
				t.Errorf("with another call's note: %v", err)
			}
			d.Seq++
			if err := r.HandOver(agent, gift); err != nil {
				t.Fatal(err)
			}
			next(t, desk, func(e console.Event) bool { return e.Gone != nil && e.Gone.Why == console.GoneHandedOver })
			given := func(e console.Event) bool { return e.Given != nil && e.Given.ID == "d1" && e.Given.Name == "Ana Agent" }
			next(t, other, given)
			if c.becomes != nil {
				c.becomes(sw, caller)
			}
			if c.has == "agent" {
				next(t, desk, given)
			}
			until(t, "the note is where the call is", func() bool {
				mine, err := r.Drafts(r.as(t, c.has))
				if err != nil {
					t.Fatal(err)
				}
				return slices.ContainsFunc(mine, func(m console.Draft) bool { return m.ID == "d1" && m.Body.Verbatim == said.Verbatim })
			})
			st, err := r.Story(r.as(t, "boss"), console.StoryRef{Call: call})
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range append(c.told, notes.LineHandedOver) {
				if !slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool {
					return l.Kind == kind && (kind != notes.LineHandedOver || l.Detail == "")
				}) {
					t.Errorf("the story lacks %s: %+v", kind, st.Lines)
				}
			}
		})
	}
}
