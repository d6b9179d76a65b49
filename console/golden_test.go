package console_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"lamplight/console"
	"lamplight/notes/releasetest"
)

// TestEveryReleasesMessagesAreRead holds the roll-over rule (.github/CONTRIBUTING.md): whatever a release wrote on the wire is read
// here with every field in its place, so that its desks and servers go on working beside ours.
func TestEveryReleasesMessagesAreRead(t *testing.T) {
	now := map[string]reflect.Type{"event": reflect.TypeFor[console.Event](), "error": reflect.TypeFor[console.Error]()}
	for _, d := range console.Requests() {
		now[d.Name+".in"], now[d.Name+".out"] = d.In, d.Out
	}
	files := releasetest.Files(t, "*.json", func(dir string) {
		for name, typ := range now {
			v := reflect.New(typ).Elem()
			fill(v, name, 0)
			releasetest.Write(t, filepath.Join(dir, name+".json"), v.Interface())
		}
	})
	if len(files) < 50 {
		t.Fatalf("%d files of releases", len(files))
	}
	for _, file := range files {
		typ, ok := now[strings.TrimSuffix(filepath.Base(file.Name), ".json")]
		if !ok {
			t.Errorf("%s: no such message any more", file.Name)
			continue
		}
		v := reflect.New(typ)
		file.Decode(t, v.Interface()) // not leniently: a changed type would pass
		is, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		for _, lost := range file.Lost(t, is) {
			t.Errorf("%s: %s is lost", file.Name, lost)
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
