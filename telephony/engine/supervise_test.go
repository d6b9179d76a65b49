package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// A supervisor is in on an agent's call.

var sue = agent("sue", telephony.English)

// inOn has sue supervise a call, whose phone answers, and returns her leg.
func (w *world) inOn(id telephony.CallID, m telephony.SupervisionMode) telephony.LegID {
	w.t.Helper()
	w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, m))
	w.pass(time.Second)
	leg := w.phone(sue.Endpoint)
	w.sw.Answers(leg)
	w.pass(time.Second)
	return leg
}

// whoHears checks whom each of the legs hears.
func (w *world) whoHears(what string, want map[telephony.LegID][]telephony.LegID) {
	w.t.Helper()
	for leg, whom := range want {
		if got := w.sw.Hears(leg); !slices.Equal(got, slices.Sorted(slices.Values(whom))) {
			w.t.Errorf("%s: %s hears %v, not %v", what, leg, got, whom)
		}
	}
}

// talkHeard checks a talk of two that a supervisor is in on.
func (w *world) talkHeard(m telephony.SupervisionMode, caller, agent, sup telephony.LegID) {
	w.t.Helper()
	want := map[telephony.LegID][]telephony.LegID{sup: {caller, agent}, caller: {agent}, agent: {caller}}
	if m != telephony.Monitor {
		want[agent] = append(want[agent], sup)
	}
	if m == telephony.Barge {
		want[caller] = append(want[caller], sup)
	}
	w.whoHears(string(m), want)
}

func TestASupervisorIsInOnATalk(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, sue}, func(w *world) {
		w.must(w.eng.Pause(w.t.Context(), sue.ID, "break"))
		caller, id := w.arrive(plain.DID)
		agent := w.talk(ana, caller)
		w.must(w.eng.Ready(w.t.Context(), sue.ID))
		sup := w.inOn(id, telephony.Monitor)
		w.talkHeard(telephony.Monitor, caller, agent, sup)
		w.agentIs(sue, telephony.AgentPaused)
		if st, _ := w.eng.Agent(sue.ID); st.Reason != telephony.PausedToSupervise || st.Call != "" {
			t.Errorf("the supervisor is %+v", st)
		}
		for _, m := range []telephony.SupervisionMode{telephony.Whisper, telephony.Barge, telephony.Monitor, telephony.Barge,
			telephony.Whisper, telephony.Whisper} {
			w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, m))
			w.pass(time.Second)
			w.talkHeard(m, caller, agent, sup)
			if c := w.led.call(id); c.Supervision.By != sue.ID || c.Supervision.Mode != m || c.Supervision.Since.IsZero() {
				t.Errorf("the call says %+v", c.Supervision)
			}
		}
		w.pass(5 * time.Minute) // past every lease
		w.talkHeard(telephony.Whisper, caller, agent, sup)

		other, _ := w.arrive(plain.DID) // it is not offered to her, nor to anybody who talks
		w.pass(time.Second)
		w.state(telephony.CallOf(other), telephony.Waiting, "")
		w.must(w.eng.StopSupervising(w.t.Context(), sue.ID))
		w.must(w.eng.StopSupervising(w.t.Context(), sue.ID))
		w.pass(time.Second)
		w.hears(caller, agent)
		w.hears(agent, caller)
		w.talk(sue, other) // she was ready before
		if c := w.led.call(id); c.Supervision != (telephony.Supervision{}) {
			t.Errorf("the call says %+v", c.Supervision)
		}
		var story []string
		for _, s := range w.led.stepsOf(id) {
			if s.Kind == telephony.StepSupervised || s.Kind == telephony.StepUnsupervised {
				if s.Agent != sue.ID {
					t.Errorf("%s by %s", s.Kind, s.Agent)
				}
				story = append(story, s.Detail)
			}
		}
		if want := "monitor whisper barge monitor barge whisper stopped-listening"; strings.Join(story, " ") != want {
			t.Errorf("the story: %v", story)
		}
		w.sw.HangUp(caller, 16)
		w.sw.HangUp(other, 16)
		w.clean()
	})
}

