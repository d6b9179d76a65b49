package oncall

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// roundTrip writes a schedule as a calendar, reads it back and compares the shifts.
func roundTrip(t *testing.T, s *Schedule, from, to time.Time) {
	t.Helper()
	var feed bytes.Buffer
	if err := s.Calendar(&feed, from, to, from, FeedOf{}); err != nil {
		t.Fatal(err)
	}
	in, err := ImportCalendar(bytes.NewReader(feed.Bytes()), Import{Timezone: s.plan.doc.Timezone, From: from, To: to})
	if !strings.Contains(feed.String(), "BEGIN:VEVENT") {
		if err == nil || !strings.Contains(english(t, err), "holds no shift in the time asked for") {
			t.Errorf("an empty calendar: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, feed.String())
	}
	back, err := Compile(in.Document, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range s.Roles() {
		want, got := s.Shifts(from, to, Query{Role: role}), back.Shifts(from, to, Query{Role: role})
		want = withoutDefault(want)
		if !slices.EqualFunc(got, want, func(a, b Shift) bool {
			return a.From.Equal(b.From) && a.Until.Equal(b.Until) && slices.Equal(a.People, b.People)
		}) {
			t.Fatalf("%s came back as\n%v\nwas\n%v\n%s", role, got, want, feed.String())
		}
	}
}

// withoutDefault forgets which shifts are the default provider's, which a calendar does not tell, and joins what that leaves equal.
func withoutDefault(in []Shift) (out []Shift) {
	for _, s := range in {
		s.Default = false
		out = glue(out, s)
	}
	return out
}

func TestCalendarRoundTrips(t *testing.T) {
	for _, name := range []string{"solo-doctor.json", "group-of-seven.json", "hospital-service.json", "pediatrics.json"} {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, openExample(t, name), instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z"))
		})
	}
	t.Run("random schedules across clock changes", func(t *testing.T) {
		for seed := range int64(150) {
			a := author{Rand: rand.New(rand.NewSource(seed))}
			a.day, _ = time.Parse(time.DateOnly, a.one(fuzzDays...))
			s, err := Compile(a.document(a.one(fuzzZones...)), a.day, a.day.AddDate(0, 0, 4))
			if err != nil {
				t.Fatal(err)
			}
			roundTrip(t, s, a.day.AddDate(0, 0, -1), a.day.AddDate(0, 0, 5))
		}
	})
}

// calendar wraps events into a calendar.
func calendar(events string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n" + strings.ReplaceAll(strings.TrimSpace(events), "\n\t\t\t", "\n") +
		"\nEND:VCALENDAR\n"
}

const customZone = `BEGIN:VTIMEZONE
			TZID:Practice Time
			BEGIN:STANDARD
			DTSTART:20071104T020000
			TZOFFSETFROM:-0500
			TZOFFSETTO:-0600
			RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
			END:STANDARD
			BEGIN:DAYLIGHT
			DTSTART:20070311T020000
			TZOFFSETFROM:-0600
			TZOFFSETTO:-0500
			RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
			END:DAYLIGHT
			END:VTIMEZONE
			`

func TestImportCalendar(t *testing.T) {
	for _, c := range []struct {
		name, zone, events string
		from, to           string
		want               []string // "from until people"
	}{
		{"a night shift keeps its wall time across the spring change", "America/Chicago", `BEGIN:VEVENT
			UID:1
			SUMMARY:Dr. Reyes
			DTSTART;TZID=America/Chicago:20260307T170000
			DTEND;TZID=America/Chicago:20260308T080000
			RRULE:FREQ=DAILY;COUNT=2
			END:VEVENT`, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-03-07T17:00:00-06:00 2026-03-08T08:00:00-05:00 [dr-reyes]",
				"2026-03-08T17:00:00-05:00 2026-03-09T08:00:00-05:00 [dr-reyes]"}},
		{"a DURATION in hours is time that passes", "America/Chicago", `BEGIN:VEVENT
			UID:1
			SUMMARY:Reyes
			DTSTART;TZID=America/Chicago:20260307T170000
			DURATION:PT15H
			END:VEVENT`, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-03-07T17:00:00-06:00 2026-03-08T09:00:00-05:00 [reyes]"}},
		{"02:30 in the spring gap is 03:30, as RFC 5545 has it", "America/Chicago", `BEGIN:VEVENT
			UID:1
			SUMMARY:Reyes
			DTSTART;TZID=America/Chicago:20260308T023000
			DTEND;TZID=America/Chicago:20260308T060000
			END:VEVENT`, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-03-08T03:30:00-05:00 2026-03-08T06:00:00-05:00 [reyes]"}},
		{"a floating time and a whole day stand in the practice's zone", "America/Puerto_Rico", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ortiz
			DTSTART:20260105T170000
			DTEND:20260105T220000
			END:VEVENT
			BEGIN:VEVENT
			UID:2
			SUMMARY:Rivera
			DTSTART;VALUE=DATE:20260107
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
			[]string{"2026-01-05T17:00:00-04:00 2026-01-05T22:00:00-04:00 [ortiz]",
				"2026-01-07T00:00:00-04:00 2026-01-08T00:00:00-04:00 [rivera]"}},
		{"an instance moved to another day and person, another excepted, one added", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART:20260105T080000Z
			DTEND:20260105T200000Z
			RRULE:FREQ=DAILY;UNTIL=20260108T080000Z
			EXDATE:20260106T080000Z
			RDATE:20260110T080000Z
			END:VEVENT
			BEGIN:VEVENT
			UID:1
			RECURRENCE-ID:20260107T080000Z
			SUMMARY:Bob
			DTSTART:20260107T100000Z
			DTEND:20260107T120000Z
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
			[]string{"2026-01-05T08:00:00Z 2026-01-05T20:00:00Z [ana]", "2026-01-07T10:00:00Z 2026-01-07T12:00:00Z [bob]",
				"2026-01-08T08:00:00Z 2026-01-08T20:00:00Z [ana]", "2026-01-10T08:00:00Z 2026-01-10T20:00:00Z [ana]"}},
		{"an instance of an all-day series is excepted by its date", "America/Chicago", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART;VALUE=DATE:20260105
			RRULE:FREQ=WEEKLY;COUNT=3
			EXDATE;VALUE=DATE:20260112
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
			[]string{"2026-01-05T00:00:00-06:00 2026-01-06T00:00:00-06:00 [ana]",
				"2026-01-19T00:00:00-06:00 2026-01-20T00:00:00-06:00 [ana]"}},
		{"an infinite rule is written out for the time asked for", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART:20000103T080000Z
			DTEND:20000103T090000Z
			RRULE:FREQ=WEEKLY;BYDAY=MO,TH
			END:VEVENT`, "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z",
			[]string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [ana]", "2026-01-08T08:00:00Z 2026-01-08T09:00:00Z [ana]"}},
		{"the 31st comes in months that have one", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART;VALUE=DATE:20260131
			RRULE:FREQ=MONTHLY
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
			[]string{"2026-01-31T00:00:00Z 2026-02-01T00:00:00Z [ana]", "2026-03-31T00:00:00Z 2026-04-01T00:00:00Z [ana]",
				"2026-05-31T00:00:00Z 2026-06-01T00:00:00Z [ana]"}},
		{"cancelled events and instances are not on call", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART:20260105T080000Z
			DTEND:20260105T090000Z
			RRULE:FREQ=DAILY;COUNT=2
			END:VEVENT
			BEGIN:VEVENT
			UID:1
			RECURRENCE-ID:20260106T080000Z
			STATUS:CANCELLED
			DTSTART:20260106T080000Z
			END:VEVENT
			BEGIN:VEVENT
			UID:2
			SUMMARY:Bob
			STATUS:CANCELLED
			DTSTART:20260107T080000Z
			DTEND:20260107T090000Z
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
			[]string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [ana]"}},
		{"of two versions the higher SEQUENCE holds", "UTC", `BEGIN:VEVENT
			UID:1
			SEQUENCE:2
			SUMMARY:New
			DTSTART:20260105T080000Z
			DTEND:20260105T090000Z
			END:VEVENT
			BEGIN:VEVENT
			UID:1
			SEQUENCE:1
			SUMMARY:Old
			DTSTART:20260105T080000Z
			DTEND:20260105T090000Z
			END:VEVENT`, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
			[]string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [new]"}},
		{"UNTIL without the Z that the RFC wants", "Europe/Madrid", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART;TZID=Europe/Madrid:20220309T130000
			DTEND;TZID=Europe/Madrid:20220309T133000
			RRULE:FREQ=WEEKLY;UNTIL=20220320T010101
			END:VEVENT`, "2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z",
			[]string{"2022-03-09T13:00:00+01:00 2022-03-09T13:30:00+01:00 [ana]",
				"2022-03-16T13:00:00+01:00 2022-03-16T13:30:00+01:00 [ana]"}},
		{"Outlook's name of a zone", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART;TZID=Central Standard Time:20260701T080000
			DTEND;TZID=Central Standard Time:20260701T090000
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-07-01T13:00:00Z 2026-07-01T14:00:00Z [ana]"}},
		{"a zone only the calendar knows, in winter and in summer", "UTC", customZone + `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART;TZID=Practice Time:20260307T080000
			DTEND;TZID=Practice Time:20260307T090000
			RRULE:FREQ=DAILY;COUNT=2
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-03-07T14:00:00Z 2026-03-07T15:00:00Z [ana]", "2026-03-08T13:00:00Z 2026-03-08T14:00:00Z [ana]"}},
		{"a rule that names the event's own time of day", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART:20260105T080000Z
			DTEND;TZID=America/Chicago:20260105T030000
			RRULE:FREQ=DAILY;BYHOUR=8;BYMINUTE=0;UNTIL=20260106
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [ana]", "2026-01-06T08:00:00Z 2026-01-06T09:00:00Z [ana]"}},
		{"a rule that ended before it began gives the event alone", "UTC", `BEGIN:VEVENT
			UID:1
			SUMMARY:Ana
			DTSTART:20260105T080000Z
			DTEND:20260105T090000Z
			RRULE:FREQ=DAILY;UNTIL=20250101
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [ana]"}},
		{"a zone with a path before it, and one that tells its place", "UTC", `BEGIN:VTIMEZONE
			TZID:Ours
			X-LIC-LOCATION:America/Phoenix
			END:VTIMEZONE
			BEGIN:VEVENT
			SUMMARY:Ana
			DTSTART;TZID=/softwarestudio.org/Tzfile/America/Phoenix:20260701T080000
			DTEND;TZID=Ours:20260701T090000
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2026-07-01T15:00:00Z 2026-07-01T16:00:00Z [ana]"}},
		{"a zone whose changes are listed", "UTC", `BEGIN:VTIMEZONE
			TZID:Ours
			BEGIN:STANDARD
			DTSTART:20200101T000000
			TZOFFSETFROM:-040000
			TZOFFSETTO:-0500
			RRULE:FREQ=YEARLY;UNTIL=20250101T050000Z
			RDATE:20260601T000000,20270101T000000
			END:STANDARD
			BEGIN:DAYLIGHT
			DTSTART:20260101T000000
			TZOFFSETFROM:-0500
			TZOFFSETTO:-0400
			RRULE:FREQ=YEARLY;UNTIL=20261231T000000
			END:DAYLIGHT
			BEGIN:X-OTHER
			END:X-OTHER
			END:VTIMEZONE
			BEGIN:VEVENT
			SUMMARY:Ana
			DTSTART;TZID=Ours:20260501T080000
			DURATION:PT1H30M
			RDATE;TZID=Ours:20260701T080000
			END:VEVENT`, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2026-05-01T12:00:00Z 2026-05-01T13:30:00Z [ana]", "2026-07-01T13:00:00Z 2026-07-01T14:30:00Z [ana]"}},
		{"a folded line and escaped text", "UTC", "BEGIN:VEVENT\nUID:1\nSUMMARY:Reyes\\, Al\n " +
			"ma\nDTSTART:20260105T080000Z\nDTEND:20260105T090000Z\nEND:VEVENT",
			"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", []string{"2026-01-05T08:00:00Z 2026-01-05T09:00:00Z [reyes-alma]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := instant(t, c.from), instant(t, c.to)
			in, err := ImportCalendar(strings.NewReader(calendar(c.events)), Import{Timezone: c.zone, From: from, To: to})
			if err != nil {
				t.Fatal(err)
			}
			expectShifts(t, in.Document, from, to, c.want)
		})
	}
}

func expectShifts(t *testing.T, doc *Document, from, to time.Time, want []string) {
	t.Helper()
	s, err := Compile(doc, from, to)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, sh := range s.Shifts(from, to, Query{}) {
		people := make([]string, len(sh.People))
		for i, id := range sh.People {
			people[i] = string(id)
		}
		got = append(got, sh.From.Format(time.RFC3339)+" "+sh.Until.Format(time.RFC3339)+" ["+strings.Join(people, " ")+"]")
	}
	if !slices.Equal(got, want) {
		t.Errorf("shifts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestImportCalendarRefuses(t *testing.T) {
	event := func(lines string) string {
		return calendar("BEGIN:VEVENT\nUID:1\nSUMMARY:Ana\n" + lines + "\nEND:VEVENT")
	}
	zoned := strings.ReplaceAll(customZone, "\n\t\t\t", "\n") +
		"BEGIN:VEVENT\nSUMMARY:Ana\nDTSTART;TZID=Practice Time:20260701T080000\nDTEND;TZID=Practice Time:20260701T090000\nEND:VEVENT"
	const ok = "DTSTART:20260105T080000Z\nDTEND:20260105T090000Z\n"
	for _, c := range []struct{ name, text, want string }{
		{"an unknown zone", event("DTSTART;TZID=Mars/Olympus:20260105T080000\nDTEND;TZID=Mars/Olympus:20260105T090000"),
			`line 7: DTSTART: "Mars/Olympus" is not a known time zone`},
		{"an end before the beginning", event("DTSTART:20260105T080000Z\nDTEND:20260105T070000Z"),
			"line 8: DTEND: does not come after DTSTART"},
		{"no end", event("DTSTART:20260105T080000Z"), "line 4: DTEND: is missing"},
		{"nobody", calendar("BEGIN:VEVENT\nUID:1\n" + ok + "END:VEVENT"), "line 4: SUMMARY: names nobody"},
		{"a rule by the second", event(ok + "RRULE:FREQ=SECONDLY"), "line 9: RRULE: FREQ=SECONDLY is not taken"},
		{"a rule that is none", event(ok + "RRULE:FREQ=SOMETIMES"), "line 9: RRULE: cannot be read"},
		{"rules over ages", event("DTSTART:19000101T080000Z\nDTEND:19000101T090000Z\n" + strings.Repeat("RRULE:FREQ=DAILY;COUNT=1000000\n",
			200)), "line 9: RRULE: the recurrences reach over more than"},
		{"a broken nesting", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "line 3: END: closes"},
		{"a calendar cut off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "END: the calendar stops inside"},
		{"too deep", "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:X-PART\n", 1000), "nested too deeply"},
		{"an event in an event", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VEVENT\n",
			"line 3: BEGIN: an event inside the \"VEVENT\" of line 2"},
		{"no calendar at all", "date,from,to,name\n", "line 1: calendar: cannot be read"},
		{"a sequence that is no number", event(ok + "SEQUENCE:x"), "line 9: SEQUENCE: \"x\" is not a number"},
		{"no beginning", event("DTEND:20260105T090000Z"), "line 4: DTSTART: is missing"},
		{"a beginning that is no date", event("DTSTART:tomorrow\nDTEND:20260105T090000Z"), "line 7: DTSTART: \"tomorrow\" is not a date"},
		{"a beginning in another age", event("DTSTART:00010105T080000Z\nDTEND:20260105T090000Z"),
			"line 7: DTSTART: \"00010105T080000Z\" lies outside the years"},
		{"an end that is no date", event("DTSTART:20260105T080000Z\nDTEND:soon"), "line 8: DTEND: \"soon\" is not a date"},
		{"a duration that is none", event("DTSTART:20260105T080000Z\nDURATION:long"),
			"line 8: DURATION: \"long\" is not a positive duration"},
		{"a duration without a unit", event("DTSTART:20260105T080000Z\nDURATION:PT12"), "line 8: DURATION:"},
		{"a duration in an unknown unit", event("DTSTART:20260105T080000Z\nDURATION:P1Y"), "line 8: DURATION:"},
		{"a duration of ages", event("DTSTART:20260105T080000Z\nDURATION:P99999999999D"), "line 8: DURATION:"},
		{"a changed instance of no date", event(ok + "RECURRENCE-ID:x"), "line 9: RECURRENCE-ID: \"x\" is not a date"},
		{"an added period of no end", event(ok + "RDATE;VALUE=PERIOD:20260105T080000Z/soon"),
			"line 9: RDATE: \"soon\" is not a positive duration"},
		{"an exception of no date", event(ok + "EXDATE:x"), "line 9: EXDATE: \"x\" is not a date"},
		{"a rule too long", event(ok + "RRULE:FREQ=YEARLY;BYYEARDAY=" + strings.Repeat("1,", 300) + "1"),
			"line 9: RRULE: is longer than 512 characters"},
		{"a rule until no date", event(ok + "RRULE:FREQ=DAILY;UNTIL=x"), "line 9: RRULE: UNTIL=X is not a date"},
		{"a rule at another time of day", event(ok + "RRULE:FREQ=DAILY;BYHOUR=9,17"),
			"line 9: RRULE: BYHOUR=9,17 is not the event's own time of day"},
		{"a rule of no step", event(ok + "RRULE:FREQ=DAILY;INTERVAL=0"), "line 9: RRULE: INTERVAL is not between"},
		{"a rule of no times", event(ok + "RRULE:FREQ=DAILY;COUNT=0"), "line 9: RRULE: COUNT is not a positive number"},
		{"a rule on the 400th", event(ok + "RRULE:FREQ=MONTHLY;BYMONTHDAY=400"), "line 9: RRULE: cannot be used"},
		{"a name of signs", calendar("BEGIN:VEVENT\nSUMMARY:?!\n" + ok + "END:VEVENT"), "line 5: SUMMARY: \"?!\" has no letter or digit"},
		{"more shifts than a schedule takes", strings.Replace(event(ok), "BEGIN:VEVENT",
			strings.Repeat("BEGIN:VEVENT\nSUMMARY:Ana\nDTSTART:20260105T080000Z\nDTEND:20260105T090000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n",
				40)+"BEGIN:VEVENT", 1), "line 1: calendar: holds more than 50000 shifts"},
		{"a zone without an offset", calendar(strings.Replace(zoned, "TZOFFSETTO:-0600\n", "", 1)),
			"line 20: DTSTART: the calendar's definition of the time zone \"Practice Time\" lacks DTSTART or an offset"},
		{"a zone with a bad offset", calendar(strings.Replace(zoned, "TZOFFSETTO:-0600", "TZOFFSETTO:six", 1)),
			"lacks DTSTART or an offset"},
		{"a zone from no date", calendar(strings.Replace(zoned, "DTSTART:20071104T020000", "DTSTART:once", 1)), "has the DTSTART \"once\""},
		{"a zone by a bad rule", calendar(strings.Replace(zoned, "FREQ=YEARLY;BYMONTH=11", "FREQ=HOURLY;BYMONTH=11", 1)),
			"FREQ=HOURLY is not taken"},
		{"a zone of nothing", calendar("BEGIN:VTIMEZONE\nTZID:Practice Time\nEND:VTIMEZONE\n" +
			zoned[strings.Index(zoned, "BEGIN:VEVENT"):]), "says nothing"},
		{"a range of no series", event(ok + "RECURRENCE-ID;RANGE=THISANDFUTURE:20260105T080000Z"),
			"line 9: RECURRENCE-ID: changes a series that is not in the file"},
		{"a range backwards", event(ok + "RECURRENCE-ID;RANGE=THISANDPRIOR:20260105T080000Z"),
			"line 9: RECURRENCE-ID: RANGE=THISANDPRIOR is not taken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ImportCalendar(strings.NewReader(c.text), Import{Timezone: "UTC", From: instant(t, "2026-01-01T00:00:00Z"),
				To: instant(t, "2030-01-01T00:00:00Z")})
			if err == nil || !strings.Contains(english(t, err), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
		})
	}
}

// endless is a calendar that never stops.
type endless struct{ sent int }

func (e *endless) Read(p []byte) (int, error) {
	const event = "BEGIN:VEVENT\nSUMMARY:Ana\nDTSTART:20260105T080000Z\nDTEND:20260105T090000Z\nEND:VEVENT\n"
	n := 0
	for n < len(p) {
		c := copy(p[n:], event[e.sent%len(event):])
		n, e.sent = n+c, e.sent+c
	}
	return n, nil
}

func TestImportCalendarOfAnySize(t *testing.T) {
	r := &endless{}
	_, err := ImportCalendar(r, Import{Timezone: "UTC"})
	if err == nil || !strings.Contains(english(t, err), "calendar: is longer than 8388608 bytes") || !strings.HasPrefix(english(t, err), "line ") {
		t.Errorf("error %q", err)
	}
	if _, err := ImportCalendar(&failing{}, Import{Timezone: "UTC"}); err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("error %v", err)
	}
	if _, err := ImportCalendar(r, Import{Timezone: "Mars"}); err == nil || !strings.Contains(english(t, err), "timezone: \"Mars\"") {
		t.Errorf("error %v", err)
	}
	if r.sent > 3*MaxCalendar {
		t.Errorf("read %d bytes", r.sent)
	}
}

func FuzzImportCalendar(f *testing.F) {
	f.Add(calendar(customZone + "BEGIN:VEVENT\nUID:1\nSUMMARY:Ana\nDTSTART;TZID=Practice " +
		"Time:20260307T080000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260308\nEND:VEVENT"))
	for _, c := range append(oddCalendars, oddSeries...) {
		f.Add(c.text)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := ImportCalendar(strings.NewReader(text), Import{Timezone: "America/Chicago", From: from, To: from.AddDate(1, 0, 0)})
		if err == nil {
			if _, err := Compile(in.Document, from, from.AddDate(1, 0, 0)); err != nil {
				t.Fatalf("what was imported does not compile: %v", err)
			}
			accounted(t, in)
		}
	})
}

// accounted checks an import's own account of itself.
func accounted(t *testing.T, in *Imported) {
	t.Helper()
	shifts := 0
	for _, l := range in.Document.Layers {
		shifts += len(l.Shifts)
	}
	if shifts != in.Shifts || in.Warned < len(in.Warnings) || in.Warned > len(in.Warnings) && len(in.Warnings) < maxProblems {
		t.Fatalf("holds %d shifts and says %+v", shifts, in)
	}
}

// TestCalendarSaysWhatItCannot covers what only some schedules have: an end of the disk, odd offsets, names that share an id.
func TestCalendarSaysWhatItCannot(t *testing.T) {
	s := compile(t, `"layers":[{"who":["ana"]}],"name":"Practice"`)
	from := local(t, "2026-01-01 00:00")
	if err := s.Calendar(&full{}, from, from.AddDate(0, 0, 1), from, FeedOf{}); err == nil || !strings.Contains(english(t, err), "write calendar: ") {
		t.Errorf("error %v", err)
	}
	if got := offsetText(-20996); got != "-054956" {
		t.Errorf("offset %s", got)
	}
	text := calendar("BEGIN:VEVENT\nSUMMARY:Dr. Lee\nDTSTART:20260105T080000Z\nDTEND:20260105T090000Z\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Dr Lee\nDTSTART:20260105T090000Z\nDTEND:20260105T100000Z\nEND:VEVENT")
	text = strings.Replace(text, "PRODID:test\n", "PRODID:test\nX-WR-CALNAME:Our calls\n", 1)
	how := Import{Timezone: "UTC", From: from, To: from.AddDate(0, 1, 0)}
	var problems ReadProblems
	_, err := ImportCalendar(strings.NewReader(text), how)
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Ask != AskNames ||
		englishProblem(t, problems[0]) != `line 11: SUMMARY: "Dr Lee" may be the "Dr. Lee" of line 6 in another spelling: say who each of them is` {
		t.Errorf("two spellings: %v", err)
	}
	for want, names := range map[int]map[string]ParticipantID{1: {"Dr. Lee": "lee", "Dr Lee": "lee"},
		2: {"Dr. Lee": "lee", "Dr Lee": "lee-2"}} {
		how.Names = names
		in, err := ImportCalendar(strings.NewReader(text), how)
		if err != nil || len(in.Document.Participants) != want || in.Document.Participants[0].ID != "lee" ||
			in.Document.Name != "Our calls" || in.Warned > 0 {
			t.Errorf("%v %+v", err, in)
		}
	}
}

type full struct{}

func (*full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
