package house_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

// onTheLine has the rig's server drive calls on a switch in memory.
func (r *rig) onTheLine(t *testing.T) *switchtest.Fake {
	t.Helper()
	sw := switchtest.NewFake()
	e := engine.NewEngine(engine.Config{Switch: sw, Ledger: r.store, Listener: r.House})
	r.Drive(e)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, sw.Close()); err != nil {
			t.Error(err)
		}
	})
	until(t, "the engine beats", e.Healthy)
	return sw
}

func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not yet: %s", what)
		}
	}
}

func refusedAs(err error, code string) bool {
	var e *console.Error
	return errors.As(err, &e) && e.Code == code
}

// A supervisor ends any call of a practice they supervise, in their own name; nobody else does.
func TestASupervisorEndsACall(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
	boss := r.as(t, "boss")
	var call console.CallNow
	until(t, "the boss sees the caller wait", func() bool {
		now, err := r.CallsNow(boss)
		if err != nil {
			t.Fatal(err)
		}
		if len(now) == 1 {
			call = now[0]
		}
		return call.State == telephony.Waiting
	})
	if shown := asJSON(t, call); call.Practice != "lakeside" || !call.Inbound || slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(shown, w)
	}) {
		t.Errorf("the boss sees %s", shown)
	}
	if now, err := r.CallsNow(r.as(t, "other-boss")); err != nil || len(now) != 0 {
		t.Errorf("another practice's boss sees %+v, %v", now, err)
	}
	for _, who := range []notes.PersonID{"agent", "other-boss"} {
		if err := r.EndCall(r.as(t, who), call.Call); !refusedAs(err, "desk.error.not-found") {
			t.Errorf("%s ends it: %v", who, err)
		}
	}
	if err := r.EndCall(boss, "no-such-call"); !refusedAs(err, "desk.error.not-found") {
		t.Errorf("a call nobody knows: %v", err)
	}
	for range 2 { // ended is ended
		if err := r.EndCall(boss, call.Call); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the caller is to be called back", func() bool { return len(r.board(t, "boss")) == 1 })
	st, err := r.Story(boss, console.StoryRef{Call: call.Call})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool { return l.Kind == "call.end-asked" && l.Actor == "Sam Boss" }) ||
		!slices.ContainsFunc(st.Lines, func(l notes.StoryLine) bool { return l.Kind == "ended" && l.Detail == "supervisor" }) {
		t.Errorf("the story does not say who ended it: %+v", st.Lines)
	}
}

