// Package simulate plays a call center's day against telephony/acd without waiting for it: callers who come by
// chance or from a list, lose patience, and talk; agents who answer, miss, reject and wrap up. It is to see what a staff, a
// priority or a relaxation would do, and to check acd against theory.
//
// It promises the same result for the same seed and input, that time is simulated (a day takes a second or so), and
// that it stops with an error when acd breaks a promise: an agent with two offers, an offer resolved twice, a call that
// ends twice or not at all. It leaves to others where the input comes from and how the figures are shown.
//
// It knows of acd only what telephony knows: Apply, Next, and the commands.
package simulate

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"lamplight/telephony/acd"
)

// A GivenCall is one caller to come.
type GivenCall struct {
	At       time.Duration `json:"at"`       // after the start
	Needs    acd.Needs     `json:"needs"`    // as acd has them
	Talk     time.Duration `json:"talk"`     // how long the conversation takes
	Patience time.Duration `json:"patience"` // hangs up after so long unanswered; 0 means never
}

// A CallKind is a share of the calls that come by chance. Times are exponential with these means.
type CallKind struct {
	Needs    acd.Needs     `json:"needs"`
	Weight   float64       `json:"weight"`   // its share is its weight among all weights; 0 means 1
	Talk     time.Duration `json:"talk"`     // mean; 0 means 3 min
	Patience time.Duration `json:"patience"` // mean; 0 means without end
}

// A Scenario is what to simulate.
type Scenario struct {
	Config acd.Config
	Seed   uint64
	Start  time.Time // the wall clock's instant at the start, for groups with hours
	Agents []acd.Agent

	Calls []GivenCall // those that come as listed, in any order
	// PerHour is the mean number of calls an hour that come by chance (a Poisson process) until Length, of Kinds.
	PerHour float64
	Length  time.Duration
	Kinds   []CallKind

	Answer time.Duration // mean time an agent's phone rings before the answer; 0 means at once
	Miss   float64       // share of offers not answered, 0 to 1
	Reject float64       // share of offers rejected
	WrapUp time.Duration // mean wrap-up; 0 means none
	Back   time.Duration // an agent paused for missed calls is Ready again after this; 0 means a minute
}

// A Result is what came of it.
type Result struct {
	Board    acd.Board           `json:"board"` // figures of the whole run
	Outcomes map[acd.Outcome]int `json:"-"`
	Calls    int                 `json:"calls"`
	Offers   int                 `json:"offers"`
	Missed   int                 `json:"missed"`
	Rejected int                 `json:"rejected"`
	Events   int                 `json:"steps"`
	Until    time.Duration       `json:"until"`   // when the last call had ended
	Delayed  int                 `json:"delayed"` // answered calls that found no free agent
}

// A happening is an event to come. Call and agent events that no longer apply are skipped.
type happening struct {
	at   time.Duration
	n    int // in the order made, so that equals keep it
	call acd.CallID
	do   func() error
}

type agenda []happening

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(happening)) }
func (a *agenda) Pop() any {
	o := *a
	x := o[len(o)-1]
	*a = o[:len(o)-1]
	return x
}

type run struct {
	plan   Scenario
	r      *rand.Rand
	s      *acd.State
	now    time.Duration
	n      int
	agenda agenda
	weight float64
	open   map[acd.CallID]*caller
	offers map[acd.AgentID]acd.OfferID
	res    Result
}

type caller struct {
	GivenCall
	taken   bool // an agent accepted
	waited  bool // found nobody free
	offered acd.OfferID
}

// Run simulates a plan to the end of its last call.
func Run(p Scenario) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	if p.WrapUp == 0 {
		p.Config.WrapUp = -1
	}
	s, err := acd.New(p.Config, 1)
	if err != nil {
		return Result{}, err
	}
	r := &run{plan: p, s: s, r: rand.New(rand.NewPCG(p.Seed, 0x1a3)), open: map[acd.CallID]*caller{},
		offers: map[acd.AgentID]acd.OfferID{}}
	r.res.Outcomes = map[acd.Outcome]int{}
	for _, k := range p.Kinds {
		r.weight += k.Weight
	}
	for _, a := range p.Agents {
		if err := r.apply(acd.AgentIn{Agent: a}); err != nil {
			return Result{}, fmt.Errorf("agent %s: %w", a.ID, err)
		}
		if err := r.apply(acd.Ready{Agent: a.ID}); err != nil {
			return Result{}, err
		}
	}
	for _, c := range p.Calls {
		r.later(c.At, "", func() error { return r.arrive(c) })
	}
	if p.PerHour > 0 {
		r.nextByChance()
	}
	return r.play()
}

