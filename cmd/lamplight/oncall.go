package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"lamplight/cmd/lamplight/server"
	"lamplight/routing"
	"lamplight/routing/oncall"
)

// onCallCmd asks a schedule file, without a server. It uses no port and no signal; the clock is read only by export, for
// its DTSTAMP. Exit status 0 when everything asked was answered.
//
//	lamplight oncall who|next|until|explain --schedule FILE [--at RFC3339] [--role R] [--call-type C] [--location L] [--json]
//	lamplight oncall shifts|gaps|overlaps   --schedule FILE --from RFC3339 --to RFC3339 [--role R] ... [--json]
//	lamplight oncall check                  --schedule FILE
//	lamplight oncall export                 --schedule FILE --from RFC3339 --to RFC3339 [--role R]   > feed.ics
//	lamplight oncall import FILE            --timezone ZONE --from RFC3339 --to RFC3339 [--role R]
//	                                        [--dates dmy|mdy] [--ends exact|through] [--names NAME=ID]...   > schedule.json
//	lamplight oncall schema                 > oncall.schema.json
//
// --language says what is wrong with a schedule in English or Spanish. Without --at, instants are read from the standard
// input, one a line, and answered one a line; a line that is no instant is answered "error", the rest is still answered,
// and the exit status is 1. What import left out or guessed, and what check finds odd in a sound schedule, are warnings
// on the standard error, with their number. Columns are separated by tabs; with --json each line is one object.
type onCallCmd struct {
	Who      onCallAt     `cmd:"" help:"Who is on call."`
	Next     onCallAt     `cmd:"" help:"Which shift begins next."`
	Until    onCallAt     `cmd:"" help:"When the answer to who changes."`
	Explain  onCallAt     `cmd:"" help:"Which rule decided, and what would be without it."`
	Shifts   onCallRange  `cmd:"" help:"Every shift of a time."`
	Gaps     onCallRange  `cmd:"" help:"When nobody is scheduled."`
	Overlaps onCallRange  `cmd:"" help:"When people of different shifts are on call together."`
	Check    onCallCheck  `cmd:"" help:"Say whether a schedule is sound."`
	Export   onCallExport `cmd:"" help:"Write the shifts as an iCalendar feed."`
	Import   onCallImport `cmd:"" help:"Make a schedule of a calendar (.ics) or a table (.csv)."`
	Schema   onCallSchema `cmd:"" help:"Print the JSON Schema of a schedule."`
}

// onCallInput is where instants are read from when --at is not given.
var onCallInput io.Reader = os.Stdin

// onCallFile names the schedule and the question's scope.
type onCallFile struct {
	Schedule string `required:"" placeholder:"FILE" help:"The schedule, JSON as 'lamplight oncall schema' describes it."`
	Role     string `help:"The role asked for." default:"primary"`
	CallType string `help:"The type of the call."`
	Location string `help:"The practice's location."`
	JSON     bool   `name:"json" help:"One JSON object a line."`
	inLanguage
}

func (f *onCallFile) query() oncall.Query {
	return oncall.Query{Role: f.Role, CallType: f.CallType, Location: f.Location}
}

// open compiles the schedule for a time.
func (f *onCallFile) open(from, to time.Time) (*oncall.Schedule, error) {
	s, err := f.compile(f.Schedule, from, to)
	if err != nil {
		return nil, err
	}
	return s, hasRole(f.Schedule, s, f.Role)
}

// hasRole refuses a role that the schedule does not have: it would be answered with nobody.
func hasRole(path string, s *oncall.Schedule, role string) error {
	if slices.Contains(s.Roles(), role) {
		return nil
	}
	if len(s.Roles()) == 0 {
		return fmt.Errorf("%s: has no role %q, for it has none yet: add a layer for it", path, role)
	}
	return fmt.Errorf("%s: has no role %q; its roles are %s", path, role, strings.Join(s.Roles(), ", "))
}

// compile reads a schedule for a time; its mistakes are said in the language.
func (l inLanguage) compile(path string, from, to time.Time) (*oncall.Schedule, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open schedule: %w", err)
	}
	defer file.Close()
	var s *oncall.Schedule
	doc, err := oncall.Parse(file)
	if err == nil {
		s, err = oncall.Compile(doc, from, to)
	}
	var wrong oncall.ReadProblems
	if errors.As(err, &wrong) {
		found := routing.ScheduleProblems(routing.Refuse, wrong)
		return nil, errors.New(strings.TrimSuffix(server.PracticeLines(path, found, l.Language), "\n"))
	}
	return s, err
}

