package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits that keep a bad document from taking the machine with it; a practice's schedule is a hundredth of any of them.
const (
	maxLayers     = 200
	maxTurns      = 2000
	maxExceptions = 2000  // overrides, swaps, leaves, temporary schedules: of each
	maxHolidays   = 500   // of the practice's own
	maxShifts     = 50000 // dated shifts in one layer or temporary schedule
	maxEvery      = 10000
)

// checker turns a document into a plan and collects what is wrong with it.
type checker struct {
	doc      *Document
	plan     *plan
	problems ReadProblems
	known    map[ParticipantID]bool
	mentions []mention
	ends     map[string]int64 // when what stands at a path ends
}

// newPlan checks a document whole, so that one reading shows all that is wrong.
func newPlan(doc *Document) (*plan, error) {
	z, err := loadZone(doc.Timezone)
	c := &checker{doc: doc, plan: &plan{doc: doc, zone: z, names: map[ParticipantID]string{}, roles: map[string]*role{},
		rotations: map[string]*rotation{}, named: map[ParticipantID]string{}}, ends: map[string]int64{}}
	if err != nil {
		c.bad("timezone", "time-zone", "value", doc.Timezone)
		return nil, c.problems.err()
	}
	c.participants()
	c.plan.office = c.windows("officeHours", doc.OfficeHours)
	c.rotations()
	c.layers()
	c.holidays()
	c.leave()
	c.temporary()
	c.overrides()
	c.swaps()
	c.fallback()
	if len(c.problems) == 0 {
		c.idle()
	}
	c.left()
	if err := c.problems.err(); err != nil {
		return nil, err
	}
	return c.plan, nil
}

// bad notes a problem with the field at path; pairs are names and values of its sentence's placeholders.
func (c *checker) bad(path, code string, pairs ...string) {
	c.problems.note(flawed(c.doc.line(path), path, code, pairs...))
}

// choice says that a value is none of those there are.
func (c *checker) choice(path, value string, choices ...string) {
	c.bad(path, "choice", "value", value, "choices", strings.Join(choices, ", "))
}

// between says that a number is not in its range.
func (c *checker) between(path string, from, to int) {
	c.bad(path, "range", "from", strconv.Itoa(from), "to", strconv.Itoa(to))
}

// warn notes what is sound and yet hardly meant.
func (c *checker) warn(path, code string, pairs ...string) {
	c.plan.warnings.note(flawed(c.doc.line(path), path, code, pairs...))
}

// line is where a field stands, or its owner when the field is missing.
func (d *Document) line(path string) int {
	for d.lines[path] == 0 && path != "" {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return d.lines[path]
}

func (c *checker) few(path string, n, limit int) bool {
	if n > limit {
		c.bad(path, "too-many")
	}
	return n <= limit
}

func (c *checker) participants() {
	if len(c.doc.Participants) == 0 {
		return
	}
	c.known = map[ParticipantID]bool{}
	for i, p := range c.doc.Participants {
		path := fmt.Sprintf("participants[%d].id", i)
		switch {
		case p.ID == "":
			c.bad(path, "missing")
		case c.known[p.ID]:
			c.bad(path, "twice")
		}
		c.known[p.ID] = true
		c.plan.names[p.ID] = p.Name
	}
}

// mention is a field that names somebody; seats says that it can put them on call.
type mention struct {
	path  string
	id    ParticipantID
	seats bool
}

// who checks the id of somebody who must be there, and is on call by this field; other checks one who is not.
func (c *checker) who(path string, id ParticipantID) { c.mention(path, id, true) }

func (c *checker) other(path string, id ParticipantID) { c.mention(path, id, false) }

func (c *checker) mention(path string, id ParticipantID, seats bool) {
	c.mentions = append(c.mentions, mention{path, id, seats})
	if seats && c.plan.named[id] == "" {
		c.plan.named[id] = path
	}
	switch {
	case id == "":
		c.bad(path, "missing")
	case c.known != nil && !c.known[id]:
		c.bad(path, "no-participant", "value", string(id))
	}
}

func (c *checker) people(path string, ids []ParticipantID) {
	for i, id := range ids {
		c.who(fmt.Sprintf("%s[%d]", path, i), id)
		if slices.Contains(ids[:i], id) {
			c.bad(fmt.Sprintf("%s[%d]", path, i), "twice")
		}
	}
}

// clock reads "17:00", in seconds after midnight.
func (c *checker) clock(path, text string) int64 {
	h, m, ok := strings.Cut(text, ":")
	hh, errH := strconv.Atoi(h)
	mm, errM := strconv.Atoi(m)
	if !ok || len(h) != 2 || len(m) != 2 || errH != nil || errM != nil || hh < 0 || mm < 0 || hh > 24 || mm > 59 || hh == 24 && mm > 0 {
		c.bad(path, "clock", "value", text)
		return 0
	}
	return int64(hh)*hour + int64(mm)*60
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// weekday reads "mon"; Sunday is 0.
func (c *checker) weekday(path, text string) int64 {
	i := slices.Index(weekdays, text)
	if i < 0 {
		c.choice(path, text, weekdays...)
	}
	return int64(i)
}

// moment reads one of the three forms of a moment; end says that something ends there. Where it cannot, it returns 0, false.
func (c *checker) moment(path, text string, end bool) (int64, bool) {
	t, flaw := parseMoment(c.plan.zone, text, end)
	switch flaw {
	case "":
	case "years":
		c.bad(path, flaw, "value", text, "from", strconv.Itoa(firstYear), "to", strconv.Itoa(lastYear-1))
	default:
		c.bad(path, flaw, "value", text)
	}
	return t, flaw == ""
}

// parseMoment reads a moment; flaw is the code of what is wrong with it, "" when nothing is.
func parseMoment(z *zone, text string, end bool) (at int64, flaw string) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		if t.Nanosecond() != 0 {
			return 0, "too-exact"
		}
		return t.Unix(), outsideYears(t.Year())
	}
	date, err := time.Parse(time.DateOnly, text)
	if err == nil {
		if end {
			return z.last(date.Unix() + day), outsideYears(date.Year())
		}
		return z.first(date.Unix()), outsideYears(date.Year())
	}
	wall, err := parseWall(text)
	if err != nil {
		return 0, "moment"
	}
	if end {
		return z.last(wall.Unix()), outsideYears(wall.Year())
	}
	return z.first(wall.Unix()), outsideYears(wall.Year())
}

