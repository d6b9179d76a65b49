package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
	"lamplight/telephony/phone/speech"
)

// fakeDesk is a Backend in memory for one agent: it rings the desk's real phone and remembers what was sent. It checks
// nothing that the real one checks; what the window does with the answers is what these tests are about.
type fakeDesk struct {
	phone console.PhoneAccount
	ring  func(ctx context.Context, call telephony.CallID) (hangup func(), err error) // nil: the agent has a phone of their own

	once    sync.Once
	answers console.Answers

	mu        sync.Mutex // guards what follows
	watches   map[chan console.Event]bool
	agent     console.AgentView
	pop       *console.Pop
	hangup    func()
	board     []console.BoardRow
	boards    uint64 // changes of it told
	drafts    map[string]console.Draft
	sent      map[string]console.Sent
	bodies    []console.Draft
	said      []string // what supervisors and call-backs said
	calls     int
	now       []console.CallNow
	agents    []console.AgentNow
	asked     time.Time              // when a page asked for its state last
	still     bool                   // it answers no sending
	mute      bool                   // and stores it all the same
	reds      []string               // what is wrong with the service
	later     []notes.StoryLine      // what happened since a story was opened
	handed    console.TakenDraft     // what was handed over last
	lockAfter time.Duration          // how long nobody may touch the desk; zero is for ever
	bulletins []console.DeskBulletin // of the practice whose call comes in
}

func newFakeDesk(phone console.PhoneAccount) *fakeDesk {
	now := time.Now()
	return &fakeDesk{phone: phone, watches: map[chan console.Event]bool{}, drafts: map[string]console.Draft{},
		sent: map[string]console.Sent{}, board: startBoard(now),
		agent: console.AgentView{ID: "ana", Name: "Ana Ruiz", Languages: []telephony.Language{"en", "es"}, Interface: "en",
			State: telephony.AgentReady, Since: now}}
}

func (f *fakeDesk) helloLocked() console.Hello {
	p := f.pageLocked("")
	return console.Hello{Agent: f.agent, Now: time.Now(), Phone: f.phone, Pop: f.pop, Board: p.Rows, BoardNext: p.Next, BoardOpen: p.Open,
		BoardLate: p.Late,
		Figures: console.Figures{Figures: telephony.Figures{Waiting: 2, Longest: 14 * time.Second, ServiceLevel: 0.92, Ready: 3,
			Talking: 5}},
		Drafts: slices.Collect(maps.Values(f.drafts)), Training: true, Pauses: []console.PauseReason{"break", "meal", "training"}, Supervisor: true,
		LockAfter: f.lockAfter, Reds: f.reds}
}

// boardRows is how many rows a page of its board holds.
const boardRows = 50

// pageLocked is a page of the board, whose rows stand in the order they were given.
func (f *fakeDesk) pageLocked(after string) console.BoardPage {
	p := console.BoardPage{Rows: []console.BoardRow{}, Open: min(len(f.board), console.Many)}
	for i, r := range f.board {
		if r.Key = fmt.Sprintf("%05d", i); r.Late != "" {
			p.Late++
		}
		if r.Key <= after {
			continue
		}
		if len(p.Rows) == boardRows {
			p.Next = p.Rows[boardRows-1].Key
			continue
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

// boardLocked tells the board anew.
func (f *fakeDesk) boardLocked() {
	p := f.pageLocked("")
	f.boards++
	f.emit(console.Event{Kind: console.EventChange, Change: &console.BoardChange{Seq: f.boards, Page: &p, Open: p.Open, Late: p.Late}})
}

func (f *fakeDesk) Hello(context.Context) (console.Hello, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = time.Now()
	return f.helloLocked(), nil
}

func (f *fakeDesk) Watch(ctx context.Context) (<-chan console.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := make(chan console.Event, 256)
	h := f.helloLocked()
	ch <- console.Event{Kind: "hello", Sent: time.Now(), Hello: &h}
	f.watches[ch] = true
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watches, ch)
		close(ch)
	})
	return ch, nil
}

