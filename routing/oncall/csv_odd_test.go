package oncall

import (
	"errors"
	"strings"
	"testing"
)

// oddTables are tables as spreadsheets and people leave them.
var oddTables = []oddCase{
	// Columns.
	{name: "a weekend by its end date", text: "Provider,Start Date,Start Time,End Date,End " +
		"Time\nAna,3/6/2026,17:00,3/9/2026,08:00\nBea,3/13/2026,17:00,,08:00\n", want: "ana 06T17-09T08, bea 13T17-14T08"},
	{name: "an end date in Spanish", text: "Médico;Fecha de inicio;Hora de inicio;Fecha de fin;Hora de " +
		"fin\nAna;6/3/2026;17h;9/3/2026;8h\nBea;13/3/2026;17h;14/3/2026;8h\n", want: "ana 06T17-09T08, bea 13T17-14T08"},
	{name: "dates before the times, no column of dates", text: "Start,End,Name\n3/20/2026 5:00 PM,3/23/2026 8:00 " +
		"AM,Ana\n2026-03-13T17:00,2026-03-14T08:00:00,Bea\n", want: "bea 13T17-14T08, ana 20T17-23T08"},
	{name: "a column of dates with midnights", text: "Date,From,To,Name\n3/13/2026 0:00,17:00,08:00,Ana\n3/14/2026 12:00:00 " +
		"AM,17:00,08:00,Bea\n", want: "ana 13T17-14T08, bea 14T17-15T08"},
	{name: "a date with a time of its own", text: "Date,From,To,Name\n3/13/2026 9:00,17:00,08:00,Ana\n",
		refused: `line 2: date: "3/13/2026 9:00" has a time of its own`},
	{name: "two dates that differ", text: "Date,From,To,Name\n3/13/2026,3/14/2026 17:00,08:00,Ana\n",
		refused: `line 2: from: "3/14/2026" is another date than the "3/13/2026" of the column`},
	{name: "an end date before the beginning", text: "Date,From,End Date,To,Name\n2026-03-13,17:00,2026-03-12,08:00,Ana\n",
		refused: "line 2: to: does not come after the beginning"},
	{name: "an end date that is none", text: "Date,From,End Date,To,Name\n2026-03-13,17:00,soon,08:00,Ana\n",
		refused: `line 2: end date: "soon" is not a date`},
	{name: "headings with signs and blanks", text: "Start_Date,Start-Time:,END TIME,On-Call Provider\n2026-03-13,17:00,08:00,Ana\n",
		want: "ana 13T17-14T08"},
	{name: "a column of weekdays", text: "Day,Date,From,To,Name\nFri,2026-03-13,17:00,08:00,Ana\n", want: "ana 13T17-14T08",
		warned: "line 1: Day: this column is not read"},
	{name: "columns that are not read", text: "Date,From,To,Name,Backup,,Phone\n2026-03-13,17:00,08:00,Ana,Bea,,\n",
		want: "ana 13T17-14T08", warned: "line 1: Backup: this column is not read"},
	{name: "a column without a heading", text: "Date,From,To,,Name\n2026-03-13,17:00,08:00,night,Ana\n", want: "ana 13T17-14T08",
		warned: "line 1: #4: this column is not read"},
	{name: "title rows", text: "Lakeside on call,,,\n,,,\nMarch 2026,,,\nDate,From,To,Name\n2026-03-13,17:00,08:00,Ana\n",
		want:   "ana 13T17-14T08",
		warned: `line 1: file: "Lakeside on call" stands above the heading|line 3: file: "March 2026" stands above`},
	{name: "a title that is a column's name", text: "On call\n\nDate,From,To,Name\n2026-03-13,17:00,08:00,Ana\n", want: "ana 13T17-14T08",
		warned: `line 1: file: "On call" stands above`},
	{name: "a shift above the heading", text: "2026-03-12,17:00,08:00,Bea\nDate,From,To,Name\n2026-03-13,17:00,08:00,Ana\n",
		refused: "line 1: file: stands above the heading and seems to be a shift"},
	{name: "the heading on every page", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana\nDATE,FROM,TO,NAME\n2026-03-14,17:00,08:00,Bea\n", want: "ana 13T17-14T08, bea 14T17-15T08", warned: "line 3: file: the heading once more"},
	{name: "a row below that is no shift", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana\nUpdated by Eve,,,\n",
		refused: `line 3: date: "Updated by Eve" is not a date`},

	// Cells.
	{name: "a quote closed nowhere", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,\"Ana\n2026-03-14,17:00,08:00,Bea\n",
		refused: "line 2: file: a quote is opened on this line and closed nowhere"},
	{name: "a quote closed by another's opening", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,\"Ana\n2026-03-14,17:00,08:00,\"Bea\"\n",
		refused: "line 2: file: a quote is opened on this line and closed in the middle of a cell on line 3"},
	{name: "a quote closed rows later", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,\"Ana\n2026-03-14,17:00,08:00,Bea\"\n",
		refused: "line 2: file: a quote is opened on this line and closed on line 3"},
	{name: "rows in the quotes of a column that is not read",
		text:    "Date,From,To,Name,Note\n2026-03-13,17:00,08:00,Ana,\"cell\n2026-03-14,17:00,08:00,Bea,page\"\n",
		refused: "line 2: file: a quote is opened on this line and closed on line 3"},
	{name: "a note of two lines", text: "Date,From,To,Name,Note\n2026-03-13,17:00,08:00,Ana,\"cell\nthen page, " +
		"twice\"\n2026-03-14,17:00,08:00,Bea,\n", want: "ana 13T17-14T08, bea 14T17-15T08",
		warned: "line 1: Note: this column is not read"},
	{name: "quotes that are part of a name", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,\"Bob\" " +
		"Jones\n2026-03-14,17:00,08:00,\"Ana \"\"Annie\"\" Lee\"\n", want: "bob-jones 13T17-14T08, ana-annie-lee 14T17-15T08"},
	{name: "a comma in quotes", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,\"Lee, Ann\"\n", want: "lee-ann 13T17-14T08"},
	{name: "a comma without", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Lee, Ann\n2026-03-14,17:00,08:00,Bea\n",
		refused: "line 2: file: has 5 cells where there are 4 columns"},
	{name: "a comma without, and no heading", text: "2026-03-13,17:00,08:00,Lee, Ann\n",
		refused: "line 1: file: has 5 cells where there are 4 columns"},
	{name: "a comma without, and an empty cell after it",
		text:    "Date,From,To,Name,Phone\n2026-03-13,17:00,08:00,Bea,\n2026-03-14,17:00,08:00,Lee, Ann,\n",
		refused: "line 3: file: has 6 cells where there are 5 columns"},
	{name: "empty cells at the end of every row", text: "Date,From,To,Name,,\n2026-03-13,17:00,08:00,Ana,,\n", want: "ana 13T17-14T08"},
	{name: "empty cells at the end of the rows alone",
		text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana,\n2026-03-14,17:00,08:00,Bea,\n", want: "ana 13T17-14T08, bea 14T17-15T08"},
	{name: "what keeps Excel from reading a number", text: "Date,From,To,Name\n=\"2026-03-13\",=\"17:00\",=\"08:00\",Ana\n",
		want: "ana 13T17-14T08"},
	{name: "blanks of other kinds", text: "Date,From,To,Name\n2026-03-13\u200e,5:00\u202fPM,8:00\u00a0a.\u00a0m.,Ana\u00a0Lee " +
		"\n2026-03-14,17:00,08:00,Ana Lee\n", want: "ana-lee 13T17-14T08, ana-lee 14T17-15T08"},

	// The file.
	{name: "sep=;", text: "sep=;\r\nDate;From;To;Name\r\n2026-03-13;17:00;08:00;Lee, Ann, MD, PhD\r\n", want: "lee-ann-md-phd 13T17-14T08"},
	{name: "sep= in quotes, by tabs", text: "\"sep=\t\"\nDate\tFrom\tTo\tName\n2026-03-13\t17:00\t08:00\tAna\n", want: "ana 13T17-14T08"},
	{name: "semicolons below a title with commas", text: "On call, March, Lakeside, Chicago, " +
		"all;\nDate;From;To;Name\n2026-03-13;17:00;08:00;Ana\n2026-03-14;17:00;08:00;Bea\n", want: "ana 13T17-14T08, bea 14T17-15T08",
		warned: "line 1: file:"},
	{name: "bars", text: "Date|From|To|Name\n2026-03-13|17:00|08:00|Ana\n", want: "ana 13T17-14T08"},
	{name: "UTF-16 by tabs, as Excel saves Unicode text", text: utf16Text("\ufeffDate\tFrom\tTo\tName\r\n3/13/2026\t5:00 PM\t8:00 "+
		"AM\tMuñoz\r\n", false), want: "muñoz 13T17-14T08"},
	{name: "lines ended by CR alone", text: "Date,From,To,Name\r2026-03-13,17:00,08:00,Ana\r2026-03-14,17:00,08:00,Bea\r",
		want: "ana 13T17-14T08, bea 14T17-15T08"},
	{name: "a workbook with another ending", text: "PK\x03\x04\x14\x00", refused: "line 1: file: is a workbook"},
	{name: "no text", text: "Date,From\n\x00\x01\x02,Ana\n", refused: "line 2: file: is not text"},

	// Times.
	{name: "ends through the minute are asked about",
		text:    "Date,From,To,Name\n2026-03-13,00:00,23:59,Ana\n2026-03-14,00:00,23:59:59,Bea\n2026-03-15,17:00,7:59 AM,Cyd\n",
		refused: `line 2: to: "23:59" would leave|line 3: to: "23:59:59"|line 4: to: "7:59 AM"`},
	{name: "two people at once", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana\n2026-03-13,20:00,23:00,Bea\n",
		want:   "ana 13T17-13T20, ana+bea 13T20-13T23, ana 13T23-14T08",
		warned: "line 3: file: this one and line 2 are both on call from 2026-03-13T20:00:00-05:00 to 2026-03-13T23:00:00-05:00"},
	{name: "one person twice", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana\n2026-03-13,17:00,08:00,Ana\n",
		want: "ana 13T17-14T08"},
	{name: "ends through the minute, outside the time asked for",
		text: "Date,From,To,Name\n2025-03-13,00:00,23:59,Ana\n2026-03-14,00:00,24:00,Bea\n", want: "bea 14T00-15T00"},
	{name: "beginnings a minute late", text: "Date,From,To,Name\n2026-03-13,00:00,24:00,Ana\n2026-03-14,00:01,24:00,Bea\n",
		want:   "ana 13T00-14T00, bea 14T00:01-15T00",
		warned: "line 3: file: nobody is on call from 2026-03-14T00:00:00-05:00 to 2026-03-14T00:01:00-05:00"},
	{name: "what Excel makes of times", text: "Date,From,To,Name\n2026-03-13,0.5,0.75,Ana\n2026-03-14,0.708333333333333,0.25,Ana\n",
		refused: `line 2: from: "0.5" is not a time|line 2: to: "0.75"|line 3: from: "0.708333333333333"|line 3: to: "0.25"`},
	{name: "times with points", text: "Date,From,To,Name\n2026-03-13,17.30,8.00,Ana\n", want: "ana 13T17:30-14T08"},
	{name: "years first, with slashes", text: "Date,From,To,Name\n2026/3/13,17:00,08:00,Ana\n", want: "ana 13T17-14T08"},
	{name: "nobody yet", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana\n2026-03-14,17:00,08:00,N/A\n2026-03-15,17:00,08:00,Por " +
		"asignar\n", refused: `line 3: name: "N/A" names nobody|line 4: name: "Por asignar" names nobody`},
	{name: "two people in a cell", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Ana & Bea\n", want: "ana-bea 13T17-14T08",
		warned: `line 2: name: "Ana & Bea" is taken for the name of one person`},
	{name: "one person in two spellings", text: "Date,From,To,Name\n2026-03-13,17:00,08:00,Dr. Ana " +
		"Muñoz\n2026-03-14,17:00,08:00,\"Munoz, Ana\"\n", refused: `line 3: name: "Munoz, Ana" may be the "Dr. Ana Muñoz" of line 2`},
	{name: "rows outside the time asked for that cannot be read",
		text: "Date,From,To,Name\n2025-03-13,late,later,\n2026-03-14,17:00,08:00,Bea\n", want: "bea 14T17-15T08"},
}

func TestImportOddTables(t *testing.T) {
	for _, c := range oddTables {
		t.Run(c.name, func(t *testing.T) {
			c.check(t, func(how Import) (*Imported, error) { return ImportCSV(strings.NewReader(c.text), how) })
		})
	}
}

// TestImportAnswers: what an import asks is answered by a field of Import.
func TestImportAnswers(t *testing.T) {
	const night = "Date,From,To,Name\n2026-03-13,00:00,23:59,Dr. Lee\n2026-03-14,00:00,23:59,Dr Lee\n"
	how := Import{Timezone: "UTC", From: instant(t, "2026-03-01T00:00:00Z"), To: instant(t, "2026-04-01T00:00:00Z")}
	asks := func(want string) {
		t.Helper()
		var problems ReadProblems
		if _, err := ImportCSV(strings.NewReader(night), how); !errors.As(err, &problems) || problems[0].Ask != want {
			t.Errorf("asks %+v, want %s", problems, want)
		}
	}
	asks(AskEnds)
	how.Ends = "through"
	asks(AskNames)
	how.Names = map[string]ParticipantID{"Dr.  Lee": "lee", "Dr Lee": "lee", "Dr Leigh": "leigh"}
	in, err := ImportCSV(strings.NewReader(night), how)
	if err != nil || in.Warned != 1 || englishProblem(t, in.Warnings[0]) != `names: "Dr Leigh" stands nowhere in the file, or only outside the time asked for` {
		t.Fatalf("%v %+v", err, in)
	}
	expectShifts(t, in.Document, how.From, how.To, []string{"2026-03-13T00:00:00Z 2026-03-15T00:00:00Z [lee]"})
	how.Ends = "exact"
	if in, err = ImportCSV(strings.NewReader(night), how); err != nil || in.Warned != 2 {
		t.Fatalf("%v %+v", err, in)
	}
	expectShifts(t, in.Document, how.From, how.To, []string{"2026-03-13T00:00:00Z 2026-03-13T23:59:00Z [lee]",
		"2026-03-14T00:00:00Z 2026-03-14T23:59:00Z [lee]"})
	how.Ends = "through"
	calendar := vcalendar("BEGIN:VEVENT\nSUMMARY:Dr Lee\nDTSTART:20260313T000000Z\nDTEND:20260313T235959Z\nEND:VEVENT\n")
	if in, err = ImportCalendar(strings.NewReader(calendar), how); err != nil {
		t.Fatal(err)
	}
	expectShifts(t, in.Document, how.From, how.To, []string{"2026-03-13T00:00:00Z 2026-03-14T00:00:00Z [lee]"})
}
