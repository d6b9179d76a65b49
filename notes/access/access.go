// Package access knows people: who they are, what each may do for which practice, and how they come in. The person who acts is
// carried in the context as an Actor; nothing that changes or opens a record works without one.
//
// It promises: passwords are kept as argon2id hashes, one-time-code secrets sealed, session tokens as hashes; an unknown login
// gets the same answer in the same time as a wrong password; guesses are slowed, durably, by login and by source, and a
// one-time code opens once; every sign-in, failure and change leaves an audit leaf; who knows a login cannot keep its owner out.
//
// It leaves to others: the screens and cookies (console, console/portal) and what the acts do (notes, routing).
package access

import (
	"context"
	"errors"
	"lamplight/notes"
	"slices"
)

// Everywhere is the account of a grant for every practice.
const Everywhere = "*"

// A Grant gives a person a role for one practice, or for Everywhere.
type Grant struct {
	Account string     `json:"account"`
	Role    notes.Role `json:"role"`
}

// An Actor is who acts: a person with their grants, or a part of the server.
type Actor struct {
	Person   notes.PersonID
	Name     string
	Language string
	Grants   []Grant
	Session  string // names the session they act by, among theirs (Door.Sessions); "" for none
	part     string // of the server, when no person acts: "telephony"
	shownBy  string // the part of the server that acts, when it reads for a person who did not ask
}

// Errors a caller can tell apart.
var (
	// ErrNobody: no actor in the context.
	ErrNobody = errors.New("nobody is signed in")
	// ErrForbidden: this actor may not do this for this practice.
	ErrForbidden = errors.New("not allowed")
)

type actorKey struct{}

// With returns a context in which a acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// System returns a context in which a part of the server acts by itself: "telephony", "routing". It may do everything that
// its code does, and its leaves carry the part's name.
func System(ctx context.Context, part string) context.Context {
	return With(ctx, Actor{part: part})
}

// Unasked returns a context in which a part of the server reads for the person who acts in ctx, by their rights but without
// their having asked: a leaf says that it was shown to them, not that they opened it.
func Unasked(ctx context.Context, part string) context.Context {
	a, ok := From(ctx)
	if !ok || a.part != "" {
		return ctx
	}
	a.shownBy = part
	return With(ctx, a)
}

// ShownBy is the part of the server that reads for a who did not ask, "" when a acts.
func (a Actor) ShownBy() string { return a.shownBy }

// From returns who acts; ok is false when nobody does.
func From(ctx context.Context) (a Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(Actor)
	return a, ok && (a.part != "" || a.Person != "")
}

// ID is what an audit leaf calls the actor.
func (a Actor) ID() string {
	if a.part != "" {
		return a.part
	}
	return string(a.Person)
}

// IsSystem reports that a part of the server acts, not a person.
func (a Actor) IsSystem() bool { return a.part != "" }

// May reports whether a may do act for the account.
func (a Actor) May(act notes.Act, account string) bool {
	if a.part != "" {
		return true
	}
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return (g.Account == Everywhere || g.Account == account) && g.Role.May(act)
	})
}

// Accounts lists the practices a may do act for; everywhere is true when it is all of them.
func (a Actor) Accounts(act notes.Act) (accounts []string, everywhere bool) {
	if a.part != "" {
		return nil, true
	}
	for _, g := range a.Grants {
		if !g.Role.May(act) {
			continue
		}
		if g.Account == Everywhere {
			return nil, true
		}
		if !slices.Contains(accounts, g.Account) {
			accounts = append(accounts, g.Account)
		}
	}
	return accounts, false
}

// Has reports that a holds the role for some practice.
func (a Actor) Has(r notes.Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Check returns the actor when they may do act for the account, ErrNobody or ErrForbidden otherwise.
func Check(ctx context.Context, act notes.Act, account string) (Actor, error) {
	a, ok := From(ctx)
	if !ok {
		return Actor{}, ErrNobody
	}
	if !a.May(act, account) {
		return Actor{}, ErrForbidden
	}
	return a, nil
}
