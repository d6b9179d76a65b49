package oncall

import (
	"fmt"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// ruleBudget is how many days of recurrences one import walks over, all rules together: at most three seconds of
// work, and twice the recurring events that a busy group's ten years hold.
const ruleBudget = 1_000_000

// maxRule is longer than any RRULE a calendar program writes.
const maxRule = 512

// expandRule gives the wall times of an RRULE after its first, start, and before end, which bounds a rule without an end.
// The library reckons with dates alone, and the time of day is put back here: with instants it falls into the gaps of the
// clock. until turns the rule's UNTIL, a wall time or a UTC instant, into a wall time. spend pays for the days walked over.
func expandRule(text string, start, end int64, until func(t int64, utc bool) int64, spend func(days int64) bool) ([]int64, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if len(text) > maxRule {
		return nil, fmt.Errorf("is longer than %d characters", maxRule)
	}
	date, clock := civil(start)
	var kept []string
	last := end - 1
	for _, part := range strings.Split(strings.Trim(text, ";"), ";") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "UNTIL":
			t, utc, err := parseUntil(value)
			if err != nil {
				return nil, err
			}
			last = min(last, until(t, utc))
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			own := map[string]int64{"BYHOUR": clock / hour, "BYMINUTE": clock / 60 % 60, "BYSECOND": clock % 60}[key]
			if strings.TrimLeft(value, "0") != strings.TrimLeft(fmt.Sprint(own), "0") {
				return nil, fmt.Errorf("%s is not the event's own time of day: write such shifts as separate events", part)
			}
		case "FREQ":
			if value == "HOURLY" || value == "MINUTELY" || value == "SECONDLY" {
				return nil, fmt.Errorf("%s is not taken: shifts repeat by the day, week, month or year", part)
			}
			kept = append(kept, part)
		default:
			kept = append(kept, part)
		}
	}
	opt, err := rrule.StrToROption(strings.Join(kept, ";"))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	if strings.Contains(text, "INTERVAL") && (opt.Interval < 1 || opt.Interval > maxEvery) {
		return nil, fmt.Errorf("INTERVAL is not between 1 and %d", maxEvery)
	}
	if strings.Contains(text, "COUNT") && opt.Count < 1 {
		return nil, fmt.Errorf("COUNT is not a positive number")
	}
	if last < start {
		return nil, nil
	}
	if !spend((last-start)/day + 1) {
		return nil, fmt.Errorf("the recurrences reach over more than %d days in all: ask for a shorter time", ruleBudget)
	}
	opt.Dtstart = date
	rule, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, fmt.Errorf("cannot be used: %w", err)
	}
	var out []int64
	next := rule.Iterator()
	for n := 0; ; n++ {
		t, ok := next()
		w := t.Unix() + clock
		switch {
		case !ok && (opt.Count == 0 || n < opt.Count):
			// The library looks for a match up to the year 9999, a tenth of a second's work: 30 February never comes.
			if !spend(ruleBudget / 10) {
				return nil, fmt.Errorf("too many rules match nothing")
			}
			return out, nil
		case !ok || w > last:
			return out, nil
		case w > start:
			out = append(out, w)
		}
	}
}

// parseUntil takes UNTIL with or without the Z that RFC 5545 wants, because not all programs write it.
func parseUntil(value string) (t int64, utc bool, err error) {
	if d, err := time.Parse("20060102", value); err == nil {
		return d.Unix() + day - 1, false, nil
	}
	d, err := time.Parse("20060102T150405", strings.TrimSuffix(value, "Z"))
	if err != nil {
		return 0, false, fmt.Errorf("UNTIL=%.30s is not a date", value)
	}
	return d.Unix(), strings.HasSuffix(value, "Z"), nil
}
