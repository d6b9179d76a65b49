package notes_test

import (
	"testing"
	"time"

	"lamplight/notes"
)

// TestNextReminder is of one appointment at lakeside, at several times of somebody looking, over both changes of the clock.
func TestNextReminder(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	at := func(wall string) time.Time {
		tm, err := time.ParseInLocation("2006-01-02 15:04", wall, zone)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	acc := notes.Account{TimeZone: "America/Chicago", Messaging: &notes.Messaging{Reminders: &notes.Reminders{
		Before: []string{"7d", "1d", "2h"}, Visits: map[string][]string{"Infusion": {"3d"}, "Walk-in": {}}}}}
	for name, c := range map[string]struct {
		begins, visit, now string
		below              int
		want               string // "" for never
		lead               int
	}{
		"weeks before": {"2026-06-22 09:30", "", "2026-06-01 12:00", 0, "2026-06-15 09:30", 7 * 1440},
		"the next one": {"2026-06-22 09:30", "", "2026-06-15 09:31", 7 * 1440, "2026-06-21 09:30", 1440},
		"the last one": {"2026-06-22 11:30", "", "2026-06-21 11:30", 1440, "2026-06-22 09:30", 120},
		"no more":      {"2026-06-22 11:30", "", "2026-06-22 09:30", 120, "", 0},
		// 7 days back the clock was put forward between: the same time of day, not 168 hours.
		"spring forward":               {"2026-03-10 09:30", "", "2026-03-01 12:00", 0, "2026-03-03 09:30", 7 * 1440},
		"fall back":                    {"2026-11-02 09:30", "", "2026-10-20 12:00", 0, "2026-10-26 09:30", 7 * 1440},
		"two hours before a gap":       {"2026-03-08 11:30", "", "2026-03-08 09:00", 1440, "2026-03-08 09:30", 120},
		"an evening's booking":         {"2026-06-22 09:30", "", "2026-06-21 18:00", 0, "2026-06-21 18:00", 1440},
		"booked late in the evening":   {"2026-06-22 09:30", "", "2026-06-21 23:00", 0, "2026-06-22 08:00", 120},
		"quiet hours over the last":    {"2026-06-22 08:10", "", "2026-06-21 23:00", 0, "", 0},
		"a visit type of its own":      {"2026-06-22 09:30", "INFUSION", "2026-06-01 12:00", 0, "2026-06-19 09:30", 3 * 1440},
		"a visit type that wants none": {"2026-06-22 09:30", "walk-in", "2026-06-01 12:00", 0, "", 0},
	} {
		if c.below == 0 {
			c.below = notes.FirstReminder
		}
		got, lead := acc.NextReminder(notes.Appointment{Begins: at(c.begins), Visit: c.visit, State: notes.VisitBooked}, c.below, at(c.now))
		shown := ""
		if !got.IsZero() {
			shown = got.In(zone).Format("2006-01-02 15:04")
		}
		if shown != c.want || lead != c.lead {
			t.Errorf("%s: %q by %d, want %q by %d", name, shown, lead, c.want, c.lead)
		}
	}
	if got, _ := acc.NextReminder(notes.Appointment{Begins: at("2026-06-22 09:30"), State: notes.VisitReschedule}, notes.FirstReminder,
		at("2026-06-01 12:00")); !got.IsZero() {
		t.Error("who asks for another time is reminded of this one")
	}
}

func FuzzReadLead(f *testing.F) {
	for _, s := range []string{"7d", "2h", "0d", "999d", "d", "1.5h", "٣d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if l, ok := notes.ReadLead(text); ok && (l.Minutes() <= 0 || l.Days > 90 || l.Hours > 72) {
			t.Errorf("%q is %+v", text, l)
		}
	})
}
