package oncall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

// MaxDocument is the longest schedule document Parse reads, in bytes.
const MaxDocument = 4 << 20

// maxDepth is deeper than any schedule document goes.
const maxDepth = 16

// Parse reads a schedule document. It refuses unknown and repeated fields, so that a misspelt "windows" is an error and not a
// schedule without windows. What the fields say is checked by Compile. An error about the text is a Problems.
func Parse(r io.Reader) (*Document, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("read schedule: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	ix := newLineIndex(text)
	if len(text) > MaxDocument {
		return nil, ReadProblems{flawed(ix.line(MaxDocument), "document", "too-long")}
	}
	if err := ix.walk(); err != nil {
		return nil, err
	}
	doc := &Document{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(doc); err != nil {
		return nil, ix.locate(err)
	}
	doc.lines = ix.lines
	return doc, nil
}

// lineIndex remembers on which line each field of a JSON text stands.
type lineIndex struct {
	text     []byte
	newlines []int
	lines    map[string]int
	paths    map[int]string // the field whose value's first token ends at an offset
	dec      *json.Decoder
}

func newLineIndex(text []byte) *lineIndex {
	ix := &lineIndex{text: text, lines: map[string]int{}, paths: map[int]string{}}
	for i, c := range text {
		if c == '\n' {
			ix.newlines = append(ix.newlines, i)
		}
	}
	return ix
}

// line is the line, counted from 1, on which the byte at offset stands.
func (ix *lineIndex) line(offset int) int {
	return sort.SearchInts(ix.newlines, offset) + 1
}

func (ix *lineIndex) walk() error {
	ix.dec = json.NewDecoder(bytes.NewReader(ix.text))
	if err := ix.value("", 0); err != nil {
		return ix.locate(err)
	}
	if _, err := ix.dec.Token(); !errors.Is(err, io.EOF) {
		return ReadProblems{flawed(ix.line(int(ix.dec.InputOffset())), "document", "not-json")}
	}
	return nil
}

// value walks one JSON value that stands at path.
func (ix *lineIndex) value(path string, depth int) error {
	tok, err := ix.dec.Token()
	if err != nil {
		return err
	}
	line := ix.line(int(ix.dec.InputOffset()) - 1)
	ix.paths[int(ix.dec.InputOffset())] = path
	if _, known := ix.lines[path]; !known {
		ix.lines[path] = line
	}
	if depth > maxDepth {
		return ReadProblems{flawed(line, path, "too-deep")}
	}
	switch tok {
	case json.Delim('{'):
		return ix.object(path, depth)
	case json.Delim('['):
		for i := 0; ix.dec.More(); i++ {
			if err := ix.value(fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
		_, err := ix.dec.Token()
		return err
	}
	return nil
}

func (ix *lineIndex) object(path string, depth int) error {
	seen := map[string]bool{}
	for ix.dec.More() {
		tok, err := ix.dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string) // between braces the decoder gives nothing but strings as keys
		field := strings.TrimPrefix(path+"."+key, ".")
		line := ix.line(int(ix.dec.InputOffset()) - 1)
		// encoding/json takes "Windows" for "windows", so the two would silently overwrite each other.
		if seen[strings.ToLower(key)] {
			return ReadProblems{flawed(line, field, "twice")}
		}
		seen[strings.ToLower(key)] = true
		ix.lines[field] = line
		if err := ix.value(field, depth+1); err != nil {
			return err
		}
	}
	_, err := ix.dec.Token()
	return err
}

// locate turns an error of encoding/json into one with a line and a field.
func (ix *lineIndex) locate(err error) error {
	var problems ReadProblems
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &problems):
		return problems
	case errors.As(err, &syntax):
		return ReadProblems{flawed(ix.line(int(syntax.Offset)-1), "document", "not-json")}
	case errors.As(err, &wrongType):
		field, known := ix.paths[int(wrongType.Offset)]
		if !known {
			field = wrongType.Field
		}
		return ReadProblems{flawed(ix.line(int(wrongType.Offset)-1), field, "wrong-type")}
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return ReadProblems{flawed(ix.line(len(ix.text)), "document", "not-json")}
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return ix.unknown(strings.Trim(name, `"`))
	}
	return ReadProblems{flawed(0, "document", "not-json")}
}

// unknown finds the place of a field that no schedule has; encoding/json names it without saying where it was.
func (ix *lineIndex) unknown(name string) error {
	found := flawed(0, name, "unknown-field")
	for path, line := range ix.lines {
		if (path == name || strings.HasSuffix(path, "."+name)) && (found.Line == 0 || line < found.Line) {
			found.Line, found.Field = line, path
		}
	}
	return ReadProblems{found}
}
