package dispatch

import (
	"slices"
	"strings"
	"sync"
	"time"

	"lamplight/routing"
	"lamplight/routing/channel"
)

// failing counts, by channel, the messages that no carrier has taken since one was taken last.
type failing struct {
	mu sync.Mutex // guards by
	by map[routing.ChannelKind]FailingChannel
}

// A FailingChannel is one whose carrier takes nothing.
type FailingChannel struct {
	Channel routing.ChannelKind
	Since   time.Time
	Why     string // the last refusal's code
	n       int
}

// failingAfter is how many messages a carrier must refuse in a row before its channel counts as failing: one may be for a
// number that is none.
const failingAfter = 3

// heard takes what became of a message. What the service itself holds back says nothing of the carrier.
func (f *failing) heard(kind routing.ChannelKind, failure *channel.SendError, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if failure == nil {
		delete(f.by, kind)
		return
	}
	if failure.Kind == whyStopped || failure.Kind == notConfigured || failure.Kind == channel.Unreachable {
		return
	}
	if f.by == nil {
		f.by = map[routing.ChannelKind]FailingChannel{}
	}
	one, known := f.by[kind]
	if !known {
		one = FailingChannel{Channel: kind, Since: now}
	}
	one.n++
	one.Why = string(failure.Kind)
	f.by[kind] = one
}

// Failing lists the channels whose carriers have taken none of the last messages that this server handed them.
func (e *Engine) Failing() (out []FailingChannel) {
	e.failing.mu.Lock()
	defer e.failing.mu.Unlock()
	for _, f := range e.failing.by {
		if f.n >= failingAfter {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b FailingChannel) int { return strings.Compare(string(a.Channel), string(b.Channel)) })
	return out
}
