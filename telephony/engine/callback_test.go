package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

var phoneThatRejects = switchtest.PhoneBehavior{Rejects: 17, After: 10 * time.Millisecond}

const (
	provider = telephony.Number("+13125550777")
	patient  = telephony.Number("+13125559876")
)

func aCallback() engine.Callback {
	return engine.Callback{ID: "7c1f5c5e-0000-4000-8000-000000000001", Account: english.Account, First: provider,
		Second: patient, Show: english.DID, Name: english.Name}
}

func TestAProviderCallsBack(t *testing.T) {
	for name, hangUp := range map[string]func(w *world, a, b telephony.LegID){
		"the provider hangs up": func(w *world, a, b telephony.LegID) { w.sw.HangUp(a, 16) },
		"the patient hangs up":  func(w *world, a, b telephony.LegID) { w.sw.HangUp(b, 16) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				b := aCallback()
				w.must(w.eng.CallBack(w.t.Context(), b))
				w.must(w.eng.CallBack(w.t.Context(), b))
				w.pass(5 * time.Second)
				first := w.originatedTo(provider.Reveal())
				w.sw.Answers(first)
				w.pass(20 * time.Second) // a person who listens first
				if w.sw.Press(first, "2"); w.originatedTo(patient.Reveal()) != "" || len(w.sw.Playing(first)) == 0 {
					t.Error("the patient is rung before the key is pressed, or the provider is not asked for it")
				}
				w.sw.Press(first, "1")
				w.pass(20 * time.Second)
				second := w.originatedTo(patient.Reveal())
				w.sw.Answers(second)
				w.pass(time.Minute)
				w.hears(first, second)
				w.state(b.ID, telephony.Talking, "")
				if os := w.sw.Originated(); len(os) != 2 || os[1].CallerID != english.DID {
					t.Errorf("originated %+v", os)
				}
				hangUp(w, first, second)
				w.clean()
				w.state(b.ID, telephony.Ended, telephony.Completed)
				w.must(w.eng.CallBack(w.t.Context(), b)) // asked once more, it rings nobody
				w.pass(time.Second)
				if os := w.sw.Originated(); len(os) != 2 {
					t.Errorf("%d legs originated", len(os))
				}
			})
		})
	}
}

func TestACallBackThatReachesNobody(t *testing.T) {
	for name, phones := range map[string]map[string]switchtest.PhoneBehavior{
		"first-no-answer":     {},
		"first-rejected":      {string(provider): {Rejects: 21}},
		"first-failed":        {string(provider): {Rejects: 38}},
		"first-no-key":        {string(provider): {Answers: true}}, // a voicemail
		"second-busy":         {string(provider): {Answers: true, Presses: "1"}, string(patient): {Rejects: 17}},
		"second-wrong-number": {string(provider): {Answers: true, Presses: "1"}, string(patient): {Rejects: 1}},
		"second-no-answer":    {string(provider): {Answers: true, Presses: "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.sw.Phones = phones
				b := aCallback()
				w.must(w.eng.CallBack(w.t.Context(), b))
				w.pass(90 * time.Second)
				w.state(b.ID, telephony.Ended, telephony.Unreached)
				if got := w.led.lastStep(b.ID); got.Kind != "ended" || got.Detail != name {
					t.Errorf("the last step says %+v", got)
				}
				w.clean()
			})
		})
	}
}

