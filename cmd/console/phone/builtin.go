// Package phone is the desk's built-in phone: one SIP account, one call at a time, rung by the server and answered by the desk.
//
// It promises that it comes back by itself after every break, that the devices' goroutines are never held up, and that what
// waits on nobody sounds in the agent's ear. It leaves SIP and RTP to telephony/phone and the devices to sound.
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"lamplight/cmd/console/sound"
	"lamplight/console"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// CallHeader names the call in the switch's INVITE to an agent.
const CallHeader = "X-Lamplight-Call"

// Builtin is the desk's own phone: telephony/phone with this machine's headset.
type Builtin struct {
	log   *slog.Logger
	sound sound.Headset

	muted    atomic.Bool
	them, me atomic.Uint64          // levels of the last frame, in thousandths of full scale
	talk     atomic.Pointer[talker] // the call with sound; nil when nobody talks
	rings    atomic.Bool            // a call waits to be answered
	alarmed  atomic.Bool            // the alarm is asked for
	plays    atomic.Pointer[played] // what is played, nil for nothing

	ringAt, alarmAt int // samples of the tones played so far; the loudspeaker's goroutine alone has them

	mu      sync.Mutex // guards what follows
	end     context.CancelFunc
	done    chan struct{}   // closed when the phone registered last is shut
	ringing *phone.Incoming // the call that rings, if any
	came    chan struct{}   // closed and made anew when ringing changes
}

// played is a sound and how much of it was heard; the loudspeaker's goroutine alone moves at.
type played struct {
	sound []byte
	at    int
}

// talker is a call and what of it waits to be played.
type talker struct {
	call *phone.Call
	mu   sync.Mutex // guards wait
	wait []byte
}

// mostDelay is how much heard sound may wait for the loudspeaker before the oldest of it is dropped.
const mostDelay = 10 * speech.FrameSize

// New makes a phone with this machine's headset, or with none where which is "none". Nothing is opened before Register.
func New(which string, log *slog.Logger) *Builtin {
	s := sound.Headset(sound.None{})
	if which != "none" {
		s = sound.Devices(log)
	}
	return &Builtin{log: log, sound: s, came: make(chan struct{})}
}

func (b *Builtin) Register(a console.PhoneAccount, changed func(bool, time.Time)) error {
	b.Leave()
	listen, err := listenFor(a.Registrar)
	if err != nil {
		return err
	}
	if err := b.sound.Start(b.heardMic, b.fillEar); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	b.mu.Lock()
	b.end, b.done = cancel, done
	b.mu.Unlock()
	go func() {
		defer close(done)
		b.stay(ctx, phone.Config{Listen: listen, Registrar: a.Registrar, User: a.User, Password: a.Password, Remember: time.Second},
			changed)
	}()
	return nil
}

// listenFor is where the phone listens: the address this machine reaches the switch from. On loopback agents have
// 127.0.0.3, because a switch on the same machine tells its carrier and its agents apart by address.
func listenFor(registrar string) (string, error) {
	c, err := net.Dial("udp", registrar) // sends nothing: it only asks for a route
	if err != nil {
		return "", fmt.Errorf("the switch's address: %w", err)
	}
	local, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err := errors.Join(err, c.Close()); err != nil {
		return "", fmt.Errorf("the way to the switch: %w", err)
	}
	if local.Addr().IsLoopback() {
		return "127.0.0.3:0", nil
	}
	return net.JoinHostPort(local.Addr().String(), "0"), nil
}

// How often the phone is tried again, and how often its registration is looked at for the top bar.
const (
	phoneRest = 2 * time.Second
	phoneLook = 500 * time.Millisecond
)

// stay keeps a phone open and registered until ctx ends.
func (b *Builtin) stay(ctx context.Context, c phone.Config, changed func(bool, time.Time)) {
	for ctx.Err() == nil {
		if err := b.once(ctx, c, changed); err != nil && ctx.Err() == nil {
			b.log.Warn("phone", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(phoneRest):
		}
	}
}

// once opens a phone, registers it and takes its calls until it ends or ctx does.
func (b *Builtin) once(ctx context.Context, c phone.Config, changed func(bool, time.Time)) (err error) {
	p, err := phone.Start(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Register(ctx); err != nil {
		return err
	}
	up := true
	changed(true, time.Now())
	look := time.NewTicker(phoneLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.Done():
			changed(false, time.Now())
			return errors.New("the phone stopped")
		case in := <-p.Incoming():
			b.ring(in)
		case <-look.C:
			if now := p.Registered(); now != up {
				up = now
				changed(up, time.Now())
			}
		}
	}
}

// ring lets a call ring until it is answered or gone.
func (b *Builtin) ring(in *phone.Incoming) {
	if err := in.Ring(); err != nil {
		b.log.Warn("ring", "error", err)
	}
	b.setRinging(in)
	go func() {
		<-in.Gone()
		b.mu.Lock()
		if b.ringing == in {
			b.ringing = nil
			b.rings.Store(false)
		}
		b.mu.Unlock()
	}()
}

func (b *Builtin) setRinging(in *phone.Incoming) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ringing = in
	b.rings.Store(true)
	close(b.came)
	b.came = make(chan struct{})
}

