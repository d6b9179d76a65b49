package oncall

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxProblems is how many problems one reading reports; a file wrong from end to end need not fill a screen.
const maxProblems = 50

// ReadProblem is one thing wrong with what was read, with its place. Of a schedule it is a code, which the catalogs translate under
// "routing.problem.", with the values of that sentence; of an imported file it is a Text, for whoever imports.
type ReadProblem struct {
	Line  int    // counted from 1; 0 when the document was not read from text
	Field string // "layers[2].windows[0].to", "DTSTART", "date"
	Code  string
	Vars  map[string]string
	Text  string
	Ask   string // the field of Import that answers it, where it is a question
}

// String names place and code; who shows a schedule's problem to a person takes the catalogs' sentence.
func (p ReadProblem) String() string {
	what := p.Text
	if p.Code != "" {
		what = p.Code
		for _, name := range slices.Sorted(maps.Keys(p.Vars)) {
			what += fmt.Sprintf(" %s=%q", name, p.Vars[name])
		}
	}
	if p.Line == 0 {
		return p.Field + ": " + what
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, what)
}

// ReadProblems is the error of everything in this package that reads: all that was found, in order, never empty.
type ReadProblems []ReadProblem

func (p ReadProblems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// add notes a problem, and says whether there is room for another.
func (p *ReadProblems) add(line int, field, format string, args ...any) bool {
	if len(*p) < maxProblems {
		*p = append(*p, ReadProblem{Line: line, Field: field, Text: fmt.Sprintf(format, args...)})
	}
	return len(*p) < maxProblems
}

// flawed is a problem of a schedule; pairs are names and values of its sentence's placeholders.
func flawed(line int, field, code string, pairs ...string) ReadProblem {
	p := ReadProblem{Line: line, Field: field, Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if p.Vars == nil {
			p.Vars = map[string]string{}
		}
		p.Vars[pairs[i]] = pairs[i+1]
	}
	return p
}

// note adds a problem where there is room for another.
func (p *ReadProblems) note(one ReadProblem) {
	if len(*p) < maxProblems {
		*p = append(*p, one)
	}
}

func oneProblem(line int, field, text string) ReadProblems {
	return ReadProblems{{Line: line, Field: field, Text: text}}
}

// err is nil when nothing was wrong.
func (p ReadProblems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
