package house_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
	"lamplight/telephony/switchtest"
)

// An agent brings a provider in for a caller and leaves the two talking: the desk is told how far they are and why not, and the
// story says who was brought in.
func TestAnAgentBringsAProviderIn(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	sw.AnyPhone = switchtest.PhoneBehavior{Answers: true}
	sw.Phones["+13125550101"] = switchtest.PhoneBehavior{}
	ctx := r.as(t, "agent")
	desk, err := r.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	caller := sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
	call := telephony.CallOf(caller)
	moved := func(s telephony.CallState, third *console.Third) {
		t.Helper()
		next(t, desk, func(e console.Event) bool {
			return e.Call != nil && e.Call.State == s && reflect.DeepEqual(e.Call.Third, third)
		})
	}
	moved(telephony.Talking, nil)
	people, err := r.Directory(ctx, call)
	if err != nil || len(people.People) == 0 || !people.People[0].Rings {
		t.Fatalf("the practice's people: %+v, %v", people, err)
	}
	bringIn := console.PatchRef{Call: call, Contact: "reyes", Urgency: notes.Emergency}
	for _, who := range []notes.PersonID{"boss", "other-agent"} {
		if err := r.Patch(r.as(t, who), bringIn); !refusedAs(err, "desk.error.not-yours") {
			t.Errorf("%s brings somebody into another's call: %v", who, err)
		}
	}
	if err := r.LeaveCall(ctx, call); !refusedAs(err, "desk.error.leave-state") {
		t.Errorf("leaves a talk of two: %v", err)
	}
	if err := r.Patch(ctx, console.PatchRef{Call: call, Contact: "nobody"}); !refusedAs(err, "desk.error.not-found") {
		t.Errorf("brings in whom the practice does not name: %v", err)
	}
	rung := func() (leg telephony.LegID) {
		t.Helper()
		until(t, "the provider's phone rings", func() bool {
			for _, o := range sw.Originated() {
				if o.Number == "+13125550101" {
					leg = o.Leg
				}
			}
			return leg != ""
		})
		return leg
	}
	if err := r.Patch(ctx, bringIn); err != nil {
		t.Fatal(err)
	}
	moved(telephony.Held, &console.Third{Name: "Dr Reyes", State: telephony.ThirdRinging})
	if err := r.Patch(ctx, bringIn); !refusedAs(err, "desk.error.patch-busy") {
		t.Errorf("twice: %v", err)
	}
	first := rung()
	sw.HangUp(first, 17)
	moved(telephony.Talking, &console.Third{Name: "Dr Reyes", Why: "third-busy"})

	if err := r.Patch(ctx, bringIn); err != nil {
		t.Fatal(err)
	}
	moved(telephony.Held, &console.Third{Name: "Dr Reyes", State: telephony.ThirdRinging})
	var doctor telephony.LegID
	until(t, "it rings again", func() bool { doctor = rung(); return doctor != first })
	sw.Answers(doctor)
	moved(telephony.Held, &console.Third{Name: "Dr Reyes", State: telephony.ThirdAsked})
	until(t, "they are told that it is an emergency", func() bool {
		playing := sw.Playing(doctor)
		return len(playing) == 1 && slices.Contains(playing[0].Prompts, "lamplight/emergency")
	})
	sw.Press(doctor, "1")
	moved(telephony.Talking, &console.Third{Name: "Dr Reyes", State: telephony.ThirdTalking})
	if hello, err := r.Hello(ctx); err != nil || hello.Pop == nil || hello.Pop.Third == nil || hello.Pop.Third.Name != "Dr Reyes" {
		t.Errorf("a desk that comes back is told %+v, %v", hello.Pop, err)
	}
	if err := r.LeaveCall(ctx, call); err != nil {
		t.Fatal(err)
	}
	next(t, desk, func(e console.Event) bool { return e.Gone != nil && e.Gone.Why == console.GonePatched })
	if hello, err := r.Hello(ctx); err != nil || hello.Pop != nil {
		t.Errorf("the call is still on the desk: %+v, %v", hello.Pop, err)
	}
	if _, err := r.Directory(ctx, call); !refusedAs(err, "desk.error.not-yours") {
		t.Errorf("still the agent's: %v", err)
	}
	if now, err := r.CallsNow(r.as(t, "boss")); err != nil || len(now) != 1 || now[0].State != telephony.Patched {
		t.Errorf("the boss sees %+v, %v", now, err)
	}
	sw.HangUp(doctor, 16)
	var told []string
	until(t, "the story tells it", func() bool {
		st, err := r.Story(ctx, console.StoryRef{Call: call})
		if err != nil {
			t.Fatal(err)
		}
		told = nil
		for _, l := range st.Lines {
			if strings.HasPrefix(string(l.Kind), "patch") || l.Kind == "ended" {
				told = append(told, strings.TrimRight(strings.Join([]string{string(l.Kind), l.Whom, l.Detail}, "|"), "|"))
			}
		}
		return len(told) > 0 && strings.HasPrefix(told[len(told)-1], "ended")
	})
	want := []string{"patch-asked|Dr Reyes", "patch-failed|Dr Reyes|third-busy", "patch-asked|Dr Reyes", "patch-answered|Dr Reyes",
		"patched|Dr Reyes", "patch-left|Dr Reyes", "ended||third-hung-up"}
	if !slices.Equal(told, want) {
		t.Errorf("the story tells %q, want %q", told, want)
	}
}

