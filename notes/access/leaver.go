package access

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
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

// Return lets somebody who has left in again, with a new password; their roles and acts are still theirs, their old
// authenticator is not.
func (d *Door) Return(ctx context.Context, id notes.PersonID, password string) error {
	if _, err := Check(ctx, notes.EditPeople, Everywhere); err != nil {
		return err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return d.changePerson(ctx, id, "person.returned", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update person set left_at = null, password = $2, code = null where id = $1", id, hash)
		return err
	})
}
