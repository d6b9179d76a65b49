package tree

import (
	"bytes"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var at = time.Date(2026, 11, 22, 3, 4, 5, 678901000, time.UTC)

func entry() Entry {
	return Entry{At: at, Actor: "p-1", Action: "note.taken", Kind: "note", Object: "n-1", Account: "lakeside", Detail: []string{"urgent"},
		Rows: []Row{{"note", "n-1", "ab"}, Removed("line", "+1")}}
}

func TestALeafReadsBack(t *testing.T) {
	b, err := entry().Encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Decode(b)
	if err != nil || !e.At.Equal(at) || e.Object != "n-1" || len(e.Rows) != 2 || e.Rows[1].Hash != "" {
		t.Errorf("%+v %v", e, err)
	}
	again, err := e.Encode()
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoded again: %s", again)
	}
}

func TestALeafRefuses(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"no actor":   func(e *Entry) { e.Actor = "" },
		"no action":  func(e *Entry) { e.Action = "" },
		"no object":  func(e *Entry) { e.Object = "" },
		"no kind":    func(e *Entry) { e.Kind = "" },
		"no time":    func(e *Entry) { e.At = time.Time{} },
		"words":      func(e *Entry) { e.Detail = []string{"chest pain"} },
		"a number":   func(e *Entry) { e.Detail = []string{"+13125550142"} },
		"an accent":  func(e *Entry) { e.Object = "Muñoz" },
		"an essay":   func(e *Entry) { e.Detail = []string{strings.Repeat("x", 129)} },
		"a new line": func(e *Entry) { e.Account = "a\nb" },
	} {
		e := entry()
		change(&e)
		if _, err := e.Encode(); err == nil {
			t.Errorf("%s went in", name)
		} else if strings.Contains(err.Error(), "chest") || strings.Contains(err.Error(), "3125550142") {
			t.Errorf("the error tells it: %v", err)
		}
	}
	for _, b := range []string{"", "x", leafFormat, leafFormat + "{", leafFormat + `{"extra":1}`} {
		if _, err := Decode([]byte(b)); err == nil {
			t.Errorf("%q reads as a leaf", b)
		}
	}
}

