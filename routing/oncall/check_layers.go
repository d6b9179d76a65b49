package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *checker) rotations() {
	if !c.few("rotations", len(c.doc.Rotations), maxLayers) {
		return
	}
	for i := range c.doc.Rotations {
		in, path := &c.doc.Rotations[i], fmt.Sprintf("rotations[%d]", i)
		if in.Name == "" {
			c.bad(path+".name", "missing")
		}
		if c.plan.rotations[in.Name] != nil {
			c.bad(path+".name", "twice")
		}
		c.plan.rotations[in.Name] = c.rotation(path, in)
	}
}

func (c *checker) rotation(path string, in *Rotation) *rotation {
	r := &rotation{name: in.Name, zone: c.plan.zone, unit: in.Unit, every: int64(in.Every)}
	if r.every == 0 {
		r.every = 1
	}
	if r.every < 0 || r.every > maxEvery {
		c.between(path+".every", 1, maxEvery)
	}
	if units := []string{"hour", "day", "week", "month"}; !slices.Contains(units, in.Unit) {
		c.choice(path+".unit", in.Unit, units...)
		return r
	}
	if len(in.Turns) == 0 {
		c.bad(path+".turns", "missing")
	}
	if c.few(path+".turns", len(in.Turns), maxTurns) {
		for i, turn := range in.Turns {
			at := fmt.Sprintf("%s.turns[%d]", path, i)
			if len(turn) == 0 {
				c.bad(at, "turn")
			}
			c.people(at, turn)
			r.turns = append(r.turns, turn)
		}
	}
	wall, err := parseWall(in.Start)
	if err != nil || checkYear(wall.Year(), "") != nil {
		c.bad(path+".start", "start", "value", in.Start, "from", strconv.Itoa(firstYear), "to", strconv.Itoa(lastYear-1))
		return r
	}
	_, clock := civil(wall.Unix())
	r.wall = wall.Unix() - clock
	r.start = r.zone.first(wall.Unix())
	r.marks = c.marks(path, in, wall, clock)
	return r
}

// marks are the handoffs of one period from the start on; without Handoffs the start's own is the only one.
func (c *checker) marks(path string, in *Rotation, start time.Time, clock int64) []mark {
	own := mark{seconds: clock, day: start.Day()}
	if len(in.Handoffs) == 0 {
		return []mark{own}
	}
	if in.Every > 1 || in.Unit == "hour" {
		c.bad(path+".handoffs", "handoffs")
		return []mark{own}
	}
	if !c.few(path+".handoffs", len(in.Handoffs), maxTurns) {
		return []mark{own}
	}
	var out []mark
	for i, text := range in.Handoffs {
		m := c.handoff(fmt.Sprintf("%s.handoffs[%d]", path, i), in.Unit, text, start, clock)
		if slices.Contains(out, m) {
			c.bad(fmt.Sprintf("%s.handoffs[%d]", path, i), "twice")
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.carry, b.carry), cmp.Compare(a.day, b.day), cmp.Compare(a.seconds, b.seconds))
	})
	if in.Unit != "month" {
		own.day = 0
	}
	if !slices.Contains(out, own) {
		c.bad(path+".start", "no-handoff", "value", in.Start)
	}
	return out
}

func (c *checker) handoffClock(path, text string) int64 {
	sec := c.clock(path, text)
	if sec == day {
		c.bad(path, "from-midnight")
	}
	return sec
}

// handoff places one of Rotation.Handoffs after the start: later in the same period, or early in the next.
func (c *checker) handoff(path, unit, text string, start time.Time, startClock int64) mark {
	if unit == "day" {
		sec := c.handoffClock(path, text)
		if sec < startClock {
			sec += day
		}
		return mark{seconds: sec}
	}
	first, clockText, _ := strings.Cut(text, " ")
	sec := c.handoffClock(path, clockText)
	if unit == "week" {
		ahead := mod(c.weekday(path, first)-int64(start.Weekday()), 7) * day
		if ahead+sec < startClock {
			ahead += week
		}
		return mark{seconds: ahead + sec}
	}
	d, err := strconv.Atoi(first)
	if err != nil || d < 1 || d > 28 {
		c.bad(path, "month-day", "value", text)
	}
	m := mark{seconds: sec, day: d}
	if d < start.Day() || d == start.Day() && sec < startClock {
		m.carry = 1
	}
	return m
}

