package routing

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

// maxTests is how many tests a practice may keep: each is tried at every change.
const maxTests = 100

var (
	weeklyForm = regexp.MustCompile(`^(sun|mon|tue|wed|thu|fri|sat) ((?:[01][0-9]|2[0-3]):[0-5][0-9])$`)
	onceForm   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d$`)
	dayNames   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// Weekly is the day and the clock of a test's When that comes every week.
func Weekly(when string) (day time.Weekday, clock string, ok bool) {
	m := weeklyForm.FindStringSubmatch(when)
	if m == nil {
		return 0, "", false
	}
	return time.Weekday(slices.Index(dayNames, m[1])), m[2], true
}

// tests checks that a practice's tests can be tried; whether they hold is RunTests' to say.
func (p *practiceCheck) tests() {
	if len(p.account.Tests) > maxTests {
		p.refuse("account.tests", "too-many")
	}
	ids := map[string]bool{}
	for i, t := range p.account.Tests[:min(len(p.account.Tests), maxTests)] {
		at := fmt.Sprintf("account.tests[%d]", i)
		p.id(at+".id", t.ID, ids)
		if _, _, weekly := Weekly(t.When); !weekly {
			_, err := oncall.ReadWall(cmp.Or(p.account.TimeZone, "UTC"), t.When)
			if !onceForm.MatchString(t.When) || err != nil {
				p.refuse(at+".when", "test-when", "value", t.When)
			}
		}
		if _, known := p.account.Script.CallType(t.CallType); !known {
			p.refuse(at+".callType", "no-call", "value", t.CallType)
		}
		if t.Urgency != "" && !slices.Contains(notes.Urgencies, t.Urgency) {
			p.refuse(at+".urgency", "choice", "value", string(t.Urgency), "choices", choices(notes.Urgencies))
		}
		switch {
		case t.Office && len(t.Expect) > 0:
			p.refuse(at+".expect", "test-office")
		case !t.Office && len(t.Expect) == 0:
			p.refuse(at+".expect", "missing")
		case len(t.Expect) > MaxRungs:
			p.refuse(at+".expect", "too-many")
			continue
		}
		for k, r := range t.Expect {
			p.testedRung(fmt.Sprintf("%s.expect[%d]", at, k), r)
		}
	}
}

func (p *practiceCheck) testedRung(at string, r notes.TestedRung) {
	id, contact := strings.CutPrefix(r.Who, "contact:")
	switch roles := p.roles(); {
	case contact && p.contact(id) < 0:
		p.refuse(at+".who", "no-contact", "value", id)
	case !contact && r.Who != next && roles != nil && !slices.Contains(roles, r.Who):
		p.noRole(at+".who", r.Who, roles)
	}
	p.channels(at+".channels", channelKinds(r.Channels))
	if r.After != "" {
		p.duration(at+".after", r.After)
	}
}

func channelKinds(channels []string) []ChannelKind {
	out := make([]ChannelKind, len(channels))
	for i, c := range channels {
		out[i] = ChannelKind(c)
	}
	return out
}

// A TestState is what trying an account test showed.
type TestState string

const (
	TestHolds TestState = "holds"
	TestFails TestState = "fails"
	TestOver  TestState = "over" // its moment has gone by
)

// A TestResult is what trying an account test showed, at the first moment at which it fails, or else at the first there is.
type TestResult struct {
	Test   notes.AccountTest
	State  TestState
	Tried  int // at how many moments
	At     time.Time
	Way    Way
	Wanted []RungTold // whom it expects, as the schedule has them at At
	Told   []RungTold // who would be told
	Holes  []PlanHole // who would not
}

// RungTold are the people who are told at once, by their contacts' ids, sorted.
type RungTold struct {
	Rung     string // as a test names them; "" for what would happen
	Who      []string
	Channels []ChannelKind // of every one of them; none for whatever there is
	After    time.Duration // since the note was taken; negative for whenever
}

// RunTests tries the tests of a practice, or others, at moments to come: one that is of every week at each of its times in LookAhead,
// so that a change for a single night is found, and both times an hour that the clock shows twice. What they expect is held against what
// the router says, which is what notes go by. Only documents that CheckPractice does not refuse should be tried.
func RunTests(acc notes.Account, tests []notes.AccountTest, r Router, now time.Time) []TestResult {
	out := make([]TestResult, len(tests))
	for i, t := range tests {
		out[i] = runTest(acc, t, r, now)
	}
	return out
}

func runTest(acc notes.Account, t notes.AccountTest, r Router, now time.Time) TestResult {
	first := TestResult{Test: t, State: TestOver}
	moments := momentsOf(t.When, acc.TimeZone, now)
	for i, at := range moments {
		res := tryTest(acc, t, r, at)
		res.Tried = len(moments)
		if res.State == TestFails {
			return res
		}
		if i == 0 {
			first = res
		}
	}
	return first
}

func tryTest(acc notes.Account, t notes.AccountTest, r Router, at time.Time) TestResult {
	u := t.Urgency
	if u == "" {
		c, _ := acc.Script.CallType(t.CallType)
		u = c.Urgency
	}
	p, way := Try(acc, r, t.CallType, u, at)
	res := TestResult{Test: t, State: TestFails, At: at, Way: way, Told: p.told(), Holes: p.Holes}
	if t.Office {
		if way == ToOffice {
			res.State = TestHolds
		}
		return res
	}
	rota, asked := r.Rota(t.CallType), []string(nil)
	holds := true
	for i, want := range t.Expect {
		when := at
		if i < len(res.Told) {
			when = at.Add(res.Told[i].After)
		}
		who := whom(want.Who, rota, when, asked)
		if want.Who == primary {
			asked = append(asked, who...)
		}
		slices.Sort(who)
		w := RungTold{Rung: want.Who, Who: slices.Compact(who), Channels: channelKinds(want.Channels), After: -1}
		if d, err := time.ParseDuration(want.After); err == nil {
			w.After = d
		}
		res.Wanted = append(res.Wanted, w)
		holds = holds && len(who) > 0 && i < len(res.Told) && w.metBy(res.Told[i])
	}
	if holds {
		res.State = TestHolds
	}
	return res
}

// metBy reports that people are told as it was expected: they alone, by these channels at least, at that time.
func (w RungTold) metBy(is RungTold) bool {
	for _, c := range w.Channels {
		if !slices.Contains(is.Channels, c) {
			return false
		}
	}
	return slices.Equal(w.Who, is.Who) && (w.After < 0 || w.After == is.After)
}

// told lists who is told, rung by rung, with the channels by which everybody of a rung is.
func (p Plan) told() (out []RungTold) {
	by := map[ChannelKind]int{}
	for i, s := range p.Attempts {
		if i == 0 || p.Attempts[i-1].Rung != s.Rung {
			out = append(out, RungTold{After: s.At.Sub(p.At)})
			clear(by)
		}
		last := &out[len(out)-1]
		if !slices.Contains(last.Who, s.Contact) {
			last.Who = append(last.Who, s.Contact)
		}
		by[s.Channel]++
		last.Channels = slices.DeleteFunc(slices.Clone(offered), func(c ChannelKind) bool { return by[c] < len(last.Who) })
	}
	return out
}

// momentsOf are the moments to come that a test's When names.
func momentsOf(when, zone string, now time.Time) (out []time.Time) {
	until := now.Add(LookAhead)
	add := func(wall string) {
		read, err := oncall.ReadWall(zone, wall)
		if err != nil {
			return
		}
		for _, at := range []time.Time{read.First, read.Last} {
			if at.After(now) && !slices.ContainsFunc(out, at.Equal) {
				out = append(out, at)
			}
		}
	}
	day, clock, weekly := Weekly(when)
	if !weekly {
		add(when)
		return out
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil
	}
	y, m, d := now.In(loc).Date()
	for date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); date.Before(until); date = date.AddDate(0, 0, 1) {
		if date.Weekday() == day {
			add(date.Format(time.DateOnly) + "T" + clock)
		}
	}
	return out
}

// A FailedTest is a test that a change of a practice would have fail.
type FailedTest struct {
	TestResult
	Index   int  // its place among the changed practice's tests, -1 when the change takes it out
	Already bool // it fails so as the practice stands
}

// FailedTests are the tests that a practice would fail after a change: those that it keeps then, and those that it keeps now, so that
// nobody moves somebody and takes the test out with the same change. is and was make the plans of the practice after and before it; was
// is nil for one that is new.
func FailedTests(then, now notes.Account, is, was Router, at time.Time) (out []FailedTest) {
	all := slices.Clone(then.Tests)
	for _, t := range now.Tests {
		if !slices.ContainsFunc(then.Tests, func(o notes.AccountTest) bool { return reflect.DeepEqual(t, o) }) {
			all = append(all, t)
		}
	}
	for i, res := range RunTests(then, all, is, at) {
		if res.State != TestFails {
			continue
		}
		f := FailedTest{TestResult: res, Index: i}
		if i >= len(then.Tests) {
			f.Index = -1
		}
		kept := func(o notes.AccountTest) bool { return reflect.DeepEqual(res.Test, o) }
		if was != nil && slices.ContainsFunc(now.Tests, kept) {
			before := runTest(now, res.Test, was, at)
			f.Already = before.State == TestFails && before.Way == res.Way && before.At.Equal(res.At) &&
				reflect.DeepEqual(before.Told, res.Told)
		}
		if f.Index >= 0 || !f.Already {
			out = append(out, f)
		}
	}
	return out
}

// FileRouter makes the plans of a practice that stands in a file, without asking a server: everybody who signs in counts as having a phone
// that takes pushes, nobody as having left, and every channel as set up. An error is about a document that cannot be read.
func FileRouter(acc notes.Account, now time.Time) (Router, error) {
	ladders, err := ParseLadders(acc.Ladders)
	if err != nil {
		return nil, err
	}
	text := acc.Schedule
	if len(bytes.TrimSpace(text)) == 0 || string(bytes.TrimSpace(text)) == "null" {
		text = []byte(`{"timezone":"UTC","layers":[]}`)
	}
	doc, err := oncall.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	s, err := oncall.Compile(doc, now.Add(-time.Hour), now.Add(LookAhead))
	if err != nil {
		return nil, err
	}
	push := map[notes.PersonID]bool{}
	for _, c := range acc.Contacts {
		push[c.Person] = c.Person != ""
	}
	return fileRouter{ladders, s, Reach{Practice: acc.Name, Contacts: acc.Contacts, Push: push}}, nil
}

type fileRouter struct {
	ladders  []Ladder
	schedule *oncall.Schedule
	reach    Reach
}

func (f fileRouter) Plan(callType, ladder string, at time.Time) Plan {
	l, ok := FindLadder(f.ladders, ladder)
	if !ok {
		return NoLadderPlan(f.reach.Practice, ladder, at)
	}
	return Resolve(l, f.Rota(callType), f.reach, at)
}

func (f fileRouter) Rota(callType string) Rota { return OnCall(f.schedule, callType) }
