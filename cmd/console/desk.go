package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"lamplight/cmd/console/journal"
	"lamplight/console"
	"lamplight/telephony"
)

// deskParts is what a Desk stands on. Everything is needed but Lang.
type deskParts struct {
	Dial  dialer
	Phone AgentPhone
	Data  string // the journal's directory
	Log   *slog.Logger
	Demo  func() (credentials, error)
	Lang  string
}

// Desk is what the page may call: its exported methods are bound to the window, by Wails or by the bridge. Each may be
// called from any goroutine, and answers an error that is a refusal and nothing else.
type Desk struct {
	parts deskParts
	ctx   context.Context // ends with the window
	end   context.CancelFunc

	// screen is where events go and who brings the window forward; set once, before anything is bound.
	screen screen

	door   sync.Mutex  // held while somebody signs in
	locked atomic.Bool // until somebody signs in: see Lock

	told  atomic.Bool               // to end, by a signal: no question is asked
	asked atomic.Pointer[time.Time] // when the window was closed in a call, and stayed

	mu       sync.Mutex // guards what follows
	link     link       // nil until somebody signed in
	session  context.CancelFunc
	journal  *journal.Journal
	linked   linkView
	phone    phoneView
	hello    console.Hello             // the last one; the page's own state is younger
	parted   telephony.CallID          // the agent's call that the phone is to be brought back into
	state    telephony.AgentState      // the agent's, as the server last told
	loudAt   time.Time                 // when the alarm last sounded for a waiting caller
	took     bool                      // the agent took calls, as the server last told
	lost     time.Time                 // when the link broke last
	pops     map[popKey]popTimes       // the offer shown last
	saves    map[string]*console.Draft // the latest of each draft on its way to the server; nil when the last has arrived
	finishes map[string]link           // the drafts that this program sends by itself, in which session
	hears    playing                   // what is played to the agent
	fresh    bool                      // the page knows nothing yet of what it was sending before
}

// A screen is the window around the page.
type screen struct {
	Emit  func(name string, data any)
	Front func()
}

type popKey struct {
	call  telephony.CallID
	epoch uint64
}

// popTimes is when an offer left the server and when it reached this desk.
type popTimes struct {
	sent, got time.Time
	painted   bool
	front     bool // the window came forward for it
}

// linkView is the link as the top bar shows it.
type linkView struct {
	Up    bool      `json:"up"`
	Since time.Time `json:"since"`
}

// phoneView is the phone as the top bar shows it. Built is false for an agent with a telephone of their own.
type phoneView struct {
	Up    bool      `json:"up"`
	Built bool      `json:"built"`
	Deaf  bool      `json:"deaf"` // without a headset
	Since time.Time `json:"since"`
}

func newDesk(p deskParts) *Desk {
	ctx, end := context.WithCancel(context.Background())
	now := time.Now()
	d := &Desk{
		parts: p, ctx: ctx, end: end,
		screen: screen{Emit: func(string, any) {}, Front: func() {}},
		linked: linkView{Since: now}, phone: phoneView{Since: now},
		pops: map[popKey]popTimes{}, saves: map[string]*console.Draft{}, finishes: map[string]link{},
	}
	d.parts.Demo = d.unlessLocked(p.Demo)
	return d
}

// on wires the desk to its window; call it before the page can.
func (d *Desk) on(s screen) {
	d.screen = s
	go d.meter(d.ctx)
}

// close ends the session and the phone.
func (d *Desk) close() {
	d.leave()
	d.end()
}

func (d *Desk) emit(name string, data any) { d.screen.Emit(name, data) }

// enter makes l the desk's link and follows it until the session ends. The channel closes when the server has greeted the
// desk: before that it refuses whatever an agent does.
func (d *Desk) enter(l link, j *journal.Journal) <-chan struct{} {
	greeted := make(chan struct{})
	ctx, cancel := context.WithCancel(d.ctx)
	d.mu.Lock()
	d.link, d.session, d.journal = l, cancel, j
	d.linked = linkView{Up: true, Since: time.Now()}
	d.fresh = true
	d.mu.Unlock()
	d.locked.Store(false)
	d.emit("link", d.linkNow())
	go d.follow(ctx, l, sync.OnceFunc(func() { close(greeted) }))
	return greeted
}

