package oncall

import (
	"math"
	"strings"
	"time"
)

// when is a DATE or DATE-TIME as a calendar says it.
type when struct {
	wall int64
	date bool  // a whole day
	zone *zone // nil for a whole day and for a floating time
	utc  bool
}

// readWhen reads one value of a property of dates.
func readWhen(p *property, value string, zones *calendarZones) (w when, err error) {
	value = strings.TrimSpace(value)
	if len(p.params["TZID"]) > 1 || len(p.params["VALUE"]) > 1 {
		return w, flaw("import-parameter-twice")
	}
	kind := strings.ToUpper(p.param("VALUE"))
	if kind != "" && kind != "DATE" && kind != "DATE-TIME" && kind != "PERIOD" {
		return w, flaw("import-kind", "value", kind)
	}
	if d, err := time.Parse("20060102", value); err == nil {
		if kind == "DATE-TIME" || kind == "PERIOD" {
			return w, flaw("import-day-for-time", "value", value, "kind", kind)
		}
		return when{wall: d.Unix(), date: true}, checkYear(d.Year(), value)
	}
	local, utc := strings.CutSuffix(strings.ToUpper(value), "Z")
	t, err := time.Parse("20060102T150405", local)
	// RFC 5545, section 3.3.12: a leap second is taken for the one before
	if rest, leap := strings.CutSuffix(local, "60"); err != nil && leap {
		t, err = time.Parse("20060102T150405", rest+"59")
	}
	if err != nil {
		return w, flaw("import-moment", "value", value)
	}
	if kind == "DATE" {
		return w, flaw("import-time-for-day", "value", value)
	}
	w = when{wall: t.Unix(), utc: utc}
	if tzid := p.param("TZID"); utc {
		w.zone = utcZone
	} else if tzid != "" {
		if w.zone, err = zones.zone(tzid); err != nil {
			return w, err
		}
	}
	return w, checkYear(t.Year(), value)
}

// utcZone is the clock of UTC.
var utcZone = &zone{loc: time.UTC, at: []int64{dawn}, off: []int64{0}}

// instant is when it happens, given the zone of floating times and whole days.
func (w when) instant(floating *zone) int64 { return w.in(floating).imported(w.wall) }

func (w when) in(floating *zone) *zone {
	if w.zone == nil {
		return floating
	}
	return w.zone
}

// dayMeant is the day that a time stands for in a series of whole days: programs write its midnight, in the zone of the
// practice, in another or in UTC.
func (w when) dayMeant(practice *zone) int64 {
	if w.zone != nil {
		if at := practice.wall(w.zone.imported(w.wall)); mod(at, day) == 0 {
			return at
		}
	}
	return w.wall - mod(w.wall, day)
}

// parseDuration reads "P1DT12H": days and weeks on the wall clock, the rest as time that passes.
func parseDuration(text string) (wall, elapsed int64, err error) {
	text = strings.TrimSpace(text)
	bad := flaw("import-duration", "value", text)
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(text), "+"), "P")
	if !ok || len(text) > 30 {
		return 0, 0, bad
	}
	var n int64
	digits, inTime := false, false
	for _, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int64(c-'0'), true
			if n > math.MaxInt32 {
				return 0, 0, bad
			}
			continue
		case c == 'T' && !digits && !inTime:
			inTime = true
			continue
		}
		size, known := map[rune]int64{'W': week, 'D': day, 'H': hour, 'M': 60, 'S': 1}[c]
		if !known || !digits || inTime != (size < day) {
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

// roughDate is the date a value begins with.
func roughDate(p *property) (int64, bool) {
	if p == nil {
		return 0, false
	}
	value := strings.TrimSpace(p.value)
	d, err := time.Parse("20060102", value[:min(len(value), 8)])
	return d.Unix(), err == nil
}
