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

// An agent talks with somebody alone and puts the caller through, or sends the caller on and goes.

const pharmacy telephony.Number = "+13125550177"

func aConsult() engine.Patch {
	return engine.Patch{Contact: "pharmacy", Number: pharmacy, Extension: "12", Plain: true}
}

// consult brings a call to where the agent talks with somebody alone.
func (w *world) consult() (p three) {
	w.t.Helper()
	p.caller, p.id = w.arrive(plain.DID)
	p.agent = w.talk(ana, p.caller)
	w.must(w.eng.Patch(w.t.Context(), ana.ID, p.id, aConsult()))
	w.pass(time.Second)
	w.third(p.id, telephony.ThirdRinging)
	p.provider = w.originatedTo(pharmacy.Reveal())
	w.sw.Answers(p.provider)
	w.pass(time.Second)
	w.alone(p)
	return p
}

func (w *world) third(id telephony.CallID, s telephony.ThirdState) {
	w.t.Helper()
	if c, _ := w.eng.Call(id); c.Third.State != s {
		w.t.Errorf("the third party is %q, not %q", c.Third.State, s)
	}
}

// alone checks that agent and third party hear each other and no prompt, and the caller music.
func (w *world) alone(p three) {
	w.t.Helper()
	w.hears(p.agent, p.provider)
	w.hears(p.provider, p.agent)
	if !w.sw.HearsMusic(p.caller) || len(w.sw.Playing(p.agent)) > 0 {
		w.t.Error("the caller waits in silence, or a prompt plays into the talk")
	}
	w.third(p.id, telephony.ThirdAlone)
	w.state(p.id, telephony.Held, "")
}

// through checks that caller and third party are left alone with each other.
func (w *world) through(p three) {
	w.t.Helper()
	w.hears(p.caller, p.provider)
	w.hears(p.provider, p.caller)
	if w.sw.HearsMusic(p.caller) || len(w.sw.Playing(p.caller)) > 0 {
		w.t.Error("music or a prompt plays into the talk")
	}
	w.third(p.id, telephony.ThirdTalking)
	w.state(p.id, telephony.Patched, "")
}

func TestAnAgentTalksWithSomebodyFirst(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world, p three)
		then func(w *world, p three)
	}{
		"and leaves the two": {
			func(w *world, p three) { w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id)) }, func(w *world, p three) { w.through(p) }},
		"and hangs up, which leaves them too": {
			func(w *world, p three) { w.sw.HangUp(p.agent, 16) }, func(w *world, p three) { w.through(p) }},
		"and all three talk": {
			func(w *world, p three) { w.must(w.eng.Confer(w.t.Context(), ana.ID, p.id)) },
			func(w *world, p three) { w.inMoment(p, allTalk) }},
		"and takes the caller back": {
			func(w *world, p three) { w.must(w.eng.Resume(w.t.Context(), ana.ID, p.id)) }, backWithAna("taken-back")},
		"who hangs up": {
			func(w *world, p three) { w.sw.HangUp(p.provider, 16) }, backWithAna("third-hung-up")},
		"and the caller hangs up": {
			func(w *world, p three) { w.sw.HangUp(p.caller, 16) },
			func(w *world, p three) { w.state(p.id, telephony.Ended, telephony.Completed) }},
		"and her phone dies": {
			func(w *world, p three) { w.sw.HangUp(p.agent, telephony.CauseSilent) }, func(w *world, p three) {
				if !w.sw.HearsMusic(p.caller) {
					t.Error("the caller waits in silence")
				}
				w.must(w.eng.Rejoin(w.t.Context(), ana.ID, p.id))
				w.backInTalk(p.caller, p.agent)
			}},
		"and the server is killed": {
			func(w *world, p three) { w.restart(3 * time.Second); w.pass(2 * time.Second) }, func(w *world, p three) {
				w.alone(p)
				w.must(w.eng.Leave(w.t.Context(), ana.ID, p.id))
				w.pass(time.Second)
				w.through(p)
				w.restart(3 * time.Second)
				w.pass(2 * time.Second)
				w.through(p)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				p := w.consult()
				if !slices.ContainsFunc(w.sw.Commands(), func(c switchtest.Command) bool {
					return c.Method == "SendKeys" && strings.HasSuffix(c.What, " 12") && strings.HasPrefix(c.What, string(p.provider))
				}) {
					t.Error("the extension is not dialled")
				}
				w.pass(3 * time.Minute)
				w.alone(p)
				c.do(w, p)
				w.pass(time.Second)
				c.then(w, p)
				if w.led.call(p.id).State != telephony.Ended {
					w.sw.HangUp(p.caller, 16)
				}
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
			})
		})
	}
}

