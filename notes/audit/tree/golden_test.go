package tree_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"lamplight/notes/audit/tree"
)

// oldLeaf is what the leaf in every release's testdata says.
var oldLeaf = tree.Entry{At: time.Date(2026, 11, 27, 2, 14, 5, 678901000, time.UTC), Actor: "ana.ruiz", Action: "note.taken", Kind: "note",
	Object:  "n-1",
	Account: "lakeside", Detail: []string{"urgent"}, Rows: []tree.Row{{Kind: "note", ID: "n-1", Hash: "00ff"}, tree.Gone("draft", "d-1")}}

// TestEveryReleasesLeafIsRead: a leaf lasts for ever, byte for byte, because its hash stands in signed checkpoints.
func TestEveryReleasesLeafIsRead(t *testing.T) {
	files, err := filepath.Glob("testdata/release-*/leaf")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of releases, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tree.Decode(b)
		if err != nil || !reflect.DeepEqual(got, oldLeaf) {
			t.Errorf("%s: %+v %v", file, got, err)
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s is written otherwise now: %q %v", file, again, err)
		}
	}
}
