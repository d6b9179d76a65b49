package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

// An agent brings a provider in for a caller.

func aPatch() engine.Patch {
	return engine.Patch{Contact: "reyes", Number: provider, Language: telephony.Spanish, Urgent: true}
}

// three is a call into which somebody is being brought.
type three struct {
	id                      telephony.CallID
	caller, agent, provider telephony.LegID
}

// The moments of a patch, in order.
const (
	ringsThere = iota // the provider's phone rings
	asksThere         // it was answered
	allTalk
	agentLeft
)

// patchTo brings a call to a moment of a patch.
func (w *world) patchTo(moment int) (p three) {
	w.t.Helper()
	p.caller, p.id = w.arrive(plain.DID)
	p.agent = w.talk(ana, p.caller)
	w.must(w.eng.Patch(w.t.Context(), ana.ID, p.id, aPatch()))
	w.pass(time.Second)
	p.provider = w.originatedTo(provider.Reveal())
	w.inMoment(p, ringsThere)
	if moment >= asksThere {
		w.sw.Answers(p.provider)
		w.pass(time.Second)
		w.inMoment(p, asksThere)
	}
	if moment >= allTalk {
		w.sw.Press(p.provider, "1")
		w.pass(time.Second)
		w.inMoment(p, allTalk)
	}
	if moment == agentLeft {
		w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id))
		w.pass(time.Second)
		w.inMoment(p, agentLeft)
	}
	return p
}

// inMoment checks who hears whom and what in a moment of a patch.
func (w *world) inMoment(p three, moment int) {
	w.t.Helper()
	prompts := func(leg telephony.LegID) (all []string) {
		for _, play := range w.sw.Playing(leg) {
			all = append(all, string(play.Language)+" "+strings.Join(play.Prompts, " "))
		}
		return all
	}
	hear := func(leg telephony.LegID, others ...telephony.LegID) {
		w.t.Helper()
		slices.Sort(others)
		if got := w.sw.Hears(leg); !slices.Equal(got, others) {
			w.t.Errorf("%s hears %v, not %v", leg, got, others)
		}
	}
	said := func(leg telephony.LegID, want ...string) {
		w.t.Helper()
		if got := prompts(leg); !slices.Equal(got, want) {
			w.t.Errorf("%s is told %q, not %q", leg, got, want)
		}
	}
	if waits := moment < allTalk; w.sw.HearsMusic(p.caller) != waits {
		w.t.Errorf("the caller hears music: %v", !waits)
	}
	third, state := telephony.ThirdTalking, telephony.Talking
	switch moment {
	case ringsThere:
		third, state = telephony.ThirdRinging, telephony.Held
		hear(p.caller)
		hear(p.agent)
		said(p.agent, "en lamplight/ringing")
	case asksThere:
		third, state = telephony.ThirdAsked, telephony.Held
		hear(p.caller)
		hear(p.agent, p.provider)
		hear(p.provider, p.agent)
		said(p.provider, "es lamplight/caller-waits lamplight/urgent lamplight/press-to-talk")
	case allTalk:
		hear(p.caller, p.agent, p.provider)
		hear(p.agent, p.caller, p.provider)
		hear(p.provider, p.caller, p.agent)
		said(p.caller)
	case agentLeft:
		state = telephony.Patched
		hear(p.caller, p.provider)
		hear(p.provider, p.caller)
		hear(p.agent)
		said(p.caller)
	}
	w.state(p.id, state, "")
	if c, _ := w.eng.Call(p.id); c.Third.State != third {
		w.t.Errorf("the third party is %q, not %q", c.Third.State, third)
	}
	if moment != agentLeft {
		w.agentIs(ana, telephony.AgentTalking)
	}
}

func TestACallerIsPatched(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		p := w.patchTo(ringsThere)
		if os := w.sw.Originated(); os[len(os)-1].CallerID != plain.DID || os[len(os)-1].CallerName != plain.Name {
			t.Errorf("the provider sees %+v", os[len(os)-1])
		}
		w.pass(20 * time.Second)
		w.inMoment(p, ringsThere)
		w.sw.Answers(p.provider)
		w.pass(15 * time.Second) // a person who listens first
		w.sw.Press(p.provider, "2")
		w.sw.Press(p.caller, "1")
		w.sw.Press(p.agent, "1")
		w.pass(time.Second)
		w.inMoment(p, asksThere)
		w.sw.Press(p.provider, "1")
		w.pass(time.Second)
		w.inMoment(p, allTalk)
		w.pass(5 * time.Minute)
		w.inMoment(p, allTalk)
		w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id))
		w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id))
		w.pass(time.Second)
		w.inMoment(p, agentLeft)
		w.agentIs(ana, telephony.AgentWrapUp)
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		w.pass(time.Minute)
		w.agentIs(ana, telephony.AgentReady)

		other, _ := w.arrive(plain.DID) // and she takes the next
		w.talk(ana, other)
		w.inMoment(p, agentLeft)
		w.sw.HangUp(p.caller, 16)
		w.pass(time.Second)
		w.state(p.id, telephony.Ended, telephony.Completed)
		w.agentIs(ana, telephony.AgentTalking)
		w.sw.HangUp(other, 16)
		w.clean()
		story := w.led.story(p.id)
		if want := []string{"answered", "patch-asked", "patch-answered", "patched", "patch-left", "ended"}; !slices.Equal(
			story[len(story)-len(want):], want) {
			t.Errorf("the story: %v", story)
		}
		if got := w.led.kept(); got != 3 {
			t.Errorf("%d recordings kept, want one of each of the agent's talks, and the caller's while three talked", got)
		}
	})
}

