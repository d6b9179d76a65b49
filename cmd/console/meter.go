package main

import (
	"context"
	"time"

	"lamplight/cmd/console/phone"
	"lamplight/console"
	"lamplight/telephony"
)

// AgentPhone is the agent's built-in phone. Methods may be called from any goroutine.
type AgentPhone interface {
	// Register has the phone reachable under account from now on, and again after every break, until Leave or the next
	// Register. changed is told each time it becomes reachable or stops being so; it must not block.
	Register(account console.PhoneAccount, changed func(registered bool, at time.Time)) error
	// Answer takes the call's ringing leg. The pop comes before the ring: Answer waits for it until ctx ends.
	Answer(ctx context.Context, call telephony.CallID) error
	// Mute has the caller hear silence.
	Mute(muted bool)
	// Levels tells how loud both sides are now, 0 to 1; live is false when nobody talks.
	Levels() (them, me float64, live bool)
	// Alarm sounds in the ear of an agent who talks to nobody: something waits on nobody.
	Alarm()
	// Play sounds in the ear of an agent who talks to nobody, instead of what was played before: 8 kHz, 16 bits, one channel. It
	// ends with its own end, with nil, or when a call begins. Where no phone is registered it comes from this machine's loudspeaker,
	// which is open for as long; an error when there is none.
	Play(sound []byte) error
	// Deaf tells that there is no headset: nobody hears or is heard.
	Deaf() bool
	// Leave hangs up and unregisters.
	Leave()
}

var _ AgentPhone = (*phone.Builtin)(nil)

// levelEvery is how often the page is told both levels while there is talk: often enough for an eye, cheap for the page.
const levelEvery = 100 * time.Millisecond

// meter tells the page the levels until ctx ends, once that they fell silent, and whether there is a headset.
func (d *Desk) meter(ctx context.Context) {
	tick := time.NewTicker(levelEvery)
	defer tick.Stop()
	was := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.setDeaf(d.parts.Phone.Deaf())
			them, me, live := d.parts.Phone.Levels()
			if live || was {
				d.emit("levels", levels{Them: them, Me: me})
			}
			was = live
		}
	}
}

// levels is how loud both sides are, 0 to 1.
type levels struct {
	Them float64 `json:"them"`
	Me   float64 `json:"me"`
}
