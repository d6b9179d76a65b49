package oncall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// calendarEvent is one VEVENT, read.
type calendarEvent struct {
	*component
	scope     *calendarScope
	uid       string
	who, role string
	id        string // the participant's id, where one of our own feeds tells it
	cancelled bool
	sequence  int
	outside   bool // it lies outside the time asked for, and was read no further
	allDay    bool
	zone      *zone
	start     int64 // wall time
	// The end: so much later on the wall clock, and so many seconds after that.
	wall, elapsed int64
	instance      *when // RECURRENCE-ID: the occurrence it is about
	onward        bool  // and all after it
}

// at is the instant of the event's own beginning.
func (e *calendarEvent) at() int64 { return e.zone.imported(e.start) }

// until is when what begins at wall and at ends.
func (e *calendarEvent) until(wall, at int64) int64 {
	if e.wall == 0 {
		return at + e.elapsed
	}
	return e.zone.imported(wall+e.wall) + e.elapsed
}

// eventProperties may stand in an event and say nothing about who is on call when, or are read elsewhere.
var eventProperties = []string{"DTSTAMP", "CREATED", "LAST-MODIFIED", "DESCRIPTION", "LOCATION", "CLASS", "PRIORITY", "TRANSP", "URL",
	"ORGANIZER",
	"ATTENDEE", "CATEGORIES", "COMMENT", "GEO", "RESOURCES", "CONTACT", "RELATED-TO", "ATTACH", "REQUEST-STATUS", "COLOR", "IMAGE",
	"CONFERENCE",
	"STYLED-DESCRIPTION", "STRUCTURED-DATA", "CALENDAR-ADDRESS", "LOCATION-TYPE", "LINK", "CONCEPT", "REFID", "ACKNOWLEDGED",
	"RRULE", "EXRULE", "RDATE", "EXDATE"}

// eventOnce are those we read, each of which an event has at most one of.
var eventOnce = []string{"UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SEQUENCE", "STATUS"}

func (im *calendarImport) bad(line int, field, code string, pairs ...string) {
	im.problems.add(line, field, code, pairs...)
}

func (im *calendarImport) wrong(line int, field string, err error) {
	im.problems.place(line, field, err)
}

// event reads one VEVENT and puts it to its series.
func (im *calendarImport) event(c *component, scope *calendarScope) {
	e := &calendarEvent{component: c, scope: scope, cancelled: scope.method == "CANCEL"}
	found := len(im.problems)
	e.uid = fmt.Sprint("without UID, line ", c.line)
	if p := c.first("UID"); p != nil && strings.TrimSpace(p.value) != "" {
		e.uid = strings.TrimSpace(p.value)
	}
	e.outside = im.farOff(c)
	im.status(e)
	if !e.outside {
		im.once(e)
		im.strangers(e)
		if !im.times(e) {
			return
		}
		im.whom(e)
	}
	if p := c.first("RECURRENCE-ID"); p != nil {
		im.instance(e, p)
	}
	if len(im.problems) > found {
		return
	}
	s := im.series[e.uid]
	if s == nil {
		s = &series{}
		im.series[e.uid] = s
		im.order = append(im.order, e.uid)
	}
	if e.instance != nil {
		s.changed = append(s.changed, e)
	} else {
		s.events = append(s.events, e)
	}
}

func (im *calendarImport) status(e *calendarEvent) {
	if p := e.first("STATUS"); p != nil {
		switch value := strings.ToUpper(strings.TrimSpace(p.value)); value {
		case "CANCELLED", "CANCELED":
			e.cancelled = true
		case "CONFIRMED", "":
		default:
			if !e.outside {
				im.out.warn(p.line, "STATUS", "import-status", "value", value)
			}
		}
	}
	if p := e.first("SEQUENCE"); p != nil {
		n, err := strconv.Atoi(strings.TrimSpace(p.value))
		if err != nil && !e.outside {
			im.bad(p.line, "SEQUENCE", "import-number", "value", p.value)
		}
		e.sequence = n
	}
}

// once refuses an event that says twice what it can say only once.
func (im *calendarImport) once(e *calendarEvent) {
	for _, name := range eventOnce {
		if all := e.all(name); len(all) > 1 {
			im.bad(all[1].line, name, "import-twice", "line", strconv.Itoa(all[0].line))
		}
	}
	for _, p := range e.props {
		if p.params["ENCODING"] != nil && (slices.Contains(eventOnce, p.name) || p.name == propertyParticipant) {
			im.bad(p.line, p.name, "import-encoding", "value", p.param("ENCODING"))
		}
	}
}

// strangers warns of what an event says in words that are not known.
func (im *calendarImport) strangers(e *calendarEvent) {
	for _, p := range e.props {
		if !strings.HasPrefix(p.name, "X-") && !slices.Contains(eventProperties, p.name) && !slices.Contains(eventOnce, p.name) {
			im.out.warn(p.line, p.name, "import-unknown")
		}
	}
	for _, part := range e.parts {
		if part.name != "VALARM" && !strings.HasPrefix(part.name, "X-") {
			im.out.warn(part.line, part.name, "import-unknown")
		}
	}
}

func (im *calendarImport) whom(e *calendarEvent) {
	text := func(name string) string {
		if p := e.first(name); p != nil {
			return unescape(p.value)
		}
		return ""
	}
	e.who, e.id, e.role = text("SUMMARY"), text(propertyParticipant), text(propertyRole)
	if e.who == "" && !e.cancelled {
		im.bad(e.lineOf("SUMMARY"), "SUMMARY", "import-nobody")
	}
}

// lineOf is where a property stands, and where the event begins if it has none.
func (c *component) lineOf(name string) int {
	if p := c.first(name); p != nil {
		return p.line
	}
	return c.line
}

