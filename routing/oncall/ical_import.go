package oncall

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Import says how a practice's own file is to be understood.
type Import struct {
	Timezone string    // the zone of the document, of floating times and of whole days
	Role     string    // the role the shifts are for; "" is "primary"
	From, To time.Time // shifts that touch this time are taken, and recurrences written out in it
	// Names turns a name in the file into a participant's id. A name that is not here becomes an id of its own.
	Names map[string]ParticipantID
	Dates string // for ImportCSV: "dmy" or "mdy"; "" to tell it from the file
}

// Properties by which our own feeds say what a calendar has no word for.
const (
	propertyParticipant = "X-LAMPLIGHT-PARTICIPANT"
	propertyRole        = "X-LAMPLIGHT-ROLE"
)

// ImportCalendar reads an iCalendar (RFC 5545) into a schedule of dated shifts, an event a shift, on call who its SUMMARY
// names. It follows RRULE, RDATE, EXDATE, RECURRENCE-ID (without RANGE) and SEQUENCE, leaves cancelled events out, and takes
// VTIMEZONE where the zone's name says nothing. The error for what it cannot read is a Problems.
func ImportCalendar(r io.Reader, how Import) (*Document, error) {
	z, err := loadZone(how.Timezone)
	if err != nil {
		return nil, Problems{{Field: "timezone", Text: err.Error()}}
	}
	text, err := readBounded(r, "calendar")
	if err != nil {
		return nil, err
	}
	lines, err := calendarLines(text)
	if err != nil {
		return nil, err
	}
	cal, err := ics.ParseCalendarWithOptions(bytes.NewReader(text), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, Problems{{Line: 1, Field: "calendar", Text: fmt.Sprintf("cannot be read: %.200s", err)}}
	}
	if len(cal.Events()) != len(lines) {
		return nil, Problems{{Line: 1, Field: "calendar", Text: "its events cannot be told apart"}}
	}
	im := newCalendarImport(z, how)
	for _, c := range cal.Timezones() {
		if p := c.GetProperty(ics.ComponentPropertyTzid); p != nil {
			im.zones.defined[p.Value] = c
		}
	}
	im.read(cal.Events(), lines)
	im.occur()
	if im.cast.count == 0 && len(im.problems) == 0 {
		im.problems.add(1, "calendar", "holds no shift in the time asked for")
	}
	if err := im.problems.err(); err != nil {
		return nil, err
	}
	name := ""
	for _, p := range cal.CalendarProperties {
		if p.IANAToken == "X-WR-CALNAME" {
			name = ics.FromText(p.Value)
		}
	}
	return im.cast.document(name, how.Timezone), nil
}

// calendarImport is one reading of a calendar.
type calendarImport struct {
	how      Import
	lo, hi   int64
	zone     *zone
	zones    calendarZones
	cast     *cast
	problems Problems
	series   map[string]*series
	order    []string
}

// series is all the calendar says under one UID: an event and the instances of it that were changed.
type series struct {
	event   *calendarEvent
	changed map[int64]*calendarEvent // by the instant of RECURRENCE-ID
}

// calendarEvent is one VEVENT, read.
type calendarEvent struct {
	lines     eventLines
	source    *ics.VEvent
	who, role string
	id        string // the participant's id, where one of our own feeds tells it
	cancelled bool
	sequence  int
	zone      *zone
	start     int64 // wall time
	// The end: so much later on the wall clock, and so many seconds after that.
	wall, elapsed int64
}

func newCalendarImport(z *zone, how Import) *calendarImport {
	left := int64(ruleBudget)
	spend := func(days int64) bool { left -= days; return left >= 0 }
	im := &calendarImport{how: how, zone: z, lo: how.From.Unix(), hi: how.To.Unix(), series: map[string]*series{},
		cast:  newCast(z, how),
		zones: calendarZones{defined: map[string]*ics.VTimezone{}, ready: map[string]*zone{}, end: how.To.Unix() + 366*day, spend: spend}}
	return im
}

