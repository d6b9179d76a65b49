package seal

import (
	"bytes"
	"testing"
)

func TestFold(t *testing.T) {
	for _, same := range [][]string{
		{"Muñoz", "MUÑOZ", "munoz", "Mun\u0303oz"},
		{"Łukasz", "lukasz", "ŁUKASZ"},
		{"Ødegård", "odegard"},
		{"Straße", "STRASSE"},
		{"Æsir", "aesir"},
		{"Đặng", "dang"},
		{"İpek", "ipek"},
		{"ﬁnn", "finn"},
	} {
		for _, s := range same[1:] {
			if Fold(s) != Fold(same[0]) {
				t.Errorf("%q folds to %q, %q to %q", same[0], Fold(same[0]), s, Fold(s))
			}
		}
	}
}

func TestTermsFindWhatWasTyped(t *testing.T) {
	r, _ := ring(t)
	k := keysOf(t, r, "lakeside")
	note := Unique(append(k.NameTerms("María José O'Brien-Muñoz"), k.DateTerm("1961-04-02"), k.PhoneTerm("+13125550142")))
	for typed, want := range map[string]bool{
		"munoz": true, "MUÑOZ": true, "maria munoz": true, "obrien": true, "O’Brien": true, "mun": true, "muno": true, "mari": true,
		"mu": false, "garcia": false, "maria garcia": false, "jose": true,
	} {
		if got := holds(note, k.QueryTerms(typed)); got != want {
			t.Errorf("%q found: %v, want %v", typed, got, want)
		}
	}
	if !holds(note, []Term{k.DateTerm("1961-04-02")}) || holds(note, []Term{k.Term("name", "1961-04-02")}) {
		t.Error("a date is a date and no name")
	}
	other := keysOf(t, r, "other")
	if holds(note, other.QueryTerms("munoz")) {
		t.Error("another practice's index finds it")
	}
	if len(k.NameTerms("  \u202e <b> ")) > 1 {
		t.Error("marks and signs make words")
	}
}

func holds(note [][]byte, want []Term) bool {
	for _, w := range want {
		found := false
		for _, t := range note {
			found = found || bytes.Equal(t, w)
		}
		if !found {
			return false
		}
	}
	return len(want) > 0
}
