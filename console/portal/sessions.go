package portal

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// doorSessions are the sessions of notes/access.
type doorSessions struct{ door *access.Door }

// NewSessions returns the Sessions of the service's people.
func NewSessions(door *access.Door) Sessions { return doorSessions{door} }

func (d doorSessions) SignIn(ctx context.Context, k Credentials) (SignedIn, error) {
	s, err := d.door.SignIn(ctx, k.attempt())
	if err != nil {
		return SignedIn{}, refusal(err)
	}
	return SignedIn{Token: s.Token, Device: s.Device, Until: s.Expires}, nil
}

func (d doorSessions) ChangePassword(ctx context.Context, k Credentials, password string) error {
	return refusal(d.door.ChangePassword(ctx, k.attempt(), password))
}

func (k Credentials) attempt() access.SignInAttempt {
	return access.SignInAttempt{Login: k.Login, Password: k.Password, Code: k.Code, Source: k.Source, Device: k.Device,
		Program: k.Program}
}

func (d doorSessions) Invitation(ctx context.Context, token, source string) (out console.Invitation, err error) {
	i, err := d.door.Invitation(ctx, token, source)
	if err != nil {
		return out, refusal(err)
	}
	out = console.Invitation{Name: i.Name, Login: i.Login, Language: telephony.Language(i.Language), By: i.By, Until: i.Until,
		Secret: i.Secret, Address: i.URI}
	out.Picture, err = access.QR(i.URI)
	return out, err
}

func (d doorSessions) Join(ctx context.Context, j Joining) (SignedIn, error) {
	s, err := d.door.TakeInvitation(ctx, access.Taking{Token: j.Token, Password: j.Password, Secret: j.Secret, Code: j.Code,
		Source: j.Source, Program: j.Program})
	if err != nil {
		return SignedIn{}, refusal(err)
	}
	return SignedIn{Token: s.Token, Device: s.Device, Until: s.Expires}, nil
}

// endedCodes say why an invitation opens nothing any more.
var endedCodes = map[string]string{"taken": "portal.error.invitation-taken", "replaced": "portal.error.invitation-replaced",
	"expired": "portal.error.invitation-expired", "left": "portal.error.invitation-left"}

// refusal is what a page is told when a sign-in is refused.
func refusal(err error) error {
	var slowed *access.SlowedError
	var ended *access.InvitationEndedError
	switch {
	case errors.As(err, &ended):
		return &console.Error{Kind: console.Conflict, Code: endedCodes[ended.How], Vars: map[string]string{"name": ended.By}}
	case errors.Is(err, access.ErrNoInvitation), errors.Is(err, access.ErrForged):
		return console.Refuse(console.NotFound, "portal.error.invitation")
	case errors.Is(err, access.ErrFounded):
		return console.Refuse(console.Conflict, "portal.error.founded")
	case errors.Is(err, access.ErrFoundingCode):
		return console.Refuse(console.Invalid, "portal.error.founding-code")
	case errors.Is(err, access.ErrFoundingOver):
		return console.Refuse(console.Invalid, "portal.error.founding-over")
	case errors.Is(err, access.ErrLoginTaken):
		return console.Refuse(console.Invalid, "portal.error.login-taken")
	case errors.Is(err, access.ErrWrongCode):
		return console.Refuse(console.Invalid, "portal.error.wrong-code")
	case errors.As(err, &slowed):
		return &SlowedError{Until: slowed.Until}
	case errors.Is(err, access.ErrRefused):
		return console.Refuse(console.SignedOut, "portal.error.sign-in")
	case errors.Is(err, access.ErrWeak):
		return console.Refuse(console.Invalid, "portal.error.weak")
	}
	return err
}

func (d doorSessions) Resume(ctx context.Context, token string) (context.Context, error) {
	s, err := d.door.Resume(ctx, token)
	if errors.Is(err, access.ErrSignedOut) {
		return nil, console.Refuse(console.SignedOut, "portal.error.signed-out")
	}
	if err != nil {
		return nil, err
	}
	return access.With(ctx, s.Actor), nil
}

func (d doorSessions) SignOut(ctx context.Context, token string) error {
	return d.door.SignOut(ctx, token)
}
