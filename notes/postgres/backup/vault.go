package backup

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"
)

// A Vault is the directory of a copy. Everything in it but names, base backups' times and signed checkpoints is encrypted.
type Vault struct {
	dir string
	id  string // of this copy; "" until something was written
	to  []age.Recipient
}

const idFile = "vault-id"

// OpenVault opens a copy, and with a recipient makes it when it is not there. Without one nothing can be written.
func OpenVault(dir string, to ...age.Recipient) (*Vault, error) {
	v := &Vault{dir: dir, to: to}
	id, err := os.ReadFile(filepath.Join(dir, idFile))
	if errors.Is(err, os.ErrNotExist) && len(to) > 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the backup directory: %w", err)
		}
		id = []byte(rand.Text())
		return &Vault{dir, string(id), to}, writeWhole(filepath.Join(dir, idFile), id)
	}
	if errors.Is(err, os.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the backup directory: %w", err)
	}
	v.id = string(id)
	return v, nil
}

// ID names this copy, wherever its disk is mounted.
func (v *Vault) ID() string { return v.id }

// ErrKept: another process keeps the vault.
var ErrKept = errors.New("another process already keeps this backup directory")

// lock makes the vault one process's.
func (v *Vault) lock() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(v.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("use the backup directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("%w: %s", ErrKept, v.dir)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (v *Vault) of(l line, name ...string) string {
	return filepath.Join(append([]string{v.dir, l.dir()}, name...)...)
}

func (v *Vault) checkpoint(l line) string { return v.of(l, "checkpoint") }

// prepare makes a line's directories, in the copy that was opened: where its disk is not mounted any more something else is.
func (v *Vault) prepare(l line) error {
	if id, err := os.ReadFile(filepath.Join(v.dir, idFile)); err != nil || string(id) != v.id {
		return fmt.Errorf("the backup directory %s is not there, or another is in its place: is its disk mounted?", v.dir)
	}
	if err := os.MkdirAll(v.of(l, "wal"), 0o700); err != nil {
		return fmt.Errorf("write to the backup directory: %w", err)
	}
	return nil
}

// put stores what fill writes, compressed and encrypted, whole and durable or not at all.
func (v *Vault) put(path string, fill func(io.Writer) error) error {
	return whole(path, func(f io.Writer) error {
		sealed, err := age.Encrypt(f, v.to...)
		if err != nil {
			return err
		}
		packed, err := gzip.NewWriterLevel(sealed, gzip.BestSpeed)
		if err != nil {
			return err
		}
		if err := fill(packed); err != nil {
			return err
		}
		if err := packed.Close(); err != nil {
			return err
		}
		return sealed.Close()
	})
}

// get reads what put stored.
func get(path string, ids []age.Identity, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sealed, err := decrypt(f, path, ids)
	if err != nil {
		return err
	}
	packed, err := gzip.NewReader(sealed)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := read(packed); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	// To the true end: age tells of a file that was cut or altered only there.
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func decrypt(r io.Reader, path string, ids []age.Identity) (io.Reader, error) {
	plain, err := age.Decrypt(r, ids...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, fmt.Errorf("%s was not encrypted for the identity given: give the one whose recipient the server had", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return plain, nil
}

// whole writes a file beside its place and moves it there when it is durable.
func whole(path string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write to the backup directory: %w", err)
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return syncDir(filepath.Dir(path))
}

func writeWhole(path string, b []byte) error {
	return whole(path, func(w io.Writer) error { _, err := w.Write(b); return err })
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A Base is a base backup that can be restored.
type Base struct {
	System   string    `json:"system"`
	Timeline int       `json:"timeline"`
	Postgres int       `json:"postgres"` // the major version
	Start    string    `json:"start"`    // the WAL is needed from here
	End      string    `json:"end"`      // and at least to here
	At       time.Time `json:"at"`       // when it was complete
	Seconds  float64   `json:"seconds"`  // how long it took
	Bytes    int64     `json:"bytes"`    // of the data directory
	File     string    `json:"file"`
}

func (b Base) line() line { return line{b.System, b.Timeline} }

// bases lists a line's, the newest last.
func (v *Vault) bases(l line) ([]Base, error) {
	names, err := filepath.Glob(filepath.Join(escapeGlob(v.of(l)), "base-*.json"))
	if err != nil {
		return nil, fmt.Errorf("look for base backups: %w", err)
	}
	var out []Base
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a base backup: %w", err)
		}
		var b Base
		if err := json.Unmarshal(text, &b); err != nil {
			return nil, fmt.Errorf("read the base backup %s: %w", name, err)
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Base) int { return a.At.Compare(b.At) })
	return out, nil
}

// Bases lists every base backup that can be restored, the newest last.
func (v *Vault) Bases() ([]Base, error) {
	lines, err := v.lines()
	if err != nil {
		return nil, err
	}
	var out []Base
	for _, l := range lines {
		more, err := v.bases(l)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	slices.SortFunc(out, func(a, b Base) int { return a.At.Compare(b.At) })
	return out, nil
}

func (v *Vault) lines() ([]line, error) {
	all, err := os.ReadDir(v.dir)
	if err != nil {
		return nil, fmt.Errorf("look into the backup directory: %w", err)
	}
	var out []line
	for _, d := range all {
		system, timeline, ok := strings.Cut(d.Name(), "-")
		n, err := strconv.Atoi(timeline)
		if d.IsDir() && ok && err == nil {
			out = append(out, line{system, n})
		}
	}
	return out, nil
}

// A piece is a file of the WAL: a whole segment, or a part of one.
type piece struct {
	file     string
	seg      segment
	whole    bool
	n        int // counts up: of two that overlap the later is right
	from, to int
}

func (p piece) end() lsn { return p.seg.start() + lsn(p.to) }

// pieces lists the WAL of a line, in the order in which it is put together.
func (v *Vault) pieces(l line) ([]piece, error) {
	all, err := os.ReadDir(v.of(l, "wal"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look into the backup directory: %w", err)
	}
	var out []piece
	for _, d := range all {
		if p, ok := parsePiece(d.Name()); ok {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b piece) int { return cmp.Or(cmp.Compare(a.seg, b.seg), cmp.Compare(a.n, b.n)) })
	return out, nil
}

func parsePiece(file string) (p piece, ok bool) {
	name, ok := strings.CutSuffix(file, ".age")
	if !ok {
		return p, false
	}
	parts := strings.Split(name, ".")
	if p.seg, ok = parseSegment(parts[0]); !ok {
		return p, false
	}
	p.file = file
	switch len(parts) {
	case 1:
		p.whole, p.to = true, segmentBytes
		return p, true
	case 3:
		from, to, ok := strings.Cut(parts[2], "-")
		var errs [3]error
		p.n, errs[0] = strconv.Atoi(parts[1])
		p.from, errs[1] = strconv.Atoi(from)
		p.to, errs[2] = strconv.Atoi(to)
		return p, ok && errors.Join(errs[:]...) == nil && p.from < p.to && p.to <= segmentBytes
	}
	return p, false
}

// stored is up to where a line's WAL lies in the vault, 0 when none does.
func (v *Vault) stored(l line) (lsn, error) {
	all, err := v.pieces(l)
	var end lsn
	for _, p := range all {
		end = max(end, p.end())
	}
	return end, err
}

// waitFor returns when a line's WAL is stored up to at.
func (v *Vault) waitFor(ctx context.Context, l line, at lsn) error {
	const patience = time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNobodyStreams)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		have, err := v.stored(l)
		if err != nil || have >= at {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// prune forgets the oldest bases, the WAL that only they need, and what a killed process left half-written.
func (v *Vault) prune(l line, keep int) error {
	bases, err := v.bases(l)
	if err != nil || len(bases) == 0 {
		return err
	}
	kept := bases[max(0, len(bases)-keep):]
	from, err := parseLSN(kept[0].Start)
	if err != nil {
		return err
	}
	var doomed []string
	for _, b := range bases[:len(bases)-len(kept)] { // the description first: a base without one is none
		doomed = append(doomed, v.of(l, described(b.File)), v.of(l, b.File))
	}
	all, err := v.pieces(l)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.seg < from.segment() {
			doomed = append(doomed, v.of(l, "wal", p.file))
		}
	}
	for _, path := range append(doomed, v.leftovers(l, kept)...) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("forget an old backup: %w", err)
		}
	}
	return nil
}

// leftovers are files of a line that nobody finished: temporary ones of yesterday, and bases that never became whole.
func (v *Vault) leftovers(l line, kept []Base) (out []string) {
	old := time.Now().Add(-24 * time.Hour)
	for _, pattern := range []string{"base-*.tar.gz.age", ".new-*", "wal/.new-*"} {
		names, err := filepath.Glob(filepath.Join(escapeGlob(v.of(l)), pattern))
		if err != nil {
			continue // the pattern is ours
		}
		for _, name := range names {
			fi, err := os.Stat(name)
			ours := slices.ContainsFunc(kept, func(b Base) bool { return b.File == filepath.Base(name) })
			if err == nil && !ours && fi.ModTime().Before(old) {
				out = append(out, name)
			}
		}
	}
	return out
}

// described is the file that describes a base backup's.
func described(file string) string { return strings.TrimSuffix(file, ".tar.gz.age") + ".json" }

var escapeGlob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace
