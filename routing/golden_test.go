package routing

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lamplight/notes/releasetest"
	"lamplight/routing/oncall"
)

// TestEveryReleasesPracticeIsRead: the practices that a service wrote with an older release are taken as they stand, and
// nothing in them is passed over.
func TestEveryReleasesPracticeIsRead(t *testing.T) {
	for _, file := range releasetest.Files(t, "practice.json", func(dir string) { writePractice(t, dir) }) {
		for _, lost := range file.Lost(t, again(t, file.Name, file.Text)) {
			t.Errorf("%s: %s is lost", file.Name, lost)
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
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		t.Fatal(err)
	}
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
		err = os.WriteFile(filepath.Join(dir, "practice.json"), again(t, "testdata/whole.json", whole), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
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
