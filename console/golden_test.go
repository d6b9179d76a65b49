package console_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"lamplight/console"
)

var release = flag.String("release", "", "write this release's messages anew, as release-N")

// TestEveryReleasesMessagesAreRead holds the roll-over rule (.github/CONTRIBUTING.md): whatever a release wrote on the wire is read
// here with every field in its place, so that its desks and servers go on working beside ours.
func TestEveryReleasesMessagesAreRead(t *testing.T) {
	now := map[string]reflect.Type{"event": reflect.TypeFor[console.Event](), "error": reflect.TypeFor[console.Error]()}
	for _, d := range console.Requests() {
		now[d.Name+".in"], now[d.Name+".out"] = d.In, d.Out
	}
	if *release != "" {
		writeRelease(t, filepath.Join("testdata", *release), now)
	}
	files, err := filepath.Glob("testdata/release-*/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files of releases, %v", len(files), err)
	}
	for _, file := range files {
		was, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		typ, ok := now[name[:len(name)-len(".json")]]
		if !ok {
			t.Errorf("%s: no such message any more", file)
			continue
		}
		v := reflect.New(typ)
		if err := json.Unmarshal(was, v.Interface()); err != nil { // not leniently: a changed type would pass
			t.Errorf("%s: %v", file, err)
			continue
		}
		is, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		for _, lost := range missing("", decode(t, was), decode(t, is)) {
			t.Errorf("%s: %s is lost", file, lost)
		}
	}
}

func decode(t *testing.T, b []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// missing names what was there and is not, or is something else.
func missing(at string, was, is any) (lost []string) {
	switch w := was.(type) {
	case map[string]any:
		m, ok := is.(map[string]any)
		if !ok {
			return []string{at}
		}
		for k, v := range w {
			lost = append(lost, missing(at+"."+k, v, m[k])...)
		}
	case []any:
		l, ok := is.([]any)
		if !ok || len(l) != len(w) {
			return []string{at}
		}
		for i := range w {
			lost = append(lost, missing(fmt.Sprintf("%s[%d]", at, i), w[i], l[i])...)
		}
	default:
		if was != is {
			return []string{at}
		}
	}
	return lost
}

func writeRelease(t *testing.T, dir string, types map[string]reflect.Type) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, typ := range types {
		v := reflect.New(typ).Elem()
		fill(v, name, 0)
		b, err := json.MarshalIndent(v.Interface(), "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".json"), append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fill puts something into every field, each time the same.
func fill(v reflect.Value, at string, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 27, 2, 14, 5, 678000000, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(at)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(len(at)))
	case reflect.Uint64:
		v.SetUint(uint64(len(at)))
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), at, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), at, depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, "en", depth+1)
		fill(value, at, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), f.Name, depth+1)
			}
		}
	}
}
