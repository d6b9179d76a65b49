package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// onCallRun runs `lamplight oncall` with arguments and a standard input, and gives what it wrote to the standard output.
func onCallRun(t *testing.T, input string, args ...string) (string, error) {
	t.Helper()
	out, _, err := onCallSays(t, input, args...)
	return out, err
}

// onCallSays gives the standard error too.
func onCallSays(t *testing.T, input string, args ...string) (string, string, error) {
	t.Helper()
	before := onCallInput
	onCallInput = strings.NewReader(input)
	defer func() { onCallInput = before }()
	var out, said bytes.Buffer
	k, err := kong.New(&onCallCmd{}, kong.Writers(&out, &said))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := k.Parse(args)
	if err != nil {
		return out.String(), said.String(), err
	}
	err = ctx.Run()
	return out.String(), said.String(), err
}

func onCallExample(name string) string {
	return filepath.Join("..", "..", "routing", "oncall", "examples", name)
}

func TestOnCall(t *testing.T) {
	solo, group, hospital, pediatrics := onCallExample("solo-doctor.json"), onCallExample("group-of-seven.json"),
		onCallExample("hospital-service.json"), onCallExample("pediatrics.json")
	for _, c := range []struct {
		name, input string
		args        []string
		want        string
	}{
		{"who", "", []string{"who", "--schedule", solo, "--at", "2026-03-03T22:00:00-06:00"},
			"2026-03-03T22:00:00-06:00\treyes\tDr. Alma Reyes\n"},
		{"who, as JSON", "", []string{"who", "--schedule", solo, "--at", "2026-03-03T22:00:00-06:00", "--json"},
			`{"at":"2026-03-03T22:00:00-06:00","role":"primary","people":["reyes"],"names":["Dr. Alma Reyes"]}` + "\n"},
		{"who, of nobody", "", []string{"who", "--schedule", pediatrics, "--role", "nurse line", "--at", "2026-03-03T23:00:00-04:00"},
			"2026-03-03T23:00:00-04:00\tnobody\tnobody\n"},
		{"who, as JSON of nobody", "", []string{"who", "--schedule", pediatrics, "--role", "nurse line", "--at",
			"2026-03-03T23:00:00-04:00", "--json"}, `{"at":"2026-03-03T23:00:00-04:00","role":"nurse line","people":[],"names":[]}` + "\n"},
		{"who, by call type", "", []string{"who", "--schedule", hospital, "--call-type", "stemi", "--at", "2026-03-03T23:00:00-06:00"},
			"2026-03-03T23:00:00-06:00\tstemi-team\tSTEMI team\n"},
		{"until", "", []string{"until", "--schedule", group, "--at", "2026-01-06T03:00:00-05:00"},
			"2026-01-06T03:00:00-05:00\t2026-01-06T08:00:00-05:00\n"},
		{"next", "", []string{"next", "--schedule", hospital, "--role", "attending", "--at", "2026-01-06T03:00:00-06:00"},
			"2026-01-06T03:00:00-06:00\t2026-01-19T07:00:00-06:00\t2026-02-02T07:00:00-06:00\tatt-quinn\tDr. Quinn, attending\n"},
		{"many instants, one answer a line", "2026-03-03T10:00:00-06:00\n2026-03-03T22:00:00-06:00\n", []string{"who", "--schedule", solo},
			"2026-03-03T10:00:00-06:00\tfront-desk\tFront desk\n2026-03-03T22:00:00-06:00\treyes\tDr. Alma Reyes\n"},
		{"shifts", "", []string{"shifts", "--schedule", solo, "--from", "2026-03-06T12:00:00-06:00", "--to", "2026-03-06T18:00:00-06:00"},
			"2026-03-06T12:00:00-06:00\t2026-03-06T13:00:00-06:00\tfront-desk\tFront " +
				"desk\n2026-03-06T13:00:00-06:00\t2026-03-06T18:00:00-06:00\treyes\tDr. Alma Reyes\n"},
		{"gaps", "", []string{"gaps", "--schedule", pediatrics, "--role", "nurse line", "--from", "2026-03-03T12:00:00-04:00", "--to",
			"2026-03-04T12:00:00-04:00", "--json"},
			`{"from":"2026-03-03T22:00:00-04:00","until":"2026-03-04T08:30:00-04:00","people":[]}` + "\n"},
		{"no overlaps", "", []string{"overlaps", "--schedule", solo, "--from", "2026-03-03T12:00:00-04:00", "--to",
			"2026-03-04T12:00:00-04:00"}, ""},
		{"check", "", []string{"check", "--schedule", hospital}, hospital + " is sound; its roles are primary, backup, attending\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := onCallRun(t, c.input, c.args...)
			if err != nil || got != c.want {
				t.Errorf("%v\n%swant\n%s", err, got, c.want)
			}
		})
	}
}

