package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
)

// peopleCmd keeps people.
type peopleCmd struct {
	Add      peopleAddCmd      `cmd:"" help:"Let somebody in: prints their password and the secret for their authenticator, once."`
	Reset    peopleResetCmd    `cmd:"" help:"Give somebody a new password and authenticator, printed once, and sign them out everywhere: a phone is lost."`
	Leave    peopleLeaveCmd    `cmd:"" help:"End somebody's access at once. What they did stays theirs. Who is still on call is refused, with the list of where."`
	Return   peopleReturnCmd   `cmd:"" help:"Let somebody who has left in again, with a new password and authenticator."`
	Able     peopleAbleCmd     `cmd:"" help:"Change what an agent speaks, is certified for and belongs to, from their next sign-in on."`
	Grant    peopleGrantCmd    `cmd:"" help:"Give somebody another role: a second practice, for instance."`
	Revoke   peopleRevokeCmd   `cmd:"" help:"Take a role from somebody."`
	Password peoplePasswordCmd `cmd:"" help:"Change one's own password, at this machine."`
	List     peopleListCmd     `cmd:"" help:"List everybody and what they may do."`
}

type peopleAddCmd struct {
	server.RecordFlags
	Login    string     `arg:"" help:"What they sign in with; also what a practice's contact calls its person."`
	Name     string     `required:"" help:"As colleagues read it."`
	Role     notes.Role `required:"" enum:"agent,supervisor,provider,practice,admin" help:"What they are."`
	Account  string     `help:"For which practice; without it for all. An agent of one practice is its own staff and takes its calls only." default:"*"`
	Language string     `enum:"en,es" default:"en" help:"Of their screens."`
	ableFlags
}

func (c *peopleAddCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleAddCmd) run(ctx context.Context, out io.Writer) (err error) {
	p := access.Person{ID: notes.PersonID(c.Login), Login: c.Login, Name: c.Name, Language: c.Language, Endpoint: c.Phone,
		Grants: []access.Grant{{Account: c.Account, Role: c.Role}}}
	if (c.Role == notes.RoleProvider || c.Role == notes.RolePractice) && c.Account == access.Everywhere {
		return fmt.Errorf("a %s belongs to a practice: give --account", c.Role)
	}
	if c.Role == notes.RoleAgent && (c.Phone == "" || len(c.Speaks) == 0) {
		return errors.New("an agent needs --phone and --speaks")
	}
	if p.Speaks, err = c.over(house.Speaks{}); err != nil {
		return err
	}
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		password := newPassword()
		if err := knownPractice(ctx, s, c.Account); err != nil {
			return err
		}
		if _, err := s.Door.AddPerson(ctx, p, password); err != nil {
			return err
		}
		return newAuthenticator(ctx, s.Door, p, password, out)
	})
}

func newPassword() string { return "lamp-" + server.RandomWord() }

// newAuthenticator gives a person a new authenticator's secret and prints it with their new password.
func newAuthenticator(ctx context.Context, door *access.Door, p access.Person, password string, out io.Writer) error {
	secret, address, err := access.NewCode("Lamplight", p.Login)
	if err != nil {
		return err
	}
	if err := door.SetCode(ctx, p.ID, secret); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "password       %s\nauthenticator  %s\n", password, address)
	return err
}

type peopleListCmd struct{ server.RecordFlags }

func (c *peopleListCmd) Run(ctx context.Context) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		all, err := s.Door.People(ctx)
		for _, p := range all {
			left := ""
			if p.Left {
				left = "has left"
			}
			for _, g := range p.Grants {
				if _, err := fmt.Printf("%-24s %-28s %-10s %-12s %-8s %s\n", p.Login, p.Name, g.Role, g.Account, p.Endpoint, left); err != nil {
					return err
				}
			}
		}
		return err
	})
}
