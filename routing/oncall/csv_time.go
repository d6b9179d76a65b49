package oncall

import (
	"strconv"
	"strings"
	"time"
)

// splitDate takes "3/4/2026", "3-4-26" and "3.4.2026" apart.
func splitDate(text string) (a, b, year int, ok bool) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '-' || r == '.' })
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 || len(parts[2]) != 2 && len(parts[2]) != 4 {
		return 0, 0, 0, false
	}
	n := make([]int, 3)
	for i, p := range parts {
		var err error
		if n[i], err = strconv.Atoi(p); err != nil || n[i] < 0 {
			return 0, 0, 0, false
		}
	}
	if len(parts[2]) == 2 {
		n[2] += 2000
	}
	return n[0], n[1], n[2], true
}

// yearFirst reads "2026-12-24" and "2026/12/4".
func yearFirst(text string) (time.Time, bool) {
	for _, form := range []string{"2006-1-2", "2006/1/2", "2006.1.2"} {
		if d, err := time.Parse(form, text); err == nil {
			return d, true
		}
	}
	return time.Time{}, false
}

// cutMoment takes the date off the front of a cell such as "3/13/2026 5:00 PM".
func cutMoment(cell string) (date, clock string) {
	at := strings.IndexFunc(cell, func(r rune) bool { return blank(r) || r == 'T' || r == 't' || r == ',' })
	if at < 0 {
		at = len(cell)
	}
	date = cell[:at]
	_, _, _, ok := splitDate(date)
	if _, isYearFirst := yearFirst(date); !ok && !isYearFirst {
		return "", cell
	}
	clock = strings.TrimLeftFunc(cell[at:], func(r rune) bool { return blank(r) || r == ',' })
	if strings.HasPrefix(cell[at:], "T") || strings.HasPrefix(cell[at:], "t") {
		clock = cell[at+1:]
	}
	return date, clock
}

func readDate(text, order string) (int64, error) {
	d, ok := anyDate(text, order == "dmy")
	if !ok {
		return 0, flaw("import-date", "value", text)
	}
	return d.Unix(), checkYear(d.Year(), text)
}

// anyDate reads a date of any year.
func anyDate(text string, dayFirst bool) (time.Time, bool) {
	if d, ok := yearFirst(text); ok {
		return d, true
	}
	a, b, year, ok := splitDate(text)
	if dayFirst {
		a, b = b, a
	}
	d := time.Date(year, time.Month(a), b, 0, 0, 0, 0, time.UTC)
	return d, ok && int(d.Month()) == a && d.Day() == b
}

// readTime reads a time of day as people write it, in seconds after midnight.
func readTime(text string) (int64, error) {
	bad := flaw("import-time", "value", text)
	s := strings.Map(func(r rune) rune {
		if blank(r) {
			return -1
		}
		return r
	}, folded(text))
	switch s {
	case "noon", "mediodia":
		return 12 * hour, nil
	case "midnight", "medianoche":
		return 0, nil
	}
	half := int64(-1)
	for i, endings := range [][]string{{"a.m.", "am", "a.m"}, {"p.m.", "pm", "p.m"}} {
		for _, ending := range endings {
			if rest, ok := strings.CutSuffix(s, ending); ok && half < 0 {
				s, half = rest, int64(12*i)
			}
		}
	}
	for _, ending := range []string{"hrs.", "hrs", "hs", "h"} {
		if rest, ok := strings.CutSuffix(s, ending); ok && half < 0 {
			s = rest
			break
		}
	}
	hours, rest, dotted := strings.Cut(s, ".") // 17.30; but 0.5 and 0.75 are what Excel makes of noon and of 18:00
	if dotted && (len(rest) != 2 || hours == "0") {
		return 0, bad
	}
	s = strings.Replace(strings.Replace(s, ".", ":", 1), "h", ":", 1)
	if strings.ContainsAny(s, ".+-") {
		return 0, bad
	}
	return readClock(s, half, bad)
}

// readClock reads "17:00:59", "17:00", "1700" and "17"; half is 0 for the morning, 12 for the afternoon and -1 for neither.
func readClock(s string, half int64, bad error) (int64, error) {
	h, m, cut := strings.Cut(s, ":")
	if !cut && len(h) > 2 {
		h, m = h[:len(h)-2], h[len(h)-2:]
	}
	m, seconds, _ := strings.Cut(m, ":") // Excel writes 17:00:00
	seconds, _, _ = strings.Cut(seconds, ".000")
	n := [3]int64{}
	for i, text := range []string{h, m, seconds} {
		if text == "" && i > 0 {
			continue
		}
		var err error
		if n[i], err = strconv.ParseInt(text, 10, 64); err != nil || len(text) > 2 || i > 0 && (len(text) != 2 || n[i] > 59) {
			return 0, bad
		}
	}
	if n[0] > 24 || n[0] == 24 && n[1]+n[2] > 0 || half >= 0 && (n[0] < 1 || n[0] > 12) {
		return 0, bad
	}
	if half >= 0 {
		n[0] = n[0]%12 + half
	}
	return n[0]*hour + n[1]*60 + n[2], nil
}
