package journal

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEveryReleasesJournalOpens: a desk that was updated in the middle of a note finds the words that the older one kept.
func TestEveryReleasesJournalOpens(t *testing.T) {
	files, err := filepath.Glob("testdata/release-*/journal-*.sealed")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of releases, %v", len(files), err)
	}
	for _, file := range files {
		dir := t.TempDir()
		b, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, "ana.ruiz", "correct horse")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		all := j.All()
		if len(all) != 1 || all[0].Draft.ID != "d1" || all[0].Draft.Body.Fields["name"] != "Test Muñoz" || all[0].Pop == nil ||
			all[0].Pop.Practice.Name != "Lakeside" {
			t.Errorf("%s holds %+v", file, all)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}
