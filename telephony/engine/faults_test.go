package engine_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// While the ledger is down a caller nobody talks to yet reaches the fail-safe; who talks goes on talking.
func TestTheLedgerIsDown(t *testing.T) {
	for name, hang := range map[string]bool{"it fails": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				talker, talked := w.arrive(plain.DID)
				phone := w.talk(ana, talker)
				waits, waited := w.arrive(plain.DID)
				w.led.set(!hang, hang)
				late := w.sw.Arrive(plain.DID, "+13125559876", "")
				w.pass(9 * time.Second) // the patience, and what the last beat still allows
				if snap, _ := w.sw.Snapshot(w.t.Context()); slices.ContainsFunc(snap.Legs,
					func(l telephony.LegView) bool { return l.Leg == late }) {
					t.Error("the late caller was not given to the fail-safe")
				}
				w.hears(talker, phone)
				if !w.sw.HearsMusic(waits) {
					t.Error("one who waits, with all written, was not left waiting")
				}
				if got := w.sw.Arrive(plain.DID, "+13125559876", ""); got != "" {
					t.Error("it still beats")
				}
				w.sw.HangUp(talker, 16) // ana is in wrap-up though that cannot be written
				w.pass(time.Second)
				w.agentIs(ana, telephony.AgentWrapUp)
				w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID)) // the offer cannot be written
				w.pass(6 * time.Second)
				w.agentIs(ana, telephony.AgentReady)
				w.sw.HangUp(waits, 16) // after the voicemail
				w.sw.HangUp(late, 16)
				w.pass(time.Minute)
				w.led.set(false, false)
				w.pass(90 * time.Second)
				w.state(talked, telephony.Ended, telephony.Completed)
				w.state(waited, telephony.Ended, telephony.Overflowed)
				w.state(telephony.CallOf(late), telephony.Ended, telephony.Overflowed)
				if c, _ := w.arrive(plain.DID); c != "" { // it beats again
					w.talk(ana, c)
					w.sw.HangUp(c, 16)
				}
				w.clean()
				if w.led.kept() != 2 {
					t.Errorf("%d recordings kept", w.led.kept())
				}
			})
		})
	}
}

func TestStartWithTheLedgerDown(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		talker, talked := w.arrive(plain.DID)
		phone := w.talk(ana, talker)
		waits, waited := w.arrive(plain.DID)
		w.stop()
		w.led.set(true, false)
		w.start()
		w.pass(30 * time.Second)
		w.hears(talker, phone)
		if w.sw.HearsMusic(waits) {
			t.Error("the one who waits was kept")
		}
		w.led.set(false, false)
		w.pass(5 * time.Second)
		w.hears(talker, phone)
		w.agentIs(ana, telephony.AgentTalking)
		w.sw.HangUp(waits, 16)
		w.sw.HangUp(talker, 16)
		w.clean()
		w.state(talked, telephony.Ended, telephony.Completed)
		if got := w.led.call(waited); got.State != telephony.Ended {
			t.Errorf("the one who waited is %s", got.State)
		}
	})
}

func TestUnlinkedAndLinkedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		before, during func(w *world, caller telephony.LegID)
		outcome        telephony.Outcome
	}{
		"waiting": {nil, nil, telephony.Completed},
		"the caller hangs up meanwhile": {nil, func(w *world, c telephony.LegID) { w.sw.HangUp(c, 16) },
			telephony.Abandoned},
		"the agent answers meanwhile": {nil, func(w *world, c telephony.LegID) {
			w.sw.Answers(w.sw.Originated()[0].Leg)
		}, telephony.Completed},
		"the agent's phone gives up meanwhile": {nil, func(w *world, c telephony.LegID) {
			w.sw.HangUp(w.sw.Originated()[0].Leg, 21)
		}, telephony.Completed},
		"talking": {func(w *world, c telephony.LegID) { w.talk(ana, c) }, nil, telephony.Completed},
		"talking, the caller hangs up meanwhile": {func(w *world, c telephony.LegID) { w.talk(ana, c) },
			func(w *world, c telephony.LegID) { w.sw.HangUp(c, 16) }, telephony.Completed},
		"talking, the agent's phone dies meanwhile": {func(w *world, c telephony.LegID) { w.talk(ana, c) },
			func(w *world, c telephony.LegID) { w.sw.HangUp(w.sw.Originated()[0].Leg, 16) }, telephony.Completed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				caller, id := w.arrive(english.DID)
				if c.before != nil {
					c.before(w, caller)
				}
				w.sw.Unlink()
				w.pass(time.Second)
				if c.during != nil {
					c.during(w, caller)
				}
				w.pass(3 * time.Second)
				w.sw.Link()
				w.pass(time.Second)
				if a := w.desk.agent(ana.ID); a == telephony.AgentWrapUp {
					w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
				}
				for range 20 { // a miss keeps the call from its agent for ten seconds
					if w.phone(ana.Endpoint) == "" && w.led.call(id).State != telephony.Talking {
						w.pass(time.Second)
					}
				}
				if c.outcome == telephony.Completed && w.led.call(id).State != telephony.Ended {
					if w.led.call(id).State != telephony.Talking {
						w.talk(ana, caller)
					}
					if len(w.sw.Hears(caller)) != 1 || w.sw.HearsMusic(caller) {
						t.Errorf("the caller hears %v, music %v", w.sw.Hears(caller), w.sw.HearsMusic(caller))
					}
					w.sw.HangUp(caller, 16)
				}
				w.clean()
				w.state(id, telephony.Ended, c.outcome)
			})
		})
	}
}

