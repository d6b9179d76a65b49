package ari_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lamplight/telephony"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/switchtest"
)

// sides fetches a stereo recording and splits it.
func sides(t *testing.T, c telephony.Switch, r telephony.RecordingID) (left, right speech.PCM) {
	t.Helper()
	var b bytes.Buffer
	must(t, c.FetchRecording(t.Context(), r, &b))
	for s := b.Bytes()[44:]; len(s) >= 4; s = s[4:] {
		left, right = append(left, s[0], s[1]), append(right, s[2], s[3])
	}
	return left, right
}

// mayLose is how many of n frames a recording may lack: none, where Asterisk has the right of way (hurry in
// telephony/asterisk). Where that is not allowed, two busy programs beside it cost up to two of a hundred.
func (h *fixture) mayLose(n int) int {
	a, err := unix.SchedGetAttr(h.server.Pid(), 0)
	must(h.t, err)
	if a.Policy == unix.SCHED_RR {
		return 0
	}
	return n / 20
}

// What the dialplan records of a talk is in step too, and lacks at most what was said while a phone was held up. On hold nothing
// is recorded.
func TestTalkIsRecordedInStep(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	ctx := t.Context()
	must(t, h.sw.Beat(ctx))
	agent := h.be("agent1", switchtest.PhoneBehavior{Answers: true})
	caller := h.dial("+13125550100", "+13125550142", "Ana Paz")
	leg := next(t, h.sw, telephony.LegArrived).Leg
	must(t, h.sw.Answer(ctx, leg), h.sw.Renew(ctx, leg, time.Minute), h.sw.MakeBridge(ctx, "b-talk"),
		h.sw.Originate(ctx, telephony.Originate{Leg: "leg-talk", Call: "call-1", Agent: "agent1", Timeout: 20 * time.Second,
			Record: "talk-1"}))
	next(t, h.sw, telephony.LegEntered)
	must(t, h.sw.Join(ctx, "b-talk", leg, "leg-talk"), h.sw.Renew(ctx, "leg-talk", 0))
	callersEar, agentsEar := witness(caller.talks()), witness(agent.talks())
	const frames = 200 // four seconds
	converse(t, caller, agent, 0, frames)
	must(t, h.sw.Leave(ctx, "b-talk", "leg-talk"), h.sw.Wait(ctx, leg))
	must(t, agent.talks().Play(ctx, counted(ofAgent, 900, 50))) // to the room, which nobody is to hear
	must(t, h.sw.Join(ctx, "b-talk", leg, "leg-talk"))
	converse(t, caller, agent, frames, frames)
	must(t, h.sw.Hangup(ctx, "leg-talk"))
	next(t, h.sw, telephony.RecordingEnded)

	left, right := sides(t, h.sw, "talk-1")
	says, err1 := count(left, ofCaller)
	hears, err2 := count(withoutMusic(right), ofAgent)
	must(t, err1, err2)
	t.Logf("recorded %v: %d and %d of %d frames", left.Duration(), len(says), len(hears), 2*frames)
	// What is said while the legs change bridges may not be heard.
	if of := len(says) + len(hears); of < 4*frames-frames/10 {
		t.Errorf("of what was said %d frames of %d were recorded: not %v, and not %v", of, 4*frames, missing(says, 0, 2*frames),
			missing(hears, 0, 2*frames))
	}
	if heard := 50 - len(missing(hears, 900, 50)); heard > 2 {
		t.Errorf("%d frames of what the agent said during hold are recorded", heard)
	}
	for when, first := range map[string]int{"before the hold": 0, "after the hold": frames} {
		late, of := step(says, hears, agentsEar, callersEar, first, frames)
		if late.Abs() > 100*time.Millisecond || of < frames/2 {
			t.Errorf("%s: the sides are %v out of step (%d frames)", when, late, of)
		}
	}
	must(t, h.sw.DeleteRecording(ctx, "talk-1"))
}

