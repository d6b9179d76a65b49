// Package crowd is a switchboard's busy hour over SIP: callers by the hundred and agents' phones that answer, talk and hang
// up by themselves. It measures from outside, on the wire, so it compares whatever distributes the calls.
//
// It promises that times are those at which the kernel received a packet, or just before one was sent, and that nothing of
// it is left when Close returns. Its agents say silence as long as they talk, its callers for a fifth of a second; nobody listens: a
// phone that speaks and hears is telephony/phone, at a hundred times the cost. It leaves what distributes the calls to others.
package crowd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Config says who is in the crowd and what they do.
type Config struct {
	Switch  netip.AddrPort    // where SIP is spoken
	Callers string            // the address callers call from, which the switch must know for its trunk's
	Agents  string            // the address of the agents' phones
	Phones  map[string]string // the agents' SIP users and their passwords
	// Dial is called for each call and gives the number it dials. An agent's phone is shown that number, or the caller's.
	Dial func(n int) string

	Ring time.Duration // an agent answers after this; default 200 ms
	Talk time.Duration // and hangs up after this; it varies by a quarter, so that no phases lock; default 1 s
}

// A Crowd is one. Its methods may be called from any goroutine.
type Crowd struct {
	cfg       Config
	callers   *socket
	phones    *socket
	ofCallers *socket // their sound
	ofAgents  *socket // what the agents are sent: nobody reads it
	run       string  // unique per crowd
	served    sync.WaitGroup

	mu     sync.Mutex // guards all below
	agents map[string]*agent
	legs   map[string]*leg  // by Call-ID
	calls  map[string]*call // by Call-ID, until ended
	dialed map[string][]*call
	seq    int
	kept   int // how many calls are kept up
	closed bool
	regs   map[string]chan *message // answers to REGISTER, by Call-ID
	seen   Measured
}

// Measured is what was seen since the last Measure.
type Measured struct {
	Setup []time.Duration // a caller's INVITE to an agent's, where more agents were free than callers waited
	Gap   []time.Duration // an agent's end of a call to the next INVITE there, where callers waited
	Calls int             // ended after a talk
	Odd   map[string]int  // what should not be, by what it is
	For   time.Duration
	since time.Time
}

