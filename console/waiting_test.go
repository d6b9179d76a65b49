package console_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/telephony"
)

// desk is somebody's desk that hears what happens; the house runs with it until the test ends.
func (r *rig) desk(t *testing.T, id access.PersonID) <-chan console.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(r.as(t, id))
	t.Cleanup(cancel)
	events := r.Attend(ctx, telephony.AgentID(id))
	<-events
	return events
}

// next is the next event that fits.
func next(t *testing.T, events <-chan console.Event, fits func(console.Event) bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-events:
			if fits(e) {
				return
			}
		case <-deadline:
			t.Fatal("it never came")
		}
	}
}

// What nobody acts on is told at every desk, not in a log alone.
func TestANoteThatStandsStillIsToldAtEveryDesk(t *testing.T) {
	r := newRig(t)
	agent, boss := r.desk(t, "agent"), r.desk(t, "boss")
	for range 2 {
		r.StandsStill(routing.Alarm{Kind: routing.AlarmIgnored})
		for _, desk := range []<-chan console.Event{agent, boss} {
			next(t, desk, func(e console.Event) bool { return e.Kind == "notice" && e.Notice == "desk.notice.stands-still" })
		}
	}
}

// A doctor acknowledges, and writes back what the patient must be told. The agent who took the note has gone home: the others
// are told, and it stands on the board until one of them has answered.
func TestAReplyWaitsOnTheBoard(t *testing.T) {
	r := newRig(t)
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	doctor, boss := r.as(t, "doctor"), r.as(t, "boss")
	if _, err := r.Acknowledge(doctor, sent.Note); err != nil {
		t.Fatal(err)
	}
	rows := func() (out []string) {
		board, err := r.Board(boss)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range board {
			out = append(out, string(b.Note)+" "+b.Last.Kind+" "+b.Last.Name)
		}
		return out
	}
	if got := rows(); len(got) != 0 {
		t.Errorf("acknowledged, and on the board: %v", got)
	}
	events := r.desk(t, "boss")
	if _, err := r.Reply(doctor, sent.Note, "Have her go to the emergency room now"); err != nil {
		t.Fatal(err)
	}
	next(t, events, func(e console.Event) bool { return e.Notice == "desk.notice.reply" })
	if got := rows(); !slices.Equal(got, []string{string(sent.Note) + " replied Dr Reyes"}) {
		t.Errorf("after the reply: %v", got)
	}
	if err := r.AddOn(boss, sent.Note, "told her at 3:10"); err != nil {
		t.Fatal(err)
	}
	if got := rows(); len(got) != 0 {
		t.Errorf("after the answer: %v", got)
	}
	for _, do := range []func() error{
		func() error { _, err := r.Reply(doctor, sent.Note, "and call me after"); return err },
		func() error { _, err := r.CloseOut(doctor, sent.Note, "seen in the ER"); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := r.store.Note(t.Context(), sent.Note); err != nil || n.State != notes.Closed || len(rows()) != 0 {
		t.Errorf("closed: %v %v %v", n.State, err, rows())
	}
}

// Somebody has stored a schedule or a ladder that cannot be read. The agent still sees whom the call is for, and what the
// patient said is stored and does not wait in the agent's hands: whom the ladder names is told, or else it is on the board at once.
func TestANoteIsTakenThoughADocumentIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*notes.Account)
		told   string
		hole   string
	}{
		"no ladder of that name":  {func(a *notes.Account) { a.Ladders = []byte(`{"ladders":[]}`) }, "", routing.NoLadder},
		"ladders that are none":   {func(a *notes.Account) { a.Ladders = []byte(`{"ladders":5}`) }, "", routing.NoLadder},
		"a schedule that is none": {func(a *notes.Account) { a.Schedule = []byte(`{"layers":5}`) }, "", routing.NobodyOnCall},
		"but somebody is named":   {named, "Dr Reyes", routing.NobodyOnCall},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			broken := practice("lakeside", "+13125550100")
			c.change(&broken)
			if err := r.store.PutAccount(access.System(t.Context(), "seed"), broken); err != nil {
				t.Fatal(err)
			}
			agent := r.as(t, "agent")
			p, err := r.Preview(agent, draft("d1", "", "lakeside"))
			if err != nil || len(p.Holes) != 1 || p.Holes[0].Why != c.hole {
				t.Errorf("preview: %+v, %v", p, err)
			}
			if err := r.SaveDraft(agent, draft("d1", "", "lakeside")); err != nil {
				t.Fatal(err)
			}
			if h, err := r.Hello(agent); err != nil || len(h.DraftPops) != 1 || h.DraftPops[0].Practice.Name != "lakeside" {
				t.Errorf("the desk shows %+v, %v", h.DraftPops, err)
			}
			sent, err := r.Send(agent, draft("d1", "", "lakeside"))
			if err != nil {
				t.Fatal(err)
			}
			row, err := r.routing.Row(t.Context(), sent.Note)
			if err != nil || row.Next.Name != c.told || c.told == "" && (row.Next.Kind != routing.NextBoard || row.Next.At.After(time.Now())) {
				t.Errorf("then %+v, %v", row, err)
			}
		})
	}
}

func named(a *notes.Account) {
	a.Schedule = []byte(`{"layers":5}`)
	a.Ladders = []byte(`{"ladders":[{"name":"urgent","version":1,"rungs":[{"after":"0s","who":"primary","channels":["text"]},
		{"after":"3m","who":"contact:reyes","channels":["text"]}]}]}`)
}