// inFile is what is wrong with an imported file, in the language asked for: a line each, with the flag that answers it.
func (l inLanguage) inFile(path string, err error) error {
	var problems oncall.ReadProblems
	if !errors.As(err, &problems) {
		return fmt.Errorf("%s: %w", path, err)
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		said := server.PracticeLines(path, routing.ScheduleProblems(routing.Refuse, oncall.ReadProblems{p}), l.Language)
		lines[i] = strings.TrimSuffix(said, "\n")
		if flag := onCallFlags[p.Ask]; flag != "" {
			lines[i] += " (" + flag + ")"
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// instant reads an RFC 3339 instant from a flag or a line.
func instant(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is not an RFC 3339 instant such as 2026-12-24T17:00:00-06:00", text)
	}
	return t, nil
}

// onCallAt answers for instants.
type onCallAt struct {
	onCallFile
	At string `placeholder:"RFC3339" help:"The instant; without it, instants are read from the standard input."`
}

func (c *onCallAt) Run(k *kong.Context) error {
	out := bufio.NewWriter(k.Stdout)
	ask := onCallAnswers[k.Selected().Name]
	if c.At == "" {
		return errors.Join(c.stream(ask, out), out.Flush())
	}
	at, err := instant(c.At)
	if err != nil {
		return fmt.Errorf("--at: %w", err)
	}
	s, err := c.open(at, at.Add(time.Second))
	if err != nil {
		return err
	}
	answer := ask(s, at, c.query())
	if c.JSON {
		err = json.NewEncoder(out).Encode(answer)
	} else {
		_, err = fmt.Fprintln(out, answer.text(s))
	}
	return errors.Join(err, out.Flush())
}

// stream answers the standard input line by line. The schedule is compiled for the years round the first instant, since
// those who send many send neighbours.
func (c *onCallAt) stream(ask onCallAsk, out *bufio.Writer) error {
	in := bufio.NewReaderSize(onCallInput, 64<<10)
	var s *oncall.Schedule
	bad := 0
	for n := 1; ; n++ {
		line, tooLong, err := in.ReadLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read instants: %w", err)
		}
		at, err := instant(strings.TrimSpace(string(line)))
		if tooLong {
			return fmt.Errorf("line %d of the standard input is no instant: it does not end", n)
		}
		if s == nil && err == nil {
			if s, err = c.open(at.AddDate(-1, 0, 0), at.AddDate(5, 0, 0)); err != nil {
				return err
			}
		}
		switch {
		case err != nil && c.JSON:
			bad++
			err = json.NewEncoder(out).Encode(map[string]any{"line": n, "error": err.Error()})
		case err != nil:
			bad++
			_, err = fmt.Fprintf(out, "error\tline %d: %s\n", n, err)
		case c.JSON:
			err = json.NewEncoder(out).Encode(ask(s, at, c.query()))
		default:
			_, err = fmt.Fprintln(out, ask(s, at, c.query()).line(s))
		}
		if err == nil && in.Buffered() == 0 { // whoever waits for an answer before asking again gets it
			err = out.Flush()
		}
		if err != nil {
			return fmt.Errorf("write answers: %w", err)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d lines of the standard input were no instants", bad)
	}
	return nil
}

// onCallRange answers for a time.
type onCallRange struct {
	onCallFile
	onCallSpan
}

// onCallSpan is the time asked for.
type onCallSpan struct {
	From string `required:"" placeholder:"RFC3339" help:"From when."`
	To   string `required:"" placeholder:"RFC3339" help:"Until when."`
}

// onCallYears is the longest time a command works out at once.
const onCallYears = 50

func (c *onCallSpan) instants() (from, to time.Time, err error) {
	if from, err = instant(c.From); err != nil {
		return from, to, fmt.Errorf("--from: %w", err)
	}
	if to, err = instant(c.To); err != nil {
		return from, to, fmt.Errorf("--to: %w", err)
	}
	switch {
	case !to.After(from):
		err = fmt.Errorf("--to: %s does not come after --from %s", c.To, c.From)
	case to.After(from.AddDate(onCallYears, 0, 0)):
		err = fmt.Errorf("--to: more than %d years after --from", onCallYears)
	}
	return from, to, err
}

func (c *onCallRange) Run(k *kong.Context) error {
	from, to, err := c.instants()
	if err != nil {
		return err
	}
	s, err := c.open(from, to)
	if err != nil {
		return err
	}
	list := map[string]func(time.Time, time.Time, oncall.Query) []oncall.Shift{"shifts": s.Shifts, "gaps": s.Gaps, "overlaps": s.Overlaps}
	out := bufio.NewWriter(k.Stdout)
	for _, shift := range list[k.Selected().Name](from, to, c.query()) {
		if c.JSON {
			err = json.NewEncoder(out).Encode(shift)
		} else {
			_, err = fmt.Fprintln(out, shiftText(s, shift))
		}
		if err != nil {
			return fmt.Errorf("write answers: %w", err)
		}
	}
	return out.Flush()
}