// read sorts the events by series.
func (im *calendarImport) read(events []*ics.VEvent, lines []eventLines) {
	for i, source := range events {
		e := im.event(source, lines[i])
		if e == nil {
			continue
		}
		uid := fmt.Sprint("without UID, line ", e.lines.begin)
		if p := source.GetProperty(ics.ComponentPropertyUniqueId); p != nil && p.Value != "" {
			uid = p.Value
		}
		s := im.series[uid]
		if s == nil {
			s = &series{changed: map[int64]*calendarEvent{}}
			im.series[uid] = s
			im.order = append(im.order, uid)
		}
		id := source.GetProperty(ics.ComponentPropertyRecurrenceId)
		if id == nil {
			if s.event == nil || e.sequence >= s.event.sequence {
				s.event = e
			}
			continue
		}
		if _, ranged := id.ICalParameters["RANGE"]; ranged {
			im.bad(e, "RECURRENCE-ID", "RANGE is not taken: end the series and begin a new one")
			continue
		}
		wall, z, _, err := im.date(id.Value, id.ICalParameters)
		if err != nil {
			im.bad(e, "RECURRENCE-ID", err.Error())
			continue
		}
		at := z.imported(wall)
		if before := s.changed[at]; before == nil || e.sequence >= before.sequence {
			s.changed[at] = e
		}
	}
}

func (im *calendarImport) bad(e *calendarEvent, field, text string) {
	im.problems.add(e.lines.line(field), field, "%s", text)
}

// event reads one VEVENT; nil when something in it was wrong.
func (im *calendarImport) event(source *ics.VEvent, lines eventLines) *calendarEvent {
	e := &calendarEvent{lines: lines, source: source}
	found := len(im.problems)
	value := func(p ics.ComponentProperty) string {
		if prop := source.GetProperty(p); prop != nil {
			return strings.TrimSpace(ics.FromText(prop.Value))
		}
		return ""
	}
	e.who, e.id, e.role = value(ics.ComponentPropertySummary), value(propertyParticipant), value(propertyRole)
	e.cancelled = strings.EqualFold(value(ics.ComponentPropertyStatus), "CANCELLED")
	if text := value(ics.ComponentPropertySequence); text != "" {
		if _, err := fmt.Sscan(text, &e.sequence); err != nil {
			im.bad(e, "SEQUENCE", fmt.Sprintf("%.20q is not a number", text))
		}
	}
	if e.who == "" && !e.cancelled {
		im.bad(e, "SUMMARY", "names nobody")
	}
	start := source.GetProperty(ics.ComponentPropertyDtStart)
	if start == nil {
		im.bad(e, "DTSTART", "is missing")
		return nil
	}
	wall, z, allDay, err := im.date(start.Value, start.ICalParameters)
	if err != nil {
		im.bad(e, "DTSTART", err.Error())
		return nil
	}
	e.start, e.zone = wall, z
	im.end(e, allDay)
	if len(im.problems) > found {
		return nil
	}
	return e
}

// end reads DTEND or DURATION. An end on the wall clock stays on the wall clock for every recurrence: a night shift until
// 08:00 ends at 08:00 also when the night is an hour longer.
func (im *calendarImport) end(e *calendarEvent, allDay bool) {
	end, duration := e.source.GetProperty(ics.ComponentPropertyDtEnd), e.source.GetProperty(ics.ComponentPropertyDuration)
	switch {
	case end != nil:
		wall, z, _, err := im.date(end.Value, end.ICalParameters)
		switch {
		case err != nil:
			im.bad(e, "DTEND", err.Error())
			return
		case z == e.zone:
			e.wall = wall - e.start
		default:
			e.elapsed = z.imported(wall) - e.zone.imported(e.start)
		}
		if e.wall+e.elapsed <= 0 {
			im.bad(e, "DTEND", "does not come after DTSTART")
		}
	case duration != nil:
		var err error
		if e.wall, e.elapsed, err = parseDuration(duration.Value); err != nil {
			im.bad(e, "DURATION", err.Error())
		}
	case allDay:
		e.wall = day
	case !e.cancelled:
		im.bad(e, "DTEND", "is missing: when does the shift end?")
	}
}

// date reads a DATE or DATE-TIME into a wall time and its zone.
func (im *calendarImport) date(value string, params map[string][]string) (wall int64, z *zone, allDay bool, err error) {
	if d, err := time.Parse("20060102", value); err == nil {
		return d.Unix(), im.zone, true, checkYear(d.Year(), value)
	}
	local, isUTC := strings.CutSuffix(value, "Z")
	t, err := time.Parse("20060102T150405", local)
	if err != nil {
		return 0, nil, false, fmt.Errorf("%.30q is not a date such as 20261224T170000", value)
	}
	z = im.zone
	if isUTC {
		z, err = im.zones.zone("UTC")
	} else if tzid := params["TZID"]; len(tzid) > 0 && tzid[0] != "" {
		z, err = im.zones.zone(strings.Trim(tzid[0], `"`))
	}
	if err == nil {
		err = checkYear(t.Year(), value)
	}
	return t.Unix(), z, false, err
}

