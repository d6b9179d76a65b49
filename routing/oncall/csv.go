package oncall

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// csvColumns are the names by which practices head the columns, folded to lower case without accents.
var csvColumns = map[string][]string{
	"date": {"date", "day", "fecha", "dia", "start date"},
	"from": {"from", "start", "begin", "start time", "desde", "de", "inicio", "entrada"},
	"to":   {"to", "end", "until", "end time", "hasta", "a", "fin", "salida"},
	"name": {"name", "provider", "doctor", "physician", "on call", "oncall", "who", "nombre", "medico", "doctora", "doctor/a", "guardia"},
}

// csvOrder is the order of columns in a file without a heading.
var csvOrder = []string{"date", "from", "to", "name"}

// ErrDateOrder is what ImportCSV answers, wrapped, when nothing in the file tells whether 3/4 is 3 April or 4 March.
var ErrDateOrder = errors.New("the dates can be read as day/month or as month/day: say which")

// ImportCSV reads a schedule of one shift a line: date, from, to, name, in that order or as a heading names them; separated by
// comma, semicolon or tab; in UTF-8, or in the Windows-1252 (Latin-1) that Excel saves. A to at or before from is on the next day.
// Dates are 2026-12-24, 24/12/2026 or 12/24/2026; which of the last two is told from the whole file or by Import.Dates, and asked
// with ErrDateOrder when the file does not tell. Times are 17:00, 1700, 5:00 PM, 5pm, 17h, 17h30, noon and midnight.
// What is wrong is a Problems, every line and field of it.
func ImportCSV(r io.Reader, how Import) (*Document, error) {
	z, err := loadZone(how.Timezone)
	if err != nil {
		return nil, Problems{{Field: "timezone", Text: err.Error()}}
	}
	text, err := readBounded(r, "file")
	if err != nil {
		return nil, err
	}
	im := &csvImport{how: how, zone: z, cast: newCast(z, how)}
	if err := im.rows(decodeText(text)); err != nil {
		return nil, err
	}
	if err := im.order(); err != nil {
		return nil, err
	}
	for _, row := range im.read {
		im.shift(row)
	}
	if im.cast.count == 0 && len(im.problems) == 0 {
		im.problems.add(1, "file", "holds no shift in the time asked for")
	}
	if im.cast.full() {
		im.problems.add(im.read[maxShifts].line, "file", "holds more than %d shifts", maxShifts)
	}
	if err := im.problems.err(); err != nil {
		return nil, err
	}
	return im.cast.document("", how.Timezone), nil
}

type csvImport struct {
	how      Import
	zone     *zone
	cast     *cast
	column   map[string]int
	read     []csvRow
	problems Problems
}

type csvRow struct {
	line                 int
	date, from, to, name string
}

// rows splits the file into rows and finds the columns.
func (im *csvImport) rows(text string) error {
	rd := csv.NewReader(strings.NewReader(text))
	rd.Comma = separator(text)
	rd.FieldsPerRecord = -1
	rd.LazyQuotes = true // practices write 5" and "Bob" Jones
	rd.TrimLeadingSpace = true
	for {
		record, err := rd.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Problems{{1, "file", err.Error()}} // with LazyQuotes and a text in memory there is none to expect
		}
		line, _ := rd.FieldPos(0)
		for i := range record {
			record[i] = strings.TrimSpace(record[i])
		}
		switch {
		case strings.Join(record, "") == "":
		case im.column == nil && im.heading(line, record):
		default:
			im.read = append(im.read, csvRow{line, im.field(record, "date"), im.field(record, "from"), im.field(record, "to"), im.field(record, "name")})
		}
	}
	if len(im.read) == 0 && len(im.problems) == 0 {
		return Problems{{1, "file", "holds no shift"}}
	}
	return im.problems.err()
}

// heading takes the first row for a heading when it names a column, and else for the first shift in the usual order.
func (im *csvImport) heading(line int, record []string) bool {
	im.column = map[string]int{}
	for i, text := range record {
		for _, name := range csvOrder {
			if _, taken := im.column[name]; !taken && slices.Contains(csvColumns[name], plain(text)) {
				im.column[name] = i
				break
			}
		}
	}
	if len(im.column) == 0 {
		for i, name := range csvOrder {
			im.column[name] = i
		}
		return false
	}
	for _, name := range csvOrder {
		if _, ok := im.column[name]; !ok {
			im.problems.add(line, name, "no column has this heading")
		}
	}
	return true
}

func (im *csvImport) field(record []string, name string) string {
	i, ok := im.column[name]
	if !ok || i >= len(record) {
		return ""
	}
	return record[i]
}

// separator is the one of comma, semicolon and tab that the first line has most of.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, r := range ";\t" {
		if strings.Count(first, string(r)) > strings.Count(first, string(best)) {
			best = r
		}
	}
	return best
}

// plain folds a heading: lower case, no accents.
func plain(text string) string {
	return strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u").Replace(strings.ToLower(strings.TrimSpace(text)))
}

// windows1252 is what the bytes 0x80 to 0x9F mean to Excel; the rest of Windows-1252 is Latin-1.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

