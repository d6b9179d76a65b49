package seal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"lamplight/notes/keyfile"
)

// A Keyring is a Root in a file of this machine, mode 0600. It is the embedded default: whoever has the file and a copy of
// the database can open everything, so the two are backed up apart.
type Keyring struct {
	path   string
	newest string
	keys   map[string][]byte
}

var _ Root = (*Keyring)(nil)

// keyringFile is the file's form.
type keyringFile struct {
	Newest string            `json:"newest"`
	Keys   map[string][]byte `json:"keys"` // by id; 32 bytes, base64
}

// LoadKeyring reads the keyring at path, making it with one new key when there is none. It refuses a file that others can
// read. Two processes that make it at once agree on one.
func LoadKeyring(path string) (*Keyring, error) {
	k, err := readKeyring(path)
	if !errors.Is(err, os.ErrNotExist) {
		return k, err
	}
	f := keyringFile{Newest: "root-1", Keys: map[string][]byte{"root-1": fresh()}}
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("make the keyring: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the keyring: %w", err)
	}
	if err := keyfile.Make(path, b); err != nil {
		return nil, fmt.Errorf("make the keyring: %w", err)
	}
	return readKeyring(path)
}

func readKeyring(path string) (*Keyring, error) {
	b, err := keyfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read the keyring: %w", err)
	}
	var f keyringFile
	if err := json.Unmarshal(b, &f); err != nil {
		// The decoder's error may quote the file.
		return nil, fmt.Errorf("the keyring %s is damaged: restore it from its backup; without it nothing sealed can be opened", path)
	}
	for _, key := range f.Keys {
		if len(key) != keySize {
			return nil, fmt.Errorf("the keyring %s is damaged: restore it from its backup; without it nothing sealed can be opened", path)
		}
	}
	if f.Keys[f.Newest] == nil {
		return nil, fmt.Errorf("the keyring %s names no newest key: restore it from its backup", path)
	}
	return &Keyring{path: path, newest: f.Newest, keys: f.Keys}, nil
}

// Wrap wraps with the newest root key.
func (k *Keyring) Wrap(_ context.Context, key, ad []byte) (string, []byte, error) {
	a, err := newAEAD(k.keys[k.newest])
	if err != nil {
		return "", nil, err
	}
	return k.newest, a.Seal(nil, nil, key, ad), nil
}

// Unwrap undoes Wrap.
func (k *Keyring) Unwrap(_ context.Context, root string, wrapped, ad []byte) ([]byte, error) {
	key := k.keys[root]
	if key == nil {
		return nil, fmt.Errorf("the keyring %s does not hold the root key %s: this database belongs to another keyring", k.path,
			strconv.Quote(root))
	}
	a, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, wrapped, ad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
