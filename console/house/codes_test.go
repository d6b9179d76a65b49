package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
	"lamplight/telephony/acd"
)

// TestEveryRefusalHasASentence reads this package's own code: a code that stands nowhere in the catalogs would be shown raw.
func TestEveryRefusalHasASentence(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`"((?:desk|portal)\.(?:error|notice)\.[a-z-]+)"`)
	var found int
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || regexp.MustCompile(`_test\.go$`).MatchString(path) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range code.FindAllStringSubmatch(string(b), -1) {
			found++
			for _, l := range []string{"en", "es"} {
				if c[telephony.Language(l)][m[1]] == "" {
					t.Errorf("%s: %s has no sentence in %s", path, m[1], l)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for engines, ours := range map[string]console.PauseReason{acd.ReasonSignedIn: console.PausedBySignIn,
		acd.ReasonMissed:        console.PausedByMisses,
		telephony.PausedByPhone: console.PausedByPhone} {
		if engines != string(ours) {
			t.Errorf("the engine pauses for %q, which desks call %q", engines, ours)
		}
	}
	for _, p := range pauses {
		if key := "desk.pause." + string(p); c["en"][key] == "" || c["es"][key] == "" {
			t.Errorf("the pause %q has no name", p)
		}
	}
	if found < 30 {
		t.Fatalf("only %d codes found: the test looks in the wrong place", found)
	}
}
