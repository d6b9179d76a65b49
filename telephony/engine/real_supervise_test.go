package engine_test

import (
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// supervised has a supervisor supervise a call whose phone is answered at once.
func (h *fixture) supervised(p *phone.Phone, id telephony.CallID, m telephony.SupervisionMode) *phone.Call {
	h.t.Helper()
	h.must(h.eng.Supervise(h.t.Context(), sue.ID, id, m))
	select {
	case in := <-p.Incoming():
		if in.Header("X-Lamplight-Call") != string(id) {
			h.t.Errorf("the supervisor's phone rings for call %q", in.Header("X-Lamplight-Call"))
		}
		c, err := in.Answer(h.t.Context())
		h.must(err)
		return c
	case <-time.After(soon):
		h.t.Fatal("the supervisor's phone does not ring")
		panic("unreached")
	}
}

// never checks that somebody has not heard a tone since they had heard so much: not in a single tenth of a second.
func (h *fixture) never(who string, c *phone.Call, from int, tone float64) {
	h.t.Helper()
	heard := c.Heard()[from:]
	const part = speech.Rate / 10 * 2
	for ; len(heard) >= part; heard = heard[part:] {
		if heard[:part].Share(tone) > 0.02 {
			h.t.Errorf("%s has heard the supervisor", who)
			return
		}
	}
}

func TestRealSupervision(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	desk2 := h.startPhone(phone.Config{Registrar: h.server.SIPAddr().String(), User: "agent2", Password: h.server.Agents()["agent2"]})
	h.must(desk2.Register(t.Context()))
	sue := sue
	sue.Endpoint = "agent2"
	h.must(h.eng.AgentIn(t.Context(), sue))
	caller := h.dial(plain)
	agent := h.answer()
	h.says(caller, callersTone)
	h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	h.hears("the agent", agent, callersTone)
	id := h.theCall().ID
	callerHad, agentHad := len(caller.Heard()), len(agent.Heard())
	mode := func(m telephony.SupervisionMode) {
		t.Helper()
		h.must(h.eng.Supervise(t.Context(), sue.ID, id, m))
	}

	sup := h.supervised(desk2, id, telephony.Monitor)
	h.says(sup, supervisorsTone)
	talk := func(m telephony.SupervisionMode) {
		t.Helper()
		h.hears("the supervisor", sup, callersTone, agentsTone)
		agents, callers := []float64{callersTone}, []float64{agentsTone}
		if m != telephony.Monitor {
			agents = append(agents, supervisorsTone)
		}
		if m == telephony.Barge {
			callers = append(callers, supervisorsTone)
		}
		h.hears("the agent", agent, agents...)
		h.hears("the caller", caller, callers...)
	}
	talk(telephony.Monitor)
	h.never("the agent", agent, agentHad, supervisorsTone)
	for range 3 {
		mode(telephony.Whisper)
		talk(telephony.Whisper)
		mode(telephony.Monitor)
		talk(telephony.Monitor)
	}
	h.never("the caller", caller, callerHad, supervisorsTone)
	mode(telephony.Whisper)
	talk(telephony.Whisper)

	h.must(h.eng.Hold(t.Context(), h.agent.ID, id))
	h.hears("the agent, who holds,", agent, supervisorsTone)
	h.hears("the supervisor", sup, agentsTone)
	h.hears("the caller, who waits,", caller)
	h.must(h.eng.Resume(t.Context(), h.agent.ID, id))
	talk(telephony.Whisper)
	h.stop() // the server is killed
	time.Sleep(3 * time.Second)
	talk(telephony.Whisper)
	h.begin()
	h.must(h.eng.AgentIn(t.Context(), sue))
	time.Sleep(10 * time.Second) // past the lease of one who listens
	talk(telephony.Whisper)
	mode(telephony.Monitor)
	talk(telephony.Monitor)
	mode(telephony.Whisper)
	talk(telephony.Whisper)
	h.never("the caller", caller, callerHad, supervisorsTone)

	mode(telephony.Barge)
	talk(telephony.Barge)
	time.Sleep(3 * time.Second)
	mode(telephony.Whisper)
	talk(telephony.Whisper)
	callerHad = len(caller.Heard())
	time.Sleep(2 * time.Second)
	talk(telephony.Whisper)
	h.never("the caller, after they all talked,", caller, callerHad, supervisorsTone)
	mode(telephony.Barge)
	talk(telephony.Barge)

	h.must(h.eng.Patch(t.Context(), h.agent.ID, id, aPatch()))
	doctor, err := h.rung().Answer(t.Context())
	h.must(err)
	h.says(doctor, providersTone)
	h.third(telephony.ThirdAsked)
	h.hears("the agent, with whoever answered,", agent, providersTone, supervisorsTone)
	h.hears("the supervisor", sup, providersTone, agentsTone)
	h.hears("the caller, who waits,", caller)
	h.must(doctor.DTMF(t.Context(), "1"))
	h.hears("the caller", caller, agentsTone, providersTone, supervisorsTone)
	h.hears("the agent", agent, callersTone, providersTone, supervisorsTone)
	h.hears("the provider", doctor, callersTone, agentsTone, supervisorsTone)
	h.hears("the supervisor", sup, callersTone, agentsTone, providersTone)
	mode(telephony.Monitor)
	h.hears("the provider", doctor, callersTone, agentsTone)
	h.hears("the agent", agent, callersTone, providersTone)
	h.hears("the supervisor", sup, callersTone, agentsTone, providersTone)
	h.neverSilent("the agent", agent, agentHad)

	h.must(h.eng.Leave(t.Context(), h.agent.ID, id))
	for who, c := range map[string]*phone.Call{"the agent": agent, "the supervisor": sup} {
		select {
		case <-c.Done():
		case <-time.After(soon):
			t.Errorf("%s is left behind", who)
		}
	}
	h.hears("the caller", caller, providersTone)
	h.hears("the provider", doctor, callersTone)
	h.must(caller.Hangup(t.Context()))
	h.ends(telephony.Completed)
	h.nothingLeft()
	h.until("the recordings are kept", soon, func() bool { return h.led.kept() == 2 })
	h.recordedSupervisor()
}

// recordedSupervisor checks that the recording of the agent's leg has nothing of the supervisor, and the one of what the caller
// heard from the first barge on has what the caller heard of them, on the side of what the caller hears, and no whisper.
func (h *fixture) recordedSupervisor() {
	h.t.Helper()
	const part = speech.Rate / 2 * 2 // half a second
	halves := func(side speech.PCM, is func(speech.PCM) bool) (n int) {
		for ; len(side) >= part; side = side[part:] {
			if is(side[:part]) {
				n++
			}
		}
		return n
	}
	has := func(tone float64) func(speech.PCM) bool {
		return func(p speech.PCM) bool { return p.Share(tone) > 0.05 }
	}
	alone := func(tone float64) func(speech.PCM) bool {
		return func(p speech.PCM) bool { return p.Share(tone) > 0.9 }
	}
	wavs := h.led.longest()
	caller, agent := channels(wavs[0])
	if n := halves(caller, has(supervisorsTone)) + halves(agent, has(supervisorsTone)); n > 0 {
		h.t.Errorf("for %d halves of a second the supervisor is in the recording of the agent's leg", n)
	}
	if halves(caller, alone(callersTone)) < 30 || halves(agent, alone(agentsTone)) < 30 || halves(agent, has(callersTone)) > 0 {
		h.t.Error("the recording of the agent's leg has not the caller on one side and the agent on the other")
	}
	said, heard := channels(wavs[1])
	barged, whispered := halves(heard, has(supervisorsTone)), halves(heard, alone(agentsTone))
	h.t.Logf("of %v the supervisor is heard for %d halves of a second, the agent alone for %d", heard.Duration(), barged, whispered)
	if barged < 6 || whispered < 2 || halves(said, has(supervisorsTone)) > 0 || halves(said, has(callersTone)) < 8 {
		h.t.Error("the recording of what the caller heard has not the supervisor while they barged in, and then alone")
	}
}

// A colleague takes a call over: the caller hears music until they answer, and then them alone; one who does not take it, and the caller
// is back with the agent.
func TestRealHandOver(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	desk2 := h.startPhone(phone.Config{Registrar: h.server.SIPAddr().String(), User: "agent2", Password: h.server.Agents()["agent2"]})
	h.must(desk2.Register(t.Context()))
	bob := bob
	bob.Endpoint = "agent2"
	caller := h.dial(plain)
	agent := h.answer()
	h.must(h.eng.AgentIn(t.Context(), bob))
	h.must(h.eng.Ready(t.Context(), bob.ID))
	h.says(caller, callersTone)
	h.says(agent, agentsTone)
	h.hears("the caller", caller, agentsTone)
	id := h.theCall().ID
	had := len(caller.Heard())
	offered := func() *phone.Incoming {
		select {
		case in := <-desk2.Incoming():
			return in
		case <-time.After(soon):
			t.Fatal("the colleague is not rung")
			panic("unreached")
		}
	}

	h.must(h.eng.HandOver(t.Context(), h.agent.ID, id, bob.ID))
	<-agent.Done()
	in := offered()
	h.hears("the caller, who is handed over,", caller)
	h.must(in.Reject())
	agent = h.answer()
	h.says(agent, agentsTone)
	h.hears("the caller, who is back,", caller, agentsTone)
	h.hears("the agent", agent, callersTone)

	h.must(h.eng.HandOver(t.Context(), h.agent.ID, id, bob.ID))
	<-agent.Done()
	in = offered()
	colleague, err := in.Answer(t.Context())
	h.must(err)
	h.says(colleague, supervisorsTone)
	h.hears("the caller", caller, supervisorsTone)
	h.hears("the colleague", colleague, callersTone)
	h.neverSilent("the caller", caller, had)
	h.must(colleague.Hangup(t.Context()))
	select {
	case <-caller.Done():
	case <-time.After(soon):
		t.Error("the caller is left behind")
	}
	h.ends(telephony.Completed)
	h.nothingLeft()
	h.until("each agent's recording is kept", soon, func() bool { return h.led.kept() == 3 })
}
