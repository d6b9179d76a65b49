package oncall

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxProblems is how many problems one reading reports; a file wrong from end to end need not fill a screen.
const maxProblems = 50

// ReadProblem is one thing wrong with what was read, with its place: a code, which the catalogs translate under "routing.problem.",
// with the values of that sentence. Those of imported files begin with "import-".
type ReadProblem struct {
	Line  int    // counted from 1; 0 when the document was not read from text
	Field string // "layers[2].windows[0].to", "DTSTART", "date"
	Code  string
	Vars  map[string]string
	Ask   string // the field of Import that answers it, where it is a question
}

// String names place and code; who shows a problem to a person takes the catalogs' sentence.
func (p ReadProblem) String() string {
	what := p.Code
	for _, name := range slices.Sorted(maps.Keys(p.Vars)) {
		what += fmt.Sprintf(" %s=%q", name, p.Vars[name])
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

// flawed is a problem; pairs are names and values of its sentence's placeholders.
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

// add notes a problem of a place.
func (p *ReadProblems) add(line int, field, code string, pairs ...string) {
	p.note(flawed(line, field, code, pairs...))
}

// place notes what is wrong with a value, at the place where the value stands unless it has one of its own.
func (p *ReadProblems) place(line int, field string, err error) {
	var wrong ReadProblems
	if !errors.As(err, &wrong) {
		panic(fmt.Sprintf("oncall: a value is refused without a code: %v", err)) // by a mistake of ours, which a test finds
	}
	one := wrong[0]
	if one.Line == 0 {
		one.Line, one.Field = line, field
	}
	p.note(one)
}

func oneProblem(line int, field, code string, pairs ...string) ReadProblems {
	return ReadProblems{flawed(line, field, code, pairs...)}
}

// flaw is what is wrong with a value, for whoever knows where it stands.
func flaw(code string, pairs ...string) error { return oneProblem(0, "", code, pairs...) }

// err is nil when nothing was wrong.
func (p ReadProblems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
