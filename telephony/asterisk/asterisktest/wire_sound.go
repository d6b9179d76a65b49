package asterisktest

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/zaf/g711"
)

// A Source is where sound comes from: RTP's name of it, and its counters. Sound of another source is another stream.
type SoundSource struct {
	SSRC    uint32
	Seq     uint16
	Time    uint32
	Payload uint8 // 0 mu-law, 8 A-law
}

// Speak sends a tone from a source for a time, or silence, a packet each 20 ms.
func (w *Wire) Speak(ctx context.Context, s *SoundSource, loud bool, d time.Duration) {
	pcm := make([]byte, 320)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := range int(d / (20 * time.Millisecond)) {
		for i := range 160 {
			v := int16(0)
			if loud && (n*160+i)/8%2 == 0 { // 500 Hz
				v = 8000
			} else if loud {
				v = -8000
			}
			binary.LittleEndian.PutUint16(pcm[2*i:], uint16(v))
		}
		payload := g711.EncodeUlaw(pcm)
		if s.Payload == 8 {
			payload = g711.EncodeAlaw(pcm)
		}
		packet := []byte{0x80, s.Payload}
		packet = binary.BigEndian.AppendUint16(packet, s.Seq)
		packet = binary.BigEndian.AppendUint32(packet, s.Time)
		packet = binary.BigEndian.AppendUint32(packet, s.SSRC)
		s.Seq++
		s.Time += 160
		w.mu.Lock()
		to, dead := w.media, w.dead
		w.mu.Unlock()
		if dead {
			return
		}
		if _, err := w.rtp.WriteToUDPAddrPort(append(packet, payload...), to); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// listen notes when something loud was heard.
func (w *Wire) listen() {
	b := make([]byte, 2048)
	for {
		n, err := w.rtp.Read(b)
		if err != nil {
			return
		}
		if n < 12+80 {
			continue
		}
		kind := b[1] & 0x7f
		pcm := g711.DecodeUlaw(b[12:n])
		if kind == 8 {
			pcm = g711.DecodeAlaw(b[12:n])
		}
		peak := 0
		for i := 0; i+1 < len(pcm); i += 2 {
			v := int(int16(binary.LittleEndian.Uint16(pcm[i:])))
			peak = max(peak, v, -v)
		}
		w.mu.Lock()
		if peak > 500 || kind == 9 {
			w.heard[kind]++
			w.loud = append(w.loud, time.Now())
		}
		w.mu.Unlock()
	}
}

// Loud tells how many packets with sound in them came since a moment; for G.722 how many packets.
func (w *Wire) Loud(since time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, at := range w.loud {
		if at.After(since) {
			n++
		}
	}
	return n
}