// What becomes of a provider's call to the patient is told step by step, to whom it concerns, and stands in the note's story.
func TestAProviderCallsThePatient(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	r.call(t, "call-1", "lakeside")
	d := draft("d1", "call-1", "lakeside")
	d.Body.Fields = map[string]string{"name": "Ximena Quiñones", "callback": "312 555 0142 x123", "reason": "fever"}
	sent, err := r.Send(r.as(t, "agent"), d)
	if err != nil {
		t.Fatal(err)
	}
	doctor := r.as(t, "doctor")
	step := func(id string) console.CallStep {
		st, err := r.CallStep(doctor, sent.Note, id)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	rung := func(number telephony.Number) (leg telephony.LegID) {
		until(t, "a phone rings", func() bool {
			for _, o := range sw.Originated() {
				if o.Number == number {
					leg = o.Leg
				}
			}
			return leg != ""
		})
		return leg
	}
	const busy, reached = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
	if st := step(busy); st.Kind != "" {
		t.Errorf("a call that was not asked for is at %+v", st)
	}
	if err := r.CallPatient(doctor, sent.Note, busy); err != nil {
		t.Fatal(err)
	}
	sw.HangUp(rung("+13125550101"), 17)
	until(t, "the page says busy", func() bool { return step(busy) == console.CallStep{Kind: "ended", Detail: "first-busy"} })

	if err := r.CallPatient(doctor, sent.Note, reached); err != nil {
		t.Fatal(err)
	}
	first := telephony.LegID(reached + "-near")
	until(t, "their phone rings", func() bool { return step(reached).Kind == "placed" && rung("+13125550101") == first })
	sw.Answers(first)
	until(t, "a key is asked for", func() bool { return step(reached).Kind == "first-answered" && len(sw.Playing(first)) > 0 })
	sw.Press(first, "1")
	second := rung("+13125550142")
	sw.Answers(second)
	until(t, "the extension is dialled", func() bool {
		return step(reached).Kind == "extension" && slices.ContainsFunc(sw.Commands(), func(c switchtest.Command) bool {
			return c.Method == "SendKeys" && strings.HasSuffix(c.What, " 123")
		})
	})
	sw.HangUp(second, 16)
	until(t, "the page says that it is over", func() bool { return step(reached) == console.CallStep{Kind: "ended"} })

	if _, err := r.CallStep(r.as(t, "other-doctor"), sent.Note, reached); !refusedAs(err, "portal.error.not-found") {
		t.Errorf("another practice's doctor asks: %v", err)
	}
	st, err := r.Story(r.as(t, "agent"), console.StoryRef{Note: sent.Note})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, l := range st.Lines {
		if strings.HasPrefix(string(l.Kind), "back.") {
			told = append(told, strings.TrimRight(strings.Join([]string{string(l.Kind)[5:], l.Actor, l.Number, l.Detail}, "|"), "|"))
		}
	}
	want := []string{"placed|Dr Reyes|(312) 555-0142", "ended|||first-busy", "placed|Dr Reyes|(312) 555-0142", "first-answered",
		"first-proved", "answered", "extension", "ended"}
	if !slices.Equal(told, want) {
		t.Errorf("the story tells %q, want %q", told, want)
	}
}

// An agent calls the number in a note, and is told of its extension before it is dialled.
func TestAnAgentCallsTheNumberInANote(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	r.call(t, "call-1", "lakeside")
	d := draft("d1", "call-1", "lakeside")
	d.Body.Fields = map[string]string{"name": "Ximena Quiñones", "callback": "+13125550142;ext=123", "reason": "fever"}
	d.Body.ReadBack = nil
	sent, err := r.Send(r.as(t, "agent"), d)
	if err != nil {
		t.Fatal(err)
	}
	agent := r.as(t, "agent")
	events, err := r.Watch(agent)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CallBack(agent, sent.Row.Call, sent.Note); err != nil {
		t.Fatal(err)
	}
	for e := range events {
		if e.Pop == nil {
			continue
		}
		if e.Pop.Extension != "123" || e.Pop.CallerRaw != "+13125550142" || e.Pop.Back != "" || !e.Pop.Outbound {
			t.Errorf("the desk shows %+v", e.Pop)
		}
		if err := r.HangUp(agent, e.Pop.Call); err != nil {
			t.Error(err)
		}
		break
	}
	_ = sw
}

// An agent whose roles are for two practices is offered their calls, and no third's.
func TestAnAgentOfTwoPracticesTakesTheirCallsAlone(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	seed := access.System(t.Context(), "seed")
	if err := r.store.PutAccount(seed, practice("third", "+13125550300")); err != nil {
		t.Fatal(err)
	}
	two := access.Person{ID: "two", Login: "two", Name: "Toa Two", Language: "en", Endpoint: "two", Speaks: `{"languages":{"en":3,"es":3}}`,
		Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleAgent}, {Account: "bosque", Role: notes.RoleAgent}}}
	if _, err := r.door.AddPerson(seed, two, ""); err != nil {
		t.Fatal(err)
	}
	ctx := r.as(t, two.ID)
	desk, err := r.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	for i, did := range []telephony.Number{"+13125550300", "+13125550200", "+13125550100"} {
		sw.Arrive(did, "+13125550142", "QUINONES XIMENA")
		until(t, "the callers stand in the order they came", func() bool {
			now, err := r.CallsNow(r.as(t, "boss"))
			arrives := func(c console.CallNow) bool { return c.State == telephony.Arrived } // and is in no queue yet
			return err == nil && len(now) == i+1 && !slices.ContainsFunc(now, arrives)
		})
	}
	for _, want := range []telephony.AccountID{"bosque", "lakeside"} {
		var pop *console.Pop
		next(t, desk, func(e console.Event) bool { pop = e.Pop; return e.Kind == console.EventPop })
		if pop.Practice.ID != want {
			t.Fatalf("offered a call of %s, not of %s", pop.Practice.ID, want)
		}
		if err := r.Reject(ctx, pop.Call, pop.Epoch); err != nil {
			t.Fatal(err)
		}
	}
}
