package engine_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/engine"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// Everybody says a tone of their own for as long as they are on the line: what is heard tells who hears whom.
const (
	callersTone     = 1890.0
	agentsTone      = 610.0
	providersTone   = 1230.0
	supervisorsTone = 2670.0
)

// says has somebody say a tone until their call is over, while they are not mute.
func (h *fixture) says(c *phone.Call, tone float64) (mute *atomic.Bool) {
	said, nothing := speech.Tone(tone, time.Second/2), make(speech.PCM, speech.Rate)
	mute = new(atomic.Bool)
	var saying sync.WaitGroup
	saying.Go(func() {
		for {
			select {
			case <-c.Done():
				return
			default:
				now := said
				if mute.Load() {
					now = nothing
				}
				if err := c.Play(h.t.Context(), now); err != nil {
					return // hung up in the middle of it
				}
			}
		}
	})
	h.t.Cleanup(saying.Wait)
	return mute
}

// hears waits until somebody hears these tones, and no other.
func (h *fixture) hears(who string, c *phone.Call, tones ...float64) {
	h.t.Helper()
	var heard []float64
	defer func() {
		if h.t.Failed() {
			h.t.Logf("%s hears %v", who, heard)
		}
	}()
	h.until(who+" hears just those they should", soon, func() bool {
		all := c.Heard()
		if len(all) < 16*speech.FrameSize {
			return false
		}
		last := all[len(all)-16*speech.FrameSize:]
		heard = heard[:0]
		for _, tone := range []float64{callersTone, agentsTone, providersTone, supervisorsTone} {
			if last.Share(tone) > 0.05 {
				heard = append(heard, tone)
			}
		}
		slices.Sort(heard)
		return slices.Equal(heard, slices.Sorted(slices.Values(tones)))
	})
}

// neverSilent checks that somebody heard something at least each two seconds, from where they had heard so much.
func (h *fixture) neverSilent(who string, c *phone.Call, from int) {
	h.t.Helper()
	quiet, longest := 0, 0
	for _, level := range c.Heard()[from:].Envelope() {
		if quiet++; level > 20 {
			quiet = 0
		}
		longest = max(longest, quiet)
	}
	if d := time.Duration(longest) * speech.FrameTime; d > 2*time.Second {
		h.t.Errorf("%s heard nothing for %v", who, d)
	}
}

// rung is the call at the carrier's that the service made to a provider.
func (h *fixture) rung() *phone.Incoming {
	h.t.Helper()
	select {
	case in := <-h.carrier.Incoming():
		if from, _ := in.From(); in.Dialled() != provider.Reveal() || from != plain.DID.Reveal() {
			h.t.Error("dialled the wrong number, or from the wrong one")
		}
		h.must(in.Ring())
		return in
	case <-time.After(soon):
		h.t.Fatal("the provider is not rung")
		panic("unreached")
	}
}

func (h *fixture) third(s telephony.ThirdState) {
	h.t.Helper()
	h.until("the third party is "+string(s), soon, func() bool {
		c, _ := h.eng.Call(h.theCall().ID)
		return c.Third.State == s
	})
}

