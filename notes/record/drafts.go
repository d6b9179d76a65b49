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
	"lamplight/notes/seal"
	"lamplight/telephony"
)

func draftLabel(account telephony.AccountID, id string) seal.Label {
	return seal.Label{Practice: string(account), Kind: "draft", ID: id, Version: 1}
}

// SaveDraft seals what was typed. The latest Seq wins: an older one that arrives late changes nothing. Drafts are a desk's
// journal, not the record: saving leaves no leaf, opening does. A draft whose note is stored is not saved any more.
func (s *Store) SaveDraft(ctx context.Context, d notes.Draft) error {
	actor, err := access.Check(ctx, notes.TakeNote, string(d.Account))
	if err != nil {
		return err
	}
	if d.ID == "" || len(d.ID) > 100 || strings.ContainsAny(d.ID, " \t\r\n") {
		return errors.New("notes: a draft needs an id")
	}
	d.SavedAt = s.clock()
	plain, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("save a draft: %w", err)
	}
	keys, err := s.Keys(ctx, d.Account)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(draftLabel(d.Account, d.ID), plain)
	if err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, upsertDraft, d.ID, actor.ID(), d.Account, d.Seq, d.SavedAt, sealed, d.Call)
	if err != nil {
		return fmt.Errorf("save a draft: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return s.draftHeld(ctx, d.ID)
	}
	return nil
}

// draftHeld is a *DraftHeld when the draft, or the note it became, is somebody else's than the actor's.
func (s *Store) draftHeld(ctx context.Context, id string) error {
	var holder, name string
	err := s.pool.QueryRow(ctx, selectDraftHolder, id).Scan(&holder, &name)
	if actor, _ := access.From(ctx); errors.Is(err, pgx.ErrNoRows) || err == nil && holder == actor.ID() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask whose a draft is: %w", err)
	}
	return &DraftHeld{Name: name, Gone: true}
}

// UnsentAfter is how long after its call's end a note that was not sent comes onto the board, and UnsentLate when it is late there.
const (
	UnsentAfter = 3 * time.Minute
	UnsentLate  = 5 * time.Minute
)

// RaiseUnsent puts the notes on the board that were not sent in time. Any server may do it, again and again.
func (s *Store) RaiseUnsent(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, raiseUnsent, s.clock(), UnsentAfter.Seconds(), UnsentLate.Seconds()); err != nil {
		return fmt.Errorf("look for notes not sent: %w", err)
	}
	return nil
}

// AgentLeft says that nobody is at an agent's desk any more: what they have not sent is somebody else's to finish.
func (s *Store) AgentLeft(ctx context.Context, agent notes.PersonID) error {
	if _, err := s.pool.Exec(ctx, leaveDrafts, agent, s.clock()); err != nil {
		return fmt.Errorf("leave an agent's drafts: %w", err)
	}
	return nil
}

// AgentBack undoes AgentLeft for what nobody has taken over.
func (s *Store) AgentBack(ctx context.Context, agent notes.PersonID) error {
	if _, err := s.pool.Exec(ctx, returnDrafts, agent); err != nil {
		return fmt.Errorf("give an agent's drafts back: %w", err)
	}
	return nil
}

// GiveDraft saves a note that was not sent and makes it another agent's, who must be allowed to take notes of its practice. ErrNoDraft
// when it was sent or thrown away; *DraftHeld when it is not the actor's any more.
func (s *Store) GiveDraft(ctx context.Context, d notes.Draft, to notes.PersonID) error {
	if err := s.SaveDraft(ctx, d); err != nil {
		return err
	}
	actor, _ := access.From(ctx) // SaveDraft has asked
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var from string
		err := tx.QueryRow(ctx, lockUnsent, d.ID).Scan(&from, nil, nil, nil, nil, nil)
		switch {
		case noSuch(err) || err == nil && from != actor.ID():
			return ErrNoDraft // since it was saved
		case err != nil:
			return err
		}
		if _, err := tx.Exec(ctx, takeDraftOver, d.ID, to, s.clock()); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, draftEntry(s.clock(), actor, notes.LineDraftGiven, d.ID, d.Account, d.Call, to))
	})
	if err != nil {
		return fmt.Errorf("give a note not sent: %w", err)
	}
	s.log.Wake()
	return nil
}

// FollowCall makes a note that was not sent the agent's who has its call now, whoever had it, and tells who had. ErrNoDraft when it was
// sent or thrown away.
func (s *Store) FollowCall(ctx context.Context, id string, to notes.PersonID) (from notes.PersonID, err error) {
	actor, err := access.Check(ctx, notes.Supervise, access.Everywhere)
	if err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var account telephony.AccountID
		var call telephony.CallID
		err := tx.QueryRow(ctx, lockUnsent, id).Scan(&from, &account, &call, nil, nil, nil)
		switch {
		case noSuch(err):
			return ErrNoDraft
		case err != nil || from == to:
			return err
		}
		if _, err := tx.Exec(ctx, takeDraftOver, id, to, s.clock()); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, draftEntry(s.clock(), actor, notes.LineDraftFollowed, id, account, call, to))
	})
	if err != nil {
		return from, fmt.Errorf("have a note follow its call: %w", err)
	}
	s.log.Wake()
	return from, nil
}

