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
	"lamplight/telephony"
)

// Errors a caller can tell apart.
var (
	// ErrNoBulletin: the practice has no such bulletin, or it has ended.
	ErrNoBulletin = errors.New("notes: no such bulletin")
	// ErrManyBulletins: as many as may be are ahead or last.
	ErrManyBulletins = errors.New("notes: the practice has too many bulletins at once")
)

// PutBulletin stores a new bulletin, whose ID, MadeAt and By are given here.
func (s *Store) PutBulletin(ctx context.Context, b notes.Bulletin) error {
	actor, err := access.Check(ctx, notes.EditPractice, string(b.Account))
	if err != nil {
		return err
	}
	body, err := json.Marshal(b.Body)
	if err != nil {
		return fmt.Errorf("store a bulletin: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockPractice(ctx, tx, b.Account); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, countBulletins, b.Account, s.clock()).Scan(&n); err != nil {
			return err
		}
		if n >= notes.MaxBulletins {
			return ErrManyBulletins
		}
		res, err := tx.Query(ctx, insertBulletin, newID(), b.Account, b.Kind, string(body), b.Begins, b.Ends, s.clock(), actor.ID())
		if err != nil {
			return err
		}
		return s.tellBulletin(ctx, tx, actor, b.Account, "bulletin.written", bulletinTable, res)
	})
	if err != nil {
		return fmt.Errorf("store a bulletin: %w", err)
	}
	return nil
}

// tellBulletin writes the leaf of a row that was written; ErrNoBulletin when none was.
func (s *Store) tellBulletin(ctx context.Context, tx pgx.Tx, actor access.Actor, account telephony.AccountID, did string,
	table audit.Table, res pgx.Rows) error {
	rows, err := table.Read(res)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return ErrNoBulletin
	}
	return s.log.Append(ctx, tx, audit.Entry{At: s.clock(), Actor: actor.ID(), Action: did, Kind: "account", Object: string(account),
		Account: string(account), Rows: rows})
}

// EndBulletin ends a practice's bulletin now.
func (s *Store) EndBulletin(ctx context.Context, account telephony.AccountID, id string) error {
	actor, err := access.Check(ctx, notes.EditPractice, string(account))
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		res, err := tx.Query(ctx, endBulletin, account, id, s.clock())
		if err != nil {
			return err
		}
		return s.tellBulletin(ctx, tx, actor, account, "bulletin.ended", bulletinTable, res)
	})
	if err != nil {
		return fmt.Errorf("end a bulletin: %w", err)
	}
	return nil
}

// AckBulletin keeps that an agent has read a bulletin; again is no error and leaves no second leaf.
func (s *Store) AckBulletin(ctx context.Context, id string) error {
	var account telephony.AccountID
	err := s.pool.QueryRow(ctx, selectBulletinAccount, id).Scan(&account)
	if noSuch(err) {
		return ErrNoBulletin
	}
	if err != nil {
		return fmt.Errorf("acknowledge a bulletin: %w", err)
	}
	actor, err := access.Check(ctx, notes.TakeNote, string(account))
	if errors.Is(err, access.ErrForbidden) { // another practice's is none of theirs
		return ErrNoBulletin
	}
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		res, err := tx.Query(ctx, insertBulletinRead, newID(), id, actor.ID(), s.clock())
		if err != nil {
			return err
		}
		err = s.tellBulletin(ctx, tx, actor, account, "bulletin.acknowledged", bulletinReadTable, res)
		if errors.Is(err, ErrNoBulletin) { // they have already
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("acknowledge a bulletin: %w", err)
	}
	return nil
}

// Bulletins are a practice's newest bulletins, with who has acknowledged them, for who may write them.
func (s *Store) Bulletins(ctx context.Context, account telephony.AccountID) ([]notes.Bulletin, error) {
	if _, err := access.Check(ctx, notes.EditPractice, string(account)); err != nil {
		return nil, err
	}
	all, err := s.bulletins(ctx, selectBulletins, account)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, b := range all {
		ids[i] = b.ID
	}
	rows, err := s.pool.Query(ctx, selectBulletinReads, ids)
	if err != nil {
		return nil, fmt.Errorf("list who has read the bulletins: %w", err)
	}
	var id string
	var r notes.BulletinRead
	_, err = pgx.ForEachRow(rows, []any{&id, &r.Person, &r.At}, func() error {
		i := slices.Index(ids, id)
		all[i].ReadBy = append(all[i].ReadBy, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list who has read the bulletins: %w", err)
	}
	return all, nil
}

// ShownBulletins are those that a desk shows the actor with a call of the practice's, the latest first: a few, however many there were.
func (s *Store) ShownBulletins(ctx context.Context, account telephony.AccountID, now time.Time) ([]notes.Bulletin, error) {
	actor, ok := access.From(ctx)
	if !ok {
		return nil, access.ErrNobody
	}
	return s.bulletins(ctx, selectShown, account, now, actor.ID())
}

func (s *Store) bulletins(ctx context.Context, query string, args ...any) ([]notes.Bulletin, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list the bulletins: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (b notes.Bulletin, err error) {
		var body string
		if err = r.Scan(&b.ID, &b.Account, &b.Kind, &body, &b.Begins, &b.Ends, &b.MadeAt, &b.By); err == nil {
			err = json.Unmarshal([]byte(body), &b.Body)
		}
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the bulletins: %w", err)
	}
	return out, nil
}
