package acd

import (
	"cmp"
	"maps"
	mathbits "math/bits"
	"slices"
	"time"
)

// Figures are the live figures of one practice, language, group, or of all. Counts run since the State was made.
// A call counts for its practice, its language and each group its Needs first named.
type Figures struct {
	// Now.
	Waiting     int           `json:"waiting"`      // on the list or offered
	LongestWait time.Duration `json:"longest_wait"` // of the calls in Waiting
	Talking     int           `json:"talking"`      // calls with an agent
	SignedIn    int           `json:"signed_in"`    // agents; those of a group, or who have the language
	Ready       int           `json:"ready"`        // of them
	Paused      int           `json:"paused"`       // of them

	Tally
}

// A Tally holds the counts of Figures.
type Tally struct {
	Offered        int `json:"offered"`         // calls that came in
	Answered       int `json:"answered"`        // by an agent, the caller on the line
	InTarget       int `json:"in_target"`       // of Answered, within Config.Target
	Abandoned      int `json:"abandoned"`       // the short ones too
	AbandonedShort int `json:"abandoned_short"` // within Config.Short
	AbandonedLate  int `json:"abandoned_late"`  // after Config.Target
	Overflowed     int `json:"overflowed"`

	AnswerTime time.Duration `json:"answer_time"` // waits of Answered, summed
	Handled    int           `json:"handled"`     // conversations whose wrap-up is over
	TalkTime   time.Duration `json:"talk_time"`   // of Handled
	WrapTime   time.Duration `json:"wrap_time"`   // of Handled

	// Agents' time, for Occupancy: of those of a group or who have a language.
	BusyTime time.Duration `json:"busy_time"` // Talking and WrapUp
	FreeTime time.Duration `json:"free_time"` // Ready, Reserved and Ringing
}

type tally = Tally

// A ServiceLevel says how abandoned calls count in the share answered within Config.Target.
type ServiceLevel uint8

// The ways, as the trade has them.
const (
	AbandonedIn  ServiceLevel = iota // every abandoned call is one not answered in time
	AbandonedOut                     // abandoned calls are left out
	ShortOut                         // those within Config.Short are left out, the others count as not answered in time
)

// ServiceLevel is the share, 0 to 1, of calls answered within Config.Target; ok is false while there are none to
// share. Overflowed ones count as not answered in time.
func (t *Tally) ServiceLevel(as ServiceLevel) (share float64, ok bool) {
	of := t.Answered + t.Overflowed
	switch as {
	case AbandonedIn:
		of += t.Abandoned
	case ShortOut:
		of += t.Abandoned - t.AbandonedShort
	}
	return ratio(t.InTarget, of)
}

// SpeedOfAnswer is the mean wait of answered calls.
func (t *Tally) SpeedOfAnswer() (d time.Duration, ok bool) { return mean(t.AnswerTime, t.Answered) }

// HandleTime is the mean of conversation and wrap-up together.
func (t *Tally) HandleTime() (d time.Duration, ok bool) {
	return mean(t.TalkTime+t.WrapTime, t.Handled)
}

// Occupancy is the share, 0 to 1, of the agents' time not paused that went into conversations and wrap-up. Only for
// all, a language or a group: a practice has no agents of its own time.
func (t *Tally) Occupancy() (share float64, ok bool) {
	return ratio(t.BusyTime, t.BusyTime+t.FreeTime)
}

func ratio[T int | time.Duration](a, b T) (float64, bool) {
	if b == 0 {
		return 0, false
	}
	return float64(a) / float64(b), true
}

func mean(sum time.Duration, n int) (time.Duration, bool) {
	if n == 0 {
		return 0, false
	}
	return sum / time.Duration(n), true
}

// A Board is the live figures of everything at one instant.
type Board struct {
	At        time.Time              `json:"at"`
	All       Figures                `json:"all"`
	Practices map[PracticeID]Figures `json:"practices"`
	Languages map[Language]Figures   `json:"languages"`
	Groups    map[GroupID]Figures    `json:"groups"`
}

