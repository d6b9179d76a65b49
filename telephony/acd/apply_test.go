package acd

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var t0 = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// A desk plays events against a State at offsets from t0 and writes down commands in words.
type floor struct {
	t *testing.T
	s *State
}

func newFloor(t *testing.T, c Config) *floor {
	t.Helper()
	s, err := New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return &floor{t, s}
}

// at plays events at a second and returns the commands.
func (d *floor) at(sec float64, events ...Event) string {
	d.t.Helper()
	var out []string
	for _, e := range events {
		cs, err := Apply(d.s, e, t0.Add(time.Duration(sec*float64(time.Second))))
		for _, c := range cs {
			out = append(out, words(c))
		}
		if err != nil {
			out = append(out, strings.TrimPrefix(err.Error(), "acd: "))
		}
	}
	return strings.Join(out, ", ")
}

// want plays events and checks what came of them.
func (d *floor) want(sec float64, want string, events ...Event) {
	d.t.Helper()
	if got := d.at(sec, events...); got != want {
		d.t.Errorf("at %v s, %T: got %q, want %q", sec, events, got, want)
	}
}

func words(c Command) string {
	switch c.Do {
	case DoOffer:
		return fmt.Sprintf("%s to %s", c.Offer.Call, c.Offer.Agent)
	case DoWithdraw:
		why := [...]string{"", "missed", "rejected", "gone", "paused", "out"}
		return fmt.Sprintf("%s from %s %s", c.Offer.Call, c.Offer.Agent, why[c.Why])
	case DoClose:
		return fmt.Sprintf("%s %v", c.Call, c.Outcome)
	case DoAgent:
		return fmt.Sprintf("%s %v", c.Agent, c.State)
	}
	return "?"
}

// speaker is an agent who speaks, for instance "en:native es:some".
func speaker(id, languages string) Agent {
	a := Agent{ID: AgentID(id), Languages: map[Language]Level{}}
	for f := range strings.FieldsSeq(languages) {
		name, level, _ := strings.Cut(f, ":")
		l := Qualified
		if level != "" {
			l = Level(slices.Index(levelNames[:], level))
		}
		a.Languages[Language(name)] = l
	}
	return a
}

func (d *floor) offer(call string) OfferID {
	d.t.Helper()
	c := d.s.calls[CallID(call)]
	if c == nil || c.agent == nil {
		d.t.Fatalf("call %s is not offered", call)
	}
	return OfferID{d.s.epoch, c.agent.offer}
}

func TestWalk(t *testing.T) {
	d := newFloor(t, Config{})
	d.want(0, "", AgentIn{speaker("ana", "en es")}, AgentIn{speaker("bob", "en")})
	d.want(1, "", Ready{"ana"})
	d.want(2, "", Ready{"bob"})
	en, es := Needs{Practice: "p", Language: "en"}, Needs{Practice: "p", Language: "es"}
	d.want(3, "c1 to bob", CallIn{"c1", en})
	d.want(4, "c2 to ana", CallIn{"c2", es})
	d.want(5, "", Accepted{d.offer("c1")}, CallIn{"c3", en})
	d.want(19, "c2 from ana missed, c3 to ana", Tick{})
	d.want(20, "", Accepted{d.offer("c3")})
	d.want(30, "c1 answered", Ended{Call: "c1"})
	d.want(31, "c2 abandoned", CallGone{"c2"})
	d.want(60, "bob ready", Tick{})
	if _, err := Apply(d.s, Accepted{OfferID{1, 1}}, t0.Add(time.Hour)); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
}
