package oncall

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxCells is more than any sheet of a practice is wide, empty columns and all.
const maxCells = 20000

// csvRow is one row of a table, its cells trimmed.
type csvRow struct {
	line  int // on which it begins
	cells []string
	last  []int // the line on which each cell ends
}

func (r *csvRow) empty() bool { return strings.Join(r.cells, "") == "" }

// splitRows cuts a table into rows and cells (RFC 4180). Practices write 5" and "Bob" Jones, so a quote counts only where it
// opens a cell and is closed at the cell's end; one that is closed nowhere, or lines later in the middle of a cell, is refused:
// it would have swallowed the rows between.
func splitRows(lines []string, comma rune) (rows []csvRow, err error) {
	for i := 0; i < len(lines); {
		row := csvRow{line: i + 1}
		rest := lines[i]
		for more := true; more; {
			var cell string
			if cell, rest, more, i, err = splitCell(lines, rest, i, comma); err != nil {
				return nil, err
			}
			row.cells, row.last = append(row.cells, cell), append(row.last, i+1)
			if len(row.cells) > maxCells {
				return nil, oneProblem(row.line, "file", "import-many-cells", "most", strconv.Itoa(maxCells))
			}
		}
		i++
		rows = append(rows, row)
	}
	return rows, nil
}

// splitCell takes one cell off the front of a line; more says that another follows. A cell in quotes may end on a later line.
func splitCell(lines []string, rest string, i int, comma rune) (cell, after string, more bool, end int, err error) {
	begin := i
	open := strings.TrimLeftFunc(rest, func(r rune) bool { return r != comma && unicode.IsSpace(r) })
	if !strings.HasPrefix(open, `"`) {
		cell, after, more = strings.Cut(rest, string(comma))
		return trimCell(cell), after, more, i, nil
	}
	var text strings.Builder
	for body := open[1:]; ; {
		quote := strings.IndexByte(body, '"')
		switch {
		case quote < 0 && i+1 >= len(lines):
			return "", "", false, i, oneProblem(begin+1, "file", "import-quote-open")
		case quote < 0:
			text.WriteString(body + "\n")
			i++
			body = lines[i]
			continue
		case strings.HasPrefix(body[quote+1:], `"`):
			text.WriteString(body[:quote+1])
			body = body[quote+2:]
			continue
		}
		text.WriteString(body[:quote])
		cell, after, more = strings.Cut(body[quote+1:], string(comma))
		switch {
		case strings.TrimSpace(cell) == "":
			return trimCell(text.String()), after, more, i, nil
		case i > begin:
			return "", "", false, i, oneProblem(begin+1, "file", "import-quote-middle", "line", strconv.Itoa(i+1))
		}
		cell, after, more = strings.Cut(rest, string(comma)) // "Bob" Jones
		return trimCell(cell), after, more, i, nil
	}
}

// trimCell takes off blanks of every kind, and the ="..." by which programs keep Excel from reading a number.
func trimCell(cell string) string {
	cell = strings.TrimFunc(cell, blank)
	if inner, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(inner, `"`) {
		cell = strings.TrimFunc(strings.TrimSuffix(inner, `"`), blank)
	}
	return cell
}

// blank knows the blanks of pasted text: no-break ones, those of no width, and marks of direction.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\u200e' || r == '\u200f' || r == '\ufeff' || r == '\u2060'
}

// separator is what the first line "sep=;" of Excel says, or the one of comma, semicolon, tab and bar that gives the most lines
// the number of cells that most lines have.
func separator(lines []string) (comma rune, rest int) {
	if len(lines) > 0 {
		first := strings.Trim(strings.TrimSpace(lines[0]), `"`)
		if tail, ok := strings.CutPrefix(strings.ToLower(first), "sep="); ok {
			tail = strings.TrimSpace(tail)
			if tail == "" {
				tail = "\t" // trimmed away
			}
			return []rune(tail)[0], 1
		}
	}
	comma, most := ',', 0
	for _, r := range []rune{',', ';', '\t', '|'} {
		cells := map[int]int{}
		for _, line := range lines[:min(len(lines), 200)] {
			if n := outsideQuotes(line, r); n > 0 {
				cells[n]++
			}
		}
		for n, count := range cells {
			if score := count*100 + min(n, 99); score > most {
				comma, most = r, score
			}
		}
	}
	return comma, 0
}

// outsideQuotes counts a separator where it separates.
func outsideQuotes(line string, comma rune) (n int) {
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == comma && !quoted:
			n++
		}
	}
	return n
}

// csvColumns are the names by which practices head the columns, as heading folds them.
var csvColumns = map[string][]string{
	"date": {"date", "day", "start date", "begin date", "from date", "date from", "date start", "shift date", "on call date", "fecha",
		"dia", "fecha inicio",
		"fecha de inicio", "fecha inicial", "fecha desde", "fecha de guardia", "fecha entrada", "fecha de entrada"},
	"end date": {"end date", "to date", "date to", "date end", "until date", "stop date", "thru date", "through date", "finish date",
		"end day", "fecha fin",
		"fecha de fin", "fecha final", "fecha hasta", "fecha termino", "fecha de termino", "fecha salida", "fecha de salida"},
	"from": {"from", "start", "begin", "starts", "begins", "start time", "begin time", "from time", "time from", "time start",
		"shift start", "time in", "desde",
		"de", "inicio", "entrada", "hora inicio", "hora de inicio", "hora inicial", "hora desde", "hora entrada", "hora de entrada",
		"comienzo"},
	"to": {"to", "end", "until", "till", "stop", "ends", "end time", "stop time", "to time", "until time", "time to", "time end",
		"shift end", "time out",
		"thru", "through", "finish", "finish time", "hasta", "a", "fin", "salida", "hora fin", "hora de fin", "hora final", "hora hasta",
		"hora salida",
		"hora de salida", "termino"},
	"name": {"name", "provider", "doctor", "physician", "on call", "oncall", "who", "provider name", "doctor name", "physician name",
		"full name",
		"on call provider", "on call physician", "on call doctor", "provider on call", "physician on call", "doctor on call",
		"covering provider",
		"nombre", "medico", "doctora", "doctor/a", "guardia", "medico de guardia", "doctor de guardia", "nombre completo",
		"nombre del medico", "de guardia"},
}

// csvOrder is the order of columns in a file without a heading.
var csvOrder = []string{"date", "from", "to", "name"}

// heading folds a cell of a heading: lower case, no accents, one kind of blank, no colon after it.
func heading(cell string) string {
	cell = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' {
			return ' '
		}
		return r
	}, folded(cell))
	return strings.Join(strings.Fields(strings.TrimRight(strings.TrimFunc(cell, blank), ":*")), " ")
}

// columnsOf finds the columns that a row heads. Of two for one thing the one with the plainer name is it: "Date" before "Day".
func columnsOf(row *csvRow) map[string]int {
	cells := make([]string, len(row.cells))
	for i, cell := range row.cells {
		cells[i] = heading(cell)
	}
	columns := map[string]int{}
	for name, known := range csvColumns {
		for _, alias := range known {
			if i := slices.Index(cells, alias); i >= 0 {
				columns[name] = i
				break
			}
		}
	}
	return columns
}
