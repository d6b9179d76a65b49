package oncall

import (
	"cmp"
	"slices"
	"time"
)

// horizon is how far Until and Next look ahead: ten years.
const horizon = 3653 * day

// Query says whose answer is wanted. The zero Query asks for the role "primary", any call, any place.
type Query struct {
	Role     string `json:"role"`               // "" means "primary"
	CallType string `json:"callType,omitempty"` // "" is answered only by layers for every call type
	Location string `json:"location,omitempty"` // "" is answered only by layers for every location
}

// Shift is a time in which the same people answer.
type Shift struct {
	From    time.Time       `json:"from"`
	Until   time.Time       `json:"until,omitzero"`    // exclusive; the zero time when nothing changes for ten years
	People  []ParticipantID `json:"people"`            // sorted; empty where nobody answers
	Default bool            `json:"default,omitempty"` // nobody is scheduled: the role's default provider answers
}

// Who is on call at an instant: sorted, each once; nobody is an empty list. A role that the schedule does not have is nobody's.
func (s *Schedule) Who(at time.Time, q Query) []ParticipantID {
	d := s.decide(seconds(at), &q)
	return d.people()
}

// Until is when the answer of Who next changes; false when it does not within ten years.
func (s *Schedule) Until(at time.Time, q Query) (time.Time, bool) {
	t := seconds(at)
	q.Role = cmp.Or(q.Role, primary)
	until, changes := s.change(t, &q)
	if !changes {
		return time.Time{}, false
	}
	return s.time(until), true
}

// Next is the first shift to begin after an instant; false when none does within ten years. Between the present shift and
// the next there may be a gap.
func (s *Schedule) Next(at time.Time, q Query) (Shift, bool) {
	t := seconds(at)
	q.Role = cmp.Or(q.Role, primary)
	for end := t + horizon; ; {
		until, changes := s.change(t, &q)
		if !changes || until > end {
			return Shift{}, false
		}
		t = until
		d := s.decide(t, &q)
		if people := d.people(); len(people) > 0 {
			next := Shift{From: s.time(t), People: people, Default: len(d.seats) == 0}
			if until, changes := s.change(t, &q); changes {
				next.Until = s.time(until)
			}
			return next, true
		}
	}
}

// NextOther is the first shift to begin after an instant with somebody who does not answer at it, and its People are those others
// alone: who follows, and not who comes back after a pause. It looks a year ahead.
func (s *Schedule) NextOther(at time.Time, q Query) (Shift, bool) {
	t := seconds(at)
	q.Role = cmp.Or(q.Role, primary)
	now := s.Who(at, q)
	var next Shift
	found := false
	s.each(t, t+366*day, &q, func(from, until int64, d *decision) bool {
		others := slices.DeleteFunc(d.people(), func(id ParticipantID) bool { return slices.Contains(now, id) })
		switch {
		case found && (!slices.Equal(others, next.People) || next.Default != (len(d.seats) == 0)):
			return false
		case found:
			next.Until = s.time(until)
		case len(others) > 0:
			next, found = Shift{s.time(from), s.time(until), others, len(d.seats) == 0}, true
		}
		return true
	})
	return next, found
}

// Shifts are the shifts from one instant to another, in order and cut at both: every time somebody answers.
// Cost and memory grow with the time asked for.
func (s *Schedule) Shifts(from, to time.Time, q Query) []Shift {
	return s.collect(from, to, q, func(d *decision) bool { return len(d.seats) > 0 || d.fallback != "" })
}

// Gaps are the times in which nobody is scheduled, cut at both ends. Where a default provider answers all the same, People
// names them and Default is set; it is a gap nevertheless, and somebody should know of it.
func (s *Schedule) Gaps(from, to time.Time, q Query) []Shift {
	return s.collect(from, to, q, func(d *decision) bool { return len(d.seats) == 0 })
}

// Overlaps are the times in which people of different shifts hold the role together, cut at both ends. People who share one
// turn of a rotation or stand together in one layer were meant to and do not count.
func (s *Schedule) Overlaps(from, to time.Time, q Query) []Shift {
	return s.collect(from, to, q, func(d *decision) bool { return d.overlaps() })
}

func (s *Schedule) decide(t int64, q *Query) decision {
	q.Role = cmp.Or(q.Role, primary)
	return s.covering(t, 1).decide(t, q, nil)
}

func (s *Schedule) time(t int64) time.Time { return time.Unix(t, 0).In(s.plan.zone.loc) }

// each gives the decisions from lo to hi in order, until yield says stop.
func (s *Schedule) each(lo, hi int64, q *Query, yield func(from, until int64, d *decision) bool) {
	sp := s.covering(lo, glance)
	for t := lo; t < hi; {
		if t >= sp.hi {
			sp = s.covering(t, glance)
		}
		d := sp.decide(t, q, nil)
		until := min(d.until, hi)
		if !yield(t, until, &d) {
			return
		}
		t = until
	}
}

// change is when other people answer than at t, or the same ones only by default.
func (s *Schedule) change(t int64, q *Query) (at int64, changes bool) {
	var now []ParticipantID
	var scheduled bool
	s.each(t, t+horizon, q, func(from, _ int64, d *decision) bool {
		people := d.people()
		if from == t {
			now, scheduled = people, len(d.seats) > 0
			return true
		}
		if !slices.Equal(people, now) || scheduled != (len(d.seats) > 0) {
			at, changes = from, true
		}
		return !changes
	})
	return at, changes
}

// collect gathers the picked times, joining neighbours in which the same people answer.
func (s *Schedule) collect(from, to time.Time, q Query, pick func(*decision) bool) []Shift {
	q.Role = cmp.Or(q.Role, primary)
	var out []Shift
	end := int64(0)
	s.each(seconds(from), seconds(to), &q, func(t, until int64, d *decision) bool {
		if !pick(d) {
			return true
		}
		people := d.people()
		byDefault := len(d.seats) == 0 && len(people) > 0
		if n := len(out); n > 0 && end == t && out[n-1].Default == byDefault && slices.Equal(out[n-1].People, people) {
			out[n-1].Until = s.time(until)
		} else {
			out = append(out, Shift{s.time(t), s.time(until), people, byDefault})
		}
		end = until
		return true
	})
	return out
}
