package tree_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"lamplight/notes/audit/tree"
	"lamplight/notes/releasetest"
)

// oldLeaf is what the leaf in every release's testdata says.
var oldLeaf = tree.Entry{At: time.Date(2026, 11, 27, 2, 14, 5, 678901000, time.UTC), Actor: "ana.ruiz", Action: "note.taken", Kind: "note",
	Object:  "n-1",
	Account: "lakeside", Detail: []string{"urgent"}, Rows: []tree.Row{{Kind: "note", ID: "n-1", Hash: "00ff"}, tree.Removed("draft", "d-1")}}

// TestEveryReleasesLeafIsRead: a leaf lasts for ever, byte for byte, because its hash stands in signed checkpoints.
func TestEveryReleasesLeafIsRead(t *testing.T) {
	for _, file := range releasetest.Files(t, "leaf", nil) {
		got, err := tree.Decode(file.Text)
		if err != nil || !reflect.DeepEqual(got, oldLeaf) {
			t.Errorf("%s: %+v %v", file.Name, got, err)
		}
		if again, err := got.Encode(); err != nil || !bytes.Equal(again, file.Text) {
			t.Errorf("%s is written otherwise now: %q %v", file.Name, again, err)
		}
	}
}
