package ari

import (
	"encoding/json"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// A leg is what we know of a channel of ours.
type leg struct {
	name    string // the channel's name, which the dialplan's PEER needs
	inbound bool
	agent   bool // an agent's phone, not the carrier's
	call    telephony.CallID
	with    telephony.LegID    // whom an agent's leg is for
	watched bool               // the dialplan's watchman looks after it
	until   time.Time          // at least so long its own lease lasts; zero when that is not known
	bridge  telephony.BridgeID // where Join has put it
	filled  bool               // it may be sent silence, see letHear
	source  uint32             // of its sound, see attend; 0 before it was first asked
	format  string             // of its sound, as the dialplan told it; "" when it did not
	entered bool               // it is in Stasis: ours to command
	hanging bool               // it is being hung up: the end of Stasis that follows is no loss
	silent  bool               // Asterisk hangs it up, because its phone sends nothing any more
	rang    bool               // LegRinging was told
	ringing bool               // the dialplan has told the caller that it rings
	stale   bool               // known from an earlier connection; the next Snapshot shows whether it is there still

	key press // the last
}

// A press of a key, as Asterisk tells it.
type press struct {
	key  string
	at   time.Time // when it was let go
	held time.Duration
}

// deferral is how long Asterisk at least puts a key aside that came too close behind another, 45 ms, with a frame to spare.
const deferral = 65 * time.Millisecond

// again tells whether next is the same press, told once more. Asterisk tells each once for the channel and once for its
// endpoint, which we follow; and a key that it put aside, as it does when the line was held up and keys come close
// together, it tells again when it takes it up. The same key, held as long, cannot be let go again sooner than that.
func (p press) again(next press) bool {
	return p.key == next.key && p.held == next.held && next.at.Sub(p.at) < max(p.held, deferral)
}

// forget doubts all we know when a connection is new: nothing is replayed, a Snapshot tells what is there.
func (c *Client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.plays)
	clear(c.followed)
	clear(c.phones)
	for _, l := range c.legs {
		l.stale = true
	}
	for _, r := range c.recordings {
		r.stale = true
	}
}

// translate turns one message into events. Only an ApplicationReplaced is an error: it ends the connection. What it
// does not know it counts and lets pass.
func (c *Client) translate(msg []byte) error {
	e, err := ari.DecodeEvent(msg)
	if err != nil {
		c.stranger(msg)
		return nil
	}
	switch v := e.(type) {
	case *ari.ApplicationReplaced:
		return errDemoted
	case *ari.StasisStart:
		c.started(v)
	case *ari.StasisEnd:
		c.left(v)
	case *ari.ChannelStateChange:
		if v.Channel.State == "Ringing" {
			c.ringing(v)
		}
	case *ari.ChannelHangupRequest:
		c.hanging(telephony.LegID(v.Channel.ID), v.Soft && v.Cause == softHangupDevice)
	case *ari.ChannelDestroyed:
		c.destroyed(v)
	case *ari.ChannelDtmfReceived:
		c.digit(v)
	case *ari.PlaybackFinished:
		c.played(v)
	case *ari.ChannelUserevent:
		c.echo(v.Eventname)
	case *ari.PeerStatusChange:
		c.phone(v.Endpoint, time.Time(v.Timestamp))
	case *ari.ContactStatusChange:
		c.phone(v.Endpoint, time.Time(v.Timestamp))
	}
	return nil
}

// stranger notes an event that could not be decoded: its type, never its content.
func (c *Client) stranger(msg []byte) {
	var t struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(msg, &t); err != nil || t.Type == "" {
		t.Type = "(not JSON)"
	}
	if len(t.Type) > 60 {
		t.Type = t.Type[:60]
	}
	c.mu.Lock()
	_, seen := c.unknown[t.Type]
	if seen || len(c.unknown) < 1000 {
		c.unknown[t.Type]++
	}
	c.mu.Unlock()
	if !seen {
		c.log.Info("the switch sends an event we do not know", "type", t.Type)
	}
}

// started is a channel's entry into our application.
func (c *Client) started(v *ari.StasisStart) {
	id := telephony.LegID(v.Channel.ID)
	if isSnoop(v.Channel.ID) {
		c.snoopStarted(v.Channel.ID, v.Args)
		return
	}
	e := telephony.Event{At: time.Time(v.Timestamp), Leg: id}
	c.mu.Lock()
	l := c.legs[id]
	if l == nil {
		l = &leg{}
		c.legs[id] = l
	}
	delete(c.ended, id)
	l.name, l.entered, l.stale = v.Channel.Name, true, false
	if len(v.Args) > 0 && v.Args[0] == argInbound {
		l.inbound, l.ringing = true, len(v.Args) > 4 && v.Args[4] == argRinging
		if l.watched = len(v.Args) > 3 && v.Args[3] == "1"; l.watched {
			l.until = time.Now().Add(asterisk.Net)
		}
		e.Kind = telephony.LegArrived
		who := whoIsWho(v.Channel.ChannelVars, v.Args, v.Channel.Caller.Number)
		e.DID, e.Called, e.ANI = who.called[0], who.called, who.calling
		if !who.withheld {
			e.CallerName = telephony.CleanName(v.Channel.Caller.Name)
		}
	} else {
		e.Kind = telephony.LegEntered
		if l.call == "" { // originated by an earlier life
			l.call = telephony.CallID(v.Channel.ChannelVars[varCall])
		}
		e.Call = l.call
		e.Recording = c.begun(id, v.Args)
		if caller := c.legs[l.with]; caller != nil {
			caller.watched = false // the dialplan has seen to it
		}
	}
	l.format = formatOf(v.Args)
	c.mu.Unlock()
	c.events.put(e)
}