// locksAfter has the desk lock when nobody touched it for d, from now on.
func (f *fakeDesk) locksAfter(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lockAfter = d
	h := f.helloLocked()
	f.emit(console.Event{Kind: "hello", Hello: &h})
}

func (f *fakeDesk) emit(e console.Event) {
	e.Sent = time.Now()
	for ch := range f.watches {
		ch <- e
	}
}

func (f *fakeDesk) state(s telephony.AgentState, reason console.PauseReason) {
	f.agent.State, f.agent.Reason, f.agent.Since = s, reason, time.Now()
	a := f.agent
	f.emit(console.Event{Kind: "agent", Agent: &a})
}

func (f *fakeDesk) lock() func() { f.mu.Lock(); return f.mu.Unlock }

func (f *fakeDesk) Ready(context.Context) error {
	defer f.lock()()
	f.state(telephony.AgentReady, "")
	return nil
}
func (f *fakeDesk) Pause(_ context.Context, reason console.PauseReason) error {
	defer f.lock()()
	f.state(telephony.AgentPaused, reason)
	return nil
}
func (f *fakeDesk) WrapUpDone(ctx context.Context) error { return f.Ready(ctx) }

func (f *fakeDesk) move(s telephony.CallState) {
	if f.pop == nil {
		return
	}
	p := *f.pop
	p.State = s
	if s == telephony.Talking && p.AnsweredAt.IsZero() {
		p.AnsweredAt = time.Now()
	}
	f.pop = &p
	f.emit(console.Event{Kind: "call", Call: &console.CallMoved{Call: p.Call, State: s, Language: p.Language, At: time.Now(),
		Third: p.Third, Supervisor: p.Supervisor}})
}

// Patch has Dr Reyes's phone ring.
func (f *fakeDesk) Patch(b console.PatchRef) error {
	defer f.lock()()
	said, name := "bring in ", "Dr Reyes"
	if b.Plain {
		said = "talk first with "
	}
	if b.Contact == "pharmacy" {
		name = "Lakeside Pharmacy"
	}
	f.said = append(f.said, fmt.Sprint(said, b.Contact, b.Number, " ", b.Urgency))
	if b.Number == "(900) 555-0142" {
		return console.Refuse(console.Conflict, "desk.error.dial-premium")
	}
	f.thirdLocked(telephony.Held, console.Third{Name: name, State: telephony.ThirdRinging})
	return nil
}

// Transfer has the caller sent on.
func (f *fakeDesk) Transfer(b console.PatchRef) error {
	defer f.lock()()
	f.said = append(f.said, fmt.Sprint("transfer to ", b.Contact, b.Number))
	f.goneLocked(console.GoneTransferred)
	return nil
}

// Confer has all three talk.
func (f *fakeDesk) Confer() error {
	defer f.lock()()
	f.said = append(f.said, "all three")
	f.thirdLocked(telephony.Talking, console.Third{Name: f.pop.Third.Name, State: telephony.ThirdTalking})
	return nil
}

// third moves whom the agent brings in, and the call with them.
func (f *fakeDesk) third(s telephony.CallState, third console.Third) {
	defer f.lock()()
	f.thirdLocked(s, third)
}

func (f *fakeDesk) thirdLocked(s telephony.CallState, third console.Third) {
	p := *f.pop
	p.Third = &third
	f.pop = &p
	f.move(s)
}

func (f *fakeDesk) LeaveCall() error {
	defer f.lock()()
	f.said = append(f.said, "left")
	f.goneLocked(console.GonePatched)
	return nil
}

func (f *fakeDesk) Hold(context.Context, telephony.CallID) error {
	defer f.lock()()
	f.move(telephony.Held)
	return nil
}
func (f *fakeDesk) Resume(context.Context, telephony.CallID) error {
	defer f.lock()()
	if f.pop != nil && f.pop.Third != nil {
		f.thirdLocked(telephony.Talking, console.Third{Name: f.pop.Third.Name, Why: "taken-back"})
		return nil
	}
	f.move(telephony.Talking)
	return nil
}
func (f *fakeDesk) Rejoin(context.Context, telephony.CallID) error { return nil }
func (f *fakeDesk) SetLanguage(_ context.Context, _ telephony.CallID, l telephony.Language) error {
	defer f.lock()()
	if f.pop != nil {
		p := *f.pop
		p.Language = l
		f.pop = &p
		f.move(p.State)
	}
	return nil
}

