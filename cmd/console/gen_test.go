package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes"
)

var update = flag.Bool("update", false, "write what the pages have of the Go code anew")

const genDir = "../../frontend/gen"

// TestThePagesKnowWhatTheServerSays keeps frontend/gen the same as the Go code: the types, the closed sets as unions, the events
// as a union by kind, and the requests with what goes both ways. This test writes it.
func TestThePagesKnowWhatTheServerSays(t *testing.T) {
	w := newTSWriter(t)
	requests := w.requests()
	w.of(reflect.TypeFor[console.Event]())
	for _, v := range []any{console.Error{}, console.CallsFilter{}, Begun{}, saved{}, levels{}, finishing{}, playing{}, linkView{},
		phoneView{}} {
		w.of(reflect.TypeOf(v))
	}
	for name, want := range map[string]string{"types.ts": w.types(), "requests.ts": requests} {
		file := filepath.Join(genDir, name)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is behind the Go code; run: go test ./cmd/console -run ThePagesKnow -update", file)
		}
	}
}

// TestClosedSetsHoldOneAnother keeps the sets that are made of others whole: what the console says is one of the stages' words.
func TestClosedSetsHoldOneAnother(t *testing.T) {
	sets := newTSWriter(t).sets
	onBoard := slices.DeleteFunc(slices.Clone(sets["notes.LineKind"]), func(k string) bool {
		// An attempt's line is told by its channel, and a text's words stand with the note.
		return !strings.HasPrefix(k, "dispatch.") && !strings.HasPrefix(k, "text.") || k == string(notes.LineTextReplied)
	})
	for _, c := range []struct {
		of, in string
		values []string
	}{
		{"telephony.StepKind", "notes.LineKind", sets["telephony.StepKind"]},
		{"routing.ChannelKind", "routing.NextKind", sets["routing.ChannelKind"]},
		{"routing.ChannelKind", "console.LastKind", sets["routing.ChannelKind"]},
		{"telephony.Outcome", "console.LastKind", sets["telephony.Outcome"]},
		{"notes.LineKind", "console.LastKind", onBoard},
		{"telephony.Outcome", "console.CallsState", sets["telephony.Outcome"]},
		{"notes.NoteState", "console.CallsState", sets["notes.NoteState"]},
	} {
		if len(c.values) == 0 {
			t.Errorf("%s has no values", c.of)
		}
		for _, v := range c.values {
			if !slices.Contains(sets[c.in], v) {
				t.Errorf("%q of %s is not in %s", v, c.of, c.in)
			}
		}
	}
}

const written = "// Written by cmd/console's TestThePagesKnowWhatTheServerSays from the Go code; edit that.\n"

// tsWriter writes Go's JSON types as TypeScript.
type tsWriter struct {
	out  map[string]string   // what is written, by name
	sets map[string][]string // the values of each named string type, by package.Type
}

func newTSWriter(t *testing.T) tsWriter {
	w := tsWriter{out: map[string]string{}, sets: map[string][]string{}}
	for _, dir := range []string{"telephony", "notes", "routing", "console"} {
		if err := w.readSets(filepath.Join("../..", dir)); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.sets["telephony.CallState"]) != 7 {
		t.Fatalf("the values of telephony.CallState are read as %q", w.sets["telephony.CallState"])
	}
	return w
}

