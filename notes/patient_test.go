package notes

import (
	"testing"
	"time"
)

// TestAnAnswerIsPromisedInOfficeHours: minutes of the office, over nights, a weekend and a change of the clock.
func TestAnAnswerIsPromisedInOfficeHours(t *testing.T) {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	a := Account{TimeZone: zone.String(), Messaging: &Messaging{Answer: 120}}
	for d := time.Monday; d <= time.Friday; d++ {
		a.Hours = append(a.Hours, OfficeHours{d, "08:00", "12:00"}, OfficeHours{d, "13:00", "17:00"})
	}
	at := func(s string) time.Time {
		got, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for written, want := range map[string]string{
		"2026-11-23 09:00": "2026-11-23 11:00",
		"2026-11-23 11:30": "2026-11-23 14:30", // over lunch
		"2026-11-23 16:00": "2026-11-24 09:00",
		"2026-11-27 16:30": "2026-11-30 09:30", // over a weekend
		"2026-11-28 03:00": "2026-11-30 10:00",
		"2026-10-30 16:00": "2026-11-02 09:00", // the clock goes back
		"2026-11-23 12:00": "2026-11-23 15:00",
	} {
		if got := a.AnswerBy(at(written).UTC()); !got.Equal(at(want)) {
			t.Errorf("written %s, promised by %v, want %s", written, got.In(zone), want)
		}
	}
	if a.OfficeOpen(at("2026-11-23 12:30")) || !a.OfficeOpen(at("2026-11-23 13:00")) {
		t.Error("the office is open at lunch, or closed after it")
	}
	a.Hours = nil
	if got := a.AnswerBy(at("2026-11-28 03:00")); !got.Equal(at("2026-11-28 05:00")) || !a.OfficeOpen(got) {
		t.Errorf("an office without hours: %v", got)
	}
}

// TestNobodyIsToldAtNight: by the patient's own clock.
func TestNobodyIsToldAtNight(t *testing.T) {
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		got, err := time.ParseInLocation("2006-01-02 15:04", s, denver)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for m, cases := range map[*Messaging]map[string]string{
		{}: {"2026-11-23 20:59": "2026-11-23 20:59", "2026-11-23 21:00": "2026-11-24 08:00", "2026-11-24 07:59": "2026-11-24 08:00",
			"2026-11-24 08:00": "2026-11-24 08:00", "2026-10-31 23:00": "2026-11-01 08:00"},
		{QuietFrom: "12:00", QuietTo: "14:00"}: {"2026-11-23 11:00": "2026-11-23 11:00", "2026-11-23 12:00": "2026-11-23 14:00",
			"2026-11-23 23:00": "2026-11-23 23:00"},
	} {
		for asked, want := range cases {
			if got := m.Notify(at(asked).UTC(), denver); !got.Equal(at(want)) {
				t.Errorf("%+v at %s: %v, want %s", m, asked, got.In(denver), want)
			}
		}
	}
}
