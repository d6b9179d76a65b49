package engine_test

import (
	"errors"
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
		"the provider does not answer": {},
		"the provider rejects":         {string(provider): {Rejects: 21}},
		"the patient is busy":          {string(provider): {Answers: true}, string(patient): {Rejects: 17}},
		"the patient does not answer":  {string(provider): {Answers: true}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(w *world) {
				w.sw.Phones = phones
				b := aCallback()
				w.must(w.eng.CallBack(w.t.Context(), b))
				w.pass(90 * time.Second)
				w.state(b.ID, telephony.Ended, telephony.Unreached)
				w.clean()
			})
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
