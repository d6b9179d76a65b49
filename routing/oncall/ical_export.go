package oncall

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	icalWall = "20060102T150405"
	icalUTC  = "20060102T150405Z"
)

// FeedOf says what of a schedule a calendar feed tells, and how.
type FeedOf struct {
	Roles []string      // all when none
	Who   ParticipantID // whose shifts; "" for everybody's
	// Words are an event's SUMMARY and DESCRIPTION, by its person's name, its role and whether they answer as the default provider; nil
	// has the name stand there alone.
	Words func(name, role string, byDefault bool) (summary, description string)
}

// Calendar writes the shifts that touch the time from one instant to another as an iCalendar feed: an event for each person of each
// shift. Shifts are those for calls of no particular type or place. stamp is the time of writing (DTSTAMP). Shifts are written whole,
// from before the time asked for and to after it, and an event's UID depends on nothing but its person, its role and its beginning: a
// calendar program that reads the feed again, for another time, keeps the event it has. Only what has no beginning or end within ten
// years is cut.
func (s *Schedule) Calendar(w io.Writer, from, to, stamp time.Time, of FeedOf) error {
	roles := of.Roles
	if len(roles) == 0 {
		roles = s.plan.roleNames
	}
	var events []feedEvent
	lo, hi := seconds(from), seconds(to)
	for _, role := range roles {
		for _, shift := range s.whole(from, to, Query{Role: role}) {
			lo, hi = min(lo, shift.From.Unix()), max(hi, shift.Until.Unix())
			for _, id := range shift.People {
				if of.Who == "" || of.Who == id {
					events = append(events, feedEvent{shift, role, id})
				}
			}
		}
	}
	f := &feed{}
	f.line("BEGIN", "VCALENDAR")
	f.line("VERSION", "2.0")
	f.line("PRODID", "-//Lamplight//On call//EN")
	f.line("CALSCALE", "GREGORIAN")
	f.line("METHOD", "PUBLISH")
	if name := s.plan.doc.Name; name != "" {
		f.text("X-WR-CALNAME", name)
	}
	f.line("X-WR-TIMEZONE", s.plan.doc.Timezone)
	f.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M")
	f.line("X-PUBLISHED-TTL", "PT15M")
	s.describeZone(f, lo, hi)
	for _, e := range events {
		s.writeEvent(f, e, stamp, of)
	}
	f.line("END", "VCALENDAR")
	if _, err := io.WriteString(w, f.String()); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}

// feedEvent is one person's part in a shift.
type feedEvent struct {
	wholeShift
	role string
	id   ParticipantID
}

// wholeShift is a shift that begins where it does, unless it always was.
type wholeShift struct {
	Shift
	always bool
}

// whole are the shifts that touch a time, not cut at its ends.
func (s *Schedule) whole(from, to time.Time, q Query) (out []wholeShift) {
	for _, shift := range s.Shifts(from, to, q) {
		out = append(out, wholeShift{Shift: shift})
	}
	if len(out) == 0 {
		return nil
	}
	if first := &out[0]; first.From.Unix() == seconds(from) {
		since, known := s.since(seconds(from), &q)
		if first.always = !known; known {
			first.From = s.time(since)
		}
	}
	if last := &out[len(out)-1]; last.Until.Unix() == seconds(to) {
		if until, ok := s.Until(to.Add(-time.Second), q); ok {
			last.Until = until
		}
	}
	return out
}

// since is from when on the answer at t has been the same; false when that was so ten years before.
func (s *Schedule) since(t int64, q *Query) (at int64, known bool) {
	q.Role = cmp.Or(q.Role, primary)
	d := s.decide(t, q)
	now, scheduled := d.people(), len(d.seats) > 0
	for hi := t; hi > t-horizon && !known; hi -= glance {
		s.each(hi-glance, hi, q, func(_, until int64, d *decision) bool {
			if !slices.Equal(d.people(), now) || scheduled != (len(d.seats) > 0) {
				at, known = until, true
			}
			return true
		})
	}
	return at, known
}

func (s *Schedule) writeEvent(f *feed, e feedEvent, stamp time.Time, of FeedOf) {
	begin := e.From.Unix()
	if e.always {
		begin = 0
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", s.plan.doc.Name, e.role, e.id, begin))
	f.line("BEGIN", "VEVENT")
	f.line("UID", fmt.Sprintf("%x@lamplight", key[:16]))
	f.line("DTSTAMP", stamp.UTC().Format(icalUTC))
	s.writeMoment(f, "DTSTART", e.From.Unix())
	s.writeMoment(f, "DTEND", e.Until.Unix())
	summary, description := s.Name(e.id), ""
	if of.Words != nil {
		summary, description = of.Words(summary, e.role, e.Default)
	}
	f.text("SUMMARY", summary)
	f.text("CATEGORIES", e.role)
	if description != "" {
		f.text("DESCRIPTION", description)
	}
	f.text(propertyParticipant, string(e.id))
	f.text(propertyRole, e.role)
	f.line("END", "VEVENT")
}

// writeMoment writes wall time, as people read it, except where a reader could mistake it: of two equal readings of an autumn night
// readers take now the first and now the second, so both are written in UTC.
func (s *Schedule) writeMoment(f *feed, name string, t int64) {
	z := s.plan.zone
	wall := z.wall(t)
	if first, last, _ := z.resolve(wall); first != last || len(z.at) == 1 && z.off[0] == 0 {
		f.line(name, time.Unix(t, 0).UTC().Format(icalUTC))
		return
	}
	f.line(name+";TZID="+s.plan.doc.Timezone, time.Unix(wall, 0).UTC().Format(icalWall))
}

// describeZone writes the zone's changes from the one in force at the beginning to the last one before the end.
func (s *Schedule) describeZone(f *feed, lo, hi int64) {
	z := s.plan.zone
	f.line("BEGIN", "VTIMEZONE")
	f.line("TZID", s.plan.doc.Timezone)
	for i := z.period(lo); i < len(z.at) && (z.at[i] < hi || z.at[i] <= lo); i++ {
		before, onset := z.off[i], int64(0)
		if i > 0 {
			before, onset = z.off[i-1], z.at[i]
		}
		kind := "STANDARD"
		if i > 0 && time.Unix(onset, 0).In(z.loc).IsDST() {
			kind = "DAYLIGHT"
		}
		f.line("BEGIN", kind)
		f.line("DTSTART", time.Unix(onset+before, 0).UTC().Format(icalWall))
		f.line("TZOFFSETFROM", offsetText(before))
		f.line("TZOFFSETTO", offsetText(z.off[i]))
		f.line("END", kind)
	}
	f.line("END", "VTIMEZONE")
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
