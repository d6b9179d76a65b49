package switchtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lamplight/telephony"
)

// A World is a switch with people around it. Run asks for a new one in each of its tests.
type World interface {
	Switch() telephony.Switch
	// Caller dials did, and withholds an empty ani; the caller's phone stays until HangUp or the switch hangs up.
	Caller(did, ani telephony.Number, name string) Party
	// Agent says what the agent's phone of that name does when it is rung. Outside says it of a number of the
	// telephone network.
	Agent(endpoint string, p PhoneBehavior) Party
	Outside(n telephony.Number, p PhoneBehavior) Party
	// Unplug makes an agent's phone one that cannot be rung, until plug is called.
	Unplug(endpoint string) (plug func())
}

// A Party is somebody with a phone.
type Party interface {
	Press(digits string)
	HangUp()
	// Heard waits until the keys were heard that the other side has sent.
	Heard(keys string) bool
}

// Run checks that what make returns is a telephony.Switch in all that Switch promises and an outsider can see. The
// agents "agent1" and "agent2" and the prompts "lamplight/greeting" and "lamplight/beep" must be there.
func Run(t *testing.T, make func(t *testing.T) World) {
	for _, c := range []struct {
		name string
		test func(s *scene)
	}{
		{"a caller arrives, presses keys and hangs up", callerLives},
		{"a caller's name is cleaned", nameIsCleaned},
		{"a caller who withholds the number has neither number nor name", callerWithholds},
		{"bridges may be made, filled and removed again and again", bridges},
		{"who waits hears music with all who wait", waiting},
		{"prompts play one after the other and end once", plays},
		{"an agent's leg rings, enters, talks and ends", agentTalks},
		{"an agent is busy, does not answer, or the offer is withdrawn", agentDoesNot},
		{"a number of the telephone network is called", outsideNumber},
		{"a third party comes to two who talk, and one of the first leaves", threeTalk},
		{"one leg listens to another, whispers to it, and talks with all", listens},
		{"an extension is dialled after the answer", extension},
		{"a phone that cannot be rung is told, and that it can again", phoneOut},
		{"a recording is stereo and stays until it is deleted", recordingStays},
		{"a recording ends with its leg", recordingEndsWithLeg},
		{"an agent's leg is recorded from its answer, where the switch can", recordedFromAnswer},
		{"a lease that is not renewed loses the leg", leaseRunsOut},
		{"a snapshot shows what is there", snapshotShows},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := make(t)
			s := &scene{T: t, World: w, sw: w.Switch()}
			s.want(telephony.Linked)
			s.do(s.sw.Beat(t.Context()))
			c.test(s)
			s.nothingLeft()
		})
	}
}

// patience is how long an event may be under way. A real Asterisk on a busy machine takes its time.
const patience = 20 * time.Second

const (
	did = telephony.Number("+13125550100")
	ani = telephony.Number("+13125550142")
)

// A scene is one test.
type scene struct {
	*testing.T
	World
	sw    telephony.Switch
	early []telephony.Event // events that came while another was waited for
	count int
}

func (s *scene) do(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) gone(what string, err error) {
	s.Helper()
	if !errors.Is(err, telephony.ErrGone) {
		s.Errorf("%s: %v, want ErrGone", what, err)
	}
}

// id makes an id that no test before has used: on a real switch a recording of an earlier run may lie.
func (s *scene) id(kind string) string {
	s.count++
	return fmt.Sprintf("%s-%016x-%03d", kind, time.Now().UnixNano(), s.count)
}

// want waits for the next event of a kind and puts others of before aside, for later wants.
func (s *scene) want(kind telephony.EventKind, about ...func(telephony.Event) bool) telephony.Event {
	s.Helper()
	fits := func(e telephony.Event) bool {
		return e.Kind == kind && !slices.ContainsFunc(about, func(f func(telephony.Event) bool) bool { return !f(e) })
	}
	if i := slices.IndexFunc(s.early, fits); i >= 0 {
		e := s.early[i]
		s.early = slices.Delete(s.early, i, i+1)
		return e
	}
	late := time.After(patience)
	for {
		select {
		case e, ok := <-s.sw.Events():
			switch {
			case !ok:
				s.Fatalf("events ended before %s", kind)
			case fits(e):
				return e
			}
			s.early = append(s.early, e)
		case <-late:
			s.Fatalf("no %s; came: %+v", kind, s.early)
		}
	}
}

func of(leg telephony.LegID) func(telephony.Event) bool {
	return func(e telephony.Event) bool { return e.Leg == leg }
}

// arrive brings a caller in.
func (s *scene) arrive() (Party, telephony.LegID) {
	s.Helper()
	p := s.Caller(did, ani, "Ana Paz")
	e := s.want(telephony.LegArrived)
	if e.Leg == "" || e.DID != did || len(e.Called) == 0 || e.Called[0] != did || e.ANI != ani || e.CallerName != "Ana Paz" ||
		e.At.IsZero() {
		s.Errorf("arrived: %+v", e)
	}
	s.do(s.sw.Renew(s.Context(), e.Leg, time.Minute))
	return p, e.Leg
}

// answered brings a caller in, answers and puts them alone into a bridge.
func (s *scene) answered() (Party, telephony.LegID, telephony.BridgeID) {
	s.Helper()
	p, leg := s.arrive()
	b := telephony.BridgeID(s.id("bridge"))
	s.do(s.sw.Answer(s.Context(), leg))
	s.do(s.sw.MakeBridge(s.Context(), b))
	s.do(s.sw.Join(s.Context(), b, leg))
	return p, leg, b
}

func (s *scene) eventually(what string, so func() bool) {
	s.Helper()
	for deadline := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("after %v not yet: %s", patience, what)
		}
	}
}

func (s *scene) nothingLeft() {
	s.Helper()
	var left telephony.Snapshot
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var err error
		left, err = s.sw.Snapshot(context.Background())
		s.do(err)
		if len(left.Legs)+len(left.Bridges)+len(left.Recordings) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.Errorf("left behind: %+v", left)
			return
		}
	}
}