// readSets finds the constants of a package that have a type and a string for a value.
func (w tsWriter) readSets(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				if err := w.readConst(f.Name.Name, s.(*ast.ValueSpec)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (w tsWriter) readConst(pkg string, s *ast.ValueSpec) error {
	typ, ok := s.Type.(*ast.Ident)
	if !ok || len(s.Values) != 1 {
		return nil
	}
	lit, ok := s.Values[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	v, err := strconv.Unquote(lit.Value)
	if err != nil {
		return err
	}
	w.sets[pkg+"."+typ.Name] = append(w.sets[pkg+"."+typ.Name], v)
	return nil
}

func (w tsWriter) types() string {
	names := make([]string, 0, len(w.out))
	for n := range w.out {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(written + "// Times are RFC 3339, a zero time begins with 0001; durations are nanoseconds.\n")
	for _, n := range names {
		b.WriteString("\n" + w.out[n])
	}
	return b.String()
}

// requests writes what desks and pages ask, by name.
func (w tsWriter) requests() string {
	used := map[string]bool{}
	of := func(t reflect.Type) string {
		if t == reflect.TypeFor[console.Nothing]() {
			return "Record<string, never>"
		}
		s := w.of(t)
		used[strings.TrimSuffix(s, "[] | null")] = true
		return s
	}
	var b strings.Builder
	for _, end := range []struct {
		name, doc string
		has       func(console.Described) bool
	}{
		{"DeskRequests", "What a desk asks, by name.", func(d console.Described) bool { return d.Desk }},
		{"PageRequests", "What a page asks, by name.", func(d console.Described) bool { return d.Route != "" }},
	} {
		fmt.Fprintf(&b, "\n/** %s */\nexport interface %s {\n", end.doc, end.name)
		for _, d := range console.Requests() {
			if end.has(d) {
				fmt.Fprintf(&b, "  %s: { in: %s; out: %s }\n", d.Name, of(d.In), of(d.Out))
			}
		}
		b.WriteString("}\n")
	}
	b.WriteString("\n/** The route of each of a page's requests. */\nexport const routes: Record<keyof PageRequests, string> = {\n")
	for _, d := range console.Requests() {
		if d.Route != "" {
			fmt.Fprintf(&b, "  %s: '%s',\n", d.Name, d.Route)
		}
	}
	b.WriteString("}\n")
	names := make([]string, 0, len(used))
	for n := range used {
		names = append(names, "  "+n+",\n")
	}
	slices.Sort(names)
	return written + "\nimport type {\n" + strings.Join(names, "") + "} from './types'\n" + b.String()
}

func (w tsWriter) of(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "string"
	case t == reflect.TypeFor[json.RawMessage]():
		return "unknown"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.of(t.Elem()) + " | null"
	case reflect.Slice:
		if e := w.of(t.Elem()); strings.Contains(e, "|") {
			return "(" + e + ")[] | null"
		}
		return w.of(t.Elem()) + "[] | null"
	case reflect.Map:
		return fmt.Sprintf("Record<string, %s>", w.of(t.Elem()))
	case reflect.String:
		return w.set(t)
	case reflect.Bool:
		return "boolean"
	case reflect.Struct:
		if t == reflect.TypeFor[console.Event]() {
			return w.event(t)
		}
		return w.object(t)
	default:
		return "number"
	}
}

// set is a string, or the union of a closed set's values.
func (w tsWriter) set(t reflect.Type) string {
	values := w.sets[t.String()]
	if len(values) < 2 {
		return "string"
	}
	name := t.Name()
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = "'" + v + "'"
	}
	w.out[name] = fmt.Sprintf("export type %s = %s\n", name, strings.Join(quoted, " | "))
	return name
}

func (w tsWriter) object(t reflect.Type) string {
	if t.Name() == "" {
		var fields []string
		for i := range t.NumField() {
			if key, optional, ok := jsonKey(t.Field(i)); ok {
				fields = append(fields, key+optional+": "+w.of(t.Field(i).Type))
			}
		}
		return "{ " + strings.Join(fields, "; ") + " }"
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if _, done := w.out[name]; done {
		return name
	}
	w.out[name] = ""
	var b strings.Builder
	fmt.Fprintf(&b, "export interface %s {\n", name)
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous { // its fields stand here
			continue
		}
		if key, optional, ok := jsonKey(f); ok {
			fmt.Fprintf(&b, "  %s%s: %s\n", key, optional, w.of(f.Type))
		}
	}
	b.WriteString("}\n")
	w.out[name] = b.String()
	return name
}

// event is the union of the events' kinds, each with the one field that it has.
func (w tsWriter) event(t reflect.Type) string {
	name := t.Name()
	w.out[name] = ""
	var b strings.Builder
	fmt.Fprintf(&b, "/** One thing that happened. A desk passes over a kind it does not know. */\nexport type %s =\n", name)
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := jsonKey(f)
		kind := f.Tag.Get("kind")
		if kind == "" {
			continue
		}
		typ := w.of(f.Type)
		if kind == "hello" {
			key += "?" // the window's page asks for it
		} else {
			typ = strings.TrimSuffix(typ, " | null")
		}
		fmt.Fprintf(&b, "  | { kind: '%s'; sent: string; %s: %s }\n", kind, key, typ)
	}
	w.out[name] = b.String()
	return name
}

func jsonKey(f reflect.StructField) (key, optional string, ok bool) {
	key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
	if key == "-" || !f.IsExported() {
		return "", "", false
	}
	if strings.Contains(opts, "omitempty") {
		optional = "?"
	}
	if key == "" {
		key = f.Name
	}
	return key, optional, true
}