func backWithAna(why string) func(*world, three) {
	return func(w *world, p three) {
		w.t.Helper()
		w.hears(p.caller, p.agent)
		w.hears(p.agent, p.caller)
		w.state(p.id, telephony.Talking, "")
		w.agentIs(ana, telephony.AgentTalking)
		if c, _ := w.eng.Call(p.id); c.Third.Why != why {
			w.t.Errorf("the call says %q", c.Third.Why)
		}
	}
}

// send has a caller transferred; the third party's phone rings.
func (w *world) send(to engine.Patch) (p three) {
	w.t.Helper()
	p.caller, p.id = w.arrive(plain.DID)
	p.agent = w.talk(ana, p.caller)
	w.must(w.eng.Transfer(w.t.Context(), ana.ID, p.id, to))
	w.pass(time.Second)
	w.sent(p.id, p.caller, telephony.ThirdRinging)
	w.agentIs(ana, telephony.AgentWrapUp)
	p.provider = w.originatedTo(to.Number.Reveal())
	return p
}

// sent checks that a caller who is being transferred hears music.
func (w *world) sent(id telephony.CallID, caller telephony.LegID, s telephony.ThirdState) {
	w.t.Helper()
	if !w.sw.HearsMusic(caller) {
		w.t.Error("the caller waits in silence")
	}
	w.third(id, s)
	w.state(id, telephony.Patched, "")
}

func TestATransfer(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		p := w.send(aConsult())
		w.pass(20 * time.Second)
		w.sent(p.id, p.caller, telephony.ThirdRinging)
		w.sw.Answers(p.provider)
		w.pass(time.Second)
		w.through(p)
		w.pass(5 * time.Minute)
		w.through(p)
		w.sw.HangUp(p.provider, 16)
		w.clean()
		w.state(p.id, telephony.Ended, telephony.Completed)

		p = w.send(aPatch()) // one of the practice's people: a key is asked for
		w.sw.Answers(p.provider)
		w.pass(3 * time.Second)
		w.sent(p.id, p.caller, telephony.ThirdAsked)
		if said := w.sw.Playing(p.provider); len(said) != 1 || said[0].Prompts[0] != "lamplight/caller-waits" {
			t.Errorf("the provider is told %+v", said)
		}
		w.restart(3 * time.Second)
		w.pass(3 * time.Second)
		w.sent(p.id, p.caller, telephony.ThirdAsked)
		w.sw.Press(p.provider, "1")
		w.pass(time.Second)
		w.through(p)
		w.sw.HangUp(p.caller, 16)
		w.clean()
		w.state(p.id, telephony.Ended, telephony.Completed)
		story := w.led.story(p.id)
		for _, want := range []string{"transfer-asked", "patch-answered", "transferred", "ended"} {
			if !slices.Contains(story, want) {
				t.Errorf("the story lacks %s: %v", want, story)
			}
		}
	})
}

