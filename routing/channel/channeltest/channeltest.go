// Package channeltest is the suite that every channel passes: what a nil error, each kind of error and a Lookup mean is the
// same for texts, mails and pushes. It promises to hold them to channel.Channel's words over real sockets, with the pocket as
// the other end; it leaves what is particular to one technology to that package's own tests.
package channeltest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lamplight/routing/channel"
	"lamplight/routing/channel/pocket"
)

// A Subject is the channel under test.
type Subject struct {
	Channel channel.Channel
	Pocket  *pocket.Pocket
	Kind    string // pocket.KindText …
	To      string // an address of the pocket's that works
	Nowhere string // an address that can never work
	// CanLookup says that the carrier can be asked; otherwise Lookup must answer ErrCannotTell.
	CanLookup bool
	// Refusal is what a carrier's refusal means here; Refused where it is not set.
	Refusal channel.FailureKind
	// Unheard are carriers nobody answers for: a channel to an address where nothing listens.
	Unheard channel.Channel
}

// Phone is the one phone in the suite's pocket.
var Phone = pocket.ProviderPhone{Person: "p-reyes", Name: "Dr Reyes", Number: "+13125550101", Email: "reyes@lakeside.example", Lang: "en"}

// Message is a message to To under a key.
func Message(to, key string) channel.Message {
	return channel.Message{Key: key, To: to, Name: "Dr Reyes", Lang: "en", Practice: "Lakeside Internal Medicine",
		Urgency: "urgent", Reference: "L-4821", Link: "https://page.example/m#" + strings.Repeat("k", 20) + key}
}

// Run holds a channel to the interface. fresh makes a subject with a pocket of its own.
func Run(t *testing.T, fresh func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, Subject){
		"a message arrives as it was said":             arrives,
		"a refusal is for good":                        refusal,
		"a carrier that is busy is asked later":        busy,
		"a carrier that breaks leaves it open":         breaks,
		"a silent carrier costs no more than the time": silent,
		"an answer that is lost can be asked for":      lostAnswer,
		"a carrier that is not there is asked later":   absent,
		"an address that is none is told as such":      nowhere,
		"what was never sent is not found":             neverSent,
		"the same key twice is the same message":       twice,
		"many at once":                                 many,
		"a call whose time is over returns":            overtime,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

func arrives(t *testing.T, s Subject) {
	m := Message(s.To, "a1")
	r, err := s.Channel.Send(t.Context(), m)
	if err != nil || r.Ref == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	a := s.wait(t, 1)[0]
	if a.Kind != s.Kind || a.To != s.To || a.Link != m.Link {
		t.Errorf("arrived %+v", a)
	}
	for _, want := range []string{"Lakeside Internal Medicine", "URGENT", "L-4821"} {
		if !strings.Contains(a.Title+"\n"+a.Body, want) {
			t.Errorf("%q is not in %q %q", want, a.Title, a.Body)
		}
	}
}

func refusal(t *testing.T, s Subject) {
	s.fault(pocket.Refuse)
	want := s.Refusal
	if want == "" {
		want = channel.Refused
	}
	s.sendFails(t, want)
}

func busy(t *testing.T, s Subject) {
	s.fault(pocket.Busy)
	s.sendFails(t, channel.Later)
}

func breaks(t *testing.T, s Subject) {
	s.fault(pocket.ServerError)
	s.sendFails(t, channel.Unknown, channel.Later)
}

func silent(t *testing.T, s Subject) {
	s.fault(pocket.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := s.Channel.Send(ctx, Message(s.To, "h1"))
	s.is(t, err, channel.Unknown)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func lostAnswer(t *testing.T, s Subject) {
	s.fault(pocket.TakeAndBreak)
	m := Message(s.To, "l1")
	_, err := s.Channel.Send(t.Context(), m)
	s.is(t, err, channel.Unknown)
	s.wait(t, 1)
	r, err := s.Channel.Lookup(t.Context(), m)
	if s.CanLookup {
		if err != nil || r.Ref != s.Pocket.Messages()[0].Ref {
			t.Errorf("%+v, %v", r, err)
		}
	} else if !errors.Is(err, channel.ErrNoLookup) {
		t.Errorf("%+v, %v", r, err)
	}
}

func absent(t *testing.T, s Subject) {
	_, err := s.Unheard.Send(t.Context(), Message(s.To, "x1"))
	s.is(t, err, channel.Later)
}

func nowhere(t *testing.T, s Subject) {
	_, err := s.Channel.Send(t.Context(), Message(s.Nowhere, "n1"))
	s.is(t, err, channel.Unreachable, channel.Refused)
}

func neverSent(t *testing.T, s Subject) {
	if _, err := s.Channel.Send(t.Context(), Message(s.To, "other")); err != nil {
		t.Fatal(err)
	}
	want := channel.ErrNoLookup
	if s.CanLookup {
		want = channel.ErrNotFound
	}
	if _, err := s.Channel.Lookup(t.Context(), Message(s.To, "never")); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}

func twice(t *testing.T, s Subject) {
	for range 2 {
		if _, err := s.Channel.Send(t.Context(), Message(s.To, "t1")); err != nil {
			t.Fatal(err)
		}
	}
	if all := s.wait(t, 2); all[0].Repeat || !all[1].Repeat {
		t.Errorf("%+v", all)
	}
}

func many(t *testing.T, s Subject) {
	var wg sync.WaitGroup
	const n = 24
	for i := range n {
		wg.Go(func() {
			if _, err := s.Channel.Send(t.Context(), Message(s.To, "m"+string(rune('a'+i)))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	links := map[string]bool{}
	for _, a := range s.wait(t, n) {
		links[a.Link] = true
	}
	if len(links) != n {
		t.Errorf("%d different messages of %d", len(links), n)
	}
}

func overtime(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Channel.Send(ctx, Message(s.To, "o1"))
	s.is(t, err, channel.Unknown, channel.Later)
}

func (s Subject) fault(f pocket.Fault) {
	s.Pocket.SetFaults(func(pocket.Arrival) pocket.Fault { return f })
}

func (s Subject) wait(t *testing.T, n int) []pocket.Arrival {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	all, err := s.Pocket.Wait(ctx, func(a []pocket.Arrival) bool { return len(a) >= n })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s Subject) sendFails(t *testing.T, kinds ...channel.FailureKind) {
	t.Helper()
	_, err := s.Channel.Send(t.Context(), Message(s.To, "f1"))
	s.is(t, err, kinds...)
}

// is holds an error to one of the kinds, and its text to saying nothing of whom it was for.
func (s Subject) is(t *testing.T, err error, kinds ...channel.FailureKind) {
	t.Helper()
	var e *channel.SendError
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *channel.Error", err)
	}
	for _, k := range kinds {
		if e.Kind == k {
			kinds = nil
		}
	}
	if kinds != nil {
		t.Errorf("%v (%v) is of kind %s, want %v", err, e.Err, e.Kind, kinds)
	}
	for _, secret := range []string{s.To, s.Nowhere, "page.example", "Reyes"} {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%q names %q", err, secret)
		}
	}
}
