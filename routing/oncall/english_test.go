package oncall

import (
	"errors"
	"strings"
	"testing"

	"lamplight/frontend/shared/catalog"
)

// english is what an error says to a person, a line for each problem with its place, in the catalog's words and plain quotes.
func english(t testing.TB, err error) string {
	t.Helper()
	var wrong ReadProblems
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &wrong):
		return err.Error()
	}
	lines := make([]string, len(wrong))
	for i, p := range wrong {
		lines[i] = englishProblem(t, p)
	}
	return strings.Join(lines, "\n")
}

func englishProblem(t testing.TB, p ReadProblem) string {
	t.Helper()
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, l := range c.Languages() {
		said, ok := c.Find(l, "routing.problem."+p.Code, p.Vars)
		if !ok || strings.Contains(said, "{{") {
			t.Errorf("%s has no whole sentence in %s: %q", p, l, said)
		}
		if l == "en" {
			text = said
		}
	}
	place, _, _ := strings.Cut(p.String(), p.Code)
	return place + strings.NewReplacer("“", `"`, "”", `"`).Replace(text)
}
