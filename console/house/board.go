package house

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// boardGather is how long changes are gathered before the desks are told: a sent note, its first attempts and their receipts
// come within milliseconds of each other, and to a person they are one change.
const boardGather = 120 * time.Millisecond

// boardPoll is how often the record is asked for changes of the board of which nobody here has told: another server may have
// made them.
const boardPoll = 2 * time.Second

// boards says that the board has changed.
type boards struct{ changed chan struct{} }

func newBoards() boards { return boards{make(chan struct{}, 1)} }

// boardMoved has the desks told what has changed on the board, soon.
func (h *House) boardMoved() {
	select {
	case h.boards.changed <- struct{}{}:
	default: // the desks are about to be told anyway
	}
}

// moves are the ids of the rows that have changed since the desks were last told; all says that they cannot be named.
type moves struct {
	ids map[string]bool
	all bool
}

func (m *moves) add(all bool, ids ...string) {
	m.all = m.all || all
	for _, id := range ids {
		m.ids[id] = true
	}
}

// Run tells the desks what changes on the board, until ctx ends.
func (h *House) Run(ctx context.Context) error {
	moved, err := h.cfg.Routing.Watch(ctx)
	if err != nil {
		return fmt.Errorf("watch the escalations: %w", err)
	}
	callers, look := time.NewTicker(callersAgain), time.NewTicker(boardPoll)
	defer callers.Stop()
	defer look.Stop()
	m := moves{ids: map[string]bool{}}
	var news record.News
	h.learn(ctx, &news, &m)
	m = h.draw(ctx, m) // a desk that already watches may have missed something
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-callers.C:
			h.announceWaiting(ctx)
			continue
		case note, ok := <-moved:
			if !ok {
				return ctx.Err()
			}
			m.add(note == "", string(note))
		case <-h.boards.changed:
		case <-look.C:
			h.raise(ctx, h.cfg.Now())
			if h.learn(ctx, &news, &m); len(m.ids) == 0 && !m.all {
				continue
			}
		}
		settle := time.NewTimer(boardGather)
		for waiting := true; waiting; {
			select {
			case <-settle.C:
				waiting = false
			case note := <-moved:
				m.add(note == "", string(note))
			case <-h.boards.changed:
			case <-ctx.Done():
				settle.Stop()
				return nil
			}
		}
		h.learn(ctx, &news, &m)
		m = h.draw(ctx, m)
	}
}

// raise puts notes that were not sent in time on the board, and begins the ladders of voicemails that were left too long.
func (h *House) raise(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(access.System(ctx, "console"), drawLimit)
	defer cancel()
	if err := h.cfg.Store.RaiseUnsent(ctx); err != nil {
		h.cfg.Log.Error("console: notes not sent", "error", err)
	}
	if err := h.cfg.Store.WakeVoicemails(ctx, now.Add(-time.Minute), func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		acc, err := h.cfg.Store.Account(ctx, n.Account)
		if err != nil && !errors.Is(err, record.ErrNoAccount) { // a call to a number that no practice owns is the service's own
			return err
		}
		if now.Sub(n.TakenAt) < acc.Voicemail.Wait() {
			return nil
		}
		plan, err := h.cfg.Routing.Plan(ctx, acc, n.CallType, acc.Voicemail.Ladder)
		if err != nil {
			return err
		}
		return h.cfg.Routing.BeginTx(ctx, tx, n, plan)
	}); err != nil {
		h.cfg.Log.Error("console: voicemails that wait", "error", err)
	}
}

// learn reads from the record what has changed.
func (h *House) learn(ctx context.Context, news *record.News, m *moves) {
	ctx, cancel := context.WithTimeout(ctx, drawLimit)
	defer cancel()
	ids, all, err := h.cfg.Store.Changed(ctx, news)
	if err != nil {
		h.cfg.Log.Error("console: what has changed on the board", "error", err)
		time.AfterFunc(drawAgain, h.boardMoved)
		return
	}
	m.add(all, ids...)
}

// A voicemail and a call to be called back climb no ladder: the agents must deal with them, and are reminded again and again.
const (
	callersWait  = 5 * time.Minute
	callersAgain = time.Minute
)

func (h *House) announceWaiting(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drawLimit)
	defer cancel()
	wait, err := h.cfg.Store.Callers(ctx, h.cfg.Now().Add(-callersWait))
	if err != nil {
		h.cfg.Log.Error("console: who waits on the agents", "error", err)
	}
	if wait {
		h.standsStill()
	}
	if err := h.cfg.Store.ForgetNews(ctx); err != nil {
		h.cfg.Log.Error("console: old changes of the board", "error", err)
	}
}

// drawLimit is how long reading a board may take; drawAgain is how soon it is tried again after a failure.
const (
	drawLimit = 10 * time.Second
	drawAgain = time.Second
)

// mostMoves is how many rows are told as changes; when more have changed, the whole first page is less to send.
const mostMoves = 100

