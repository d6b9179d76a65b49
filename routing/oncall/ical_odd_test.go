package oncall

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// oddCase is a calendar that programs write and few readers read alike: what is on call by it, what is warned of, or why it is refused.
type oddCase struct {
	name, text string
	want       string // "who from until" by the practice's clock, in days of March 2026: "ana 02T17-03T08"
	warned     string // parts of the warnings, one each, between bars
	refused    string // parts of the error
}

// event writes an event of somebody in Chicago's evening of a day in March 2026 until 08:00 of the next.
func event(who string, day int, more ...string) string {
	return fmt.Sprintf("BEGIN:VEVENT\nUID:%s%d\nSUMMARY:%s\nDTSTART;TZID=America/Chicago:202603%02dT170000\nDTEND;TZID=America/Chicago:202603%02dT080000\n%sEND:VEVENT\n",
		who, day, who, day, day+1, strings.Join(append(more, ""), "\n"))
}

// uid gives an event another UID.
func uid(name, event string) string {
	head, rest, _ := strings.Cut(event, "UID:")
	_, rest, _ = strings.Cut(rest, "\n")
	return head + "UID:" + name + "\n" + rest
}

func vcalendar(parts ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:odd\n" + strings.Join(parts, "") + "END:VCALENDAR\n"
}

func (c *oddCase) check(t *testing.T, read func(Import) (*Imported, error)) {
	t.Helper()
	how := Import{Timezone: "America/Chicago", From: instant(t, "2026-03-01T00:00:00-06:00"), To: instant(t, "2026-04-01T00:00:00-05:00")}
	in, err := read(how)
	if c.refused != "" || err != nil {
		for _, part := range strings.Split(c.refused, "|") {
			if err == nil || c.refused == "" || !strings.Contains(english(t, err), part) {
				t.Errorf("error %v, want %q", err, part)
			}
		}
		return
	}
	s, err := Compile(in.Document, how.From, how.To)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, role := range s.Roles() {
		for _, shift := range s.Shifts(how.From, how.To, Query{Role: role}) {
			who := idsOf(shift.People)
			if role != primary {
				who = role + "/" + who
			}
			got = append(got, who+" "+short(shift.From)+"-"+short(shift.Until))
		}
	}
	if text := strings.Join(got, ", "); text != c.want {
		t.Errorf("on call: %s\nwant:    %s", text, c.want)
	}
	if in.Warned != len(in.Warnings) || in.Warned == 0 && c.warned != "" || c.warned == "" && in.Warned > 0 || c.warned != "" &&
		in.Warned != strings.Count(c.warned, "|")+1 {
		t.Errorf("%d warnings: %v", in.Warned, in.Warnings)
	}
	for i, part := range strings.Split(c.warned, "|") {
		if i < len(in.Warnings) && !strings.Contains(englishProblem(t, in.Warnings[i]), part) {
			t.Errorf("warning %q, want %q", in.Warnings[i], part)
		}
	}
}

const (
	outlookZone = "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\n" +
		"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
	fixedZone = "BEGIN:VTIMEZONE\nTZID:%s\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:-0700\nTZOFFSETTO:-0700\nEND:STANDARD\nEND:VTIMEZONE\n"
)

func inZone(tzid, event string) string {
	return strings.ReplaceAll(event, "TZID=America/Chicago", "TZID="+tzid)
}