func (f *fakeDesk) goneLocked(why console.GoneWhy) {
	if f.pop == nil {
		return
	}
	answered := !f.pop.AnsweredAt.IsZero()
	f.emit(console.Event{Kind: "gone", Gone: &console.Gone{Call: f.pop.Call, Why: why, At: time.Now()}})
	f.pop = nil
	if f.hangup != nil {
		go f.hangup()
		f.hangup = nil
	}
	if answered {
		f.state(telephony.AgentWrapUp, "")
	} else {
		f.state(telephony.AgentReady, "")
	}
}

func (f *fakeDesk) HangUp(context.Context, telephony.CallID) error {
	defer f.lock()()
	f.goneLocked("ended")
	return nil
}
func (f *fakeDesk) Reject(context.Context, telephony.CallID, uint64) error {
	defer f.lock()()
	f.goneLocked("rejected")
	return nil
}
func (f *fakeDesk) CallBack(context.Context, telephony.CallID) error {
	return f.PracticeCall(context.Background(), "fever")
}

func (f *fakeDesk) CallsNow(context.Context) ([]console.CallNow, error) {
	defer f.lock()()
	return f.now, nil
}
func (f *fakeDesk) EndCall(_ context.Context, call telephony.CallID) error {
	defer f.lock()()
	f.said = append(f.said, "ended: "+string(call))
	f.now = slices.DeleteFunc(slices.Clone(f.now), func(c console.CallNow) bool { return c.Call == call })
	return nil
}

// supervised has somebody be in on the agent's call.
func (f *fakeDesk) supervised(by *console.Supervisor) {
	defer f.lock()()
	p := *f.pop
	p.Supervisor = by
	f.pop = &p
	f.move(p.State)
}

func (f *fakeDesk) Agents(on bool) ([]console.AgentNow, error) {
	defer f.lock()()
	f.said = append(f.said, fmt.Sprint("agents ", on))
	return f.agents, nil
}

func (f *fakeDesk) Listen(b console.ListenRef) error {
	defer f.lock()()
	f.said = append(f.said, fmt.Sprint("listen ", b.Call, " ", b.Mode))
	f.agent.Supervises = &console.Supervised{Call: b.Call, Practice: "Lakeside Internal Medicine", Agent: "Luis Vega", Mode: b.Mode}
	f.state(telephony.AgentPaused, telephony.PausedToSupervise)
	return nil
}

func (f *fakeDesk) Unlisten() error {
	defer f.lock()()
	f.said = append(f.said, "unlisten")
	f.agent.Supervises = nil
	f.state(telephony.AgentReady, "")
	return nil
}

func (f *fakeDesk) SetAgent(b console.AgentSet) error {
	defer f.lock()()
	f.said = append(f.said, fmt.Sprint("set ", b.Agent, " ", b.State, " ", b.Reason))
	return nil
}

// PracticeCall pops a call and rings the desk's phone; the phone's answer makes it a talk.
func (f *fakeDesk) PracticeCall(_ context.Context, scenario string) error {
	defer f.lock()()
	now := time.Now()
	f.calls++
	p := console.Pop{Call: telephony.CallID(fmt.Sprintf("call-%04d", f.calls)), Epoch: 1, Deadline: now.Add(15 * time.Second),
		State:  telephony.Offered,
		Caller: "(312) 555-0142", CallerRaw: "+13125550142", Name: "MUNOZ MARIA", Language: telephony.English,
		ArrivedAt: now.Add(-9 * time.Second),
		Practice:  practice(now, false), Script: script(),
		Before: []console.Before{
			{At: now.Add(-83 * time.Minute), CallType: both("Symptom", "Síntoma"), State: notes.Read, StateAt: now.Add(-11 * time.Minute),
				Note: "n2", Ref: "L-4816"},
			{At: now.Add(-50 * time.Hour), Outcome: "abandoned"},
		}}
	p.Practice.Bulletins = f.bulletins
	switch scenario {
	case "niño":
		p.Practice, p.Language, p.Name, p.Before = practice(now, true), telephony.Spanish, "IBAÑEZ ROSA", nil
	case "hostile":
		p.Name = telephony.CleanName("<img src=x onerror=alert(1)>\u202egpj.exe\x00\x07 \u0635\u0648\u062a " + string(make([]byte, 10<<10)))
		p.Practice.Name, p.Caller, p.CallerRaw = "<script>document.title='owned'</script> & Co", "", ""
	}
	f.pop = &p
	f.state(telephony.AgentReserved, "")
	f.emit(console.Event{Kind: "pop", Pop: &p})
	f.ringLocked(p.Call)
	return nil
}

