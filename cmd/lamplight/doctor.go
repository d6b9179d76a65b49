package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
)

// doctorCmd says what the administrators' page says before a night, on the command line. It takes the server's own flags and
// environment. Exit status 1: something is red.
type doctorCmd struct {
	server.Config
	inLanguage
}

func (c *doctorCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *doctorCmd) run(ctx context.Context, out io.Writer) error {
	checks, err := server.Examine(ctx, c.Config)
	if err != nil {
		return err
	}
	bad := 0
	for _, check := range checks {
		if check.State == console.CheckBad {
			bad++
		}
		if _, err := io.WriteString(out, checkLine(check, c.Language)); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d things are red", bad)
	}
	return nil
}

// checkLine is a check in words: how it stands, what it is, and what to do.
func checkLine(c console.TonightCheck, in telephony.Language) string {
	sign := map[console.CheckState]string{console.CheckGood: "ok ", console.CheckOpen: "…  ", console.CheckBad: "RED"}[c.State]
	vars := catalog.Vars{}
	for k, v := range c.Vars {
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			v = at.Local().Format("2006-01-02 15:04")
		}
		vars[k] = v
	}
	key := "portal.ready." + c.Name
	return fmt.Sprintf("%s %-14s %s\n", sign, catalog.T(in, key, nil), catalog.T(in, key+"."+c.Say, vars))
}
