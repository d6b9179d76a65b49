package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// practiceCmd keeps practices.
type practiceCmd struct {
	Put practicePutCmd `cmd:"" help:"Store a practice from a JSON file: its lines, script, contacts, schedule and ladders."`
}

type practicePutCmd struct {
	server.RecordFlags
	File string `arg:"" type:"existingfile" help:"Like the ones in cmd/lamplight-demo/practices."`
}

func (c *practicePutCmd) Run(ctx context.Context) (err error) {
	p, err := server.ReadPractice(c.File)
	if err != nil {
		return err
	}
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Record.PutAccount(access.System(ctx, "administrator"), p.Account); err != nil {
		return err
	}
	_, err = fmt.Printf("%s is stored with %d numbers and %d contacts\n", p.Account.Name, len(p.Account.Lines), len(p.Account.Contacts))
	return err
}

// peopleCmd keeps people.
type peopleCmd struct {
	Add   peopleAddCmd   `cmd:"" help:"Let somebody in: prints their password and the secret for their authenticator, once."`
	Reset peopleResetCmd `cmd:"" help:"Give somebody a new password and authenticator, printed once, and sign them out everywhere: a phone is lost."`
	Leave peopleLeaveCmd `cmd:"" help:"End somebody's access at once. What they did stays theirs."`
	List  peopleListCmd  `cmd:"" help:"List everybody and what they may do."`
}

type peopleAddCmd struct {
	server.RecordFlags
	Login    string         `arg:"" help:"What they sign in with; also what a practice's contact calls its person."`
	Name     string         `required:"" help:"As colleagues read it."`
	Role     notes.Role     `required:"" enum:"agent,supervisor,provider,practice,admin" help:"What they are."`
	Account  string         `help:"For which practice; agents, supervisors and administrators work for all." default:"*"`
	Language string         `enum:"en,es" default:"en" help:"Of their screens."`
	Phone    string         `help:"An agent's phone on the switch, agent1."`
	Speaks   map[string]int `help:"An agent's languages with 1 (some), 2 (qualified) or 3 (native): en=3;es=2."`
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
	speaks := house.Speaks{Languages: map[telephony.Language]telephony.Level{}}
	for l, level := range c.Speaks {
		speaks.Languages[telephony.Language(l)] = telephony.Level(level)
	}
	doc, err := json.Marshal(speaks)
	if err != nil {
		return fmt.Errorf("what they speak: %w", err)
	}
	p.Speaks = string(doc)
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	password := newPassword()
	ctx = access.System(ctx, "administrator")
	if _, err := s.Door.AddPerson(ctx, p, password); err != nil {
		return err
	}
	return newAuthenticator(ctx, s.Door, p, password, out)
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

type peopleResetCmd struct {
	server.RecordFlags
	Login string `arg:"" help:"Whose."`
}

func (c *peopleResetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleResetCmd) run(ctx context.Context, out io.Writer) (err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx = access.System(ctx, "administrator")
	p, err := personBy(ctx, s.Door, c.Login)
	if err != nil {
		return err
	}
	password := newPassword()
	if err := s.Door.SetPassword(ctx, p.ID, password); err != nil {
		return err
	}
	return newAuthenticator(ctx, s.Door, p, password, out)
}

type peopleLeaveCmd struct {
	server.RecordFlags
	Login string `arg:"" help:"Who leaves."`
}

func (c *peopleLeaveCmd) Run(ctx context.Context) (err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx = access.System(ctx, "administrator")
	p, err := personBy(ctx, s.Door, c.Login)
	if err != nil {
		return err
	}
	return s.Door.Leave(ctx, p.ID)
}

type peopleListCmd struct{ server.RecordFlags }

func (c *peopleListCmd) Run(ctx context.Context) (err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	all, err := s.Door.People(access.System(ctx, "administrator"))
	for _, p := range all {
		for _, g := range p.Grants {
			if _, err := fmt.Printf("%-24s %-28s %-10s %-12s %s\n", p.Login, p.Name, g.Role, g.Account, p.Endpoint); err != nil {
				return err
			}
		}
	}
	return err
}