// A call for trial says its code to who has pressed the key and rings nobody else; how far it is can be asked, and why it came to nothing.
func TestACallForTrial(t *testing.T) {
	b := aCallback()
	b.Second, b.Code = "", "4071"
	placed := func(w *world, want engine.Placed) {
		w.t.Helper()
		if got, err := w.eng.Placed(w.t.Context(), b.ID); err != nil || got != want {
			w.t.Errorf("it is at %+v, %v, want %+v", got, err, want)
		}
	}
	hears := func(w *world, leg telephony.LegID, want ...string) {
		w.t.Helper()
		if got := w.sw.Playing(leg); len(got) != 1 || !slices.Equal(got[0].Prompts, want) {
			w.t.Errorf("it hears %+v, want %v", got, want)
		}
	}
	inWorld(t, nil, func(w *world) {
		w.must(w.eng.CallBack(w.t.Context(), b))
		w.pass(5 * time.Second)
		placed(w, engine.Placed{Rang: true})
		first := w.originatedTo(provider.Reveal())
		w.sw.Answers(first)
		w.pass(10 * time.Second)
		placed(w, engine.Placed{Rang: true, Answered: true})
		hears(w, first, "lamplight/trial-one")
		w.sw.Press(first, "1")
		w.pass(time.Second)
		placed(w, engine.Placed{Rang: true, Answered: true, Told: true})
		hears(w, first, "lamplight/trial-code", "lamplight/digit-4", "lamplight/digit-0", "lamplight/digit-7", "lamplight/digit-1")
		w.pass(time.Minute) // nobody hangs up
		placed(w, engine.Placed{Rang: true, Answered: true, Told: true, Over: true})
		w.state(b.ID, telephony.Ended, telephony.Completed)
		if os := w.sw.Originated(); len(os) != 1 {
			t.Errorf("%d legs originated", len(os))
		}
		w.clean()
		if _, err := w.eng.Placed(w.t.Context(), "another-call-0000"); !errors.Is(err, engine.ErrNoCall) {
			t.Errorf("of another call: %v", err)
		}
	})
	for why, phone := range map[string]switchtest.PhoneBehavior{"first-rejected": {Rejects: 21}, "first-no-key": {Answers: true}} {
		inWorld(t, nil, func(w *world) {
			w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): phone}
			w.must(w.eng.CallBack(w.t.Context(), b))
			w.pass(90 * time.Second)
			placed(w, engine.Placed{Rang: true, Answered: phone.Answers, Over: true, Why: why})
			w.clean()
		})
	}
}

func TestAnAgentCallsBack(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		b := aCallback()
		w.must(w.eng.AgentCall(w.t.Context(), ana.ID, b))
		w.pass(time.Millisecond)
		w.agentIs(ana, telephony.AgentTalking)
		w.arrive(plain.DID) // waits: ana is busy
		if o := w.desk.lastOffer(); o.Call != "" {
			t.Error("offered a call to an agent who places one")
		}
		phone := w.phone(ana.Endpoint)
		w.sw.Answers(phone)
		w.pass(time.Millisecond)
		far := w.originatedTo(patient.Reveal())
		w.sw.Answers(far)
		w.pass(time.Millisecond)
		w.hears(phone, far)
		w.must(w.eng.Hold(w.t.Context(), ana.ID, b.ID))
		w.pass(time.Second)
		if !w.sw.HearsMusic(far) || w.sw.Hears(phone) != nil {
			t.Error("not on hold")
		}
		w.must(w.eng.Resume(w.t.Context(), ana.ID, b.ID))
		w.pass(time.Second)
		w.hears(phone, far)
		w.restart(3 * time.Second)
		w.pass(20 * time.Second)
		w.hears(phone, far)
		w.agentIs(ana, telephony.AgentTalking)
		w.must(w.eng.HangUp(w.t.Context(), ana.ID, b.ID))
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentWrapUp)
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentRinging)
		w.sw.HangUp("caller-000001", 16)
		w.clean()
		if w.led.kept() != 1 {
			t.Error("the agent's call was not recorded")
		}
		if err := w.eng.AgentCall(w.t.Context(), bob.ID, engine.Callback{ID: "another-call-back", Second: patient}); !errors.Is(err,
			engine.ErrNoAgent) {
			t.Errorf("an agent who is not here: %v", err)
		}
	})
}

