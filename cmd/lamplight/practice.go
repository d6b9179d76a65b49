package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/telephony"
)

// practiceCmd keeps practices.
type practiceCmd struct {
	Put   practicePutCmd   `cmd:"" help:"Store a practice from a JSON file: its lines, script, contacts, schedule and ladders."`
	Get   practiceGetCmd   `cmd:"" help:"Print a practice as 'practice put' takes it."`
	List  practiceListCmd  `cmd:"" help:"List the practices."`
	Check practiceCheckCmd `cmd:"" help:"Say whether a file could be stored; it needs no server."`
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

type practiceGetCmd struct {
	server.RecordFlags
	ID string `arg:"" help:"Which: 'practice list' lists them."`
}

func (c *practiceGetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *practiceGetCmd) run(ctx context.Context, out io.Writer) (err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a, err := practiceBy(access.System(ctx, "administrator"), s, c.ID)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Account  notes.Account   `json:"account"`
		Schedule json.RawMessage `json:"schedule"`
		Ladders  json.RawMessage `json:"ladders"`
	}{a, a.Schedule, a.Ladders})
}

// practiceBy finds a practice.
func practiceBy(ctx context.Context, s *server.Server, id string) (notes.Account, error) {
	a, err := s.Record.Account(ctx, telephony.AccountID(id))
	if errors.Is(err, record.ErrNoAccount) {
		err = fmt.Errorf("there is no practice %q; 'lamplight practice list' lists them", id)
	}
	return a, err
}

type practiceListCmd struct{ server.RecordFlags }

func (c *practiceListCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *practiceListCmd) run(ctx context.Context, out io.Writer) (err error) {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	all, err := s.Record.Accounts(access.System(ctx, "administrator"))
	if err != nil {
		return err
	}
	for _, a := range all {
		_, err := fmt.Fprintf(out, "%-16s %-40s %d numbers, %d contacts, %d call types\n", a.ID, a.Name, len(a.Lines), len(a.Contacts), len(a.Script.CallTypes))
		if err != nil {
			return err
		}
	}
	return nil
}

type practiceCheckCmd struct {
	File string `arg:"" type:"existingfile" help:"Like the ones in cmd/lamplight-demo/practices."`
}

func (c *practiceCheckCmd) Run() error {
	p, err := server.ReadPractice(c.File)
	if err != nil {
		return err
	}
	a := p.Account
	_, err = fmt.Printf("%s could be stored: %d numbers, %d contacts, %d call types\n", a.Name, len(a.Lines), len(a.Contacts), len(a.Script.CallTypes))
	return err
}
