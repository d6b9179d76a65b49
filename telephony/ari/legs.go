package ari

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"lamplight/telephony"
)

// What the dialplan and we agree on; telephony/asterisk tells it whole.
const (
	argInbound = "inbound"
	argAgent   = "agentleg"
	argRinging = "ringing"

	contextAgent    = "agent-leg"
	contextOutbound = "outbound-leg"
	contextOverflow = "overflow"
	contextRecorder = "lamplight-recorder"
	contextWatch    = "lamplight-watch"

	varCall    = "LAMPLIGHT_CALL"
	varAgent   = "LAMPLIGHT_AGENT"
	varPeer    = "PEER"
	varRec     = "LAMPLIGHT_REC"
	varFor     = "LAMPLIGHT_FOR"
	varWatched = "SHARED(LAMPLIGHT_WATCHED)"
	varUntil   = "GLOBAL(LAMPLIGHT_UNTIL)"
	varWatch   = "LAMPLIGHT_WATCH" // a global, read
	varDID     = "DID"
	varLease   = "TIMEOUT(absolute)"
	varAlive   = "GLOBAL(ALIVE)"
)

// defaultRing is how long a leg rings when the asker does not say: Asterisk's own default is not at all.
const defaultRing = 60 * time.Second

func channelKey(id telephony.LegID) *ari.Key {
	return ari.NewKey(ari.ChannelKey, url.PathEscape(string(id)))
}
func bridgeKey(id telephony.BridgeID) *ari.Key {
	return ari.NewKey(ari.BridgeKey, url.PathEscape(string(id)))
}

// Ring implements telephony.Switch. An older dialplan leaves it to us.
func (c *Client) Ring(ctx context.Context, leg telephony.LegID) error {
	c.mu.Lock()
	l := c.legs[leg]
	rings := l != nil && l.ringing
	c.mu.Unlock()
	if rings {
		return nil
	}
	err := c.call(ctx, "ring", func() error { return c.rest.Channel().Ring(channelKey(leg)) })
	return orGone(err, http.StatusConflict, http.StatusPreconditionFailed)
}

// Answer implements telephony.Switch.
func (c *Client) Answer(ctx context.Context, leg telephony.LegID) error {
	err := c.call(ctx, "answer", func() error { return c.rest.Channel().Answer(channelKey(leg)) })
	return orGone(err, http.StatusConflict, http.StatusPreconditionFailed)
}

// Hangup implements telephony.Switch.
func (c *Client) Hangup(ctx context.Context, leg telephony.LegID) error {
	err := c.call(ctx, "hang up", func() error { return c.rest.Channel().Hangup(channelKey(leg), "normal") })
	return orDone(err, http.StatusNotFound)
}

