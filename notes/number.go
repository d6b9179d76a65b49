package notes

import (
	"regexp"
	"strings"
	"unicode"
)

// A TypedNumber is a telephone number as somebody typed it: what is dialled, and what is keyed after the answer. It is
// patient data; print neither.
type TypedNumber struct {
	E164 string // "+13125550142"
	Ext  string // "9", or nothing
}

// Kept is the number as a note keeps it: E.164, with the extension behind it as RFC 3966 writes one.
func (n TypedNumber) Kept() string {
	if n.Ext == "" {
		return n.E164
	}
	return n.E164 + ";ext=" + n.Ext
}

// longestNumber is the longest that is looked at, in characters: what is longer was not meant to be a number.
const longestNumber = 60

// The forms a number is typed in. The desk's page has the same rule (frontend/shared/number.ts); both pass testdata/numbers.json.
var (
	extension = regexp.MustCompile(`(?i)\s*(?:;\s*ext\s*=|,|#|x|\bext(?:ensi[oó]n)?\b\.?)\s*(\d{1,7})$`)
	dialable  = regexp.MustCompile(`^\+?\d+$`)
	mexican   = regexp.MustCompile(`^521?([2-9]\d{9})$`)
	abroad    = regexp.MustCompile(`^[2-9]\d{7,14}$`)
)

// ParseNumber reads a number as people type or paste it, in E.164 form or as one of the North American plan. It asks that
// the number could exist, not that it does: new area codes come faster than tables of them. Seven digits are refused: nobody
// knows which area they are of.
func ParseNumber(s string) (n TypedNumber, ok bool) {
	if e164, ok := plainUS(s); ok {
		return TypedNumber{E164: e164}, true
	}
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // direction marks and joiners that came with a paste
			return -1
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); len([]rune(s)) > longestNumber {
		return n, false
	}
	if len(s) >= 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
	}
	if m := extension.FindStringSubmatch(s); m != nil {
		n.Ext, s = m[1], s[:len(s)-len(m[0])]
	}
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ().-/−", r) || r >= '‐' && r <= '―' {
			return -1
		}
		return r
	}, s)
	if !dialable.MatchString(s) {
		return TypedNumber{}, false
	}
	if rest, ok := strings.CutPrefix(s, "011"); ok {
		s = "+" + rest
	}
	if n.E164, ok = dialled(s); !ok {
		return TypedNumber{}, false
	}
	return n, true
}

// dialled is the E.164 form of digits with or without a plus.
func dialled(s string) (e164 string, ok bool) {
	digits, plus := strings.CutPrefix(s, "+")
	if plus && !strings.HasPrefix(digits, "1") {
		return foreign(digits)
	}
	ten := digits
	if len(digits) == 11 && digits[0] == '1' {
		ten = digits[1:]
	} else if plus {
		return "", false
	}
	if !northAmerican(ten) {
		return "", false
	}
	return "+1" + ten, true
}

// foreign is another country's number: eight to fifteen digits in all. Mexico's old mobile 1 is dropped.
func foreign(digits string) (e164 string, ok bool) {
	if strings.HasPrefix(digits, "52") {
		m := mexican.FindStringSubmatch(digits)
		if m == nil {
			return "", false
		}
		return "+52" + m[1], true
	}
	return "+" + digits, abroad.MatchString(digits)
}

// northAmerican says whether ten digits can be a number of the plan: an area code is none of the services (N11), of those
// kept back for longer numbers (N9X, 37X, 96X), nor 555; an exchange begins with 2 to 9.
func northAmerican(ten string) bool {
	if len(ten) != 10 || ten[0] < '2' || ten[3] < '2' {
		return false
	}
	area := ten[:3]
	return area[1:] != "11" && area[1] != '9' && area[:2] != "37" && area[:2] != "96" && area != "555"
}

// plainUS reads what nearly every agent types, ten digits of the North American plan, in one pass: a note being stored reads
// three numbers.
func plainUS(s string) (e164 string, ok bool) {
	digits := make([]byte, 0, 11)
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			if len(digits) == 11 {
				return "", false
			}
			digits = append(digits, c)
		case c == '+' && i == 0, c == ' ', c == '-', c == '(', c == ')', c == '.':
		default:
			return "", false
		}
	}
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	} else if strings.HasPrefix(s, "+") {
		return "", false // another country's
	}
	if !northAmerican(string(digits)) {
		return "", false
	}
	return "+1" + string(digits), true
}
