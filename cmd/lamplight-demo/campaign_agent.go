package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp/totp"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// agentCmd is a scripted agent with desk and phone as a process of its own, which a campaign may freeze. Standard input holds
// its orders, standard output what desk and phone showed it, a JSON object a line. Signals: SIGTERM ends it.
type agentCmd struct{}

// agentOrders are who the agent is and where the server stands.
type agentOrders struct {
	URL, CA, Login, Password, Secret string
	Tone                             float64
}

// An agentSaw is one thing an agent's desk or phone showed.
type agentSaw struct {
	At    time.Time        `json:"at"`
	Agent string           `json:"agent"`
	What  sight            `json:"what"`
	Call  telephony.CallID `json:"call,omitempty"`
	Draft string           `json:"draft,omitempty"`
	Note  notes.NoteID     `json:"note,omitempty"`
	Ref   string           `json:"ref,omitempty"`
	Said  string           `json:"said,omitempty"` // an error's words
}

// A sight is what an agent sees or does.
type sight string

const (
	sawReady    sight = "ready"
	sawAnswered sight = "answered" // the phone is in a call
	sawHeard    sight = "heard"    // the caller
	sawEnded    sight = "ended"    // the phone's call is over
	sawSending  sight = "sending"  // Send was pressed
	sawSent     sight = "sent"     // the desk was told so
	sawRefused  sight = "refused"  // it was told that the note is not sent, and why
	sawTrouble  sight = "trouble"
)

func (*agentCmd) Run(ctx context.Context) error {
	a := &scriptedAgent{out: json.NewEncoder(os.Stdout)}
	if err := json.NewDecoder(os.Stdin).Decode(&a.orders); err != nil {
		return fmt.Errorf("read the orders: %w", err)
	}
	pem, err := os.ReadFile(a.orders.CA)
	if err != nil {
		return err
	}
	a.ca = x509.NewCertPool()
	a.ca.AppendCertsFromPEM(pem)
	return a.work(ctx)
}

// scriptedAgent does what a good agent does, whatever happens: is Ready, answers, takes the note, sends it until the desk says
// that it is sent, hangs up.
type scriptedAgent struct {
	orders agentOrders
	ca     *x509.CertPool

	mu    sync.Mutex // guards what follows
	out   *json.Encoder
	desk  *wire.Client // nil while nobody is signed in
	phone *phone.Phone
	seen  deskState
	talk  *phone.Call
	begun map[telephony.CallID]bool // its note was begun
	notes sync.WaitGroup
}

// saw tells the campaign.
func (a *scriptedAgent) saw(s agentSaw) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.At, s.Agent = time.Now(), a.orders.Login
	_ = a.out.Encode(s) // nobody reads it when this fails
}

func (a *scriptedAgent) trouble(what string, err error) {
	if err != nil {
		a.saw(agentSaw{What: sawTrouble, Said: what + ": " + err.Error()})
	}
}

// work is the whole shift. It ends with ctx, when the notes are sent.
func (a *scriptedAgent) work(ctx context.Context) error {
	a.begun = map[telephony.CallID]bool{}
	go a.hands(ctx)
	for ctx.Err() == nil {
		if err := a.session(ctx); err != nil && ctx.Err() == nil {
			a.trouble("session", err)
		}
		_ = pause(ctx, 300*time.Millisecond) // ctx is looked at above
	}
	if a.phone != nil {
		return a.phone.Close()
	}
	return nil
}

