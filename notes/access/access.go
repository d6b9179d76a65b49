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
	"slices"
)

// A PersonID names a person for ever: agent, supervisor, provider, practice staff, administrator.
type PersonID string

// A Role is what somebody is to a practice.
type Role string

const (
	Agent      Role = "agent"      // takes calls and notes at a desk
	Supervisor Role = "supervisor" // an agent who may also listen, search and end escalations
	Provider   Role = "provider"   // reads, acknowledges and closes notes
	Practice   Role = "practice"   // an office's staff: reviews its calls
	Admin      Role = "admin"      // keeps people and practices; opens no patient data
)

// An Act is one thing a person may or may not do.
type Act string

const (
	TakeNote    Act = "take-note"
	ReadNote    Act = "read-note"
	AckNote     Act = "ack-note"
	AddToNote   Act = "add-to-note"
	CloseNote   Act = "close-note"
	SeeBoard    Act = "see-board"
	CallBack    Act = "call-back" // ring an abandoned caller and say how it ended
	SearchCalls Act = "search-calls"
	Listen      Act = "listen" // to recordings
	Export      Act = "export"
	Supervise   Act = "supervise"
	EditAccount Act = "edit-account"
	EditPeople  Act = "edit-people"
	VerifyAudit Act = "verify-audit"
)

// may is the whole table of who may do what. An administrator keeps the house and opens nothing of a patient.
var may = map[Role][]Act{
	Agent:      {TakeNote, ReadNote, AddToNote, SeeBoard, CallBack},
	Supervisor: {TakeNote, ReadNote, AddToNote, SeeBoard, CallBack, CloseNote, SearchCalls, Listen, Export, Supervise},
	Provider:   {ReadNote, AckNote, AddToNote, CloseNote, SeeBoard, SearchCalls},
	Practice:   {ReadNote, AddToNote, CloseNote, SeeBoard, SearchCalls, Listen, Export}, // notes without a ladder wait for the office, which closes them
	Admin:      {EditAccount, EditPeople, VerifyAudit},
}

// Everywhere is the account of a grant for every practice.
const Everywhere = "*"

// A Grant gives a person a role for one practice, or for Everywhere.
type Grant struct {
	Account string `json:"account"`
	Role    Role   `json:"role"`
}

// An Actor is who acts: a person with their grants, or a part of the house.
type Actor struct {
	Person   PersonID
	Name     string
	Language string
	Grants   []Grant
	part     string // of the house, when no person acts: "telephony"
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

// System returns a context in which a part of the house acts by itself: "telephony", "routing". It may do everything that
// its code does, and its leaves carry the part's name.
func System(ctx context.Context, part string) context.Context {
	return With(ctx, Actor{part: part})
}

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

// IsSystem reports that a part of the house acts, not a person.
func (a Actor) IsSystem() bool { return a.part != "" }

// May reports whether a may do act for the account.
func (a Actor) May(act Act, account string) bool {
	if a.part != "" {
		return true
	}
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return (g.Account == Everywhere || g.Account == account) && slices.Contains(may[g.Role], act)
	})
}

// Accounts lists the practices a may do act for; everywhere is true when it is all of them.
func (a Actor) Accounts(act Act) (accounts []string, everywhere bool) {
	if a.part != "" {
		return nil, true
	}
	for _, g := range a.Grants {
		if !slices.Contains(may[g.Role], act) {
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
func (a Actor) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// Check returns the actor when they may do act for the account, ErrNobody or ErrForbidden otherwise.
func Check(ctx context.Context, act Act, account string) (Actor, error) {
	a, ok := From(ctx)
	if !ok {
		return Actor{}, ErrNobody
	}
	if !a.May(act, account) {
		return Actor{}, ErrForbidden
	}
	return a, nil
}
