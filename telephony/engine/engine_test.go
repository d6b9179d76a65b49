package engine_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
)

func TestACallFromRingToWrapUp(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, id := w.arrive(english.DID)
		if o := w.desk.lastOffer(); o.Call != id || o.Agent != ana.ID {
			t.Fatalf("offered %+v", o)
		}
		if o, ok := w.eng.OfferOf(ana.ID); !ok || o.Call != id {
			t.Errorf("OfferOf tells %+v %v", o, ok)
		}
		w.agentIs(ana, telephony.AgentRinging)
		if p := w.sw.Playing(caller); len(p) != 1 || p[0].Prompts[0] != "lamplight/greeting" || p[0].Language != telephony.English {
			t.Errorf("the caller hears %+v", p)
		}
		w.pass(3 * time.Second)
		if !w.sw.HearsMusic(caller) {
			t.Error("no music after the greeting")
		}
		phone := w.talk(ana, caller)
		w.agentIs(ana, telephony.AgentTalking)
		w.state(id, telephony.Talking, "")
		w.pass(time.Minute)
		w.hears(caller, phone) // leases were renewed
		w.sw.HangUp(caller, 16)
		w.pass(time.Millisecond)
		w.agentIs(ana, telephony.AgentWrapUp)
		w.state(id, telephony.Ended, telephony.Completed)
		w.clean()
		if w.led.kept() != 1 {
			t.Error("the recording was not kept")
		}
		if got, want := w.led.story(id), []string{"arrived", "queued", "offered", "answered", "ended"}; !slices.Equal(got, want) {
			t.Errorf("the story is %v", got)
		}
		if got := w.desk.gone(); !slices.Equal(got, []string{"ana answered"}) {
			t.Errorf("withdrawn: %v", got)
		}
		w.must(w.eng.WrapUpDone(w.t.Context(), ana.ID))
		w.pass(0)
		w.agentIs(ana, telephony.AgentReady)
		w.pass(500 * time.Millisecond)
		if f := w.eng.Figures(); f.ServiceLevel != 1 || f.Ready != 1 || f.Waiting != 0 {
			t.Errorf("figures %+v", f)
		}
	})
}

func TestTheAgentHangsUp(t *testing.T) {
	for name, hangUp := range map[string]func(w *world, phone telephony.LegID, c telephony.CallID){
		"on the phone": func(w *world, phone telephony.LegID, _ telephony.CallID) { w.sw.HangUp(phone, 16) },
		"on the desk": func(w *world, _ telephony.LegID, c telephony.CallID) {
			w.must(w.eng.HangUp(w.t.Context(), ana.ID, c))
			w.must(w.eng.HangUp(w.t.Context(), ana.ID, c))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []telephony.Agent{ana}, func(w *world) {
				caller, id := w.arrive(plain.DID)
				phone := w.talk(ana, caller)
				hangUp(w, phone, id)
				w.clean()
				w.state(id, telephony.Ended, telephony.Completed)
				w.agentIs(ana, telephony.AgentWrapUp)
				w.pass(4 * time.Minute)
				w.agentIs(ana, telephony.AgentReady) // the wrap-up's limit
			})
		})
	}
}

