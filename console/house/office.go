package house

import (
	"context"
	"errors"
	"io"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// Calls lists a practice's calls and their notes.
func (h *House) Calls(ctx context.Context, f console.CallsFilter) (console.CallsPage, error) {
	return h.calls(ctx, f, false)
}

// Export is Calls for a file that leaves the service: it needs that right and leaves that trace.
func (h *House) Export(ctx context.Context, f console.CallsFilter) (console.CallsPage, error) {
	return h.calls(ctx, f, true)
}

func (h *House) calls(ctx context.Context, f console.CallsFilter, export bool) (console.CallsPage, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.CallsPage{}, err
	}
	q := record.CallSelection{CallType: f.CallType, State: string(f.State), Agent: telephony.AgentID(f.Agent), Search: f.Search,
		After: f.After,
		Limit: f.Limit, Export: export}
	zone := time.UTC
	if f.Account != "" {
		if !a.May(notes.SearchCalls, string(f.Account)) {
			return console.CallsPage{}, console.Refuse(console.NotFound, "portal.error.not-found")
		}
		acc, err := h.cfg.Store.Account(ctx, f.Account)
		if err != nil {
			return console.CallsPage{}, pageRefusal(err)
		}
		q.Accounts = []telephony.AccountID{f.Account}
		if zone, err = time.LoadLocation(acc.TimeZone); err != nil {
			return console.CallsPage{}, err
		}
	}
	if q.From, err = localDay(f.From, zone, 0); err != nil {
		return console.CallsPage{}, err
	}
	if q.To, err = localDay(f.To, zone, 1); err != nil {
		return console.CallsPage{}, err
	}
	page, err := h.cfg.Store.Calls(ctx, q)
	if errors.Is(err, record.ErrCursor) {
		return console.CallsPage{}, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err != nil {
		return console.CallsPage{}, pageRefusal(err)
	}
	var n needs
	for _, l := range page.Lines {
		n.line(l)
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.CallsPage{}, err
	}
	out := console.CallsPage{Next: page.Next, Total: page.Total, Rows: make([]console.CallRow, len(page.Lines))}
	for i, l := range page.Lines {
		out.Rows[i] = s.callRow(l)
		if !export {
			continue
		}
		if err := h.takeAway(ctx, a, s, l, &out.Rows[i]); err != nil {
			return console.CallsPage{}, pageRefusal(err)
		}
	}
	return out, nil
}

// takeAway adds what an export holds beside a list: the practice's time zone and, for somebody who may read them, the notes'
// words, with a leaf for each note that is opened.
func (h *House) takeAway(ctx context.Context, a access.Actor, s set, l record.CallLine, row *console.CallRow) error {
	if zone, err := time.LoadLocation(s.accounts[l.Call.Account].TimeZone); err == nil { // checked when the practice was stored
		row.At, row.Zone = row.At.In(zone), zone.String()
	}
	if l.Note == nil || !a.May(notes.ReadNote, string(l.Note.Account)) {
		return nil
	}
	n, err := h.cfg.Store.Open(ctx, l.Note.ID)
	if err != nil {
		return err
	}
	row.Words = &console.NoteWords{Name: n.Body.Fields["name"], Number: n.Body.Fields["callback"], Reason: n.Body.Fields["reason"]}
	for _, add := range n.AddOns {
		if add.Kind == notes.CloseWord {
			row.Words.Ended = add.Text
		}
	}
	return nil
}

// localDay is the beginning of a practice's day, some days later; zero for "".
func localDay(day string, zone *time.Location, plus int) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return time.Time{}, console.Refuse(console.Invalid, "portal.error.date")
	}
	return t.AddDate(0, 0, plus), nil
}

// CallStory returns the whole story of one call.
func (h *House) CallStory(ctx context.Context, call telephony.CallID) (console.CallStory, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.CallStory{}, err
	}
	st, err := h.cfg.Store.StoryOf(ctx, call, "")
	if err != nil {
		return console.CallStory{}, pageRefusal(err)
	}
	line := record.CallLine{Call: st.Call, Note: st.Note, HasRecording: len(st.Recordings) > 0}
	var n needs
	n.line(line)
	if st.Note != nil {
		line.Patient = notes.DisplayName(st.Note.Body.Fields["name"])
		n.add(cardNeeds(*st.Note))
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.CallStory{}, err
	}
	out := console.CallStory{Row: s.callRow(line), Lines: shownLines(st.Lines), Caller: formatNumber(st.Call.ANI),
		Proof: console.Proof{Leaves: st.Proof.Leaves, Sequenced: st.Proof.Sequenced, Checkpoint: st.Proof.Checkpoint, At: st.Proof.At}}
	if st.Note != nil {
		card := s.card(a, *st.Note, h.cfg.Now())
		out.Card = &card
	}
	return out, nil
}

// Recording writes a call's recording.
func (h *House) Recording(ctx context.Context, call telephony.CallID, w io.Writer) error {
	if _, err := reader(ctx); err != nil {
		return err
	}
	return pageRefusal(h.cfg.Store.PlayRecording(ctx, call, w))
}

// Week tells who is on call for seven days.
func (h *House) Week(ctx context.Context, account telephony.AccountID, from string) (console.Week, error) {
	a, err := reader(ctx)
	if err != nil {
		return console.Week{}, err
	}
	if !a.May(notes.ReadNote, string(account)) {
		return console.Week{}, console.Refuse(console.NotFound, "portal.error.not-found")
	}
	acc, err := h.cfg.Store.Account(ctx, account)
	if err != nil {
		return console.Week{}, pageRefusal(err)
	}
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return console.Week{}, err
	}
	start := h.cfg.Now().In(zone)
	if from != "" {
		if start, err = localDay(from, zone, 0); err != nil {
			return console.Week{}, err
		}
	}
	y, m, d := start.Date()
	w := console.Week{Account: accountRef(acc), From: time.Date(y, m, d, 0, 0, 0, 0, zone), To: time.Date(y, m, d+7, 0, 0, 0, 0, zone),
		Shifts: []console.WeekShift{}, Gaps: []console.WeekShift{}, Problems: []console.WeekProblem{}}
	sched, err := h.cfg.Routing.Schedule(ctx, acc, start, false)
	if err != nil {
		return console.Week{}, err
	}
	for _, role := range sched.Roles() {
		q := oncall.Query{Role: role}
		for _, s := range sched.Shifts(w.From, w.To, q) {
			w.Shifts = append(w.Shifts, weekShift(acc, sched, role, s))
		}
		for _, s := range sched.Gaps(w.From, w.To, q) {
			w.Gaps = append(w.Gaps, weekShift(acc, sched, role, s))
		}
	}
	for _, p := range routing.ScheduleProblems(routing.Warn, sched.Warnings()) {
		w.Problems = append(w.Problems, weekProblem(acc, sched, p))
	}
	return w, nil
}

func weekShift(acc notes.Account, sched *oncall.Schedule, role string, s oncall.Shift) console.WeekShift {
	out := console.WeekShift{Role: role, Who: []string{}, From: s.From, To: s.Until}
	for _, p := range s.People {
		out.Who = append(out.Who, provider(acc, sched, role, p, s.From, s.Until, false).Name)
	}
	return out
}
