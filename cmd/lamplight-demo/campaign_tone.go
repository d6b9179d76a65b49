package main

import (
	"time"

	"lamplight/telephony/phone/speech"
)

// Everybody in a campaign says a tone of their own, so that who was heard can be told from greeting, music and apology.
const (
	mostAgents  = 5 // of whom each has a tone
	callersTone = 1890.0
	toneLength  = time.Second
	toneWindow  = speech.Rate / 10 // samples that are looked at together
	tonesHeard  = 3                // so many windows in a row are no chance
)

// agentsTone is the frequency of an agent's tone; the music, the prompts and their beep (1 kHz) have none of these.
func agentsTone(agent int) float64 { return 610 + 170*float64(agent) }

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
			if speech.PCM(e.rest[:2*toneWindow]).Share(f) < 0.7 {
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
