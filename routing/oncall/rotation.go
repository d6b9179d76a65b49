package oncall

import "time"

// rotation is a Rotation made ready to compute with. Shifts are numbered: 0 begins at the start, -1 came before it.
type rotation struct {
	name  string
	zone  *zone
	unit  string
	every int64
	turns [][]ParticipantID
	start int64  // the instant of the start, for hours
	wall  int64  // midnight of the start's date on the wall clock, for the rest
	marks []mark // the handoffs of one period, in order, the start's own first
}

// mark is a handoff within a period: seconds after the first midnight of a period of days or weeks, or a day of the month
// and a clock, in the next month where the start's own mark comes later in the month.
type mark struct {
	seconds int64
	day     int
	carry   int
}

// handoff is the instant at which shift n begins. It never decreases with n; two that fall into one gap of the clock are
// the same instant, and the shift between them has no length.
func (r *rotation) handoff(n int64) int64 {
	if r.unit == "hour" {
		return r.start + n*r.every*hour
	}
	size := int64(len(r.marks))
	return r.zone.first(r.reading(floorDiv(n, size), r.marks[mod(n, size)]))
}

// reading is the wall clock of a mark in a period.
func (r *rotation) reading(period int64, m mark) int64 {
	switch r.unit {
	case "day":
		return r.wall + period*r.every*day + m.seconds
	case "week":
		return r.wall + period*r.every*week + m.seconds
	}
	date, _ := civil(r.wall)
	month := date.Month() + time.Month(int(period*r.every)+m.carry)
	d := min(m.day, daysIn(date.Year(), month))
	return dateWall(date.Year(), month, d) + m.seconds
}

// daysIn is the number of days of a month, which may run over into another year.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// shiftAt is the number of the shift in force at t.
func (r *rotation) shiftAt(t int64) int64 {
	perPeriod := max(1, int64(len(r.marks)))
	length := r.every
	switch r.unit {
	case "hour":
		return floorDiv(t-r.start, r.every*hour)
	case "day":
		length *= day
	case "week":
		length *= week
	case "month":
		length *= 2629746 // a month's mean length in seconds; what it misses is walked below
	}
	n := floorDiv(t-r.handoff(0), length) * perPeriod
	for r.handoff(n) > t {
		n--
	}
	for r.handoff(n+1) <= t {
		n++
	}
	return n
}

// intervals are the shifts that touch [lo, hi), each with the index of its turn.
func (r *rotation) intervals(lo, hi int64, ahead int) []interval {
	var out []interval
	n := r.shiftAt(lo)
	for from := r.handoff(n); from < hi; n++ {
		to := r.handoff(n + 1)
		if to > from {
			turn := mod(n+int64(ahead), int64(len(r.turns)))
			out = append(out, interval{from, to, int32(turn)})
		}
		from = to
	}
	return out
}
