package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// practiceCmd keeps practices.
type practiceCmd struct {
	Put   practicePutCmd   `cmd:"" help:"Store a practice from a JSON file, or say everything that is wrong with it."`
	Get   practiceGetCmd   `cmd:"" help:"Print a practice as 'practice put' takes it."`
	List  practiceListCmd  `cmd:"" help:"List the practices."`
	Check practiceCheckCmd `cmd:"" help:"Say everything that is wrong with a practice's file, try its tests, and store nothing; it needs no server."`
	Chart practiceChartCmd `cmd:"" help:"Make or take the key with which we sign in at a practice's chart, and try whether it lets us."`
}

// inLanguage is the language in which what is wrong with a document is said.
type inLanguage struct {
	Language telephony.Language `help:"In which language to say what is wrong." enum:"en,es" default:"en" env:"LAMPLIGHT_LANGUAGE"`
}

// practicePutCmd stores a practice, or says everything that keeps it from being stored. Exit status 1: nothing is stored.
type practicePutCmd struct {
	server.RecordFlags
	inLanguage
	File    string `arg:"" type:"existingfile" help:"Like the ones in cmd/lamplight-demo/practices."`
	Why     string `help:"Why, as it stands beside the version that is kept."`
	Despite string `help:"Store it although tests of the practice fail, and why. It stands in the log." placeholder:"WHY"`
}

func (c *practicePutCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *practicePutCmd) run(ctx context.Context, out, problems io.Writer) error {
	p, found, err := readPractice(c.File, nil)
	if err != nil || len(found.Refused()) > 0 { // before anything is opened
		return errors.Join(err, c.tell(c.File, found, problems))
	}
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		known, err := server.KnownPeople(ctx, s.Door, p.Account.ID)
		if err != nil {
			return err
		}
		if p, found, err = readPractice(c.File, known); err != nil {
			return err
		}
		taken, err := s.Record.TakenLines(ctx, p.Account.ID, p.Account.Lines)
		if err != nil {
			return err
		}
		if err := c.tell(c.File, append(found, routing.CheckChange(p.Account, p.Account, taken, true)...), problems); err != nil {
			return err
		}
		over, err := c.tests(ctx, s, p.Account, problems)
		if err != nil {
			return err
		}
		if err := s.Record.PutPractice(ctx, p.Account, record.AnyVersion, c.Why, over); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s is stored with %d numbers and %d contacts\n", p.Account.Name, len(p.Account.Lines),
			len(p.Account.Contacts))
		return err
	})
}

// tests tries the practice's tests, and those of the practice as it is stored. It is an error when one fails that did not before, and
// nobody's word is given.
func (c *practicePutCmd) tests(ctx context.Context, s *server.Server, then notes.Account, out io.Writer) (*record.Overruling, error) {
	was, err := s.Record.AccountNow(ctx, then.ID)
	if err != nil && !errors.Is(err, record.ErrNoAccount) {
		return nil, err
	}
	now := time.Now()
	after, err := routing.FileRouter(then, now)
	if err != nil { // it was read before
		return nil, err
	}
	before, err := routing.FileRouter(was, now)
	if err != nil || was.Version == 0 {
		before = nil
	}
	var failed []notes.Text
	for _, f := range routing.FailedTests(then, was, after, before, now) {
		if _, err := io.WriteString(out, server.TestLine(c.File, c.Language, then, f.TestResult)); err != nil {
			return nil, err
		}
		if !f.Already {
			failed = append(failed, server.TestSays(then, f.TestResult))
		}
	}
	switch {
	case len(failed) == 0:
		return nil, nil
	case c.Despite == "":
		return nil, fmt.Errorf("%s: a test of the practice fails; nothing is stored. Mend it, or give --despite and say why", c.File)
	}
	return &record.Overruling{Why: c.Despite, Failed: failed}, nil
}

type practiceGetCmd struct{ practiceFlags }

func (c *practiceGetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *practiceGetCmd) run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(_ context.Context, _ *server.Server, a notes.Account) error {
		text, err := routing.WritePractice(a)
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	})
}

type practiceListCmd struct{ server.RecordFlags }

func (c *practiceListCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *practiceListCmd) run(ctx context.Context, out io.Writer) error {
	return inRecord(ctx, c.Connect, func(ctx context.Context, s *server.Server) error {
		all, err := s.Record.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, a := range all {
			_, err := fmt.Fprintf(out, "%-16s %-40s %d numbers, %d contacts, %d call types\n", a.ID, a.Name, len(a.Lines), len(a.Contacts),
				len(a.Script.CallTypes))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// practiceCheckCmd says what 'practice put' would say, and stores nothing. It asks no server, so it does not know who has left, whose
// phone takes pushes and what is set up: its tests take the best of it. Exit status 1: a mistake, or a test that fails.
type practiceCheckCmd struct {
	inLanguage
	File string `arg:"" type:"existingfile" help:"Like the ones in cmd/lamplight-demo/practices."`
}

func (c *practiceCheckCmd) Run() error { return c.run(os.Stdout, os.Stderr) }

func (c *practiceCheckCmd) run(out, problems io.Writer) error {
	p, found, err := readPractice(c.File, nil)
	if err != nil {
		return err
	}
	if err := c.tell(c.File, found, problems); err != nil {
		return err
	}
	now := time.Now()
	router, err := routing.FileRouter(p.Account, now)
	if err != nil { // it was read before
		return err
	}
	fails := 0
	for _, r := range routing.RunTests(p.Account, p.Account.Tests, router, now) {
		if r.State == routing.TestFails {
			fails++
		}
		if _, err := io.WriteString(out, server.TestLine(c.File, c.Language, p.Account, r)); err != nil {
			return err
		}
	}
	if fails > 0 {
		return fmt.Errorf("%s: %d of %d tests of the practice fail", c.File, fails, len(p.Account.Tests))
	}
	_, err = fmt.Fprintf(out, "%s can be stored; %d warnings, %d tests hold\n", p.Account.Name, len(found), len(p.Account.Tests))
	return err
}

func readPractice(path string, known map[notes.PersonID]routing.KnownPerson) (routing.PracticeDocument, routing.Problems, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return routing.PracticeDocument{}, nil, fmt.Errorf("read the practice: %w", err)
	}
	p, found := routing.ReadPractice(text, known, time.Now())
	return p, found, nil
}

// tell prints what was found, and is an error when the practice must not be stored.
func (l inLanguage) tell(path string, found routing.Problems, out io.Writer) error {
	if _, err := io.WriteString(out, server.PracticeLines(path, found, l.Language)); err != nil {
		return err
	}
	switch n := len(found.Refused()); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s has a mistake; nothing is stored", path)
	default:
		return fmt.Errorf("%s has %d mistakes; nothing is stored", path, n)
	}
}