// parseDuration reads "P1DT12H": days and weeks on the wall clock, the rest as time that passes.
func parseDuration(text string) (wall, elapsed int64, err error) {
	bad := fmt.Errorf("%.30q is not a positive duration such as PT12H", text)
	rest, ok := strings.CutPrefix(strings.TrimPrefix(text, "+"), "P")
	if !ok || len(text) > 30 {
		return 0, 0, bad
	}
	var n int64
	digits := false
	for _, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int64(c-'0'), true
			if n > math.MaxInt32 {
				return 0, 0, bad
			}
			continue
		case c == 'T' && !digits:
			continue
		}
		size, known := map[rune]int64{'W': week, 'D': day, 'H': hour, 'M': 60, 'S': 1}[c]
		if !known || !digits {
			return 0, 0, bad
		}
		if size >= day {
			wall += n * size
		} else {
			elapsed += n * size
		}
		n, digits = 0, false
	}
	if digits || wall+elapsed <= 0 {
		return 0, 0, bad
	}
	return wall, elapsed, nil
}

// occur writes the series out as shifts.
func (im *calendarImport) occur() {
	for _, uid := range im.order {
		s := im.series[uid]
		for _, at := range sortedKeys(s.changed) {
			im.shift(s.changed[at], s.changed[at].start)
		}
		if s.event == nil || s.event.cancelled {
			continue
		}
		for _, wall := range im.starts(s.event) {
			if s.changed[s.event.zone.imported(wall)] == nil {
				im.shift(s.event, wall)
			}
		}
		if len(im.problems) >= maxProblems || im.cast.full() {
			break
		}
	}
	if im.cast.full() {
		im.problems.add(1, "calendar", "holds more than %d shifts in the time asked for", maxShifts)
	}
}

func sortedKeys(m map[int64]*calendarEvent) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// starts are the wall times at which an event happens: its own, the rule's and the added ones, less the excepted.
func (im *calendarImport) starts(e *calendarEvent) []int64 {
	walls := []int64{e.start}
	for _, p := range e.source.GetProperties(ics.ComponentPropertyRrule) {
		more, err := expandRule(p.Value, e.start, e.zone.wall(im.hi), func(t int64, utc bool) int64 {
			if utc {
				return e.zone.wall(t)
			}
			return t
		}, im.zones.spend)
		if err != nil {
			im.bad(e, "RRULE", err.Error())
		}
		walls = append(walls, more...)
	}
	for _, at := range im.dates(e, ics.ComponentPropertyRdate) {
		walls = append(walls, e.zone.wall(at))
	}
	excepted := im.dates(e, ics.ComponentPropertyExdate)
	slices.Sort(excepted)
	slices.Sort(walls)
	return slices.DeleteFunc(slices.Compact(walls), func(w int64) bool {
		_, out := slices.BinarySearch(excepted, e.zone.imported(w))
		return out
	})
}

// dates reads the lists RDATE and EXDATE into instants. A bare date means the day's own occurrence.
func (im *calendarImport) dates(e *calendarEvent, name ics.ComponentProperty) (out []int64) {
	for _, p := range e.source.GetProperties(name) {
		for _, value := range strings.Split(p.Value, ",") {
			if strings.Contains(value, "/") {
				im.bad(e, string(name), "a PERIOD is not taken: write such a shift as an event")
				continue
			}
			wall, z, allDay, err := im.date(strings.TrimSpace(value), p.ICalParameters)
			if err != nil {
				im.bad(e, string(name), err.Error())
				continue
			}
			if allDay {
				wall, z = wall+mod(e.start, day), e.zone
			}
			out = append(out, z.imported(wall))
		}
	}
	return out
}

// shift adds one occurrence, if it touches the time asked for.
func (im *calendarImport) shift(e *calendarEvent, wall int64) {
	from, to := e.zone.imported(wall), e.zone.imported(wall+e.wall)+e.elapsed
	if e.cancelled || to <= im.lo || from >= im.hi || to <= from {
		return
	}
	if err := im.cast.shift(e.who, ParticipantID(e.id), cmp.Or(e.role, im.how.Role), from, to); err != nil {
		im.bad(e, "SUMMARY", err.Error())
	}
}
