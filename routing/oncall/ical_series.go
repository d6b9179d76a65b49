package oncall

import (
	"cmp"
	"slices"
	"strconv"
)

// series is all the file says under one UID: an event, and the occurrences of it that were changed.
type series struct {
	events  []*calendarEvent
	changed []*calendarEvent
}

// occur writes a series out as shifts.
func (im *calendarImport) occur(s *series) {
	events := im.versions(s.events, true)
	if len(events) == 0 {
		im.detached(s.changed)
		return
	}
	for i, e := range events {
		changed := s.changed
		if i > 0 { // what METHOD:ADD added
			changed = nil
		}
		if e.outside && slices.ContainsFunc(changed, func(c *calendarEvent) bool { return !c.outside }) {
			e.outside = !im.times(e)
			im.whom(e)
		}
		switch {
		case e.outside:
			im.out.Outside++
		case e.cancelled:
			im.out.Cancelled++
			for _, c := range changed {
				if !c.cancelled && !c.outside {
					im.out.warn(c.lineOf("RECURRENCE-ID"), "RECURRENCE-ID", "import-cancelled-series", "line", strconv.Itoa(e.line))
				}
			}
		default:
			im.recur(e, changed)
		}
	}
}

// versions chooses among events that claim to be the same one. A higher SEQUENCE replaces a lower one; of equal ones a
// cancellation holds; and two that differ are refused, since nothing tells which is meant, or whether both are (RFC 5545,
// section 3.8.4.7). additions says that METHOD:ADD may add occurrences.
func (im *calendarImport) versions(all []*calendarEvent, additions bool) (kept []*calendarEvent) {
	var last *calendarEvent // the first of the highest SEQUENCE
	isAddition := func(e *calendarEvent) bool { return additions && e.scope.method == "ADD" }
	for _, e := range all {
		if !isAddition(e) && (last == nil || e.sequence > last.sequence) {
			last = e
		}
	}
	holds := last
	for _, e := range all {
		switch {
		case isAddition(e):
			kept = append(kept, e)
		case e.sequence < last.sequence:
			if !e.outside {
				im.out.warn(e.line, "SEQUENCE", "import-replaced", "line", strconv.Itoa(last.line))
			}
		case e.cancelled != holds.cancelled:
			if e.cancelled {
				holds = e
			}
		case e == last || e.outside && holds.outside || e.cancelled || sameEvent(e, holds):
		default:
			im.bad(e.lineOf("UID"), "UID", "import-same-uid", "value", e.uid, "line", strconv.Itoa(holds.line))
		}
	}
	if holds != nil {
		kept = append([]*calendarEvent{holds}, kept...)
	}
	return kept
}

// sameEvent says that two events say the same of who is on call when.
func sameEvent(a, b *calendarEvent) bool {
	same := func(name string) bool {
		return slices.EqualFunc(a.all(name), b.all(name), func(p, q property) bool {
			return p.value == q.value &&
				p.param("TZID") == q.param("TZID")
		})
	}
	for _, name := range []string{"SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", propertyParticipant,
		propertyRole} {
		if !same(name) {
			return false
		}
	}
	return true
}

// detached takes changed occurrences of a series that is not in the file for shifts of their own.
func (im *calendarImport) detached(changed []*calendarEvent) {
	groups := map[pin][]*calendarEvent{}
	var order []pin
	for _, e := range changed {
		if e.outside {
			im.out.Outside++
			continue
		}
		p := im.pin(e, *e.instance)
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], e)
	}
	for _, p := range order {
		e := im.versions(groups[p], false)[0]
		switch {
		case e.cancelled:
			im.out.Cancelled++
		case e.onward:
			im.bad(e.lineOf("RECURRENCE-ID"), "RECURRENCE-ID", "import-no-series")
		default:
			im.out.warn(e.lineOf("RECURRENCE-ID"), "RECURRENCE-ID", "import-lone-occurrence")
			im.single(e)
		}
	}
}

// single adds the one shift of an event that does not recur.
func (im *calendarImport) single(e *calendarEvent) {
	if !im.shift(e, occurrence{wall: e.start, at: e.at()}) {
		im.out.Outside++
	}
}

