package ari

import (
	"context"
	"net/http"
	"net/url"

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
	path := "/bridges/" + url.PathEscape(string(b)) + "/addChannel" // the native client joins one at a time
	err := c.do(ctx, "join", http.MethodPost, path, map[string][]telephony.LegID{"channel": legs}, nil)
	if err == nil {
		c.seat(b, legs...)
	}
	// 400: no such channel; 409: no bridge of Stasis; 422: the channel is not in Stasis
	return orGone(err, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
}

// Leave implements telephony.Switch. A leg that has gone or is elsewhere has left.
func (c *Client) Leave(ctx context.Context, b telephony.BridgeID, leg telephony.LegID) error {
	c.unseat(b, leg)
	err := c.call(ctx, "leave", func() error { return c.rest.Bridge().RemoveChannel(bridgeKey(b), string(leg)) })
	return orDone(err, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
}

// Music implements telephony.Switch.
func (c *Client) Music(ctx context.Context, b telephony.BridgeID) error {
	err := c.call(ctx, "music", func() error { return c.rest.Bridge().MOH(bridgeKey(b), "default") })
	return orGone(err, http.StatusConflict)
}

// Quiet implements telephony.Switch.
func (c *Client) Quiet(ctx context.Context, b telephony.BridgeID) error {
	err := c.call(ctx, "quiet", func() error { return c.rest.Bridge().StopMOH(bridgeKey(b)) })
	return orDone(err, http.StatusConflict) // none is playing
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
