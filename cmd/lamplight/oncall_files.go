package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"lamplight/routing/oncall"
)

// onCallCheck says whether a schedule is sound.
type onCallCheck struct {
	Schedule string `required:"" placeholder:"FILE" help:"The schedule."`
}

func (c *onCallCheck) Run(k *kong.Context) error {
	doc, err := readSchedule(c.Schedule)
	if err != nil {
		return err
	}
	var none time.Time
	s, err := oncall.Compile(doc, none, none)
	if err != nil {
		return inFile(c.Schedule, err)
	}
	_, err = fmt.Fprintf(k.Stdout, "%s is sound; its roles are %s\n", c.Schedule, strings.Join(s.Roles(), ", "))
	return err
}

// onCallExport writes a feed.
type onCallExport struct {
	Schedule string   `required:"" placeholder:"FILE" help:"The schedule."`
	Role     []string `help:"Only these roles."`
	onCallSpan
}

func (c *onCallExport) Run(k *kong.Context) error {
	from, to, err := c.instants()
	if err != nil {
		return err
	}
	doc, err := readSchedule(c.Schedule)
	if err != nil {
		return err
	}
	s, err := oncall.Compile(doc, from, to)
	if err != nil {
		return inFile(c.Schedule, err)
	}
	return s.Calendar(k.Stdout, from, to, time.Now(), c.Role...)
}

// onCallImport makes a schedule of what a practice has.
type onCallImport struct {
	File     string `arg:"" help:"An iCalendar (.ics) or a table of date, from, to, name (.csv)."`
	Timezone string `required:"" placeholder:"ZONE" help:"The practice's time zone, America/Chicago."`
	Role     string `help:"The role the shifts are for." default:"primary"`
	Dates    string `enum:",dmy,mdy" default:"" help:"How a table writes dates, dmy or mdy, when it does not tell."`
	onCallSpan
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
	read := map[string]func(io.Reader, oncall.Import) (*oncall.Document, error){".ics": oncall.ImportCalendar, ".csv": oncall.ImportCSV}
	with, ok := read[strings.ToLower(filepath.Ext(c.File))]
	if !ok {
		return fmt.Errorf("%s: neither an .ics nor a .csv file", c.File)
	}
	doc, err := with(file, oncall.Import{Timezone: c.Timezone, Role: c.Role, From: from, To: to, Dates: c.Dates})
	if errors.Is(err, oncall.ErrDateOrder) {
		return fmt.Errorf("%s: %w with --dates", c.File, err)
	}
	if err != nil {
		return inFile(c.File, err)
	}
	out := json.NewEncoder(k.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(doc)
}

// onCallSchema prints the schema.
type onCallSchema struct{}

func (onCallSchema) Run(k *kong.Context) error {
	_, err := io.WriteString(k.Stdout, oncall.Schema())
	return err
}
