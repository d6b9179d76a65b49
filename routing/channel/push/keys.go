package push

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lamplight/notes/keyfile"
)

// VAPIDKeys are the service's VAPID keys, base64url. Phones subscribe with Public, so losing Private ends every subscription.
type VAPIDKeys struct {
	Public  string `json:"public"`
	Private string `json:"private"`
}

// NewVAPIDKeys makes a pair.
func NewVAPIDKeys() (VAPIDKeys, error) {
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return VAPIDKeys{}, fmt.Errorf("make push keys: %w", err)
	}
	enc := base64.RawURLEncoding
	return VAPIDKeys{Public: enc.EncodeToString(k.PublicKey().Bytes()), Private: enc.EncodeToString(k.Bytes())}, nil
}

// KeysAt reads the keys kept in a file, or makes and keeps them there, readable by its owner alone. Two processes that make
// them at once end with the same pair.
func KeysAt(path string) (VAPIDKeys, error) {
	k, err := readKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = NewVAPIDKeys(); err != nil {
		return VAPIDKeys{}, err
	}
	text, err := json.Marshal(k)
	if err != nil {
		return VAPIDKeys{}, fmt.Errorf("keep push keys: %w", err)
	}
	if err := keyfile.Make(path, text); err != nil {
		return VAPIDKeys{}, fmt.Errorf("keep push keys: %w", err)
	}
	return readKeys(path)
}

func readKeys(path string) (VAPIDKeys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return VAPIDKeys{}, fmt.Errorf("read push keys: %w", err)
	}
	var k VAPIDKeys
	if err := json.Unmarshal(text, &k); err != nil || k.check() != nil { // what is wrong might quote a key
		return VAPIDKeys{}, fmt.Errorf("the push keys in %s are damaged: restore them from their backup, or have them made anew with "+
			"'lamplight keys renew push.json', and phones subscribe again", path)
	}
	return k, nil
}

func (k VAPIDKeys) check() error {
	enc := base64.RawURLEncoding
	private, err := enc.DecodeString(k.Private)
	if err != nil {
		return errors.New("push: the private key is not base64url")
	}
	key, err := ecdh.P256().NewPrivateKey(private)
	if err != nil {
		return errors.New("push: the private key is not a P-256 key")
	}
	if enc.EncodeToString(key.PublicKey().Bytes()) != k.Public {
		return errors.New("push: the public key is not the private key's")
	}
	return nil
}
