package tree

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Head is a signed state of the log: its size and the hash over every leaf. Prev is the size of the head before it (-1 for
// the first), so that a head left out of the row of them is missed.
type Head struct {
	Size int64
	Hash tlog.Hash
	Prev int64
	At   time.Time
}

// Sign returns the head as a signed note in the form of c2sp.org/tlog-checkpoint; the origin is the signer's name.
func (h Head) Sign(signer note.Signer) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\nprevious %d\ntime %s\n", signer.Name(), h.Size, h.Hash, h.Prev, h.At.UTC().Format(time.RFC3339Nano))
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return "", fmt.Errorf("sign a checkpoint: %w", err)
	}
	return string(msg), nil
}

// VerifyHead checks a signed head. It is strict: one signature, ours, and not one bit that Sign would have written otherwise.
func VerifyHead(msg string, v note.Verifier) (Head, error) {
	n, err := note.Open([]byte(msg), note.VerifierList(v))
	if err != nil {
		return Head{}, errors.New("the signature does not hold")
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return Head{}, errors.New("it carries a signature that is not the log's")
	}
	// A decoder forgives stray bits at the end of base64; a checkpoint that differs in one is still an altered checkpoint.
	if raw, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil ||
		base64.StdEncoding.EncodeToString(raw) != n.Sigs[0].Base64 {
		return Head{}, errors.New("the signature does not hold")
	}
	if want := n.Text + "\n— " + v.Name() + " " + n.Sigs[0].Base64 + "\n"; want != msg {
		return Head{}, errors.New("it is not written as the log writes")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 6 || lines[0] != v.Name() {
		return Head{}, errors.New("it is not this log's")
	}
	var h Head
	if h.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return Head{}, errors.New("its size cannot be read")
	}
	if h.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return Head{}, errors.New("its hash cannot be read")
	}
	prev, ok := strings.CutPrefix(lines[3], "previous ")
	if !ok {
		return Head{}, errors.New("it names no head before it")
	}
	if h.Prev, err = strconv.ParseInt(prev, 10, 64); err != nil {
		return Head{}, errors.New("it names no head before it")
	}
	at, ok := strings.CutPrefix(lines[4], "time ")
	if !ok {
		return Head{}, errors.New("it has no time")
	}
	if h.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return Head{}, errors.New("its time cannot be read")
	}
	return h, nil
}

// Edge lists the stored hashes (by tlog.StoredHashIndex) that are needed to add leaves to a log of the given size, and to
// compute its head: the roots of its complete subtrees, at most 64.
func Edge(size int64) []int64 {
	var need []int64
	for at := int64(0); at < size; {
		level := 0
		for at+int64(1)<<(level+1) <= size && at&(int64(1)<<(level+1)-1) == 0 {
			level++
		}
		need = append(need, tlog.StoredHashIndex(level, at>>level))
		at += int64(1) << level
	}
	return need
}

// Grow adds leaves to a log of the given size. edge holds the hashes Edge(size) names; what is returned is every hash to be
// stored, from tlog.StoredHashIndex(0, size) on, and the new head's hash.
func Grow(size int64, edge map[int64]tlog.Hash, leaves [][]byte) (stored []tlog.Hash, head tlog.Hash, err error) {
	first := tlog.StoredHashCount(size)
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			if x >= first && x-first < int64(len(stored)) {
				out[i] = stored[x-first]
				continue
			}
			h, ok := edge[x]
			if !ok {
				return nil, fmt.Errorf("the log's stored hash %d is missing", x)
			}
			out[i] = h
		}
		return out, nil
	})
	for i, leaf := range leaves {
		hs, err := tlog.StoredHashes(size+int64(i), leaf, read)
		if err != nil {
			return nil, tlog.Hash{}, fmt.Errorf("add a leaf: %w", err)
		}
		stored = append(stored, hs...)
	}
	head, err = tlog.TreeHash(size+int64(len(leaves)), read)
	if err != nil {
		return nil, tlog.Hash{}, fmt.Errorf("compute the head: %w", err)
	}
	return stored, head, nil
}

// A Checker recomputes a log leaf by leaf and compares it with the hashes that were stored.
type Checker struct {
	hashes []tlog.Hash // all computed so far, by stored index
	size   int64
}

// Add takes the next leaf's bytes and returns the indexes of the hashes it completes, with their values.
func (c *Checker) Add(leaf []byte) (from int64, made []tlog.Hash, err error) {
	made, err = tlog.StoredHashes(c.size, leaf, c)
	if err != nil {
		return 0, nil, err
	}
	from = int64(len(c.hashes))
	c.hashes = append(c.hashes, made...)
	c.size++
	return from, made, nil
}

// Size is the number of leaves added.
func (c *Checker) Size() int64 { return c.size }

// Head is the hash over the first n leaves; n must not be more than Size.
func (c *Checker) Head(n int64) (tlog.Hash, error) { return tlog.TreeHash(n, c) }

// ReadHashes gives back computed hashes.
func (c *Checker) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(c.hashes)) {
			return nil, fmt.Errorf("the log has no hash %d", x)
		}
		out[i] = c.hashes[x]
	}
	return out, nil
}
