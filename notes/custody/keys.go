package custody

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit"
)

var markTable = audit.Table{Kind: "key_mark", Name: "key_mark", Key: "name", Columns: []string{"name", "digest", "made_at"}}

// Tables are the tables of this package whose rows the audit log vouches for.
func Tables() []audit.Table { return []audit.Table{markTable, drillTable} }

// A key is a file without which a database, or those who trust it, are not what they were.
type key struct {
	file string
	// loses says what a new one costs; "" for one that cannot be renewed.
	loses string
	ours  bool // each server has its own
	grows bool // it changes by itself, and its user knows what it must hold
}

const (
	ringFile  = "keyring.json"
	auditFile = "audit.json"
)

var keys = []key{
	{file: ringFile, grows: true},
	{file: auditFile},
	{file: "push.json", loses: "every phone must allow pushes again"},
	{file: "links.key", loses: "links sent until now open nothing"},
	{file: "nats.json", loses: "a NATS of yours needs its new configuration ('lamplight nats config')"},
	{file: "ca-secret.pem", loses: "every desk needs the new ca.pem", ours: true},
	{file: "server-secret.pem", loses: "desks and browsers see another certificate of the same authority", ours: true, grows: true},
	{file: drillKeyFile, loses: "the server cannot drill on backups made until now", ours: true},
}

// mark is what the database knows a key by.
func (k key) mark(server string) string {
	if k.ours {
		return k.file + "/" + server
	}
	return k.file
}

// CheckKeys refuses, before anything is made in its place, a key that is missing or is not the one this database was used
// with. Server is this server's name.
func CheckKeys(ctx context.Context, pool *pgxpool.Pool, dir, server string) error {
	if err := CheckRoots(ctx, pool, dir); err != nil {
		return err
	}
	marks, err := readMarks(ctx, pool)
	if err != nil {
		return err
	}
	for _, k := range keys {
		want, marked := marks[k.mark(server)]
		if !marked || k.grows {
			continue
		}
		digest, err := digestOf(filepath.Join(dir, k.file))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("the key %s is missing: %s", filepath.Join(dir, k.file), k.way())
		case err != nil:
			return fmt.Errorf("read a key: %w", err)
		case digest != want:
			return fmt.Errorf("the key %s is damaged, or it is not the one this database was used with: %s", filepath.Join(dir, k.file),
				k.way())
		}
	}
	return nil
}

// CheckRoots looks for the two keys without which a database that has been used is worth nothing, whether marked or not.
func CheckRoots(ctx context.Context, pool *pgxpool.Pool, dir string) error {
	for file, used := range map[string]string{
		ringFile:  "select exists (select from seal_key)",
		auditFile: "select exists (select from audit_outbox) or exists (select from audit_checkpoint)",
	} {
		_, err := os.Stat(filepath.Join(dir, file))
		if err == nil {
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read a key: %w", err)
		}
		var was bool
		if err := pool.QueryRow(ctx, used).Scan(&was); err != nil {
			return fmt.Errorf("ask whether the database was used: %w", err)
		}
		if was {
			return fmt.Errorf("the key %s is missing and this database was used with one: %s", filepath.Join(dir, file), key{}.way())
		}
	}
	return nil
}

// way says what to do about a key.
func (k key) way() string {
	const restore = "restore it from its backup ('lamplight restore --only-keys')"
	if k.loses == "" {
		return restore
	}
	return fmt.Sprintf("%s, or have it made anew with 'lamplight keys renew %s', and then %s", restore, k.file, k.loses)
}

// digestOf is over a file's bytes; what secret ones hold is random enough that it gives nothing away.
func digestOf(path string) ([sha256.Size]byte, error) {
	b, err := os.ReadFile(path)
	return sha256.Sum256(b), err
}

func readMarks(ctx context.Context, pool *pgxpool.Pool) (map[string][sha256.Size]byte, error) {
	rows, err := pool.Query(ctx, "select name, digest from key_mark")
	if err != nil {
		return nil, fmt.Errorf("read the marks of the keys: %w", err)
	}
	out := map[string][sha256.Size]byte{}
	var name string
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &digest}, func() error {
		if len(digest) == sha256.Size {
			out[name] = [sha256.Size]byte(digest)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the marks of the keys: %w", err)
	}
	return out, nil
}

// CheckLog refuses an audit key that did not sign this database's newest checkpoint.
func CheckLog(ctx context.Context, log *audit.Log, dir string) error {
	msg, err := log.Checkpoint(ctx)
	if err != nil || msg == "" {
		return err
	}
	if _, err := log.VerifyCheckpoint(msg); err != nil {
		return fmt.Errorf("the key %s is not the one this database's log was signed with: %s", filepath.Join(dir, auditFile), key{}.way())
	}
	return nil
}

// MarkKeys has the database know the keys that are there and that it does not know yet.
func MarkKeys(ctx context.Context, pool *pgxpool.Pool, log *audit.Log, dir, server string) error {
	marks, err := readMarks(ctx, pool)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if _, marked := marks[k.mark(server)]; marked || k.grows {
			continue
		}
		digest, err := digestOf(filepath.Join(dir, k.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read a key: %w", err)
		}
		if err := changeMark(ctx, pool, log, "key.used", k.mark(server), func(tx pgx.Tx, now time.Time) ([]audit.Row, error) {
			rows, err := tx.Query(ctx, "insert into key_mark ("+markTable.List()+") values ("+markTable.Placeholders()+`)
				on conflict do nothing returning `+markTable.Returning(), k.mark(server), digest[:], now)
			if err != nil {
				return nil, err
			}
			return markTable.Read(rows)
		}); err != nil {
			return err
		}
	}
	return nil
}

// changeMark changes a mark with its leaf.
func changeMark(ctx context.Context, pool *pgxpool.Pool, log *audit.Log, action, name string,
	change func(pgx.Tx, time.Time) ([]audit.Row, error)) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		now := time.Now().UTC().Truncate(time.Microsecond)
		rows, err := change(tx, now)
		if err != nil || len(rows) == 0 {
			return err
		}
		return log.Append(ctx, tx, audit.Entry{At: now, Actor: "custody", Action: action, Kind: markTable.Kind, Object: name, Rows: rows})
	})
	if err != nil {
		return fmt.Errorf("mark the key %s: %w", name, err)
	}
	return nil
}

// RenewKey lays a key aside and forgets its mark, so that the next start makes a new one. It returns what that costs.
func RenewKey(ctx context.Context, pool *pgxpool.Pool, log *audit.Log, dir, server, file string) (loses string, err error) {
	for _, k := range keys {
		switch {
		case k.file != file:
			continue
		case k.loses == "":
			return "", fmt.Errorf("%s cannot be made anew: without it the database opens or proves nothing; restore it from its backup",
				file)
		}
		err := changeMark(ctx, pool, log, "key.renewed", k.mark(server), func(tx pgx.Tx, _ time.Time) ([]audit.Row, error) {
			done, err := tx.Exec(ctx, "delete from key_mark where name = $1", k.mark(server))
			if err != nil || done.RowsAffected() == 0 {
				return nil, err
			}
			return []audit.Row{audit.Removed(markTable.Kind, k.mark(server))}, nil
		})
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, file)
		err = os.Rename(path, path+".until-"+time.Now().UTC().Format("20060102T150405Z"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("lay the old key aside: %w", err)
		}
		return k.loses, nil
	}
	var names []string
	for _, k := range keys {
		if k.loses != "" {
			names = append(names, k.file)
		}
	}
	return "", fmt.Errorf("there is no key %q; these can be renewed: %s", file, strings.Join(names, ", "))
}
