package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pquerna/otp/totp"

	"lamplight/console"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// practiceCmd keeps practices.
type practiceCmd struct {
	Put practicePutCmd `cmd:"" help:"Store a practice from a JSON file: its lines, script, contacts, schedule and ladders."`
}

type practicePutCmd struct {
	recordFlags
	File string `arg:"" type:"existingfile" help:"Like the ones in cmd/lamplight/practices."`
}

func (c *practicePutCmd) Run(ctx context.Context) (err error) {
	p, err := readPractice(c.File)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.record.PutAccount(access.System(ctx, "administrator"), p.Account); err != nil {
		return err
	}
	_, err = fmt.Printf("%s is stored with %d numbers and %d contacts\n", p.Account.Name, len(p.Account.Lines), len(p.Account.Contacts))
	return err
}

// readPractice reads a practice's file and refuses what could not be dispatched later.
func readPractice(path string) (p practice, err error) {
	f, err := os.Open(path)
	if err != nil {
		return p, fmt.Errorf("read the practice: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("read %s: %w", path, err)
	}
	p.Account.Schedule, p.Account.Ladders = p.Schedule, p.Ladders
	ladders, err := routing.ParseLadders(p.Ladders)
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	known := map[string]bool{"": true}
	for _, l := range ladders {
		known[l.Name] = true
	}
	for _, t := range p.Account.Script.CallTypes {
		if !known[t.Ladder] {
			return p, fmt.Errorf("%s: the call type %q climbs the ladder %q, which is not in the file", path, t.ID, t.Ladder)
		}
	}
	return p, checkSchedule(path, p.Schedule)
}

func checkSchedule(path string, doc []byte) error {
	parsed, err := oncall.Parse(bytes.NewReader(doc))
	if err == nil {
		now := time.Now()
		_, err = oncall.Compile(parsed, now, now.AddDate(0, 0, 14))
	}
	if err != nil {
		return fmt.Errorf("%s: schedule: %w", path, err)
	}
	return nil
}

// peopleCmd keeps people.
type peopleCmd struct {
	Add  peopleAddCmd  `cmd:"" help:"Let somebody in: prints their password and the secret for their authenticator, once."`
	List peopleListCmd `cmd:"" help:"List everybody and what they may do."`
}

type peopleAddCmd struct {
	recordFlags
	Login    string         `arg:"" help:"What they sign in with; also what a practice's contact calls its person."`
	Name     string         `required:"" help:"As colleagues read it."`
	Role     access.Role    `required:"" enum:"agent,supervisor,provider,practice,admin" help:"What they are."`
	Account  string         `help:"For which practice; agents, supervisors and administrators work for all." default:"*"`
	Language string         `enum:"en,es" default:"en" help:"Of their screens."`
	Phone    string         `help:"An agent's phone on the switch, agent1."`
	Speaks   map[string]int `help:"An agent's languages with 1 (some), 2 (qualified) or 3 (native): en=3;es=2."`
}

func (c *peopleAddCmd) Run(ctx context.Context) (err error) {
	p := access.Person{ID: access.PersonID(c.Login), Login: c.Login, Name: c.Name, Language: c.Language, Endpoint: c.Phone,
		Grants: []access.Grant{{Account: c.Account, Role: c.Role}}}
	if (c.Role == access.Provider || c.Role == access.Practice) && c.Account == access.Everywhere {
		return fmt.Errorf("a %s belongs to a practice: give --account", c.Role)
	}
	if c.Role == access.Agent && (c.Phone == "" || len(c.Speaks) == 0) {
		return errors.New("an agent needs --phone and --speaks")
	}
	speaks := console.Speaks{Languages: map[telephony.Language]telephony.Level{}}
	for l, level := range c.Speaks {
		speaks.Languages[telephony.Language(l)] = telephony.Level(level)
	}
	doc, err := json.Marshal(speaks)
	if err != nil {
		return fmt.Errorf("what they speak: %w", err)
	}
	p.Speaks = string(doc)
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Lamplight", AccountName: c.Login})
	if err != nil {
		return fmt.Errorf("make a one-time-code secret: %w", err)
	}
	password := "lamp-" + randomWord()
	ctx = access.System(ctx, "administrator")
	if _, err := s.door.AddPerson(ctx, p, password); err != nil {
		return err
	}
	if err := s.door.SetCode(ctx, p.ID, key.Secret()); err != nil {
		return err
	}
	_, err = fmt.Printf("password       %s\nauthenticator  %s\n", password, key.URL())
	return err
}

type peopleListCmd struct{ recordFlags }

func (c *peopleListCmd) Run(ctx context.Context) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	all, err := s.door.People(access.System(ctx, "administrator"))
	for _, p := range all {
		for _, g := range p.Grants {
			if _, err := fmt.Printf("%-24s %-28s %-10s %-12s %s\n", p.Login, p.Name, g.Role, g.Account, p.Endpoint); err != nil {
				return err
			}
		}
	}
	return err
}
