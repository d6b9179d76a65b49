package server

import (
	"reflect"
	"testing"

	"lamplight/telephony/acd"
)

func TestGroupHours(t *testing.T) {
	got, err := (&Config{Zone: "America/Chicago", GroupHours: map[string]string{"night": "22:00-06:30", "day": "06:30-22:00"}}).groups()
	want := []acd.Group{{ID: "day", Zone: "America/Chicago", Hours: []acd.Hours{{From: 390, To: 1320}}},
		{ID: "night", Zone: "America/Chicago", Hours: []acd.Hours{{From: 1320, To: 390}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, odd := range []string{"", "22", "22:00", "22:00-25:00", "at night"} {
		if _, err := (&Config{GroupHours: map[string]string{"night": odd}}).groups(); err == nil {
			t.Errorf("took %q", odd)
		}
	}
}