func TestTheSwitchDies(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, talked := w.arrive(plain.DID)
		w.talk(ana, caller)
		_, waited := w.arrive(plain.DID)
		w.sw.Crash()
		w.pass(3 * time.Second)
		w.sw.Link()
		w.pass(2 * time.Second)
		w.state(talked, telephony.Ended, telephony.Abandoned) // cut off: to be called back
		w.state(waited, telephony.Ended, telephony.Abandoned)
		w.agentIs(ana, telephony.AgentWrapUp)
		w.clean()
	})
}

var errSwitch = errors.New("the switch said 500")

// Whatever command fails, once, for a while, or with its answer lost: every call is accounted for.
func TestEachCommandFails(t *testing.T) {
	methods := []string{"Ring", "Answer", "Hangup", "Originate", "MakeBridge", "RemoveBridge", "Join", "Leave", "Play",
		"StopPlay", "Wait", "Record", "StopRecording", "FetchRecording", "DeleteRecording", "SetPeer", "Renew",
		"Snapshot", "Voicemails", "Beat"}
	kinds := map[string]func(sw *switchtest.Fake, m string){
		"once":          func(sw *switchtest.Fake, m string) { sw.FailNext(m, errSwitch) },
		"answer lost":   func(sw *switchtest.Fake, m string) { sw.LoseReply(m, errSwitch) },
		"slow":          func(sw *switchtest.Fake, m string) { sw.Slow(m, 2*time.Second) },
		"gone":          func(sw *switchtest.Fake, m string) { sw.FailNext(m, telephony.ErrGone) },
		"times out":     func(sw *switchtest.Fake, m string) { sw.Slow(m, time.Hour) },
		"for a while":   func(sw *switchtest.Fake, m string) { repeat(12, func() { sw.FailNext(m, errSwitch) }) },
		"gone for long": func(sw *switchtest.Fake, m string) { repeat(4, func() { sw.FailNext(m, telephony.ErrGone) }) },
	}
	for _, m := range methods {
		for kind, plan := range kinds {
			for _, when := range []string{"one arrives", "another arrives", "a third arrives", "a call back", "hold", "resume",
				"one hangs up"} {
				if testing.Short() && when != "one arrives" {
					continue
				}
				t.Run(m+" "+kind+" after "+when, func(t *testing.T) {
					inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
						planned := false
						aDay(w, func(what string) {
							if what == when && !planned {
								planned = true
								plan(w.sw, m)
							}
						})
						w.pass(time.Minute)
						accounted(w)
					})
				})
			}
		}
	}
}

func repeat(n int, f func()) {
	for range n {
		f()
	}
}

// An agent's phone that dies between its answer and the bridge leaves the caller with music, not in silence.
func TestMusicGoesOnWhenTheAnswerFails(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, _ := w.arrive(plain.DID)
		w.pass(5 * time.Second)
		if !w.sw.HearsMusic(caller) {
			t.Fatal("no music to begin with")
		}
		rung := w.sw.Originated()
		w.sw.FailNext("Join", telephony.ErrGone)
		w.sw.Answers(rung[len(rung)-1].Leg)
		w.pass(time.Millisecond)
		if !w.sw.HearsMusic(caller) {
			t.Error("the caller hears nothing")
		}
		w.sw.HangUp(caller, 16)
		w.pass(5 * time.Second)
		w.clean()
	})
}

// renewals counts the renewals of leases.
type renewals struct {
	*switchtest.Fake
	n atomic.Int64
}

func (r *renewals) Renew(ctx context.Context, l telephony.LegID, d time.Duration) error {
	r.n.Add(1)
	return r.Fake.Renew(ctx, l, d)
}

// The dialplan has just given a caller a lease: it is not renewed at once, and never runs out.
func TestAFreshLeaseIsRenewedInTime(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		w.stop()
		counted := &renewals{Fake: w.sw}
		w.wrap = counted
		w.start()
		w.pass(time.Second)
		caller, _ := w.arrive(plain.DID)
		w.pass(time.Second)
		if n := counted.n.Load(); n != 0 {
			t.Errorf("renewed %d times in the first second", n)
		}
		w.pass(59 * time.Second)
		if n := counted.n.Load(); n < 25 || n > 30 {
			t.Errorf("renewed %d times in a minute", n)
		}
		if !w.sw.HearsMusic(caller) {
			t.Error("the caller was lost")
		}
	})
}
