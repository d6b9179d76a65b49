package ari_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zaf/g711"

	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// A voice is whose sound it is.
type voice byte

const (
	ofCaller voice = 1
	ofAgent  voice = 2
)

// What a counted frame holds, as mu-law codes: its number's two digits of base hundred, then whose it is. Each code lasts
// a third of the frame, and comes through Asterisk as it was.
const (
	base  = 100
	third = speech.FrameSize / 2 / 3
	whose = base // the codes from here on
)

// counted is sound each frame of which tells its number, from first on, and whose it is.
func counted(v voice, first, n int) speech.PCM {
	var p speech.PCM
	for k := first; k < first+n; k++ {
		frame := slices.Repeat([]byte{whose + byte(v)}, speech.FrameSize/2)
		for i := range third {
			frame[i], frame[third+i] = byte(k/base), byte(k%base)
		}
		p = append(p, g711.DecodeUlaw(frame)...)
	}
	return p
}

// codes tells what a sample of counted was made of.
var codes = func() map[uint16]byte {
	m := map[uint16]byte{}
	for c := range whose + 1 + byte(ofAgent) {
		m[binary.LittleEndian.Uint16(g711.DecodeUlaw([]byte{c}))] = c
	}
	return m
}()

// number reads a counted frame; ok is false for any other.
func number(frame speech.PCM) (v voice, k int, ok bool) {
	var c [3]byte
	for i := range c {
		for _, at := range []int{i * third, (i+1)*third - 1} { // torn apart, a third begins with another code than it ends
			code, known := codes[binary.LittleEndian.Uint16(frame[2*at:])]
			if !known || at > i*third && code != c[i] {
				return 0, 0, false
			}
			c[i] = code
		}
	}
	return voice(c[2] - whose), int(c[0])*base + int(c[1]), c[0] < base && c[1] < base && c[2] > whose
}

// count tells at which frame of some sound each counted frame of a voice is. It is an error when one is there twice or
// out of order, when one is torn, or when another voice is heard.
func count(p speech.PCM, v voice) (map[int]int, error) {
	at := map[int]int{}
	var wrong error
	last := -1
	for i := 0; (i+1)*speech.FrameSize <= len(p); i++ {
		frame := p[i*speech.FrameSize : (i+1)*speech.FrameSize]
		if frame.Level() < 50 { // the codes are 130 and more
			continue
		}
		whose, k, ok := number(frame)
		switch {
		case !ok:
			wrong = fmt.Errorf("frame %d is none that was said", i)
		case whose != v:
			wrong = fmt.Errorf("frame %d is of the other voice", i)
		case k <= last:
			wrong = fmt.Errorf("frame %d is number %d, after number %d", i, k, last)
		default:
			at[k], last = i, k
		}
	}
	return at, wrong
}

// An earwitness notes when a phone hears the other's counted frames.
type earwitness struct {
	mu    sync.Mutex // guards heard
	heard map[int]time.Time
}

func witness(c *phone.Call) *earwitness {
	w := &earwitness{heard: map[int]time.Time{}}
	go func() {
		frame := make(speech.PCM, speech.FrameSize)
		for filled := 0; ; {
			n, err := c.Read(frame[filled:])
			if err != nil {
				return // the call is over
			}
			if filled += n; filled < len(frame) {
				continue
			}
			filled = 0
			if _, k, ok := number(frame); ok {
				w.mu.Lock()
				w.heard[k] = time.Now()
				w.mu.Unlock()
			}
		}
	}()
	return w
}

func (w *earwitness) at(k int) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.heard[k]
	return at, ok
}

// converse has both speak at once, n frames from number first on, and returns when it is all heard and recorded.
func converse(t *testing.T, caller, agent *person, first, n int) {
	t.Helper()
	var said sync.WaitGroup
	errs := make([]error, 2)
	for i, p := range []*person{caller, agent} {
		said.Go(func() { errs[i] = utter(t.Context(), p, voice(i+1), first, n) })
	}
	said.Wait()
	must(t, errs...)
}

// utter says n counted frames, then half a second of nothing: what was recorded is written a few frames after it was said.
func utter(ctx context.Context, p *person, v voice, first, n int) error {
	c := p.talks()
	return errors.Join(c.Play(ctx, counted(v, first, n)), c.Play(ctx, make(speech.PCM, speech.Rate)))
}

// missing are those of n frames from number first on that are not there.
func missing(at map[int]int, first, n int) (not []int) {
	for k := first; k < first+n; k++ {
		if _, ok := at[k]; !ok {
			not = append(not, k)
		}
	}
	return not
}

// withoutMusic silences all but counted frames: music on hold is none.
func withoutMusic(p speech.PCM) speech.PCM {
	p = slices.Clone(p)
	for i := 0; i+speech.FrameSize <= len(p); i += speech.FrameSize {
		if _, _, ok := number(p[i : i+speech.FrameSize]); !ok {
			clear(p[i : i+speech.FrameSize])
		}
	}
	return p
}
