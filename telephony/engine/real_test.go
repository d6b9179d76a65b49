package engine_test

import (
	"encoding/binary"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

func TestRealWalk(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	for language, c := range map[string]struct {
		line   telephony.Line
		hangUp func(caller, agent *phone.Call) error
	}{
		"en": {english, func(caller, agent *phone.Call) error { return caller.Hangup(t.Context()) }},
		"es": {spanish, func(caller, agent *phone.Call) error { return agent.Hangup(t.Context()) }},
	} {
		t.Run(language, func(t *testing.T) {
			h.t = t
			caller := h.dial(c.line)
			agent := h.answer()
			h.converse(caller, agent, language)
			id := h.theCall().ID
			h.must(h.eng.Hold(t.Context(), h.agent.ID, id))
			h.until("held", soon, func() bool { return h.theCall().State == telephony.Held })
			h.must(h.eng.Resume(t.Context(), h.agent.ID, id))
			h.until("resumed", soon, func() bool { return h.theCall().State == telephony.Talking })
			h.converse(caller, agent, language)
			h.must(c.hangUp(caller, agent))
			<-caller.Done()
			<-agent.Done()
			h.ends(telephony.Completed)
			h.nothingLeft()
			if got := h.theCall(); string(got.Language) != language || got.ANI != "+13125559876" || got.CallerName != "ORTEGA J" {
				t.Errorf("the call in the ledger: language %s, ANI %v", got.Language, got.ANI)
			}
			says, _ := voice.Caller(language)
			answers, _ := voice.Agent(language)
			left, right := channels(h.led.lastWAV())
			for who, m := range map[string][3]speech.PCM{"caller": {left, says, answers}, "agent": {right, answers, says}} {
				own, _ := speech.Match(m[0], m[1])
				other, _ := speech.Match(m[0], m[2])
				t.Logf("the %s's side of the recording: correlation %.3f with their words, %.3f with the other's", who, own, other)
				if own < other { // how true it is to the sound is telephony/ari's to prove
					t.Errorf("the %s is not on their side of the recording", who)
				}
			}
			h.must(h.eng.WrapUpDone(t.Context(), h.agent.ID))
		})
	}
}

// channels takes a stereo WAV with a 44-byte header apart.
func channels(wav []byte) (left, right speech.PCM) {
	if len(wav) < 44 || binary.LittleEndian.Uint16(wav[22:]) != 2 {
		return nil, nil
	}
	for b := wav[44:]; len(b) >= 4; b = b[4:] {
		left, right = append(left, b[0], b[1]), append(right, b[2], b[3])
	}
	return left, right
}

func TestRealKeyForSpanishAndANumberNobodyOwns(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	h.must(h.eng.Pause(t.Context(), h.agent.ID, "lunch"))
	caller := h.dial(english)
	h.must(caller.DTMF(t.Context(), "2"))
	h.until("the language is Spanish", soon, func() bool { return h.theCall().Language == telephony.Spanish })
	h.must(caller.Hangup(t.Context()))
	h.ends(telephony.Abandoned)
	h.nothingLeft()

	lost, err := h.carrier.Dial(t.Context(), phone.Outgoing{Number: "+13125550999"})
	h.must(err)
	<-lost.Done()
	for _, language := range []string{"en", "es"} {
		if got, _, _ := speech.Follow(lost.Heard(), h.prompt("unknown", language)); got < 0.8 {
			t.Errorf("a number nobody owns: the apology in %q was heard with a correlation of %.3f", language, got)
		}
	}
	h.nothingLeft()
}

func TestRealCallBack(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	h.until("the engine beats", soon, h.healthy)
	b := aCallback()
	b.Extension, b.Language = "123", "es"
	h.must(h.eng.CallBack(t.Context(), b))
	take := func(who telephony.Number) *phone.Call {
		select {
		case in := <-h.carrier.Incoming():
			from, _ := in.From()
			if in.Dialled() != who.Reveal() || from != english.DID.Reveal() {
				t.Errorf("dialled, of %s: the wrong number, or from the wrong one", who)
			}
			h.must(in.Ring())
			c, err := in.Answer(t.Context())
			h.must(err)
			return c
		case <-time.After(10 * time.Second):
			t.Fatalf("%s is not rung", who)
			panic("unreached")
		}
	}
	first := take(provider)
	h.heard("the provider", first, 0, h.prompt("press-one", "es"))
	select {
	case <-h.carrier.Incoming():
		t.Error("the patient is rung although nobody has pressed a key")
	default:
	}
	h.must(first.DTMF(t.Context(), "1"))
	second := take(patient)
	h.until("they talk", soon, func() bool { return h.theCall().State == telephony.Talking })
	h.until("the extension is dialled", soon, func() bool { return second.Keys() == "123" })
	h.converse(second, first, "en")
	h.stop() // and the server dies: they go on
	time.Sleep(10 * time.Second)
	h.converse(second, first, "es")
	h.must(second.Hangup(t.Context()))
	select {
	case <-first.Done():
	case <-time.After(soon):
		t.Error("the provider's leg outlives the patient's")
	}
	h.begin()
	h.ends(telephony.Completed)
	h.nothingLeft()
}

func TestRealKilledWhileTalking(t *testing.T) {
	t.Parallel()
	t.Run("and back within the lease", func(t *testing.T) {
		t.Parallel()
		h := newFixture(t)
		caller := h.dial(english)
		agent := h.answer()
		h.converse(caller, agent, "en")
		h.stop()
		time.Sleep(2 * time.Second)
		h.begin()
		h.converse(caller, agent, "en")
		time.Sleep(8 * time.Second) // past the old lease
		h.converse(caller, agent, "en")
		h.until("the agent is Talking again", soon, func() bool { return h.desk.agent(h.agent.ID) == telephony.AgentTalking })
		h.must(h.eng.HangUp(t.Context(), h.agent.ID, h.theCall().ID))
		<-caller.Done()
		<-agent.Done()
		h.ends(telephony.Completed)
		h.nothingLeft()
	})
	t.Run("and dead for long", func(t *testing.T) {
		t.Parallel()
		h := newFixture(t)
		caller := h.dial(english)
		agent := h.answer()
		h.converse(caller, agent, "en")
		h.stop()
		time.Sleep(10 * time.Second) // the lease has run out, the fail-safe has both
		h.converse(caller, agent, "es")
		h.must(caller.Hangup(t.Context()))
		<-agent.Done()
		h.begin()
		h.ends(telephony.Completed)
		h.nothingLeft()
		if h.led.kept() == 0 {
			t.Error("the recording is lost")
		}
	})
}

func TestRealKilledWhileWaiting(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	h.must(h.eng.Pause(t.Context(), h.agent.ID, "lunch"))
	caller := h.dial(plain)
	h.until("the caller waits", soon, func() bool { return h.theCall().State == telephony.Waiting })
	h.stop()
	killed := time.Now()
	h.until("the fail-safe has the caller", 20*time.Second, func() bool { // the first thing it does is to note the number
		files, err := filepath.Glob(filepath.Join(h.server.Spool(), "vm", "*"+asterisk.CallerSuffix+".raw"))
		h.must(err)
		return len(files) == 1
	})
	took := time.Since(killed)
	t.Logf("the caller reached the fail-safe %v after the kill", took)
	if took > 10*time.Second {
		t.Error("that is more than 10 s")
	}
	apology := h.prompt("overflow", "en")
	h.until("the caller hears the apology", 20*time.Second+apology.Duration(), func() bool {
		time.Sleep(300 * time.Millisecond)
		match, _, over := speech.Follow(caller.Heard(), apology)
		return match > 0.8 && caller.Heard().Duration() >= over
	})
	h.until("the message is recorded", 40*time.Second, func() bool { // the other language and the tone are over
		files, err := filepath.Glob(filepath.Join(h.server.Spool(), "vm", "*.wav"))
		h.must(err)
		return len(files) == 1
	})
	says, err := voice.Caller("en")
	h.must(err)
	h.must(caller.Play(t.Context(), says))
	h.must(caller.Hangup(t.Context()))
	h.begin()
	h.until("the voicemail is kept", soon, func() bool { return h.led.messages() == 1 })
	message, err := speech.ReadWAV(h.led.lastWAV())
	h.must(err)
	if got, _, _ := speech.Follow(message, says); got < 0.8 {
		t.Errorf("the caller in the voicemail: correlation %.3f", got)
	}
	h.ends(telephony.Overflowed)
	if !h.led.hasMessageOf("+13125559876") {
		t.Error("the voicemail does not tell whose it is")
	}
	h.nothingLeft()
	h.until("the voicemail is off the switch", soon, func() bool {
		vs, err := h.sw.Voicemails(t.Context())
		h.must(err)
		return len(vs) == 0
	})
}

func TestRealRestartWhileWaitingThenAsteriskDies(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.must(h.eng.Pause(t.Context(), h.agent.ID, "lunch"))
	caller := h.dial(plain)
	h.until("the caller waits", soon, func() bool { return h.theCall().State == telephony.Waiting })
	h.stop()
	time.Sleep(3 * time.Second)
	h.begin() // the agent is Ready now
	agent := h.answer()
	h.converse(caller, agent, "en")
	if n := len(h.led.all()); n != 1 {
		t.Errorf("one caller became %d calls", n)
	}
	h.until("the recording runs", soon, func() bool {
		s, err := h.sw.Snapshot(t.Context())
		h.must(err)
		return len(s.Recordings) == 1
	})
	before := h.server.Restarts()
	h.must(syscall.Kill(h.server.Pid(), syscall.SIGKILL))
	h.until("Asterisk is back", 40*time.Second, func() bool { return h.server.Restarts() > before && h.eng.Healthy() })
	h.ends(telephony.Abandoned) // cut off: to be called back
	h.until("the agent is in wrap-up", soon, func() bool { return h.desk.agent(h.agent.ID) == telephony.AgentWrapUp })
	h.nothingLeft()
	if h.led.kept() != 1 {
		t.Error("what was recorded until then is lost")
	}
}

// An agent's desk comes back on another phone, as after a crash: the old leg goes, the caller stays.
func TestRealRejoin(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t)
	caller := h.dial(english)
	old := h.answer()
	h.converse(caller, old, "en")
	id := h.theCall().ID
	for range 2 {
		h.desk1 = h.startPhone(phone.Config{Registrar: h.server.SIPAddr().String(), User: "agent1", Password: h.server.Agents()["agent1"]})
		h.must(h.desk1.Register(t.Context()))
		h.must(h.eng.Rejoin(t.Context(), h.agent.ID, id))
		agent := h.answer()
		<-old.Done()
		h.until("talking again", soon, func() bool { return h.theCall().State == telephony.Talking })
		h.converse(caller, agent, "en")
		old = agent
	}
	h.must(caller.Hangup(t.Context()))
	h.ends(telephony.Completed)
	h.nothingLeft()
}
