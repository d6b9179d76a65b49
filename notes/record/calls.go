package record

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// A CallsFilter narrows a listing; what is zero does not.
type CallsFilter struct {
	Accounts []telephony.AccountID // none: all the actor may search
	From, To time.Time             // opened at From or later, before To
	CallType string
	State    string // a NoteState, an Outcome ("abandoned"), or Voicemail
	Agent    telephony.AgentID
	Search   string // a name, a date of birth, a number or a reference
	After    string // the Next of the page before
	Limit    int    // at most 500; 50 when 0
	Export   bool   // for a file to take away: needs that right, and its leaf says so
	Nameless bool   // without the patients' display names: nothing is opened, and no leaf says so
}

// A CallLine is one call with one note of it, without what must be opened beyond the display name; a call with two notes is
// two lines.
type CallLine struct {
	Call         telephony.Call // without ANI and CallerName
	Note         *notes.Note    // without its body; nil when none was taken
	Patient      string         // "J. Ortega"; patient data
	HasRecording bool
}

// A CallsPage is one page of a listing, the newest first.
type CallsPage struct {
	Lines []CallLine
	Next  string // "" on the last page
	Total int
}

// callsQuery grows a where clause and its arguments.
type callsQuery struct {
	where []string
	args  []any
}

func (q *callsQuery) add(clause string, arg any) {
	q.args = append(q.args, arg)
	q.where = append(q.where, strings.ReplaceAll(clause, "?", fmt.Sprintf("$%d", len(q.args))))
}

// Which call a note hangs on is the desk's word: another practice's note is none of this call's.
const fromCalls = " from call c left join note n on n.call = c.id and n.account = c.account where "

// Calls lists calls and their notes. Display names are opened; the trace of that is durable before.
func (s *Store) Calls(ctx context.Context, f CallsFilter) (CallsPage, error) {
	act, action := notes.SearchCalls, "calls.opened"
	if f.Export {
		act, action = notes.Export, "calls.exported"
	}
	scope, err := scopeOf(ctx, act, f.Accounts)
	if err != nil {
		return CallsPage{}, err
	}
	q, err := s.callsQuery(ctx, scope, f)
	if err != nil {
		return CallsPage{}, err
	}
	var page CallsPage
	if err := s.pool.QueryRow(ctx, "select count(*)"+fromCalls+strings.Join(q.where, " and "), q.args...).Scan(&page.Total); err != nil {
		return CallsPage{}, fmt.Errorf("count the calls: %w", err)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 500)
	if f.After != "" {
		at, call, note, err := readCursor(f.After)
		if err != nil {
			return CallsPage{}, err
		}
		q.args = append(q.args, at, call, note)
		n := len(q.args)
		q.where = append(q.where, fmt.Sprintf("(c.opened_at, c.id, coalesce(n.id, '')) < ($%d, $%d, $%d)", n-2, n-1, n))
	}
	titles, err := s.readCalls(ctx, q, limit+1, &page)
	if err != nil {
		return CallsPage{}, fmt.Errorf("list the calls: %w", err)
	}
	if len(page.Lines) > limit {
		page.Lines = page.Lines[:limit]
		page.Next = writeCursor(page.Lines[limit-1])
	}
	if f.Nameless {
		return page, nil
	}
	return page, s.openPatients(ctx, action, scope, page.Lines, titles)
}

func (s *Store) openPatients(ctx context.Context, action string, scope []string, lines []CallLine, titles [][]byte) error {
	var noted []int
	for i, l := range lines {
		if l.Note != nil {
			noted = append(noted, i)
		}
	}
	return s.openTitles(ctx, action, scope, len(noted), func(i int) (*notes.Note, []byte, *string) {
		l := &lines[noted[i]]
		return l.Note, titles[noted[i]], &l.Patient
	})
}