// recur adds the shifts of an event and of its changed occurrences.
func (im *calendarImport) recur(e *calendarEvent, changed []*calendarEvent) {
	found := len(im.problems)
	set := im.recurrence(e, changed)
	if len(im.problems) > found {
		return
	}
	own, onward := im.changes(e, set, changed)
	taken := 0
	for _, o := range set.occurrences {
		c := cmp.Or(own[o.at], e)
		for len(onward) > 1 && onward[1].from.at <= o.at {
			onward = onward[1:]
		}
		switch {
		case c != e && !c.outside && !c.cancelled:
			o = occurrence{wall: c.start, at: c.at()}
		case c == e && len(onward) > 0 && onward[0].from.at <= o.at:
			c = onward[0].event
			if !c.outside && !c.cancelled {
				o.wall = c.start + (o.wall - onward[0].from.wall)
				o.at, o.until = c.zone.imported(o.wall), 0
			}
		}
		switch {
		case c.outside:
		case c.cancelled && im.matters(e, o.at):
			im.out.Cancelled++
		case im.shift(c, o):
			taken++
		}
	}
	if taken == 0 && len(changed) == 0 {
		im.out.Outside++
	}
}

// change is a changed occurrence and all after it.
type change struct {
	from  occurrence
	event *calendarEvent
}

// changes finds which occurrence each changed one is about.
func (im *calendarImport) changes(e *calendarEvent, set *recurrenceSet, changed []*calendarEvent) (own map[int64]*calendarEvent,
	onward []change) {
	own = map[int64]*calendarEvent{}
	groups := map[int64][]*calendarEvent{}
	byAt := map[int64]occurrence{}
	for _, c := range changed {
		line := c.lineOf("RECURRENCE-ID")
		for _, name := range []string{"RRULE", "EXRULE", "RDATE", "EXDATE"} {
			if p := c.first(name); p != nil && !c.outside {
				im.bad(p.line, name, "import-changed-recurs")
			}
		}
		named, err := set.find(im.pin(e, *c.instance))
		switch {
		case err != nil:
			im.wrong(line, "RECURRENCE-ID", err)
		case len(named) > 1:
			im.bad(line, "RECURRENCE-ID", "import-several", "count", strconv.Itoa(len(named)))
		case len(named) == 1:
			byAt[named[0].at] = named[0]
			groups[named[0].at] = append(groups[named[0].at], c)
		case c.outside || !im.matters(e, im.pin(e, *c.instance).rough(e)) && !im.matters(c, c.at()):
			im.out.Outside++
		default:
			im.bad(line, "RECURRENCE-ID", "import-no-occurrence", "value", c.first("RECURRENCE-ID").value, "line",
				strconv.Itoa(e.line))
		}
	}
	for _, at := range sortedKeys(groups) {
		c := im.versions(groups[at], false)[0]
		if c.onward {
			onward = append(onward, change{byAt[at], c})
		} else {
			own[at] = c
		}
		if !set.holds(at) && !c.outside && !c.cancelled && !c.onward { // one from outside the time asked for, moved into it
			im.single(c)
		}
	}
	return own, onward
}

// matters says whether an event that happened at an instant would touch the time asked for.
func (im *calendarImport) matters(e *calendarEvent, at int64) bool {
	return at < im.hi && at+e.wall+e.elapsed+day > im.lo
}

// shift adds one occurrence, and says whether it touches the time asked for.
func (im *calendarImport) shift(e *calendarEvent, o occurrence) bool {
	to := cmp.Or(o.until, e.until(o.wall, o.at))
	switch {
	case e.cancelled || to <= im.lo || o.at >= im.hi:
		return false
	case to <= o.at:
		im.out.warn(e.line, "DTSTART", "import-clock-moved", "at", im.cast.moment(o.at))
		return false
	}
	if claim := e.scope.zones.claims[e.zone]; claim != nil && claim.known.wall(o.at) != e.zone.wall(o.at) {
		im.out.warn(claim.line, "VTIMEZONE", "import-zone-differs", "zone", claim.tzid)
		delete(e.scope.zones.claims, e.zone)
	}
	line := e.lineOf("SUMMARY")
	if err := im.cast.shift(entry{line, "SUMMARY", e.who, ParticipantID(e.id), cmp.Or(e.role, im.how.Role)}, o.at, to); err != nil {
		im.wrong(line, "SUMMARY", err)
	}
	return true
}

func sortedKeys[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
