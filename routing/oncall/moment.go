package oncall

import "time"

// A Reading is what a clock on the wall means as instants: First and Last are apart where the clock shows it twice, and Skipped says that
// it never shows it: both are the first instant after the gap then.
type Reading struct {
	First, Last time.Time
	Skipped     bool
}

// ReadWall reads a wall clock's "2026-12-24T17:00" in a time zone, by the rules of this package's documents. The error is a
// ReadProblems.
func ReadWall(zone, text string) (Reading, error) {
	z, err := loadZone(zone)
	if err != nil {
		return Reading{}, err
	}
	wall, err := parseWall(text)
	if err != nil {
		return Reading{}, flaw("moment", "value", text)
	}
	if err := checkYear(wall.Year(), text); err != nil {
		return Reading{}, err
	}
	first, last, gap := z.resolve(wall.Unix())
	return Reading{First: time.Unix(first, 0).In(z.loc), Last: time.Unix(last, 0).In(z.loc), Skipped: gap}, nil
}

// Span is the time from one moment of the schedule's document to another; ok is false where they are no moments.
func (s *Schedule) Span(from, to string) (lo, hi time.Time, ok bool) {
	a, flawed := parseMoment(s.plan.zone, from, false)
	b, flawedToo := parseMoment(s.plan.zone, to, true)
	return s.time(a), s.time(b), flawed == "" && flawedToo == ""
}