func (s *Store) callsQuery(ctx context.Context, scope []string, f CallsFilter) (*callsQuery, error) {
	q := &callsQuery{where: []string{"true"}}
	if scope != nil {
		q.add("c.account = any(?)", scope)
	}
	if !f.From.IsZero() {
		q.add("c.opened_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		q.add("c.opened_at < ?", f.To)
	}
	if f.CallType != "" {
		q.add("n.call_type = ?", f.CallType)
	}
	if f.Agent != "" {
		q.add("(c.agent = ? or n.taker = ?)", string(f.Agent))
	}
	switch f.State {
	case "":
	case Voicemail:
		q.add("n.call_type = ?", Voicemail)
	case string(notes.Open), string(notes.Read), string(notes.Acknowledged), string(notes.Closed):
		q.add("n.state = ?", f.State)
	default:
		q.add("c.outcome = ?", f.State)
	}
	if strings.TrimSpace(f.Search) == "" {
		return q, nil
	}
	return q, s.searchQuery(ctx, q, scope, f.Search)
}

var looksLikeReference = regexp.MustCompile(`^[A-Za-z]-?\d{4,}$`)

// searchQuery looks by what was typed: a reference, a date, a number, or else a name. Terms differ by practice, so each
// practice in scope is asked with its own.
func (s *Store) searchQuery(ctx context.Context, q *callsQuery, scope []string, typed string) error {
	typed = strings.TrimSpace(typed)
	if looksLikeReference.MatchString(typed) {
		ref := strings.ToUpper(typed)
		if ref[1] != '-' {
			ref = ref[:1] + "-" + ref[1:]
		}
		q.add("n.reference = ?", ref)
		return nil
	}
	if scope == nil {
		all, err := s.Accounts(ctx)
		if err != nil {
			return err
		}
		scope = []string{""} // calls to numbers nobody owns
		for _, a := range all {
			scope = append(scope, string(a.ID))
		}
	}
	var any []string
	for _, account := range scope {
		keys, err := s.Keys(ctx, telephony.AccountID(account))
		if err != nil {
			return err
		}
		clause := &callsQuery{args: q.args}
		clause.add("c.account = ?", account)
		date, isDate := notes.ParseDate(typed)
		phone, isPhone := notes.ParsePhone(typed)
		switch {
		case isDate:
			clause.add("n.terms @> ?", [][]byte{keys.DateTerm(date.Format(time.DateOnly))})
		case isPhone:
			clause.add("(c.caller_term = ? or n.terms @> array[?::bytea])", []byte(keys.PhoneTerm(phone)))
		default:
			terms := seal.Unique(keys.QueryTerms(typed))
			if len(terms) == 0 {
				clause.where = append(clause.where, "false")
				break
			}
			clause.add("n.terms @> ?", terms)
		}
		q.args = clause.args
		any = append(any, "("+strings.Join(clause.where, " and ")+")")
	}
	q.where = append(q.where, "("+strings.Join(any, " or ")+")")
	return nil
}

func (s *Store) readCalls(ctx context.Context, q *callsQuery, limit int, page *CallsPage) (titles [][]byte, err error) {
	rows, err := s.pool.Query(ctx, `select c.id, c.account, c.did, c.language, c.state, c.agent, c.outcome, c.opened_at, c.answered_at, c.ended_at, c.inbound,
		exists (select from recording r where r.call = c.id),
		n.id, n.reference, n.call_type, n.urgency, n.language, n.taker, n.taken_at, n.state, n.read_at, n.acked_at, n.acked_by, n.closed_at, n.closed_by, n.version, n.title`+
		fromCalls+strings.Join(q.where, " and ")+fmt.Sprintf(" order by c.opened_at desc, c.id desc, coalesce(n.id, '') desc limit %d", limit), q.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		l, title, err := scanCallLine(rows)
		if err != nil {
			return nil, err
		}
		page.Lines, titles = append(page.Lines, l), append(titles, title)
	}
	return titles, rows.Err()
}

func scanCallLine(rows pgx.Rows) (l CallLine, title []byte, err error) {
	c := &l.Call
	var answered, ended, taken, read, acked, closed *time.Time
	var id, ref, callType, urgency, language, taker, state, ackedBy, closedBy *string
	var version *int
	err = rows.Scan(&c.ID, &c.Account, &c.DID, &c.Language, &c.State, &c.Agent, &c.Outcome, &c.OpenedAt, &answered, &ended, &c.Inbound, &l.HasRecording,
		&id, &ref, &callType, &urgency, &language, &taker, &taken, &state, &read, &acked, &ackedBy, &closed, &closedBy, &version, &title)
	if err != nil {
		return CallLine{}, nil, err
	}
	c.OpenedAt, c.AnsweredAt, c.EndedAt = c.OpenedAt.UTC(), since(answered), since(ended)
	if id != nil {
		l.Note = &notes.Note{ID: notes.NoteID(*id), Reference: text(ref), Account: c.Account, Call: c.ID, CallType: text(callType), Urgency: notes.Urgency(text(urgency)),
			Language: telephony.Language(text(language)), Taker: notes.PersonID(text(taker)), TakenAt: since(taken), State: notes.NoteState(text(state)),
			ReadAt: since(read), AckedAt: since(acked), AckedBy: notes.PersonID(text(ackedBy)), ClosedAt: since(closed), ClosedBy: notes.PersonID(text(closedBy)), Version: *version}
	}
	return l, title, nil
}

// ErrCursor: the page asked for is not one that was given.
var ErrCursor = errors.New("notes: no such page")

// writeCursor marks where a page ended: a call may have two notes (a voicemail and what an agent made of it), so the note
// is in it.
func writeCursor(l CallLine) string {
	note := ""
	if l.Note != nil {
		note = string(l.Note.ID)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{l.Call.OpenedAt.UTC().Format(time.RFC3339Nano), string(l.Call.ID), note}, "\n")))
}

func readCursor(s string) (at time.Time, call, note string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return time.Time{}, "", "", ErrCursor
	}
	parts := strings.Split(string(b), "\n")
	if len(parts) != 3 || !utf8.Valid(b) || strings.ContainsRune(string(b), 0) {
		return time.Time{}, "", "", ErrCursor
	}
	if at, err = time.Parse(time.RFC3339Nano, parts[0]); err != nil {
		return time.Time{}, "", "", ErrCursor
	}
	return at, parts[1], parts[2], nil
}
