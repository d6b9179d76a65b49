package ari_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/switchtest"
)

// tones are what each says as long as they are on the line.
var tones = map[string]float64{"caller": 1890, "agent": 610, "supervisor": 1230}

func says(t *testing.T, c *phone.Call, tone float64) {
	said := speech.Tone(tone, time.Second/2)
	var saying sync.WaitGroup
	saying.Go(func() {
		for {
			select {
			case <-c.Done():
				return
			default:
				if err := c.Play(t.Context(), said); err != nil {
					return
				}
			}
		}
	})
	t.Cleanup(saying.Wait)
}

func within(heard speech.PCM) (who []string) {
	for name, tone := range tones {
		if heard.Share(tone) > 0.05 {
			who = append(who, name)
		}
	}
	slices.Sort(who)
	return who
}

// Who listens hears all; who is whispered to, wherever they are, hears it, and nobody else ever does.
func TestListeningBySound(t *testing.T) {
	t.Parallel()
	h := newFixture(t, nil)
	sw := h.connect(t)
	h.sw = sw
	ctx := t.Context()
	wanted := func(kind telephony.EventKind) telephony.Event {
		t.Helper()
		for {
			select {
			case e := <-sw.Events():
				if e.Kind == kind {
					return e
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("no %s", kind)
			}
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wanted(telephony.Linked)
	do(sw.Beat(ctx))
	caller := h.dial("+13125550100", "+13125550142", "Ana Paz")
	leg := wanted(telephony.LegArrived).Leg
	do(sw.Renew(ctx, leg, time.Minute))
	do(sw.Answer(ctx, leg))
	const b = telephony.BridgeID("bridge-of-talk")
	do(sw.MakeBridge(ctx, b))
	rung := func(name, id string) (*person, telephony.LegID) {
		p := h.be(name, switchtest.PhoneBehavior{Answers: true})
		do(sw.Originate(ctx, telephony.Originate{Leg: telephony.LegID(id), Call: "call-1", Agent: name, Timeout: 30 * time.Second}))
		wanted(telephony.LegEntered)
		do(sw.Renew(ctx, telephony.LegID(id), time.Minute))
		return p, telephony.LegID(id)
	}
	agent, agentLeg := rung("agent1", "leg-agent-000000000001")
	supervisor, ear := rung("agent2", "leg-super-000000000001")
	do(sw.Join(ctx, b, leg, agentLeg))
	calls := map[string]*phone.Call{"caller": caller.talks(), "agent": agent.talks(), "supervisor": supervisor.talks()}
	for who, c := range calls {
		says(t, c, tones[who])
	}
	hears := func(who string, whom ...string) {
		t.Helper()
		var heard []string
		begun := time.Now()
		for from := len(calls[who].Heard()); time.Since(begun) < 15*time.Second; time.Sleep(20 * time.Millisecond) {
			all := calls[who].Heard()
			heard = within(all[max(from, len(all)-16*speech.FrameSize):])
			enough := len(all)-from >= 16*speech.FrameSize || time.Since(begun) > time.Second
			if enough && slices.Equal(heard, whom) {
				return
			}
		}
		t.Errorf("%s hears %v, not %v", who, heard, whom)
	}
	hears("caller", "agent")
	for range 2 {
		do(sw.Listen(ctx, ear, agentLeg, telephony.Monitor))
		hears("supervisor", "agent", "caller")
		hears("agent", "caller")
		hears("caller", "agent")
		do(sw.Listen(ctx, ear, agentLeg, telephony.Whisper))
		hears("agent", "caller", "supervisor")
		hears("supervisor", "agent", "caller")
		hears("caller", "agent")
	}
	t.Log("leave")
	do(sw.Leave(ctx, b, agentLeg))
	hears("supervisor", "agent")
	hears("agent", "supervisor")
	do(sw.Listen(ctx, ear, agentLeg, telephony.Monitor))
	hears("supervisor", "agent")
	hears("agent")
	do(sw.Listen(ctx, ear, agentLeg, telephony.Whisper))
	hears("agent", "supervisor")
	hears("caller")
	do(sw.Join(ctx, b, agentLeg))
	hears("agent", "caller", "supervisor")
	hears("caller", "agent")
	if heard := calls["caller"].Heard(); slices.Contains(within(heard), "supervisor") {
		t.Error("the caller has heard the supervisor")
	}
	do(sw.Listen(ctx, ear, agentLeg, telephony.Barge))
	hears("caller", "agent", "supervisor")
	hears("agent", "caller", "supervisor")
	hears("supervisor", "agent", "caller")
	do(sw.Listen(ctx, ear, agentLeg, telephony.Monitor))
	hears("agent", "caller")
	hears("caller", "agent")
	hears("supervisor", "agent", "caller")
}