func TestOnCallExplains(t *testing.T) {
	got, err := onCallRun(t, "", "explain", "--schedule", onCallExample("solo-doctor.json"), "--at", "2026-10-02T03:00:00-05:00")
	if err != nil || !strings.Contains(got, "because    an override replaces reyes by okafor\notherwise  reyes\tDr. Alma Reyes\n") {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = onCallRun(t, "2026-10-02T03:00:00-05:00\n", "explain", "--schedule", onCallExample("solo-doctor.json"), "--json")
	var e struct{ Decided struct{ Kind string } }
	if err != nil || json.Unmarshal([]byte(got), &e) != nil || e.Decided.Kind != "override" {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestOnCallRefuses(t *testing.T) {
	solo := onCallExample("solo-doctor.json")
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{\"timezone\":\"UTC\",\n\"layers\":[]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, input string
		args        []string
		want        string
	}{
		{"an instant that is none", "", []string{"who", "--schedule", solo, "--at", "now"}, `--at: "now" is not an RFC 3339 instant`},
		{"a line that is none", "2026-03-03T10:00:00-06:00\nfoo\n", []string{"who", "--schedule", solo},
			"1 lines of the standard input were no instants"},
		{"a line without end", strings.Repeat("x", 1<<20), []string{"who", "--schedule", solo},
			"line 1 of the standard input is no instant"},
		{"a role nobody has", "", []string{"who", "--schedule", solo, "--role", "surgeon", "--at", "2026-03-03T10:00:00Z"},
			`has no role "surgeon"; its roles are primary`},
		{"a feed of a role nobody has", "", []string{"export", "--schedule", solo, "--role", "surgeon", "--from", "2026-03-03T10:00:00Z",
			"--to", "2026-03-04T10:00:00Z"}, `has no role "surgeon"`},
		{"a schedule that is unsound", "", []string{"check", "--schedule", broken}, broken + ":2: layers is missing: write it"},
		{"no such file", "", []string{"check", "--schedule", broken + "x"}, "open schedule"},
		{"a time backwards", "", []string{"gaps", "--schedule", solo, "--from", "2026-03-03T10:00:00Z", "--to", "2026-03-02T10:00:00Z"},
			"does not come after --from"},
		{"a time too long", "", []string{"gaps", "--schedule", solo, "--from", "2026-03-03T10:00:00Z", "--to", "2926-03-02T10:00:00Z"},
			"more than 50 years"},
		{"an import of something else", "", []string{"import", broken, "--timezone", "UTC", "--from", "2026-03-03T10:00:00Z", "--to",
			"2027-03-02T10:00:00Z"}, "neither an .ics nor a .csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if out, err := onCallRun(t, c.input, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s\n%s", err, c.want, out)
			}
		})
	}
}

