package main

import (
	"encoding/binary"
	"math"
	"time"

	"lamplight/telephony/phone/speech"
)

// Everybody in a campaign says a tone of their own, so that who was heard can be told from greeting, music and apology.
const (
	callersTone = 1890.0
	toneLength  = time.Second
	toneWindow  = speech.Rate / 10 // samples that are looked at together
	tonesHeard  = 3                // so many windows in a row are no chance
)

// agentsTone is the frequency of an agent's tone; the music and the beep have none of these.
func agentsTone(agent int) float64 { return 610 + 130*float64(agent) }

// sine is a second of a tone.
func sine(frequency float64) speech.PCM {
	var out speech.PCM
	for i := range int(toneLength.Seconds() * speech.Rate) {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(12000*math.Sin(2*math.Pi*frequency*float64(i)/speech.Rate))))
	}
	return out
}

// An earFor hears tones out of what a phone hears.
type earFor struct {
	tones []float64
	row   []int // windows in a row that were this tone
	rest  []byte
}

// hears takes what was heard and returns the tones, by index, that are heard by now.
func (e *earFor) hears(sound []byte) (heard []int) {
	if e.row == nil {
		e.row = make([]int, len(e.tones))
	}
	e.rest = append(e.rest, sound...)
	for ; len(e.rest) >= 2*toneWindow; e.rest = e.rest[2*toneWindow:] {
		for i, f := range e.tones {
			if share(e.rest[:2*toneWindow], f) < 0.7 {
				e.row[i] = 0
				continue
			}
			if e.row[i]++; e.row[i] >= tonesHeard {
				heard = append(heard, i)
			}
		}
	}
	return heard
}

// share is the part of a sound's power that lies in one frequency (Goertzel), 0 of silence.
func share(sound []byte, frequency float64) float64 {
	n := len(sound) / 2
	w := 2 * math.Cos(2*math.Pi*frequency/speech.Rate)
	var a, b, power float64
	for i := range n {
		x := float64(int16(binary.LittleEndian.Uint16(sound[2*i:])))
		a, b = x+w*a-b, a
		power += x * x
	}
	if power < float64(n)*500*500 {
		return 0
	}
	return 2 * (a*a + b*b - w*a*b) / (float64(n) * power)
}
