package record

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// A ThreadListed is a row of a practice's inbox. Hand is who else is writing to the patient now.
type ThreadListed struct {
	notes.Thread
	Hand string
}

// ThreadLines are a page of a practice's inbox.
type ThreadLines struct {
	Lines  []ThreadListed
	Next   string                  // the After of the page that follows, "" when none does
	Counts map[notes.ThreadTab]int // ThreadsMany stands for that many or more
}

// Threads reads a page of a practice's inbox, what was promised soonest first. Names are opened; the trace of that is durable
// before, one for what a person reads of it within a minute.
func (p *Patients) Threads(ctx context.Context, account telephony.AccountID, tab notes.ThreadTab, after string) (
	page ThreadLines, err error,
) {
	actor, err := access.Check(ctx, notes.MessagePatients, string(account))
	if err != nil {
		return page, err
	}
	if threadTabs[tab] == "" {
		tab = notes.TabAll
	}
	due, moved, id, err := readPlace(after)
	if err != nil {
		return page, err
	}
	now := p.s.clock()
	type sealedName struct {
		title   []byte
		version int
	}
	var names []sealedName
	page.Counts = map[notes.ThreadTab]int{}
	b := &pgx.Batch{}
	b.Queue(threadPage(tab), account, actor.ID(), now, due, moved, id).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var n sealedName
			var l ThreadListed
			var language telephony.Language
			t, err := scanThread(rows, &n.version, &language, &n.title, &l.Hand)
			if err != nil {
				return err
			}
			l.Thread, l.Language = t, language
			page.Lines, names = append(page.Lines, l), append(names, n)
		}
		return rows.Err()
	})
	b.Queue(countThreads, account, actor.ID(), now).QueryRow(func(r pgx.Row) error {
		var n [5]int
		err := r.Scan(&n[0], &n[1], &n[2], &n[3], &n[4])
		for i, tab := range []notes.ThreadTab{notes.TabUnassigned, notes.TabMine, notes.TabWaiting, notes.TabLate, notes.TabAll} {
			page.Counts[tab] = n[i]
		}
		return err
	})
	if err := p.s.pool.SendBatch(ctx, b).Close(); err != nil {
		return page, fmt.Errorf("read the inbox: %w", err)
	}
	if len(page.Lines) > ThreadsMany {
		page.Lines = page.Lines[:ThreadsMany]
		page.Next = place(page.Lines[ThreadsMany-1].Thread)
	}
	if len(page.Lines) == 0 {
		return page, nil
	}
	if err := p.s.traceListing(ctx, listing{action: "threads.opened", actor: actor.ID(), scope: []string{string(account)},
		brief: true}); err != nil {
		return page, err
	}
	keys, err := p.s.Keys(ctx, account)
	if err != nil {
		return page, err
	}
	for i := range page.Lines {
		l := &page.Lines[i]
		plain, err := keys.Unseal(patientLabel(account, "patient.title", l.Patient, names[i].version), names[i].title)
		if err != nil {
			return page, fmt.Errorf("open a patient's name: %w", err)
		}
		l.Name = string(plain)
	}
	return page, nil
}

// place is where a thread stands in the inbox's order; nothing of the patient.
func place(t notes.Thread) string {
	due := int64(-1)
	if !t.DueAt.IsZero() {
		due = t.DueAt.UnixMicro()
	}
	return fmt.Sprintf("%d.%d.%s", due, t.MovedAt.UnixMicro(), t.ID)
}

func readPlace(s string) (due any, moved time.Time, id string, err error) {
	if s == "" {
		return "-infinity", time.Time{}, "", nil
	}
	parts := strings.SplitN(s, ".", 3)
	if len(parts) != 3 {
		return nil, moved, "", ErrCursor
	}
	d, err1 := strconv.ParseInt(parts[0], 10, 64)
	m, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return nil, moved, "", ErrCursor
	}
	due = any("infinity")
	if d >= 0 {
		due = time.UnixMicro(d).UTC()
	}
	return due, time.UnixMicro(m).UTC(), parts[2], nil
}
