package telephony_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"lamplight/telephony"
)

func TestCleanName(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"an ordinary name", "María Muñoz", "María Muñoz"},
		{"control characters", "Ana\x00\x1b[31m\r\nX-Evil: 1\x7f", "Ana [31m X-Evil: 1"},
		{"bidi overrides", "abc\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c", "abcgnp.exex"},
		{"zero widths and a byte order mark", "\ufeffA\u200bn\u200da\u2060", "Ana"},
		{"invalid UTF-8", "An\xffa\xc3", "Ana"},
		{"HTML stays text", "<script>alert(1)</script>", "<script>alert(1)</script>"},
		{"spaces of every kind", "  Ana \t\u00a0\u2028 Paz ", "Ana Paz"},
		{"nothing but dirt", "\x00\u202e \n", ""},
		{"10 kB", strings.Repeat("ñ", 10<<10), strings.Repeat("ñ", 80)},
		{"a word that ends at the cut", strings.Repeat("a", 79) + " b", strings.Repeat("a", 79)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := telephony.CleanName(c.in); got != c.want {
				t.Errorf("CleanName = %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("María\u202e<b>\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := telephony.CleanName(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > telephony.MaxNameRunes {
			t.Fatalf("%q is invalid or too long", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if telephony.CleanName(got) != got {
			t.Fatalf("not stable: %q", got)
		}
	})
}
