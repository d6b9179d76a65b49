package portal

import (
	"context"
	"errors"
	"time"

	"lamplight/console"
	"lamplight/notes/access"
)

// doorSessions are the sessions of notes/access.
type doorSessions struct{ door *access.Door }

// NewSessions returns the Sessions of the house's people.
func NewSessions(door *access.Door) Sessions { return doorSessions{door} }

func (d doorSessions) SignIn(ctx context.Context, login, password, code, source string) (string, time.Time, error) {
	s, err := d.door.SignIn(ctx, access.Attempt{Login: login, Password: password, Code: code, Source: source})
	var slowed *access.SlowedError
	switch {
	case errors.As(err, &slowed):
		return "", time.Time{}, &SlowedError{Until: slowed.Until}
	case errors.Is(err, access.ErrRefused):
		return "", time.Time{}, &console.Error{Code: "portal.error.sign-in"}
	}
	return s.Token, s.Expires, err
}

func (d doorSessions) Resume(ctx context.Context, token string) (context.Context, error) {
	s, err := d.door.Resume(ctx, token)
	if err != nil {
		return nil, err
	}
	return access.With(ctx, s.Actor), nil
}

func (d doorSessions) SignOut(ctx context.Context, token string) error {
	return d.door.SignOut(ctx, token)
}
