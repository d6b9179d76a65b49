// Package tree is the arithmetic of the transparency log: what a leaf says, how a row is hashed, how the tree grows and how its
// signed heads are checked. It promises to be pure: no database, no clock, no randomness; an offline verifier needs nothing else.
// It is a package of its own so that an import test can hold it to that.
//
// It leaves to others: where leaves and hashes lie, who sequences them, and what a finding means to a person (notes/audit).
package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Entry is what a leaf tells: who did what to which object. It holds codes and ids only, never a patient's word.
type Entry struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`             // a person's id, or the part of the server that acted ("telephony")
	Action  string    `json:"action"`            // "note.taken"
	Kind    string    `json:"kind"`              // what Object names: "note", "call"
	Object  string    `json:"object"`            // its id
	Account string    `json:"account,omitempty"` // the practice
	Detail  []string  `json:"detail,omitempty"`  // codes
	Rows    []Row     `json:"rows,omitempty"`    // the rows this act wrote, as they stand after it
}

// A Row is a business row a leaf vouches for. Hash is empty when the act removed the row.
type Row struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Hash string `json:"hash"`
}

// Removed vouches that a row was removed by the act.
func Removed(kind, id string) Row { return Row{Kind: kind, ID: id} }

const leafFormat = "lamplight leaf 1\n"

// Encode returns the bytes of the leaf, which are hashed and stored as they are. It refuses an entry that names nobody or
// nothing, and details that are no codes: a leaf lasts for ever, and a patient's word in it could never be taken out.
func (e Entry) Encode() ([]byte, error) {
	if e.Actor == "" || e.Action == "" || e.Kind == "" || e.Object == "" || e.At.IsZero() {
		return nil, errors.New("audit: an entry needs a time, an actor, an action and an object")
	}
	for _, s := range append([]string{e.Actor, e.Action, e.Kind, e.Object, e.Account}, e.Detail...) {
		if !IsCode(s) {
			return nil, fmt.Errorf("audit: %s holds something that is no code or id", strconv.Quote(e.Action))
		}
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return append([]byte(leafFormat), b...), nil
}

// Decode reads a leaf. It accepts exactly what Encode writes.
func Decode(body []byte) (Entry, error) {
	rest, ok := bytes.CutPrefix(body, []byte(leafFormat))
	if !ok {
		return Entry{}, errors.New("audit: not a leaf of a known form")
	}
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(rest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return Entry{}, errors.New("audit: a leaf that cannot be read")
	}
	return e, nil
}

// IsCode accepts ids and codes: no spaces, no letters outside ASCII, no "+" (so no telephone number in E.164 form).
func IsCode(s string) bool {
	if len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		}
		return !strings.ContainsRune("-_.:/,*=", r)
	}) < 0
}

// HashRow hashes a row: its kind and, in the order given, each column's name and value. A null column is left out, so that a
// column added later, null in old rows, leaves their hashes as they were. Values are of the types PostgreSQL's driver gives
// back: string, []byte, bool, time.Time, integers, and slices of string or []byte; nil pointers are null. A time counts to the microsecond.
func HashRow(kind string, columns []string, values []any) (string, error) {
	if len(columns) != len(values) {
		return "", fmt.Errorf("audit: a row of %s has %d columns and %d values", kind, len(columns), len(values))
	}
	b := appendPart(nil, 'k', []byte("lamplight row 1\n"+kind))
	for i, v := range values {
		if v = flat(v); v == nil {
			continue
		}
		b = appendPart(b, 'c', []byte(columns[i]))
		var err error
		if b, err = appendValue(b, v); err != nil {
			return "", fmt.Errorf("audit: column %s of %s: %w", columns[i], kind, err)
		}
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// flat turns what writers pass into what the driver gives back.
func flat(v any) any {
	switch v := v.(type) {
	case *string:
		if v == nil {
			return nil
		}
		return *v
	case *time.Time:
		if v == nil {
			return nil
		}
		return *v
	case []byte:
		if v == nil {
			return nil
		}
	}
	return v
}

func appendPart(b []byte, tag byte, part []byte) []byte {
	b = append(b, tag)
	b = binary.AppendUvarint(b, uint64(len(part)))
	return append(b, part...)
}

func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendPart(b, 's', []byte(v)), nil
	case []byte:
		return appendPart(b, 'b', v), nil
	case bool:
		return appendPart(b, 't', strconv.AppendBool(nil, v)), nil
	case int:
		return appendPart(b, 'i', strconv.AppendInt(nil, int64(v), 10)), nil
	case int16:
		return appendPart(b, 'i', strconv.AppendInt(nil, int64(v), 10)), nil
	case int32:
		return appendPart(b, 'i', strconv.AppendInt(nil, int64(v), 10)), nil
	case int64:
		return appendPart(b, 'i', strconv.AppendInt(nil, v, 10)), nil
	case time.Time:
		return appendPart(b, 'd', strconv.AppendInt(nil, v.UnixMicro(), 10)), nil
	case [][]byte:
		return appendList(b, v)
	case []string:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	}
	return nil, fmt.Errorf("values of type %T are not hashed", v)
}

func appendList[T any](b []byte, list []T) ([]byte, error) {
	b = append(b, 'l')
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, v := range list {
		var err error
		if b, err = appendValue(b, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}
