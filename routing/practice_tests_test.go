package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
)

// tested is the good practice with tests and other changes; the error of a practice that is refused is the test's own.
func tested(t *testing.T, tests string, oldnew ...string) notes.Account {
	t.Helper()
	text := string(spoil(t, `"id": "lakeside",`, `"id": "lakeside", "tests": [`+tests+`],`))
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the practice does not say %s", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	doc, p := ReadPractice([]byte(text), nil, checkedAt)
	if len(p.Refused()) > 0 {
		t.Fatal(told(p))
	}
	return doc.Account
}

func routerOf(t *testing.T, acc notes.Account) Router {
	t.Helper()
	r, err := FileRouter(acc, checkedAt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const layers = `{"role": "backup", "rotation": "nights", "ahead": 1}`

// sunday is a practice whose Sundays are backed up by Dr Osei, and its test.
var (
	sundays = []string{layers, layers + `, {"role": "backup", "priority": 1, "who": ["osei"], "windows": [{"days": ["sun"], "from": "00:00", "to": "24:00"}]}`}
	sunday  = `{"id": "sunday", "when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary"}, ` +
		`{"who": "contact:osei", "channels": ["text"], "after": "3m"}]}`
)

// TestTheSundayBackup is the case that tests are kept for: whoever moves the backup of a Sunday, for good or for one night, is told of it.
func TestTheSundayBackup(t *testing.T) {
	now := tested(t, sunday, sundays...)
	if r := RunTests(now, now.Tests, routerOf(t, now), checkedAt); r[0].State != TestHolds || r[0].Tried < 8 ||
		r[0].At.Weekday() != time.Sunday {
		t.Fatalf("it does not hold at first: %+v", r[0])
	}
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	third := momentsOf("sun 02:00", "America/Chicago", checkedAt)[2].In(zone)
	night := fmt.Sprintf(`"overrides": [{"role": "backup", "from": "%[1]sT00:00", "to": "%[1]sT12:00", "add": "lind", "remove": "osei"}],`,
		third.Format(time.DateOnly))
	for name, c := range map[string]struct {
		change []string
		at     time.Time
		told   string
	}{
		"another backs up":  {[]string{`"who": ["osei"], "windows"`, `"who": ["lind"], "windows"`}, time.Time{}, "lind"},
		"one night is lent": {[]string{`"timezone": "America/Chicago",`, `"timezone": "America/Chicago", ` + night}, third, "lind"},
		"no text":           {[]string{`"channels": ["text", "push", "email"]`, `"channels": ["push", "email"]`}, time.Time{}, "osei"},
		"later":             {[]string{`"after": "3m", "who": "backup"`, `"after": "4m", "who": "backup"`}, time.Time{}, "osei"},
		"no mobile":         {[]string{`"mobile": "+13125550172", `, ``}, time.Time{}, "osei"},
		"another ladder":    {[]string{`"urgency": "urgent", "ladder": "urgent"`, `"urgency": "routine", "ladder": "", "ladders": {"urgent": "urgent", "emergency": "urgent"}`}, time.Time{}, ""},
	} {
		then := tested(t, sunday, slices.Concat(sundays, c.change)...)
		failed := FailedTests(then, now, routerOf(t, then), routerOf(t, now), checkedAt)
		if len(failed) != 1 || failed[0].Already || failed[0].Index != 0 {
			t.Errorf("%s: %+v", name, failed)
			continue
		}
		f := failed[0]
		if !c.at.IsZero() && !f.At.Equal(c.at) {
			t.Errorf("%s: it fails at %v, not %v", name, f.At, c.at)
		}
		if c.told == "" && f.Way != ToOffice || c.told != "" && f.Told[1].Who[0] != c.told {
			t.Errorf("%s: %+v", name, f.TestResult)
		}
		if again := FailedTests(then, then, routerOf(t, then), routerOf(t, then), checkedAt); len(again) != 1 || !again[0].Already {
			t.Errorf("%s: what fails already is not the next change's: %+v", name, again)
		}
		without := then
		without.Tests = nil
		if out := FailedTests(without, now, routerOf(t, without), routerOf(t, now), checkedAt); len(out) != 1 ||
			out[0].Index != -1 || out[0].Already {
			t.Errorf("%s: the test is taken out with the change, and nothing is said: %+v", name, out)
		}
		if fresh := FailedTests(then, notes.Account{}, routerOf(t, then), nil, checkedAt); len(fresh) != 1 || fresh[0].Already {
			t.Errorf("%s: a new practice fails it unsaid: %+v", name, fresh)
		}
	}
}

// TestWhatATestExpects goes through what a test may say.
func TestWhatATestExpects(t *testing.T) {
	for said, want := range map[string]TestState{
		`"when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary", "channels": ["push"]}]`:                    TestHolds,
		`"when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary"}, {"who": "next"}]`:                         TestHolds,
		`"when": "sun 02:00", "callType": "symptom", "expect": [{"who": "backup"}]`:                                           TestFails,
		`"when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary", "channels": ["email"]}]`:                   TestFails,
		`"when": "sun 02:00", "callType": "symptom", "expect": [{"who": "primary"}, {"who": "backup"}, {"who": "primary"}]`:   TestFails,
		`"when": "sun 02:00", "callType": "symptom", "office": true`:                                                          TestFails,
		`"when": "sun 02:00", "callType": "refill", "office": true`:                                                           TestHolds,
		`"when": "sun 02:00", "callType": "refill", "urgency": "urgent", "office": true`:                                      TestFails,
		`"when": "sun 02:00", "callType": "refill", "urgency": "urgent", "expect": [{"who": "primary"}]`:                      TestHolds,
		`"when": "2020-01-01T02:00", "callType": "symptom", "expect": [{"who": "contact:lind"}]`:                              TestOver,
		`"when": "2099-01-01T02:00", "callType": "symptom", "expect": [{"who": "primary"}, {"who": "backup", "after": "3m"}]`: TestHolds,
	} {
		acc := tested(t, `{"id": "one", `+said+`}`)
		if r := RunTests(acc, acc.Tests, routerOf(t, acc), checkedAt); r[0].State != want {
			t.Errorf("%s: %+v", said, r[0])
		}
	}
	// an hour that the clock shows twice is tried twice, and one that it skips once, after it
	at := time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)
	if m := momentsOf("sun 01:30", "America/Chicago", at); len(m) < 2 || m[1].Sub(m[0]) != time.Hour {
		t.Errorf("%v", m)
	}
	if m := momentsOf("2027-03-14T02:30", "America/Chicago", at); len(m) != 1 {
		t.Errorf("%v", m)
	}
	// one person's channel is not the others'
	p := Plan{Attempts: []PlannedAttempt{{Contact: "a", Channel: Text}, {Contact: "a", Channel: Push}, {Contact: "b", Channel: Text}}}
	if told := p.told(); len(told) != 1 || len(told[0].Who) != 2 || fmt.Sprint(told[0].Channels) != "[text]" {
		t.Errorf("%+v", told)
	}
}

// TestATestThatCannotBeTriedIsRefused, with what to do.
func TestATestThatCannotBeTriedIsRefused(t *testing.T) {
	good := `"id": "a", "when": "sun 02:00", "callType": "symptom"`
	for tests, want := range map[string]string{
		`{` + good + `}`: "expect: missing",
		`{` + good + `, "office": true, "expect": [{"who": "primary"}]}`:                 "expect: test-office",
		`{` + good + `, "expect": [{"who": "contact:nobody"}]}`:                          "expect[0].who: no-contact",
		`{` + good + `, "expect": [{"who": "surgeon"}]}`:                                 "expect[0].who: no-role",
		`{` + good + `, "expect": [{"who": "primary", "channels": ["voice"]}]}`:          "expect[0].channels[0]: not-offered",
		`{` + good + `, "expect": [{"who": "primary", "after": "soon"}]}`:                "expect[0].after: not-a-duration",
		`{` + good + `, "urgency": "dire", "office": true}`:                              "urgency: choice",
		`{"id": "a", "when": "sunday", "callType": "symptom", "office": true}`:           "when: test-when",
		`{"id": "a", "when": "2026-13-01T02:00", "callType": "symptom", "office": true}`: "when: test-when",
		`{"id": "a", "when": "sun 02:00", "callType": "gone", "office": true}`:           "callType: no-call",
		`{` + good + `, "office": true}, {` + good + `, "office": true}`:                 "tests[1].id: twice",
		strings.TrimSuffix(strings.Repeat(`{"when": "sun 02:00"},`, maxTests+1), ","):    "account.tests: too-many",
	} {
		_, p := ReadPractice(spoil(t, `"id": "lakeside",`, `"id": "lakeside", "tests": [`+tests+`],`), nil, checkedAt)
		if !strings.Contains(p.Refused().Error(), want) {
			t.Errorf("%s: %v", tests, p.Refused())
		}
		checkWords(t, p)
	}
}
