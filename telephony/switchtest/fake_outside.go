package switchtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"lamplight/telephony"
)

// Arrive makes a caller dial did, from an empty ani when the number is withheld, perhaps meaning others also, and
// returns the leg, or "" when the switch kept the call for its fail-safe because
// the server is unlinked or has not beaten for Stale.
func (f *Fake) Arrive(did, ani telephony.Number, name string, also ...telephony.Number) telephony.LegID {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.linked || f.demoted || time.Since(f.lastBeat) > Stale {
		return ""
	}
	id, called := telephony.LegID(f.nextID("caller")), append([]telephony.Number{did}, also...)
	if ani == "" { // withheld: then so is the name
		name = ""
	}
	l := &leg{inbound: true, name: telephony.CleanName(name),
		view: telephony.LegView{Leg: id, DID: did, Called: called, ANI: ani, Since: time.Now()}}
	f.legs[id] = l
	f.arm(l, CallerLease)
	f.emit(telephony.Event{Kind: telephony.LegArrived, Leg: id, DID: did, Called: called, ANI: ani, CallerName: l.name})
	return id
}

// HangUp makes the far party of a leg hang up: 16 is a normal end, 17 busy, 21 rejected. A leg that has gone is
// ignored.
func (f *Fake) HangUp(id telephony.LegID, cause int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end(id, cause)
}

// Press presses keys on a leg's phone, one event each.
func (f *Fake) Press(id telephony.LegID, digits string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.press(id, digits)
}

func (f *Fake) press(id telephony.LegID, digits string) {
	if l := f.legs[id]; l == nil || l.lost || !f.linked {
		return
	}
	for _, d := range digits {
		f.emit(telephony.Event{Kind: telephony.Digit, Leg: id, Digit: string(d)})
	}
}

// Unplug makes an agent's phone one that cannot be rung, until plug is called.
func (f *Fake) Unplug(endpoint string) (plug func()) {
	f.plug(endpoint, telephony.PhoneOut)
	return func() { f.plug(endpoint, telephony.PhoneBack) }
}

func (f *Fake) plug(endpoint string, what telephony.EventKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.phonesOut[endpoint] = what == telephony.PhoneOut
	if f.linked {
		f.emit(telephony.Event{Kind: what, Phone: endpoint})
	}
}

// Answers makes the phone of an originated leg answer: LegEntered follows.
func (f *Fake) Answers(id telephony.LegID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answered(id)
}

func (f *Fake) answered(id telephony.LegID) {
	l := f.legs[id]
	if l == nil || l.inbound || l.view.Up {
		return
	}
	stop(l.ring)
	l.view.Up = true
	f.arm(l, AgentLease)
	if l.record != "" {
		f.recordings[l.record] = &recording{leg: id, live: true, wav: SilentWAV(100 * time.Millisecond)}
	}
	if f.linked {
		f.emit(telephony.Event{Kind: telephony.LegEntered, Leg: id, Call: l.view.Call, Recording: l.record})
	}
}

// Lose makes the fail-safe take a leg away: LegLost. The leg lives on outside the server until HangUp.
func (f *Fake) Lose(id telephony.LegID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose(id)
}

func (f *Fake) lose(id telephony.LegID) {
	l := f.legs[id]
	if l == nil || l.lost {
		return
	}
	stop(l.lease)
	f.leave(l)
	f.unheard(id)
	f.endRecordings(id)
	l.lost = true
	if !l.inbound {
		delete(f.legs, id) // a leg of ours whose lease ran out is hung up, out of the server's sight
	}
	if f.linked {
		f.emit(telephony.Event{Kind: telephony.LegLost, Leg: id, Call: l.view.Call})
	}
}

// Unlink cuts the connection: Unlinked, commands fail, and what happens meanwhile is told by no event.
func (f *Fake) Unlink() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.linked {
		f.linked = false
		f.emit(telephony.Event{Kind: telephony.Unlinked})
	}
}

// Link restores the connection: Linked.
func (f *Fake) Link() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.linked {
		f.linked = true
		f.demoted = false
		f.emit(telephony.Event{Kind: telephony.Linked})
	}
}

// Crash is the switch dying: every leg, bridge, play and live recording is gone without an event, the connection is
// lost. Stored recordings stay. Link brings the empty switch back.
func (f *Fake) Crash() {
	f.Unlink()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since = time.Now()
	for id, l := range f.legs {
		stop(l.lease)
		stop(l.ring)
		delete(f.legs, id)
	}
	for id, p := range f.plays {
		stop(p.timer)
		delete(f.plays, id)
	}
	clear(f.bridges)
	for _, r := range f.recordings {
		r.live = false
	}
}

