package main

import (
	"slices"
	"testing"
	"time"

	"lamplight/console"
)

// liveOrNot is a phone that is in a call or is not; nothing else of it is asked.
type liveOrNot struct {
	AgentPhone
	live bool
}

func (p *liveOrNot) Levels() (them, me float64, live bool) { return 0, 0, p.live }

func TestTheWindowIsNotClosedOnACaller(t *testing.T) {
	p := &liveOrNot{}
	d := newDesk(deskParts{Phone: p})
	var told []string
	d.screen.Emit = func(_ string, e any) { told = append(told, e.(console.Event).Notice) }
	now := time.Now()
	try := func(what string, want bool) {
		t.Helper()
		if got := d.mayClose(now); got != want {
			t.Errorf("%s: may close %v, want %v", what, got, want)
		}
	}
	try("no call", true)
	p.live = true
	try("in a call", false)
	now = now.Add(closeAgain)
	try("much later", false)
	now = now.Add(closeAgain - time.Millisecond)
	try("and again", true)
	p.live = false
	try("after the call", true)
	p.live = true
	d.told.Store(true)
	try("told to end", true)
	if want := []string{"desk.notice.in-call", "desk.notice.in-call"}; !slices.Equal(told, want) {
		t.Errorf("the page was told %v", told)
	}
}
