package routing

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lamplight/notes"
)

// A Service is the answering service's own settings: who of its supervisors is called to a note that nobody has acknowledged
// when its practice's ladder has ended, by a ladder that is climbed again and again until one of them takes it over.
type Service struct {
	Contacts []notes.Contact
	Schedule []byte // routing/oncall's JSON; empty when the ladder names contacts alone
	Ladder   Ladder // its Board is when it is climbed again
	Holds    time.Duration

	document []byte // as ReadService took it; nil when it was refused
}

// Document is what ReadService read, as it is stored; an error when it was refused, or nothing was read.
func (s Service) Document() ([]byte, error) {
	if s.document == nil {
		return nil, errors.New("routing: these settings were refused, or never checked")
	}
	return s.document, nil
}

// The times of a service that does not say its own.
const (
	DefaultHolds = 15 * time.Minute
	minAgain     = time.Minute // nobody is called more often round and round
)

// serviceLadder is what the service's ladder is called on a plan.
const (
	serviceLadder      = "service"
	serviceLadderField = "ladder"
)

// serviceDoc is the JSON form of a Service.
type serviceDoc struct {
	Contacts []notes.Contact  `json:"contacts"`
	Schedule json.RawMessage  `json:"schedule,omitempty"`
	Ladder   serviceLadderDoc `json:"ladder"`
	Holds    string           `json:"holds,omitempty"`
}

type serviceLadderDoc struct {
	Rungs []rungDoc `json:"rungs"`
	Again string    `json:"again,omitempty"`
}

// ParseService reads the service's settings; the error is a Problems with all that could not be read. Whom the ladder reaches
// is not looked at.
func ParseService(text []byte) (Service, error) {
	c := &check{}
	s := c.readService(text)
	if len(c.found) > 0 {
		return Service{}, c.place()
	}
	return s, nil
}

// ReadService is ParseService that says everything that is wrong, as ReadPractice does for a practice: what would otherwise be
// found out by a note that waits on nobody. known are the people who sign in, and Reads of those who may take any practice's
// note over; nil when nobody was asked.
func ReadService(text []byte, known map[notes.PersonID]KnownPerson, now time.Time) (Service, Problems) {
	c := &check{}
	s := c.readService(text)
	if len(c.found) == 0 {
		c.service(s, known, now)
	}
	found := c.place()
	if len(found.Refused()) == 0 {
		s.document = text
	}
	return s, found
}

func (c *check) readService(text []byte) (s Service) {
	var doc serviceDoc
	if len(text) > MaxDocument {
		c.refuse("document", "too-long")
		return s
	}
	if !c.read(text, &doc) {
		return s
	}
	s = Service{Contacts: doc.Contacts, Schedule: doc.Schedule, Holds: DefaultHolds,
		Ladder: c.ladder(serviceLadderField, ladderDoc{Name: serviceLadder, Rungs: doc.Ladder.Rungs})}
	if string(s.Schedule) == "null" {
		s.Schedule = nil
	}
	again := DefaultWait
	if doc.Ladder.Again != "" {
		again = c.notUnder("ladder.again", doc.Ladder.Again)
	}
	if n := len(s.Ladder.Rungs); n > 0 {
		s.Ladder.Board = s.Ladder.Rungs[n-1].After + again
	}
	if doc.Holds != "" {
		s.Holds = c.notUnder("holds", doc.Holds)
	}
	return s
}

// notUnder reads a time span that must not be so short that people are called without end.
func (c *check) notUnder(field, text string) time.Duration {
	before := len(c.found)
	d := c.duration(field, text)
	if len(c.found) == before && d < minAgain {
		c.refuse(field, "too-short", "value", minAgain.String())
	}
	return d
}

// service checks the contacts, the schedule and whom the ladder reaches by a practice's rules, and tells each problem at its
// own place.
func (c *check) service(s Service, known map[notes.PersonID]KnownPerson, now time.Time) {
	p := practiceCheck{check: &check{}, account: notes.Account{ID: serviceLadder, Contacts: s.Contacts, TimeZone: zoneOf(s.Schedule)},
		known: known, now: now, ladders: []Ladder{s.Ladder}, climbs: true}
	p.contacts()
	named := true
	if len(s.Schedule) > 0 {
		p.readSchedule(s.Schedule)
		named = p.duty != nil // else the reason is told already
	}
	for i, r := range s.Ladder.Rungs {
		named = named && p.named(fmt.Sprintf("ladders.ladders[0].rungs[%d].who", i), r.Who)
	}
	if named {
		if w := p.walk(0, ""); !w.from.IsZero() {
			p.refuse(serviceLadderField, "reaches-nobody", "value", serviceLadder, "from", p.day(w.from), "until", p.day(w.until))
		}
	}
	for _, f := range p.found {
		f.Field = strings.Replace(strings.TrimPrefix(f.Field, "account."), "ladders.ladders[0]", serviceLadderField, 1)
		switch f.Code {
		case "no-sign-in", "may-not-read":
			if known != nil {
				c.warn(f.Field, "no-supervisor", "login", f.Vars["login"])
			}
		default:
			c.found = append(c.found, f)
		}
	}
}

// zoneOf is a schedule's time zone; "UTC" where it has none.
func zoneOf(schedule []byte) string {
	var doc struct {
		Timezone string `json:"timezone"`
	}
	if json.Unmarshal(schedule, &doc) != nil || doc.Timezone == "" {
		return "UTC"
	}
	return doc.Timezone
}
