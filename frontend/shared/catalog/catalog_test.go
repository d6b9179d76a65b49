package catalog

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lamplight/telephony"
)

// spoken is every language the service speaks; a catalog in any other is a file misnamed.
var spoken = []telephony.Language{telephony.English, telephony.Spanish}

func TestHouseCatalogIsWhole(t *testing.T) {
	c, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Languages(); !slices.Equal(got, spoken) {
		t.Fatalf("languages are %v, want %v", got, spoken)
	}
	for _, wrong := range c.Lint() {
		t.Error(wrong)
	}
}

func TestFind(t *testing.T) {
	c, err := Read(fstest.MapFS{
		"en.json":      {Data: []byte(`{"a.hello":"Hello {{name}}","a.note_one":"{{count}} note","a.note_other":"{{count}} notes"}`)},
		"es.json":      {Data: []byte(`{"a.hello":"Hola, {{name}}","a.note_one":"{{count}} nota","a.note_other":"{{count}} notas"}`)},
		"desk.en.json": {Data: []byte(`{"desk.x":"X"}`)},
		"desk.es.json": {Data: []byte(`{"desk.x":"Equis"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := c.Lint(); len(wrong) != 0 {
		t.Fatal(wrong)
	}
	for name, tc := range map[string]struct {
		lang telephony.Language
		key  string
		vars Vars
		want string
		ok   bool
	}{
		"a value":                       {"es", "a.hello", Vars{"name": "Ana"}, "Hola, Ana", true},
		"a value like a placeholder":    {"en", "a.hello", Vars{"name": "{{name}}"}, "Hello {{name}}", true},
		"a value that is missing shows": {"en", "a.hello", nil, "Hello {{name}}", true},
		"none":                          {"es", "a.note", Vars{}.Count(0), "0 notas", true},
		"one":                           {"es", "a.note", Vars{}.Count(1), "1 nota", true},
		"two":                           {"en", "a.note", Vars{}.Count(2), "2 notes", true},
		"a million":                     {"es", "a.note", Vars{}.Count(1000000), "1000000 notas", true},
		"an unknown language":           {"fr", "desk.x", nil, "X", true},
		"an unknown key":                {"en", "desk.y", nil, "desk.y", false},
		"another part's file":           {"es", "desk.x", nil, "Equis", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := c.Find(tc.lang, tc.key, tc.vars); got != tc.want || ok != tc.ok {
				t.Errorf("%q %v, want %q %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestLintFinds(t *testing.T) {
	c := Catalog{
		"en": {"a": "A {{x}}", "b": "B", "c_one": "one", "d": " "},
		"es": {"a": "A {{y}}", "c_one": "uno", "d": "D"},
	}
	got := strings.Join(c.Lint(), "\n")
	for _, want := range []string{"a: placeholders [y]", "b: missing in es", "c_one: has no c_other", "d: empty in en"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestReadRefusesWhatIsNotFlatOrTwice(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"nested":  {"en.json": {Data: []byte(`{"a":{"b":"c"}}`)}},
		"garbled": {"en.json": {Data: []byte(`{`)}},
		"twice":   {"en.json": {Data: []byte(`{"a":"b"}`)}, "x.en.json": {Data: []byte(`{"a":"c"}`)}},
	} {
		if _, err := Read(fsys); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}
