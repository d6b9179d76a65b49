package house_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// everything asks for a call and its note of lakeside by every way there is, and hands over each answer.
func (r *rig) everything(ctx context.Context, note notes.NoteID, call telephony.CallID, token string,
	got func(way string, answer any, err error)) {
	tell := func(way string) func(any, error) { return func(v any, err error) { got(way, v, err) } }
	none := func(err error) (any, error) { return nil, err }
	pair := func(v any, err error) (any, error) { return v, err }
	pages := map[string]func() (any, error){
		"me":                 func() (any, error) { return pair(r.Me(ctx)) },
		"locate":             func() (any, error) { return pair(r.Locate(ctx, token)) },
		"inbox":              func() (any, error) { return pair(r.Inbox(ctx, console.InboxQuery{})) },
		"card":               func() (any, error) { return pair(r.Card(ctx, note)) },
		"the card's state":   func() (any, error) { return pair(r.CardState(ctx, note)) },
		"rendered":           func() (any, error) { return none(r.Rendered(ctx, note, token)) },
		"acknowledge":        func() (any, error) { return pair(r.Acknowledge(ctx, note)) },
		"pass on":            func() (any, error) { return pair(r.PassOn(ctx, note)) },
		"reply":              func() (any, error) { return pair(r.Reply(ctx, note, "x")) },
		"close":              func() (any, error) { return pair(r.CloseOut(ctx, note, "x")) },
		"call the patient":   func() (any, error) { return none(r.CallPatient(ctx, note, strings.Repeat("a", 36))) },
		"calls":              func() (any, error) { return pair(r.Calls(ctx, console.CallsFilter{})) },
		"calls of lakeside":  func() (any, error) { return pair(r.Calls(ctx, console.CallsFilter{Account: "lakeside"})) },
		"calls by name":      func() (any, error) { return pair(r.Calls(ctx, console.CallsFilter{Search: "Quiñones"})) },
		"calls by number":    func() (any, error) { return pair(r.Calls(ctx, console.CallsFilter{Search: "312 555 0142"})) },
		"calls by reference": func() (any, error) { return pair(r.Calls(ctx, console.CallsFilter{Search: "L-1000"})) },
		"calls to take away": func() (any, error) { return pair(r.Export(ctx, console.CallsFilter{Account: "lakeside"})) },
		"call story":         func() (any, error) { return pair(r.CallStory(ctx, call)) },
		"recording":          func() (any, error) { var b bytes.Buffer; err := r.Recording(ctx, call, &b); return b.String(), err },
		"week":               func() (any, error) { return pair(r.Week(ctx, "lakeside", "")) },
		"schedule":           func() (any, error) { return pair(r.Schedule(ctx, console.ScheduleQuery{Account: "lakeside"})) },
		"moment": func() (any, error) {
			return pair(r.Moment(ctx, console.MomentQuery{Account: "lakeside", At: "2100-01-01T02:00"}))
		},
		"one's own days": func() (any, error) { return pair(r.MyDuty(ctx)) },
		"take a shift": func() (any, error) {
			return pair(r.Duty(ctx, console.DutyChange{Account: "lakeside", Act: console.DutyFill}))
		},
		"change the schedule": func() (any, error) {
			return pair(r.EditSchedule(ctx, console.ScheduleEdit{Account: "lakeside", Why: "x"}))
		},
		"people":              func() (any, error) { return pair(r.People(ctx, console.PeopleFilter{})) },
		"a person":            func() (any, error) { return pair(r.Person(ctx, "doctor")) },
		"practices of people": func() (any, error) { return pair(r.KeptPractices(ctx)) },
		"contacts of people":  func() (any, error) { return pair(r.KeptContacts(ctx, "lakeside")) },
		"one's own":           func() (any, error) { return pair(r.Own(ctx)) },
		"one's own end":       func() (any, error) { return none(r.EndOwn(ctx, "x")) },
		"board":               func() (any, error) { return pair(r.BoardPage(ctx, console.BoardQuery{})) },
		"story by call":       func() (any, error) { return pair(r.Story(ctx, console.StoryRef{Call: call})) },
		"story by note":       func() (any, error) { return pair(r.Story(ctx, console.StoryRef{Note: note})) },
		"the story's state":   func() (any, error) { return pair(r.StoryState(ctx, console.StoryRef{Note: note})) },
		"add on":              func() (any, error) { return none(r.AddOn(ctx, note, "x")) },
		"close what was left": func() (any, error) { return none(r.CloseAbandoned(ctx, call, "x")) },
		"supervise next":      func() (any, error) { return none(r.Supervise(ctx, note, "next", "")) },
		"supervise cancel":    func() (any, error) { return none(r.Supervise(ctx, note, "cancel", "x")) },
		"call back":           func() (any, error) { return none(r.CallBack(ctx, call, "")) },
		"call the number":     func() (any, error) { return none(r.CallBack(ctx, call, note)) },
		"end the call":        func() (any, error) { return none(r.EndCall(ctx, call)) },
		"listen in": func() (any, error) {
			return none(r.Listen(ctx, console.ListenRef{Call: call, Mode: telephony.Monitor}))
		},
		"the agents": func() (any, error) { return pair(r.Agents(ctx, true)) },
		"set an agent": func() (any, error) {
			return none(r.SetAgent(ctx, console.AgentSet{Agent: "agent", State: telephony.AgentReady}))
		},
		"the calls of now":  func() (any, error) { return pair(r.CallsNow(ctx)) },
		"how far a call is": func() (any, error) { return pair(r.CallStep(ctx, note, "x")) },
		"preview":           func() (any, error) { return pair(r.Preview(ctx, draft("d9", call, "lakeside"))) },
		"take over a draft": func() (any, error) { return pair(r.TakeDraft(ctx, "d1")) },
		"give a draft": func() (any, error) {
			return none(r.GiveDraft(ctx, console.DraftGift{Draft: draft("d1", call, "lakeside"), To: "agent"}))
		},
		"who could finish it":  func() (any, error) { return pair(r.Colleagues(ctx, "lakeside")) },
		"a note of a call":     func() (any, error) { return pair(r.NoteFor(ctx, call)) },
		"a recording's part":   func() (any, error) { return pair(r.RecordingPart(ctx, console.RecordingRef{Call: call})) },
		"send":                 func() (any, error) { return pair(r.Send(ctx, draft("d9", call, "lakeside"))) },
		"send another's draft": func() (any, error) { return pair(r.Send(ctx, draft("d1", call, "lakeside"))) },
		"save a draft":         func() (any, error) { return none(r.SaveDraft(ctx, draft("d9", call, "lakeside"))) },
		"drafts":               func() (any, error) { return pair(r.Drafts(ctx)) },
		"drafts sent":          func() (any, error) { return pair(r.SentDrafts(ctx, []string{"d1"})) },
		"whom to reach":        func() (any, error) { return pair(r.Reach(ctx, note)) },
		"page again":           func() (any, error) { return none(r.PageAgain(ctx, note)) },
		"page another": func() (any, error) {
			return none(r.PageContact(ctx, console.NoteContact{Note: note, Contact: "reyes"}))
		},
		"call one": func() (any, error) {
			return none(r.CallContact(ctx, console.NoteContact{Note: note, Contact: "reyes"}))
		},
		"told one": func() (any, error) { return none(r.ToldByVoice(ctx, console.NoteTold{Note: note, Contact: "reyes"})) },
		"one took it on": func() (any, error) {
			return none(r.ToldByVoice(ctx, console.NoteTold{Note: note, Contact: "reyes", Took: true}))
		},
		"whom to bring in":     func() (any, error) { return pair(r.Directory(ctx, call)) },
		"bring in":             func() (any, error) { return none(r.Patch(ctx, console.PatchRef{Call: call, Contact: "reyes"})) },
		"transfer":             func() (any, error) { return none(r.Transfer(ctx, console.PatchRef{Call: call, Contact: "reyes"})) },
		"all three":            func() (any, error) { return none(r.Confer(ctx, call)) },
		"leave the call":       func() (any, error) { return none(r.LeaveCall(ctx, call)) },
		"take over":            func() (any, error) { return none(r.TakeOver(ctx, note)) },
		"take over on a phone": func() (any, error) { return pair(r.TakeOverCard(ctx, note)) },
		"hello":                func() (any, error) { return pair(r.Hello(ctx)) },
	}
	for way, do := range pages {
		tell(way)(do())
	}
}