// Demote is another process taking our place: Demoted, then silence; commands go on working, as they do on Asterisk.
func (f *Fake) Demote() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.demoted = true
	f.emit(telephony.Event{Kind: telephony.Demoted})
}

// FailNext makes the next call of a method ("Join") return err without doing anything. Repeated, faults queue up.
func (f *Fake) FailNext(method string, err error) { f.plan(method, fault{err: err}) }

// LoseReply makes the next call of a method do its work and then return err, as when the answer is lost on the way.
func (f *Fake) LoseReply(method string, err error) { f.plan(method, fault{err: err, done: true}) }

// Slow makes the next call of a method take d first.
func (f *Fake) Slow(method string, d time.Duration) { f.plan(method, fault{slow: d}) }

func (f *Fake) plan(method string, x fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[method] = append(f.faults[method], x)
}

// EndPlay ends a play now; failed says it could not be heard.
func (f *Fake) EndPlay(id telephony.PlayID, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.endPlay(id, failed)
}

// AddVoicemail puts a message of the fail-safe on the switch.
func (f *Fake) AddVoicemail(v telephony.Voicemail, wav []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.voicemails = append(f.voicemails, v)
	f.recordings[v.Recording] = &recording{wav: wav}
}

// Commands lists every command so far, oldest first. Renew and Beat are left out: they would drown the rest.
func (f *Fake) Commands() []Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.commands)
}

// Originated lists every leg the server asked for, oldest first.
func (f *Fake) Originated() []telephony.Originate {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.originated)
}

// Beats tells how often the server has beaten.
func (f *Fake) Beats() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.beats
}

// Hears lists the other legs that a leg would hear, sorted: those in its bridge, and who listens to it, or to one of those, and is
// heard; of one who listens to another, that one and all whom that one hears in its bridge.
func (f *Fake) Hears(id telephony.LegID) []telephony.LegID {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.legs[id]
	if l == nil {
		return nil
	}
	if to := f.legs[l.view.Hears]; to != nil {
		others := append(f.beside(to), l.view.Hears)
		slices.Sort(others)
		return others
	}
	others := f.beside(l)
	for o, x := range f.legs {
		if to := x.view.Hears; to == id && x.view.As != telephony.Monitor || x.view.As == telephony.Barge && slices.Contains(others, to) {
			others = append(others, o)
		}
	}
	slices.Sort(others)
	return others
}

// beside lists the other legs in a leg's bridge.
func (f *Fake) beside(l *leg) (others []telephony.LegID) {
	if b := f.bridges[l.bridge]; b != nil {
		for _, o := range b.legs {
			if o != l.view.Leg {
				others = append(others, o)
			}
		}
	}
	return others
}

// HearsMusic tells whether a leg waits, with music.
func (f *Fake) HearsMusic(id telephony.LegID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.legs[id]
	return l != nil && l.waits
}

// Playing lists the prompts being played into a leg's bridge now.
func (f *Fake) Playing(id telephony.LegID) []telephony.Play {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ps []telephony.Play
	if l := f.legs[id]; l != nil && l.bridge != "" {
		for _, p := range f.plays {
			if p.Bridge == l.bridge {
				ps = append(ps, p.Play)
			}
		}
	}
	slices.SortFunc(ps, func(a, b telephony.Play) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return ps
}

// Leftover says what a finished call left behind on the switch: legs, bridges, plays, recordings not deleted. Nil
// means nothing.
func (f *Fake) Leftover() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	live := 0
	for _, r := range f.recordings {
		if r.live {
			live++
		}
	}
	if len(f.legs)+len(f.bridges)+len(f.plays)+len(f.recordings) == 0 {
		return nil
	}
	return fmt.Errorf("left on the switch: %d legs, %d bridges, %d plays, %d recordings (%d of them live)",
		len(f.legs), len(f.bridges), len(f.plays), len(f.recordings), live)
}

// SilentWAV is a stereo 8 kHz WAV of the length given, rounded down to a sample, that holds silence.
func SilentWAV(d time.Duration) []byte {
	n := uint32(d*8000/time.Second) * 4
	b := append([]byte("RIFF"), le32(36+n)...)
	b = append(b, "WAVEfmt "...)
	b = append(b, le32(16)...)
	b = append(b, 1, 0, 2, 0) // PCM, two channels
	b = append(b, le32(8000)...)
	b = append(b, le32(8000*4)...)
	b = append(b, 4, 0, 16, 0) // bytes a frame, bits a sample
	b = append(b, "data"...)
	b = append(b, le32(n)...)
	return append(b, make([]byte, n)...)
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