// The supervisor goes where the agent goes, and is heard by nobody who does not hear the agent.
func TestASupervisedCallIsHeldAndPatched(t *testing.T) {
	for _, m := range []telephony.SupervisionMode{telephony.Monitor, telephony.Whisper, telephony.Barge} {
		t.Run(string(m), func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				w.must(w.eng.AgentIn(w.t.Context(), sue))
				caller, id := w.arrive(plain.DID)
				agent := w.talk(ana, caller)
				sup := w.inOn(id, m)
				heard := func(by []telephony.LegID) []telephony.LegID {
					if m != telephony.Monitor {
						return append(by, sup)
					}
					return by
				}
				for range 2 {
					w.must(w.eng.Hold(w.t.Context(), ana.ID, id))
					w.pass(time.Second)
					w.whoHears("held", map[telephony.LegID][]telephony.LegID{caller: {}, agent: heard(nil), sup: {agent}})
					w.must(w.eng.Resume(w.t.Context(), ana.ID, id))
					w.pass(time.Second)
					w.talkHeard(m, caller, agent, sup)
				}
				w.must(w.eng.Patch(w.t.Context(), ana.ID, id, aPatch()))
				w.pass(time.Second)
				w.whoHears("it rings", map[telephony.LegID][]telephony.LegID{caller: {}, agent: heard(nil), sup: {agent}})
				third := w.originatedTo(provider.Reveal())
				w.sw.Answers(third)
				w.pass(time.Second)
				asked := []telephony.LegID{agent}
				if m == telephony.Barge {
					asked = append(asked, sup)
				}
				w.whoHears("a key is asked for", map[telephony.LegID][]telephony.LegID{caller: {}, third: asked,
					agent: heard([]telephony.LegID{third}), sup: {agent, third}})
				w.sw.Press(third, "1")
				w.pass(time.Second)
				three := map[telephony.LegID][]telephony.LegID{caller: {agent, third}, third: {caller, agent},
					agent: heard([]telephony.LegID{caller, third}), sup: {caller, agent, third}}
				if m == telephony.Barge {
					three[caller], three[third] = append(three[caller], sup), append(three[third], sup)
				}
				w.whoHears("all talk", three)
				w.must(w.eng.Leave(w.t.Context(), ana.ID, id))
				w.pass(time.Second)
				w.hears(caller, third) // it is not the agent's any more, nor the supervisor's
				w.hears(third, caller)
				w.agentIs(sue, telephony.AgentPaused)
				if got := w.led.lastOf(id, telephony.StepUnsupervised); got.Detail != "agent-gone" {
					t.Errorf("it ended %q", got.Detail)
				}
				w.sw.HangUp(caller, 16)
				w.clean()
			})
		})
	}
}

// Whoever goes, and however: nobody is left behind, and the talk goes on where it is not theirs.
func TestSomebodyGoesWhileASupervisorListens(t *testing.T) {
	const over, talk, waits = "the call is over", "the two talk on", "the caller waits"
	for what, c := range map[string]struct {
		do   func(w *world, id telephony.CallID, caller, agent, sup telephony.LegID)
		then string
		why  string
	}{
		"the caller hangs up": {func(w *world, _ telephony.CallID, caller, _, _ telephony.LegID) { w.sw.HangUp(caller, 16) },
			over, "call-over"},
		"the agent hangs up": {func(w *world, _ telephony.CallID, _, agent, _ telephony.LegID) { w.sw.HangUp(agent, 16) },
			over, "call-over"},
		"the agent's phone dies": {func(w *world, _ telephony.CallID, _, agent, _ telephony.LegID) {
			w.sw.HangUp(agent, telephony.CauseSilent)
		}, waits, "agent-gone"},
		"the supervisor hangs up": {func(w *world, _ telephony.CallID, _, _, sup telephony.LegID) { w.sw.HangUp(sup, 16) },
			talk, "hung-up"},
		"the supervisor's phone dies": {func(w *world, _ telephony.CallID, _, _, sup telephony.LegID) {
			w.sw.HangUp(sup, telephony.CauseSilent)
		}, talk, "hung-up"},
		"the supervisor signs out": {func(w *world, _ telephony.CallID, _, _, _ telephony.LegID) {
			w.must(w.eng.AgentOut(w.t.Context(), sue.ID))
		}, talk, "stopped-listening"},
		"a supervisor ends the call": {func(w *world, id telephony.CallID, _, _, _ telephony.LegID) {
			w.must(w.eng.End(w.t.Context(), id))
		}, over, "call-over"},
		"the switch is away when the supervisor hangs up": {func(w *world, _ telephony.CallID, _, _, sup telephony.LegID) {
			w.sw.Unlink()
			w.sw.HangUp(sup, 16)
			w.pass(time.Second)
			w.sw.Link()
		}, talk, "hung-up"},
	} {
		for _, m := range []telephony.SupervisionMode{telephony.Monitor, telephony.Whisper, telephony.Barge} {
			t.Run(what+", "+string(m), func(t *testing.T) {
				inWorld(t, []telephony.Agent{ana}, func(w *world) {
					w.must(w.eng.AgentIn(w.t.Context(), sue))
					caller, id := w.arrive(plain.DID)
					agent := w.talk(ana, caller)
					sup := w.inOn(id, m)
					w.talkHeard(m, caller, agent, sup)
					c.do(w, id, caller, agent, sup)
					w.pass(time.Second)
					if w.phone(sue.Endpoint) != "" {
						t.Error("the supervisor is left behind")
					}
					if got := w.led.lastOf(id, telephony.StepUnsupervised); got.Detail != c.why || got.Agent != sue.ID {
						t.Errorf("it ended %q by %q", got.Detail, got.Agent)
					}
					switch c.then {
					case talk:
						w.hears(caller, agent)
						w.hears(agent, caller)
						w.sw.HangUp(caller, 16)
					case waits:
						if !w.sw.HearsMusic(caller) {
							t.Error("the caller waits in silence")
						}
						w.sw.HangUp(caller, 16)
					}
					st, in := w.eng.Agent(sue.ID)
					if in && (st.State != telephony.AgentPaused || st.Reason == telephony.PausedToSupervise) {
						t.Errorf("the supervisor is %+v", st)
					}
					w.clean()
				})
			})
		}
	}
}

