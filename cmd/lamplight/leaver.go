package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
)

type peopleResetCmd struct{ personFlags }

func (c *peopleResetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleResetCmd) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(ctx context.Context, s *server.Server, p access.Person) error {
		password := newPassword()
		err := s.Door.SetPassword(ctx, p.ID, password)
		if errors.Is(err, access.ErrLeft) {
			return fmt.Errorf("%s has left and gets no new password; 'lamplight people return %s' lets them in again", p.Name, p.Login)
		}
		if err != nil {
			return err
		}
		return newAuthenticator(ctx, s.Door, p, password, out)
	})
}

type peopleLeaveCmd struct {
	personFlags
	EvenOnCall bool `help:"End the access even while schedules or ladders still name them, and print where: notes sent there wake nobody."`
}

func (c *peopleLeaveCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleLeaveCmd) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(ctx context.Context, s *server.Server, p access.Person) error {
		named, err := onCallPlaces(ctx, s, p.ID, time.Now())
		if err != nil {
			return err
		}
		if len(named) > 0 && !c.EvenOnCall {
			return fmt.Errorf("%s is still named where notes would go, and a note must wait on nobody:\n%s\n"+
				"change these ('lamplight practice get', 'practice put'), then try again; "+
				"with --even-on-call the access ends now all the same", p.Name, strings.Join(named, "\n"))
		}
		if err := s.Door.Leave(ctx, p.ID); err != nil || len(named) == 0 {
			return err
		}
		_, err = fmt.Fprintf(out, "%s is out. CHANGE THESE NOW, notes sent there wake nobody:\n%s\n", p.Name, strings.Join(named, "\n"))
		return err
	})
}

// onCallPlaces lists every place by which a note would still go to a person.
func onCallPlaces(ctx context.Context, s *server.Server, id notes.PersonID, now time.Time) (out []string, err error) {
	stands, err := house.Stands(ctx, s.Record, id, now)
	for _, p := range stands {
		out = append(out, p.String())
	}
	return out, err
}

type peopleReturnCmd struct{ personFlags }

func (c *peopleReturnCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleReturnCmd) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(ctx context.Context, s *server.Server, p access.Person) error {
		if !p.Left {
			return fmt.Errorf("%s has not left; 'lamplight people reset %s' gives a new password", p.Name, p.Login)
		}
		password := newPassword()
		if err := s.Door.Return(ctx, p.ID, password); err != nil {
			return err
		}
		return newAuthenticator(ctx, s.Door, p, password, out)
	})
}
