package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/acd"
	"lamplight/telephony/engine"
	"lamplight/telephony/switchtest"
)

// A world is one switch and one ledger, and the engines that come and go over them.
type world struct {
	t      *testing.T
	sw     *switchtest.Fake
	wrap   telephony.Switch // stands before sw, if anything does
	led    *memory
	desk   *listener
	eng    *engine.Engine
	kill   context.CancelFunc
	ended  chan error
	extra  telephony.Number  // the catch-all's line; "" for none
	zone   *time.Location    // the service's; nil for the machine's
	groups []acd.Group       // asked at some hours only
	agents []telephony.Agent // signed in and Ready whenever an engine starts
}

// inWorld runs a test in a bubble of fake time, with an engine that runs and the agents given, Ready.
func inWorld(t *testing.T, agents []telephony.Agent, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, sw: switchtest.NewFake(), led: newMemory(), desk: newListener(), agents: agents}
		defer synctest.Wait()
		defer func() { w.sw.Close() }()
		w.start()
		defer func() { w.stop() }()
		test(w)
	})
}

func agent(id string, langs ...telephony.Language) telephony.Agent {
	a := telephony.Agent{ID: telephony.AgentID(id), Name: id, Endpoint: "phone-" + id, Languages: map[telephony.Language]telephony.Level{}}
	for _, l := range langs {
		a.Languages[l] = telephony.Qualified
	}
	return a
}

var (
	ana = agent("ana", telephony.English, telephony.Spanish)
	bob = agent("bob", telephony.English)
	eva = agent("eva", telephony.Spanish)
)

func (w *world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.kill, w.ended = cancel, make(chan error, 1)
	w.desk = newListener()
	var sw telephony.Switch = w.sw
	if w.wrap != nil {
		sw = w.wrap
	}
	w.eng = engine.NewEngine(engine.Config{Switch: sw, Ledger: w.led, Listener: w.desk, Zone: w.zone, Groups: w.groups,
		CatchAll: func(ctx context.Context) (telephony.Line, bool, error) { return w.led.LineFor(ctx, w.extra) },
		Log:      slog.New(slog.NewTextHandler(testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	eng, ended := w.eng, w.ended
	w.sw.Unlink() // an engine that starts is told Linked
	w.sw.Link()
	go func() { ended <- eng.Run(ctx) }()
	for _, a := range w.agents {
		for _, err := range []error{w.eng.AgentIn(w.t.Context(), a), w.eng.Ready(w.t.Context(), a.ID)} {
			if !errors.Is(err, engine.ErrStopped) { // killed at its first step
				w.must(err)
			}
		}
	}
	w.pass(0)
}

func (w *world) stop() {
	w.kill()
	if err := <-w.ended; err != nil {
		w.t.Errorf("Run: %v", err)
	}
}

// testLog sends the engine's log to the test's.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if testing.Verbose() {
		l.t.Log(strings.TrimRight(string(b), "\n"))
	}
	return len(b), nil
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass and everything that follows happen.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// arrive has a caller dial; the server must beat for that.
func (w *world) arrive(did telephony.Number) (telephony.LegID, telephony.CallID) {
	w.t.Helper()
	leg := w.sw.Arrive(did, "+13125559876", "ORTEGA J")
	if leg == "" {
		w.t.Fatal("the switch kept the caller for its fail-safe")
	}
	w.pass(time.Millisecond)
	return leg, telephony.CallOf(leg)
}

// phone is the leg of ours that rings or talks last begun to an endpoint; "" when there is none now.
func (w *world) phone(endpoint string) telephony.LegID {
	snap, err := w.sw.Snapshot(context.Background())
	w.must(err)
	var last telephony.LegView
	for _, l := range snap.Legs {
		if l.Agent == endpoint && !l.Since.Before(last.Since) {
			last = l
		}
	}
	return last.Leg
}

// originatedTo is the last leg of ours to a number or an agent's phone, be it over or not.
func (w *world) originatedTo(whom string) telephony.LegID {
	os := w.sw.Originated()
	for _, o := range slices.Backward(os) {
		if o.Number.Reveal() == whom || o.Agent == whom {
			return o.Leg
		}
	}
	return ""
}

// talk has an agent's phone, which must ring, answer, and checks that both hear each other.
func (w *world) talk(a telephony.Agent, caller telephony.LegID) telephony.LegID {
	w.t.Helper()
	leg := w.phone(a.Endpoint)
	if leg == "" {
		w.t.Fatalf("%s's phone does not ring", a.ID)
	}
	w.sw.Answers(leg)
	w.pass(time.Millisecond)
	w.hears(caller, leg)
	if w.sw.HearsMusic(caller) || len(w.sw.Playing(caller)) > 0 {
		w.t.Error("music or a prompt plays into the talk")
	}
	return leg
}

func (w *world) hears(a, b telephony.LegID) {
	w.t.Helper()
	if got := w.sw.Hears(a); !slices.Equal(got, []telephony.LegID{b}) {
		w.t.Errorf("%s hears %v, not %s", a, got, b)
	}
}

// state checks a call's state in the ledger, and how it ended.
func (w *world) state(c telephony.CallID, s telephony.CallState, o telephony.Outcome) {
	w.t.Helper()
	got := w.led.call(c)
	if got.State != s || got.Outcome != o {
		w.t.Errorf("the call is %s %s, want %s %s; its story: %v", got.State, got.Outcome, s, o, w.led.story(c))
	}
}

func (w *world) agentIs(a telephony.Agent, s telephony.AgentState) {
	w.t.Helper()
	if got := w.desk.agent(a.ID); got != s {
		w.t.Errorf("%s is %s, want %s", a.ID, got, s)
	}
}

// clean checks that nothing is left on the switch.
func (w *world) clean() {
	w.t.Helper()
	w.pass(3 * time.Second)
	if err := w.sw.Leftover(); err != nil {
		w.t.Error(err)
	}
}

// arriveWhileFrozen has somebody call and hang up, so that the frozen Listener is told something.
func (w *world) arriveWhileFrozen() {
	leg := w.sw.Arrive(plain.DID, "+13125550001", "")
	w.pass(time.Second)
	w.sw.HangUp(leg, 16)
}
