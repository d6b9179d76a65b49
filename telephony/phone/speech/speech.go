// Package speech is sound as the telephone carries it, and the measure of whether what was heard is what was said.
//
// It promises: plain arithmetic, no clock, no file, no goroutine; every function may be called from any goroutine.
// It leaves to others: where the sound comes from and goes to (telephony/phone).
package speech

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/zaf/g711"
)

// PCM is telephone sound: 8,000 samples a second, 16-bit signed little-endian, one channel.
type PCM []byte

const (
	Rate      = 8000                  // samples a second
	FrameTime = 20 * time.Millisecond // what one packet carries
	FrameSize = 2 * Rate / 50         // bytes of PCM in a frame
)

// Duration is how long the sound is.
func (p PCM) Duration() time.Duration { return time.Duration(len(p)/2) * time.Second / Rate }

// FromUlaw decodes G.711 mu-law.
func FromUlaw(b []byte) PCM { return g711.DecodeUlaw(b) }

// Level is the root mean square of the sound's samples, 0 for silence, at most 32768; speech is about 1000 to 4000.
func (p PCM) Level() float64 {
	n := len(p) / 2
	if n == 0 {
		return 0
	}
	var sum float64
	for i := range n {
		v := float64(int16(binary.LittleEndian.Uint16(p[2*i:])))
		sum += v * v
	}
	return math.Sqrt(sum / float64(n))
}

// Tone is a tone of a frequency in hertz, as loud as speech.
func Tone(frequency float64, length time.Duration) PCM {
	var out PCM
	for i := range int(length.Seconds() * Rate) {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(12000*math.Sin(2*math.Pi*frequency*float64(i)/Rate))))
	}
	return out
}

// Share is the part of the sound's power that lies in one frequency (Goertzel), 0 to 1; 0 of what is too quiet to be a tone.
func (p PCM) Share(frequency float64) float64 {
	n := len(p) / 2
	w := 2 * math.Cos(2*math.Pi*frequency/Rate)
	var a, b, power float64
	for i := range n {
		x := float64(int16(binary.LittleEndian.Uint16(p[2*i:])))
		a, b = x+w*a-b, a
		power += x * x
	}
	if power < float64(n)*500*500 {
		return 0
	}
	return 2 * (a*a + b*b - w*a*b) / (float64(n) * power)
}

// Envelope is the sound's level in each whole frame.
func (p PCM) Envelope() []float64 {
	env := make([]float64, 0, len(p)/FrameSize)
	for ; len(p) >= FrameSize; p = p[FrameSize:] {
		env = append(env, p[:FrameSize].Level())
	}
	return env
}

// Match tells how well said is found in heard: the best correlation of the two envelopes over all shifts, 1 for the
// same speech, about 0.2 to 0.6 for other speech, and where in heard it begins (negative when its beginning was not
// heard). Assert more than 0.9. At least three quarters of said must have been heard to count; 0 when nothing does.
func Match(heard, said PCM) (correlation float64, at time.Duration) {
	h, s := heard.Envelope(), said.Envelope()
	need := max(1, len(s)*3/4)
	for lag := need - len(s); lag+need <= len(h); lag++ {
		from, to := max(0, -lag), min(len(s), len(h)-lag)
		if c := pearson(s[from:to], h[from+lag:to+lag]); c > correlation {
			correlation, at = c, time.Duration(lag)*FrameTime
		}
	}
	return correlation, at
}

// Follow is Match for sound that came over a busy machine, which makes a pause here and loses a frame there: each piece
// of 400 ms is sought where the piece before puts it, at most 200 ms earlier or later, and the correlation is that of all
// the frames so matched: 1 for the same speech, more than 0.83 when every twentieth of its frames was lost or came late
// (Match falls to 0.3 then), at most about 0.7 for other speech. Assert more than 0.8. What was not heard of said
// counts as silence. at is where its first piece is, over where its last one ends, which may not have been heard yet.
func Follow(heard, said PCM) (correlation float64, at, over time.Duration) {
	h, s := heard.Envelope(), said.Envelope()
	if len(s) == 0 || len(h)+jerk < len(s) {
		return 0, 0, 0
	}
	lags := follow(h, s)
	matched := make([]float64, len(s))
	for k, lag := range lags {
		copy(matched[k*piece:min(len(s), (k+1)*piece)], h[min(len(h), k*piece+lag):])
	}
	at = time.Duration(lags[0]) * FrameTime
	over = time.Duration(lags[len(lags)-1]+len(s)) * FrameTime
	return max(0, pearson(s, matched)), at, over
}

// What Follow takes as one, and how far it may be from where the one before puts it, in frames.
const (
	piece = int(400 * time.Millisecond / FrameTime)
	jerk  = int(200 * time.Millisecond / FrameTime)
)

