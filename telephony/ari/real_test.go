package ari_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"lamplight/telephony"
	"lamplight/telephony/ari"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/asterisk/asterisktest"
	"lamplight/telephony/phone"
	"lamplight/telephony/switchtest"
)

// fixture is a real Asterisk with people around it. It implements switchtest.World.
type fixture struct {
	t      *testing.T // the one that runs
	whole  *testing.T // the one the server stands for
	server *asterisk.Server
	sw     *ari.Client
	spool  string // where connect has recordings read; "" has Asterisk asked

	carrier *phone.Phone
	agents  map[string]*phone.Phone

	mu     sync.Mutex // guards all below
	phones map[string]*person
}

// person is somebody with a phone, or a caller; it implements switchtest.Party.
type person struct {
	h    *fixture
	mu   sync.Mutex // guards all below
	what switchtest.PhoneBehavior
	call *phone.Call
	up   chan struct{} // closed when call is set
	stop func()        // gives a call up that was not answered
}

func newFixture(t *testing.T, change func(*asterisk.Config)) *fixture {
	h := &fixture{t: t, whole: t, server: asterisktest.Start(t, change), phones: map[string]*person{}, agents: map[string]*phone.Phone{}}
	h.carrier = h.startPhone(phone.Config{Listen: h.server.CarrierAddr(), Registrar: h.server.SIPAddr().String(), User: "carrier"})
	go h.take(h.carrier, func(*phone.Incoming) string { return "carrier" })
	for _, name := range []string{"agent1", "agent2"} {
		h.plug(name)
	}
	return h
}

// plug brings an agent's phone.
func (h *fixture) plug(name string) {
	p := h.startPhone(phone.Config{Registrar: h.server.SIPAddr().String(), User: name, Password: h.server.Agents()[name]})
	if err := p.Register(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.agents[name] = p
	go h.take(p, func(*phone.Incoming) string { return name })
}

func (h *fixture) Unplug(name string) (plug func()) {
	if err := h.agents[name].Close(); err != nil {
		h.t.Error(err)
	}
	return func() {
		test := h.t // the phone outlives it
		h.t = h.whole
		h.plug(name)
		h.t = test
	}
}

func (h *fixture) startPhone(c phone.Config) *phone.Phone {
	p, err := phone.Start(h.t.Context(), c)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := p.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return p
}

// connect opens a Client and closes it with the test.
func (h *fixture) connect(t *testing.T) *ari.Client {
	c, err := ari.Connect(h.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (h *fixture) config() ari.Config {
	url, user, password := h.server.ARI()
	return ari.Config{URL: url, User: user, Password: password, App: h.server.App(), Spool: h.spool,
		Log: slog.New(slog.DiscardHandler)}
}

// take lets a phone do what was said of it with each call that comes.
func (h *fixture) take(p *phone.Phone, who func(*phone.Incoming) string) {
	for {
		select {
		case in := <-p.Incoming():
			go h.person(who(in)).take(in)
		case <-p.Done():
			return
		}
	}
}

func (h *fixture) person(name string) *person {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.phones[name] == nil {
		h.phones[name] = &person{h: h, up: make(chan struct{})}
	}
	return h.phones[name]
}

func (h *fixture) be(name string, w switchtest.PhoneBehavior) *person {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &person{h: h, what: w, up: make(chan struct{})}
	h.phones[name] = p
	return p
}

func (p *person) take(in *phone.Incoming) {
	if !p.what.Mute {
		if err := in.Ring(); err != nil {
			return
		}
	}
	select {
	case <-time.After(p.what.After):
	case <-in.Gone():
		return
	}
	switch {
	case p.what.Rejects != 0:
		if err := in.Reject(); err != nil {
			p.h.t.Error(err)
		}
	case p.what.Answers:
		call, err := in.Answer(context.Background())
		if err != nil {
			p.h.t.Error(err)
			return
		}
		p.talk(call)
	}
}

func (p *person) talk(c *phone.Call) {
	p.mu.Lock()
	p.call = c
	p.mu.Unlock()
	close(p.up)
}

func (h *fixture) Switch() telephony.Switch { return h.sw }

func (h *fixture) Caller(did, ani telephony.Number, name string) switchtest.Party {
	return h.dial(did.Reveal(), cmp.Or(ani.Reveal(), "anonymous"), name)
}

func (h *fixture) dial(did, ani, name string) *person {
	ctx, cancel := context.WithCancel(context.Background())
	p := &person{h: h, up: make(chan struct{}), stop: cancel}
	go func() {
		c, err := h.carrier.Dial(ctx, phone.Outgoing{Number: did, From: ani, Name: name})
		if err == nil {
			p.talk(c)
		} else {
			close(p.up)
		}
	}()
	return p
}

func (h *fixture) Agent(endpoint string, w switchtest.PhoneBehavior) switchtest.Party {
	return h.be(endpoint, w)
}
func (h *fixture) Outside(n telephony.Number, w switchtest.PhoneBehavior) switchtest.Party {
	return h.be("carrier", w)
}

// talks waits until the call is answered.
func (p *person) talks() *phone.Call {
	p.h.t.Helper()
	select {
	case <-p.up:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.call
	case <-time.After(20 * time.Second):
		p.h.t.Fatal("the call was not answered")
		panic("unreached")
	}
}

func (p *person) Press(digits string) {
	if err := p.talks().DTMF(context.Background(), digits); err != nil {
		p.h.t.Error(err)
	}
}

func (p *person) HangUp() {
	select {
	case <-p.up:
	default:
		if p.stop != nil {
			p.stop()
		}
	}
	if c := p.talks(); c != nil {
		if err := c.Hangup(context.Background()); err != nil {
			p.h.t.Error(err)
		}
	}
}

func (p *person) Heard(keys string) bool {
	c := p.talks()
	for end := time.Now().Add(20 * time.Second); c.Keys() != keys; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.h.t.Logf("heard %q", c.Keys())
			return false
		}
	}
	return true
}

func TestAsteriskConforms(t *testing.T) {
	t.Parallel()
	h := newFixture(t, nil)
	switchtest.Run(t, func(t *testing.T) switchtest.World {
		h.t, h.sw = t, h.connect(t)
		t.Cleanup(h.clear)
		return h
	})
}

// clear hangs up what a failed test has left, so that the next one is not blamed.
func (h *fixture) clear() {
	snap, err := h.sw.Snapshot(context.Background())
	for _, l := range snap.Legs {
		err = errors.Join(err, h.sw.Hangup(context.Background(), l.Leg))
	}
	for _, b := range snap.Bridges {
		err = errors.Join(err, h.sw.RemoveBridge(context.Background(), b.Bridge))
	}
	if err != nil {
		h.t.Error(err)
	}
}