func TestRealPatch(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	caller := h.dial(plain)
	agent := h.answer()
	h.says(caller, callersTone)
	agentMute := h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	h.hears("the agent", agent, callersTone)
	callerHad, agentHad := len(caller.Heard()), len(agent.Heard())
	id := h.theCall().ID

	h.must(h.eng.Patch(t.Context(), h.agent.ID, id, aPatch()))
	in := h.rung()
	h.hears("the caller, who waits,", caller)
	h.until("the agent hears it ring", soon, func() bool {
		all := agent.Heard()
		return all[len(all)-16*speech.FrameSize:].Share(440) > 0.2
	})
	h.hears("the agent, who hears it ring,", agent)
	h.must(in.Reject()) // busy
	h.hears("the caller", caller, agentsTone)
	h.hears("the agent", agent, callersTone)
	if last := h.led.lastStep(id); last.Kind != telephony.StepPatchFailed {
		t.Errorf("the last step is %+v", last)
	}

	h.must(h.eng.Patch(t.Context(), h.agent.ID, id, aPatch()))
	agentMute.Store(true)
	doctor, err := h.rung().Answer(t.Context())
	h.must(err)
	h.third(telephony.ThirdAsked)
	for _, said := range []string{"caller-waits", "urgent", "press-to-talk"} {
		h.heard("the provider", doctor, 0, h.prompt(said, "es"))
	}
	agentMute.Store(false)
	h.says(doctor, providersTone)
	h.hears("the agent, with whoever answered,", agent, providersTone)
	h.hears("the caller, who waits,", caller)
	h.must(doctor.DTMF(t.Context(), "1"))
	h.third(telephony.ThirdTalking)
	three := func() {
		t.Helper()
		h.hears("the caller", caller, agentsTone, providersTone)
		h.hears("the agent", agent, callersTone, providersTone)
		h.hears("the provider", doctor, callersTone, agentsTone)
	}
	three()
	h.stop() // the server is killed
	time.Sleep(3 * time.Second)
	three()
	h.begin()
	h.third(telephony.ThirdTalking)
	time.Sleep(8 * time.Second) // past the lease of who waits
	three()
	h.neverSilent("the agent", agent, agentHad)

	h.must(h.eng.Leave(t.Context(), h.agent.ID, id))
	<-agent.Done()
	h.hears("the caller", caller, providersTone)
	h.hears("the provider", doctor, callersTone)
	h.until("the agent is in wrap-up", soon, func() bool { return h.desk.agent(h.agent.ID) == telephony.AgentWrapUp })
	h.neverSilent("the caller", caller, callerHad)
	h.must(doctor.Hangup(t.Context()))
	select {
	case <-caller.Done():
	case <-time.After(soon):
		t.Error("the caller is left behind")
	}
	h.ends(telephony.Completed)
	h.nothingLeft()
	h.until("what was said before the agent left is kept", soon, func() bool { return h.led.kept() == 2 })
}

// The agent's telephone hangs up in a talk of three while the server is dead: it takes nobody along.
func TestRealPatchWhoseAgentHangsUp(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	caller := h.dial(plain)
	agent := h.answer()
	h.says(caller, callersTone)
	h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	id := h.theCall().ID
	h.must(h.eng.Patch(t.Context(), h.agent.ID, id, aPatch()))
	doctor, err := h.rung().Answer(t.Context())
	h.must(err)
	h.says(doctor, providersTone)
	h.third(telephony.ThirdAsked)
	h.must(doctor.DTMF(t.Context(), "1"))
	h.hears("the caller", caller, agentsTone, providersTone)
	h.third(telephony.ThirdTalking)
	h.stop()
	h.must(agent.Hangup(t.Context()))
	h.hears("the caller", caller, providersTone)
	h.hears("the provider", doctor, callersTone)
	h.begin()
	h.until("the agent has left", soon, func() bool { return h.theCall().State == telephony.Patched })
	h.hears("the caller", caller, providersTone)
	h.hears("the provider", doctor, callersTone)
	h.stop()
	h.must(caller.Hangup(t.Context())) // and so does the caller: the provider is hung up by the switch alone
	select {
	case <-doctor.Done():
	case <-time.After(soon):
		t.Error("the provider is left behind")
	}
	h.begin()
	h.ends(telephony.Completed)
	h.nothingLeft()
}

