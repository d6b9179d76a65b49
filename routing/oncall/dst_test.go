package oncall

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// edge is one change of a clock.
type edge struct {
	at            time.Time // the first instant of the new offset
	before, after int       // offsets in seconds
}

// edges finds the changes of a zone's clock in the years 2024 to 2030 by looking at it every quarter of an hour.
func edges(loc *time.Location) (out []edge) {
	t := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	_, off := t.In(loc).Zone()
	for ; t.Year() < 2031; t = t.Add(15 * time.Minute) {
		if _, now := t.In(loc).Zone(); now != off {
			out = append(out, edge{t, off, now})
			off = now
		}
	}
	return out
}

// TestClockChanges goes over every change of every clock we name, 2024 to 2030, and states each rule at it.
func TestClockChanges(t *testing.T) {
	for zone, changes := range map[string]int{"America/Chicago": 14, "America/New_York": 14, "America/Phoenix": 0, "America/Puerto_Rico": 0,
		"Europe/Madrid": 14, "Australia/Lord_Howe": 14, "Africa/Casablanca": 15} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		found := edges(loc)
		if len(found) != changes {
			t.Errorf("%s: %d changes, expected %d", zone, len(found), changes)
		}
		for _, e := range found {
			t.Run(fmt.Sprintf("%s %s", zone, e.at.Format(time.DateOnly)), func(t *testing.T) { clockChange(t, zone, e) })
		}
	}
}

// clockChange puts handoffs and windows into the middle of the skipped or repeated time.
func clockChange(t *testing.T, zone string, e edge) {
	moved := time.Duration(e.after-e.before) * time.Second // positive in spring
	oldWall := e.at.Add(time.Duration(e.before) * time.Second)
	middle := oldWall.Add(moved / 2) // a wall time that does not exist, or comes twice
	first, last := e.at, e.at
	if moved < 0 {
		first, last = e.at.Add(moved/2), e.at.Add(-moved/2)
	}
	clock := middle.Format("15:04")
	until := middle.Add(6 * time.Hour).Format("15:04")
	doc := &Document{
		Timezone: zone,
		Rotations: []Rotation{
			{Name: "daily", Unit: "day", Start: middle.AddDate(0, 0, -100).Format("2006-01-02T15:04"), Turns: []Turn{{"a"}, {"b"}, {"c"}}},
			{Name: "weekly", Unit: "week", Start: middle.AddDate(0, 0, 7*40).Format("2006-01-02T15:04"),
				Turns: []Turn{{"a"}, {"b"}, {"c"}}},
			{Name: "monthly", Unit: "month", Start: middle.AddDate(0, 0, -middle.Day()+1).AddDate(0, -5,
				middle.Day()-1).Format("2006-01-02T15:04"), Turns: []Turn{{"a"}, {"b"}, {"c"}}},
			{Name: "hourly", Unit: "hour", Start: middle.AddDate(0, 0, -1).Format("2006-01-02T15:04"), Turns: []Turn{{"a"}, {"b"}, {"c"}}},
		},
		Layers: []Layer{
			{Scope: Scope{Role: "daily"}, Rotation: "daily"},
			{Scope: Scope{Role: "weekly"}, Rotation: "weekly"},
			{Scope: Scope{Role: "monthly"}, Rotation: "monthly"},
			{Scope: Scope{Role: "hourly"}, Rotation: "hourly"},
			{Scope: Scope{Role: "begins"}, Who: []ParticipantID{"w"}, Windows: []Window{{From: clock, To: until}}},
			{Scope: Scope{Role: "ends"}, Who: []ParticipantID{"w"}, Windows: []Window{{From: until, To: clock}}},
		},
	}
	s, err := Compile(doc, e.at.AddDate(0, 0, -3), e.at.AddDate(0, 0, 3))
	if err != nil {
		t.Fatal(err)
	}
	changesAt := func(role string, at time.Time) {
		t.Helper()
		q := Query{Role: role}
		if before, after := s.Who(at.Add(-time.Second), q), s.Who(at, q); slices.Equal(before, after) {
			t.Errorf("%s: %v before and after %s", role, after, at.In(s.plan.zone.loc))
		}
	}
	for _, role := range []string{"daily", "weekly", "monthly"} {
		changesAt(role, first)
		if until, ok := s.Until(first, Query{Role: role}); !ok || until.Sub(first) < 20*time.Hour {
			t.Errorf("%s: hands off again at %s", role, until)
		}
	}
	changesAt("begins", first)
	changesAt("ends", last)
	if gap := s.Gaps(first.Add(-moved.Abs()), last, Query{Role: "ends"}); len(gap) > 0 {
		t.Errorf("a window that ends in the changed hour leaves %v", gap)
	}
	// Every daily shift but the one across the change keeps its wall time; hourly shifts are an hour of 3,600 seconds each.
	for _, sh := range s.Shifts(first.AddDate(0, 0, -2).Add(12*time.Hour), first.AddDate(0, 0, 2), Query{Role: "daily"})[1:] {
		if got := sh.From.Format("15:04"); got != clock && !sh.From.Equal(e.at) {
			t.Errorf("daily handoff at %s", sh.From)
		}
	}
	for _, sh := range s.Shifts(first.AddDate(0, 0, -1), first.AddDate(0, 0, 1), Query{Role: "hourly"})[1:40] {
		if sh.Until.Sub(sh.From) != time.Hour {
			t.Errorf("an hourly shift from %s to %s", sh.From, sh.Until)
		}
	}
	o := newOracle(doc, e.at.Add(-4*time.Hour), 8*60)
	for i := range 8 * 60 {
		m := o.minute(i)
		for _, l := range doc.Layers {
			if want, _, _ := m.answer(Query{Role: l.Role}); !slices.Equal(s.Who(m.at, Query{Role: l.Role}), want) {
				t.Fatalf("%s at %s: %v, oracle says %v", l.Role, m.at.In(o.loc), s.Who(m.at, Query{Role: l.Role}), want)
			}
		}
	}
}