func (b *Builtin) Answer(ctx context.Context, call telephony.CallID) error {
	in, err := b.await(ctx, call)
	if err != nil {
		return err
	}
	c, err := in.Answer(ctx)
	if err != nil {
		return err
	}
	t := &talker{call: c}
	b.talk.Store(t)
	go b.listen(t)
	return nil
}

// await takes the call's ringing leg, or waits for it: the pop reaches the desk before the INVITE does.
func (b *Builtin) await(ctx context.Context, call telephony.CallID) (*phone.Incoming, error) {
	for {
		b.mu.Lock()
		in, came := b.ringing, b.came
		if in != nil && (in.Header(CallHeader) == string(call) || in.Header(CallHeader) == "") {
			b.ringing = nil
			b.rings.Store(false)
			b.mu.Unlock()
			return in, nil
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the phone does not ring for this call: %w", ctx.Err())
		case <-came:
		}
	}
}

// listen moves what is heard to the loudspeaker until the call is over.
func (b *Builtin) listen(t *talker) {
	buf := make([]byte, speech.FrameSize)
	for {
		n, err := t.call.Read(buf)
		if err != nil { // io.EOF: over
			b.talk.CompareAndSwap(t, nil)
			b.them.Store(0)
			return
		}
		b.them.Store(loud(buf[:n]))
		t.mu.Lock()
		if t.wait = append(t.wait, buf[:n]...); len(t.wait) > mostDelay {
			t.wait = append(t.wait[:0], t.wait[len(t.wait)-mostDelay/2:]...)
		}
		t.mu.Unlock()
	}
}

// heardMic says what the microphone heard, unless muted: then the phone sends silence by itself.
func (b *Builtin) heardMic(pcm []byte) {
	t := b.talk.Load()
	if t == nil || b.muted.Load() {
		b.me.Store(0)
		return
	}
	b.me.Store(loud(pcm))
	t.call.Say(pcm)
}

// fillEar plays the caller; without one the ring, or else the alarm.
func (b *Builtin) fillEar(out []byte) {
	t := b.talk.Load()
	switch {
	case t != nil:
		b.ringAt, b.alarmAt = 0, 0
		b.alarmed.Store(false) // never over a caller: the board shows it
		b.plays.Store(nil)
		t.mu.Lock()
		n := copy(out, t.wait)
		t.wait = append(t.wait[:0], t.wait[n:]...)
		t.mu.Unlock()
		clear(out[n:])
	case b.rings.Load():
		b.ringAt = sound.RingTone.Fill(out, b.ringAt)
	case b.alarmed.Load():
		if b.alarmAt = sound.AlarmTone.Fill(out, b.alarmAt); b.alarmAt >= sound.Samples(sound.AlarmLasts) {
			b.alarmAt = 0
			b.alarmed.Store(false)
		}
	default:
		b.ringAt = 0
		n := 0
		if p := b.plays.Load(); p != nil {
			n = copy(out, p.sound[p.at:])
			if p.at += n; p.at == len(p.sound) {
				b.plays.CompareAndSwap(p, nil)
			}
		}
		clear(out[n:])
	}
}

func (b *Builtin) Alarm() { b.alarmed.Store(true) }

func (b *Builtin) Play(sound []byte) error {
	b.plays.Store(&played{sound: sound})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		return nil // the headset is open
	}
	b.sound.Stop()
	if len(sound) == 0 {
		return nil
	}
	if err := b.sound.Start(nil, b.fillEar); err != nil {
		return err
	}
	if b.sound.Deaf() {
		b.sound.Stop()
		return errors.New("this machine has no loudspeaker")
	}
	return nil
}

// loud is a sound's level in thousandths of full scale.
func loud(pcm []byte) uint64 { return uint64(speech.PCM(pcm).Level() * 1000 / 32768) }

func (b *Builtin) Deaf() bool { return b.sound.Deaf() }

func (b *Builtin) Mute(muted bool) { b.muted.Store(muted) }

func (b *Builtin) Levels() (them, me float64, live bool) {
	return float64(b.them.Load()) / 1000, float64(b.me.Load()) / 1000, b.talk.Load() != nil
}

func (b *Builtin) Leave() {
	b.mu.Lock()
	end, done := b.end, b.done
	b.end, b.done = nil, nil
	b.mu.Unlock()
	if end == nil {
		return
	}
	end()
	<-done
	b.sound.Stop()
}