var (
	pressable    = regexp.MustCompile(`^[0-9*#]{1,32}$`)
	endpointName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,80}$`)
	dialable     = regexp.MustCompile(`^\+?[0-9]{2,15}$`)
	headerName   = regexp.MustCompile(`^X-[A-Za-z0-9-]{1,60}$`)
	headerValue  = regexp.MustCompile(`^[ -~]{0,200}$`)
)

// SendKeys implements telephony.Switch. The keys are 120 ms long and as far apart, which machines of every age understand.
func (c *Client) SendKeys(ctx context.Context, leg telephony.LegID, after time.Duration, keys string) error {
	if !pressable.MatchString(keys) {
		return fmt.Errorf("ari: send keys on %s: a telephone has digits, * and # alone", leg)
	}
	path := "/channels/" + url.PathEscape(string(leg)) + "/dtmf"
	err := c.do(ctx, "send keys", http.MethodPost, path+"?"+url.Values{"dtmf": {keys}, "before": {milliseconds(after)},
		"between": {milliseconds(keyTime)}, "duration": {milliseconds(keyTime)}}.Encode(), nil, nil)
	return orGone(err, http.StatusConflict, http.StatusPreconditionFailed)
}

const keyTime = 120 * time.Millisecond

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Originate implements telephony.Switch. An endpoint, number or header that could mean more to Asterisk than a name is
// refused.
func (c *Client) Originate(ctx context.Context, o telephony.Originate) error {
	body, err := c.originate(o)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if l := c.legs[o.For]; l != nil {
		body["variables"].(map[string]string)[varFor] = l.name
	}
	_, known := c.legs[o.Leg]
	if !known {
		c.legs[o.Leg] = &leg{call: o.Call, agent: o.Agent != "", with: o.For} // before the first event of it can come
	}
	c.mu.Unlock()
	if err := c.follow(ctx, o.Agent); err != nil {
		return err
	}
	err = c.do(ctx, "originate", http.MethodPost, "/channels", body, nil)
	if status(err) == http.StatusConflict {
		return nil // a channel with this id lives: it was originated before
	}
	// A refusal is final; without an answer the leg may yet come, and stays known.
	if !known && status(err) != 0 {
		c.mu.Lock()
		delete(c.legs, o.Leg)
		c.mu.Unlock()
	}
	return orGone(err, http.StatusInternalServerError) // no channel could be made: the phone is not registered
}

func (c *Client) originate(o telephony.Originate) (map[string]any, error) {
	endpoint, context := "PJSIP/"+o.Agent, contextAgent
	switch {
	case o.Agent == "" && dialable.MatchString(o.Number.Reveal()):
		endpoint, context = "PJSIP/"+o.Number.Reveal()+"@"+c.cfg.Carrier, contextOutbound
	case o.Agent == "" || o.Number != "":
		return nil, fmt.Errorf("ari: originate %s: one of an agent and a dialable number is needed", o.Leg)
	case !endpointName.MatchString(o.Agent):
		return nil, fmt.Errorf("ari: originate %s: %q is no endpoint's name", o.Leg, o.Agent)
	}
	variables := map[string]string{varCall: string(o.Call), varAgent: o.Agent}
	if o.Record != "" {
		if o.Agent == "" || !recordingName.MatchString(string(o.Record)) {
			return nil, fmt.Errorf("ari: originate %s: %q cannot name the recording of an agent's leg", o.Leg, o.Record)
		}
		variables[varRec] = string(o.Record)
	}
	for k, v := range o.Headers {
		if !headerName.MatchString(k) || !headerValue.MatchString(v) {
			return nil, fmt.Errorf("ari: originate %s: the header %q is not of the form X-Name: printable text", o.Leg, k)
		}
		variables["PJSIP_HEADER(add,"+k+")"] = v
	}
	ring := o.Timeout
	if ring <= 0 {
		ring = defaultRing
	}
	return map[string]any{
		"endpoint": endpoint, "channelId": string(o.Leg), "callerId": callerID(o.CallerName, o.CallerID),
		"context": context, "extension": "s", "priority": 1,
		"timeout": int((ring + time.Second - 1) / time.Second), "variables": variables,
	}, nil
}

// callerID writes a name and a number as Asterisk reads them; what is in the name cannot end its quotes.
func callerID(name string, n telephony.Number) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>\`, r) {
			return -1
		}
		return r
	}, telephony.CleanName(name))
	if n == "" && name == "" {
		return ""
	}
	return fmt.Sprintf(`"%s" <%s>`, name, n.Reveal())
}

// Phone implements telephony.Switch.
func (c *Client) Phone(ctx context.Context, endpoint string) (rings bool, err error) {
	if !endpointName.MatchString(endpoint) {
		return false, fmt.Errorf("ari: phone %q: %w", endpoint, telephony.ErrGone)
	}
	if err := c.follow(ctx, endpoint); err != nil {
		return false, err
	}
	var e ari.EndpointData
	err = c.do(ctx, "ask for a phone", http.MethodGet, "/endpoints/PJSIP/"+url.PathEscape(endpoint), nil, &e)
	return e.State != endpointOffline, err
}

// endpointOffline is Asterisk's word for an endpoint without a registration, or one that does not answer.
const endpointOffline = "offline"

// follow has Asterisk tell us of an endpoint's channels before they are in Stasis: of their ringing, and why they ended
// unanswered. Following the channel itself would come too late for a phone that answers at once.
func (c *Client) follow(ctx context.Context, agent string) error {
	endpoint := cmp.Or(agent, c.cfg.Carrier)
	c.mu.Lock()
	done := c.followed[endpoint]
	c.mu.Unlock()
	if done {
		return nil
	}
	path := "/applications/" + url.PathEscape(c.cfg.App) + "/subscription?eventSource=" + url.QueryEscape("endpoint:PJSIP/"+endpoint)
	if err := c.do(ctx, "follow "+endpoint, http.MethodPost, path, nil, nil); err != nil {
		return err
	}
	c.mu.Lock()
	c.followed[endpoint] = true
	c.mu.Unlock()
	return nil
}
