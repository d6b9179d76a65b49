package house_test

import (
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// A supervisor sees the agents change, is in on a call of one, which that agent is told, and changes another's state.
func TestASupervisorListensIn(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	sw.AnyPhone = switchtest.PhoneBehavior{Answers: true}
	if _, err := r.door.AddPerson(access.System(t.Context(), "seed"), access.Person{ID: "second", Login: "second", Name: "Sonia Second",
		Language: "en", Grants: []access.Grant{{Account: "*", Role: notes.RoleSupervisor}}}, ""); err != nil {
		t.Fatal(err)
	}
	watch := func(id notes.PersonID) <-chan console.Event {
		events, err := r.Watch(r.as(t, id))
		if err != nil {
			t.Fatal(err)
		}
		return events
	}
	ctx, boss := r.as(t, "agent"), r.as(t, "boss")
	agents, bosses := watch("agent"), watch("boss")
	watch("second")
	elsewhere := watch("other-boss")
	all, err := r.Agents(boss, true)
	if err != nil || len(all) != 4 || all[0].Name != "Ana Agent" || all[0].State != telephony.AgentPaused {
		t.Fatalf("the agents: %+v, %v", all, err)
	}
	if _, err := r.Agents(r.as(t, "other-boss"), true); err != nil {
		t.Fatal(err)
	}
	row := func(events <-chan console.Event, fits func(console.AgentNow) bool) {
		t.Helper()
		next(t, events, func(e console.Event) bool {
			return slices.ContainsFunc(e.Agents, func(a console.AgentNow) bool { return a.ID == "agent" && fits(a) })
		})
	}

	if err := r.SetAgent(boss, console.AgentSet{Agent: "agent", State: telephony.AgentReady}); err != nil {
		t.Fatal(err)
	}
	next(t, agents, func(e console.Event) bool {
		return e.Set != nil && *e.Set == console.StateSet{By: "Sam Boss", State: telephony.AgentReady}
	})
	row(bosses, func(a console.AgentNow) bool { return a.State == telephony.AgentReady })
	if got := r.leafOf(t, "agent.state-asked"); got.Actor != "boss" || got.Object != "agent" || !slices.Equal(got.Detail, []string{"ready"}) {
		t.Errorf("the leaf: %+v", got)
	}
	caller := sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
	call := telephony.CallOf(caller)
	row(bosses, func(a console.AgentNow) bool {
		return a.State == telephony.AgentTalking && a.Call == call && a.Practice != "" && a.Supervisor == nil
	})
	row(elsewhere, func(a console.AgentNow) bool {
		return a.State == telephony.AgentTalking && a.Call == "" && a.Practice == ""
	})

	listen := func(as notes.PersonID, m telephony.SupervisionMode) error {
		return r.Listen(r.as(t, as), console.ListenRef{Call: call, Mode: m})
	}
	if err := listen("other-boss", telephony.Monitor); !refusedAs(err, "desk.error.not-found") {
		t.Errorf("a supervisor of another practice: %v", err)
	}
	if err := listen("agent", telephony.Monitor); !refusedAs(err, "desk.error.not-found") {
		t.Errorf("an agent: %v", err)
	}
	if err := listen("boss", telephony.Whisper); err != nil {
		t.Fatal(err)
	}
	supervised := func(m telephony.SupervisionMode) {
		t.Helper()
		who := console.Supervisor{Name: "Sam Boss", Mode: m}
		next(t, agents, func(e console.Event) bool {
			return e.Call != nil && e.Call.Supervisor != nil && *e.Call.Supervisor == who
		})
		row(bosses, func(a console.AgentNow) bool { return a.Supervisor != nil && *a.Supervisor == who })
	}
	supervised(telephony.Whisper)
	if hello, err := r.Hello(ctx); err != nil || hello.Pop == nil || hello.Pop.Supervisor == nil {
		t.Errorf("an agent's desk that comes back is told %+v, %v", hello.Pop, err)
	}
	hello, err := r.Hello(boss)
	if in := hello.Agent.Supervises; err != nil || hello.Pop != nil || in == nil || in.Call != call || in.Agent != "Ana Agent" || in.Rings {
		t.Errorf("the supervisor's desk that comes back is told %+v, %+v, %v", hello.Agent.Supervises, hello.Pop, err)
	}
	if err := listen("boss", telephony.Barge); err != nil {
		t.Fatal(err)
	}
	supervised(telephony.Barge)
	if err := listen("second", telephony.Barge); !refusedAs(err, "desk.error.supervised") || err.(*console.Error).Vars["name"] != "Sam Boss" {
		t.Errorf("a second supervisor: %v", err)
	}
	if err := r.Unlisten(boss); err != nil {
		t.Fatal(err)
	}
	next(t, agents, func(e console.Event) bool { return e.Call != nil && e.Call.Supervisor == nil })
	next(t, bosses, func(e console.Event) bool { return e.Agent != nil && e.Agent.Supervises == nil })
	if err := r.SetAgent(boss, console.AgentSet{Agent: "agent", State: telephony.AgentPaused, Reason: "lunch"}); !refusedAs(err,
		"desk.error.pause-reason") {
		t.Errorf("for no reason there is: %v", err)
	}
	if _, err := r.Agents(boss, false); err != nil {
		t.Fatal(err)
	}
	sw.HangUp(caller, 16)
	var told []string
	until(t, "the story tells it", func() bool {
		st, err := r.Story(boss, console.StoryRef{Call: call})
		if err != nil {
			t.Fatal(err)
		}
		told = nil
		for _, l := range st.Lines {
			if strings.Contains(string(l.Kind), "supervised") || l.Kind == "call.listen-asked" || l.Kind == "ended" {
				told = append(told, strings.Join([]string{string(l.Kind), l.Actor, l.Detail}, "|"))
			}
		}
		return len(told) > 0 && strings.HasPrefix(told[len(told)-1], "ended")
	})
	for _, want := range []string{"supervised|Sam Boss|whisper", "supervised|Sam Boss|barge", "unsupervised|Sam Boss|stopped-listening"} {
		if !slices.Contains(told, want) {
			t.Errorf("the story tells %q, not %q", told, want)
		}
	}
	if got := r.leafOf(t, "call.listen-asked"); got.Object != string(call) || got.Account != "lakeside" {
		t.Errorf("the leaf: %+v", got)
	}
}
