// Package releasetest holds what lasts to what every release wrote of it: files of each release stand in testdata/release-N beside
// the package that reads them, and its test reads them all (.github/CONTRIBUTING.md).
//
// It promises that a release without files fails the test. It leaves to the package what is written and how it is read.
package releasetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var release = flag.String("release", "", "write this release's files anew, as release-N")

// A File is what one release wrote.
type File struct {
	Name string // its path
	Text []byte
}

// Files are every release's whose names are like pattern. With the flag -release, write makes those of this release in dir first;
// without a write they come from elsewhere.
func Files(t *testing.T, pattern string, write func(dir string)) []File {
	t.Helper()
	if *release != "" && write != nil {
		dir := filepath.Join("testdata", *release)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		write(dir)
	}
	names, err := filepath.Glob(filepath.Join("testdata", "release-*", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files of releases, %v", len(names), err)
	}
	out := make([]File, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = File{name, text}
	}
	return out
}

// Decode reads the file's JSON.
func (f File) Decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(f.Text, v); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
}

// Write writes a file of JSON.
func Write(t *testing.T, name string, v any) {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err == nil {
		err = os.WriteFile(name, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Lost names what the file's JSON says and is, as it is written now, does not say or says otherwise.
func (f File) Lost(t *testing.T, is []byte) []string {
	t.Helper()
	return lost("", anything(t, f.Text), anything(t, is))
}

func anything(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

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
