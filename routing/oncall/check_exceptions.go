package oncall

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

func (c *checker) holidays() {
	if c.doc.Holidays == nil {
		return
	}
	// The practice's own come last: where two holidays meet, the last one holds.
	for i, in := range c.doc.Holidays.Calendars {
		c.calendar(fmt.Sprintf("holidays.calendars[%d]", i), in)
	}
	if !c.few("holidays.own", len(c.doc.Holidays.Own), maxHolidays) {
		return
	}
	for i, in := range c.doc.Holidays.Own {
		c.ownHoliday(fmt.Sprintf("holidays.own[%d]", i), in)
	}
}

func (c *checker) calendar(path string, in HolidayCalendar) {
	days, ok := nationalDays[in.Name]
	if !ok {
		c.choice(path+".name", in.Name, slices.Sorted(maps.Keys(nationalDays))...)
		return
	}
	dates := cmp.Or(in.Dates, "both")
	if kinds := []string{"both", "actual", "observed"}; !slices.Contains(kinds, dates) {
		c.choice(path+".dates", in.Dates, kinds...)
	}
	for i, name := range in.Except {
		if !slices.ContainsFunc(days, func(d nationalDay) bool { return d.name == name }) {
			c.bad(fmt.Sprintf("%s.except[%d]", path, i), "no-holiday", "value", name, "calendar", in.Name)
		}
	}
	c.holidayRule(path, in.Rule)
	begins := c.clock(path+".begins", cmp.Or(in.Begins, "00:00"))
	for _, d := range days {
		if !slices.Contains(in.Except, d.name) {
			c.plan.holidays = append(c.plan.holidays, holiday{name: d.name, rule: in.Rule, calendar: in.Name, national: d, dates: dates,
				begins: begins})
		}
	}
}

// holidayRule checks that somebody answers by the rule that a holiday switches to.
func (c *checker) holidayRule(path, rule string) {
	if rule == "" || slices.ContainsFunc(c.plan.layers, func(l layer) bool { return l.rule == rule }) {
		return
	}
	c.bad(path+".rule", "no-rule", "value", rule)
}

func (c *checker) ownHoliday(path string, in Holiday) {
	h := holiday{name: in.Name, rule: in.Rule}
	if in.Name == "" {
		c.bad(path+".name", "missing")
	}
	c.holidayRule(path, in.Rule)
	begins := c.clock(path+".begins", cmp.Or(in.Begins, "00:00"))
	switch {
	case in.Date == "" && in.Begins == "":
		h.from, h.to = c.span(path, in.From, in.To)
	case in.From != "" || in.To != "":
		c.bad(path+".from", "date-and-span")
	case len(in.Date) == len("12-24"):
		// Any leap year tells which days of a year there are.
		date, err := time.Parse(time.DateOnly, "2024-"+in.Date)
		if err != nil {
			c.bad(path+".date", "date", "value", in.Date)
		}
		h.yearly, h.month, h.day, h.begins = true, date.Month(), date.Day(), begins
	default:
		date, err := time.Parse(time.DateOnly, in.Date)
		if err != nil || checkYear(date.Year(), "") != nil {
			c.bad(path+".date", "date", "value", in.Date)
		}
		h.from = c.plan.zone.first(date.Unix() + begins)
		h.to = c.plan.zone.last(date.Unix() + day + begins)
	}
	c.plan.holidays = append(c.plan.holidays, h)
}

// timeline makes a timeline of a list of the document.
func (c *checker) timeline(path string, ivs []interval) timeline {
	tl, err := newTimeline(ivs)
	if err != nil {
		c.bad(path, "at-once")
	}
	return tl
}

func (c *checker) leave() {
	var ivs []interval
	if !c.few("leave", len(c.doc.Leave), maxExceptions) {
		return
	}
	for i, in := range c.doc.Leave {
		path := fmt.Sprintf("leave[%d]", i)
		c.other(path+".who", in.Who)
		if in.Backup != "" {
			c.who(path+".backup", in.Backup)
		}
		from, to := c.span(path, in.From, in.To)
		ivs = append(ivs, interval{from, to, int32(i)})
		c.plan.leave = append(c.plan.leave, leave{in.Who, in.Backup})
	}
	c.plan.leaveAt = c.timeline("leave", ivs)
	c.circularBackup()
}

// circularBackup refuses backups that lead back to somebody who is away at the same time. Who is away changes only where a
// segment of the timeline begins, so each segment is looked at once.
func (c *checker) circularBackup() {
	told := map[int32]bool{}
	for _, t := range c.plan.leaveAt.starts {
		active, _ := c.plan.leaveAt.at(t)
		away := map[ParticipantID]int32{} // of several leaves the last written holds
		for _, i := range active {
			away[c.plan.leave[i].who] = i
		}
		cleared := map[ParticipantID]bool{}
		for _, i := range active {
			var seen []ParticipantID
			id := c.plan.leave[i].who
			for !cleared[id] && !slices.Contains(seen, id) {
				seen = append(seen, id)
				next, isAway := away[id]
				if !isAway || c.plan.leave[next].backup == "" {
					break
				}
				id = c.plan.leave[next].backup
				if first := slices.Index(seen, id); first >= 0 && !told[away[id]] {
					told[away[id]] = true
					c.bad(fmt.Sprintf("leave[%d].backup", away[id]), "circular", "value",
						chain(append(slices.Clone(seen[first:]), id)))
				}
			}
			for _, id := range seen {
				cleared[id] = true
			}
		}
	}
}

