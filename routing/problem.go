package routing

import (
	"slices"
	"strings"
)

// A Severity says what a problem does to a document.
type Severity string

const (
	Refuse Severity = "refuse" // the document is not taken: somebody would wait on nobody
	Warn   Severity = "warn"   // it is taken, and whoever brings it is told
)

// A Problem is one thing wrong with a document: where ("account.contacts[2].mobile"), and what, as a code the catalogs
// translate under "routing.problem.", with the values of that sentence. Line is its line in the text, 0 where that is unknown.
type Problem struct {
	Field    string            `json:"field"`
	Code     string            `json:"code"`
	Severity Severity          `json:"severity"`
	Vars     map[string]string `json:"vars,omitempty"`
	Line     int               `json:"line,omitempty"`
}

// Problems is everything wrong with a document, in its order.
type Problems []Problem

// Error names places and codes; who shows problems to a person takes the catalogs' sentences.
func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, q := range p {
		parts[i] = q.Field + ": " + q.Code
	}
	return strings.Join(parts, "; ")
}

// Refused are those for which the document is not taken.
func (p Problems) Refused() Problems {
	var out Problems
	for _, q := range p {
		if q.Severity == Refuse {
			out = append(out, q)
		}
	}
	return out
}

// maxProblems is how many problems one reading reports: a file wrong from end to end need not fill the memory.
const maxProblems = 500

// check gathers what is wrong.
type check struct {
	found Problems
	where *lines // of the text, nil for a document that was not read from one
}

// refuse and warn note a problem. pairs are names and values of the sentence's placeholders.
func (c *check) refuse(field, code string, pairs ...string) { c.add(Refuse, field, code, pairs) }
func (c *check) warn(field, code string, pairs ...string)   { c.add(Warn, field, code, pairs) }

func (c *check) add(s Severity, field, code string, pairs []string) {
	p := Problem{Field: field, Code: code, Severity: s}
	for i := 0; i+1 < len(pairs); i += 2 {
		if p.Vars == nil {
			p.Vars = map[string]string{}
		}
		p.Vars[pairs[i]] = shorten(pairs[i+1])
	}
	if len(c.found) < maxProblems && !c.said(p) {
		c.found = append(c.found, p)
	}
}

// said reports that the same was found before, in another way or at another moment.
func (c *check) said(p Problem) bool {
	return slices.ContainsFunc(c.found, func(q Problem) bool {
		return q.Field == p.Field && q.Code == p.Code && q.Vars["value"] == p.Vars["value"]
	})
}

// place gives each problem its line.
func (c *check) place() Problems {
	for i := range c.found {
		if c.found[i].Line == 0 && c.where != nil {
			c.found[i].Line = c.where.of(c.found[i].Field)
		}
	}
	return c.found
}

// shorten keeps a value that a document holds from filling a screen.
func shorten(s string) string {
	const most = 120
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most]) + "…"
}
