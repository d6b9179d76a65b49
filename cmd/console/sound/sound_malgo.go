//go:build desktop

package sound

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gen2brain/malgo"

	"lamplight/telephony/phone/speech"
)

// Devices is this machine's headset, by miniaudio. Microphone and loudspeaker are two devices, not one duplex: most
// headsets' halves have clocks of their own.
func Devices(log *slog.Logger) Headset { return &headset{log: log} }

// headset plays and listens through whatever the machine's default devices are. Without any it stays silent, so that a
// desk with no sound still takes calls; the top bar says so.
type headset struct {
	log *slog.Logger

	deaf atomic.Bool
	beat atomic.Int64 // when the microphone was heard last, Unix nanoseconds: also in a silent room

	mu    sync.Mutex // guards what follows
	ctx   *malgo.AllocatedContext
	open  []*malgo.Device
	ended chan struct{} // closed when the devices are; nil when nobody wants them
}

func (h *headset) Start(mic, ear func([]byte)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.try(mic, ear)
	return nil
}

// try opens the devices; if there are none it tries again later: a headset may yet be plugged in. The caller holds mu.
func (h *headset) try(mic, ear func([]byte)) {
	h.ended = make(chan struct{})
	err := h.start(mic, ear)
	if deaf := err != nil; deaf != h.deaf.Swap(deaf) {
		h.log.Warn("headset", "open", !deaf, "error", err)
	}
	if err != nil {
		go h.again(h.ended, mic, ear)
		return
	}
	h.beat.Store(time.Now().UnixNano())
	if mic != nil {
		go h.watch(h.ended, mic, ear)
	}
}

// watch opens the devices anew when the microphone tells nothing any more: a sound server that dies stops nothing.
func (h *headset) watch(ended chan struct{}, mic, ear func([]byte)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		if time.Now().UnixNano()-h.beat.Load() > int64(deafFor) {
			h.log.Warn("the microphone fell silent; opening it anew")
			h.deaf.Store(true)
			h.again(ended, mic, ear)
			return
		}
	}
}

func (h *headset) Deaf() bool { return h.deaf.Load() }

// start opens both devices on the first backend there is. The caller holds mu. malgo's name for miniaudio's silent backend
// is its neighbour's (v0.11.24), so a machine without sound opens nothing: the phone sends silence by itself.
func (h *headset) start(mic, ear func([]byte)) error {
	ctx, err := malgo.InitContext(nil, malgo.ContextConfig{}, nil)
	if err != nil {
		return fmt.Errorf("open sound: %w", err)
	}
	h.ctx = ctx
	ended := h.ended
	over := func() bool { // devices that were given up may yet stir
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	lost := sync.OnceFunc(func() { go h.again(ended, mic, ear) })
	for kind, run := range map[malgo.DeviceType]malgo.DataProc{
		malgo.Capture: func(_, in []byte, _ uint32) {
			if !over() {
				h.beat.Store(time.Now().UnixNano())
				mic(in)
			}
		},
		malgo.Playback: func(out, _ []byte, _ uint32) {
			if !over() {
				ear(out)
			}
		},
	} {
		if kind == malgo.Capture && mic == nil {
			continue
		}
		c := malgo.DefaultDeviceConfig(kind)
		c.SampleRate, c.PeriodSizeInMilliseconds, c.Periods = speech.Rate, uint32(speech.FrameTime/time.Millisecond), 3
		c.Capture.Format, c.Playback.Format = malgo.FormatS16, malgo.FormatS16
		c.Capture.Channels, c.Playback.Channels = 1, 1
		d, err := malgo.InitDevice(ctx.Context, c, malgo.DeviceCallbacks{Data: run, Stop: lost})
		if err == nil {
			h.open = append(h.open, d)
			err = d.Start()
		}
		if err != nil {
			h.shut()
			return fmt.Errorf("open sound: %w", err)
		}
	}
	return nil
}

// deafFor is how long the headset stays closed before it is tried again.
const deafFor = 3 * time.Second

// again opens the devices anew when one stopped by itself: a headset was pulled out, a sound server restarted; or when none
// could be opened.
func (h *headset) again(ended chan struct{}, mic, ear func([]byte)) {
	select {
	case <-ended: // it was us
		return
	case <-time.After(deafFor):
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended != ended {
		return
	}
	h.end()
	h.try(mic, ear)
}

func (h *headset) Stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended != nil {
		h.end()
	}
}

// end closes what is open and what waits to open it anew. The caller holds mu.
func (h *headset) end() {
	close(h.ended)
	h.ended = nil
	h.shut()
}

// shut closes what is open, in its own time: after the death of a sound server miniaudio waits for it for ever. The caller
// holds mu.
func (h *headset) shut() {
	open, ctx := h.open, h.ctx
	h.open, h.ctx = nil, nil
	go func() {
		for _, d := range open {
			d.Uninit()
		}
		if ctx == nil {
			return
		}
		if err := ctx.Uninit(); err != nil {
			h.log.Warn("close sound", "error", err)
		}
		ctx.Free()
	}()
}
