package oncall

import (
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
		return nil, flaw("import-rule-long", "most", strconv.Itoa(maxRule))
	}
	r := &rule{interval: 1, until: dusk, weekStart: time.Monday}
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.TrimSuffix(text, ";"), ";") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, flaw("import-rule-empty", "value", part)
		}
		if seen[key] {
			return nil, flaw("import-rule-twice", "key", key)
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
			return flaw("import-rule-interval", "most", strconv.Itoa(maxEvery))
		}
	case "COUNT":
		if r.count, err = strconv.ParseInt(value, 10, 64); err != nil || r.count < 1 {
			return flaw("import-rule-count")
		}
	case "UNTIL":
		if r.until, err = until(value); err != nil {
			return flaw("import-rule-until", "value", value)
		}
	case "WKST":
		i := slices.Index(ruleWeekdays, value)
		if i < 0 {
			return flaw("import-rule-weekday", "key", "WKST", "value", value)
		}
		r.weekStart = time.Weekday(i)
	case "BYDAY":
		r.weekdays, err = ruleDays(value)
		return err
	case "BYHOUR", "BYMINUTE", "BYSECOND":
		r.clockParts = append(r.clockParts, key+"="+value)
	case "RSCALE":
		if value != "GREGORIAN" {
			return flaw("import-rule-scale", "value", value)
		}
	case "SKIP":
		if value != "OMIT" {
			return flaw("import-rule-skip", "value", value)
		}
	default:
		return flaw("import-rule-unknown", "value", key)
	}
	return nil
}

func ruleNumbers(key, value string, limit int, negative bool) (out []int, err error) {
	for _, text := range strings.Split(value, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 || n > limit || n < 0 && !negative || n < -limit {
			return nil, flaw("import-rule-range", "key", key, "value", text)
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
				return nil, flaw("import-rule-range", "key", "BYDAY", "value", text)
			}
		}
		if d.day < 0 {
			return nil, flaw("import-rule-weekday", "key", "BYDAY", "value", text)
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
		return flaw("import-rule-no-freq")
	case r.freq == "HOURLY" || r.freq == "MINUTELY" || r.freq == "SECONDLY":
		return flaw("import-rule-often", "value", r.freq)
	case !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, r.freq):
		return flaw("import-rule-freq", "value", r.freq)
	case r.count > 0 && seen["UNTIL"]:
		return flaw("import-rule-both")
	case nth && r.freq != "MONTHLY" && (r.freq != "YEARLY" || seen["BYWEEKNO"]):
		return flaw("import-rule-numbered")
	case seen["BYMONTHDAY"] && r.freq == "WEEKLY":
		return flaw("import-rule-month-day")
	case seen["BYYEARDAY"] && r.freq != "YEARLY":
		return flaw("import-rule-yearly", "key", "BYYEARDAY")
	case seen["BYWEEKNO"] && r.freq != "YEARLY":
		return flaw("import-rule-yearly", "key", "BYWEEKNO")
	case seen["BYSETPOS"] && !by:
		return flaw("import-rule-position")
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
			return flaw("import-rule-clock", "value", part)
		}
	}
	return nil
}
