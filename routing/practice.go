package routing

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// A PracticeDocument is a practice whole, as a file, the web or an import brings it: what agents and pages need, routing/oncall's
// schedule, the ladders, and the people who are to sign in for it.
type PracticeDocument struct {
	Account  notes.Account    `json:"account"`
	Schedule json.RawMessage  `json:"schedule"`
	Ladders  json.RawMessage  `json:"ladders"`
	People   []PracticePerson `json:"people,omitempty"`
}

// A PracticePerson is somebody a practice's document names as its own.
type PracticePerson struct {
	ID       notes.PersonID     `json:"id"`
	Name     string             `json:"name"`
	Role     notes.Role         `json:"role"`
	Language telephony.Language `json:"language"`
}

// A KnownPerson is what the service knows of somebody who signs in, or did.
type KnownPerson struct {
	Left  bool // signs in no more
	Reads bool // may open this practice's notes
}

// MaxPractice is the longest practice document ReadPractice reads, in bytes.
const MaxPractice = 8 << 20

// ReadPractice reads a practice's document and checks it as CheckPractice does. What could be read is there even when it is
// refused.
func ReadPractice(text []byte, known map[notes.PersonID]KnownPerson, now time.Time) (PracticeDocument, Problems) {
	var doc PracticeDocument
	if len(text) > MaxPractice {
		return doc, Problems{{Field: "document", Code: "too-long", Severity: Refuse}}
	}
	c := &check{}
	if c.read(text, &doc); c.said(Problem{Field: "document", Code: "not-json"}) {
		return doc, c.found
	}
	doc.Account.Schedule, doc.Account.Ladders = doc.Schedule, doc.Ladders
	misread := c.found // what follows from a value that could not be read is no news
	c.practice(doc, known, now)
	var out Problems
	for i, p := range c.place() {
		if i < len(misread) || !under(p.Field, misread) {
			out = append(out, p)
		}
	}
	return doc, out
}

// under reports whether a field is one that was misread, or a part of one.
func under(field string, misread Problems) bool {
	for _, m := range misread {
		if m.Code == "wrong-type" && (field == m.Field || strings.HasPrefix(field, m.Field+".") || strings.HasPrefix(field, m.Field+"[")) {
			return true
		}
	}
	return false
}

// CheckPractice says everything that is wrong with a practice's document at once: what would otherwise be found out by a
// call that cannot be taken or a note that reaches nobody, in the time to come (LookAhead). known are the people who sign in;
// nil when nobody was asked.
func CheckPractice(doc PracticeDocument, known map[notes.PersonID]KnownPerson, now time.Time) Problems {
	c := &check{}
	c.practice(doc, known, now)
	return c.found
}

// LookAhead is how far a practice's schedule is looked at for moments at which somebody would wait on nobody.
const LookAhead = 60 * 24 * time.Hour

func (c *check) practice(doc PracticeDocument, known map[notes.PersonID]KnownPerson, now time.Time) {
	p := practiceCheck{check: c, account: doc.Account, people: doc.People, known: known, now: now}
	p.accountFields()
	p.lines()
	p.hours()
	p.contacts()
	p.places()
	p.persons()
	p.readLadders(doc.Ladders)
	p.readSchedule(doc.Schedule)
	p.script()
	p.voicemail()
	p.chart()
	p.messaging()
	p.tests()
	p.reach()
}

// practiceCheck is one practice's document being checked.
type practiceCheck struct {
	*check
	account notes.Account
	people  []PracticePerson
	known   map[notes.PersonID]KnownPerson
	now     time.Time

	ladders []Ladder
	climbs  bool             // the ladders could be read
	duty    *oncall.Schedule // nil when the schedule could not be read
}

var (
	idForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$`)
	clockForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	fillForm  = regexp.MustCompile(`\{\{[^}]*\}\}`)
)

// maxList is more than any list of a practice's document holds.
const maxList = 500

// few is how many of n entries are looked at; more than any practice has are refused.
func (c *check) few(field string, n int) int {
	if n > maxList {
		c.refuse(field, "too-many")
	}
	return min(n, maxList)
}

// id checks a name that the service's own records use, among those seen before.
func (c *check) id(field, id string, seen map[string]bool) {
	switch {
	case id == "":
		c.refuse(field, "missing")
	case !idForm.MatchString(id):
		c.refuse(field, "form")
	case seen[id]:
		c.refuse(field, "twice")
	}
	seen[id] = true
}

func (c *check) name(field, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		c.refuse(field, "missing")
	case len(name) > 200:
		c.refuse(field, "too-long")
	}
}

// spoken are the languages the service speaks.
var spoken = []telephony.Language{telephony.English, telephony.Spanish}

func (c *check) language(field string, l telephony.Language) {
	if l == "" {
		c.refuse(field, "missing")
	} else if !speaks(l) {
		c.refuse(field, "choice", "value", string(l), "choices", choices(spoken))
	}
}

func speaks(l telephony.Language) bool { return l == telephony.English || l == telephony.Spanish }

// languages checks a list of them, the first of which is the one assumed.
func (c *check) languages(field string, list []telephony.Language) {
	if len(list) == 0 {
		c.refuse(field, "missing")
	}
	seen := map[telephony.Language]bool{}
	for i := range c.few(field, len(list)) {
		at := fmt.Sprintf("%s[%d]", field, i)
		c.language(at, list[i])
		if seen[list[i]] {
			c.refuse(at, "twice")
		}
		seen[list[i]] = true
	}
}

// words checks a text that is said or shown in each of the practice's languages; one that need not be there may be empty.
func (p *practiceCheck) words(field string, t notes.Text, needed bool) {
	said := false
	for _, l := range slices.Sorted(maps.Keys(t)) {
		s := t[l]
		said = said || strings.TrimSpace(s) != ""
		if !speaks(l) {
			p.refuse(field+"."+string(l), "choice", "value", string(l), "choices", choices(spoken))
		}
		if len(s) > notes.MaxField {
			p.refuse(field+"."+string(l), "too-long")
		}
	}
	if !said {
		if needed {
			p.refuse(field, "missing")
		}
		return
	}
	for _, l := range p.account.Languages {
		if speaks(l) && strings.TrimSpace(t[l]) == "" {
			p.refuse(field+"."+string(l), "missing-language", "language", string(l))
		}
	}
}

func choices[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

// day writes a moment as a practice's own clock shows it.
func (p *practiceCheck) day(t time.Time) string {
	if loc, err := time.LoadLocation(p.account.TimeZone); err == nil {
		t = t.In(loc)
	}
	return t.Format("2006-01-02 15:04")
}
