package oncall

import (
	"fmt"
	"strings"
)

// maxProblems is how many problems one reading reports; a file wrong from end to end need not fill a screen.
const maxProblems = 50

// ReadProblem is one thing wrong with what was read, with its place.
type ReadProblem struct {
	Line  int    `json:"line,omitempty"` // counted from 1; 0 when the document was not read from text
	Field string `json:"field"`          // "layers[2].windows[0].to", "DTSTART", "date"
	Text  string `json:"problem"`
	Ask   string `json:"-"` // the field of Import that answers it, where it is a question
}

func (p ReadProblem) String() string {
	if p.Line == 0 {
		return p.Field + ": " + p.Text
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Text)
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
