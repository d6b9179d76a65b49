package access

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// ErrLeft: the person has left; Return lets them in again.
var ErrLeft = errors.New("the person has left")

// stays refuses who has left. Their row is locked.
func stays(ctx context.Context, tx pgx.Tx, id notes.PersonID) error {
	var left bool
	if err := tx.QueryRow(ctx, "select left_at is not null from person where id = $1", id).Scan(&left); err != nil {
		return err
	}
	if left {
		return ErrLeft
	}
	return nil
}

// Return lets somebody who has left in again, with a new password; "" lets them in by nothing, until they are invited. Their roles and
// acts are still theirs, their old authenticator is not.
func (d *Door) Return(ctx context.Context, id notes.PersonID, password string) error {
	hash, err := hashIfAny(password)
	if err != nil {
		return err
	}
	return d.change(ctx, id, act{name: "person.returned", keeper: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		_, err := tx.Exec(ctx, "update person set left_at = null, password = $2, code = null where id = $1", id, hash)
		return nil, err
	})
}

// BelievedLeft keeps of the people named those who have left by a row that we wrote.
func BelievedLeft(ctx context.Context, pool *pgxpool.Pool, log *audit.Log, people []string) (left []string, err error) {
	rows, err := pool.Query(ctx, "select id, "+personTable.MacList("")+" from person where id = any($1) and left_at is not null", people)
	if err != nil {
		return nil, err
	}
	var id string
	r := personTable.MacRow()
	_, err = pgx.ForEachRow(rows, append([]any{&id}, r.Into()...), func() error {
		if log.Holds(r) {
			left = append(left, id)
		}
		return nil
	})
	return left, err
}