// follow finds for each piece of s how many frames later it is in h, so that the pieces differ least in all.
func follow(h, s []float64) []int {
	lags := len(h) - len(s) + 1 + jerk     // lost frames bring the end nearer
	pieces := (len(s) + piece - 1) / piece // the last may be shorter
	least := make([]float64, lags)         // the difference of the pieces so far, by the last one's lag
	before := make([][]int, pieces)        // the lag of the piece before, by piece and lag
	for k := range pieces {
		p := s[k*piece : min(len(s), (k+1)*piece)]
		next := make([]float64, lags)
		before[k] = make([]int, lags)
		for lag := range lags {
			was := lag
			if k > 0 {
				was = smallest(least, lag, max(0, lag-jerk), min(lags, lag+jerk+1))
			}
			before[k][lag] = was
			next[lag] = least[was] + difference(p, h, k*piece+lag)
		}
		least = next
	}
	path := make([]int, pieces)
	lag := smallest(least, 0, 0, lags)
	for k := pieces - 1; k >= 0; k-- {
		path[k] = lag
		lag = before[k][lag]
	}
	return path
}

// smallest is the index of the least of v[from:to], at when that is among the least: silence is no reason to move.
func smallest(v []float64, at, from, to int) int {
	for i := from; i < to; i++ {
		if v[i] < v[at] {
			at = i
		}
	}
	return at
}

// difference is how far a piece is from what was heard from a frame on; what was not heard counts as silence.
func difference(piece, heard []float64, from int) float64 {
	var sum float64
	for i, v := range piece {
		if from+i < len(heard) {
			v -= heard[from+i]
		}
		sum += v * v
	}
	return sum
}

// pearson is the correlation of two series of the same length; 0 when one of them does not change.
func pearson(x, y []float64) float64 {
	n := float64(len(x))
	var sx, sy, sxx, syy, sxy float64
	for i := range x {
		sx, sy, sxx, syy, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], syy+y[i]*y[i], sxy+x[i]*y[i]
	}
	vx, vy := sxx-sx*sx/n, syy-sy*sy/n
	if vx <= 0 || vy <= 0 {
		return 0
	}
	return (sxy - sx*sy/n) / math.Sqrt(vx*vy)
}

// FirstAbove tells when the sound first rises above a level; ok is false when it never does.
func (p PCM) FirstAbove(level float64) (at time.Duration, ok bool) {
	for i, v := range p.Envelope() {
		if v > level {
			return time.Duration(i) * FrameTime, true
		}
	}
	return 0, false
}

// WAV wraps the sound as a WAV file.
func (p PCM) WAV() []byte {
	b := make([]byte, 0, 44+len(p))
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+len(p)))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []uint16{1, 1} { // PCM, one channel
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, 2*Rate)
	for _, v := range []uint16{2, 16} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
	return append(b, p...)
}

// ReadWAV reads a WAV file of telephone sound: 8 kHz, 16-bit PCM or mu-law, one channel. What is cut short is read as
// far as it goes, because that is how a recorder that died leaves it.
func ReadWAV(file []byte) (PCM, error) {
	if len(file) < 12 || string(file[:4]) != "RIFF" || string(file[8:12]) != "WAVE" {
		return nil, fmt.Errorf("not a WAV file")
	}
	var format, channels, bits uint16
	var rate uint32
	for rest := file[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		if id == "data" && size == 0 {
			size = uint64(len(body)) // a recorder that died had not written it yet
		}
		whole := size <= uint64(len(body))
		if whole {
			body = body[:size]
		}
		switch {
		case id == "fmt " && len(body) >= 16:
			format, channels = binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:])
			rate, bits = binary.LittleEndian.Uint32(body[4:]), binary.LittleEndian.Uint16(body[14:])
		case id == "data":
			return samples(body, format, channels, bits, rate)
		}
		if !whole {
			break
		}
		rest = rest[8+min(size+size%2, uint64(len(rest)-8)):]
	}
	return nil, fmt.Errorf("the WAV file holds no sound")
}

func samples(body []byte, format, channels, bits uint16, rate uint32) (PCM, error) {
	const pcm, ulaw = 1, 7
	switch {
	case format == 0:
		return nil, fmt.Errorf("the WAV file does not tell its format")
	case format != pcm && format != ulaw, format == pcm && bits != 16:
		return nil, fmt.Errorf("the WAV file is of format %d with %d bits: 16-bit PCM is needed (sox IN -b 16 -r 8000 -c 1 OUT.wav)",
			format, bits)
	case rate != Rate || channels != 1:
		return nil, fmt.Errorf("the WAV file has %d channels at %d Hz: one channel at 8000 Hz is needed (sox IN -b 16 -r 8000 -c 1 OUT.wav)", channels, rate)
	case format == ulaw:
		return FromUlaw(body), nil
	}
	return PCM(body[:len(body)&^1]), nil
}
