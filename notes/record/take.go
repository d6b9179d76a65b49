package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// prepared is a note ready to be stored: sealed, with its row and its leaf.
type prepared struct {
	note  notes.Note
	args  []any
	entry audit.Entry
}

// Take stores the note with its leaf, whatever the hooks write, and the end of its draft, in one transaction; when it
// returns nil all of that is durable, and when it returns an error none of it is there. A draft taken before answers the
// same note and runs no hook. An *Incomplete error says what the form lacks.
func (s *Store) Take(ctx context.Context, d notes.Draft, hooks ...TakeHook) (notes.Note, error) {
	return s.take(ctx, d, func(p *prepared) error { return s.store(ctx, p, hooks) })
}

// TakeQueued is Take with what follows from the note added to its transaction by queue, in one round trip; a draft taken
// before still answers the same note, and nothing of what was queued happens.
func (s *Store) TakeQueued(ctx context.Context, d notes.Draft, queue TakeQueue) (notes.Note, error) {
	return s.take(ctx, d, func(p *prepared) error { return s.storeQueued(ctx, p, queue) })
}

// take checks and seals a draft, and has it stored.
func (s *Store) take(ctx context.Context, d notes.Draft, store func(*prepared) error) (notes.Note, error) {
	if _, err := access.Check(ctx, notes.TakeNote, string(d.Account)); err != nil {
		return notes.Note{}, err
	}
	if d.ID == "" || len(d.ID) > 100 {
		return notes.Note{}, errors.New("notes: a draft needs an id")
	}
	acc, err := s.cached(ctx, d.Account)
	if err != nil {
		return notes.Note{}, err
	}
	if wrong := notes.CheckDraft(acc.account.Script, d, s.clock().In(acc.zone)); len(wrong) > 0 {
		return notes.Note{}, &Incomplete{wrong}
	}
	for {
		p, err := s.prepare(ctx, d, acc.account.Script, s.clock(), acc.zone)
		if err != nil {
			return notes.Note{}, err
		}
		err = store(p)
		switch {
		case err == nil:
			return p.note, nil
		case clashes(err, "note_draft_key"):
			return s.taken(ctx, d)
		case clashes(err, "note_draft_held"):
			return notes.Note{}, s.draftHeld(ctx, d.ID)
		case clashes(err, "note_account_year_reference_key"):
			continue // the reference was given by an older rule; the next one is free
		}
		return notes.Note{}, fmt.Errorf("take a note: %w", err)
	}
}

// Taken is the note that a draft became, ErrNoNote when it was not taken.
func (s *Store) Taken(ctx context.Context, d notes.Draft) (notes.Note, error) {
	if _, err := access.Check(ctx, notes.TakeNote, string(d.Account)); err != nil {
		return notes.Note{}, err
	}
	return s.taken(ctx, d)
}

// taken finds the note a draft became.
func (s *Store) taken(ctx context.Context, d notes.Draft) (notes.Note, error) {
	n, _, err := scanNote(s.pool.QueryRow(ctx, selectDraftNote, d.ID))
	if err != nil {
		return notes.Note{}, fmt.Errorf("find a note taken before: %w", err)
	}
	if n.Account != d.Account {
		return notes.Note{}, ErrDraftTaken
	}
	return n, s.draftHeld(ctx, d.ID)
}

