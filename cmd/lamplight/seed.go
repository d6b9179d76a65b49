package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pquerna/otp/totp"

	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
	"lamplight/routing/channel/pocket"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// The demo's practices: an English-first internal medicine group and a Spanish-first pediatric one.
//
//go:embed practices/*.json
var practiceFiles embed.FS

// practice is one demo practice whole.
type practice struct {
	Account  notes.Account   `json:"account"`
	Schedule json.RawMessage `json:"schedule"`
	Ladders  json.RawMessage `json:"ladders"`
	People   []demoPerson    `json:"people"`
}

type demoPerson struct {
	ID       notes.PersonID `json:"id"`
	Name     string         `json:"name"`
	Role     notes.Role     `json:"role"`
	Language string         `json:"language"`
}

// desks are the demo's own staff.
var desks = []struct {
	demoPerson
	endpoint string
	speaks   house.Speaks
}{
	{demoPerson{"ana.ruiz", "Ana Ruiz", notes.RoleAgent, "en"}, "agent1",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Native, "es": telephony.Native}}},
	{demoPerson{"ben.cole", "Ben Cole", notes.RoleAgent, "en"}, "agent2",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Native}}},
	{demoPerson{"sofia.marin", "Sofía Marín", notes.RoleSupervisor, "es"}, "agent3",
		house.Speaks{Languages: map[telephony.Language]telephony.Level{"en": telephony.Qualified, "es": telephony.Native}}},
}

// demoKeys are the made-up secrets of the demo's people, made at its first start and kept with the other keys.
type demoKeys struct {
	Password string                    `json:"password"` // the same for all: this is a demo
	Codes    map[notes.PersonID]string `json:"codes"`    // one-time-code secrets
	Used     map[notes.PersonID]int64  `json:"used"`     // the half minute whose code each used last: a code opens once
}

const codeStep = 30 * time.Second

// fresh gives a code that was not used yet, waiting for one if it must: a demo started again at once has used those that
// the clock allows.
func (d *demo) fresh(ctx context.Context, who notes.PersonID) (string, error) {
	step := max(time.Now().Unix()/int64(codeStep/time.Second), d.keys.Used[who]+1)
	at := time.Unix(step*int64(codeStep/time.Second), 0)
	wait := time.NewTimer(time.Until(at.Add(-codeStep))) // the door takes the next half minute's, for clocks that differ
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if d.keys.Used == nil {
		d.keys.Used = map[notes.PersonID]int64{}
	}
	d.keys.Used[who] = step
	if err := d.server.writeDemoKeys(d.keys); err != nil {
		return "", err
	}
	return d.keys.code(who, at)
}

func (k demoKeys) code(p notes.PersonID, at time.Time) (string, error) {
	c, err := totp.GenerateCode(k.Codes[p], at)
	if err != nil {
		return "", fmt.Errorf("one-time code: %w", err)
	}
	return c, nil
}

func readPractices() ([]practice, error) {
	files, err := fs.Glob(practiceFiles, "practices/*.json")
	if err != nil {
		return nil, err
	}
	var out []practice
	for _, f := range files {
		b, err := practiceFiles.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var p practice
		if err := json.Unmarshal(b, &p); err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		p.Account.Schedule, p.Account.Ladders = p.Schedule, p.Ladders
		out = append(out, p)
	}
	return out, nil
}

// check says what is wrong with a practice's document: each of its parts would otherwise be found broken at the first call.
func (p practice) check(now time.Time) error {
	wrong := func(what string, err error) error {
		return fmt.Errorf("the practice %q: its %s cannot be used: %w; correct it and start again", p.Account.ID, what, err)
	}
	if _, err := time.LoadLocation(p.Account.TimeZone); err != nil || p.Account.TimeZone == "" {
		return wrong("time zone", fmt.Errorf("%q is not one of the IANA's", p.Account.TimeZone))
	}
	if len(p.Account.Script.CallTypes) == 0 {
		return wrong("script", errors.New("it has no call type"))
	}
	doc, err := oncall.Parse(bytes.NewReader(p.Schedule))
	if err != nil {
		return wrong("schedule", err)
	}
	if _, err := oncall.Compile(doc, now, now.AddDate(0, 0, 14)); err != nil {
		return wrong("schedule", err)
	}
	ladders, err := routing.ParseLadders(p.Ladders)
	if err != nil {
		return wrong("ladders", err)
	}
	for _, t := range p.Account.Script.CallTypes {
		if _, ok := routing.FindLadder(ladders, t.Ladder); !ok && t.Ladder != "" {
			return wrong("script", fmt.Errorf("the call type %q names the ladder %q, which does not exist", t.ID, t.Ladder))
		}
	}
	return nil
}

