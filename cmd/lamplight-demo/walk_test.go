package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// boot opens the same demo that `lamplight-demo` opens, in a state directory of its own, and runs it until the test ends.
func boot(t *testing.T) *demo {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d, err := startDemo(ctx, &demoCmd{State: postgrestest.Dir(t), Calls: 1, ForTests: true}, time.Now())
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- d.server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("the server ended: %v", err)
		}
		if err := d.server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := d.pocket.Close(); err != nil {
			t.Errorf("close the pocket: %v", err)
		}
		if t.Failed() {
			b, err := os.ReadFile(d.server.State.Path("server.log"))
			t.Logf("server.log: %s %v", b, err)
		}
	})
	return d
}

func (d *demo) walkers(t *testing.T) *walker {
	t.Helper()
	w, err := d.newWalker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// TestTheWalk walks an English and a Spanish call from INVITE to proof over real Asterisk, PostgreSQL, NATS, SIP, SMTP and
// HTTP, then looks for the patients' words everywhere they must not be.
func TestTheWalk(t *testing.T) {
	d := boot(t)
	w := d.walkers(t)
	for i := range 2 {
		r := w.walk(t.Context(), d.script(i))
		for _, s := range r.Marks {
			t.Logf("%9.1f ms %s", s.MS, s.What)
		}
		if r.Error != "" || !r.Acknowledged || r.AgentHeard < heardWell || r.CallerHeard < heardWell {
			t.Fatalf("%s: %+v", r.Scenario, r)
		}
	}
	t.Run("the provider calls the patient back", func(t *testing.T) { calledBack(t, w) })
	report, err := d.server.Verify(t.Context())
	if err != nil || !report.Good() || report.Leaves < 20 || len(report.Unchecked) > 0 {
		t.Fatalf("audit: %+v, %v", report, err)
	}
	t.Run("nothing of the patient is readable", func(t *testing.T) { nothingReadable(t, d) })
	t.Run("tampering is found", func(t *testing.T) { tamperingFound(t, d) })
}

// calledBack has the provider who took the newest note on connected to its patient, through the practice's number.
func calledBack(t *testing.T, w *walker) {
	ctx := access.System(t.Context(), "test")
	page, err := w.d.server.Record.Calls(ctx, record.CallSelection{Limit: 1})
	if err != nil || len(page.Lines) != 1 {
		t.Fatalf("the newest note: %+v, %v", page, err)
	}
	n := page.Lines[0].Note
	id := uuid.NewString()
	body := map[string]string{"id": id}
	if err := w.providers.reading[n.AckedBy].post(ctx, "/api/notes/"+string(n.ID)+"/call", body, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.providers.reading[n.AckedBy].post(ctx, "/api/notes/"+string(n.ID)+"/call", body, nil); err != nil {
		t.Fatalf("asked again with the same id: %v", err)
	}
	var legs []telephony.LegView
	eventually(t, "provider and patient in one bridge", func() bool {
		s, err := w.d.server.Switch.Client.Snapshot(ctx)
		legs = s.Legs
		return err == nil && len(legs) == 2 && len(s.Bridges) == 1 && len(s.Bridges[0].Legs) == 2
	})
	eventually(t, "the call back in the record", func() bool { // which is written while the switch acts
		c, err := w.d.server.Record.Call(ctx, telephony.CallID(id))
		return err == nil && c.State == telephony.Talking && !c.Inbound
	})
	if err := w.d.server.Switch.Client.Hangup(ctx, legs[0].Leg); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call back's end", func() bool {
		c, err := w.d.server.Record.Call(ctx, telephony.CallID(id))
		s, serr := w.d.server.Switch.Client.Snapshot(ctx)
		return err == nil && serr == nil && c.State == telephony.Ended && c.Outcome == telephony.Completed && len(s.Legs) == 0
	})
}

