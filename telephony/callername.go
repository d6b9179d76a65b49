package telephony

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNameRunes is how much of a caller's name is kept.
const MaxNameRunes = 80

// CleanName makes a caller's name safe to show: a carrier passes on whatever somebody typed. Invalid UTF-8, control
// characters, line breaks and all invisible formatting (the bidi overrides that turn a screen's text around among
// them) go, runs of space become one, and it is cut to MaxNameRunes. HTML is left as the text it is: a screen must
// escape it like any text. Every Switch cleans the names it hands out with this.
func CleanName(s string) string {
	if len(s) > 8*MaxNameRunes*utf8.UTFMax { // no honest name is longer; do not walk a flood
		s = s[:8*MaxNameRunes*utf8.UTFMax]
	}
	var b strings.Builder
	kept, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || r == 0 {
			space = true
			continue
		}
		if r == utf8.RuneError || !unicode.IsGraphic(r) { // Cc, Cf (bidi controls, zero widths), Co, Cs, unassigned
			continue
		}
		if space && kept > 0 && kept < MaxNameRunes {
			b.WriteByte(' ')
			kept++
		}
		space = false
		if kept >= MaxNameRunes {
			break
		}
		b.WriteRune(r)
		kept++
	}
	return strings.TrimSpace(b.String())
}
