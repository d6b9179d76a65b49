package access

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes/seal"
)

// After a few free failures each further one doubles the wait. A source gets more, because an office shares one address.
const (
	freeByLogin  = 5
	freeBySource = 30
	firstWait    = 2 * time.Second
	longestWait  = 15 * time.Minute
	paceForgets  = 24 * time.Hour
)

// paceKeys are the login's and the source's keys: HMACs, since a mistyped login is often a password.
func paceKeys(house *seal.Keys, login, source string) [][]byte {
	return [][]byte{house.Term("pace-login", login), house.Term("pace-source", source)}
}

// loginMark is what a leaf calls a login that may belong to nobody.
func loginMark(house *seal.Keys, login string) string {
	return hex.EncodeToString(house.Term("login-mark", login))
}

// step counts an attempt before it is looked at, so that many at once cannot slip through, and returns until when the
// attempt must wait; zero when it may go on. A success takes the count back. One that must wait counts for nothing.
func (d *Door) step(ctx context.Context, keys [][]byte) (until time.Time, err error) {
	now := d.Now()
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var failures [2]int
		var last [2]time.Time
		for i := range failures {
			var wait time.Time
			// The insert takes the row's lock, also when the row was there.
			if err := tx.QueryRow(ctx, `insert into sign_in_pace (key, failures, last_at, until) values ($1, 0, $2, $2)
				on conflict (key) do update set key = excluded.key returning failures, last_at, until`, keys[i], now).Scan(&failures[i], &last[i], &wait); err != nil {
				return err
			}
			if wait.After(now) && wait.After(until) {
				until = wait
			}
		}
		if !until.IsZero() { // not looked at, so it counts for neither: a desk that tries again must not slow its office
			return nil
		}
		for i, free := range []int{freeByLogin, freeBySource} {
			if now.Sub(last[i]) > paceForgets {
				failures[i] = 0
			}
			failures[i]++
			next := now
			if over := failures[i] - free; over >= 0 {
				next = now.Add(min(firstWait<<min(over, 20), longestWait))
			}
			if _, err := tx.Exec(ctx, "update sign_in_pace set failures = $2, last_at = $3, until = $4 where key = $1", keys[i], failures[i], now, next); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("pace the sign-in: %w", err)
	}
	return until, nil
}
