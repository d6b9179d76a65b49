package seal

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// shelf keeps wrapped keys in memory.
type shelf struct {
	mu   sync.Mutex // guards keys
	keys []Wrapped
}

func (s *shelf) Get(_ context.Context, practice string) (out []Wrapped, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.Practice == practice {
			out = append(out, k)
		}
	}
	return out, nil
}

func (s *shelf) Put(_ context.Context, keys []Wrapped) error {
	s.mu.Lock()
	defer s.mu.Unlock()
next:
	for _, k := range keys {
		for _, h := range s.keys {
			if h.Practice == k.Practice && h.Use == k.Use && h.Generation == k.Generation {
				continue next
			}
		}
		s.keys = append(s.keys, k)
	}
	return nil
}

func ring(t testing.TB) (*Ring, *shelf) {
	t.Helper()
	root, err := LoadKeyring(filepath.Join(t.TempDir(), "root.keys"))
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	return NewRing(root, s), s
}

func keysOf(t testing.TB, r *Ring, practice string) *Keys {
	t.Helper()
	k, err := r.Keys(context.Background(), practice)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var label = Label{Practice: "lakeside", Kind: "note.body", ID: "n1", Version: 1}

func TestOpensOnlyUnderItsOwnLabel(t *testing.T) {
	r, _ := ring(t)
	k := keysOf(t, r, "lakeside")
	plain := []byte("Ana Muñoz has chest pain")
	sealed, err := k.Seal(label, plain)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("Ana")) {
		t.Fatal("the sealed value shows the name")
	}
	if got, err := k.Unseal(label, sealed); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("Open: %q, %v", got, err)
	}
	for name, l := range map[string]Label{
		"practice":  {"other", label.Kind, label.ID, label.Version},
		"kind":      {label.Practice, "note.title", label.ID, label.Version},
		"id":        {label.Practice, label.Kind, "n2", label.Version},
		"version":   {label.Practice, label.Kind, label.ID, 2},
		"shift":     {label.Practice, label.Kind + "n", "1", label.Version},
		"zeroValue": {},
	} {
		if _, err := k.Unseal(l, sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1 << (i % 8)
		if _, err := k.Unseal(label, bad); !errors.Is(err, ErrSealed) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	for i := range sealed {
		if _, err := k.Unseal(label, sealed[:i]); !errors.Is(err, ErrSealed) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := k.Unseal(label, append(bytes.Clone(sealed), 0)); !errors.Is(err, ErrSealed) {
		t.Errorf("a byte added: %v", err)
	}
	if _, err := keysOf(t, r, "other").Unseal(Label{"other", label.Kind, label.ID, 1}, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another practice's keys: %v", err)
	}
}

func TestRotationKeepsWhatWasSealedBefore(t *testing.T) {
	ctx := t.Context()
	r, _ := ring(t)
	before, err := keysOf(t, r, "lakeside").Seal(label, []byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Rotate(ctx, "lakeside"); err != nil {
		t.Fatal(err)
	}
	k := keysOf(t, r, "lakeside")
	after, err := k.Seal(label, []byte("new"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before[1:1+keyIDSize], after[1:1+keyIDSize]) {
		t.Error("the new value is sealed with the old key")
	}
	if got, err := k.Unseal(label, before); err != nil || string(got) != "old" {
		t.Errorf("old value: %q %v", got, err)
	}
	if err := r.Rotate(ctx, "nobody"); err == nil {
		t.Error("rotated a practice that has no keys")
	}
}

func TestRootsAndShelvesThatDoNotFit(t *testing.T) {
	ctx := t.Context()
	r, s := ring(t)
	keysOf(t, r, "lakeside")
	other, err := LoadKeyring(filepath.Join(t.TempDir(), "other.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewRing(other, s).Keys(ctx, "lakeside"); !errors.Is(err, ErrSealed) {
		t.Errorf("another keyring: %v", err)
	}
	moved := s.keys[0]
	moved.Practice = "elsewhere"
	if _, err := UnwrapKeys(ctx, r.root, "elsewhere", []Wrapped{moved}); err == nil {
		t.Error("a key moved to another practice opens")
	}
	if _, err := UnwrapKeys(ctx, r.root, "lakeside", s.keys[:1]); err == nil {
		t.Error("keys without an index key are enough")
	}
}

func TestRingsThatMakeTheFirstKeysAtOnceAgree(t *testing.T) {
	r, s := ring(t)
	var wg sync.WaitGroup
	sealed := make([][]byte, 8)
	for i := range sealed {
		wg.Go(func() {
			k, err := NewRing(r.root, s).Keys(t.Context(), "lakeside")
			if err == nil {
				sealed[i], err = k.Seal(label, []byte("x"))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, b := range sealed {
		if _, err := keysOf(t, r, "lakeside").Unseal(label, b); err != nil {
			t.Errorf("ring %d: %v", i, err)
		}
	}
}

func TestKeyringFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "root.keys")
	a, err := LoadKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadKeyring(path)
	if err != nil || !bytes.Equal(a.keys["root-1"], b.keys["root-1"]) {
		t.Fatalf("opened again: %v", err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", fi.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeyring(path); err == nil || !strings.Contains(err.Error(), "can be read by others") {
		t.Errorf("readable by all: %v", err)
	}
	for _, text := range []string{"", "{", `{"newest":"a","keys":{"a":"c2hvcnQ="}}`, `{"newest":"a","keys":{}}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKeyring(path); err == nil {
			t.Errorf("%q is taken for a keyring", text)
		}
	}
}

func TestStream(t *testing.T) {
	r, _ := ring(t)
	k := keysOf(t, r, "lakeside")
	for _, size := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 3*ChunkSize + 17} {
		plain := make([]byte, size)
		rng := rand.NewChaCha8([32]byte{byte(size)})
		rng.Read(plain)
		s, head, err := k.NewStream(label)
		if err != nil {
			t.Fatal(err)
		}
		var chunks [][]byte
		w := NewWriter(s, func(n int, b []byte) error {
			if n != len(chunks) {
				t.Errorf("chunk %d after %d", n, len(chunks))
			}
			chunks = append(chunks, bytes.Clone(b))
			return nil
		})
		for rest := plain; len(rest) > 0; {
			n := min(len(rest), 1+rand.IntN(100_000))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if w.Chunks() != len(chunks) || w.Total() != int64(size) || len(chunks) != max(1, (size+ChunkSize-1)/ChunkSize) {
			t.Errorf("%d bytes: %d chunks, total %d", size, w.Chunks(), w.Total())
		}
		if got, err := unsealAll(k, head, chunks); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes do not come back: %v", size, err)
		}
		n := len(chunks)
		if _, err := unsealAll(k, head, chunks[:n-1]); err == nil {
			t.Errorf("%d bytes: the last chunk is missing and nobody says so", size)
		}
		if _, err := unsealAll(k, head, append(chunks[:n:n], chunks[n-1])); err == nil {
			t.Error("a chunk too many")
		}
		if n > 2 {
			swapped := append([][]byte{chunks[1], chunks[0]}, chunks[2:]...)
			if _, err := unsealAll(k, head, swapped); err == nil {
				t.Error("swapped chunks open")
			}
			if _, err := unsealAll(k, head, append(chunks[:1:1], chunks[2:]...)); err == nil {
				t.Error("a chunk left out of the middle")
			}
		}
		_, otherHead, err := k.NewStream(label)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unsealAll(k, otherHead, chunks); err == nil {
			t.Error("the chunks open under another stream's head")
		}
	}
}

func unsealAll(k *Keys, head []byte, chunks [][]byte) (out []byte, err error) {
	s, err := k.UnsealStream(label, head)
	if err != nil {
		return nil, err
	}
	for i, c := range chunks {
		b, err := s.Unseal(c, i == len(chunks)-1)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	if !s.done {
		return nil, ErrSealed
	}
	return out, nil
}

// TestUnderFIPSOnly runs this package's tests in a process that refuses everything FIPS 140-3 does not know.
func TestUnderFIPSOnly(t *testing.T) {
	if os.Getenv("GODEBUG") == "fips140=only" {
		return // this is that process
	}
	cmd := exec.Command(os.Args[0], "-test.run=.")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func FuzzUnseal(f *testing.F) {
	r, _ := ring(f)
	k := keysOf(f, r, "lakeside")
	good, err := k.Seal(label, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{1}, headSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := k.Unseal(label, b); err == nil && !bytes.Equal(b, good) {
			t.Error("something that was never sealed opens")
		}
		if s, err := k.UnsealStream(label, b); err == nil {
			if _, err := s.Unseal(b, true); err == nil {
				t.Error("a stream that was never sealed opens")
			}
		}
	})
}

func BenchmarkSealNote(b *testing.B) {
	r, _ := ring(b)
	k := keysOf(b, r, "lakeside")
	plain := make([]byte, 600)
	for b.Loop() {
		if _, err := k.Seal(label, plain); err != nil {
			b.Fatal(err)
		}
	}
}
