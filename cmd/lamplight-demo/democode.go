package main

import (
	"fmt"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes"
)

// demoCodeCmd is the demo's authenticator app.
type demoCodeCmd struct {
	Login string `arg:"" help:"Whose code, elena.reyes for instance."`
	State string `help:"The demo's state directory." env:"LAMPLIGHT_DEMO_STATE" type:"path" placeholder:"DIR"`
}

func (c *demoCodeCmd) Run() error {
	dir, err := demoState(c.State)
	if err != nil {
		return err
	}
	st, err := server.NewStateDir(dir)
	if err != nil {
		return err
	}
	keys, err := readDemoKeys(st)
	if err != nil {
		return err
	}
	if keys.Codes[notes.PersonID(c.Login)] == "" {
		return fmt.Errorf("the demo has nobody called %q", c.Login)
	}
	code, err := keys.code(notes.PersonID(c.Login), time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Println(code)
	return err
}