// left is a channel's way out of our application. When it is being hung up this is the last we hear of a caller's
// channel: Asterisk ends our subscription with it. Otherwise the fail-safe has it.
func (c *Client) left(v *ari.StasisEnd) {
	if isSnoop(v.Channel.ID) {
		c.snoopEnded(v.Channel.ID)
		return
	}
	id := telephony.LegID(v.Channel.ID)
	c.mu.Lock()
	l := c.legs[id]
	hanging, silent := l != nil && l.hanging, l != nil && l.silent
	c.mu.Unlock()
	e := telephony.Event{Kind: telephony.LegLost, At: time.Time(v.Timestamp), Leg: id}
	if hanging {
		e.Kind, e.Cause = telephony.LegDown, normalClearing
		if silent {
			e.Cause = telephony.CauseSilent
		}
	}
	c.end(e)
}

// normalClearing is Q.850's cause for a call that one side hung up.
const normalClearing = 16

// softHangupDevice is AST_SOFTHANGUP_DEV: the "cause" of a soft hang-up request by the channel's own driver, which for SIP
// is its rtp_timeout (res_pjsip_sdp_rtp.c). A BYE is no soft request.
const softHangupDevice = 1

// end tells a leg's end, once.
func (c *Client) end(e telephony.Event) {
	c.mu.Lock()
	c.ended.add(e.Leg)
	l := c.legs[e.Leg]
	delete(c.legs, e.Leg)
	listened := c.ears[e.Leg]
	delete(c.ears, e.Leg)
	c.mu.Unlock()
	if listened != nil {
		c.endListening(e.Leg, listened.snoops)
	}
	if l != nil {
		e.Call = l.call
		c.events.put(e)
		if e.Kind == telephony.LegDown {
			c.talkEnded(e.Leg)
		}
	}
}

func (c *Client) hanging(id telephony.LegID, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.legs[id]; l != nil {
		l.hanging = true
		l.silent = l.silent || silent
	}
}

func (c *Client) destroyed(v *ari.ChannelDestroyed) {
	defer c.talkRecorded(telephony.LegID(v.Channel.ID))
	c.end(telephony.Event{Kind: telephony.LegDown, At: time.Time(v.Timestamp), Leg: telephony.LegID(v.Channel.ID), Cause: v.Cause})
}

func (c *Client) ringing(v *ari.ChannelStateChange) {
	id := telephony.LegID(v.Channel.ID)
	c.mu.Lock()
	l := c.legs[id]
	told := l == nil || l.inbound || l.rang
	if !told {
		l.rang = true
	}
	c.mu.Unlock()
	if !told {
		c.events.put(telephony.Event{Kind: telephony.LegRinging, At: time.Time(v.Timestamp), Leg: id, Call: l.call})
	}
}

func (c *Client) digit(v *ari.ChannelDtmfReceived) {
	id, at := telephony.LegID(v.Channel.ID), time.Time(v.Timestamp)
	key := press{v.Digit, at, time.Duration(v.DurationMs) * time.Millisecond}
	c.mu.Lock()
	l := c.legs[id]
	told := l == nil || !l.entered || l.key.again(key)
	if !told {
		l.key = key
	}
	c.mu.Unlock()
	if !told {
		c.events.put(telephony.Event{Kind: telephony.Digit, At: at, Leg: id, Call: l.call, Digit: v.Digit})
	}
}

// phone tells what has become of a phone, when that is new. Asterisk tells of each registration twice, and again when it is
// renewed.
func (c *Client) phone(e ari.EndpointData, at time.Time) {
	kind := telephony.PhoneBack
	if e.State == endpointOffline {
		kind = telephony.PhoneOut
	}
	c.mu.Lock()
	told := c.phones[e.Resource] == kind
	c.phones[e.Resource] = kind
	c.mu.Unlock()
	if !told {
		c.events.put(telephony.Event{Kind: kind, At: at, Phone: e.Resource})
	}
}

// played is the end of a play. One that we do not know was ended by RemoveBridge, or is an earlier life's.
func (c *Client) played(v *ari.PlaybackFinished) {
	id := telephony.PlayID(v.Playback.ID)
	c.mu.Lock()
	b, ours := c.plays[id]
	delete(c.plays, id)
	c.mu.Unlock()
	if ours {
		c.events.put(telephony.Event{
			Kind: telephony.PlayEnded, At: time.Time(v.Timestamp), Play: id, Bridge: b, Failed: v.Playback.State == "failed",
		})
	}
}

// playedWith ends the plays of a bridge that has gone: Asterisk tells nothing more of them.
func (c *Client) playedWith(b telephony.BridgeID) {
	c.mu.Lock()
	var over []telephony.PlayID
	for id, in := range c.plays {
		if in == b {
			over = append(over, id)
			delete(c.plays, id)
		}
	}
	c.mu.Unlock()
	for _, id := range over {
		c.events.put(telephony.Event{Kind: telephony.PlayEnded, At: time.Now(), Play: id, Bridge: b})
	}
}

// departed remembers legs that ended a moment ago: Asterisk may still list them. The zero value remembers none.
type departed map[telephony.LegID]time.Time

const rememberDeparted = 10 * time.Second

func (d departed) add(id telephony.LegID) {
	now := time.Now()
	if len(d)%256 == 255 {
		for old, at := range d {
			if now.Sub(at) > rememberDeparted {
				delete(d, old)
			}
		}
	}
	d[id] = now
}

func (d departed) has(id telephony.LegID) bool {
	at, ok := d[id]
	return ok && time.Since(at) < rememberDeparted
}