// harmless are the ways that answer everybody, with what is theirs alone.
var harmless = map[string]bool{"me": true, "one's own": true, "one's own end": true, "people": true, "a person": true,
	"practices of people": true, "contacts of people": true, "one's own days": true, "inbox": true, "calls": true, "calls by name": true, "calls by number": true,
	"calls by reference": true,
	"board":              true, "drafts": true, "drafts sent": true, "hello": true, "the calls of now": true,
	"the agents": true}

// TestNobodySeesAnotherPractice asks for lakeside's note by every way of the pages and the desks, as people of bosque, as an
// administrator and as nobody: each way is refused like what does not exist, or answers nothing of the patient, and does nothing.
func TestNobodySeesAnotherPractice(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	state := func() (out string) {
		if err := r.pool.QueryRow(t.Context(), `select n.state || ' ' || d.state || ' ' || (select count(*) from add_on)
			|| ' ' || (select count(*) from note)
			|| ' ' || (select count(*) from draft) || ' ' || (select count(*) from dispatch_step)
			from note n join dispatch d on d.note = n.id`).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := state()
	ways := 0
	for _, who := range []notes.PersonID{"other-doctor", "other-office", "other-agent", "other-boss", "admin", ""} {
		ctx := t.Context()
		if who != "" {
			ctx = r.as(t, who)
		}
		r.everything(ctx, sent.Note, "call-1", "no-such-token", func(way string, answer any, err error) {
			ways++
			shown := asJSON(t, answer)
			for _, w := range words {
				if strings.Contains(shown, w) {
					t.Errorf("%s, as %q, shows %q: %.300s", way, who, w, shown)
				}
			}
			var refusal *console.Error
			switch {
			case err == nil && (!harmless[way] || who == ""):
				t.Errorf("%s, as %q, is answered: %.300s", way, who, shown)
			case err != nil && !errors.As(err, &refusal):
				t.Errorf("%s, as %q: %v", way, who, err)
			}
		})
		if after := state(); after != before {
			t.Errorf("as %q it became %q, was %q", who, after, before)
		}
	}
	if ways < 150 {
		t.Errorf("only %d tries", ways)
	}
	var opened int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox where object in ($1, 'call-1') and convert_from(body, "+
		"'UTF8') like '%opened%'", sent.Note).
		Scan(&opened); err != nil || opened != 0 {
		t.Errorf("%d leaves say that it was opened, %v", opened, err)
	}
}

// TestEveryReadingLeavesALeaf holds each way by which a patient's words are shown against the log.
func TestEveryReadingLeavesALeaf(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		way  string
		who  notes.PersonID
		leaf string
		read func(context.Context) (any, error)
	}{
		{"card", "doctor", "note.opened", func(ctx context.Context) (any, error) { return r.Card(ctx, sent.Note) }},
		{"calls", "office", "calls.opened", func(ctx context.Context) (any, error) { return r.Calls(ctx, console.CallsFilter{}) }},
		{"export", "office", "calls.exported", func(ctx context.Context) (any, error) { return r.Export(ctx, console.CallsFilter{}) }},
		{"export of a note", "office", "note.opened", func(ctx context.Context) (any, error) {
			page, err := r.Export(ctx, console.CallsFilter{})
			if err == nil && (page.Rows[0].Words == nil || page.Rows[0].Zone != "America/Chicago") {
				t.Errorf("the file would hold %+v", page.Rows[0])
			}
			return page, err
		}},
		{"call story", "office", "story.opened", func(ctx context.Context) (any, error) { return r.CallStory(ctx, "call-1") }},
		{"story", "agent", "story.opened", func(ctx context.Context) (any, error) {
			return r.Story(ctx,
				console.StoryRef{Note: sent.Note})
		}},
		{"board", "agent", "board.opened", func(ctx context.Context) (any, error) { return r.BoardPage(ctx, console.BoardQuery{}) }},
		{"recording", "office", "recording.opened", func(ctx context.Context) (any, error) {
			var b bytes.Buffer
			err := r.Recording(ctx, "call-1", &b)
			return b.String(), err
		}},
	} {
		t.Run(c.way, func(t *testing.T) {
			count := func() (n int) {
				if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox where convert_from(body, 'UTF8') like '%' || "+
					"$1 || '%' and convert_from(body, 'UTF8') like '%\"' || $2 || '\"%'", c.leaf, c.who).
					Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			before := count()
			answer, err := c.read(r.as(t, c.who))
			if err != nil {
				t.Fatal(err)
			}
			if shown := asJSON(t, answer); !strings.Contains(shown, "Quiñones") && !strings.Contains(shown, "esternón") {
				t.Errorf("it shows nothing: %.300s", shown)
			}
			if after := count(); after != before+1 {
				t.Errorf("%d leaves say %s, before %d", after, c.leaf, before)
			}
		})
	}
}

