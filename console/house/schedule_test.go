package house_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// onCallPractice is lakeside with three doctors: Reyes primary, Osei backup, Lindqvist to come in.
func onCallPractice(t *testing.T, r *rig, schedule string) {
	t.Helper()
	p := practice("lakeside", "+13125550100")
	p.Contacts = append(p.Contacts, notes.Contact{ID: "osei", Name: "Dr Osei", Language: "en", Mobile: "+13125550102"},
		notes.Contact{ID: "lindqvist", Name: "Dr Lindqvist", Language: "en", Mobile: "+13125550103"})
	p.Schedule = []byte(schedule)
	p.Ladders = []byte(`{"ladders":[{"name":"urgent","version":1,"rungs":[{"after":"0s","who":"primary","channels":["text"]},
		{"after":"3m","who":"backup","channels":["text"]}]}]}`)
	if err := r.store.PutAccount(access.System(t.Context(), "seed"), p); err != nil {
		t.Fatal(err)
	}
}

const twoRoles = `{"timezone":"America/Chicago","participants":[{"id":"reyes"},{"id":"osei"}],
	"layers":[{"role":"primary","who":["reyes"]},{"role":"backup","who":["osei"]}]}`

func (r *rig) schedule(t *testing.T, who notes.PersonID, from string, days int) console.ScheduleView {
	t.Helper()
	v, err := r.Schedule(r.as(t, who), console.ScheduleQuery{Account: "lakeside", From: from, Days: days})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// hours tells a role's shifts as "reyes 17h", the default's and nobody's with an exclamation mark.
func hours(shifts []console.ScheduleShift, role string) (out []string) {
	for _, s := range shifts {
		if s.Role == role {
			gap := map[bool]string{true: "!"}[s.Gap]
			out = append(out, gap+strings.Join(s.Who, "+")+" "+s.To.Sub(s.From).String())
		}
	}
	return out
}

func sameList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// wall is a moment some days from now on lakeside's wall.
func wall(days int, clock string) string {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		panic(err)
	}
	return time.Now().In(zone).AddDate(0, 0, days).Format(time.DateOnly) + "T" + clock
}

// edit makes a change as somebody who saw the schedule as it stands.
func (r *rig) edit(t *testing.T, who notes.PersonID, do console.ScheduleAct, sure bool) (console.ScheduleEdited, error) {
	t.Helper()
	return r.EditSchedule(r.as(t, who), console.ScheduleEdit{Account: "lakeside", Basis: r.schedule(t, who, "", 7).Basis, Do: do,
		Why: "conference", Sure: sure})
}

func codeOf(err error) string {
	var e *console.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestTheCalendarOfAPractice: a week with the clock's change in it has its 167 and 169 hours, each in one shift or gap; gaps are
// told for 60 days whatever is looked at; a kind of call has its own people.
func TestTheCalendarOfAPractice(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, `{"timezone":"America/Chicago","default":{"backup":"lindqvist"},
		"layers":[{"role":"primary","who":["reyes"]},{"role":"primary","callTypes":["symptom"],"priority":2,"who":["lindqvist"]},
		{"role":"backup","who":["osei"],"windows":[{"from":"22:00","to":"02:30"}]}]}`)
	for from, want := range map[string]time.Duration{"2027-03-08": 167 * time.Hour, "2026-11-02": 168 * time.Hour,
		"2026-10-26": 169 * time.Hour} {
		v := r.schedule(t, "office", from, 7)
		sum := map[string]time.Duration{}
		for _, s := range v.Shifts {
			sum[s.Role] += s.To.Sub(s.From)
		}
		if sum["primary"] != want || sum["backup"] != want || v.To.Sub(v.From) != want {
			t.Errorf("the week from %s has %v, %s to %s; want %v", from, sum, v.From, v.To, want)
		}
	}
	spring := r.schedule(t, "office", "2027-03-14", 1) // 02:30 is skipped: the shift ends at 03:00
	sameList(t, "the short night", hours(spring.Shifts, "backup"), "osei 2h0m0s", "!lindqvist 19h0m0s", "osei 2h0m0s")
	autumn := r.schedule(t, "office", "2026-11-01", 1)
	sameList(t, "the long night", hours(autumn.Shifts, "backup"), "osei 3h30m0s", "!lindqvist 19h30m0s", "osei 2h0m0s")
	if n := len(autumn.Gaps); n < 58 || n > 62 || autumn.Gaps[0].Who[0] != "lindqvist" || autumn.Gaps[0].From.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("%d gaps, first %+v", n, autumn.Gaps[0])
	}
	if !autumn.MayEdit || r.schedule(t, "doctor", "", 1).MayEdit {
		t.Error("the office may edit, and the doctor may not")
	}
	of, err := r.Schedule(r.as(t, "office"), console.ScheduleQuery{Account: "lakeside", Days: 1, CallType: "symptom"})
	if err != nil {
		t.Fatal(err)
	}
	sameList(t, "for a symptom", hours(of.Shifts, "primary")[:1], "lindqvist "+of.To.Sub(of.From).String())
}

