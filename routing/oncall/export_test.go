package oncall

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// feedOf is a schedule's feed, lines unfolded.
func feedOf(t *testing.T, s *Schedule, from, to time.Time) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Calendar(&out, from, to, from, FeedOf{}); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(out.String(), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %d is longer than 75 bytes or ended wrongly: %q", i+1, line)
		}
	}
	return strings.ReplaceAll(out.String(), "\r\n ", "")
}

// TestExportSaysTheDoubledHourInUTC: of the two readings of an autumn night's hour readers take now the first and now the second.
func TestExportSaysTheDoubledHourInUTC(t *testing.T) {
	s := compile(t, `"rotations":[{"name":"r","unit":"day","start":"2026-10-30T01:15","turns":["ada","bea"]}],"layers":[{"rotation":"r"}]`)
	feed := feedOf(t, s, local(t, "2026-10-31 12:00"), local(t, "2026-11-02 12:00"))
	for _, want := range []string{"DTEND:20261101T061500Z", "DTSTART:20261101T061500Z", "DTSTART;TZID=America/Chicago:20261031T011500",
		"DTEND;TZID=America/Chicago:20261102T011500"} {
		if !strings.Contains(feed, want+"\r\n") {
			t.Errorf("%s is not in\n%s", want, feed)
		}
	}
}

// TestExportKeepsWholeShifts: whatever time is asked for, a shift is the same event.
func TestExportKeepsWholeShifts(t *testing.T) {
	event := regexp.MustCompile(`(?s)BEGIN:VEVENT\r\n(.*?)END:VEVENT`)
	stamp := regexp.MustCompile(`DTSTAMP:[^\r]*`)
	for _, name := range []string{"group-of-seven.json", "hospital-service.json", "pediatrics.json", "solo-doctor.json"} {
		s := openExample(t, name)
		whole := map[string]bool{}
		from, to := instant(t, "2026-03-01T00:00:00Z"), instant(t, "2026-06-01T00:00:00Z")
		for _, e := range event.FindAllString(feedOf(t, s, from, to), -1) {
			whole[stamp.ReplaceAllString(e, "")] = true
		}
		for at := from.AddDate(0, 1, 0); at.Before(to.AddDate(0, -1, 0)); at = at.Add(53*time.Hour + 7*time.Minute) {
			for _, e := range event.FindAllString(feedOf(t, s, at, at.Add(20*time.Minute)), -1) {
				if e = stamp.ReplaceAllString(e, ""); !whole[e] {
					t.Fatalf("%s: at %s the feed has another event than the long one:\n%s", name, at, e)
				}
			}
		}
	}
	always := compile(t, `"layers":[{"who":["ana"]}]`)
	at := local(t, "2026-03-02 12:00")
	uid := regexp.MustCompile(`UID:.*`)
	one, two := feedOf(t, always, at, at.AddDate(0, 0, 7)), feedOf(t, always, at.AddDate(0, 0, 3), at.AddDate(0, 1, 0))
	if a, b := uid.FindString(one), uid.FindString(two); a == "" || a != b || !strings.Contains(one,
		"DTSTART;TZID=America/Chicago:20260302T120000") {
		t.Errorf("who is always on call: %s and %s", a, b)
	}
}

