package chart

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/telephony"
)

// PutKey keeps a practice's key, sealed. It signs from now on; the one before stays on the JWKS page beside it, for charts that
// fetch the page seldom.
func (e *Engine) PutKey(ctx context.Context, account telephony.AccountID, k Key) error {
	actor, err := access.Check(ctx, notes.EditAccount, string(account))
	if err != nil {
		return err
	}
	text, err := k.PEM()
	if err != nil {
		return err
	}
	keys, err := e.cfg.Store.Keys(ctx, account)
	if err != nil {
		return err
	}
	sealed, err := keys.Seal(e.label(account, "chart.key", k.ID), text)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, e.cfg.Pool, func(tx pgx.Tx) error {
		made, err := tx.Query(ctx, insertKey, k.ID, string(account), time.Now().UTC().Truncate(time.Microsecond), sealed)
		if err != nil {
			return err
		}
		rows, err := keyTable.Read(made)
		if err != nil || len(rows) == 0 {
			return err
		}
		return e.cfg.Log.Append(ctx, tx, audit.Entry{Actor: actor.ID(), Action: "chart.key-made", Kind: keyTable.Kind, Object: k.ID,
			Account: string(account), Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("keep a chart's key: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.keys, account)
	return nil
}

// Key is the practice's key that signs; ok is false when it has none.
func (e *Engine) Key(ctx context.Context, account telephony.AccountID) (k Key, ok bool, err error) {
	if _, err := access.Check(ctx, notes.EditAccount, string(account)); err != nil {
		return Key{}, false, err
	}
	keys, err := e.keysOf(ctx, account)
	if err != nil || len(keys) == 0 {
		return Key{}, false, err
	}
	return keys[0], true, nil
}

// Try asks a practice's chart what it can do and whether it lets us in. It writes nothing and looks for no patient.
func (e *Engine) Try(ctx context.Context, acc notes.Account) (can []string, err error) {
	if _, err := access.Check(ctx, notes.EditAccount, string(acc.ID)); err != nil {
		return nil, err
	}
	c, err := e.client(ctx, acc)
	if err != nil {
		return nil, err
	}
	if can, err = c.Can(ctx); err != nil {
		return nil, err
	}
	return can, c.Ready(ctx)
}

// keysLife is how long another server's new key may go unseen.
const keysLife = 30 * time.Second

// keysOf are a practice's newest keys, the one that signs first.
func (e *Engine) keysOf(ctx context.Context, account telephony.AccountID) ([]Key, error) {
	e.mu.Lock()
	known, ok := e.keys[account]
	e.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.keys, nil
	}
	rows, err := e.cfg.Pool.Query(ctx, selectKeys, account)
	if err != nil {
		return nil, fmt.Errorf("read a chart's keys: %w", err)
	}
	type row struct {
		ID     string
		Sealed []byte
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("read a chart's keys: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	keys, err := e.cfg.Store.Keys(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []Key
	for _, r := range list {
		text, err := keys.Unseal(e.label(account, "chart.key", r.ID), r.Sealed)
		if err != nil {
			return nil, fmt.Errorf("open a chart's key: %w", err)
		}
		k, err := ReadKey(text)
		if err != nil {
			return nil, fmt.Errorf("read a chart's key: %w", err)
		}
		out = append(out, k)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys[account] = knownKeys{out, time.Now().Add(keysLife)}
	return out, nil
}

// JWKSPath is where a practice's public keys stand.
func JWKSPath(account telephony.AccountID) string { return "/charts/" + string(account) + "/jwks.json" }

// ServeJWKS answers JWKSPath, to anybody: what stands there is public.
func (e *Engine) ServeJWKS(w http.ResponseWriter, r *http.Request) {
	keys, err := e.keysOf(r.Context(), telephony.AccountID(r.PathValue("account")))
	if err != nil {
		e.cfg.Logger.Error("chart: the page of keys", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if len(keys) == 0 {
		http.NotFound(w, r)
		return
	}
	b, err := JWKS(keys)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	if _, err := w.Write(b); err != nil {
		e.cfg.Logger.Info("an answer was not delivered", "error", err)
	}
}
