package house_test

import (
	"context"
	"errors"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
)

func TestEveryRequestIsAnswered(t *testing.T) {
	if missing := newRig(t).Service().Missing(); len(missing) != 0 {
		t.Errorf("nobody answers %q", missing)
	}
}

// TestWhoMayNotAskAtAllIsRefused goes through every request and every role: a role without the right is refused before
// anything is looked at, and nobody signed in is told to sign in.
func TestWhoMayNotAskAtAllIsRefused(t *testing.T) {
	s := newRig(t).Service()
	for _, d := range console.Requests() {
		_, err := s.Ask(t.Context(), d.Name, []byte("{}"))
		if kind := kindOf(err); kind != console.SignedOut {
			t.Errorf("%s, asked by nobody: %q %v", d.Name, kind, err)
		}
		for _, role := range []notes.Role{notes.RoleAgent, notes.RoleSupervisor, notes.RoleProvider, notes.RolePractice, notes.RoleAdmin} {
			if d.Needs == "" || role.May(d.Needs) {
				continue
			}
			ctx := access.With(context.Background(), access.Actor{Person: "p",
				Grants: []access.Grant{{Account: access.Everywhere, Role: role}}})
			if _, err := s.Ask(ctx, d.Name, []byte("{}")); kindOf(err) != console.Forbidden {
				t.Errorf("%s, asked by a %s: %v", d.Name, role, err)
			}
		}
	}
}

func kindOf(err error) console.Kind {
	var e *console.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