// The server is killed while a supervisor listens: who is still there goes on, in the mode they had, and everybody is told so; one
// who has gone meanwhile is told to have gone.
func TestRestartWhileASupervisorListens(t *testing.T) {
	for _, m := range []telephony.SupervisionMode{telephony.Monitor, telephony.Whisper, telephony.Barge} {
		t.Run(string(m), func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, sue}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), sue.ID, "break"))
				caller, id := w.arrive(plain.DID)
				agent := w.talk(ana, caller)
				sup := w.inOn(id, m)
				for range 2 {
					w.restart(3 * time.Second)
				}
				w.pass(5 * time.Second)
				w.talkHeard(m, caller, agent, sup)
				w.agentIs(sue, telephony.AgentPaused)
				w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Whisper))
				w.pass(time.Second)
				w.talkHeard(telephony.Whisper, caller, agent, sup)
				w.restart(11 * time.Second) // past the supervisor's lease
				w.pass(time.Second)
				w.hears(caller, agent)
				w.hears(agent, caller)
				if got := w.led.lastOf(id, telephony.StepUnsupervised); got.Detail != "restart" || got.Agent != sue.ID {
					t.Errorf("it ended %q by %q", got.Detail, got.Agent)
				}
				w.agentIs(sue, telephony.AgentReady)
				w.sw.HangUp(caller, 16)
				w.clean()
			})
		})
	}
	t.Run("whose phone rings", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			w.must(w.eng.AgentIn(w.t.Context(), sue))
			caller, id := w.arrive(plain.DID)
			agent := w.talk(ana, caller)
			w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Barge))
			w.pass(time.Second)
			w.stop()
			w.sw.Answers(w.phone(sue.Endpoint))
			w.pass(time.Second)
			w.start()
			w.pass(time.Second)
			if w.phone(sue.Endpoint) != "" {
				t.Error("a supervisor hears of whom nobody was told")
			}
			w.hears(caller, agent)
			w.sw.HangUp(caller, 16)
			w.clean()
		})
	})
}

func TestASupervisorWhosePhoneIsNotAnswered(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, sue}, func(w *world) {
		w.must(w.eng.Pause(w.t.Context(), sue.ID, "break"))
		caller, id := w.arrive(plain.DID)
		agent := w.talk(ana, caller)
		w.must(w.eng.Ready(w.t.Context(), sue.ID))
		w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Monitor))
		w.pass(time.Second)
		w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Whisper)) // thought better of it
		w.pass(30 * time.Second)
		w.hears(agent, caller)
		w.agentIs(sue, telephony.AgentReady)
		if slices.ContainsFunc(w.led.stepsOf(id), func(s telephony.Step) bool { return s.Kind == telephony.StepSupervised }) {
			t.Error("the story tells of a supervisor who was never there")
		}
		w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Monitor))
		w.pass(time.Second)
		w.sw.HangUp(caller, 16) // while it rings
		w.pass(time.Second)
		w.agentIs(sue, telephony.AgentReady)
		w.clean()
	})
}