// Whatever a transfer comes to nothing by, the caller comes back to the agent, or to whoever is free.
func TestATransferThatFails(t *testing.T) {
	for why, phone := range map[string]switchtest.PhoneBehavior{
		"third-busy":      {Rejects: 17, After: 5 * time.Second},
		"third-no-answer": {},
		"third-no-key":    {Answers: true, After: 5 * time.Second},
	} {
		t.Run(why, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): phone}
				p := w.send(aPatch())
				for range 60 {
					w.pass(time.Second)
					if !w.sw.HearsMusic(p.caller) {
						t.Fatal("the caller waits in silence")
					}
					if w.led.call(p.id).State == telephony.Offered {
						break
					}
				}
				w.agentIs(ana, telephony.AgentRinging)
				if c, _ := w.eng.Call(p.id); c.Third.Why != why || c.Agent != ana.ID || w.desk.lastOffer().Call != p.id {
					t.Errorf("the call is %+v, the desk shows %+v", c, w.desk.lastOffer())
				}
				p.agent = w.talk(ana, p.caller)
				w.agentIs(ana, telephony.AgentTalking)
				w.state(p.id, telephony.Talking, "")
				w.pass(time.Minute)
				w.hears(p.caller, p.agent)
				w.sw.HangUp(p.caller, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
				w.agentIs(ana, telephony.AgentWrapUp)
			})
		})
	}
	failing := func(w *world) three {
		w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): {Rejects: 17, After: 10 * time.Second}}
		return w.send(aPatch())
	}
	for name, away := range map[string]func(w *world, p three){
		"the agent has another call": func(w *world, p three) {
			w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
			other, _ := w.arrive(plain.DID)
			w.talk(ana, other)
			w.pass(10 * time.Second)
			w.sw.HangUp(other, 16)
			w.pass(time.Second)
		},
		"the agent gives it back": func(w *world, p three) {
			w.pass(10 * time.Second)
			o := w.desk.lastOffer()
			w.must(w.eng.Reject(w.t.Context(), ana.ID, p.id, o.Epoch))
		},
		"the agent's phone is not answered": func(w *world, p three) { w.pass(10*time.Second + 16*time.Second) },
		"the agent pauses": func(w *world, p three) {
			w.must(w.eng.Pause(w.t.Context(), ana.ID, "break"))
			w.pass(10 * time.Second)
		},
		"the agent's phone is out": func(w *world, p three) { w.sw.Unplug(ana.Endpoint); w.pass(10 * time.Second) },
		"the server is killed":     func(w *world, p three) { w.pass(10 * time.Second); w.restart(3 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
				w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
				p := failing(w)

				away(w, p)
				w.pass(time.Second)
				if !w.sw.HearsMusic(p.caller) {
					t.Error("the caller waits in silence")
				}
				w.must(w.eng.Pause(w.t.Context(), ana.ID, "break"))
				w.must(w.eng.Ready(w.t.Context(), bob.ID))
				w.pass(time.Second)
				w.talk(bob, p.caller)
				w.sw.HangUp(p.caller, 16)
				w.clean()
				w.state(p.id, telephony.Ended, telephony.Completed)
			})
		})
	}
	t.Run("after a long talk", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			caller, id := w.arrive(plain.DID)
			w.talk(ana, caller)
			w.pass(20 * time.Minute) // longer than anybody waits in the queue
			w.sw.Phones = map[string]switchtest.PhoneBehavior{string(provider): {Rejects: 17}}
			w.sw.Unplug(ana.Endpoint)
			w.must(w.eng.Transfer(w.t.Context(), ana.ID, id, aPatch()))
			w.pass(time.Minute)
			w.state(id, telephony.Waiting, "")
			w.sw.HangUp(caller, 16) // who gives up then is called back
			w.clean()
			w.state(id, telephony.Ended, telephony.Abandoned)
		})
	})
	t.Run("the caller hangs up", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			p := w.send(aConsult())
			w.sw.HangUp(p.caller, 16)
			w.clean()
			w.state(p.id, telephony.Ended, telephony.Abandoned)
		})
	})
}

func TestWhatCannotBeTransferred(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		refused := func(what string, want, err error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		w.must(w.eng.Pause(w.t.Context(), bob.ID, "break"))
		caller, id := w.arrive(plain.DID)
		refused("a call that rings", engine.ErrState, w.eng.Transfer(w.t.Context(), ana.ID, id, aConsult()))
		w.talk(ana, caller)
		refused("another's call", engine.ErrNoCall, w.eng.Transfer(w.t.Context(), bob.ID, id, aConsult()))
		refused("three without a third", engine.ErrState, w.eng.Confer(w.t.Context(), ana.ID, id))
		bad := aConsult()
		bad.Extension = "12w"
		if err := w.eng.Patch(w.t.Context(), ana.ID, id, bad); err == nil {
			t.Error("an extension that nobody can dial")
		}
		w.must(w.eng.Patch(w.t.Context(), ana.ID, id, aConsult()))
		refused("twice", engine.ErrThird, w.eng.Transfer(w.t.Context(), ana.ID, id, aConsult()))
		refused("three before the answer", engine.ErrState, w.eng.Confer(w.t.Context(), ana.ID, id))
		w.sw.HangUp(caller, 16)
		w.clean()
	})
}
