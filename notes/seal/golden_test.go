package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"lamplight/notes/releasetest"
)

// golden is what one release sealed, with the keyring that opens it: made for this test and good for nothing else.
type golden struct {
	Keyring keyringFile `json:"keyring"`
	Keys    []Wrapped   `json:"keys"`
	Sealed  []byte      `json:"sealed"`
	Head    []byte      `json:"head"`
	Chunks  [][]byte    `json:"chunks"`
	Name    []string    `json:"name"` // the search terms of a name
}

const (
	goldenName  = "Test Muñoz"
	goldenPlain = "a sealed sentence of Test Muñoz"
)

var goldenLabel = Label{Practice: "lakeside", Kind: "note.body", ID: "n1", Version: 1}

// TestEveryReleasesSealOpens: what was sealed must open as long as it is kept, which is years.
func TestEveryReleasesSealOpens(t *testing.T) {
	for _, file := range releasetest.Files(t, "seal.json", func(dir string) { writeGolden(t, dir) }) {
		var g golden
		file.Decode(t, &g)
		k := g.keys(t)
		if plain, err := k.Unseal(goldenLabel, g.Sealed); err != nil || string(plain) != goldenPlain {
			t.Errorf("%s: a value: %q %v", file.Name, plain, err)
		}
		s, err := k.UnsealStream(goldenLabel, g.Head)
		if err != nil {
			t.Fatalf("%s: a stream: %v", file.Name, err)
		}
		var sound []byte
		for i, c := range g.Chunks {
			plain, err := s.Unseal(c, i == len(g.Chunks)-1)
			if err != nil {
				t.Fatalf("%s: chunk %d: %v", file.Name, i, err)
			}
			sound = append(sound, plain...)
		}
		if !bytes.Equal(sound, []byte(goldenPlain+goldenPlain)) {
			t.Errorf("%s: a stream holds %q", file.Name, sound)
		}
		for i, term := range k.NameTerms(goldenName) {
			if i >= len(g.Name) || hex.EncodeToString(term[:]) != g.Name[i] {
				t.Errorf("%s: a name is not found by what stands in its index", file.Name)
			}
		}
	}
}

// keys makes the practice's keys of what the release kept.
func (g golden) keys(t *testing.T) *Keys {
	t.Helper()
	k, err := UnwrapKeys(t.Context(), g.root(t), "lakeside", g.Keys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (g golden) root(t *testing.T) *Keyring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyring.json")
	b, err := json.Marshal(g.Keyring)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	root, err := LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func writeGolden(t *testing.T, dir string) {
	t.Helper()
	g := golden{Keyring: keyringFile{Newest: "root-1", Keys: map[string][]byte{"root-1": fresh()}}}
	root := g.root(t)
	for _, use := range []string{UseSeal, UseIndex} {
		w, err := NewWrapped(t.Context(), root, "lakeside", use, 1)
		if err != nil {
			t.Fatal(err)
		}
		g.Keys = append(g.Keys, w)
	}
	k := g.keys(t)
	var err error
	if g.Sealed, err = k.Seal(goldenLabel, []byte(goldenPlain)); err != nil {
		t.Fatal(err)
	}
	s, head, err := k.NewStream(goldenLabel)
	if err != nil {
		t.Fatal(err)
	}
	g.Head = head
	for i := range 2 {
		c, err := s.Seal([]byte(goldenPlain), i == 1)
		if err != nil {
			t.Fatal(err)
		}
		g.Chunks = append(g.Chunks, c)
	}
	for _, term := range k.NameTerms(goldenName) {
		g.Name = append(g.Name, hex.EncodeToString(term[:]))
	}
	releasetest.Write(t, filepath.Join(dir, "seal.json"), g)
}
