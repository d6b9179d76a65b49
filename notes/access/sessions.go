package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// An OpenSession is a session of somebody's, as it is listed. Its name opens nothing.
type OpenSession struct {
	Name    string
	Program string // "desk", "Firefox, Windows"; "" when it was opened by a server of the release before
	Since   time.Time
	Seen    time.Time
}

// sessionName names a session by its token's hash, which itself is worth something on the bus.
func sessionName(hash []byte) string {
	sum := sha256.Sum256(hash)
	return hex.EncodeToString(sum[:8])
}

// Sessions lists the sessions of a person that are open, the newest first: for the person, and for who may look at them.
func (d *Door) Sessions(ctx context.Context, id notes.PersonID) ([]OpenSession, error) {
	actor, ok := From(ctx)
	if !ok {
		return nil, ErrNobody
	}
	if actor.Person != id {
		grants, err := d.grants(ctx, id)
		if err != nil {
			return nil, err
		}
		if !actor.sees(grants) {
			return nil, ErrForbidden
		}
	}
	now := d.Now()
	rows, err := d.pool.Query(ctx, "select token, coalesce(program, ''), made_at, seen_at from session left join session_program "+
		"using (token) where person = $1 and expires_at > $2 and (seen_at > $3 or program = 'desk') order by made_at desc", id, now, now.Add(-d.Idle))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s OpenSession, err error) {
		var hash []byte
		err = r.Scan(&hash, &s.Program, &s.Since, &s.Seen)
		s.Name = sessionName(hash)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return out, nil
}

// EndSessions ends sessions of a person's by their names; with none named all but the one by which whoever asks acts. Those that are
// over are success.
func (d *Door) EndSessions(ctx context.Context, id notes.PersonID, names ...string) error {
	actor, _ := From(ctx)
	return d.change(ctx, id, act{name: "person.sessions-ended", self: true}, func(tx pgx.Tx) ([]audit.Row, error) {
		rows, err := tx.Query(ctx, "select token from session where person = $1", id)
		if err != nil {
			return nil, err
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return nil, err
		}
		end := slices.DeleteFunc(all, func(hash []byte) bool {
			name := sessionName(hash)
			return len(names) > 0 && !slices.Contains(names, name) || len(names) == 0 && name == actor.Session
		})
		if len(end) == 0 {
			return nil, errAsItWas
		}
		_, err = tx.Exec(ctx, "delete from session where token = any($1)", end)
		return nil, err
	})
}

// newSession makes a session of a token, or of a new one when it is "".
func (d *Door) newSession(token, device string) Session {
	if token == "" {
		token = randomToken()
	}
	return Session{Token: token, Device: device, Expires: d.clock().Add(d.Lifetime)}
}

// queueSession has b open a session of a person's.
func (d *Door) queueSession(b *pgx.Batch, s Session, id notes.PersonID, program string) error {
	hash, now := tokenHash(s.Token), s.Expires.Add(-d.Lifetime)
	mac, err := d.log.Mac(sessionTable, hash, string(id), now, now, s.Expires)
	if err != nil {
		return err
	}
	b.Queue("insert into session (token, person, made_at, seen_at, expires_at, mac) values ($1, $2, $3, $3, $4, $5)", hash, id, now,
		s.Expires, mac)
	b.Queue("insert into session_program (token, program) values ($1, $2)", hash, program)
	queueSeen(b, id, now)
	return nil
}

func queueSeen(b *pgx.Batch, id notes.PersonID, at time.Time) {
	b.Queue("insert into person_seen (person, at) values ($1, $2) on conflict (person) do update set at = excluded.at "+
		"where person_seen.at < excluded.at", id, at)
}
