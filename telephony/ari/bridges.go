package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"lamplight/telephony"
)

// MakeBridge implements telephony.Switch. The bridge bears the application's name, by which Snapshot knows it: Asterisk
// counts a bridge as an application's own only while a channel of it is inside. dtmf_events keeps Asterisk from passing
// sound on without looking at it, which would hide the keys that are pressed.
func (c *Client) MakeBridge(ctx context.Context, b telephony.BridgeID) error {
	err := c.call(ctx, "make bridge", func() error {
		_, err := c.rest.Bridge().Create(bridgeKey(b), "mixing,dtmf_events", c.cfg.App)
		return err
	})
	return orDone(err, http.StatusConflict)
}

// RemoveBridge implements telephony.Switch. 409 means that the bridge has gone, or is just going, although Asterisk still
// lists it: two of us took it down at once.
func (c *Client) RemoveBridge(ctx context.Context, b telephony.BridgeID) error {
	err := c.call(ctx, "remove bridge", func() error { return c.rest.Bridge().Delete(bridgeKey(b)) })
	if err = orDone(err, http.StatusNotFound, http.StatusConflict); err == nil {
		c.playedWith(b)
		c.unseat(b)
	}
	return err
}

// Join implements telephony.Switch. All legs join by one command; a leg in another bridge moves.
func (c *Client) Join(ctx context.Context, b telephony.BridgeID, legs ...telephony.LegID) error {
	if len(legs) == 0 {
		return nil
	}
	if err := c.unfill(ctx, legs); err != nil {
		return err
	}
	path := "/bridges/" + url.PathEscape(string(b)) + "/addChannel" // the native client joins one at a time
	err := c.do(ctx, "join", http.MethodPost, path, map[string][]telephony.LegID{"channel": legs}, nil)
	if err == nil {
		c.seat(b, legs...)
		if !strings.HasPrefix(string(b), listenPrefix) {
			return c.listened(ctx, legs...)
		}
	}
	// 400: no such channel; 409: no bridge of Stasis; 422: the channel is not in Stasis
	return orGone(err, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

// Leave implements telephony.Switch. A leg that has gone or is elsewhere has left.
func (c *Client) Leave(ctx context.Context, b telephony.BridgeID, leg telephony.LegID) error {
	c.unseat(b, leg)
	err := c.call(ctx, "leave", func() error { return c.rest.Bridge().RemoveChannel(bridgeKey(b), string(leg)) })
	if err == nil && c.spokenTo(leg) {
		return c.letHear(ctx, leg)
	}
	return orDone(err, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

// waitingRoom is the holding bridge of an application: one music for all who are in it, and nothing is mixed. It is made when
// the first leg waits, and stays.
func (c *Client) waitingRoom() telephony.BridgeID {
	return telephony.BridgeID(c.cfg.App + "-waiting-room")
}

// few is how many legs may wait when one more has the music started: it ends with the last who leaves, and of those who left
// just now we may not have heard. Music that plays is not disturbed by that.
const few = 4

// Wait implements telephony.Switch.
func (c *Client) Wait(ctx context.Context, leg telephony.LegID) error {
	room := c.waitingRoom()
	path := "/bridges/" + url.PathEscape(string(room)) + "/addChannel"
	enter := func() error {
		return c.do(ctx, "wait", http.MethodPost, path, map[string]any{"channel": []telephony.LegID{leg}, "role": "participant"}, nil)
	}
	err := enter()
	if status(err) == http.StatusNotFound { // the room; a leg that is not there is a 400
		err = c.call(ctx, "make waiting room", func() error {
			_, err := c.rest.Bridge().Create(bridgeKey(room), "holding", c.cfg.App)
			return err
		})
		if err = orDone(err, http.StatusConflict); err == nil {
			err = enter()
		}
	}
	if err == nil {
		if c.seat(room, leg); c.seated(room) <= few {
			err = c.playMusic(ctx)
		}
	}
	return orGone(err, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

// playMusic has the waiting room hear music, if it does not.
func (c *Client) playMusic(ctx context.Context) error {
	return c.call(ctx, "music", func() error { return c.rest.Bridge().MOH(bridgeKey(c.waitingRoom()), "default") })
}

// Play implements telephony.Switch.
func (c *Client) Play(ctx context.Context, p telephony.Play) error {
	c.mu.Lock()
	_, playing := c.plays[p.ID]
	c.plays[p.ID] = p.Bridge // before its end can be told
	c.mu.Unlock()
	if playing {
		return nil
	}
	media := make([]string, len(p.Prompts))
	for i, s := range p.Prompts {
		media[i] = "sound:" + s
	}
	path := "/bridges/" + url.PathEscape(string(p.Bridge)) + "/play/" + url.PathEscape(string(p.ID))
	err := c.do(ctx, "play", http.MethodPost, path, map[string]any{"media": media, "lang": p.Language}, nil)
	if err != nil {
		c.mu.Lock()
		delete(c.plays, p.ID)
		c.mu.Unlock()
	}
	return orGone(err, http.StatusConflict)
}

// StopPlay implements telephony.Switch.
func (c *Client) StopPlay(ctx context.Context, p telephony.PlayID) error {
	err := c.do(ctx, "stop play", http.MethodDelete, "/playbacks/"+url.PathEscape(string(p)), nil, nil)
	return orDone(err, http.StatusNotFound, http.StatusConflict)
}
