package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"lamplight/cmd/console/journal"
	"lamplight/console"
	"lamplight/telephony"
)

// askLimit bounds what the page waits for one answer. A desk that has no answer by then says so and lets the person act.
const askLimit = 8 * time.Second

// ask asks the server, and makes a refusal of whatever goes wrong.
func ask[In, Out any](d *Desk, r console.Request[In, Out], in In) (out Out, err error) {
	err = d.asking(r.Name, func(ctx context.Context, s console.Backend) error {
		out, err = r.Of(ctx, s, in)
		return err
	})
	return out, err
}

// asking has the server answer f.
func (d *Desk) asking(name string, f func(context.Context, console.Backend) error) error {
	s, err := d.service()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(d.ctx, askLimit)
	defer cancel()
	if err := f(ctx, s); err != nil {
		r := refusal(err)
		d.parts.Log.Warn("refused", "request", name, "code", r.Code)
		return r
	}
	return nil
}

// own are the requests that the desk has more to do for than to pass them on: each has a bound method of its own.
var own = []string{console.AskHello.Name, console.AskResume.Name, console.AskSaveDraft.Name, console.AskDropDraft.Name,
	console.AskSend.Name, console.AskSentDrafts.Name, console.AskGiveDraft.Name, console.AskHandOver.Name,
	console.AskSignOut.Name, console.AskRecording.Name}

// Ask passes a request on to the server as it is, by its name in console's registry, and brings the answer.
func (d *Desk) Ask(name string, body json.RawMessage) (answer json.RawMessage, err error) {
	defer guard(&err)
	spec, ok := console.SpecOf(name)
	if !ok || !spec.Desk || slices.Contains(own, name) {
		return nil, console.Refuse(console.NotFound, "desk.error.unknown-request")
	}
	err = d.asking(name, func(ctx context.Context, s console.Backend) error {
		answer, err = s.Ask(ctx, name, body)
		return err
	})
	return answer, err
}

// Begun is what the page needs before anybody has signed in.
type Begun struct {
	Lang     string    `json:"lang"`
	Login    string    `json:"login"`
	Demo     bool      `json:"demo"` // signs in by itself, with SignInDemo
	SignedIn bool      `json:"signedIn"`
	Link     linkView  `json:"link"`
	Phone    phoneView `json:"phone"`
}

// Begin answers the page's first question, also after it was loaded again.
func (d *Desk) Begin() (b Begun, err error) {
	defer guard(&err)
	c, demo := d.parts.Demo()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fresh = true
	return Begun{Lang: d.parts.Lang, Login: c.Login, Demo: !errors.Is(demo, errNoDemo), SignedIn: d.link != nil, Link: d.linked,
		Phone: d.phone}, nil
}

// SignIn signs a person in. The answer is the same for an unknown login, a wrong password and a wrong code.
func (d *Desk) SignIn(login, password, code string) (err error) {
	defer guard(&err)
	d.door.Lock()
	defer d.door.Unlock()
	return d.signIn(credentials{Login: login, Password: password, Code: code})
}

// SignInDemo signs the demo agent in.
func (d *Desk) SignInDemo() (err error) {
	defer guard(&err)
	d.door.Lock()
	defer d.door.Unlock()
	if _, err := d.service(); err == nil {
		return nil // a page loaded again asks again
	}
	c, err := d.parts.Demo()
	if err != nil {
		d.parts.Log.Error("demo sign-in", "error", err)
		return console.Refuse(console.Unavailable, "desk.error.demo")
	}
	return d.signIn(c)
}

// signIn ends the session before and opens one for c. The caller holds door.
func (d *Desk) signIn(c credentials) error {
	d.leave()
	ctx, cancel := context.WithTimeout(d.ctx, askLimit)
	defer cancel()
	l, err := d.parts.Dial(ctx, c, d.setLink)
	if err != nil {
		r := refusal(err)
		d.parts.Log.Warn("sign in", "code", r.Code)
		return r
	}
	j, err := journal.Open(d.parts.Data, c.Login, c.Password)
	if err != nil {
		d.parts.Log.Error("open journal", "error", err)
		defer d.emit("desk", console.Event{Kind: console.EventNotice, Notice: journalNotice(err)})
	}
	select {
	case <-d.enter(l, j):
	case <-ctx.Done(): // the page says that the link is lost
	}
	return nil
}

