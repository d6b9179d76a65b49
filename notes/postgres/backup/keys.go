package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"
)

// Escrow is where copies of the keys lie, apart from the vault. A copy is never written over: a new one is added when the
// keys have changed.
type Escrow struct {
	Dir string
	To  []age.Recipient
}

// Put adds a copy of the files, by name, when the newest copy there is not the same; it tells whether it did.
func (e Escrow) Put(files map[string][]byte, now time.Time) (bool, error) {
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return false, fmt.Errorf("make the directory of the keys' copies: %w", err)
	}
	if _, err := e.Check(files); err == nil {
		return false, nil
	}
	var sealed strings.Builder
	w, err := age.Encrypt(&sealed, e.To...)
	if err != nil {
		return false, fmt.Errorf("encrypt the keys: %w", err)
	}
	if err := errors.Join(writeTar(w, files, now), w.Close()); err != nil {
		return false, fmt.Errorf("encrypt the keys: %w", err)
	}
	name := fmt.Sprintf("keys-%s-%s-%s.tar.age", now.UTC().Format("20060102T150405.000Z"), sumOf(files), sum([]byte(sealed.String())))
	return true, writeWhole(filepath.Join(e.Dir, name), []byte(sealed.String()))
}

// ErrNoCopy: the keys have no good copy.
var ErrNoCopy = errors.New("the keys have no good copy")

// Check tells when the newest copy was made; it fails with ErrNoCopy when that is damaged or not of these files.
func (e Escrow) Check(files map[string][]byte) (time.Time, error) {
	path, err := e.Newest()
	if err != nil {
		return time.Time{}, err
	}
	parts := strings.Split(strings.TrimSuffix(filepath.Base(path), ".tar.age"), "-")
	at, err := time.Parse("20060102T150405.000Z", parts[1])
	if err != nil || len(parts) != 4 {
		return at, fmt.Errorf("%w: %s is not named as ours are", ErrNoCopy, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return at, fmt.Errorf("read the copy of the keys: %w", err)
	}
	switch {
	case sum(b) != parts[3]:
		return at, fmt.Errorf("%w: %s is damaged", ErrNoCopy, path)
	case sumOf(files) != parts[2]:
		return at, fmt.Errorf("%w: %s is of other keys than this server's", ErrNoCopy, path)
	}
	return at, nil
}

// Newest is the file of the newest copy.
func (e Escrow) Newest() (string, error) {
	names, err := filepath.Glob(filepath.Join(escapeGlob(e.Dir), "keys-*.tar.age"))
	if err != nil || len(names) == 0 {
		return "", fmt.Errorf("%w in %s", ErrNoCopy, e.Dir)
	}
	return slices.Max(names), nil // their names begin with the time
}

// ReadEscrow reads a copy of the keys.
func ReadEscrow(path string, ids []age.Identity) (map[string][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the copy of the keys: %w", err)
	}
	defer f.Close()
	r, err := decrypt(f, path, ids)
	if err != nil {
		return nil, fmt.Errorf("open the copy of the keys: %w", err)
	}
	out := map[string][]byte{}
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the copy of the keys %s: %w", path, err)
		}
		if !filepath.IsLocal(h.Name) {
			return nil, fmt.Errorf("read the copy of the keys %s: it holds the name %q", path, h.Name)
		}
		if out[h.Name], err = io.ReadAll(t); err != nil {
			return nil, fmt.Errorf("read the copy of the keys %s: %w", path, err)
		}
	}
}

func writeTar(w io.Writer, files map[string][]byte, now time.Time) error {
	t := tar.NewWriter(w)
	for name, b := range files {
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b)), ModTime: now,
			Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := t.Write(b); err != nil {
			return err
		}
	}
	return t.Close()
}

// sumOf stands for the files' contents; they are random enough that it gives nothing away.
func sumOf(files map[string][]byte) string {
	h := sha256.New()
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(h, "%s %s\n", name, sum(files[name]))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:8])
}

// enoughRoom refuses a restore that would fill the disk.
func enoughRoom(dir string, bytes int64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the database directory: %w", err)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	const spare = 200 << 20
	if free := int64(st.Bavail) * st.Bsize; free < bytes+spare {
		return fmt.Errorf("the disk of %s has %d MB free and the restore needs %d: free some or choose another directory", dir, free>>20,
			(bytes+spare)>>20)
	}
	return nil
}
