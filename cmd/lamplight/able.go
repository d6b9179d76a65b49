package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lamplight/cmd/lamplight/server"
	"lamplight/console/house"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/telephony"
)

// ableFlags are what an agent can do. A list that is given replaces the one there was; "" empties it.
type ableFlags struct {
	Phone  string                           `help:"An agent's phone on the switch, agent1."`
	Speaks map[telephony.Language]levelFlag `help:"An agent's languages, each with some, qualified or native: en=native;es=qualified."`
	Skills []string                         `help:"What an agent is certified for, as lines of practices name it."`
	Groups []string                         `help:"The groups an agent is in, as lines of practices and --group-hours name them."`
}

// A levelFlag is a level as it is written in a command.
type levelFlag telephony.Level

var levels = map[string]telephony.Level{"some": telephony.Some, "qualified": telephony.Qualified, "native": telephony.Native,
	"1": telephony.Some, "2": telephony.Qualified, "3": telephony.Native}

// UnmarshalText reads a level's word, or its number in a practice's document.
func (l *levelFlag) UnmarshalText(b []byte) error {
	level, ok := levels[string(b)]
	if !ok {
		return fmt.Errorf("%q is no level: write some, qualified or native", b)
	}
	*l = levelFlag(level)
	return nil
}

// over puts what is given over what there was.
func (f *ableFlags) over(was house.Speaks) (string, error) {
	for l := range f.Speaks {
		if l != telephony.English && l != telephony.Spanish {
			return "", fmt.Errorf("--speaks: %q is not a language the service speaks: en or es", l)
		}
	}
	if f.Speaks != nil {
		was.Languages = map[telephony.Language]telephony.Level{}
		for l, level := range f.Speaks {
			was.Languages[l] = telephony.Level(level)
		}
	}
	named := func(list []string) []string { return slices.DeleteFunc(list, func(s string) bool { return s == "" }) }
	if f.Skills != nil {
		was.Skills = named(f.Skills)
	}
	if f.Groups != nil {
		was.Groups = named(f.Groups)
	}
	doc, err := json.Marshal(was)
	if err != nil {
		return "", fmt.Errorf("what they speak: %w", err)
	}
	return string(doc), nil
}

// peopleAbleCmd changes what an agent can do.
type peopleAbleCmd struct {
	personFlags
	ableFlags
}

func (c *peopleAbleCmd) Run(ctx context.Context) error { return c.with(ctx, c.change) }

func (c *peopleAbleCmd) change(ctx context.Context, s *server.Server, p access.Person) error {
	if !slices.ContainsFunc(p.Grants, func(g access.Grant) bool { return g.Role == notes.RoleAgent }) {
		return fmt.Errorf("%s is no agent; 'lamplight people grant %s --role agent' makes them one", p.Name, p.Login)
	}
	var was house.Speaks
	if p.Speaks != "" {
		if err := json.Unmarshal([]byte(p.Speaks), &was); err != nil {
			return fmt.Errorf("read what %s speaks: %w", p.Login, err)
		}
	}
	doc, err := c.over(was)
	if err != nil {
		return err
	}
	if c.Phone != "" {
		p.Endpoint = c.Phone
	}
	return s.Door.SetAbilities(ctx, p.ID, doc, p.Endpoint)
}