func TestAPatchThatComesToNothing(t *testing.T) {
	for why, phone := range map[string]switchtest.PhoneBehavior{
		"third-busy":         {Rejects: 17},
		"third-rejected":     {Rejects: 21},
		"third-wrong-number": {Rejects: 1},
		"third-failed":       {Rejects: 38},
		"third-no-answer":    {},
		"third-no-key":       {Answers: true, After: time.Second}, // a voicemail
		"taken-back":         {Answers: true, After: time.Minute},
	} {
		t.Run(why, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				caller, id := w.arrive(plain.DID)
				agent := w.talk(ana, caller)
				for range 2 { // it may be tried again
					w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): phone}
					w.must(w.eng.Patch(w.t.Context(), ana.ID, id, aPatch()))
					w.pass(2 * time.Second)
					if why == "taken-back" {
						w.must(w.eng.Resume(w.t.Context(), ana.ID, id))
					}
					w.pass(45 * time.Second)
					w.hears(caller, agent)
					w.hears(agent, caller)
					if w.sw.HearsMusic(caller) || len(w.sw.Playing(caller)) > 0 {
						t.Error("music or a prompt plays into the talk")
					}
					w.state(id, telephony.Talking, "")
					c, _ := w.eng.Call(id)
					if got := w.led.lastStep(id); got.Kind != telephony.StepPatchFailed || got.Detail != why || c.Third.Why != why ||
						c.Third.State != "" {
						t.Errorf("the last step says %+v, the call %+v", got, c.Third)
					}
				}
				w.agentIs(ana, telephony.AgentTalking)
				w.sw.HangUp(agent, 16)
				w.clean()
				w.state(id, telephony.Ended, telephony.Completed)
			})
		})
	}
}

// Whoever hangs up, and whenever: nobody is left behind, and whoever is to go on goes on.
func TestSomebodyHangsUpInAPatch(t *testing.T) {
	const over, agentAndCaller, callerAndProvider, alone = "over", "agent and caller", "caller and provider", "the caller waits"
	for _, c := range []struct {
		moment int
		who    string
		cause  int
		then   string
	}{
		{ringsThere, "caller", 16, over},
		{ringsThere, "agent", 16, over},
		{ringsThere, "agent", telephony.CauseSilent, alone},
		{ringsThere, "provider", 21, agentAndCaller},
		{asksThere, "caller", 16, over},
		{asksThere, "agent", 16, over},
		{asksThere, "agent", telephony.CauseSilent, alone},
		{asksThere, "provider", 16, agentAndCaller},
		{allTalk, "caller", 16, over},
		{allTalk, "agent", 16, callerAndProvider},
		{allTalk, "agent", telephony.CauseSilent, callerAndProvider},
		{allTalk, "provider", 16, agentAndCaller},
		{agentLeft, "caller", 16, over},
		{agentLeft, "provider", 16, over},
	} {
		t.Run(strings.Join([]string{[]string{"it rings", "a key is asked for", "all talk", "the agent has left"}[c.moment], c.who,
			map[bool]string{true: "dies", false: "hangs up"}[c.cause == telephony.CauseSilent]}, ", "), func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				p := w.patchTo(c.moment)
				w.sw.HangUp(map[string]telephony.LegID{"caller": p.caller, "agent": p.agent, "provider": p.provider}[c.who], c.cause)
				w.pass(time.Second)
				switch c.then {
				case agentAndCaller:
					w.hears(p.caller, p.agent)
					w.hears(p.agent, p.caller)
					w.agentIs(ana, telephony.AgentTalking)
					w.state(p.id, telephony.Talking, "")
					w.sw.HangUp(p.caller, 16)
				case callerAndProvider:
					w.inMoment(p, agentLeft)
					w.agentIs(ana, telephony.AgentWrapUp)
					w.sw.HangUp(p.provider, 16)
				case alone:
					if !w.sw.HearsMusic(p.caller) {
						t.Error("the caller waits in silence")
					}
					w.must(w.eng.Rejoin(w.t.Context(), ana.ID, p.id))
					w.backInTalk(p.caller, p.agent)
					w.sw.HangUp(p.caller, 16)
				}
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
				w.agentIs(ana, telephony.AgentWrapUp)
			})
		})
	}
}

