// Package push sends Web Push notifications (RFC 8030, encrypted by RFC 8291, signed by VAPID) to the phones a provider has
// subscribed.
//
// A push goes to every phone of the person; one that takes it is enough. The push service cannot be asked afterwards, so
// Lookup cannot tell; a repeat carries the same Topic and tag, by which a service that still holds the first replaces it and
// a phone shows one notification.
//
// It promises that a subscription the service has ended is dropped, and that no address but a push service's is ever
// called. It leaves to others how a phone subscribes (console/portal) and the words (channel.Say).
package push

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"lamplight/routing/channel"
)

// A Subscription is one phone's, as the browser's PushSubscription gives it. All of it is secret: who has it can push.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// SubscriptionStore remembers subscriptions, durably.
type SubscriptionStore interface {
	// Subscriptions are a person's, none if there are none.
	Subscriptions(ctx context.Context, person string) ([]Subscription, error)
	// Unsubscribe drops one that the push service has ended; dropping it twice is no error.
	Unsubscribe(ctx context.Context, endpoint string) error
}

// Payload is what a phone's service worker gets, decrypted.
type Payload struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url"`
	Tag   string `json:"tag"`
	Lang  string `json:"lang"`
}

// Config is how the service signs its pushes.
type Config struct {
	Keys       VAPIDKeys
	Subscriber string // a mail address, "mailto:" before it or not, or an https URL, by which a push service can complain
	// Plain are hosts ("127.0.0.1") that may be called although they are not public https ones: a test's or a demo's.
	Plain   []string
	Timeout time.Duration // bounds one request; 10 s if zero
}

// Client is a channel.Channel. It may be used from any goroutine.
type Client struct {
	cfg   Config
	store SubscriptionStore
	http  *http.Client
}

var _ channel.Channel = (*Client)(nil)

// TTL is how long a push service keeps a push for a phone that is off, in seconds. Long enough for a dead spot, too short
// to wake somebody hours later for what others have long done.
const TTL = 30 * 60

// New checks cfg; it does not connect.
func New(cfg Config, store SubscriptionStore) (*Client, error) {
	if err := cfg.Keys.check(); err != nil {
		return nil, err
	}
	subscriber, err := contact(cfg.Subscriber)
	if err != nil {
		return nil, err
	}
	cfg.Subscriber = subscriber
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	c := &Client{cfg: cfg, store: store}
	dialer := &net.Dialer{Timeout: cfg.Timeout}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return c.dial(ctx, dialer, network, addr)
		},
		TLSHandshakeTimeout: cfg.Timeout, ResponseHeaderTimeout: cfg.Timeout, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
	}
	c.http = &http.Client{Transport: transport, Timeout: cfg.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c, nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Lookup implements channel.Channel: a push service cannot be asked.
func (c *Client) Lookup(context.Context, channel.Message) (channel.Receipt, error) {
	return channel.Receipt{}, channel.ErrNoLookup
}

// Send implements channel.Channel. m.To is the person.
func (c *Client) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	subs, err := c.store.Subscriptions(ctx, m.To)
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Later, Code: "store", Err: err}
	}
	if len(subs) == 0 {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unreachable}
	}
	receipts := make([]channel.Receipt, len(subs))
	errs := make([]error, len(subs))
	var wg sync.WaitGroup
	for i, s := range subs {
		wg.Go(func() { receipts[i], errs[i] = c.one(ctx, s, m) })
	}
	wg.Wait()
	var worst error
	for i, err := range errs {
		if err == nil {
			return receipts[i], nil
		}
		worst = worse(worst, err)
	}
	return channel.Receipt{}, worst
}

// one sends to one phone.
func (c *Client) one(ctx context.Context, s Subscription, m channel.Message) (channel.Receipt, error) {
	if err := s.Check(c.cfg.Plain); err != nil {
		e := &channel.SendError{Kind: channel.Unreachable, Code: "subscription", Err: err}
		if errors.Is(err, ErrKeys) { // it was kept before keys were looked at, and will never work
			e.Err = errors.Join(err, c.store.Unsubscribe(ctx, s.Endpoint))
		}
		return channel.Receipt{}, e
	}
	words := channel.Say(m)
	payload, err := json.Marshal(Payload{
		Title: words.PushTitle, Body: words.PushMessage, URL: m.Link, Tag: topic(m.Key), Lang: string(m.Lang),
	})
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Refused, Err: err}
	}
	urgency := webpush.UrgencyHigh
	if m.Urgency == "routine" {
		urgency = webpush.UrgencyNormal
	}
	res, err := webpush.SendNotificationWithContext(ctx, payload,
		&webpush.Subscription{Endpoint: s.Endpoint, Keys: webpush.Keys{Auth: s.Keys.Auth, P256dh: s.Keys.P256dh}},
		&webpush.Options{
			HTTPClient: c.http, Subscriber: c.cfg.Subscriber, TTL: TTL, Topic: topic(m.Key), Urgency: urgency,
			VAPIDPublicKey: c.cfg.Keys.Public, VAPIDPrivateKey: c.cfg.Keys.Private,
		})
	if err != nil {
		return channel.Receipt{}, explain(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return channel.Receipt{Ref: topic(m.Key), Status: channel.Accepted}, nil
	}
	return channel.Receipt{}, c.refused(ctx, res.StatusCode, s)
}

func (c *Client) refused(ctx context.Context, status int, s Subscription) error {
	e := &channel.SendError{Kind: channel.Refused, Code: strconv.Itoa(status)}
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		e.Kind = channel.Unreachable
		e.Err = c.store.Unsubscribe(ctx, s.Endpoint)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		e.Kind = channel.Later
	case status >= 500 || status == http.StatusRequestTimeout:
		e.Kind = channel.Unknown
	}
	return e
}

func explain(err error) error {
	var dial *net.OpError
	var blocked *blockedError
	switch {
	case errors.As(err, &blocked):
		return &channel.SendError{Kind: channel.Unreachable, Code: "address", Err: err}
	case errors.As(err, &dial) && dial.Op == "dial":
		return &channel.SendError{Kind: channel.Later, Code: "connect", Err: err}
	case errors.As(err, new(*url.Error)):
		return &channel.SendError{Kind: channel.Unknown, Err: err}
	}
	// Anything else was found wrong before a byte left: a key that is none.
	return &channel.SendError{Kind: channel.Unreachable, Code: "subscription", Err: err}
}

// worse keeps the error that leaves most hope, since that decides whether to try again: most, that a phone may have it already, so
// that it goes again as the same message.
func worse(a, b error) error {
	hope := map[channel.FailureKind]int{channel.Unreachable: 0, channel.Refused: 1, channel.Later: 2, channel.Unknown: 3}
	var ea, eb *channel.SendError
	if !errors.As(a, &ea) || (errors.As(b, &eb) && hope[eb.Kind] > hope[ea.Kind]) {
		return b
	}
	return a
}

// topic names a message to a push service: at most 32 letters of base64url (RFC 8030, 5.4).
func topic(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}
