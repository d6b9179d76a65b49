package seal

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A Root wraps practices' keys. Its own keys never leave it. Implementations: Keyring (a file); a Vault or a KMS later.
// Methods may be called from any goroutine and may take as long as a network call.
type Root interface {
	// Wrap wraps key with the newest root key, binding ad, and names that root key.
	Wrap(ctx context.Context, key, ad []byte) (root string, wrapped []byte, err error)
	// Unwrap undoes Wrap. It fails when root is not there any more or anything was altered.
	Unwrap(ctx context.Context, root string, wrapped, ad []byte) ([]byte, error)
}

// Uses of a practice's key.
const (
	UseSeal  = "seal"
	UseIndex = "index"
)

// A Wrapped is a practice's key as it may lie anywhere.
type Wrapped struct {
	ID         string // 32 hex digits
	Practice   string
	Use        string
	Generation int // counts up with each rotation
	Root       string
	Wrapped    []byte
}

// label binds a wrapped key to its place.
func (w Wrapped) ad() []byte {
	return Label{Practice: w.Practice, Kind: w.Use, ID: w.ID, Version: w.Generation}.ad("kek")
}

// NewWrapped makes a key and wraps it.
func NewWrapped(ctx context.Context, root Root, practice, use string, generation int) (Wrapped, error) {
	id := make([]byte, keyIDSize)
	rand.Read(id)
	w := Wrapped{ID: hex.EncodeToString(id), Practice: practice, Use: use, Generation: generation}
	var err error
	w.Root, w.Wrapped, err = root.Wrap(ctx, fresh(), w.ad())
	if err != nil {
		return Wrapped{}, fmt.Errorf("wrap a practice's key: %w", err)
	}
	return w, nil
}

// Keys are one practice's keys in memory: all it has ever sealed with, and its index key. Safe for use by any goroutine.
type Keys struct {
	practice string
	keks     []kek // by generation, the newest last; never changed after UnwrapKeys
	index    []byte
}

type kek struct {
	id         [keyIDSize]byte
	generation int
	aead       cipher.AEAD
}

// UnwrapKeys unwraps a practice's keys. It needs at least one to seal with and one for the index.
func UnwrapKeys(ctx context.Context, root Root, practice string, wrapped []Wrapped) (*Keys, error) {
	k := &Keys{practice: practice}
	indexGeneration := 0
	for _, w := range wrapped {
		if w.Practice != practice {
			return nil, fmt.Errorf("a key of another practice: %w", ErrSealed)
		}
		plain, err := root.Unwrap(ctx, w.Root, w.Wrapped, w.ad())
		if err != nil {
			return nil, fmt.Errorf("unwrap a practice's key: %w", err)
		}
		if len(plain) != keySize {
			return nil, fmt.Errorf("unwrap a practice's key: %w", ErrSealed)
		}
		switch w.Use {
		case UseSeal:
			id, err := hex.DecodeString(w.ID)
			if err != nil || len(id) != keyIDSize {
				return nil, fmt.Errorf("a key without an id: %w", ErrSealed)
			}
			a, err := newAEAD(plain)
			if err != nil {
				return nil, err
			}
			k.keks = append(k.keks, kek{[keyIDSize]byte(id), w.Generation, a})
		case UseIndex:
			if w.Generation >= indexGeneration {
				k.index, indexGeneration = plain, w.Generation
			}
		}
	}
	if len(k.keks) == 0 || k.index == nil {
		return nil, fmt.Errorf("a practice without keys: %w", ErrSealed)
	}
	slices.SortFunc(k.keks, func(a, b kek) int { return a.generation - b.generation })
	return k, nil
}

func (k *Keys) newest() *kek { return &k.keks[len(k.keks)-1] }

func (k *Keys) byID(id [keyIDSize]byte) (*kek, bool) {
	for i := range k.keks {
		if k.keks[i].id == id {
			return &k.keks[i], true
		}
	}
	return nil, false
}

// A Shelf is where wrapped keys lie. Put stores those whose practice, use and generation are not there yet and ignores the
// others, so that two servers that make the first keys at once agree on one set.
type Shelf interface {
	Get(ctx context.Context, practice string) ([]Wrapped, error)
	Put(ctx context.Context, keys []Wrapped) error
}

// A Ring opens practices' keys on first use, makes them for a new practice, and keeps them in memory.
type Ring struct {
	root  Root
	shelf Shelf

	mu        sync.Mutex // guards open
	unwrapped map[string]*Keys
}

// NewRing returns a Ring that is safe for use by any goroutine.
func NewRing(root Root, shelf Shelf) *Ring {
	return &Ring{root: root, shelf: shelf, unwrapped: map[string]*Keys{}}
}

// Keys returns a practice's keys; "" is the service's own.
func (r *Ring) Keys(ctx context.Context, practice string) (*Keys, error) {
	r.mu.Lock()
	k := r.unwrapped[practice]
	r.mu.Unlock()
	if k != nil {
		return k, nil
	}
	have, err := r.shelf.Get(ctx, practice)
	if err != nil {
		return nil, fmt.Errorf("look for a practice's keys: %w", err)
	}
	if len(have) == 0 {
		if have, err = r.first(ctx, practice); err != nil {
			return nil, err
		}
	}
	k, err = UnwrapKeys(ctx, r.root, practice, have)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unwrapped[practice] = k
	return k, nil
}

func (r *Ring) first(ctx context.Context, practice string) ([]Wrapped, error) {
	var made []Wrapped
	for _, use := range []string{UseSeal, UseIndex} {
		w, err := NewWrapped(ctx, r.root, practice, use, 1)
		if err != nil {
			return nil, err
		}
		made = append(made, w)
	}
	if err := r.shelf.Put(ctx, made); err != nil {
		return nil, fmt.Errorf("keep a practice's keys: %w", err)
	}
	return r.shelf.Get(ctx, practice) // another server's may have come first
}

// Rotate gives a practice a new key to seal with; what was sealed before still opens. Other servers learn of it by Forget
// or at their next start; what they seal meanwhile opens too.
func (r *Ring) Rotate(ctx context.Context, practice string) error {
	have, err := r.shelf.Get(ctx, practice)
	if err != nil {
		return fmt.Errorf("look for a practice's keys: %w", err)
	}
	generation := 0
	for _, w := range have {
		if w.Use == UseSeal {
			generation = max(generation, w.Generation)
		}
	}
	if generation == 0 {
		return errors.New("rotate: the practice has no keys yet")
	}
	w, err := NewWrapped(ctx, r.root, practice, UseSeal, generation+1)
	if err != nil {
		return err
	}
	if err := r.shelf.Put(ctx, []Wrapped{w}); err != nil {
		return fmt.Errorf("keep a practice's new key: %w", err)
	}
	r.Forget(practice)
	return nil
}

// Forget drops a practice's keys from memory; the next use reads them again.
func (r *Ring) Forget(practice string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.unwrapped, practice)
}
