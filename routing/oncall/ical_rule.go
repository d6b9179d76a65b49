package oncall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxRule is longer than any RRULE a calendar program writes.
const maxRule = 512

// rule is an RRULE or EXRULE (RFC 5545, section 3.3.10). It reckons with dates alone: the time of day is the event's own, so
// that no rule can fall into a gap of the clock.
type rule struct {
	freq       string
	interval   int64
	count      int64 // 0: without COUNT
	until      int64 // the last wall time; dusk without UNTIL
	weekStart  time.Weekday
	months     []int
	monthDays  []int
	yearDays   []int
	weeks      []int
	positions  []int
	weekdays   []ruleDay
	clockParts []string // BYHOUR and its like, as written
}

// ruleDay is a weekday, and which of its kind in the month or year: 0 is every one, -1 the last.
type ruleDay struct {
	nth int
	day time.Weekday
}

// ruleLists are the parts that list numbers: where they go, how far the numbers reach, and whether they count from the end.
var ruleLists = map[string]struct {
	limit    int
	negative bool
	list     func(*rule) *[]int
}{
	"BYMONTH":    {12, false, func(r *rule) *[]int { return &r.months }},
	"BYMONTHDAY": {31, true, func(r *rule) *[]int { return &r.monthDays }},
	"BYYEARDAY":  {366, true, func(r *rule) *[]int { return &r.yearDays }},
	"BYWEEKNO":   {53, true, func(r *rule) *[]int { return &r.weeks }},
	"BYSETPOS":   {366, true, func(r *rule) *[]int { return &r.positions }},
}

var ruleWeekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// parseRule reads a rule. until turns UNTIL into the last wall time that counts.
func parseRule(text string, until func(text string) (int64, error)) (*rule, error) {
	text = strings.ToUpper(strings.Join(strings.Fields(text), ""))
	if len(text) > maxRule {
		return nil, fmt.Errorf("is longer than %d characters", maxRule)
	}
	r := &rule{interval: 1, until: dusk, weekStart: time.Monday}
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.TrimSuffix(text, ";"), ";") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("cannot be read: %.30q says nothing", part)
		}
		if seen[key] {
			return nil, fmt.Errorf("cannot be read: %s stands in it twice", key)
		}
		seen[key] = true
		if err := r.part(key, value, until); err != nil {
			return nil, err
		}
	}
	return r, r.sound(seen)
}

func (r *rule) part(key, value string, until func(string) (int64, error)) (err error) {
	if list, ok := ruleLists[key]; ok {
		*list.list(r), err = ruleNumbers(key, value, list.limit, list.negative)
		return err
	}
	switch key {
	case "FREQ":
		r.freq = value
	case "INTERVAL":
		if r.interval, err = strconv.ParseInt(value, 10, 64); err != nil || r.interval < 1 || r.interval > maxEvery {
			return fmt.Errorf("INTERVAL is not between 1 and %d", maxEvery)
		}
	case "COUNT":
		if r.count, err = strconv.ParseInt(value, 10, 64); err != nil || r.count < 1 {
			return fmt.Errorf("COUNT is not a positive number")
		}
	case "UNTIL":
		if r.until, err = until(value); err != nil {
			return fmt.Errorf("UNTIL=%.30s is not a date: %w", value, err)
		}
	case "WKST":
		i := slices.Index(ruleWeekdays, value)
		if i < 0 {
			return fmt.Errorf("WKST=%.20s is not a weekday", value)
		}
		r.weekStart = time.Weekday(i)
	case "BYDAY":
		r.weekdays, err = ruleDays(value)
		return err
	case "BYHOUR", "BYMINUTE", "BYSECOND":
		r.clockParts = append(r.clockParts, key+"="+value)
	case "RSCALE":
		if value != "GREGORIAN" {
			return fmt.Errorf("RSCALE=%.20s is not taken: only the Gregorian calendar is", value)
		}
	case "SKIP":
		if value != "OMIT" {
			return fmt.Errorf("SKIP=%.20s is not taken: days that a month lacks are left out", value)
		}
	default:
		return fmt.Errorf("cannot be read: %.30s is not known", key)
	}
	return nil
}

func ruleNumbers(key, value string, limit int, negative bool) (out []int, err error) {
	for _, text := range strings.Split(value, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 || n > limit || n < 0 && !negative || n < -limit {
			return nil, fmt.Errorf("cannot be used: %s=%.20s is out of range", key, text)
		}
		out = append(out, n)
	}
	return out, nil
}

func ruleDays(value string) (out []ruleDay, err error) {
	for _, text := range strings.Split(value, ",") {
		name := text[max(0, len(text)-2):]
		d := ruleDay{day: time.Weekday(slices.Index(ruleWeekdays, name))}
		if nth := strings.TrimSuffix(text, name); nth != "" {
			if d.nth, err = strconv.Atoi(nth); err != nil || d.nth == 0 || d.nth < -53 || d.nth > 53 {
				return nil, fmt.Errorf("cannot be used: BYDAY=%.20s is out of range", text)
			}
		}
		if d.day < 0 {
			return nil, fmt.Errorf("cannot be used: BYDAY=%.20s is not a weekday", text)
		}
		out = append(out, d)
	}
	return out, nil
}

// sound refuses what RFC 5545 forbids: readers do different things with it.
func (r *rule) sound(seen map[string]bool) error {
	nth := slices.ContainsFunc(r.weekdays, func(d ruleDay) bool { return d.nth != 0 })
	by := slices.ContainsFunc([]string{"BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND"},
		func(key string) bool { return seen[key] })
	switch {
	case r.freq == "":
		return fmt.Errorf("cannot be read: FREQ is missing")
	case r.freq == "HOURLY" || r.freq == "MINUTELY" || r.freq == "SECONDLY":
		return fmt.Errorf("FREQ=%s is not taken: shifts repeat by the day, week, month or year", r.freq)
	case !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, r.freq):
		return fmt.Errorf("cannot be read: FREQ=%.20s is not known", r.freq)
	case r.count > 0 && seen["UNTIL"]:
		return fmt.Errorf("cannot be used: it has both COUNT and UNTIL")
	case nth && r.freq != "MONTHLY" && (r.freq != "YEARLY" || seen["BYWEEKNO"]):
		return fmt.Errorf("cannot be used: a numbered BYDAY goes with FREQ=MONTHLY or YEARLY")
	case seen["BYMONTHDAY"] && r.freq == "WEEKLY":
		return fmt.Errorf("cannot be used: BYMONTHDAY does not go with FREQ=WEEKLY")
	case seen["BYYEARDAY"] && r.freq != "YEARLY":
		return fmt.Errorf("cannot be used: BYYEARDAY goes with FREQ=YEARLY")
	case seen["BYWEEKNO"] && r.freq != "YEARLY":
		return fmt.Errorf("cannot be used: BYWEEKNO goes with FREQ=YEARLY")
	case seen["BYSETPOS"] && !by:
		return fmt.Errorf("cannot be used: BYSETPOS needs another BY part to choose from")
	}
	return nil
}

// clock refuses a rule for another time of day than the event's own.
func (r *rule) clock(start int64) error {
	_, clock := civil(start)
	own := map[string]int64{"BYHOUR": clock / hour, "BYMINUTE": clock / 60 % 60, "BYSECOND": clock % 60}
	for _, part := range r.clockParts {
		key, value, _ := strings.Cut(part, "=")
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n != own[key] {
			return fmt.Errorf("%.40s is not the event's own time of day: write such shifts as separate events", part)
		}
	}
	return nil
}