func (p *Scenario) check() error {
	if p.PerHour < 0 || p.Length < 0 || p.Miss < 0 || p.Reject < 0 || p.Miss+p.Reject > 0.95 || p.Answer < 0 || p.WrapUp < 0 {
		return fmt.Errorf("simulate: rates and times must not be negative, and misses and rejects together at most 0.95")
	}
	if p.PerHour > 0 && len(p.Kinds) == 0 {
		return fmt.Errorf("simulate: calls by chance need a kind")
	}
	if p.PerHour > 0 && p.Length == 0 {
		return fmt.Errorf("simulate: calls by chance need a length")
	}
	seen := map[acd.AgentID]bool{}
	for _, a := range p.Agents {
		if seen[a.ID] {
			return fmt.Errorf("simulate: agent %s is there twice", a.ID)
		}
		seen[a.ID] = true
	}
	for i := range p.Kinds {
		k := &p.Kinds[i]
		if k.Weight < 0 || k.Talk < 0 || k.Patience < 0 {
			return fmt.Errorf("simulate: kinds[%d] has a negative figure", i)
		}
		if k.Weight == 0 {
			k.Weight = 1
		}
		if k.Talk == 0 {
			k.Talk = 3 * time.Minute
		}
	}
	if p.Start.IsZero() {
		p.Start = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	}
	if p.Back == 0 {
		p.Back = time.Minute
	}
	for i, c := range p.Calls {
		if c.At < 0 || c.Talk < 0 || c.Patience < 0 {
			return fmt.Errorf("simulate: calls[%d] has a negative time", i)
		}
	}
	return nil
}

// play lets happen what is on the agenda and what acd wants a Tick for, in order of time.
func (r *run) play() (Result, error) {
	var quiet time.Duration
	for {
		tick, due := r.s.Next()
		at := tick.Sub(r.plan.Start)
		if len(r.agenda) > 0 && (!due || r.agenda[0].at <= at) {
			h := heap.Pop(&r.agenda).(happening)
			r.now, quiet = h.at, h.at
			if h.call != "" && r.open[h.call] == nil {
				continue
			}
			if err := h.do(); err != nil {
				return r.res, fmt.Errorf("simulate: at %v: %w", r.now, err)
			}
			continue
		}
		// Groups go on turning for ever; after two weeks of nothing else, nothing else will come.
		if !due || len(r.agenda) == 0 && (len(r.open) == 0 || at > quiet+14*24*time.Hour) {
			break
		}
		r.now = max(at, r.now)
		if err := r.apply(acd.Tick{}); err != nil {
			return r.res, err
		}
	}
	if len(r.open) > 0 {
		return r.res, fmt.Errorf("simulate: %d calls wait for ever: nobody fits them and they neither overflow nor lose patience",
			len(r.open))
	}
	r.res.Board = r.s.Board(r.plan.Start.Add(r.now))
	r.res.Until = r.now
	return r.res, nil
}

func (r *run) later(d time.Duration, call acd.CallID, do func() error) {
	r.n++
	heap.Push(&r.agenda, happening{at: r.now + d, n: r.n, call: call, do: do})
}

// chance is an exponential time with a mean.
func (r *run) chance(mean time.Duration) time.Duration {
	return time.Duration(r.r.ExpFloat64() * float64(mean))
}

func (r *run) nextByChance() {
	gap := r.chance(time.Duration(float64(time.Hour) / r.plan.PerHour))
	if r.now+gap > r.plan.Length {
		return
	}
	r.later(gap, "", func() error {
		r.nextByChance()
		x := r.r.Float64() * r.weight
		k := r.plan.Kinds[len(r.plan.Kinds)-1]
		for _, c := range r.plan.Kinds {
			if x -= c.Weight; x < 0 {
				k = c
				break
			}
		}
		c := GivenCall{Needs: k.Needs, Talk: r.chance(k.Talk)}
		if k.Patience > 0 {
			c.Patience = r.chance(k.Patience)
		}
		return r.arrive(c)
	})
}

func (r *run) arrive(c GivenCall) error {
	r.res.Calls++
	id := acd.CallID(fmt.Sprintf("call-%07d", r.res.Calls))
	cl := &caller{GivenCall: c}
	r.open[id] = cl
	if err := r.apply(acd.CallIn{Call: id, Needs: c.Needs}); err != nil {
		return err
	}
	if r.open[id] == nil {
		return nil
	}
	if v, ok := r.s.CallNow(id); ok && v.State == acd.CallWaiting {
		cl.waited = true
	}
	if c.Patience > 0 {
		r.later(c.Patience, id, func() error { return r.unlessTaken(cl, acd.CallGone{Call: id}) })
	}
	return nil
}

func (r *run) unlessTaken(c *caller, e acd.Event) error {
	if c.taken {
		return nil
	}
	return r.apply(e)
}
