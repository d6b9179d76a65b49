package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// idle warns of what a schedule says and what can have no effect: mostly somebody's name written in two ways.
func (c *checker) idle() {
	for i, in := range c.doc.Leave {
		c.never(fmt.Sprintf("leave[%d].who", i), in.Who)
	}
	for i, in := range c.doc.Overrides {
		c.never(fmt.Sprintf("overrides[%d].remove", i), in.Remove)
	}
	for i, in := range c.doc.Swaps {
		c.never(fmt.Sprintf("swaps[%d].owner", i), in.Owner)
	}
	for i, in := range c.doc.Rotations {
		if !slices.ContainsFunc(c.doc.Layers, func(l Layer) bool { return l.Rotation == in.Name }) {
			c.warn(fmt.Sprintf("rotations[%d].name", i), "unused")
		}
	}
	for i, in := range c.doc.Temporary {
		path := fmt.Sprintf("temporary[%d]", i)
		if from, flaw := parseMoment(c.plan.zone, in.From, false); flaw == "" {
			c.beyond(path, in.Shifts, from, c.ends[path])
		}
	}
	for i, in := range c.doc.Layers {
		c.beyond(fmt.Sprintf("layers[%d]", i), in.Shifts, c.plan.layers[i].from, c.plan.layers[i].until)
		if in.Rule != "" && !slices.ContainsFunc(c.plan.holidays, func(h holiday) bool { return h.rule == in.Rule }) {
			c.warn(fmt.Sprintf("layers[%d].rule", i), "unused")
		}
	}
}

// beyond warns of shifts that lie wholly outside of what they belong to.
func (c *checker) beyond(path string, shifts []DatedShift, from, until int64) {
	for i := range shifts {
		at := fmt.Sprintf("%s.shifts[%d]", path, i)
		if lo, flaw := parseMoment(c.plan.zone, shifts[i].From, false); flaw == "" && (lo >= until || c.ends[at] <= from) {
			c.warn(at, "outside")
		}
	}
}

func (c *checker) never(path string, id ParticipantID) {
	if id != "" && c.plan.named[id] == "" {
		c.warn(path, "never-on-call", "value", string(id))
	}
}

// left makes the leavers ready, and warns of every field that names one of them for a time after.
func (c *checker) left() {
	since := map[ParticipantID]int64{}
	for id, at := range c.doc.left {
		since[id] = at
	}
	for i, p := range c.doc.Participants {
		if p.Left == "" {
			continue
		}
		at, ok := c.moment(fmt.Sprintf("participants[%d].left", i), p.Left, false)
		if before, marked := since[p.ID]; ok && (!marked || at < before) {
			since[p.ID] = at
		}
	}
	var ivs []interval
	for _, id := range sortedIDs(since) {
		ivs = append(ivs, interval{since[id], dusk, int32(len(c.plan.leavers))})
		c.plan.leavers = append(c.plan.leavers, id)
	}
	c.plan.leftAt = c.timeline("participants", ivs)
	for _, m := range c.mentions {
		at, gone := since[m.id]
		end, dated := c.ends[m.path[:max(0, strings.LastIndexByte(m.path, '.'))]]
		if gone && (!dated || end > at) {
			c.warn(m.path, "has-left", "value", string(m.id), "from", time.Unix(at, 0).In(c.plan.zone.loc).Format("2006-01-02 15:04"))
		}
	}
}

func sortedIDs(m map[ParticipantID]int64) []ParticipantID {
	ids := make([]ParticipantID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Warnings are what is sound in the document and yet hardly meant: entries without effect, and people named who have left.
func (s *Schedule) Warnings() ReadProblems { return slices.Clone(s.plan.warnings) }

// Named is the first field of the document that can put somebody on call; "" when none does.
func (s *Schedule) Named(id ParticipantID) string { return s.plan.named[id] }

// Unasked is what the document says for call types and places other than these: no call will ever ask for it, and who is named
// there for them alone is on call for nothing.
func (d *Document) Unasked(callTypes, locations []string) (found ReadProblems) {
	look := func(path string, in Scope) {
		for field, lists := range map[string][2][]string{"callTypes": {in.CallTypes, callTypes}, "locations": {in.Locations, locations}} {
			for i, name := range lists[0] {
				if !slices.Contains(lists[1], name) {
					at := fmt.Sprintf("%s.%s[%d]", path, field, i)
					found.note(flawed(d.line(at), at, "no-call", "value", name))
				}
			}
		}
	}
	for i, in := range d.Layers {
		look(fmt.Sprintf("layers[%d]", i), in.Scope)
	}
	for i, in := range d.Overrides {
		look(fmt.Sprintf("overrides[%d]", i), in.Scope)
	}
	for i, in := range d.Swaps {
		look(fmt.Sprintf("swaps[%d]", i), in.Scope)
	}
	for i, in := range d.Temporary {
		look(fmt.Sprintf("temporary[%d]", i), in.Scope)
	}
	slices.SortStableFunc(found, func(a, b ReadProblem) int { return strings.Compare(a.Field, b.Field) })
	return found
}
