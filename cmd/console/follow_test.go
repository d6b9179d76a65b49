package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	deskphone "lamplight/cmd/console/phone"
	"lamplight/console"
	"lamplight/telephony"
)

// shortLived is a server whose streams end as soon as they have begun.
type shortLived struct{ asked int }

func (s *shortLived) Ask(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("nobody asks")
}

func (s *shortLived) Watch(context.Context) (<-chan console.Event, error) {
	s.asked++
	ended := make(chan console.Event)
	close(ended)
	return ended, nil
}

// TestAStreamThatEndsYoungIsNotAskedWithoutEnd: a server that a desk cannot follow once had it ask 32,820 times in 5 s.
func TestAStreamThatEndsYoungIsNotAskedWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(deskParts{Log: slog.New(slog.DiscardHandler), Demo: func() (credentials, error) { return credentials{}, errNoDemo }})
		defer d.end()
		ctx, cancel := context.WithCancel(t.Context())
		s := &shortLived{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.follow(ctx, s, func() {})
		}()
		time.Sleep(5 * time.Minute) // the bubble's own clock
		cancel()
		<-done
		if s.asked < 10 || s.asked > 16 { // 1, 2, 4, 8, 16 s, then each 30
			t.Errorf("asked %d times in five minutes", s.asked)
		}
	})
}

// absent is a server that remembers no agent: each stream greets one who is paused by the sign-in.
type absent struct {
	asked   []string
	away    time.Duration // how long it is gone after the first stream
	watched int
	streams chan chan console.Event
}

func (s *absent) Ask(_ context.Context, name string, _ []byte) ([]byte, error) {
	s.asked = append(s.asked, name)
	return []byte("{}"), nil
}

func (s *absent) Watch(context.Context) (<-chan console.Event, error) {
	if s.watched++; s.watched > 1 {
		time.Sleep(s.away) // the bubble's own clock
	}
	ch := make(chan console.Event, 4)
	ch <- console.Event{Kind: console.EventHello, Hello: &console.Hello{Server: console.ThisVersion(),
		Agent: console.AgentView{State: telephony.AgentPaused, Reason: console.PausedBySignIn}}}
	s.streams <- ch
	return ch, nil
}

func (s *absent) Close() {}

// TestAnAgentWhoWasReadyIsReadyAgain: a server that was restarted knows nobody's state, and an agent must not wait for calls
// that never come; one who was paused, or whose link was away for long, stays paused.
func TestAnAgentWhoWasReadyIsReadyAgain(t *testing.T) {
	for name, c := range map[string]struct {
		state telephony.AgentState
		away  time.Duration
		want  int
	}{
		"ready, and a restart":     {telephony.AgentReady, time.Second, 1},
		"paused, and a restart":    {telephony.AgentPaused, time.Second, 0},
		"ready, and gone for long": {telephony.AgentReady, 5 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &absent{away: c.away, streams: make(chan chan console.Event, 1)}
				d := newDesk(deskParts{Log: slog.New(slog.DiscardHandler), Phone: deskphone.New("none", slog.New(slog.DiscardHandler)),
					Demo: func() (credentials, error) { return credentials{}, errNoDemo }})
				defer d.end()
				d.enter(s, nil)
				first := <-s.streams
				synctest.Wait()
				if len(s.asked) != 0 {
					t.Fatalf("asked %q at the sign-in", s.asked)
				}
				time.Sleep(time.Minute) // the bubble's own clock
				first <- console.Event{Kind: console.EventAgent, Agent: &console.AgentView{State: c.state}}
				synctest.Wait()
				close(first)
				second := <-s.streams
				synctest.Wait()
				if len(s.asked) != c.want || c.want == 1 && s.asked[0] != console.AskReady.Name {
					t.Errorf("asked %q", s.asked)
				}
				d.session()
				close(second)
			})
		})
	}
}