// leave signs out: the link is closed, the phone unregistered, the journal kept for the next sign-in.
func (d *Desk) leave() {
	d.mu.Lock()
	l, j, cancel := d.link, d.journal, d.session
	d.link, d.journal, d.session = nil, nil, nil
	d.hello = console.Hello{}
	d.phone = phoneView{Since: time.Now()}
	d.mu.Unlock()
	if l == nil {
		return
	}
	cancel()
	d.parts.Phone.Leave()
	l.Close()
	if j != nil {
		if err := j.Close(); err != nil {
			d.parts.Log.Error("close journal", "error", err)
		}
	}
}

// closeAgain is how long a second close of the window is meant so.
const closeAgain = 5 * time.Second

// mayClose tells whether the window may close. In a call, which would end with it, the first try only tells so.
func (d *Desk) mayClose(now time.Time) bool {
	if d.told.Load() || !d.live() {
		return true
	}
	if at := d.asked.Swap(&now); at != nil && now.Sub(*at) < closeAgain {
		return true
	}
	d.emit("desk", console.Event{Kind: console.EventNotice, Notice: "desk.notice.in-call"})
	return false
}

// service is the signed-in server, or a refusal that sends the page to the sign-in.
func (d *Desk) service() (console.Backend, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.link == nil {
		return nil, console.Refuse(console.SignedOut, errSignedOut)
	}
	return d.link, nil
}

func (d *Desk) linkNow() linkView {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.linked
}

// setLink tells the page when the link broke or came back, once a change.
func (d *Desk) setLink(up bool, at time.Time) {
	d.mu.Lock()
	if d.linked.Up == up {
		d.mu.Unlock()
		return
	}
	d.linked = linkView{Up: up, Since: at}
	if !up {
		d.lost = at
	}
	v := d.linked
	d.mu.Unlock()
	d.parts.Log.Info("link", "up", up)
	d.emit("link", v)
}

// How long the desk rests between two tries to watch. The wire reconnects by itself; this is only the asking.
const (
	watchRestMin = 100 * time.Millisecond
	watchRestMax = time.Second
)

// A stream that ends young would end so again: the desk rests longer each time, so that a server it cannot understand is not
// asked without end.
const (
	youngStream  = 10 * time.Second
	youngRestMin = time.Second
	youngRestMax = 30 * time.Second
)

