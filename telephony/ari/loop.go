package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"lamplight/telephony"
)

// wanted are the events Asterisk shall send. Unfiltered it tells more than twice as many, each variable set among them.
var wanted = []string{
	"StasisStart", "StasisEnd", "ChannelStateChange", "ChannelHangupRequest", "ChannelDestroyed", "ChannelDtmfReceived",
	"PlaybackFinished", "ApplicationReplaced",
}

// maxEvent bounds one event; the longest honest one holds a few channels.
const maxEvent = 4 << 20

// errDemoted ends the event loop: another process has our application.
var errDemoted = errors.New("another process took the application")

// run keeps the event connection until the Client is closed or demoted.
func (c *Client) run() {
	pause := firstPause
	for {
		lived, err := c.session()
		if c.life.Err() != nil {
			return
		}
		if errors.Is(err, errDemoted) {
			c.log.Warn("demoted: another process took our place on the switch")
			c.events.put(telephony.Event{Kind: telephony.Demoted, At: time.Now()})
			return
		}
		c.log.Warn("no connection to the switch", "error", err, "again in", pause)
		if lived {
			pause = firstPause
			c.events.put(telephony.Event{Kind: telephony.Unlinked, At: time.Now()})
		}
		t := time.NewTimer(pause/2 + rand.N(pause/2+1)) // several houses must not come back in one moment
		select {
		case <-t.C:
		case <-c.life.Done():
			t.Stop()
			return
		}
		pause = min(2*pause, c.cfg.BackoffMax)
	}
}

const firstPause = 50 * time.Millisecond

// session connects and reads events until the connection ends; lived tells whether it had been up.
func (c *Client) session() (lived bool, err error) {
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return false, err
	}
	defer conn.CloseNow() //nolint:errcheck // the connection is over; why, is in err
	c.forget()
	c.events.put(telephony.Event{Kind: telephony.Linked, At: time.Now()})

	failed := make(chan error, 2)
	c.over.Go(func() { failed <- c.prove(ctx, conn) })
	c.over.Go(func() { failed <- c.filter(ctx) })
	read := make(chan error, 1)
	c.over.Go(func() { read <- c.read(ctx, conn) })
	for {
		select {
		case err := <-read:
			return true, err
		case err := <-failed:
			if err != nil {
				cancel()
				<-read
				return true, err
			}
		}
	}
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.PingEvery)
	defer cancel()
	auth := base64.StdEncoding.EncodeToString([]byte(c.cfg.User + ":" + c.cfg.Password))
	at := "ws" + strings.TrimPrefix(c.cfg.URL, "http") + "/events?app=" + url.QueryEscape(c.cfg.App)
	conn, _, err := websocket.Dial(ctx, at, &websocket.DialOptions{
		HTTPClient: c.raw.http,
		HTTPHeader: http.Header{"Authorization": {"Basic " + auth}},
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxEvent)
	return conn, nil
}

// prove pings until the connection fails to answer.
func (c *Client) prove(ctx context.Context, conn *websocket.Conn) error {
	t := time.NewTicker(c.cfg.PingEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		limited, cancel := context.WithTimeout(ctx, c.cfg.PingEvery)
		err := conn.Ping(limited)
		cancel()
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// filter asks Asterisk to send only what we want. Asterisk forgets it with the application, so it is asked on every
// connect; a failure ends the connection, to try again.
func (c *Client) filter(ctx context.Context) error {
	type named struct {
		Type string `json:"type"`
	}
	var allowed []named
	for _, w := range wanted {
		allowed = append(allowed, named{w})
	}
	err := c.do(ctx, "filter events", http.MethodPut, "/applications/"+url.PathEscape(c.cfg.App)+"/eventFilter",
		map[string][]named{"allowed": allowed}, nil)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// read translates events as they come. It waits for nothing but the connection.
func (c *Client) read(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, msg, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := c.translate(msg); err != nil {
			return err
		}
	}
}
