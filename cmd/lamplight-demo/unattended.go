package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/console/wire"
	"lamplight/notes"
	"lamplight/telephony"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
	"lamplight/telephony/phone/voice"
)

// markLimit is how long one moment of the walk may take before the demo says that it failed.
const markLimit = 20 * time.Second

// heardWell is the correlation from which speech counts as heard: the right speech gives 0.97 to 1, another about 0.2 to 0.6.
const heardWell = 0.9

// followedWell is the correlation from which speech counts as heard on a busy machine, frame by frame: the same speech gives
// at least 0.84, other speech at most 0.68.
const followedWell = 0.8

// walkReport is what one call showed.
type walkReport struct {
	Scenario     string     `json:"scenario"`
	Language     string     `json:"language"`
	Reference    string     `json:"reference,omitempty"`
	Marks        []walkMark `json:"steps"`
	CallerHeard  float64    `json:"callerHeard"` // correlation of what the caller heard with what the agent said
	AgentHeard   float64    `json:"agentHeard"`
	Acknowledged bool       `json:"acknowledged"`
	Error        string     `json:"error,omitempty"`
}

// walkMark is one moment; MS counts from the INVITE.
type walkMark struct {
	What string  `json:"what"`
	MS   float64 `json:"ms"`
}

// unattended walks the calls with scripted people and prints each step. It fails unless every call was heard both ways and
// acknowledged, and the audit log verifies.
func (d *demo) unattended(ctx context.Context) error {
	w, err := d.newWalker(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	acked, heard := 0, 0
	for i := range d.cmd.Calls {
		r := w.walk(ctx, d.script(i))
		if err := d.print(r); err != nil {
			return err
		}
		if r.Acknowledged {
			acked++
		}
		if r.CallerHeard > heardWell && r.AgentHeard > heardWell {
			heard++
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	report, err := d.server.Verify(ctx)
	if err != nil {
		return err
	}
	word := "verified"
	if !report.Good() {
		word = "FAILED"
		if err := report.Print(os.Stderr); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "acknowledged %d of %d; heard both ways %d of %d; audit %s, %d leaves\n", acked, d.cmd.Calls, heard, d.cmd.Calls,
		word, report.Leaves)
	if acked < d.cmd.Calls || heard < d.cmd.Calls || !report.Good() {
		return errors.New("the walk did not hold; the server's log says more: " + d.server.State.Path("server.log"))
	}
	return nil
}

// script chooses the i-th call: by turns an English and a Spanish one, or one language only.
func (d *demo) script(i int) server.CallScenario {
	byID := map[string]server.CallScenario{}
	for _, s := range server.Scenarios() {
		byID[s.ID] = s
	}
	switch {
	case d.cmd.Language == "es", d.cmd.Language == "" && i%2 == 1:
		return byID["fever"]
	default:
		return byID["chest"]
	}
}

func (d *demo) print(r walkReport) error {
	if d.cmd.JSON {
		return json.NewEncoder(d.out).Encode(r)
	}
	fmt.Fprintf(d.out, "\n%s, %s\n", r.Scenario, r.Language)
	for _, s := range r.Marks {
		fmt.Fprintf(d.out, "  %9.1f ms  %s\n", s.MS, s.What)
	}
	if r.Error != "" {
		fmt.Fprintf(d.out, "  FAILED: %s\n", r.Error)
	}
	return nil
}

// walker is the scripted people: an agent with a desk and a phone, a caller's network, the providers.
type walker struct {
	d         *demo
	desk      *wire.Client
	events    <-chan console.Event
	seen      deskState
	phone     *phone.Phone
	network   *phone.Phone
	providers *providers
}

// deskState is what the agent's desk shows, as its events tell.
type deskState struct {
	hello bool
	agent telephony.AgentState
	pop   *console.Pop
	call  telephony.CallState
	gone  telephony.CallID
	board console.BoardPage
}

func (d *demo) newWalker(ctx context.Context) (w *walker, err error) {
	w = &walker{d: d, providers: &providers{d: d}}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.desk, err = d.signInDesk(ctx, desks[0].ID); err != nil {
		return w, err
	}
	if w.events, err = w.desk.Watch(ctx); err != nil {
		return w, err
	}
	hello, err := console.AskHello.Of(ctx, w.desk, console.Nothing{})
	if err != nil {
		return w, err
	}
	if w.phone, err = phone.Start(ctx, phone.Config{Registrar: hello.Phone.Registrar, User: hello.Phone.User,
		Password: hello.Phone.Password}); err != nil {
		return w, err
	}
	if err := w.phone.Register(ctx); err != nil {
		return w, fmt.Errorf("register the agent's phone: %w", err)
	}
	w.network, err = phone.Start(ctx, phone.Config{Listen: "127.0.0.2:0", Registrar: hello.Phone.Registrar, User: "caller"})
	return w, err
}

// signInDesk signs a demo person in at a desk.
func (d *demo) signInDesk(ctx context.Context, who notes.PersonID) (*wire.Client, error) {
	code, err := d.fresh(ctx, who)
	if err != nil {
		return nil, err
	}
	c, err := wire.Dial(ctx, wire.Options{URL: d.server.Bus.URL, CA: d.server.Certs.Pool, Login: string(who), Password: d.keys.Password,
		Code: code})
	if err != nil {
		return nil, fmt.Errorf("sign in at the desk: %w", err)
	}
	return c, nil
}

func (w *walker) close() {
	for _, p := range []*phone.Phone{w.phone, w.network} {
		if p == nil {
			continue
		}
		if err := p.Close(); err != nil {
			w.d.server.Log.Info("demo: close a phone", "error", err)
		}
	}
	if w.desk != nil {
		w.desk.Close()
	}
}

// until reads the desk's events until what it shows is as wanted.
func (w *walker) until(ctx context.Context, what string, wanted func(deskState) bool) error {
	limit := time.NewTimer(markLimit)
	defer limit.Stop()
	for !wanted(w.seen) {
		select {
		case e, ok := <-w.events:
			if !ok {
				return fmt.Errorf("%s: the desk's events ended", what)
			}
			w.seen.take(e)
		case <-limit.C:
			return fmt.Errorf("%s: not within %v", what, markLimit)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// take puts one event into the desk's state.
func (s *deskState) take(e console.Event) {
	switch e.Kind {
	case "hello":
		s.hello, s.agent = true, e.Hello.Agent.State
		s.board = console.BoardPage{Rows: e.Hello.Board, Next: e.Hello.BoardNext, Open: e.Hello.BoardOpen, Late: e.Hello.BoardLate}
	case "agent":
		s.agent = e.Agent.State
	case "pop":
		s.pop, s.call = e.Pop, e.Pop.State
	case "call":
		s.call = e.Call.State
	case "gone":
		s.gone = e.Gone.Call
	case console.EventChange:
		s.board = s.board.Follow(*e.Change)
	}
}

// shows tells whether a note stands on the board.
func (s deskState) shows(n notes.NoteID) bool {
	for _, r := range s.board.Rows {
		if r.Note == n {
			return true
		}
	}
	return false
}

// words are what caller and agent say.
func (d *demo) words(language telephony.Language) (caller, agent speech.PCM, err error) {
	if caller, err = voice.Caller(string(language)); err != nil {
		return nil, nil, err
	}
	if d.cmd.Say != "" {
		b, err := os.ReadFile(d.cmd.Say)
		if err != nil {
			return nil, nil, fmt.Errorf("read --say: %w", err)
		}
		if caller, err = speech.ReadWAV(b); err != nil {
			return nil, nil, fmt.Errorf("--say %s: %w", d.cmd.Say, err)
		}
	}
	agent, err = voice.Agent(string(language))
	return caller, agent, err
}