func journalNotice(err error) string {
	if errors.Is(err, journal.ErrSetAside) {
		return "desk.notice.journal-aside"
	}
	return "desk.notice.journal-off"
}

// SignOut ends the session. The server is told, so that notes not sent wait on nobody who has gone; without it the desk's silence
// tells so.
func (d *Desk) SignOut() (err error) {
	defer guard(&err)
	_, told := ask(d, console.AskSignOut, console.Nothing{})
	d.leave()
	d.parts.Log.Info("signed out", "told", told == nil)
	return nil
}

// Hello answers the desk's whole state, with what the journal holds beside what the server knows.
func (d *Desk) Hello() (h console.Hello, err error) {
	defer guard(&err)
	d.finishSending()
	h, err = ask(d, console.AskHello, console.Nothing{})
	if err != nil {
		return h, err
	}
	h.Drafts, h.DraftPops = d.unsent(h)
	h.Phone.Password = "" // the page has no use for it
	return h, nil
}

// answerLimit is how long Answer waits for the phone to ring: the pop comes first, the ring within a few milliseconds.
const answerLimit = 5 * time.Second

// Answer takes the call with the built-in phone.
func (d *Desk) Answer(call telephony.CallID) (err error) {
	defer guard(&err)
	ctx, cancel := context.WithTimeout(d.ctx, answerLimit)
	defer cancel()
	d.parts.Phone.Mute(false)
	t := time.Now()
	if err := d.parts.Phone.Answer(ctx, call); err != nil {
		d.parts.Log.Error("answer", "call", call, "error", err)
		return console.Refuse(console.Unavailable, errPhone)
	}
	d.parts.Log.Info("answered", "call", call, "ms", float64(time.Since(t).Microseconds())/1000)
	return nil
}

// Mute has the caller hear silence.
func (d *Desk) Mute(muted bool) (err error) {
	defer guard(&err)
	d.parts.Phone.Mute(muted)
	return nil
}

// Resume ends Hold, and brings a built-in phone back that was lost in the call.
func (d *Desk) Resume(call telephony.CallID) (err error) {
	defer guard(&err)
	d.mu.Lock()
	out := d.phone.Built && !d.live()
	d.mu.Unlock()
	if out {
		return d.comeBack(call)
	}
	_, err = ask(d, console.AskResume, console.CallRef{Call: call})
	return err
}

// Painted is called by the page in the frame after an offer stood on the screen. The log line is what a bench reads:
// sentMs since the server sent the event (one machine, or clocks that agree), gotMs since it reached this process.
func (d *Desk) Painted(call telephony.CallID, epoch uint64) (err error) {
	defer guard(&err)
	at := time.Now()
	d.mu.Lock()
	k := popKey{call, epoch}
	t, ok := d.pops[k]
	again := t.painted
	t.painted = true
	if ok {
		d.pops[k] = t
	}
	d.mu.Unlock()
	if !ok || again {
		return nil
	}
	defer d.front(k)
	ms := func(from time.Time) float64 { return float64(at.Sub(from).Microseconds()) / 1000 }
	d.parts.Log.Info("painted", "call", call, "epoch", epoch, "at", at.UTC(), "sentMs", ms(t.sent), "gotMs", ms(t.got))
	return nil
}

// Log lets the page put an error of its own into the desk's log: where in the code, never what was typed.
func (d *Desk) Log(where string) (err error) {
	defer guard(&err)
	if len(where) > 2000 {
		where = where[:2000]
	}
	d.parts.Log.Error("page", "where", where)
	return nil
}