// ringLocked rings the built-in phone, if the agent has one.
func (f *fakeDesk) ringLocked(call telephony.CallID) {
	if f.ring == nil {
		return
	}
	go func() {
		hangup, err := f.ring(context.Background(), call)
		if err != nil {
			return // the phone said no; the offer runs out
		}
		defer f.lock()()
		f.hangup = hangup
		f.state(telephony.AgentTalking, "")
		f.move(telephony.Talking)
	}()
}

func (f *fakeDesk) SaveDraft(_ context.Context, d console.Draft) error {
	defer f.lock()()
	if _, sent := f.sent[d.ID]; !sent && f.drafts[d.ID].Seq <= d.Seq {
		f.drafts[d.ID] = d
	}
	return nil
}
func (f *fakeDesk) Drafts(context.Context) ([]console.Draft, error) {
	defer f.lock()()
	return slices.Collect(maps.Values(f.drafts)), nil
}
func (f *fakeDesk) DropDraft(_ context.Context, id string) error {
	defer f.lock()()
	delete(f.drafts, id)
	return nil
}

func (f *fakeDesk) SentDrafts(_ context.Context, refs console.DraftRefs) (out []console.SentDraft, err error) {
	defer f.lock()()
	for _, id := range refs.IDs {
		if s, ok := f.sent[id]; ok {
			out = append(out, console.SentDraft{ID: id, Reference: s.Reference})
		}
	}
	return out, nil
}

func (f *fakeDesk) Preview(_ context.Context, d console.Draft) (console.Preview, error) {
	if d.Urgency == notes.Routine {
		return console.Preview{}, nil
	}
	p := console.Preview{Board: time.Now().Add(10 * time.Minute), Contacts: []console.PreviewContact{
		{Name: "Dr Reyes", Channels: []routing.ChannelKind{routing.Text, routing.Push}},
		{Name: "Dr Reyes", Channels: []routing.ChannelKind{routing.Voice}, After: 3 * time.Minute},
		{Name: "Dr Osei", Channels: []routing.ChannelKind{routing.Text, routing.Voice}, After: 6 * time.Minute},
	}}
	if d.Account == "sol" {
		p.Contacts, p.Holes = p.Contacts[:2], []routing.PlanHole{{Rung: 2, Who: "backup", Why: "nobody-on-call"}}
	}
	return p, nil
}

// standStill has the server answer no sending from now on, or again.
func (f *fakeDesk) standStill(still bool) {
	defer f.lock()()
	f.still = still
}

func (f *fakeDesk) Send(_ context.Context, d console.Draft) (console.Sent, error) {
	defer f.lock()()
	if f.still && !f.mute {
		return console.Sent{}, &console.Error{Code: errUnreachable}
	}
	if s, ok := f.sent[d.ID]; ok {
		return s, nil
	}
	now := time.Now()
	id := notes.NoteID(fmt.Sprintf("sent-%d", len(f.sent)))
	s := console.Sent{Note: id, Reference: fmt.Sprintf("L-%d", 4821+len(f.sent)),
		Row: console.BoardRow{Kind: "note", Note: id, Call: d.Call, Ref: fmt.Sprintf("L-%d", 4821+len(f.sent)),
			Practice: "Lakeside Internal Medicine", Urgency: d.Urgency, Patient: "M. Muñoz", State: notes.Open, TakenAt: now,
			Last: console.LastStep{Kind: "text", Name: "Dr Reyes", Detail: console.DetailNone, At: now}, NextAt: now.Add(3 * time.Minute),
			NextKind: "voice", NextName: "Dr Reyes"}}
	f.sent[d.ID] = s
	f.bodies = append(f.bodies, d)
	delete(f.drafts, d.ID)
	f.board = append(f.board, s.Row)
	f.boardLocked()
	if f.still {
		return console.Sent{}, &console.Error{Code: errUnreachable}
	}
	return s, nil
}

