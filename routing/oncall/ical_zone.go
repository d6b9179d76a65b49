package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// windowsZones are the names Outlook writes, with the zone of CLDR's windowsZones.xml for the territory 001, for the clocks
// of the Americas and of Spain.
var windowsZones = map[string]string{
	"Hawaiian Standard Time": "Pacific/Honolulu", "Alaskan Standard Time": "America/Anchorage",
	"Pacific Standard Time": "America/Los_Angeles", "US Mountain Standard Time": "America/Phoenix",
	"Mountain Standard Time": "America/Denver", "Central Standard Time": "America/Chicago",
	"Central Standard Time (Mexico)": "America/Mexico_City", "Canada Central Standard Time": "America/Regina",
	"Eastern Standard Time": "America/New_York", "US Eastern Standard Time": "America/Indianapolis",
	"SA Pacific Standard Time": "America/Bogota", "Atlantic Standard Time": "America/Halifax",
	"SA Western Standard Time": "America/La_Paz", "Venezuela Standard Time": "America/Caracas",
	"Argentina Standard Time": "America/Buenos_Aires", "Romance Standard Time": "Europe/Paris",
	"W. Europe Standard Time": "Europe/Berlin", "GMT Standard Time": "Europe/London", "UTC": "UTC",
}

// calendarZones finds the zones a calendar names: a known name first, since its table outlives what a calendar says of
// past and future years, then the calendar's own definition.
type calendarZones struct {
	defined map[string]*ics.VTimezone
	ready   map[string]*zone
	end     int64 // until when zones are wanted
	spend   func(days int64) bool
}

func (c *calendarZones) zone(tzid string) (*zone, error) {
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
	names := []string{tzid, windowsZones[tzid]}
	def := c.defined[tzid]
	if def != nil {
		if p := def.GetProperty("X-LIC-LOCATION"); p != nil {
			names = append(names, p.Value)
		}
	}
	// Some programs prefix their own path: /freeassociation.sourceforge.net/America/Chicago
	if parts := strings.Split(tzid, "/"); len(parts) > 2 {
		names = append(names, strings.Join(parts[len(parts)-2:], "/"))
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		if z, err := loadZone(name); err == nil {
			return z, nil
		}
	}
	if def == nil {
		return nil, fmt.Errorf("%.60q is not a known time zone, and the calendar does not define it", tzid)
	}
	return c.build(tzid, def)
}

// build makes a zone of a VTIMEZONE's observances (RFC 5545, section 3.6.5).
func (c *calendarZones) build(tzid string, def *ics.VTimezone) (*zone, error) {
	type onset struct{ at, before, after int64 }
	var onsets []onset
	for _, sub := range def.SubComponents() {
		base := observance(sub)
		if base == nil {
			continue
		}
		before, errB := utcOffset(base.GetProperty("TZOFFSETFROM"))
		after, errA := utcOffset(base.GetProperty("TZOFFSETTO"))
		start := base.GetProperty(ics.ComponentPropertyDtStart)
		if errB != nil || errA != nil || start == nil {
			return nil, fmt.Errorf("the calendar's definition of the time zone %.60q lacks DTSTART or an offset", tzid)
		}
		wall, err := time.Parse("20060102T150405", start.Value)
		if err != nil {
			return nil, fmt.Errorf("the calendar's definition of the time zone %.60q has the DTSTART %.20q", tzid, start.Value)
		}
		walls := []int64{wall.Unix()}
		for _, p := range base.GetProperties(ics.ComponentPropertyRrule) {
			more, err := expandRule(p.Value, wall.Unix(), c.end, func(until int64, utc bool) int64 {
				if utc {
					return until + before
				}
				return until
			}, c.spend)
			if err != nil {
				return nil, fmt.Errorf("the calendar's definition of the time zone %.60q: %w", tzid, err)
			}
			walls = append(walls, more...)
		}
		for _, p := range base.GetProperties(ics.ComponentPropertyRdate) {
			for _, text := range strings.Split(p.Value, ",") {
				if t, err := time.Parse("20060102T150405", text); err == nil {
					walls = append(walls, t.Unix())
				}
			}
		}
		for _, w := range walls {
			onsets = append(onsets, onset{w - before, before, after})
		}
	}
	if len(onsets) == 0 {
		return nil, fmt.Errorf("the calendar's definition of the time zone %.60q says nothing", tzid)
	}
	slices.SortFunc(onsets, func(a, b onset) int { return int(min(max(a.at-b.at, -1), 1)) })
	z := &zone{at: []int64{dawn}, off: []int64{onsets[0].before}}
	for _, o := range onsets {
		if o.after != z.off[len(z.off)-1] && o.at > z.at[len(z.at)-1] {
			z.at, z.off = append(z.at, o.at), append(z.off, o.after)
		}
	}
	return z, nil
}

func observance(c ics.Component) *ics.ComponentBase {
	switch o := c.(type) {
	case *ics.Standard:
		return &o.ComponentBase
	case *ics.Daylight:
		return &o.ComponentBase
	}
	return nil
}

// utcOffset reads "-0500", in seconds.
func utcOffset(p *ics.IANAProperty) (int64, error) {
	if p == nil {
		return 0, fmt.Errorf("is missing")
	}
	form := "-0700"
	if len(p.Value) == len("-070000") {
		form = "-070000"
	}
	t, err := time.Parse(form, p.Value)
	if err != nil {
		return 0, err
	}
	_, off := t.Zone()
	return int64(off), nil
}
