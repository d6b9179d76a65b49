package crowd

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A call is one caller's. Zero times mean "not yet".
type call struct {
	from, dials string
	id          string
	target, to  string // for requests inside the dialog
	invited     time.Time
	answered    time.Time
	offered     time.Time // the first INVITE at an agent
	talked      bool
	agentFree   bool // an agent was free when the call came
	heard       bool // any response
	over        bool
	ended       chan struct{}
}

// An agent is one phone; leg is its call now, nil when free.
type agent struct {
	name    string
	leg     *leg
	freed   time.Time // the end of the last call
	waiting bool      // somebody waited then
}

// A leg is a call at an agent's phone.
type leg struct {
	agent    *agent
	call     *call // nil when it cannot be told whose
	invite   *message
	tag      string
	answered bool
	acked    bool
	over     bool
	ended    chan struct{}
	timers   []*time.Timer
}

// busy lists the agents with a call.
func (c *Crowd) busy() (all []*agent) {
	for _, a := range c.agents {
		if a.leg != nil {
			all = append(all, a)
		}
	}
	return all
}

// unoffered counts the calls that no agent was rung for.
func (c *Crowd) unoffered() (n int) {
	for _, x := range c.calls {
		if x.offered.IsZero() {
			n++
		}
	}
	return n
}

// dial has one more caller call.
func (c *Crowd) dial() {
	if c.closed {
		return
	}
	c.seq++
	x := &call{from: fmt.Sprintf("+1555%s%05d", c.run, c.seq), dials: c.cfg.Dial(c.seq), id: fmt.Sprintf("c%s-%d", c.run, c.seq),
		ended: make(chan struct{}), agentFree: len(c.agents)-len(c.busy()) > c.unoffered()}
	x.target = "sip:" + x.dials + "@" + c.cfg.Switch.String()
	x.to = "<" + x.target + ">"
	c.calls[x.id] = x
	for _, shown := range []string{x.from, x.dials} {
		c.dialed[shown] = append(c.dialed[shown], x)
	}
	b := build("INVITE "+x.target+" SIP/2.0", append(c.of(x, "1 INVITE", "i"), "Contact: <sip:caller@"+c.callers.at.String()+">"),
		sdp(c.ofCallers.at))
	x.invited = time.Now()
	c.repeat(c.callers, b, "a caller's INVITE", func() bool { return x.over || x.heard })
}

// of is the head of a caller's request.
func (c *Crowd) of(x *call, cseq, branch string) []string {
	return []string{"Via: SIP/2.0/UDP " + c.callers.at.String() + ";branch=z9hG4bK" + branch + x.id,
		"From: <sip:" + x.from + "@" + c.callers.at.Addr().String() + ">;tag=f" + x.id, "To: " + x.to, "Call-ID: " + x.id, "CSeq: " + cseq,
		"Max-Forwards: 70", "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS"}
}

// callerHears deals with a message to the callers.
func (c *Crowd) callerHears(at time.Time, m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.calls[m.get("Call-ID")]
	code := m.status()
	switch {
	case code > 0 && x == nil:
	case code > 0 && m.answers() == "BYE":
		c.ended(x)
	case code >= 200 && m.answers() == "INVITE":
		x.heard, x.to = true, m.get("To")
		branch := "i" // of a refusal it belongs to the INVITE
		if code < 300 {
			branch, x.target = "a", uri(m.get("Contact"))
		}
		c.send(c.callers, build("ACK "+x.target+" SIP/2.0", c.of(x, "1 ACK", branch), ""))
		switch {
		case code >= 300:
			c.seen.Odd[fmt.Sprintf("a caller got %d", code)]++
			c.ended(x)
		case x.answered.IsZero():
			x.answered = at
			if to := soundAt(m.body); to.IsValid() {
				go silence(c.ofCallers, to, 10, x.ended)
			}
		}
	case code > 0:
		x.heard = true
	case m.method() == "BYE":
		c.send(c.callers, reply(m, 200, "OK", "", nil, ""))
		if x != nil {
			c.ended(x)
		}
	case m.method() == "INVITE":
		c.send(c.callers, reply(m, 200, "OK", "", []string{"Contact: <sip:caller@" + c.callers.at.String() + ">"}, sdp(c.ofCallers.at)))
	case m.method() != "ACK":
		c.send(c.callers, reply(m, 200, "OK", "", nil, ""))
	}
}

// end hangs a caller up.
func (c *Crowd) end(x *call) {
	if x.answered.IsZero() {
		c.send(c.callers, build("CANCEL sip:"+x.dials+"@"+c.cfg.Switch.String()+" SIP/2.0", c.of(x, "1 CANCEL", "i"), ""))
		return
	}
	c.repeat(c.callers, build("BYE "+x.target+" SIP/2.0", c.of(x, "2 BYE", "b"), ""), "a caller's BYE", func() bool { return x.over })
}

