package oncall

import (
	"fmt"
	"testing"
	"time"
)

// tenYears is a schedule of five layers with everything that a busy group has, over ten years.
func tenYears(tb testing.TB) (*Schedule, time.Time) {
	tb.Helper()
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	doc := &Document{
		Timezone:    "America/Chicago",
		Default:     map[string]ParticipantID{"primary": "p0"},
		OfficeHours: []Window{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "17:00"}},
		Holidays:    &Holidays{Calendars: []HolidayCalendar{{Name: "us", Rule: "holiday"}}},
		Rotations: []Rotation{
			{Name: "hours", Unit: "hour", Every: 8, Start: "2025-01-01T00:00", Turns: turns(5)},
			{Name: "days", Unit: "day", Start: "2025-01-01T08:00", Turns: turns(7)},
			{Name: "weekends", Unit: "week", Start: "2025-01-03T17:00", Handoffs: []string{"fri 17:00", "sun 08:00"}, Turns: turns(7)},
		},
		Layers: []Layer{
			{Name: "base", Rotation: "hours"},
			{Name: "nights", Rotation: "days", Hours: "after", Priority: 1},
			{Name: "weekends", Rotation: "weekends", Priority: 2, Windows: []Window{{From: "fri 17:00", To: "mon 08:00"}}},
			{Name: "holidays", Rule: "holiday", Rotation: "days", Ahead: 3},
			{Name: "clinic", Who: []ParticipantID{"clinic"}, Priority: 3,
				Windows: []Window{{Days: []string{"wed"}, From: "12:00", To: "16:00"}}},
		},
	}
	for i := range 500 {
		at := from.AddDate(0, 0, i*7).Format("2006-01-02")
		doc.Overrides = append(doc.Overrides, Override{From: at + "T18:00", To: at + "T23:00", Remove: "p1", Add: "p2"})
		doc.Swaps = append(doc.Swaps, Swap{Owner: "p3", Taker: "p4", From: at + "T00:00", To: at + "T12:00", State: "approved"})
	}
	s, err := Compile(doc, from, from.AddDate(10, 0, 0))
	if err != nil {
		tb.Fatal(err)
	}
	return s, from
}

func turns(n int) (out []Turn) {
	for i := range n {
		out = append(out, Turn{ParticipantID(fmt.Sprint("p", i))})
	}
	return out
}

// BenchmarkWho asks at instants all over the ten years. The promise is at most 2 µs.
func BenchmarkWho(b *testing.B) {
	s, from := tenYears(b)
	b.ReportAllocs()
	at := from
	for b.Loop() {
		at = at.Add(7*time.Hour + 13*time.Minute)
		if at.Year() > 2034 {
			at = from
		}
		if len(s.Who(at, Query{})) == 0 {
			b.Fatal("nobody")
		}
	}
}

// BenchmarkWhoOutside asks beyond the compiled span.
func BenchmarkWhoOutside(b *testing.B) {
	s, from := tenYears(b)
	at := from.AddDate(12, 0, 0)
	for b.Loop() {
		at = at.Add(7*time.Hour + 13*time.Minute)
		s.Who(at, Query{})
	}
}

func BenchmarkUntil(b *testing.B) {
	s, from := tenYears(b)
	at := from
	for b.Loop() {
		at = at.Add(7 * time.Hour)
		if at.Year() > 2033 {
			at = from
		}
		s.Until(at, Query{})
	}
}

func BenchmarkCompileTenYears(b *testing.B) {
	for b.Loop() {
		tenYears(b)
	}
}

func BenchmarkShiftsOneYear(b *testing.B) {
	s, from := tenYears(b)
	for b.Loop() {
		s.Shifts(from, from.AddDate(1, 0, 0), Query{})
	}
}