// decodeText takes UTF-8, with or without its mark, and for anything else Windows-1252.
func decodeText(text []byte) string {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if utf8.Valid(text) {
		return string(text)
	}
	var out strings.Builder
	for _, b := range text {
		if b >= 0x80 && b <= 0x9f {
			out.WriteRune(windows1252[b-0x80])
		} else {
			out.WriteRune(rune(b))
		}
	}
	return out.String()
}

// order finds out, from all dates together, whether the day or the month comes first.
func (im *csvImport) order() error {
	var dayFirst, monthFirst, either *csvRow
	for i := range im.read {
		row := &im.read[i]
		a, b, _, ok := splitDate(row.date)
		switch {
		case !ok || a == b:
		case a > 12:
			dayFirst = row
		case b > 12:
			monthFirst = row
		default:
			either = row
		}
	}
	switch {
	case im.how.Dates == "dmy" || im.how.Dates == "mdy":
	case im.how.Dates != "":
		return Problems{{0, "dates", fmt.Sprintf("%q is not dmy or mdy", im.how.Dates)}}
	case dayFirst != nil && monthFirst != nil:
		return Problems{{max(dayFirst.line, monthFirst.line), "date", fmt.Sprintf("line %d has the day first (%s), line %d the month (%s): one of them is wrong",
			dayFirst.line, dayFirst.date, monthFirst.line, monthFirst.date)}}
	case dayFirst != nil:
		im.how.Dates = "dmy"
	case monthFirst != nil:
		im.how.Dates = "mdy"
	case either != nil:
		return fmt.Errorf("line %d: date: %q: %w", either.line, either.date, ErrDateOrder)
	}
	return nil
}

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

// shift reads one row.
func (im *csvImport) shift(row csvRow) {
	found := len(im.problems)
	date, err := im.date(row.date)
	if err != nil {
		im.problems.add(row.line, "date", "%s", err)
	}
	from, err := readTime(row.from)
	if err != nil {
		im.problems.add(row.line, "from", "%s", err)
	}
	to, err := readTime(row.to)
	if err != nil {
		im.problems.add(row.line, "to", "%s", err)
	}
	if row.name == "" {
		im.problems.add(row.line, "name", "names nobody")
	}
	if len(im.problems) > found {
		return
	}
	if from == day { // midnight at the end of a day begins a shift of the next
		from, date = 0, date+day
	}
	if to <= from {
		to += day
	}
	lo, hi := im.zone.first(date+from), im.zone.last(date+to)
	if hi <= lo {
		im.problems.add(row.line, "to", "the clock was moved over the whole shift on this day")
		return
	}
	if !im.how.To.IsZero() && (hi <= im.how.From.Unix() || lo >= im.how.To.Unix()) {
		return
	}
	if err := im.cast.shift(row.name, "", im.how.Role, lo, hi); err != nil {
		im.problems.add(row.line, "name", "%s", err)
	}
}

func (im *csvImport) date(text string) (int64, error) {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		a, b, year, ok := splitDate(text)
		if im.how.Dates == "dmy" {
			a, b = b, a
		}
		d = time.Date(year, time.Month(a), b, 0, 0, 0, 0, time.UTC)
		if !ok || int(d.Month()) != a || d.Day() != b {
			return 0, fmt.Errorf("%.30q is not a date such as 2026-12-24", text)
		}
	}
	return d.Unix(), checkYear(d.Year(), text)
}

// readTime reads a time of day as people write it, in seconds after midnight.
func readTime(text string) (int64, error) {
	bad := fmt.Errorf("%.30q is not a time such as 17:00 or 5:00 PM", text)
	s := strings.NewReplacer(" ", "", ".", "", "\u00a0", "").Replace(plain(text))
	switch s {
	case "noon", "mediodia":
		return 12 * hour, nil
	case "midnight", "medianoche":
		return 0, nil
	}
	half := int64(-1)
	if rest, ok := strings.CutSuffix(s, "am"); ok {
		s, half = rest, 0
	} else if rest, ok := strings.CutSuffix(s, "pm"); ok {
		s, half = rest, 12
	}
	h, m, cut := strings.Cut(strings.TrimSuffix(strings.Replace(s, "h", ":", 1), ":"), ":")
	if !cut && len(h) > 2 {
		h, m = h[:len(h)-2], h[len(h)-2:]
	}
	m, seconds, _ := strings.Cut(m, ":") // Excel writes 17:00:00
	hh, errH := strconv.ParseInt(h, 10, 64)
	mm := int64(0)
	var errM error
	if m != "" {
		mm, errM = strconv.ParseInt(m, 10, 64)
	}
	if errH != nil || errM != nil || len(h) > 2 || m != "" && len(m) != 2 || hh < 0 || hh > 24 || mm < 0 || mm > 59 || hh == 24 && mm > 0 ||
		strings.Trim(seconds, "0") != "" || half >= 0 && (hh < 1 || hh > 12) {
		return 0, bad
	}
	if half >= 0 {
		hh = hh%12 + half
	}
	return hh*hour + mm*60, nil
}
