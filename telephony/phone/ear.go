package phone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"lamplight/telephony/phone/speech"
)

const mostUnread = 10 * speech.FrameSize // what a slow reader finds

// An ear holds what was heard: the part nobody has read yet, and the memory of it all.
type ear struct {
	most int // bytes of memory

	mu     sync.Mutex // guards what follows
	moved  *sync.Cond // something was heard, or the call is over
	unread []byte
	memory []byte
	frames []frame // when each packet came, and how loud it was
	over   error   // why nothing more comes, io.EOF for an ordinary end

	ssrc   uint32
	expect uint32    // the timestamp that follows without a gap
	ends   time.Time // when the last packet came
}

type frame struct {
	at    time.Time
	level float64
}

func newEar(remember time.Duration) *ear {
	e := &ear{most: int(remember/speech.FrameTime) * speech.FrameSize}
	e.moved = sync.NewCond(&e.mu)
	return e
}

// take keeps a packet's sound. Where the sender paused, silence is kept: the packet's timestamp and the clock must both
// tell of the pause, because a timestamp can jump without one and a late packet is no pause.
func (e *ear) take(ssrc, timestamp uint32, sound speech.PCM, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.frames) > 0 {
		gap := now.Sub(e.ends) - speech.FrameTime
		if ssrc == e.ssrc {
			gap = min(gap, time.Duration(int32(timestamp-e.expect))*time.Second/speech.Rate)
		}
		if n := int(gap / speech.FrameTime); n > 1 {
			e.keep(make([]byte, min(n*speech.FrameSize, e.most)))
		}
	}
	e.ssrc, e.expect, e.ends = ssrc, timestamp+uint32(len(sound)/2), now
	e.keep(sound)
	e.frames = append(e.frames, frame{now, sound.Level()})
	if most := e.most / speech.FrameSize; len(e.frames) > most+most/4 {
		e.frames = append([]frame(nil), e.frames[len(e.frames)-most:]...)
	}
	if e.unread = append(e.unread, sound...); len(e.unread) > mostUnread {
		e.unread = append([]byte(nil), e.unread[len(e.unread)-mostUnread:]...)
	}
	e.moved.Broadcast()
}

// keep adds to the memory. It is cut seldom, so that remembering costs no copy a packet.
func (e *ear) keep(sound []byte) {
	if e.memory = append(e.memory, sound...); len(e.memory) > e.most+e.most/4 {
		e.memory = append([]byte(nil), e.memory[len(e.memory)-e.most:]...)
	}
}

func (e *ear) all() speech.PCM {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.memory
	if len(m) > e.most {
		m = m[len(m)-e.most:]
	}
	return append(speech.PCM(nil), m...)
}

func (e *ear) read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.unread) == 0 {
		if e.over != nil {
			return 0, e.over
		}
		e.moved.Wait()
	}
	n := copy(p, e.unread)
	e.unread = e.unread[n:]
	return n, nil
}

func (e *ear) above(ctx context.Context, level float64, after time.Time) (time.Time, error) {
	stop := context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.moved.Broadcast()
	})
	defer stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for _, f := range e.frames {
			if f.level > level && !f.at.Before(after) {
				return f.at, nil
			}
		}
		switch {
		case e.over != nil:
			return time.Time{}, fmt.Errorf("listening: %w", ErrOver)
		case ctx.Err() != nil:
			return time.Time{}, fmt.Errorf("listening: %w", ctx.Err())
		}
		e.moved.Wait()
	}
}

// end tells readers that nothing more comes; err is what closing the sockets said.
func (e *ear) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = io.EOF
	if err != nil && !errors.Is(err, net.ErrClosed) {
		e.over = err
	}
	e.moved.Broadcast()
}
