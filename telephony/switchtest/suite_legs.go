package switchtest

import (
	"slices"
	"time"

	"lamplight/telephony"
)

func callerLives(s *scene) {
	ctx := s.Context()
	p, leg := s.arrive()
	s.do(s.sw.Ring(ctx, leg))
	s.do(s.sw.Answer(ctx, leg))
	s.do(s.sw.Answer(ctx, leg))
	const keys = "12*0#987"
	p.Press(keys)
	heard := ""
	for range keys {
		heard += s.want(telephony.Digit, of(leg)).Digit
	}
	if heard != keys {
		s.Errorf("keys %q, pressed %q", heard, keys)
	}
	p.HangUp()
	if e := s.want(telephony.LegDown, of(leg)); e.Cause != 16 {
		s.Errorf("down with cause %d, want 16", e.Cause)
	}
	s.gone("Answer", s.sw.Answer(ctx, leg))
	s.gone("Renew", s.sw.Renew(ctx, leg, time.Minute))
	s.gone("Record", s.sw.Record(ctx, leg, telephony.RecordingID(s.id("rec"))))
	s.do(s.sw.Hangup(ctx, leg))
}

func nameIsCleaned(s *scene) {
	p := s.Caller(did, ani, "<b>Ana</b> \u202ezaP\u202c & Co")
	e := s.want(telephony.LegArrived)
	if e.CallerName != "<b>Ana</b> zaP & Co" {
		s.Errorf("name %q", e.CallerName)
	}
	p.HangUp()
	s.want(telephony.LegDown, of(e.Leg))
}

func callerWithholds(s *scene) {
	p := s.Caller(did, "", "Ana Paz")
	e := s.want(telephony.LegArrived)
	if e.DID != did || e.ANI != "" || e.CallerName != "" {
		s.Errorf("arrived: %s, %d letters of a name", e.DID.Reveal(), len(e.CallerName))
	}
	p.HangUp()
	s.want(telephony.LegDown, of(e.Leg))
}

// ask originates a leg to agent1.
func (s *scene) ask(timeout time.Duration) telephony.Originate {
	s.Helper()
	o := telephony.Originate{
		Leg: telephony.LegID(s.id("leg")), Call: telephony.CallID(s.id("call")), Agent: "agent1", CallerName: `Lake "Shore" Clinic`,
		CallerID: did,
		Headers:  map[string]string{"X-Lamplight-Call": "c1"}, Timeout: timeout,
	}
	s.do(s.sw.Originate(s.Context(), o))
	return o
}

func agentTalks(s *scene) {
	ctx := s.Context()
	caller, leg, b := s.answered()
	agent := s.Agent("agent1", PhoneBehavior{Answers: true, After: 200 * time.Millisecond})
	o := s.ask(30 * time.Second)
	s.do(s.sw.Originate(ctx, o)) // already done
	if e := s.want(telephony.LegRinging); e.Leg != o.Leg || e.Call != o.Call {
		s.Errorf("rings: %+v", e)
	}
	if e := s.want(telephony.LegEntered); e.Leg != o.Leg || e.Call != o.Call {
		s.Errorf("entered: %+v", e)
	}
	s.do(s.sw.Join(ctx, b, o.Leg))
	s.do(s.sw.SetPeer(ctx, leg, o.Leg))
	s.do(s.sw.SetPeer(ctx, o.Leg, leg))
	s.do(s.sw.Renew(ctx, o.Leg, 0))
	agent.Press("5")
	if e := s.want(telephony.Digit); e.Leg != o.Leg || e.Digit != "5" {
		s.Errorf("key: %+v", e)
	}
	s.do(s.sw.SetPeer(ctx, leg, ""))
	s.do(s.sw.SetPeer(ctx, o.Leg, ""))
	agent.HangUp()
	if e := s.want(telephony.LegDown); e.Leg != o.Leg || e.Call != o.Call || e.Cause != 16 {
		s.Errorf("down: %+v", e)
	}
	caller.HangUp()
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
	s.gone("SetPeer of a leg that has gone", s.sw.SetPeer(ctx, leg, ""))
}

