// Package seal keeps patients' words unreadable at rest. Every value is sealed with a key of its own (DEK), which is wrapped by
// the practice's key (KEK), which is wrapped by a Root that never enters the database.
//
//	Root ──wraps──▶ KEK of a practice ──wraps──▶ DEK of one value ──seals──▶ the value
//	        └─────▶ index key of a practice ──▶ search terms (HMAC)
//
// It promises: AES-256-GCM under Go's FIPS 140-3 module, also with GODEBUG=fips140=only; a sealed value opens only under the
// practice, kind, id and version it was sealed for, so that values cannot be swapped between rows; a stream's chunks open only
// in their order and only to its true end; search terms of one practice say nothing about another's. A copy of the database
// without the root opens nothing.
//
// It leaves to others: where sealed bytes and wrapped keys lie (notes, notes/postgres), and who may open (notes/access). It
// imports no driver and keeps no log. Deleting a practice's wrapped keys shreds everything sealed under them.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrSealed is returned when a value does not open: it was altered, or belongs elsewhere, or its key is gone. It does not
// say which, and its text holds nothing of the value.
var ErrSealed = errors.New("the sealed value does not open")

// A Label is what a sealed value is bound to. Opening it under any other label fails.
type Label struct {
	Practice string // an account's id; "" for what belongs to no practice
	Kind     string // "note.body", "call.caller"
	ID       string // the row's id
	Version  int
}

// ad is the label as associated data: each part with its length, so that no two labels read alike.
func (l Label) ad(purpose string, more ...uint64) []byte {
	b := make([]byte, 0, 64+len(l.Practice)+len(l.Kind)+len(l.ID))
	for _, s := range []string{"lamplight seal 1", purpose, l.Practice, l.Kind, l.ID} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendUvarint(b, uint64(l.Version))
	for _, n := range more {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

const (
	format    = 1 // the first byte of everything sealed
	keySize   = 32
	keyIDSize = 16
	overhead  = 12 + 16 // nonce and tag of AES-GCM
	headSize  = 1 + keyIDSize + keySize + overhead
)

// newAEAD makes the AEAD of a key. Nonces are random and stand before the ciphertext; a key of one value never comes near
// the 2^32 messages that random nonces allow, and a KEK only wraps.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return a, nil
}

// fresh returns a new random key. crypto/rand.Read never fails.
func fresh() []byte {
	k := make([]byte, keySize)
	rand.Read(k)
	return k
}

// Seal seals plain for l. The result is 105 bytes longer and different each time.
func (k *Keys) Seal(l Label, plain []byte) ([]byte, error) {
	out, data, err := k.head(l, len(plain)+overhead)
	if err != nil {
		return nil, err
	}
	return data.Seal(out, nil, plain, l.ad("value")), nil
}

// Unseal opens what Seal sealed for the same label, under any key the practice has had. The error is ErrSealed.
func (k *Keys) Unseal(l Label, sealed []byte) ([]byte, error) {
	data, rest, err := k.unsealHead(l, sealed)
	if err != nil {
		return nil, err
	}
	plain, err := data.Open(nil, nil, rest, l.ad("value"))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// head makes a value's key and its wrapped form: format, KEK id, wrapped DEK. room is spare capacity for what follows.
func (k *Keys) head(l Label, room int) ([]byte, cipher.AEAD, error) {
	if l.Practice != k.practice {
		return nil, nil, fmt.Errorf("seal: a value of another practice")
	}
	kek := k.newest()
	dek := fresh()
	data, err := newAEAD(dek)
	if err != nil {
		return nil, nil, err
	}
	out := make([]byte, 0, headSize+room)
	out = append(out, format)
	out = append(out, kek.id[:]...)
	return kek.aead.Seal(out, nil, dek, l.ad("key")), data, nil
}

func (k *Keys) unsealHead(l Label, sealed []byte) (cipher.AEAD, []byte, error) {
	if len(sealed) < headSize || sealed[0] != format || l.Practice != k.practice {
		return nil, nil, ErrSealed
	}
	kek, ok := k.byID([keyIDSize]byte(sealed[1 : 1+keyIDSize]))
	if !ok {
		return nil, nil, ErrSealed
	}
	dek, err := kek.aead.Open(nil, nil, sealed[1+keyIDSize:headSize], l.ad("key"))
	if err != nil {
		return nil, nil, ErrSealed
	}
	data, err := newAEAD(dek)
	if err != nil {
		return nil, nil, err
	}
	return data, sealed[headSize:], nil
}
