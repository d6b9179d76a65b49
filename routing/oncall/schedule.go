package oncall

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// glance is how far a walk through time looks at once outside the span the schedule was compiled for.
const glance = 35 * day

// maxPieces bounds the intervals of a compiled span, and with them its memory (24 bytes each).
const maxPieces = 4 << 20

// Schedule is a compiled Document. It is immutable and safe for concurrent use.
type Schedule struct {
	plan *plan
	span *span
}

// span is the plan worked out for [lo, hi): what of each layer is on when, and which holidays.
type span struct {
	plan     *plan
	lo, hi   int64
	layers   []timeline
	holidays timeline
}

// Compile checks a document and works it out for the times from–to. Questions inside them are answered by binary search;
// those outside get the same answers, some hundred times slower. An error about the document is a Problems.
func Compile(doc *Document, from, to time.Time) (*Schedule, error) {
	p, err := newPlan(doc)
	if err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, fmt.Errorf("compile schedule: %s is before %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	sp, err := p.span(seconds(from), max(seconds(to), seconds(from)+1), maxPieces)
	if err != nil {
		return nil, err
	}
	return &Schedule{plan: p, span: sp}, nil
}

// span works the plan out for [lo, hi), into at most limit pieces.
func (p *plan) span(lo, hi int64, limit int) (*span, error) {
	sp := &span{plan: p, lo: lo, hi: hi}
	var off []interval
	for i := range p.holidays {
		off = append(off, p.holidays[i].intervals(p.zone, lo, hi, int32(i))...)
	}
	var err error
	if sp.holidays, err = newTimeline(off); err != nil {
		return nil, ReadProblems{flawed(p.doc.line("holidays"), "holidays", "at-once")}
	}
	closed := merge(slices.Clone(off))
	open := within(windowIntervals(p.zone, p.office, lo, hi), outside(closed, lo, hi))
	pieces := 0
	for i := range p.layers {
		l := &p.layers[i]
		ivs := p.onCall(l, lo, hi, open, closed)
		pieces += len(ivs)
		tl, err := newTimeline(ivs)
		at := fmt.Sprintf("layers[%d]", i)
		if err != nil {
			return nil, ReadProblems{flawed(p.doc.line(at), at, "at-once")}
		}
		if pieces > limit {
			return nil, ReadProblems{flawed(p.doc.line(at), at, "too-many-shifts", "value", strconv.Itoa(limit))}
		}
		sp.layers = append(sp.layers, tl)
	}
	return sp, nil
}

// onCall is when a layer has which turn, as its rotation, its windows, its hours and its dates say together.
func (p *plan) onCall(l *layer, lo, hi int64, open, closed []interval) []interval {
	lo, hi = max(lo, l.from), min(hi, l.until)
	if lo >= hi {
		return nil
	}
	ivs := []interval{{lo, hi, 0}}
	switch {
	case l.rotation != nil:
		ivs = within(l.rotation.intervals(lo, hi, l.ahead), ivs)
	case l.shifts != nil:
		ivs = within(l.shifts, ivs)
	}
	if len(l.windows) > 0 {
		ivs = within(ivs, windowIntervals(p.zone, l.windows, lo, hi))
	}
	switch l.hours {
	case "office":
		ivs = within(ivs, open)
	case "after":
		ivs = within(ivs, outside(open, lo, hi))
	}
	if l.skipHolidays {
		ivs = within(ivs, outside(closed, lo, hi))
	}
	return ivs
}

// covering is a span in which t lies: the compiled one, or one of a certain width worked out for the purpose.
func (s *Schedule) covering(t, width int64) *span {
	if t >= s.span.lo && t < s.span.hi {
		return s.span
	}
	hi := t + width
	if t < s.span.lo {
		hi = min(hi, s.span.lo)
	}
	sp, err := s.plan.span(t, hi, math.MaxInt)
	if err != nil {
		// Not possible: newPlan bounds what can be on at the same time, and only that is an error without a limit.
		panic("oncall: " + err.Error())
	}
	return sp
}

// Roles are the roles the schedule answers for, in the order in which the document names them.
func (s *Schedule) Roles() []string { return slices.Clone(s.plan.roleNames) }

// Name is the name to show for a participant: the one in the document, or the id.
func (s *Schedule) Name(id ParticipantID) string {
	if name := s.plan.names[id]; name != "" {
		return name
	}
	return string(id)
}

// seconds is an instant in whole seconds, kept away from the ends of time so that sums with it cannot run over.
func seconds(t time.Time) int64 { return min(max(t.Unix(), math.MinInt64/4), math.MaxInt64/4) }
