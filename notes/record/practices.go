package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// A PracticeVersion is a document that a practice has or had.
type PracticeVersion struct {
	ID      string
	Version int
	At      time.Time
	By      notes.PersonID // or a part of the server; "" where nobody knows
	Why     string
}

// practiceText is a practice as its row holds it; version 0 is none.
type practiceText struct {
	version                     int
	document, schedule, ladders string
	at                          time.Time
}

// lockPractice reads a practice and keeps others from changing it until tx ends.
func (s *Store) lockPractice(ctx context.Context, tx pgx.Tx, id telephony.AccountID) (t practiceText, err error) {
	err = tx.QueryRow(ctx, lockPractice, id).Scan(&t.version, &t.document, &t.schedule, &t.ladders, &t.at)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return t, err
}

// keepPractices keeps what a practice was, where a server of before did not, and what it is. The caller's leaf must vouch for the rows.
func (s *Store) keepPractices(ctx context.Context, tx pgx.Tx, account telephony.AccountID, was, is practiceText, made PracticeVersion) (
	[]audit.Row, error) {
	keep := func(query string, t practiceText, v PracticeVersion) ([]audit.Row, error) {
		res, err := tx.Query(ctx, query, newID(), account, t.version, v.At, v.By, v.Why, t.document, t.schedule, t.ladders)
		if err != nil {
			return nil, err
		}
		return practiceTable.Read(res)
	}
	var rows []audit.Row
	if was.version > 0 {
		kept, err := keep(keepPractice, was, PracticeVersion{At: was.at})
		if err != nil {
			return nil, err
		}
		rows = kept
	}
	kept, err := keep(keepNewPractice, is, made)
	return append(rows, kept...), err
}

// PracticeVersions lists the documents a practice has and had, the newest first, at most limit of them. Nothing in them is a patient's.
func (s *Store) PracticeVersions(ctx context.Context, account telephony.AccountID, limit int) ([]PracticeVersion, error) {
	rows, err := s.pool.Query(ctx, selectVersions, account, limit)
	if err != nil {
		return nil, fmt.Errorf("list the versions of a practice: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (v PracticeVersion, err error) {
		return v, r.Scan(&v.ID, &v.Version, &v.At, &v.By, &v.Why)
	})
	if err != nil {
		return nil, fmt.Errorf("list the versions of a practice: %w", err)
	}
	return out, nil
}

// PracticeOf is a practice as one of its versions has it, ErrNoVersion when it never was so.
func (s *Store) PracticeOf(ctx context.Context, account telephony.AccountID, version string) (a notes.Account, err error) {
	var t practiceText
	err = s.pool.QueryRow(ctx, selectPractice, account, version).Scan(&t.document, &t.schedule, &t.ladders)
	if noSuch(err) {
		return a, ErrNoVersion
	}
	if err == nil {
		err = json.Unmarshal([]byte(t.document), &a)
	}
	if err != nil {
		return a, fmt.Errorf("read a version of a practice: %w", err)
	}
	a.Schedule, a.Ladders = []byte(t.schedule), []byte(t.ladders)
	return a, nil
}

// A PracticeLine is a practice in a list.
type PracticeLine struct {
	ID    telephony.AccountID
	Name  string
	Lines int
}

// practicesPage is how many a page of practices holds.
const practicesPage = 50

// Practices is a page of the practices that who asks may change, by name: of those whose name, id or number has the words of search, those
// after the cursor that the page before gave; next is "" on the last. Each page costs a look at every practice's name.
func (s *Store) Practices(ctx context.Context, search, after string) (page []PracticeLine, next string, err error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, "", access.ErrNobody
	}
	accounts, everywhere := actor.Accounts(notes.EditPractice)
	if everywhere {
		accounts = nil
	} else if len(accounts) == 0 {
		return nil, "", access.ErrForbidden
	}
	id, name, _ := strings.Cut(after, " ")
	search = strings.TrimSpace(search)
	rows, err := s.pool.Query(ctx, selectPractices, accounts, name, id, search, digits(search))
	if err == nil {
		page, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (l PracticeLine, err error) {
			return l, r.Scan(&l.ID, &l.Name, &l.Lines)
		})
	}
	if err != nil {
		return nil, "", fmt.Errorf("list the practices: %w", err)
	}
	if len(page) > practicesPage {
		page = page[:practicesPage]
		last := page[len(page)-1]
		next = string(last.ID) + " " + last.Name
	}
	return page, next, nil
}

