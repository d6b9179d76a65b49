package switchtest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// take reads the next event and insists on its kind.
func take(t *testing.T, f *switchtest.Fake, want telephony.EventKind) telephony.Event {
	t.Helper()
	select {
	case e := <-f.Events():
		if e.Kind != want {
			t.Fatalf("event %+v, want %s", e, want)
		}
		return e
	case <-time.After(time.Minute):
		t.Fatalf("no %s", want)
		panic("unreached")
	}
}

func silent(t *testing.T, f *switchtest.Fake) {
	t.Helper()
	synctest.Wait()
	select {
	case e := <-f.Events():
		t.Fatalf("unexpected %+v", e)
	default:
	}
}

func start(t *testing.T) *switchtest.Fake {
	f := switchtest.NewFake()
	t.Cleanup(func() { f.Close() })
	take(t, f, telephony.Linked)
	if err := f.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFakeInsideABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		ctx := t.Context()
		leg := f.Arrive("+13125550100", "+13125550142", "Ana\u202e")
		if e := take(t, f, telephony.LegArrived); e.Leg != leg || e.CallerName != "Ana" {
			t.Errorf("arrived %+v", e)
		}
		for _, err := range []error{f.Answer(ctx, leg), f.MakeBridge(ctx, "b1"), f.Join(ctx, "b1", leg), f.Wait(ctx, leg),
			f.Record(ctx, leg, "r1"), f.Renew(ctx, leg, time.Hour)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if !f.HearsMusic(leg) {
			t.Error("no music")
		}
		if err := f.Join(ctx, "b1", leg); err != nil || f.HearsMusic(leg) {
			t.Errorf("music goes on: %v", err)
		}
		f.Phones["agent1"] = switchtest.PhoneBehavior{Answers: true, After: 3 * time.Second}
		asked := time.Now()
		o := telephony.Originate{Leg: "a1", Call: "c1", Agent: "agent1", Timeout: 20 * time.Second}
		if err := errors.Join(f.Originate(ctx, o), f.Originate(ctx, o)); err != nil {
			t.Fatal(err)
		}
		take(t, f, telephony.LegRinging)
		if e := take(t, f, telephony.LegEntered); e.Call != "c1" || time.Since(asked) != 3*time.Second {
			t.Errorf("entered %+v after %v", e, time.Since(asked))
		}
		if err := errors.Join(f.Join(ctx, "b1", "a1"), f.Renew(ctx, "a1", 0)); err != nil {
			t.Fatal(err)
		}
		if h := f.Hears(leg); len(h) != 1 || h[0] != "a1" {
			t.Errorf("hears %v", h)
		}
		f.HangUp(leg, 16)
		take(t, f, telephony.RecordingEnded)
		take(t, f, telephony.LegDown)
		for _, err := range []error{f.Hangup(ctx, "a1"), f.RemoveBridge(ctx, "b1"), f.DeleteRecording(ctx, "r1"), f.Leftover()} {
			if err != nil {
				t.Error(err)
			}
		}
		take(t, f, telephony.LegDown)
		silent(t, f)
	})
}

func TestFakeFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t)
		ctx := t.Context()
		boom := errors.New("boom")
		f.FailNext("MakeBridge", boom)
		f.LoseReply("MakeBridge", boom)
		if err := f.MakeBridge(ctx, "b1"); !errors.Is(err, boom) || f.Leftover() != nil {
			t.Errorf("FailNext: %v, %v", err, f.Leftover())
		}
		if err := f.MakeBridge(ctx, "b1"); !errors.Is(err, boom) || f.Leftover() == nil {
			t.Errorf("LoseReply: %v, %v", err, f.Leftover())
		}
		leg := f.Arrive("+1", "", "")
		take(t, f, telephony.LegArrived)
		time.Sleep(switchtest.CallerLease) // nobody renews
		if e := take(t, f, telephony.LegLost); e.Leg != leg {
			t.Errorf("lost %+v", e)
		}
		if err := f.Answer(ctx, leg); !errors.Is(err, telephony.ErrGone) {
			t.Errorf("Answer of a lost leg: %v", err)
		}
		if f.Arrive("+1", "", "") != "" {
			t.Error("a call was handed over though nobody beats")
		}
		f.Unlink()
		take(t, f, telephony.Unlinked)
		if err := f.Beat(ctx); !errors.Is(err, telephony.ErrUnlinked) {
			t.Errorf("Beat while unlinked: %v", err)
		}
		f.HangUp(leg, 16)
		f.Link()
		take(t, f, telephony.Linked)
		f.Demote()
		take(t, f, telephony.Demoted)
		silent(t, f)
		if cs := f.Commands(); len(cs) != 3 || !strings.Contains(cs[0].What, "b1") {
			t.Errorf("commands %+v", cs)
		}
	})
}
