package house_test

import (
	"errors"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel"
	"lamplight/routing/dispatch"
)

// withRefills is the rig's practice with a call type that waits for the office.
func withRefills(ladders map[notes.Urgency]string) notes.Account {
	a := practice("lakeside", "+13125550100")
	refill := a.Script.CallTypes[0]
	refill.ID, refill.Digit, refill.Urgency, refill.Ladder, refill.Ladders = "refill", "2", notes.Routine, "", ladders
	refill.Label, a.Script.CallTypes[0].Label = notes.Text{"en": "Refill"}, notes.Text{"en": "Symptom"}
	a.Script.CallTypes = append(a.Script.CallTypes, refill)
	return a
}

func refill(id string, u notes.Urgency) console.Draft {
	d := draft(id, "", "lakeside")
	d.CallType, d.Urgency = "refill", u
	return d
}

// An emergency on a call type that waits for the office is not sent to wait: it stops, and the agent is told who can be
// told. The practice may name a ladder for it, and then it climbs.
func TestAnEmergencyNeverWaitsForTheOffice(t *testing.T) {
	r := newRig(t)
	agent, seed := r.as(t, "agent"), access.System(t.Context(), "seed")
	put := func(a notes.Account) {
		t.Helper()
		if err := r.store.PutAccount(seed, a); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(d console.Draft, goes console.Goes) {
		t.Helper()
		p, err := r.Preview(agent, d)
		if err != nil || p.Goes != goes {
			t.Errorf("the preview of %s: %q, %v; want %q", d.ID, p.Goes, err, goes)
		}
		if lacks := p.Missing["urgency"]; (lacks == notes.FieldNoLadder) != (goes == console.GoesNowhere) {
			t.Errorf("the preview of %s lacks %q", d.ID, lacks)
		}
		s, err := r.Send(agent, d)
		if goes != console.GoesNowhere {
			if err != nil || s.Goes != goes {
				t.Errorf("%s: sent %q, %v; want %q", d.ID, s.Goes, err, goes)
			}
			return
		}
		var refused *console.Error
		if !errors.As(err, &refused) || refused.Code != "desk.error.no-ladder" || refused.Fields["urgency"] != notes.FieldNoLadder {
			t.Fatalf("%s: %+v, %v", d.ID, s, err)
		}
		if refused.Vars["who"] != "Dr Reyes" || refused.Vars["callTypes"] != "Symptom" {
			t.Errorf("%s: who can be told is %v", d.ID, refused.Vars)
		}
	}
	put(withRefills(nil))
	expect(refill("routine", notes.Routine), console.GoesToOffice)
	expect(refill("urgent", notes.Urgent), console.GoesNowhere)
	expect(refill("emergency", notes.Emergency), console.GoesNowhere)
	put(withRefills(map[notes.Urgency]string{notes.Emergency: "urgent"}))
	expect(refill("routine again", notes.Routine), console.GoesToOffice)
	expect(refill("urgent", notes.Urgent), console.GoesNowhere)
	expect(refill("emergency", notes.Emergency), console.GoesToPeople)
	first, err := r.Send(agent, refill("emergency", notes.Emergency))
	if err != nil {
		t.Fatal(err)
	}
	put(withRefills(nil))
	if again, err := r.Send(agent, refill("emergency", notes.Emergency)); err != nil || again.Note != first.Note {
		t.Errorf("what was sent, sent again when there is no ladder any more: %q, %v; it is %q", again.Note, err, first.Note)
	}
	if _, err := r.Send(r.as(t, "other-agent"), refill("emergency", notes.Emergency)); err == nil {
		t.Error("another practice's agent was answered")
	}
	var stored int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from note").Scan(&stored); err != nil || stored != 3 {
		t.Errorf("%d notes, %v", stored, err)
	}
	r.verify(t)
}

// Who left is told nothing, and their place shows as a hole, also where a server sends by what it read before they left.
func TestWhoLeftIsToldNothing(t *testing.T) {
	r := newRig(t)
	agent, seed := r.as(t, "agent"), access.System(t.Context(), "seed")
	s, err := r.Send(agent, draft("before", "", "lakeside"))
	if err != nil || s.Goes != console.GoesToPeople {
		t.Fatalf("%q, %v", s.Goes, err)
	}
	if err := r.door.Leave(seed, "doctor"); err != nil {
		t.Fatal(err)
	}
	if s, err = r.Send(agent, draft("after", "", "lakeside")); err != nil || s.Goes != console.GoesToBoard ||
		len(r.addresses(t, s.Note)) > 0 {
		t.Errorf("%q to %v, %v", s.Goes, r.addresses(t, s.Note), err)
	}
	p, err := r.Preview(agent, draft("look", "", "lakeside"))
	want := `[{"rung":0,"who":"primary","contact":"reyes","name":"Dr Reyes","why":"left"}]`
	if err != nil || p.Goes != console.GoesToBoard || asJSON(t, p.Holes) != want {
		t.Errorf("%q with holes %s, %v", p.Goes, asJSON(t, p.Holes), err)
	}
	w, err := r.Week(r.as(t, "office"), "lakeside", "")
	if err != nil || len(w.Gaps) != 1 || len(w.Problems) != 1 || w.Problems[0].Field != "layers[0].who[0]" ||
		!strings.HasPrefix(w.Problems[0].Says["es"], "«Dr Reyes» ya no trabaja aquí desde ") {
		t.Errorf("the week shows %s, %v", asJSON(t, w), err)
	}
	acc, err := r.store.Account(seed, "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	on, err := r.OnCallNow(seed, acc)
	if err != nil || len(on) == 0 || on[0].Role != "primary" || on[0].Name != "" {
		t.Errorf("the desk shows %+v, %v", on, err)
	}
}

// Without a carrier nothing leaves, and nobody is told that it does.
func TestNothingIsOnItsWayWithoutACarrier(t *testing.T) {
	r := newRig(t)
	agent := r.as(t, "agent")
	r.carriers(t, map[routing.ChannelKind]channel.Channel{})
	p, err := r.Preview(agent, draft("look", "", "lakeside"))
	want := `[{"rung":0,"who":"primary","contact":"reyes","name":"Dr Reyes","why":"no-carrier"}]`
	if err != nil || p.Goes != console.GoesToBoard || len(p.Contacts) > 0 || asJSON(t, p.Holes) != want {
		t.Errorf("%q, steps %v, holes %s, %v", p.Goes, p.Contacts, asJSON(t, p.Holes), err)
	}
	s, err := r.Send(agent, draft("sent", "", "lakeside"))
	if err != nil || s.Goes != console.GoesToBoard || !s.Row.NextAt.IsZero() {
		t.Errorf("%q, next %v, %v", s.Goes, s.Row.NextAt, err)
	}
}

// carriers gives the rig's server an escalation engine with these channels.
func (r *rig) carriers(t *testing.T, channels map[routing.ChannelKind]channel.Channel) {
	t.Helper()
	var err error
	c := dispatch.Config{Pool: r.pool, Log: r.log, LinkBase: "https://page.example", LinkKey: make([]byte, 32), Channels: channels}
	if r.routing, err = dispatch.New(c); err != nil {
		t.Fatal(err)
	}
	r.drive()
}
