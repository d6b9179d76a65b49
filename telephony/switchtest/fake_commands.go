package switchtest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"lamplight/telephony"
)

// do runs one command under the lock, with the faults planned for it, and writes it down.
func (f *Fake) do(ctx context.Context, method, what string, work func() error) error {
	f.mu.Lock()
	var x fault
	if q := f.faults[method]; len(q) > 0 {
		x, f.faults[method] = q[0], q[1:]
	}
	f.mu.Unlock()
	if x.slow > 0 {
		t := time.NewTimer(x.slow)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return fmt.Errorf("%s %s: %w", method, what, ctx.Err())
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := ctx.Err()
	switch {
	case err != nil:
	case !f.linked || f.closed:
		err = telephony.ErrUnlinked
	case x.err != nil && !x.done:
		err = x.err
	default:
		if err = work(); err == nil {
			err = x.err
		}
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w", method, what, err)
	}
	if method != "Renew" && method != "Beat" {
		f.commands = append(f.commands, Command{Method: method, What: what, At: time.Now(), Err: err})
	}
	return err
}

// ours finds a leg that the server still has.
func (f *Fake) ours(id telephony.LegID) (*leg, error) {
	l := f.legs[id]
	if l == nil || l.lost {
		return nil, telephony.ErrGone
	}
	return l, nil
}

// Answer implements telephony.Switch.
func (f *Fake) Answer(ctx context.Context, id telephony.LegID) error {
	return f.do(ctx, "Answer", string(id), func() error {
		l, err := f.ours(id)
		if err == nil {
			l.view.Up = true
		}
		return err
	})
}

// Ring implements telephony.Switch.
func (f *Fake) Ring(ctx context.Context, id telephony.LegID) error {
	return f.do(ctx, "Ring", string(id), func() error {
		_, err := f.ours(id)
		return err
	})
}

// Hangup implements telephony.Switch.
func (f *Fake) Hangup(ctx context.Context, id telephony.LegID) error {
	return f.do(ctx, "Hangup", string(id), func() error {
		f.end(id, 16)
		return nil
	})
}

// Originate implements telephony.Switch.
func (f *Fake) Originate(ctx context.Context, o telephony.Originate) error {
	return f.do(ctx, "Originate", string(o.Leg), func() error {
		if f.born[o.Leg] {
			return nil
		}
		if f.phonesOut[o.Agent] {
			return telephony.ErrGone
		}
		f.born[o.Leg] = true
		f.originated = append(f.originated, o)
		l := &leg{view: telephony.LegView{Leg: o.Leg, Call: o.Call, Agent: o.Agent, Since: time.Now()}, record: o.Record}
		f.legs[o.Leg] = l
		f.ring(l, o)
		return nil
	})
}

// ring lets the phone of an originated leg do what Phones or AnyPhone say, and gives up after the leg's timeout.
func (f *Fake) ring(l *leg, o telephony.Originate) {
	p, ok := f.Phones[o.Agent]
	if o.Agent == "" {
		p, ok = f.Phones[o.Number.Reveal()]
	}
	if !ok {
		p = f.AnyPhone
	}
	if !p.Mute {
		f.emit(telephony.Event{Kind: telephony.LegRinging, Leg: o.Leg, Call: o.Call})
	}
	after, then := o.Timeout, func() { f.end(o.Leg, 19) } // nobody answered
	switch {
	case p.Rejects != 0 && (after == 0 || p.After < after):
		after, then = p.After, func() { f.end(o.Leg, p.Rejects) }
	case p.Answers && (after == 0 || p.After < after):
		after, then = p.After, func() {
			f.answered(o.Leg)
			f.press(o.Leg, p.Presses)
		}
	case after == 0:
		return
	}
	l.ring = time.AfterFunc(after, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.legs[o.Leg] == l && !l.view.Up {
			then()
		}
	})
}

// SendKeys implements telephony.Switch.
func (f *Fake) SendKeys(ctx context.Context, id telephony.LegID, after time.Duration, keys string) error {
	return f.do(ctx, "SendKeys", string(id)+" "+after.String()+" "+keys, func() error {
		_, err := f.ours(id)
		return err
	})
}

// Phone implements telephony.Switch.
func (f *Fake) Phone(ctx context.Context, endpoint string) (rings bool, err error) {
	err = f.do(ctx, "Phone", endpoint, func() error {
		rings = !f.phonesOut[endpoint]
		return nil
	})
	return rings, err
}

// end takes a leg off the switch and tells it.
func (f *Fake) end(id telephony.LegID, cause int) {
	l := f.legs[id]
	if l == nil {
		return
	}
	stop(l.lease)
	stop(l.ring)
	f.leave(l)
	f.unheard(id)
	f.endRecordings(id)
	delete(f.legs, id)
	if f.linked && !l.lost { // of a leg the fail-safe took the server hears no more
		f.emit(telephony.Event{Kind: telephony.LegDown, Leg: id, Call: l.view.Call, Cause: cause})
	}
}

// leave takes a leg out of its bridge, or from those who wait.
func (f *Fake) leave(l *leg) {
	if b := f.bridges[l.bridge]; b != nil {
		b.legs = slices.DeleteFunc(b.legs, func(o telephony.LegID) bool { return o == l.view.Leg })
	}
	l.bridge, l.waits, l.view.Hears, l.view.As = "", false, "", ""
}

// MakeBridge implements telephony.Switch.
func (f *Fake) MakeBridge(ctx context.Context, id telephony.BridgeID) error {
	return f.do(ctx, "MakeBridge", string(id), func() error {
		if f.bridges[id] == nil {
			f.bridges[id] = &bridge{}
		}
		return nil
	})
}

