package journal

import (
	"os"
	"path/filepath"
	"testing"

	"lamplight/notes/releasetest"
)

// TestEveryReleasesJournalOpens: a desk that was updated in the middle of a note finds the words that the older one kept.
func TestEveryReleasesJournalOpens(t *testing.T) {
	for _, file := range releasetest.Files(t, "journal-*.sealed", nil) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file.Name)), file.Text, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, "ana.ruiz", "correct horse")
		if err != nil {
			t.Errorf("%s: %v", file.Name, err)
			continue
		}
		all := j.All()
		if len(all) != 1 || all[0].Draft.ID != "d1" || all[0].Draft.Body.Fields["name"] != "Test Muñoz" || all[0].Pop == nil ||
			all[0].Pop.Practice.Name != "Lakeside" {
			t.Errorf("%s holds %+v", file.Name, all)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
}
