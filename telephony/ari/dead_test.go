package ari_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/switchtest"
)

// A carrier's machine that dies says no BYE. Whatever its call is doing, its leg ends soon, as one that nobody hung up.
func TestTheOtherSideDies(t *testing.T) {
	t.Parallel()
	provider := asterisktest.NewWire(t, "127.0.0.2", asterisktest.Nowhere)
	h := &fixture{t: t, phones: map[string]*person{}, server: asterisktest.Start(t, func(c *asterisk.Config) {
		c.Stale, c.Silent, c.Carrier.Contact = 10*time.Minute, 2*time.Second, provider.Addr().String()
	})}
	desk := h.startPhone(phone.Config{Registrar: h.server.SIPAddr().String(), User: "agent1", Password: h.server.Agents()["agent1"]})
	must(t, desk.Register(t.Context()))
	go h.take(desk, func(*phone.Incoming) string { return "agent1" })
	h.be("agent1", switchtest.PhoneBehavior{Answers: true})
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	must(t, h.sw.Beat(t.Context()))

	arrive := func(t *testing.T) (*asterisktest.Wire, telephony.LegID, telephony.BridgeID) {
		w := asterisktest.NewWire(t, "127.0.0.2", h.server.SIPAddr())
		answered := make(chan int, 1)
		go func() { answered <- w.Invite(t.Context()) }()
		leg := next(t, h.sw, telephony.LegArrived).Leg
		b := "b-" + telephony.BridgeID(leg)
		must(t, h.sw.Answer(t.Context(), leg), h.sw.Renew(t.Context(), leg, time.Minute), h.sw.MakeBridge(t.Context(), b),
			h.sw.Join(t.Context(), b, leg))
		if code := <-answered; code != 200 {
			t.Fatal(code)
		}
		return w, leg, b
	}
	dies := func(t *testing.T, w *asterisktest.Wire, leg telephony.LegID) {
		w.Speak(t.Context(), &asterisktest.SoundSource{SSRC: 1}, false, 3*time.Second) // silence is no death
		w.Die()
		died := time.Now()
		for {
			e := next(t, h.sw, telephony.LegDown)
			if e.Leg != leg {
				continue
			}
			t.Logf("down with cause %d after %v", e.Cause, time.Since(died).Round(100*time.Millisecond))
			if e.Cause != telephony.CauseSilent || time.Since(died) > 5*time.Second {
				t.Errorf("down with cause %d after %v", e.Cause, time.Since(died))
			}
			return
		}
	}
	t.Run("a caller who waits", func(t *testing.T) {
		w, leg, b := arrive(t)
		must(t, h.sw.Wait(t.Context(), leg))
		dies(t, w, leg)
		must(t, h.sw.RemoveBridge(t.Context(), b))
	})
	t.Run("a caller who talks", func(t *testing.T) {
		w, leg, b := arrive(t)
		must(t, h.sw.Originate(t.Context(), telephony.Originate{Leg: "agent-leg-1", Call: "c1", Agent: "agent1",
			Timeout: 20 * time.Second}))
		next(t, h.sw, telephony.LegEntered)
		must(t, h.sw.Join(t.Context(), b, "agent-leg-1"), h.sw.Renew(t.Context(), "agent-leg-1", 0))
		dies(t, w, leg)
		must(t, h.sw.Hangup(t.Context(), "agent-leg-1"), h.sw.RemoveBridge(t.Context(), b))
	})
	t.Run("a provider", func(t *testing.T) {
		must(t, h.sw.Originate(t.Context(), telephony.Originate{Leg: "provider-1", Call: "c2", Number: "+13125550177",
			Timeout: 20 * time.Second}))
		next(t, h.sw, telephony.LegEntered)
		must(t, h.sw.Renew(t.Context(), "provider-1", time.Minute))
		dies(t, provider, "provider-1")
	})
	t.Run("a caller whom the fail-safe has", func(t *testing.T) {
		w, leg, b := arrive(t)
		must(t, h.sw.Renew(t.Context(), leg, time.Second))
		next(t, h.sw, telephony.LegLost)
		w.Die()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for strings.Contains(h.ask(t, "/channels"), string(leg)) {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				t.Fatal("the fail-safe holds a dead caller")
			}
		}
		must(t, h.sw.RemoveBridge(t.Context(), b))
	})
}
