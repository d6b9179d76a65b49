package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
)

// An agent hands a call over to a colleague by name.

// handed has ana talk to a caller and hand the call over to bob, whose phone rings.
func (w *world) handed() (p three) {
	w.t.Helper()
	w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
	p.caller, p.id = w.arrive(plain.DID)
	p.agent = w.talk(ana, p.caller)
	w.must(w.eng.Ready(w.t.Context(), bob.ID))
	w.pass(time.Minute)
	w.must(w.eng.HandOver(w.t.Context(), ana.ID, p.id, bob.ID))
	w.pass(time.Second)
	if w.phone(ana.Endpoint) != "" {
		w.t.Error("the agent is still on the line")
	}
	if !w.sw.HearsMusic(p.caller) {
		w.t.Error("the caller waits in silence")
	}
	w.agentIs(ana, telephony.AgentWrapUp)
	w.agentIs(bob, telephony.AgentRinging)
	if o := w.desk.lastOffer(); o.Call != p.id || o.Agent != bob.ID {
		w.t.Errorf("the offer is %+v", o)
	}
	return p
}

func TestACallIsHandedOver(t *testing.T) {
	for name, was := range map[string]func(w *world, p three){
		"in a talk": func(*world, three) {},
		"on hold":   func(w *world, p three) { w.must(w.eng.Hold(w.t.Context(), ana.ID, p.id)); w.pass(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
				var p three
				p.caller, p.id = w.arrive(plain.DID)
				p.agent = w.talk(ana, p.caller)
				was(w, p)
				w.must(w.eng.Ready(w.t.Context(), bob.ID))
				w.must(w.eng.HandOver(w.t.Context(), ana.ID, p.id, bob.ID))
				w.pass(time.Second)
				p.agent = w.talk(bob, p.caller)
				w.state(p.id, telephony.Talking, "")
				w.agentIs(bob, telephony.AgentTalking)
				w.agentIs(ana, telephony.AgentWrapUp)
				w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
				w.agentIs(ana, telephony.AgentReady)
				w.restart(3 * time.Second)
				w.pass(2 * time.Second)
				w.hears(p.caller, p.agent)
				w.sw.HangUp(p.agent, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
				w.agentIs(bob, telephony.AgentWrapUp)
				if story := w.led.story(p.id); !slices.Contains(story, "handed-over") {
					t.Errorf("the story lacks it: %v", story)
				}
			})
		})
	}
}

// Whatever a hand-over comes to nothing by, the caller comes back to the agent, or to whoever is free.
func TestAHandOverThatFails(t *testing.T) {
	for name, fails := range map[string]func(w *world, p three){
		"the colleague gives it back": func(w *world, p three) {
			w.must(w.eng.Reject(w.t.Context(), bob.ID, p.id, w.desk.lastOffer().Epoch))
		},
		"the colleague's phone is not answered": func(w *world, p three) { w.pass(16 * time.Second) },
		"the colleague's phone is busy":         func(w *world, p three) { w.sw.HangUp(w.phone(bob.Endpoint), 17) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
				p := w.handed()
				fails(w, p)
				w.pass(time.Second)
				w.agentIs(bob, telephony.AgentReady)
				w.agentIs(ana, telephony.AgentRinging)
				if !w.sw.HearsMusic(p.caller) {
					t.Error("the caller waits in silence")
				}
				p.agent = w.talk(ana, p.caller)
				w.agentIs(ana, telephony.AgentTalking)
				w.sw.HangUp(p.caller, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
			})
		})
	}
	for name, fails := range map[string]func(w *world, p three){
		"and the agent pauses": func(w *world, p three) {
			w.must(w.eng.Pause(w.t.Context(), ana.ID, "break"))
			w.must(w.eng.Reject(w.t.Context(), bob.ID, p.id, w.desk.lastOffer().Epoch))
		},
		"and the colleague signs out":             func(w *world, p three) { w.must(w.eng.AgentOut(w.t.Context(), bob.ID)) },
		"and the server is killed while it rings": func(w *world, p three) { w.restart(3 * time.Second) },
		"and both give it back": func(w *world, p three) {
			w.must(w.eng.Reject(w.t.Context(), bob.ID, p.id, w.desk.lastOffer().Epoch))
			w.pass(time.Second)
			w.must(w.eng.Reject(w.t.Context(), ana.ID, p.id, w.desk.lastOffer().Epoch))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob, sue}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), sue.ID, "break"))
				p := w.handed()
				fails(w, p)
				w.pass(time.Second)
				if !w.sw.HearsMusic(p.caller) {
					t.Error("the caller waits in silence")
				}
				for _, a := range []telephony.Agent{ana, bob, sue} {
					if err := w.eng.Pause(w.t.Context(), a.ID, "break"); err != nil && !errors.Is(err, engine.ErrNoAgent) {
						t.Error(err)
					}
				}
				w.pass(20 * time.Second) // an offer that rings somebody else is over
				w.must(w.eng.Ready(w.t.Context(), sue.ID))
				w.pass(time.Second)
				w.talk(sue, p.caller)
				w.sw.HangUp(p.caller, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
			})
		})
	}
	t.Run("and the caller hangs up", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
			p := w.handed()
			w.sw.HangUp(p.caller, 16)
			w.clean()
			w.state(p.id, telephony.Ended, telephony.Abandoned) // somebody calls back
			w.agentIs(bob, telephony.AgentReady)
			w.agentIs(ana, telephony.AgentWrapUp)
		})
	})
}

func TestWhoseCallCannotBeHandedOver(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		refused := func(what string, want, err error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		hand := func(from telephony.Agent, id telephony.CallID, to telephony.AgentID) error {
			return w.eng.HandOver(w.t.Context(), from.ID, id, to)
		}
		w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
		caller, id := w.arrive(plain.DID)
		refused("a call that rings", engine.ErrState, hand(ana, id, bob.ID))
		w.talk(ana, caller)
		refused("to who is paused", engine.ErrBusy, hand(ana, id, bob.ID))
		refused("to who is not here", engine.ErrBusy, hand(ana, id, "nobody"))
		w.must(w.eng.Ready(w.t.Context(), bob.ID))
		refused("to themselves", engine.ErrBusy, hand(ana, id, ana.ID))
		refused("another's call", engine.ErrNoCall, hand(bob, id, ana.ID))
		w.sw.Unplug(bob.Endpoint)
		w.pass(time.Second)
		refused("to whose phone is out", engine.ErrBusy, hand(ana, id, bob.ID))
		w.sw.HangUp(caller, 16)
		w.clean()
		w.state(id, telephony.Ended, telephony.Completed)
	})
}
