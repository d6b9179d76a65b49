package house

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing"
	"lamplight/telephony"
)

// mostOverruled is how many of a practice's overruled tests a page lists.
const mostOverruled = 20

// PracticeTests tries the tests of a practice as a draft says it is to be.
func (h *House) PracticeTests(ctx context.Context, q console.PracticeTests) (out console.PracticeTested, err error) {
	a, acc, err := h.practiceFor(ctx, q.Account)
	if err != nil {
		return out, err
	}
	if len(q.Document) > mostPractice {
		return out, console.Refuse(console.Invalid, "portal.error.too-large")
	}
	next, _, err := h.practiceProblems(ctx, a, acc, q.Document)
	if err != nil {
		return out, err
	}
	out = console.PracticeTested{Tests: []console.PracticeTest{}, Overruled: []console.TestsOverruled{}}
	if h.readable(next) {
		router, err := h.cfg.Routing.Router(ctx, next)
		if err != nil {
			return out, err
		}
		for _, r := range routing.RunTests(next, next.Tests, router, h.cfg.Now()) {
			t := console.PracticeTest{ID: r.Test.ID, State: r.State, Tried: r.Tried, At: r.At,
				Case: notes.Text{}, Expects: notes.Text{}, Happens: notes.Text{}}
			for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
				w := WordsOfTest(l, next, r)
				t.Case[l], t.Expects[l], t.Happens[l] = w["test"], w["expects"], w["happens"]
			}
			out.Tests = append(out.Tests, t)
		}
	}
	over, err := h.cfg.Store.Overrulings(ctx, acc.ID, mostOverruled)
	if err != nil {
		return out, err
	}
	s, err := namesOf(ctx, h, over, func(o record.Overruling) notes.PersonID { return o.By })
	if err != nil {
		return out, err
	}
	for _, o := range over {
		out.Overruled = append(out.Overruled, console.TestsOverruled{At: o.At, By: s.name(o.By), Why: o.Why, Failed: o.Failed})
	}
	return out, nil
}

// readable reports that a practice's ladders and schedule can be read, so that its tests can be tried.
func (h *House) readable(acc notes.Account) bool {
	_, errLadders := routing.ParseLadders(acc.Ladders)
	_, errSchedule := compiled(acc, h.cfg.Now())
	return errLadders == nil && errSchedule == nil
}

// failedTests are the tests that a practice would fail after a change. Those of an unreadable one are not tried: it is refused.
func (h *House) failedTests(ctx context.Context, was, is notes.Account) ([]routing.FailedTest, error) {
	if len(was.Tests)+len(is.Tests) == 0 || !h.readable(is) {
		return nil, nil
	}
	after, err := h.cfg.Routing.Router(ctx, is)
	if err != nil {
		return nil, err
	}
	var before routing.Router
	if was.Version > 0 && h.readable(was) {
		if before, err = h.cfg.Routing.Router(ctx, was); err != nil {
			return nil, err
		}
	}
	return routing.FailedTests(is, was, after, before, h.cfg.Now()), nil
}

// testProblem is a failed test as a problem of the document.
func testProblem(a access.Actor, acc notes.Account, f routing.FailedTest) console.PracticeProblem {
	p := console.PracticeProblem{Field: "account.tests", Code: "test-removed", Word: !f.Already, Says: notes.Text{}}
	if f.Index >= 0 {
		p.Field, p.Code = "account.tests["+strconv.Itoa(f.Index)+"]", "test-fails"
	}
	if f.Already {
		p.Code = "test-failing"
	}
	p.Final = p.Word && !a.May(notes.OverruleTests, string(acc.ID))
	for _, l := range []telephony.Language{telephony.English, telephony.Spanish} {
		p.Says[l] = catalog.T(l, "routing.test."+p.Code, WordsOfTest(l, acc, f.TestResult))
	}
	return p
}

// overruling is a word that has tests overruled, with what they say; nil when none fails.
func overruling(word string, failed []notes.Text) *record.Overruling {
	if len(failed) == 0 {
		return nil
	}
	return &record.Overruling{Why: strings.TrimSpace(word), Failed: failed}
}

