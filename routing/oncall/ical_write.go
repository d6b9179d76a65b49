package oncall

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// feed writes content lines, folded at 75 bytes and never within a letter (RFC 5545, section 3.1).
type feed struct{ strings.Builder }

func (f *feed) line(name, value string) {
	text := name + ":" + value
	width := 75
	for len(text) > width {
		cut := width
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		f.WriteString(text[:cut] + "\r\n ")
		text, width = text[cut:], 74 // the blank counts
	}
	f.WriteString(text + "\r\n")
}

var escapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`)

// text writes a value of free text.
func (f *feed) text(name, value string) {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(value, "\uFFFD"), "\r\n", "\n"))
	f.line(name, escapes.Replace(value))
}