// TestSamoaSkipsADay: on 29 December 2011 at midnight Samoa went to the other side of the date line, to the 31st.
func TestSamoaSkipsADay(t *testing.T) {
	doc := &Document{
		Timezone: "Pacific/Apia",
		Rotations: []Rotation{{Name: "daily", Unit: "day", Start: "2011-12-28T08:00",
			Turns: []Turn{{"d28"}, {"d29"}, {"d30"}, {"d31"}, {"d1"}}}},
		Layers: []Layer{
			{Rotation: "daily"},
			{Scope: Scope{Role: "friday"}, Who: []ParticipantID{"f"},
				Windows: []Window{{Days: []string{"fri"}, From: "00:00", To: "24:00"}}},
			{Scope: Scope{Role: "hourly"}, Rotation: "daily", From: "2011-12-30", Until: "2011-12-31"},
		},
	}
	s, err := Compile(doc, instant(t, "2011-12-20T00:00:00Z"), instant(t, "2012-01-10T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   string
		want ParticipantID
	}{
		{"2011-12-29T23:59:59-10:00", "d29"},
		{"2011-12-31T00:00:00+14:00", "d30"}, // the handoff of the lost day is at the end of the gap,
		{"2011-12-31T07:59:59+14:00", "d30"}, // and what is left of that shift is the part of it after the gap
		{"2011-12-31T08:00:00+14:00", "d31"},
		{"2012-01-01T08:00:00+14:00", "d1"},
	} {
		if got := s.Who(instant(t, c.at), Query{}); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %v, want %s", c.at, got, c.want)
		}
	}
	friday := s.Shifts(instant(t, "2011-12-25T00:00:00Z"), instant(t, "2012-01-05T00:00:00Z"), Query{Role: "friday"})
	if len(friday) != 0 {
		t.Errorf("a Friday that was not: %v", friday)
	}
	if got := s.Shifts(instant(t, "2011-12-20T00:00:00Z"), instant(t, "2012-01-05T00:00:00Z"), Query{Role: "hourly"}); len(got) == 0 ||
		got[0].From.Format(time.RFC3339) != "2011-12-31T00:00:00+14:00" {
		t.Errorf("a layer from the lost day on: %v", got)
	}
}

// TestZoneAgreesWithGo compares our tables with package time, which reads the same data by other means.
func TestZoneAgreesWithGo(t *testing.T) {
	for _, name := range append(slices.Clone(fuzzZones), "Asia/Kathmandu", "America/Sao_Paulo", "Europe/Dublin", "Antarctica/Troll") {
		z, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2060; at = at.Add(7 * time.Hour) {
			if _, off := at.In(z.loc).Zone(); z.wall(at.Unix())-at.Unix() != int64(off) {
				t.Fatalf("%s at %s: offset %d, Go says %d", name, at, z.wall(at.Unix())-at.Unix(), off)
			}
		}
	}
	for _, name := range []string{"", "Local", "Chicago", "../etc/passwd"} {
		if _, err := loadZone(name); err == nil {
			t.Errorf("took %q for a zone", name)
		}
	}
}
