package oncall

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// calendarZones finds the zones that one VCALENDAR names. Its own definition of a name holds, whatever the rest of the world
// means by it (RFC 5545, section 3.2.19).
type calendarZones struct {
	defined map[string]*component
	others  map[string]*component // what the file's other calendars define
	ready   map[string]*zone
	claims  map[*zone]*claim
	purse   *budget
}

// claim is a definition under a name that is known to mean something too.
type claim struct {
	line  int
	tzid  string
	known *zone
}

func newCalendarZones(cal *component, others map[string]*component) (*calendarZones, error) {
	c := &calendarZones{defined: map[string]*component{}, others: others, ready: map[string]*zone{}, claims: map[*zone]*claim{}}
	for _, part := range cal.parts {
		if part.name != "VTIMEZONE" {
			continue
		}
		p := part.first("TZID")
		if p == nil {
			return nil, oneProblem(part.line, "VTIMEZONE", "import-no-tzid")
		}
		tzid := strings.TrimSpace(p.value)
		if before := c.defined[tzid]; before != nil && !sameText(before, part) {
			return nil, oneProblem(part.line, "TZID", "import-zone-twice", "zone", tzid, "line", strconv.Itoa(before.line))
		}
		c.defined[tzid] = part
	}
	return c, nil
}

// sameText says that two components say the same, line by line.
func sameText(a, b *component) bool {
	return a.name == b.name &&
		slices.EqualFunc(a.props, b.props, func(p, q property) bool {
			return p.name == q.name && p.value == q.value && p.param("TZID") == q.param("TZID")
		}) && slices.EqualFunc(a.parts, b.parts, sameText)
}

func (c *calendarZones) zone(tzid string) (*zone, error) {
	tzid = strings.TrimSpace(tzid)
	if z := c.ready[tzid]; z != nil {
		return z, nil
	}
	z, err := c.find(tzid)
	if err == nil {
		c.ready[tzid] = z
	}
	return z, err
}

func (c *calendarZones) find(tzid string) (*zone, error) {
	def := c.defined[tzid]
	if def == nil {
		for _, name := range slices.Sorted(maps.Keys(c.defined)) {
			if strings.EqualFold(name, tzid) {
				def = c.defined[name]
			}
		}
	}
	if def != nil && len(def.parts) > 0 {
		z, err := c.build(tzid, def)
		if known := knownZone(tzid); err == nil && known != nil {
			c.claims[z] = &claim{def.line, tzid, known}
		}
		return z, err
	}
	if def != nil { // a definition that only says where it is
		if p := def.first("X-LIC-LOCATION"); p != nil {
			if z := knownZone(strings.TrimSpace(p.value)); z != nil {
				return z, nil
			}
		}
	}
	if z := knownZone(tzid); z != nil {
		return z, nil
	}
	if other := c.others[tzid]; def == nil && other != nil && len(other.parts) > 0 {
		return c.build(tzid, other)
	}
	if def != nil {
		return nil, flaw("import-zone-nothing", "zone", tzid)
	}
	return nil, flaw("import-zone-unknown", "zone", tzid)
}

// knownZone is the zone of a name that is known without a definition; nil when it is not.
func knownZone(tzid string) *zone {
	names := []string{tzid, windowsZones[tzid], titled(tzid), strings.ToUpper(tzid)}
	// Some programs prefix their own path: /freeassociation.sourceforge.net/America/Chicago
	parts := strings.Split(tzid, "/")
	for n := 2; n <= 3 && n < len(parts); n++ {
		names = append(names, strings.Join(parts[len(parts)-n:], "/"))
	}
	for _, name := range names {
		if z, err := loadZone(name); err == nil {
			return z
		}
	}
	return nil
}

// titled spells "america/new_york" the way the zone is spelt.
func titled(name string) string {
	out := []byte(strings.ToLower(name))
	for i := range out {
		if (i == 0 || strings.IndexByte("/_-", out[i-1]) >= 0) && out[i] >= 'a' && out[i] <= 'z' {
			out[i] -= 'a' - 'A'
		}
	}
	return string(out)
}

