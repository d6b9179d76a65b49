package seal

import (
	"crypto/cipher"
	"errors"
	"io"
)

// ChunkSize is how many bytes of a stream are sealed at a time.
const ChunkSize = 256 << 10

// A Stream seals or opens one long value in chunks, under one key of its own. Each chunk is bound to its place and to being
// the last or not: chunks that are missing, moved, repeated, cut off or of another stream do not open.
type Stream struct {
	label Label
	data  cipher.AEAD
	next  uint64
	done  bool
}

var errStreamOver = errors.New("seal: the stream has ended")

// NewStream starts sealing a stream for l. head must be kept beside the chunks.
func (k *Keys) NewStream(l Label) (s *Stream, head []byte, err error) {
	head, data, err := k.head(l, 0)
	if err != nil {
		return nil, nil, err
	}
	return &Stream{label: l, data: data}, head, nil
}

// UnsealStream starts opening the stream whose head this is. The error is ErrSealed when it is not l's.
func (k *Keys) UnsealStream(l Label, head []byte) (*Stream, error) {
	data, rest, err := k.unsealHead(l, head)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, ErrSealed
	}
	return &Stream{label: l, data: data}, nil
}

func (s *Stream) ad(last bool) []byte {
	end := uint64(0)
	if last {
		end = 1
	}
	return s.label.ad("chunk", s.next, end)
}

// Seal seals the next chunk; last says that none follows. A stream has at least one chunk, which may be empty.
func (s *Stream) Seal(plain []byte, last bool) ([]byte, error) {
	if s.done {
		return nil, errStreamOver
	}
	out := s.data.Seal(nil, nil, plain, s.ad(last))
	s.next++
	s.done = last
	return out, nil
}

// Unseal opens the next chunk; last must say truly whether none follows.
func (s *Stream) Unseal(sealed []byte, last bool) ([]byte, error) {
	if s.done {
		return nil, ErrSealed
	}
	plain, err := s.data.Open(nil, nil, sealed, s.ad(last))
	if err != nil {
		return nil, ErrSealed
	}
	s.next++
	s.done = last
	return plain, nil
}

// A Writer cuts what is written into chunks and hands each, sealed, to put. Close seals the last one; a Writer that is not
// closed leaves a stream that does not open to its end.
type Writer struct {
	s     *Stream
	put   func(n int, sealed []byte) error
	buf   []byte
	n     int
	total int64
	err   error
}

var _ io.WriteCloser = (*Writer)(nil)

// NewWriter writes s through put, which is called in order with n from 0.
func NewWriter(s *Stream, put func(n int, sealed []byte) error) *Writer {
	return &Writer{s: s, put: put, buf: make([]byte, 0, ChunkSize)}
}

func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 && w.err == nil {
		if len(w.buf) == ChunkSize { // full, and more follows: not the last
			w.flush(false)
			continue
		}
		n := min(len(p), ChunkSize-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p, written = p[n:], written+n
	}
	w.total += int64(written)
	return written, w.err
}

// Close seals what is left as the last chunk.
func (w *Writer) Close() error {
	if w.err == nil {
		w.flush(true)
	}
	clear(w.buf[:cap(w.buf)])
	return w.err
}

// Chunks is how many chunks have been put; Total how many bytes were written.
func (w *Writer) Chunks() int  { return w.n }
func (w *Writer) Total() int64 { return w.total }

func (w *Writer) flush(last bool) {
	sealed, err := w.s.Seal(w.buf, last)
	if err == nil {
		err = w.put(w.n, sealed)
	}
	w.n++
	w.buf, w.err = w.buf[:0], err
}