func agentDoesNot(s *scene) {
	s.Agent("agent1", PhoneBehavior{Rejects: 17})
	busy := s.ask(30 * time.Second)
	if e := s.want(telephony.LegDown, of(busy.Leg)); e.Cause != 17 || e.Call != busy.Call {
		s.Errorf("busy: %+v", e)
	}
	s.Agent("agent1", PhoneBehavior{})
	missed := s.ask(time.Second)
	s.want(telephony.LegRinging, of(missed.Leg))
	s.want(telephony.LegDown, of(missed.Leg))
	withdrawn := s.ask(30 * time.Second)
	s.want(telephony.LegRinging, of(withdrawn.Leg))
	s.do(s.sw.Renew(s.Context(), withdrawn.Leg, time.Minute)) // has no lease yet: no error
	s.do(s.sw.Hangup(s.Context(), withdrawn.Leg))
	s.want(telephony.LegDown, of(withdrawn.Leg))
	s.do(s.sw.Hangup(s.Context(), withdrawn.Leg))
}

func outsideNumber(s *scene) {
	provider := s.Outside("+13125550199", PhoneBehavior{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1", Number: "+13125550199", CallerID: did,
		Timeout: 30 * time.Second}
	s.do(s.sw.Originate(s.Context(), o))
	s.want(telephony.LegEntered, of(o.Leg))
	provider.HangUp()
	s.want(telephony.LegDown, of(o.Leg))
}

// threeTalk has a caller wait while an agent and a number of the telephone network meet elsewhere, brings all three together by one
// command, and hangs the agent up, who has no peer to take along.
func threeTalk(s *scene) {
	ctx := s.Context()
	caller, leg, b := s.answered()
	s.Agent("agent1", PhoneBehavior{Answers: true})
	agent := s.ask(30 * time.Second)
	s.want(telephony.LegEntered, of(agent.Leg))
	s.do(s.sw.Join(ctx, b, agent.Leg))
	s.do(s.sw.SetPeer(ctx, leg, agent.Leg))
	s.do(s.sw.SetPeer(ctx, agent.Leg, leg))
	beside := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.Wait(ctx, leg))
	s.do(s.sw.MakeBridge(ctx, beside))
	s.do(s.sw.Join(ctx, beside, agent.Leg)) // moves
	s.do(s.sw.SetPeer(ctx, agent.Leg, ""))
	third := s.Outside("+13125550199", PhoneBehavior{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1", Number: "+13125550199", CallerID: did,
		Timeout: 30 * time.Second}
	s.do(s.sw.Originate(ctx, o))
	s.want(telephony.LegEntered, of(o.Leg))
	s.do(s.sw.Join(ctx, beside, o.Leg))
	third.Press("1")
	if e := s.want(telephony.Digit); e.Leg != o.Leg || e.Digit != "1" {
		s.Errorf("key: %+v", e)
	}
	s.do(s.sw.Join(ctx, b, leg, agent.Leg, o.Leg))
	s.do(s.sw.RemoveBridge(ctx, beside))
	s.waits(map[telephony.LegID]bool{}, b, 3)
	s.do(s.sw.Hangup(ctx, agent.Leg))
	s.want(telephony.LegDown, of(agent.Leg))
	s.waits(map[telephony.LegID]bool{}, b, 2)
	third.HangUp()
	s.want(telephony.LegDown, of(o.Leg))
	caller.HangUp()
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
}

// listens has a supervisor listen to an agent who talks, in each mode, then join the talk, and the agent leave and come back, and go.
func listens(s *scene) {
	ctx := s.Context()
	caller, leg, b := s.answered()
	s.Agent("agent1", PhoneBehavior{Answers: true})
	agent := s.ask(30 * time.Second)
	s.want(telephony.LegEntered, of(agent.Leg))
	s.do(s.sw.Join(ctx, b, agent.Leg))
	s.Agent("agent2", PhoneBehavior{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: agent.Call, Agent: "agent2", Timeout: 30 * time.Second}
	s.do(s.sw.Originate(ctx, o))
	s.want(telephony.LegEntered, of(o.Leg))
	is := func(hears telephony.LegID, as telephony.SupervisionMode, in int) {
		s.Helper()
		snap, err := s.sw.Snapshot(ctx)
		s.do(err)
		for _, l := range snap.Legs {
			if l.Leg == o.Leg && (l.Hears != hears || l.As != as) || l.Leg != o.Leg && l.Hears != "" {
				s.Errorf("%s hears %q as %q", l.Leg, l.Hears, l.As)
			}
		}
		if len(snap.Bridges) != 1 || len(snap.Bridges[0].Legs) != in {
			s.Errorf("bridges: %+v", snap.Bridges)
		}
	}
	const monitor, whisper, barge = telephony.Monitor, telephony.Whisper, telephony.Barge
	for _, m := range []telephony.SupervisionMode{monitor, monitor, whisper, whisper, monitor, barge, barge, whisper, barge,
		monitor, whisper} {
		s.do(s.sw.Listen(ctx, o.Leg, agent.Leg, m))
		is(agent.Leg, m, 2)
	}
	s.do(s.sw.Leave(ctx, b, agent.Leg))
	is(agent.Leg, whisper, 1)
	s.do(s.sw.Join(ctx, b, agent.Leg))
	s.do(s.sw.Join(ctx, b, o.Leg))
	is("", "", 3)
	s.do(s.sw.Listen(ctx, o.Leg, agent.Leg, barge))
	is(agent.Leg, barge, 2)
	s.do(s.sw.Hangup(ctx, agent.Leg))
	s.want(telephony.LegDown, of(agent.Leg))
	s.eventually("who listened hears nobody", func() bool {
		snap, err := s.sw.Snapshot(ctx)
		s.do(err)
		return !slices.ContainsFunc(snap.Legs, func(l telephony.LegView) bool { return l.Hears != "" })
	})
	s.gone("Listen to a leg that has gone", s.sw.Listen(ctx, o.Leg, agent.Leg, monitor))
	s.do(s.sw.Hangup(ctx, o.Leg))
	s.want(telephony.LegDown, of(o.Leg))
	s.gone("Listen of a leg that has gone", s.sw.Listen(ctx, o.Leg, leg, monitor))
	caller.HangUp()
	s.want(telephony.LegDown, of(leg))
	s.do(s.sw.RemoveBridge(ctx, b))
}

func extension(s *scene) {
	provider := s.Outside("+13125550199", PhoneBehavior{Answers: true})
	o := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1", Number: "+13125550199", CallerID: did,
		Timeout: 30 * time.Second}
	s.do(s.sw.Originate(s.Context(), o))
	s.want(telephony.LegEntered, of(o.Leg))
	s.do(s.sw.SendKeys(s.Context(), o.Leg, 200*time.Millisecond, "4711#"))
	if !provider.Heard("4711#") {
		s.Error("the extension was not heard")
	}
	provider.HangUp()
	s.want(telephony.LegDown, of(o.Leg))
	s.gone("SendKeys", s.sw.SendKeys(s.Context(), o.Leg, 0, "1"))
}

func phoneOut(s *scene) {
	phone := func() bool {
		rings, err := s.sw.Phone(s.Context(), "agent2")
		s.do(err)
		return rings
	}
	if !phone() {
		s.Error("the phone can be rung, and the switch says no")
	}
	plug := s.Unplug("agent2")
	of2 := func(e telephony.Event) bool { return e.Phone == "agent2" }
	s.want(telephony.PhoneOut, of2)
	if phone() {
		s.Error("the phone cannot be rung, and the switch says yes")
	}
	s.gone("Originate", s.sw.Originate(s.Context(), telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-1",
		Agent: "agent2", Timeout: 30 * time.Second}))
	plug()
	s.want(telephony.PhoneBack, of2)
	if !phone() {
		s.Error("the phone can be rung again, and the switch says no")
	}
}

