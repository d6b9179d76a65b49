package access_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/notes"
	"lamplight/notes/access"
)

const chosen = "a lamp in each window"

// keeper adds an administrator who can sign in and returns a context in which they act.
func (d *doorway) keeper(t *testing.T, id notes.PersonID, account string) context.Context {
	t.Helper()
	d.add(t, access.Person{ID: id, Login: string(id), Name: string(id), Grants: []access.Grant{{Account: account, Role: notes.RoleAdmin}}})
	a, err := d.ActorOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return access.With(t.Context(), a)
}

// take looks at an invitation and takes it, as whoever has its token.
func (d *doorway) take(t *testing.T, token string) (access.Session, error) {
	t.Helper()
	i, err := d.Invitation(t.Context(), token, "192.0.2.7")
	if err != nil {
		return access.Session{}, err
	}
	code, err := access.CodeAt(i.Secret, d.now)
	if err != nil {
		t.Fatal(err)
	}
	return d.TakeInvitation(t.Context(), access.Taking{Token: token, Password: chosen, Secret: i.Secret, Code: code, Source: "192.0.2.7",
		Program: "Firefox, Windows"})
}

func ended(err error) string {
	var e *access.InvitationEndedError
	if errors.As(err, &e) {
		return e.How + " by " + e.By
	}
	return fmt.Sprint(err)
}

