package phone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/zaf/g711"

	"lamplight/telephony/phone/speech"
)

// dialog is the library's side of a call, made or taken.
type dialog interface {
	Hangup(ctx context.Context) error
	Context() context.Context
	Close() error
}

// A Call is a call with sound. It is an io.Reader of what is heard and an io.Writer of what is said, both PCM as in
// package speech. Its methods may be called from any goroutine; one Read and one Write or Play at a time.
type Call struct {
	d     dialog
	over  func()
	said  *mouth
	heard *ear
	keys  chan rune
	sent  sentKeys
	done  chan struct{} // closed when the dialog has ended and both loops with it
}

var (
	_ io.Reader = (*Call)(nil)
	_ io.Writer = (*Call)(nil)
)

// newCall starts the loops that speak and hear.
func newCall(p *Phone, d dialog, m *diago.DialogMedia, over func()) (*Call, error) {
	codecs := m.MediaSession().CommonCodecs()
	codec, ok := media.CodecAudioFromList(codecs)
	if !ok || codec.Name != "PCMU" && codec.Name != "PCMA" {
		over()
		return nil, errors.Join(errors.New("the other side offers no G.711 sound"), d.Close())
	}
	c := &Call{d: d, over: over, said: newMouth(), heard: newEar(p.cfg.Remember), keys: make(chan rune), done: make(chan struct{})}
	event := media.CodecTelephoneEvent8000
	for _, known := range codecs {
		if known.Name == "telephone-event" {
			event = known
		}
	}
	var loops sync.WaitGroup
	loops.Go(func() { c.speak(m, codec, event) })
	loops.Go(func() { c.listen(m, event.PayloadType) })
	go func() {
		select {
		case <-d.Context().Done():
		case <-p.ctx.Done():
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if c.Hangup(ctx) != nil { // the other side does not answer any more; the sound's end tells it
				break
			}
		}
		over()
		closed := d.Close() // the sockets, so that both loops end; they may be closed already
		c.said.end()
		loops.Wait()
		c.heard.end(closed)
		close(c.done)
	}()
	return c, nil
}

// speak sends a frame each 20 ms: what is said, or silence.
func (c *Call) speak(m *diago.DialogMedia, codec, event media.Codec) {
	w := m.RTPPacketWriter // its Write waits for the frame's time
	keys := media.NewRTPDTMFWriter(event, w, w)
	for {
		select {
		case key := <-c.keys:
			if keys.WriteDTMF(key) != nil {
				return
			}
		case <-c.d.Context().Done():
			return
		default:
		}
		frame := c.said.next()
		var payload []byte
		if codec.Name == "PCMA" {
			payload = g711.EncodeAlaw(frame)
		} else {
			payload = g711.EncodeUlaw(frame)
		}
		if _, err := w.Write(payload); errors.Is(err, net.ErrClosed) {
			return // any other error is a packet that did not leave, as on any line
		}
	}
}

// listen reads packets until the call is over.
func (c *Call) listen(m *diago.DialogMedia, event uint8) {
	r := m.RTPPacketReader
	b := make([]byte, media.RTPBufSize)
	for {
		n, err := r.Read(b)
		if err != nil {
			return // the socket was closed, with the call
		}
		h := r.PacketHeader
		switch {
		case n == 0:
		case h.PayloadType == event:
			c.sent.take(h.Timestamp, b[:n])
		case h.PayloadType == media.CodecAudioUlaw.PayloadType:
			c.heard.take(h.SSRC, h.Timestamp, g711.DecodeUlaw(b[:n]), time.Now())
		case h.PayloadType == media.CodecAudioAlaw.PayloadType:
			c.heard.take(h.SSRC, h.Timestamp, g711.DecodeAlaw(b[:n]), time.Now())
		}
	}
}

// Read returns what was heard since the last Read, waiting for the next sound. A reader that falls more than 200 ms
// behind loses the oldest. It returns io.EOF when the call is over.
func (c *Call) Read(p []byte) (int, error) { return c.heard.read(p) }

// Write says PCM. It waits while more than 100 ms wait to be said, so that a file is said at the speed of speech.
func (c *Call) Write(p []byte) (int, error) { return c.said.write(context.Background(), p) }

// Say is for microphones: it never waits; what more than 80 ms would wait to be said drops its oldest.
func (c *Call) Say(p []byte) { c.said.push(p) }

// Play says PCM and returns when it was said, ctx is done or the call is over.
func (c *Call) Play(ctx context.Context, sound speech.PCM) error {
	if _, err := c.said.write(ctx, sound); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	if err := c.said.empty(ctx); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	return nil
}

// DTMF presses keys: 0 to 9, *, #, A to D, one after the other. What is being said waits meanwhile.
func (c *Call) DTMF(ctx context.Context, keys string) error {
	for _, key := range keys {
		if !isKey(key) {
			return fmt.Errorf("press: a phone has no key %q", key)
		}
	}
	for _, key := range keys {
		select {
		case c.keys <- key:
		case <-c.d.Context().Done():
			return fmt.Errorf("press: %w", ErrOver)
		case <-ctx.Done():
			return fmt.Errorf("press: %w", ctx.Err())
		}
		// A pause, as a finger makes: some listeners take two presses without one for a single long press.
		if err := c.Play(ctx, make(speech.PCM, 3*speech.FrameSize)); err != nil {
			return err
		}
	}
	return nil
}

func isKey(key rune) bool {
	return key >= '0' && key <= '9' || key == '*' || key == '#' || key >= 'A' && key <= 'D'
}

// Keys are those that the other side has pressed and let go, in order; while it presses one its sound is not heard.
func (c *Call) Keys() string {
	c.sent.mu.Lock()
	defer c.sent.mu.Unlock()
	return c.sent.all
}

// sentKeys are the keys of RFC 4733's events. One event is many packets of one timestamp, and its end is told more than once.
type sentKeys struct {
	mu   sync.Mutex // guards what follows
	all  string
	last uint32
}

func (s *sentKeys) take(at uint32, event []byte) {
	const signs = "0123456789*#ABCD"
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(event) < 2 || event[1]&0x80 == 0 { // the key is still down
		return
	}
	if n := int(event[0]); n < len(signs) && (s.all == "" || at != s.last) {
		s.all, s.last = s.all+signs[n:n+1], at
	}
}

// Heard returns what was heard so far, from the first packet on, or the last of it when it is longer than
// Config.Remember. Where nothing was sent to us it holds silence.
func (c *Call) Heard() speech.PCM { return c.heard.all() }

// HeardAbove waits until a frame louder than level was heard after a moment, and tells when it came.
func (c *Call) HeardAbove(ctx context.Context, level float64, after time.Time) (time.Time, error) {
	return c.heard.above(ctx, level, after)
}

// Hangup ends the call. A call that is over is no error.
func (c *Call) Hangup(ctx context.Context) error {
	select {
	case <-c.d.Context().Done():
		return nil
	default:
	}
	if err := c.d.Hangup(ctx); err != nil && c.d.Context().Err() == nil {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}

// Done is closed when the call is over, from either side.
func (c *Call) Done() <-chan struct{} { return c.done }
