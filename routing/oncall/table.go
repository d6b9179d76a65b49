package oncall

import (
	"io"
	"slices"
	"time"
)

// A TableRow is a row of a table that a practice has saved, its cells trimmed. Line is the line of the file on which it begins.
type TableRow struct {
	Line  int
	Cells []string
}

// ReadTable cuts a table of any content into rows, with ImportCSV's separators and encodings; empty rows are left out. The error is a
// ReadProblems.
func ReadTable(r io.Reader) ([]TableRow, error) {
	text, err := readBounded(r, "file")
	if err != nil {
		return nil, err
	}
	if text, err = plainText(text, "file"); err != nil {
		return nil, err
	}
	var lines []string
	for _, line := range textLines(text) {
		lines = append(lines, decodeLine(line))
	}
	comma, skip := separator(lines)
	for i := range skip {
		lines[i] = ""
	}
	rows, err := splitRows(lines, comma)
	if err != nil {
		return nil, err
	}
	var out []TableRow
	for _, row := range slices.DeleteFunc(rows, func(r csvRow) bool { return r.empty() }) {
		out = append(out, TableRow{row.line, row.cells})
	}
	return out, nil
}

// Heading folds a cell of a heading: lower case, no accents, one kind of blank, no colon after it.
func Heading(cell string) string { return heading(cell) }

// CutMoment takes the date off the front of a cell such as "3/13/2026 5:00 PM"; it is "" where none stands there.
func CutMoment(cell string) (date, clock string) { return cutMoment(cell) }

// ReadDay reads a date as ImportCSV does, of any year; dayFirst is the order of 3/4/2026.
func ReadDay(text string, dayFirst bool) (day time.Time, ok bool) { return anyDate(text, dayFirst) }

// ReadClock reads a time of day as ImportCSV does, as the time since midnight.
func ReadClock(text string) (clock time.Duration, ok bool) {
	s, err := readTime(text)
	return time.Duration(s) * time.Second, err == nil && s < day
}

// DayFirst says which of the two comes first in dates such as 13/4/2026, by those where it is plain; both is true where some say the
// one and some the other.
func DayFirst(dates []string) (dayFirst, both bool) {
	var day, month bool
	for _, date := range dates {
		if a, b, _, ok := splitDate(date); ok {
			day, month = day || a > 12, month || b > 12
		}
	}
	return day && !month, day && month
}
