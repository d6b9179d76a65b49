package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"lamplight/console/house"
	"lamplight/notes"
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
	now := time.Now()
	parsed, err := oncall.Parse(bytes.NewReader(p.Schedule))
	if err != nil {
		return p, fmt.Errorf("%s: schedule: %w", path, err)
	}
	schedule, err := oncall.Compile(parsed, now, now.Add(lookAhead))
	if err != nil {
		return p, fmt.Errorf("%s: schedule: %w", path, err)
	}
	for _, l := range ladders {
		for i, rung := range l.Rungs {
			if err := reaches(p.Account, schedule, rung, now); err != nil {
				return p, fmt.Errorf("%s: the ladder %q, rung %d: %w", path, l.Name, i+1, err)
			}
		}
	}
	return p, nil
}

// lookAhead is how far a practice's schedule is looked at for people whom nothing can reach.
const lookAhead = 60 * 24 * time.Hour

// reaches refuses a rung that can tell nobody, or not everybody who has its role in the time to come: a misspelt name would
// be found out by a note that reaches nobody.
func reaches(a notes.Account, s *oncall.Schedule, rung routing.Rung, now time.Time) error {
	if id, ok := strings.CutPrefix(rung.Who, "contact:"); ok {
		return reached(a, id, rung.Channels)
	}
	role := rung.Who
	if role == "next" {
		role = "primary"
	}
	if !slices.Contains(s.Roles(), role) {
		return fmt.Errorf("the schedule has no role %q", role)
	}
	for _, shift := range s.Shifts(now, now.Add(lookAhead), oncall.Query{Role: role}) {
		for _, who := range shift.People {
			if err := reached(a, string(who), rung.Channels); err != nil {
				return err
			}
		}
	}
	return nil
}

// reached refuses a contact who is not there, or whom none of the channels reaches.
func reached(a notes.Account, id string, channels []routing.ChannelKind) error {
	i := slices.IndexFunc(a.Contacts, func(c notes.Contact) bool { return c.ID == id })
	if i < 0 {
		return fmt.Errorf("%q is not among the contacts", id)
	}
	c := a.Contacts[i]
	if e164, ok := notes.ParsePhone(c.Mobile.Reveal()); c.Mobile != "" && (!ok || e164 != c.Mobile.Reveal()) {
		return fmt.Errorf("the mobile of the contact %q is not written like +13125550142", id)
	}
	has := map[routing.ChannelKind]bool{routing.Text: c.Mobile != "", routing.Email: c.Email != "", routing.Push: c.Person != ""}
	if !slices.ContainsFunc(channels, func(k routing.ChannelKind) bool { return has[k] }) {
		return fmt.Errorf("the contact %q has no address for it", id)
	}
	return nil
}

// peopleCmd keeps people.
type peopleCmd struct {
	Add   peopleAddCmd   `cmd:"" help:"Let somebody in: prints their password and the secret for their authenticator, once."`
	Reset peopleResetCmd `cmd:"" help:"Give somebody a new password and authenticator, printed once, and sign them out everywhere: a phone is lost."`
	Leave peopleLeaveCmd `cmd:"" help:"End somebody's access at once. What they did stays theirs."`
	List  peopleListCmd  `cmd:"" help:"List everybody and what they may do."`
}

type peopleAddCmd struct {
	recordFlags
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
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	password := newPassword()
	ctx = access.System(ctx, "administrator")
	if _, err := s.door.AddPerson(ctx, p, password); err != nil {
		return err
	}
	return newAuthenticator(ctx, s.door, p, password, out)
}

func newPassword() string { return "lamp-" + randomWord() }

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
	recordFlags
	Login string `arg:"" help:"Whose."`
}

func (c *peopleResetCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *peopleResetCmd) run(ctx context.Context, out io.Writer) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx = access.System(ctx, "administrator")
	p, err := personBy(ctx, s.door, c.Login)
	if err != nil {
		return err
	}
	password := newPassword()
	if err := s.door.SetPassword(ctx, p.ID, password); err != nil {
		return err
	}
	return newAuthenticator(ctx, s.door, p, password, out)
}

type peopleLeaveCmd struct {
	recordFlags
	Login string `arg:"" help:"Who leaves."`
}

func (c *peopleLeaveCmd) Run(ctx context.Context) (err error) {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ctx = access.System(ctx, "administrator")
	p, err := personBy(ctx, s.door, c.Login)
	if err != nil {
		return err
	}
	return s.door.Leave(ctx, p.ID)
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
