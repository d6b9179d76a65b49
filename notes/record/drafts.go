package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
	if d.ID == "" || len(d.ID) > 100 {
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
	_, err = s.pool.Exec(ctx, upsertDraft, d.ID, actor.ID(), d.Account, d.Seq, d.SavedAt, sealed)
	if err != nil {
		return fmt.Errorf("save a draft: %w", err)
	}
	return nil
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
		keys, err := s.Keys(ctx, r.Account)
		if err != nil {
			return nil, err
		}
		plain, err := keys.Unseal(draftLabel(r.Account, r.ID), r.Body)
		if err != nil {
			return nil, fmt.Errorf("open a draft: %w", err)
		}
		if err := json.Unmarshal(plain, &drafts[i]); err != nil {
			return nil, errors.New("open a draft: it is not as it was sealed")
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
