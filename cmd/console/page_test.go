package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/console"
)

var update = flag.Bool("update", false, "write the page's types anew")

const typesFile = "../../frontend/desk/src/link/types.ts"

// TestThePageKnowsWhatTheServerSays keeps the page's types the same as the Go ones: they are written by this test.
func TestThePageKnowsWhatTheServerSays(t *testing.T) {
	w := tsWriter{out: map[string]string{}}
	for _, v := range []any{console.Hello{}, console.Event{}, console.Draft{}, console.Preview{}, console.Sent{}, console.Story{},
		console.StoryRef{}, console.Scenario{}, console.Error{}, Begun{}, saved{}, levels{}, linkView{}, phoneView{}} {
		w.of(reflect.TypeOf(v))
	}
	want := w.file()
	if *update {
		if err := os.WriteFile(typesFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(typesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is behind the Go types; run: go test ./cmd/console -run ThePageKnows -update", typesFile)
	}
}

// tsWriter writes Go's JSON types as TypeScript interfaces.
type tsWriter struct{ out map[string]string }

func (w tsWriter) file() string {
	names := make([]string, 0, len(w.out))
	for n := range w.out {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("// Written by cmd/console's TestThePageKnowsWhatTheServerSays from the Go types. Times are RFC 3339, a zero time begins\n// with 0001; durations are nanoseconds.\n")
	for _, n := range names {
		b.WriteString("\n" + w.out[n])
	}
	return b.String()
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
		return w.of(t.Elem()) + "[] | null"
	case reflect.Map:
		return fmt.Sprintf("Record<string, %s>", w.of(t.Elem()))
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Struct:
		return w.object(t)
	default:
		return "number"
	}
}

func (w tsWriter) object(t reflect.Type) string {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if _, done := w.out[name]; done {
		return name
	}
	w.out[name] = ""
	var b strings.Builder
	fmt.Fprintf(&b, "export interface %s {\n", name)
	for i := range t.NumField() {
		f := t.Field(i)
		key, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "-" || !f.IsExported() {
			continue
		}
		if key == "" {
			key = f.Name
		}
		optional := ""
		if strings.Contains(opts, "omitempty") {
			optional = "?"
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", key, optional, w.of(f.Type))
	}
	b.WriteString("}\n")
	w.out[name] = b.String()
	return name
}
