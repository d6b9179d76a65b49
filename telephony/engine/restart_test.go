package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

// restart kills the engine as SIGKILL would leave the switch, lets it be dead for a while, and starts another over the
// same switch and ledger.
func (w *world) restart(dead time.Duration) {
	w.t.Helper()
	w.stop()
	w.pass(dead)
	w.start()
	w.pass(time.Second)
}

func TestRestartWhile(t *testing.T) {
	t.Run("talking", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
			caller, id := w.arrive(plain.DID)
			who := map[telephony.AgentID]telephony.Agent{ana.ID: ana, bob.ID: bob}[w.desk.lastOffer().Agent]
			phone := w.talk(who, caller)
			w.pass(5 * time.Second)
			for range 3 {
				w.restart(3 * time.Second)
				w.hears(caller, phone)
				w.agentIs(who, telephony.AgentTalking)
			}
			w.must(w.eng.Hold(w.t.Context(), who.ID, id))
			w.pass(time.Second)
			w.restart(3 * time.Second)
			w.state(id, telephony.Held, "")
			w.must(w.eng.Resume(w.t.Context(), who.ID, id))
			w.pass(time.Second)
			w.hears(caller, phone)
			w.sw.HangUp(phone, 16)
			w.clean()
			w.state(id, telephony.Ended, telephony.Completed)
			w.agentIs(who, telephony.AgentWrapUp)
			w.must(w.eng.WrapUpDone(w.t.Context(), who.ID))
			w.pass(0)
			w.agentIs(who, telephony.AgentReady)
			if w.led.kept() == 0 {
				t.Error("the recording is lost")
			}
		})
	})
	t.Run("talking, and again for good", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			caller, _ := w.arrive(plain.DID)
			phone := w.talk(ana, caller)
			w.restart(3 * time.Second)
			w.pass(20 * time.Second)
			w.hears(caller, phone)
			w.stop()
			w.pass(30 * time.Second)
			if w.phone(ana.Endpoint) != phone { // the caller's lease ran out: the real fail-safe goes on with this leg
				t.Error("the agent's leg has a lease of its own")
			}
			w.start()
			w.sw.HangUp(caller, 16)
			w.pass(30 * time.Second)
			w.clean()
		})
	})
	t.Run("several wait", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			var callers []telephony.LegID
			for range 3 {
				c, _ := w.arrive(plain.DID)
				callers = append(callers, c)
				w.pass(time.Second)
			}
			w.restart(3 * time.Second)
			for i, c := range callers {
				if !w.sw.HearsMusic(c) {
					t.Errorf("caller %d hears no music", i)
				}
			}
			late, _ := w.arrive(plain.DID)
			w.must(w.eng.AgentIn(w.t.Context(), ana))
			w.must(w.eng.Ready(w.t.Context(), ana.ID))
			w.pass(time.Millisecond)
			for _, c := range append(callers, late) {
				w.talk(ana, c)
				w.sw.HangUp(c, 16)
				w.pass(time.Millisecond)
				w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
				w.pass(time.Millisecond)
			}
			w.clean()
		})
	})
	t.Run("ringing", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			caller, id := w.arrive(plain.DID)
			old := w.phone(ana.Endpoint)
			w.restart(2 * time.Second)
			if now := w.phone(ana.Endpoint); now == old || now == "" {
				t.Errorf("the old leg was %s, now %q rings", old, now)
			}
			w.talk(ana, caller)
			w.sw.HangUp(caller, 16)
			w.clean()
			w.state(id, telephony.Ended, telephony.Completed)
		})
	})
	t.Run("ringing, and the agent answers meanwhile", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			caller, id := w.arrive(plain.DID)
			phone := w.phone(ana.Endpoint)
			w.stop()
			w.sw.Answers(phone)
			w.pass(2 * time.Second)
			w.start()
			w.pass(time.Second)
			w.hears(caller, phone)
			w.agentIs(ana, telephony.AgentTalking)
			w.state(id, telephony.Talking, "")
			w.sw.HangUp(caller, 16)
			w.clean()
			w.state(id, telephony.Ended, telephony.Completed)
		})
	})
	t.Run("talking, and the agent hangs up meanwhile", func(t *testing.T) {
		inWorld(t, []telephony.Agent{ana}, func(w *world) {
			caller, id := w.arrive(plain.DID)
			phone := w.talk(ana, caller)
			w.stop()
			w.sw.HangUp(phone, 16)
			w.pass(2 * time.Second)
			w.start()
			w.pass(time.Second)
			w.talk(ana, caller) // offered again: nobody knows what the caller was told
			w.sw.HangUp(caller, 16)
			w.clean()
			w.state(id, telephony.Ended, telephony.Completed)
		})
	})
	t.Run("waiting, longer than the lease", func(t *testing.T) {
		inWorld(t, nil, func(w *world) {
			caller, id := w.arrive(plain.DID)
			second, abandoned := w.arrive(plain.DID)
			w.stop()
			w.pass(2 * time.Second)
			w.sw.HangUp(second, 16)
			w.pass(18 * time.Second)
			w.sw.AddVoicemail(telephony.Voicemail{Recording: "vm/1", Leg: caller, DID: plain.DID, ANI: "+13125559876", At: time.Now()},
				switchtest.SilentWAV(time.Second))
			w.sw.HangUp(caller, 16)
			w.start()
			w.pass(2 * time.Second)
			if len(w.led.voicemails) != 1 {
				t.Error("the voicemail was not kept")
			}
			w.state(id, telephony.Ended, telephony.Overflowed)
			w.state(abandoned, telephony.Ended, telephony.Abandoned) // from the same number, and left nothing
			w.clean()
		})
	})
}

