package oncall

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestImportCSV(t *testing.T) {
	day3 := []string{"2026-04-03T17:00:00-05:00 2026-04-04T08:00:00-05:00 [muñoz]"}
	for _, c := range []struct {
		name, text, dates string
		want              []string
	}{
		{"no heading, ISO dates", "2026-04-03,17:00,08:00,Muñoz\n", "", day3},
		{"Excel's Latin-1 with semicolons and a Spanish heading",
			"Fecha;Desde;Hasta;M\xe9dico\r\n3/4/2026;17:00:00;8:00:00;Mu\xf1oz\r\n25/4/2026;17:00;08:00;Garc\xeda\r\n", "",
			append(day3[:1:1], "2026-04-25T17:00:00-05:00 2026-04-26T08:00:00-05:00 [garcía]")},
		{"the month first, told by another line", "date,from,to,name\n4/3/2026,5:00 PM,8am,Muñoz\n4/25/26,5 p.m.,8:00 a.m.,Mu\xc3\xb1oz\n",
			"",
			append(day3[:1:1], "2026-04-25T17:00:00-05:00 2026-04-26T08:00:00-05:00 [muñoz]")},
		{"the month first, as asked", "4/3/2026,1700,0800,Muñoz\n", "mdy", day3},
		{"the day first, as asked", "3-4-2026\t17h\t8h00\tMuñoz\n", "dmy", day3},
		{"the same number twice tells nothing and needs nothing", "4/4/2026,noon,midnight,Ana\n", "",
			[]string{"2026-04-04T12:00:00-05:00 2026-04-05T00:00:00-05:00 [ana]"}},
		{"columns in another order, with others between", "Provider,Phone,End,Start,Date\nMuñoz,555,08:00,17:00,2026-04-03\n", "", day3},
		{"the mark of UTF-8, empty lines, quotes", "\xef\xbb\xbfdate,from,to,name\n\n\"2026-04-03\",17:00,08:00,\"Muñoz\"\n,,,\n", "",
			day3},
		{"from midnight at the end of a day", "2026-04-03,24:00,08:00,Ana\n", "",
			[]string{"2026-04-04T00:00:00-05:00 2026-04-04T08:00:00-05:00 [ana]"}},
		{"Windows-1252's own letters", "2026-04-03,17:00,08:00,\x8aim\xe8\x9e\n", "",
			[]string{"2026-04-03T17:00:00-05:00 2026-04-04T08:00:00-05:00 [šimèž]"}},
		{"the same clock twice is a day", "2026-04-03,08:00,08:00,Ana\n", "",
			[]string{"2026-04-03T08:00:00-05:00 2026-04-04T08:00:00-05:00 [ana]"}},
		{"the night the clock springs", "2026-03-07,17:00,02:30,Ana\n2026-03-08,02:30,08:00,Bob\n", "",
			[]string{"2026-03-07T17:00:00-06:00 2026-03-08T03:00:00-05:00 [ana]",
				"2026-03-08T03:00:00-05:00 2026-03-08T08:00:00-05:00 [bob]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := ImportCSV(strings.NewReader(c.text), Import{Timezone: "America/Chicago", Dates: c.dates})
			if err != nil {
				t.Fatal(err)
			}
			expectShifts(t, in.Document, instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z"), c.want)
		})
	}
}

func TestImportCSVRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"every line and field", "date,from,to,name\n2026-02-30,17:00,08:00,Ana\n2026-04-03,25:00,8:60,Ana\n2026-04-03,17:00,08:00,\n",
			"line 2: date: \"2026-02-30\" is not a date such as 2026-12-24\nline 3: from: \"25:00\" is not a time such as 17:00 or 5:00 " +
				"PM\nline 3: to: \"8:60\" is not a time such as 17:00 or 5:00 PM\nline 4: name: names nobody"},
		{"a missing column", "date,start,name\n2026-04-03,17:00,Ana\n", "line 1: to: no column has this heading"},
		{"a row too short", "2026-04-03,17:00\n", "line 1: to: \"\" is not a time"},
		{"both orders in one file", "13/4/2026,17:00,08:00,Ana\n4/13/2026,17:00,08:00,Ana\n",
			"line 2: date: line 1 has the day first (13/4/2026), line 2 the month (4/13/2026)"},
		{"an order that is none", "1/2/2026,17:00,08:00,Ana\n", "day/month or as month/day"},
		{"nothing", "date,from,to,name\n", "line 1: file: holds no shift"},
		{"13 PM", "2026-04-03,13 PM,08:00,Ana\n", "line 1: from: \"13 PM\" is not a time"},
		{"a date of words", "soon,17:00,08:00,Ana\n", "line 1: date: \"soon\" is not a date"},
		{"a date of slashes", "a/b/2026,17:00,08:00,Ana\n", "line 1: date: \"a/b/2026\" is not a date"},
		{"a name of signs", "2026-04-03,17:00,08:00,???\n", "line 1: name: \"???\" has no letter"},
		{"the day Samoa skipped", "2011-12-30,08:00,20:00,Ana\n", "line 1: to: the clock was moved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ImportCSV(strings.NewReader(c.text), Import{Timezone: "Pacific/Apia"})
			if err == nil || !strings.Contains(english(t, err), c.want) {
				t.Errorf("error:\n%v\nwant:\n%s", err, c.want)
			}
		})
	}
}

