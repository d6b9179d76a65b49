// Package phone is a SIP telephone: it registers, rings, dials, speaks and hears 8 kHz sound, over UDP with G.711.
//
// The desk's built-in phone is one (its microphone and loudspeaker are wired by cmd/console), and so are the scripted
// caller and agent of the demo and of the tests; a caller stands behind the carrier's address and registers nowhere.
//
// It promises: silence is sent when nothing is said, so that the other side can tell a quiet phone from a dead one; what
// is heard is never waited for, a slow listener loses the oldest sound; a registration is renewed until Close; a number
// or name never stands in a log, because the SIP library's lines, which quote whole messages, are thrown away.
//
// It leaves to others: sound devices (cmd/console), what a call means (telephony).
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Config says which phone to be.
type Config struct {
	Listen    string // host:port of our SIP and host of our sound; port 0 takes a free one; default "127.0.0.3:0"
	Registrar string // host:port of the switch: where Register registers and Dial sends calls
	User      string // the SIP user, "agent1"; for a caller behind the carrier any word
	Password  string // for the switch's challenge; empty for a caller behind the carrier
	// Remember is how much of what was heard is kept for Call.Heard; default two minutes.
	Remember time.Duration
}

// A Phone is one SIP telephone. Its methods may be called from any goroutine.
type Phone struct {
	cfg        Config
	ua         *sipgo.UserAgent
	dg         *diago.Diago
	addr       netip.AddrPort
	ctx        context.Context // done when the phone is closed
	cancel     context.CancelFunc
	incoming   chan *Incoming
	registered atomic.Bool
	work       sync.WaitGroup // renewals
}

// quietly makes the SIP library say nothing: its loggers are global, and their lines quote From headers.
var quietly = sync.OnceFunc(func() {
	sip.SetDefaultLogger(discard)
	media.SetDefaultLogger(discard)
	sip.UDPMTUSize = 16 << 10 // a message of any length may be tried; the switch is near, and a long name is no reason to fail
})

var discard = slog.New(slog.DiscardHandler)

// Start makes a phone and listens. ctx bounds only the opening; Close ends the phone.
func Start(ctx context.Context, c Config) (*Phone, error) {
	quietly()
	if c.Listen == "" {
		c.Listen = "127.0.0.3:0"
	}
	if c.Remember == 0 {
		c.Remember = 2 * time.Minute
	}
	if c.User == "" {
		c.User = "phone"
	}
	host, portText, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("open phone: listen address: %w", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("open phone: listen port: %w", err)
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return nil, fmt.Errorf("open phone: listen address: %w", err)
	}
	if port == 0 {
		// Asked of the system here and not left to the library, whose client would send from yet another port.
		l, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
		if err != nil {
			return nil, fmt.Errorf("open phone: %w", err)
		}
		port = uint64(l.LocalAddr().(*net.UDPAddr).Port)
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("open phone: %w", err)
		}
	}
	p := &Phone{cfg: c, addr: netip.AddrPortFrom(addr, uint16(port)), incoming: make(chan *Incoming)}
	p.ua, err = sipgo.NewUA(sipgo.WithUserAgent(c.User), sipgo.WithUserAgentHostname(host))
	if err != nil {
		return nil, fmt.Errorf("open phone: %w", err)
	}
	p.dg = diago.NewDiago(p.ua, diago.WithLogger(discard), diago.WithTransport(diago.Transport{
		Transport: "udp", BindHost: host, BindPort: int(port)}))
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.serve(ctx); err != nil {
		p.cancel()
		return nil, fmt.Errorf("open phone on %s: %w", p.addr, errors.Join(err, p.ua.Close()))
	}
	return p, nil
}

// serve returns when the phone listens.
func (p *Phone) serve(ctx context.Context) error {
	listening := make(chan error, 1)
	go func() { listening <- p.dg.ServeBackground(p.ctx, p.ring) }()
	select {
	case err := <-listening:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	// The library says that it listens a moment before its own calls can use the socket; they would bind it again.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.ua.TransportLayer().GetConnection("udp", p.addr.String()); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Addr is where the phone listens for SIP.
func (p *Phone) Addr() netip.AddrPort { return p.addr }

// Incoming delivers calls to this phone, one at a time. A call that nobody takes from here rings on until its caller
// gives up. The channel is never closed; Done tells the end.
func (p *Phone) Incoming() <-chan *Incoming { return p.incoming }

// Done is closed when the phone is closed.
func (p *Phone) Done() <-chan struct{} { return p.ctx.Done() }

// Registered tells whether the switch accepted our last registration.
func (p *Phone) Registered() bool { return p.registered.Load() }

const (
	registration = 60 * time.Second // how long the switch remembers us
	renewal      = 5 * time.Second  // how often we remind it, so that a restarted switch soon knows us again
)

// Register tells the switch where this phone is, and goes on doing so until Close. It fails when the switch refuses or
// does not answer; then nothing goes on.
func (p *Phone) Register(ctx context.Context) error {
	if err := p.registerOnce(ctx, registration); err != nil {
		return fmt.Errorf("register %s: %w", p.cfg.User, err)
	}
	p.work.Go(func() {
		tick := time.NewTicker(renewal)
		defer tick.Stop()
		for {
			select {
			case <-p.ctx.Done():
				return
			case <-tick.C:
			}
			if err := p.registerOnce(p.ctx, registration); err != nil {
				tick.Reset(2 * time.Second) // Registered tells it; the switch may be starting again
				continue
			}
			tick.Reset(renewal)
		}
	})
	return nil
}

func (p *Phone) registerOnce(ctx context.Context, expiry time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	defer func() { p.registered.Store(err == nil && expiry > 0) }()
	to, err := p.uri(p.cfg.User)
	if err != nil {
		return err
	}
	t, err := p.dg.RegisterTransaction(ctx, to, diago.RegisterOptions{
		Username: p.cfg.User, Password: p.cfg.Password, Expiry: expiry})
	if err != nil {
		return err
	}
	if expiry == 0 {
		return t.Unregister(ctx)
	}
	if err := t.Register(ctx); err != nil {
		var refused *diago.RegisterResponseError
		if errors.As(err, &refused) {
			return fmt.Errorf("the switch refused: %d %s", refused.StatusCode(), refused.RegisterRes.Reason)
		}
		return err
	}
	return nil
}

// uri is a user at the switch.
func (p *Phone) uri(user string) (sip.Uri, error) {
	var u sip.Uri
	if p.cfg.Registrar == "" {
		return u, errors.New("the phone knows no switch: set Registrar")
	}
	if err := sip.ParseUri("sip:"+user+"@"+p.cfg.Registrar, &u); err != nil {
		return u, fmt.Errorf("the switch's address: %w", err)
	}
	return u, nil
}

// Close ends the phone's calls and its registration, and returns when it listens no more.
func (p *Phone) Close() error {
	var err error
	if p.registered.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if e := p.registerOnce(ctx, 0); e != nil && !errors.Is(e, context.DeadlineExceeded) {
			err = fmt.Errorf("unregister: %w", e)
		}
	}
	p.cancel()
	p.work.Wait()
	if e := p.ua.Close(); !errors.Is(e, net.ErrClosed) { // its listener may have closed the socket just before
		err = errors.Join(err, e)
	}
	return err
}
