// Package bare is the least that can drive a call on Asterisk by ARI: a socket of events as they come, and commands by
// plain HTTP. It is what Lamplight's own times are measured against (make bench).
//
// It promises: nothing is done between the socket and the caller of Next but reading the clock, and a command is one
// HTTP request. It leaves everything else out: it does not reconnect, keep state, renew leases or decode more than a
// benchmark needs. Use telephony/ari for calls.
package bare

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// An Event is one event, with the moment its bytes were read.
type Event struct {
	Read    time.Time
	Type    string
	Args    []string
	Channel struct {
		ID, Name, State string
		Caller          struct{ Number string }
	}
}

// A Client is one application's connection. Next is for one goroutine, Do for any.
type Client struct {
	base, app, auth string
	conn            *websocket.Conn
	http            *http.Client
}

// Dial connects application app to the ARI at base ("http://127.0.0.1:8088/ari").
func Dial(ctx context.Context, base, user, password, app string) (*Client, error) {
	c := &Client{
		base: base, app: app, auth: basic(user, password),
		http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64,
			IdleConnTimeout: 10 * time.Second}},
	}
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(base, "http")+"/events?app="+url.QueryEscape(app),
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {c.auth}}})
	if err != nil {
		return nil, fmt.Errorf("bare ARI: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	c.conn = conn
	return c, nil
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// Close ends the connection.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return c.conn.Close(websocket.StatusNormalClosure, "")
}

// Next returns the next event.
func (c *Client) Next(ctx context.Context) (Event, error) {
	_, msg, err := c.conn.Read(ctx)
	e := Event{Read: time.Now()}
	if err == nil {
		err = json.Unmarshal(msg, &e)
	}
	return e, err
}

// Wait returns the next event of a type, and drops those before.
func (c *Client) Wait(ctx context.Context, kind string) (Event, error) {
	for {
		e, err := c.Next(ctx)
		if err != nil || e.Type == kind {
			return e, err
		}
	}
}

// Do sends one command; 404 and 409 are no errors, as in any script that does not care.
func (c *Client) Do(ctx context.Context, method, path string, body any) error {
	var payload io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", c.auth)
	r.Header.Set("Content-Type", "application/json")
	a, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close() //nolint:errcheck // read to its end
	if _, err := io.Copy(io.Discard, a.Body); err != nil {
		return err
	}
	if a.StatusCode/100 != 2 && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusConflict {
		return fmt.Errorf("bare ARI: %s: %s", method, a.Status)
	}
	return nil
}

// Beat lets the dialplan hand over calls for the next seconds.
func (c *Client) Beat(ctx context.Context) error {
	return c.Do(ctx, http.MethodPost, "/asterisk/variable",
		map[string]string{"variable": "GLOBAL(ALIVE)", "value": fmt.Sprint(time.Now().Unix())})
}

// Answer answers a caller and puts them into a new bridge.
func (c *Client) Answer(ctx context.Context, channel, bridge string) error {
	if err := c.Do(ctx, http.MethodPost, "/channels/"+channel+"/answer", nil); err != nil {
		return err
	}
	if err := c.Do(ctx, http.MethodPost, "/bridges/"+bridge, map[string]string{"type": "mixing"}); err != nil {
		return err
	}
	return c.Join(ctx, bridge, channel)
}

// Ring calls an agent's phone as channel; a StasisStart of that channel follows its answer.
func (c *Client) Ring(ctx context.Context, channel, agent string) error {
	return c.Do(ctx, http.MethodPost, "/channels", map[string]any{"endpoint": "PJSIP/" + agent, "channelId": channel,
		"context": "agent-leg", "extension": "s", "priority": 1, "timeout": 30})
}

// Join puts a channel into a bridge.
func (c *Client) Join(ctx context.Context, bridge, channel string) error {
	return c.Do(ctx, http.MethodPost, "/bridges/"+bridge+"/addChannel", map[string]string{"channel": channel})
}

// Hangup ends a channel.
func (c *Client) Hangup(ctx context.Context, channel string) error {
	return c.Do(ctx, http.MethodDelete, "/channels/"+channel, nil)
}

// Remove removes a bridge.
func (c *Client) Remove(ctx context.Context, bridge string) error {
	return c.Do(ctx, http.MethodDelete, "/bridges/"+bridge, nil)
}