// TestAnOverrideIsMadeTakenOutAndBroughtBack, by the office, and told in the history with who and why.
func TestAnOverrideIsMadeTakenOutAndBroughtBack(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, twoRoles)
	cover := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "primary", Who: "lindqvist", For: "reyes",
		From: wall(1, "08:00"), To: wall(1, "20:00")}
	tomorrow := wall(1, "")[:10]
	if out, err := r.edit(t, "office", cover, false); err != nil || !out.Saved {
		t.Fatalf("%+v, %v", out, err)
	}
	v := r.schedule(t, "office", tomorrow, 1)
	sameList(t, "covered", hours(v.Shifts, "primary"), "reyes 8h0m0s", "lindqvist 12h0m0s", "reyes "+(v.To.Sub(v.From)-20*time.Hour).String())
	if len(v.Entries) != 1 || v.Entries[0].Who != "lindqvist" || v.Changes[0].By != "Front Office" || v.Changes[0].Why != "conference" ||
		v.Changes[0].Did != cover {
		t.Fatalf("%+v, %+v", v.Entries, v.Changes)
	}
	out := console.ScheduleAct{Act: console.EditRemove, Kind: console.EntryOverride}
	if done, err := r.edit(t, "boss", out, false); err != nil || !done.Saved {
		t.Fatalf("%+v, %v", done, err)
	}
	v = r.schedule(t, "office", tomorrow, 1)
	sameList(t, "taken out", hours(v.Shifts, "primary"), "reyes "+v.To.Sub(v.From).String())
	if did := v.Changes[0].Did; did.Act != console.EditRemove || did.Who != "lindqvist" || did.From != cover.From || v.Changes[0].By != "Sam Boss" {
		t.Errorf("%+v", v.Changes[0])
	}
	back := console.ScheduleAct{Act: console.EditRestore, Version: v.Changes[1].ID}
	if done, err := r.edit(t, "office", back, false); err != nil || !done.Saved {
		t.Fatalf("%+v, %v", done, err)
	}
	if v = r.schedule(t, "office", tomorrow, 1); len(v.Entries) != 1 || len(v.Changes) != 5 {
		t.Errorf("%+v, %+v", v.Entries, v.Changes)
	}
}

// TestLeaveAndHolidays: who is away is backed up, and a holiday closes the office.
func TestLeaveAndHolidays(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, `{"timezone":"America/Chicago","officeHours":[{"from":"00:00","to":"24:00"}],
		"layers":[{"role":"primary","hours":"office","who":["osei"],"priority":2},{"role":"primary","who":["reyes"]},{"role":"backup","who":["osei"]}]}`)
	day := wall(2, "")[:10]
	for _, do := range []console.ScheduleAct{
		{Act: console.EditPut, Kind: console.EntryLeave, For: "osei", Who: "lindqvist", From: day, To: day},
		{Act: console.EditPut, Kind: console.EntryHoliday, Name: "Founders' day", From: wall(2, "12:00"), To: wall(2, "18:00")},
	} {
		if out, err := r.edit(t, "office", do, false); err != nil || !out.Saved {
			t.Fatalf("%+v: %+v, %v", do, out, err)
		}
	}
	v := r.schedule(t, "office", day, 1)
	sameList(t, "on that day", hours(v.Shifts, "primary"), "lindqvist 12h0m0s", "reyes 6h0m0s", "lindqvist "+(v.To.Sub(v.From)-18*time.Hour).String())
	if len(v.Entries) != 2 {
		t.Errorf("%+v", v.Entries)
	}
}