// digits are those of a number as somebody types it, "" of words.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// TakenLines are those of some numbers that belong to another practice than account.
func (s *Store) TakenLines(ctx context.Context, account telephony.AccountID, lines []telephony.Line) ([]telephony.Number, error) {
	dids := make([]string, len(lines))
	for i, l := range lines {
		dids[i] = l.DID.Reveal()
	}
	rows, err := s.pool.Query(ctx, selectOwners, dids, account)
	if err != nil {
		return nil, fmt.Errorf("ask whose the numbers are: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[telephony.Number])
	if err != nil {
		return nil, fmt.Errorf("ask whose the numbers are: %w", err)
	}
	return out, nil
}

// ErrNoPracticeDraft: that person has no draft of that practice, or has another by now.
var ErrNoPracticeDraft = errors.New("notes: no such draft of the practice")

// A PracticeDraft is what a person is writing of a practice and has not published.
type PracticeDraft struct {
	Account  telephony.AccountID
	Person   notes.PersonID
	By       string // their name, in a list
	Name     string // the practice's in the draft
	Version  int    // of the practice it was begun from, 0 for a new one
	Base     string // the document of then
	Document string
	Seq      int64 // counts its savings; 0 is none
	At       time.Time
}

// SavePracticeDraft keeps the actor's draft in the place of their draft Seq and answers the new Seq; ErrNoPracticeDraft when that is not
// theirs any more: another window of theirs was quicker. A draft is not the practice: it leaves no leaf.
func (s *Store) SavePracticeDraft(ctx context.Context, d PracticeDraft) (seq int64, err error) {
	actor, err := access.Check(ctx, notes.EditPractice, string(d.Account))
	if err != nil {
		return 0, err
	}
	query := updatePracticeDraft
	if d.Seq == 0 {
		query = upsertPracticeDraft
	}
	err = s.pool.QueryRow(ctx, query, d.Account, actor.ID(), d.Version, d.Base, d.Document, d.Seq, s.clock(), d.Name).Scan(&seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNoPracticeDraft
	}
	if err != nil {
		return 0, fmt.Errorf("keep a practice's draft: %w", err)
	}
	return seq, nil
}

// DropPracticeDraft throws the actor's draft of a practice away; there may be none.
func (s *Store) DropPracticeDraft(ctx context.Context, account telephony.AccountID) error {
	actor, err := access.Check(ctx, notes.EditPractice, string(account))
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, deletePracticeDraft, account, actor.ID()); err != nil {
		return fmt.Errorf("drop a practice's draft: %w", err)
	}
	return nil
}

// PracticeDraft is somebody's draft of a practice, ErrNoPracticeDraft where they have none. Whoever may change the practice may look.
func (s *Store) PracticeDraft(ctx context.Context, account telephony.AccountID, person notes.PersonID) (PracticeDraft, error) {
	d := PracticeDraft{Account: account, Person: person}
	if _, err := access.Check(ctx, notes.EditPractice, string(account)); err != nil {
		return d, err
	}
	err := s.pool.QueryRow(ctx, selectPracticeDraft, account, person).Scan(&d.Version, &d.Base, &d.Document, &d.Seq, &d.At)
	if noSuch(err) {
		return d, ErrNoPracticeDraft
	}
	if err != nil {
		return d, fmt.Errorf("read a practice's draft: %w", err)
	}
	return d, nil
}

// PracticeDrafts lists who is writing at which of these practices, the last first, and for whom may add practices also at those that are
// not there yet; without what they write.
func (s *Store) PracticeDrafts(ctx context.Context, accounts []telephony.AccountID, added bool) ([]PracticeDraft, error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, access.ErrNobody
	}
	rows, err := s.pool.Query(ctx, selectPracticeDrafts, accounts, added && actor.May(notes.EditPractice, access.Everywhere))
	if err != nil {
		return nil, fmt.Errorf("list the practices' drafts: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (d PracticeDraft, err error) {
		return d, r.Scan(&d.Account, &d.Person, &d.By, &d.Version, &d.At, &d.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("list the practices' drafts: %w", err)
	}
	return out, nil
}
