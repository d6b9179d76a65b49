package ari

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// Renew implements telephony.Switch. A caller whom the watchman looks after needs a command only when the lease of their own, the
// net under it, is half over. A lease of zero or less never runs out. It must not be called in turn for several
// legs by one goroutine: a leg that is busy inside Asterisk keeps its caller waiting. A leg of ours that still rings has
// no lease yet, the dialplan gives it one when it is answered.
func (c *Client) Renew(ctx context.Context, leg telephony.LegID, lease time.Duration) error {
	if lease >= briefest && lease <= common {
		if inHand, err := c.lookAfter(ctx, leg, lease); inHand {
			return err
		}
	} else if err := c.unwatch(ctx, leg); err != nil {
		return err
	}
	return c.setLease(ctx, leg, lease)
}

func (c *Client) setLease(ctx context.Context, leg telephony.LegID, lease time.Duration) error {
	err := c.set(ctx, "renew", leg, varLease, strconv.FormatFloat(max(lease, 0).Seconds(), 'f', 3, 64))
	if status(err) == http.StatusConflict && c.rings(leg) {
		return nil
	}
	return err
}

// rings tells whether a leg is ours and was not answered yet.
func (c *Client) rings(id telephony.LegID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.legs[id]
	return l != nil && !l.inbound && !l.entered
}

// SetPeer implements telephony.Switch.
func (c *Client) SetPeer(ctx context.Context, leg, peer telephony.LegID) error {
	name := ""
	if peer != "" {
		var err error
		if name, err = c.channelName(ctx, peer); err != nil {
			return err
		}
	}
	return c.set(ctx, "set peer", leg, varPeer, name)
}

// set sets a variable of a leg that is ours. 409 means that it has left Stasis.
func (c *Client) set(ctx context.Context, what string, leg telephony.LegID, name, value string) error {
	err := c.call(ctx, what, func() error { return c.rest.Channel().SetVariable(channelKey(leg), name, value) })
	return orGone(err, http.StatusConflict)
}

// channelName is the name of a leg's channel, which is what the dialplan can find it by.
func (c *Client) channelName(ctx context.Context, id telephony.LegID) (string, error) {
	c.mu.Lock()
	l := c.legs[id]
	known := ""
	if l != nil {
		known = l.name
	}
	c.mu.Unlock()
	if known != "" {
		return known, nil
	}
	ch, err := c.channel(ctx, string(id))
	return ch.Name, err
}

// channel asks Asterisk for one channel.
func (c *Client) channel(ctx context.Context, id string) (channel, error) {
	var ch channel
	err := c.do(ctx, "look at a leg", http.MethodGet, "/channels/"+url.PathEscape(id), nil, &ch)
	return ch, err
}

// Beat implements telephony.Switch. The time it sets is Asterisk's own, because the dialplan compares it with that
// machine's clock.
func (c *Client) Beat(ctx context.Context) error {
	var now string
	err := c.call(ctx, "beat", func() (err error) {
		now, err = c.rest.Asterisk().Variables().Get(ari.NewKey(ari.VariableKey, "EPOCH"))
		return err
	})
	if err != nil {
		return err
	}
	err = c.call(ctx, "beat", func() error {
		return c.rest.Asterisk().Variables().Set(ari.NewKey(ari.VariableKey, varAlive), now)
	})
	if err != nil {
		return err
	}
	return c.tellUntil(ctx, asterisk.Lease)
}