// TestACallerWhomTheFailSafeTookUnseen: who was taken while the switch could not be reached, and is still there, has not given up.
func TestACallerWhomTheFailSafeTookUnseen(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		caller, id := w.arrive(plain.DID)
		w.sw.Unlink()
		w.sw.Lose(caller)
		w.pass(10 * time.Second)
		w.sw.Link()
		w.pass(2 * time.Second)
		w.state(id, telephony.Ended, telephony.Overflowed)
		w.sw.HangUp(caller, 16)
		w.pass(time.Second)
		w.clean()
	})
}

// TestACallersVoicemailComesAfterTheirCall has a caller come, and talk to the fail-safe, while the ledger is down: what they said
// is kept when their own call is written, which it then belongs to.
func TestACallersVoicemailComesAfterTheirCall(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.led.before = func(n int) { // the first tries to write a call take too long, while a voicemail is kept at once
			if n <= 4 {
				time.Sleep(10 * time.Second)
			}
		}
		w.led.set(true, false)
		caller, id := w.arrive(plain.DID)
		w.pass(10 * time.Second)
		w.sw.AddVoicemail(telephony.Voicemail{Recording: "vm/1", Leg: caller, DID: plain.DID, At: time.Now()}, switchtest.SilentWAV(time.Second))
		w.sw.HangUp(caller, 16)
		w.pass(10 * time.Second)
		w.led.set(false, false)
		w.pass(2 * time.Minute)
		w.state(id, telephony.Ended, telephony.Overflowed)
		if len(w.led.voicemails) != 1 || w.led.early > 0 {
			t.Errorf("%d voicemails kept, %d of them before the call's end", len(w.led.voicemails), w.led.early)
		}
		w.clean()
	})
}

func TestVoicemailsAreCollected(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.sw.AddVoicemail(telephony.Voicemail{Recording: "vm/1", DID: plain.DID, At: time.Now()}, switchtest.SilentWAV(time.Second))
		w.led.set(true, false)
		w.pass(40 * time.Second)
		if len(w.led.voicemails) != 0 || w.sw.Leftover() == nil {
			t.Fatal("it left the switch though the ledger was down")
		}
		w.led.set(false, false)
		w.pass(40 * time.Second)
		if len(w.led.voicemails) != 1 {
			t.Error("not kept")
		}
		w.clean()
	})
}

