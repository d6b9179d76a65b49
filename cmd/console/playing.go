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
// ends it, too. At a desk with a telephone of its own it comes from the computer's loudspeaker.
func (d *Desk) Play(call telephony.CallID) (err error) {
	defer guard(&err)
	d.hush()
	if call == "" {
		return nil
	}
	d.mu.Lock()
	deaf, talks := d.phone.Built && d.phone.Deaf, d.state == telephony.AgentTalking
	d.mu.Unlock()
	switch {
	case talks || d.live():
		return console.Refuse(console.Conflict, errInCall)
	case deaf:
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
	if err := d.parts.Phone.Play(sound); err != nil {
		d.parts.Log.Error("play a recording", "call", call, "error", err)
		return console.Refuse(console.Conflict, errNoHeadset)
	}
	p := playing{Call: call, Since: time.Now(), Length: time.Duration(len(sound)/2) * time.Second / speech.Rate}
	d.played(p)
	time.AfterFunc(p.Length, func() {
		d.mu.Lock()
		over := d.hears == p
		d.mu.Unlock()
		if over {
			d.hush()
		}
	})
	return nil
}

// hush ends what is played, if anything is.
func (d *Desk) hush() {
	d.mu.Lock()
	silent := d.hears.Call == ""
	d.mu.Unlock()
	if silent {
		return
	}
	if err := d.parts.Phone.Play(nil); err != nil {
		d.parts.Log.Error("end a recording", "error", err)
	}
	d.played(playing{})
}

// played tells the page what is heard now.
func (d *Desk) played(p playing) {
	d.mu.Lock()
	d.hears = p
	d.mu.Unlock()
	d.emit("playing", p)
}
