package oncall

import (
	"slices"
	"time"
)

// A national holiday falls on a fixed date, on the nth weekday of a month (-1 is the last), or so many days from Easter Sunday.
type nationalDay struct {
	name    string
	month   time.Month
	day     int
	nth     int
	weekday time.Weekday
	easter  bool
	offset  int  // days from Easter
	since   int  // the first year it was kept; 0 for always
	stays   bool // kept on its own date even on a weekend
}

// Sources: us: 5 U.S.C. 6103(a), Juneteenth by Public Law 117-17. pr: Puerto Rico's own beside the federal ones, Ley 26-2017.
// es: the national days of article 37.2 of the Estatuto de los Trabajadores and the yearly decree that lists them.
var nationalDays = map[string][]nationalDay{
	"us": federalDays,
	"pr": append(slices.Clone(federalDays),
		nationalDay{name: "Three Kings Day", month: time.January, day: 6, stays: true},
		nationalDay{name: "Emancipation Day", month: time.March, day: 22, stays: true},
		nationalDay{name: "Good Friday", easter: true, offset: -2},
		nationalDay{name: "Constitution Day", month: time.July, day: 25, stays: true},
		nationalDay{name: "Discovery of Puerto Rico", month: time.November, day: 19, stays: true}),
	"es": {
		{name: "Año Nuevo", month: time.January, day: 1, stays: true},
		{name: "Epifanía del Señor", month: time.January, day: 6, stays: true},
		{name: "Viernes Santo", easter: true, offset: -2},
		{name: "Fiesta del Trabajo", month: time.May, day: 1, stays: true},
		{name: "Asunción de la Virgen", month: time.August, day: 15, stays: true},
		{name: "Fiesta Nacional", month: time.October, day: 12, stays: true},
		{name: "Todos los Santos", month: time.November, day: 1, stays: true},
		{name: "Constitución Española", month: time.December, day: 6, stays: true},
		{name: "Inmaculada Concepción", month: time.December, day: 8, stays: true},
		{name: "Navidad", month: time.December, day: 25, stays: true},
	},
}

var federalDays = []nationalDay{
	{name: "New Year's Day", month: time.January, day: 1},
	{name: "Martin Luther King Jr. Day", month: time.January, nth: 3, weekday: time.Monday},
	{name: "Presidents' Day", month: time.February, nth: 3, weekday: time.Monday},
	{name: "Memorial Day", month: time.May, nth: -1, weekday: time.Monday},
	{name: "Juneteenth", month: time.June, day: 19, since: 2021},
	{name: "Independence Day", month: time.July, day: 4},
	{name: "Labor Day", month: time.September, nth: 1, weekday: time.Monday},
	{name: "Columbus Day", month: time.October, nth: 2, weekday: time.Monday},
	{name: "Veterans Day", month: time.November, day: 11},
	{name: "Thanksgiving Day", month: time.November, nth: 4, weekday: time.Thursday},
	{name: "Christmas Day", month: time.December, day: 25},
}

// date is midnight of the holiday on the wall clock.
func (n nationalDay) date(year int) int64 {
	switch {
	case n.easter:
		return easter(year) + int64(n.offset)*day
	case n.nth > 0:
		first := time.Date(year, n.month, 1, 0, 0, 0, 0, time.UTC)
		ahead := (int(n.weekday-first.Weekday()) + 7) % 7
		return dateWall(year, n.month, 1+ahead+7*(n.nth-1))
	case n.nth < 0:
		last := time.Date(year, n.month+1, 0, 0, 0, 0, 0, time.UTC)
		back := (int(last.Weekday()-n.weekday) + 7) % 7
		return dateWall(year, n.month, last.Day()-back)
	}
	return dateWall(year, n.month, n.day)
}

// observed is the day a federal holiday on a fixed date is kept on when it falls on a weekend: Friday for Saturday, Monday for
// Sunday (5 U.S.C. 6103(b), Executive Order 11582).
func (n nationalDay) observed(date int64) int64 {
	weekday := time.Unix(date, 0).UTC().Weekday()
	switch {
	case n.stays:
		return date
	case weekday == time.Saturday:
		return date - day
	case weekday == time.Sunday:
		return date + day
	}
	return date
}

// easter is midnight of Easter Sunday: the anonymous Gregorian computation, as printed in Nature, 20 April 1876.
func easter(year int) int64 {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dateWall(year, time.Month(n/31), n%31+1)
}

// holiday is one entry of the document's holidays made ready: it lists the days it falls on.
type holiday struct {
	name     string
	rule     string
	calendar string // for a national one
	national nationalDay
	dates    string
	begins   int64 // seconds after midnight
	// For the practice's own: every year's date, or one span of instants.
	yearly   bool
	month    time.Month
	day      int
	from, to int64
}

// intervals are the times of the holiday that touch [lo, hi).
func (h *holiday) intervals(z *zone, lo, hi int64, val int32) []interval {
	if h.calendar == "" && !h.yearly {
		return []interval{{h.from, h.to, val}}
	}
	var out []interval
	add := func(date int64) {
		iv := interval{z.first(date + h.begins), z.last(date + day + h.begins), val}
		if iv.from < hi && iv.to > lo {
			out = append(out, iv)
		}
	}
	from, _ := civil(z.wall(lo))
	to, _ := civil(z.wall(hi))
	for year := from.Year() - 1; year <= to.Year()+1; year++ {
		if h.yearly {
			if h.day <= daysIn(year, h.month) { // 29 February comes in leap years only
				add(dateWall(year, h.month, h.day))
			}
			continue
		}
		if year < h.national.since {
			continue
		}
		date := h.national.date(year)
		kept := h.national.observed(date)
		if h.dates != "observed" {
			add(date)
		}
		if h.dates == "observed" || h.dates == "both" && kept != date {
			add(kept)
		}
	}
	return out
}
