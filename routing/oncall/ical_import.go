package oncall

import (
	"io"
	"slices"
	"strconv"
	"strings"
)

// Properties by which our own feeds say what a calendar has no word for.
const (
	propertyParticipant = "X-LAMPLIGHT-PARTICIPANT"
	propertyRole        = "X-LAMPLIGHT-ROLE"
)

// ImportCalendar reads iCalendar (RFC 5545), one VCALENDAR or several in a file, into a schedule of dated shifts: an event a
// shift, on call who its SUMMARY names. It follows RRULE, EXRULE, RDATE with periods, EXDATE, RECURRENCE-ID with
// RANGE=THISANDFUTURE, SEQUENCE, STATUS and METHOD:CANCEL. An EXDATE or RECURRENCE-ID may be a day, a floating time (of DTSTART's
// zone) or a time of any zone; one that meets no occurrence is an error. A VTIMEZONE holds before what its name means elsewhere.
// Events outside the time asked for are counted and not read further. What it cannot read is a Problems, and what it leaves
// out or guesses a warning.
func ImportCalendar(r io.Reader, how Import) (*Imported, error) {
	z, err := loadZone(how.Timezone)
	if err != nil {
		return nil, oneProblem(0, "timezone", "time-zone", "value", how.Timezone)
	}
	text, err := readBounded(r, "calendar")
	if err != nil {
		return nil, err
	}
	if text, err = plainText(text, "calendar"); err != nil {
		return nil, err
	}
	calendars, err := parseCalendars(text)
	if err != nil {
		return nil, err
	}
	im := &calendarImport{how: how, zone: z, lo: how.From.Unix(), hi: how.To.Unix(), series: map[string]*series{},
		cast: newCast(z, how), purse: &budget{ruleBudget}, out: &Imported{}}
	if err := im.calendars(calendars); err != nil {
		return nil, err
	}
	for _, uid := range im.order {
		im.occur(im.series[uid])
		if len(im.problems) >= maxProblems || im.cast.full() {
			break
		}
	}
	if im.cast.full() {
		im.problems.add(1, "calendar", "import-too-many", "most", strconv.Itoa(maxShifts))
	}
	return im.cast.finish(im.out, im.problems, "calendar", im.name)
}

// calendarImport is one reading of a calendar.
type calendarImport struct {
	how      Import
	lo, hi   int64
	zone     *zone
	purse    *budget
	cast     *cast
	name     string
	problems ReadProblems
	out      *Imported
	series   map[string]*series // by UID
	order    []string
}

// calendarScope is what an event takes over from its VCALENDAR.
type calendarScope struct {
	zones  *calendarZones
	method string
	xzone  *property // X-WR-TIMEZONE, where it is not the practice's
}

// calendarProperties say nothing about who is on call when.
var calendarProperties = []string{"PRODID", "VERSION", "CALSCALE", "METHOD", "NAME", "DESCRIPTION", "UID", "LAST-MODIFIED", "URL",
	"CATEGORIES",
	"REFRESH-INTERVAL", "SOURCE", "COLOR", "IMAGE"}

func (im *calendarImport) calendars(calendars []*component) error {
	shared := map[string]*component{}
	scopes := make([]calendarScope, len(calendars))
	for i, cal := range calendars {
		zones, err := newCalendarZones(cal, shared)
		if err != nil {
			return err
		}
		for tzid, def := range zones.defined {
			if shared[tzid] == nil {
				shared[tzid] = def
			}
		}
		zones.purse = im.purse
		scopes[i].zones = zones
		if err := im.header(cal, &scopes[i]); err != nil {
			return err
		}
	}
	for i, cal := range calendars {
		left := map[string]int{}
		for _, part := range cal.parts {
			switch part.name {
			case "VEVENT":
				im.event(part, &scopes[i])
			case "VTIMEZONE":
			default:
				if left[part.name]++; left[part.name] == 1 {
					im.out.warn(part.line, part.name, "import-part", "part", part.name)
				}
			}
		}
	}
	return nil
}

// header reads what a calendar says of itself.
func (im *calendarImport) header(cal *component, scope *calendarScope) error {
	for _, p := range cal.props {
		value := strings.ToUpper(strings.TrimSpace(p.value))
		refuse := func(code string) error { return oneProblem(p.line, p.name, code, "value", value) }
		switch {
		case p.name == "VERSION" && !strings.Contains(value, "2.0"):
			return refuse("import-version")
		case p.name == "CALSCALE" && value != "GREGORIAN":
			return refuse("import-calendar")
		case p.name == "METHOD" && !slices.Contains([]string{"PUBLISH", "REQUEST", "ADD", "CANCEL"}, value):
			return refuse("import-method")
		case p.name == "METHOD":
			scope.method = value
		case p.name == "NAME" || p.name == "X-WR-CALNAME":
			im.name = unescape(p.value)
		case p.name == "X-WR-TIMEZONE" && strings.TrimSpace(p.value) != im.how.Timezone:
			scope.xzone = &p
		case !strings.HasPrefix(p.name, "X-") && !slices.Contains(calendarProperties, p.name):
			im.out.warn(p.line, p.name, "import-unknown")
		}
	}
	return nil
}