var oddCalendars = []oddCase{
	// The text.
	{name: "a byte order mark", text: "\xef\xbb\xbf" + vcalendar(event("ana", 2)), want: "ana 02T17-03T08"},
	{name: "UTF-16 with a mark", text: utf16Text("\ufeff"+vcalendar(event("aña", 2)), false), want: "aña 02T17-03T08"},
	{name: "UTF-16 without, the big end first", text: utf16Text(vcalendar(event("ana", 2)), true), want: "ana 02T17-03T08"},
	{name: "Windows-1252 in one line, UTF-8 in another", text: vcalendar(event("Mu\xf1oz", 2), event("García", 3)),
		want: "muñoz 02T17-03T08, garcía 03T17-04T08"},
	{name: "lines ended by CR alone", text: strings.ReplaceAll(vcalendar(event("ana", 2)), "\n", "\r"), want: "ana 02T17-03T08"},
	{name: "empty lines between", text: strings.ReplaceAll(vcalendar(event("ana", 2)), "\n", "\r\n\r\n"), want: "ana 02T17-03T08"},
	{name: "a line folded inside a letter, by a tab", text: strings.Replace(vcalendar(event("Muñoz", 2)), "SUMMARY:Mu\xc3",
		"SUMMARY:Mu\xc3\r\n\t", 1), want: "muñoz 02T17-03T08"},
	{name: "names in any case", text: strings.ToLower(vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;COUNT=2", "STATUS:confirmed"))),
		want: "ana 02T17-03T08, ana 03T17-04T08"},
	{name: "a parameter in quotes, with signs in it", text: vcalendar(inZone(`"America/Chicago";X-NOTE="a:b;c,d"`, event("ana", 2))),
		want: "ana 02T17-03T08"},
	{name: "two calendars, each with its own zone of one name", text: vcalendar(outlookZone, inZone("Office", event("ana", 2))) +
		vcalendar(fmt.Sprintf(fixedZone, "Office"), inZone("Office", event("bea", 4))), want: "ana 02T16-03T07, bea 04T18-05T09"},
	{name: "a second calendar that uses the first one's zone", text: vcalendar(outlookZone) + vcalendar(inZone("Office", event("ana", 2))),
		want: "ana 02T16-03T07"},
	{name: "a line that is none", text: vcalendar("nothing in it\n", event("ana", 2)),
		refused: "line 4: calendar: cannot be read: there is no colon"},
	{name: "text after the end", text: vcalendar(event("ana", 2)) + "X:1\n",
		refused: "line 11: calendar: cannot be read: this stands outside of a VCALENDAR"},
	{name: "an event without a calendar", text: event("ana", 2), refused: "line 1: BEGIN: \"VEVENT\" does not stand in its place"},
	{name: "vCalendar 1.0", text: strings.Replace(vcalendar(event("ana", 2)), "VERSION:2.0", "VERSION:1.0", 1),
		refused: `line 2: VERSION: "1.0" is not taken`},
	{name: "quoted-printable", text: strings.Replace(vcalendar(event("ana", 2)), "SUMMARY:", "SUMMARY;ENCODING=QUOTED-PRINTABLE:", 1),
		refused: "line 6: SUMMARY: is encoded as QUOTED-PRINTABLE"},
	{name: "another calendar than the Gregorian", text: vcalendar("CALSCALE:HEBREW\n", event("ana", 2)),
		refused: "line 4: CALSCALE: \"HEBREW\""},
	{name: "a workbook", text: "PK\x03\x04...", refused: "line 1: calendar: is a workbook"},
	{name: "words nobody knows", text: vcalendar("DAYLIGHT:TRUE\n", "BEGIN:VTODO\nSUMMARY:x\nEND:VTODO\n", "BEGIN:VTODO\nEND:VTODO\n",
		event("ana", 2, "ONCALL:yes", "X-ONCALL:yes")), want: "ana 02T17-03T08",
		warned: "line 4: DAYLIGHT: is not known|line 5: VTODO: is not an event|line 15: ONCALL: is not known"},

	// Events.
	{name: "the same event in two calendars", text: vcalendar(event("ana", 2)) + vcalendar(event("ana", 2)), want: "ana 02T17-03T08"},
	{name: "two events of one UID", text: vcalendar(uid("u", event("ana", 2)), uid("u", event("bea", 3))),
		refused: `line 11: UID: "u" is the UID of the event on line 4 too`},
	{name: "two events of one UID in two calendars", text: vcalendar(uid("u", event("ana", 2))) + vcalendar(uid("u", event("bea", 3))),
		refused: `UID: "u" is the UID of the event on line 4 too`},
	{name: "three versions in any order", text: vcalendar(uid("u", event("ana", 2, "SEQUENCE:1")), uid("u", event("bea", 3, "SEQUENCE:3")),
		uid("u", event("cyd", 4, "SEQUENCE:2"))), want: "bea 03T17-04T08",
		warned: "line 4: SEQUENCE: this version of the event is replaced by the one of line 11|line 18: SEQUENCE: this version of the " +
			"event is replaced by the one of line 11"},
	{name: "a version that replaces two that differ", text: vcalendar(uid("u", event("ana", 2)), uid("u", event("bea", 3)),
		uid("u", event("cyd", 4, "SEQUENCE:1"))), want: "cyd 04T17-05T08",
		warned: "line 4: SEQUENCE: this version|line 10: SEQUENCE: this version"},
	{name: "a version that moved it out of the time asked for", text: vcalendar(uid("u", event("ana", 2)),
		uid("u", strings.ReplaceAll(event("ana", 2, "SEQUENCE:1"), "202603", "202703")), event("bea", 5)),
		want: "bea 05T17-06T08", warned: "line 4: SEQUENCE: this version"},
	{name: "a field twice", text: vcalendar(event("ana", 2, "DTEND:20260303T180000Z")),
		refused: "line 9: DTEND: stands in the event twice, on line 8 too"},
	{name: "an end and a duration", text: vcalendar(event("ana", 2, "DURATION:PT2H")),
		refused: "line 9: DURATION: does not go with the DTEND of line 8"},
	{name: "a cancellation in a calendar of its own", text: vcalendar(event("ana", 2), event("bea", 3)) + vcalendar("METHOD:CANCEL\n",
		"BEGIN:VEVENT\nUID:ana2\nSEQUENCE:1\nEND:VEVENT\n"), want: "bea 03T17-04T08",
		warned: "line 4: SEQUENCE: this version"},
	{name: "a cancellation of one night", text: vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;COUNT=3")) + vcalendar("METHOD:cancel\n",
		"BEGIN:VEVENT\nUID:ana2\nRECURRENCE-ID:20260303T230000Z\nEND:VEVENT\n"),
		want: "ana 02T17-03T08, ana 04T17-05T08"},
	{name: "an answer that is no calendar", text: vcalendar("METHOD:REPLY\n", event("ana", 2)),
		refused: `line 4: METHOD: "REPLY" answers or asks`},
	{name: "an addition to a series", text: vcalendar("METHOD:PUBLISH\n", event("ana", 2)) + vcalendar("METHOD:ADD\n",
		uid("ana2", event("ana", 9))), want: "ana 02T17-03T08, ana 09T17-10T08"},
	{name: "a state that is none", text: vcalendar(event("ana", 2, "STATUS:TENTATIVE")), want: "ana 02T17-03T08",
		warned: `line 9: STATUS: "TENTATIVE" is taken like a confirmed shift`},
	{name: "nobody yet", text: vcalendar(event("TBD", 2)), refused: `line 6: SUMMARY: "TBD" names nobody`},
	{name: "two people in one name", text: vcalendar(event("Ana / Bea", 2)), want: "ana-bea 02T17-03T08",
		warned: `line 6: SUMMARY: "Ana / Bea" is taken for the name of one person`},
	{name: "one person in two spellings", text: vcalendar(event("García, Ana", 2), event("ANA GARCIA MD", 3)),
		refused: `line 12: SUMMARY: "ANA GARCIA MD" may be the "García, Ana" of line 6`},
	{name: "one name with other blanks", text: vcalendar(event("Ana  García", 2), event("Ana\u00a0García", 3)),
		want: "ana-garcía 02T17-03T08, ana-garcía 03T17-04T08"},
	{name: "a reminder of no length", text: vcalendar(event("ana", 2),
		"BEGIN:VEVENT\nUID:r\nSUMMARY:Renew\nDTSTART:20260310T100000Z\nDTEND:20260310T100000Z\nEND:VEVENT\n"), want: "ana 02T17-03T08",
		warned: "line 14: DTEND: is DTSTART: the event has no length"},
	{name: "a day that ends on itself", text: vcalendar(
		"BEGIN:VEVENT\nUID:r\nSUMMARY:ana\nDTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260310\nEND:VEVENT\n"),
		refused: "line 8: DTEND: does not come after DTSTART"},
	{name: "old events that cannot be read", text: vcalendar(event("ana", 2),
		"BEGIN:VEVENT\nDTSTART;TZID=Gone:20150101T100000\nDTEND;TZID=Gone:20150101T100000\nEND:VEVENT\n",
		"BEGIN:VEVENT\nDTSTART:20140101T100000Z\nRRULE:FREQ=HOURLY;UNTIL=20140201T000000Z\nEND:VEVENT\n"),
		want: "ana 02T17-03T08"},
	{name: "an old event without an end to its rule that cannot be read", text: vcalendar(event("ana", 2),
		"BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20140101T100000Z\nDTEND:20140101T110000Z\nRRULE:FREQ=HOURLY\nEND:VEVENT\n"),
		refused: "line 14: RRULE: FREQ=HOURLY is not taken"},
	{name: "a minute without anybody", text: vcalendar(strings.Replace(event("ana", 2), "0303T080000", "0302T235900", 1),
		strings.Replace(event("bea", 3), "0303T170000", "0303T000000", 1)),
		want: "ana 02T17-02T23:59, bea 03T00-04T08", warned: "line 12: calendar: nobody is on call from 2026-03-02T23:59:00-06:00 to " +
			"2026-03-03T00:00:00-06:00, between line 6 and this one"},
	{name: "a leap second", text: vcalendar(strings.Replace(event("ana", 2), "T080000", "T075960", 1)), want: "ana 02T17-03T07:59:59"},
	{name: "the hour the clock skips", text: vcalendar(event("ana", 2),
		"BEGIN:VEVENT\nUID:g\nSUMMARY:bea\nDTSTART;TZID=America/Chicago:20260308T020000\nDTEND;TZID=America/Chicago:20260308T030000\nEND:VEVENT\n"),
		want: "ana 02T17-03T08", warned: "line 10: DTSTART: the clock was moved over the whole shift of 2026-03-08T03:00:00-05:00"},

	// Times and zones.
	{name: "an end without a zone takes the start's", text: vcalendar(strings.Replace(inZone("America/Denver", event("ana", 2)),
		"DTEND;TZID=America/Denver", "DTEND", 1)), want: "ana 02T18-03T09"},
	{name: "an end without a zone after a start in UTC",
		text:   vcalendar("BEGIN:VEVENT\nUID:1\nSUMMARY:ana\nDTSTART:20260302T230000Z\nDTEND:20260303T080000\nEND:VEVENT\n"),
		want:   "ana 02T17-03T02",
		warned: "line 8: DTEND: has no time zone; it is taken in UTC"},
	{name: "a start without a zone before an end in one", text: vcalendar(strings.Replace(inZone("America/Denver", event("ana", 2)),
		"DTSTART;TZID=America/Denver", "DTSTART", 1)), want: "ana 02T17-03T09",
		warned: "line 7: DTSTART: has no time zone, but DTEND has; it is taken in America/Chicago"},
	{name: "a day's end for an hour's start", text: vcalendar(strings.Replace(event("ana", 2), "DTEND;TZID=America/Chicago:20260303T080000",
		"DTEND;VALUE=DATE:20260304", 1)), refused: "line 8: DTEND: is a day where DTSTART is a time"},
	{name: "a day that says it is a time", text: vcalendar(strings.Replace(event("ana", 2), ":20260302T170000",
		";VALUE=DATE:20260302T170000", 1)), refused: "line 7: DTSTART: \"20260302T170000\" is a time where VALUE=DATE says a day"},
	{name: "a zone and UTC at once", text: vcalendar(strings.Replace(event("ana", 2), "02T170000", "02T230000Z", 1)),
		want: "ana 02T17-03T08", warned: "line 7: DTSTART: has a time zone and the Z of UTC"},
	{name: "Outlook's zone of 1601", text: vcalendar(outlookZone, inZone("Office", event("ana", 7, "RRULE:FREQ=DAILY;COUNT=2"))),
		want: "ana 07T16-08T07, ana 08T16-09T07"},
	{name: "a file's own meaning of a known name", text: vcalendar(fmt.Sprintf(fixedZone, "America/New_York"),
		inZone("America/New_York", event("ana", 2))), want: "ana 02T18-03T09",
		warned: `line 4: VTIMEZONE: "America/New_York" is defined otherwise`},
	{name: "a zone of one name defined twice", text: vcalendar(fmt.Sprintf(fixedZone, "A"), fmt.Sprintf(fixedZone, "A"),
		strings.Replace(fmt.Sprintf(fixedZone, "A"), "-0700", "-0800", 2)), refused: `line 20: TZID: "A" is defined on line 12 too`},
	{name: "a zone with a change on no date", text: vcalendar(strings.Replace(fmt.Sprintf(fixedZone, "A"), "END:STANDARD",
		"RDATE:soon\nEND:STANDARD", 1), inZone("A", event("ana", 2))), refused: `has the RDATE "soon" on line 10`},
	{name: "a zone with a part that is none", text: vcalendar(strings.ReplaceAll(fmt.Sprintf(fixedZone, "A"), "STANDARD", "NORMAL"),
		inZone("A", event("ana", 2))), refused: `holds a "NORMAL" on line 6`},
	{name: "Outlook's names", text: vcalendar(inZone("Eastern Standard Time", event("ana", 2)),
		inZone(`"tzone://Microsoft/Utc"`, event("bea", 9))), want: "ana 02T16-03T07, bea 09T12-10T03"},
	{name: "the calendar's zone is not the practice's", text: vcalendar("X-WR-TIMEZONE:America/New_York\n",
		strings.ReplaceAll(event("ana", 2), ";TZID=America/Chicago", "")), want: "ana 02T17-03T08",
		warned: `line 4: X-WR-TIMEZONE: "America/New_York" is not the practice's zone`},
	{name: "a zone that only this machine would know", text: vcalendar(inZone("localtime", event("ana", 2))),
		refused: `"localtime" is not a known time zone`},
}