func (f *fakeDesk) BoardPage(_ context.Context, q console.BoardQuery) (console.BoardPage, error) {
	defer f.lock()()
	return f.pageLocked(q.After), nil
}

func (f *fakeDesk) Story(_ context.Context, ref console.StoryRef) (console.Story, error) {
	defer f.lock()()
	i := slices.IndexFunc(f.board, func(r console.BoardRow) bool { return r.Note == ref.Note && r.Call == ref.Call })
	if i < 0 {
		return console.Story{}, console.Refuse(console.NotFound, "desk.error.not-found")
	}
	at := f.board[i].TakenAt
	line := func(after time.Duration, kind notes.LineKind, actor, detail string, leaf int64) notes.StoryLine {
		return notes.StoryLine{At: at.Add(after), Kind: kind, Actor: actor, Detail: detail, Leaf: leaf}
	}
	return console.Story{Row: f.board[i], Caller: "+13125550142", HasRecording: true,
		Labels: map[string]notes.Text{"name": both("Patient", "Paciente"), "callback": both("Call back", "Devolver a"),
			"dob": both("Born", "Nacimiento"), "reason": both("Reason", "Motivo")},
		Body: &notes.Body{Fields: map[string]string{"name": "José Ortega", "callback": "+13125550142", "dob": "1961-04-02",
			"reason": "Fever of 103 since last night; took acetaminophen twice, no better."},
			Verbatim: "Tiene calentura desde anoche y no se le baja con nada."},
		AddOns: []notes.AddOn{{ID: "a1", ByName: "Ana Ruiz", At: at.Add(4 * time.Minute), Kind: "agent",
			Text: "Caller rang again: now 103.4."}},
		Lines: []notes.StoryLine{line(-95*time.Second, "arrived", "", "", 4102), line(-93*time.Second, "language", "", "en", 4103),
			line(-81*time.Second, "offered", "Ana Ruiz", "", 4104),
			line(-78*time.Second, "answered", "Ana Ruiz", "", 4105), line(0, "note.taken", "Ana Ruiz", "", 4106),
			line(40*time.Millisecond, "attempt.sent", "Dr Reyes", "text", 4107),
			line(3*time.Second, "attempt.delivered", "Dr Reyes", "text", 4108), line(5*time.Second, "ended", "", "", 4109),
			line(3*time.Minute, "attempt.failed", "Dr Reyes", "voice", 4121),
			line(6*time.Minute, "attempt.sent", "Dr Osei", "text", -1)},
	}, nil
}

// NoteFor draws Lakeside, whatever was called.
func (f *fakeDesk) NoteFor(_ context.Context, ref console.CallRef) (console.Pop, error) {
	return console.Pop{Call: ref.Call, State: telephony.Ended, Language: "en", ArrivedAt: time.Now().Add(-6 * time.Minute),
		Practice: practice(time.Now(), false), Script: script(), Caller: "(312) 555-0142", CallerRaw: "+13125550142"}, nil
}

// Recording is a minute of silence.
func (f *fakeDesk) Recording(_ context.Context, ref console.RecordingRef) (console.RecordingPart, error) {
	wav := speech.PCM(make([]byte, 2*speech.Rate*60)).WAV()
	const most = 256 << 10
	return console.RecordingPart{Size: int64(len(wav)), Data: wav[ref.From:min(ref.From+most, int64(len(wav)))]}, nil
}

