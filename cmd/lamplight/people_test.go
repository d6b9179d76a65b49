package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pquerna/otp"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres/postgrestest"
)

// TestWhoLeavesIsOut gives somebody new keys, and then lets them go: each time what they had opens nothing any more.
func TestWhoLeavesIsOut(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	lakeside := filepath.Join("..", "lamplight-demo", "practices", "lakeside.json")
	if err := (&practicePutCmd{RecordFlags: flags, File: lakeside}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	add := peopleAddCmd{RecordFlags: flags, Login: "Elena.Reyes", Name: "Elena Reyes", Role: notes.RoleProvider, Account: "lakeside",
		Language: "en"}
	var told strings.Builder
	if err := add.run(ctx, &told); err != nil {
		t.Fatal(err)
	}
	s, err := flags.Connect(ctx)
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
		return s.Door.SignIn(ctx, access.SignInAttempt{Login: "elena.reyes", Password: password, Code: code})
	}
	was := told.String()
	session, err := enter(was)
	if err != nil {
		t.Fatal(err)
	}
	told.Reset()
	if err := (&peopleResetCmd{personFlags{flags, "ELENA.REYES"}}).run(ctx, &told); err != nil {
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
	leave := &peopleLeaveCmd{personFlags: personFlags{flags, "elena.reyes"}}
	err = leave.run(ctx, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "lakeside: schedule.rotations[0].turns[0]") {
		t.Errorf("who is on call leaves: %v", err)
	}
	if _, err := s.Door.Resume(ctx, session.Token); err != nil {
		t.Errorf("who was refused to leave is out: %v", err)
	}
	leave.EvenOnCall = true
	var loud strings.Builder
	for range 2 {
		if err := leave.run(ctx, &loud); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(loud.String(), "CHANGE THESE NOW") || !strings.Contains(loud.String(), "turns[0]") {
		t.Errorf("it says %q", loud.String())
	}
	if _, err := s.Door.Resume(ctx, session.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("who left is still in: %v", err)
	}
	if _, err := enter(told.String()); !errors.Is(err, access.ErrRefused) {
		t.Errorf("who left comes in again: %v", err)
	}
	if err := (&peopleResetCmd{personFlags{flags, "elena.reyes"}}).run(ctx, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "people return elena.reyes") {
		t.Errorf("new keys for who left: %v", err)
	}
	told.Reset()
	if err := (&peopleReturnCmd{personFlags{flags, "elena.reyes"}}).run(ctx, &told); err != nil {
		t.Fatal(err)
	}
	if session, err = enter(told.String()); err != nil || !session.Actor.May(notes.ReadNote, "lakeside") {
		t.Errorf("who came back: %+v, %v", session.Actor, err)
	}
	if err := (&peopleReturnCmd{personFlags{flags, "elena.reyes"}}).run(ctx, io.Discard); err == nil {
		t.Error("who has not left comes back")
	}
	if err := (&peopleLeaveCmd{personFlags: personFlags{flags, "nobody"}}).Run(ctx); err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("nobody left: %v", err)
	}
}

// TestASecondPractice gives a provider another practice and takes it again; one that is not there is refused.
func TestASecondPractice(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	for _, name := range []string{"lakeside", "sol"} {
		if err := (&practicePutCmd{RecordFlags: flags, File: filepath.Join("..", "lamplight-demo", "practices",
			name+".json")}).Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	add := peopleAddCmd{RecordFlags: flags, Login: "osei", Name: "Dr Osei", Role: notes.RoleProvider, Account: "lakesde", Language: "en"}
	if err := add.run(ctx, io.Discard); err == nil || !strings.Contains(err.Error(), `no practice "lakesde"`) {
		t.Errorf("for a misspelt practice: %v", err)
	}
	add.Account = "lakeside"
	if err := add.run(ctx, io.Discard); err != nil {
		t.Fatal(err)
	}
	grants := func() int {
		t.Helper()
		s, err := flags.Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, s)
		p, err := personBy(ctx, s.Door, "osei")
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Grants)
	}
	second := grantFlags{personFlags: personFlags{flags, "osei"}, Role: notes.RoleProvider, Account: accountOf(t, flags, "Sol")}
	if err := (&peopleGrantCmd{second}).Run(ctx); err != nil || grants() != 2 {
		t.Errorf("a second practice: %d roles, %v", grants(), err)
	}
	if err := (&peopleRevokeCmd{second}).Run(ctx); err != nil || grants() != 1 {
		t.Errorf("taken again: %d roles, %v", grants(), err)
	}
	if err := (&peopleRevokeCmd{second}).Run(ctx); err == nil {
		t.Error("what nobody has is taken")
	}
	second.Account = "nowhere"
	if err := (&peopleGrantCmd{second}).Run(ctx); err == nil {
		t.Error("a practice that is not there is given")
	}
}

