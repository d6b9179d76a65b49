package oncall

import (
	"slices"
	"strconv"
	"time"
)

// ruleBudget is how many days of recurrences one import looks at, all rules together: half a second of work, and many times
// what a busy group's calendars hold.
const ruleBudget = 5_000_000

// budget is what is left of an import's work.
type budget struct{ left int64 }

func (b *budget) spend(days int64) error {
	if b.left -= days; b.left < 0 {
		return flaw("import-too-far", "days", strconv.Itoa(ruleBudget))
	}
	return nil
}

// between gives the rule's wall times from lo to before hi, for an event that first happens at start. The first occurrence is
// start itself, whether the rule meets it or not, and counts for COUNT (RFC 5545, section 3.8.5.3), but is not given when
// the rule does not meet it. Without COUNT nothing before lo is looked at, so an old series costs no more than a young one.
func (r *rule) between(start, lo, hi int64, purse *budget) (out []int64, err error) {
	if err := r.clock(start); err != nil {
		return nil, err
	}
	date, clock := civil(start)
	first := int64(0)
	if r.count == 0 && lo > start {
		first = max(0, r.periods(date, lo)-1)
	}
	counted := int64(0)
	if met, err := r.meetsStart(date, purse); err != nil {
		return nil, err
	} else if !met {
		counted = 1
	}
	for k := first; ; k++ {
		from, to := r.period(date, k)
		if from.Unix() >= hi || from.Unix()+clock > r.until || from.Year() > lastYear {
			return out, nil
		}
		days, err := r.days(date, from, to, purse)
		if err != nil {
			return nil, err
		}
		for _, d := range days {
			w := d + clock
			switch {
			case w < start:
				continue
			case w > r.until || w >= hi || r.count > 0 && counted >= r.count:
				return out, nil
			}
			counted++
			if w >= lo {
				out = append(out, w)
			}
		}
		if r.count > 0 && counted >= r.count {
			return out, nil
		}
	}
}

// meetsStart says whether the first occurrence is one of the rule's own.
func (r *rule) meetsStart(date time.Time, purse *budget) (bool, error) {
	from, to := r.period(date, 0)
	days, err := r.days(date, from, to, purse)
	return slices.Contains(days, date.Unix()), err
}

// period is the first day of the rule's k-th day, week, month or year, and the day after its last.
func (r *rule) period(date time.Time, k int64) (from, to time.Time) {
	n := int(k * r.interval)
	switch r.freq {
	case "DAILY":
		from = date.AddDate(0, 0, n)
		return from, from.AddDate(0, 0, 1)
	case "WEEKLY":
		from = date.AddDate(0, 0, 7*n-int(date.Weekday()-r.weekStart+7)%7)
		return from, from.AddDate(0, 0, 7)
	case "MONTHLY":
		from = time.Date(date.Year(), date.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 1, 0)
	}
	from = time.Date(date.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(1, 0, 0)
}

// periods is how many of the rule's periods have passed at t, at most.
func (r *rule) periods(date time.Time, t int64) int64 {
	at, _ := civil(t)
	switch r.freq {
	case "DAILY":
		return floorDiv(t-date.Unix(), r.interval*day)
	case "WEEKLY":
		return floorDiv(t-date.Unix(), r.interval*week)
	case "MONTHLY":
		return floorDiv(int64(12*(at.Year()-date.Year())+int(at.Month()-date.Month())), r.interval)
	}
	return floorDiv(int64(at.Year()-date.Year()), r.interval)
}

// days are the days of one period that the rule meets, in order.
func (r *rule) days(start, from, to time.Time, purse *budget) (out []int64, err error) {
	for at := from; at.Before(to); {
		if r.freq == "YEARLY" && len(r.months) > 0 && at.Day() == 1 && !slices.Contains(r.months, int(at.Month())) {
			at = at.AddDate(0, 1, 0) // a zone's rules of many centuries look at two months of each year
			if err := purse.spend(1); err != nil {
				return nil, err
			}
			continue
		}
		if err := purse.spend(1); err != nil {
			return nil, err
		}
		if r.meets(start, at) {
			out = append(out, at.Unix())
		}
		at = at.AddDate(0, 0, 1)
	}
	if len(r.positions) == 0 {
		return out, nil
	}
	var chosen []int64
	for i, d := range out {
		if slices.Contains(r.positions, i+1) || slices.Contains(r.positions, i-len(out)) {
			chosen = append(chosen, d)
		}
	}
	return chosen, nil
}

// meets says whether the rule's parts, and those it takes over from the start, meet a day.
func (r *rule) meets(start, at time.Time) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(at.Month())) {
		return false
	}
	if len(r.monthDays) > 0 && !listed(r.monthDays, at.Day(), daysIn(at.Year(), at.Month())) {
		return false
	}
	if len(r.yearDays) > 0 && !listed(r.yearDays, at.YearDay(), daysInYear(at.Year())) {
		return false
	}
	if len(r.weeks) > 0 {
		n, of := r.weekNumber(at)
		if !listed(r.weeks, n, of) {
			return false
		}
	}
	if len(r.weekdays) > 0 {
		return slices.ContainsFunc(r.weekdays, func(d ruleDay) bool { return r.weekday(d, at) })
	}
	switch {
	case r.freq == "DAILY" || len(r.monthDays) > 0 || len(r.yearDays) > 0:
		return true
	case r.freq == "WEEKLY" || len(r.weeks) > 0:
		return at.Weekday() == start.Weekday()
	}
	return at.Day() == start.Day() && (r.freq == "MONTHLY" || len(r.months) > 0 || at.Month() == start.Month())
}

// listed says whether n of so many is in the list, which may count from the end.
func listed(list []int, n, of int) bool {
	return slices.Contains(list, n) || slices.Contains(list, n-of-1)
}

func daysInYear(year int) int { return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay() }

// weekday says whether a day is the numbered weekday of its month, or of its year in a yearly rule without months.
func (r *rule) weekday(d ruleDay, at time.Time) bool {
	if at.Weekday() != d.day || d.nth == 0 {
		return at.Weekday() == d.day
	}
	n, of := at.Day(), daysIn(at.Year(), at.Month())
	if r.freq == "YEARLY" && len(r.months) == 0 {
		n, of = at.YearDay(), daysInYear(at.Year())
	}
	if d.nth > 0 {
		return (n-1)/7+1 == d.nth
	}
	return (of-n)/7+1 == -d.nth
}

// weekNumber is the number of the week a day lies in, and how many its year has. The first week is the one with four days in
// the year.
func (r *rule) weekNumber(at time.Time) (n, of int) {
	begin := at.AddDate(0, 0, -int(at.Weekday()-r.weekStart+7)%7)
	year := begin.AddDate(0, 0, 3).Year()
	first := r.firstWeek(year)
	return int(begin.Sub(first).Hours()/24)/7 + 1, int(r.firstWeek(year+1).Sub(first).Hours()/24) / 7
}

func (r *rule) firstWeek(year int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return fourth.AddDate(0, 0, -int(fourth.Weekday()-r.weekStart+7)%7)
}
