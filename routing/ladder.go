package routing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Limits of a ladder document. Nobody climbs longer than a day.
const (
	MaxLadders  = 64
	MaxRungs    = 24
	MaxDocument = 256 << 10 // bytes
	MaxAfter    = 24 * time.Hour
)

// offered are the channels a ladder may name now. Voice is a ChannelKind and not offered yet.
var offered = []ChannelKind{Text, Email, Push}

// Channels are the channels a ladder may name.
func Channels() []ChannelKind { return slices.Clone(offered) }

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
		return nil, Problems{{Field: "document", Code: "too-long"}}
	}
	c := &check{}
	var d document
	if !c.read(doc, &d) {
		return nil, c.place()
	}
	if len(d.Ladders) > MaxLadders {
		c.refuse("ladders", "too-many")
		return nil, c.place()
	}
	var ladders []Ladder
	names := map[string]bool{}
	for i, l := range d.Ladders {
		at := fmt.Sprintf("ladders[%d]", i)
		if names[l.Name] {
			c.refuse(at+".name", "twice")
		}
		names[l.Name] = true
		ladders = append(ladders, c.ladder(at, l))
	}
	if len(c.found) > 0 {
		return nil, c.place()
	}
	return ladders, nil
}

func (c *check) ladder(at string, d ladderDoc) Ladder {
	l := Ladder{Name: d.Name, Version: d.Version}
	if strings.TrimSpace(d.Name) == "" || len(d.Name) > 80 {
		c.refuse(at+".name", "missing")
	}
	if d.Version < 0 {
		c.refuse(at+".version", "negative")
	}
	switch {
	case len(d.Rungs) == 0:
		c.refuse(at+".rungs", "missing")
	case len(d.Rungs) > MaxRungs:
		c.refuse(at+".rungs", "too-many")
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
			c.refuse(at+".board", "too-early")
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
		c.refuse(at+".after", "not-later")
	}
	if !roleForm.MatchString(d.Who) && !contactForm.MatchString(d.Who) {
		c.refuse(at+".who", "unknown")
	}
	if len(d.Channels) == 0 {
		c.refuse(at+".channels", "missing")
	}
	c.channels(at+".channels", d.Channels)
	return r
}

func (c *check) channels(at string, list []ChannelKind) {
	for i, ch := range list {
		field := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case ch == Voice:
			c.refuse(field, "not-offered")
		case !slices.Contains(offered, ch):
			c.refuse(field, "unknown")
		case slices.Contains(list[:i], ch):
			c.refuse(field, "twice")
		}
	}
}

func (c *check) duration(field, s string) time.Duration {
	d, err := time.ParseDuration(s)
	switch {
	case s == "":
		c.refuse(field, "missing")
	case err != nil:
		c.refuse(field, "not-a-duration")
	case d < 0:
		c.refuse(field, "negative")
	case d > MaxAfter:
		c.refuse(field, "too-long")
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
