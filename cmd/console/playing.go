package main

import (
	"time"

	"lamplight/console"
	"lamplight/telephony"
	"lamplight/telephony/phone/speech"
)

// A playing tells the page what is heard in the headset now: a recording of a call; Call is "" when nothing is.
type playing struct {
	Call   telephony.CallID `json:"call"`
	Since  time.Time        `json:"since"`
	Length time.Duration    `json:"length"`
}

const (
	errInCall    = "desk.error.play-in-call"
	errNoHeadset = "desk.error.play-headset"
	errNoSound   = "desk.error.play-sound"
)

// Play has the agent hear what was recorded of a call, from memory: nothing of it is written down here. "" ends it. A talk
// ends it, too.
func (d *Desk) Play(call telephony.CallID) (err error) {
	defer guard(&err)
	d.parts.Phone.Play(nil)
	if call == "" {
		d.played(playing{})
		return nil
	}
	d.mu.Lock()
	built, deaf := d.phone.Built, d.phone.Deaf
	d.mu.Unlock()
	switch {
	case d.live():
		return console.Refuse(console.Conflict, errInCall)
	case !built || deaf:
		return console.Refuse(console.Conflict, errNoHeadset)
	}
	var file []byte
	for size := int64(1); int64(len(file)) < size; {
		p, err := ask(d, console.AskRecording, console.RecordingRef{Call: call, From: int64(len(file))})
		if err != nil {
			return err
		}
		if len(p.Data) == 0 {
			break
		}
		size, file = p.Size, append(file, p.Data...)
	}
	sound, err := speech.ReadWAV(file)
	if err != nil {
		d.parts.Log.Error("play a recording", "call", call, "error", err)
		return console.Refuse(console.Internal, errNoSound)
	}
	d.parts.Phone.Play(sound)
	p := playing{Call: call, Since: time.Now(), Length: time.Duration(len(sound)/2) * time.Second / speech.Rate}
	d.played(p)
	time.AfterFunc(p.Length, func() {
		d.mu.Lock()
		over := d.hears == p
		d.mu.Unlock()
		if over {
			d.played(playing{})
		}
	})
	return nil
}

// played tells the page what is heard now.
func (d *Desk) played(p playing) {
	d.mu.Lock()
	d.hears = p
	d.mu.Unlock()
	d.emit("playing", p)
}
