package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// inRecord opens the record with connect, does something in it as the administrator, and closes it.
func inRecord(ctx context.Context, connect func(context.Context) (*server.Server, error),
	do func(context.Context, *server.Server) error) (err error) {
	s, err := connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(access.System(ctx, "administrator"), s)
}

// personFlags name somebody.
type personFlags struct {
	server.RecordFlags
	Login string `arg:"" help:"Who, by what they sign in with."`
}

// with finds the person and does something about them.
func (f personFlags) with(ctx context.Context, do func(context.Context, *server.Server, access.Person) error) error {
	return inRecord(ctx, f.Connect, func(ctx context.Context, s *server.Server) error {
		p, err := personBy(ctx, s.Door, f.Login)
		if err != nil {
			return err
		}
		return do(ctx, s, p)
	})
}

// personBy finds who signs in by a login.
func personBy(ctx context.Context, door *access.Door, login string) (access.Person, error) {
	all, err := door.People(ctx)
	if err != nil {
		return access.Person{}, err
	}
	i := slices.IndexFunc(all, func(p access.Person) bool { return strings.EqualFold(p.Login, login) })
	if i < 0 {
		return access.Person{}, fmt.Errorf("nobody signs in as %q; 'lamplight people list' lists who does", login)
	}
	return all[i], nil
}

// practiceFlags name a practice.
type practiceFlags struct {
	server.RecordFlags
	ID string `arg:"" help:"Which practice: 'practice list' lists them."`
}

// with finds the practice and does something about it.
func (f practiceFlags) with(ctx context.Context, do func(context.Context, *server.Server, notes.Account) error) error {
	return inRecord(ctx, f.Connect, func(ctx context.Context, s *server.Server) error {
		a, err := practiceBy(ctx, s, f.ID)
		if err != nil {
			return err
		}
		return do(ctx, s, a)
	})
}

// practiceBy finds a practice.
func practiceBy(ctx context.Context, s *server.Server, id string) (notes.Account, error) {
	a, err := s.Record.Account(ctx, telephony.AccountID(id))
	if errors.Is(err, record.ErrNoAccount) {
		err = fmt.Errorf("there is no practice %q; 'lamplight practice list' lists them", id)
	}
	return a, err
}
