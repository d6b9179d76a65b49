package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// A BoardLine is a note that waits on somebody, or a call to be called back (then Note is zero and Call says which), or a note
// that was not sent (then Draft says which, and Call whose).
type BoardLine struct {
	// Key is the row's place: the board's order is that of its keys.
	Key     string
	ID      string // the note's, the call's, or "draft:" and the draft's
	Kind    notes.BoardKind
	Note    notes.Note // without its body
	Call    telephony.CallID
	Account telephony.AccountID
	Since   time.Time // taken, or hung up
	Patient string    // "J. Ortega"; patient data; "" for a call back
	// Number says that a call back can be made: the caller did not withhold the number.
	Number bool
	// RepliedBy wrote back to the agents at RepliedAt, and no agent has added to the note since; "" when nobody waits so.
	RepliedBy string
	RepliedAt time.Time
	// CutOff says of a call back that an agent talked to the caller already, when the agent's phone was lost.
	CutOff bool
	// Tries are the calls that a call back stands for: this one, and the others of the same caller that nobody has called back.
	// LastAt is when the last of them ended.
	Tries  int
	LastAt time.Time
	// Draft is the note not sent that the row is of; Agent has it, or had it when they left. Late is how it stands.
	Draft string
	Agent notes.PersonID
	Left  bool
	Late  bool
}

// A BoardSelection says what of the board is read: a page, or the rows of the ids named, wherever they stand.
type BoardSelection struct {
	After string   // the Key of the last row of the page before; "" begins with the most late
	Limit int      // BoardLimit when 0
	IDs   []string // of notes and calls
}

// BoardLines are a part of the board, most late first.
type BoardLines struct {
	Lines []BoardLine
	Next  string   // the After of the page that follows, "" when none does
	Gone  []string // those of a query's IDs that do not stand on the board
	Open  int      // how much is open; BoardMany stands for that many or more
	Late  int      // how much of that is late or reaches nobody
}

const (
	BoardLimit = 50
	BoardMany  = 100
)

// Board reads of the board what the actor may see. The patients' display names are opened; the trace of that is durable
// before, one for what a person reads of it within a minute.
func (s *Store) Board(ctx context.Context, q BoardSelection) (BoardLines, error) {
	actor, _ := access.From(ctx)
	scope, err := scopeOf(ctx, notes.SeeBoard, nil)
	if err != nil {
		return BoardLines{}, err
	}
	return s.board(ctx, q, listing{action: boardOpened, actor: actor.ID(), scope: scope, brief: true})
}

// BoardFor is Board read once, by the server, for several people who may all see the same of it: the one leaf, of the actor
// who reads it for them, names as "shown:ID" each whom no leaf of the last minute names. When one of them may see more or less
// than another, nothing is read: ErrForbidden.
func (s *Store) BoardFor(ctx context.Context, q BoardSelection, viewers ...access.Actor) (BoardLines, error) {
	if len(viewers) == 0 {
		return BoardLines{}, access.ErrNobody
	}
	l := listing{action: boardOpened, actor: actorOf(ctx), brief: true}
	for i, v := range viewers {
		theirs, err := scopeOf(access.With(ctx, v), notes.SeeBoard, nil)
		if err != nil {
			return BoardLines{}, err
		}
		slices.Sort(theirs)
		if i > 0 && ((l.scope == nil) != (theirs == nil) || !slices.Equal(l.scope, theirs)) {
			return BoardLines{}, access.ErrForbidden
		}
		l.scope = theirs
		if !slices.Contains(l.shown, v.ID()) { // somebody may sit at two desks
			l.shown = append(l.shown, v.ID())
		}
	}
	slices.Sort(l.shown)
	return s.board(ctx, q, l)
}

const boardOpened = "board.opened"

func (s *Store) board(ctx context.Context, q BoardSelection, l listing) (page BoardLines, err error) {
	limit := q.Limit
	if limit <= 0 || limit > BoardLimit {
		limit = BoardLimit
	}
	rank, from, id, err := readKey(q.After)
	if err != nil {
		return BoardLines{}, err
	}
	everywhere, b := l.scope == nil, &pgx.Batch{}
	var titles [][]byte
	read := func(rows pgx.Rows) (err error) {
		titles, err = page.read(rows)
		return err
	}
	switch {
	case q.IDs != nil:
		b.Queue(boardRowsNamed, q.IDs, l.scope).Query(read)
	case everywhere:
		b.Queue(boardPage(true, limit+1), rank, from, id).Query(read)
	default:
		b.Queue(boardPage(false, limit+1), rank, from, id, l.scope).Query(read)
	}
	var counts []any
	if !everywhere {
		counts = append(counts, l.scope)
	}
	b.Queue(boardCounts(everywhere), counts...).QueryRow(func(r pgx.Row) error { return r.Scan(&page.Open, &page.Late) })
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return BoardLines{}, fmt.Errorf("read the board: %w", err)
	}
	if q.IDs == nil && len(page.Lines) > limit {
		page.Lines = page.Lines[:limit]
		page.Next = page.Lines[limit-1].Key
	}
	for i := range page.Lines {
		if r := &page.Lines[i]; r.Note.ID != "" {
			l.titles = append(l.titles, title{&r.Note, titles[i], &r.Patient})
		}
	}
	return page, s.unsealTitles(ctx, l)
}

