package engine_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/ari"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/engine"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// soon bounds what takes milliseconds on a machine that is not busy.
const soon = 20 * time.Second

func TestMain(m *testing.M) { asterisktest.Main(m, 6) }

// A fixture is a real Asterisk, a ledger in memory, an engine, a carrier and one agent's phone.
type fixture struct {
	t       testing.TB
	server  *asterisk.Server
	led     *memory
	desk    *listener
	sw      *ari.Client
	eng     *engine.Engine
	stop    func() // kills the engine: it says no goodbye to Asterisk
	carrier *phone.Phone
	desk1   *phone.Phone
	agent   telephony.Agent
}

func newFixture(t testing.TB) *fixture {
	h := &fixture{t: t, server: asterisktest.Start(t, nil), led: newMemory(), agent: agent("agent1", telephony.English, telephony.Spanish)}
	h.agent.Endpoint = "agent1"
	sip := h.server.SIPAddr().String()
	h.carrier = h.startPhone(phone.Config{Listen: h.server.CarrierAddr(), Registrar: sip, User: "carrier"})
	h.desk1 = h.startPhone(phone.Config{Registrar: sip, User: "agent1", Password: h.server.Agents()["agent1"]})
	if err := h.desk1.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.begin()
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *fixture) startPhone(c phone.Config) *phone.Phone {
	p, err := phone.Start(h.t.Context(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return p
}

// begin starts an engine and signs the agent in.
func (h *fixture) begin() {
	h.connect()
	sw := h.sw
	h.desk = newListener()
	h.eng = engine.NewEngine(engine.Config{Switch: sw, Ledger: h.led, Listener: h.desk, Log: h.log(), CollectEvery: time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	eng := h.eng
	go func() { ended <- eng.Run(ctx) }()
	h.stop = func() {
		h.stop = func() {}
		cancel()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
		if err := sw.Close(); err != nil {
			h.t.Error(err)
		}
	}
	h.must(h.eng.AgentIn(h.t.Context(), h.agent))
	h.must(h.eng.Ready(h.t.Context(), h.agent.ID))
}

// connect makes a switch of the Asterisk.
func (h *fixture) connect() {
	url, user, password := h.server.ARI()
	sw, err := ari.Connect(ari.Config{URL: url, User: user, Password: password, App: h.server.App(), Spool: h.server.Spool(),
		Log: h.log()})
	h.must(err)
	h.sw = sw
}

func (h *fixture) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(testLog{h.t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (h *fixture) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// until waits for something to become so.
func (h *fixture) until(what string, within time.Duration, so func() bool) {
	h.t.Helper()
	end := time.Now().Add(within)
	for !so() {
		if time.Now().After(end) {
			h.t.Fatalf("after %v not yet: %s", within, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// dial has somebody call a line, once new callers are handed over.
func (h *fixture) dial(line telephony.Line) *phone.Call {
	h.t.Helper()
	h.until("the engine beats", soon, func() bool { return h.healthy() })
	c, err := h.carrier.Dial(h.t.Context(), phone.Outgoing{Number: line.DID.Reveal(), From: "+13125559876", Name: "ORTEGA J"})
	h.must(err)
	return c
}

// healthy tells whether a beat has reached Asterisk: only then are callers ours.
func (h *fixture) healthy() bool {
	return h.eng.Healthy()
}

// answer takes the call that rings at the agent's phone.
func (h *fixture) answer() *phone.Call {
	h.t.Helper()
	select {
	case in := <-h.desk1.Incoming():
		h.must(in.Ring())
		if o := h.desk.lastOffer(); in.Header("X-Lamplight-Call") != string(o.Call) || o.Call == "" {
			h.t.Errorf("the phone rings for call %q, the desk shows %q", in.Header("X-Lamplight-Call"), o.Call)
		}
		c, err := in.Answer(h.t.Context())
		h.must(err)
		return c
	case <-time.After(15 * time.Second):
		h.t.Fatal("the agent's phone does not ring")
		panic("unreached")
	}
}

// converse has both speak, at once, and checks that each hears the other.
func (h *fixture) converse(caller, agent *phone.Call, language string) {
	h.t.Helper()
	says, err := voice.Caller(language)
	h.must(err)
	answers, err := voice.Agent(language)
	h.must(err)
	agentHad, callerHad := len(agent.Heard()), len(caller.Heard()) // what was said before does not count
	var both sync.WaitGroup
	both.Go(func() {
		if err := caller.Play(h.t.Context(), says); err != nil {
			h.t.Error(err)
		}
	})
	both.Go(func() {
		if err := agent.Play(h.t.Context(), answers); err != nil {
			h.t.Error(err)
		}
	})
	both.Wait()
	// The first frame may be said before the two are together; where nothing was heard before, the match cannot begin without it.
	h.heard("the agent", agent, agentHad, says[speech.FrameSize:])
	h.heard("the caller", caller, callerHad, answers[speech.FrameSize:])
}

// heard waits until somebody has heard what was said.
func (h *fixture) heard(who string, c *phone.Call, from int, said speech.PCM) {
	h.t.Helper()
	best := 0.0
	end := time.Now().Add(soon)
	for time.Now().Before(end) {
		if best, _, _ = speech.Follow(c.Heard()[from:], said); best > 0.8 {
			h.t.Logf("%s heard the other with a correlation of %.3f", who, best)
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	h.t.Errorf("%s heard the other with a correlation of %.3f only", who, best)
}

// nothingLeft waits until nothing is left on the switch.
func (h *fixture) nothingLeft() {
	h.t.Helper()
	var left telephony.Snapshot
	defer func() {
		if h.t.Failed() {
			h.t.Logf("left on the switch: %+v", left)
		}
	}()
	h.until("nothing is left on the switch", soon, func() bool {
		var err error
		left, err = h.sw.Snapshot(h.t.Context())
		h.must(err)
		return len(left.Legs)+len(left.Bridges)+len(left.Recordings) == 0
	})
}

func (h *fixture) theCall() telephony.Call {
	all := h.led.all()
	if len(all) == 0 {
		return telephony.Call{}
	}
	return all[len(all)-1]
}

func (h *fixture) ends(o telephony.Outcome) {
	h.t.Helper()
	h.until("the call ended", soon, func() bool { return h.theCall().State == telephony.Ended })
	if got := h.theCall(); got.Outcome != o {
		h.t.Errorf("the call ended %s, want %s: %v", got.Outcome, o, h.led.story(got.ID))
	}
}

// prompt is what Asterisk says.
func (h *fixture) prompt(name, language string) speech.PCM {
	files, err := filepath.Glob(filepath.Join("..", "asterisk", "sounds", language, name+".*"))
	h.must(err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		h.must(err)
		switch filepath.Ext(f) {
		case ".ulaw":
			return speech.FromUlaw(b)
		case ".wav":
			pcm, err := speech.ReadWAV(b)
			h.must(err)
			return pcm
		}
	}
	h.t.Fatalf("no sound %s in %s", name, language)
	return nil
}