// However busy the machine is, nothing is lost. The phones have no right of way: they make pauses, and what they said and
// heard is what counts.
func TestRecordingIsWholeAndInStep(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	caller, agent, leg, other := h.talk(t, "rec-00000001")
	ctx := t.Context()
	callersEar, agentsEar := witness(caller.talks()), witness(agent.talks())
	const frames = 200 // four seconds
	converse(t, caller, agent, 0, frames)
	// On hold: the caller alone hears music, while the recording goes on.
	must(t, h.sw.Wait(ctx, leg))
	<-time.After(time.Second)
	must(t, h.sw.Join(ctx, "b-rec-00000001", leg))
	converse(t, caller, agent, frames, frames)
	hungUp := time.Now()
	caller.HangUp()
	if e := next(t, h.sw, telephony.RecordingEnded); e.At.Before(hungUp) {
		t.Errorf("the recording ended %v before the caller hung up", hungUp.Sub(e.At))
	}

	left, right := sides(t, h.sw, "rec-00000001")
	says, err1 := count(left, ofCaller)
	hears, err2 := count(withoutMusic(right), ofAgent)
	heard, err3 := count(withoutMusic(caller.talks().Heard()), ofAgent)
	must(t, err1, err2, err3)
	t.Logf("recorded %v: %d and %d of %d frames, the caller heard %d", left.Duration(), len(says), len(hears), 2*frames, len(heard))
	if lost := missing(says, 0, 2*frames); len(lost) > h.mayLose(2*frames) {
		t.Errorf("of what the caller said %d frames are lost: %v", len(lost), lost)
	}
	// What comes while the caller changes bridges is not heard. What is heard is recorded.
	lost := slices.DeleteFunc(missing(hears, 0, 2*frames), func(k int) bool { _, ok := heard[k]; return !ok })
	if len(lost) > h.mayLose(2*frames) || len(heard) < 2*frames-frames/10 {
		t.Errorf("of the %d frames that the caller heard %d are lost: %v", len(heard), len(lost), lost)
	}
	for when, first := range map[string]int{"before the hold": 0, "after the hold": frames} {
		late, of := step(says, hears, agentsEar, callersEar, first, frames)
		t.Logf("%s: the agent's side is recorded %v later than it was (%d frames)", when, late, of)
		if late.Abs() > 100*time.Millisecond || of < frames/2 {
			t.Errorf("%s: the sides are %v out of step (%d frames)", when, late, of)
		}
	}
	must(t, h.sw.Hangup(ctx, other), h.sw.DeleteRecording(ctx, "rec-00000001"))
}

// step tells how much later than it was the right side is recorded: of the two frames of each number, how much later the
// right one is in the recording, less how much later it was heard; of n numbers from first on the median, because an ear
// wakes up late at times.
func step(left, right map[int]int, ofLeft, ofRight *earwitness, first, n int) (late time.Duration, of int) {
	var all []time.Duration
	for k := first; k < first+n; k++ {
		l, ok1 := left[k]
		r, ok2 := right[k]
		wasL, ok3 := ofLeft.at(k)
		wasR, ok4 := ofRight.at(k)
		if ok1 && ok2 && ok3 && ok4 {
			all = append(all, time.Duration(r-l)*speech.FrameTime-wasR.Sub(wasL))
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], len(all)
}

// The application is gone: nobody renews. Who talks goes on talking, and goes on being recorded.
func TestTalkAndRecordingOutliveTheLease(t *testing.T) {
	t.Parallel() // each has an Asterisk of its own, and mostly waits
	h := newFixture(t, nil)
	h.sw = h.connect(t)
	next(t, h.sw, telephony.Linked)
	caller, agent, leg, other := h.talk(t, "rec-00000002")
	must(t, h.sw.Renew(t.Context(), leg, time.Second))
	if e := next(t, h.sw, telephony.LegLost); e.Leg != leg {
		t.Errorf("lost %+v", e)
	}
	if err := h.sw.Renew(t.Context(), leg, time.Minute); !errors.Is(err, telephony.ErrGone) {
		t.Errorf("Renew of the lost leg: %v", err)
	}
	const frames, untilBridged = 200, 25
	must(t, utter(t.Context(), caller, ofCaller, 0, frames))
	caller.HangUp()
	next(t, h.sw, telephony.RecordingEnded)
	left, _ := sides(t, h.sw, "rec-00000002")
	recorded, err1 := count(left, ofCaller)
	heard, err2 := count(agent.talks().Heard(), ofCaller)
	must(t, err1, err2)
	t.Logf("after the lease ran out the agent heard %d and the recording holds %d of %d frames", len(heard), len(recorded), frames)
	if lost := missing(recorded, 0, frames); len(lost) > h.mayLose(frames) {
		t.Errorf("the recording lacks %v", lost)
	}
	if lost := missing(heard, untilBridged, frames-untilBridged); len(lost) > 0 {
		t.Errorf("the agent did not hear %v", lost)
	}
	select {
	case <-agent.talks().Done():
	case <-time.After(10 * time.Second):
		t.Errorf("the agent's leg %s outlived the caller", other)
	}
}
