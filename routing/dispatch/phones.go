package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/routing/channel/push"
)

// phoneID names a phone's subscription in leaves: its endpoint is a secret.
func phoneID(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:])
}

// PushPhones are the phones that providers have subscribed to pushes, in PostgreSQL. Methods may be called from any goroutine.
type PushPhones struct {
	pool *pgxpool.Pool
	log  *audit.Log
}

var _ push.SubscriptionStore = (*PushPhones)(nil)

// NewPushPhones keeps subscriptions in the database.
func NewPushPhones(pool *pgxpool.Pool, log *audit.Log) *PushPhones { return &PushPhones{pool, log} }

// Subscribe keeps a phone of a person's, in place of what was known of the same phone. Check it before
// (push.Subscription.Check): it comes from a browser.
func (p *PushPhones) Subscribe(ctx context.Context, person notes.PersonID, s push.Subscription) error {
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		return p.put(ctx, tx, string(person), s, "push.subscribed", upsertPhone)
	})
	if err != nil {
		return fmt.Errorf("subscribe a phone: %w", err)
	}
	return nil
}

// put keeps a subscription, and tells of it with the rows that are gone.
func (p *PushPhones) put(ctx context.Context, tx pgx.Tx, person string, s push.Subscription, action, sql string,
	gone ...audit.Row,
) error {
	changed, err := tx.Query(ctx, sql, s.Endpoint, person, s.Keys.P256dh, s.Keys.Auth)
	if err != nil {
		return err
	}
	rows, err := phoneTable.ReadMacs(changed)
	if err != nil {
		return err
	}
	entry := audit.Entry{Actor: person, Action: action, Kind: "person", Object: person, Rows: gone}
	if len(rows) == 0 {
		return p.log.Append(ctx, tx, entry)
	}
	return vouchWithMac(ctx, tx, p.log, phoneTable, phoneID(s.Endpoint), rows[0], entry)
}

// Subscriptions implements push.SubscriptionStore.
func (p *PushPhones) Subscriptions(ctx context.Context, person string) ([]push.Subscription, error) {
	rows, err := p.pool.Query(ctx, selectPhones, person)
	if err != nil {
		return nil, fmt.Errorf("list a person's phones: %w", err)
	}
	var list []push.Subscription
	var s push.Subscription
	r := phoneTable.MacRow()
	if _, err = pgx.ForEachRow(rows, append([]any{&s.Endpoint, &s.Keys.P256dh, &s.Keys.Auth}, r.Into()...), func() error {
		if p.log.Holds(r) { // a phone that we did not write down is nobody's
			list = append(list, s)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list a person's phones: %w", err)
	}
	return list, nil
}

// Move puts a subscription in the place of one that its browser has replaced; it is for whoever is told at the old. Who names
// an old endpoint is that phone: nobody but its push service knows it. One that is not known, or no more, moves nothing.
func (p *PushPhones) Move(ctx context.Context, old string, s push.Subscription) error {
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		var person string
		err := tx.QueryRow(ctx, deletePhone, old).Scan(&person)
		if postgres.NoRow(err) {
			return nil
		}
		if err != nil {
			return err
		}
		// One that is there already was brought by the page, for whoever is signed in on it.
		return p.put(ctx, tx, person, s, "push.moved", insertPhone, audit.Removed(phoneTable.Kind, phoneID(old)))
	})
	if err != nil {
		return fmt.Errorf("move a phone's subscription: %w", err)
	}
	return nil
}

// Unsubscribe implements push.SubscriptionStore.
func (p *PushPhones) Unsubscribe(ctx context.Context, endpoint string) error {
	err := postgres.InTx(ctx, p.pool, func(tx pgx.Tx) error {
		var person string
		err := tx.QueryRow(ctx, deletePhone, endpoint).Scan(&person)
		if postgres.NoRow(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return p.log.Append(ctx, tx, audit.Entry{Actor: "routing", Action: "push.unsubscribed", Kind: "person", Object: person,
			Rows: []audit.Row{audit.Removed(phoneTable.Kind, phoneID(endpoint))}})
	})
	if err != nil {
		return fmt.Errorf("drop a phone's subscription: %w", err)
	}
	return nil
}