func (c *checker) layers() {
	if len(c.doc.Layers) == 0 {
		c.bad("layers", "missing")
	}
	if !c.few("layers", len(c.doc.Layers), maxLayers) {
		return
	}
	for i := range c.doc.Layers {
		l := c.layer(fmt.Sprintf("layers[%d]", i), &c.doc.Layers[i])
		r := c.role(l.role)
		r.layers = append(r.layers, len(c.plan.layers))
		if l.rule != "" {
			r.rules[l.rule] = true
		}
		c.plan.layers = append(c.plan.layers, l)
	}
	for _, r := range c.plan.roles {
		slices.SortStableFunc(r.layers, func(a, b int) int {
			return cmp.Compare(c.plan.layers[b].priority, c.plan.layers[a].priority)
		})
	}
}

// role is the role of that name, which comes into being with the first thing that names it.
func (c *checker) role(name string) *role {
	r := c.plan.roles[name]
	if r == nil {
		r = &role{rules: map[string]bool{}}
		c.plan.roles[name] = r
		c.plan.roleNames = append(c.plan.roleNames, name)
	}
	return r
}

func (c *checker) layer(path string, in *Layer) layer {
	l := layer{scope: c.scope(path, in.Scope, false), name: in.Name, priority: in.Priority, ahead: in.Ahead, hours: in.Hours, rule: in.Rule,
		skipHolidays: in.SkipHolidays, from: dawn, until: dusk}
	if l.name == "" {
		l.name = path
	}
	c.whom(path, in, &l)
	l.windows = c.windows(path+".windows", in.Windows)
	switch {
	case in.Hours != "" && in.Hours != "office" && in.Hours != "after":
		c.choice(path+".hours", in.Hours, "office", "after")
	case in.Hours != "" && len(c.doc.OfficeHours) == 0:
		c.bad(path+".hours", "no-office-hours")
	}
	if in.Rule != "" && in.SkipHolidays {
		c.bad(path+".skipHolidays", "skips-itself")
	}
	okFrom, okUntil := true, true
	if in.From != "" {
		l.from, okFrom = c.moment(path+".from", in.From, false)
	}
	if in.Until != "" {
		l.until, okUntil = c.moment(path+".until", in.Until, true)
	}
	if okFrom && okUntil && l.until <= l.from {
		c.bad(path+".until", "not-after", "value", in.Until, "from", in.From)
	}
	return l
}

// whom reads who, rotation or shifts, of which a layer has exactly one.
func (c *checker) whom(path string, in *Layer, l *layer) {
	kinds := 0
	for _, has := range []bool{len(in.Who) > 0, in.Rotation != "", len(in.Shifts) > 0} {
		if has {
			kinds++
		}
	}
	if kinds != 1 {
		c.bad(path, "one-of")
	}
	if in.Ahead != 0 && in.Rotation == "" {
		c.bad(path+".ahead", "ahead")
	}
	if in.Ahead < -maxTurns || in.Ahead > maxTurns {
		c.between(path+".ahead", -maxTurns, maxTurns)
	}
	switch {
	case len(in.Who) > 0:
		c.people(path+".who", in.Who)
		l.turns = [][]ParticipantID{in.Who}
	case in.Rotation != "":
		l.rotation = c.plan.rotations[in.Rotation]
		if l.rotation == nil {
			c.bad(path+".rotation", "no-rotation", "value", in.Rotation)
			return
		}
		l.turns = l.rotation.turns
	case c.few(path+".shifts", len(in.Shifts), maxShifts):
		for i, s := range in.Shifts {
			at := fmt.Sprintf("%s.shifts[%d]", path, i)
			c.who(at+".who", s.Who)
			from, to := c.span(at, s.From, s.To)
			l.shifts = append(l.shifts, interval{from, to, int32(i)})
			l.turns = append(l.turns, []ParticipantID{s.Who})
		}
		c.timeline(path+".shifts", l.shifts) // so that no part of them can prove too many later
		if len(in.Windows) > 0 || in.Hours != "" || in.SkipHolidays {
			c.bad(path+".shifts", "shifts-alone")
		}
	}
}