// aDay is a short day of three callers, one of whom gives up, one call back, and phones that answer by themselves. It
// takes two minutes.
func aDay(w *world, while func(what string)) {
	w.sw.AnyPhone = switchtest.PhoneBehavior{Answers: true, After: 2 * time.Second, Presses: "1"}
	at := func(what string, d time.Duration, do func()) {
		do()
		w.pass(d)
		while(what)
	}
	var callers []telephony.LegID
	arrive := func(did telephony.Number) func() {
		return func() { callers = append(callers, w.sw.Arrive(did, "+13125559876", "")) }
	}
	at("one arrives", 3*time.Second, arrive(english.DID))
	at("another arrives", 3*time.Second, arrive(plain.DID))
	at("a third arrives", 3*time.Second, arrive(plain.DID))
	at("a call back", 3*time.Second, func() { _ = w.eng.CallBack(w.t.Context(), aCallback()) })
	for _, a := range w.agents {
		at("hold", time.Second, func() {
			if o, ok := w.eng.OfferOf(a.ID); ok {
				_ = w.eng.Hold(w.t.Context(), a.ID, o.Call)
			}
		})
		at("resume", time.Second, func() {
			if o, ok := w.eng.OfferOf(a.ID); ok {
				_ = w.eng.Resume(w.t.Context(), a.ID, o.Call)
			}
		})
		at("a phone dies", time.Second, func() { w.sw.HangUp(w.originatedTo(a.Endpoint), telephony.CauseSilent) })
		at("its desk comes back", 3*time.Second, func() {
			if o, ok := w.eng.OfferOf(a.ID); ok {
				_ = w.eng.Rejoin(w.t.Context(), a.ID, o.Call)
			}
		})
		at("a desk comes back at once", 3*time.Second, func() {
			if o, ok := w.eng.OfferOf(a.ID); ok {
				_ = w.eng.Rejoin(w.t.Context(), a.ID, o.Call)
			}
		})
	}
	w.pass(30 * time.Second)
	for _, c := range callers {
		at("one hangs up", 2*time.Second, func() { w.sw.HangUp(c, 16) })
	}
	at("the call back ends", 2*time.Second, func() { w.sw.HangUp(w.originatedTo(provider.Reveal()), 16) })
	w.pass(30 * time.Second)
}

// accounted checks that after such a day every call ended once, with an outcome, nothing is left on the switch, and
// every agent can take a call.
func accounted(w *world) {
	w.t.Helper()
	w.pass(45 * time.Second)
	if err := w.sw.Leftover(); err != nil {
		w.t.Error(err)
	}
	for _, c := range w.led.all() {
		if c.State != telephony.Ended || c.Outcome == "" {
			w.t.Errorf("call %s is %s %q: %v", c.ID, c.State, c.Outcome, w.led.story(c.ID))
		}
		n := 0
		for _, k := range w.led.story(c.ID) {
			if k == "ended" {
				n++
			}
		}
		if n != 1 {
			w.t.Errorf("call %s ended %d times: %v", c.ID, n, w.led.story(c.ID))
		}
	}
	if cs := w.eng.Calls(); len(cs) != 0 {
		w.t.Errorf("left in the engine: %+v", cs)
	}
	for _, a := range w.agents {
		w.must(w.eng.Ready(w.t.Context(), a.ID))
		w.pass(time.Millisecond)
		w.agentIs(a, telephony.AgentReady)
	}
}

// inWatchedWorld is inWorld with a switch and a ledger that call hit before and after each command and each write.
func inWatchedWorld(t *testing.T, agents []telephony.Agent, twice bool, hit func(w *world), test func(w *world)) {
	inWorld(t, nil, func(w *world) {
		w.stop()
		// The first engine took the first Linked with it.
		w.sw.Close()
		w.sw = switchtest.NewFake()
		w.wrap = &watched{Fake: w.sw, twice: twice, hit: func() { hit(w) }}
		w.led.before = func(int) { hit(w) }
		w.agents = agents
		w.start()
		test(w)
	})
}

