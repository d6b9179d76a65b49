package acd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A mix is how different agents and calls are from one another.
type mix struct {
	name  string
	agent func(r *rand.Rand, i int) Agent
	needs func(r *rand.Rand) Needs
}

var mixes = []mix{
	{"plain", func(_ *rand.Rand, _ int) Agent {
		return Agent{Languages: map[Language]Level{"en": Native}}
	}, func(*rand.Rand) Needs { return Needs{Practice: "p", Language: "en"} }},
	// Three groups, two languages, two skills, forty practices with priorities, needs that loosen twice.
	{"usual", func(r *rand.Rand, i int) Agent {
		a := Agent{Languages: map[Language]Level{"en": Native}, Skills: map[Skill]Level{}, Groups: []GroupID{GroupID(fmt.Sprint("g", i%3))}}
		if i%3 == 0 {
			a.Languages["es"] = Level(1 + r.IntN(3))
		}
		if i%5 == 0 {
			a.Skills["nurse"] = Qualified
		}
		return a
	}, func(r *rand.Rand) Needs {
		n := Needs{Practice: PracticeID(fmt.Sprint("p", r.IntN(40))), Language: "en", Groups: []GroupID{"g0", "g1"},
			Priority: time.Duration(r.IntN(3)) * 10 * time.Second}
		if r.IntN(4) == 0 {
			n.Language, n.Level = "es", Native
		}
		if r.IntN(8) == 0 {
			n.Skills = []SkillNeed{{"nurse", Some}}
		}
		n.Relax = []Relax{{After: 20 * time.Second, Level: Some}, {After: 40 * time.Second, Groups: []GroupID{"g2"}, AnySkill: true}}
		return n
	}},
	// No two agents alike: each has about forty of three hundred skills, of which each call asks for one.
	{"ragged", func(r *rand.Rand, i int) Agent {
		a := Agent{Languages: map[Language]Level{"en": Native, "es": Level(r.IntN(4))}, Skills: map[Skill]Level{}}
		for range 40 {
			a.Skills[Skill(fmt.Sprint("p", r.IntN(300)))] = Qualified
		}
		return a
	}, func(r *rand.Rand) Needs {
		p := fmt.Sprint("p", r.IntN(300))
		n := Needs{Practice: PracticeID(p), Language: "en", Skills: []SkillNeed{{Skill(p), Some}}}
		if r.IntN(4) == 0 {
			n.Language = "es"
		}
		n.Relax = []Relax{{After: 2 * time.Minute, AnySkill: true}}
		return n
	}},
}

// A shift keeps so many agents talking and so many calls waiting: whenever one ends, a waiting call is offered and
// accepted, and another comes in.
type shift struct {
	s       *State
	m       mix
	r       *rand.Rand
	now     time.Time
	gaps    [4099]time.Duration // between Applies, in turn
	applied int
	ids     []CallID
	needs   []Needs
	next    int
	talk    []CallID
	offers  []OfferID
	took    []time.Duration // by Apply, if wanted
	record  bool
}

// newShift is a floor at its own pace: each agent talks three minutes on the mean.
func newShift(tb testing.TB, m mix, agents, waiting int) *shift {
	return newShiftAt(tb, m, agents, waiting, 3*time.Minute/time.Duration(agents))
}

// newShiftAt is a floor on which a call comes in every so often on the mean, in three Applies.
func newShiftAt(tb testing.TB, m mix, agents, waiting int, every time.Duration) *shift {
	s, err := New(Config{WrapUp: -1, Ring: time.Hour}, 1)
	if err != nil {
		tb.Fatal(err)
	}
	h := &shift{s: s, m: m, r: rand.New(rand.NewPCG(1, 2)), now: t0}
	// Events come as by chance. Were the gaps even, all calls of a run would loosen in the same one of the three Applies,
	// which one depending on the number of agents.
	for i, r := 0, rand.New(rand.NewPCG(3, 4)); i < len(h.gaps); i++ {
		h.gaps[i] = time.Duration(r.ExpFloat64() * float64(every) / 3)
	}
	for i := range 1 << 17 {
		h.ids = append(h.ids, CallID(fmt.Sprintf("call-%06d", i)))
	}
	for range 4096 {
		h.needs = append(h.needs, m.needs(h.r))
	}
	for i := range agents {
		a := m.agent(h.r, i)
		a.ID = AgentID(fmt.Sprint("agent-", i))
		h.apply(AgentIn{a})
		h.apply(Ready{a.ID})
	}
	for len(s.calls) < waiting+agents {
		h.arrive()
	}
	return h
}

