package routing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// read decodes a JSON text into v, as far as it goes, and notes everything that does not fit: encoding/json passes over
// unknown and repeated fields in silence, and stops at the first wrong one. It reports whether all of it was read.
func (c *check) read(text []byte, v any) bool {
	c.where = newLines(text)
	before := len(c.found)
	var syntax *json.SyntaxError
	err := json.Unmarshal(text, v)
	if errors.As(err, &syntax) {
		c.refuse("document", "not-json")
		c.found[len(c.found)-1].Line = c.where.at(syntax.Offset)
		return false
	}
	s := shape{check: c, dec: json.NewDecoder(bytes.NewReader(text))}
	if bad := s.value("", reflect.TypeOf(v).Elem()); bad != nil || err != nil && len(c.found) == before {
		c.refuse("document", "wrong-type") // a number past its type's range, which the walk does not know
	}
	return len(c.found) == before
}

// shape walks a JSON text beside the type it is read into.
type shape struct {
	check *check
	dec   *json.Decoder
}

// rawMessage is a part of a document that is read by another; nothing is the type of what no document has.
var (
	rawMessage = reflect.TypeFor[json.RawMessage]()
	nothing    = reflect.TypeFor[struct{}]()
)

// value walks one value that stands at path.
func (s *shape) value(path string, typ reflect.Type) error {
	tok, err := s.dec.Token()
	if err != nil {
		return err
	}
	s.check.where.mark(path, s.dec.InputOffset())
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	kind := typ.Kind()
	switch {
	case typ == rawMessage || typ == nothing:
		return s.skip(tok)
	case tok == nil: // null stands for nothing, of whatever type
		return nil
	case tok == json.Delim('{') && (kind == reflect.Struct || kind == reflect.Map):
		return s.object(path, typ)
	case tok == json.Delim('[') && kind == reflect.Slice:
		return s.list(path, typ.Elem())
	case !scalar(tok, kind):
		s.wrong(path)
	}
	return s.skip(tok)
}

// skip passes over what a value that began with tok still holds.
func (s *shape) skip(tok json.Token) error {
	for depth := 0; ; {
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if tok, err = s.dec.Token(); err != nil {
			return err
		}
	}
}

func (s *shape) wrong(path string) {
	if path == "" {
		path = "document"
	}
	s.check.refuse(path, "wrong-type")
}

func (s *shape) list(path string, typ reflect.Type) error {
	for i := 0; s.dec.More(); i++ {
		if err := s.value(fmt.Sprintf("%s[%d]", path, i), typ); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

func (s *shape) object(path string, typ reflect.Type) error {
	seen := map[string]bool{}
	for s.dec.More() {
		tok, err := s.dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string) // between braces the decoder gives nothing but strings as keys
		at := strings.TrimPrefix(path+"."+cmp.Or(key, `""`), ".")
		name, of := key, nothing
		if typ.Kind() == reflect.Map {
			of = typ.Elem()
		} else if f, ok := fieldNamed(typ, key); ok {
			name, of = f.Name, f.Type
		} else {
			s.check.refuse(at, "unknown-field")
		}
		if seen[name] { // of two, one would silently count
			s.check.refuse(at, "twice")
		}
		seen[name] = true
		if err := s.value(at, of); err != nil {
			return err
		}
	}
	_, err := s.dec.Token()
	return err
}

// fieldNamed is the field that encoding/json reads a key into: by its tag or name, in any case.
func fieldNamed(typ reflect.Type, key string) (reflect.StructField, bool) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if strings.EqualFold(name, key) {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// scalar reports whether a value that is neither an object nor a list fits.
func scalar(tok json.Token, kind reflect.Kind) bool {
	switch v := tok.(type) {
	case string:
		return kind == reflect.String
	case bool:
		return kind == reflect.Bool
	case float64:
		return kind == reflect.Int && v == float64(int64(v))
	}
	return false
}

// lines remembers on which line of a text each field stands.
type lines struct {
	text  []byte
	seen  int64 // up to here
	line  int   // the line of seen
	field map[string]int
}

func newLines(text []byte) *lines { return &lines{text: text, line: 1, field: map[string]int{}} }

// mark notes that the value of a field begins at the token which ends at offset; offsets only grow.
func (l *lines) mark(field string, offset int64) {
	l.line += bytes.Count(l.text[l.seen:offset], []byte("\n"))
	l.seen = offset
	if _, known := l.field[field]; !known {
		l.field[field] = l.line
	}
}

// at is the line of an offset.
func (l *lines) at(offset int64) int {
	return 1 + bytes.Count(l.text[:min(max(offset-1, 0), int64(len(l.text)))], []byte("\n"))
}

// of is the line of a field; one that is missing stands where its owner does.
func (l *lines) of(field string) int {
	for field != "" && l.field[field] == 0 {
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
	return l.field[field]
}
