package oncall

import (
	"encoding/json"
	"time"
)

// ParticipantID names someone who can be on call: a provider's contact id, a nurse line, a desk.
type ParticipantID string

// Document is a schedule as people write it, store it and send it: the JSON described by oncall.schema.json.
//
// Moments (From, To, Start) are strings in one of three forms: "2026-12-24T17:00" is the document's wall clock,
// "2026-12-24T17:00:00-06:00" is an exact instant, and "2026-12-24" is a whole day (its beginning where something begins,
// its end where something ends). Clocks are "17:00", and "24:00" for the end of a day. Weekdays are "mon" to "sun".
type Document struct {
	Schema       string                   `json:"$schema,omitempty"`
	Name         string                   `json:"name,omitempty"`
	Timezone     string                   `json:"timezone"`               // an IANA name, "America/Chicago"
	Participants []Participant            `json:"participants,omitempty"` // when given, every id used must be here
	Default      map[string]ParticipantID `json:"default,omitempty"`      // who answers for a role when nobody is scheduled
	OfficeHours  []Window                 `json:"officeHours,omitempty"`
	Holidays     *Holidays                `json:"holidays,omitempty"`
	Rotations    []Rotation               `json:"rotations,omitempty"`
	Layers       []Layer                  `json:"layers"`
	Leave        []Leave                  `json:"leave,omitempty"`
	Overrides    []Override               `json:"overrides,omitempty"`
	Swaps        []Swap                   `json:"swaps,omitempty"`
	Temporary    []Temporary              `json:"temporary,omitempty"`

	lines map[string]int          // the line each field stood on, when the document was parsed
	left  map[ParticipantID]int64 // who has left, and since when
}

// Participant gives an id a name to show. Left is the moment from which they have left the practice, a whole day from its
// beginning: from then on they sit nowhere, whatever names them, and where nobody else does is a gap.
type Participant struct {
	ID   ParticipantID `json:"id"`
	Name string        `json:"name,omitempty"`
	Left string        `json:"left,omitempty"`
}

// MarkLeft says that somebody has left the practice, for a keeper who knows it from elsewhere. Of two moments the earlier holds.
func (d *Document) MarkLeft(id ParticipantID, at time.Time) {
	if d.left == nil {
		d.left = map[ParticipantID]int64{}
	}
	if before, ok := d.left[id]; !ok || seconds(at) < before {
		d.left[id] = seconds(at)
	}
}

// Scope says which questions something answers. The empty scope of a layer is the role "primary", every call type and
// every location.
type Scope struct {
	Role      string   `json:"role,omitempty"`
	CallTypes []string `json:"callTypes,omitempty"` // empty: every call type
	Locations []string `json:"locations,omitempty"` // empty: every location
}