// follow watches the server until the session ends, and watches again after each break. Each event is followed by greeted.
func (d *Desk) follow(ctx context.Context, s console.Backend, greeted func()) {
	rest, young := watchRestMin, youngRestMin
	for ctx.Err() == nil {
		began := time.Now()
		events, err := s.Watch(ctx)
		if err != nil {
			var refused *console.Error
			if errors.As(err, &refused) && (refused.Code == errSignedOut || refused.Code == errNobody) {
				d.parts.Log.Info("the session has ended")
				d.leave()
				d.emit("signedout", refused)
				return
			}
			d.setLink(false, time.Now())
			pause(ctx, rest)
			rest = min(2*rest, watchRestMax)
			continue
		}
		rest = watchRestMin
		for ev := range events {
			d.setLink(true, time.Now())
			d.happened(ev)
			greeted()
		}
		if ctx.Err() != nil {
			return
		}
		d.setLink(false, time.Now())
		if time.Since(began) >= youngStream {
			young = youngRestMin
			continue
		}
		d.parts.Log.Warn("the stream of events ended young", "rest", young)
		pause(ctx, young)
		young = min(2*young, youngRestMax)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// frontAfter is how long a pop may take to be painted before the window comes forward regardless: a minimised window
// paints nothing.
const frontAfter = 150 * time.Millisecond

// front brings the window forward for an offer, once.
func (d *Desk) front(k popKey) {
	d.mu.Lock()
	p, ok := d.pops[k]
	first := ok && !p.front
	p.front = true
	if ok {
		d.pops[k] = p
	}
	d.mu.Unlock()
	if first {
		d.screen.Front()
	}
}

// happened passes an event to the page. A pop is painted first and the window comes forward after it, so that what is on
// top is already complete, and moving windows about does not hold the painting up.
func (d *Desk) happened(ev console.Event) {
	got := time.Now()
	if ev.Kind == console.EventHello && ev.Hello != nil {
		d.greet(*ev.Hello)
		d.emit("desk", console.Event{Kind: console.EventHello, Sent: ev.Sent}) // the page asks for it: events stay small
		return
	}
	if ev.Agent != nil {
		d.takes(ev.Agent.State)
		if ev.Agent.State == telephony.AgentTalking {
			d.hush()
		}
	}
	if ev.Pop != nil {
		d.mu.Lock()
		clear(d.pops)
		d.pops[popKey{ev.Pop.Call, ev.Pop.Epoch}] = popTimes{sent: ev.Sent, got: got}
		d.mu.Unlock()
	}
	if ev.Taken != nil {
		d.forget(ev.Taken.ID)
	}
	d.emit("desk", ev)
	if ev.Notice == "desk.notice.stands-still" {
		d.parts.Phone.Alarm()
	}
	if ev.Figures != nil {
		d.loud(ev.Sent, ev.Figures.Caller)
	}
	if ev.Pop != nil && ev.Pop.Outbound && ev.Pop.State == telephony.Arrived {
		go d.answerOwn(ev.Pop.Call)
	}
	if ev.Pop != nil {
		time.AfterFunc(frontAfter, func() { d.front(popKey{ev.Pop.Call, ev.Pop.Epoch}) })
	}
}

// loudEvery is how often the alarm sounds while a caller waits for somebody like this agent.
const loudEvery = 10 * time.Second

// loud sounds the alarm when a caller has waited too long whom this agent could take and is not about to: figures come each
// second while anybody waits. It is silent in a call and under an offer, which rings by itself.
func (d *Desk) loud(now, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	free := d.state == telephony.AgentReady || d.state == telephony.AgentPaused || d.state == telephony.AgentWrapUp
	if !free || since.IsZero() || now.Sub(since) < console.LoudAfter || now.Sub(d.loudAt) < loudEvery {
		return
	}
	d.loudAt = now
	d.parts.Phone.Alarm()
}

// greet takes a new Hello: the phone follows its account, the server gets what it has not seen of the journal.
func (d *Desk) greet(h console.Hello) {
	out := h.Pop != nil && (h.Pop.State == telephony.Talking || h.Pop.State == telephony.Held) && h.Phone.Registrar != "" && !d.live()
	d.mu.Lock()
	same := d.hello.Phone == h.Phone && d.phone.Built
	d.hello, d.parted = h, ""
	if out {
		d.parted = h.Pop.Call
	}
	j := d.journal
	d.mu.Unlock()
	if !same {
		d.register(h.Phone)
	}
	if notice := console.ThisVersion().Notice(h.Server); notice != "" {
		d.parts.Log.Warn("desk and server are of different builds", "desk", console.ThisVersion(), "server", h.Server)
		d.emit("desk", console.Event{Kind: console.EventNotice, Notice: notice})
	}
	d.rejoin()
	d.readyAgain(h.Agent)
	if j == nil {
		return
	}
	seen := map[string]int64{}
	for _, dr := range h.Drafts {
		seen[dr.ID] = dr.Seq
	}
	for _, e := range j.All() {
		if n, ok := seen[e.Draft.ID]; !ok || n < e.Draft.Seq {
			d.saveAtServer(e.Draft)
		}
	}
}

// register brings the phone up under the account the server gave, or tells that this agent has a telephone of their own.
func (d *Desk) register(a console.PhoneAccount) {
	if a.Registrar == "" {
		d.setPhone(phoneView{Since: time.Now()})
		return
	}
	d.setPhone(phoneView{Built: true, Since: time.Now()})
	err := d.parts.Phone.Register(a, func(up bool, at time.Time) {
		d.setPhone(phoneView{Built: true, Up: up, Since: at})
	})
	if err != nil {
		d.parts.Log.Error("register the phone", "error", err)
		d.setPhone(phoneView{Built: true, Since: time.Now()})
	}
}

// setDeaf tells the page when the headset went or came.
func (d *Desk) setDeaf(deaf bool) {
	d.mu.Lock()
	if d.phone.Deaf == deaf {
		d.mu.Unlock()
		return
	}
	d.phone.Deaf = deaf
	v := d.phone
	d.mu.Unlock()
	d.emit("phone", v)
}

func (d *Desk) setPhone(v phoneView) {
	d.mu.Lock()
	v.Deaf = d.phone.Deaf
	d.phone = v
	d.mu.Unlock()
	d.emit("phone", v)
	d.rejoin()
}
