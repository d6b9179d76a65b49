package house

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/routing/dispatch"
	"lamplight/telephony"
)

// boardSettles is how long changes are gathered before every desk's board is drawn anew: a send, its first attempts and
// their receipts come within milliseconds and are one change to a person.
const boardSettles = 120 * time.Millisecond

// boards says that the board has changed.
type boards struct{ changed chan struct{} }

func newBoards() boards { return boards{make(chan struct{}, 1)} }

// boardMoved has every desk's board drawn anew, soon.
func (h *House) boardMoved() {
	select {
	case h.boards.changed <- struct{}{}:
	default: // it is to be drawn already
	}
}

// Run keeps the desks' boards as routing moves them, until ctx ends.
func (h *House) Run(ctx context.Context) error {
	moved, err := h.cfg.Routing.Watch(ctx)
	if err != nil {
		return fmt.Errorf("watch the escalations: %w", err)
	}
	look := time.NewTicker(callersAgain)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			h.lookForCallers(ctx)
			continue
		case _, ok := <-moved:
			if !ok {
				return ctx.Err()
			}
		case <-h.boards.changed:
		}
		settle := time.NewTimer(boardSettles)
		for waiting := true; waiting; {
			select {
			case <-settle.C:
				waiting = false
			case <-moved:
			case <-h.boards.changed:
			case <-ctx.Done():
				settle.Stop()
				return nil
			}
		}
		h.draw(ctx)
	}
}

// A voicemail and a call to be called back climb no ladder: they wait on the agents, who are told again and again when they
// let them wait.
const (
	callersWait  = 5 * time.Minute
	callersAgain = time.Minute
)

func (h *House) lookForCallers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drawLimit)
	defer cancel()
	n, err := h.cfg.Store.Callers(ctx, h.cfg.Now().Add(-callersWait))
	if err != nil {
		h.cfg.Log.Error("console: who waits on the agents", "error", err)
	}
	if n > 0 {
		h.standsStill()
	}
}

// drawLimit is how long reading a board may take, and drawAgain when one that could not be read is tried again.
const (
	drawLimit = 10 * time.Second
	drawAgain = time.Second
)

// draw shows every desk its board. It is read once for all who may see the same of it, because a leaf a desk for each change
// would bury the log: the leaf of that one reading names everybody who is shown it.
func (h *House) draw(ctx context.Context) {
	ctx, cancel := context.WithTimeout(access.System(ctx, "console"), drawLimit)
	defer cancel()
	for _, desks := range h.streams.byView() {
		viewers := make([]access.Actor, len(desks))
		for i, d := range desks {
			viewers[i] = d.viewer
		}
		var rows []console.BoardRow
		open, err := h.cfg.Store.BoardFor(ctx, viewers...)
		if err == nil {
			rows, err = h.rows(ctx, open)
		}
		if err != nil {
			h.cfg.Log.Error("console: board", "error", err)
			time.AfterFunc(drawAgain, h.boardMoved)
			continue
		}
		for _, d := range desks {
			d.show(h.now(console.Event{Kind: console.EventBoard, Board: rows}))
		}
	}
}

// Board lists what waits on somebody: notes that climb or that nobody acknowledged, voicemails, calls to be called back, and
// what a provider wrote back until an agent adds to the note.
// A routine note that waits for the office without a ladder is on the practice's page, not here.
func (h *House) Board(ctx context.Context) ([]console.BoardRow, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return nil, err
	}
	open, err := h.cfg.Store.Board(ctx)
	if err != nil {
		return nil, refusal(err)
	}
	return h.rows(ctx, open)
}

// rows puts together what the record and routing know of what is open.
func (h *House) rows(ctx context.Context, open []record.BoardRow) ([]console.BoardRow, error) {
	climbs, err := h.cfg.Routing.Rows(ctx)
	if err != nil {
		return nil, err
	}
	byNote := make(map[notes.NoteID]routing.Row, len(climbs))
	for _, r := range climbs {
		byNote[r.Note] = r
	}
	out := []console.BoardRow{}
	for _, r := range open {
		climb, climbing := byNote[r.Note.ID]
		office := r.Kind == "note" && !climbing // it waits for the office, or somebody took it on
		if office && r.RepliedBy == "" && !pressing(r.Note) {
			continue
		}
		row, err := h.row(ctx, r)
		if err != nil {
			return nil, err
		}
		switch {
		case climbing:
			showClimb(&row, climb)
		case office:
			row.Last.Kind = "waiting"
		}
		if r.RepliedAt.After(row.Last.At) {
			row.Last = console.LastStep{Kind: "replied", Name: r.RepliedBy, At: r.RepliedAt}
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b console.BoardRow) int {
		return cmp.Or(cmp.Compare(lateness(b.Late), lateness(a.Late)), a.TakenAt.Compare(b.TakenAt))
	})
	return out, nil
}

// pressing tells that a note which climbs no ladder must not wait for the office out of everybody's sight.
func pressing(n notes.Note) bool {
	return n.Urgency != notes.Routine && (n.State == notes.Open || n.State == notes.Read)
}

// pushOn begins the next rung now. Past the last there is none: the ladder is climbed anew, as it stands now, because whoever
// presses that key wants somebody told.
func (h *House) pushOn(ctx context.Context, by routing.Actor, n notes.Note) error {
	r, err := h.cfg.Routing.Row(ctx, n.ID)
	if err != nil {
		return err
	}
	if r.State != routing.Exhausted {
		return h.cfg.Routing.Push(ctx, by, n.ID)
	}
	acc, err := h.cfg.Store.Account(ctx, n.Account)
	if err != nil {
		return err
	}
	p, climbs, err := h.plan(ctx, acc, n.CallType, n.Urgency)
	if err != nil {
		return err
	}
	if !climbs || !p.Reaches() {
		return console.Refuse(console.Conflict, "desk.error.nobody")
	}
	_, err = h.cfg.Routing.Reassign(ctx, by, n.ID, p)
	return err
}