func TestExportFoldsAndEscapes(t *testing.T) {
	name := strings.Repeat("Muñoz, Ana; ", 20) + `\` + "\nMD\x07"
	doc := &Document{Timezone: "UTC", Name: name, Participants: []Participant{{ID: "a;b", Name: name}},
		Layers: []Layer{{Who: []ParticipantID{"a;b"}}}}
	from := instant(t, "2026-03-01T00:00:00Z")
	s, err := Compile(doc, from, from)
	if err != nil {
		t.Fatal(err)
	}
	var feed bytes.Buffer
	if err := s.Calendar(&feed, from, from.AddDate(0, 0, 1), from, FeedOf{}); err != nil {
		t.Fatal(err)
	}
	feedOf(t, s, from, from.AddDate(0, 0, 1))
	in, err := ImportCalendar(&feed, Import{Timezone: "UTC", From: from, To: from.AddDate(0, 0, 1)})
	if err != nil || in.Document.Participants[0].ID != "a;b" || in.Document.Name != strings.TrimSuffix(name, "\x07") ||
		in.Document.Participants[0].Name != strings.Join(strings.Fields(strings.TrimSuffix(name, "\x07")), " ") {
		t.Errorf("%v %+v", err, in)
	}
}

// TestExportIsReadAlike: libical (Evolution, Thunderbird's kin), ical.js and node-ical read each feed as it is meant, over every
// change of the clock.
func TestExportIsReadAlike(t *testing.T) {
	t.Parallel() // it mostly waits for the readers
	dir := t.TempDir()
	libical := filepath.Join(dir, "libical")
	run(t, "cc", "-o", libical, "testdata/libical.c", "-lical")
	type feed struct {
		name     string
		schedule *Schedule
		from     string
	}
	feeds := []feed{}
	for _, name := range []string{"group-of-seven.json", "hospital-service.json", "pediatrics.json", "solo-doctor.json"} {
		feeds = append(feeds, feed{name, openExample(t, name), "2026-10-20T00:00:00Z"})
	}
	for zone, from := range map[string]string{"America/Chicago": "2026-10-30T00:00:00Z", "America/New_York": "2026-03-06T00:00:00Z",
		"Europe/Madrid": "2026-10-23T00:00:00Z", "Australia/Lord_Howe": "2026-04-03T00:00:00Z",
		"America/Havana": "2026-10-30T00:00:00Z", "Africa/Casablanca": "2026-02-13T00:00:00Z", "America/Phoenix": "2026-03-01T00:00:00Z",
		"UTC": "2026-03-01T00:00:00Z"} {
		text := `{"timezone":"` + zone + `","participants":[{"id":"ada","name":"Ada Núñez, MD"},{"id":"bea"},{"id":"cyd"}],"rotations":[{"name":"r","unit":"hour","every":1,"start":"2026-01-01T00:30","turns":["ada","bea","cyd"]}],"layers":[{"rotation":"r"}]}`
		feeds = append(feeds, feed{"every hour in " + zone, compile(t, text), from})
	}
	var files, want []string
	for _, f := range feeds {
		from := instant(t, f.from)
		to := from.AddDate(0, 0, 4)
		if strings.HasSuffix(f.name, ".json") {
			to = from.AddDate(0, 0, 40)
		}
		file := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(f.name)+".ics")
		files = append(files, file)
		var text bytes.Buffer
		if err := f.schedule.Calendar(&text, from, to, from, FeedOf{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, role := range f.schedule.Roles() {
			for _, shift := range f.schedule.whole(from, to, Query{Role: role}) {
				for _, id := range shift.People {
					want = append(want, file+" "+shift.From.UTC().Format(time.RFC3339)+" "+shift.Until.UTC().Format(
						time.RFC3339)+" "+f.schedule.Name(id))
				}
			}
		}
	}
	slices.Sort(want)
	for reader, command := range map[string][]string{
		"libical":   {libical},
		"ical.js":   {"node", "testdata/readers.mjs", "ical.js", "../../frontend/package.json"},
		"node-ical": {"node", "testdata/readers.mjs", "node-ical", "../../frontend/package.json"},
	} {
		got := strings.Split(strings.TrimSpace(run(t, command[0], append(command[1:], files...)...)), "\n")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s reads %d events, want %d:\n%s", reader, len(got), len(want), firstDifference(got, want))
		}
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s(`make test` installs what is needed)", name, args, err, failed.String())
	}
	return string(out)
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return got[i] + "\nwant\n" + want[i]
		}
	}
	return "one is longer"
}