// draw tells every desk what has changed on its board, and returns what could not be told. It reads once for all the desks that
// may see the same, and names all their agents in that reading's leaf: a leaf for each desk and change would swamp the log.
func (h *House) draw(ctx context.Context, m moves) (again moves) {
	ctx, cancel := context.WithTimeout(access.System(ctx, "console"), drawLimit)
	defer cancel()
	again = moves{ids: map[string]bool{}}
	q := record.BoardSelection{}
	if m.all = m.all || len(m.ids) > mostMoves; !m.all {
		delete(m.ids, "")
		if q.IDs = slices.Sorted(maps.Keys(m.ids)); len(q.IDs) == 0 {
			return again
		}
	}
	for _, desks := range h.streams.byView() {
		viewers := make([]access.Actor, len(desks))
		for i, d := range desks {
			viewers[i] = d.viewer
		}
		var page console.BoardPage
		open, err := h.cfg.Store.BoardFor(ctx, q, viewers...)
		if err == nil {
			page, err = h.boardPage(ctx, open)
		}
		if err != nil {
			h.cfg.Log.Error("console: board", "error", err)
			again = m
			continue
		}
		change := console.BoardChange{Rows: page.Rows, Gone: append([]string{}, open.Gone...), Open: page.Open, Late: page.Late}
		if m.all {
			change = console.BoardChange{Page: &page, Open: page.Open, Late: page.Late}
		}
		for _, d := range desks {
			if d.whole {
				d.show(change, h.wholeEvent)
			} else {
				d.show(change, h.changeEvent)
			}
		}
	}
	if len(again.ids) > 0 || again.all {
		time.AfterFunc(drawAgain, h.boardMoved)
	}
	return again
}

func (h *House) changeEvent(_ context.Context, c console.BoardChange) (console.Event, bool) {
	return h.event(console.Event{Kind: console.EventChange, Change: &c}), true
}

// wholeEvent is the whole first page, for a desk that does not know changes.
func (h *House) wholeEvent(ctx context.Context, _ console.BoardChange) (console.Event, bool) {
	page, err := h.BoardPage(access.Unasked(ctx, "console"), console.BoardQuery{})
	if err != nil {
		h.cfg.Log.Error("console: board", "error", err)
		return console.Event{}, false
	}
	return h.event(console.Event{Kind: console.EventBoard, Board: page.Rows}), true
}

// BoardPage reads what somebody must deal with: notes that climb a ladder or that nobody acknowledged, voicemails, calls to be
// called back, and providers' replies to which no agent has added yet. A routine note that waits for the office and has no
// ladder is on the practice's page instead.
func (h *House) BoardPage(ctx context.Context, q console.BoardQuery) (console.BoardPage, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.BoardPage{}, err
	}
	open, err := h.cfg.Store.Board(ctx, record.BoardSelection{After: q.After})
	if errors.Is(err, record.ErrCursor) {
		return console.BoardPage{}, console.Refuse(console.NotFound, "desk.error.not-found")
	}
	if err != nil {
		return console.BoardPage{}, refusal(err)
	}
	return h.boardPage(ctx, open)
}

// boardPage puts together what the record and routing know of a part of the board.
func (h *House) boardPage(ctx context.Context, p record.BoardLines) (console.BoardPage, error) {
	var n needs
	for _, r := range p.Lines {
		n.accounts, n.people = append(n.accounts, r.Account), append(n.people, r.Agent)
		if r.Note.ID != "" {
			n.climbs = append(n.climbs, r.Note.ID)
		}
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.BoardPage{}, err
	}
	out := console.BoardPage{Rows: make([]console.BoardRow, len(p.Lines)), Next: p.Next, Open: p.Open, Late: p.Late}
	for i, r := range p.Lines {
		out.Rows[i] = s.boardRow(r)
	}
	return out, nil
}

// pushOn begins the next rung now. After the last rung the ladder is climbed again from the beginning, as it is defined now:
// whoever presses that key wants somebody told.
func (h *House) pushOn(ctx context.Context, by routing.ActingPerson, n notes.Note) error {
	r, err := h.cfg.Routing.View(ctx, n.ID)
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

// Story opens a call and its note whole.
func (h *House) Story(ctx context.Context, ref console.StoryRef) (console.Story, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.Story{}, err
	}
	st, err := h.cfg.Store.StoryOf(ctx, ref.Call, ref.Note)
	if err != nil {
		return console.Story{}, refusal(err)
	}
	n := needs{accounts: []telephony.AccountID{st.Call.Account}}
	if st.Note != nil {
		n.accounts, n.climbs = []telephony.AccountID{st.Note.Account}, []notes.NoteID{st.Note.ID}
	}
	if st.FollowUp != nil {
		n.people = []notes.PersonID{st.FollowUp.By}
	}
	s, err := h.load(ctx, n)
	if err != nil {
		return console.Story{}, err
	}
	return s.story(st), nil
}

// StoryState tells the present state of a story. It opens nothing.
func (h *House) StoryState(ctx context.Context, ref console.StoryRef) (console.StoryState, error) {
	if _, _, err := h.agent(ctx); err != nil {
		return console.StoryState{}, err
	}
	st, err := h.cfg.Store.StoryLines(ctx, ref.Call, ref.Note)
	if err != nil {
		return console.StoryState{}, refusal(err)
	}
	out := console.StoryState{Lines: st.Lines, HasRecording: len(st.Recordings) > 0}
	if st.Note != nil {
		out.State = st.Note.State
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
			b.Outcome = p.Outcome
		}
		out = append(out, b)
	}
	return out, err
}