func TestTheCallerHangsUpAtEachState(t *testing.T) {
	for name, c := range map[string]struct {
		agents  []telephony.Agent
		until   func(w *world, caller telephony.LegID)
		outcome telephony.Outcome
	}{
		"greeting":       {nil, func(w *world, _ telephony.LegID) {}, telephony.Abandoned},
		"waiting":        {nil, func(w *world, _ telephony.LegID) { w.pass(30 * time.Second) }, telephony.Abandoned},
		"ringing":        {[]telephony.Agent{ana}, func(w *world, _ telephony.LegID) {}, telephony.Abandoned},
		"talking":        {[]telephony.Agent{ana}, func(w *world, c telephony.LegID) { w.talk(ana, c) }, telephony.Completed},
		"as it arrives":  {[]telephony.Agent{ana}, nil, telephony.Abandoned},
		"the same, late": {nil, nil, telephony.Abandoned},
		"on hold": {[]telephony.Agent{ana}, func(w *world, c telephony.LegID) {
			w.talk(ana, c)
			w.must(w.eng.Hold(w.t.Context(), ana.ID, telephony.CallOf(c)))
			w.pass(time.Second)
		}, telephony.Completed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.agents, func(w *world) {
				var caller telephony.LegID
				if c.until == nil {
					caller = w.sw.Arrive(english.DID, "+13125559876", "")
				} else {
					caller, _ = w.arrive(english.DID)
					c.until(w, caller)
				}
				w.sw.HangUp(caller, 16)
				w.pass(time.Millisecond)
				w.clean()
				w.state(telephony.CallOf(caller), telephony.Ended, c.outcome)
				if len(c.agents) > 0 && c.outcome == telephony.Abandoned {
					w.agentIs(ana, telephony.AgentReady)
				}
				if len(w.eng.Calls()) != 0 {
					t.Error("a call is left in the engine")
				}
			})
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		caller, id := w.arrive(english.DID)
		w.pass(8 * time.Second) // the choice of language is over: bob may have it too
		w.pass(8 * time.Second)
		if o := w.desk.lastOffer(); o.Agent != bob.ID {
			t.Fatalf("after ana's miss: %+v", o)
		}
		if w.phone(ana.Endpoint) != "" {
			t.Error("ana's phone still rings")
		}
		if !w.sw.HearsMusic(caller) {
			t.Error("the caller does not hear music")
		}
		w.pass(46 * time.Second)
		w.agentIs(ana, telephony.AgentPaused) // two misses in a row
		w.agentIs(bob, telephony.AgentPaused)
		w.state(id, telephony.Waiting, "")
		w.must(w.eng.Ready(w.t.Context(), bob.ID))
		w.pass(11 * time.Second)
		w.talk(bob, caller)
		w.sw.HangUp(caller, 16)
		w.clean()
	})
}

func TestAPhoneThatCannotBeRung(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		w.sw.Phones[ana.Endpoint] = phoneThatRejects
		caller, _ := w.arrive(english.DID)
		w.pass(7 * time.Second)
		w.talk(bob, caller)
		w.sw.HangUp(caller, 16)
		w.clean()
	})
}

func TestAnAgentRejects(t *testing.T) {
	inWorld(t, []telephony.Agent{ana, bob}, func(w *world) {
		caller, id := w.arrive(plain.DID)
		first := w.desk.lastOffer()
		w.must(w.eng.Reject(w.t.Context(), first.Agent, id, first.Epoch))
		w.pass(time.Millisecond)
		second := w.desk.lastOffer()
		if second.Agent == first.Agent || second.Epoch <= first.Epoch {
			t.Fatalf("offered %+v, then %+v", first, second)
		}
		if err := w.eng.Reject(w.t.Context(), second.Agent, id, first.Epoch); !errors.Is(err, engine.ErrStale) {
			t.Errorf("an old epoch was answered %v", err)
		}
		if err := w.eng.Reject(w.t.Context(), first.Agent, id, second.Epoch); !errors.Is(err, engine.ErrNoCall) {
			t.Errorf("another agent's rejection was answered %v", err)
		}
		w.agentIs(telephony.Agent{ID: first.Agent}, telephony.AgentReady)
		who := map[telephony.AgentID]telephony.Agent{ana.ID: ana, bob.ID: bob}[second.Agent]
		w.talk(who, caller)
		w.sw.HangUp(caller, 16)
		w.clean()
		if got := w.led.story(id); !slices.Equal(got, []string{"arrived", "queued", "offered", "rejected", "offered", "answered",
			"ended"}) {
			t.Errorf("the story is %v", got)
		}
	})
}