func TestAnExtensionIsDialledAfterTheAnswer(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		b := aCallback()
		b.Extension = "123"
		w.must(w.eng.AgentCall(w.t.Context(), ana.ID, b))
		w.pass(time.Millisecond)
		w.sw.Answers(w.phone(ana.Endpoint))
		w.pass(time.Millisecond)
		far := w.originatedTo(patient.Reveal())
		sent := func() bool {
			return slices.ContainsFunc(w.sw.Commands(), func(c switchtest.Command) bool {
				return c.Method == "SendKeys" && c.What == string(far)+" 2s 123"
			})
		}
		if w.pass(time.Second); sent() {
			t.Error("dialled before the answer")
		}
		w.sw.Answers(far)
		if w.pass(time.Second); !sent() || w.led.lastStep(b.ID).Kind != "extension" {
			t.Errorf("not dialled; the story: %v", w.led.story(b.ID))
		}
		w.must(w.eng.HangUp(w.t.Context(), ana.ID, b.ID))
		w.clean()
		b.ID, b.Extension = "another-call-back", "12,p"
		if err := w.eng.AgentCall(w.t.Context(), ana.ID, b); err == nil {
			t.Error("an extension that no telephone can dial is taken")
		}
	})
}

// A supervisor ends a call wherever it stands; who was not talked to is to be called back.
func TestASupervisorEndsAnyCall(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		end := func(c telephony.CallID, o telephony.Outcome) {
			t.Helper()
			w.must(w.eng.End(w.t.Context(), c))
			w.pass(time.Second)
			w.state(c, telephony.Ended, o)
			if got := w.led.lastStep(c); got.Detail != "supervisor" {
				t.Errorf("the story does not say who ended it: %+v", got)
			}
			w.must(w.eng.End(w.t.Context(), c)) // it has ended
			w.clean()
		}
		caller, c := w.arrive(english.DID)
		w.talk(ana, caller)
		end(c, telephony.Completed)
		w.agentIs(ana, telephony.AgentWrapUp)
		_, c = w.arrive(english.DID)
		w.state(c, telephony.Waiting, "")
		end(c, telephony.Abandoned)
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		_, c = w.arrive(english.DID)
		w.state(c, telephony.Offered, "")
		end(c, telephony.Abandoned)
		w.agentIs(ana, telephony.AgentReady)
		w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): {Answers: true}}
		w.must(w.eng.CallBack(w.t.Context(), aCallback()))
		w.pass(5 * time.Second)
		end(aCallback().ID, telephony.Unreached)
		if err := w.eng.End(w.t.Context(), "no-such-call"); !errors.Is(err, engine.ErrNoCall) {
			t.Errorf("a call nobody knows: %v", err)
		}
	})
}

// An agent whose phone is out is offered nothing, and is back by themselves when it is.
func TestAPhoneThatIsOut(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		reason := func() string {
			s, _ := w.eng.Agent(ana.ID)
			return s.Reason
		}
		plug := w.sw.Unplug(ana.Endpoint)
		w.pass(time.Millisecond)
		w.agentIs(ana, telephony.AgentPaused)
		caller, c := w.arrive(english.DID)
		w.must(w.eng.Ready(w.t.Context(), ana.ID)) // does not help
		w.pass(time.Minute)
		w.state(c, telephony.Waiting, "")
		if len(w.sw.Originated()) != 0 || reason() != telephony.PausedByPhone {
			t.Errorf("rung %d times, paused for %q", len(w.sw.Originated()), reason())
		}
		w.restart(time.Second) // which finds it out
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentPaused)
		plug()
		w.pass(time.Millisecond)
		w.talk(ana, caller)

		plug = w.sw.Unplug(ana.Endpoint) // out in the talk, and back in the wrap-up, which it does not end
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentTalking)
		w.sw.HangUp(caller, 16)
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentWrapUp)
		plug()
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentWrapUp)
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		w.pass(time.Second)
		w.agentIs(ana, telephony.AgentReady)

		w.must(w.eng.Pause(w.t.Context(), ana.ID, "meal")) // who wanted to be paused stays so
		plug = w.sw.Unplug(ana.Endpoint)
		w.pass(time.Second)
		plug()
		w.pass(time.Second)
		if w.agentIs(ana, telephony.AgentPaused); reason() != "meal" {
			t.Errorf("paused for %q", reason())
		}
		w.clean()
	})
}
