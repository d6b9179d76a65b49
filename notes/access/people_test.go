package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lamplight/notes"
	"lamplight/notes/access"
)

func TestPeopleAreChangedByWhoMay(t *testing.T) {
	ctx, d := t.Context(), newDoor(t)
	admin := access.System(ctx, "seed")
	self := access.With(ctx, access.Actor{Person: d.id})
	if _, err := d.AddPerson(self, access.Person{Login: "x"}, password); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a provider adds people: %v", err)
	}
	if _, err := d.AddPerson(admin, access.Person{Login: "REYES"}, password); !errors.Is(err, access.ErrLoginTaken) {
		t.Errorf("a login twice: %v", err)
	}
	if _, err := d.AddPerson(admin, access.Person{Login: "weak"}, "short"); !errors.Is(err, access.ErrWeak) {
		t.Errorf("a weak password: %v", err)
	}
	if err := d.Grant(self, d.id, access.Grant{Account: "*", Role: notes.RoleAdmin}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("somebody makes themself administrator: %v", err)
	}
	if err := d.Grant(admin, "nobody", access.Grant{Account: "*", Role: notes.RoleAdmin}); !errors.Is(err, access.ErrNoPerson) {
		t.Errorf("a right for nobody: %v", err)
	}
	if err := d.Grant(admin, d.id, access.Grant{Account: "*", Role: "king"}); err == nil {
		t.Error("a role that is none")
	}
	if err := d.SetPassword(context.Background(), d.id, password); !errors.Is(err, access.ErrNobody) {
		t.Errorf("nobody sets a password: %v", err)
	}
	if err := d.SetPassword(self, d.id, password+"!"); err != nil {
		t.Errorf("one's own password: %v", err)
	}
	if err := d.EnrolCode(self, d.id, secret, "000000"); !errors.Is(err, access.ErrWrongCode) {
		t.Errorf("a code that proves nothing: %v", err)
	}
	fresh, uri, err := access.NewCode("Lamplight", "reyes")
	if err != nil || !strings.HasPrefix(uri, "otpauth://totp/") {
		t.Fatal(uri, err)
	}
	code, err := access.CodeAt(fresh, d.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.EnrolCode(self, d.id, fresh, code); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(ctx, access.SignInAttempt{Login: "reyes", Password: password + "!", Code: code}); !errors.Is(err,
		access.ErrRefused) {
		t.Errorf("the enrolment's code opens: %v", err)
	}
	for range 2 {
		if err := d.Grant(admin, d.id, access.Grant{Account: "bosque", Role: notes.RoleProvider}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := d.Person(ctx, d.id)
	if err != nil || len(p.Grants) != 2 || !p.HasCode || p.Login != "reyes" {
		t.Errorf("%+v %v", p, err)
	}
	if all, err := d.People(ctx); err != nil || len(all) != 1 || len(all[0].Grants) != 2 {
		t.Errorf("%+v %v", all, err)
	}
	d.verify(t)
}

func TestAnAdministratorOpensNothingOfAPatient(t *testing.T) {
	admin := access.Actor{Person: "a", Grants: []access.Grant{{Account: access.Everywhere, Role: notes.RoleAdmin}}}
	for _, act := range []notes.Act{notes.ReadNote, notes.TakeNote, notes.Listen, notes.SearchCalls, notes.SeeBoard, notes.Export} {
		if admin.May(act, "lakeside") {
			t.Errorf("an administrator may %s", act)
		}
	}
	if list, all := admin.Accounts(notes.EditAccount); !all || list != nil {
		t.Error("an administrator keeps every practice")
	}
}
