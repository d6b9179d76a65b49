package chart

import (
	"os"
	"regexp"
	"testing"

	"lamplight/frontend/shared/catalog"
)

// TestEveryTroubleHasASentence: whatever keeps a note out of a chart can be said to the practice, in both languages.
func TestEveryTroubleHasASentence(t *testing.T) {
	src, err := os.ReadFile("trouble.go")
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`TroubleKind += "([a-z-]+)"`).FindAllStringSubmatch(string(src), -1)
	if len(codes) < 15 {
		t.Fatalf("only %d codes found", len(codes))
	}
	for _, m := range codes {
		for _, l := range c.Languages() {
			if c[l]["portal.chart.why."+m[1]] == "" {
				t.Errorf("%s has no sentence in %s", m[1], l)
			}
		}
	}
}