func TestHoldAndResume(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, id := w.arrive(plain.DID)
		phone := w.talk(ana, caller)
		ctx := w.t.Context()
		for range 3 {
			w.must(w.eng.Hold(ctx, ana.ID, id))
			w.must(w.eng.Hold(ctx, ana.ID, id))
			w.pass(30 * time.Second)
			w.state(id, telephony.Held, "")
			if !w.sw.HearsMusic(caller) || w.sw.Hears(phone) != nil {
				t.Fatal("not on hold")
			}
			w.must(w.eng.Resume(ctx, ana.ID, id))
			w.must(w.eng.Resume(ctx, ana.ID, id))
			w.pass(30 * time.Second)
			w.hears(caller, phone)
			if w.sw.HearsMusic(caller) {
				t.Error("music goes on")
			}
		}
		if err := w.eng.Hold(ctx, bob.ID, id); !errors.Is(err, engine.ErrNoAgent) {
			t.Errorf("a stranger's hold: %v", err)
		}
		w.must(w.eng.SetLanguage(ctx, ana.ID, id, telephony.Spanish))
		w.must(w.eng.Hold(ctx, ana.ID, id))
		w.pass(time.Second)
		w.sw.HangUp(phone, 16)
		w.clean()
		w.state(id, telephony.Ended, telephony.Completed)
		if got := w.led.call(id).Language; got != telephony.Spanish {
			t.Errorf("the language is %s", got)
		}
		if w.led.kept() != 1 {
			t.Errorf("%d recordings kept", w.led.kept())
		}
	})
}

func TestLanguageByKey(t *testing.T) {
	inWorld(t, []telephony.Agent{bob, eva}, func(w *world) {
		caller, id := w.arrive(english.DID)
		if o := w.desk.lastOffer(); o.Call != "" {
			t.Fatalf("offered before the choice, to one who speaks only %s", o.Agent)
		}
		w.sw.Press(caller, "92")
		w.pass(time.Millisecond)
		if o := w.desk.lastOffer(); o.Agent != eva.ID {
			t.Fatalf("2 was pressed and the offer went to %q", o.Agent)
		}
		w.sw.Press(caller, "1") // changed the mind: eva's phone stops, bob's rings
		w.pass(time.Millisecond)
		if o := w.desk.lastOffer(); o.Agent != bob.ID || w.phone(eva.Endpoint) != "" {
			t.Fatalf("1 was pressed and the offer is %+v", o)
		}
		w.talk(bob, caller)
		w.agentIs(eva, telephony.AgentReady)
		w.sw.HangUp(caller, 16)
		w.clean()
		if got := w.led.call(id).Language; got != telephony.English {
			t.Errorf("the language is %s", got)
		}
		caller, id = w.arrive(spanish.DID)
		w.pass(7 * time.Second)
		w.talk(eva, caller)
		if got := w.led.call(id).Language; got != telephony.Spanish {
			t.Errorf("the Spanish line's language is %s", got)
		}
		w.sw.HangUp(caller, 16)
		w.clean()
	})
}

func TestANumberNobodyOwns(t *testing.T) {
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		caller, _ := w.arrive("+13125550999")
		if p := w.sw.Playing(caller); len(p) != 1 || !slices.Equal(p[0].Prompts, []string{"lamplight/unknown", "es/lamplight/unknown"}) {
			t.Errorf("the caller hears %+v", p)
		}
		w.pass(5 * time.Second)
		w.clean()
		if len(w.led.all()) != 0 || w.desk.lastOffer().Call != "" {
			t.Error("it became somebody's call")
		}
	})
}

// Figures are one value for all desks: however much moves, they are told twice a second at most, and the last one told is right.
func TestFiguresAreToldTwiceASecond(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		before := w.desk.figuresTold()
		for range 40 {
			w.arrive(plain.DID)
			w.pass(100 * time.Millisecond)
		}
		if n := w.desk.figuresTold() - before; n < 4 || n > 10 {
			t.Errorf("told %d times in 4 s", n)
		}
		w.pass(500 * time.Millisecond)
		if f := w.desk.lastFigures(); f.Waiting != 40 || f != w.eng.Figures() {
			t.Errorf("told %+v, and stand at %+v", f, w.eng.Figures())
		}
	})
}