// session signs in, if need be, and follows the desk's events until they end.
func (a *scriptedAgent) session(ctx context.Context) error {
	a.mu.Lock()
	desk := a.desk
	a.mu.Unlock()
	if desk == nil {
		now := time.Now()
		for _, at := range []time.Time{now, now.Add(codePeriod)} { // of the clock that the server may have
			code, err := totp.GenerateCode(a.orders.Secret, at)
			if err != nil {
				return err
			}
			if desk, err = wire.Dial(ctx, wire.Options{URL: a.orders.URL, CA: a.ca, Login: a.orders.Login, Password: a.orders.Password,
				Code: code}); err == nil {
				break
			}
		}
		if desk == nil {
			return pause(ctx, 5*time.Second)
		}
		a.mu.Lock()
		a.desk = desk
		a.mu.Unlock()
	}
	events, err := desk.Watch(ctx)
	if err != nil {
		var refused *console.Error
		if errors.As(err, &refused) && refused.Kind == console.SignedOut {
			desk.Close()
			a.mu.Lock()
			a.desk = nil
			a.mu.Unlock()
		}
		return err
	}
	for e := range events {
		a.mu.Lock()
		if e.Kind == console.EventHello {
			a.seen = deskState{pop: e.Hello.Pop}
			if e.Hello.Pop != nil {
				a.seen.call = e.Hello.Pop.State
			}
		}
		a.seen.take(e)
		a.mu.Unlock()
		if e.Kind == console.EventHello {
			if err := a.greeted(ctx, desk, *e.Hello); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// greeted registers the phone at the first Hello, and brings it back into the agent's call when it is not in it.
func (a *scriptedAgent) greeted(ctx context.Context, desk *wire.Client, h console.Hello) error {
	if a.phone == nil {
		p, err := phone.Start(ctx, phone.Config{Registrar: h.Phone.Registrar, User: h.Phone.User, Password: h.Phone.Password,
			Remember: 10 * time.Second})
		if err != nil {
			return err
		}
		a.mu.Lock()
		a.phone = p
		a.mu.Unlock()
		go a.ring(ctx, p)
		return p.Register(ctx)
	}
	a.mu.Lock()
	talks := a.talk != nil
	a.mu.Unlock()
	if p := h.Pop; p != nil && !talks && (p.State == telephony.Talking || p.State == telephony.Held) {
		a.trouble("rejoin", console.AskRejoin.Do(ctx, desk, console.CallRef{Call: p.Call}))
	}
	return nil
}

// hands are Ready whenever they can be.
func (a *scriptedAgent) hands(ctx context.Context) {
	for pause(ctx, 400*time.Millisecond) == nil {
		a.mu.Lock()
		desk, state, talks, up := a.desk, a.seen.agent, a.talk != nil, a.phone != nil && a.phone.Registered()
		a.mu.Unlock()
		if desk == nil || talks || !up {
			continue
		}
		switch state {
		case telephony.AgentPaused:
			if console.AskReady.Do(ctx, desk, console.Nothing{}) == nil {
				a.saw(agentSaw{What: sawReady})
			}
		case telephony.AgentWrapUp:
			_ = console.AskWrapUpDone.Do(ctx, desk, console.Nothing{}) // again in a moment
		case telephony.AgentTalking:
			a.hangUpGhost(ctx, desk)
		}
	}
}

// hangUpGhost has a call hung up that the desk shows and the phone has left: an agent who hears nobody does that.
func (a *scriptedAgent) hangUpGhost(ctx context.Context, desk *wire.Client) {
	const silent = 8 * time.Second
	if pause(ctx, silent) != nil {
		return
	}
	a.mu.Lock()
	still := a.seen.agent == telephony.AgentTalking && a.talk == nil && a.seen.pop != nil
	var call telephony.CallID
	if still {
		call = a.seen.pop.Call
	}
	a.mu.Unlock()
	if still {
		a.trouble("the desk shows a call without a phone", console.AskHangUp.Do(ctx, desk, console.CallRef{Call: call}))
	}
}

// ring answers the phone.
func (a *scriptedAgent) ring(ctx context.Context, p *phone.Phone) {
	for {
		select {
		case <-ctx.Done():
			return
		case in := <-p.Incoming():
			if in.Ring() != nil || pause(ctx, handTime) != nil {
				continue
			}
			c, err := in.Answer(ctx)
			if err != nil {
				continue // the caller has gone
			}
			a.talks(ctx, c, telephony.CallID(in.Header("X-Lamplight-Call")))
		}
	}
}

// talks is a call from its answer to its end. Its note goes on by itself.
func (a *scriptedAgent) talks(ctx context.Context, c *phone.Call, id telephony.CallID) {
	a.saw(agentSaw{What: sawAnswered, Call: id})
	a.mu.Lock()
	first := !a.begun[id]
	a.talk, a.begun[id] = c, true
	a.mu.Unlock()
	go func() { // what is said
		for said := speech.Tone(a.orders.Tone, toneLength); c.Play(ctx, said) == nil; {
		}
	}()
	go a.listens(c, id)
	wrote := make(chan struct{})
	a.notes.Go(func() {
		defer close(wrote)
		if first {
			a.trouble("note", a.note(ctx, id))
		}
	})
	select {
	case <-wrote:
	case <-c.Done():
	}
	select {
	case <-c.Done():
	case <-time.After(2 * time.Second): // a word of farewell
		a.hangUp(ctx, c, id)
	}
	a.mu.Lock()
	a.talk = nil
	a.mu.Unlock()
	a.saw(agentSaw{What: sawEnded, Call: id})
}

func (a *scriptedAgent) listens(c *phone.Call, id telephony.CallID) {
	ear := earFor{tones: []float64{callersTone}}
	buf := make([]byte, 4*toneWindow)
	for told := false; ; {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if len(ear.hears(buf[:n])) > 0 && !told {
			told = true
			a.saw(agentSaw{What: sawHeard, Call: id})
		}
	}
}

// hangUp presses the desk's key, and puts the phone down when nothing comes of that.
func (a *scriptedAgent) hangUp(ctx context.Context, c *phone.Call, id telephony.CallID) {
	a.mu.Lock()
	desk := a.desk
	a.mu.Unlock()
	if desk != nil {
		a.trouble("hang up", console.AskHangUp.Do(ctx, desk, console.CallRef{Call: id}))
	}
	select {
	case <-c.Done():
	case <-time.After(3 * time.Second):
		if err := c.Hangup(ctx); err != nil {
			a.trouble("put the phone down", err)
		}
	}
}

// note takes a call's note and sends it until the server has said what became of it.
func (a *scriptedAgent) note(ctx context.Context, id telephony.CallID) error {
	d, err := a.draft(ctx, id)
	if err != nil {
		return err
	}
	if pause(ctx, time.Second) != nil { // typing
		return nil
	}
	a.saw(agentSaw{What: sawSending, Call: id, Draft: d.ID})
	for told := ""; ; {
		a.mu.Lock()
		desk := a.desk
		a.mu.Unlock()
		err := errors.New("nobody is signed in")
		var sent console.Sent
		if desk != nil {
			if sent, err = console.AskSend.Of(ctx, desk, d); err == nil {
				a.saw(agentSaw{What: sawSent, Call: id, Draft: d.ID, Note: sent.Note, Ref: sent.Reference})
				return nil
			}
		}
		if said := err.Error(); said != told {
			told = said
			a.saw(agentSaw{What: sawRefused, Call: id, Draft: d.ID, Said: said})
		}
		var refused *console.Error
		if errors.As(err, &refused) && refused.Kind != console.Unavailable && refused.Kind != console.SignedOut &&
			refused.Kind != console.Internal {
			return nil // for good
		}
		if pause(ctx, time.Second) != nil {
			return nil
		}
	}
}

// draft is what the agent types of a call, as soon as the desk shows it.
func (a *scriptedAgent) draft(ctx context.Context, id telephony.CallID) (d console.Draft, err error) {
	ctx, cancel := context.WithTimeout(ctx, markLimit)
	defer cancel()
	for {
		a.mu.Lock()
		desk, p := a.desk, a.seen.pop
		a.mu.Unlock()
		if p == nil || p.Call != id || desk == nil {
			if pause(ctx, 50*time.Millisecond) != nil {
				return d, fmt.Errorf("the desk does not show the call %s that its phone has", id)
			}
			continue
		}
		s := scenarioOf(string(p.Practice.ID))
		d = console.Draft{ID: uuid.NewString(), Seq: 1, Call: id, Account: p.Practice.ID, CallType: "symptom", Urgency: notes.Urgent,
			Language: s.Language, Body: s.Expected}
		a.trouble("save the draft", console.AskSaveDraft.Do(ctx, desk, d))
		return d, nil
	}
}

// scenarioOf is what a practice's callers say.
func scenarioOf(practice string) server.CallScenario {
	at := 0
	if practice != "lakeside" {
		at = 1
	}
	return server.Scenarios()[at]
}
