package routing

import (
	"maps"
	"os"
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

// TestEveryProblemHasASentence reads this package's own code.
func TestEveryProblemHasASentence(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?:refuse|warn)\((?:fmt\.Sprintf\([^)]*\)|[^,"]|"[^"]*")+, "([a-z-]+)"`)
	found := map[string]bool{string(NobodyOnCall): true, string(NobodyNext): true}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") || !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(b), -1) {
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