// Each agent is told since when the caller waits who waits longest of those they could take, whatever they do now; a circle that
// widens tells more of them, and who was paused by missed calls has the number of them.
func TestAgentsAreToldOfTheCallerTheyCouldTake(t *testing.T) {
	own := agent("own", telephony.English)
	own.Staff = []telephony.AccountID{"another"}
	inWorld(t, []telephony.Agent{ana}, func(w *world) {
		line := plain
		line.Skills, line.Relax = []string{"cardio"}, telephony.Relax{SkillsAfter: 30}
		w.led.lines[line.DID] = line
		carla := agent("carla", telephony.English)
		carla.Skills = []string{"cardio"}
		for _, a := range []telephony.Agent{bob, eva, own, carla} { // they stay paused
			w.must(w.eng.AgentIn(w.t.Context(), a))
		}
		came := time.Now()
		w.arrive(line.DID)
		w.pass(time.Second)
		w.arrive(line.DID)
		could := func(want ...telephony.AgentID) {
			t.Helper()
			w.pass(time.Second)
			told := w.desk.lastCallers()
			for a, since := range told {
				if since.Sub(came).Abs() > 100*time.Millisecond || !w.eng.Caller(a).Equal(since) {
					t.Errorf("%s is told %v, the first came at %v", a, since, came)
				}
			}
			if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
				t.Errorf("told are %v, want %v", got, want)
			}
		}
		could("carla")
		w.pass(25 * time.Second)
		could("carla")
		w.pass(3 * time.Second)
		could("ana", "bob", "carla")
		w.pass(2 * time.Minute) // nobody answers: ana misses calls until she is paused
		could("ana", "bob", "carla")
		a, _ := w.eng.Agent("ana")
		if a.State != telephony.AgentPaused || w.eng.MissedInARow(a.Reason) != 2 || w.eng.MissedInARow("meal") != 0 {
			t.Errorf("ana is %s (%s), after %d missed", a.State, a.Reason, w.eng.MissedInARow(a.Reason))
		}
		for _, c := range w.eng.Calls() {
			w.must(w.eng.End(w.t.Context(), c.ID))
		}
		could()
	})
}

func TestManyCallsAreServedInOrder(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		var callers []telephony.LegID
		for range 6 {
			c, _ := w.arrive(plain.DID)
			callers = append(callers, c)
			w.pass(time.Second)
		}
		if f := w.eng.Figures(); f.Waiting != 6 || f.Longest < 5*time.Second {
			t.Errorf("figures %+v", f)
		}
		for _, a := range []telephony.Agent{ana, bob} {
			w.must(w.eng.AgentIn(w.t.Context(), a))
			w.must(w.eng.Ready(w.t.Context(), a.ID))
		}
		w.pass(time.Millisecond)
		for i := 0; i < len(callers); i += 2 {
			for k, a := range []telephony.Agent{ana, bob} {
				w.talk(a, callers[i+k])
			}
			for k, a := range []telephony.Agent{ana, bob} {
				w.sw.HangUp(callers[i+k], 16)
				w.pass(time.Millisecond)
				w.must(w.eng.WrapUpDone(w.t.Context(), a.ID))
				w.pass(time.Millisecond)
			}
		}
		w.clean()
		for _, c := range w.led.all() {
			w.state(c.ID, telephony.Ended, telephony.Completed)
		}
	})
}

func TestWaitedTooLong(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		caller, id := w.arrive(plain.DID)
		w.pass(16 * time.Minute)
		w.state(id, telephony.Ended, telephony.Overflowed)
		w.sw.HangUp(caller, 16) // after the fail-safe's voicemail
		w.clean()
	})
}
