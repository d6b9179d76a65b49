package oncall

import (
	"fmt"
	"slices"
	"time"
)

// Mentions lists where a document names somebody for a time after a moment: what must be changed before they are gone. Each
// line begins with the field, "layers[1].shifts[3]". What has an end that is past is left out, and so is a leave of their own.
func (d *Document) Mentions(who ParticipantID, after time.Time) (out []string) {
	today := d.dateOf(after)
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	over := func(until string) bool { return len(until) >= 10 && until[:10] < today }
	for role, id := range d.Default {
		if id == who {
			add("default.%s: answers when nobody is scheduled", role)
		}
	}
	slices.Sort(out) // a map has no order
	for i, r := range d.Rotations {
		for j, t := range r.Turns {
			if slices.Contains(t, who) {
				add("rotations[%d].turns[%d]: the rotation %s", i, j, r.Name)
			}
		}
	}
	shifts := func(field string, all []DatedShift) {
		for j, s := range all {
			if s.Who == who && !over(s.To) {
				add("%s.shifts[%d]: from %s to %s", field, j, s.From, s.To)
			}
		}
	}
	for i, l := range d.Layers {
		if over(l.Until) {
			continue
		}
		if slices.Contains(l.Who, who) {
			add("layers[%d].who: %s", i, l.Name)
		}
		shifts(fmt.Sprintf("layers[%d]", i), l.Shifts)
	}
	for i, l := range d.Leave {
		if l.Backup == who && !over(l.To) {
			add("leave[%d].backup: for %s from %s to %s", i, l.Who, l.From, l.To)
		}
	}
	for i, o := range d.Overrides {
		if o.Add == who && !over(o.To) {
			add("overrides[%d].add: from %s to %s", i, o.From, o.To)
		}
	}
	for i, s := range d.Swaps {
		back := s.Back != nil && s.Owner == who && !over(s.Back.To)
		if s.Taker == who && !over(s.To) || back {
			add("swaps[%d]: with %s, from %s to %s", i, s.Owner, s.From, s.To)
		}
	}
	for i, t := range d.Temporary {
		if !over(t.To) {
			shifts(fmt.Sprintf("temporary[%d]", i), t.Shifts)
		}
	}
	return out
}

// dateOf is a moment's date where the document is. A day before stands in for a zone that cannot be read, and for moments
// written with an offset of their own.
func (d *Document) dateOf(at time.Time) string {
	if zone, err := time.LoadLocation(d.Timezone); err == nil {
		at = at.In(zone)
	}
	return at.AddDate(0, 0, -1).Format(time.DateOnly)
}
