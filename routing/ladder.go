package routing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Problem is one thing wrong with a ladder document: where ("ladders[0].rungs[1].after") and what, as a code the
// catalogs translate under "routing.problem.".
type Problem struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

// Problems is everything wrong with a document, in its order.
type Problems []Problem

func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, q := range p {
		parts[i] = q.Field + ": " + q.Code
	}
	return "ladders: " + strings.Join(parts, "; ")
}

// Limits of a ladder document. Nobody climbs longer than a day.
const (
	MaxLadders  = 64
	MaxRungs    = 24
	MaxDocument = 256 << 10 // bytes
	MaxAfter    = 24 * time.Hour
)

// offered are the channels a ladder may name now. Voice is a ChannelKind and not offered yet.
var offered = []ChannelKind{Text, Email, Push}

// ladderDoc, rungDoc and document are the JSON form: durations are written "90s", "3m", "1h30m".
type document struct {
	Ladders []ladderDoc `json:"ladders"`
}

type ladderDoc struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Rungs   []rungDoc `json:"rungs"`
	Board   string    `json:"board,omitempty"`
}

type rungDoc struct {
	After    string        `json:"after"`
	Who      string        `json:"who"`
	Channels []ChannelKind `json:"channels"`
}

// ParseLadders reads a practice's ladders. A document with a mistake is refused whole, and the error is a Problems with all
// of them. An empty document holds no ladders.
func ParseLadders(doc []byte) ([]Ladder, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, nil
	}
	if len(doc) > MaxDocument {
		return nil, Problems{{"document", "too-long"}}
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, syntax(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, Problems{{"document", "not-json"}}
	}
	c := &check{}
	if len(d.Ladders) > MaxLadders {
		c.add("ladders", "too-many")
		return nil, c.found
	}
	var ladders []Ladder
	names := map[string]bool{}
	for i, l := range d.Ladders {
		at := fmt.Sprintf("ladders[%d]", i)
		if names[l.Name] {
			c.add(at+".name", "twice")
		}
		names[l.Name] = true
		ladders = append(ladders, c.ladder(at, l))
	}
	if len(c.found) > 0 {
		return nil, c.found
	}
	return ladders, nil
}

// syntax says where a text stopped being a ladder document.
func syntax(err error) Problems {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) && typ.Field != "" {
		return Problems{{typ.Field, "wrong-type"}}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Problems{{strings.Trim(field, `"`), "unknown-field"}}
	}
	return Problems{{"document", "not-json"}}
}

// check gathers what is wrong.
type check struct{ found Problems }

func (c *check) add(field, code string) { c.found = append(c.found, Problem{field, code}) }

func (c *check) ladder(at string, d ladderDoc) Ladder {
	l := Ladder{Name: d.Name, Version: d.Version}
	if strings.TrimSpace(d.Name) == "" || len(d.Name) > 80 {
		c.add(at+".name", "missing")
	}
	if d.Version < 0 {
		c.add(at+".version", "negative")
	}
	switch {
	case len(d.Rungs) == 0:
		c.add(at+".rungs", "missing")
	case len(d.Rungs) > MaxRungs:
		c.add(at+".rungs", "too-many")
		return l
	}
	last := time.Duration(-1)
	for i, r := range d.Rungs {
		rung := c.rung(fmt.Sprintf("%s.rungs[%d]", at, i), r, last)
		last = max(last, rung.After)
		l.Rungs = append(l.Rungs, rung)
	}
	if d.Board != "" {
		l.Board = c.duration(at+".board", d.Board)
		if l.Board <= last {
			c.add(at+".board", "too-early")
		}
	}
	return l
}

var (
	roleForm    = regexp.MustCompile(`^[\pL\pN][\pL\pN _.-]{0,59}$`)
	contactForm = regexp.MustCompile(`^contact:[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$`)
)

func (c *check) rung(at string, d rungDoc, last time.Duration) Rung {
	r := Rung{Who: d.Who, Channels: d.Channels, After: c.duration(at+".after", d.After)}
	if r.After <= last {
		c.add(at+".after", "not-later")
	}
	if !roleForm.MatchString(d.Who) && !contactForm.MatchString(d.Who) {
		c.add(at+".who", "unknown")
	}
	if len(d.Channels) == 0 {
		c.add(at+".channels", "missing")
	}
	for i, ch := range d.Channels {
		field := fmt.Sprintf("%s.channels[%d]", at, i)
		switch {
		case ch == Voice:
			c.add(field, "not-offered")
		case !slices.Contains(offered, ch):
			c.add(field, "unknown")
		case slices.Contains(d.Channels[:i], ch):
			c.add(field, "twice")
		}
	}
	return r
}

func (c *check) duration(field, s string) time.Duration {
	d, err := time.ParseDuration(s)
	switch {
	case s == "":
		c.add(field, "missing")
	case err != nil:
		c.add(field, "not-a-duration")
	case d < 0:
		c.add(field, "negative")
	case d > MaxAfter:
		c.add(field, "too-long")
	default:
		return d
	}
	return 0
}

// FormatLadders writes ladders as ParseLadders reads them.
func FormatLadders(ladders []Ladder) ([]byte, error) {
	d := document{Ladders: []ladderDoc{}}
	for _, l := range ladders {
		out := ladderDoc{Name: l.Name, Version: l.Version, Rungs: []rungDoc{}}
		if l.Board > 0 {
			out.Board = l.Board.String()
		}
		for _, r := range l.Rungs {
			out.Rungs = append(out.Rungs, rungDoc{After: r.After.String(), Who: r.Who, Channels: r.Channels})
		}
		d.Ladders = append(d.Ladders, out)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write ladders: %w", err)
	}
	return text, nil
}

// FindLadder is the ladder of that name.
func FindLadder(ladders []Ladder, name string) (Ladder, bool) {
	i := slices.IndexFunc(ladders, func(l Ladder) bool { return l.Name == name })
	if i < 0 {
		return Ladder{}, false
	}
	return ladders[i], true
}

// board is how long after the beginning the board comes.
func (l Ladder) board() time.Duration {
	n := len(l.Rungs)
	switch {
	case l.Board > 0:
		return l.Board
	case n == 0:
		return 0
	case n == 1:
		return l.Rungs[0].After + DefaultWait
	}
	return 2*l.Rungs[n-1].After - l.Rungs[n-2].After
}
