package oncall

import (
	"math"
	"sort"
	"time"
	_ "time/tzdata" // so that a machine without zone files gives the same answers
)

// The years whose clock changes are known to a zone; outside them the nearest offset holds.
const (
	firstYear = 1900
	lastYear  = 2200
)

const (
	hour = int64(3600)
	day  = 24 * hour
	week = 7 * day
	// maxShift is longer than any clock was ever moved: Samoa skipped a whole day.
	maxShift = 26 * hour
)

// zone is a time zone as the table of its changes. Instants are Unix seconds; a wall clock reading is the Unix second at
// which a clock in UTC would show it.
type zone struct {
	loc *time.Location // nil for a zone that an imported calendar defined
	at  []int64        // when offset[i] begins; at[0] is before all time
	off []int64        // seconds east of UTC
}

func loadZone(name string) (*zone, error) {
	if name == "" || name == "Local" || name == "localtime" || name == "posixrules" { // the machine's own
		return nil, flaw("time-zone", "value", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, flaw("time-zone", "value", name)
	}
	return newZone(loc), nil
}

func newZone(loc *time.Location) *zone {
	t := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	_, off := t.Zone()
	z := &zone{loc: loc, at: []int64{math.MinInt64}, off: []int64{int64(off)}}
	for t.Year() <= lastYear {
		_, end := t.ZoneBounds()
		// In the years a zone's rule covers, ZoneBounds gives the end of the year too, and in a leap year it gives it a day
		// early and then stays there; a step of an hour, the granularity of the rules' changes, leads on.
		if !end.After(t) {
			if end.IsZero() {
				return z
			}
			end = t.Add(time.Hour)
		}
		t = end
		if _, off := t.Zone(); int64(off) != z.off[len(z.off)-1] {
			z.at = append(z.at, t.Unix())
			z.off = append(z.off, int64(off))
		}
	}
	return z
}

// period is the index of the offset in force at t.
func (z *zone) period(t int64) int {
	return sort.Search(len(z.at), func(i int) bool { return z.at[i] > t }) - 1
}

// wall is what the clock shows at t.
func (z *zone) wall(t int64) int64 { return t + z.off[z.period(t)] }

// first is the first instant at which the clock shows w, or the first one after the gap that w fell into.
func (z *zone) first(w int64) int64 {
	first, _, _ := z.resolve(w)
	return first
}

// last is the last instant at which the clock shows w, or the first one after the gap that w fell into.
func (z *zone) last(w int64) int64 {
	_, last, _ := z.resolve(w)
	return last
}

// imported is the instant RFC 5545 (section 3.3.5) gives w: the first of two, and in a gap the one that the offset before
// the gap makes of it, so 02:30 becomes 03:30.
func (z *zone) imported(w int64) int64 {
	first, _, gap := z.resolve(w)
	if gap {
		return w - z.off[z.period(first)-1]
	}
	return first
}

// resolve finds the instants at which the clock shows w; gap says that there is none, and then both are the gap's end.
func (z *zone) resolve(w int64) (first, last int64, gap bool) {
	found := false
	skipped := int64(0)
	for i := z.period(w - maxShift); i < len(z.at) && z.at[i] <= w+maxShift; i++ {
		u := w - z.off[i]
		begun := u >= z.at[i]
		over := i+1 < len(z.at) && u >= z.at[i+1]
		switch {
		case begun && !over:
			if !found {
				first, found = u, true
			}
			last = u
		case over && w < z.at[i+1]+z.off[i+1]:
			skipped = z.at[i+1]
		}
	}
	if !found {
		return skipped, skipped, true
	}
	return first, last, false
}

// civil is the date and the seconds since midnight that a wall clock reading stands for.
func civil(w int64) (date time.Time, clock int64) {
	clock = mod(w, day)
	return time.Unix(w-clock, 0).UTC(), clock
}

// dateWall is midnight of a date on the wall clock; day and month may run over, as time.Date allows.
func dateWall(year int, month time.Month, d int) int64 {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC).Unix()
}

// floorDiv and mod divide so that the remainder is never negative: what came before the start is counted like what came after.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func mod(a, b int64) int64 { return a - floorDiv(a, b)*b }
