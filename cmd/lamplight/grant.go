package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
)

// grantFlags name a role of somebody.
type grantFlags struct {
	personFlags
	Role    notes.Role `required:"" enum:"agent,supervisor,provider,practice,admin" help:"Which role."`
	Account string     `help:"For which practice; agents, supervisors and administrators work for all." default:"*"`
}

// change finds the person and does something to their role.
func (c *grantFlags) change(ctx context.Context, do func(context.Context, *server.Server, access.Person, access.Grant) error) error {
	if (c.Role == notes.RoleProvider || c.Role == notes.RolePractice) && c.Account == access.Everywhere {
		return fmt.Errorf("a %s belongs to a practice: give --account", c.Role)
	}
	return c.with(ctx, func(ctx context.Context, s *server.Server, p access.Person) error {
		return do(ctx, s, p, access.Grant{Account: c.Account, Role: c.Role})
	})
}

// knownPractice refuses a role for a practice that is not there: a misspelt one would show nothing to whoever has it.
func knownPractice(ctx context.Context, s *server.Server, account string) error {
	if account == access.Everywhere {
		return nil
	}
	_, err := practiceBy(ctx, s, account)
	return err
}

type peopleGrantCmd struct{ grantFlags }

func (c *peopleGrantCmd) Run(ctx context.Context) error {
	return c.change(ctx, func(ctx context.Context, s *server.Server, p access.Person, g access.Grant) error {
		if p.Left {
			return fmt.Errorf("%s has left; 'lamplight people return %s' lets them in again", p.Name, p.Login)
		}
		if err := knownPractice(ctx, s, g.Account); err != nil {
			return err
		}
		return s.Door.Grant(ctx, p.ID, g)
	})
}

type peopleRevokeCmd struct{ grantFlags }

func (c *peopleRevokeCmd) Run(ctx context.Context) error {
	return c.change(ctx, func(ctx context.Context, s *server.Server, p access.Person, g access.Grant) error {
		for _, has := range p.Grants {
			if has == g {
				return s.Door.Revoke(ctx, p.ID, g)
			}
		}
		return fmt.Errorf("%s is no %s of %q; 'lamplight people list' lists what everybody is", p.Name, g.Role, g.Account)
	})
}

// peoplePasswordCmd changes one's own password. It asks for the present one and a code, as a sign-in does.
type peoplePasswordCmd struct {
	server.RecordFlags
	Login string `arg:"" help:"One's own."`
}

func (c *peoplePasswordCmd) Run(ctx context.Context) error {
	return c.run(ctx, asker(os.Stdin, os.Stderr), os.Stdout)
}

// asker asks for one line at a time, without showing what is typed where a person types it.
func asker(in *os.File, prompt io.Writer) func(string) (string, error) {
	lines := bufio.NewReader(in)
	return func(what string) (string, error) {
		if _, err := fmt.Fprint(prompt, what+": "); err != nil {
			return "", err
		}
		if term.IsTerminal(int(in.Fd())) {
			b, err := term.ReadPassword(int(in.Fd()))
			_, perr := fmt.Fprintln(prompt)
			return string(b), errors.Join(err, perr)
		}
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return strings.TrimRight(line, "\r\n"), err
	}
}

func (c *peoplePasswordCmd) run(ctx context.Context, ask func(string) (string, error), out io.Writer) (err error) {
	var said [4]string
	for i, what := range []string{"password now", "one-time code", "new password, at least twelve characters", "the new one again"} {
		if said[i], err = ask(what); err != nil {
			return fmt.Errorf("read the %s: %w", what, err)
		}
	}
	if said[2] != said[3] {
		return errors.New("the two new passwords differ; nothing is changed")
	}
	if err := access.CheckPassword(said[2]); err != nil { // before the one-time code is used up
		return err
	}
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		session, err := s.Door.SignIn(ctx, access.SignInAttempt{Login: c.Login, Password: said[0], Code: strings.TrimSpace(said[1]),
			Source: "command line"})
		if err != nil {
			return err
		}
		// ends every session, this one too
		if err := s.Door.SetPassword(access.With(ctx, session.Actor), session.Actor.Person, said[2]); err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, "the password is changed; sign in anew everywhere")
		return err
	})
}
