package acd

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Names given by the caller of this package. They mean nothing to it beyond being equal or not; the empty one is
// refused where a name is needed.
type (
	AgentID    string
	CallID     string
	PracticeID string
	GroupID    string
	Language   string // for instance "en" or "es"
	Skill      string
)

// A Level says how well an agent has a language or a skill. Each level includes the ones below it.
type Level uint8

// The levels, from none to the best.
const (
	None      Level = iota
	Some            // gets by
	Qualified       // tested
	Native          // grew up with it; for a skill: an expert
)

var levelNames = [...]string{"none", "some", "qualified", "native"}

func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(b []byte) error { return unmarshalName(l, b, levelNames[:], "level") }

// unmarshalName reads a small enumeration by name, as a person writes it.
func unmarshalName[T ~uint8](v *T, b []byte, names []string, what string) error {
	for i, n := range names {
		if n == string(b) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("acd: no such %s: %q", what, b)
}

// An Agent is what one agent can do. It says nothing of what the agent is doing.
type Agent struct {
	ID AgentID `json:"id"`
	// Staff are the practices whose own employee this is, or empty for the answering service's agents. Own staff are
	// offered their practices' calls only.
	Staff     Practices          `json:"staff,omitempty"`
	Languages map[Language]Level `json:"languages,omitempty"`
	Skills    map[Skill]Level    `json:"skills,omitempty"`
	Groups    []GroupID          `json:"groups,omitempty"`
}

// Practices are several practices. In JSON one may stand alone, without its list.
type Practices []PracticeID

// UnmarshalJSON reads a list, or one practice; "" is none.
func (p *Practices) UnmarshalJSON(b []byte) error {
	var one PracticeID
	if json.Unmarshal(b, &one) != nil {
		return json.Unmarshal(b, (*[]PracticeID)(p))
	}
	*p = nil
	if one != "" {
		*p = Practices{one}
	}
	return nil
}

// Own says what a practice's own staff are to its calls.
type Own uint8

// The kinds of own staff.
const (
	OwnNone  Own = iota // the practice has no staff here
	OwnFirst            // a fitting free employee gets the call before any of the service's agents
	OwnOnly             // only employees, until a Relax says Outside
)

var ownNames = [...]string{"none", "first", "only"}

// UnmarshalText reads the name.
func (o *Own) UnmarshalText(b []byte) error {
	return unmarshalName(o, b, ownNames[:], "kind of own staff")
}

// A SkillNeed is the least level a call needs in a skill.
type SkillNeed struct {
	Skill Skill `json:"skill"`
	Level Level `json:"level,omitempty"` // None means Some
}

// Needs are what a call asks of an agent, and how that loosens with time.
type Needs struct {
	Practice PracticeID `json:"practice"`
	// Language is the one the caller speaks; empty means that any agent will do.
	Language Language `json:"language,omitempty"`
	// Level is the least level in Language; None means Some.
	Level  Level       `json:"level,omitempty"`
	Skills []SkillNeed `json:"skills,omitempty"`
	Own    Own         `json:"own,omitempty"`
	// Groups are those asked, any of them; none means every group. A closed group is not asked. Own staff need not
	// be in one.
	Groups []GroupID `json:"groups,omitempty"`
	// Priority is the head start of this call in the order of waiting: it stands where a call would that came in
	// earlier by so much. It is a practice's priority and a line's urgency in one figure. From -24 h to 24 h.
	Priority time.Duration `json:"priority,omitempty"`
	// Relax lists what loosens, in order of After.
	Relax []Relax `json:"relax,omitempty"`
	// Overflow is the wait after which the call is given up to overflow; 0 means never.
	Overflow time.Duration `json:"overflow,omitempty"`
}

// A Relax widens the circle of agents that fit a call once it has waited After since it came in. It adds to the ones
// before it and can only widen.
type Relax struct {
	After       time.Duration `json:"after"`
	Level       Level         `json:"level,omitempty"`        // the language's least level from now on; None leaves it
	AnyLanguage bool          `json:"any_language,omitempty"` // an agent with an interpreter will do
	AnySkill    bool          `json:"any_skill,omitempty"`    // the skills are no longer needed
	Outside     bool          `json:"outside,omitempty"`      // beyond the practice's own staff, who still come first
	Groups      []GroupID     `json:"groups,omitempty"`       // these are asked too
	AnyGroup    bool          `json:"any_group,omitempty"`    // every open group is asked
}

// A Group is a set of agents asked together, with the hours in which it is open. A group that is not configured is
// always open.
type Group struct {
	ID GroupID `json:"id"`
	// Zone is the IANA zone of Hours, for instance "America/Chicago".
	Zone  string  `json:"zone,omitempty"`
	Hours []Hours `json:"hours,omitempty"` // none means always
}

// Hours is a window of the wall clock that repeats weekly: From (included) to To (excluded), in minutes after
// midnight. To not above From runs past midnight, and then Days are those it starts on.
type Hours struct {
	Days []time.Weekday `json:"days,omitempty"` // none means every day
	From int            `json:"from"`
	To   int            `json:"to"`
}

// Config is what an answering service sets once for all calls. The zero value takes each default.
type Config struct {
	Ring   time.Duration `json:"ring,omitempty"`    // how long an offer stands; default 15 s
	Misses int           `json:"misses,omitempty"`  // missed offers in a row that pause an agent; default 2
	Again  time.Duration `json:"again,omitempty"`   // before the same call goes to an agent who missed or rejected it; default 10 s
	WrapUp time.Duration `json:"wrap_up,omitempty"` // the limit of wrap-up; default 30 s, negative for none
	Target time.Duration `json:"target,omitempty"`  // the service level's y seconds; default 20 s
	Short  time.Duration `json:"short,omitempty"`   // an abandoned call this short is counted apart; default 5 s
	Groups []Group       `json:"groups,omitempty"`
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&c.Ring, 15 * time.Second}, {&c.Again, 10 * time.Second}, {&c.WrapUp, 30 * time.Second},
		{&c.Target, 20 * time.Second}, {&c.Short, 5 * time.Second}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if c.Misses == 0 {
		c.Misses = 2
	}
	return c
}

// Why an event is refused. A refused event changes nothing; timers that were due in the same Apply still ran, and
// their commands are returned with the error.
var (
	ErrStale   = errors.New("acd: the offer is no longer the current one")
	ErrUnknown = errors.New("acd: no such call or agent")
	ErrTwice   = errors.New("acd: this call is already here")
	ErrState   = errors.New("acd: not possible in this state")
	ErrInvalid = errors.New("acd: invalid")
)