// demoPhones are the providers' phones for the pocket.
func demoPhones(practices []practice) []pocket.Phone {
	var out []pocket.Phone
	for _, p := range practices {
		for _, c := range p.Account.Contacts {
			out = append(out, pocket.Phone{Person: string(c.Person), Name: c.Name, Number: c.Mobile.Reveal(), Email: c.Email, Lang: c.Language})
		}
	}
	return out
}

// everybody lists the demo's people with what they may do.
func everybody(practices []practice) []access.Person {
	var out []access.Person
	for _, d := range desks {
		speaks, err := json.Marshal(d.speaks)
		if err != nil { // maps and words always encode
			panic(err)
		}
		out = append(out, access.Person{ID: d.ID, Login: string(d.ID), Name: d.Name, Language: d.Language, Endpoint: d.endpoint, Speaks: string(speaks),
			Grants: []access.Grant{{Account: access.Everywhere, Role: d.Role}}})
	}
	for _, p := range practices {
		for _, d := range p.People {
			out = append(out, access.Person{ID: d.ID, Login: string(d.ID), Name: d.Name, Language: d.Language,
				Grants: []access.Grant{{Account: string(p.Account.ID), Role: d.Role}}})
		}
	}
	return out
}

// seed puts the demo's practices and people in place; what is there already stays.
func (s *Server) seed(ctx context.Context, practices []practice) (demoKeys, error) {
	ctx = access.System(ctx, "demo")
	keys, err := s.readDemoKeys()
	if err != nil {
		return keys, err
	}
	for _, p := range practices { // all, before the first is stored
		if err := p.check(time.Now()); err != nil {
			return keys, err
		}
	}
	for _, p := range practices {
		if err := s.record.PutAccount(ctx, p.Account); err != nil {
			return keys, fmt.Errorf("the practice %s: %w", p.Account.ID, err)
		}
	}
	for _, p := range everybody(practices) {
		if _, err := s.door.Person(ctx, p.ID); err == nil {
			continue
		} else if !errors.Is(err, access.ErrNoPerson) {
			return keys, err
		}
		if _, err := s.door.AddPerson(ctx, p, keys.Password); err != nil {
			return keys, err
		}
		if err := s.door.SetCode(ctx, p.ID, keys.Codes[p.ID]); err != nil {
			return keys, err
		}
	}
	return keys, nil
}

// readDemoKeys reads the demo's secrets, or makes them.
func (s *Server) readDemoKeys() (k demoKeys, err error) {
	path := s.state.keys("demo.json")
	b, err := os.ReadFile(path)
	if err == nil {
		if json.Unmarshal(b, &k) != nil || k.Password == "" || len(k.Codes) == 0 { // the decoder's error may quote the file
			return k, fmt.Errorf("the demo's keys in %s are damaged: remove the directory %s to begin a new demo", path, s.state.dir)
		}
		return k, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("read the demo's keys: %w", err)
	}
	practices, err := readPractices()
	if err != nil {
		return k, err
	}
	k = demoKeys{Password: "lamp-" + randomWord(), Codes: map[notes.PersonID]string{}}
	for _, p := range everybody(practices) {
		key, err := totp.Generate(totp.GenerateOpts{Issuer: "Lamplight demo", AccountName: p.Login})
		if err != nil {
			return k, fmt.Errorf("make a one-time-code secret: %w", err)
		}
		k.Codes[p.ID] = key.Secret()
	}
	return k, s.writeDemoKeys(k)
}

func (s *Server) writeDemoKeys(k demoKeys) error {
	b, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write the demo's keys: %w", err)
	}
	return writeFile(s.state.keys("demo.json"), b, 0o600)
}
