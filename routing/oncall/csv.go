package oncall

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ImportCSV reads a schedule of one shift a line: date, from, to, name, in that order or as a heading names them, with an end date
// where there is one; separated by comma, semicolon, tab or bar, or as a line "sep=;" says; in UTF-8, UTF-16 or the Windows-1252
// (Latin-1) that Excel saves. Rows above the heading are left out with a warning, and so are columns with other headings. Without an
// end date a to at or before from is on the next day.
// Dates are 2026-12-24, 24/12/2026 or 12/24/2026; which of the last two is told from the whole file or by Import.Dates, and asked
// (AskDates) when the file does not tell. Times are 17:00, 1700, 5:00 PM, 5pm, 17h, 17h30, noon and midnight, with a date
// before them or not. A to such as 23:59 is asked about, unless Import.Ends says what it means.
// What is wrong is a Problems, every line and field of it.
func ImportCSV(r io.Reader, how Import) (*Imported, error) {
	z, err := loadZone(how.Timezone)
	if err != nil {
		return nil, oneProblem(0, "timezone", "time-zone", "value", how.Timezone)
	}
	text, err := readBounded(r, "file")
	if err != nil {
		return nil, err
	}
	if text, err = plainText(text, "file"); err != nil {
		return nil, err
	}
	im := &csvImport{how: how, zone: z, cast: newCast(z, how), out: &Imported{}}
	if err := im.rows(text); err != nil {
		return nil, err
	}
	if err := im.order(); err != nil {
		return nil, err
	}
	for i := range im.read {
		im.shift(&im.read[i])
	}
	if im.cast.full() {
		im.problems.add(im.read[maxShifts].line, "file", "import-too-many-rows", "most", strconv.Itoa(maxShifts))
	}
	return im.cast.finish(im.out, im.problems, "file", "")
}

type csvImport struct {
	how      Import
	zone     *zone
	cast     *cast
	column   map[string]int
	read     []csvShift
	problems ReadProblems
	out      *Imported
}

// csvShift is a row's text by what it means. A date may stand in a column of its own or before the time.
type csvShift struct {
	line                            int
	fromDate, from, toDate, to, who string
}

// rows splits the file into rows, finds the columns and takes every row apart.
func (im *csvImport) rows(text []byte) error {
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
		return err
	}
	rows = slices.DeleteFunc(rows, func(r csvRow) bool { return r.empty() })
	head := im.heading(rows)
	width, usual := widths(rows, head)
	for i := range rows {
		row := &rows[i]
		switch {
		case i < head:
			im.title(row)
		case head >= 0 && i > head && slices.EqualFunc(row.cells, rows[head].cells,
			func(a, b string) bool { return heading(a) == heading(b) }):
			im.out.warn(row.line, "file", "import-heading-again")
		case i != head:
			im.apart(row, width, usual)
		}
	}
	if len(im.read) == 0 && len(im.problems) == 0 {
		return oneProblem(1, "file", "import-no-shift")
	}
	return im.problems.err()
}

// maxTitles is how many rows may stand above the heading.
const maxTitles = 20

// heading finds the row that heads the columns; -1 when none does, and the usual order is meant. The one that names the most
// columns is it, so that a title such as "On call" is not.
func (im *csvImport) heading(rows []csvRow) int {
	head := -1
	for i := range rows[:min(len(rows), maxTitles)] {
		if found := columnsOf(&rows[i]); len(found) > len(im.column) {
			im.column, head = found, i
		}
	}
	if head < 0 || len(im.column) == 1 && head > 0 {
		im.column = map[string]int{}
		for i, name := range csvOrder {
			im.column[name] = i
		}
		return -1
	}
	row := &rows[head]
	for _, name := range csvOrder {
		_, ok := im.column[name]
		if !ok && name == "date" && len(rows) > head+1 { // the times may have dates before them
			if i, has := im.column["from"]; has && i < len(rows[head+1].cells) {
				date, _ := cutMoment(rows[head+1].cells[i])
				ok = date != ""
			}
		}
		if !ok {
			im.problems.add(row.line, name, "import-no-column")
		}
	}
	used := slices.Collect(maps.Values(im.column))
	for i, cell := range row.cells {
		filled := slices.ContainsFunc(rows[head+1:], func(r csvRow) bool { return i < len(r.cells) && r.cells[i] != "" })
		if !slices.Contains(used, i) && filled {
			im.out.warn(row.line, cmp.Or(cell, fmt.Sprintf("#%d", i+1)), "import-column")
		}
	}
	return head
}

