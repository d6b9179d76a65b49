package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"lamplight/cmd/lamplight/server"
	"lamplight/frontend/shared/catalog"
	"lamplight/routing"
	"lamplight/routing/oncall"
)

// onCallCheck says whether a schedule is sound, and warns of what is and was hardly meant.
type onCallCheck struct {
	inLanguage
	Schedule string `required:"" placeholder:"FILE" help:"The schedule."`
}

func (c *onCallCheck) Run(k *kong.Context) error {
	var none time.Time
	s, err := c.compile(c.Schedule, none, none)
	if err != nil {
		return err
	}
	warnings := s.Warnings()
	lines := server.PracticeLines(c.Schedule, routing.ScheduleProblems(routing.Warn, warnings), c.Language)
	if _, err := io.WriteString(k.Stderr, lines); err != nil {
		return fmt.Errorf("write warnings: %w", err)
	}
	text := fmt.Sprintf("%s is sound; its roles are %s", c.Schedule, strings.Join(s.Roles(), ", "))
	if len(warnings) > 0 {
		text += fmt.Sprintf("; %d warnings", len(warnings))
	}
	_, err = fmt.Fprintln(k.Stdout, text)
	return err
}

// onCallExport writes a feed.
type onCallExport struct {
	Schedule string   `required:"" placeholder:"FILE" help:"The schedule."`
	Role     []string `help:"Only these roles."`
	inLanguage
	onCallSpan
}

func (c *onCallExport) Run(k *kong.Context) error {
	from, to, err := c.instants()
	if err != nil {
		return err
	}
	s, err := c.compile(c.Schedule, from, to)
	if err != nil {
		return err
	}
	for _, role := range c.Role {
		if err := hasRole(c.Schedule, s, role); err != nil {
			return err
		}
	}
	return s.Calendar(k.Stdout, from, to, time.Now(), oncall.FeedOf{Roles: c.Role,
		Words: func(name, _ string, byDefault bool) (summary, description string) {
			if byDefault {
				description = catalog.T(c.Language, "feed.default", nil)
			}
			return name, description
		}})
}

// onCallImport makes a schedule of what a practice has.
type onCallImport struct {
	File     string      `arg:"" help:"An iCalendar (.ics) or a table of date, from, to, name (.csv, .tsv, .txt)."`
	Timezone string      `required:"" placeholder:"ZONE" help:"The practice's time zone, America/Chicago."`
	Role     string      `help:"The role the shifts are for." default:"primary"`
	Dates    string      `enum:",dmy,mdy" default:"" help:"How a table writes dates, dmy or mdy, when it does not tell."`
	Ends     string      `enum:",exact,through" default:"" help:"Whether an end such as 23:59 is meant exactly or through that minute."`
	Names    onCallNames `mapsep:"none" placeholder:"NAME=ID" help:"Whose a name in the file is; once for each spelling."`
	inLanguage
	onCallSpan
}

type onCallNames = map[string]oncall.ParticipantID

// onCallFlags are the flags that answer what an import asks.
var onCallFlags = map[string]string{oncall.AskNames: "--names NAME=ID", oncall.AskEnds: "--ends exact or --ends through",
	oncall.AskDates: "--dates dmy or --dates mdy"}

// onCallReaders are the imports by the ending of the file's name.
var onCallReaders = map[string]func(io.Reader, oncall.Import) (*oncall.Imported, error){
	".ics": oncall.ImportCalendar, ".csv": oncall.ImportCSV, ".tsv": oncall.ImportCSV, ".txt": oncall.ImportCSV,
}

func (c *onCallImport) Run(k *kong.Context) error {
	from, to, err := c.instants()
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	defer file.Close()
	with, ok := onCallReaders[strings.ToLower(filepath.Ext(c.File))]
	if !ok {
		return fmt.Errorf("%s: neither an .ics nor a .csv, .tsv or .txt file", c.File)
	}
	in, err := with(file, oncall.Import{Timezone: c.Timezone, Role: c.Role, From: from, To: to, Dates: c.Dates, Ends: c.Ends,
		Names: c.Names})
	if err != nil {
		return c.inFile(c.File, err)
	}
	if _, err := io.WriteString(k.Stderr, c.account(in)); err != nil {
		return fmt.Errorf("write the account: %w", err)
	}
	out := json.NewEncoder(k.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(in.Document)
}

// account is what was taken and what was not, in the language asked for.
func (c *onCallImport) account(in *oncall.Imported) string {
	text := server.PracticeLines(c.File, routing.ScheduleProblems(routing.Warn, in.Warnings), c.Language)
	say := func(key string, vars catalog.Vars) {
		vars["file"] = c.File
		text += catalog.T(c.Language, key, vars) + "\n"
	}
	if more := in.Warned - len(in.Warnings); more > 0 {
		say("routing.import.more", catalog.Vars{"count": strconv.Itoa(more)})
	}
	say("routing.import.taken", catalog.Vars{"shifts": strconv.Itoa(in.Shifts), "people": strconv.Itoa(len(in.Document.Participants)),
		"outside": strconv.Itoa(in.Outside), "cancelled": strconv.Itoa(in.Cancelled), "warnings": strconv.Itoa(in.Warned)})
	return text
}

// onCallSchema prints the schema.
type onCallSchema struct{}

func (onCallSchema) Run(k *kong.Context) error {
	_, err := io.WriteString(k.Stdout, oncall.Schema())
	return err
}