func (h *shift) apply(e Event) {
	h.now = h.now.Add(h.gaps[h.applied%len(h.gaps)])
	h.applied++
	began := time.Time{}
	if h.record {
		began = time.Now()
	}
	cs, err := Apply(h.s, e, h.now)
	if h.record {
		h.took = append(h.took, time.Since(began))
	}
	if err != nil {
		panic(err)
	}
	for i := range cs {
		if cs[i].Do == DoOffer {
			h.offers = append(h.offers, cs[i].Offer.ID)
			h.talk = append(h.talk, cs[i].Offer.Call)
		}
	}
}

func (h *shift) arrive() {
	h.apply(CallIn{h.ids[h.next%len(h.ids)], h.needs[h.r.IntN(len(h.needs))]})
	h.next++
	h.accept()
}

func (h *shift) accept() {
	for len(h.offers) > 0 {
		o := h.offers[len(h.offers)-1]
		h.offers = h.offers[:len(h.offers)-1]
		h.apply(Accepted{o})
	}
}

// turn is three Applies: a conversation ends and the agent is offered a call, accepts, and another call comes in.
func (h *shift) turn() {
	if len(h.talk) > 0 {
		i := h.r.IntN(len(h.talk))
		c := h.talk[i]
		h.talk[i] = h.talk[len(h.talk)-1]
		h.talk = h.talk[:len(h.talk)-1]
		h.apply(Ended{Call: c})
		h.accept()
	}
	h.arrive()
}

func percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[int(float64(len(d)-1)*p)]
}

// BenchmarkApply measures one Apply on a full floor. Beside the mean it gives the 99th percentile in ns.
func BenchmarkApply(b *testing.B) {
	for _, m := range mixes {
		for _, size := range [][2]int{{10, 10}, {10, 1000}, {100, 1000}, {500, 10}, {500, 1000}, {5000, 1000}, {500, 50_000},
			{5000, 50_000}} {
			b.Run(fmt.Sprintf("%s/agents=%d/waiting=%d", m.name, size[0], size[1]), func(b *testing.B) {
				h := newShift(b, m, size[0], size[1])
				for range 2000 {
					h.turn()
				}
				h.took = make([]time.Duration, 0, 40_000)
				h.record = true
				for range 10_000 {
					h.turn()
				}
				h.record = false
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					h.turn()
				}
				b.ReportMetric(float64(percentile(h.took, 0.99)), "p99-ns")
				b.ReportMetric(float64(percentile(h.took, 0.5)), "p50-ns")
			})
		}
	}
}

// BenchmarkGrowth gives the mean time of a turn with 500 agents over that with 10, both with 1,000 waiting and each
// floor at its own pace: the median of five with the least and the most.
//
// At its own pace the small floor serves fifty times slower, so that nearly all who wait there have loosened, while a
// third of those on the large floor have not: the calls differ as well as the agents. The ratio with calls in both
// as often as on the large floor, where only the agents differ, is given beside it as same-pace.
func BenchmarkGrowth(b *testing.B) {
	const waiting, large = 1000, 3 * time.Minute / 500
	for _, m := range mixes {
		b.Run(m.name, func(b *testing.B) {
			own := growth(newShift(b, m, 10, waiting), newShift(b, m, 500, waiting))
			same := growth(newShiftAt(b, m, 10, waiting, large), newShiftAt(b, m, 500, waiting, large))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(own[0], "least")
			b.ReportMetric(own[2], "growth")
			b.ReportMetric(own[4], "most")
			b.ReportMetric(same[2], "same-pace")
		})
	}
}

// growth times two houses by turns and gives five ratios in order. Each is the median of rounds so short that another
// program on the machine spoils few of them.
func growth(small, large *shift) []float64 {
	round := func(h *shift) float64 {
		began := time.Now()
		for range 1000 {
			h.turn()
		}
		return float64(time.Since(began))
	}
	var ratios []float64
	for i := range 6 {
		var some []float64
		for range 41 {
			s := round(small)
			some = append(some, round(large)/s)
		}
		slices.Sort(some)
		if i > 0 { // the first settles both floors
			ratios = append(ratios, some[len(some)/2])
		}
	}
	slices.Sort(ratios)
	return ratios
}