// nothingReadable looks for the patients' words in the database and the state directory.
func nothingReadable(t *testing.T, d *demo) {
	dump, err := dumped(t.Context(), d.server)
	if err != nil {
		t.Fatal(err)
	}
	places, found, err := readable(d.server.State.Dir, dump, patientWords())
	if err != nil {
		t.Fatal(err)
	}
	if places < 10 {
		t.Fatalf("only %d places were searched", places)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// tamperingFound changes one thing after the other behind the log's back; each must be found beside those before it.
func tamperingFound(t *testing.T, d *demo) {
	ctx := t.Context()
	found := 0
	for _, one := range []struct{ what, sql string }{
		{"an edited note", "update note set urgency = 'routine' where id = (select min(id) from note)"},
		{"a removed step", "delete from call_step where id = (select min(id) from call_step)"},
		{"an edited step of the climb", "update dispatch_step set actor = 'x' where id = (select min(id) from dispatch_step)"},
		{"a row without a leaf", "insert into call_step select id || 'x', call, at, kind, agent, detail from call_step limit 1"},
		{"an edited leaf", "update audit_leaf set body = body || 'x'::bytea where idx = 3"},
		{"a removed leaf", "delete from audit_leaf where idx = 7"},
	} {
		tag, err := d.server.Pool.Exec(ctx, one.sql)
		if err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v, %d rows", one.what, err, tag.RowsAffected())
		}
		report, err := d.server.Verify(ctx)
		if err != nil {
			t.Logf("%s: %v", one.what, err)
			continue // a log so broken that it cannot be sequenced is found, too
		}
		if len(report.Findings) <= found {
			t.Errorf("%s was not found: %v", one.what, report.Findings)
		}
		found = len(report.Findings)
	}
}

// TestTheCallerHangsUp at each state: the call ends once, with the right outcome, and nothing is left on the switch.
func TestTheCallerHangsUp(t *testing.T) {
	d := boot(t)
	w := d.walkers(t)
	ctx := t.Context()
	dial := func(t *testing.T) *phone.Call {
		t.Helper()
		c, err := w.network.Dial(ctx, phone.Outgoing{Number: "+13125550100", From: "+13125550142"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	hangUp := func(t *testing.T, c *phone.Call) {
		t.Helper()
		if err := c.Hangup(ctx); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("while waiting", func(t *testing.T) {
		c := dial(t)
		eventually(t, "waiting", func() bool { return len(d.server.Engine.Calls()) == 1 })
		hangUp(t, c)
		w.ended(t, telephony.Abandoned)
	})
	t.Run("while it rings at the agent", func(t *testing.T) {
		if err := console.AskReady.Do(ctx, w.desk, console.Nothing{}); err != nil {
			t.Fatal(err)
		}
		c := dial(t)
		in := <-w.phone.Incoming()
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		hangUp(t, c)
		<-in.Gone()
		w.ended(t, telephony.Abandoned)
	})
	t.Run("while talking", func(t *testing.T) {
		c := dial(t)
		agent, err := (<-w.phone.Incoming()).Answer(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.until(ctx, "talking", func(s deskState) bool { return s.call == telephony.Talking }); err != nil {
			t.Fatal(err)
		}
		hangUp(t, c)
		<-agent.Done()
		w.ended(t, telephony.Completed)
	})
	actor := access.System(ctx, "test")
	page, err := d.server.Record.Board(actor, record.BoardSelection{})
	rows := page.Lines
	if err != nil {
		t.Fatal(err)
	}
	var callbacks []record.BoardLine
	for _, r := range rows {
		if r.Kind == "callback" {
			callbacks = append(callbacks, r)
		}
	}
	if len(callbacks) != 1 || callbacks[0].Tries != 2 {
		t.Fatalf("to be called back %+v, want one row of the two abandoned calls", callbacks)
	}
	t.Run("and is called back", func(t *testing.T) { w.callsBack(t, callbacks[0].Call) })
}

// TestALateNotesDoctorIsCalledNow: the agent has one of the practice's people rung, who sees the practice's number; both hear
// each other, a key that the doctor presses ends nothing, and the note's story says who was called.
func TestALateNotesDoctorIsCalledNow(t *testing.T) {
	d := boot(t)
	w := d.walkers(t)
	ctx := t.Context()
	sent, _, _ := w.taken(t)
	reach, err := console.AskReach.Of(ctx, w.desk, console.NoteRef{Note: sent.Note})
	if err != nil || len(reach.People) == 0 || !reach.People[0].Rings {
		t.Fatalf("whom to call: %+v, %v", reach, err)
	}
	doctor := reach.People[0]
	w.seen.pop, w.seen.gone = nil, ""
	if err := console.AskCallContact.Do(ctx, w.desk, console.NoteContact{Note: sent.Note, Contact: doctor.Contact}); err != nil {
		t.Fatal(err)
	}
	if err := w.until(ctx, "the pop of the call", func(s deskState) bool { return s.pop != nil }); err != nil {
		t.Fatal(err)
	}
	call := w.seen.pop.Call
	agent, err := (<-w.phone.Incoming()).Answer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.until(ctx, "talking", func(s deskState) bool { return s.call == telephony.Talking }); err != nil {
		t.Fatal(err)
	}
	s, err := d.server.Switch.Client.Snapshot(ctx)
	if err != nil || len(s.Legs) != 2 || len(s.Bridges) != 1 || len(s.Bridges[0].Legs) != 2 {
		t.Fatalf("on the switch: %+v, %v", s, err)
	}
	says, err := voice.Agent(string(telephony.English)) // whoever is called in a practice call says it, and has pressed 1 before
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the doctor is heard", func() bool {
		got, _, _ := speech.Follow(agent.Heard(), says)
		return got > heardWell
	})
	c, err := d.server.Record.Call(access.System(ctx, "test"), call)
	if err != nil || c.Inbound || c.ANI == "" || c.DID == "" || c.Agent == "" {
		t.Errorf("in the record: %+v, %v", c, err)
	}
	if err := console.AskHangUp.Do(ctx, w.desk, console.CallRef{Call: call}); err != nil {
		t.Fatal(err)
	}
	<-agent.Done()
	w.ended(t, telephony.Completed)
	story, err := console.AskStory.Of(ctx, w.desk, console.StoryRef{Note: sent.Note})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(story.Lines, func(l notes.StoryLine) bool {
		return l.Kind == notes.LineCalled && strings.Contains(l.Actor, doctor.Name)
	}) {
		t.Errorf("the story does not say that %s was called: %+v", doctor.Name, story.Lines)
	}
	w.verified(t)
}

// callsBack has the agent call back who gave up: a pop with name and number, their phone, the caller's, the keys, the end.
func (w *walker) callsBack(t *testing.T, gaveUp telephony.CallID) {
	ctx := t.Context()
	w.seen.pop, w.seen.gone = nil, ""
	if err := console.AskCallBack.Do(ctx, w.desk, console.CallBackRef{Call: gaveUp}); err != nil {
		t.Fatal(err)
	}
	if err := w.until(ctx, "the pop of the call back", func(s deskState) bool { return s.pop != nil }); err != nil {
		t.Fatal(err)
	}
	if p := w.seen.pop; !p.Outbound || p.Back != gaveUp || p.CallerRaw == "" || p.Practice.Name == "" || len(p.Script.CallTypes) == 0 {
		t.Errorf("the desk shows %+v", p)
	}
	call := w.seen.pop.Call
	in := <-w.phone.Incoming()
	if in.Header("X-Lamplight-Call") != string(call) {
		t.Errorf("the agent's phone rings for %q, the desk shows %q", in.Header("X-Lamplight-Call"), call)
	}
	agent, err := in.Answer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.until(ctx, "talking", func(s deskState) bool { return s.call == telephony.Talking }); err != nil {
		t.Fatal(err)
	}
	if err := console.AskHangUp.Do(ctx, w.desk, console.CallRef{Call: call}); err != nil {
		t.Fatal(err)
	}
	<-agent.Done()
	if err := w.until(ctx, "the end of it", func(s deskState) bool { return s.gone == call }); err != nil {
		t.Fatal(err)
	}
	if err := console.AskCloseAbandoned.Do(ctx, w.desk, console.CallOutcome{Call: gaveUp, Outcome: "reached"}); err != nil {
		t.Fatal(err)
	}
	w.ended(t, telephony.Completed)
}

// eventually waits for a condition that no event tells.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, time.Minute)
		}
		time.Sleep(10 * time.Millisecond) // between two looks at the condition
	}
}

// ended waits until no call lives and the switch is empty, and checks the newest call's outcome.
func (w *walker) ended(t *testing.T, want telephony.Outcome) {
	t.Helper()
	ctx := access.System(t.Context(), "test")
	eventually(t, "an empty switch", func() bool {
		s, err := w.d.server.Switch.Client.Snapshot(ctx)
		return err == nil && len(s.Legs) == 0 && len(s.Bridges) == 0 && len(s.Recordings) == 0 && len(w.d.server.Engine.Calls()) == 0
	})
	var got telephony.Outcome
	eventually(t, "an outcome", func() bool {
		page, err := w.d.server.Record.Calls(ctx, record.CallSelection{Limit: 1})
		if err != nil || len(page.Lines) != 1 {
			t.Fatalf("the newest call: %+v, %v", page, err)
		}
		got = page.Lines[0].Call.Outcome
		return got != ""
	})
	if got != want {
		t.Errorf("outcome %q, want %q", got, want)
	}
}
