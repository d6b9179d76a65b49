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
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
)

// scanNote reads a note without its body; title stays sealed.
func scanNote(row pgx.Row) (n notes.Note, title []byte, err error) {
	var r noteRow
	err = row.Scan(r.targets()...)
	if noSuch(err) {
		return notes.Note{}, nil, ErrNoNote
	}
	if err != nil {
		return notes.Note{}, nil, err
	}
	return *r.note(), r.title, nil
}

// Note returns a note without its body. No right is asked for: nothing in it is the patient's; what a screen may show of it
// is decided by whoever draws it.
func (s *Store) Note(ctx context.Context, id notes.NoteID) (notes.Note, error) {
	n, _, err := scanNote(s.pool.QueryRow(ctx, selectNote, id))
	if err != nil && !errors.Is(err, ErrNoNote) {
		err = fmt.Errorf("read a note: %w", err)
	}
	return n, err
}

// Open returns the note with its body and its add-ons. The trace is durable before anything is decrypted.
func (s *Store) Open(ctx context.Context, id notes.NoteID) (notes.Note, error) {
	n, _, err := scanNote(s.pool.QueryRow(ctx, selectNote, id))
	if err != nil {
		return notes.Note{}, err
	}
	actor, err := access.Check(ctx, notes.ReadNote, string(n.Account))
	if err != nil {
		return notes.Note{}, err
	}
	if err := s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: string(notes.LineNoteOpened), Kind: "note", Object: string(id),
		Account: string(n.Account)}); err != nil {
		return notes.Note{}, err
	}
	return s.unseal(ctx, n)
}

// unseal decrypts body and add-ons; the leaf must have been committed.
func (s *Store) unseal(ctx context.Context, n notes.Note) (notes.Note, error) {
	keys, err := s.Keys(ctx, n.Account)
	if err != nil {
		return notes.Note{}, err
	}
	var sealed []byte
	if err := s.pool.QueryRow(ctx, selectBody, n.ID).Scan(&sealed); err != nil {
		return notes.Note{}, fmt.Errorf("read a note: %w", err)
	}
	plain, err := keys.Unseal(noteLabel(n, "note.body"), sealed)
	if err != nil {
		return notes.Note{}, fmt.Errorf("open a note: %w", err)
	}
	n.Body = &notes.Body{}
	if err := json.Unmarshal(plain, n.Body); err != nil {
		return notes.Note{}, errors.New("open a note: it is not as it was sealed")
	}
	rows, err := s.pool.Query(ctx, selectAddOns, n.ID)
	if err != nil {
		return notes.Note{}, fmt.Errorf("read a note's add-ons: %w", err)
	}
	a := notes.AddOn{Note: n.ID}
	_, err = pgx.ForEachRow(rows, []any{&a.ID, &a.By, &a.ByName, &a.At, &a.Kind, &sealed}, func() error {
		plain, err := keys.Unseal(addOnLabel(n, a.ID), sealed)
		if err != nil {
			return err
		}
		a.Text, a.At = string(plain), a.At.UTC()
		n.AddOns = append(n.AddOns, a)
		return nil
	})
	if err != nil {
		return notes.Note{}, fmt.Errorf("open a note's add-ons: %w", err)
	}
	return n, nil
}

func addOnLabel(n notes.Note, id string) seal.Label {
	return seal.Label{Practice: string(n.Account), Kind: "note.add-on", ID: id, Version: n.Version}
}

// lockNote reads a note and holds its row until the transaction ends.
func lockNote(ctx context.Context, tx pgx.Tx, id notes.NoteID) (notes.Note, error) {
	n, _, err := scanNote(tx.QueryRow(ctx, lockNoteRow, id))
	return n, err
}

// change writes a locked note's state and its leaf.
func (s *Store) change(ctx context.Context, tx pgx.Tx, n notes.Note, actor string, action notes.LineKind, more ...audit.Row) error {
	res, err := tx.Query(ctx, updateNote,
		n.ID, n.State, orNil(n.ReadAt), orNil(n.AckedAt), textOrNil(n.AckedBy), orNil(n.ClosedAt), textOrNil(n.ClosedBy))
	if err != nil {
		return err
	}
	rows, err := noteTable.Read(res)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	if err := s.log.Queue(b, audit.Entry{At: s.clock(), Actor: actor, Action: string(action), Kind: "note", Object: string(n.ID),
		Account: string(n.Account), Rows: append(rows, more...)}); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	s.log.Wake()
	return nil
}