// draftEntry is the leaf of a draft that changes hands: it stands in its call's story, if there is a call.
func draftEntry(at time.Time, actor access.Actor, what notes.LineKind, id string, account telephony.AccountID, call telephony.CallID,
	agent notes.PersonID) audit.Entry {
	e := audit.Entry{At: at, Actor: actor.ID(), Action: string(what), Kind: "draft", Object: id, Account: string(account),
		Detail: []string{"agent:" + string(agent)}}
	if call != "" {
		e.Kind, e.Object = "call", string(call)
	}
	return e
}

// TakeDraft makes a note that was not sent the actor's, with its words, and tells whose it was. An agent may take it when the one
// who has it has gone, a supervisor whenever it stands on the board; asked again it answers the same. ErrNoDraft when it was
// sent or thrown away, or is not on the board; *DraftHeld when its agent has it in hand.
func (s *Store) TakeDraft(ctx context.Context, id string) (d notes.Draft, from notes.PersonID, err error) {
	var account telephony.AccountID
	var call telephony.CallID
	var left, raised bool
	var sealed []byte
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, lockUnsent, id).Scan(&from, &account, &call, &left, &raised, &sealed)
		if noSuch(err) {
			return ErrNoDraft
		}
		if err != nil {
			return err
		}
		actor, err := access.Check(ctx, notes.TakeNote, string(account))
		if err != nil {
			return err
		}
		mine := string(from) == actor.ID()
		if !mine && !raised {
			return ErrNoDraft
		}
		if !mine && !left && !actor.May(notes.Supervise, string(account)) {
			var name string
			if err := tx.QueryRow(ctx, selectDraftHolder, id).Scan(nil, &name); err != nil {
				return err
			}
			return &DraftHeld{Name: name}
		}
		what := notes.LineDraftOpened
		if !mine {
			what = notes.LineDraftTakenOver
			if _, err := tx.Exec(ctx, takeDraftOver, id, actor.ID(), s.clock()); err != nil {
				return err
			}
		}
		return s.log.Append(ctx, tx, draftEntry(s.clock(), actor, what, id, account, call, from))
	})
	if err != nil {
		return notes.Draft{}, "", fmt.Errorf("take over a note not sent: %w", err)
	}
	s.log.Wake()
	d, err = s.unsealDraft(ctx, account, id, sealed)
	return d, from, err
}

// unsealDraft opens a draft; its leaf must have been committed.
func (s *Store) unsealDraft(ctx context.Context, account telephony.AccountID, id string, sealed []byte) (d notes.Draft, err error) {
	keys, err := s.Keys(ctx, account)
	if err != nil {
		return d, err
	}
	plain, err := keys.Unseal(draftLabel(account, id), sealed)
	if err != nil {
		return d, fmt.Errorf("open a draft: %w", err)
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		return d, errors.New("open a draft: it is not as it was sealed")
	}
	return d, nil
}

// Drafts opens the actor's own unsent drafts, oldest first. The trace is durable before anything is decrypted.
func (s *Store) Drafts(ctx context.Context) ([]notes.Draft, error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, access.ErrNobody
	}
	type row struct {
		ID      string
		Account telephony.AccountID
		Body    []byte
	}
	res, err := s.pool.Query(ctx, selectDrafts, actor.ID())
	if err != nil {
		return nil, fmt.Errorf("list the drafts: %w", err)
	}
	rows, err := pgx.CollectRows(res, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("list the drafts: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if err := s.addLeaf(ctx, audit.Entry{Actor: actor.ID(), Action: "drafts.opened", Kind: "drafts", Object: actor.ID(),
		Detail: []string{fmt.Sprint(len(rows))}}); err != nil {
		return nil, err
	}
	drafts := make([]notes.Draft, len(rows))
	for i, r := range rows {
		if drafts[i], err = s.unsealDraft(ctx, r.Account, r.ID, r.Body); err != nil {
			return nil, err
		}
	}
	return drafts, nil
}

// SentDrafts are the references of the notes that these drafts became, by the draft's id: of those that the actor has sent.
func (s *Store) SentDrafts(ctx context.Context, ids []string) (map[string]string, error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, access.ErrNobody
	}
	rows, err := s.pool.Query(ctx, selectSentDrafts, ids, actor.ID())
	if err != nil {
		return nil, fmt.Errorf("find the drafts that were sent: %w", err)
	}
	out := map[string]string{}
	var id, ref string
	if _, err := pgx.ForEachRow(rows, []any{&id, &ref}, func() error { out[id] = ref; return nil }); err != nil {
		return nil, fmt.Errorf("find the drafts that were sent: %w", err)
	}
	return out, nil
}

// LoadDraft opens one of the actor's own drafts; ok is false when there is none of that id.
func (s *Store) LoadDraft(ctx context.Context, id string) (d notes.Draft, ok bool, err error) {
	all, err := s.Drafts(ctx)
	for _, d := range all {
		if d.ID == id {
			return d, true, err
		}
	}
	return notes.Draft{}, false, err
}

// DropDraft forgets one of the actor's own drafts; one that is not there is success. The drop leaves a leaf.
func (s *Store) DropDraft(ctx context.Context, id string) error {
	actor, ok := access.From(ctx)
	if !ok {
		return access.ErrNobody
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var account string
		err := tx.QueryRow(ctx, deleteDraft, id, actor.ID()).Scan(&account)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "draft.dropped", Kind: "draft", Object: id,
			Account: account})
	})
	if err != nil {
		return fmt.Errorf("drop a draft: %w", err)
	}
	return nil
}