// prepare seals the draft into the row of a note that was taken at an instant.
func (s *Store) prepare(ctx context.Context, d notes.Draft, sc notes.Script, at time.Time, zone *time.Location) (*prepared, error) {
	keys, err := s.Keys(ctx, d.Account)
	if err != nil {
		return nil, err
	}
	n := notes.Note{ID: notes.NoteID(newID()), Account: d.Account, Call: d.Call, CallType: d.CallType, Urgency: d.Urgency,
		Language: d.Language,
		Taker:    notes.PersonID(actorOf(ctx)), TakenAt: at, State: notes.Open, Version: 1}
	year := at.In(zone).Year()
	if n.Reference, err = s.reference(ctx, d.Account, year); err != nil {
		return nil, err
	}
	body := notes.Tidy(sc, d.CallType, d.Body)
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("take a note: %w", err)
	}
	sealed, err := keys.Seal(noteLabel(n, "note.body"), plain)
	if err != nil {
		return nil, err
	}
	title, err := keys.Seal(noteLabel(n, "note.title"), []byte(notes.DisplayName(body.Fields["name"])))
	if err != nil {
		return nil, err
	}
	p := &prepared{note: n}
	p.args = []any{string(n.ID), d.ID, string(n.Account), year, n.Reference, string(n.Call), n.CallType, string(n.Urgency),
		string(n.Language),
		string(n.Taker), n.TakenAt, string(n.State), nil, nil, nil, nil, nil, n.Version, sc.Version, title, sealed,
		seal.Unique(terms(keys, body))}
	row, err := noteTable.Row(string(n.ID), p.args...)
	if err != nil {
		return nil, err
	}
	p.entry = audit.Entry{At: s.clock(), Actor: actorOf(ctx), Action: string(notes.LineNoteTaken), Kind: "note", Object: string(n.ID),
		Account: string(n.Account),
		Detail:  []string{n.CallType, string(n.Urgency)}, Rows: []audit.Row{row}}
	return p, nil
}

func noteLabel(n notes.Note, kind string) seal.Label {
	return seal.Label{Practice: string(n.Account), Kind: kind, ID: string(n.ID), Version: n.Version}
}

// terms are what a note can be found by.
func terms(keys *seal.Keys, b notes.Body) []seal.Term {
	out := keys.NameTerms(b.Fields["name"])
	if d, ok := notes.ParseDate(b.Fields["dob"]); ok {
		out = append(out, keys.DateTerm(d.Format(time.DateOnly)))
	}
	if n, ok := notes.ParsePhone(b.Fields["callback"]); ok {
		out = append(out, keys.PhoneTerm(n))
	}
	return out
}

// queueNote adds a note to a batch: the row, its leaf and the end of its draft. They are one statement, because
// each further one costs the agent who waits a tenth of what all of it costs.
func (s *Store) queueNote(b *pgx.Batch, p *prepared) error {
	leaf, err := s.log.Leaf(p.entry)
	if err != nil {
		return err
	}
	b.Queue(storeNote, append(slices.Clone(p.args), leaf...)...)
	return nil
}

// store commits a prepared note in as few round trips as there can be: one for begin, row and leaf, the hooks', one to commit.
func (s *Store) store(ctx context.Context, p *prepared, hooks []TakeHook) error {
	b := &pgx.Batch{}
	if err := s.queueNote(b, p); err != nil {
		return err
	}
	tx, err := postgres.Begin(ctx, s.pool, b, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
	for _, h := range hooks {
		if err := h(ctx, tx, p.note); err != nil {
			return err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	s.log.Wake()
	return nil
}

// storeQueued commits a prepared note and what queue adds in one round trip.
func (s *Store) storeQueued(ctx context.Context, p *prepared, queue TakeQueue) error {
	b := &pgx.Batch{}
	more, err := queue(b, p.note)
	if err != nil {
		return err
	}
	p.entry.Rows = append(p.entry.Rows, more...)
	if err := s.queueNote(b, p); err != nil {
		return err
	}
	if err := postgres.Commit(ctx, s.pool, b); err != nil {
		return err
	}
	s.log.Wake()
	return nil
}

// A block is references this process may give out without asking.
type block struct{ next, end int }

type blockKey struct {
	account telephony.AccountID
	year    int
}

const (
	blockSize      = 20
	firstReference = 1000
)

// reference gives the next free reference of a practice's year. Numbers left in a block when the process ends are never
// given: a reference says nothing about how many notes there are.
func (s *Store) reference(ctx context.Context, account telephony.AccountID, year int) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := blockKey{account, year}
	b := s.blocks[k]
	if b == nil || b.next >= b.end {
		var end int
		err := s.pool.QueryRow(ctx, reserveReferences, account, year, firstReference+blockSize, blockSize).Scan(&end)
		if err != nil {
			return "", fmt.Errorf("reserve references: %w", err)
		}
		b = &block{end - blockSize, end}
		s.blocks[k] = b
	}
	n := b.next
	b.next++
	return fmt.Sprintf("%c-%d", referenceLetter(account), n), nil
}

// referenceLetter makes two practices' references sound different: the first letter of its id.
func referenceLetter(account telephony.AccountID) rune {
	for _, r := range seal.Fold(string(account)) {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
	}
	return 'N'
}
