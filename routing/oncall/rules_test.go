package oncall

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// compile reads a schedule written as JSON, in America/Chicago unless it says otherwise.
func compile(t testing.TB, text string) *Schedule {
	t.Helper()
	if !strings.Contains(text, "timezone") {
		text = `{"timezone": "America/Chicago", ` + text + `}`
	}
	doc, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Compile(doc, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// idsOf joins ids, and short is a day of a month and a clock: tests read better so.
func idsOf(people []ParticipantID) string {
	parts := make([]string, len(people))
	for i, id := range people {
		parts[i] = string(id)
	}
	return strings.Join(parts, "+")
}

func short(t time.Time) string {
	text := t.Format("02T15:04")
	if t.Second() != 0 {
		text = t.Format("02T15:04:05")
	}
	return strings.TrimSuffix(text, ":00")
}

// local is an instant by Chicago's clock.
func local(t testing.TB, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestRules(t *testing.T) {
	const two = `"layers": [{"who": ["ana"]}]`
	for _, c := range []struct {
		name, schedule, at string
		query              Query
		want               string
	}{
		{"a rotation hands off at its clock", `"rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-01-02 08:00", Query{}, "bob"},
		{"and not a minute sooner", `"rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-01-02 07:59", Query{}, "ana"},
		{"it turned before its start, too", `"rotations":[{"name":"r","unit":"week","start":"2030-01-07T08:00","turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2029-12-31 08:00", Query{}, "cy"},
		{"every three days", `"rotations":[{"name":"r","unit":"day","every":3,"start":"2026-01-01T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-01-06 12:00", Query{}, "bob"},
		{"every twelve hours", `"rotations":[{"name":"r","unit":"hour","every":12,"start":"2026-01-01T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-01-01 20:00", Query{}, "bob"},
		{"every two months", `"rotations":[{"name":"r","unit":"month","every":2,"start":"2026-01-15T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-03-15 08:00", Query{}, "bob"},
		{"a month from the 31st ends on the last of a shorter one",
			`"rotations":[{"name":"r","unit":"month","start":"2026-01-31T08:00","turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`,
			"2026-02-28 08:00", Query{}, "bob"},
		{"and comes back to the 31st", `"rotations":[{"name":"r","unit":"month","start":"2026-01-31T08:00","turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2026-03-31 07:59", Query{}, "bob"},
		{"in a leap year on the 29th", `"rotations":[{"name":"r","unit":"month","start":"2028-01-31T08:00","turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2028-02-29 07:59", Query{}, "ana"},
		{"who stands twice has two turns", `"rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["ana","bob","ana"]}],"layers":[{"rotation":"r"}]`, "2026-01-03 12:00", Query{}, "ana"},
		{"two share a turn", `"rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["ana",["cy","bob"]]}],"layers":[{"rotation":"r"}]`, "2026-01-02 12:00", Query{}, "bob cy"},
		{"shifts of unequal length: the week", `"rotations":[{"name":"r","unit":"week","start":"2026-01-05T08:00","handoffs":["fri 17:00","mon 08:00"],"turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2026-01-09 16:59", Query{}, "ana"},
		{"shifts of unequal length: the weekend", `"rotations":[{"name":"r","unit":"week","start":"2026-01-05T08:00","handoffs":["fri 17:00","mon 08:00"],"turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2026-01-12 07:59", Query{}, "bob"},
		{"two halves of a month", `"rotations":[{"name":"r","unit":"month","start":"2026-01-15T08:00","handoffs":["1 08:00","15 08:00"],"turns":["ana","bob"]}],"layers":[{"rotation":"r"}]`, "2026-02-01 08:00", Query{}, "bob"},
		{"a handoff before the start's clock is the next day's",
			`"rotations":[{"name":"r","unit":"day","start":"2026-01-01T20:00","handoffs":["08:00","20:00"],"turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2026-01-02 08:00", Query{}, "bob"},
		{"a backup is one turn ahead", `"rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":["ana","bob"]}],"layers":[{"rotation":"r"},{"role":"backup","rotation":"r","ahead":1}]`, "2026-01-01 12:00", Query{Role: "backup"}, "bob"},
		{"eight-hour shifts that keep the wall clock in summer",
			`"rotations":[{"name":"r","unit":"day","start":"2026-01-01T06:00","handoffs":["06:00","14:00","22:00"],"turns":["ana","bob","cy"]}],"layers":[{"rotation":"r"}]`, "2026-07-01 14:00", Query{}, "bob"},

		{"a window across midnight belongs to the day it begins on",
			`"layers":[{"who":["ana"],"windows":[{"days":["fri"],"from":"17:00","to":"08:00"}]}]`, "2026-01-10 07:59", Query{}, "ana"},
		{"not to the day it ends on", `"layers":[{"who":["ana"],"windows":[{"days":["fri"],"from":"17:00","to":"08:00"}]}]`,
			"2026-01-09 07:59", Query{}, ""},
		{"the same clock twice is 24 hours", `"layers":[{"who":["ana"],"windows":[{"days":["fri"],"from":"08:00","to":"08:00"}]}]`,
			"2026-01-10 07:59", Query{}, "ana"},
		{"a window over the weekend", `"layers":[{"who":["ana"],"windows":[{"from":"fri 17:00","to":"mon 08:00"}]}]`, "2026-01-12 07:59",
			Query{}, "ana"},
		{"the end of a window is outside it", `"layers":[{"who":["ana"],"windows":[{"from":"08:00","to":"17:00"}]}]`, "2026-01-12 17:00",
			Query{}, ""},
		{"a layer before its from", `"layers":[{"who":["ana"],"from":"2026-02-01"}]`, "2026-01-31 23:59", Query{}, ""},
		{"a date as until is that whole day", `"layers":[{"who":["ana"],"until":"2026-02-01"}]`, "2026-02-01 23:59", Query{}, "ana"},

		{"the higher priority wins", `"layers":[{"who":["ana"]},{"who":["bob"],"priority":5}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"where it has somebody", `"layers":[{"who":["ana"]},{"who":["bob"],"priority":5,"windows":[{"from":"08:00","to":"12:00"}]}]`,
			"2026-01-10 12:00", Query{}, "ana"},
		{"equal priorities are on call together", `"layers":[{"who":["bob"]},{"who":["ana"]}]`, "2026-01-10 12:00", Query{}, "ana bob"},
		{"a layer for a call type", `"layers":[{"who":["ana"]},{"who":["bob"],"priority":1,"callTypes":["ob"]}]`, "2026-01-10 12:00",
			Query{CallType: "ob"}, "bob"},
		{"is not asked for other calls", `"layers":[{"who":["ana"]},{"who":["bob"],"priority":1,"callTypes":["ob"]}]`, "2026-01-10 12:00",
			Query{CallType: "refill"}, "ana"},
		{"a layer for a location", `"layers":[{"who":["ana"]},{"who":["bob"],"priority":1,"locations":["north"]}]`, "2026-01-10 12:00",
			Query{Location: "north"}, "bob"},
		{"a role nobody has", two, "2026-01-10 12:00", Query{Role: "surgeon"}, ""},

		{"office hours", `"officeHours":[{"days":["mon"],"from":"08:00","to":"17:00"}],"layers":[{"who":["desk"],"hours":"office"},{"who":["ana"],"hours":"after"}]`, "2026-01-12 16:59", Query{}, "desk"},
		{"after hours", `"officeHours":[{"days":["mon"],"from":"08:00","to":"17:00"}],"layers":[{"who":["desk"],"hours":"office"},{"who":["ana"],"hours":"after"}]`, "2026-01-12 17:00", Query{}, "ana"},
		{"the office is closed on a holiday", `"officeHours":[{"from":"08:00","to":"17:00"}],"holidays":{"calendars":[{"name":"us"}]},"layers":[{"who":["desk"],"hours":"office"},{"who":["ana"],"hours":"after"}]`, "2026-11-26 12:00", Query{}, "ana"},
		{"a holiday switches to its rule", `"holidays":{"calendars":[{"name":"us","rule":"h"}]},"layers":[{"who":["ana"],"priority":9},{"who":["bob"],"rule":"h"}]`, "2026-12-25 12:00", Query{}, "bob"},
		{"whose layers rest on other days", `"holidays":{"calendars":[{"name":"us","rule":"h"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h","priority":9}]`, "2026-12-26 12:00", Query{}, "ana"},
		{"but not for a role that has no such layer",
			`"holidays":{"calendars":[{"name":"us","rule":"h"}]},"layers":[{"role":"nurse","who":["nia"]},{"who":["bob"],"rule":"h"}]`,
			"2026-12-25 12:00", Query{Role: "nurse"}, "nia"},
		{"a holiday on Saturday is also kept on Friday",
			`"holidays":{"calendars":[{"name":"us","rule":"h"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`, "2026-07-03 12:00",
			Query{}, "bob"},
		{"unless only the date counts", `"holidays":{"calendars":[{"name":"us","rule":"h","dates":"actual"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`, "2026-07-03 12:00", Query{}, "ana"},
		{"or only the day it is observed on", `"holidays":{"calendars":[{"name":"us","rule":"h","dates":"observed"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`, "2026-07-04 12:00", Query{}, "ana"},
		{"the practice's own holiday holds over the nation's",
			`"holidays":{"calendars":[{"name":"us","rule":"h"}],"own":[{"name":"Open Christmas","date":"12-25","rule":"x"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"},{"who":["cy"],"rule":"x"}]`, "2026-12-25 12:00", Query{}, "cy"},
		{"29 February comes in leap years", `"holidays":{"own":[{"name":"Leap","date":"02-29","rule":"h"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`, "2028-02-29 12:00", Query{}, "bob"},
		{"and in no other", `"holidays":{"own":[{"name":"Leap","date":"02-29","rule":"h"}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`, "2027-03-01 12:00", Query{}, "ana"},

		{"leave: the backup", `"layers":[{"who":["ana"]}],"leave":[{"who":"ana","backup":"bob","from":"2026-01-10","to":"2026-01-10"}]`,
			"2026-01-10 23:59", Query{}, "bob"},
		{"leave: the backup's backup", `"layers":[{"who":["ana"]}],"leave":[{"who":"ana","backup":"bob","from":"2026-01-10","to":"2026-01-12"},{"who":"bob","backup":"cy","from":"2026-01-11","to":"2026-01-12"}]`, "2026-01-11 12:00", Query{}, "cy"},
		{"leave without backup: the next layer", `"layers":[{"who":["ana"],"priority":1},{"who":["cy"]}],"leave":[{"who":"ana","from":"2026-01-10","to":"2026-01-12"}]`, "2026-01-11 12:00", Query{}, "cy"},
		{"an override is taken at its word, leave or not",
			`"layers":[{"who":["cy"]}],"leave":[{"who":"ana","from":"2026-01-10","to":"2026-01-12"}],"overrides":[{"add":"ana","remove":"cy","from":"2026-01-11T08:00","to":"2026-01-11T17:00"}]`, "2026-01-11 12:00", Query{}, "ana"},
		{"a default on leave: the backup", `"default":{"primary":"ana"},"layers":[{"who":["cy"],"until":"2026-01-01"}],"leave":[{"who":"ana","backup":"bob","from":"2026-01-10","to":"2026-01-12"}]`, "2026-01-11 12:00", Query{}, "bob"},
		{"a default on leave without a backup is better than nobody",
			`"default":{"primary":"ana"},"layers":[{"who":["cy"],"until":"2026-01-01"}],"leave":[{"who":"ana","from":"2026-01-10","to":"2026-01-12"}]`, "2026-01-11 12:00", Query{}, "ana"},

		{"override: add", `"layers":[{"who":["ana"]}],"overrides":[{"add":"bob","from":"2026-01-10T08:00","to":"2026-01-10T17:00"}]`,
			"2026-01-10 16:59", Query{}, "ana bob"},
		{"override: over at its end", `"layers":[{"who":["ana"]}],"overrides":[{"add":"bob","from":"2026-01-10T08:00","to":"2026-01-10T17:00"}]`, "2026-01-10 17:00", Query{}, "ana"},
		{"override: remove leaves a hole, no lower layer",
			`"layers":[{"who":["ana"],"priority":1},{"who":["cy"]}],"overrides":[{"remove":"ana","from":"2026-01-10T08:00","to":"2026-01-10T17:00"}]`, "2026-01-10 12:00", Query{}, ""},
		{"override: replace", `"layers":[{"who":["ana"]}],"overrides":[{"remove":"ana","add":"bob","from":"2026-01-10T08:00","to":"2026-01-10T17:00"}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"override: replace does nothing while the replaced is off",
			`"layers":[{"who":["cy"]}],"overrides":[{"remove":"ana","add":"bob","from":"2026-01-10T08:00","to":"2026-01-10T17:00"}]`,
			"2026-01-10 12:00", Query{}, "cy"},
		{"overrides act in order", `"layers":[{"who":["ana"]}],"overrides":[{"remove":"ana","add":"bob","from":"2026-01-10","to":"2026-01-10"},{"remove":"bob","add":"cy","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "cy"},
		{"an override of an exact instant", `"layers":[{"who":["ana"]}],"overrides":[{"add":"bob","remove":"ana","from":"2026-01-10T14:00:00Z","to":"2026-01-10T15:00:00Z"}]`, "2026-01-10 08:30", Query{}, "bob"},

		{"swap: the owner stays while it is open",
			`"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","state":"open","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00",
			Query{}, "ana"},
		{"swap: and while it is only taken", `"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","taker":"bob","state":"taken","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "ana"},
		{"swap: approved", `"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"swap: and back", `"layers":[{"who":["bob"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10","back":{"from":"2026-01-11","to":"2026-01-11"}}]`, "2026-01-11 12:00", Query{}, "ana"},
		{"swap: two who exchange roles on one night",
			`"layers":[{"who":["ana"]},{"role":"backup","who":["bob"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10","back":{"from":"2026-01-10","to":"2026-01-10"}}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"swap: passed on", `"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10"},{"owner":"bob","taker":"cy","state":"approved","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "cy"},
		{"swap over override", `"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10"}],"overrides":[{"remove":"bob","add":"cy","from":"2026-01-10","to":"2026-01-10"},{"remove":"ana","add":"cy","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"swap before leave: the taker, not the backup",
			`"layers":[{"who":["ana"]}],"leave":[{"who":"ana","backup":"cy","from":"2026-01-10","to":"2026-01-10"}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10"}]`, "2026-01-10 12:00", Query{}, "bob"},
		{"temporary over swap and override", `"default":{"primary":"zoe"},"layers":[{"who":["ana"]}],"swaps":[{"owner":"ana","taker":"bob","state":"approved","from":"2026-01-10","to":"2026-01-10"}],"overrides":[{"add":"cy","from":"2026-01-10","to":"2026-01-10"}],"temporary":[{"from":"2026-01-10","to":"2026-01-10","shifts":[{"who":"dee","from":"2026-01-10","to":"2026-01-10"}]}]`, "2026-01-10 12:00", Query{}, "dee"},
		{"a hole in a temporary schedule is the default's",
			`"default":{"primary":"zoe"},"layers":[{"who":["ana"]}],"temporary":[{"from":"2026-01-10","to":"2026-01-10","shifts":[{"who":"dee","from":"2026-01-10T08:00","to":"2026-01-10T10:00"}]}]`, "2026-01-10 12:00", Query{}, "zoe"},
		{"of two temporary schedules the last", `"default":{"primary":"zoe"},"layers":[{"who":["ana"]}],"temporary":[{"from":"2026-01-10","to":"2026-01-12","shifts":[{"who":"dee","from":"2026-01-10","to":"2026-01-12"}]},{"from":"2026-01-11","to":"2026-01-11","shifts":[{"who":"eve","from":"2026-01-11","to":"2026-01-11"}]}]`, "2026-01-11 12:00", Query{}, "eve"},
		{"a temporary shift ends with its schedule",
			`"default":{"primary":"zoe"},"layers":[{"who":["ana"]}],"temporary":[{"from":"2026-01-10","to":"2026-01-10","shifts":[{"who":"dee","from":"2026-01-10","to":"2026-01-20"}]}]`, "2026-01-11 00:00", Query{}, "ana"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compile(t, c.schedule).Who(local(t, c.at), c.query)
			if want := strings.Fields(c.want); !slices.EqualFunc(got, want, func(a ParticipantID,
				b string) bool {
				return string(a) == b
			}) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// TestHolidays holds the computed dates against the ones printed by opm.gov and by the Boletín Oficial del Estado.
func TestHolidays(t *testing.T) {
	for _, c := range []struct{ calendar, name, date string }{
		{"us", "Martin Luther King Jr. Day", "2026-01-19"}, {"us", "Presidents' Day", "2026-02-16"}, {"us", "Memorial Day", "2026-05-25"},
		{"us", "Juneteenth", "2026-06-19"}, {"us", "Labor Day", "2026-09-07"}, {"us", "Columbus Day", "2026-10-12"},
		{"us", "Thanksgiving Day", "2026-11-26"}, {"us", "Thanksgiving Day", "2024-11-28"}, {"us", "Memorial Day", "2027-05-31"},
		{"pr", "Good Friday", "2026-04-03"}, {"es", "Viernes Santo", "2024-03-29"}, {"es", "Viernes Santo", "2025-04-18"},
		{"pr", "Three Kings Day", "2027-01-06"},
	} {
		i := slices.IndexFunc(nationalDays[c.calendar], func(d nationalDay) bool { return d.name == c.name })
		want, _ := time.Parse(time.DateOnly, c.date)
		if got := nationalDays[c.calendar][i].date(want.Year()); got != want.Unix() {
			t.Errorf("%s %d: %s", c.name, want.Year(), time.Unix(got, 0).UTC().Format(time.DateOnly))
		}
	}
	s := compile(t, `"holidays":{"calendars":[{"name":"us","rule":"h","except":["Columbus Day"]}]},"layers":[{"who":["ana"]},{"who":["bob"],"rule":"h"}]`)
	days := 0
	for at := local(t, "2020-01-01 12:00"); at.Before(local(t, "2021-01-01 00:00")); at = at.AddDate(0, 0, 1) {
		if s.Who(at, Query{})[0] == "bob" {
			days++
		}
	}
	if days != 10 { // ten federal holidays before Juneteenth, one not kept, 4 July also on Friday
		t.Errorf("%d holidays in 2020", days)
	}
	if got := s.Who(local(t, "2027-12-31 12:00"), Query{}); got[0] != "bob" {
		t.Errorf("New Year's Day 2028, a Saturday, is not observed on the last day of 2027: %v", got)
	}
}

func TestUntilNextGapsOverlaps(t *testing.T) {
	s := compile(t, `"layers":[{"who":["ana"],"windows":[{"days":["mon"],"from":"08:00","to":"17:00"}]},{"who":["bob"],"windows":[{"days":["mon"],"from":"16:00","to":"20:00"}]}]`)
	at := local(t, "2026-01-12 09:00")
	if until, ok := s.Until(at, Query{}); !ok || !until.Equal(local(t, "2026-01-12 16:00")) {
		t.Errorf("Until = %s %v", until, ok)
	}
	if next, ok := s.Next(local(t, "2026-01-12 18:00"), Query{}); !ok || !next.From.Equal(local(t, "2026-01-19 08:00")) ||
		!next.Until.Equal(local(t, "2026-01-19 16:00")) {
		t.Errorf("Next = %v %v", next, ok)
	}
	overlaps := s.Overlaps(at, at.AddDate(0, 0, 7), Query{})
	if len(overlaps) != 1 || !overlaps[0].From.Equal(local(t, "2026-01-12 16:00")) ||
		!overlaps[0].Until.Equal(local(t, "2026-01-12 17:00")) {
		t.Errorf("Overlaps = %v", overlaps)
	}
	gaps := s.Gaps(at, at.AddDate(0, 0, 7), Query{})
	if len(gaps) != 1 || !gaps[0].From.Equal(local(t, "2026-01-12 20:00")) || len(gaps[0].People) != 0 || gaps[0].Default {
		t.Errorf("Gaps = %v", gaps)
	}
	alone := compile(t, `"layers":[{"who":["ana"]}]`)
	if _, ok := alone.Until(at, Query{}); ok {
		t.Error("a change where nothing changes")
	}
	if _, ok := alone.Next(at, Query{}); ok {
		t.Error("a next shift where there is one for ever")
	}
	ending := compile(t, `"layers":[{"who":["ana"],"from":"2026-02-01"}]`)
	if next, ok := ending.Next(at, Query{}); !ok || !next.Until.IsZero() {
		t.Errorf("Next = %v %v, want one without an end", next, ok)
	}
	if alone.Name("ana") != "ana" {
		t.Error("an id without a name shows as something else")
	}
	defaulted := compile(t, `"default":{"primary":"zoe"},"layers":[{"who":["zoe"],"windows":[{"from":"08:00","to":"17:00"}]}]`)
	if until, ok := defaulted.Until(at, Query{}); !ok || !until.Equal(local(t, "2026-01-12 17:00")) {
		t.Errorf("that the shift ends is a change, though the same person answers: %s %v", until, ok)
	}
}

func TestExplain(t *testing.T) {
	const all = `"default":{"primary":"zoe"},
		"holidays":{"own":[{"name":"Founders' Day","date":"2026-01-20","rule":"h"},{"name":"Quiet day","date":"2026-01-21"}]},
		"rotations":[{"name":"r","unit":"week","start":"2026-01-05T00:00","turns":["ana","bob"]}],
		"layers":[{"name":"base","rotation":"r","until":"2026-03-01"},{"name":"top","who":["tom"],"priority":5,"windows":[{"days":["sun"],"from":"00:00","to":"24:00"}]},{"name":"feast","who":["fay"],"rule":"h"}],
		"leave":[{"who":"bob","from":"2026-01-13","to":"2026-01-13","backup":"cy"},{"who":"bob","from":"2026-01-14","to":"2026-01-14"}],
		"swaps":[{"owner":"ana","taker":"dee","state":"approved","from":"2026-01-06","to":"2026-01-06"}],
		"overrides":[{"name":"covers","remove":"ana","add":"eve","from":"2026-01-07","to":"2026-01-07"},{"add":"eve","from":"2026-01-08","to":"2026-01-08"},{"remove":"ana","from":"2026-01-09","to":"2026-01-09"}],
		"temporary":[{"name":"move","from":"2026-01-23","to":"2026-01-24","shifts":[{"who":"gus","from":"2026-01-23","to":"2026-01-23"}]}]`
	s := compile(t, all)
	for _, c := range []struct{ name, at, kind, text, otherwise string }{
		{"a rotation", "2026-01-05 12:00", "layer", `layer "base" (priority 0) answers, turn 1 of 2 in rotation "r"`, "zoe"},
		{"a higher layer", "2026-01-11 12:00", "layer", `layer "top" (priority 5) answers`, "ana"},
		{"a swap", "2026-01-06 12:00", "swap", "dee took the duty of ana in an approved swap", "ana"},
		{"a replacement", "2026-01-07 12:00", "override", "an override replaces ana by eve", "ana"},
		{"an addition", "2026-01-08 12:00", "override", "an override adds eve", "ana"},
		{"a removal", "2026-01-09 12:00", "override", "an override removes ana", "ana"},
		{"leave with a backup", "2026-01-13 12:00", "leave", "bob is on leave and backed up by cy", "bob"},
		{"leave without", "2026-01-14 12:00", "leave", "bob is on leave without a backup", "bob"},
		{"a holiday", "2026-01-20 12:00", "holiday", `it is Founders' Day: the layers of the rule "h" hold`, "ana"},
		{"a holiday that switches nothing", "2026-01-21 12:00", "layer", `layer "base"`, "zoe"},
		{"a temporary schedule", "2026-01-23 12:00", "temporary", `the temporary schedule "move" replaces everything else`, "ana"},
		{"a hole in it", "2026-01-24 12:00", "temporary",
			`the temporary schedule "move" holds and has nobody here, so the default provider answers`, "ana"},
		{"the default", "2026-04-01 12:00", "default", "nobody is scheduled, and zoe is the default provider", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := local(t, c.at)
			e := s.Explain(at, Query{})
			if e.Decided.Kind != c.kind || !strings.HasPrefix(e.Decided.Text, c.text) {
				t.Errorf("decided by %s: %s", e.Decided.Kind, e.Decided.Text)
			}
			if !slices.Equal(e.People, s.Who(at, Query{})) {
				t.Errorf("explains %v, Who says %v", e.People, s.Who(at, Query{}))
			}
			if want := strings.Fields(c.otherwise); !slices.EqualFunc(e.Otherwise, want,
				func(a ParticipantID, b string) bool { return string(a) == b }) {
				t.Errorf("otherwise %v, want %s", e.Otherwise, c.otherwise)
			}
		})
	}
	nobody := compile(t, `"layers":[{"who":["ana"],"until":"2026-01-01"}]`).Explain(local(t, "2026-02-01 12:00"), Query{})
	if nobody.Decided.Kind != "nobody" || len(nobody.People) != 0 || nobody.Otherwise == nil || len(nobody.Otherwise) != 0 {
		t.Errorf("explains nobody as %v", nobody)
	}
	away := compile(t, `"default":{"primary":"ana"},"layers":[{"who":["cy"],"until":"2026-01-01"}],"leave":[{"who":"ana","backup":"bob","from":"2026-02-01","to":"2026-02-01"}]`).Explain(local(t, "2026-02-01 12:00"), Query{})
	if !strings.Contains(away.Reasons[len(away.Reasons)-1].Text, "the default provider ana is on leave: bob answers") {
		t.Errorf("explains a default on leave as %v", away.Reasons)
	}
}