// A note that hangs on another practice's call (an agent's desk says which) shows nothing of that call's caller, and stands in
// nobody else's list.
func TestANoteOnAnotherPracticesCall(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-1", "lakeside")
	d := draft("d2", "call-1", "bosque")
	d.Body = notes.Body{Fields: map[string]string{"name": "Otro Paciente"}}
	sent, err := r.Send(r.as(t, "other-agent"), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []notes.PersonID{"other-doctor", "other-agent"} {
		st, err := r.store.StoryOf(r.as(t, who), "", sent.Note)
		if err != nil || st.Note == nil || st.Call.ANI != "" || st.Call.CallerName != "" {
			t.Errorf("as %s: %+v, %v", who, st.Call, err)
		}
	}
	if _, err := r.CallStory(r.as(t, "other-doctor"), "call-1"); err == nil {
		t.Error("the other practice opens the call by its id")
	}
	story, err := r.CallStory(r.as(t, "office"), "call-1")
	if err != nil || story.Card != nil || !strings.Contains(story.Caller, "555-0142") {
		t.Errorf("the call's own practice: %+v, %v", story, err)
	}
	page, err := r.Calls(r.as(t, "office"), console.CallsFilter{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Note != "" || page.Rows[0].Patient != "" {
		t.Errorf("its list: %+v, %v", page, err)
	}
	if err := r.Recording(r.as(t, "other-office"), "call-1", io.Discard); err == nil {
		t.Error("the other practice hears the call")
	}
}
