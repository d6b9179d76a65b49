package access_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/notes/access"
)

// founder is somebody who has the code and an authenticator.
func (d *doorway) founder(t *testing.T, login, code string) access.Founder {
	t.Helper()
	_, uri, err := access.NewCode("Lamplight", login)
	if err != nil || uri == "" {
		t.Fatal(err)
	}
	one, err := access.CodeAt(secret, d.now)
	if err != nil {
		t.Fatal(err)
	}
	return access.Founder{Code: code, Login: login, Name: login, Language: "en", Password: chosen, Secret: secret, OneTime: one,
		Source: "192.0.2.7", Program: "Firefox, Windows"}
}

func (d *doorway) foundingCode(t *testing.T) string {
	t.Helper()
	code, _, err := d.FoundingCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestAServiceIsFoundedOnce: two browsers have the code, one is the administrator; then no code opens anything, and none is printed.
func TestAServiceIsFoundedOnce(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	code := d.foundingCode(t)
	if again := d.foundingCode(t); code == "" || again != code {
		t.Fatalf("a server that starts again prints %q, and the first %q", again, code)
	}
	if _, _, err := d.ShowFounding(ctx, " "+code+" ", "Ada", "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs, sessions := make([]error, 2), make([]access.Session, 2)
	for i, login := range []string{"ada", "bob"} {
		f := d.founder(t, login, code)
		wg.Go(func() { sessions[i], errs[i] = d.Found(ctx, f) })
	}
	wg.Wait()
	first := 0
	if errs[0] != nil {
		first = 1
	}
	if errs[first] != nil || !errors.Is(errs[1-first], access.ErrFounded) {
		t.Fatalf("of two, %v and %v", errs[0], errs[1])
	}
	s, err := d.Resume(ctx, sessions[first].Token)
	if err != nil || !s.Actor.May(notes.EditPeople, access.Everywhere) {
		t.Errorf("the first: %+v, %v", s.Actor, err)
	}
	if _, err := d.Found(ctx, d.founder(t, "eve", code)); !errors.Is(err, access.ErrFounded) {
		t.Errorf("afterwards: %v", err)
	}
	if code := d.foundingCode(t); code != "" {
		t.Errorf("it is still printed: %s", code)
	}
	people, err := d.People(ctx)
	if err != nil || len(people) != 2 { // and the doctor who was there
		t.Errorf("%d people, %v", len(people), err)
	}
	d.now = d.now.Add(time.Minute)
	one, err := access.CodeAt(secret, d.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(ctx, access.SignInAttempt{Login: string(s.Actor.Person), Password: chosen, Code: one, Source: "192.0.2.7"}); err != nil {
		t.Errorf("signing in later: %v", err)
	}
	d.verify(t)
}

// TestAFoundingCodeThatIsNone: a wrong one is slowed by where it comes from, an old one is told to be over, and neither stores anything.
func TestAFoundingCodeThatIsNone(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	code := d.foundingCode(t)
	try := func(change func(*access.Founder)) error {
		f := d.founder(t, "ada", code)
		change(&f)
		_, err := d.Found(ctx, f)
		return err
	}
	if err := try(func(f *access.Founder) { f.Password = "short" }); !errors.Is(err, access.ErrWeak) {
		t.Errorf("a weak password: %v", err)
	}
	if err := try(func(f *access.Founder) { f.OneTime = "000000" }); !errors.Is(err, access.ErrWrongCode) {
		t.Errorf("a wrong authenticator: %v", err)
	}
	if err := try(func(f *access.Founder) { f.Login = "reyes" }); !errors.Is(err, access.ErrLoginTaken) {
		t.Errorf("the doctor's login: %v", err)
	}
	now := d.now
	d.now = now.Add(time.Hour)
	if err := try(func(f *access.Founder) { f.OneTime = "000000" }); !errors.Is(err, access.ErrWrongCode) {
		t.Errorf("in the hour after: %v", err)
	}
	d.now = now.Add(2 * time.Hour)
	if err := try(func(*access.Founder) {}); !errors.Is(err, access.ErrFoundingOver) {
		t.Errorf("two hours later: %v", err)
	}
	wrong := func(f *access.Founder) { f.Code, f.Source = "aaaa-aaaa-aaaa", "198.51.100.7" }
	var slowed *access.SlowedError
	for range 10 {
		if err := try(wrong); errors.As(err, &slowed) {
			break
		} else if !errors.Is(err, access.ErrFoundingCode) {
			t.Fatal(err)
		}
	}
	if slowed == nil {
		t.Error("ten wrong codes are not slowed")
	}
	code = d.foundingCode(t)
	if err := try(func(*access.Founder) {}); err != nil {
		t.Errorf("the owner, from elsewhere: %v", err)
	}
}

// TestWhoIsInvitedHasNotFounded: an administrator who has never come in keeps nobody out.
func TestWhoIsInvitedHasNotFounded(t *testing.T) {
	d := newDoor(t)
	if _, err := d.AddPerson(access.System(context.Background(), "test"), access.Person{ID: "ada", Login: "ada", Name: "Ada",
		Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAdmin}}}, ""); err != nil {
		t.Fatal(err)
	}
	if d.foundingCode(t) == "" {
		t.Error("nobody can sign in, and no code is printed")
	}
}