// TestOnCallWarns: what an import leaves out or guesses, and what is odd in a schedule, is printed and counted; what it asks is
// answered by a flag.
func TestOnCallWarns(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	table := write("table.csv", "March\nDate,From,To,Name\n2026-03-13,00:00,23:59,Dr. Lee\n2026-03-14,00:00,23:59,\"Lee, "+
		"Dr\"\n2025-03-14,00:00,24:00,Kim\n")
	args := []string{"import", table, "--timezone", "UTC", "--from", "2026-03-01T00:00:00Z", "--to", "2026-04-01T00:00:00Z"}
	_, _, err := onCallSays(t, "", args...)
	if err == nil || !strings.Contains(err.Error(), table+`:3: to “23:59” would leave`) ||
		!strings.Contains(err.Error(), "(--ends exact or --ends through)") {
		t.Errorf("%v", err)
	}
	args = append(args, "--ends", "through")
	if _, _, err = onCallSays(t, "", args...); err == nil || !strings.Contains(err.Error(), `“Lee, Dr” may be the “Dr. Lee” of line 3`) ||
		!strings.Contains(err.Error(), "(--names NAME=ID)") {
		t.Errorf("%v", err)
	}
	args = append(args, "--names", "Dr. Lee=lee", "--names", "Lee, Dr=lee")
	out, said, err := onCallSays(t, "", args...)
	want := table + ":1: warning: file “March” stands above the heading and is left out\n" + table +
		": 2 shifts of 1 people taken; 1 outside the time asked for, 0 cancelled, 1 warnings\n"
	if err != nil || said != want || !json.Valid([]byte(out)) {
		t.Errorf("%v\n%swant\n%s", err, said, want)
	}
	if _, said, err = onCallSays(t, "", append(args, "--language", "es")...); err != nil ||
		!strings.Contains(said, ":1: aviso: file «March» está encima del encabezado") || !strings.Contains(said, "2 turnos de 1 personas") {
		t.Errorf("in Spanish: %v\n%s", err, said)
	}
	schedule := write("schedule.json", "{\"timezone\":\"UTC\",\"participants\":[{\"id\":\"lee\",\"left\":\"2026-03-01\"}],\n\"layers\":[{\"who\":[\"lee\"]}]}")
	out, said, err = onCallSays(t, "", "check", "--schedule", schedule)
	if err != nil || said != schedule+":2: warning: layers[0].who[0] “lee” has left since 2026-03-01 00:00 and is on call nowhere: name "+
		"somebody else\n" ||
		out != schedule+" is sound; its roles are primary; 1 warnings\n" {
		t.Errorf("%v\n%s%s", err, said, out)
	}
}

// TestOnCallFiles goes from a schedule to a calendar and from there, and from a table, back to a schedule.
func TestOnCallFiles(t *testing.T) {
	dir := t.TempDir()
	span := []string{"--from", "2026-03-01T00:00:00Z", "--to", "2026-04-01T00:00:00Z"}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := onCallRun(t, "", append(args, span...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	group := onCallExample("group-of-seven.json")
	feed := write("feed.ics", run("export", "--schedule", group))
	back := write("back.json", run("import", feed, "--timezone", "America/New_York"))
	if got, want := run("shifts", "--schedule", back), run("shifts", "--schedule", group); got != want {
		t.Errorf("through a calendar:\n%s\nwas:\n%s", got, want)
	}
	table := write("table.csv", "3/4/2026,17:00,8:00,Mu\xf1oz\n")
	args := append([]string{"import", table, "--timezone", "America/Chicago"}, span...)
	if out, err := onCallRun(t, "", args...); err == nil || !strings.Contains(err.Error(), "say which (--dates dmy") {
		t.Errorf("%v\n%s", err, out)
	}
	made := write("made.json", run("import", table, "--timezone", "America/Chicago", "--dates", "mdy"))
	if got := run("shifts", "--schedule", made); got != "2026-03-04T17:00:00-06:00\t2026-03-05T08:00:00-06:00\tmuñoz\tMuñoz\n" {
		t.Errorf("from a table: %s", got)
	}
	if out, err := onCallRun(t, "", "schema"); err != nil || !json.Valid([]byte(out)) {
		t.Errorf("%v\n%s", err, out)
	}
}
