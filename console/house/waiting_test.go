package house_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

// desk is somebody's desk that hears what happens; the server runs with it until the test ends.
func (r *rig) desk(t *testing.T, id notes.PersonID) <-chan console.Event {
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
		r.StandsStill(dispatch.Alarm{Kind: dispatch.AlarmIgnored})
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
		for _, b := range r.board(t, "boss") {
			out = append(out, string(b.Note)+" "+string(b.Last.Kind)+" "+b.Last.Name)
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
		hole   routing.HoleReason
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
			row, err := r.routing.View(t.Context(), sent.Note)
			if err != nil || row.Next.Name != c.told || c.told == "" && (row.Next.Kind != routing.NextBoard ||
				row.Next.At.After(time.Now())) {
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

// What waits for a doctor stands in the inbox however old it is and however many calls came after it; and since no patient's
// name stands there, none is opened.
func TestAnInboxHoldsAllThatWaits(t *testing.T) {
	r := newRig(t)
	r.call(t, "call-old", "lakeside")
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-old", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.routing.Unfold(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"update attempt set state = 'accepted', sent_at = routing_now()",
		"update call set opened_at = opened_at - interval '4 days' where id = 'call-old'",
		"update note set taken_at = taken_at - interval '4 days'",
		`insert into call select 'call-' || i, account, did, caller, caller_term, language, state, agent, outcome, now(), answered_at, ended_at, inbound, followup
			from call, generate_series(1, 250) i where id = 'call-old'`,
	} {
		if _, err := r.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	inbox, err := r.Inbox(r.as(t, "doctor"), console.InboxQuery{})
	if err != nil || len(inbox.Rows) != 1 || inbox.Rows[0].Note != sent.Note || !inbox.Rows[0].Mine || inbox.Waiting != 1 {
		t.Errorf("%+v, %v", inbox, err)
	}
	var opened int
	if err := r.pool.QueryRow(t.Context(), "select count(*) from audit_outbox where convert_from(body, 'UTF8') like '%calls.opened%'").Scan(
		&opened); err != nil || opened != 0 {
		t.Errorf("%d leaves say that names were opened, %v", opened, err)
	}
}

// A voicemail is urgent and climbs no ladder. Agents who let it wait hear of it until one has handled it.
func TestACallerWhoWaitsIsToldAtEveryDesk(t *testing.T) {
	at := time.Now()
	for name, waits := range map[string]func(r *rig) error{
		"a voicemail": func(r *rig) error {
			v := telephony.Voicemail{Recording: "vm-1", DID: "+13125550100", ANI: "+13125550142", At: at, Length: time.Second}
			return r.store.KeepVoicemail(t.Context(), v, func(w io.Writer) error { _, err := w.Write([]byte("RIFF")); return err })
		},
		"a call cut off": func(r *rig) error {
			c := telephony.Call{ID: "0198c0de-0000-8000-8000-00000000cafe", DID: "+13125550100", Account: "lakeside", ANI: "+13125550142",
				Inbound:  true,
				Language: telephony.English, State: telephony.Ended, Outcome: telephony.Abandoned, OpenedAt: at, AnsweredAt: at,
				EndedAt: at}
			return r.store.Record(t.Context(), c, telephony.Step{At: at, Kind: "ended"})
		},
	} {
		t.Run(name, func(t *testing.T) { callerWaits(t, waits) })
	}
}

func callerWaits(t *testing.T, waits func(r *rig) error) {
	r := newRig(t)
	desk := r.desk(t, "agent")
	if err := waits(r); err != nil {
		t.Fatal(err)
	}
	told := func() bool {
		r.AnnounceWaiting(t.Context())
		r.FiguresMoved(telephony.Figures{}, nil) // comes after whatever was told
		for e := range desk {
			switch e.Kind {
			case "notice":
				<-desk // the figures
				return e.Notice == "desk.notice.stands-still"
			case "figures":
				return false
			}
		}
		return false
	}
	if told() {
		t.Error("told at once")
	}
	for _, sql := range []string{"update note set taken_at = taken_at - interval '6 minutes'",
		"update call set ended_at = ended_at - interval '6 minutes'"} {
		if _, err := r.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if !told() {
			t.Error("nobody is told")
		}
	}
	rows := r.board(t, "agent")
	if len(rows) != 1 {
		t.Fatal(rows)
	}
	if err := r.CloseAbandoned(r.as(t, "agent"), rows[0].Call, "rang back"); err != nil {
		t.Fatal(err)
	}
	if told() {
		t.Error("told although it is handled")
	}
}

// A phone that is none of a public push service is not taken: it would be promised in every preview and reached by none.
func TestAPhoneThatIsNoneIsNotTaken(t *testing.T) {
	r := newRig(t)
	for _, endpoint := range []string{"", "x", "http://push.example/1", "https://127.0.0.1/1", "https://[::1]/",
		"https://169.254.169.254/latest", "https://100.100.100.200/",
		"https://[64:ff9b::7f00:1]/", "https://u:p@push.example/", "https://push.example/" + strings.Repeat("x", 4000)} {
		if err := r.Subscribe(r.as(t, "doctor"), console.PushSubscription{Endpoint: endpoint}); err == nil {
			t.Errorf("%.60s was taken", endpoint)
		}
	}
	whole := console.PushSubscription{Endpoint: "https://push.example/1"}
	if err := r.Subscribe(r.as(t, "doctor"), whole); err == nil {
		t.Error("a phone without keys was taken")
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	whole.Keys.P256dh = base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	whole.Keys.Auth = base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	if err := r.Subscribe(r.as(t, "doctor"), whole); err != nil {
		t.Error(err)
	}
}

// Nobody answered, and the supervisor presses "next": the ladder is climbed anew by whoever is on call now. A key that wrote
// a line and told nobody would have silenced the alarm as well.
func TestPushingPastTheLastRungClimbsAnew(t *testing.T) {
	r := newRig(t)
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	boss := r.as(t, "boss")
	exhaust := func() {
		t.Helper()
		if _, err := r.pool.Exec(t.Context(), "update dispatch set state = 'exhausted' where state = 'climbing'"); err != nil {
			t.Fatal(err)
		}
	}
	exhaust()
	if err := r.Supervise(boss, sent.Note, "next", ""); err != nil {
		t.Fatal(err)
	}
	row, err := r.routing.View(t.Context(), sent.Note)
	if err != nil || row.State != routing.Climbing || row.Next.Name != "Dr Reyes" || row.Next.Kind != routing.NextText {
		t.Errorf("then %+v, %v", row, err)
	}
	if rows := r.board(t, "boss"); len(rows) != 1 {
		t.Errorf("the board: %+v", rows)
	}
	exhaust()
	gone := practice("lakeside", "+13125550100")
	gone.Schedule = []byte(`{"timezone":"America/Chicago","layers":[]}`)
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), gone); err != nil {
		t.Fatal(err)
	}
	if err := r.Supervise(boss, sent.Note, "next", ""); err == nil || err.Error() != "desk.error.nobody" {
		t.Errorf("when nobody is on call: %v", err)
	}
	if row, err := r.routing.View(t.Context(), sent.Note); err != nil || row.State != routing.Exhausted {
		t.Errorf("it stays %+v, %v", row, err)
	}
}

// A kind of call that waits for the office is told to nobody. A note above routine that was taken without a ladder, by a server
// of before Send refused it, stands on the board all the same, until somebody takes it on.
func TestWhatIsUrgentAndClimbsNothingIsOnTheBoard(t *testing.T) {
	r := newRig(t)
	acc := practice("lakeside", "+13125550100")
	acc.Script.CallTypes = append(acc.Script.CallTypes, notes.CallType{ID: "refill", Digit: "2", Urgency: notes.Routine})
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
	for u, want := range map[notes.Urgency]int{notes.Routine: 0, notes.Urgent: 1, notes.Emergency: 1} {
		d := draft("d-"+string(u), "", "lakeside")
		d.CallType, d.Urgency = "refill", u
		taken, err := r.store.Take(r.as(t, "agent"), notes.Draft(d))
		if err != nil {
			t.Fatal(err)
		}
		rows := r.board(t, "agent")
		if len(rows) != want || want == 1 && (rows[0].Note != taken.ID || rows[0].Last.Kind != "waiting") {
			t.Errorf("%s: %+v", u, rows)
		}
		if _, err := r.CloseOut(r.as(t, "office"), taken.ID, "done"); err != nil {
			t.Fatal(err)
		}
		if rows := r.board(t, "agent"); len(rows) != 0 {
			t.Errorf("%s, handled: %+v", u, rows)
		}
	}
}