func TestRowHashes(t *testing.T) {
	hash := func(cols []string, vals ...any) string {
		h, err := HashRow("note", cols, vals)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	base := hash([]string{"a", "b"}, "x", 1)
	word, nobody := "x", (*string)(nil)
	for name, same := range map[string]string{
		"a null column added later": hash([]string{"a", "b", "c"}, "x", 1, nil),
		"a nil pointer":             hash([]string{"a", "b", "c"}, "x", 1, nobody),
		"integers of other widths":  hash([]string{"a", "b"}, &word, int32(1)),
		"int64":                     hash([]string{"a", "b"}, "x", int64(1)),
	} {
		if same != base {
			t.Errorf("%s changes the hash", name)
		}
	}
	for name, other := range map[string]string{
		"another value":      hash([]string{"a", "b"}, "y", 1),
		"columns swapped":    hash([]string{"b", "a"}, "x", 1),
		"a number as a word": hash([]string{"a", "b"}, "x", "1"),
		"bytes as a word":    hash([]string{"a", "b"}, []byte("x"), 1),
		"a null":             hash([]string{"a", "b"}, nil, 1),
		"an empty word":      hash([]string{"a", "b", "c"}, "x", 1, ""),
		"moved over":         hash([]string{"a", "b"}, "x1", 1),
	} {
		if other == base {
			t.Errorf("%s does not change the hash", name)
		}
	}
	if hash([]string{"a"}, []any{[]byte("x"), []byte("y")}) != hash([]string{"a"}, [][]byte{[]byte("x"), []byte("y")}) {
		t.Error("what is written and what is read back differ")
	}
	if hash([]string{"a"}, [][]byte{[]byte("xy")}) == hash([]string{"a"}, [][]byte{[]byte("x"), []byte("y")}) {
		t.Error("a list's parts run together")
	}
	if hash([]string{"a"}, at) != hash([]string{"a"}, at.Add(300).In(time.FixedZone("x", 3600))) {
		t.Error("a time counts to the microsecond, wherever it is told")
	}
	if hash([]string{"a"}, []string{"x"}) != hash([]string{"a"}, []any{"x"}) || hash([]string{"a"}, true) == hash([]string{"a"}, false) {
		t.Error("lists and truths")
	}
	if h, err := HashRow("other", []string{"a", "b"}, []any{"x", 1}); err != nil || h == base {
		t.Error("the kind is not in the hash")
	}
	if _, err := HashRow("note", []string{"a"}, []any{3.14}); err == nil {
		t.Error("a type nobody reads back the same was hashed")
	}
	if _, err := HashRow("note", []string{"a"}, nil); err == nil {
		t.Error("columns without values")
	}
}

// TestGrowAgreesWithTheWholeTree grows a log by batches of every size and compares with the tree computed at once.
func TestGrowAgreesWithTheWholeTree(t *testing.T) {
	r := mrand.New(mrand.NewPCG(1, 1))
	var c Checker
	stored := []tlog.Hash{}
	size := int64(0)
	for size < 600 {
		edge := map[int64]tlog.Hash{}
		for _, i := range Edge(size) {
			edge[i] = stored[i]
		}
		var leaves [][]byte
		for range 1 + r.IntN(9) {
			leaves = append(leaves, fmt.Appendf(nil, "leaf %d", size+int64(len(leaves))))
		}
		made, head, err := Grow(size, edge, leaves)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range leaves {
			if _, _, err := c.Add(l); err != nil {
				t.Fatal(err)
			}
		}
		stored, size = append(stored, made...), size+int64(len(leaves))
		if want, err := c.Head(size); err != nil || want != head {
			t.Fatalf("size %d: %v", size, err)
		}
		if tlog.StoredHashCount(size) != int64(len(stored)) {
			t.Fatalf("size %d: %d hashes", size, len(stored))
		}
		for i, h := range stored {
			if c.hashes[i] != h {
				t.Fatalf("hash %d differs", i)
			}
		}
		if proof, err := tlog.ProveRecord(size, size-1, &c); err != nil || tlog.CheckRecord(proof, size, head, size-1,
			tlog.RecordHash(leaves[len(leaves)-1])) != nil {
			t.Fatal("a proof of inclusion does not hold")
		}
	}
	if _, _, err := Grow(600, nil, [][]byte{{1}}); err == nil {
		t.Error("grew from nothing known")
	}
	if _, err := c.ReadHashes([]int64{1 << 40}); err == nil {
		t.Error("a hash that is not there")
	}
}

func keys(t testing.TB, name string) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

// TestNotABitOfACheckpointMayDiffer flips each bit of a signed head.
func TestNotABitOfACheckpointMayDiffer(t *testing.T) {
	s, v := keys(t, "lamplight.test")
	msg, err := Head{Size: 7, Prev: 3, Hash: tlog.RecordHash([]byte("x")), At: at}.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	h, err := VerifyHead(msg, v)
	if err != nil || h.Size != 7 || h.Prev != 3 || !h.At.Equal(at) {
		t.Fatalf("%+v %v", h, err)
	}
	for i := range len(msg) * 8 {
		b := []byte(msg)
		b[i/8] ^= 1 << (i % 8)
		if _, err := VerifyHead(string(b), v); err == nil {
			t.Errorf("bit %d flipped in %q and nobody noticed", i, b)
		}
	}
	_, other := keys(t, "lamplight.test")
	if _, err := VerifyHead(msg, other); err == nil {
		t.Error("another key's checkpoint")
	}
	double, err := note.Sign(&note.Note{Text: strings.SplitAfter(msg, "\n\n")[0][:strings.Index(msg, "\n\n")+1]}, s, mustSigner(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyHead(string(double), v); err == nil {
		t.Error("a second signature was let through")
	}
	for _, text := range []string{"other\n1\n", "lamplight.test\nx\ny\nprevious 1\ntime z\n",
		"lamplight.test\n1\nAAAA\nprevious 1\ntime z\n"} {
		forged, err := note.Sign(&note.Note{Text: text}, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyHead(string(forged), v); err == nil {
			t.Errorf("%q reads as a head", text)
		}
	}
}

func mustSigner(t *testing.T) note.Signer { s, _ := keys(t, "somebody.else"); return s }

func FuzzVerifyHead(f *testing.F) {
	s, v := keys(f, "lamplight.test")
	msg, err := Head{Size: 7, Prev: 3, At: at}.Sign(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Fuzz(func(t *testing.T, other string) {
		if _, err := VerifyHead(other, v); err == nil && other != msg {
			t.Errorf("%q was never signed", other)
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, err := entry().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Decode(b); err == nil && !bytes.HasPrefix(b, []byte(leafFormat)) {
			t.Error("a leaf of no known form was read")
		}
	})
}
