package record

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// A CallSelection narrows a listing; what is zero does not.
type CallSelection struct {
	Accounts []telephony.AccountID // none: all the actor may search
	From, To time.Time             // opened at From or later, before To
	CallType string
	State    string // a NoteState, an Outcome ("abandoned"), or Voicemail
	Agent    telephony.AgentID
	Search   string // a name, a date of birth, a number or a reference
	After    string // the Next of the page before
	Limit    int    // at most 500; 50 when 0
	Export   bool   // for a file to take away: needs that right, and its leaf says so
}

// A CallLine is one call with one note of it, without what must be opened beyond the display name; a call with two notes is
// two lines.
type CallLine struct {
	Call         telephony.Call // without ANI and CallerName
	Note         *notes.Note    // without its body; nil when none was taken
	Patient      string         // "J. Ortega"; patient data
	HasRecording bool
}

// CallLines are one page of a listing, the newest first.
type CallLines struct {
	Lines []CallLine
	Next  string // "" on the last page
	Total int    // of all pages; CallsMany stands for that many or more
}

// CallsMany is where counting what a filter finds ends.
const CallsMany = 100

// Calls lists calls and their notes. Display names are opened; the trace of that is durable before.
func (s *Store) Calls(ctx context.Context, f CallSelection) (CallLines, error) {
	act, action := notes.SearchCalls, "calls.opened"
	if f.Export {
		act, action = notes.Export, "calls.exported"
	}
	scope, err := scopeOf(ctx, act, f.Accounts)
	if err != nil {
		return CallLines{}, err
	}
	q, err := s.callsQuery(ctx, scope, f)
	if err != nil {
		return CallLines{}, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 500)
	var page CallLines
	titles, err := s.readCalls(ctx, q, f.After, limit+1, &page)
	if err != nil {
		return CallLines{}, fmt.Errorf("list the calls: %w", err)
	}
	if len(page.Lines) > limit {
		page.Lines = page.Lines[:limit]
		page.Next = writeCursor(page.Lines[limit-1])
	}
	l := listing{action: action, actor: actorOf(ctx), scope: scope, brief: !f.Export}
	for i := range page.Lines {
		if line := &page.Lines[i]; line.Note != nil {
			l.titles = append(l.titles, title{line.Note, titles[i], &line.Patient})
		}
	}
	return page, s.unsealTitles(ctx, l)
}

func (s *Store) callsQuery(ctx context.Context, scope []string, f CallSelection) (*callsQuery, error) {
	q := &callsQuery{where: []string{callsToldApart}}
	if scope != nil {
		if len(scope) == 1 {
			q.add(callsOfAccount, scope[0])
		} else {
			q.add(callsOfAccounts, scope)
		}
	}
	if !f.From.IsZero() {
		q.add(callsFrom, f.From)
	}
	if !f.To.IsZero() {
		q.add(callsBefore, f.To)
	}
	if f.CallType != "" {
		q.add(callsOfType, f.CallType)
	}
	if f.Agent != "" {
		q.add(callsOfAgent, string(f.Agent))
	}
	switch f.State {
	case "":
	case notes.VoicemailType:
		q.add(callsOfType, notes.VoicemailType)
	case string(notes.Open), string(notes.Read), string(notes.Acknowledged), string(notes.Closed):
		q.add(callsInState, f.State)
	default:
		q.add(callsOfOutcome, f.State)
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
		q.byReference(ref, scope)
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
	var terms, callers [][]byte
	for _, account := range scope {
		keys, err := s.Keys(ctx, telephony.AccountID(account))
		if err != nil {
			return err
		}
		of, caller := searchTerms(keys, typed)
		terms = append(terms, of...)
		if caller != nil {
			callers = append(callers, caller)
		}
	}
	q.byTerms(scope, terms, callers)
	return nil
}

// searchTerms are a note's terms that all must match, and the caller's that may instead.
func searchTerms(keys *seal.Keys, typed string) (terms [][]byte, caller []byte) {
	if date, ok := notes.ParseDate(typed); ok {
		return [][]byte{keys.DateTerm(date.Format(time.DateOnly))}, nil
	}
	if phone, ok := notes.ParsePhone(typed); ok {
		term := keys.PhoneTerm(phone)
		return [][]byte{term}, term
	}
	return seal.Unique(keys.QueryTerms(typed)), nil
}

// readCalls counts what a query finds, up to CallsMany, and reads a page of it, in one round trip. A single practice's calls,
// like those of all, are read in order by an index.
func (s *Store) readCalls(ctx context.Context, q *callsQuery, after string, limit int, page *CallLines) (titles [][]byte, err error) {
	count, lines := q.statements(limit, after != "")
	b := &pgx.Batch{}
	b.Queue(count, q.args...).QueryRow(func(r pgx.Row) error { return r.Scan(&page.Total) })
	args := q.args
	if after != "" {
		at, call, note, err := readCursor(after)
		if err != nil {
			return nil, err
		}
		args = append(slices.Clip(args), at, call, note)
	}
	b.Queue(lines, args...).
		Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				var c callRow
				var n noteRow
				var l CallLine
				if err := rows.Scan(append(append(c.targets(), &l.HasRecording), n.targets()...)...); err != nil {
					return err
				}
				l.Call, l.Note = c.read(), n.note()
				page.Lines, titles = append(page.Lines, l), append(titles, n.title)
			}
			return rows.Err()
		})
	err = s.pool.SendBatch(ctx, b).Close()
	return titles, err
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
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{l.Call.OpenedAt.UTC().Format(time.RFC3339Nano),
		string(l.Call.ID), note}, "\n")))
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