// RemoveBridge implements telephony.Switch.
func (f *Fake) RemoveBridge(ctx context.Context, id telephony.BridgeID) error {
	return f.do(ctx, "RemoveBridge", string(id), func() error {
		b := f.bridges[id]
		if b == nil {
			return nil
		}
		for _, l := range b.legs {
			f.legs[l].bridge = ""
		}
		delete(f.bridges, id)
		for _, p := range slices.Sorted(maps.Keys(f.plays)) {
			if f.plays[p].Bridge == id {
				f.endPlay(p, false)
			}
		}
		return nil
	})
}

// Join implements telephony.Switch.
func (f *Fake) Join(ctx context.Context, id telephony.BridgeID, legs ...telephony.LegID) error {
	names := []string{string(id)}
	for _, l := range legs {
		names = append(names, string(l))
	}
	return f.do(ctx, "Join", strings.Join(names, " "), func() error {
		if f.bridges[id] == nil {
			return telephony.ErrGone
		}
		for _, one := range legs {
			if _, err := f.ours(one); err != nil {
				return err
			}
		}
		for _, one := range legs {
			l := f.legs[one]
			if l.bridge == id {
				continue
			}
			f.leave(l)
			l.bridge = id
			f.bridges[id].legs = append(f.bridges[id].legs, one)
		}
		return nil
	})
}

// Leave implements telephony.Switch.
func (f *Fake) Leave(ctx context.Context, id telephony.BridgeID, one telephony.LegID) error {
	return f.do(ctx, "Leave", string(id)+" "+string(one), func() error {
		if l := f.legs[one]; l != nil && l.bridge == id {
			f.leave(l)
		}
		return nil
	})
}

// Wait implements telephony.Switch.
func (f *Fake) Wait(ctx context.Context, id telephony.LegID) error {
	return f.do(ctx, "Wait", string(id), func() error {
		l, err := f.ours(id)
		if err == nil {
			f.leave(l)
			l.waits = true
		}
		return err
	})
}

// Listen implements telephony.Switch.
func (f *Fake) Listen(ctx context.Context, ear, to telephony.LegID, m telephony.SupervisionMode) error {
	return f.do(ctx, "Listen", string(ear)+" "+string(to)+" "+string(m), func() error {
		l, err := f.ours(ear)
		if err == nil {
			_, err = f.ours(to)
		}
		if err == nil {
			f.leave(l)
			l.view.Hears, l.view.As = to, m
		}
		return err
	})
}

// unheard ends the listening to a leg that has gone.
func (f *Fake) unheard(id telephony.LegID) {
	for _, l := range f.legs {
		if l.view.Hears == id {
			l.view.Hears, l.view.As = "", ""
		}
	}
}

// Renew implements telephony.Switch.
func (f *Fake) Renew(ctx context.Context, id telephony.LegID, lease time.Duration) error {
	return f.do(ctx, "Renew", string(id), func() error {
		l, err := f.ours(id)
		if err == nil && (l.inbound || l.view.Up) { // one that rings has no lease yet
			f.arm(l, lease)
		}
		return err
	})
}

// arm sets the moment a leg is lost unless renewed; a lease of zero never runs out.
func (f *Fake) arm(l *leg, lease time.Duration) {
	stop(l.lease)
	if !f.Leases || lease <= 0 {
		return
	}
	id := l.view.Leg
	var t *time.Timer
	t = time.AfterFunc(lease, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.legs[id] == l && l.lease == t { // a renewal that raced with the timer wins
			f.lose(id)
		}
	})
	l.lease = t
}

// SetPeer implements telephony.Switch.
func (f *Fake) SetPeer(ctx context.Context, id, peer telephony.LegID) error {
	return f.do(ctx, "SetPeer", string(id)+" "+string(peer), func() error {
		l, err := f.ours(id)
		if err == nil {
			l.view.Peer = peer
		}
		return err
	})
}

// Beat implements telephony.Switch.
func (f *Fake) Beat(ctx context.Context) error {
	return f.do(ctx, "Beat", "", func() error {
		f.lastBeat = time.Now()
		f.beats++
		return nil
	})
}

// Snapshot implements telephony.Switch.
func (f *Fake) Snapshot(ctx context.Context) (s telephony.Snapshot, err error) {
	err = f.do(ctx, "Snapshot", "", func() error {
		s.Since = f.since
		for _, id := range slices.Sorted(maps.Keys(f.legs)) {
			if l := f.legs[id]; !l.lost {
				v := l.view
				v.Waits = l.waits
				s.Legs = append(s.Legs, v)
			} else {
				s.Lost = append(s.Lost, id)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(f.bridges)) {
			s.Bridges = append(s.Bridges, telephony.BridgeView{Bridge: id, Legs: slices.Clone(f.bridges[id].legs)})
		}
		for _, id := range slices.Sorted(maps.Keys(f.recordings)) {
			if !slices.ContainsFunc(f.voicemails, func(v telephony.Voicemail) bool { return v.Recording == id }) {
				s.Recordings = append(s.Recordings, id)
			}
		}
		return nil
	})
	return s, err
}

// Voicemails implements telephony.Switch.
func (f *Fake) Voicemails(ctx context.Context) (vs []telephony.Voicemail, err error) {
	err = f.do(ctx, "Voicemails", "", func() error {
		vs = slices.Clone(f.voicemails)
		return nil
	})
	return vs, err
}

// FetchRecording implements telephony.Switch.
func (f *Fake) FetchRecording(ctx context.Context, id telephony.RecordingID, w io.Writer) error {
	var wav []byte
	err := f.do(ctx, "FetchRecording", string(id), func() error {
		r := f.recordings[id]
		if r == nil || r.live {
			return telephony.ErrGone
		}
		wav = r.wav
		return nil
	})
	if err != nil {
		return err
	}
	_, err = w.Write(wav)
	return err
}