// WordsOfTest says what a test expects and what would happen, in a language: the values of the sentences about tests.
func WordsOfTest(l telephony.Language, acc notes.Account, r routing.TestResult) catalog.Vars {
	v := catalog.Vars{"test": caseWords(l, acc, r.Test), "expects": catalog.T(l, "routing.test.way.office", nil),
		"happens": catalog.T(l, "routing.test.way."+string(r.Way), nil)}
	if zone, err := time.LoadLocation(acc.TimeZone); err == nil {
		v["when"] = dayWords(l, r.At.In(zone))
	}
	if len(r.Test.Expect) > 0 {
		v["expects"] = then(l, r.Wanted, func(t routing.RungTold) string {
			name, known := roleWord(l, t.Rung)
			if who := contactNames(l, acc, t.Who); known {
				name = catalog.T(l, "routing.test.role", catalog.Vars{"role": name, "who": who})
			} else {
				name = who
			}
			var details []string
			if len(t.Channels) > 0 {
				details = append(details, catalog.T(l, "routing.test.by", catalog.Vars{"channels": channelWords(l, t.Channels)}))
			}
			if t.After >= 0 {
				details = append(details, afterWords(l, t.After))
			}
			return strings.TrimSpace(catalog.T(l, "routing.test.wanted", catalog.Vars{"who": name, "details": strings.Join(details, ", ")}))
		})
	}
	if r.Way == routing.ToPeople {
		v["happens"] = then(l, r.Told, func(t routing.RungTold) string {
			return catalog.T(l, "routing.test.told", catalog.Vars{"who": contactNames(l, acc, t.Who), "channels": channelWords(l, t.Channels),
				"after": afterWords(l, t.After)})
		})
	}
	return v
}

func then(l telephony.Language, all []routing.RungTold, say func(routing.RungTold) string) (out string) {
	for i, t := range all {
		if i == 0 {
			out = say(t)
		} else {
			out = catalog.T(l, "routing.test.then", catalog.Vars{"first": out, "rest": say(t)})
		}
	}
	return out
}

// caseWords names a test by what it is about: "Sunday 02:00, Chest pain".
func caseWords(l telephony.Language, acc notes.Account, t notes.AccountTest) string {
	when := t.When
	if day, clock, weekly := routing.Weekly(t.When); weekly {
		when = catalog.T(l, "routing.test.weekly", catalog.Vars{"day": listed(l, "routing.test.days", int(day)), "time": clock})
	} else if at, err := time.Parse("2006-01-02T15:04", t.When); err == nil {
		when = dayWords(l, at)
	}
	c, _ := callType(acc, t.CallType)
	v := catalog.Vars{"when": when, "call": c.Label.In(l)}
	if v["call"] == "" {
		v["call"] = t.CallType
	}
	if t.Urgency == "" {
		return catalog.T(l, "routing.test.case", v)
	}
	v["urgency"] = catalog.T(l, "routing.test.urgency."+string(t.Urgency), nil)
	return catalog.T(l, "routing.test.case-urgency", v)
}

// dayWords is a moment as its own clock shows it: "Sun, Nov 29 02:00".
func dayWords(l telephony.Language, at time.Time) string {
	day := catalog.T(l, "channel.visit.day", catalog.Vars{"weekday": listed(l, "channel.weekdays", int(at.Weekday())),
		"month": listed(l, "channel.months", int(at.Month())-1), "day": strconv.Itoa(at.Day())})
	return day + " " + at.Format("15:04")
}

// listed is one of a list in the catalog, whose words have commas between them.
func listed(l telephony.Language, key string, i int) string {
	return strings.Split(catalog.T(l, key, nil), ",")[i]
}

func roleWord(l telephony.Language, who string) (word string, role bool) {
	if strings.HasPrefix(who, "contact:") {
		return "", false
	}
	key := "routing.test.role." + who
	if word = catalog.T(l, key, nil); word == key {
		return who, true
	}
	return word, true
}

func contactNames(l telephony.Language, acc notes.Account, ids []string) string {
	if len(ids) == 0 {
		return catalog.T(l, "routing.test.nobody", nil)
	}
	names := slices.Clone(ids)
	for _, c := range acc.Contacts {
		if i := slices.Index(names, c.ID); i >= 0 && c.Name != "" {
			names[i] = c.Name
		}
	}
	return strings.Join(names, ", ")
}

func channelWords(l telephony.Language, channels []routing.ChannelKind) string {
	out := make([]string, len(channels))
	for i, c := range channels {
		out[i] = catalog.T(l, "routing.test.channel."+string(c), nil)
	}
	return strings.Join(out, ", ")
}

func afterWords(l telephony.Language, d time.Duration) string {
	if d == 0 {
		return catalog.T(l, "routing.test.at-once", nil)
	}
	short := d.String() // "5m0s"
	if strings.HasSuffix(short, "m0s") {
		short = strings.TrimSuffix(short, "0s")
	}
	if strings.HasSuffix(short, "h0m") {
		short = strings.TrimSuffix(short, "0m")
	}
	return catalog.T(l, "routing.test.after", catalog.Vars{"after": short})
}
