package record

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// A BoardRow is a note that is not closed, or a call to be called back (then Note is zero and Call says which).
type BoardRow struct {
	Kind    string     // "note", "voicemail", "callback"
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
}

// Board lists what is open for the practices named, or for all the actor may see when none is, the oldest first. The
// patients' display names are opened; the trace of that is durable before.
func (s *Store) Board(ctx context.Context, accounts ...telephony.AccountID) ([]BoardRow, error) {
	scope, err := scopeOf(ctx, notes.SeeBoard, accounts)
	if err != nil {
		return nil, err
	}
	return s.board(ctx, scope)
}

// BoardFor is Board read once for several people who may all see the same of it: the one leaf, of the actor who reads it for
// them, names each as "shown:ID". When one of them may see more or less than another, nothing is read: ErrForbidden.
func (s *Store) BoardFor(ctx context.Context, viewers ...access.Actor) ([]BoardRow, error) {
	if len(viewers) == 0 {
		return nil, access.ErrNobody
	}
	var scope, shown []string
	for i, v := range viewers {
		theirs, err := scopeOf(access.With(ctx, v), notes.SeeBoard, nil)
		if err != nil {
			return nil, err
		}
		slices.Sort(theirs)
		if i > 0 && ((scope == nil) != (theirs == nil) || !slices.Equal(scope, theirs)) {
			return nil, access.ErrForbidden
		}
		scope = theirs
		if who := "shown:" + v.ID(); !slices.Contains(shown, who) { // somebody may sit at two desks
			shown = append(shown, who)
		}
	}
	slices.Sort(shown)
	return s.board(ctx, scope, shown...)
}

func (s *Store) board(ctx context.Context, scope []string, shown ...string) ([]BoardRow, error) {
	rows, titles, err := s.boardNotes(ctx, scope)
	if err != nil {
		return nil, fmt.Errorf("list the board: %w", err)
	}
	if err := s.openTitles(ctx, "board.opened", scope, len(rows), func(i int) (*notes.Note, []byte, *string) {
		return &rows[i].Note, titles[i], &rows[i].Patient
	}, shown...); err != nil {
		return nil, err
	}
	if err := s.replies(ctx, rows); err != nil {
		return nil, fmt.Errorf("list the replies: %w", err)
	}
	calls, err := s.pool.Query(ctx, "select id, account, coalesce(ended_at, opened_at), caller_term is not null, answered_at is not null from call where followup in ('due', 'no-number') and ($1::text[] is null or account = any($1)) order by opened_at", scope)
	if err != nil {
		return nil, fmt.Errorf("list the calls to be called back: %w", err)
	}
	r := BoardRow{Kind: "callback"}
	if _, err := pgx.ForEachRow(calls, []any{&r.Call, &r.Account, &r.Since, &r.Number, &r.CutOff}, func() error {
		r.Since = r.Since.UTC()
		rows = append(rows, r)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list the calls to be called back: %w", err)
	}
	slices.SortStableFunc(rows, func(a, b BoardRow) int { return a.Since.Compare(b.Since) })
	return rows, nil
}

func (s *Store) boardNotes(ctx context.Context, scope []string) (rows []BoardRow, titles [][]byte, err error) {
	res, err := s.pool.Query(ctx, selectNote+"where state <> 'closed' and ($1::text[] is null or account = any($1)) order by taken_at, id", scope)
	if err != nil {
		return nil, nil, err
	}
	defer res.Close()
	for res.Next() {
		n, title, err := scanNote(res)
		if err != nil {
			return nil, nil, err
		}
		kind := "note"
		if n.CallType == Voicemail {
			kind = Voicemail
		}
		rows = append(rows, BoardRow{Kind: kind, Note: n, Call: n.Call, Account: n.Account, Since: n.TakenAt})
		titles = append(titles, title)
	}
	return rows, titles, res.Err()
}

// Callers counts who waits on the agents since before an instant: voicemails that nobody has closed, and calls that nobody
// has called back. Nothing is opened.
func (s *Store) Callers(ctx context.Context, before time.Time) (n int, err error) {
	err = s.pool.QueryRow(ctx, `select (select count(*) from note where state <> 'closed' and call_type = $1 and taken_at < $2)
		+ (select count(*) from call where followup = 'due' and coalesce(ended_at, opened_at) < $2)`, Voicemail, before).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count who waits on the agents: %w", err)
	}
	return n, nil
}

// replies marks the notes to which somebody wrote back and no agent has answered.
func (s *Store) replies(ctx context.Context, rows []BoardRow) error {
	at := make(map[notes.NoteID]int, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		at[r.Note.ID], ids[i] = i, string(r.Note.ID)
	}
	res, err := s.pool.Query(ctx, "select distinct on (note) note, kind, by_name, at from add_on where note = any($1) and kind in ($2, $3) order by note, at desc, id desc",
		ids, Reply, Remark)
	if err != nil {
		return err
	}
	var note notes.NoteID
	var kind, by string
	var when time.Time
	_, err = pgx.ForEachRow(res, []any{&note, &kind, &by, &when}, func() error {
		if r := &rows[at[note]]; kind == Reply {
			r.RepliedBy, r.RepliedAt = by, when.UTC()
		}
		return nil
	})
	return err
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

// openTitles opens the display names of n notes after committing one leaf for them all; shown are codes for whom, when it is
// not the actor alone.
func (s *Store) openTitles(ctx context.Context, action string, scope []string, n int, at func(int) (*notes.Note, []byte, *string), shown ...string) error {
	if n == 0 {
		return nil
	}
	e := audit.Entry{Actor: actorOf(ctx), Action: action, Kind: "list", Object: "all", Detail: append([]string{fmt.Sprintf("rows=%d", n)}, shown...)}
	if len(scope) == 1 {
		e.Account, e.Object = scope[0], scope[0]
	} else if len(scope) > 1 {
		e.Object = fmt.Sprintf("accounts=%d", len(scope))
	}
	if err := s.tell(ctx, e); err != nil {
		return err
	}
	for i := range n {
		note, title, patient := at(i)
		keys, err := s.Keys(ctx, note.Account)
		if err != nil {
			return err
		}
		plain, err := keys.Open(noteLabel(*note, "note.title"), title)
		if err != nil {
			return fmt.Errorf("open a note's title: %w", err)
		}
		*patient = string(plain)
	}
	return nil
}

// Row is one note of the board, whatever its state, with the patient's display name opened after its leaf.
func (s *Store) Row(ctx context.Context, id notes.NoteID) (BoardRow, error) {
	n, title, err := scanNote(s.pool.QueryRow(ctx, selectNote+"where id = $1", id))
	if err != nil {
		return BoardRow{}, err
	}
	if _, err := access.Check(ctx, notes.SeeBoard, string(n.Account)); err != nil {
		return BoardRow{}, err
	}
	r := BoardRow{Kind: "note", Note: n, Call: n.Call, Account: n.Account, Since: n.TakenAt}
	if n.CallType == Voicemail {
		r.Kind = Voicemail
	}
	err = s.openTitles(ctx, "board.opened", []string{string(n.Account)}, 1, func(int) (*notes.Note, []byte, *string) { return &r.Note, title, &r.Patient })
	return r, err
}
