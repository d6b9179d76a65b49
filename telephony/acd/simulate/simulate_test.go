package simulate

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/acd"
)

func staff(n int, languages ...acd.Language) (out []acd.Agent) {
	for i := range n {
		a := acd.Agent{ID: acd.AgentID(fmt.Sprintf("%s-%02d", strings.Join(toStrings(languages), "-"), i)),
			Languages: map[acd.Language]acd.Level{}}
		for _, l := range languages {
			a.Languages[l] = acd.Native
		}
		out = append(out, a)
	}
	return out
}

func toStrings(l []acd.Language) (out []string) {
	for _, s := range l {
		out = append(out, string(s))
	}
	return out
}

// A plain queue agrees with theory: the chance to wait and the mean wait are within 2 % of Erlang C.
func TestPlainQueueAgreesWithErlangC(t *testing.T) {
	within, part := 0.02, 1
	if testing.Short() { // for the race detector; a sixth of the calls say less, of a busy floor least
		within, part = 0.08, 6
	}
	for _, c := range []struct {
		agents int
		load   float64 // of each agent
		calls  int
	}{{1, 0.5, 600_000}, {5, 0.7, 600_000}, {20, 0.8, 600_000}} {
		if testing.Short() && c.load > 0.75 {
			continue
		}
		t.Run(fmt.Sprintf("%d agents at %v", c.agents, c.load), func(t *testing.T) {
			t.Parallel()
			handle := 3 * time.Minute
			perHour := c.load * float64(c.agents) / handle.Hours()
			res, err := Run(Scenario{Seed: 1, Agents: staff(c.agents, "en"), PerHour: perHour,
				Length: time.Duration(float64(c.calls/part) / perHour * float64(time.Hour)),
				Kinds:  []CallKind{{Needs: acd.Needs{Practice: "p", Language: "en"}, Talk: handle}}})
			if err != nil {
				t.Fatal(err)
			}
			mustWait, wait, ok := ErlangC(c.agents, perHour, handle)
			if !ok {
				t.Fatal("no formula")
			}
			got, _ := res.Board.All.SpeedOfAnswer()
			share := float64(res.Delayed) / float64(res.Calls)
			t.Logf("must wait: %.4f simulated, %.4f by Erlang C; mean wait %v, %v", share, mustWait, got.Round(time.Millisecond),
				wait.Round(time.Millisecond))
			if off := math.Abs(share/mustWait - 1); off > within {
				t.Errorf("the chance to wait is %.2f %% off", off*100)
			}
			if off := math.Abs(float64(got)/float64(wait) - 1); off > within {
				t.Errorf("the mean wait is %.2f %% off", off*100)
			}
		})
	}
}

func TestErlangCHasKnownValues(t *testing.T) {
	// One agent: the chance to wait is the load. Two agents at one erlang: 1/3.
	for _, c := range []struct {
		agents int
		load   float64
		want   float64
	}{{1, 0.5, 0.5}, {1, 0.9, 0.9}, {2, 1, 1.0 / 3}} {
		got, _, ok := ErlangC(c.agents, c.load, time.Hour)
		if !ok || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d agents, %v erlangs: %v, want %v", c.agents, c.load, got, c.want)
		}
	}
	if _, _, ok := ErlangC(3, 3, time.Hour); ok {
		t.Error("a queue without end has a mean wait")
	}
}

func mixed() Scenario {
	es := acd.Needs{Practice: "peds", Language: "es", Level: acd.Native, Overflow: 5 * time.Minute,
		Relax: []acd.Relax{{After: 20 * time.Second, Level: acd.Some}}}
	en := acd.Needs{Practice: "internal", Language: "en", Priority: 10 * time.Second}
	return Scenario{Seed: 3, Agents: append(staff(6, "en"), staff(3, "en", "es")...), PerHour: 130, Length: 8 * time.Hour,
		Answer: 4 * time.Second, Miss: 0.03, Reject: 0.02, WrapUp: 20 * time.Second,
		Kinds: []CallKind{{Needs: en, Weight: 3, Patience: 4 * time.Minute}, {Needs: es}}}
}

func TestMixedDayAddsUpAndRepeats(t *testing.T) {
	a, err := Run(mixed())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, n := range a.Outcomes {
		sum += n
	}
	if sum != a.Calls || a.Calls < 800 {
		t.Errorf("%d calls, %d outcomes", a.Calls, sum)
	}
	all := a.Board.All
	if all.Offered != a.Calls || all.Answered != a.Outcomes[acd.Answered] || all.Abandoned != a.Outcomes[acd.Abandoned] {
		t.Errorf("the board says %+v, the outcomes %v", all, a.Outcomes)
	}
	for o := acd.Answered; o <= acd.Overflowed; o++ {
		if a.Outcomes[o] == 0 {
			t.Errorf("nothing ended %v", o)
		}
	}
	b, err := Run(mixed())
	if err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("the same seed gives something else: %v", err)
	}
}

func TestBadPlansAreRefused(t *testing.T) {
	kind := []CallKind{{Needs: acd.Needs{Practice: "p"}}}
	for name, p := range map[string]Scenario{
		"negative rate":         {PerHour: -1},
		"always missed":         {Miss: 1},
		"no kind":               {PerHour: 1, Length: time.Hour},
		"no length":             {PerHour: 1, Kinds: kind},
		"negative talk":         {PerHour: 1, Length: time.Hour, Kinds: []CallKind{{Talk: -1}}},
		"call before the start": {Calls: []GivenCall{{At: -1}}},
		"the same agent twice":  {Agents: append(staff(1, "en"), staff(1, "en")...)},
		"agent without id":      {Agents: []acd.Agent{{}}},
		"call without practice": {Calls: []GivenCall{{}}},
		"unknown zone":          {Config: acd.Config{Groups: []acd.Group{{ID: "g", Zone: "Mars/Olympus"}}}},
		"nobody fits, for ever": {Calls: []GivenCall{{Needs: acd.Needs{Practice: "p"}}}},
	} {
		if _, err := Run(p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