// Open makes a crowd and registers its phones. Nobody calls before Keep or Rate.
func Open(ctx context.Context, cfg Config) (c *Crowd, err error) {
	if cfg.Ring == 0 {
		cfg.Ring = 200 * time.Millisecond
	}
	if cfg.Talk == 0 {
		cfg.Talk = time.Second
	}
	c = &Crowd{cfg: cfg, run: fmt.Sprintf("%04d", time.Now().UnixMilli()/100%10000), agents: map[string]*agent{}, legs: map[string]*leg{},
		calls: map[string]*call{}, dialed: map[string][]*call{}, regs: map[string]chan *message{},
		seen: Measured{since: time.Now(), Odd: map[string]int{}}}
	if c.callers, err = listen(cfg.Callers); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
			c = nil
		}
	}()
	c.served.Go(func() { c.callers.serve(c.callerHears) })
	if c.phones, err = listen(cfg.Agents); err != nil {
		return c, err
	}
	c.served.Go(func() { c.phones.serve(c.phoneHears) })
	if c.ofCallers, err = listen(cfg.Callers); err != nil {
		return c, err
	}
	if c.ofAgents, err = listen(cfg.Agents); err != nil {
		return c, err
	}
	for name := range cfg.Phones {
		c.agents[name] = &agent{name: name}
	}
	for name, password := range cfg.Phones {
		if err := c.register(ctx, name, password); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Crowd) register(ctx context.Context, name, password string) error {
	target := "sip:" + c.cfg.Switch.String()
	id, answers := "r"+c.run+name, make(chan *message, 4)
	c.mu.Lock()
	c.regs[id] = answers
	c.mu.Unlock()
	auth := ""
	for n := 1; n <= 3; n++ {
		at := c.phones.at.String()
		head := []string{"Via: SIP/2.0/UDP " + at + ";branch=z9hG4bKr" + fmt.Sprint(n) + id,
			"From: <sip:" + name + "@" + at + ">;tag=" + id,
			"To: <sip:" + name + "@" + at + ">", "Call-ID: " + id, fmt.Sprintf("CSeq: %d REGISTER", n), "Max-Forwards: 70",
			"Contact: <sip:" + name + "@" + at + ">", "Expires: 3600"}
		if auth != "" {
			head = append(head, "Authorization: "+auth)
		}
		c.send(c.phones, build("REGISTER "+target+" SIP/2.0", head, ""))
		select {
		case m := <-answers:
			switch m.status() {
			case 200:
				return nil
			case 401:
				auth = authorize(m.get("WWW-Authenticate"), "REGISTER", target, name, password)
			default:
				return fmt.Errorf("crowd: register %s: %s", name, m.start)
			}
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("crowd: the switch does not let %s register", name)
}

// Keep keeps n calls up from now on: who ends is followed by another. The first come one after the other within about a call's length.
func (c *Crowd) Keep(ctx context.Context, n int) {
	c.mu.Lock()
	missing := n - len(c.calls)
	c.kept = n
	c.mu.Unlock()
	for range missing {
		c.mu.Lock()
		c.dial()
		c.mu.Unlock()
		if !wait(ctx, min(40*time.Millisecond, (c.cfg.Ring+c.cfg.Talk)/time.Duration(max(1, len(c.cfg.Phones))))) {
			return
		}
	}
}

// Rate has calls come, so many a second with a quarter's variation, until ctx ends.
func (c *Crowd) Rate(ctx context.Context, perSecond float64) {
	for wait(ctx, vary(time.Duration(float64(time.Second)/perSecond))) {
		c.mu.Lock()
		c.dial()
		c.mu.Unlock()
	}
}

// Measure returns what was seen since the last Measure, and begins anew.
func (c *Crowd) Measure() Measured {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.seen
	was.For = time.Since(was.since)
	c.seen = Measured{since: time.Now(), Odd: map[string]int{}}
	return was
}

// HangUp ends every call and returns when all have ended, or ctx has.
func (c *Crowd) HangUp(ctx context.Context) error {
	c.mu.Lock()
	c.kept = 0
	for _, x := range c.calls {
		c.end(x)
	}
	c.mu.Unlock()
	for {
		c.mu.Lock()
		left := len(c.calls) + len(c.busy())
		c.mu.Unlock()
		if left == 0 {
			return nil
		}
		if !wait(ctx, 20*time.Millisecond) {
			return fmt.Errorf("crowd: %d calls were left behind", left)
		}
	}
}

// Close ends the crowd. Calls that stand are left to the switch: HangUp first.
func (c *Crowd) Close() error {
	c.mu.Lock()
	c.closed, c.kept = true, 0
	c.mu.Unlock()
	var err error
	for _, s := range []*socket{c.callers, c.phones, c.ofCallers, c.ofAgents} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	c.served.Wait()
	return err
}

// send writes to the switch. A packet that is lost is sent again by who waits for the answer.
func (c *Crowd) send(s *socket, b []byte) {
	_, _ = s.WriteToUDPAddrPort(b, c.cfg.Switch)
}

// repeat sends a packet now and again after 0.5, 1, 2 and 4 s until done. The caller holds mu.
func (c *Crowd) repeat(s *socket, b []byte, what string, done func() bool) {
	c.send(s, b)
	var again func(d time.Duration)
	again = func(d time.Duration) {
		c.after(d, func() {
			switch {
			case done() || c.closed:
			case d >= 8*time.Second:
				c.seen.Odd["no answer to "+what]++
			default:
				c.seen.Odd["sent again: "+what]++
				c.send(s, b)
				again(2 * d)
			}
		})
	}
	again(500 * time.Millisecond)
}

func (c *Crowd) after(d time.Duration, do func()) *time.Timer {
	return time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		do()
	})
}

func vary(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + 0.5*rand.Float64()))
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// silence sends it to an address, a packet each 20 ms, until ended; after the first n packets, if n is not 0, only one each five
// seconds, so that the switch does not take the caller for dead.
func silence(from *socket, to netip.AddrPort, n int, ended <-chan struct{}) {
	p := append([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, byte(to.Port() >> 8), byte(to.Port())}, strings.Repeat("\xff", 160)...)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		at := uint32(i * 160)
		p[2], p[3], p[5], p[6], p[7] = byte(i>>8), byte(i), byte(at>>16), byte(at>>8), byte(at)
		if _, err := from.WriteToUDPAddrPort(p, to); err != nil {
			return
		}
		if n > 0 && i == n {
			tick.Reset(5 * time.Second)
		}
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}
