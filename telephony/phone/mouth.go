package phone

import (
	"context"
	"fmt"
	"sync"

	"lamplight/telephony/phone/speech"
)

const (
	mostWritten = 5 * speech.FrameSize // what Write lets wait
	mostPushed  = 4 * speech.FrameSize // what Say lets wait
)

// A mouth holds what waits to be said.
type mouth struct {
	mu    sync.Mutex // guards what follows
	moved *sync.Cond // something was said, or the call is over
	wait  []byte
	over  bool
}

func newMouth() *mouth {
	m := &mouth{}
	m.moved = sync.NewCond(&m.mu)
	return m
}

// next takes a frame to say, filled up with silence.
func (m *mouth) next() []byte {
	frame := make([]byte, speech.FrameSize)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wait = m.wait[copy(frame, m.wait):]
	m.moved.Broadcast()
	return frame
}

// until waits for a condition, ctx or the end of the call. The caller holds mu.
func (m *mouth) until(ctx context.Context, ok func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.moved.Broadcast()
	})
	defer stop()
	for !ok() {
		switch {
		case m.over:
			return ErrOver
		case ctx.Err() != nil:
			return ctx.Err()
		}
		m.moved.Wait()
	}
	if m.over {
		return ErrOver
	}
	return nil
}

func (m *mouth) write(ctx context.Context, p []byte) (int, error) {
	if len(p)%2 != 0 {
		return 0, fmt.Errorf("%d bytes are half a sample too much", len(p))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	done := 0
	for done < len(p) {
		if err := m.until(ctx, func() bool { return len(m.wait) < mostWritten }); err != nil {
			return done, err
		}
		n := min(len(p)-done, mostWritten-len(m.wait))
		m.wait = append(m.wait, p[done:done+n]...)
		done += n
	}
	return done, nil
}

func (m *mouth) empty(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.until(ctx, func() bool { return len(m.wait) == 0 })
}

func (m *mouth) push(p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wait = append(m.wait, p[:len(p)&^1]...); len(m.wait) > mostPushed {
		m.wait = append([]byte(nil), m.wait[(len(m.wait)-mostPushed)&^1:]...)
	}
}

func (m *mouth) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	m.moved.Broadcast()
}
