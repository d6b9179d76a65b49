package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"lamplight/telephony"
)

// wanted are the events Asterisk shall send. Unfiltered it tells more than twice as many, each variable set among them.
var wanted = []string{
	"StasisStart", "StasisEnd", "ChannelStateChange", "ChannelHangupRequest", "ChannelDestroyed", "ChannelDtmfReceived",
	"PlaybackFinished", "ApplicationReplaced", "ChannelUserevent",
	"PeerStatusChange", "ContactStatusChange",
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
		t := time.NewTimer(pause/2 + rand.N(pause/2+1)) // several servers must not come back in one moment
		select {
		case <-t.C:
		case <-c.life.Done():
			t.Stop()
			return
		}
		pause = min(2*pause, c.cfg.BackoffMax)
	}
}

const (
	firstPause = 50 * time.Millisecond
	goodbye    = time.Second // how long Asterisk may take to answer our good-bye
)

// session connects and reads events until the connection ends; lived tells whether it had been up.
func (c *Client) session() (lived bool, err error) {
	// Not a child of life: a read whose context ends cuts the connection, and Asterisk should be told good-bye, or it
	// may take the end of this connection for the end of the next one's application.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.life))
	defer cancel()
	conn, err := c.dial(c.life)
	if err != nil {
		return false, err
	}
	defer conn.CloseNow() //nolint:errcheck // the connection is over; why, is in err
	c.forget()
	c.heard.Store(0)
	c.events.put(telephony.Event{Kind: telephony.Linked, At: time.Now()})

	read, failed := make(chan error, 1), make(chan error, 1)
	c.over.Go(func() { read <- c.read(ctx, conn) })
	c.over.Go(func() { failed <- c.prove(ctx, conn) })
	select {
	case err = <-read:
	case err = <-failed:
		cancel()
		<-read
	case <-c.life.Done():
		late := time.AfterFunc(goodbye, cancel)
		err = conn.Close(websocket.StatusNormalClosure, "")
		late.Stop()
		<-read
	}
	return true, err
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

// prove sets the filter, then asks again and again for a sign that this connection brings our application's events: a
// ping, and an event we send ourselves. An open socket proves nothing. When a connection has just been lost, Asterisk may
// clean up after it only now and take the application from the new one, whose socket stays open and mute.
func (c *Client) prove(ctx context.Context, conn *websocket.Conn) error {
	if err := c.filter(ctx); err != nil {
		return err
	}
	pause := min(firstProof, c.cfg.PingEvery)
	for n := int64(1); ; n++ {
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		pause = min(4*pause, c.cfg.PingEvery)
		limited, cancel := context.WithTimeout(ctx, c.cfg.PingEvery)
		err := conn.Ping(limited)
		if err == nil {
			err = c.probe(limited, n)
		}
		cancel()
		if err != nil {
			return err
		}
	}
}

// firstProof is when a new connection is first proved; the pauses between proofs grow from it to Config.PingEvery.
const firstProof = 100 * time.Millisecond

// probeName names the event we send ourselves; a number follows.
const probeName = "lamplight-probe-"

// probe sends our application an event and waits until it has come back.
func (c *Client) probe(ctx context.Context, n int64) error {
	path := "/events/user/" + probeName + strconv.FormatInt(n, 10) + "?application=" + url.QueryEscape(c.cfg.App)
	if err := c.do(ctx, "probe", http.MethodPost, path, nil, nil); err != nil {
		return err
	}
	for c.heard.Load() < n {
		select {
		case <-c.probed:
		case <-ctx.Done():
			return errors.New("the switch sends our events elsewhere, or nowhere")
		}
	}
	return nil
}

// echo is a probe that has come back.
func (c *Client) echo(name string) {
	text, ours := strings.CutPrefix(name, probeName)
	n, err := strconv.ParseInt(text, 10, 64)
	if !ours || err != nil {
		return
	}
	c.heard.Store(n)
	select {
	case c.probed <- struct{}{}:
	default: // nobody waits
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
	return c.do(ctx, "filter events", http.MethodPut, "/applications/"+url.PathEscape(c.cfg.App)+"/eventFilter",
		map[string][]named{"allowed": allowed}, nil)
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