// read takes the rows of boardRows; those without a rank are gone.
func (p *BoardLines) read(rows pgx.Rows) (titles [][]byte, err error) {
	defer rows.Close()
	for rows.Next() {
		var r BoardLine
		var rank *int
		var by *string
		var at *time.Time
		var last *time.Time
		var draft, call, agent *string
		var n noteRow
		if err := rows.Scan(append([]any{&r.ID, &r.Kind, &r.Account, &rank, &r.Since, &by, &at, &r.Number, &r.CutOff, &r.Tries,
			&last, &draft, &call, &agent, &r.Left}, n.targets()...)...); err != nil {
			return nil, err
		}
		if rank == nil {
			p.Gone = append(p.Gone, r.ID)
			continue
		}
		switch note := n.note(); {
		case note != nil:
			r.Note, r.Call = *note, note.Call
		case r.Kind == notes.BoardDraft:
			r.Draft, r.Call, r.Agent, r.Late = text(draft), telephony.CallID(text(call)), notes.PersonID(text(agent)), *rank < 2
		default:
			r.Call = telephony.CallID(r.ID)
		}
		r.Since, r.RepliedBy, r.RepliedAt, r.LastAt = r.Since.UTC(), text(by), since(at), since(last)
		r.Key = writeKey(*rank, r.Since, r.ID)
		p.Lines, titles = append(p.Lines, r), append(titles, n.title)
	}
	return titles, rows.Err()
}

// keyTime is of one length for every time, so that keys stand in the board's order.
const keyTime = "2006-01-02T15:04:05.000000Z"

func writeKey(rank int, at time.Time, id string) string {
	return fmt.Sprintf("%d %s %s", rank, at.UTC().Format(keyTime), id)
}

func readKey(key string) (rank int, at time.Time, id string, err error) {
	if key == "" {
		return -1, time.Time{}, "", nil
	}
	var when string
	if _, err := fmt.Sscanf(key, "%1d %s %s", &rank, &when, &id); err != nil || strings.ContainsRune(key, 0) {
		return 0, time.Time{}, "", ErrCursor
	}
	if at, err = time.Parse(keyTime, when); err != nil {
		return 0, time.Time{}, "", ErrCursor
	}
	return rank, at, id, nil
}

// News is where a server's last look for what has changed on the board ended; the zero News has not looked yet.
type News struct {
	from string             // the oldest transaction that was still running then
	seen map[[2]string]bool // ids with their transactions
	at   time.Time
}

// newsKept is how long what has changed is kept: a server that has not looked for so long reads everything anew.
const newsKept = 5 * time.Minute

// Changed names what has changed on the board since the look before, whoever changed it, through whatever server; all says
// that it may be more than the ids name. Nothing is opened.
func (s *Store) Changed(ctx context.Context, n *News) (ids []string, all bool, err error) {
	now := time.Now() // not the record's clock, which a test may hold
	all = n.from == "" || now.Sub(n.at) > newsKept/2
	var from string
	seen := map[[2]string]bool{}
	b := &pgx.Batch{}
	b.Queue(selectHorizon).QueryRow(func(r pgx.Row) error { return r.Scan(&from) })
	if !all {
		b.Queue(selectNews, n.from).Query(func(rows pgx.Rows) error {
			var id, tx string
			_, err := pgx.ForEachRow(rows, []any{&id, &tx}, func() error {
				what := [2]string{id, tx}
				if seen[what] = true; !n.seen[what] && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
				return nil
			})
			return err
		})
	}
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, false, fmt.Errorf("look for changes of the board: %w", err)
	}
	*n = News{from, seen, now}
	return ids, all, nil
}

// ForgetNews drops what every server has had the time to read.
func (s *Store) ForgetNews(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, deleteNews, newsKept.Seconds()); err != nil {
		return fmt.Errorf("forget old changes of the board: %w", err)
	}
	return nil
}

// Callers tells whether somebody waits on the agents since before an instant: a voicemail that nobody has closed, or a call
// that nobody has called back. Nothing is opened.
func (s *Store) Callers(ctx context.Context, before time.Time) (wait bool, err error) {
	if err = s.pool.QueryRow(ctx, selectCallers, before).Scan(&wait); err != nil {
		return false, fmt.Errorf("look who waits on the agents: %w", err)
	}
	return wait, nil
}

// OpenVoicemail finds the note that a call's voicemail became and that nobody has closed; ok is false when there is none. Like
// Note it opens nothing.
func (s *Store) OpenVoicemail(ctx context.Context, call telephony.CallID) (n notes.Note, ok bool, err error) {
	n, _, err = scanNote(s.pool.QueryRow(ctx, selectOpenVoicemail, call))
	if errors.Is(err, ErrNoNote) {
		return notes.Note{}, false, nil
	}
	if err != nil {
		return notes.Note{}, false, fmt.Errorf("look for a voicemail: %w", err)
	}
	return n, true, nil
}

// scopeOf is the practices a listing may cover: those named, each allowed, or all the actor may; nil is every practice.
func scopeOf(ctx context.Context, act notes.Act, accounts []telephony.AccountID) ([]string, error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, access.ErrNobody
	}
	if len(accounts) == 0 {
		mine, everywhere := actor.Accounts(act)
		if everywhere {
			return nil, nil
		}
		if len(mine) == 0 {
			return nil, access.ErrForbidden
		}
		return mine, nil
	}
	scope := make([]string, len(accounts))
	for i, a := range accounts {
		if !actor.May(act, string(a)) {
			return nil, access.ErrForbidden
		}
		scope[i] = string(a)
	}
	return scope, nil
}
