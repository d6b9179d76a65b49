package routing

import (
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

// A Rota answers who is on call; OnCall makes one of a compiled schedule. Answers are contact ids; none means a gap.
type Rota interface {
	// Who is on call for a role at an instant.
	Who(role string, at time.Time) []string
	// Next is who has the role after them, and is none of them.
	Next(role string, at time.Time) []string
}

// OnCall asks a compiled schedule, for one call type.
func OnCall(s *oncall.Schedule, callType string) Rota { return rota{s, callType} }

type rota struct {
	schedule *oncall.Schedule
	callType string
}

func (r rota) Who(role string, at time.Time) []string {
	return ids(r.schedule.Who(at, oncall.Query{Role: role, CallType: r.callType}))
}

func (r rota) Next(role string, at time.Time) []string {
	next, ok := r.schedule.NextOther(at, oncall.Query{Role: role, CallType: r.callType})
	if !ok {
		return nil
	}
	return ids(next.People)
}

// nobody is the rota of a schedule that cannot be read.
type Nobody struct{}

func (Nobody) Who(string, time.Time) []string  { return nil }
func (Nobody) Next(string, time.Time) []string { return nil }

func ids(people []oncall.ParticipantID) []string {
	var out []string
	for _, p := range people {
		out = append(out, string(p))
	}
	return out
}

// Reach is what a practice knows of its people when a ladder is resolved.
type Reach struct {
	Practice string // the practice's name, as messages say it
	Contacts []notes.Contact
	Push     map[notes.PersonID]bool // who has a phone subscribed to pushes
}

// Why a rung reaches nobody.
const (
	NobodyOnCall = "nobody-on-call"
	NoAddress    = "no-address"
	NoLadder     = "no-ladder" // the practice has no ladder of that name, or its ladders cannot be read
)

// Resolve works a ladder out for a dispatch that begins at an instant. Each rung asks the rota for the time at which it is
// to begin, so that a rung after seven o'clock tells whoever takes over at seven. A rung that reaches nobody is a hole: it
// is listed, and the next one comes in its place without waiting its delay. One person is told once a rung by a channel.
func Resolve(l Ladder, r Rota, reach Reach, at time.Time) Plan {
	at = at.Truncate(time.Microsecond) // what the database keeps
	p := Plan{Ladder: l.Name, Version: l.Version, Practice: reach.Practice, At: at, Steps: []PlanStep{}, Holes: []PlanHole{}}
	when, planned := at, time.Duration(0)
	empty := false // the rung before reached nobody
	for i, rung := range l.Rungs {
		if !empty {
			when = when.Add(rung.After - planned)
		}
		planned = rung.After
		steps, why := reach.rung(i, rung, r, when)
		empty = len(steps) == 0
		if empty {
			p.Holes = append(p.Holes, PlanHole{Rung: i, Who: rung.Who, Why: why})
		}
		p.Steps = append(p.Steps, steps...)
	}
	if !empty {
		when = when.Add(l.board() - planned)
	}
	p.Board = when
	return p
}

// rung is who is told at when, or why nobody is.
func (reach Reach) rung(i int, rung Rung, r Rota, when time.Time) (steps []PlanStep, why string) {
	people := whom(rung.Who, r, when)
	if len(people) == 0 {
		return nil, NobodyOnCall
	}
	slices.Sort(people)
	for _, id := range slices.Compact(people) {
		n := slices.IndexFunc(reach.Contacts, func(c notes.Contact) bool { return c.ID == id })
		if n < 0 {
			continue
		}
		c := reach.Contacts[n]
		for _, kind := range rung.Channels {
			if address := reach.address(c, kind); address != "" {
				steps = append(steps, PlanStep{Rung: i, At: when, Contact: c.ID, Name: c.Name, Person: c.Person,
					Channel: kind, Address: address, Lang: c.Language})
			}
		}
	}
	return steps, NoAddress
}

func whom(who string, r Rota, when time.Time) []string {
	if id, ok := strings.CutPrefix(who, "contact:"); ok {
		return []string{id}
	}
	if who == "next" {
		return r.Next("primary", when)
	}
	return slices.Clone(r.Who(who, when))
}

func (reach Reach) address(c notes.Contact, kind ChannelKind) string {
	switch kind {
	case Text:
		return c.Mobile.Reveal()
	case Email:
		return c.Email
	case Push:
		if reach.Push[c.Person] {
			return string(c.Person)
		}
	}
	return ""
}

// A PreviewStep is one person at one time, by all the channels of that rung.
type PreviewStep struct {
	Name     string        `json:"name"`
	Channels []ChannelKind `json:"channels"`
	After    time.Duration `json:"after"` // since the dispatch would begin
}

// Preview shows a plan as a person reads it: who, by what, after how long.
func (p Plan) Preview() []PreviewStep {
	out := []PreviewStep{}
	for i, s := range p.Steps {
		if i > 0 && p.Steps[i-1].Rung == s.Rung && p.Steps[i-1].Contact == s.Contact {
			last := &out[len(out)-1]
			last.Channels = append(last.Channels, s.Channel)
			continue
		}
		out = append(out, PreviewStep{Name: s.Name, Channels: []ChannelKind{s.Channel}, After: s.At.Sub(p.At)})
	}
	return out
}

// Reaches reports that at least one rung tells somebody.
func (p Plan) Reaches() bool { return len(p.Steps) > 0 }
