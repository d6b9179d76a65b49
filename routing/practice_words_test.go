package routing

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lamplight/frontend/shared/catalog"
)

// checkWords holds problems against the catalogs: each has a sentence in both languages, all of whose places are filled.
func checkWords(t *testing.T, p Problems) {
	t.Helper()
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range p {
		if choices, ok := q.Vars["choices"]; ok && choices == "" {
			t.Errorf("%s: %s offers nothing to choose", q.Field, q.Code)
		}
		for _, l := range c.Languages() {
			s, ok := c.Find(l, "routing.problem."+q.Code, q.Vars)
			for _, hole := range catalog.Placeholders(s) {
				ok = ok && slices.Contains(slices.Collect(maps.Values(q.Vars)), "{{"+hole+"}}") // said by the document
			}
			if !ok {
				t.Errorf("%s: %s: %q", l, q.Code, s)
			}
		}
	}
}

// TestEveryProblemHasASentence reads this package's own code, and routing/oncall's.
func TestEveryProblemHasASentence(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	checks, err := filepath.Glob("oncall/*.go")
	if err != nil {
		t.Fatal(err)
	}
	// what refuses takes a field and a code, what makes a problem of a schedule has its line before
	code := regexp.MustCompile(`(?:(?:refuse|[cpw]\.warn|bad)\(|flawed\([^,"]+, )(?:fmt\.Sprintf\([^)]*\)|[^,"]|"[^"]*")+, "([a-z-]+)"`)
	imported := regexp.MustCompile(`"(import-[a-z-]+)"`)
	found := map[string]bool{string(NobodyOnCall): true, string(NobodyNext): true, "moment": true, "too-exact": true, "years": true}
	for _, name := range append(files, checks...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range append(code.FindAllStringSubmatch(string(b), -1), imported.FindAllStringSubmatch(string(b), -1)...) {
			found[m[1]] = true
		}
	}
	for code := range found {
		for _, l := range c.Languages() {
			if c[l]["routing.problem."+code] == "" {
				t.Errorf("%s has no sentence in %s", code, l)
			}
		}
	}
	for key := range c.Part("en", "routing.problem.") {
		if code := strings.TrimPrefix(key, "routing.problem."); !found[code] {
			t.Errorf("nothing says %s", code)
		}
	}
	if len(found) < 50 {
		t.Errorf("only %d codes found: the test looks in the wrong place", len(found))
	}
}
