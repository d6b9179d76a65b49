package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
)

// TestAPracticeThatReachesNobodyIsRefused changes one word of a good practice at a time: what would only be found out by a note
// that reaches nobody is found out when the file is stored.
func TestAPracticeThatReachesNobodyIsRefused(t *testing.T) {
	good, err := os.ReadFile("../lamplight-demo/practices/lakeside.json")
	if err != nil {
		t.Fatal(err)
	}
	read := func(t *testing.T, old, new string) error {
		t.Helper()
		if !strings.Contains(string(good), old) {
			t.Fatalf("the practice does not say %s", old)
		}
		path := filepath.Join(t.TempDir(), "practice.json")
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(good), old, new)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := server.ReadPractice(path)
		return err
	}
	for _, path := range []string{"../lamplight-demo/practices/lakeside.json", "../lamplight-demo/practices/sol.json"} {
		if _, err := server.ReadPractice(path); err != nil {
			t.Fatalf("as it is: %v", err)
		}
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a role nobody has":          {`"who": "backup"`, `"who": "bakcup"`, `rung 3: the schedule has no role "bakcup"`},
		"a contact who is not there": {`"who": "backup"`, `"who": "contact:oseii"`, `rung 3: "oseii" is not among the contacts`},
		"somebody on call who is none": {`"id": "lindqvist",
    "person"`, `"id": "lindquist",
    "person"`, `rung 1: "lindqvist" is not among the contacts`},
		"a mobile as people say it": {`"+13125550172"`, `"312-555-0172"`, `the mobile of the contact "osei" is not written like +1`},
		"no address for the channels": {`"mobile": "+13125550172",
    "email": "osei@lakeside.example"`, `"mobile": ""`, `the contact "osei" has no address for it`},
		"somebody on call for one call type": {`"participants": [`, `"temporary": [{"callTypes": ["symptom"], "from": "2020-01-01", "to": "2099-12-31",
			"shifts": [{"who": "zoe", "from": "2020-01-01", "to": "2099-12-31"}]}], "participants": [{"id": "zoe"},`,
			`rung 1: "zoe" is not among the contacts (schedule.temporary[0].shifts[0].who, call type "symptom")`},
		"a call type nobody can choose": {`"layers": [`, `"layers": [{"callTypes": ["symptoms"], "who": ["lindqvist"]},`, `layers[0].callTypes[0]: no call is of "symptoms"`},
		"a place no call tells":         {`"layers": [`, `"layers": [{"locations": ["north"], "who": ["lindqvist"]},`, `layers[0].locations[0]: no call is of "north"`},
		"nobody by name, by no channel": {`"person": "kwame.osei",`, ``, ""}, // texts and mails still reach them
	} {
		t.Run(name, func(t *testing.T) {
			err := read(t, c.old, c.new)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestWhoLeavesIsOut gives somebody new keys, and then lets them go: each time what they had opens nothing any more.
func TestWhoLeavesIsOut(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	add := peopleAddCmd{RecordFlags: flags, Login: "Elena.Reyes", Name: "Elena Reyes", Role: notes.RoleProvider, Account: "lakeside", Language: "en"}
	var told strings.Builder
	if err := add.run(ctx, &told); err != nil {
		t.Fatal(err)
	}
	s, err := flags.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	enter := func(keys string) (access.Session, error) {
		t.Helper()
		var password, address string
		if _, err := fmt.Sscanf(keys, "password %s\nauthenticator %s\n", &password, &address); err != nil {
			t.Fatalf("%q: %v", keys, err)
		}
		key, err := otp.NewKeyFromURL(address)
		if err != nil {
			t.Fatal(err)
		}
		code, err := access.CodeAt(key.Secret(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s.Door.SignIn(ctx, access.Attempt{Login: "elena.reyes", Password: password, Code: code})
	}
	was := told.String()
	session, err := enter(was)
	if err != nil {
		t.Fatal(err)
	}
	told.Reset()
	if err := (&peopleResetCmd{flags, "ELENA.REYES"}).run(ctx, &told); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Door.Resume(ctx, session.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("her lost phone: %v", err)
	}
	if _, err := enter(was); !errors.Is(err, access.ErrRefused) {
		t.Errorf("her old keys: %v", err)
	}
	if session, err = enter(told.String()); err != nil {
		t.Fatalf("her new keys: %v", err)
	}
	leave := &peopleLeaveCmd{flags, "elena.reyes"}
	for range 2 {
		if err := leave.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Door.Resume(ctx, session.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("who left is still in: %v", err)
	}
	if _, err := enter(told.String()); !errors.Is(err, access.ErrRefused) {
		t.Errorf("who left comes in again: %v", err)
	}
	if err := (&peopleLeaveCmd{flags, "nobody"}).Run(ctx); err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("nobody left: %v", err)
	}
}
