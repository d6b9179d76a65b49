package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// cachedAccount spares storing a note the reading of its practice. Another server's edit is seen within accountLife.
type cachedAccount struct {
	account notes.Account
	zone    *time.Location
	until   time.Time
}

const accountLife = 2 * time.Second

// ErrPracticeMoved: a practice is no longer the one that a change was made from. Nothing is stored.
var ErrPracticeMoved = errors.New("notes: somebody has changed the practice meanwhile")

// ErrLineTaken: a number belongs to another practice. Nothing is stored.
var ErrLineTaken = errors.New("notes: one of the numbers belongs to another practice: take it out, or out of the other practice first")

// AnyVersion has PutPractice store a practice whatever it was before.
const AnyVersion = -1

// PutAccount stores a practice whole, new or changed, with its lines, whatever it was before. Storing what is there already is
// success and leaves no leaf, so that a seed may run at every start.
func (s *Store) PutAccount(ctx context.Context, a notes.Account) error {
	return s.PutPractice(ctx, a, AnyVersion, "", nil)
}

// PutPractice is PutAccount for a practice that was made from a version of it, 0 for a new one: ErrPracticeMoved when it is another by
// now. Why stands in the version that is kept, not in the log, whose leaf vouches for it. The draft of who stores it is gone then.
// Dispatches that run go on by the plan they have. Tests that the practice fails are not looked for here; over is the word of who knows of
// them, nil for none.
func (s *Store) PutPractice(ctx context.Context, a notes.Account, from int, why string, over *Overruling) error {
	actor, err := access.Check(ctx, notes.EditPractice, string(a.ID))
	if err != nil {
		return err
	}
	if a.ID == "" || a.Name == "" {
		return errors.New("notes: a practice needs an id and a name")
	}
	if _, err := time.LoadLocation(a.TimeZone); err != nil || a.TimeZone == "" {
		return fmt.Errorf("notes: the practice %s has no known time zone", a.ID)
	}
	doc, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("store a practice: %w", err)
	}
	is := practiceText{document: string(doc), schedule: string(a.Schedule), ladders: string(a.Ladders)}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		was, err := s.lockPractice(ctx, tx, a.ID)
		switch {
		case err != nil:
			return err
		case from != AnyVersion && from != was.version:
			return ErrPracticeMoved
		case was.version == 0 && !actor.May(notes.EditPractice, access.Everywhere):
			return access.ErrForbidden
		}
		rows, err := s.putPracticeRows(ctx, tx, a, was, is, PracticeVersion{At: s.clock(), By: notes.PersonID(actor.ID()), Why: why})
		if err != nil {
			return err
		}
		if from != AnyVersion {
			if _, err := tx.Exec(ctx, deletePracticeDraft, a.ID, actor.ID()); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := s.overrule(ctx, tx, actor, a.ID, over); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "account.stored", Kind: "account",
			Object: string(a.ID), Account: string(a.ID), Rows: rows})
	})
	if clashes(err, "line_pkey") {
		return ErrLineTaken
	}
	if err != nil {
		return fmt.Errorf("store a practice: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, a.ID)
	return nil
}

// PutContact gives a practice a contact, or another in the place of the one with its id: a version of the practice. ErrContactTaken
// when that one is somebody else already.
func (s *Store) PutContact(ctx context.Context, account telephony.AccountID, c notes.Contact) error {
	actor, err := access.Check(ctx, notes.EditPractice, string(account))
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		was, err := s.lockPractice(ctx, tx, account)
		if err != nil {
			return err
		}
		a, err := scanAccount(tx.QueryRow(ctx, selectAccount, account))
		if noSuch(err) {
			return ErrNoAccount
		}
		if err != nil {
			return err
		}
		i := slices.IndexFunc(a.Contacts, func(was notes.Contact) bool { return was.ID == c.ID })
		switch {
		case i < 0:
			a.Contacts = append(a.Contacts, c)
		case a.Contacts[i].Person != "" && !strings.EqualFold(string(a.Contacts[i].Person), string(c.Person)):
			return ErrContactTaken
		default:
			a.Contacts[i] = c
		}
		doc, err := json.Marshal(a)
		if err != nil {
			return err
		}
		rows, err := s.putPracticeRows(ctx, tx, a, was, practiceText{document: string(doc), schedule: was.schedule, ladders: was.ladders},
			PracticeVersion{At: s.clock(), By: notes.PersonID(actor.ID())})
		if err != nil || len(rows) == 0 {
			return err
		}
		return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "account.contact-put", Kind: "account",
			Object: string(account), Account: string(account), Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("give a practice a contact: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, account)
	return nil
}

// ErrContactTaken: a practice's contact is somebody who signs in, and not whom they were to be.
var ErrContactTaken = errors.New("notes: the contact is somebody else")

// putPracticeRows stores a practice and its lines, and keeps what it was and is.
func (s *Store) putPracticeRows(ctx context.Context, tx pgx.Tx, a notes.Account, was, is practiceText, made PracticeVersion) ([]audit.Row,
	error) {
	rows, err := s.putAccountRow(ctx, tx, a, is.document)
	if err != nil {
		return nil, err
	}
	if is.version = was.version; len(rows) > 0 {
		is.version++
		kept, err := s.keepPractices(ctx, tx, a.ID, was, is, made)
		if err != nil {
			return nil, err
		}
		rows = append(rows, kept...)
	}
	if was.schedule != is.schedule {
		kept, err := s.keepSchedules(ctx, tx, a.ID, ScheduleVersion{At: was.at}, was.schedule,
			ScheduleVersion{At: made.At, By: made.By, Why: made.Why}, is.schedule)
		if err != nil {
			return nil, err
		}
		rows = append(rows, kept...)
	}
	lines, err := s.putLines(ctx, tx, a)
	return append(rows, lines...), err
}

func (s *Store) putAccountRow(ctx context.Context, tx pgx.Tx, a notes.Account, doc string) ([]audit.Row, error) {
	res, err := tx.Query(ctx, upsertAccount, a.ID, a.Name, 1, doc, string(a.Schedule), string(a.Ladders), s.clock())
	if err != nil {
		return nil, err
	}
	return accountTable.Read(res)
}

func (s *Store) putLines(ctx context.Context, tx pgx.Tx, a notes.Account) ([]audit.Row, error) {
	var rows []audit.Row
	keep := make([]string, 0, len(a.Lines))
	for _, l := range a.Lines {
		l.Account = a.ID
		if l.Name == "" {
			l.Name = a.Name
		}
		doc, err := json.Marshal(l)
		if err != nil {
			return nil, err
		}
		keep = append(keep, l.DID.Reveal())
		res, err := tx.Query(ctx, upsertLine, l.DID.Reveal(), a.ID, string(doc))
		if err != nil {
			return nil, err
		}
		r, err := lineTable.Read(res)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r...)
		var owner telephony.AccountID
		if err := tx.QueryRow(ctx, selectLineOwner, l.DID.Reveal()).Scan(&owner); err != nil {
			return nil, err
		}
		if owner != a.ID {
			return nil, ErrLineTaken
		}
	}
	gone, err := tx.Query(ctx, deleteOtherLines, a.ID, keep)
	if err != nil {
		return nil, err
	}
	dids, err := pgx.CollectRows(gone, pgx.RowTo[string])
	for _, did := range dids {
		rows = append(rows, audit.Removed(lineTable.Kind, did))
	}
	return rows, err
}

// Account returns a practice, ErrNoAccount when there is none. It may be as old as two seconds when another server has
// changed it. Nothing in it is patient data, so no right is asked for and no trace left.
func (s *Store) Account(ctx context.Context, id telephony.AccountID) (notes.Account, error) {
	c, err := s.cached(ctx, id)
	return c.account, err
}

// AccountNow is Account as it stands in the database at this moment.
func (s *Store) AccountNow(ctx context.Context, id telephony.AccountID) (notes.Account, error) {
	s.mu.Lock()
	delete(s.accounts, id)
	s.mu.Unlock()
	return s.Account(ctx, id)
}

func (s *Store) cached(ctx context.Context, id telephony.AccountID) (cachedAccount, error) {
	now := time.Now() // the cache's age is real time, whatever clock the record keeps
	s.mu.Lock()
	c, ok := s.accounts[id]
	s.mu.Unlock()
	if ok && now.Before(c.until) {
		return c, nil
	}
	a, err := scanAccount(s.pool.QueryRow(ctx, selectAccount, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return cachedAccount{}, ErrNoAccount
	}
	if err != nil {
		return cachedAccount{}, fmt.Errorf("read a practice: %w", err)
	}
	return s.cache(a, now)
}

// cache keeps a practice as it was read at now.
func (s *Store) cache(a notes.Account, now time.Time) (cachedAccount, error) {
	zone, err := time.LoadLocation(a.TimeZone)
	if err != nil {
		return cachedAccount{}, fmt.Errorf("the time zone of the practice %s: %w", a.ID, err)
	}
	c := cachedAccount{a, zone, now.Add(accountLife)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.ID] = c
	return c, nil
}

// AccountsOf is Account for several practices in one question; those that are not there are left out.
func (s *Store) AccountsOf(ctx context.Context, ids []telephony.AccountID) (map[telephony.AccountID]notes.Account, error) {
	now, out := time.Now(), make(map[telephony.AccountID]notes.Account, len(ids))
	var unknown []telephony.AccountID
	s.mu.Lock()
	for _, id := range ids {
		if c, ok := s.accounts[id]; ok && now.Before(c.until) {
			out[id] = c.account
		} else if id != "" { // a call to a number nobody owns has no practice
			unknown = append(unknown, id)
		}
	}
	s.mu.Unlock()
	if len(unknown) == 0 {
		return out, nil
	}
	rows, err := s.pool.Query(ctx, selectAccountsOf, unknown)
	if err != nil {
		return nil, fmt.Errorf("read the practices: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (notes.Account, error) { return scanAccount(r) })
	if err != nil {
		return nil, fmt.Errorf("read the practices: %w", err)
	}
	for _, a := range list {
		if _, err := s.cache(a, now); err != nil {
			return nil, err
		}
		out[a.ID] = a
	}
	return out, nil
}

// Accounts lists every practice by name.
func (s *Store) Accounts(ctx context.Context) ([]notes.Account, error) {
	now := time.Now()
	rows, err := s.pool.Query(ctx, selectAccounts)
	if err != nil {
		return nil, fmt.Errorf("list the practices: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (notes.Account, error) { return scanAccount(r) })
	if err != nil {
		return nil, fmt.Errorf("list the practices: %w", err)
	}
	for _, a := range out {
		if _, err := s.cache(a, now); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanAccount(row pgx.Row) (notes.Account, error) {
	var a notes.Account
	var doc, schedule, ladders string
	var id telephony.AccountID
	if err := row.Scan(&id, &a.Version, &doc, &schedule, &ladders); err != nil {
		return notes.Account{}, err
	}
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return notes.Account{}, fmt.Errorf("a practice's document: %w", err)
	}
	a.Schedule, a.Ladders = []byte(schedule), []byte(ladders)
	return a, nil
}

// LineFor finds the practice that owns a number.
func (s *Store) LineFor(ctx context.Context, did telephony.Number) (line telephony.Line, ok bool, err error) {
	var doc string
	err = s.pool.QueryRow(ctx, selectLine, did.Reveal()).Scan(&doc)
	if errors.Is(err, pgx.ErrNoRows) {
		return telephony.Line{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &line)
	}
	if err != nil {
		return telephony.Line{}, false, fmt.Errorf("look for a line: %w", err)
	}
	return line, true, nil
}