// ended notes that a call is over, and has another come where calls are kept up.
func (c *Crowd) ended(x *call) {
	if x.over {
		return
	}
	x.over = true
	close(x.ended)
	delete(c.calls, x.id)
	for _, shown := range []string{x.from, x.dials} {
		if c.dialed[shown] = slices.DeleteFunc(c.dialed[shown], func(o *call) bool { return o == x }); len(c.dialed[shown]) == 0 {
			delete(c.dialed, shown)
		}
	}
	switch {
	case x.talked:
		c.seen.Calls++
	case c.kept > 0:
		c.seen.Odd["a call ended without a talk"]++
	}
	if len(c.calls) < c.kept {
		c.dial()
	}
}

// phoneHears deals with a message to the agents' phones.
func (c *Crowd) phoneHears(at time.Time, m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := m.get("Call-ID")
	if answers := c.regs[id]; answers != nil {
		select {
		case answers <- m:
		default: // told again
		}
		return
	}
	l := c.legs[id]
	switch {
	case m.status() >= 200 && m.answers() == "BYE" && l != nil:
		if m.status() != 200 {
			c.seen.Odd[fmt.Sprintf("an agent's BYE got %d", m.status())]++
		}
		c.freed(l, at)
	case m.status() > 0:
	case m.method() == "INVITE" && l == nil:
		c.offered(at, m)
	case m.method() == "INVITE":
		if l.acked {
			c.answer(m, 200, "OK", l.tag, sdp(c.ofAgents.at))
		}
	case m.method() == "ACK":
		if l != nil {
			l.acked = true
		}
	case m.method() == "CANCEL":
		c.answer(m, 200, "OK", "", "")
		if l != nil && !l.answered {
			c.seen.Odd["an offer was cancelled"]++
			c.answer(l.invite, 487, "Request Terminated", l.tag, "")
			c.freed(l, at)
		}
	default:
		c.answer(m, 200, "OK", "", "")
		if m.method() == "BYE" && l != nil {
			c.freed(l, at)
		}
	}
}

func (c *Crowd) answer(m *message, code int, reason, tag, body string) {
	c.send(c.phones, reply(m, code, reason, tag, []string{"Contact: <sip:agent@" + c.phones.at.String() + ">",
		"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS"}, body))
}

// offered deals with a new INVITE at an agent's phone.
func (c *Crowd) offered(at time.Time, m *message) {
	a := c.agents[user(strings.Fields(m.start)[1])]
	switch {
	case a == nil:
		c.seen.Odd["an offer to an unknown agent"]++
		c.answer(m, 404, "Not Found", "x", "")
		return
	case a.leg != nil:
		c.seen.Odd["an offer to a busy agent"]++
		c.answer(m, 486, "Busy Here", "x", "")
		return
	}
	c.seq++
	l := &leg{agent: a, invite: m, ended: make(chan struct{}), tag: fmt.Sprintf("t%s-%d", c.run, c.seq)}
	for _, x := range c.dialed[user(uri(m.get("From")))] { // of several who dial the same number the one who waits longest
		if x.offered.IsZero() {
			l.call = x
			break
		}
	}
	a.leg = l
	c.legs[m.get("Call-ID")] = l
	if !a.freed.IsZero() && a.waiting {
		c.seen.Gap = append(c.seen.Gap, at.Sub(a.freed))
	}
	if x := l.call; x != nil {
		x.offered = at
		if x.agentFree {
			c.seen.Setup = append(c.seen.Setup, at.Sub(x.invited))
		}
	}
	c.answer(m, 180, "Ringing", l.tag, "")
	l.timers = append(l.timers, c.after(c.cfg.Ring, func() { c.takeCall(l) }))
}

func (c *Crowd) takeCall(l *leg) {
	if l.over {
		return
	}
	l.answered = true
	if to := soundAt(l.invite.body); to.IsValid() {
		go silence(c.ofAgents, to, 0, l.ended)
	}
	if l.call != nil {
		l.call.talked = true
	}
	b := reply(l.invite, 200, "OK", l.tag, []string{"Contact: <sip:agent@" + c.phones.at.String() + ">"}, sdp(c.ofAgents.at))
	c.repeat(c.phones, b, "an agent's answer", func() bool { return l.acked || l.over })
	l.timers = append(l.timers, c.after(vary(c.cfg.Talk), func() {
		if !l.over {
			c.bye(l)
		}
	}))
}

func (c *Crowd) bye(l *leg) {
	b := build("BYE "+uri(l.invite.get("Contact"))+" SIP/2.0", []string{
		"Via: SIP/2.0/UDP " + c.phones.at.String() + ";branch=z9hG4bKb" + l.tag,
		"From: " + l.invite.get("To") + ";tag=" + l.tag, "To: " + l.invite.get("From"), "Call-ID: " + l.invite.get("Call-ID"),
		"CSeq: 1 BYE", "Max-Forwards: 70"}, "")
	c.repeat(c.phones, b, "an agent's BYE", func() bool { return l.over })
}

// freed makes an agent free.
func (c *Crowd) freed(l *leg, at time.Time) {
	if l.over {
		return
	}
	l.over = true
	close(l.ended)
	for _, t := range l.timers {
		t.Stop()
	}
	l.agent.leg, l.agent.freed, l.agent.waiting = nil, at, c.unoffered() > 0
}