// title leaves out a row above the heading, unless it is a shift.
func (im *csvImport) title(row *csvRow) {
	for _, cell := range row.cells {
		if date, clock := cutMoment(cell); date != "" && clock == "" && len(row.cells) > 2 && row.cells[2] != "" {
			im.problems.add(row.line, "file", "import-shift-above")
			return
		}
	}
	im.out.warn(row.line, "file", "import-above", "value", strings.TrimSpace(strings.Join(row.cells, " ")))
}

// widths is how many columns there are, and how many cells the rows usually have: a row may end in as many empty ones as all do.
func widths(rows []csvRow, head int) (width, usual int) {
	width = len(csvOrder)
	if head >= 0 {
		for i, cell := range rows[head].cells {
			if cell != "" {
				width = i + 1
			}
		}
	}
	for _, row := range rows[head+1:] {
		if n := len(row.cells); n >= width && (usual == 0 || n < usual) {
			usual = n
		}
	}
	if head >= 0 {
		usual = max(usual, len(rows[head].cells))
	}
	return width, max(usual, width)
}

// apart takes a row apart.
func (im *csvImport) apart(row *csvRow, width, usual int) {
	filled := width
	for i, cell := range row.cells {
		if cell != "" {
			filled = max(filled, i+1)
		}
	}
	if filled > width || len(row.cells) > usual {
		im.problems.add(row.line, "file", "import-cells", "cells", strconv.Itoa(max(filled, len(row.cells))), "columns", strconv.Itoa(width))
		return
	}
	for i, last := range row.last {
		first := row.line
		if i > 0 {
			first = row.last[i-1]
		}
		if last == first || i >= len(row.cells) {
			continue
		}
		used := slices.Contains(slices.Collect(maps.Values(im.column)), i)
		if used || slices.ContainsFunc(strings.Split(row.cells[i], "\n"), func(l string) bool {
			return strings.ContainsAny(l, ",;\t|") &&
				hasDate(l)
		}) {
			im.problems.add(first, "file", "import-quote-over", "line", strconv.Itoa(last))
			return
		}
	}
	cell := func(name string) string {
		if i, ok := im.column[name]; ok && i < len(row.cells) {
			return row.cells[i]
		}
		return ""
	}
	s := csvShift{line: row.line, fromDate: cell("date"), toDate: cell("end date"), who: cell("name")}
	var date string
	if date, s.from = cutMoment(cell("from")); date != "" {
		s.fromDate = im.oneDate(row.line, "from", s.fromDate, date)
	}
	if date, s.to = cutMoment(cell("to")); date != "" {
		s.toDate = im.oneDate(row.line, "to", s.toDate, date)
	}
	im.read = append(im.read, s)
}

// hasDate says whether a line holds a date somewhere.
func hasDate(line string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(line, func(r rune) bool { return blank(r) || strings.ContainsRune(",;|\"", r) }),
		func(word string) bool {
			date, _ := cutMoment(word)
			return date != ""
		})
}

// oneDate takes the date before a time, which must be the column's when there is one.
func (im *csvImport) oneDate(line int, field, column, before string) string {
	if column != "" && column != before {
		im.problems.add(line, field, "import-other-date", "value", before, "column", column)
	}
	return before
}

