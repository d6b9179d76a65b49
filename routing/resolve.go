package routing

import (
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
	"lamplight/telephony"
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

// WithLeavers is a rota in which some have left, as it was before they did: they are named where it still names them, so that their place
// shows as a hole, beside whoever answers in their stead.
func WithLeavers(now, before Rota, left []string) Rota { return missing{now, before, left} }

type missing struct {
	Rota
	before Rota
	left   []string
}

func (m missing) Who(role string, at time.Time) []string {
	out := m.Rota.Who(role, at)
	for _, id := range m.before.Who(role, at) {
		if slices.Contains(m.left, id) {
			out = append(out, id)
		}
	}
	return out
}

// Nobody is the rota of a schedule that cannot be read.
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
	Push     map[notes.PersonID]bool   // who has a phone subscribed to pushes
	Stopped  map[telephony.Number]bool // the phones that want no texts
	Left     map[notes.PersonID]bool   // who has left the service: nothing is sent to them, they could not open it
	Carriers map[ChannelKind]bool      // the channels that can send at all; nil for all of them
}

// A HoleReason says why a rung reaches nobody, or not everybody it names.
type HoleReason string

const (
	NobodyOnCall HoleReason = "nobody-on-call"
	NobodyNext   HoleReason = "nobody-next" // nobody follows the primary but the primary again
	NoAddress    HoleReason = "no-address"
	Stopped      HoleReason = "stopped"    // there is a phone, and it wants no texts
	NoContact    HoleReason = "no-contact" // on call, and not among the practice's contacts
	NoCarrier    HoleReason = "no-carrier" // there is an address, and none of its channels is set up
	HasLeft      HoleReason = "left"
	NoLadder     HoleReason = "no-ladder" // the practice has no ladder of that name, or its ladders cannot be read
)

// Resolve works a ladder out for a dispatch that begins at an instant. Each rung asks the rota for the time at which it is
// to begin, so that a rung after seven o'clock tells whoever takes over at seven. A rung that reaches nobody is a hole: it
// is listed, and the next one comes in its place without waiting its delay. Whom a rung names and does not reach is listed
// too. One person is told once a rung by a channel.
func Resolve(l Ladder, r Rota, reach Reach, at time.Time) Plan {
	at = at.Truncate(time.Microsecond) // what the database keeps
	p := Plan{Ladder: l.Name, Version: l.Version, Practice: reach.Practice, At: at, Attempts: []PlannedAttempt{}, Holes: []PlanHole{}}
	when, planned := at, time.Duration(0)
	empty := false     // the rung before reached nobody
	var asked []string // who was primary when a rung before asked for the primary
	for i, rung := range l.Rungs {
		if !empty {
			when = when.Add(rung.After - planned)
		}
		planned = rung.After
		people := whom(rung.Who, r, when, asked)
		if rung.Who == primary {
			asked = append(asked, people...)
		}
		steps, holes := reach.rung(rung, people)
		for k := range steps {
			steps[k].Rung, steps[k].At = i, when
		}
		for k := range holes {
			holes[k].Rung, holes[k].Who, holes[k].Others = i, rung.Who, len(steps) > 0
		}
		empty = len(steps) == 0
		p.Attempts, p.Holes = append(p.Attempts, steps...), append(p.Holes, holes...)
	}
	if !empty {
		when = when.Add(l.board() - planned)
	}
	p.Board = when
	return p
}

// rung is how people are told by a rung, and who of them is not.
func (reach Reach) rung(rung Rung, people []string) (steps []PlannedAttempt, holes []PlanHole) {
	if len(people) == 0 {
		return nil, []PlanHole{{Why: nobodyFor(rung.Who)}}
	}
	slices.Sort(people)
	for _, id := range slices.Compact(people) {
		told, hole := reach.person(id, rung.Channels)
		steps = append(steps, told...)
		if len(told) == 0 {
			holes = append(holes, hole)
		}
	}
	return steps, holes
}

// Reached is how one contact can be told: by these steps at once, or by none for Why.
type Reached struct {
	Contact notes.Contact
	Steps   []PlannedAttempt
	Why     HoleReason
}

// Everybody is how each contact can be told, by whatever channels there are.
func (reach Reach) Everybody() []Reached {
	out := make([]Reached, len(reach.Contacts))
	for i, c := range reach.Contacts {
		steps, hole := reach.person(c.ID, offered)
		out[i] = Reached{Contact: c, Steps: steps}
		if len(steps) == 0 {
			out[i].Why = hole.Why
		}
	}
	return out
}

// person is how one contact is told by a rung's channels, or why not.
func (reach Reach) person(id string, channels []ChannelKind) (steps []PlannedAttempt, hole PlanHole) {
	n := slices.IndexFunc(reach.Contacts, func(c notes.Contact) bool { return c.ID == id })
	if n < 0 {
		return nil, PlanHole{Contact: id, Name: id, Why: NoContact}
	}
	c := reach.Contacts[n]
	hole = PlanHole{Contact: c.ID, Name: c.Name, Why: NoAddress}
	if reach.Left[c.Person] {
		hole.Why = HasLeft
		return nil, hole
	}
	for _, kind := range channels {
		address := reach.address(c, kind)
		switch {
		case address == "":
		case kind == Text && reach.Stopped[c.Mobile]:
			hole.Why = Stopped
		case reach.Carriers != nil && !reach.Carriers[kind]:
			hole.Why = NoCarrier
		default:
			steps = append(steps, PlannedAttempt{Contact: c.ID, Name: c.Name, Person: c.Person, Channel: kind, Address: address,
				Lang: c.Language})
		}
	}
	return steps, hole
}

// whom lists whom a rung names, for the caller to keep. The next is never who was asked as the primary: where the duty has
// passed on since, it is whoever has it now.
func whom(who string, r Rota, when time.Time, asked []string) []string {
	if id, ok := strings.CutPrefix(who, "contact:"); ok {
		return []string{id}
	}
	if who != next {
		return slices.Clone(r.Who(who, when))
	}
	now := r.Who(primary, when)
	if took := without(now, asked); len(asked) > 0 && len(took) > 0 {
		return took
	}
	return without(r.Next(primary, when), now)
}

func without(people, these []string) []string {
	return slices.DeleteFunc(slices.Clone(people), func(id string) bool { return slices.Contains(these, id) })
}

// nobodyFor is why a rung names nobody.
func nobodyFor(who string) HoleReason {
	if who == next {
		return NobodyNext
	}
	return NobodyOnCall
}

// What a rung may name beside a role and a contact, and whom that follows.
const (
	next    = "next"
	primary = "primary"
)

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

// A PreviewContact is one person at one time, by all the channels of that rung.
type PreviewContact struct {
	Name     string        `json:"name"`
	Channels []ChannelKind `json:"channels"`
	After    time.Duration `json:"after"` // since the dispatch would begin
	Rung     int           `json:"rung"`
}

// Preview shows a plan as a person reads it: who, by what, after how long.
func (p Plan) Preview() []PreviewContact {
	out := []PreviewContact{}
	for i, s := range p.Attempts {
		if i > 0 && p.Attempts[i-1].Rung == s.Rung && p.Attempts[i-1].Contact == s.Contact {
			last := &out[len(out)-1]
			last.Channels = append(last.Channels, s.Channel)
			continue
		}
		out = append(out, PreviewContact{Name: s.Name, Channels: []ChannelKind{s.Channel}, After: s.At.Sub(p.At), Rung: s.Rung})
	}
	return out
}

// Reaches reports that at least one rung tells somebody.
func (p Plan) Reaches() bool { return len(p.Attempts) > 0 }