// Rotation hands a duty round. Its turns follow one another for ever, in both directions from Start.
type Rotation struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`            // "hour", "day", "week" or "month"
	Every int    `json:"every,omitempty"` // units in a shift; 0 means 1
	Start string `json:"start"`           // the wall clock at which the first turn begins
	// Handoffs makes shifts of unequal length: the moments of one day ("08:00"), week ("fri 17:00") or month ("15 08:00")
	// at which the duty passes on. Empty: once every shift, at Start's own clock.
	Handoffs []string `json:"handoffs,omitempty"`
	Turns    []Turn   `json:"turns"`
}

// Turn is who has one shift of a rotation: one participant, or several together. In JSON a string or a list.
type Turn []ParticipantID

// UnmarshalJSON takes "reyes" and ["reyes", "osei"]. Anything else becomes an empty turn, which Compile refuses with its place.
func (t *Turn) UnmarshalJSON(b []byte) error {
	var one ParticipantID
	if json.Unmarshal(b, &one) == nil {
		*t = Turn{one}
		return nil
	}
	var many []ParticipantID
	if json.Unmarshal(b, &many) != nil {
		many = nil
	}
	*t = many
	return nil
}

// MarshalJSON writes one participant as a string and several as a list.
func (t Turn) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]ParticipantID(t))
}

// Window is a span of every week: Days with From and To as clocks, or From and To with their own weekdays
// ("fri 17:00" to "mon 08:00"). A To at or before From is on the next day, and the same clock twice is 24 hours.
type Window struct {
	Days []string `json:"days,omitempty"` // the days it begins on; empty: every day
	From string   `json:"from"`
	To   string   `json:"to"`
}

// Layer puts somebody on call: exactly one of Who, Rotation or Shifts says whom, the rest says when and for what.
type Layer struct {
	Name string `json:"name,omitempty"`
	Scope
	Priority int `json:"priority,omitempty"` // the highest that has somebody wins; equal ones are on call together

	Who      []ParticipantID `json:"who,omitempty"`
	Rotation string          `json:"rotation,omitempty"`
	Ahead    int             `json:"ahead,omitempty"` // take the rotation's turn this many shifts ahead: 1 is "the next one backs up"
	Shifts   []DatedShift    `json:"shifts,omitempty"`

	Windows      []Window `json:"windows,omitempty"`      // empty: always
	Hours        string   `json:"hours,omitempty"`        // "office" or "after": only inside, only outside OfficeHours
	Rule         string   `json:"rule,omitempty"`         // counts only on the holidays that name this rule
	SkipHolidays bool     `json:"skipHolidays,omitempty"` // rests on every holiday
	From         string   `json:"from,omitempty"`
	Until        string   `json:"until,omitempty"`
}

// DatedShift is one shift written out.
type DatedShift struct {
	Who  ParticipantID `json:"who"`
	From string        `json:"from"`
	To   string        `json:"to"`
}

// Holidays are the days on which another rule holds: national ones by calendar, and the practice's own.
type Holidays struct {
	Calendars []HolidayCalendar `json:"calendars,omitempty"`
	Own       []Holiday         `json:"own,omitempty"`
}

// HolidayCalendar takes a nation's holidays, which the package computes.
type HolidayCalendar struct {
	Name   string   `json:"name"`             // "us", "pr" or "es"
	Rule   string   `json:"rule,omitempty"`   // the layers that count; empty: the regular ones, with the office closed
	Begins string   `json:"begins,omitempty"` // the clock at which each day begins and, a day later, ends; "00:00" if empty
	Dates  string   `json:"dates,omitempty"`  // "both" (the date and the day it is observed on), "actual" or "observed"; empty: both
	Except []string `json:"except,omitempty"` // names of holidays not kept
}

// Holiday is one of the practice's own: a Date ("2026-12-24", or "12-24" for every year) that Begins at a clock as a calendar's do,
// or a span From–To.
type Holiday struct {
	Name   string `json:"name"`
	Date   string `json:"date,omitempty"`
	Begins string `json:"begins,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Rule   string `json:"rule,omitempty"`
}

// Leave is a time in which Who, where a layer names them, means Backup, or nobody where there is none. As default provider Who
// means Backup too, but still Who where there is none. Of several for one person the last written holds.
type Leave struct {
	Who    ParticipantID `json:"who"`
	From   string        `json:"from"`
	To     string        `json:"to"`
	Backup ParticipantID `json:"backup,omitempty"`
}

// Override changes who is on call for a time: Add alone adds, Remove alone removes, both together replace Remove by Add
// while Remove is on call. Without a Role it reaches every role, except that an Add alone must name one where there are several.
// Overrides act in the order they are written.
type Override struct {
	Name string `json:"name,omitempty"`
	Scope
	From   string        `json:"from"`
	To     string        `json:"to"`
	Add    ParticipantID `json:"add,omitempty"`
	Remove ParticipantID `json:"remove,omitempty"`
}

// Swap is one participant taking another's duty. State is "open" (asked for), "taken" (somebody said yes) or "approved";
// until it is approved the owner stays on call. Back is the time in which, in exchange, the owner takes the taker's duty.
type Swap struct {
	Scope
	Owner ParticipantID `json:"owner"`
	Taker ParticipantID `json:"taker,omitempty"`
	From  string        `json:"from"`
	To    string        `json:"to"`
	State string        `json:"state"`
	Back  *Span         `json:"back,omitempty"`
}

// Span is a time from one moment to another.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Temporary replaces everything else for its time. Where none of its shifts has anybody, the role's default answers.
type Temporary struct {
	Name string `json:"name,omitempty"`
	Scope
	From   string       `json:"from"`
	To     string       `json:"to"`
	Shifts []DatedShift `json:"shifts"`
}
