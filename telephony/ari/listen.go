package ari

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
)

// Who listens is in a bridge with a snoop of the leg they hear, all named after who listens. A snoop cannot be changed: for
// another way of listening there is another, and it goes with the leg it snoops. Asterisk gives a snoop, and MixMonitor, a leg's
// sound before anything is mixed in: no recording of the leg holds what who listens says. Nor is who barges in put into the bridge
// of those who talk, but into what the agent hears and into what the agent says. One more in a bridge of two has Asterisk mix; when
// it mixes no more, one time in five who snoops the agent's leg, MixMonitor among them, gets nothing of what the agent hears for as
// long as MixMonitor is at work.
const (
	listenPrefix = "listen-bridge-"
	snoopPrefix  = "listen-"
)

// said is where what who listens says is mixed in.
var said = map[telephony.SupervisionMode]ari.Direction{
	telephony.Monitor: ari.DirectionNone, telephony.Whisper: ari.DirectionOut, telephony.Barge: ari.DirectionBoth}

func listenBridge(ear telephony.LegID) telephony.BridgeID {
	return telephony.BridgeID(listenPrefix + ear)
}

// A listening is what a leg that listens, or did, has on the switch beside itself.
type listening struct {
	snoops []telephony.LegID // the last is the one in use
	to     telephony.LegID   // whom that one snoops; "" when there is none
	as     telephony.SupervisionMode
}

// snoopOf names a snoop. Asterisk gives an id free some time after its channel was hung up: none is used again.
func snoopOf(ear telephony.LegID, m telephony.SupervisionMode) telephony.LegID {
	return telephony.LegID(fmt.Sprintf("%s%s-%s-%016x", snoopPrefix, m, ear, time.Now().UnixNano()))
}

// listener is whose snoop it is, if it is one of who listens.
func listener(snoop string) (ear telephony.LegID, m telephony.SupervisionMode, ok bool) {
	rest, ok := strings.CutPrefix(snoop, snoopPrefix)
	mode, name, _ := strings.Cut(rest, "-")
	i := strings.LastIndexByte(name, '-')
	if m = telephony.SupervisionMode(mode); !ok || i < 0 || said[m] == "" {
		return "", "", false
	}
	return telephony.LegID(name[:i]), m, true
}

// snooped is the leg that a snoop's channel says by its name that it snoops.
func (ch channel) snooped() telephony.LegID {
	name, ok := strings.CutPrefix(ch.Name, "Snoop/")
	if i := strings.LastIndexByte(name, '-'); ok && i > 0 {
		return telephony.LegID(name[:i])
	}
	return ""
}

// Listen implements telephony.Switch.
func (c *Client) Listen(ctx context.Context, ear, to telephony.LegID, m telephony.SupervisionMode) error {
	room := listenBridge(ear)
	if is, err := c.listens(ctx, ear, to, m); is || err != nil {
		return err
	}
	if err := c.MakeBridge(ctx, room); err != nil {
		return err
	}
	if err := c.Join(ctx, room, ear); err != nil {
		return err
	}
	snoop := snoopOf(ear, m)
	c.mu.Lock()
	l := c.ears[ear]
	if l == nil {
		l = &listening{}
		c.ears[ear] = l
	}
	old := slices.Clone(l.snoops)
	l.snoops, l.to, l.as = append(l.snoops, snoop), to, m
	c.mu.Unlock()
	_, err := c.snoop(ctx, to, string(snoop), ari.SnoopOptions{Spy: ari.DirectionBoth, Whisper: said[m]})
	if err == nil {
		err = c.endSnoops(ctx, ear, old)
	}
	if err == nil {
		err = c.retryUntilReady(ctx, nil, func() error { return c.Join(ctx, room, snoop) })
	}
	if err == nil && m != telephony.Monitor {
		err = c.letHear(ctx, to)
	}
	return err
}

// listens tells whether a leg listens so already.
func (c *Client) listens(ctx context.Context, ear, to telephony.LegID, m telephony.SupervisionMode) (bool, error) {
	c.mu.Lock()
	l, leg, snoop := c.ears[ear], c.legs[ear], telephony.LegID("")
	if l != nil && leg != nil && leg.bridge == listenBridge(ear) && l.to == to && l.as == m && len(l.snoops) > 0 {
		snoop = l.snoops[len(l.snoops)-1]
	}
	c.mu.Unlock()
	if snoop == "" {
		return false, nil
	}
	_, err := c.channel(ctx, string(snoop))
	if status(err) == http.StatusNotFound {
		return false, nil
	}
	if err == nil {
		err = c.Join(ctx, listenBridge(ear), ear, snoop)
	}
	return err == nil, err
}

