package house_test

import (
	"fmt"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing"
)

// aTestedPractice is lakeside, whose backup on Sunday nights must be Dr Osei.
func aTestedPractice(t *testing.T, r *rig) {
	t.Helper()
	acc, _ := routing.NewPractice(routing.TemplateSolo, "lakeside", "Lakeside", "America/Chicago")
	acc.Lines[0].DID = "+13125550100"
	acc.Contacts = []notes.Contact{{ID: "reyes", Person: "doctor", Name: "Dr Reyes", Language: "en", Mobile: "+13125550101"},
		{ID: "osei", Name: "Dr Osei", Language: "en", Mobile: "+13125550102"},
		{ID: "lindqvist", Name: "Dr Lindqvist", Language: "en", Mobile: "+13125550103"}}
	acc.Schedule = []byte(`{"timezone":"America/Chicago","layers":[{"role":"primary","who":["reyes"]},{"role":"backup","who":["osei"]}]}`)
	acc.Ladders = []byte(`{"ladders":[{"name":"urgent","version":1,"rungs":[{"after":"0s","who":"primary","channels":["text"]},
		{"after":"3m","who":"backup","channels":["text"]}]}]}`)
	acc.Tests = []notes.AccountTest{{ID: "sunday", When: "sun 02:00", CallType: acc.Script.CallTypes[0].ID,
		Expect: []notes.TestedRung{{Who: "primary", Channels: []string{"text"}}, {Who: "contact:osei", Channels: []string{"text"}, After: "3m"}}}}
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), acc); err != nil {
		t.Fatal(err)
	}
}

// otherBackup has Dr Lindqvist back up in Dr Osei's place, in a document as it is written.
var otherBackup = []string{"\"who\": [\n     \"osei\"\n    ]", "\"who\": [\n     \"lindqvist\"\n    ]"}

