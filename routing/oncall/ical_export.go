package oncall

import (
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	ics "github.com/arran4/golang-ical"
)

const (
	icalWall = "20060102T150405"
	icalUTC  = "20060102T150405Z"
)

// Calendar writes the shifts from one instant to another as an iCalendar feed for the roles asked for, all of them when none
// is: an event for each person of each shift, its SUMMARY the person's name. stamp is the time of writing (DTSTAMP). An
// event's UID depends on nothing but its person, role and times, so a calendar program that reads the feed again keeps it.
func (s *Schedule) Calendar(w io.Writer, from, to, stamp time.Time, roles ...string) error {
	if len(roles) == 0 {
		roles = s.plan.roleNames
	}
	cal := ics.NewCalendarFor("Lamplight")
	cal.SetProductId("-//Lamplight//On call//EN")
	cal.SetMethod(ics.MethodPublish)
	if name := s.plan.doc.Name; name != "" {
		cal.SetXWRCalName(name)
	}
	cal.SetXWRTimezone(s.plan.doc.Timezone)
	cal.SetRefreshInterval("PT15M")
	cal.SetXPublishedTTL("PT15M")
	s.describeZone(cal, from.Unix(), to.Unix())
	for _, role := range roles {
		for _, shift := range s.Shifts(from, to, Query{Role: role}) {
			for _, id := range shift.People {
				s.addEvent(cal, role, id, shift, stamp)
			}
		}
	}
	if err := cal.SerializeTo(w, ics.WithNewLineWindows); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}

func (s *Schedule) addEvent(cal *ics.Calendar, role string, id ParticipantID, shift Shift, stamp time.Time) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d", s.plan.doc.Name, role, id, shift.From.Unix(), shift.Until.Unix()))
	e := cal.AddEvent(fmt.Sprintf("%x@lamplight", key[:16]))
	e.SetProperty(ics.ComponentPropertyDtstamp, stamp.UTC().Format(icalUTC))
	s.setMoment(e, ics.ComponentPropertyDtStart, shift.From.Unix())
	s.setMoment(e, ics.ComponentPropertyDtEnd, shift.Until.Unix())
	e.SetSummary(s.Name(id))
	e.AddProperty(ics.ComponentPropertyCategories, ics.ToText(role))
	if shift.Default {
		e.SetDescription("Nobody is scheduled; answers as the default provider.")
	}
	e.SetProperty(propertyParticipant, ics.ToText(string(id)))
	e.SetProperty(propertyRole, ics.ToText(role))
}

// setMoment writes wall time, as people read it, except where a reader could mistake it: the second of two equal readings
// has no wall time that RFC 5545 would give back, and is written in UTC.
func (s *Schedule) setMoment(e *ics.VEvent, p ics.ComponentProperty, t int64) {
	wall := s.plan.zone.wall(t)
	if s.plan.zone.imported(wall) != t {
		e.SetProperty(p, time.Unix(t, 0).UTC().Format(icalUTC))
		return
	}
	e.SetProperty(p, time.Unix(wall, 0).UTC().Format(icalWall), ics.WithTZID(s.plan.doc.Timezone))
}

// describeZone writes the zone's changes from the one in force at the beginning to the last one before the end.
func (s *Schedule) describeZone(cal *ics.Calendar, lo, hi int64) {
	z := s.plan.zone
	def := cal.AddTimezone(s.plan.doc.Timezone)
	def.RemoveProperty(ics.ComponentPropertyUniqueId)
	def.SetProperty(ics.ComponentPropertyTzid, s.plan.doc.Timezone)
	for i := z.period(lo); i < len(z.at) && z.at[i] < hi; i++ {
		before, onset := z.off[i], int64(0)
		if i > 0 {
			before, onset = z.off[i-1], z.at[i]
		}
		var base *ics.ComponentBase
		if time.Unix(max(onset, lo), 0).In(z.loc).IsDST() && i > 0 {
			d := &ics.Daylight{}
			def.Components = append(def.Components, d)
			base = &d.ComponentBase
		} else {
			d := &ics.Standard{}
			def.Components = append(def.Components, d)
			base = &d.ComponentBase
		}
		base.SetProperty(ics.ComponentPropertyDtStart, time.Unix(onset+before, 0).UTC().Format(icalWall))
		base.SetProperty("TZOFFSETFROM", offsetText(before))
		base.SetProperty("TZOFFSETTO", offsetText(z.off[i]))
	}
}

func offsetText(seconds int64) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/hour, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
