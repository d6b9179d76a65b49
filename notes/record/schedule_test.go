package record_test

import (
	"errors"
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
)

// TestAScheduleIsChangedAndKept: each change is made from the schedule as it stands or not at all; what was there is kept and can be
// read again, whoever stored it; the log vouches for all of it.
func TestAScheduleIsChangedAndKept(t *testing.T) {
	h := newFixture(t).furnish(t)
	account := lakeside().ID
	first, err := h.store.AccountNow(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	boss := h.as(t, officeID)
	versions := func(want ...string) []record.ScheduleVersion {
		t.Helper()
		all, err := h.store.ScheduleVersions(t.Context(), account, 10)
		if err != nil || len(all) != len(want) {
			t.Fatalf("%+v, %v; want %q", all, err, want)
		}
		for i, v := range all {
			if v.Why != want[i] {
				t.Errorf("version %d is %+v, want %q", i, v, want[i])
			}
		}
		return all
	}
	versions("") // as it was seeded
	second := []byte(`{"timezone":"America/Chicago","layers":[{"who":["osei"]}]}`)
	if err := h.store.PutSchedule(boss, account, first.Schedule, second, `{"act":"put"}`, "conference", nil); err != nil {
		t.Fatal(err)
	}
	if err := h.store.PutSchedule(boss, account, first.Schedule, first.Schedule, "", "late", nil); !errors.Is(err, record.ErrScheduleMoved) {
		t.Errorf("a change of what is no more: %v", err)
	}
	all := versions("conference", "")
	if all[0].By != officeID || all[0].Change != `{"act":"put"}` {
		t.Errorf("%+v", all[0])
	}
	now, err := h.store.AccountNow(t.Context(), account)
	if err != nil || string(now.Schedule) != string(second) || now.Version != first.Version+1 {
		t.Errorf("%d %s, %v", now.Version, now.Schedule, err)
	}
	// A server of the release before changes it and keeps nothing: the next change does.
	if _, err := h.pool.Exec(t.Context(), "update account set schedule = $2 where id = $1", account, "theirs"); err != nil {
		t.Fatal(err)
	}
	if err := h.store.PutSchedule(boss, account, []byte("theirs"), second, "", "again", nil); err != nil {
		t.Fatal(err)
	}
	all = versions("again", "", "conference", "")
	if theirs, err := h.store.ScheduleOf(t.Context(), account, all[1].ID); err != nil || string(theirs) != "theirs" || all[1].By != "" {
		t.Errorf("%q by %q, %v", theirs, all[1].By, err)
	}
	// So does a practice that is stored whole; one stored as it is adds nothing.
	seed := access.System(t.Context(), "seed")
	for range 2 {
		if err := h.store.PutAccount(seed, first); err != nil {
			t.Fatal(err)
		}
	}
	if all = versions("", "again", "", "conference", ""); all[0].By != "seed" {
		t.Errorf("%+v", all[0])
	}
	if _, err := h.store.ScheduleOf(t.Context(), "bosque", all[0].ID); !errors.Is(err, record.ErrNoVersion) {
		t.Errorf("another practice's version: %v", err)
	}
	for _, who := range []notes.PersonID{agentID, strangerID} {
		if err := h.store.PutSchedule(h.as(t, who), account, first.Schedule, second, "", "x", nil); !errors.Is(err, access.ErrForbidden) {
			t.Errorf("as %s: %v", who, err)
		}
	}
	h.mustVerify(t)
}
