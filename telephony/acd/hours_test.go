package acd

import (
	"testing"
	"time"
)

func TestDayAndNightGroupsTurnAtTheirHours(t *testing.T) {
	c := Config{Groups: []Group{
		{ID: "day", Zone: "America/New_York", Hours: []Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 8 * 60, To: 17 * 60}}},
		{ID: "night", Zone: "America/New_York", Hours: []Hours{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 17 * 60, To: 8 * 60},
			{Days: []time.Weekday{6, 0}, From: 0, To: 24 * 60}, {Days: []time.Weekday{0}, From: 23 * 60, To: 8 * 60}}}}}
	d := newFloor(t, c)
	n := Needs{Practice: "p", Language: "en", Groups: []GroupID{"day", "night"}}
	// t0 is Monday 10:00 in New York; five in the afternoon is seven hours on.
	d.sign(0, in([]GroupID{"day"}, speaker("day", "en")), in([]GroupID{"night"}, speaker("night", "en")))
	d.want(10, "1 to day", CallIn{"1", n})
	d.want(11, "", CallIn{"2", n}, Accepted{d.offer("1")})
	if at, ok := d.s.Next(); !ok || !at.Equal(t0.Add(7*time.Hour)) {
		t.Errorf("next is %v", at)
	}
	d.want(7*3600, "2 to night", Tick{})
	for _, c := range []struct {
		at         string
		day, night bool
	}{
		{"2026-03-02T07:59:59-05:00", false, true}, // Monday's early morning belongs to Sunday's night
		{"2026-03-02T08:00:00-05:00", true, false},
		{"2026-03-06T17:00:00-05:00", false, true},
		{"2026-03-07T07:59:00-05:00", false, true}, // Friday's night, and Saturday
		{"2026-03-08T12:00:00-04:00", false, true},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		zone := d.s.zones[0]
		if day, night := d.s.cfg.Groups[0].openAt(at, zone), d.s.cfg.Groups[1].openAt(at, zone); day != c.day || night != c.night {
			t.Errorf("%s: day %v, night %v", c.at, day, night)
		}
	}
}

// The hour left out does not open a window within it; the hour that comes twice opens it twice.
func TestWindowsAtBothClockChanges(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	g := Group{ID: "g", Hours: []Hours{{From: 90, To: 150}}} // 01:30 to 02:30
	for name, c := range map[string]struct {
		from string
		want []string
	}{
		"spring": {"2026-03-08T00:00:00-06:00", []string{"2026-03-08T01:30:00-06:00", "2026-03-08T03:00:00-05:00",
			"2026-03-09T01:30:00-05:00"}},
		"autumn": {"2026-11-01T00:00:00-05:00", []string{"2026-11-01T01:30:00-05:00", "2026-11-01T01:00:00-06:00",
			"2026-11-01T01:30:00-06:00", "2026-11-01T02:30:00-06:00"}},
		"half a minute": {"2026-06-01T01:29:30-05:00", []string{"2026-06-01T01:30:00-05:00"}},
	} {
		at, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			next, ok := g.changes(at, zone, g.openAt(at, zone))
			if got := next.In(zone).Format(time.RFC3339); !ok || got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
			at = next
		}
	}
	always := Group{ID: "a", Hours: []Hours{{From: 0, To: 0}}}
	if next, ok := always.changes(t0, zone, true); !ok || next.Sub(t0).Round(time.Hour) != 8*24*time.Hour {
		t.Errorf("a group that never closes is looked at again at %v", next)
	}
}