func textOrNil(p notes.PersonID) any {
	if p == "" {
		return nil
	}
	return string(p)
}

// act runs one act on a locked note in a transaction of its own, hooks last.
func (s *Store) act(ctx context.Context, what string, id notes.NoteID, hooks []ActHook,
	do func(tx pgx.Tx, n *notes.Note) error) (n notes.Note, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if n, err = lockNote(ctx, tx, id); err != nil {
			return err
		}
		if err := do(tx, &n); err != nil {
			return err
		}
		for _, h := range hooks {
			if err := h(ctx, tx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return notes.Note{}, fmt.Errorf("%s: %w", what, err)
	}
	s.log.Wake()
	return n, nil
}

// MarkRead says that the note was drawn on a screen of somebody who must act. Only an open note becomes read.
func (s *Store) MarkRead(ctx context.Context, id notes.NoteID, hooks ...ActHook) (notes.Note, error) {
	return s.act(ctx, "mark a note read", id, hooks, func(tx pgx.Tx, n *notes.Note) error {
		actor, err := access.Check(ctx, notes.ReadNote, string(n.Account))
		if err != nil || n.State != notes.Open {
			return err
		}
		n.State, n.ReadAt = notes.Read, s.clock()
		return s.change(ctx, tx, *n, actor.ID(), notes.LineNoteRead)
	})
}

// Acknowledge takes the note on for the actor; coming second is no error, the note says who was first. Routing ends its
// climb in a hook.
func (s *Store) Acknowledge(ctx context.Context, id notes.NoteID, hooks ...ActHook) (notes.Note, error) {
	return s.act(ctx, "acknowledge a note", id, hooks, func(tx pgx.Tx, n *notes.Note) error {
		actor, err := access.Check(ctx, notes.AckNote, string(n.Account))
		if err != nil {
			return err
		}
		_, err = s.acknowledge(ctx, tx, n, notes.PersonID(actor.ID()), actor.ID())
		return err
	})
}

// AcknowledgeByVoice takes the note on for somebody who said so to the actor, whom the leaf names as the witness. When it was
// taken on before, first is false, nothing happens and no hook runs; the note says by whom.
func (s *Store) AcknowledgeByVoice(ctx context.Context, id notes.NoteID, by notes.PersonID, hook ActHook) (n notes.Note, first bool,
	err error) {
	n, err = s.act(ctx, "acknowledge a note by voice", id, nil, func(tx pgx.Tx, n *notes.Note) error {
		actor, err := access.Check(ctx, notes.Reach, string(n.Account))
		if err != nil {
			return err
		}
		if first, err = s.acknowledge(ctx, tx, n, by, actor.ID()); err != nil || !first {
			return err
		}
		return hook(ctx, tx, *n)
	})
	return n, first, err
}

// AcknowledgeTx is Acknowledge inside a transaction of somebody else, for a person who need not be the actor (a key pressed
// on the phone). first is false when the note was acknowledged or closed before; the note says by whom.
func (s *Store) AcknowledgeTx(ctx context.Context, tx pgx.Tx, id notes.NoteID, by notes.PersonID) (n notes.Note, first bool, err error) {
	if n, err = lockNote(ctx, tx, id); err != nil {
		return notes.Note{}, false, err
	}
	actor, err := access.Check(ctx, notes.AckNote, string(n.Account))
	if err != nil {
		return notes.Note{}, false, err
	}
	first, err = s.acknowledge(ctx, tx, &n, by, actor.ID())
	return n, first, err
}

func (s *Store) acknowledge(ctx context.Context, tx pgx.Tx, n *notes.Note, by notes.PersonID, actor string) (first bool, err error) {
	if n.State != notes.Open && n.State != notes.Read {
		return false, nil
	}
	n.State, n.AckedAt, n.AckedBy = notes.Acknowledged, s.clock(), by
	return true, s.change(ctx, tx, *n, actor, notes.LineNoteAcknowledged)
}

// AddOn appends to a locked note; it never changes what was there. kind is Correction, Reply or Remark. id, chosen by the
// caller, makes it repeatable; empty has one made.
func (s *Store) AddOn(ctx context.Context, note notes.NoteID, id string, kind notes.AddOnKind, words string,
	hooks ...ActHook) (notes.Note, error) {
	if kind != notes.Correction && kind != notes.Reply && kind != notes.Remark {
		return notes.Note{}, errors.New("notes: no such kind of add-on")
	}
	return s.act(ctx, "add to a note", note, hooks, func(tx pgx.Tx, n *notes.Note) error {
		actor, err := access.Check(ctx, notes.AddToNote, string(n.Account))
		if err != nil {
			return err
		}
		row, err := s.addOn(ctx, tx, *n, actor, id, kind, words)
		if err != nil || row == nil {
			return err
		}
		if err := s.change(ctx, tx, *n, actor.ID(), notes.LineNoteAddedTo, *row); err != nil || n.State != notes.Closed {
			return err
		}
		return s.afterClose(ctx, tx, *n, row.ID)
	})
}

// CloseOut ends a note with a word on how. A closed one stays as it was closed. Agents may close what waits on agents: a
// voicemail.
func (s *Store) CloseOut(ctx context.Context, note notes.NoteID, words string, hooks ...ActHook) (notes.Note, error) {
	return s.act(ctx, "close a note", note, hooks, func(tx pgx.Tx, n *notes.Note) error {
		right := notes.CloseNote
		if n.CallType == notes.VoicemailType {
			right = notes.AddToNote
		}
		actor, err := access.Check(ctx, right, string(n.Account))
		if err != nil || n.State == notes.Closed {
			return err
		}
		row, err := s.addOn(ctx, tx, *n, actor, "", notes.CloseWord, words)
		if err != nil {
			return err
		}
		n.State, n.ClosedAt, n.ClosedBy = notes.Closed, s.clock(), notes.PersonID(actor.ID())
		if err := s.change(ctx, tx, *n, actor.ID(), notes.LineNoteClosed, *row); err != nil {
			return err
		}
		return s.afterClose(ctx, tx, *n, row.ID)
	})
}

// WakeVoicemails has wake run for each voicemail that has waited on the agents since before and of whose ladder nothing has begun,
// while its note is held: what must follow is written in its transaction.
func (s *Store) WakeVoicemails(ctx context.Context, before time.Time, wake ActHook) error {
	rows, err := s.pool.Query(ctx, selectWaitingVoicemails, before)
	if err != nil {
		return fmt.Errorf("look for voicemails that wait: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[notes.NoteID])
	if err != nil {
		return fmt.Errorf("look for voicemails that wait: %w", err)
	}
	var failed error
	for _, id := range ids { // one that cannot be woken for holds up no other
		if _, err := s.act(ctx, "wake for a voicemail", id, nil, func(tx pgx.Tx, n *notes.Note) error {
			if n.State == notes.Closed || n.State == notes.Acknowledged {
				return nil
			}
			return wake(ctx, tx, *n)
		}); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func (s *Store) afterClose(ctx context.Context, tx pgx.Tx, n notes.Note, addOn string) error {
	for _, h := range s.closed {
		if err := h(ctx, tx, n, addOn); err != nil {
			return err
		}
	}
	return nil
}

// addOn stores words; nil when an add-on of that id is there.
func (s *Store) addOn(ctx context.Context, tx pgx.Tx, n notes.Note, actor access.Actor, id string, kind notes.AddOnKind,
	words string) (*audit.Row, error) {
	if words = strings.TrimSpace(words); words == "" && kind != notes.CloseWord || len(words) > notes.MaxVerbatim {
		return nil, &Incomplete{map[string]string{"text": map[bool]string{true: notes.FieldRequired,
			false: notes.FieldTooLong}[words == ""]}}
	}
	if id == "" {
		id = newID()
	}
	keys, err := s.Keys(ctx, n.Account)
	if err != nil {
		return nil, err
	}
	sealed, err := keys.Seal(addOnLabel(n, id), []byte(words))
	if err != nil {
		return nil, err
	}
	res, err := tx.Query(ctx, insertAddOn, id, n.ID, actor.ID(), actor.Name, s.clock(), kind, sealed)
	if err != nil {
		return nil, err
	}
	rows, err := addOnTable.Read(res)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}
