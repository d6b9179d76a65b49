package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"lamplight/notes/postgres"
)

// A RestoreSource is a copy to restore from.
type RestoreSource struct {
	Vault      *Vault
	Identities []age.Identity
	Until      time.Time // take nothing that was committed later; zero takes all there is
	Line       string    // which history, when the copy holds several; "" is that of the newest base backup
}

// A Found is what was restored.
type Found struct {
	Base       Base
	Stored     string    // the WAL up to here
	Newest     time.Time // when its last part was stored
	Checkpoint string    // the newest signed checkpoint that must be in it, "" when none is known
	Lines      []string  // the histories the copy holds
}

// Restore makes a private cluster in cfg.Dir from the copy and returns it running. Its errors say what is missing.
func Restore(ctx context.Context, src RestoreSource, cfg postgres.Config) (*postgres.Cluster, Found, error) {
	f, err := src.choose()
	if err != nil {
		return nil, f, err
	}
	l := f.Base.line()
	plan, err := src.plan(&f)
	if err != nil {
		return nil, f, err
	}
	if err := enoughRoom(cfg.Dir, f.Base.Bytes+int64(len(plan))*segmentBytes); err != nil {
		return nil, f, err
	}
	if src.Until.IsZero() { // of an earlier moment the newest checkpoint says nothing
		b, err := os.ReadFile(src.Vault.checkpoint(l))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, f, fmt.Errorf("read the kept checkpoint: %w", err)
		}
		f.Checkpoint = string(b)
	}
	r, w := io.Pipe()
	read := make(chan error, 1)
	go func() {
		err := get(src.Vault.of(l, f.Base.File), src.Identities, func(plain io.Reader) error {
			_, err := io.Copy(w, plain)
			return err
		})
		w.CloseWithError(err)
		read <- err
	}()
	wal := func(dir string) error {
		if err := <-read; err != nil { // the base's very end tells whether it is whole
			return err
		}
		return src.lay(ctx, l, plan, dir)
	}
	c, err := postgres.Recover(ctx, cfg, postgres.Recovery{Base: r, WAL: wal, Until: src.Until})
	_ = r.Close() // whoever still writes to it learns that nobody reads
	return c, f, err
}

// Find tells what Restore would bring back.
func (s RestoreSource) Find() (Found, error) {
	f, err := s.choose()
	if err == nil {
		_, err = s.plan(&f)
	}
	return f, err
}

// choose finds the base backup to begin with.
func (s RestoreSource) choose() (f Found, err error) {
	bases, err := s.Vault.Bases()
	if err != nil {
		return f, err
	}
	seen := map[string]bool{}
	for _, b := range bases {
		name := b.line().dir()
		if !seen[name] {
			seen[name] = true
			f.Lines = append(f.Lines, name)
		}
		if (s.Line == "" || s.Line == name) && (s.Until.IsZero() || !b.At.After(s.Until)) {
			f.Base = b
		}
	}
	if f.Base.File != "" {
		return f, nil
	}
	return f, fmt.Errorf("no base backup in %s can be restored%s", s.Vault.dir, s.asked())
}

// asked says what of the copy was asked for.
func (s RestoreSource) asked() string {
	text := ""
	if !s.Until.IsZero() {
		text += " that was complete at " + s.Until.Format(time.RFC3339)
	}
	if s.Line != "" {
		text += " of the history " + s.Line
	}
	return text
}

// plan lists the WAL from the base's start as far as it goes without a hole, by segment.
func (s RestoreSource) plan(f *Found) (out [][]piece, err error) {
	start, err := parseLSN(f.Base.Start)
	if err != nil {
		return nil, err
	}
	end, err := parseLSN(f.Base.End)
	if err != nil {
		return nil, err
	}
	l := f.Base.line()
	all, err := s.Vault.pieces(l)
	if err != nil {
		return nil, err
	}
	bySegment := map[segment][]piece{}
	for _, p := range all {
		if p.whole {
			bySegment[p.seg] = []piece{p}
		} else if have := bySegment[p.seg]; len(have) != 1 || !have[0].whole {
			bySegment[p.seg] = append(have, p)
		}
	}
	stored := start.segment().start()
	for seg := start.segment(); len(bySegment[seg]) > 0; seg++ {
		pieces, to := contiguous(bySegment[seg])
		if to == 0 {
			break
		}
		out = append(out, pieces)
		stored = seg.start() + lsn(to)
		if to < segmentBytes {
			break
		}
	}
	if stored < end {
		return nil, fmt.Errorf("the base backup of %s needs the WAL up to %s and the copy in %s has it only up to %s: files are missing "+
			"there",
			f.Base.At.Format(time.RFC3339), end, s.Vault.dir, stored)
	}
	last := out[len(out)-1]
	if fi, err := os.Stat(s.Vault.of(l, "wal", last[len(last)-1].file)); err == nil {
		f.Newest = fi.ModTime()
	}
	f.Stored = stored.String()
	return out, nil
}

// contiguous are the pieces that join from the segment's begin on, and to where they reach.
func contiguous(all []piece) (out []piece, to int) {
	for _, p := range all {
		if p.from > to {
			break
		}
		out, to = append(out, p), max(to, p.to)
	}
	return out, to
}

// lay puts the segments together in a directory. A newer history's mere name keeps the restored cluster from taking it.
func (s RestoreSource) lay(ctx context.Context, l line, plan [][]piece, dir string) error {
	for _, pieces := range plan {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.laySegment(l, pieces, filepath.Join(dir, pieces[0].seg.name(l.Timeline))); err != nil {
			return err
		}
	}
	lines, err := s.Vault.lines()
	if err != nil {
		return err
	}
	for _, other := range lines {
		if other.System != l.System || other.Timeline <= l.Timeline {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%08X.history", other.Timeline)), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s RestoreSource) laySegment(l line, pieces []piece, path string) error {
	seg := make([]byte, segmentBytes) // what is not there is zero, where PostgreSQL sees the end
	for _, p := range pieces {
		if err := get(s.Vault.of(l, "wal", p.file), s.Identities, func(r io.Reader) error {
			_, err := io.ReadFull(r, seg[p.from:p.to])
			return err
		}); err != nil {
			return err
		}
	}
	return os.WriteFile(path, seg, 0o600)
}
