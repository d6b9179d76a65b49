package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
	"lamplight/notes/record"
	"lamplight/routing"
)

// The service's settings are checked before they are stored; a mistake is told with its place, and the demo's are whole.
func TestServiceSettingsAreChecked(t *testing.T) {
	var out, problems bytes.Buffer
	if err := (&serviceCheckCmd{File: "../lamplight-demo/service.json"}).run(&out, &problems); err != nil || problems.Len() > 0 {
		t.Errorf("the demo's: %v\n%s", err, &problems)
	}
	bad := filepath.Join(t.TempDir(), "service.json")
	text := `{"contacts":[],
		"ladder":{"rungs":[{"after":"0s","who":"contact:sam","channels":["text"]}]}}`
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&serviceCheckCmd{File: bad}).run(&out, &problems)
	if err == nil || !strings.Contains(problems.String(), bad+":2: ladder.rungs[0].who") {
		t.Errorf("%v\n%s", err, &problems)
	}
}

// TestSettingsThatWereRefusedAreNotStored, whoever tries.
func TestSettingsThatWereRefusedAreNotStored(t *testing.T) {
	pool := postgrestest.New(t)
	keys := postgrestest.KeysIn(t, pool, t.TempDir())
	store, ctx := record.NewStore(pool, keys.Log, keys.Ring, nil), access.System(t.Context(), "test")
	good, err := os.ReadFile("../lamplight-demo/service.json")
	if err != nil {
		t.Fatal(err)
	}
	refused, _ := routing.ReadService([]byte(`{"contacts":[],"ladder":{"rungs":[]}}`), nil, time.Now())
	for _, s := range []routing.Service{refused, {}} {
		if err := store.PutService(ctx, s); err == nil {
			t.Errorf("%+v is stored", s)
		}
	}
	if text, err := store.Service(ctx); err != nil || text != nil {
		t.Errorf("stored: %s, %v", text, err)
	}
	service, _ := routing.ReadService(good, nil, time.Now())
	if err := store.PutService(ctx, service); err != nil {
		t.Fatal(err)
	}
	if text, err := store.Service(ctx); err != nil || !bytes.Equal(text, good) {
		t.Errorf("stored: %s, %v", text, err)
	}
}
