// Package keyfile reads and writes files of secrets, and of what must be whole beside them.
//
// It promises that a file is there whole or not at all, and that only its owner reads it. It leaves to others what stands in one;
// its errors quote none of it.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Read reads a file; one that others can read too is refused.
func Read(path string) ([]byte, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: chmod 600 it, and rotate what it holds if anybody may have", path)
	}
	return os.ReadFile(path)
}

// Make puts a file in place for its owner alone, durably. When another process was first its file stays, and that is no error:
// whoever makes a secret reads afterwards which it became.
func Make(path string, b []byte) error {
	tmp, err := beside(path, b, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	// A link, unlike a rename, fails when another process was first.
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Replace puts a file of this mode in the place of the one there was. After the machine has gone down either may be there.
func Replace(path string, b []byte, mode fs.FileMode) error {
	tmp, err := beside(path, b, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// beside writes a file beside path.
func beside(path string, b []byte, mode fs.FileMode) (tmp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return f.Name(), nil
}