// letHear has a leg that is in no bridge be sent silence, into which what somebody says can be mixed: by itself Asterisk sends it nothing.
func (c *Client) letHear(ctx context.Context, leg telephony.LegID) error {
	c.mu.Lock()
	l := c.legs[leg]
	alone := l != nil && l.bridge == ""
	if alone {
		l.filled = true
	}
	c.mu.Unlock()
	if !alone {
		return nil
	}
	err := c.do(ctx, "send a leg silence", http.MethodPost, silenceOf(leg), nil, nil)
	return orGone(err, http.StatusConflict, http.StatusPreconditionFailed)
}

// unfill ends the silence that legs are sent: they would hear nothing else in a bridge.
func (c *Client) unfill(ctx context.Context, legs []telephony.LegID) error {
	for _, leg := range legs {
		c.mu.Lock()
		l := c.legs[leg]
		filled := l != nil && l.filled
		c.mu.Unlock()
		if !filled {
			continue
		}
		err := c.do(ctx, "send a leg no silence", http.MethodDelete, silenceOf(leg), nil, nil)
		if err = orDone(err, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed); err != nil {
			return err
		}
		c.mu.Lock()
		l.filled = false
		c.mu.Unlock()
	}
	return nil
}

func silenceOf(leg telephony.LegID) string {
	return "/channels/" + url.PathEscape(string(leg)) + "/silence"
}

// spokenTo tells whether a leg hears somebody who listens to it.
func (c *Client) spokenTo(leg telephony.LegID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.ears {
		if l.to == leg && l.as != telephony.Monitor {
			return true
		}
	}
	return false
}

// endSnoops hangs snoops of a leg's up.
func (c *Client) endSnoops(ctx context.Context, ear telephony.LegID, snoops []telephony.LegID) error {
	for _, s := range snoops {
		if err := c.Hangup(ctx, s); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.ears[ear]; l != nil {
		l.snoops = slices.DeleteFunc(l.snoops, func(s telephony.LegID) bool { return slices.Contains(snoops, s) })
	}
	return nil
}

// listened takes down what those of the legs who listened, and are elsewhere now, did it with.
func (c *Client) listened(ctx context.Context, legs ...telephony.LegID) error {
	var err error
	for _, ear := range legs {
		c.mu.Lock()
		l, snoops := c.ears[ear], []telephony.LegID(nil)
		if l != nil {
			l.to, l.as, snoops = "", "", slices.Clone(l.snoops)
		}
		c.mu.Unlock()
		err = errors.Join(err, c.endSnoops(ctx, ear, snoops))
	}
	return err
}

// endListening takes down all that a leg which has gone has listened with, in its own time: nothing waits on it.
func (c *Client) endListening(ear telephony.LegID, snoops []telephony.LegID) {
	c.besides(func() {
		ctx, cancel := context.WithTimeout(c.life, takeUp)
		defer cancel()
		err := errors.Join(c.endSnoops(ctx, ear, snoops), c.RemoveBridge(ctx, listenBridge(ear)))
		if err != nil && c.life.Err() == nil {
			c.log.Warn("what a leg listened with was not taken down; the next snapshot will", "leg", ear, "error", err)
		}
	})
}

// whoListens marks the leg that listens in a bridge, and takes all down when that has gone. false: the bridge is another.
func (c *Client) whoListens(legs []telephony.LegView, b ari.BridgeData, channels []channel) (is bool) {
	id, is := strings.CutPrefix(b.ID, listenPrefix)
	if !is {
		return false
	}
	ear, now := telephony.LegID(id), &listening{}
	at := slices.IndexFunc(legs, func(l telephony.LegView) bool { return l.Leg == ear })
	for _, ch := range channels {
		who, m, ok := listener(ch.ID)
		switch {
		case !ok || who != ear:
		case at >= 0 && slices.Contains(b.ChannelIDs, ch.ID) && slices.Contains(b.ChannelIDs, id):
			now.to, now.as, now.snoops = ch.snooped(), m, append(now.snoops, telephony.LegID(ch.ID))
			legs[at].Hears, legs[at].As = now.to, m
			c.seat(listenBridge(ear), ear)
		default: // a stray goes with the next change
			now.snoops = slices.Insert(now.snoops, 0, telephony.LegID(ch.ID))
		}
	}
	c.mu.Lock()
	if at < 0 {
		delete(c.ears, ear)
	} else if c.ears[ear] == nil {
		c.ears[ear] = now
	}
	c.mu.Unlock()
	if at < 0 {
		c.endListening(ear, now.snoops)
	}
	return true
}
