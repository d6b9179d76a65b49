package dispatch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/postgres"
	"lamplight/routing"
)

// token is the opaque 256-bit name of an attempt's link. It is made from the attempt's id under a key that is not in the
// database, so a repeat after a crash carries the same link, and a copy of the database, which holds hashes, opens none.
func (e *Engine) token(id routing.AttemptID) string {
	h := hmac.New(sha256.New, e.cfg.LinkKey)
	h.Write([]byte("lamplight link 1\n" + string(id)))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// link is the address sent: the token stands in the fragment, which reaches no server's log and no prefetcher.
func (e *Engine) link(id routing.AttemptID) string { return e.cfg.LinkBase + "/m#" + e.token(id) }

// Locate finds what a link's token leads to; it proves nothing about who holds it.
func (e *Engine) Locate(ctx context.Context, token string) (routing.Located, error) {
	var l routing.Located
	if len(token) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return l, routing.ErrBadLink
	}
	err := e.pool.QueryRow(ctx, selectLink, hashToken(token)).
		Scan(&l.Note, &l.Attempt, &l.Account, &l.Person, &l.Contact)
	if postgres.NoRow(err) {
		return l, routing.ErrBadLink
	}
	if err != nil {
		return l, fmt.Errorf("locate a link: %w", err)
	}
	return l, nil
}

// MarkOpened says that the page behind a link was drawn. Opening proves arrival, whatever the carrier says; opening twice changes nothing.
func (e *Engine) MarkOpened(ctx context.Context, id routing.AttemptID) error {
	err := postgres.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		a, err := e.lockAttempt(ctx, tx, id)
		if err != nil || !a.state.MayBecome(routing.Opened) {
			return err
		}
		if err := e.left(ctx, tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, attemptOpened, id); err != nil {
			return err
		}
		return e.trace(ctx, tx, a.step(notes.LineLinkOpened, ""))
	})
	if err != nil {
		return fmt.Errorf("mark a link opened: %w", err)
	}
	return nil
}
