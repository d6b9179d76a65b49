package access

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/audit"
)

// feedTable has no MAC: a feed shows when somebody is on call, which whoever can write the database reads there anyway.
var feedTable = audit.Table{Kind: "feed", Name: "feed", Key: "person || '/' || account",
	Columns: []string{"person", "account", "token", "made_at"}}

// ErrNoFeed is the answer to an address that leads to no feed, or not any more.
var ErrNoFeed = errors.New("no such feed")

// MakeFeed makes the address of the actor's on-call days at a practice, in the place of the one before. What it returns is the
// address's secret: it is told once, and whoever has it reads those days and nothing else.
func (d *Door) MakeFeed(ctx context.Context, account string) (secret string, err error) {
	secret = rand.Text()
	return secret, d.changeFeed(ctx, account, "feed.made", func(tx pgx.Tx, person notes.PersonID) ([]audit.Row, error) {
		rows, err := tx.Query(ctx, `insert into feed (person, account, token, made_at) values ($1, $2, $3, $4)
			on conflict (person, account) do update set token = excluded.token, made_at = excluded.made_at returning `+
			feedTable.Returning(), person, account, hex.EncodeToString(tokenHash(secret)), d.clock())
		if err != nil {
			return nil, err
		}
		return feedTable.Read(rows)
	})
}

// StopFeed ends the actor's feed of a practice; none there is success.
func (d *Door) StopFeed(ctx context.Context, account string) error {
	return d.changeFeed(ctx, account, "feed.stopped", func(tx pgx.Tx, person notes.PersonID) ([]audit.Row, error) {
		var key string
		err := tx.QueryRow(ctx, "delete from feed where person = $1 and account = $2 returning "+feedTable.Key, person, account).Scan(&key)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, nil
		}
		return []audit.Row{audit.Removed(feedTable.Kind, key)}, err
	})
}

func (d *Door) changeFeed(ctx context.Context, account, action string, change func(pgx.Tx, notes.PersonID) ([]audit.Row, error)) error {
	actor, err := Check(ctx, notes.OwnDuty, account)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := lockPerson(ctx, tx, actor.Person); err != nil {
			return err
		}
		rows, err := change(tx, actor.Person)
		if err != nil || len(rows) == 0 {
			return err
		}
		return d.log.Append(ctx, tx, audit.Entry{At: d.Now(), Actor: actor.ID(), Action: action, Kind: "person", Object: string(actor.Person),
			Account: account, Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("change a feed: %w", err)
	}
	return nil
}

// Feeds tells of which practices the actor has a feed, and when each was made.
func (d *Door) Feeds(ctx context.Context) (map[string]time.Time, error) {
	actor, ok := From(ctx)
	if !ok {
		return nil, ErrNobody
	}
	rows, err := d.pool.Query(ctx, "select account, made_at from feed where person = $1", actor.Person)
	if err != nil {
		return nil, fmt.Errorf("look for feeds: %w", err)
	}
	out := map[string]time.Time{}
	var account string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&account, &at}, func() error {
		out[account] = at
		return nil
	})
	return out, err
}

// FeedOf tells whose feed an address's secret leads to, as who may still read it, and of which practice; ErrNoFeed when it leads to
// none, or its owner has left or has no part in the practice any more.
func (d *Door) FeedOf(ctx context.Context, secret string) (a Actor, account string, err error) {
	var person notes.PersonID
	err = d.pool.QueryRow(ctx, "select person, account from feed where token = $1", hex.EncodeToString(tokenHash(secret))).
		Scan(&person, &account)
	if errors.Is(err, pgx.ErrNoRows) {
		return Actor{}, "", ErrNoFeed
	}
	if err != nil {
		return Actor{}, "", fmt.Errorf("look for a feed: %w", err)
	}
	a, err = d.ActorOf(ctx, person)
	if errors.Is(err, ErrNoPerson) || err == nil && !a.May(notes.OwnDuty, account) {
		return Actor{}, "", ErrNoFeed
	}
	return a, account, err
}
