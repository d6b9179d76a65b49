package access_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lamplight/notes/access"
)

// Who changes their password is looked at as at a sign-in; then the old one opens nothing and nobody stays signed in.
func TestAPersonChangesTheirPassword(t *testing.T) {
	const chosen = "a lamp in each window"
	ctx, d := t.Context(), newDoor(t)
	before, err := d.SignIn(ctx, d.attempt(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ChangePassword(ctx, d.attempt(t), "too short"); !errors.Is(err, access.ErrWeak) {
		t.Errorf("a weak one: %v", err)
	}
	if err := d.ChangePassword(ctx, d.attempt(t), chosen); !errors.Is(err, access.ErrRefused) {
		t.Errorf("with a code that was used: %v", err)
	}
	d.now = d.now.Add(30 * time.Second)
	wrong := d.attempt(t)
	wrong.Password = "not the password"
	if err := d.ChangePassword(ctx, wrong, chosen); !errors.Is(err, access.ErrRefused) {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := d.Resume(ctx, before.Token); err != nil {
		t.Errorf("a refused change ended a session: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	if err := d.ChangePassword(ctx, d.attempt(t), chosen); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resume(ctx, before.Token); !errors.Is(err, access.ErrSignedOut) {
		t.Errorf("a session outlived the password: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	a := d.attempt(t)
	if _, err := d.SignIn(ctx, a); !errors.Is(err, access.ErrRefused) {
		t.Errorf("the old password still opens: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	a = d.attempt(t)
	a.Password = chosen
	if _, err := d.SignIn(ctx, a); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if !slices.Contains(d.actions(t), "person.password-set") {
		t.Error("no leaf tells of it")
	}
	d.verify(t)
}