// The provider hangs up first: the two who are left talk on, and the recordings have both of them to the end.
func TestRealPatchWhoseProviderHangsUp(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	caller := h.dial(plain)
	agent := h.answer()
	h.says(caller, callersTone)
	h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	id := h.theCall().ID
	for range 2 {
		h.must(h.eng.Patch(t.Context(), h.agent.ID, id, aPatch()))
		doctor, err := h.rung().Answer(t.Context())
		h.must(err)
		h.says(doctor, providersTone)
		h.third(telephony.ThirdAsked)
		h.must(doctor.DTMF(t.Context(), "1"))
		h.hears("the caller", caller, agentsTone, providersTone)
		h.third(telephony.ThirdTalking)
		h.must(doctor.Hangup(t.Context()))
		h.third("")
		h.hears("the caller", caller, agentsTone)
		h.hears("the agent", agent, callersTone)
		time.Sleep(2 * time.Second) // of the talk of two, to be found in the recording
	}
	h.must(agent.Hangup(t.Context()))
	h.ends(telephony.Completed)
	h.nothingLeft()
	h.until("the recordings are kept", soon, func() bool { return h.led.kept() == 2 })
	wavs := h.led.longest()
	_, agentSaid := channels(wavs[0])
	callerSaid, _ := channels(wavs[1])
	for who, lacks := range map[string][]time.Duration{"the agent": without(agentsTone, agentSaid), "the caller": without(callersTone, callerSaid)} {
		if len(lacks) > 2 { // a busy machine's Asterisk may miss a moment; whoever is lost is lost for the seconds of the talk of two
			t.Errorf("what %s said is in no recording at %v", who, lacks)
		}
	}
}

// without gives the halves of a second in which one side of a recording lacks a tone, by when they begin.
func without(tone float64, side speech.PCM) (at []time.Duration) {
	const half = speech.Rate / 2 * 2
	for i := 0; i+half <= len(side); i += half {
		if side[i:i+half].Share(tone) < 0.05 {
			at = append(at, time.Duration(i/2)*time.Second/speech.Rate)
		}
	}
	return at
}

// The agent talks with somebody alone, then all three talk; a transfer that is refused comes back, another goes through.
func TestRealTransfer(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	caller := h.dial(plain)
	agent := h.answer()
	h.says(caller, callersTone)
	h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	callerHad := len(caller.Heard())
	id := h.theCall().ID
	to := engine.Patch{Contact: "reyes", Number: provider, Plain: true}

	h.must(h.eng.Patch(t.Context(), h.agent.ID, id, to))
	third, err := h.rung().Answer(t.Context())
	h.must(err)
	h.says(third, providersTone)
	h.third(telephony.ThirdAlone)
	h.hears("the agent, with the third alone,", agent, providersTone)
	h.hears("the third, with the agent alone,", third, agentsTone)
	h.hears("the caller, who waits,", caller)
	h.must(h.eng.Confer(t.Context(), h.agent.ID, id))
	h.hears("the caller", caller, agentsTone, providersTone)
	h.hears("the agent", agent, callersTone, providersTone)
	h.hears("the third", third, callersTone, agentsTone)
	h.must(third.Hangup(t.Context()))
	h.hears("the caller", caller, agentsTone)
	h.hears("the agent", agent, callersTone)

	h.must(h.eng.Transfer(t.Context(), h.agent.ID, id, to))
	<-agent.Done()
	in := h.rung()
	h.hears("the caller, who is sent on,", caller)
	h.must(in.Reject())
	agent = h.answer()
	h.says(agent, agentsTone)
	h.hears("the caller, who is back,", caller, agentsTone)
	h.hears("the agent", agent, callersTone)

	h.must(h.eng.Transfer(t.Context(), h.agent.ID, id, to))
	third, err = h.rung().Answer(t.Context())
	h.must(err)
	h.says(third, providersTone)
	h.hears("the caller", caller, providersTone)
	h.hears("the third", third, callersTone)
	<-agent.Done()
	h.neverSilent("the caller", caller, callerHad)
	h.must(third.Hangup(t.Context()))
	select {
	case <-caller.Done():
	case <-time.After(soon):
		t.Error("the caller is left behind")
	}
	h.ends(telephony.Completed)
	h.nothingLeft()
}
