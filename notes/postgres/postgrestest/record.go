package postgrestest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"lamplight/notes/audit"
	"lamplight/notes/postgres"
	"lamplight/notes/seal"
)

// Dir is a directory that the accounts PostgreSQL and Asterisk run as may enter, unlike t.TempDir when root tests. It goes away with
// the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lamplight-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Durable is a cluster of the test's own, which keeps what it acknowledges, as in production.
func Durable(t testing.TB) *postgres.Cluster {
	t.Helper()
	c, err := postgres.Private(t.Context(), postgres.Config{Dir: Dir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Keys are what a record is sealed and proved by.
type Keys struct {
	Key  *audit.Key
	Log  *audit.Log
	Ring *seal.Ring
}

// KeysIn are the keys in dir of the record on a database, made where there are none yet.
func KeysIn(t testing.TB, pool *pgxpool.Pool, dir string) Keys {
	t.Helper()
	key, err := audit.LoadKey(filepath.Join(dir, "audit.key"), "lamplight.test")
	if err != nil {
		t.Fatal(err)
	}
	root, err := seal.LoadKeyring(filepath.Join(dir, "root.keys"))
	if err != nil {
		t.Fatal(err)
	}
	log := audit.NewLog(pool, key)
	return Keys{key, log, seal.NewRing(root, postgres.NewShelf(pool, log))}
}
