package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/switchtest"
)

// loud is a tone far above any speech, so that it is heard through a greeting and music, and above is the level that
// tells it from them.
const above = 9000

func loud(d time.Duration) speech.PCM {
	var out speech.PCM
	for i := range int(d.Seconds() * speech.Rate) {
		v := int16(16000)
		if i/8%2 == 1 {
			v = -v
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// answered measures one call: from the agent's answer to the first sound in each direction, the later of the two.
func (h *fixture) answered(caller *phone.Call) time.Duration {
	h.t.Helper()
	go caller.Play(h.t.Context(), loud(3*time.Second)) //nolint:errcheck // cut off when the call ends
	in := <-h.desk1.Incoming()
	h.must(in.Ring())
	time.Sleep(300 * time.Millisecond) // as a person would; the first seconds' work is over then
	from := time.Now()
	agent, err := in.Answer(h.t.Context())
	h.must(err)
	go agent.Play(h.t.Context(), loud(2*time.Second)) //nolint:errcheck // cut off when the call ends
	ctx, cancel := context.WithTimeout(h.t.Context(), 5*time.Second)
	defer cancel()
	one, err := agent.HeardAbove(ctx, above, from)
	h.must(err)
	two, err := caller.HeardAbove(ctx, above, from)
	h.must(err)
	h.must(caller.Hangup(h.t.Context()))
	<-agent.Done()
	if two.After(one) {
		one = two
	}
	return one.Sub(from)
}

// bare drives calls with nothing but the switch: what an engine must be compared with.
func bare(ctx context.Context, sw telephony.Switch, fail func(error)) {
	do := func(err error) {
		if err != nil && ctx.Err() == nil {
			fail(err)
		}
	}
	caller := map[telephony.LegID]telephony.LegID{} // by agent's leg
	n := 0
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	do(sw.Beat(ctx))
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			do(sw.Beat(ctx))
		case ev := <-sw.Events():
			bridge := telephony.BridgeID("bare-" + string(ev.Leg))
			switch ev.Kind {
			case telephony.LegArrived:
				do(sw.Answer(ctx, ev.Leg))
				do(sw.MakeBridge(ctx, bridge))
				do(sw.Join(ctx, bridge, ev.Leg))
				do(sw.Wait(ctx, ev.Leg))
				n++
				leg := telephony.LegID("bare-agent-" + time.Now().Format("150405.000000"))
				caller[leg] = ev.Leg
				do(sw.Originate(ctx, telephony.Originate{Leg: leg, Call: telephony.CallID(bridge), Agent: "agent1",
					Timeout: 10 * time.Second}))
			case telephony.LegEntered:
				b := telephony.BridgeID("bare-" + string(caller[ev.Leg]))
				do(sw.Join(ctx, b, caller[ev.Leg], ev.Leg))
			case telephony.LegDown:
				for a, c := range caller {
					if c == ev.Leg {
						do(sw.Hangup(ctx, a))
						do(sw.RemoveBridge(ctx, bridge))
					}
				}
			}
		}
	}
}

// BenchmarkRealAnswer compares, on one Asterisk and in turn, the time from the agent's answer to sound both ways: with
// the engine, and with a script of a few commands in its place. The aim is a ratio of 1.3 at most.
func BenchmarkRealAnswer(b *testing.B) {
	h := newFixture(b)
	var with, without []float64
	round := func(into *[]float64, caller *phone.Call) {
		*into = append(*into, float64(h.answered(caller).Microseconds())/1000)
	}
	for b.Loop() {
		caller := h.dial(plain)
		round(&with, caller)
		h.until("nothing is left", 10*time.Second, func() bool {
			s, err := h.sw.Snapshot(b.Context())
			h.must(err)
			return len(s.Legs)+len(s.Bridges)+len(s.Recordings) == 0
		})
		h.stop()

		h.connect()
		ctx, cancel := context.WithCancel(b.Context())
		over := make(chan struct{})
		go func() { defer close(over); bare(ctx, h.sw, func(err error) { b.Error(err) }) }()
		time.Sleep(200 * time.Millisecond)
		caller, err := h.carrier.Dial(b.Context(), phone.Outgoing{Number: plain.DID.Reveal()})
		h.must(err)
		round(&without, caller)
		time.Sleep(200 * time.Millisecond)
		cancel()
		<-over
		h.must(h.sw.Close())
		h.begin()
	}
	slices.Sort(with)
	slices.Sort(without)
	b.ReportMetric(with[len(with)/2], "engine-p50-ms")
	b.ReportMetric(without[len(without)/2], "bare-p50-ms")
	b.ReportMetric(with[len(with)/2]/without[len(without)/2], "ratio")
	b.Logf("with the engine %.1f to %.1f ms, without %.1f to %.1f ms", with[0], with[len(with)-1], without[0], without[len(without)-1])
}

// BenchmarkPop is the engine's own share of ring to pop: from the switch's event to the desk's offer and the rung phone,
// with a ledger that takes no time, while others wait.
func BenchmarkPop(b *testing.B) {
	for _, crowd := range []int{0, 500} {
		b.Run(fmt.Sprintf("%d wait", crowd), func(b *testing.B) {
			sw, desk := switchtest.NewFake(), newListener()
			defer sw.Close()
			sw.PromptLength = 0
			eng := engine.NewEngine(engine.Config{Switch: sw, Ledger: newMemory(), Listener: desk, Log: slog.New(slog.DiscardHandler)})
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- eng.Run(ctx) }()
			for !eng.Healthy() {
				time.Sleep(time.Millisecond)
			}
			for range crowd {
				sw.Arrive(spanish.DID, "", "")
			}
			for len(eng.Calls()) < crowd {
				time.Sleep(time.Millisecond)
			}
			if err := errors.Join(eng.AgentIn(ctx, bob), eng.Ready(ctx, bob.ID)); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				leg := sw.Arrive(plain.DID, "", "")
				for desk.lastOffer().Call != telephony.CallOf(leg) {
					runtime.Gosched()
				}
				b.StopTimer()
				sw.HangUp(leg, 16)
				for desk.agent(bob.ID) != telephony.AgentReady {
					runtime.Gosched()
				}
				b.StartTimer()
			}
			stop()
			if err := <-ended; err != nil {
				b.Error(err)
			}
		})
	}
}