// lateness orders rows: what nobody can be reached for stands on top.
func lateness(late string) int {
	return slices.Index([]string{string(routing.OnTime), string(routing.Late), string(routing.Unreachable)}, late)
}

// row draws a record's row.
func (h *House) row(ctx context.Context, r record.BoardRow) (console.BoardRow, error) {
	row := console.BoardRow{Kind: r.Kind, Note: r.Note.ID, Call: r.Call, Ref: r.Note.Reference, Account: r.Account, Urgency: r.Note.Urgency, Patient: r.Patient,
		State: r.Note.State, TakenAt: r.Since, Last: console.LastStep{Kind: "taken", At: r.Since}}
	switch r.Kind {
	case "callback":
		row.Last.Kind = "abandoned"
		if r.CutOff {
			row.Last.Kind = "cut-off"
		}
		if !r.Number {
			row.Last.Detail = "number-withheld"
		}
	case record.Voicemail:
		row.Last.Kind = "voicemail"
	}
	acc, err := h.cfg.Store.Account(ctx, r.Account)
	switch {
	case err == nil:
		row.Practice = acc.Name
	case !errors.Is(err, record.ErrNoAccount): // a call to a number nobody owns has no practice
		return row, err
	}
	return row, nil
}

// outcomes are what became of an attempt, by the step that told it: a text that was sent is not one that arrived. The
// reason of one that failed stands in the story.
var outcomes = map[string]string{
	dispatch.StepDelivered:   "delivered",
	dispatch.StepUndelivered: "undelivered",
	dispatch.StepFailed:      "failed",
	dispatch.StepOpened:      "opened",
	dispatch.StepWithdrawn:   "cancelled",
}

// showClimb puts what routing knows into a row.
func showClimb(row *console.BoardRow, r routing.Row) {
	row.Late = string(r.Late)
	row.NextAt, row.NextKind, row.NextName = r.Next.At, r.Next.Kind, r.Next.Name
	if !r.Last.At.IsZero() {
		row.Last = console.LastStep{Kind: r.Last.Kind, Name: r.Last.Name, Detail: r.Last.Detail, At: r.Last.At}
		if r.Last.Channel != "" {
			row.Last.Kind = string(r.Last.Channel)
			if became, ok := outcomes[r.Last.Kind]; ok {
				row.Last.Detail = became
			}
		}
	}
}

// Story opens a call and its note whole.
func (h *House) Story(ctx context.Context, ref console.StoryRef) (console.Story, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.Story{}, err
	}
	st, err := h.cfg.Store.StoryOf(ctx, ref.Call, ref.Note)
	if err != nil {
		return console.Story{}, refusal(err)
	}
	out := console.Story{Caller: formatNumber(st.Call.ANI), Lines: st.Lines, HasRecording: len(st.Recordings) > 0, Labels: map[string]notes.Text{}}
	account := st.Call.Account
	if st.Note != nil {
		account = st.Note.Account
		out.Body, out.AddOns = st.Note.Body, st.Note.AddOns
		r, err := h.cfg.Store.Row(ctx, st.Note.ID)
		if err != nil {
			return console.Story{}, refusal(err)
		}
		if out.Row, err = h.row(ctx, r); err != nil {
			return console.Story{}, err
		}
		climb, err := h.cfg.Routing.Row(ctx, st.Note.ID)
		if err == nil {
			showClimb(&out.Row, climb)
		} else if !errors.Is(err, routing.ErrNoDispatch) {
			return console.Story{}, err
		}
	} else {
		out.Row = console.BoardRow{Kind: "callback", Call: st.Call.ID, Account: account, TakenAt: st.Call.OpenedAt, Last: console.LastStep{Kind: string(st.Call.Outcome), At: st.Call.EndedAt}}
	}
	if st.FollowUp != nil {
		word := *st.FollowUp
		if word.ByName, err = h.name(ctx, word.By); err != nil {
			return console.Story{}, err
		}
		out.AddOns = append(out.AddOns, word)
	}
	acc, err := h.cfg.Store.Account(ctx, account)
	if err != nil && !errors.Is(err, record.ErrNoAccount) {
		return console.Story{}, err
	}
	out.Row.Practice = acc.Name
	if st.Note != nil {
		t, _ := callType(acc, st.Note.CallType)
		for _, f := range t.Fields {
			out.Labels[f.Key] = f.Label
		}
	}
	return out, nil
}

// before lists what this caller called about lately.
func (h *House) before(ctx context.Context, acc notes.Account, c telephony.Call) ([]console.Before, error) {
	const most = 5
	prior, err := h.cfg.Store.PriorCalls(ctx, acc.ID, c.ANI, c.ID, most)
	out := make([]console.Before, 0, len(prior))
	for _, p := range prior {
		b := console.Before{At: p.At, State: p.State, StateAt: p.StateAt, Note: p.Note, Ref: p.Ref}
		if t, ok := callType(acc, p.CallType); ok {
			b.CallType = t.Label
		}
		if p.Note == "" {
			b.Outcome = string(p.Outcome)
		}
		out = append(out, b)
	}
	return out, err
}
