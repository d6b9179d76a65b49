package oncall

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Limits of what is imported.
const (
	MaxCalendar = 8 << 20 // bytes of a calendar or a CSV file; a practice's ten years are a tenth of it
	maxNesting  = 4       // a calendar holds a time zone, which holds its observances, or an event, which holds an alarm
)

// readBounded reads all of r, refusing more than MaxCalendar bytes with the line the limit fell on.
func readBounded(r io.Reader, field string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxCalendar+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", field, err)
	}
	if len(text) > MaxCalendar {
		return nil, Problems{{1 + bytes.Count(text, []byte("\n")), field, fmt.Sprintf("is longer than %d bytes", MaxCalendar)}}
	}
	return text, nil
}

// eventLines are the lines on which one event's properties stand.
type eventLines struct {
	begin int
	field map[string]int
}

func (e eventLines) line(field string) int {
	if line := e.field[field]; line != 0 {
		return line
	}
	return e.begin
}

// calendarLines finds the line of each property of each event, which golang-ical does not tell, and refuses what is nested
// deeper than a calendar ever is, which golang-ical would follow by recursion.
func calendarLines(text []byte) ([]eventLines, error) {
	var events []eventLines
	var open []string
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, MaxCalendar+1)
	for line := 1; sc.Scan(); line++ {
		content := sc.Text()
		if content == "" || content[0] == ' ' || content[0] == '\t' {
			continue
		}
		name := strings.ToUpper(content[:max(0, strings.IndexAny(content+":", ":;"))])
		value := strings.ToUpper(strings.TrimSpace(content[min(len(content), len(name)+1):]))
		switch {
		case name == "BEGIN":
			open = append(open, value)
			if len(open) > maxNesting {
				return nil, Problems{{line, "BEGIN", "is nested too deeply for a calendar"}}
			}
			if value == "VEVENT" && len(open) == 2 {
				events = append(events, eventLines{line, map[string]int{}})
			}
		case name == "END":
			if len(open) == 0 || open[len(open)-1] != value {
				return nil, Problems{{line, "END", fmt.Sprintf("closes %.20q, which is not what is open", value)}}
			}
			open = open[:len(open)-1]
		case len(open) == 2 && open[1] == "VEVENT":
			e := events[len(events)-1]
			if e.field[name] == 0 {
				e.field[name] = line
			}
		}
	}
	if len(open) > 0 {
		return nil, Problems{{1 + bytes.Count(text, []byte("\n")), "END", fmt.Sprintf("the calendar stops inside %.20q", open[len(open)-1])}}
	}
	return events, nil
}