// order finds out, from all dates together, whether the day or the month comes first.
func (im *csvImport) order() error {
	type found struct {
		line int
		date string
	}
	var dayFirst, monthFirst, either found
	for _, row := range im.read {
		for _, date := range []string{row.fromDate, row.toDate} {
			date, _ = cutMoment(date)
			a, b, _, ok := splitDate(date)
			switch {
			case !ok || a == b:
			case a > 12:
				dayFirst = found{row.line, date}
			case b > 12:
				monthFirst = found{row.line, date}
			default:
				either = found{row.line, date}
			}
		}
	}
	switch {
	case im.how.Dates == "dmy" || im.how.Dates == "mdy":
	case im.how.Dates != "":
		return oneProblem(0, "dates", "import-dates", "value", im.how.Dates)
	case dayFirst.line > 0 && monthFirst.line > 0:
		return oneProblem(max(dayFirst.line, monthFirst.line), "date", "import-both-orders", "dayLine", strconv.Itoa(dayFirst.line),
			"day", dayFirst.date, "monthLine", strconv.Itoa(monthFirst.line), "month", monthFirst.date)
	case dayFirst.line > 0:
		im.how.Dates = "dmy"
	case monthFirst.line > 0:
		im.how.Dates = "mdy"
	case either.line > 0:
		asked := flawed(either.line, "date", "import-date-order", "value", either.date)
		asked.Ask = AskDates
		return ReadProblems{asked}
	}
	return nil
}

// shift reads one row.
func (im *csvImport) shift(row *csvShift) {
	found := len(im.problems)
	date := im.date(row, "date", row.fromDate)
	end := date
	if row.toDate != "" {
		end = im.date(row, "end date", row.toDate)
	}
	if len(im.problems) == found && im.outside(date, end) {
		im.out.Outside++
		return
	}
	from, to := im.time(row, "from", row.from), im.time(row, "to", row.to)
	if row.who == "" {
		im.problems.add(row.line, "name", "import-nobody")
	}
	if len(im.problems) > found {
		return
	}
	if minute := mod(to, hour); minute >= 59*60 {
		switch im.how.Ends {
		case "through":
			to += hour - minute
		case "exact":
		default:
			asked := flawed(row.line, "to", "import-last-minute", "value", row.to)
			asked.Ask = AskEnds
			im.problems.note(asked)
			return
		}
	}
	if from == day { // midnight at the end of a day begins a shift of the next
		from, date = 0, date+day
		if row.toDate == "" {
			end = date
		}
	}
	if row.toDate == "" && to <= from {
		to += day
	}
	im.add(row, date+from, end+to)
}

func (im *csvImport) date(row *csvShift, field, text string) int64 {
	date, clock := cutMoment(text)
	if clock != "" && date != "" { // a sheet's column of dates is often saved as 3/13/2026 0:00
		if at, err := readTime(clock); err != nil || at != 0 {
			im.problems.add(row.line, field, "import-own-time", "value", text)
			return 0
		}
	}
	d, err := readDate(cmp.Or(date, text), im.how.Dates)
	if err != nil {
		im.problems.place(row.line, field, err)
	}
	return d
}

func (im *csvImport) time(row *csvShift, field, text string) int64 {
	t, err := readTime(text)
	if err != nil {
		im.problems.place(row.line, field, err)
	}
	return t
}

// outside says, by the dates alone, that a row lies outside the time asked for.
func (im *csvImport) outside(date, end int64) bool {
	return !im.how.To.IsZero() && (end+3*day < im.how.From.Unix() || date-2*day > im.how.To.Unix())
}

// add takes a shift between two wall times.
func (im *csvImport) add(row *csvShift, from, to int64) {
	if to <= from {
		im.problems.add(row.line, "to", "import-to-not-after")
		return
	}
	lo, hi := im.zone.first(from), im.zone.last(to)
	switch {
	case !im.how.To.IsZero() && (hi <= im.how.From.Unix() || lo >= im.how.To.Unix()):
		im.out.Outside++
		return
	case hi <= lo:
		im.problems.add(row.line, "to", "import-clock-moved-day")
		return
	}
	if err := im.cast.shift(entry{row.line, "name", row.who, "", im.how.Role}, lo, hi); err != nil {
		im.problems.place(row.line, "name", err)
	}
}
