package server

import (
	"reflect"
	"testing"
	"time"

	"lamplight/telephony/acd"
)

func TestGroupHours(t *testing.T) {
	const mon, tue, fri, sat, sun = time.Monday, time.Tuesday, time.Friday, time.Saturday, time.Sunday
	for text, want := range map[string][]acd.Hours{
		"22:00-06:30":         {{From: 1320, To: 390}},
		"fri-mon 00:00-24:00": {{Days: []time.Weekday{fri, sat, sun, mon}, To: 1440}},
		"mon-tue,sat 08:00-09:00 + sun 10:00-11:00": {{Days: []time.Weekday{mon, tue, sat}, From: 480, To: 540},
			{Days: []time.Weekday{sun}, From: 600, To: 660}},
	} {
		got, err := (&Config{Zone: "America/Chicago", GroupHours: map[string]string{"night": text, "day": "06:30-22:00"}}).groups()
		all := []acd.Group{{ID: "day", Zone: "America/Chicago", Hours: []acd.Hours{{From: 390, To: 1320}}},
			{ID: "night", Zone: "America/Chicago", Hours: want}}
		if err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%s: %+v, %v", text, got, err)
			continue
		}
		if _, err := acd.New(acd.Config{Groups: got}, 1); err != nil {
			t.Errorf("%s: the queue refuses it: %v", text, err)
		}
	}
	for _, odd := range []string{"", "22", "22:00", "22:00-25:00", "24:00-06:00", "at night", "monday 08:00-09:00", "mon- 08:00-09:00",
		"08:00-09:00+"} {
		if _, err := (&Config{GroupHours: map[string]string{"night": odd}}).groups(); err == nil {
			t.Errorf("took %q", odd)
		}
	}
}
