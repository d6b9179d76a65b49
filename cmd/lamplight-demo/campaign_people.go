package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"lamplight/cmd/lamplight/server"
	"lamplight/console"
	"lamplight/notes"
	"lamplight/routing/channel/pocket"
	"lamplight/telephony/asterisk"
	"lamplight/telephony/phone"
	"lamplight/telephony/phone/speech"
)

// A caller is one of a campaign's, with what their phone counted.
type caller struct {
	expectedCaller
	did     string
	Dialled time.Time
	Ended   time.Time
	Refused string // the switch's no, or that it never answered
	HungUp  bool   // by the caller
	Heard   []int  // the agents heard, by index
	Apology bool   // the fail-safe's was heard
}

// call is the caller's whole call.
func (c *caller) call(ctx context.Context, network *phone.Phone, tones []float64) {
	s := server.Scenarios()[c.Scenario]
	c.did, c.Dialled = s.DID, time.Now()
	defer func() { c.Ended = time.Now() }()
	ctx, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	line, err := network.Dial(ctx, phone.Outgoing{Number: s.DID, From: c.ani(), Name: s.Name})
	if err != nil {
		c.Refused = err.Error()
		c.HungUp = ctx.Err() != nil
		return
	}
	go func() {
		for said := speech.Tone(callersTone, toneLength); line.Play(ctx, said) == nil; {
		}
	}()
	enough := c.listens(ctx, line, tones)
	select {
	case <-line.Done():
	case <-enough:
		c.HungUp = true
	case <-ctx.Done():
		c.HungUp = true
	}
	end, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := line.Hangup(end); err != nil {
		c.Refused = err.Error()
	}
	select {
	case <-line.Done():
		<-enough
	case <-time.After(time.Minute): // the switch stood still as they hung up: a telephone that is on the hook hears no more
	}
	c.Apology = apologised(line.Heard())
}

// listens notes which agents are heard until the call is over. The channel closes then, or when who leaves has heard enough.
func (c *caller) listens(ctx context.Context, line *phone.Call, tones []float64) <-chan struct{} {
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		ear := earFor{tones: tones}
		buf := make([]byte, 4*toneWindow)
		var since time.Time
		for {
			n, err := line.Read(buf)
			if err != nil {
				return
			}
			for _, agent := range ear.hears(buf[:n]) {
				if !slices.Contains(c.Heard, agent) {
					c.Heard = append(c.Heard, agent)
				}
				if since.IsZero() {
					since = time.Now()
				}
			}
			if c.Kind == callerLeaves && !since.IsZero() && time.Since(since) > time.Second {
				return
			}
		}
	}()
	return enough
}

// apologised tells whether a caller heard the fail-safe, in either language.
func apologised(heard speech.PCM) bool {
	for _, language := range []string{"en", "es"} {
		sound, err := asterisk.Sound(language, "overflow")
		if err != nil {
			return false
		}
		said := speech.FromUlaw(sound)
		said = said[:min(len(said), 2*4*speech.Rate)] // its first seconds: nobody has to hear it out
		if got, _, _ := speech.Follow(heard, said); got > followedWell {
			return true
		}
	}
	return false
}

// agentProcess is an agent's process and what it has seen.
type agentProcess struct {
	cmd  *exec.Cmd
	mu   sync.Mutex // guards saw
	saw  []agentSaw
	done chan struct{} // closed when its output has ended
}

// startAgent starts an agent's desk and phone.
func startAgent(o agentOrders, program string, env []string, log *os.File) (*agentProcess, error) {
	in, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	a := &agentProcess{cmd: exec.Command(program, "agent"), done: make(chan struct{})}
	a.cmd.Stdin, a.cmd.Stderr = strings.NewReader(string(in)), log
	a.cmd.Env = append(os.Environ(), env...)
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(a.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var s agentSaw
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				s = agentSaw{At: time.Now(), What: sawTrouble, Said: "what the desk says cannot be read: " + err.Error()}
			}
			a.mu.Lock()
			a.saw = append(a.saw, s)
			a.mu.Unlock()
		}
	}()
	return a, nil
}

func (a *agentProcess) all() []agentSaw {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.saw)
}

// close ends the agent's shift.
func (a *agentProcess) close() error {
	if err := errors.Join(a.cmd.Process.Signal(syscall.SIGCONT), a.cmd.Process.Signal(syscall.SIGTERM)); err != nil {
		return fmt.Errorf("an agent's process ended by itself: %w", errors.Join(err, a.cmd.Wait()))
	}
	<-a.done
	return a.cmd.Wait()
}

// read has the providers and the supervisor do as the course says with each text that arrives, until ctx ends.
func (c *campaign) read(ctx context.Context) {
	var acting sync.WaitGroup
	defer acting.Wait()
	for read := 0; ; {
		all, err := c.pocket.Wait(ctx, func(all []pocket.Arrival) bool { return len(all) > read })
		if err != nil {
			return
		}
		for _, a := range all[read:] {
			chance, wait := c.course.lies.IntN(10), time.Duration(c.course.lies.Int64N(int64(3*time.Second)))
			if a.Kind != pocket.ArrivedText || a.To == patientPhone.Number || a.Status == "refused" || chance >= 7 { // nobody looks at it
				continue
			}
			acting.Go(func() {
				if pause(ctx, wait) == nil {
					c.answer(ctx, a, chance < 5)
				}
			})
		}
		read = len(all)
	}
}

// answer has whoever a text came to open the note, and take it on, as often as it takes.
func (c *campaign) answer(ctx context.Context, a pocket.Arrival, takes bool) {
	supervisor := a.To == c.supervisor
	for began := time.Now(); ; {
		browser, err := c.readers.at(ctx, a.To)
		if err == nil {
			err = c.answerOnce(ctx, browser, a, takes, supervisor)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		var refused *console.Error
		if errors.As(err, &refused) && refused.Kind == console.SignedOut {
			c.readers.forget(browser)
		} else if refused != nil && refused.Kind != console.Unavailable && refused.Kind != console.Internal {
			c.note("a provider is refused: %v", err)
			return
		}
		if time.Since(began) > 3*time.Minute {
			c.note("a provider gave up: %v", err)
			return
		}
		if pause(ctx, time.Second) != nil {
			return
		}
	}
}

func (c *campaign) answerOnce(ctx context.Context, p *provider, a pocket.Arrival, takes, supervisor bool) error {
	note, token, err := p.locate(ctx, a.Link)
	if err != nil {
		return err
	}
	if _, err := p.open(ctx, note, token); err != nil {
		return err
	}
	switch {
	case !takes:
		return nil
	case supervisor:
		var card console.Card
		return p.post(ctx, "/api/notes/"+string(note)+"/takeover", struct{}{}, &card)
	}
	_, err = p.acknowledge(ctx, note)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.acked[note] = true // the page said so
	}
	return err
}

// readers are the providers' browsers, one sign-in at a time.
type readers struct {
	mu   sync.Mutex
	them providers
}

func (r *readers) at(ctx context.Context, number string) (*provider, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.them.at(ctx, number)
}

// forget drops a browser whose session has ended. One that was signed in since by another of the provider's readers stays.
func (r *readers) forget(browser *provider) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.them.reading, func(_ notes.PersonID, p *provider) bool { return p == browser })
}
