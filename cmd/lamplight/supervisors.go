package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/routing"
)

// serviceCmd keeps the service's own settings: which supervisors are called, and in which order, when a note's ladder has ended
// and nobody has acknowledged it.
type serviceCmd struct {
	Put   servicePutCmd   `cmd:"" help:"Store the service's settings from a JSON file, or say everything that is wrong with them."`
	Get   serviceGetCmd   `cmd:"" help:"Print the service's settings as 'service put' takes them."`
	Check serviceCheckCmd `cmd:"" help:"Say everything that is wrong with a file of settings, and store nothing; it needs no server."`
}

type servicePutCmd struct {
	server.RecordFlags
	inLanguage
	File string `arg:"" type:"existingfile" help:"Like cmd/lamplight-demo/service.json."`
}

func (c *servicePutCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *servicePutCmd) run(ctx context.Context, out, problems io.Writer) error {
	if _, err := c.checkService(c.File, nil, problems); err != nil { // before anything is opened
		return err
	}
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		people, err := s.Door.People(ctx)
		if err != nil {
			return err
		}
		service, err := c.checkService(c.File, house.KnownSupervisors(people), problems)
		if err != nil {
			return err
		}
		if err := s.Record.PutService(ctx, service); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "the service's ladder is stored, with %d rungs and %d contacts\n", len(service.Ladder.Rungs),
			len(service.Contacts))
		return err
	})
}

type serviceGetCmd struct{ server.RecordFlags }

func (c *serviceGetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *serviceGetCmd) run(ctx context.Context, out io.Writer) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		text, err := s.Record.Service(ctx)
		if err == nil && text == nil {
			err = errors.New("the service has no settings yet: store them with 'lamplight service put'")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	})
}

type serviceCheckCmd struct {
	inLanguage
	File string `arg:"" type:"existingfile" help:"Like cmd/lamplight-demo/service.json."`
}

func (c *serviceCheckCmd) Run() error { return c.run(os.Stdout, os.Stderr) }

func (c *serviceCheckCmd) run(out, problems io.Writer) error {
	if _, err := c.checkService(c.File, nil, problems); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "the service's settings can be stored")
	return err
}

// checkService reads a file of settings and tells what is wrong with it; an error when it must not be stored.
func (l inLanguage) checkService(path string, known map[notes.PersonID]routing.KnownPerson, problems io.Writer) (
	routing.Service, error,
) {
	text, err := os.ReadFile(path)
	if err != nil {
		return routing.Service{}, fmt.Errorf("read the service's settings: %w", err)
	}
	service, found := routing.ReadService(text, known, time.Now())
	return service, l.tell(path, found, problems)
}
