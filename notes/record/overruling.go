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

// An Overruling is somebody's word that a change of a practice is stored although tests that it keeps fail.
type Overruling struct {
	At     time.Time
	By     notes.PersonID // or a part of the server
	Why    string
	Failed []notes.Text // what failed
}

// overrule keeps an actor's word in the transaction of the change that it is about, under a leaf of its own; nil is no word.
func (s *Store) overrule(ctx context.Context, tx pgx.Tx, actor access.Actor, account telephony.AccountID, word *Overruling) error {
	if word == nil {
		return nil
	}
	if !actor.May(notes.OverruleTests, string(account)) {
		return access.ErrForbidden
	}
	if strings.TrimSpace(word.Why) == "" {
		return errors.New("notes: a test is overruled with a word that says why")
	}
	failed, err := json.Marshal(word.Failed)
	if err != nil {
		return err
	}
	res, err := tx.Query(ctx, insertOverruling, newID(), account, s.clock(), actor.ID(), word.Why, string(failed))
	if err != nil {
		return err
	}
	rows, err := overrulingTable.Read(res)
	if err != nil {
		return err
	}
	return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: "account.tests-overruled", Kind: "account",
		Object: string(account), Account: string(account), Rows: rows})
}

// Overrulings lists when a practice was changed although tests failed, the newest first, at most limit of them. Nothing in them is a
// patient's.
func (s *Store) Overrulings(ctx context.Context, account telephony.AccountID, limit int) ([]Overruling, error) {
	rows, err := s.pool.Query(ctx, selectOverrulings, account, limit)
	if err != nil {
		return nil, fmt.Errorf("list the overruled tests: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o Overruling, err error) {
		var failed string
		if err = r.Scan(&o.At, &o.By, &o.Why, &failed); err == nil {
			err = json.Unmarshal([]byte(failed), &o.Failed)
		}
		return o, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the overruled tests: %w", err)
	}
	return out, nil
}
