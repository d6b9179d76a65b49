package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/routing/oncall"
)

// practice is one demo practice whole.
type Practice struct {
	Account  notes.Account   `json:"account"`
	Schedule json.RawMessage `json:"schedule"`
	Ladders  json.RawMessage `json:"ladders"`
	People   []Person        `json:"people"`
}

type Person struct {
	ID       notes.PersonID `json:"id"`
	Name     string         `json:"name"`
	Role     notes.Role     `json:"role"`
	Language string         `json:"language"`
}

// check says what is wrong with a practice's document: each of its parts would otherwise be found broken at the first call.
func (p Practice) Check(now time.Time) error {
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

// readPractice reads a practice's file and refuses what could not be dispatched later.
func ReadPractice(path string) (p Practice, err error) {
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
	// A call has a type of the script's, and no place yet: what the schedule says for others would be on call for nothing.
	var callTypes []string
	for _, t := range p.Account.Script.CallTypes {
		callTypes = append(callTypes, t.ID)
	}
	if found := parsed.Unasked(callTypes, nil); len(found) > 0 {
		return p, fmt.Errorf("%s: schedule: %w", path, found)
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
	queries := []oncall.Query{{Role: role}}
	for _, t := range a.Script.CallTypes {
		queries = append(queries, oncall.Query{Role: role, CallType: t.ID})
	}
	for _, q := range queries {
		for _, shift := range s.Shifts(now, now.Add(lookAhead), q) {
			for _, who := range shift.People {
				if err := reached(a, string(who), rung.Channels); err != nil {
					return fmt.Errorf("%w (schedule.%s, call type %q)", err, s.Named(who), q.CallType)
				}
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