func (s *sheet) publishWith(word string) console.PracticePublished {
	s.t.Helper()
	out, err := s.PublishPractice(s.as(s.t, s.who), console.PracticePublish{Account: s.account, Seq: s.seq, Why: "so it is", Sure: true, Word: word})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// overruled counts the leaves and rows that tell of an overruled test.
func (r *rig) overruled(t *testing.T) (rows, leaves int) {
	t.Helper()
	err := r.pool.QueryRow(t.Context(), `select (select count(*) from test_overruling),
		(select count(*) from audit_outbox where convert_from(body, 'utf8') like '%account.tests-overruled%')`).Scan(&rows, &leaves)
	if err != nil {
		t.Fatal(err)
	}
	return rows, leaves
}

// TestAFailingTestIsNotPublishedSilently: the office that moves the Sunday backup is stopped, told what was expected and what would be,
// and cannot take the test out with the same change; a supervisor's written word has it published, and stands in the record.
func TestAFailingTestIsNotPublishedSilently(t *testing.T) {
	r := newRig(t)
	aTestedPractice(t, r)
	office := r.sheet(t, "office", "lakeside")
	kept := office.write(otherBackup...)
	want := func(of []console.PracticeProblem, field, code string) console.PracticeProblem {
		t.Helper()
		for _, p := range of {
			if p.Field == field && p.Code == code {
				return p
			}
		}
		t.Fatalf("no %s at %s in %+v", code, field, of)
		return console.PracticeProblem{}
	}
	if p := want(kept.Problems, "account.tests[0]", "test-fails"); !p.Word || !p.Final ||
		!strings.Contains(p.Says["en"], "Dr Osei by text, after 3m. On Sun, ") || !strings.Contains(p.Says["en"], "Dr Lindqvist by text, after 3m") ||
		!strings.Contains(p.Says["es"], "domingo 02:00") {
		t.Errorf("%+v", p)
	}
	if out := office.publishWith("because I say so"); out.Saved {
		t.Fatal("the office overrules a test")
	}
	boss := r.sheet(t, "boss", "lakeside")
	boss.write(otherBackup...)
	if out := boss.publishWith(" "); out.Saved || want(out.Problems, "account.tests[0]", "test-fails").Final {
		t.Fatalf("without a word: %+v", out)
	}
	if rows, leaves := r.overruled(t); rows+leaves != 0 {
		t.Errorf("%d rows, %d leaves of nothing", rows, leaves)
	}
	if out := boss.publishWith("Dr Osei is away this month"); !out.Saved {
		t.Fatalf("with a word: %+v", out)
	}
	if rows, leaves := r.overruled(t); rows != 1 || leaves != 1 {
		t.Errorf("%d rows, %d leaves", rows, leaves)
	}
	// The next change has nothing to do with it: it is told of, and needs no word.
	if err := r.DropPractice(r.as(t, "office"), "lakeside"); err != nil {
		t.Fatal(err)
	}
	next := r.sheet(t, "office", "lakeside")
	kept = next.write(`"name": "Dr Lindqvist"`, `"name": "Dr M. Lindqvist"`)
	if p := want(kept.Problems, "account.tests[0]", "test-failing"); p.Word || p.Final {
		t.Errorf("%+v", p)
	}
	if out := next.publish(); !out.Saved {
		t.Errorf("%+v", out)
	}
	seen, err := r.PracticeTests(r.as(t, "office"), console.PracticeTests{Account: "lakeside", Document: next.text})
	if err != nil || len(seen.Tests) != 1 || seen.Tests[0].State != routing.TestFails || len(seen.Overruled) != 1 ||
		seen.Overruled[0].By != "Sam Boss" || seen.Overruled[0].Why != "Dr Osei is away this month" || len(seen.Overruled[0].Failed) != 1 {
		t.Errorf("%+v, %v", seen, err)
	}
}

// TestATestTakenOutWithItsChange is caught as if it stood there still.
func TestATestTakenOutWithItsChange(t *testing.T) {
	r := newRig(t)
	aTestedPractice(t, r)
	office := r.sheet(t, "office", "lakeside")
	out := office.write(append([]string{`"who": "contact:osei"`, `"who": "contact:lindqvist"`}, otherBackup...)...)
	if !problem(out.Problems, "account.tests", "test-removed") || office.publishWith("").Saved {
		t.Errorf("%+v", out)
	}
}

// TestANightIsLentAway: the calendar is held to the tests, too, also by a provider who gives a night away.
func TestANightIsLentAway(t *testing.T) {
	r := newRig(t)
	aTestedPractice(t, r)
	do := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "backup", Who: "lindqvist", For: "osei",
		From: wall(14, "00:00"), To: wall(22, "00:00")} // a Sunday is in it
	ask := func(who notes.PersonID, word string) console.ScheduleEdited {
		t.Helper()
		out, err := r.EditSchedule(r.as(t, who), console.ScheduleEdit{Account: "lakeside", Basis: r.schedule(t, who, "", 7).Basis, Do: do,
			Why: "on a course", Sure: true, Word: word})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	fails := func(out console.ScheduleEdited, final bool) {
		t.Helper()
		if out.Saved || len(out.Problems) != 1 || !out.Problems[0].Word || out.Problems[0].Final != final ||
			!strings.Contains(out.Problems[0].Says["es"], "Dr Lindqvist por texto") {
			t.Errorf("%+v", out)
		}
	}
	fails(ask("office", "x"), true)
	fails(ask("boss", ""), false)
	if out := ask("boss", "he asked for it"); !out.Saved {
		t.Errorf("%+v", out)
	}
	if rows, leaves := r.overruled(t); rows != 1 || leaves != 1 {
		t.Errorf("%d rows, %d leaves", rows, leaves)
	}
	// and what moves nobody of a test is stored as ever
	do = console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "backup", Who: "lindqvist", For: "osei",
		From: wall(23, "13:00"), To: wall(23, "13:30")}
	if out := ask("office", ""); !out.Saved {
		t.Errorf("%+v", out)
	}
	if n := fmt.Sprint(r.schedule(t, "office", "", 7).Entries); !strings.Contains(n, "lindqvist") {
		t.Error(n)
	}
}