func TestImportCSVAsksForTheOrderOfDates(t *testing.T) {
	_, err := ImportCSV(strings.NewReader("3/4/2026,17:00,08:00,Ana\n5/6/2026,17:00,08:00,Ana\n"), Import{Timezone: "America/Chicago"})
	var asked ReadProblems
	if !errors.As(err, &asked) || asked[0].Ask != AskDates || !strings.Contains(english(t, err), "line 2") {
		t.Errorf("error %v", err)
	}
	_, err = ImportCSV(strings.NewReader("2026-04-03,17:00,08:00,Ana\n"), Import{Timezone: "America/Chicago", Dates: "ymd"})
	if err == nil {
		t.Error("took an order of dates that does not exist")
	}
	_, err = ImportCSV(strings.NewReader("2026-04-03,17:00,08:00,Ana\n"), Import{Timezone: "Chicago"})
	if err == nil || !strings.Contains(err.Error(), "timezone") {
		t.Errorf("error %v", err)
	}
}

func TestImportCSVTakesTheTimeAskedFor(t *testing.T) {
	how := Import{Timezone: "UTC", From: instant(t, "2026-04-03T00:00:00Z"), To: instant(t, "2026-04-04T00:00:00Z")}
	in, err := ImportCSV(strings.NewReader("2026-04-01,08:00,09:00,Ana\n2026-04-03,08:00,09:00,Bob\n2026-04-05,08:00,09:00,Cy\n"), how)
	if err != nil || len(in.Document.Participants) != 1 || in.Document.Participants[0].Name != "Bob" || in.Outside != 2 || in.Shifts != 1 {
		t.Errorf("%v %+v", err, in)
	}
	how.From, how.To = how.From.AddDate(1, 0, 0), how.To.AddDate(1, 0, 0)
	if _, err := ImportCSV(strings.NewReader("2026-04-01,08:00,09:00,Ana\n"), how); err == nil ||
		!strings.Contains(english(t, err), "holds no shift in the time asked for") {
		t.Errorf("error %v", err)
	}
	_, err = ImportCSV(strings.NewReader(strings.Repeat("2026-04-03,08:00,09:00,Ana\n", maxShifts+1)), Import{Timezone: "UTC"})
	if err == nil || !strings.Contains(english(t, err), "line 50001: file: holds more than 50000 shifts") {
		t.Errorf("error %v", err)
	}
}

func FuzzImportCSV(f *testing.F) {
	f.Add("Fecha;Desde;Hasta;M\xe9dico\n3/4/2026;17h;8am;Mu\xf1oz\n")
	for _, c := range oddTables {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		in, err := ImportCSV(strings.NewReader(text), Import{Timezone: "America/Chicago", Dates: "dmy"})
		if err == nil {
			if _, err := Compile(in.Document, from, from.AddDate(1, 0, 0)); err != nil {
				t.Fatalf("what was imported does not compile: %v", err)
			}
			accounted(t, in)
		}
	})
}
