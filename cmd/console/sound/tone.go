package sound

import (
	"encoding/binary"
	"math"
	"time"

	"lamplight/telephony/phone/speech"
)

// A tone is a sound the desk makes itself: notes at once, for so long, then silence until it begins anew.
type tone struct {
	notes       []float64 // Hz
	lasts, each time.Duration
}

// Tones. The ring is North America's ringing signal, 440 and 480 Hz for two seconds of six (Telcordia GR-506), at a level that
// wakes nobody else. The alarm is for what waits on nobody.
var (
	RingTone  = tone{notes: []float64{440, 480}, lasts: 2 * time.Second, each: 6 * time.Second}
	AlarmTone = tone{notes: []float64{880}, lasts: 200 * time.Millisecond, each: 400 * time.Millisecond}
)

// AlarmLasts is three notes of the alarm.
const AlarmLasts = 3 * 400 * time.Millisecond

// loudness is a note's amplitude, a tenth of full scale.
const loudness = 32768 / 10

// Samples is how many samples a time takes.
func Samples(d time.Duration) int { return int(d * speech.Rate / time.Second) }

// Fill writes a tone's sound into out, from the sample at on, and returns the sample after it.
func (t tone) Fill(out []byte, at int) int {
	for ; len(out) >= 2; out, at = out[2:], at+1 {
		v := 0.0
		if n := at % Samples(t.each); n < Samples(t.lasts) {
			for _, hz := range t.notes {
				v += loudness / float64(len(t.notes)) * math.Sin(2*math.Pi*hz*float64(n)/speech.Rate)
			}
		}
		binary.LittleEndian.PutUint16(out, uint16(int16(v)))
	}
	return at
}