// TestAChangeThatMustNotBe is told in words, and nothing is stored.
func TestAChangeThatMustNotBe(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, twoRoles)
	put := func(change func(*console.ScheduleAct)) console.ScheduleAct {
		a := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "primary", Who: "lindqvist", For: "reyes",
			From: wall(1, "08:00"), To: wall(1, "20:00")}
		change(&a)
		return a
	}
	for code, do := range map[string]console.ScheduleAct{
		"portal.error.schedule-ends-first": put(func(a *console.ScheduleAct) { a.To = wall(1, "07:00") }),
		"portal.error.schedule-past":       put(func(a *console.ScheduleAct) { a.From, a.To = wall(-2, "08:00"), wall(-1, "08:00") }),
		"portal.error.date":                put(func(a *console.ScheduleAct) { a.From = "tomorrow" }),
		"portal.error.schedule-who":        put(func(a *console.ScheduleAct) { a.Who = "=cmd|' /C calc'!A0" }),
		"portal.error.schedule-name":       {Act: console.EditPut, Kind: console.EntryHoliday, From: wall(1, "08:00"), To: wall(1, "20:00")},
		"portal.error.not-found":           {Act: console.EditRemove, Kind: console.EntrySwap, Index: 3},
		"portal.error.malformed":           {Act: console.EditStored},
	} {
		if out, err := r.edit(t, "boss", do, true); codeOf(err) != code || out.Saved {
			t.Errorf("%s: %+v, %v", code, out, err)
		}
	}
	if _, err := r.EditSchedule(r.as(t, "office"), console.ScheduleEdit{Account: "lakeside", Why: " "}); codeOf(err) != "portal.error.schedule-why" {
		t.Errorf("without a reason: %v", err)
	}
	// What nobody can read nobody may store, however sure.
	if out, err := r.edit(t, "boss", put(func(a *console.ScheduleAct) { a.Role = "janitor" }), true); err != nil || out.Saved || !out.Problems[0].Final {
		t.Errorf("%+v, %v", out, err)
	}
	// What changes nothing is asked about.
	idle := put(func(a *console.ScheduleAct) { a.For = "osei" })
	if out, err := r.edit(t, "office", idle, false); err != nil || out.Saved || len(out.Problems) != 1 || out.Problems[0].Final ||
		out.Problems[0].Says["es"] == "" || out.Problems[0].Says["en"] == out.Problems[0].Says["es"] {
		t.Errorf("%+v, %v", out, err)
	}
	// A ladder that reaches nobody is stored by a supervisor's word alone.
	off := put(func(a *console.ScheduleAct) { a.Who = "" })
	nobody := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "backup", For: "osei", From: off.From, To: off.To}
	if out, err := r.edit(t, "office", off, true); err != nil || !out.Saved { // the backup is there
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err := r.edit(t, "office", nobody, true); err != nil || out.Saved || !out.Problems[len(out.Problems)-1].Final {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := r.edit(t, "boss", nobody, false); err != nil || out.Saved || len(out.Problems) == 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := r.edit(t, "boss", nobody, true); err != nil || !out.Saved {
		t.Errorf("%+v, %v", out, err)
	}
	if n := len(r.schedule(t, "office", "", 7).Entries); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// TestTwoEditAtOnce: the second is told who was first and what they did, and nothing of the first's is lost.
func TestTwoEditAtOnce(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, twoRoles)
	basis := r.schedule(t, "office", "", 7).Basis
	cover := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "primary", Who: "lindqvist", For: "reyes",
		From: wall(1, "08:00"), To: wall(1, "20:00")}
	ask := func(who notes.PersonID) (console.ScheduleEdited, error) {
		return r.EditSchedule(r.as(t, who), console.ScheduleEdit{Account: "lakeside", Basis: basis, Do: cover, Why: "x", Sure: true})
	}
	if out, err := ask("office"); err != nil || !out.Saved {
		t.Fatalf("%+v, %v", out, err)
	}
	out, err := ask("boss")
	if err != nil || out.Saved || out.Moved == nil || out.Moved.By != "Front Office" || out.Moved.Did.Who != "lindqvist" {
		t.Fatalf("%+v, %v", out, err)
	}
	if n := len(r.schedule(t, "boss", "", 7).Entries); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// TestAMomentIsWhatTheDeskPreviews: now it is the preview, later the ladder as it would run then, at both changes of the clock; and a
// note that climbs goes on as it began, whatever is changed.
func TestAMomentIsWhatTheDeskPreviews(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, twoRoles)
	r.call(t, "call-1", "lakeside")
	moment := func(at string, later bool) console.Moment {
		t.Helper()
		m, err := r.Moment(r.as(t, "office"), console.MomentQuery{Account: "lakeside", At: at, Later: later, CallType: "symptom",
			Urgency: notes.Urgent})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	preview, err := r.Preview(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	now := moment(wall(0, time.Now().In(r.zone(t)).Format("15:04")), false)
	if asJSON(t, now.Contacts) != asJSON(t, preview.Contacts) || now.Goes != preview.Goes {
		t.Errorf("%+v, and the desk says %+v", now, preview)
	}
	sent, err := r.Send(r.as(t, "agent"), draft("d1", "call-1", "lakeside"))
	if err != nil {
		t.Fatal(err)
	}
	plan := func() string {
		t.Helper()
		view, err := r.routing.View(r.as(t, "agent"), sent.Note)
		if err != nil {
			t.Fatal(err)
		}
		return view.Next.Name
	}
	before := plan()
	cover := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryOverride, Role: "backup", Who: "lindqvist", For: "osei",
		From: wall(-1, "08:00"), To: wall(1, "20:00")}
	if out, err := r.edit(t, "office", cover, false); err != nil || !out.Saved {
		t.Fatalf("%+v, %v", out, err)
	}
	if after := plan(); after != before {
		t.Errorf("a note that climbs went to %s next, and now to %s", before, after)
	}
	then := moment(wall(1, "19:58"), false) // the second rung is at 20:01, when Osei is back
	if len(then.Contacts) != 2 || then.Contacts[0].Name != "Dr Reyes" || then.Contacts[1].Name != "Dr Osei" ||
		then.Contacts[1].After != 3*time.Minute {
		t.Errorf("%+v", then.Contacts)
	}
	during := moment(wall(1, "19:00"), false)
	if during.Contacts[1].Name != "Dr Lindqvist" || during.OnCall[1].By != "override" || during.OnCall[1].Otherwise[0] != "osei" {
		t.Errorf("%+v", during)
	}
	if m := moment("2027-03-14T02:30", false); !m.Skipped || m.At.Format("15:04 MST") != "03:00 CDT" {
		t.Errorf("%+v", m)
	}
	first, second := moment("2027-11-07T01:30", false), moment("2027-11-07T01:30", true)
	if !first.Twice || second.At.Sub(first.At) != time.Hour {
		t.Errorf("%s, %s", first.At, second.At)
	}
	if _, err := r.Moment(r.as(t, "office"), console.MomentQuery{Account: "lakeside", At: "soon"}); codeOf(err) != "portal.error.date" {
		t.Errorf("%v", err)
	}
}

func (r *rig) zone(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestAScheduleNobodyCanRead says why, and an earlier one can be brought back.
func TestAScheduleNobodyCanRead(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, twoRoles)
	onCallPractice(t, r, `{"timezone":"America/Chicago","layers":[{"who":["reyes"],"rotaton":"x"}]}`)
	v := r.schedule(t, "office", "", 7)
	if len(v.Problems) == 0 || len(v.Shifts) != 0 || !strings.Contains(v.Problems[0].Field, "rotaton") {
		t.Fatalf("%+v", v)
	}
	do := console.ScheduleAct{Act: console.EditPut, Kind: console.EntryLeave, For: "reyes", From: wall(1, "08:00"), To: wall(1, "20:00")}
	if _, err := r.edit(t, "office", do, true); codeOf(err) != "portal.error.schedule-unread" {
		t.Errorf("%v", err)
	}
	if out, err := r.edit(t, "office", console.ScheduleAct{Act: console.EditRestore, Version: v.Changes[1].ID}, false); err != nil || !out.Saved {
		t.Errorf("%+v, %v", out, err)
	}
	if v = r.schedule(t, "office", "", 7); len(v.Shifts) == 0 {
		t.Errorf("%+v", v)
	}
}

// BenchmarkScheduleOfManyPractices is what a page costs a server with 1,000 practices.
func BenchmarkScheduleOfManyPractices(b *testing.B) {
	r := newRig(b)
	seed := access.System(context.Background(), "seed")
	for i := range 1000 {
		p := practice(telephony.AccountID("practice-"+time.Duration(i).String()), "")
		p.Lines = nil
		if err := r.store.PutAccount(seed, p); err != nil {
			b.Fatal(err)
		}
	}
	boss := r.as(b, "boss")
	for name, ask := range map[string]func() error{
		"me": func() error { _, err := r.Me(boss); return err },
		"month": func() error {
			_, err := r.Schedule(boss, console.ScheduleQuery{Account: "lakeside", Days: 42})
			return err
		},
		"moment": func() error {
			_, err := r.Moment(boss, console.MomentQuery{Account: "lakeside", At: "2026-12-24T02:00", CallType: "symptom", Urgency: notes.Urgent})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAShiftChangesHandsWhenBothAgree: the owner stays on call until then; a gap is whose takes it; nobody does this for another.
func TestAShiftChangesHandsWhenBothAgree(t *testing.T) {
	r := newRig(t)
	onCallPractice(t, r, `{"timezone":"America/Chicago","layers":[{"role":"primary","who":["reyes"],"windows":[{"from":"18:00","to":"06:00"}]}]}`)
	seed := access.System(t.Context(), "seed")
	p, err := r.store.AccountNow(seed, "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	p.Contacts[1].Person = "osei"
	if err := r.store.PutAccount(seed, p); err != nil {
		t.Fatal(err)
	}
	if _, err := r.door.AddPerson(seed, access.Person{ID: "osei", Login: "osei", Name: "Kwame Osei", Language: "en",
		Grants: []access.Grant{{Account: "lakeside", Role: notes.RoleProvider}}}, ""); err != nil {
		t.Fatal(err)
	}
	duty := func(who notes.PersonID) console.PracticeDuty {
		t.Helper()
		d, err := r.MyDuty(r.as(t, who))
		if err != nil || len(d.Practices) != 1 {
			t.Fatalf("%+v, %v", d, err)
		}
		return d.Practices[0]
	}
	does := func(who notes.PersonID, b console.DutyChange, code string) {
		t.Helper()
		b.Account, b.Basis, b.Sure = "lakeside", duty(who).Basis, true
		out, err := r.Duty(r.as(t, who), b)
		if codeOf(err) != code || (code == "") != out.Saved {
			t.Fatalf("%s does %+v: %+v, %v", who, b, out, err)
		}
	}
	on := func(at time.Time) string {
		t.Helper()
		sched, err := r.routing.Schedule(t.Context(), account(t, r), time.Now(), false)
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		for _, id := range sched.Who(at, oncall.Query{}) {
			out += string(id)
		}
		return out
	}
	const gone = "portal.error.duty-gone"
	shift := duty("doctor").Mine[1]
	offer := console.DutyChange{Act: console.DutyOffer, Role: shift.Role, From: shift.From, To: shift.To}
	does("osei", offer, gone) // of what is not theirs
	does("doctor", offer, "")
	does("doctor", offer, gone) // twice
	offer.From = offer.From.Add(time.Minute)
	does("doctor", offer, gone) // or what is left of it
	does("doctor", console.DutyChange{Act: console.DutyTake}, gone)
	does("osei", console.DutyChange{Act: console.DutyAgree}, gone)
	does("osei", console.DutyChange{Act: console.DutyTake}, "")
	does("osei", console.DutyChange{Act: console.DutyWithdraw}, "")
	does("osei", console.DutyChange{Act: console.DutyTake}, "")
	if who := on(shift.From); who != "reyes" {
		t.Errorf("before the owner agrees %s is on call", who)
	}
	if s := duty("doctor").Swaps; len(s) != 1 || s[0].State != "taken" || s[0].Who != "osei" {
		t.Fatalf("%+v", s)
	}
	does("doctor", console.DutyChange{Act: console.DutyAgree}, "")
	if who := on(shift.From); who != "osei" {
		t.Errorf("after both agreed %s is on call", who)
	}
	does("doctor", console.DutyChange{Act: console.DutyWithdraw}, gone) // what was agreed is agreed
	gap := duty("osei").Gaps[1]
	does("osei", console.DutyChange{Act: console.DutyFill, Role: gap.Role, From: gap.From, To: gap.To}, "")
	does("doctor", console.DutyChange{Act: console.DutyFill, Role: gap.Role, From: gap.From, To: gap.To}, gone)
	if who := on(gap.From); who != "osei" {
		t.Errorf("in the gap %s is on call", who)
	}
	if out, err := r.Duty(r.as(t, "doctor"), console.DutyChange{Account: "lakeside", Basis: "old", Act: console.DutyTake}); err != nil ||
		out.Saved || out.Moved == nil || out.Moved.By != "Kwame Osei" {
		t.Errorf("%+v, %v", out, err)
	}
}

func account(t *testing.T, r *rig) notes.Account {
	t.Helper()
	acc, err := r.store.AccountNow(t.Context(), "lakeside")
	if err != nil {
		t.Fatal(err)
	}
	return acc
}
