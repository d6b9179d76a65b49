package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Mention is a place by which somebody is, or will be, on call.
type Mention struct {
	Field string // "layers[1].shifts[3]"
	Kind  MentionKind
	Name  string // of the rotation or layer, the role, or the other person's id; "" for none
	From  string // as the document writes it; "" where there is no time
	To    string
}

// A MentionKind is what sort of place it is.
type MentionKind string

const (
	MentionDefault  MentionKind = "default"  // answers for a role when nobody is scheduled
	MentionRotation MentionKind = "rotation" // has turns in it
	MentionLayer    MentionKind = "layer"    // always in it
	MentionShift    MentionKind = "shift"    // a single one
	MentionBackup   MentionKind = "backup"   // of somebody's leave
	MentionOverride MentionKind = "override" // put on call for a time
	MentionSwap     MentionKind = "swap"     // takes somebody's shift, or gets theirs back
)

// String is the mention in a line that begins with the field.
func (m Mention) String() string {
	span := fmt.Sprintf("from %s to %s", m.From, m.To)
	switch m.Kind {
	case MentionDefault:
		return m.Field + ": answers when nobody is scheduled"
	case MentionRotation:
		return m.Field + ": the rotation " + m.Name
	case MentionLayer:
		return m.Field + ": " + m.Name
	case MentionBackup:
		return fmt.Sprintf("%s: for %s %s", m.Field, m.Name, span)
	case MentionSwap:
		return fmt.Sprintf("%s: with %s, %s", m.Field, m.Name, span)
	}
	return m.Field + ": " + span
}

// Mentions lists where a document names somebody for a time after a moment: what must be changed before they are gone. What has an end
// that is past is left out, and so is a leave of their own.
func (d *Document) Mentions(who ParticipantID, after time.Time) (out []Mention) {
	today := d.dateOf(after)
	add := func(kind MentionKind, name, from, to, format string, args ...any) {
		out = append(out, Mention{fmt.Sprintf(format, args...), kind, name, from, to})
	}
	over := func(until string) bool { return len(until) >= 10 && until[:10] < today }
	for role, id := range d.Default {
		if id == who {
			add(MentionDefault, role, "", "", "default.%s", role)
		}
	}
	slices.SortFunc(out, func(a, b Mention) int { return cmp.Compare(a.Field, b.Field) }) // a map has no order
	for i, r := range d.Rotations {
		for j, t := range r.Turns {
			if slices.Contains(t, who) {
				add(MentionRotation, r.Name, "", "", "rotations[%d].turns[%d]", i, j)
			}
		}
	}
	shifts := func(field string, all []DatedShift) {
		for j, s := range all {
			if s.Who == who && !over(s.To) {
				add(MentionShift, "", s.From, s.To, "%s.shifts[%d]", field, j)
			}
		}
	}
	for i, l := range d.Layers {
		if over(l.Until) {
			continue
		}
		if slices.Contains(l.Who, who) {
			add(MentionLayer, l.Name, "", "", "layers[%d].who", i)
		}
		shifts(fmt.Sprintf("layers[%d]", i), l.Shifts)
	}
	for i, l := range d.Leave {
		if l.Backup == who && !over(l.To) {
			add(MentionBackup, string(l.Who), l.From, l.To, "leave[%d].backup", i)
		}
	}
	for i, o := range d.Overrides {
		if o.Add == who && !over(o.To) {
			add(MentionOverride, "", o.From, o.To, "overrides[%d].add", i)
		}
	}
	for i, s := range d.Swaps {
		back := s.Back != nil && s.Owner == who && !over(s.Back.To)
		if s.Taker == who && !over(s.To) || back {
			add(MentionSwap, string(s.Owner), s.From, s.To, "swaps[%d]", i)
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
