// Package twilio sends texts through the Twilio Messages API, or through any gateway that speaks it.
//
// Twilio takes no idempotency key, so a repeat after a crash is found by Lookup: among the reader's latest texts, the one
// that carries this message's link, which no other message has. Delivery reports come to Callback and texts back to Inbound,
// whose signatures are checked before anything else is believed.
//
// It promises channel.Channel's errors: a connection that never stood is Later, one that broke is Unknown. It leaves the
// words to channel.Say and what a report changes to its sink.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"lamplight/routing/channel"
)

// Config is one account at a gateway.
type Config struct {
	BaseURL    string // "https://api.twilio.com"; another gateway's address works as well
	AccountSID string
	AuthToken  string // also signs the callbacks; letters and digits only, as twilio-go demands
	From       string // the sending number in E.164, or a messaging service's SID ("MG…")
	// CallbackURL is where the gateway reports deliveries, as the gateway reaches it: the signature is over it. Empty for
	// no reports.
	CallbackURL string
	// InboundURL is where the gateway tells of texts that come back, as it is given there: the signature is over it. Empty
	// for none.
	InboundURL string
	// Timeout bounds one request; 10 s if zero.
	Timeout time.Duration
}

// Client is a channel.Channel. It keeps connections open and may be used from any goroutine.
type Client struct {
	cfg       Config
	base      *url.URL
	transport *http.Transport
}

var _ channel.Channel = (*Client)(nil)

var plainWord = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

// New checks cfg; it does not connect.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errors.New("text gateway: the base URL is not an http or https address")
	}
	if !plainWord.MatchString(cfg.AccountSID) || !plainWord.MatchString(cfg.AuthToken) {
		return nil, errors.New("text gateway: account and token must be letters and digits")
	}
	if cfg.From == "" {
		return nil, errors.New("text gateway: no sending number")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: cfg.Timeout}).DialContext,
		TLSHandshakeTimeout:   cfg.Timeout,
		ResponseHeaderTimeout: cfg.Timeout,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
	}
	return &Client{cfg: cfg, base: base, transport: t}, nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Send implements channel.Channel.
func (c *Client) Send(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	if !strings.HasPrefix(m.To, "+") {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unreachable}
	}
	body := channel.Say(m).Text
	p := &api.CreateMessageParams{To: &m.To, Body: &body}
	if strings.HasPrefix(c.cfg.From, "MG") {
		p.MessagingServiceSid = &c.cfg.From
	} else {
		p.From = &c.cfg.From
	}
	if c.cfg.CallbackURL != "" {
		p.SetStatusCallback(callbackFor(c.cfg.CallbackURL, m.Key))
	}
	trip := &trip{client: c, ctx: ctx}
	msg, err := trip.api().CreateMessage(p)
	if err != nil {
		return channel.Receipt{}, trip.explain(err)
	}
	return receipt(msg)
}

// Lookup implements channel.Channel: the reader's latest texts are searched for the link.
func (c *Client) Lookup(ctx context.Context, m channel.Message) (channel.Receipt, error) {
	if m.Link == "" && m.Since.IsZero() {
		return channel.Receipt{}, channel.ErrNoLookup
	}
	text := channel.Say(m).Text
	trip := &trip{client: c, ctx: ctx}
	p := (&api.ListMessageParams{}).SetTo(m.To).SetPageSize(200)
	// One page: ListMessage would go on through the whole history of the number.
	page, err := trip.api().PageMessage(p, "", "")
	if err != nil {
		return channel.Receipt{}, trip.explain(err)
	}
	for _, msg := range page.Messages {
		if msg.Body == nil {
			continue
		}
		if m.Link != "" && strings.Contains(*msg.Body, m.Link) || m.Link == "" && *msg.Body == text && since(&msg, m.Since) {
			return receipt(&msg)
		}
	}
	return channel.Receipt{}, channel.ErrNotFound
}

// since says whether the gateway took a message after an instant, by its clock and ours; one that does not say when did.
func since(msg *api.ApiV2010Message, at time.Time) bool {
	if msg.DateCreated == nil {
		return true
	}
	taken, err := time.Parse(time.RFC1123Z, *msg.DateCreated)
	return err != nil || !taken.Before(at.Add(-clocksApart))
}

// clocksApart is how far the gateway's clock may be from ours.
const clocksApart = time.Minute

func receipt(msg *api.ApiV2010Message) (channel.Receipt, error) {
	if msg.Sid == nil || *msg.Sid == "" {
		return channel.Receipt{}, &channel.SendError{Kind: channel.Unknown, Code: "no-sid"}
	}
	r := channel.Receipt{Ref: *msg.Sid, Status: channel.Accepted}
	if msg.Status != nil {
		if s, ok := statuses[*msg.Status]; ok {
			r.Status = s
		}
	}
	return r, nil
}

// trip is one request: it carries the caller's context, which twilio-go does not, sends it to our base URL, and remembers
// the answer's status, which twilio-go loses when the body is not its JSON.
type trip struct {
	client *Client
	ctx    context.Context
	status int
}

func (t *trip) api() *api.ApiService {
	c := &client.Client{
		Credentials: client.NewCredentials(t.client.cfg.AccountSID, t.client.cfg.AuthToken),
		HTTPClient: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
	}
	c.SetAccountSid(t.client.cfg.AccountSID)
	return api.NewApiService(client.NewRequestHandler(c))
}

// RoundTrip implements http.RoundTripper.
func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(t.ctx)
	r.URL.Scheme, r.URL.Host, r.Host = t.client.base.Scheme, t.client.base.Host, t.client.base.Host
	r.URL.Path = strings.TrimSuffix(t.client.base.Path, "/") + r.URL.Path
	res, err := t.client.transport.RoundTrip(r)
	if err == nil {
		t.status = res.StatusCode
	}
	return res, err
}

func (t *trip) explain(err error) error {
	e := &channel.SendError{Kind: channel.Unknown, Err: err}
	var rest *client.TwilioRestError
	switch {
	case errors.As(err, &rest) && rest.Code != 0:
		e.Code = strconv.Itoa(rest.Code)
	case t.status != 0:
		e.Code = strconv.Itoa(t.status)
	}
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		e.Kind = channel.Later
	case t.status == http.StatusTooManyRequests || t.status == http.StatusServiceUnavailable,
		// A wrong token is our own mistake, and may be put right while the rung still lasts.
		t.status == http.StatusUnauthorized || t.status == http.StatusForbidden:
		e.Kind = channel.Later
	case t.status >= 400 && t.status < 500 && t.status != http.StatusRequestTimeout:
		e.Kind = channel.Refused
	}
	return e
}

func callbackFor(base, key string) string {
	return fmt.Sprintf("%s?attempt=%s", base, url.QueryEscape(key))
}