// The server is killed in the middle of a patch, and another takes it over with all who are in it.
func TestRestartInAPatch(t *testing.T) {
	for moment, name := range []string{"it rings", "a key is asked for", "all talk", "the agent has left"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				p := w.patchTo(moment)
				for range 2 {
					w.restart(3 * time.Second)
				}
				w.pass(5 * time.Second)
				if moment == asksThere { // in which language is not remembered
					w.hears(p.agent, p.provider)
				} else {
					w.inMoment(p, moment)
				}
				if moment == ringsThere {
					w.sw.Answers(p.provider)
					w.pass(time.Second)
				}
				if moment < allTalk {
					w.sw.Press(p.provider, "1")
					w.pass(time.Second)
					w.inMoment(p, allTalk)
				}
				if moment == allTalk {
					w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id))
					w.pass(time.Second)
					w.inMoment(p, agentLeft)
					w.agentIs(ana, telephony.AgentWrapUp)
				}
				if moment == agentLeft {
					w.agentIs(ana, telephony.AgentReady)
				}
				w.sw.HangUp(p.caller, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
			})
		})
	}
	t.Run("the agent hangs up meanwhile", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			p := w.patchTo(allTalk)
			w.stop()
			w.sw.HangUp(p.agent, 16)
			w.pass(2 * time.Second)
			w.start()
			w.pass(time.Second)
			w.inMoment(p, agentLeft)
			w.sw.HangUp(p.provider, 16)
			w.clean()
			w.state(p.id, telephony.Ended, telephony.Completed)
		})
	})
	t.Run("the provider hangs up meanwhile", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			p := w.patchTo(asksThere)
			w.stop()
			w.sw.HangUp(p.provider, 16)
			w.pass(2 * time.Second)
			w.start()
			w.pass(time.Second)
			w.state(p.id, telephony.Held, "")
			w.must(w.eng.Resume(w.t.Context(), ana.ID, p.id))
			w.pass(time.Second)
			w.hears(p.caller, p.agent)
			w.sw.HangUp(p.caller, 16)
			w.clean()
		})
	})
}

// The connection to the switch is lost in the middle of a patch, and what happens meanwhile is found out.
func TestAPatchWithoutTheSwitch(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		p := w.patchTo(ringsThere)
		w.sw.Unlink()
		w.sw.Answers(p.provider)
		w.pass(2 * time.Second)
		w.sw.Link()
		w.pass(time.Second)
		w.inMoment(p, asksThere)
		w.sw.Press(p.provider, "1")
		w.pass(time.Second)
		w.sw.Unlink()
		w.sw.HangUp(p.agent, 16)
		w.pass(2 * time.Second)
		w.sw.Link()
		w.pass(time.Second)
		w.inMoment(p, agentLeft)
		w.sw.HangUp(p.provider, 16)
		w.clean()
		w.state(p.id, telephony.Ended, telephony.Completed)
	})
}

// The agent's desk crashes while three talk, and comes back.
func TestADeskComesBackIntoATalkOfThree(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		p := w.patchTo(allTalk)
		w.must(w.eng.Rejoin(w.t.Context(), ana.ID, p.id))
		w.pass(time.Second)
		p.agent = w.phone(ana.Endpoint)
		w.sw.Answers(p.agent)
		w.pass(time.Second)
		w.inMoment(p, allTalk)
		w.sw.HangUp(p.agent, 16)
		w.pass(time.Second)
		w.inMoment(p, agentLeft)
		w.sw.HangUp(p.caller, 16)
		w.clean()
	})
}

func TestWhatCannotBePatched(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		refused := func(what string, want, err error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
		caller, id := w.arrive(plain.DID)
		refused("a call that rings", engine.ErrState, w.eng.Patch(w.t.Context(), ana.ID, id, aPatch()))
		w.talk(ana, caller)
		refused("leaving a talk of two", engine.ErrState, w.eng.Leave(w.t.Context(), ana.ID, id))
		refused("another's call", engine.ErrNoCall, w.eng.Patch(w.t.Context(), bob.ID, id, aPatch()))
		w.must(w.eng.Patch(w.t.Context(), ana.ID, id, aPatch()))
		refused("twice", engine.ErrThird, w.eng.Patch(w.t.Context(), ana.ID, id, aPatch()))
		refused("leaving one that is not connected", engine.ErrState, w.eng.Leave(w.t.Context(), ana.ID, id))
		w.sw.HangUp(caller, 16)
		w.pass(time.Second)
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		b := aCallback()
		w.must(w.eng.AgentCall(w.t.Context(), ana.ID, b))
		w.pass(time.Second)
		refused("a call of the agent's own", engine.ErrState, w.eng.Patch(w.t.Context(), ana.ID, b.ID, aPatch()))
		w.must(w.eng.HangUp(w.t.Context(), ana.ID, b.ID))
		w.clean()
	})
}