// times reads DTSTART and the end. It says whether there is a beginning.
func (im *calendarImport) times(e *calendarEvent) bool {
	p := e.first("DTSTART")
	if p == nil && e.cancelled && e.first("RECURRENCE-ID") != nil { // RFC 5546, section 3.2.5, lets a cancelled occurrence be named only
		p = e.first("RECURRENCE-ID")
	}
	if p == nil && e.cancelled {
		e.zone = im.zone
		return true
	}
	if p == nil {
		im.bad(e.line, "DTSTART", "missing")
		return false
	}
	start, err := readWhen(p, p.value, e.scope.zones)
	if err != nil {
		im.wrong(p.line, p.name, err)
		return false
	}
	if p.param("TZID") != "" && start.utc && knownZone(p.param("TZID")) != utcZone {
		im.out.warn(p.line, p.name, "import-zone-and-utc")
	}
	if start.zone == nil && e.scope.xzone != nil {
		im.out.warn(e.scope.xzone.line, "X-WR-TIMEZONE", "import-other-zone", "value", e.scope.xzone.value, "zone", im.how.Timezone)
		e.scope.xzone = nil
	}
	e.start, e.zone, e.allDay = start.wall, start.in(im.zone), start.date
	im.end(e, start)
	return true
}

// end reads DTEND or DURATION. An end on the wall clock stays on the wall clock for every recurrence: a night shift until
// 08:00 ends at 08:00 also when the night is an hour longer.
func (im *calendarImport) end(e *calendarEvent, start when) {
	end, duration := e.first("DTEND"), e.first("DURATION")
	switch {
	case end != nil && duration != nil:
		im.bad(duration.line, "DURATION", "import-end-twice", "line", strconv.Itoa(end.line))
	case end != nil:
		im.dtend(e, end, start)
	case duration != nil:
		var err error
		if e.wall, e.elapsed, err = parseDuration(duration.value); err != nil {
			im.wrong(duration.line, "DURATION", err)
		} else if e.allDay && e.elapsed > 0 {
			im.bad(duration.line, "DURATION", "import-whole-days", "value", duration.value)
		}
	case e.allDay:
		e.wall = day
	case !e.cancelled:
		im.bad(e.line, "DTEND", "import-no-end")
	}
}

func (im *calendarImport) dtend(e *calendarEvent, p *property, start when) {
	w, err := readWhen(p, p.value, e.scope.zones)
	switch {
	case err != nil:
		im.wrong(p.line, "DTEND", err)
		return
	case w.date != start.date:
		im.bad(p.line, "DTEND", "import-day-and-time")
		return
	case w.zone == nil && start.utc:
		im.out.warn(p.line, "DTEND", "import-end-zone")
	case w.zone != nil && start.zone == nil:
		im.out.warn(e.lineOf("DTSTART"), "DTSTART", "import-start-zone", "zone", im.how.Timezone)
	}
	// Without a zone it is in the start's (RFC 5545, section 3.8.2.2).
	z := w.in(e.zone)
	if minute := mod(w.wall, hour); !w.date && im.how.Ends == "through" && minute >= 59*60 {
		w.wall += hour - minute
	}
	if z == e.zone {
		e.wall = w.wall - e.start
	} else {
		e.elapsed = z.imported(w.wall) - e.at()
	}
	switch length := e.wall + e.elapsed; {
	case e.cancelled || length > 0:
	case length < 0 || e.allDay: // a day that ends on itself is meant to be one by some, and is none by RFC 5545
		im.bad(p.line, "DTEND", "import-not-after")
	case e.at() >= im.lo && e.at() < im.hi || e.first("RRULE") != nil:
		im.out.warn(p.line, "DTEND", "import-no-length")
		e.outside = true
	default:
		e.outside = true
	}
}

// instance reads RECURRENCE-ID.
func (im *calendarImport) instance(e *calendarEvent, p *property) {
	w, err := readWhen(p, p.value, e.scope.zones)
	if err != nil {
		if !e.outside {
			im.wrong(p.line, "RECURRENCE-ID", err)
		}
		w = when{}
	}
	e.instance = &w
	if p.params["RANGE"] == nil {
		return
	}
	if strings.EqualFold(p.param("RANGE"), "THISANDFUTURE") {
		e.onward = true
		return
	}
	im.bad(p.line, "RECURRENCE-ID", "import-range", "value", p.param("RANGE"))
}

// farOff says, by the dates alone and so that no more of it need be understood, that an event lies outside the time asked for.
func (im *calendarImport) farOff(c *component) bool {
	const slack = 3 * day
	start, ok := roughDate(c.first("DTSTART"))
	if !ok {
		return false
	}
	last := start
	for _, name := range []string{"DTEND", "RECURRENCE-ID"} {
		p := c.first(name)
		t, ok := roughDate(p)
		if p != nil && !ok || p != nil && p.params["RANGE"] != nil {
			return false
		}
		if ok {
			last, start = max(last, t), min(start, t)
		}
	}
	if p := c.first("DURATION"); p != nil {
		wall, elapsed, err := parseDuration(p.value)
		if err != nil {
			return false
		}
		last += wall + elapsed
	}
	length := last - start
	for _, p := range c.all("RRULE") {
		_, value, found := strings.Cut(strings.ToUpper(p.value), "UNTIL=")
		value, _, _ = strings.Cut(value, ";")
		t, ok := roughDate(&property{value: value})
		if !found || !ok {
			last = dusk - slack
			break
		}
		last = max(last, t+length)
	}
	if len(c.all("RDATE")) > 0 {
		return false
	}
	return last+slack < im.lo || start-slack > im.hi
}
