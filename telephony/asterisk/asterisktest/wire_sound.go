package asterisktest

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/srtp/v3"
	"github.com/zaf/g711"
)

// A SoundSource is where sound comes from: RTP's name of it, and its counters. Sound of another source is another stream.
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
		to, dead, ours := w.media, w.dead, w.ours
		w.mu.Unlock()
		if dead {
			return
		}
		packet = append(packet, payload...)
		if ours != nil {
			var err error
			if packet, err = ours.EncryptRTP(nil, packet, nil); err != nil {
				w.t.Error(err)
				return
			}
		}
		if _, err := w.rtp.WriteToUDPAddrPort(packet, to); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// suite is how sound is encrypted, and ourKey our half of it.
const (
	suite  = "AES_CM_128_HMAC_SHA1_80"
	ourKey = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
)

// Encrypted is the SDP of a telephone whose sound is encrypted.
var Encrypted = "m=audio PORT RTP/SAVP 0\r\na=crypto:1 " + suite + " inline:KEY\r\n"

// encryption is by a key as SDP has it; nil without one: sound is encrypted both ways or not at all.
func encryption(t testing.TB, key, theirs string) *srtp.Context {
	if theirs == "" {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(b) != 30 {
		t.Fatalf("a key that is none: %q", key)
	}
	c, err := srtp.CreateContext(b[:16], b[16:], srtp.ProtectionProfileAes128CmHmacSha1_80)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// listen notes when something loud was heard; what is not encrypted as was agreed is not heard.
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
		packet := b[:n]
		w.mu.Lock()
		theirs := w.theirs
		w.mu.Unlock()
		if theirs != nil {
			if packet, err = theirs.DecryptRTP(nil, packet, nil); err != nil {
				continue
			}
		}
		kind := packet[1] & 0x7f
		pcm := g711.DecodeUlaw(packet[12:])
		if kind == 8 {
			pcm = g711.DecodeAlaw(packet[12:])
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
