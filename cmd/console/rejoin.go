package main

import (
	"context"
	"time"

	"lamplight/console"
	"lamplight/telephony"
)

// live tells whether the built-in phone is in a call.
func (d *Desk) live() bool {
	_, _, live := d.parts.Phone.Levels()
	return live
}

// rejoin brings the phone back into the call the agent has, once the phone can be reached: the desk crashed in the call, so
// its new phone is not in it, and the caller hears nothing, then music.
func (d *Desk) rejoin() {
	d.mu.Lock()
	call := d.parted
	if call == "" || !d.phone.Up {
		d.mu.Unlock()
		return
	}
	d.parted = "" // once; then the agent's keys decide
	d.mu.Unlock()
	go func() {
		notice := "desk.notice.rejoined"
		if err := d.comeBack(call); err != nil {
			notice = "desk.notice.sound-lost"
		}
		d.emit("desk", console.Event{Kind: console.EventNotice, Notice: notice})
	}()
}

// absence is how long a link may be away and the agent still be taken to sit there and take calls.
const absence = 2 * time.Minute

// takes notes where the agent stands and whether they take calls, as the server last told.
func (d *Desk) takes(s telephony.AgentState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = s
	d.took = s == telephony.AgentReady || s == telephony.AgentReserved || s == telephony.AgentRinging
}

// readyAgain makes an agent Ready who was so before the server, or the way to it, was gone for a moment: coming back signs
// them in paused, and they would wait for calls that never come. It says so.
func (d *Desk) readyAgain(now console.AgentView) {
	d.mu.Lock()
	again := d.took && time.Since(d.lost) < absence
	d.mu.Unlock()
	d.takes(now.State)
	if !again || now.State != telephony.AgentPaused || now.Reason != console.PausedBySignIn {
		return
	}
	go func() {
		if _, err := ask(d, console.AskReady, console.Nothing{}); err != nil {
			return // the page shows that the agent is paused
		}
		d.emit("desk", console.Event{Kind: console.EventNotice, Notice: "desk.notice.ready-again"})
	}()
}

// answerOwn answers the agent's own leg of a call back they asked for. An agent with a telephone of their own picks it up.
func (d *Desk) answerOwn(call telephony.CallID) {
	d.mu.Lock()
	built := d.phone.Built
	d.mu.Unlock()
	if !built {
		return
	}
	if err := d.Answer(call); err != nil {
		d.emit("desk", console.Event{Kind: console.EventNotice, Notice: errPhone})
	}
}

// comeBack has the phone rung into the agent's call and answers it.
func (d *Desk) comeBack(call telephony.CallID) error {
	if _, err := ask(d, console.AskRejoin, console.CallRef{Call: call}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(d.ctx, answerLimit)
	defer cancel()
	if err := d.parts.Phone.Answer(ctx, call); err != nil {
		d.parts.Log.Error("come back into a call", "call", call, "error", err)
		return console.Refuse(console.Unavailable, errPhone)
	}
	d.parts.Log.Info("back in a call", "call", call)
	return nil
}