func utf16Text(text string, bigEnd bool) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if bigEnd {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return string(out)
}

func TestImportOddCalendars(t *testing.T) {
	for _, c := range append(oddCalendars, oddSeries...) {
		t.Run(c.name, func(t *testing.T) {
			c.check(t, func(how Import) (*Imported, error) { return ImportCalendar(strings.NewReader(c.text), how) })
		})
	}
}

// daily is a series of five nights from 2 March on.
func daily(more ...string) string {
	return event("ana", 2, append([]string{"RRULE:FREQ=DAILY;COUNT=5"}, more...)...)
}

// instead is a changed occurrence of it.
func instead(who string, day int, more ...string) string {
	return uid("ana2", event(who, day, more...))
}

var oddSeries = []oddCase{
	{name: "left out by day, floating, in UTC and in another zone", text: vcalendar(daily("EXDATE;VALUE=DATE:20260303",
		"EXDATE:20260304T170000", "EXDATE:20260305T230000Z", "EXDATE;TZID=America/New_York:20260306T180000")),
		want: "ana 02T17-03T08"},
	{name: "a list of days left out", text: vcalendar(daily("EXDATE;VALUE=DATE:20260303,20260304")),
		want: "ana 02T17-03T08, ana 05T17-06T08, ana 06T17-07T08"},
	{name: "left out at another hour", text: vcalendar(daily("EXDATE:20260304T180000")),
		refused: "line 10: EXDATE: 20260304T180000 is no occurrence of the event on line 4"},
	{name: "left out on a day without it", text: vcalendar(daily("EXDATE;VALUE=DATE:20260309")),
		refused: "line 10: EXDATE: 20260309 is no occurrence"},
	{name: "left out long ago", text: vcalendar(event("ana", 2, "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20150304T170000")),
		want: "ana 02T17-03T08, ana 09T17-10T08"},
	{name: "a day series left out at midnight, by any clock",
		text: vcalendar("BEGIN:VEVENT\nUID:1\nSUMMARY:ana\nDTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY;COUNT=5\n" +
			"EXDATE:20260303T000000\nEXDATE:20260304T060000Z\nEXDATE:20260305T000000Z\nEXDATE;TZID=America/New_York:20260306T000000\nEND:VEVENT\n"), want: "ana 02T00-03T00"},
	{name: "a rule of days off", text: vcalendar(daily("EXRULE:FREQ=WEEKLY;BYDAY=WE,TH")),
		want: "ana 02T17-03T08, ana 03T17-04T08, ana 06T17-07T08"},
	{name: "a rule of days off that meets nothing", text: vcalendar(daily("EXRULE:FREQ=WEEKLY;BYDAY=SA,SU")),
		want:   "ana 02T17-03T08, ana 03T17-04T08, ana 04T17-05T08, ana 05T17-06T08, ana 06T17-07T08",
		warned: "line 10: EXRULE: meets no occurrence"},
	{name: "added by day, floating, in UTC, and with lengths of their own",
		text: vcalendar(event("ana", 2, "RDATE;VALUE=DATE:20260305", "RDATE:20260307T120000", "RDATE:20260309T220000Z",
			"RDATE;VALUE=PERIOD;TZID=America/Chicago:20260311T100000/20260311T120000,20260312T100000/PT3H",
			"RDATE;VALUE=PERIOD:20260313T150000Z/P1D")),
		want: "ana 02T17-03T08, ana 05T17-06T08, ana 07T12-08T03, ana 09T17-10T08, ana 11T10-11T12, ana 12T10-12T13, ana 13T10-14T10"},
	{name: "two rules", text: vcalendar(event("ana", 2, "RRULE:FREQ=WEEKLY;COUNT=2", "RRULE:FREQ=DAILY;COUNT=2")),
		want: "ana 02T17-03T08, ana 03T17-04T08, ana 09T17-10T08"},
	{name: "a rule that does not meet its start", text: vcalendar(event("ana", 2, "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3")),
		want:   "ana 02T17-03T08, ana 03T17-04T08, ana 10T17-11T08",
		warned: "line 9: RRULE: does not meet DTSTART"},
	{name: "a rule that ends before it begins", text: vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;UNTIL=20260228")),
		want: "ana 02T17-03T08", warned: "line 9: RRULE: ends before DTSTART"},
	{name: "a rule with COUNT from before the time asked for",
		text: vcalendar(strings.ReplaceAll(event("ana", 2, "RRULE:FREQ=MONTHLY;COUNT=4"), "202603", "202512")), want: "ana 02T17-03T08"},
	{name: "changed by day, floating, in UTC and in another zone", text: vcalendar(daily(),
		instead("bea", 2, "RECURRENCE-ID;VALUE=DATE:20260302"), instead("cyd", 3, "RECURRENCE-ID:20260303T170000"),
		instead("dee", 4, "RECURRENCE-ID:20260304T230000Z"), instead("eve", 5, "RECURRENCE-ID;TZID=America/New_York:20260305T180000")),
		want: "bea 02T17-03T08, cyd 03T17-04T08, dee 04T17-05T08, eve 05T17-06T08, ana 06T17-07T08"},
	{name: "the change stands before the series", text: vcalendar(instead("bea", 3, "RECURRENCE-ID:20260303T230000Z"),
		event("ana", 2, "RRULE:FREQ=DAILY;COUNT=2")), want: "ana 02T17-03T08, bea 03T17-04T08"},
	{name: "a change of no occurrence", text: vcalendar(daily(), instead("bea", 3, "RECURRENCE-ID:20260303T180000")),
		refused: "line 16: RECURRENCE-ID: 20260303T180000 is no occurrence of the event on line 4"},
	{name: "a change of one that is left out", text: vcalendar(daily("EXDATE:20260303T170000"),
		instead("bea", 3, "RECURRENCE-ID:20260303T170000")), refused: "line 17: RECURRENCE-ID: 20260303T170000 is no occurrence"},
	{name: "two changes of one occurrence", text: vcalendar(daily(), instead("bea", 3, "RECURRENCE-ID;VALUE=DATE:20260303"),
		instead("cyd", 3, "RECURRENCE-ID:20260303T170000")), refused: "line 19: UID: \"ana2\" is the UID of the event on line 11 too"},
	{name: "two versions of one change", text: vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;COUNT=2"),
		instead("bea", 3, "RECURRENCE-ID;VALUE=DATE:20260303"), instead("cyd", 3, "RECURRENCE-ID:20260303T170000", "SEQUENCE:1")),
		want: "ana 02T17-03T08, cyd 03T17-04T08", warned: "line 11: SEQUENCE: this version"},
	{name: "a change that recurs", text: vcalendar(daily(), instead("bea", 3, "RECURRENCE-ID:20260303T170000", "RRULE:FREQ=DAILY")),
		refused: "line 17: RRULE: an occurrence that was changed does not recur"},
	{name: "a change moved into the time asked for", text: vcalendar(strings.ReplaceAll(event("ana", 2, "RRULE:FREQ=MONTHLY;COUNT=2"),
		"202603", "202601"), instead("bea", 20, "RECURRENCE-ID:20260202T230000Z")), want: "bea 20T17-21T08"},
	{name: "a change moved out of it", text: vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;COUNT=2"),
		strings.Replace(strings.ReplaceAll(instead("bea", 3, "RECURRENCE-ID:X"), "202603", "202610"), ":X", ":20260303T230000Z", 1)),
		want: "ana 02T17-03T08"},
	{name: "a change of a series that is not here", text: vcalendar(instead("bea", 3, "RECURRENCE-ID:20260303T230000Z")),
		want: "bea 03T17-04T08", warned: "line 9: RECURRENCE-ID: the series is not in the file"},
	{name: "a series that is cancelled, and a change that is not", text: vcalendar(daily("STATUS:CANCELLED"),
		instead("bea", 3, "RECURRENCE-ID:20260303T230000Z"), event("cyd", 9)), want: "cyd 09T17-10T08",
		warned: "line 17: RECURRENCE-ID: changes a series that is cancelled on line 4"},
	{name: "this and all after it", text: vcalendar(daily(), instead("bea", 4, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T170000")),
		want: "ana 02T17-03T08, ana 03T17-04T08, bea 04T17-05T08, bea 05T17-06T08, bea 06T17-07T08"},
	{name: "this and all after it, an hour later and shorter, and one of them changed again", text: vcalendar(daily(),
		strings.Replace(strings.NewReplacer("0304T170000", "0304T180000", "0305T080000",
			"0304T220000").Replace(instead("bea", 4, "RECURRENCE-ID;RANGE=THISANDFUTURE:X")), ":X", ":20260304T170000", 1),
		instead("cyd", 5, "RECURRENCE-ID:20260305T170000")),
		want: "ana 02T17-03T08, ana 03T17-04T08, bea 04T18-04T22, cyd 05T17-06T08, bea 06T18-06T22"},
	{name: "this and all after it are cancelled", text: vcalendar(daily(), instead("ana", 4,
		"RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T170000", "STATUS:CANCELLED")), want: "ana 02T17-03T08, ana 03T17-04T08"},
	{name: "two ranges", text: vcalendar(daily(), instead("bea", 3, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T170000"),
		instead("cyd", 5, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260305T170000")),
		want: "ana 02T17-03T08, bea 03T17-04T08, bea 04T17-05T08, cyd 05T17-06T08, cyd 06T17-07T08"},
	{name: "UNTIL as a day, in UTC and floating", text: vcalendar(event("ana", 2, "RRULE:FREQ=DAILY;UNTIL=20260303"),
		event("bea", 5, "RRULE:FREQ=DAILY;UNTIL=20260306T230000Z"), event("cyd", 9, "RRULE:FREQ=DAILY;UNTIL=20260310T170000")),
		want: "ana 02T17-03T08, ana 03T17-04T08, bea 05T17-06T08, bea 06T17-07T08, cyd 09T17-10T08, cyd 10T17-11T08"},
	{name: "UNTIL of a day series in UTC", text: vcalendar(
		"BEGIN:VEVENT\nUID:1\nSUMMARY:ana\nDTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;UNTIL=20260309T000000Z\nEND:VEVENT\n"),
		want: "ana 02T00-03T00, ana 09T00-10T00"},
}

// TestManyEndlessSeries: a busy group's calendar of years holds hundreds of series that nobody ever ended.
func TestManyEndlessSeries(t *testing.T) {
	var events []string
	for i := range 200 {
		events = append(events, strings.ReplaceAll(uid(fmt.Sprint(i), event(fmt.Sprint("p", i), 2,
			"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")), "202603", "200503"))
	}
	from := instant(t, "2026-01-01T00:00:00Z")
	in, err := ImportCalendar(strings.NewReader(vcalendar(events...)), Import{Timezone: "America/Chicago", From: from,
		To: from.AddDate(0, 3, 0)})
	if err != nil || len(in.Document.Participants) != 200 || in.Shifts < 200*60 {
		t.Errorf("%v %+v", err, in)
	}
}