// TakeDraft takes the row from the board, with what was typed.
func (f *fakeDesk) TakeDraft(_ context.Context, ref console.DraftRef) (console.TakenDraft, error) {
	defer f.lock()()
	f.said = append(f.said, "take "+ref.ID)
	if f.handed.Draft.ID == ref.ID {
		return f.handed, nil
	}
	i := slices.IndexFunc(f.board, func(r console.BoardRow) bool { return r.Draft == ref.ID })
	if i < 0 {
		return console.TakenDraft{}, console.Refuse(console.NotFound, "desk.error.no-draft")
	}
	row := f.board[i]
	f.board = slices.Delete(slices.Clone(f.board), i, i+1)
	f.boardLocked()
	pop := console.Pop{Call: row.Call, State: telephony.Ended, Language: "en", ArrivedAt: row.TakenAt, Practice: practice(time.Now(), false),
		Script: script(), CallerRaw: "+13125550142"}
	return console.TakenDraft{Pop: pop, Draft: console.Draft{ID: ref.ID, Seq: 7, Call: row.Call, Account: "lakeside", CallType: "symptom",
		Urgency: notes.Urgent, Language: "en", SavedAt: row.TakenAt,
		Body: notes.Body{Fields: map[string]string{"name": "Rosa Bennett", "reason": "Chest tightness"}}}}, nil
}

// GiveDraft keeps what is given to whom.
func (f *fakeDesk) GiveDraft(_ context.Context, g console.DraftGift) error {
	defer f.lock()()
	f.said = append(f.said, "give "+g.Draft.Body.Fields["name"]+" to "+string(g.To))
	if g.To == "kim" {
		return console.Refuse(console.Conflict, "desk.error.give-away")
	}
	return nil
}

// HandOver keeps the call and its note, so that both can come back.
func (f *fakeDesk) HandOver(_ context.Context, g console.CallGift) error {
	defer f.lock()()
	f.said = append(f.said, "hand over "+g.Draft.Body.Fields["name"]+" to "+string(g.To))
	f.handed = console.TakenDraft{Draft: *g.Draft, Pop: *f.pop}
	f.goneLocked(console.GoneHandedOver)
	return nil
}

// handsBack has the colleague hand the call over to this desk, and then its note.
func (f *fakeDesk) handsBack(name string) {
	defer f.lock()()
	p := f.handed.Pop
	p.State, p.Epoch, p.Deadline, p.HandedBy = telephony.Offered, p.Epoch+1, time.Now().Add(15*time.Second), name
	f.pop = &p
	f.state(telephony.AgentRinging, "")
	f.emit(console.Event{Kind: console.EventPop, Pop: &p})
	f.ringLocked(p.Call)
	f.emit(console.Event{Kind: console.EventGiven, Given: &console.DraftGiven{ID: f.handed.Draft.ID, Name: name}})
}

func (f *fakeDesk) SignOut() error {
	defer f.lock()()
	f.said = append(f.said, "sign out")
	return nil
}

// StoryState tells a story's lines without its numbers, and those that happened since it was opened.
func (f *fakeDesk) StoryState(ctx context.Context, ref console.StoryRef) (console.StoryState, error) {
	st, err := f.Story(ctx, ref)
	defer f.lock()()
	return console.StoryState{State: st.Row.State, Lines: append(st.Lines, f.later...), HasRecording: true}, err
}

func (f *fakeDesk) AddOn(_ context.Context, _ notes.NoteID, text string) error {
	defer f.lock()()
	f.said = append(f.said, "addon: "+text)
	return nil
}
func (f *fakeDesk) CloseAbandoned(_ context.Context, call telephony.CallID, outcome string) error {
	defer f.lock()()
	f.said = append(f.said, "outcome: "+outcome)
	f.board = slices.DeleteFunc(slices.Clone(f.board), func(r console.BoardRow) bool { return r.Kind == "callback" && r.Call == call })
	f.boardLocked()
	return nil
}
func (f *fakeDesk) Supervise(_ context.Context, _ notes.NoteID, act console.SuperviseAct, reason string) error {
	defer f.lock()()
	f.said = append(f.said, string(act)+": "+reason)
	return nil
}
func (f *fakeDesk) Scenarios(context.Context) ([]console.Scenario, error) { return scenarios(), nil }
