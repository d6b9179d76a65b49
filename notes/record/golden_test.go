package record_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"lamplight/notes/postgres"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/releasetest"
	"lamplight/notes/seal"
)

// goldenDraft is the row of a draft as one release stored it, with the keys that open it: made for this test and good for
// nothing else.
type goldenDraft struct {
	Keyring json.RawMessage `json:"keyring"`
	Keys    []seal.Wrapped  `json:"keys"`
	Agent   string          `json:"agent"`
	Seq     int64           `json:"seq"`
	Body    []byte          `json:"body"`
}

// TestEveryReleasesDraftIsRead: a server updated in the middle of a note finds the words that the older one kept, and takes
// the note of them.
func TestEveryReleasesDraftIsRead(t *testing.T) {
	for _, file := range releasetest.Files(t, "draft.json", func(dir string) { writeDraft(t, dir) }) {
		var g goldenDraft
		file.Decode(t, &g)
		h := g.fixture(t)
		all, err := h.store.Drafts(h.as(t, agentID))
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d drafts, %v", file.Name, len(all), err)
		}
		want := aDraft("d-1", "call-1")
		want.SavedAt = all[0].SavedAt
		if !reflect.DeepEqual(all[0], want) || want.SavedAt.IsZero() {
			t.Errorf("%s holds %+v", file.Name, all[0])
		}
		if n, err := h.store.Take(h.as(t, agentID), all[0]); err != nil || n.Call != "call-1" {
			t.Errorf("%s: taken as %+v, %v", file.Name, n, err)
		}
	}
}

// fixture is a record in which the release's draft and keys stand.
func (g goldenDraft) fixture(t *testing.T) *fixture {
	t.Helper()
	dir, pool := t.TempDir(), postgrestest.New(t)
	if err := os.WriteFile(filepath.Join(dir, "root.keys"), g.Keyring, 0o600); err != nil {
		t.Fatal(err)
	}
	h := fixtureOn(t, pool, dir)
	ctx := context.Background()
	if err := postgres.NewShelf(pool, h.log).Put(ctx, g.Keys); err != nil {
		t.Fatal(err)
	}
	h.furnish(t)
	h.record(t, aCall("call-1"), "arrived", "waiting", "offered", "talking")
	_, err := pool.Exec(ctx, "insert into draft (id, agent, account, seq, saved_at, body) values ('d-1', $1, 'lakeside', $2, now(), $3)",
		g.Agent, g.Seq, g.Body)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func writeDraft(t *testing.T, to string) {
	t.Helper()
	dir, pool := t.TempDir(), postgrestest.New(t)
	h := fixtureOn(t, pool, dir).furnish(t)
	h.record(t, aCall("call-1"), "arrived", "waiting", "offered", "talking")
	if err := h.store.SaveDraft(h.as(t, agentID), aDraft("d-1", "call-1")); err != nil {
		t.Fatal(err)
	}
	var g goldenDraft
	err := pool.QueryRow(context.Background(), "select agent, seq, body from draft where id = 'd-1'").Scan(&g.Agent, &g.Seq, &g.Body)
	if err != nil {
		t.Fatal(err)
	}
	if g.Keys, err = postgres.NewShelf(pool, h.log).Get(context.Background(), "lakeside"); err != nil {
		t.Fatal(err)
	}
	if g.Keyring, err = os.ReadFile(filepath.Join(dir, "root.keys")); err != nil {
		t.Fatal(err)
	}
	releasetest.Write(t, filepath.Join(to, "draft.json"), g)
}
