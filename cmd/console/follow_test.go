package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"lamplight/console"
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
