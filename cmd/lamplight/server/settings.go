package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"lamplight/console"
	"lamplight/notes/record"
)

// settingsEvery is how often it is looked whether another server of ours has changed the settings.
const settingsEvery = 5 * time.Second

// settings are what the running server has taken of what is set on the web.
type settings struct {
	mu      sync.Mutex // guards what follows
	newest  string     // the change that was taken last
	values  map[console.SettingPart]record.Setting
	trouble map[console.SettingPart]error // what could not be taken
}

// set is the configuration as it holds: what the command line says, and where that says nothing, what is set on the web.
func (s *Server) set() Config {
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	return s.Config.with(s.settings.values)
}

// with is c where it says something, and what is set elsewhere.
func (c Config) with(values map[console.SettingPart]record.Setting) Config {
	if c.Zone == "" {
		c.Zone = values[console.PartService].Values["zone"]
	}
	if c.CatchAll == "" {
		c.CatchAll = values[console.PartCatchAll].Values["to"]
	}
	if v := values[console.PartText].Values; c.TextAccount == "" {
		c.TextAccount, c.TextFrom, c.TextCallback = v["account"], v["from"], v["callback"]
	}
	if v := values[console.PartMail].Values; c.MailHost == "" && v["host"] != "" {
		c.MailHost, c.MailUser, c.MailFrom = v["host"], v["user"], v["from"]
		c.MailPort, _ = strconv.Atoi(v["port"]) // it was checked when it was set
	}
	return c
}

// Given implements house.Office.
func (s *Server) Given(part console.SettingPart) map[string]string {
	c, out := s.Config, map[string]string{}
	switch {
	case part == console.PartService && c.Zone != "":
		out["zone"] = c.Zone
	case part == console.PartCatchAll && c.CatchAll != "":
		out["to"] = c.CatchAll
	case part == console.PartText && c.TextAccount != "":
		out = map[string]string{"account": c.TextAccount, "from": c.TextFrom, "callback": c.TextCallback}
	case part == console.PartMail && c.MailHost != "":
		out = map[string]string{"host": c.MailHost, "port": strconv.Itoa(c.MailPort), "user": c.MailUser, "from": c.MailFrom}
	}
	return out
}

// Retake takes what is set on the web, where the command line says nothing. What cannot be taken is told where somebody looks, and keeps
// nothing else from being taken: an error is the database's.
func (s *Server) Retake(ctx context.Context) error {
	newest, err := s.Record.NewestSetting(ctx)
	if err != nil {
		return err
	}
	values, trouble := map[console.SettingPart]record.Setting{}, map[console.SettingPart]error{}
	for _, part := range console.SettingParts() {
		v, err := s.Record.Setting(ctx, string(part))
		switch {
		case errors.Is(err, record.ErrSettingForged):
			trouble[part] = err
		case err != nil:
			return err
		default:
			values[part] = v
		}
	}
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	cfg := s.Config.with(values)
	if s.Config.TextAccount == "" {
		if err := s.putText(cfg, values[console.PartText].Secret); err != nil {
			trouble[console.PartText] = err
		}
	}
	if s.Config.MailHost == "" {
		if err := s.putMail(cfg, values[console.PartMail].Secret); err != nil {
			trouble[console.PartMail] = err
		}
	}
	for part, err := range trouble {
		s.Log.Error("a setting is not taken", "part", part, "error", err)
	}
	s.settings.newest, s.settings.values, s.settings.trouble = newest, values, trouble
	return nil
}

// watchSettings takes what another server of ours has set.
func (s *Server) watchSettings(ctx context.Context) {
	tick := time.NewTicker(settingsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		newest, err := s.Record.NewestSetting(ctx)
		s.settings.mu.Lock()
		same := newest == s.settings.newest
		s.settings.mu.Unlock()
		if err == nil && !same {
			err = s.Retake(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.Error("look for new settings", "error", err)
		}
	}
}

// Carrier implements house.Office.
func (s *Server) Carrier(part console.SettingPart) string {
	c := s.set()
	switch {
	case part == console.PartText && c.TextAccount != "":
		return fmt.Sprint(c.TextURL, " ", c.TextAccount, " ", c.TextFrom)
	case part == console.PartMail && c.MailHost != "":
		return fmt.Sprint(c.MailHost, ":", c.MailPort, " ", c.MailUser, " ", c.MailFrom)
	case part == "voice":
		if c.ARIURL != "" {
			return c.ARIURL
		}
		if c.TrunkUser != "" {
			return c.TrunkUser + "@" + c.Trunk
		}
		return c.Trunk
	}
	return ""
}