// onset is one change of a zone's clock.
type onset struct{ at, before, after int64 }

// build makes a zone of a VTIMEZONE's observances (RFC 5545, section 3.6.5). They are written out for all the years this
// package knows: Outlook's rules begin in 1601 and do not end.
func (c *calendarZones) build(tzid string, def *component) (*zone, error) {
	var onsets []onset
	for _, part := range def.parts {
		if part.name != "STANDARD" && part.name != "DAYLIGHT" {
			if strings.HasPrefix(part.name, "X-") {
				continue
			}
			return nil, flaw("import-zone-part", "zone", tzid, "value", part.name, "line", strconv.Itoa(part.line))
		}
		more, err := c.observance(tzid, part)
		if err != nil {
			return nil, err
		}
		onsets = append(onsets, more...)
	}
	if len(onsets) == 0 {
		return nil, flaw("import-zone-nothing", "zone", tzid)
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return int(min(max(a.at-b.at, -1), 1)) })
	z := &zone{at: []int64{dawn}, off: []int64{onsets[0].before}}
	for _, o := range onsets {
		n := len(z.at) - 1
		switch {
		case o.at == z.at[n] && n > 0: // Outlook gives both observances one beginning in 1601
			z.off[n] = o.after
		case o.after != z.off[n]:
			z.at, z.off = append(z.at, o.at), append(z.off, o.after)
		}
	}
	return z, nil
}

// observance is when the clock changes by one STANDARD or DAYLIGHT.
func (c *calendarZones) observance(tzid string, part *component) (out []onset, err error) {
	before, errB := utcOffset(part.first("TZOFFSETFROM"))
	after, errA := utcOffset(part.first("TZOFFSETTO"))
	start := part.first("DTSTART")
	if errB != nil || errA != nil || start == nil {
		return nil, flaw("import-zone-lacks", "zone", tzid, "line", strconv.Itoa(part.line))
	}
	first, err := time.Parse(icalWall, strings.ToUpper(strings.TrimSpace(start.value)))
	if err != nil {
		return nil, flaw("import-zone-date", "zone", tzid, "field", "DTSTART", "value", start.value, "line",
			strconv.Itoa(start.line))
	}
	walls := []int64{first.Unix()}
	for _, p := range part.all("RRULE") {
		r, err := parseRule(p.value, func(text string) (int64, error) {
			w, err := readWhen(&property{}, text, c)
			switch {
			case w.utc:
				w.wall += before
			case w.date:
				w.wall += day - 1
			}
			return w.wall, err
		})
		var more []int64
		if err == nil {
			more, err = r.between(first.Unix(), dateWall(firstYear-1, 1, 1), dateWall(lastYear+1, 1, 1), c.purse)
		}
		if err != nil {
			var wrong ReadProblems
			wrong.place(p.line, "RRULE", err)
			return nil, wrong
		}
		walls = append(walls, more...)
	}
	for _, p := range part.all("RDATE") {
		for _, text := range strings.Split(p.value, ",") {
			w, err := readWhen(&p, text, c)
			if err != nil || w.date || w.zone != nil {
				return nil, flaw("import-zone-date", "zone", tzid, "field", "RDATE", "value", text, "line", strconv.Itoa(p.line))
			}
			walls = append(walls, w.wall)
		}
	}
	for _, name := range []string{"EXDATE", "EXRULE"} {
		if p := part.first(name); p != nil {
			return nil, flaw("import-zone-less", "zone", tzid, "field", name, "line", strconv.Itoa(p.line))
		}
	}
	for _, w := range walls {
		out = append(out, onset{w - before, before, after})
	}
	return out, nil
}

// utcOffset reads "-0500", in seconds.
func utcOffset(p *property) (int64, error) {
	if p == nil {
		return 0, fmt.Errorf("is missing")
	}
	value := strings.TrimSpace(p.value)
	form := "-0700"
	if len(value) == len("-070000") {
		form = "-070000"
	}
	t, err := time.Parse(form, value)
	if err != nil {
		return 0, err
	}
	_, off := t.Zone()
	return int64(off), nil
}
