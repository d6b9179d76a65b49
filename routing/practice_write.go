package routing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"lamplight/notes"
	"lamplight/telephony"
)

// WritePractice writes a practice as ReadPractice reads it.
func WritePractice(a notes.Account) ([]byte, error) {
	doc := PracticeDocument{Account: a, Schedule: orNull(a.Schedule), Ladders: orNull(a.Ladders)}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the practice %s: %w", a.ID, err)
	}
	return b.Bytes(), nil
}

func orNull(text []byte) json.RawMessage {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	return text
}

// CheckChange says what is wrong with a practice becoming another, beside what CheckPractice says: it stays itself, a number has one
// practice (taken are those that others have), and only who keeps every practice (whole) changes its numbers and its chart.
func CheckChange(was, is notes.Account, taken []telephony.Number, whole bool) Problems {
	c := &check{}
	if is.ID != was.ID {
		c.refuse("account.id", "other-account", "value", string(was.ID))
	}
	if !whole && !sameJSON(is.Lines, was.Lines) {
		c.refuse("account.lines", "service-only")
	}
	if !whole && !sameJSON(is.Chart, was.Chart) {
		c.refuse("account.chart", "service-only")
	}
	for i, l := range is.Lines {
		if slices.Contains(taken, l.DID) {
			c.refuse(fmt.Sprintf("account.lines[%d].did", i), "line-taken")
		}
	}
	return c.found
}

// sameJSON reports that two values are written alike.
func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// ofCalendar are the parts of a schedule that are changed day by day, in the calendar, and never with the practice's document.
var ofCalendar = []string{"leave", "overrides", "swaps", "temporary"}

// CarryCalendar gives a schedule the calendar's parts of another: the practice's as it stands, while its document was being written.
// What is no JSON object is answered as it is.
func CarryCalendar(schedule, from []byte) []byte {
	var onto, of map[string]json.RawMessage
	if json.Unmarshal(schedule, &onto) != nil || json.Unmarshal(from, &of) != nil || onto == nil || of == nil {
		return schedule
	}
	carry(onto, of, ofCalendar...)
	var days, ofDays map[string]json.RawMessage
	if read(onto["holidays"], &days) && read(of["holidays"], &ofDays) {
		carry(days, ofDays, "own")
		delete(onto, "holidays")
		if len(days) > 0 {
			onto["holidays"] = written(days)
		}
	}
	return written(onto)
}

func read(text json.RawMessage, into *map[string]json.RawMessage) bool {
	*into = map[string]json.RawMessage{}
	return len(text) == 0 || json.Unmarshal(text, into) == nil && *into != nil
}

func written(m map[string]json.RawMessage) json.RawMessage {
	b, err := json.Marshal(m)
	if err != nil { // parts of what was read always encode
		panic(err)
	}
	return b
}

func carry(onto, from map[string]json.RawMessage, names ...string) {
	for _, n := range names {
		delete(onto, n)
		if v, ok := from[n]; ok {
			onto[n] = v
		}
	}
}