// accountOf finds a practice's id in the list by a word of its name.
func accountOf(t *testing.T, flags server.RecordFlags, word string) string {
	t.Helper()
	var list strings.Builder
	if err := (&practiceListCmd{flags}).run(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(list.String()) {
		if strings.Contains(line, word) {
			return strings.Fields(line)[0]
		}
	}
	t.Fatalf("no %q in %s", word, list.String())
	return ""
}

// TestAPracticeComesBackAsItWasPut puts what was got, and gets the same.
func TestAPracticeComesBackAsItWasPut(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	file := filepath.Join("..", "lamplight-demo", "practices", "sol.json")
	var got [2]strings.Builder
	for i := range got {
		if err := (&practicePutCmd{RecordFlags: flags, File: file}).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if err := (&practiceGetCmd{practiceFlags{flags, accountOf(t, flags, "Sol")}}).run(ctx, &got[i]); err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(t.TempDir(), "got.json")
		if err := os.WriteFile(file, []byte(got[i].String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (&practiceCheckCmd{File: file}).Run(); err != nil {
			t.Error(err)
		}
	}
	if got[0].String() != got[1].String() || !strings.Contains(got[0].String(), `"contacts"`) {
		t.Errorf("put and got:\n%s\nthen\n%s", got[0].String(), got[1].String())
	}
	if err := (&practiceGetCmd{practiceFlags{flags, "nowhere"}}).run(ctx, io.Discard); err == nil || !strings.Contains(err.Error(), "practice list") {
		t.Errorf("a practice that is not there: %v", err)
	}
}

// TestOnesOwnPassword is changed by who proves who they are, and by nobody else.
func TestOnesOwnPassword(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	var told strings.Builder
	if err := (&peopleAddCmd{RecordFlags: flags, Login: "ada", Name: "Ada", Role: notes.RoleAdmin, Account: "*", Language: "en"}).run(ctx,
		&told); err != nil {
		t.Fatal(err)
	}
	var password, address string
	if _, err := fmt.Sscanf(told.String(), "password %s\nauthenticator %s\n", &password, &address); err != nil {
		t.Fatal(err)
	}
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		t.Fatal(err)
	}
	change := func(lines ...string) error {
		code, err := access.CodeAt(key.Secret(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		lines[1] = strings.ReplaceAll(lines[1], "CODE", code)
		return (&peoplePasswordCmd{flags, "ada"}).run(ctx, func(string) (string, error) {
			line := lines[0]
			lines = lines[1:]
			return line, nil
		}, io.Discard)
	}
	const fresh = "a horse, a battery, a staple"
	if err := change(password, "CODE", fresh, fresh+"s"); err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("two that differ: %v", err)
	}
	if err := change("somebody else's guess", "CODE", fresh, fresh); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a guess: %v", err)
	}
	if err := change(password, "CODE", "short", "short"); !errors.Is(err, access.ErrWeak) {
		t.Errorf("a weak one: %v", err)
	}
	if err := change(password, "CODE", fresh, fresh); err != nil {
		t.Fatal(err)
	}
	s, err := flags.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	code, err := access.CodeAt(key.Secret(), time.Now().Add(30*time.Second)) // the next one: a code opens once
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Door.SignIn(ctx, access.SignInAttempt{Login: "ada", Password: fresh, Code: code}); err != nil {
		t.Errorf("her new password: %v", err)
	}
}

// TestAnAgentLearns: what an agent can do is said in words, a list given replaces the one before, what is not given stays.
func TestAnAgentLearns(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	state, database := t.TempDir(), postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)
	run := func(words ...string) error {
		t.Helper()
		var c struct {
			People peopleCmd `cmd:""`
		}
		parser, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.Parse(append(words, "--state", state, "--database-url", database))
		if err != nil {
			return err
		}
		parsed.BindTo(ctx, (*context.Context)(nil))
		return parsed.Run()
	}
	speaks := func() string {
		t.Helper()
		s, err := server.RecordFlags{State: state, DatabaseURL: database}.Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		p, err := personBy(ctx, s.Door, "ana")
		if err != nil {
			t.Fatal(err)
		}
		return p.Endpoint + " " + p.Speaks
	}
	if err := run("people", "add", "ana", "--name", "Ana", "--role", "agent", "--phone", "agent1", "--speaks", "en=native", "--skills",
		"cardio,peds"); err != nil {
		t.Fatal(err)
	}
	if got := speaks(); got != `agent1 {"languages":{"en":3},"skills":["cardio","peds"]}` {
		t.Error(got)
	}
	if err := run("people", "able", "ana", "--speaks", "en=native;es=qualified", "--skills", "", "--groups", "night"); err != nil {
		t.Fatal(err)
	}
	if got := speaks(); got != `agent1 {"languages":{"en":3,"es":2},"groups":["night"]}` {
		t.Error(got)
	}
	if err := run("people", "able", "ana", "--phone", "agent2"); err != nil {
		t.Fatal(err)
	}
	if got := speaks(); got != `agent2 {"languages":{"en":3,"es":2},"groups":["night"]}` {
		t.Error(got)
	}
	for _, odd := range []string{"en=fluent", "fr=native", "en=7"} {
		if err := run("people", "able", "ana", "--speaks", odd); err == nil {
			t.Errorf("took %s", odd)
		}
	}
}
