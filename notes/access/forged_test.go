package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/audit"
	"lamplight/notes/postgres"
)

// add adds a person who signs in with the tests' password.
func (d *doorway) add(t *testing.T, p access.Person) notes.PersonID {
	t.Helper()
	id, err := d.AddPerson(access.System(t.Context(), "seed"), p, password)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (d *doorway) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := d.pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func (d *doorway) check(t *testing.T) audit.Report {
	t.Helper()
	if _, err := d.log.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(t.Context(), d.pool, audit.VerifyOptions{Key: d.key, Tables: append(access.Tables(), postgres.Tables()...)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhoCanOnlyWriteTheDatabaseDoesNotComeIn writes to each row that opens a door, as somebody without the server's key: the
// door stays shut, it is remembered as forged, and the log's check finds it.
func TestWhoCanOnlyWriteTheDatabaseDoesNotComeIn(t *testing.T) {
	const (
		comesIn = "select 1" // nothing done
		hash    = "(select password from person where login = 'mole')"
	)
	leaves := func(t *testing.T, d *doorway) {
		if err := d.Leave(access.System(t.Context(), "seed"), d.id); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		sql    string
		signIn bool // else a session that is open
		kind   string
		before func(*testing.T, *doorway)
	}{
		"nothing":                  {comesIn, true, "", nil},
		"nothing, with a session":  {comesIn, false, "", nil},
		"another's password":       {"update person set password = " + hash + " where login = 'reyes'", true, "person", nil},
		"their code taken away":    {"update person set code = null where login = 'reyes'", true, "person", nil},
		"the last code forgotten":  {"update code_used set step = 0 where person <> 'mole'", true, "code_used", nil},
		"the last code taken away": {"delete from code_used where person <> 'mole'", true, "-", nil},
		"a leaver let in":          {"update person set left_at = null where login = 'reyes'", true, "person", leaves},
		"a session of nobody's": {"insert into session select sha256('x'), person, made_at, seen_at, expires_at from session",
			false, "session?", nil},
		"a session of another's": {"update session set person = 'mole' where person <> 'mole'", false, "session", nil},
		"a session that lasts for ever": {"update session set expires_at = expires_at + interval '1 year' where person <> 'mole'", false,
			"session", nil},
		"a session that is always fresh": {"update session set seen_at = seen_at + interval '1 hour' where person <> 'mole'", false,
			"session", nil},
		"a session without its MAC": {"update session set mac = null where person <> 'mole'", false, "session", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			var err error
			d.add(t, access.Person{ID: "mole", Login: "mole"})
			if c.before != nil {
				c.before(t, d)
			}
			attempt := d.attempt(t)
			var token string
			if !c.signIn {
				s, err := d.SignIn(t.Context(), attempt)
				if err != nil {
					t.Fatal(err)
				}
				token = s.Token
			}
			if strings.Contains(c.sql, "code_used") { // the same code once more
				if _, err := d.SignIn(t.Context(), attempt); err != nil {
					t.Fatal(err)
				}
			}
			d.exec(t, c.sql)
			if c.signIn {
				_, err = d.SignIn(t.Context(), attempt)
			} else {
				if strings.HasSuffix(c.kind, "?") {
					token = "x"
				}
				_, err = d.Resume(t.Context(), token)
			}
			if (err == nil) != (c.kind == "") {
				t.Fatalf("it came to %v", err)
			}
			kind := strings.TrimSuffix(c.kind, "?")
			if kind == "-" || kind == "" {
				return
			}
			if f := d.log.Forged(); !slices.ContainsFunc(f, func(s string) bool { return strings.HasPrefix(s, kind+" ") }) {
				t.Errorf("remembered as forged: %q", f)
			}
			if r := d.check(t); !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool {
				return f.What == "row-forged" && strings.HasPrefix(f.Where, kind+" ")
			}) {
				t.Errorf("found: %v", r.Findings)
			}
		})
	}
}

// TestARoleThatNobodyGaveIsNone gives roles in the database alone.
func TestARoleThatNobodyGaveIsNone(t *testing.T) {
	d := newDoor(t)
	d.add(t, access.Person{ID: "ana", Login: "ana", Grants: []access.Grant{{Account: "a", Role: notes.RoleAgent}}})
	d.exec(t, "insert into person_grant (person, account, role) values ('ana', '*', 'admin')")
	d.exec(t, "insert into person_grant select person, '*', 'supervisor', mac from person_grant where role = 'agent'")
	a, err := d.ActorOf(t.Context(), "ana")
	if err != nil || len(a.Grants) != 1 || a.Grants[0].Role != notes.RoleAgent {
		t.Errorf("%+v, %v", a, err)
	}
	// Given for good, it is one.
	if err := d.Grant(access.System(t.Context(), "seed"), "ana", access.Grant{Account: "*", Role: notes.RoleSupervisor}); err != nil {
		t.Fatal(err)
	}
	if a, err := d.ActorOf(t.Context(), "ana"); err != nil || !a.Has(notes.RoleSupervisor) || a.Has(notes.RoleAdmin) {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestAForgedPersonIsOnlyReset: nobody's act gives a forged row a right MAC but an administrator's new password.
func TestAForgedPersonIsOnlyReset(t *testing.T) {
	d := newDoor(t)
	seed := access.System(t.Context(), "seed")
	ana := d.add(t, access.Person{ID: "ana", Login: "ana"})
	d.exec(t, "update person set email = 'mole@example.org' where id = 'ana'")
	self := access.With(context.Background(), access.Actor{Person: ana, Grants: []access.Grant{{Account: "a", Role: notes.RoleAgent}}})
	for what, err := range map[string]error{"own password": d.SetPassword(self, ana, "another one 22"), "leave": d.Leave(seed, ana)} {
		if !errors.Is(err, access.ErrForged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := d.SetPassword(seed, ana, "another one 22"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(t.Context(), access.SignInAttempt{Login: "ana", Password: "another one 22"}); err != nil {
		t.Error(err)
	}
}

// TestRowsFromBeforeGetTheirMacsOnce takes the MACs away, as the release before has none: a start gives them, once; rows that
// servers of that release write within the hour are believed and settled; whoever takes the mark away changes nothing.
func TestRowsFromBeforeGetTheirMacsOnce(t *testing.T) {
	d := newDoor(t)
	d.add(t, access.Person{ID: "ana", Login: "ana"})
	s, err := d.SignIn(t.Context(), access.SignInAttempt{Login: "ana", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	d.exec(t, "update person set mac = null")
	d.exec(t, "update session set mac = null")
	tables := append(access.Tables(), postgres.Tables()...)
	var told []string
	say := func(text string, _ ...any) { told = append(told, text) }
	in, err := d.log.StartMacs(t.Context(), tables, say)
	if err != nil || in <= 0 || len(told) != 1 {
		t.Fatalf("%v %v %q", in, err, told)
	}
	d.exec(t, "update session set mac = null") // a server of the release before
	if _, err := d.Resume(t.Context(), s.Token); err != nil {
		t.Error(err)
	}
	if r := d.check(t); !r.Good() || r.Unsettled != 1 {
		t.Errorf("beside the release before: %+v", r)
	}
	if err := d.log.SettleMacs(t.Context(), tables, say); err != nil {
		t.Fatal(err)
	}
	if r := d.check(t); !r.Good() || r.Unsettled != 0 {
		t.Errorf("settled: %+v", r)
	}
	d.exec(t, "update session set mac = null")
	d.exec(t, "delete from mac_mark")
	again := audit.NewLog(d.pool, d.key)
	if in, err := again.StartMacs(t.Context(), tables, say); err != nil || in != 0 || len(again.Forged()) == 0 {
		t.Errorf("without the mark: %v %v %q", in, err, again.Forged())
	}
	if _, err := d.Resume(t.Context(), s.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("a session without its MAC: %v", err)
	}
	if len(told) != 2 {
		t.Errorf("told %q", told)
	}
}
