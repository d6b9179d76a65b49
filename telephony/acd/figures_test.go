package acd

import (
	"testing"
	"time"
)

func TestFiguresOfAHandCountedHour(t *testing.T) {
	d := newDesk(t, Config{WrapUp: 10 * time.Second, Short: 5 * time.Second, Target: 20 * time.Second, Ring: time.Minute})
	n := Needs{Practice: "p", Language: "en", Groups: []GroupID{"main", "main"}}
	d.sign(0, in([]GroupID{"main"}, speaker("a", "en")))
	d.at(10, CallIn{"1", n}) // answered after 5 s, talked 45 s
	d.at(15, Accepted{d.offer("1")})
	d.at(20, CallIn{"2", n}) // hangs up after 3 s
	d.at(23, CallGone{"2"})
	d.at(24, CallIn{"3", n}) // hangs up after 26 s
	d.at(30, CallIn{"4", n}) // answered after 45 s
	d.at(31, CallIn{"5", n}, KeepPlace{"5"})
	d.at(50, CallGone{"3"})
	d.at(60, Ended{Call: "1"})
	d.at(70, Tick{}) // wrap-up reaches its limit
	d.at(75, Accepted{d.offer("4")})
	d.at(80, CallIn{"6", n}, AgentIn{in([]GroupID{"main"}, speaker("idle", "en"))})
	b := d.s.Board(t0.Add(100 * time.Second))
	want := Figures{Waiting: 1, Callbacks: 1, LongestWait: 20 * time.Second, Talking: 1, SignedIn: 2, Paused: 1,
		Tally: Tally{Offered: 6, Answered: 2, InTarget: 1, Abandoned: 2, AbandonedShort: 1, AbandonedLate: 1,
			AnswerTime: 50 * time.Second, Handled: 1, TalkTime: 45 * time.Second, WrapTime: 10 * time.Second,
			BusyTime: (45 + 10 + 25) * time.Second, FreeTime: (15 + 5) * time.Second}}
	if b.All != want {
		t.Errorf("all:\n%+v, want\n%+v", b.All, want)
	}
	if b.Groups["main"] != want || b.Languages["en"] != want {
		t.Errorf("group %+v\nlanguage %+v", b.Groups["main"], b.Languages["en"])
	}
	p := want
	p.SignedIn, p.Paused, p.BusyTime, p.FreeTime = 0, 0, 0, 0
	if b.Practices["p"] != p {
		t.Errorf("practice %+v", b.Practices["p"])
	}
	for as, want := range map[ServiceLevel]float64{AbandonedIn: 1.0 / 4, AbandonedOut: 1.0 / 2, ShortOut: 1.0 / 3} {
		if got, ok := b.All.ServiceLevel(as); !ok || got != want {
			t.Errorf("service level %d: %v, want %v", as, got, want)
		}
	}
	if got, ok := b.All.SpeedOfAnswer(); !ok || got != 25*time.Second {
		t.Errorf("speed of answer %v", got)
	}
	if got, ok := b.All.HandleTime(); !ok || got != 55*time.Second {
		t.Errorf("handle time %v", got)
	}
	if got, ok := b.All.Occupancy(); !ok || got != 0.8 {
		t.Errorf("occupancy %v", got)
	}
	d.at(101, ResetFigures{})
	b = d.s.Board(time.Time{})
	if b.All.Tally != (Tally{}) || b.All.Waiting != 1 || b.Practices["p"].Offered != 0 {
		t.Errorf("after a reset: %+v", b.All)
	}
	if _, ok := b.All.ServiceLevel(AbandonedIn); ok {
		t.Error("a service level of nothing")
	}
	if _, ok := b.All.SpeedOfAnswer(); ok {
		t.Error("a speed of nothing")
	}
}

func TestExpectedWaitIsARangeOrNothing(t *testing.T) {
	d := newDesk(t, Config{WrapUp: -1, Ring: time.Minute})
	d.sign(0, speaker("a", "en"), speaker("both", "en es"))
	none := func(call CallID, why string) {
		t.Helper()
		if low, high, ok := d.s.ExpectedWait(call); ok {
			t.Errorf("%s: %v to %v", why, low, high)
		}
	}
	at := 10.0
	for range paceLeast - 1 {
		d.at(at, CallIn{"c", en}, Accepted{OfferID{1, d.s.n + 1}})
		at += 60
		d.at(at, Ended{Call: "c"})
	}
	d.at(at, CallIn{"x", en}, CallIn{"y", en})
	d.at(at, Accepted{d.offer("x")}, Accepted{d.offer("y")}, CallIn{"1", en})
	none("1", "too few calls handled")
	none("x", "not waiting")
	none("nobody", "no such call")
	d.at(at+60, Ended{Call: "x"}) // 1 is offered
	d.at(at+60, CallIn{"2", en}, CallIn{"es", es}, CallIn{"3", en}, CallIn{"ht", Needs{Practice: "p", Language: "ht"}})
	low2, high2, ok := d.s.ExpectedWait("2")
	if !ok || low2 <= 0 || low2 >= 30*time.Second || high2 <= 30*time.Second || high2 > 2*time.Minute {
		t.Errorf("next in line of two agents, a minute a call: %v to %v, %v", low2, high2, ok)
	}
	low3, high3, ok := d.s.ExpectedWait("3")
	if !ok || low3 <= low2 || high3 <= high2 {
		t.Errorf("two places on: %v to %v, %v", low3, high3, ok)
	}
	none("ht", "nobody speaks it")
	none("es", "none of that language handled")
	d.at(at+61, Pause{"a", "x"}, Pause{"both", "x"})
	none("3", "everyone is pausing")
}
