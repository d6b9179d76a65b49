// Package ari is Asterisk as a telephony.Switch, over its REST interface and one WebSocket of events.
//
// It promises: every event Asterisk sends is delivered, in order, through a queue without bound that raises an alarm
// when it grows; an event it does not know harms nothing; a lost connection is told (Unlinked), sought again with
// growing pauses and told again (Linked); another process that takes our application's place is told (Demoted) and not
// fought; a repeated command is harmless because every id is the caller's. Several Clients may use one Asterisk, each
// with its own application, and see only their own legs, bridges and recordings.
//
// It leaves to others: what a call does next (telephony.Engine), the dialplan with its fail-safe and what dialplan and
// driver agree on (telephony/asterisk), and keeping recordings (notes).
//
// # How it stands on Asterisk
//
// REST goes through CyCoreSystems/ari's native client without its event bus, which dies on events it does not know and
// drops others; what that client lacks goes through a few lines of HTTP (rest.go). Legs are originated with a context of
// the dialplan and not with an application, so that the fail-safe's T extension works.
//
// Prompts play on bridges: a channel that plays or records keeps every other command to it waiting, the renewal of its
// lease among them. For the same reason nothing is recorded by ARI on a leg itself. An agent's talk is recorded by the
// dialplan (talks.go). Any other recording is two snoops of the leg, one for each direction, bridged with each other;
// MixMonitor on the first writes both sides in step, interleaved, into one file. It needs no more than the leg, so it
// goes on when the fail-safe has taken the leg, and ends with it. A phone's pauses cost no sound: a snoop has a clock of
// its own and half a second of patience, where MixMonitor straight on the leg has neither and loses frames at each. What
// comes late and then all at once stays that much behind the other side until the next pause. What costs sound is an
// Asterisk that itself is 100 ms late, which is why telephony/asterisk runs its own in real time where that is allowed.
//
// A carrier may go on with another source of sound in mid-call. When that one's clock lies behind the old one's, Asterisk
// goes on passing its sound where nothing has to be translated, and drops it elsewhere: another codec's listener and the
// recorder hear nothing more. Nothing tells of it but the leg's statistics, so they are asked for (sources.go).
package ari

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/CyCoreSystems/ari/v5/client/native"

	"lamplight/telephony"
)

// Config says where an Asterisk is and how to drive it. URL, User, Password and App are needed.
type Config struct {
	URL      string // "http://127.0.0.1:8088/ari"
	User     string
	Password string
	App      string // the application's name in the dialplan

	Carrier string // the endpoint outside numbers are dialled through; default "carrier"
	// Spool is Asterisk's directory of recordings, where we may read and delete in it; "" has Asterisk asked for each, four
	// commands a talk and its sound through them.
	Spool string

	PingEvery  time.Duration // how often the event connection is proved; default 5 s, an answer must come as soon
	BackoffMax time.Duration // the longest pause before connecting again; default 2 s
	Timeout    time.Duration // how long Asterisk may take to answer a command; default 10 s

	// AlarmDepth is how many undelivered events raise the alarm; default 1,000. Alarm is called with the depth then and
	// each time it has doubled, from the goroutine that reads events: it must not block. It may be nil; the log tells too.
	AlarmDepth int
	Alarm      func(depth int)

	Log *slog.Logger // default slog.Default(); it is told no patient data
}

var _ telephony.Switch = (*Client)(nil)

// A Client is one application on one Asterisk. Its methods may be called from any goroutine. Open makes one, Close
// ends it.
type Client struct {
	cfg    Config
	log    *slog.Logger
	rest   *native.Client
	raw    raw
	events *queue

	cancel context.CancelFunc
	over   sync.WaitGroup // the event loop and what it started
	life   context.Context

	heard  atomic.Int64  // the last probe of this connection that came back
	probed chan struct{} // a probe came back

	mu         sync.Mutex // guards all below
	closed     bool
	legs       map[telephony.LegID]*leg
	ended      departed
	phones     map[string]telephony.EventKind // what was told of an endpoint last
	followed   map[string]bool                // endpoints whose channels' events this connection brings
	plays      map[telephony.PlayID]telephony.BridgeID
	recordings map[telephony.RecordingID]*recording
	talks      map[telephony.RecordingID]bool            // those of the dialplan, until they are deleted
	talkOf     map[telephony.LegID]telephony.RecordingID // those that run
	ears       map[telephony.LegID]*listening            // of the legs that listen, or did
	watch      watchman
	unknown    map[string]int // events we do not know, by type
}

// Connect makes a Client and starts to connect. It fails only for a Config that cannot work; whether Asterisk is there is
// told by events.
func Connect(cfg Config) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("ari: the address %q: use http://host:port/ari", cfg.URL)
	}
	if cfg.App == "" || cfg.User == "" {
		return nil, errors.New("ari: the application's name and the user are needed")
	}
	cfg.URL = base.String()
	cfg = cfg.withDefaults()
	if err := registerTransport(); err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg,
		log: cfg.Log.With("app", cfg.App),
		rest: native.New(&native.Options{
			Application: cfg.App, URL: scheme + cfg.URL, WebsocketURL: "unused", Username: cfg.User, Password: cfg.Password,
		}),
		raw:        newRaw(cfg),
		probed:     make(chan struct{}, 1),
		legs:       map[telephony.LegID]*leg{},
		ended:      departed{},
		followed:   map[string]bool{},
		phones:     map[string]telephony.EventKind{},
		plays:      map[telephony.PlayID]telephony.BridgeID{},
		recordings: map[telephony.RecordingID]*recording{},
		talks:      map[telephony.RecordingID]bool{},
		talkOf:     map[telephony.LegID]telephony.RecordingID{},
		ears:       map[telephony.LegID]*listening{},
		unknown:    map[string]int{},
	}
	c.events = newQueue(cfg.AlarmDepth, c.alarm)
	c.life, c.cancel = context.WithCancel(context.Background())
	c.over.Go(c.run)
	c.over.Go(c.attend)
	c.over.Go(c.keepWatch)
	return c, nil
}

func (cfg Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&cfg.PingEvery, 5*time.Second)
	set(&cfg.BackoffMax, 2*time.Second)
	set(&cfg.Timeout, 10*time.Second)
	if cfg.Carrier == "" {
		cfg.Carrier = "carrier"
	}
	if cfg.AlarmDepth <= 0 {
		cfg.AlarmDepth = 1000
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return cfg
}

// Close ends the connection and closes Events; calls on Asterisk are left as they are. It may be repeated.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.over.Wait()
	c.events.close()
	return nil
}

// besides runs work that nobody waits for but Close.
func (c *Client) besides(work func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.over.Go(work)
	}
}

// Events implements telephony.Switch.
func (c *Client) Events() <-chan telephony.Event { return c.events.out }

// Backlog tells how many events wait to be read.
func (c *Client) Backlog() int { return c.events.depth() }

// Commands tells how many requests were sent to Asterisk. Each costs it work.
func (c *Client) Commands() int { return int(c.raw.sent.Load()) }

// UnknownEvents counts the events that this version of the server does not know, by their type.
func (c *Client) UnknownEvents() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(map[string]int, len(c.unknown))
	for k, v := range c.unknown {
		m[k] = v
	}
	return m
}

func (c *Client) alarm(depth int) {
	c.log.Error("events of the switch are read too slowly", "waiting", depth)
	if c.cfg.Alarm != nil {
		c.cfg.Alarm(depth)
	}
}