func TestWhatCannotBeSupervised(t *testing.T) {
	tom := agent("tom", telephony.Spanish)
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		refused := func(what string, want error, s telephony.Agent, id telephony.CallID, m telephony.SupervisionMode) {
			t.Helper()
			if err := w.eng.Supervise(w.t.Context(), s.ID, id, m); !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.must(w.eng.AgentIn(w.t.Context(), tom))
		w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
		caller, id := w.arrive(plain.DID)
		refused("who is not signed in", engine.ErrNoAgent, sue, id, telephony.Monitor)
		w.must(w.eng.AgentIn(w.t.Context(), sue))
		refused("a call that rings", engine.ErrState, sue, id, telephony.Monitor)
		w.talk(ana, caller)
		refused("no call", engine.ErrNoCall, sue, "no-such-call", telephony.Monitor)
		refused("one's own call", engine.ErrState, ana, id, telephony.Monitor)
		refused("in no such way", engine.ErrState, sue, id, "shout")
		w.must(w.eng.Ready(w.t.Context(), bob.ID))
		other, otherID := w.arrive(plain.DID)
		w.talk(bob, other)
		refused("who talks", engine.ErrState, bob, id, telephony.Monitor)

		w.inOn(id, telephony.Barge)
		refused("a second supervisor", engine.ErrSupervised, tom, id, telephony.Barge)
		refused("a second call", engine.ErrState, sue, otherID, telephony.Monitor)
		if c, _ := w.eng.Call(id); c.Supervision.By != sue.ID {
			t.Errorf("who is in on it is not told: %+v", c.Supervision)
		}
		plug := w.sw.Unplug(tom.Endpoint)
		w.pass(time.Second)
		refused("with a phone that cannot be rung", engine.ErrPhone, tom, otherID, telephony.Monitor)
		plug()
		if err := w.eng.AgentCall(w.t.Context(), sue.ID, aCallback()); !errors.Is(err, engine.ErrState) {
			t.Errorf("a supervisor who listens makes a call: %v", err)
		}
		w.sw.HangUp(caller, 16)
		w.sw.HangUp(other, 16)
		w.clean()
	})
}

// A supervisor is in on a call that the agent makes, which has its parties the other way round.
func TestASupervisorIsInOnAnAgentsOwnCall(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		w.must(w.eng.AgentIn(w.t.Context(), sue))
		b := aCallback()
		w.must(w.eng.AgentCall(w.t.Context(), ana.ID, b))
		w.pass(time.Second)
		agent := w.phone(ana.Endpoint)
		w.sw.Answers(agent)
		w.pass(time.Second)
		patient := w.originatedTo(b.Second.Reveal())
		w.sw.Answers(patient)
		w.pass(time.Second)
		sup := w.inOn(b.ID, telephony.Whisper)
		w.talkHeard(telephony.Whisper, patient, agent, sup)
		w.must(w.eng.Supervise(w.t.Context(), sue.ID, b.ID, telephony.Barge))
		w.pass(time.Second)
		w.talkHeard(telephony.Barge, patient, agent, sup)
		w.restart(3 * time.Second)
		w.pass(time.Second)
		w.talkHeard(telephony.Barge, patient, agent, sup)
		w.sw.HangUp(patient, 16)
		w.clean()
	})
}

// What the switch refuses, or does and does not say, is put right.
func TestASupervisorIsSeatedAgain(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		w.must(w.eng.AgentIn(w.t.Context(), sue))
		caller, id := w.arrive(plain.DID)
		agent := w.talk(ana, caller)
		for range 3 {
			w.sw.FailNext("Listen", errors.New("busy"))
		}
		sup := w.inOn(id, telephony.Whisper)
		w.pass(5 * time.Second)
		w.talkHeard(telephony.Whisper, caller, agent, sup)
		w.sw.LoseReply("Listen", errors.New("lost"))
		w.must(w.eng.Supervise(w.t.Context(), sue.ID, id, telephony.Barge))
		w.pass(5 * time.Second)
		w.talkHeard(telephony.Barge, caller, agent, sup)
		w.sw.HangUp(caller, 16)
		w.clean()
	})
}
