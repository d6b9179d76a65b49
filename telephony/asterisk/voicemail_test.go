package asterisk_test

import (
	"testing"
	"time"

	"lamplight/telephony/asterisk"
)

func TestParseVoicemail(t *testing.T) {
	for name, want := range map[string]asterisk.StoredVoicemail{
		"vm/1764000000-_13125550142-1764000000.12": {DID: "+13125550142", At: time.Unix(1764000000, 0).UTC(), Channel: "1764000000.12"},
		"vm/1764000000-5550142-pbx-1-1764000000.3": {DID: "5550142", At: time.Unix(1764000000, 0).UTC(), Channel: "pbx-1-1764000000.3"},
		"vm/1764000000--1764000000.12":             {At: time.Unix(1764000000, 0).UTC(), Channel: "1764000000.12"},
		"vm/1764000000-_1312-1764000000.12-caller": {},
		"call-00000001":                               {},
		"vm/yesterday-_1312-1764000000.12":            {},
		"vm/../1764000000-_1312-1764000000.12":        {},
		"vm/1764000000-_1312/../../x-1764000000.12":   {},
		"vm/99999999999999-_13125550142-1764000000.1": {},
	} {
		got, err := asterisk.ParseVoicemail(name)
		if want.Channel != "" {
			want.Name = name
		}
		if got != want || (err == nil) != (want.Channel != "") {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
}
