package routing

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lamplight/routing/oncall"
)

var release = flag.String("release", "", "write testdata/whole.json as this release stores it, as release-N")

// TestEveryReleasesPracticeIsRead: the practices that a service wrote with an older release are taken as they stand, and
// nothing in them is passed over.
func TestEveryReleasesPracticeIsRead(t *testing.T) {
	if *release != "" {
		writePractice(t, filepath.Join("testdata", *release))
	}
	files, err := filepath.Glob("testdata/release-*/practice.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of releases, %v", len(files), err)
	}
	for _, file := range files {
		was, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, lost := range lost("", anything(t, was), anything(t, again(t, file, was))) {
			t.Errorf("%s: %s is lost", file, lost)
		}
	}
}

// TestTheWholePracticeHasEveryField, so that the file of the next release holds what came since the last.
func TestTheWholePracticeHasEveryField(t *testing.T) {
	whole, err := os.ReadFile("testdata/whole.json")
	if err != nil {
		t.Fatal(err)
	}
	again(t, "testdata/whole.json", whole)
	doc := anything(t, whole).(map[string]any)
	said := map[string]bool{}
	fieldsOf("", doc, said)
	var all []string
	fieldsOfType("", reflect.TypeFor[PracticeDocument](), &all)
	fieldsOfType(".schedule", reflect.TypeFor[oncall.Document](), &all)
	fieldsOfType(".ladders", reflect.TypeFor[document](), &all)
	for _, f := range all {
		if strings.HasSuffix(f, ".locations") { // a practice that says them is refused: a call has no place yet
			continue
		}
		if !said[strings.ToLower(f)] {
			t.Errorf("testdata/whole.json does not say %s", f[1:])
		}
	}
}

// again reads a practice and writes it as this build stores it.
func again(t *testing.T, file string, was []byte) []byte {
	t.Helper()
	doc, p := ReadPractice(was, nil, checkedAt)
	if len(p.Refused()) > 0 {
		t.Fatalf("%s: %v", file, told(p))
	}
	sched, err := oncall.Parse(bytes.NewReader(doc.Schedule))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if doc.Schedule, err = json.Marshal(sched); err != nil {
		t.Fatal(err)
	}
	ladders, err := ParseLadders(doc.Ladders)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if doc.Ladders, err = FormatLadders(ladders); err != nil {
		t.Fatal(err)
	}
	is, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(is, '\n')
}

func writePractice(t *testing.T, dir string) {
	t.Helper()
	whole, err := os.ReadFile("testdata/whole.json")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "practice.json"), again(t, "testdata/whole.json", whole), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func anything(t *testing.T, b []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// lost names what was there and is not, or is something else.
func lost(at string, was, is any) (out []string) {
	switch w := was.(type) {
	case map[string]any:
		m, ok := is.(map[string]any)
		if !ok {
			return []string{at}
		}
		for k, v := range w {
			out = append(out, lost(at+"."+k, v, m[k])...)
		}
	case []any:
		l, ok := is.([]any)
		if !ok || len(l) != len(w) {
			return []string{at}
		}
		for i := range w {
			out = append(out, lost(fmt.Sprintf("%s[%d]", at, i), w[i], l[i])...)
		}
	default:
		if was != is {
			return []string{at}
		}
	}
	return out
}

// fieldsOf notes every field of a document by its path, as encoding/json takes it: in any case.
func fieldsOf(at string, v any, said map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			said[strings.ToLower(at+"."+k)] = true
			fieldsOf(at+"."+k, e, said)
		}
	case []any:
		for _, e := range v {
			fieldsOf(at, e, said)
		}
	}
}

// fieldsOfType lists the paths of the fields that a type's JSON may have.
func fieldsOfType(at string, typ reflect.Type, out *[]string) {
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			fieldsOfType(at, f.Type, out)
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		*out = append(*out, at+"."+name)
		fieldsOfType(at+"."+name, f.Type, out)
	}
}
