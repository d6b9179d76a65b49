package ari

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
	"lamplight/telephony/asterisk"
)

// Callers who wait are looked after together: each second we tell Asterisk until when, and the dialplan's watchman gives all of
// them to the fail-safe when that is over. So a renewal of theirs costs nothing but, each minute, one of the long lease of their
// own that is the net. Without a watchman, as under an older dialplan, each renewal is a command.

// briefest and common bound the leases that are renewed together. A shorter one ends a caller's time on purpose.
const (
	briefest = asterisk.Lease / 2
	common   = asterisk.Lease + 2*time.Second
)

// again is the pause before a watchman that is not at work is started once more.
const again = 10 * time.Second

// watchman is what is known of it; mu guards it.
type watchman struct {
	seen    time.Time // when it was found at work
	epoch   int64     // Asterisk's clock then
	until   time.Time // all are to be looked after until then
	told    time.Time // which was told last
	started time.Time
}

func (w *watchman) works() bool { return time.Since(w.seen) < asterisk.WatchStale }

// lookAfter has the watchman look after a caller who waits; inHand is false when it cannot.
func (c *Client) lookAfter(ctx context.Context, id telephony.LegID, lease time.Duration) (inHand bool, err error) {
	c.mu.Lock()
	c.watch.extend(lease)
	l := c.legs[id]
	if l == nil || !l.inbound || !c.watch.works() {
		c.mu.Unlock()
		return false, nil
	}
	watched, net := l.watched, time.Until(l.until) > asterisk.Net/2
	c.mu.Unlock()
	if err := c.tellUntil(ctx, lease); err != nil {
		return true, err
	}
	if !net {
		if err := c.setLease(ctx, id, asterisk.Net); err != nil {
			return true, err
		}
	}
	if !watched {
		if err := c.set(ctx, "watch", id, varWatched, "1"); err != nil {
			return true, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l.watched = true
	if !net {
		l.until = time.Now().Add(asterisk.Net)
	}
	return true, nil
}

// unwatch takes a leg from the watchman: from now on its own lease is what counts.
func (c *Client) unwatch(ctx context.Context, id telephony.LegID) error {
	c.mu.Lock()
	l := c.legs[id]
	watched := l != nil && l.watched
	if l != nil {
		l.watched, l.until = false, time.Time{}
	}
	c.mu.Unlock()
	if !watched {
		return nil
	}
	return c.set(ctx, "watch", id, varWatched, "0")
}

func (w *watchman) extend(lease time.Duration) {
	if until := time.Now().Add(lease); until.After(w.until) {
		w.until = until
	}
}

// tellUntil tells until when callers are looked after, at most once a second.
func (c *Client) tellUntil(ctx context.Context, lease time.Duration) error {
	c.mu.Lock()
	w := &c.watch
	w.extend(lease)
	if !w.works() || w.until.Sub(w.told) < time.Second {
		c.mu.Unlock()
		return nil
	}
	before := w.told
	w.told = w.until
	at := w.epoch + int64(w.until.Sub(w.seen)/time.Second)
	c.mu.Unlock()
	err := c.call(ctx, "look after callers", func() error {
		return c.rest.Asterisk().Variables().Set(ari.NewKey(ari.VariableKey, varUntil), strconv.FormatInt(at, 10))
	})
	if err != nil {
		c.mu.Lock()
		w.told = before
		c.mu.Unlock()
	}
	return err
}

// keepWatch sees each second whether the watchman is at work, and starts one if not. While Asterisk cannot be reached there is
// nothing to see.
func (c *Client) keepWatch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if works, err := c.seeWatchman(c.life); err == nil && !works {
			c.startWatchman(c.life)
		}
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *Client) seeWatchman(ctx context.Context) (works bool, err error) {
	now, err := c.global(ctx, "EPOCH")
	if err != nil {
		return false, err
	}
	at, err := c.global(ctx, varWatch)
	if err != nil {
		return false, err
	}
	works = time.Duration(now-at)*time.Second < asterisk.WatchStale
	c.mu.Lock()
	defer c.mu.Unlock()
	if works {
		c.watch.seen, c.watch.epoch = time.Now(), now
	}
	return works, nil
}

// global reads a number of Asterisk's, 0 when it has none.
func (c *Client) global(ctx context.Context, name string) (n int64, err error) {
	v, err := c.variable(ctx, name)
	if err == nil && v != "" {
		n, err = strconv.ParseInt(v, 10, 64)
	}
	return n, err
}

// variable reads a variable of Asterisk's, "" when it has none.
func (c *Client) variable(ctx context.Context, name string) (v string, err error) {
	err = c.call(ctx, "look at "+name, func() (err error) {
		v, err = c.rest.Asterisk().Variables().Get(ari.NewKey(ari.VariableKey, name))
		return err
	})
	return v, err
}

// startWatchman starts one, unless that was just tried.
func (c *Client) startWatchman(ctx context.Context) {
	c.mu.Lock()
	tried := time.Since(c.watch.started) < again
	if !tried {
		c.watch.started = time.Now()
	}
	c.mu.Unlock()
	if tried {
		return
	}
	err := c.do(ctx, "start the watchman", http.MethodPost, "/channels", map[string]any{"endpoint": "Local/s@" + contextWatch + "/n",
		"channelId": "watchman-" + c.cfg.App, "otherChannelId": "watching-" + c.cfg.App, "context": contextWatch, "extension": "rest",
		"priority": 1}, nil)
	if err = orDone(err, http.StatusConflict); err != nil && ctx.Err() == nil {
		c.log.Warn("no watchman: each waiting caller's lease is renewed by itself; install what 'lamplight asterisk config' prints",
			"error", err)
	}
}
