package record

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
)

// An InboxLine is one note in somebody's inbox, without its body and without the patient's name: nothing is opened.
type InboxLine struct {
	Note notes.Note
	Mine bool // it was sent to this person, and nobody has taken it on
}

// InboxLines are one page of an inbox: what was sent to the person and waits, and then everything else that waits and the
// last days' notes, each the newest first.
type InboxLines struct {
	Lines   []InboxLine
	Next    string // "" on the last page
	Waiting int    // how much was sent to the person and waits; BoardMany stands for that many or more
}

// inboxLimit is how many notes a page of an inbox is read from; those that were sent to the person stand in its first part,
// so a page of the second may hold fewer.
const inboxLimit = 50

// Inbox reads the actor's inbox: after the Next of the page before, the last days beginning at recent.
func (s *Store) Inbox(ctx context.Context, after string, recent time.Time) (InboxLines, error) {
	scope, err := scopeOf(ctx, notes.SearchCalls, nil)
	if err != nil {
		return InboxLines{}, err
	}
	actor, _ := access.From(ctx)
	c, err := readInboxKey(after)
	if err != nil {
		return InboxLines{}, err
	}
	var page InboxLines
	b := &pgx.Batch{}
	b.Queue(inboxCount, actor.ID(), scope).QueryRow(func(r pgx.Row) error { return r.Scan(&page.Waiting) })
	var mine, rest []InboxLine
	if c.part == inboxMine {
		b.Queue(inboxToldPage, actor.ID(), scope, c.at, c.id).Query(readInbox(&mine))
		c.at, c.id = lastInboxTime, ""
	}
	restFrom := c
	before := restFrom
	if before.at.After(recent) {
		before.at, before.id = recent, ""
	}
	b.Queue(inboxRestPage(scope == nil), actor.ID(), scope, restFrom.at, restFrom.id, recent, before.at, before.id).Query(readInbox(&rest))
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return InboxLines{}, fmt.Errorf("read an inbox: %w", err)
	}
	if len(mine) > inboxLimit {
		page.Lines = mine[:inboxLimit]
		page.Next = writeInboxKey(inboxMine, page.Lines[inboxLimit-1].Note)
		return page, nil
	}
	page.Lines = mine
	if room := inboxLimit - len(mine); len(rest) > room {
		rest = rest[:room]
		page.Next = writeInboxKey(inboxRest, notes.Note{TakenAt: restFrom.at, ID: notes.NoteID(restFrom.id)})
		if room > 0 {
			page.Next = writeInboxKey(inboxRest, rest[room-1].Note)
		}
	}
	for _, l := range rest {
		if !l.Mine { // those stand above
			page.Lines = append(page.Lines, l)
		}
	}
	return page, nil
}

func readInbox(into *[]InboxLine) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			var n noteRow
			var l InboxLine
			if err := rows.Scan(append(n.targets(), &l.Mine)...); err != nil {
				return err
			}
			l.Note = *n.note()
			*into = append(*into, l)
		}
		return rows.Err()
	}
}

// The two parts of an inbox, as its keys name them.
const (
	inboxMine = "m"
	inboxRest = "r"
)

// lastInboxTime is later than any note.
var lastInboxTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// inboxKey is where a page of an inbox begins.
type inboxKey struct {
	part string
	at   time.Time
	id   string
}

func writeInboxKey(part string, n notes.Note) string {
	return part + " " + n.TakenAt.UTC().Format(keyTime) + " " + string(n.ID)
}

func readInboxKey(key string) (inboxKey, error) {
	if key == "" {
		return inboxKey{inboxMine, lastInboxTime, ""}, nil
	}
	p := strings.Split(key, " ")
	if len(p) != 3 || p[0] != inboxMine && p[0] != inboxRest || strings.ContainsRune(key, 0) {
		return inboxKey{}, ErrCursor
	}
	at, err := time.Parse(keyTime, p[1])
	if err != nil {
		return inboxKey{}, ErrCursor
	}
	return inboxKey{p[0], at, p[2]}, nil
}
