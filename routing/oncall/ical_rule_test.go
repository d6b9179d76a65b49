package oncall

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

// ruleText writes a random rule that RFC 5545 allows.
func ruleText(a *rand.Rand) string {
	one := func(of ...string) string { return of[a.Intn(len(of))] }
	some := func(of ...string) string {
		a.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		return strings.Join(of[:1+a.Intn(3)], ",")
	}
	freq := one("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
	parts := []string{"FREQ=" + freq}
	chance := func(percent int, part string) bool {
		if a.Intn(100) < percent {
			parts = append(parts, part)
			return true
		}
		return false
	}
	by := chance(25, "BYMONTH="+some("1", "2", "3", "6", "11", "12"))
	week := freq == "YEARLY" && chance(25, "BYWEEKNO="+some("1", "9", "52", "53", "-1"))
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	// the library wants a day to meet the bare and the numbered ones
	if (freq == "MONTHLY" || freq == "YEARLY" && !week) && a.Intn(2) == 0 {
		days = []string{"1MO", "-1FR", "2SU", "-2TU", "5WE"}
	}
	often := 40
	if week { // without a weekday the library takes all seven, RFC 5545 the start's
		often = 100
	}
	by = chance(often, "BYDAY="+some(days...)) || by
	if freq != "WEEKLY" {
		by = chance(25, "BYMONTHDAY="+some("1", "15", "29", "31", "-1", "-31")) || by
	}
	if freq == "YEARLY" {
		by = chance(15, "BYYEARDAY="+some("1", "60", "366", "-1", "-366")) || by
	}
	if by {
		chance(25, "BYSETPOS="+some("1", "2", "-1", "3"))
	}
	chance(50, "INTERVAL="+one("1", "2", "3", "5"))
	chance(40, "WKST="+one("SU", "MO", "WE"))
	if !chance(30, "COUNT="+one("1", "4", "30")) {
		chance(30, "UNTIL="+one("20270115T120000", "20240229T235959", "20300101T000000"))
	}
	return strings.Join(parts, ";")
}

// againstLibrary compares a rule with rrule-go, which reckons with dates well, within the 292 years in which it does.
func againstLibrary(t *testing.T, seed int64) {
	a := rand.New(rand.NewSource(seed))
	text := ruleText(a)
	start := time.Date(2019+a.Intn(6), time.Month(1+a.Intn(12)), 1+a.Intn(31), 12, 0, 0, 0, time.UTC)
	lo := start.AddDate(a.Intn(9)-1, a.Intn(12), 0)
	hi := lo.AddDate(a.Intn(4), 0, 1+a.Intn(400))
	r, err := parseRule(text, func(text string) (int64, error) {
		w, err := readWhen(&property{}, text, nil)
		return w.wall, err
	})
	if err != nil {
		t.Fatalf("seed %d: %s: %v", seed, text, err)
	}
	got, err := r.between(start.Unix(), lo.Unix(), hi.Unix(), &budget{ruleBudget})
	if err != nil {
		t.Fatalf("seed %d: %s: %v", seed, text, err)
	}
	opt, err := rrule.StrToROption(text)
	if err != nil {
		t.Fatalf("seed %d: %s: %v", seed, text, err)
	}
	opt.Dtstart = start
	date, _ := civil(start.Unix())
	if met, err := r.meetsStart(date, &budget{ruleBudget}); err != nil {
		t.Fatal(err)
	} else if !met && opt.Count > 0 { // the library does not count a beginning that the rule does not meet
		if opt.Count--; opt.Count == 0 {
			opt.Until, opt.Count = start.AddDate(0, 0, -1), 0
		}
	}
	library, err := rrule.NewRRule(*opt)
	if err != nil {
		t.Fatalf("seed %d: %s: %v", seed, text, err)
	}
	var want []int64
	for _, at := range library.Between(lo, hi, true) {
		if at.Before(hi) {
			want = append(want, at.Unix())
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("seed %d: %s from %s, %s to %s:\n%s\nrrule-go says\n%s", seed, text, start, lo, hi, walls(got), walls(want))
	}
}

func walls(list []int64) string {
	var out []string
	for _, w := range list {
		out = append(out, time.Unix(w, 0).UTC().Format("2006-01-02T15:04 Mon"))
	}
	return strings.Join(out, ", ")
}

func TestRulesAgainstALibrary(t *testing.T) {
	for seed := range int64(250) {
		againstLibrary(t, seed)
	}
}

func FuzzRule(f *testing.F) {
	f.Add(int64(1), "FREQ=YEARLY;BYDAY=2SU;BYMONTH=3")
	f.Fuzz(func(t *testing.T, seed int64, text string) {
		againstLibrary(t, seed)
		r, err := parseRule(text, func(text string) (int64, error) {
			w, err := readWhen(&property{}, text, nil)
			return w.wall, err
		})
		if err != nil {
			return
		}
		start := dateWall(1950, 3, 31)
		got, err := r.between(start, dateWall(2026, 1, 1), dateWall(2028, 1, 1), &budget{ruleBudget})
		if err == nil && !slices.IsSorted(got) {
			t.Fatalf("%s: out of order: %v", text, got)
		}
	})
}

// TestRuleOfManyCenturies: Outlook's time zones change by rules that began in 1601.
func TestRuleOfManyCenturies(t *testing.T) {
	r, err := parseRule("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", nil)
	if err != nil {
		t.Fatal(err)
	}
	start := dateWall(1601, 1, 1) + 3*hour
	purse := &budget{ruleBudget}
	got, err := r.between(start, dateWall(2026, 1, 1), dateWall(2029, 1, 1), purse)
	if want := "2026-10-25T03:00 Sun, 2027-10-31T03:00 Sun, 2028-10-29T03:00 Sun"; err != nil || walls(got) != want {
		t.Errorf("%v %s, want %s", err, walls(got), want)
	}
	if spent := ruleBudget - purse.left; spent > 400 {
		t.Errorf("looked at %d days: what lies before is to cost nothing", spent)
	}
}

func TestRulesRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                            "says nothing",
		"INTERVAL=2":                                  "FREQ is missing",
		"FREQ=DAILY;FREQ=WEEKLY":                      "FREQ stands in it twice",
		"FREQ=DAILY;BYEASTER=1":                       "BYEASTER is not known",
		"FREQ=DAILY;COUNT=2;UNTIL=20260101":           "both COUNT and UNTIL",
		"FREQ=WEEKLY;BYDAY=1MO":                       "a numbered BYDAY",
		"FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO":            "a numbered BYDAY",
		"FREQ=WEEKLY;BYMONTHDAY=1":                    "BYMONTHDAY does not go",
		"FREQ=MONTHLY;BYYEARDAY=1":                    "BYYEARDAY goes with",
		"FREQ=MONTHLY;BYWEEKNO=1":                     "BYWEEKNO goes with",
		"FREQ=MONTHLY;BYSETPOS=1":                     "BYSETPOS needs",
		"FREQ=MONTHLY;BYMONTHDAY=0":                   "out of range",
		"FREQ=MONTHLY;BYMONTH=-1":                     "out of range",
		"FREQ=MONTHLY;BYDAY=XX":                       "is not a weekday",
		"FREQ=MONTHLY;BYDAY=0MO":                      "out of range",
		"FREQ=DAILY;WKST=XX":                          "is not a weekday",
		"FREQ=DAILY;INTERVAL=-1":                      "INTERVAL is not between",
		"RSCALE=HEBREW;FREQ=YEARLY":                   "RSCALE=HEBREW is not taken",
		"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD": "SKIP=BACKWARD is not taken",
	} {
		_, err := parseRule(text, func(string) (int64, error) { return 0, nil })
		if err == nil || !strings.Contains(english(t, err), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
	if _, err := parseRule("freq=weekly;byday=mo, tu;rscale=gregorian;skip=omit;", nil); err != nil {
		t.Errorf("in small letters, with blanks: %v", err)
	}
}