func chain(ids []ParticipantID) string {
	text := string(ids[0])
	for _, id := range ids[1:] {
		text += " → " + string(id)
	}
	return text
}

func (c *checker) overrides() {
	var ivs []interval
	if !c.few("overrides", len(c.doc.Overrides), maxExceptions) {
		return
	}
	for i, in := range c.doc.Overrides {
		path := fmt.Sprintf("overrides[%d]", i)
		if in.Add == "" && in.Remove == "" {
			c.bad(path, "add-or-remove")
		}
		if in.Add != "" {
			c.who(path+".add", in.Add)
		}
		if in.Remove != "" {
			c.other(path+".remove", in.Remove)
		}
		if in.Add != "" && in.Add == in.Remove {
			c.bad(path+".add", "same", "value", string(in.Add))
		}
		if in.Add != "" && in.Remove == "" && in.Role == "" && len(c.plan.roles) > 1 {
			c.bad(path+".role", "which-role", "value", string(in.Add))
		}
		from, to := c.span(path, in.From, in.To)
		ivs = append(ivs, interval{from, to, int32(i)})
		c.plan.overrides = append(c.plan.overrides, override{c.scope(path, in.Scope, true), in.Name, in.Add, in.Remove})
		c.knownRole(path, in.Role)
	}
	c.plan.overrideAt = c.timeline("overrides", ivs)
}

// knownRole checks that a role named by an exception is one that some layer answers for: a misspelt one would do nothing.
func (c *checker) knownRole(path, name string) {
	if name != "" && c.plan.roles[name] == nil {
		c.noRole(path+".role", name)
	}
}

func (c *checker) noRole(path, name string) {
	if len(c.plan.roleNames) == 0 {
		c.bad(path, "no-roles", "value", name)
		return
	}
	c.bad(path, "no-role", "value", name, "choices", strings.Join(c.plan.roleNames, ", "))
}

func (c *checker) swaps() {
	var ivs []interval
	if !c.few("swaps", len(c.doc.Swaps), maxExceptions) {
		return
	}
	leg := func(path string, i int, s scope, from, to ParticipantID, span Span) {
		lo, hi := c.span(path, span.From, span.To)
		ivs = append(ivs, interval{lo, hi, int32(len(c.plan.swaps))})
		c.plan.swaps = append(c.plan.swaps, swapLeg{s, i, from, to})
	}
	for i, in := range c.doc.Swaps {
		path := fmt.Sprintf("swaps[%d]", i)
		c.other(path+".owner", in.Owner)
		c.knownRole(path, in.Role)
		switch in.State {
		case "open":
			if in.Taker != "" {
				c.other(path+".taker", in.Taker)
			}
		case "taken", "approved":
			c.who(path+".taker", in.Taker)
		default:
			c.choice(path+".state", in.State, "open", "taken", "approved")
		}
		if in.Taker == in.Owner && in.Taker != "" {
			c.bad(path+".taker", "own-swap")
		}
		if in.State != "approved" {
			c.span(path, in.From, in.To)
			if in.Back != nil {
				c.span(path+".back", in.Back.From, in.Back.To)
			}
			continue
		}
		s := c.scope(path, in.Scope, true)
		leg(path, i, s, in.Owner, in.Taker, Span{in.From, in.To})
		if in.Back != nil {
			leg(path+".back", i, s, in.Taker, in.Owner, *in.Back)
		}
	}
	c.plan.swapAt = c.timeline("swaps", ivs)
}

func (c *checker) temporary() {
	var ivs []interval
	if !c.few("temporary", len(c.doc.Temporary), maxExceptions) {
		return
	}
	for i, in := range c.doc.Temporary {
		path := fmt.Sprintf("temporary[%d]", i)
		t := temporary{scope: c.scope(path, in.Scope, false), name: cmp.Or(in.Name, path)}
		c.role(t.role)
		if c.doc.Default[t.role] == "" {
			c.bad(path, "no-default", "value", t.role)
		}
		from, to := c.span(path, in.From, in.To)
		ivs = append(ivs, interval{from, to, int32(i)})
		var shifts []interval
		if c.few(path+".shifts", len(in.Shifts), maxShifts) {
			for k, s := range in.Shifts {
				at := fmt.Sprintf("%s.shifts[%d]", path, k)
				c.who(at+".who", s.Who)
				lo, hi := c.span(at, s.From, s.To)
				shifts = append(shifts, interval{lo, hi, int32(k)})
				t.people = append(t.people, s.Who)
			}
		}
		t.at = c.timeline(path+".shifts", shifts)
		c.plan.temporary = append(c.plan.temporary, t)
	}
	c.plan.temporaryAt = c.timeline("temporary", ivs)
}

func (c *checker) fallback() {
	c.plan.fallback = c.doc.Default
	for _, name := range slices.Sorted(maps.Keys(c.doc.Default)) {
		id := c.doc.Default[name]
		c.who("default."+name, id)
		if c.plan.roles[name] == nil {
			c.noRole("default."+name, name)
		}
	}
}
