package oncall

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// conforms checks a value against the parts of JSON Schema that ours uses, and fails on any other part.
func conforms(t *testing.T, root, s map[string]any, v any, path string) (problems []string) {
	t.Helper()
	bad := func(format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	sub := func(s, v any, path string) {
		problems = append(problems, conforms(t, root, s.(map[string]any), v, path)...)
	}
	object, _ := v.(map[string]any)
	list, _ := v.([]any)
	text, isText := v.(string)
	number, isNumber := v.(float64)
	for key, want := range s {
		switch key {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			name := strings.TrimPrefix(want.(string), "#/$defs/")
			sub(root["$defs"].(map[string]any)[name], v, path)
		case "type":
			kinds := map[string]bool{"object": object != nil, "array": list != nil, "string": isText, "integer": isNumber &&
				number == float64(int(number)), "boolean": v == true || v == false}
			if !kinds[want.(string)] {
				bad("is not of type %s", want)
			}
		case "properties":
			for name, value := range object {
				if p, ok := want.(map[string]any)[name]; ok {
					sub(p, value, path+"."+name)
				}
			}
		case "additionalProperties":
			known, _ := s["properties"].(map[string]any)
			for name, value := range object {
				if known[name] != nil {
					continue
				}
				if want == false {
					bad("has the unknown %s", name)
				} else {
					sub(want, value, path+"."+name)
				}
			}
		case "required":
			for _, name := range want.([]any) {
				if _, ok := object[name.(string)]; !ok {
					bad("lacks %s", name)
				}
			}
		case "items":
			for i, item := range list {
				sub(want, item, fmt.Sprintf("%s[%d]", path, i))
			}
		case "enum":
			if !slices.Contains(want.([]any), v) {
				bad("is none of %v", want)
			}
		case "pattern":
			if isText && !regexp.MustCompile(want.(string)).MatchString(text) {
				bad("%q does not match %s", text, want)
			}
		case "dependentRequired":
			for name, needs := range want.(map[string]any) {
				for _, needed := range needs.([]any) {
					if object[name] != nil && object[needed.(string)] == nil {
						bad("has %s without %s", name, needed)
					}
				}
			}
		case "minLength":
			if isText && len(text) < int(want.(float64)) {
				bad("is too short")
			}
		case "minItems":
			if list != nil && len(list) < int(want.(float64)) {
				bad("has too few")
			}
		case "minimum":
			if isNumber && number < want.(float64) {
				bad("is too small")
			}
		case "maximum":
			if isNumber && number > want.(float64) {
				bad("is too large")
			}
		case "oneOf", "anyOf":
			fit := 0
			for _, one := range want.([]any) {
				if len(conforms(t, root, one.(map[string]any), v, path)) == 0 {
					fit++
				}
			}
			if fit == 0 || key == "oneOf" && fit > 1 {
				bad("fits %d of %s", fit, key)
			}
		default:
			t.Fatalf("the schema uses %q, which this test does not know", key)
		}
	}
	return problems
}

func schemaProblems(t *testing.T, text []byte) []string {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(Schema()), &root); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return conforms(t, root, root, v, "")
}

// TestSchemaTakesWhatWeTake: examples, random schedules and what is written back from both.
func TestSchemaTakesWhatWeTake(t *testing.T) {
	files, err := filepath.Glob("examples/*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if p := schemaProblems(t, text); len(p) > 0 {
			t.Errorf("%s: %v", name, p)
		}
		doc, err := Parse(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		again := written(t, doc)
		back, err := Parse(strings.NewReader(again))
		if err != nil {
			t.Fatal(err)
		}
		doc.lines, back.lines = nil, nil
		if !reflect.DeepEqual(doc, back) {
			t.Errorf("%s comes back as something else:\n%s", name, again)
		}
	}
	for seed := range int64(200) {
		a := author{Rand: rand.New(rand.NewSource(seed)), day: time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)}
		if text := written(t, a.document("America/Chicago")); len(schemaProblems(t, []byte(text))) > 0 {
			t.Fatalf("seed %d: %v\n%s", seed, schemaProblems(t, []byte(text)), text)
		}
	}
}

func written(t *testing.T, doc *Document) string {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSchemaRefusesWhatWeRefuse(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"timezone":"UTC","layers":[]}`,
		`{"timezone":"UTC","layers":[{}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"],"rotation":"r"}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"],"window":[]}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"],"windows":[{"from":"8:00","to":"12:00"}]}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"]}],"swaps":[{"owner":"a","state":"maybe","from":"2026-01-01","to":"2026-01-02"}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"],"callTypes":[""]}]}`,
		`{"timezone":"UTC","layers":[{"who":["a"]}],"holidays":{"own":[{"name":"x","from":"2026-01-01","to":"2026-01-02","begins":"08:00"}]}}`,
		`{"timezone":"UTC","layers":[{"who":["a"]}],"overrides":[{"from":"2026-01-01","to":"2026-01-02"}]}`,
		`{"timezone":"UTC","rotations":[{"name":"r","unit":"day","start":"2026-01-01T08:00","turns":[]}],"layers":[{"who":["a"]}]}`,
	} {
		if len(schemaProblems(t, []byte(text))) == 0 {
			t.Errorf("the schema takes %s", text)
		}
	}
}

// TestSchemaKnowsEveryField: a field added to Document must be added to the schema.
func TestSchemaKnowsEveryField(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal([]byte(Schema()), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	same := func(name string, s any, typ reflect.Type) {
		var have []string
		for _, f := range reflect.VisibleFields(typ) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
				have = append(have, tag)
			}
		}
		var known []string
		for field := range s.(map[string]any)["properties"].(map[string]any) {
			known = append(known, field)
		}
		slices.Sort(have)
		slices.Sort(known)
		if !slices.Equal(have, known) {
			t.Errorf("%s: fields %v, schema %v", name, have, known)
		}
	}
	same("document", root, reflect.TypeFor[Document]())
	same("participants", root["properties"].(map[string]any)["participants"].(map[string]any)["items"], reflect.TypeFor[Participant]())
	for name, typ := range map[string]reflect.Type{"window": reflect.TypeFor[Window](), "span": reflect.TypeFor[Span](),
		"shift":    reflect.TypeFor[DatedShift](),
		"rotation": reflect.TypeFor[Rotation](), "layer": reflect.TypeFor[Layer](), "calendar": reflect.TypeFor[HolidayCalendar](),
		"holiday": reflect.TypeFor[Holiday](),
		"leave":   reflect.TypeFor[Leave](), "override": reflect.TypeFor[Override](), "swap": reflect.TypeFor[Swap](),
		"temporary": reflect.TypeFor[Temporary]()} {
		same(name, defs[name], typ)
	}
}