// What may be called for a caller: the practice's places and whom somebody types, by its rule, refused in words; a transfer takes the
// call from the agent's desk, and one that fails brings it back with why.
func TestAnAgentCallsOutAndTransfers(t *testing.T) {
	r := newRig(t)
	sw := r.onTheLine(t)
	sw.AnyPhone = switchtest.PhoneBehavior{Answers: true}
	ctx := r.as(t, "agent")
	desk, err := r.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	caller := sw.Arrive("+13125550100", "+13125550142", "QUINONES XIMENA")
	call := telephony.CallOf(caller)
	moved := func(s telephony.CallState, third *console.Third) {
		t.Helper()
		next(t, desk, func(e console.Event) bool {
			return e.Call != nil && e.Call.State == s && reflect.DeepEqual(e.Call.Third, third)
		})
	}
	moved(telephony.Talking, nil)
	for number, code := range map[string]string{"911": "desk.error.dial-number", "555-0142": "desk.error.dial-number",
		"(900) 555-0142": "desk.error.dial-premium", "809 555 0142": "desk.error.dial-abroad", "+52 55 1234 5678": "desk.error.dial-abroad"} {
		for what, do := range map[string]func(context.Context, console.PatchRef) error{"talk first": r.Patch, "transfer": r.Transfer} {
			if err := do(ctx, console.PatchRef{Call: call, Number: number, Plain: true}); !refusedAs(err, code) {
				t.Errorf("%s with %s: %v", what, number, err)
			}
		}
	}
	if err := r.Confer(ctx, call); !refusedAs(err, "desk.error.leave-state") {
		t.Errorf("all three of two: %v", err)
	}
	sw.Phones["+13125550177"] = switchtest.PhoneBehavior{Answers: true}
	if err := r.Patch(ctx, console.PatchRef{Call: call, Number: "312 555 0177 x12", Plain: true}); err != nil {
		t.Fatal(err)
	}
	moved(telephony.Held, &console.Third{State: telephony.ThirdAlone})
	if err := r.Confer(ctx, call); err != nil {
		t.Fatal(err)
	}
	moved(telephony.Talking, &console.Third{State: telephony.ThirdTalking})
	os := sw.Originated()
	sw.HangUp(os[len(os)-1].Leg, 16)
	moved(telephony.Talking, nil)

	sw.Phones["+13125550101"] = switchtest.PhoneBehavior{Rejects: 17}
	if err := r.Transfer(ctx, console.PatchRef{Call: call, Contact: "reyes"}); err != nil {
		t.Fatal(err)
	}
	next(t, desk, func(e console.Event) bool { return e.Gone != nil && e.Gone.Why == console.GoneTransferred })
	next(t, desk, func(e console.Event) bool {
		return e.Pop != nil && e.Pop.State == telephony.Offered && reflect.DeepEqual(e.Pop.Third, &console.Third{Name: "Dr Reyes", Why: "third-busy"})
	})
	moved(telephony.Talking, &console.Third{Name: "Dr Reyes", Why: "third-busy"})
	sw.HangUp(caller, 16)
	var told []string
	until(t, "the story tells it", func() bool {
		st, err := r.Story(ctx, console.StoryRef{Call: call})
		if err != nil {
			t.Fatal(err)
		}
		told = nil
		for _, l := range st.Lines {
			if strings.Contains(string(l.Kind), "transfer") || l.Kind == "consulted" || l.Kind == "ended" {
				told = append(told, strings.TrimRight(strings.Join([]string{string(l.Kind), l.Whom, l.Detail}, "|"), "|"))
			}
		}
		return len(told) > 0 && strings.HasPrefix(told[len(told)-1], "ended")
	})
	if want := []string{"consulted", "transfer-asked|Dr Reyes", "no-transfer|Dr Reyes|third-busy", "ended"}; !slices.Equal(told, want) {
		t.Errorf("the story tells %q, want %q", told, want)
	}
}
