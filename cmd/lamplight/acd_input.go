package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"lamplight/telephony/acd"
)

// An acdAgent is an agent of the AGENTS file, or several alike.
type acdAgent struct {
	acd.Agent
	Count int `json:"count"`
}

func (a acdAgent) expand() []acd.Agent {
	if a.Count < 2 {
		return []acd.Agent{a.Agent}
	}
	out := make([]acd.Agent, min(a.Count, 100_000))
	for i := range out {
		out[i] = a.Agent
		out[i].ID = acd.AgentID(fmt.Sprintf("%s-%d", a.ID, i+1))
	}
	return out
}

// spans are the fields that hold a duration, in the files of lamplight acd simulate.
var spans = map[string]bool{"at": true, "talk": true, "patience": true, "after": true, "overflow": true,
	"priority": true, "ring": true, "again": true, "wrap_up": true, "target": true, "short": true}

// decodeStrict decodes JSON that writes durations as people do, and refuses fields it does not know.
func decodeStrict(b []byte, v any) error {
	var tree any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return lineOf(b, d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return lineOf(b, d.InputOffset(), errors.New("something follows the end"))
	}
	if err := toNanoseconds(tree, ""); err != nil {
		return err
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	d = json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func lineOf(b []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(b[:min(int(offset), len(b))], []byte("\n")), err)
}

// toNanoseconds turns the durations of a tree into what time.Duration decodes from.
func toNanoseconds(tree any, path string) error {
	switch t := tree.(type) {
	case []any:
		for i, e := range t {
			if err := toNanoseconds(e, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, e := range t {
			at := strings.TrimPrefix(path+"."+k, ".")
			if !spans[k] {
				if err := toNanoseconds(e, at); err != nil {
					return err
				}
				continue
			}
			s, ok := e.(string)
			if !ok {
				return fmt.Errorf("%s: not a duration such as \"90s\"", at)
			}
			d, err := time.ParseDuration(s)
			if err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			t[k] = int64(d)
		}
	}
	return nil
}
