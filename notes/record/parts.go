package record

import (
	"encoding/binary"
	"fmt"
	"io"
)

// wavHead is the length of what stands before the sound in a recording.
const wavHead = 44

// parts joins WAV files of one form to one: the first keeps its head, with the sum of their lengths in it.
type parts struct {
	w     io.Writer
	bytes []int64 // of each part
	skip  int     // what is still to come of the head of the part that is written
	head  []byte  // the first part's
}

func (p *parts) Write(b []byte) (int, error) {
	n := len(b)
	head := b[:min(p.skip, n)]
	b, p.skip = b[len(head):], p.skip-len(head)
	if len(p.head) < wavHead {
		if p.head = append(p.head, head...); len(p.head) == wavHead {
			if err := p.begin(); err != nil {
				return 0, err
			}
		}
	}
	if _, err := p.w.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// begin writes the head of the whole.
func (p *parts) begin() error {
	var sound int64
	for _, n := range p.bytes {
		if n < wavHead {
			return fmt.Errorf("a recording of %d bytes is no WAV file", n)
		}
		sound += n - wavHead
	}
	if sized, ok := p.w.(Sized); ok {
		if err := sized.Size(sound + wavHead); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(p.head[4:], uint32(sound+wavHead-8))
	binary.LittleEndian.PutUint32(p.head[40:], uint32(sound))
	_, err := p.w.Write(p.head)
	return err
}