// Board draws up the live figures as of the last Apply, or of a later now, in one pass over calls and agents.
func (s *State) Board(now time.Time) Board {
	ns, err := nanos(now)
	if err != nil || ns < s.now {
		ns = s.now
	}
	live := make(map[*tally]*Figures, 1+len(s.practices)+len(s.languages)+len(s.groups))
	b := Board{At: at(ns), Practices: make(map[PracticeID]Figures, len(s.practices)),
		Languages: make(map[Language]Figures, len(s.languages)), Groups: make(map[GroupID]Figures, len(s.groups))}
	figures := func(t *tally) *Figures {
		f := live[t]
		if f == nil {
			f = &Figures{Tally: *t}
			live[t] = f
		}
		return f
	}
	for _, c := range s.calls {
		for _, t := range c.kind.tallies {
			figures(t).addCall(c, ns)
		}
	}
	for _, a := range s.agents {
		for _, t := range a.prof.tallies {
			figures(t).addAgent(a, ns)
		}
	}
	b.All = *figures(&s.all)
	for k, t := range s.practices {
		b.Practices[k] = *figures(t)
	}
	for k, t := range s.languages {
		b.Languages[k] = *figures(t)
	}
	for k, t := range s.groups {
		b.Groups[k] = *figures(t)
	}
	return b
}

// Longest tells, by agent, when the caller came in who waits longest of those the agent could take, whatever the agent does
// now and however often they missed that call; who could take none is left out. It is one pass over calls and agents, nil
// when nobody waits.
func (s *State) Longest() map[AgentID]time.Time {
	first := map[*slot]int64{}
	for _, c := range s.calls {
		if c.state == CallTalking {
			continue
		}
		sl := c.kind.slots[c.stage]
		if in, ok := first[sl]; !ok || c.in < in {
			first[sl] = c.in
		}
	}
	if len(first) == 0 {
		return nil
	}
	since := make([]int64, len(s.profiles)) // 0 where nothing fits
	var done bits
	for _, sl := range slices.SortedFunc(maps.Keys(first), func(a, b *slot) int { return cmp.Compare(first[a], first[b]) }) {
		for i, w := range sl.fits {
			for ; w != 0; w &= w - 1 {
				if p := i<<6 + mathbits.TrailingZeros64(w); !done.has(p) {
					done.set(p)
					since[p] = first[sl]
				}
			}
		}
	}
	out := map[AgentID]time.Time{}
	for id, a := range s.agents {
		if done.has(a.prof.i) {
			out[id] = at(since[a.prof.i])
		}
	}
	return out
}

func (f *Figures) addCall(c *call, now int64) {
	switch {
	case c.state == CallTalking:
		f.Talking++
	default:
		f.Waiting++
		f.LongestWait = max(f.LongestWait, time.Duration(now-c.in))
	}
}

func (f *Figures) addAgent(a *agent, now int64) {
	f.SignedIn++
	switch a.state {
	case StateReady:
		f.Ready++
	case StatePaused:
		f.Paused++
	}
	f.addTime(a.state, time.Duration(now-a.counted))
}

func (t *Tally) addTime(state AgentState, d time.Duration) {
	switch state {
	case StateTalking, StateWrapUp:
		t.BusyTime += d
	case StateReady, StateReserved, StateRinging:
		t.FreeTime += d
	}
}

// count books an agent's time in the present state up to now.
func (s *State) count(a *agent) {
	d := time.Duration(s.now - a.counted)
	a.counted = s.now
	if d == 0 {
		return
	}
	for _, t := range a.prof.tallies {
		t.addTime(a.state, d)
	}
}

// answered books that an agent took a call.
func (s *State) answered(c *call) {
	c.state, c.since = CallTalking, s.now
	s.timers.remove(&c.timer)
	if c.taken {
		return
	}
	c.taken = true
	wait := time.Duration(s.now - c.in)
	for _, t := range c.kind.tallies {
		t.Answered++
		t.AnswerTime += wait
		if wait <= s.cfg.Target {
			t.InTarget++
		}
	}
}

// handled books a conversation and its wrap-up once both are over.
func (s *State) handled(a *agent) {
	var wrap int64
	if a.state == StateWrapUp {
		wrap = s.now - a.since
	}
	for _, t := range a.last.tallies {
		t.Handled++
		t.TalkTime += time.Duration(a.talked)
		t.WrapTime += time.Duration(wrap)
	}
	s.letGo(a.last)
	a.last, a.talked = nil, 0
}

// tallyEnd books how a call ended. An answered one was booked when it was answered; one that was answered, sent back
// to the waiting and then lost is in both numbers.
func (s *State) tallyEnd(c *call, o Outcome) {
	wait := time.Duration(s.now - c.in)
	for _, t := range c.kind.tallies {
		switch o {
		case Abandoned:
			t.Abandoned++
			if wait <= s.cfg.Short {
				t.AbandonedShort++
			}
			if wait > s.cfg.Target {
				t.AbandonedLate++
			}
		case Overflowed:
			t.Overflowed++
		}
	}
}

func tallyOf[K comparable](m map[K]*tally, k K) *tally {
	t := m[k]
	if t == nil {
		t = &tally{}
		m[k] = t
	}
	return t
}
