package notes_test

import (
	"testing"

	"lamplight/notes"
)

func TestWhatMayBeDialled(t *testing.T) {
	mexico := notes.DialRule{Abroad: []string{"MX"}}
	for _, c := range []struct {
		number string
		rule   notes.DialRule
		want   notes.DialRefusal
	}{
		{"+13125550142", notes.DialRule{}, notes.MayDial},
		{"+18005550142", notes.DialRule{}, notes.MayDial},
		{"+17875550142", notes.DialRule{}, notes.MayDial},     // Puerto Rico
		{"+12835550142", notes.DialRule{}, notes.MayDial},     // a newer area code
		{"+19005550142", notes.DialRule{}, notes.DialPremium}, // 900
		{"+13129765555", notes.DialRule{}, notes.DialPremium}, // 976
		{"+19005550142", notes.DialRule{Premium: true}, notes.MayDial},
		{"+18095550142", notes.DialRule{}, notes.DialAbroad}, // Dominican Republic: dialled like home, charged like abroad
		{"+18765550142", mexico, notes.DialAbroad},           // Jamaica
		{"+14165550142", notes.DialRule{}, notes.DialAbroad}, // Toronto
		{"+14165550142", notes.DialRule{Abroad: []string{"CA"}}, notes.MayDial},
		{"+525512345678", notes.DialRule{}, notes.DialAbroad},
		{"+525512345678", mexico, notes.MayDial},
		{"+447911123456", mexico, notes.DialAbroad},
		{"+88213300000", mexico, notes.DialAbroad}, // a satellite
		{"", notes.DialRule{}, notes.DialNoPlace},
	} {
		if got := c.rule.Refuses(c.number); got != c.want {
			t.Errorf("%s under %+v: %q, want %q", c.number, c.rule, got, c.want)
		}
	}
}
