package oncall

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// occurrence is one time at which an event happens.
type occurrence struct {
	wall, at int64
	until    int64 // of a PERIOD; 0 where the event's own length holds
}

// pin is how an EXDATE or a RECURRENCE-ID names an occurrence: by its instant, or by its day on the event's own clock.
type pin struct {
	byDay bool
	key   int64
}

func (im *calendarImport) pin(e *calendarEvent, w when) pin {
	switch {
	case w.date:
		return pin{true, w.wall}
	case e.allDay:
		return pin{true, w.dayMeant(im.zone)}
	}
	return pin{false, w.instant(e.zone)}
}

func (p pin) names(o occurrence) bool {
	if p.byDay {
		return o.wall-mod(o.wall, day) == p.key
	}
	return o.at == p.key
}

// rough is about when the named occurrence would be.
func (p pin) rough(e *calendarEvent) int64 {
	if p.byDay {
		return e.zone.imported(p.key)
	}
	return p.key
}

// recurrenceSet is what DTSTART, RRULE, RDATE, EXRULE and EXDATE of an event say together (RFC 5545, section 3.8.5). It is
// written out for the time asked for and some more, and can be asked about other times.
type recurrenceSet struct {
	im          *calendarImport
	event       *calendarEvent
	rules, less []*rule
	added       []occurrence
	except      map[pin]property
	lo, hi      int64 // the wall times for which occurrences are written out
	occurrences []occurrence
	removed     int // how many of them EXRULE took out
}

// recurrence reads the set. What cannot be read is noted.
func (im *calendarImport) recurrence(e *calendarEvent, changed []*calendarEvent) *recurrenceSet {
	set := &recurrenceSet{im: im, event: e, except: map[pin]property{}}
	set.rules, set.less = im.rules(e, "RRULE"), im.rules(e, "EXRULE")
	set.added = im.added(e)
	for _, p := range e.all("EXDATE") {
		for _, text := range strings.Split(p.value, ",") {
			w, err := readWhen(&p, text, e.scope.zones)
			if err != nil {
				im.wrong(p.line, "EXDATE", err)
				continue
			}
			set.except[im.pin(e, w)] = property{line: p.line, value: text}
		}
	}
	reach := e.wall + e.elapsed + 2*day
	for _, c := range changed {
		if c.onward && c.zone != nil { // it moves what comes after it
			moved := c.at() - im.pin(e, *c.instance).rough(e)
			reach = max(reach, c.wall+c.elapsed+max(moved, -moved)+2*day)
		}
	}
	set.lo, set.hi = e.zone.wall(im.lo)-reach, e.zone.wall(im.hi)+reach
	var met map[pin]bool
	var err error
	if set.occurrences, met, err = set.between(set.lo, set.hi); err != nil {
		im.wrong(e.lineOf("RRULE"), "RRULE", err)
		return set
	}
	for _, p := range sortedPins(set.except) {
		if !met[p] && im.matters(e, p.rough(e)) {
			im.bad(set.except[p].line, "EXDATE", "import-no-occurrence", "value", set.except[p].value, "line", strconv.Itoa(e.line))
		}
	}
	if len(set.less) > 0 && set.removed == 0 && len(set.occurrences) > 0 {
		im.out.warn(e.lineOf("EXRULE"), "EXRULE", "import-less-nothing")
	}
	im.unruly(set)
	return set
}

// unruly warns of a beginning that the event's own rule does not meet: calendar programs do not agree about it.
func (im *calendarImport) unruly(set *recurrenceSet) {
	e := set.event
	for i, r := range set.rules {
		line := e.all("RRULE")[i].line
		date, _ := civil(e.start)
		if r.until < e.start {
			im.out.warn(line, "RRULE", "import-rule-ends-first")
		} else if met, err := r.meetsStart(date, im.purse); err == nil && !met && (r.count > 0 || im.matters(e, e.at())) {
			im.out.warn(line, "RRULE", "import-rule-start")
		}
	}
}

func (im *calendarImport) rules(e *calendarEvent, name string) (out []*rule) {
	for _, p := range e.all(name) {
		r, err := parseRule(p.value, func(text string) (int64, error) {
			w, err := readWhen(&property{}, text, e.scope.zones)
			switch {
			case err != nil:
			case w.date:
				w.wall += day - 1
			case e.allDay:
				w.wall = w.dayMeant(im.zone)
			case w.utc:
				w.wall = e.zone.wall(w.wall)
			}
			return w.wall, err
		})
		if err == nil {
			err = r.clock(e.start)
		}
		if err != nil {
			im.wrong(p.line, name, err)
			continue
		}
		out = append(out, r)
	}
	return out
}