func TestKilledAtEachStep(t *testing.T) {
	agents := []telephony.Agent{ana, bob}
	var count, counted int64
	inWatchedWorld(t, agents, false, func(*world) { atomic.AddInt64(&count, 1) }, func(w *world) {
		aDay(w, func(string) {})
		counted = atomic.LoadInt64(&count)
		accounted(w)
		if n := len(w.led.all()); n != 4 {
			t.Errorf("%d calls in the ledger", n)
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%d steps", counted)
	step := int64(1)
	if testing.Short() {
		step = 7
	}
	for kill := int64(1); kill <= counted; kill += step {
		t.Run(fmt.Sprintf("%d", kill), func(t *testing.T) {
			var n atomic.Int64
			inWatchedWorld(t, agents, false, func(w *world) {
				if n.Add(1) == kill {
					w.kill() // this very command's answer is lost too: its context ends
				}
			}, func(w *world) {
				aDay(w, func(string) { w.revive() })
				n.Store(kill) // no more of it
				w.revive()
				accounted(w)
			})
		})
	}
}

func TestEveryEventTwice(t *testing.T) {
	inWatchedWorld(t, []telephony.Agent{ana, bob}, true, func(*world) {}, func(w *world) {
		aDay(w, func(string) {})
		accounted(w)
		outcomes := map[telephony.Outcome]int{}
		for _, c := range w.led.all() {
			outcomes[c.Outcome]++
		}
		if outcomes[telephony.Completed] != 3 || outcomes[telephony.Abandoned] != 1 {
			t.Errorf("outcomes %v", outcomes)
		}
	})
}

// The same day, and at one step after the other the connection to the switch breaks for three seconds.
func TestUnlinkedAtEachStep(t *testing.T) {
	step := int64(3)
	if testing.Short() {
		step = 23
	}
	for cut := int64(1); cut <= 350; cut += step {
		t.Run(fmt.Sprintf("%d", cut), func(t *testing.T) {
			var n atomic.Int64
			inWatchedWorld(t, []telephony.Agent{ana, bob}, false, func(w *world) {
				if n.Add(1) == cut {
					w.sw.Unlink()
					time.AfterFunc(3*time.Second, w.sw.Link)
				}
			}, func(w *world) {
				w.led.forgets = cut%2 == 0
				aDay(w, func(string) {})
				n.Store(cut)
				accounted(w)
			})
		})
	}
}

// revive starts another engine if the last was killed.
func (w *world) revive() {
	select {
	case err := <-w.ended:
		w.must(err)
		w.start()
		w.pass(time.Second)
	default:
	}
}

// A frozen core must not hold its callers: who waits reaches the fail-safe, and after the thaw all is accounted for.
func TestFrozen(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		talker, talked := w.arrive(plain.DID)
		w.talk(ana, talker)
		waits, waited := w.arrive(plain.DID)
		w.pass(5 * time.Second)
		w.desk.freeze(20 * time.Second) // the Listener does what it must not: it blocks the loop
		w.arriveWhileFrozen()
		w.pass(7500 * time.Millisecond)
		if w.sw.HearsMusic(waits) {
			t.Error("who waits is held by a frozen core")
		}
		if got := w.sw.Arrive(plain.DID, "", ""); got != "" {
			t.Error("a frozen core beats")
		}
		w.pass(15 * time.Second)
		w.state(talked, telephony.Talking, "") // in the agent's hand, with every key
		w.state(waited, telephony.Ended, telephony.Overflowed)
		w.sw.HangUp(waits, 16)
		w.must(w.eng.Hold(context.Background(), ana.ID, talked))
		w.pass(time.Second)
		w.must(w.eng.HangUp(context.Background(), ana.ID, talked))
		w.pass(20 * time.Second)
		w.state(talked, telephony.Ended, telephony.Completed)
		w.clean()
	})
}

// Two who talk outlast the longest freeze: the fail-safe keeps them talking when their lease is over too.
func TestFrozenForLong(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		talker, talked := w.arrive(plain.DID)
		phone := w.talk(ana, talker)
		w.pass(5 * time.Second)
		w.desk.freeze(3 * time.Minute)
		w.arriveWhileFrozen()
		w.pass(190 * time.Second)
		w.state(talked, telephony.Ended, telephony.Completed) // as far as we are concerned: the fail-safe has them
		w.sw.HangUp(talker, 16)
		w.sw.HangUp(phone, 16)
		w.pass(20 * time.Second)
		w.clean()
	})
}

func TestDemoted(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		w.arrive(plain.DID)
		w.sw.Demote()
		if err := <-w.ended; err != engine.ErrDemoted {
			t.Errorf("Run: %v", err)
		}
		before := len(w.sw.Commands())
		w.pass(time.Minute)
		if got := w.sw.Commands()[before:]; len(got) != 0 {
			t.Errorf("it goes on driving: %v", got)
		}
		if err := w.eng.Ready(context.Background(), ana.ID); err != engine.ErrStopped {
			t.Errorf("asked after its end: %v", err)
		}
		w.ended <- nil
	})
}
