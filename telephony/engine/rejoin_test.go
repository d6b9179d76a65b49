package engine_test

import (
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// The desk of an agent who talks crashes, and its phone with it.

// backInTalk has the agent's phone answer the ring of a Rejoin and checks that they talk again.
func (w *world) backInTalk(caller telephony.LegID, old telephony.LegID) {
	w.t.Helper()
	w.pass(time.Millisecond)
	if now := w.phone(ana.Endpoint); now == old {
		w.t.Fatal("the phone is not rung again")
	}
	if !w.sw.HearsMusic(caller) {
		w.t.Error("the caller waits in silence")
	}
	w.talk(ana, caller)
	w.agentIs(ana, telephony.AgentTalking)
	w.state(telephony.CallOf(caller), telephony.Talking, "")
}

func TestADeskComesBack(t *testing.T) {
	for name, lost := range map[string]func(w *world, phone telephony.LegID, c telephony.CallID){
		"before the switch has missed its phone": func(*world, telephony.LegID, telephony.CallID) {},
		"after": func(w *world, phone telephony.LegID, c telephony.CallID) {
			w.sw.HangUp(phone, telephony.CauseSilent)
			w.pass(10 * time.Second)
			w.state(c, telephony.Held, "")
			w.agentIs(ana, telephony.AgentTalking)
		},
		"in a hold": func(w *world, phone telephony.LegID, c telephony.CallID) {
			w.must(w.eng.Hold(w.t.Context(), ana.ID, c))
			w.pass(time.Second)
		},
		"after a hold": func(w *world, phone telephony.LegID, c telephony.CallID) {
			w.must(w.eng.Hold(w.t.Context(), ana.ID, c))
			w.pass(time.Second)
			w.sw.HangUp(phone, telephony.CauseSilent)
			w.pass(10 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
				caller, id := w.arrive(plain.DID)
				phone := w.talk(ana, caller)
				for range 2 { // it may crash twice
					w.pass(time.Second)
					lost(w, phone, id)
					w.must(w.eng.Rejoin(w.t.Context(), ana.ID, id))
					w.must(w.eng.Rejoin(w.t.Context(), ana.ID, id))
					w.backInTalk(caller, phone)
					phone = w.phone(ana.Endpoint)
				}
				w.pass(time.Minute)
				w.hears(caller, phone)
				w.sw.HangUp(caller, 16)
				w.clean()
				w.state(id, telephony.Ended, telephony.Completed)
				w.agentIs(ana, telephony.AgentWrapUp)
				if w.led.kept() != 3 {
					t.Errorf("%d recordings kept, want one of each of the agent's legs", w.led.kept())
				}
			})
		})
	}
}

func TestTheResumeKeyRingsADeadPhoneAgain(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, id := w.arrive(plain.DID)
		phone := w.talk(ana, caller)
		w.sw.HangUp(phone, telephony.CauseSilent)
		w.pass(time.Second)
		w.must(w.eng.Resume(w.t.Context(), ana.ID, id))
		w.backInTalk(caller, phone)
		w.must(w.eng.HangUp(w.t.Context(), ana.ID, id))
		w.clean()
		w.state(id, telephony.Ended, telephony.Completed)
	})
}

func TestADeskDoesNotComeBack(t *testing.T) {
	for name, tries := range map[string]func(w *world, id telephony.CallID){
		"at all": func(*world, telephony.CallID) {},
		"but asks to, and its phone does not answer": func(w *world, id telephony.CallID) {
			w.must(w.eng.Rejoin(w.t.Context(), ana.ID, id))
			w.pass(16 * time.Second)
		},
		"but asks to, and its phone dies again": func(w *world, id telephony.CallID) {
			w.sw.AnyPhone = switchtest.PhoneBehavior{Rejects: telephony.CauseSilent}
			w.must(w.eng.Rejoin(w.t.Context(), ana.ID, id))
			w.pass(time.Second)
			w.sw.AnyPhone = switchtest.PhoneBehavior{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
				caller, id := w.arrive(plain.DID)
				phone := w.talk(ana, caller)
				w.sw.HangUp(phone, telephony.CauseSilent)
				w.pass(time.Second)
				w.must(w.eng.AgentOut(w.t.Context(), ana.ID)) // her desk is not heard of
				if name != "at all" {
					w.must(w.eng.AgentIn(w.t.Context(), ana))
				}
				tries(w, id)
				w.must(w.eng.Ready(w.t.Context(), bob.ID))
				w.pass(time.Second)
				if w.phone(bob.Endpoint) != "" {
					t.Error("her caller is given away before she could come back")
				}
				w.pass(21 * time.Second)
				if !slices.Contains(w.desk.gone(), "ana withdrawn") {
					t.Errorf("her desk still shows the call: %v", w.desk.gone())
				}
				w.talk(bob, caller)
				w.sw.HangUp(caller, 16)
				w.clean()
				w.state(id, telephony.Ended, telephony.Completed)
				if got := w.led.kept(); got != 2 {
					t.Errorf("%d recordings kept, want one of each talk", got)
				}
			})
		})
	}
}

// Who hangs up while nobody talks to them is to be called back.
func TestTheCallerHangsUpOnADeadPhone(t *testing.T) {
	for name, rejoins := range map[string]bool{"alone": false, "while it rings again": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				caller, id := w.arrive(plain.DID)
				w.sw.HangUp(w.talk(ana, caller), telephony.CauseSilent)
				w.pass(time.Second)
				if rejoins {
					w.must(w.eng.Rejoin(w.t.Context(), ana.ID, id))
					w.pass(time.Second)
				}
				w.sw.HangUp(caller, 16)
				w.clean()
				w.state(id, telephony.Ended, telephony.Abandoned)
				w.agentIs(ana, telephony.AgentWrapUp)
			})
		})
	}
}

func TestRestartWithoutTheAgent(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, id := w.arrive(plain.DID)
		w.sw.HangUp(w.talk(ana, caller), telephony.CauseSilent)
		w.pass(time.Second)
		w.restart(3 * time.Second)
		w.state(id, telephony.Offered, "")
		w.talk(ana, caller)
		w.sw.HangUp(caller, 16)
		w.clean()
		w.state(id, telephony.Ended, telephony.Completed)
	})
}
