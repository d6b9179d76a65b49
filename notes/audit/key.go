package audit

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"lamplight/notes/keyfile"
)

// A Key signs checkpoints (Ed25519) and authenticates leaves that wait. It lives in a file of mode 0600, away from the
// database; beside it lies the newest checkpoint, so that a database set back to an older state is noticed.
type Key struct {
	path     string
	signer   note.Signer
	verifier note.Verifier
	public   string
	macKey   []byte
}

type keyFile struct {
	Signer   string `json:"signer"`   // golang.org/x/mod/sumdb/note's form
	Verifier string `json:"verifier"` // may be published
	MAC      []byte `json:"mac"`
}

// LoadKey reads the log's key at path, making it, under the name given, when there is none. The name stands on every
// checkpoint; it may hold no space and no plus.
func LoadKey(path, name string) (*Key, error) {
	k, err := readKey(path)
	if !errors.Is(err, os.ErrNotExist) {
		return k, err
	}
	signer, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	mac := make([]byte, 32)
	rand.Read(mac)
	b, err := json.Marshal(keyFile{signer, verifier, mac})
	if err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	if err := keyfile.Make(path, b); err != nil {
		return nil, fmt.Errorf("make the audit key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (*Key, error) {
	b, err := keyfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("read the audit key: %w", err)
	}
	damaged := fmt.Errorf("the audit key %s is damaged: restore it from its backup", path)
	var f keyFile
	if err := json.Unmarshal(b, &f); err != nil || len(f.MAC) != 32 {
		return nil, damaged
	}
	k := &Key{path: path, public: f.Verifier, macKey: f.MAC}
	if k.signer, err = note.NewSigner(f.Signer); err != nil {
		return nil, damaged
	}
	if k.verifier, err = note.NewVerifier(f.Verifier); err != nil {
		return nil, damaged
	}
	return k, nil
}

// Public is the verifier key, to be given to whoever wants to check checkpoints without trusting this service.
func (k *Key) Public() string { return k.public }

func (k *Key) remembered() string { return strings.TrimSuffix(k.path, ".key") + ".checkpoint" }

// Remember keeps the newest checkpoint beside the key.
func (k *Key) Remember(checkpoint string) error {
	if err := keyfile.Replace(k.remembered(), []byte(checkpoint), 0o600); err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	return nil
}

// Remembered is the checkpoint kept beside the key, "" when there is none yet.
func (k *Key) Remembered() (string, error) {
	b, err := os.ReadFile(k.remembered())
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the kept checkpoint: %w", err)
	}
	return string(b), nil
}