// added reads RDATE. A bare day means the event's own time on it.
func (im *calendarImport) added(e *calendarEvent) (out []occurrence) {
	for _, p := range e.all("RDATE") {
		for _, text := range strings.Split(p.value, ",") {
			begin, end, period := strings.Cut(text, "/")
			w, err := readWhen(&p, begin, e.scope.zones)
			if err != nil || period && w.date {
				im.wrong(p.line, "RDATE", cmp.Or(err, flaw("import-period-day", "value", text)))
				continue
			}
			o := occurrence{at: w.instant(e.zone)}
			switch {
			case e.allDay && !period:
				o.wall = w.dayMeant(im.zone)
				o.at = e.zone.imported(o.wall)
			case w.date:
				o.wall = w.wall + mod(e.start, day)
				o.at = e.zone.imported(o.wall)
			default:
				o.wall = e.zone.wall(o.at)
			}
			if period {
				if o.until, err = im.periodEnd(e, &p, w, end); err != nil || o.until <= o.at {
					im.wrong(p.line, "RDATE", cmp.Or(err, flaw("import-period-backwards", "value", text)))
					continue
				}
			}
			out = append(out, o)
		}
	}
	return out
}

// periodEnd reads what stands behind the slash of a PERIOD: an end or a duration.
func (im *calendarImport) periodEnd(e *calendarEvent, p *property, begin when, text string) (int64, error) {
	z := begin.in(e.zone)
	if end, err := readWhen(p, text, e.scope.zones); err == nil && !end.date {
		return end.instant(z), nil
	}
	wall, elapsed, err := parseDuration(text)
	if wall == 0 {
		return begin.instant(z) + elapsed, err
	}
	return z.imported(begin.wall+wall) + elapsed, err
}

// between gives the occurrences from lo to before hi on the event's wall clock, and which of the exceptions met one.
func (s *recurrenceSet) between(lo, hi int64) (out []occurrence, met map[pin]bool, err error) {
	e := s.event
	lo, hi = max(lo, dateWall(firstYear, 1, 1)), min(hi, dateWall(lastYear, 1, 1))
	var all []occurrence
	if e.start >= lo && e.start < hi {
		all = append(all, occurrence{wall: e.start, at: e.at()})
	}
	for _, r := range s.rules {
		walls, err := r.between(e.start, lo, hi, s.im.purse)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range walls {
			all = append(all, occurrence{wall: w, at: e.zone.imported(w)})
		}
	}
	for _, o := range s.added {
		if o.wall >= lo && o.wall < hi {
			all = append(all, o)
		}
	}
	off := map[int64]bool{}
	for _, r := range s.less {
		walls, err := r.between(e.start, lo, hi, s.im.purse)
		if err != nil {
			return nil, nil, err
		}
		for _, w := range walls {
			off[e.zone.imported(w)] = true
		}
	}
	// Of two at one instant a period holds, which says more.
	slices.SortStableFunc(all, func(a, b occurrence) int { return cmp.Or(cmp.Compare(a.at, b.at), -cmp.Compare(a.until, b.until)) })
	all = slices.CompactFunc(all, func(a, b occurrence) bool { return a.at == b.at })
	met = map[pin]bool{}
	for _, o := range all {
		byDay, byInstant := pin{true, o.wall - mod(o.wall, day)}, pin{false, o.at}
		_, dayOff := s.except[byDay]
		_, instantOff := s.except[byInstant]
		met[byDay], met[byInstant] = true, true
		switch {
		case off[o.at]:
			s.removed++
		case !dayOff && !instantOff:
			out = append(out, o)
		}
	}
	return out, met, nil
}

// find gives the occurrences that a pin names.
func (s *recurrenceSet) find(p pin) (out []occurrence, err error) {
	around := s.occurrences
	wall := p.key
	if !p.byDay {
		wall = s.event.zone.wall(p.key)
	}
	if wall < s.lo+day || wall >= s.hi-day {
		if around, _, err = s.between(wall-day, wall+2*day); err != nil {
			return nil, err
		}
	}
	from, _ := slices.BinarySearchFunc(around, p.rough(s.event)-2*day, func(o occurrence, t int64) int { return cmp.Compare(o.at, t) })
	for _, o := range around[from:] {
		if o.at > p.rough(s.event)+2*day {
			break
		}
		if p.names(o) {
			out = append(out, o)
		}
	}
	return out, nil
}

// holds says whether an occurrence at an instant is written out.
func (s *recurrenceSet) holds(at int64) bool {
	_, found := slices.BinarySearchFunc(s.occurrences, at, func(o occurrence, t int64) int { return cmp.Compare(o.at, t) })
	return found
}

func sortedPins(m map[pin]property) []pin {
	keys := make([]pin, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b pin) int { return cmp.Or(cmp.Compare(m[a].line, m[b].line), cmp.Compare(a.key, b.key)) })
	return keys
}