// outsideYears is the flaw of a moment whose clock changes are not known, "" for one whose are.
func outsideYears(year int) string {
	if checkYear(year, "") != nil {
		return "years"
	}
	return ""
}

func parseWall(text string) (time.Time, error) {
	wall, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		wall, err = time.Parse("2006-01-02T15:04:05", text)
	}
	if err == nil && wall.Nanosecond() != 0 {
		err = fmt.Errorf("%q is finer than a second", text)
	}
	return wall, err
}

func checkYear(year int, text string) error {
	if year < firstYear || year >= lastYear {
		return flaw("years", "value", text, "from", strconv.Itoa(firstYear), "to", strconv.Itoa(lastYear-1))
	}
	return nil
}

// span reads two moments, of which the second must be the later one.
func (c *checker) span(path, from, to string) (lo, hi int64) {
	lo, okLo := c.moment(path+".from", from, false)
	hi, okHi := c.moment(path+".to", to, true)
	if okLo && okHi && hi <= lo {
		c.bad(path+".to", "not-after", "value", to, "from", from)
	}
	c.ends[path] = hi
	return lo, hi
}

// windows reads windows into spans of the week.
func (c *checker) windows(path string, in []Window) []weekly {
	if !c.few(path, len(in), maxTurns) {
		return nil
	}
	var out []weekly
	for i, w := range in {
		at := fmt.Sprintf("%s[%d]", path, i)
		fromDay, fromClock, spans := strings.Cut(w.From, " ")
		if spans {
			out = append(out, c.longWindow(at, w, fromDay, fromClock))
			continue
		}
		from, to := c.clock(at+".from", w.From), c.clock(at+".to", w.To)
		if from >= day {
			c.bad(at+".from", "from-midnight")
		}
		if to <= from {
			to += day
		}
		days := w.Days
		if len(days) == 0 {
			days = weekdays
		}
		for k, name := range days {
			sunday := c.weekday(fmt.Sprintf("%s.days[%d]", at, k), name) * day
			out = append(out, weekly{sunday + from, sunday + to})
		}
	}
	return out
}

// longWindow reads "fri 17:00" to "mon 08:00".
func (c *checker) longWindow(at string, w Window, fromDay, fromClock string) weekly {
	if len(w.Days) > 0 {
		c.bad(at+".days", "days-and-weekday")
	}
	toDay, toClock, ok := strings.Cut(w.To, " ")
	if !ok {
		c.bad(at+".to", "no-weekday", "value", w.To)
		return weekly{}
	}
	from := c.weekday(at+".from", fromDay)*day + c.clock(at+".from", fromClock)
	to := c.weekday(at+".to", toDay)*day + c.clock(at+".to", toClock)
	if to <= from {
		to += week
	}
	return weekly{from, to}
}

// scope reads a scope; open says that no role means every role and not "primary".
func (c *checker) scope(path string, in Scope, open bool) scope {
	for field, list := range map[string][]string{".callTypes": in.CallTypes, ".locations": in.Locations} {
		if i := slices.Index(list, ""); i >= 0 {
			c.bad(fmt.Sprintf("%s%s[%d]", path, field, i), "empty-name")
		}
	}
	return scope{role: cmp.Or(in.Role, primary), any: open && in.Role == "", callTypes: in.CallTypes, locations: in.Locations}
}
