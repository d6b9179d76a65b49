package record_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
)

// TestSettingsAreKeptWhole: each change stays with who and why, of two at once one is told to look again, a secret is sealed and moves
// along, and one that somebody else wrote is not taken.
func TestSettingsAreKeptWhole(t *testing.T) {
	ctx, h := t.Context(), newFixture(t)
	if _, err := h.door.AddPerson(access.System(ctx, "seed"), access.Person{ID: "ada", Login: "ada", Name: "Ada Grant",
		Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAdmin}}}, "a lamp in each window"); err != nil {
		t.Fatal(err)
	}
	ada := h.as(t, "ada")
	first := record.Setting{Part: "mail", Values: map[string]string{"host": "smtp.example.org"}, Secret: "Geheimwort-1", Why: "our own"}
	if err := h.store.PutSetting(ctx, 0, first); !errors.Is(err, access.ErrNobody) {
		t.Errorf("nobody sets it: %v", err)
	}
	if err := h.store.PutSetting(ada, 0, first); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, host := range []string{"a.example.org", "b.example.org"} {
		wg.Go(func() {
			errs[i] = h.store.PutSetting(ada, 1, record.Setting{Part: "mail", Values: map[string]string{"host": host}, Secret: host})
		})
	}
	wg.Wait()
	won := 0
	if errs[0] != nil {
		won = 1
	}
	if errs[won] != nil || !errors.Is(errs[1-won], record.ErrSettingMoved) {
		t.Fatalf("of two at once: %v and %v", errs[0], errs[1])
	}
	now, err := h.store.Setting(ctx, "mail")
	if err != nil || now.Version != 2 || now.Secret != now.Values["host"] {
		t.Errorf("it is %+v, %v", now, err)
	}
	was, err := h.store.SettingWas(ctx, "mail", 1)
	if err != nil || was.Secret != first.Secret || was.By != "ada" || was.Why != "our own" {
		t.Errorf("it was %+v, %v", was, err)
	}
	listed, err := h.store.SettingVersions(ada, "mail", 10)
	if err != nil || len(listed) != 2 || listed[1].ByName != "Ada Grant" || !listed[1].HasSecret || listed[1].Secret != "" {
		t.Errorf("listed: %+v, %v", listed, err)
	}
	if _, err := h.store.SettingWas(ctx, "mail", 7); !errors.Is(err, record.ErrNoSetting) {
		t.Errorf("what never was: %v", err)
	}
	var dump string
	if err := h.pool.QueryRow(ctx, "select string_agg(setting::text, '') from setting").Scan(&dump); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(dump, "Geheimwort") {
		t.Error("a secret stands in the table")
	}
	h.mustVerify(t)
	if _, err := h.pool.Exec(ctx, "update setting set document = replace(document, 'example.org', 'thief.example') where version = 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Setting(ctx, "mail"); !errors.Is(err, record.ErrSettingForged) {
		t.Errorf("a forged one: %v", err)
	}
}