func leaseRunsOut(s *scene) {
	ctx := s.Context()
	p, leg, b := s.answered()
	s.do(s.sw.Renew(ctx, leg, time.Second))
	begun := time.Now()
	s.want(telephony.LegLost, of(leg))
	if took := time.Since(begun); took < 900*time.Millisecond || took > 5*time.Second {
		s.Errorf("lost after %v, the lease was 1 s", took)
	}
	s.gone("Renew of a lost leg", s.sw.Renew(ctx, leg, time.Minute))
	s.gone("Join of a lost leg", s.sw.Join(ctx, b, leg))
	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	if len(snap.Legs) != 0 {
		s.Errorf("a lost leg is in the snapshot: %+v", snap.Legs)
	}
	p.HangUp()
	s.do(s.sw.RemoveBridge(ctx, b))
}

func snapshotShows(s *scene) {
	ctx := s.Context()
	begun := time.Now()
	_, leg, b := s.answered()
	s.Agent("agent1", PhoneBehavior{Answers: true})
	o := s.ask(30 * time.Second)
	s.want(telephony.LegEntered, of(o.Leg))
	s.do(s.sw.Join(ctx, b, leg, o.Leg))
	s.do(s.sw.SetPeer(ctx, leg, o.Leg))
	r := telephony.RecordingID(s.id("rec"))
	s.do(s.sw.Record(ctx, leg, r))
	empty := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.MakeBridge(ctx, empty))
	s.Agent("agent2", PhoneBehavior{})
	ringing := telephony.Originate{Leg: telephony.LegID(s.id("leg")), Call: "call-2", Agent: "agent2", Timeout: 30 * time.Second}
	s.do(s.sw.Originate(ctx, ringing))
	s.want(telephony.LegRinging, of(ringing.Leg))

	snap, err := s.sw.Snapshot(ctx)
	s.do(err)
	if snap.Since.IsZero() || snap.Since.After(begun) {
		s.Errorf("it started at %v, and had a leg at %v", snap.Since, begun)
	}
	legs := map[telephony.LegID]telephony.LegView{}
	for _, v := range snap.Legs {
		legs[v.Leg] = v
	}
	if v := legs[leg]; len(legs) != 3 || !v.Up || v.DID != did || len(v.Called) == 0 || v.ANI != ani || v.Peer != o.Leg ||
		time.Since(v.Since) > time.Minute {
		s.Errorf("the caller's leg: %+v of %d", v, len(legs))
	}
	if v := legs[o.Leg]; !v.Up || v.Agent != "agent1" || v.Call != o.Call {
		s.Errorf("the agent's leg: %+v", v)
	}
	if v := legs[ringing.Leg]; v.Up || v.Agent != "agent2" || v.Call != "call-2" {
		s.Errorf("the ringing leg: %+v", v)
	}
	for _, v := range snap.Bridges {
		if want := map[telephony.BridgeID]int{b: 2, empty: 0}[v.Bridge]; len(v.Legs) != want {
			s.Errorf("bridge %+v", v)
		}
	}
	if len(snap.Bridges) != 2 || len(snap.Recordings) != 1 || snap.Recordings[0] != r {
		s.Errorf("bridges %v, recordings %v", snap.Bridges, snap.Recordings)
	}
	for _, l := range []telephony.LegID{leg, o.Leg, ringing.Leg} {
		s.do(s.sw.Hangup(ctx, l))
		s.want(telephony.LegDown, of(l))
	}
	s.want(telephony.RecordingEnded)
	s.do(s.sw.DeleteRecording(ctx, r))
	s.do(s.sw.RemoveBridge(ctx, b))
	s.do(s.sw.RemoveBridge(ctx, empty))
}
