package acd

import (
	"testing"
	"time"
)

func TestFiguresOfAHandCountedHour(t *testing.T) {
	d := newFloor(t, Config{WrapUp: 10 * time.Second, Short: 5 * time.Second, Target: 20 * time.Second, Ring: time.Minute})
	n := Needs{Practice: "p", Language: "en", Groups: []GroupID{"main", "main"}}
	d.sign(0, in([]GroupID{"main"}, speaker("a", "en")))
	d.at(10, CallIn{"1", n}) // answered after 5 s, talked 45 s
	d.at(15, Accepted{d.offer("1")})
	d.at(20, CallIn{"2", n}) // hangs up after 3 s
	d.at(23, CallGone{"2"})
	d.at(24, CallIn{"3", n}) // hangs up after 26 s
	d.at(30, CallIn{"4", n}) // answered after 45 s
	d.at(50, CallGone{"3"})
	d.at(60, Ended{Call: "1"})
	d.at(70, Tick{}) // wrap-up reaches its limit
	d.at(75, Accepted{d.offer("4")})
	d.at(80, CallIn{"6", n}, AgentIn{in([]GroupID{"main"}, speaker("idle", "en"))})
	b := d.s.Board(t0.Add(100 * time.Second))
	want := Figures{Waiting: 1, LongestWait: 20 * time.Second, Talking: 1, SignedIn: 2, Paused: 1,
		Tally: Tally{Offered: 5, Answered: 2, InTarget: 1, Abandoned: 2, AbandonedShort: 1, AbandonedLate: 1,
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
	b = newFloor(t, Config{}).s.Board(time.Time{})
	if _, ok := b.All.ServiceLevel(AbandonedIn); ok {
		t.Error("a service level of nothing")
	}
	if _, ok := b.All.SpeedOfAnswer(); ok {
		t.Error("a speed of nothing")
	}
}
