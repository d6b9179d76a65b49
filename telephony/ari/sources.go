package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"lamplight/telephony"
)

// listenEvery is how often each carrier's leg whose sound is translated is asked for its source: its listener and its
// recording must have it back within a second. Where it is translated for the recording alone every second time will do: a
// question costs Asterisk as much as a third of a second of the talk itself. askers is how many are asked at a time.
const (
	listenEvery = 400 * time.Millisecond
	askers      = 4
)

// attend asks the carrier's legs whose sound is translated for its source, and mends what a new one has broken.
func (c *Client) attend() {
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	for all := true; ; all = !all {
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		}
		legs := make(chan telephony.LegID)
		var round sync.WaitGroup
		for range askers {
			round.Go(func() {
				for id := range legs {
					c.listen(id)
				}
			})
		}
		for _, id := range c.translated(all) {
			legs <- id
		}
		close(legs)
		round.Wait()
	}
}

// translated lists the carrier's legs whose sound is translated for who hears them in another format, or in one we do not know;
// with all also those where that is done for a recorder. Where nothing is translated a new source is heard like the old one.
func (c *Client) translated(all bool) (ids []telephony.LegID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	formats := map[telephony.BridgeID][]string{}
	for _, l := range c.legs {
		if l.bridge != "" && l.bridge != c.waitingRoom() {
			formats[l.bridge] = append(formats[l.bridge], l.format)
		}
	}
	for id, l := range c.legs {
		heard := formats[l.bridge]
		same := l.format != "" && !slices.ContainsFunc(heard, func(f string) bool { return f != l.format })
		switch {
		case len(heard) < 2:
			l.source = 0 // whoever comes to hear it begins anew
		case l.entered && !l.agent && !l.hanging && (all || !same):
			ids = append(ids, id)
		}
	}
	return ids
}

// listen asks for one leg's source. Asterisk's refusal means that the leg has gone, or has no sound yet.
func (c *Client) listen(id telephony.LegID) {
	var now struct {
		Source uint32 `json:"remote_ssrc"`
	}
	err := c.do(c.life, "look for a leg's sound", http.MethodGet, "/channels/"+url.PathEscape(string(id))+"/rtp_statistics", nil, &now)
	if err != nil || now.Source == 0 {
		return
	}
	c.mu.Lock()
	l := c.legs[id]
	changed := l != nil && l.source != 0 && l.source != now.Source
	if l != nil {
		l.source = now.Source
	}
	c.mu.Unlock()
	if changed {
		c.mend(id)
	}
}

// mend brings back what a leg's new source has broken: who hears it is taken out of its bridge and put back, which makes
// their translation anew, and its recorders are started anew and go on in the same file.
func (c *Client) mend(id telephony.LegID) {
	c.mu.Lock()
	var hears []telephony.LegID
	var running []telephony.RecordingID
	b := telephony.BridgeID("")
	if l := c.legs[id]; l != nil {
		b = l.bridge
	}
	missed := false
	for other, l := range c.legs {
		if b != "" && l.bridge == b {
			hears = append(hears, other)
			missed = missed || c.talkOf[other] != ""
		}
	}
	for r, rec := range c.recordings {
		if rec.leg == id && rec.joined && !rec.mending && !rec.stopped && !rec.talk {
			rec.mending = true
			running = append(running, r)
		}
	}
	c.mu.Unlock()
	c.log.Info("a leg's sound comes from another source", "leg", id, "hears it", len(hears)-1, "recordings", len(running))
	if missed {
		c.events.put(telephony.Event{Kind: telephony.SourceChanged, At: time.Now(), Leg: id})
	}
	ctx, cancel := context.WithTimeout(c.life, takeUp)
	defer cancel()
	for _, other := range hears {
		if other != id {
			c.told("let a leg hear another's new source", c.rejoin(ctx, b, other))
		}
	}
	for _, r := range running {
		c.told("record a leg's new source", c.recordAnew(ctx, id, r))
	}
}

// told logs what could not be mended, unless it has ended meanwhile.
func (c *Client) told(what string, err error) {
	if err != nil && !errors.Is(err, telephony.ErrGone) && c.life.Err() == nil {
		c.log.Warn("could not "+what, "error", err)
	}
}

// rejoin takes a leg out of a bridge and puts it back, unless somebody else has taken it out.
func (c *Client) rejoin(ctx context.Context, b telephony.BridgeID, id telephony.LegID) error {
	err := c.call(ctx, "leave", func() error { return c.rest.Bridge().RemoveChannel(bridgeKey(b), string(id)) })
	if err != nil {
		return orGone(err, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	c.mu.Lock()
	l := c.legs[id]
	stays := l != nil && l.bridge == b
	c.mu.Unlock()
	if !stays {
		return nil
	}
	return c.Join(ctx, b, id)
}

// recordAnew starts a running recorder of a leg again.
func (c *Client) recordAnew(ctx context.Context, leg telephony.LegID, r telephony.RecordingID) error {
	c.mu.Lock()
	rec := c.recordings[r]
	c.mu.Unlock()
	if rec == nil {
		return nil
	}
	err := c.removeRecorder(ctx, r)
	for _, id := range []string{sayPrefix + string(r), hearPrefix + string(r)} {
		if err == nil {
			err = c.awaitGone(ctx, id)
		}
	}
	if err == nil {
		c.mu.Lock()
		rec.recording, rec.begun, rec.joined = make(chan struct{}), false, false
		c.mu.Unlock()
		err = c.record(ctx, leg, r, rec)
	}
	c.mu.Lock()
	rec.mending = false
	stopped := rec.stopped
	c.mu.Unlock()
	if err == nil && stopped {
		err = c.removeRecorder(ctx, r)
	}
	if err == nil { // it may have ended before its end was listened to again
		_, err = c.channel(ctx, sayPrefix+string(r))
	}
	if err != nil { // the leg has gone; what was recorded until now is kept
		c.recorded(r, rec)
	}
	return err
}

// awaitGone waits until a channel that is being hung up is not there any more.
func (c *Client) awaitGone(ctx context.Context, id string) error {
	for pause := firstTry; ; pause = min(2*pause, lastTry) {
		if _, err := c.channel(ctx, id); err != nil {
			if errors.Is(err, telephony.ErrGone) {
				return nil
			}
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// seat notes where legs are; unseat that they, or all, are not in a bridge any more.
func (c *Client) seat(b telephony.BridgeID, legs ...telephony.LegID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range legs {
		if l := c.legs[id]; l != nil {
			l.bridge = b
		}
	}
}

// seated counts the legs in a bridge.
func (c *Client) seated(b telephony.BridgeID) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.legs {
		if l.bridge == b {
			n++
		}
	}
	return n
}

func (c *Client) unseat(b telephony.BridgeID, legs ...telephony.LegID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range legs {
		if l := c.legs[id]; l != nil && l.bridge == b {
			l.bridge = ""
		}
	}
	if len(legs) == 0 {
		for _, l := range c.legs {
			if l.bridge == b {
				l.bridge = ""
			}
		}
	}
}