// TestAnInvitationOpensOnce: it ends what there was, its holder chooses what nobody else knows, and then it says why it opens nothing.
func TestAnInvitationOpensOnce(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	ada := d.keeper(t, "ada", "*")
	before, err := d.SignIn(ctx, d.attempt(t))
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := d.Invite(ada, d.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(ctx, before.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("a session of before: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	if _, err := d.SignIn(ctx, d.attempt(t)); !errors.Is(err, access.ErrRefused) {
		t.Errorf("the password of before: %v", err)
	}
	token, until, err := d.Invite(access.Because(ada, access.Word{Why: "lost her phone"}), d.id)
	if err != nil || !until.Equal(d.now.Add(access.InvitationLife)) {
		t.Fatal(until, err)
	}
	if _, err := d.take(t, old); ended(err) != "replaced by ada" {
		t.Errorf("the older one: %v", err)
	}
	i, err := d.Invitation(ctx, token, "192.0.2.7")
	if err != nil || i.Name != "Dr Reyes" || i.Login != "reyes" || i.By != "ada" || !strings.HasPrefix(i.URI, "otpauth://totp/") {
		t.Fatalf("%+v, %v", i, err)
	}
	for what, c := range map[string]struct {
		taking access.Taking
		want   error
	}{
		"weak":       {access.Taking{Token: token, Password: "short", Secret: i.Secret, Code: "000000"}, access.ErrWeak},
		"wrong code": {access.Taking{Token: token, Password: chosen, Secret: i.Secret, Code: "000000"}, access.ErrWrongCode},
		"no secret":  {access.Taking{Token: token, Password: chosen, Secret: "A", Code: "000000"}, access.ErrWrongCode},
		"no token":   {access.Taking{Token: "x", Password: chosen, Secret: i.Secret, Code: "000000"}, access.ErrNoInvitation},
	} {
		if _, err := d.TakeInvitation(ctx, c.taking); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s, err := d.take(t, token)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := d.Resume(ctx, s.Token); err != nil || s.Actor.Person != d.id || !s.Actor.May(notes.ReadNote, "lakeside") {
		t.Errorf("who took it: %+v, %v", s.Actor, err)
	}
	if _, err := d.take(t, token); ended(err) != "taken by ada" {
		t.Errorf("a second time: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	if _, err := d.SignIn(ctx, access.SignInAttempt{Login: "reyes", Password: chosen}); !errors.Is(err, access.ErrRefused) {
		t.Errorf("without a code: %v", err)
	}
	history, err := d.Changes(ctx, d.id, 9)
	if err != nil || len(history) < 3 || history[0].Act != "person.joined" || history[1].Why != "lost her phone" || history[1].ByName != "ada" {
		t.Errorf("the history: %+v, %v", history, err)
	}
	late, _, err := d.Invite(ada, d.id)
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(access.InvitationLife)
	if _, err := d.take(t, late); ended(err) != "expired by ada" {
		t.Errorf("after three days: %v", err)
	}
	gone, _, err := d.Invite(ada, d.id)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Leave(ada, d.id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.take(t, gone); ended(err) != "left by ada" {
		t.Errorf("who has left: %v", err)
	}
	if _, _, err := d.Invite(ada, d.id); !errors.Is(err, access.ErrLeft) {
		t.Errorf("who has left is invited: %v", err)
	}
	d.verify(t)
}

// TestOneOfTwoTakesAnInvitation: at the same instant.
func TestOneOfTwoTakesAnInvitation(t *testing.T) {
	d := newDoor(t)
	token, _, err := d.Invite(access.System(t.Context(), "administrator"), d.id)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var got [4]error
	for i := range got {
		wait.Go(func() { _, got[i] = d.take(t, token) })
	}
	wait.Wait()
	good := slices.DeleteFunc(got[:], func(err error) bool { return err != nil && ended(err) == "taken by " })
	if len(good) != 1 || good[0] != nil {
		t.Errorf("of four came in: %v", good)
	}
	d.verify(t)
}

// TestAForgedInvitationOpensNothing: who can only write the database lets nobody in by one.
func TestAForgedInvitationOpensNothing(t *testing.T) {
	d := newDoor(t)
	seed := access.System(t.Context(), "administrator")
	old, _, err := d.Invite(seed, d.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Invite(seed, d.id); err != nil {
		t.Fatal(err)
	}
	d.exec(t, "update invitation set ended = '', ended_at = null, expires_at = expires_at + interval '1 year'")
	if _, err := d.take(t, old); !errors.Is(err, access.ErrNoInvitation) {
		t.Errorf("it opens: %v", err)
	}
	if r := d.check(t); r.Good() {
		t.Error("verify finds nothing")
	}
}

// TestGuessesAtInvitationsAreSlowed by their source, with those at passwords.
func TestGuessesAtInvitationsAreSlowed(t *testing.T) {
	d := newDoor(t)
	var slowed *access.SlowedError
	for i := range 40 {
		if _, err := d.Invitation(t.Context(), fmt.Sprint("guess", i), "192.0.2.66"); errors.As(err, &slowed) {
			break
		} else if !errors.Is(err, access.ErrNoInvitation) {
			t.Fatal(err)
		}
	}
	if slowed == nil {
		t.Fatal("forty guesses, and none waits")
	}
	if _, err := d.SignIn(t.Context(), access.SignInAttempt{Login: "x", Source: "192.0.2.66"}); !errors.As(err, &slowed) {
		t.Errorf("and a password from there: %v", err)
	}
	token, _, err := d.Invite(access.System(t.Context(), "administrator"), d.id)
	if err != nil {
		t.Fatal(err)
	}
	for range 60 { // looking at one that there is costs nothing
		if _, err := d.Invitation(t.Context(), token, "192.0.2.67"); err != nil {
			t.Fatal(err)
		}
	}
	i, err := d.Invitation(t.Context(), token, "192.0.2.67")
	if err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if _, err = d.TakeInvitation(t.Context(), access.Taking{Token: token, Password: chosen, Secret: i.Secret, Code: "000000",
			Source: "192.0.2.67"}); errors.As(err, &slowed) {
			return
		}
	}
	t.Errorf("nine wrong codes, and none waits: %v", err)
}

// TestWhoKeepsWhom: a practice's administrator its own people, nobody themselves, and the last administrator stays one.
func TestWhoKeepsWhom(t *testing.T) {
	ctx, d := t.Context(), newDoor(t) // reyes is lakeside's
	ada, lake, bosque := d.keeper(t, "ada", "*"), d.keeper(t, "lake", "lakeside"), d.keeper(t, "bosque", "bosque")
	lakes := access.Grant{Account: "lakeside", Role: notes.RolePractice}
	for what, c := range map[string]struct {
		err  error
		want error
	}{
		"another practice's is renamed":      {d.SetCard(bosque, d.id, "x", "en", "", ""), access.ErrForbidden},
		"another practice's is invited":      {func() error { _, _, err := d.Invite(bosque, d.id); return err }(), access.ErrForbidden},
		"another practice's leaves":          {d.Leave(bosque, d.id), access.ErrForbidden},
		"another practice's is taken on":     {d.Grant(bosque, d.id, access.Grant{Account: "bosque", Role: notes.RolePractice}), access.ErrForbidden},
		"another practice's sessions":        {d.EndSessions(bosque, d.id), access.ErrForbidden},
		"the service's administrator leaves": {d.Leave(lake, "ada"), access.ErrForbidden},
		"a role for all":                     {d.Grant(lake, d.id, access.Grant{Account: "*", Role: notes.RoleAgent}), access.ErrForbidden},
		"a role in another practice":         {d.Grant(lake, d.id, access.Grant{Account: "bosque", Role: notes.RolePractice}), access.ErrForbidden},
		"one's own, renamed":                 {d.SetCard(lake, d.id, "Dr R", "es", "r@x.example", "+13125550101"), nil},
		"one's own, another role":            {d.Grant(lake, d.id, lakes), nil},
		"one's own, that role taken":         {d.Revoke(lake, d.id, lakes), nil},
		"oneself, a role":                    {d.Grant(ada, "ada", access.Grant{Account: "*", Role: notes.RoleSupervisor}), access.ErrOwn},
		"oneself, in one's practice":         {d.Grant(lake, "lake", lakes), access.ErrOwn},
		"oneself, invited":                   {func() error { _, _, err := d.Invite(ada, "ada"); return err }(), access.ErrOwn},
		"oneself, another name":              {d.SetCard(ada, "ada", "Ada", "en", "", ""), nil},
		"the last administrator leaves":      {d.Leave(access.System(ctx, "x"), "ada"), access.ErrLastAdmin},
		"the last administrator is none":     {d.Revoke(ada, "ada", access.Grant{Account: "*", Role: notes.RoleAdmin}), access.ErrLastAdmin},
		"nobody":                             {d.Leave(ada, "no-such"), access.ErrNoPerson},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", what, c.err, c.want)
		}
	}
	if _, err := d.AddPerson(lake, access.Person{Login: "n", Grants: []access.Grant{{Account: "*", Role: notes.RoleAdmin}}}, ""); !errors.Is(
		err, access.ErrForbidden) {
		t.Errorf("a practice's administrator adds one for all: %v", err)
	}
	if _, err := d.AddPerson(ada, access.Person{ID: "both", Login: "both", Name: "Both", Grants: []access.Grant{
		{Account: "lakeside", Role: notes.RolePractice}, {Account: "bosque", Role: notes.RolePractice}}}, ""); err != nil {
		t.Fatal(err)
	}
	page, err := d.ListPeople(lake, access.PeopleQuery{Limit: 9})
	if err != nil || len(page.People) != 3 || page.People[0].ID != "both" || page.People[0].Whole || len(page.People[0].Grants) != 1 ||
		!page.People[1].Whole {
		t.Errorf("lakeside's people: %+v, %v", page, err)
	}
	if err := d.SetCard(lake, "both", "x", "en", "", ""); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("who works elsewhere, too, is renamed: %v", err)
	}
	if _, err := d.ListPerson(bosque, d.id); !errors.Is(err, access.ErrNoPerson) {
		t.Errorf("another practice's is shown: %v", err)
	}
	if err := d.Revoke(lake, "both", lakes); err != nil { // what they are to one's own practice is one's own to end
		t.Error(err)
	}
	// One who never came in does not count.
	if _, err := d.AddPerson(ada, access.Person{ID: "eve", Login: "eve", Grants: []access.Grant{{Account: "*", Role: notes.RoleAdmin}}},
		""); err != nil {
		t.Fatal(err)
	}
	if err := d.Leave(ada, "ada"); !errors.Is(err, access.ErrLastAdmin) {
		t.Errorf("nobody is left who can sign in: %v", err)
	}
	// Two who send each other away at the same instant: one stays.
	bob := d.keeper(t, "bob", "*")
	var wait sync.WaitGroup
	var got [2]error
	wait.Go(func() { got[0] = d.Leave(ada, "bob") })
	wait.Go(func() { got[1] = d.Leave(bob, "ada") })
	wait.Wait()
	if (got[0] == nil) == (got[1] == nil) {
		t.Errorf("both or none: %v", got)
	}
	d.verify(t)
}

// TestTwoChangeOnePerson: the second is told.
func TestTwoChangeOnePerson(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	ada, bob := d.keeper(t, "ada", "*"), d.keeper(t, "bob", "*")
	basis, err := d.Basis(ctx, d.id)
	if err != nil {
		t.Fatal(err)
	}
	of := func(ctx context.Context) context.Context {
		return access.Because(ctx, access.Word{Basis: basis, Why: "x"})
	}
	if err := d.Grant(of(ada), d.id, access.Grant{Account: "bosque", Role: notes.RoleProvider}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"a name": d.SetCard(of(bob), d.id, "x", "en", "", ""), "leave": d.Leave(of(bob), d.id),
		"a role": d.Revoke(of(bob), d.id, access.Grant{Account: "bosque", Role: notes.RoleProvider})} {
		if !errors.Is(err, access.ErrMoved) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if p, err := d.Person(ctx, d.id); err != nil || len(p.Grants) != 2 || p.Name != "Dr Reyes" || p.Left {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestSessionsAreListedAndEnded by their owner and by who keeps them; a desk's is called one.
func TestSessionsAreListedAndEnded(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	ada := d.keeper(t, "ada", "*")
	var own []access.Session
	for _, program := range []string{"Firefox, Windows", "Safari, iPhone", "desk"} {
		a := d.attempt(t)
		a.Program = program
		if program == "desk" {
			a.Token = strings.Repeat("t", 43)
		}
		s, err := d.SignIn(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		if s, err = d.Resume(ctx, s.Token); err != nil {
			t.Fatal(err)
		}
		own = append(own, s)
		d.now = d.now.Add(time.Minute)
	}
	self := access.With(ctx, own[0].Actor)
	list, err := d.Sessions(self, d.id)
	if err != nil || len(list) != 3 || list[0].Program != "desk" || list[2].Name != own[0].Actor.Session {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := d.EndSessions(ada, d.id, list[1].Name, "no-such"); err != nil {
		t.Fatal(err)
	}
	if err := d.EndSessions(self, d.id); err != nil { // all others
		t.Fatal(err)
	}
	for i, want := range []error{nil, access.ErrSignedOut, access.ErrSignedOut} {
		if _, err := d.Resume(ctx, own[i].Token); !errors.Is(err, want) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	if _, err := d.Sessions(self, "ada"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another's: %v", err)
	}
	if p, err := d.ListPerson(ada, d.id); err != nil || p.Seen.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
	d.verify(t)
}

// TestAPageOfPeopleIsFlat: a page, the last one, and a search touch as many rows among a hundred people as among ten thousand.
func TestAPageOfPeopleIsFlat(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	ada := d.keeper(t, "ada", "*")
	touched := func(q access.PeopleQuery) (n int64) {
		t.Helper()
		began := time.Now()
		page, err := d.ListPeople(ada, q)
		if err != nil || len(page.People) == 0 {
			t.Fatalf("%+v: %+v, %v", q, page, err)
		}
		t.Logf("%+v: %d people in %v", q, len(page.People), time.Since(began))
		query, args, err := d.Listing(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := d.pool.Query(ctx, "explain (analyze, timing off, summary off) "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			var rows float64
			var removed int64
			if _, after, ok := strings.Cut(l, "(actual rows="); ok {
				if _, err := fmt.Sscanf(after, "%f", &rows); err != nil {
					t.Fatal(l, err)
				}
				n = max(n, int64(rows))
			}
			if _, after, ok := strings.Cut(l, "Rows Removed by Filter: "); ok {
				if _, err := fmt.Sscan(after, &removed); err != nil {
					t.Fatal(l, err)
				}
				n += removed
			}
		}
		return n
	}
	fill := func(from, to int) {
		t.Helper()
		if _, err := d.pool.Exec(ctx, `insert into person (id, login, name, language, email, mobile, password, endpoint, speaks, made_at)
			select 'p'||i, 'p'||i, 'José '||md5(i::text)||' Núñez'||i, 'es', '', '', '', '', '', now() from generate_series($1::int, $2) i`, from,
			to); err != nil {
			t.Fatal(err)
		}
		d.exec(t, "analyze person")
	}
	queries := map[string]access.PeopleQuery{"the first page": {Limit: 50}, "one in the middle": {Limit: 50, After: "p50"},
		"a search": {Limit: 50, Search: "nunez77 jose"}}
	fill(1, 100)
	few := map[string]int64{}
	for what, q := range queries {
		few[what] = touched(q)
	}
	fill(101, 10_000)
	for what, q := range queries {
		if n := touched(q); n > few[what]+60 {
			t.Errorf("%s touches %d rows of ten thousand, and of a hundred %d", what, n, few[what])
		}
	}
	if page, err := d.ListPeople(ada, access.PeopleQuery{Limit: 5, Search: "NÚÑEZ7700"}); err != nil || len(page.People) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	for _, odd := range []string{"'", "a' | b:*", "<b>", "ß ﷺ 李", "\x00", strings.Repeat("x ", 500)} {
		if _, err := d.ListPeople(ada, access.PeopleQuery{Limit: 5, Search: odd}); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
