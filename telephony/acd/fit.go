package acd

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Agents who can do exactly the same share a profile, and calls that ask for exactly the same share a slot. Which
// profile fits which slot is worked out once, when either first appears, and kept as bits; an Apply then touches a few
// words instead of every agent.

type ability struct {
	name  string
	level Level
}

// A profile is what a set of equal agents can do, and the queue of those of them who are Ready.
type profile struct {
	i         int      // its number in bits
	refs      int      // agents with this profile
	ready     queue    // the longest idle first
	fits      bits     // slots it fits now
	tallies   []*tally // all, languages and groups, for figures of agents
	less      bits     // profiles strictly less able; see lessAble
	key       string
	staff     []string  // sorted
	languages []ability // sorted by name; none of level None
	skills    []ability
	groups    []string // sorted
}

// A demand is what a call asks for at one stage of its relaxation.
type demand struct {
	practice PracticeID // only where it matters
	own      Own
	outside  bool
	language string
	level    Level
	skills   []ability // sorted
	groups   []string  // sorted; none means any
}

// A slot holds the waiting calls of one demand.
type slot struct {
	i       int
	waiting queue // the most urgent first
	fits    bits  // profiles that fit it now
	own     bits  // those of them who are the practice's own staff; only for OwnFirst
	refs    int   // stages of kinds that use it
	key     string
	d       demand
}

// A kind is one value of Needs with its stages worked out. Calls with equal Needs share it.
type kind struct {
	refs    int     // calls and agents in wrap-up that use it
	slots   []*slot // by stage: one more than len(needs.Relax)
	tallies []*tally
	needs   Needs
	key     string
}

func (s *State) profileOf(a Agent) *profile {
	p := &profile{staff: names(a.Staff), groups: names(a.Groups)}
	for l, v := range a.Languages {
		if v > None {
			p.languages = append(p.languages, ability{string(l), v})
		}
	}
	for k, v := range a.Skills {
		if v > None {
			p.skills = append(p.skills, ability{string(k), v})
		}
	}
	sortAbilities(p.languages)
	sortAbilities(p.skills)
	b := appendStrings(nil, p.staff)
	b = appendAbilities(appendAbilities(b, p.languages), p.skills)
	b = appendStrings(b, p.groups)
	if old, ok := s.profileBy[string(b)]; ok {
		return old
	}
	p.key = string(b)
	s.addProfile(p)
	return p
}

func (s *State) addProfile(p *profile) {
	if len(s.profileBy) >= 64 && len(s.profileBy) > 2*s.profilesUsed {
		s.sweepProfiles()
	}
	if n := len(s.freeProfiles); n > 0 {
		p.i = s.freeProfiles[n-1]
		s.freeProfiles = s.freeProfiles[:n-1]
		s.profiles[p.i] = p
	} else {
		p.i = len(s.profiles)
		s.profiles = append(s.profiles, p)
	}
	s.profileBy[p.key] = p
	p.tallies = append(p.tallies, &s.all)
	for _, l := range p.languages {
		p.tallies = append(p.tallies, tallyOf(s.languages, Language(l.name)))
	}
	for _, g := range p.groups {
		p.tallies = append(p.tallies, tallyOf(s.groups, GroupID(g)))
	}
	for _, sl := range s.slots {
		if sl != nil {
			s.relate(sl, p)
		}
	}
	for _, o := range s.profiles {
		if o == nil {
			continue
		}
		if lessAble(o, p) {
			p.less.set(o.i)
		} else if lessAble(p, o) {
			o.less.set(p.i)
		}
	}
}

// sweepProfiles forgets the profiles that no agent has, so that a long run of changing agents keeps no memory.
func (s *State) sweepProfiles() {
	for i, p := range s.profiles {
		if p == nil || p.refs > 0 {
			continue
		}
		delete(s.profileBy, p.key)
		s.profiles[i] = nil
		s.freeProfiles = append(s.freeProfiles, i)
		for _, sl := range s.slots {
			if sl != nil {
				sl.fits.clear(i)
				sl.own.clear(i)
			}
		}
		for _, o := range s.profiles {
			if o != nil {
				o.less.clear(i)
			}
		}
	}
}

// kindOf finds or works out the kind of these needs. The key is built in a buffer that is kept, so that finding one
// allocates nothing.
func (s *State) kindOf(n *Needs) *kind {
	b := n.appendKey(s.buf[:0])
	s.buf = b
	if k, ok := s.kinds[string(b)]; ok {
		return k
	}
	if len(s.kinds) >= 1024 && len(s.kinds) > 2*s.kindsUsed {
		s.sweepKinds()
	}
	k := &kind{key: string(b), needs: n.clone()}
	k.tallies = append(k.tallies, &s.all, tallyOf(s.practices, n.Practice))
	if n.Language != "" {
		k.tallies = append(k.tallies, tallyOf(s.languages, n.Language))
	}
	for _, g := range names(n.Groups) {
		k.tallies = append(k.tallies, tallyOf(s.groups, GroupID(g)))
	}
	for stage := range len(n.Relax) + 1 {
		sl := s.slotOf(k.needs.demandAt(stage))
		sl.refs++
		k.slots = append(k.slots, sl)
	}
	s.kinds[k.key] = k
	return k
}

func (s *State) sweepKinds() {
	for key, k := range s.kinds {
		if k.refs > 0 {
			continue
		}
		delete(s.kinds, key)
		for _, sl := range k.slots {
			if sl.refs--; sl.refs == 0 {
				s.dropSlot(sl)
			}
		}
	}
}

func (s *State) dropSlot(sl *slot) {
	delete(s.slotBy, sl.key)
	s.slots[sl.i] = nil
	s.freeSlots = append(s.freeSlots, sl.i)
	for _, p := range s.profiles {
		if p != nil {
			p.fits.clear(sl.i)
		}
	}
}

func (s *State) slotOf(d demand) *slot {
	b := appendString(nil, string(d.practice))
	b = append(b, byte(d.own), byte(d.level), bit(d.outside))
	b = appendAbilities(appendString(b, d.language), d.skills)
	b = appendStrings(b, d.groups)
	if sl, ok := s.slotBy[string(b)]; ok {
		return sl
	}
	sl := &slot{key: string(b), d: d}
	if n := len(s.freeSlots); n > 0 {
		sl.i = s.freeSlots[n-1]
		s.freeSlots = s.freeSlots[:n-1]
		s.slots[sl.i] = sl
		s.slotHead[sl.i] = entry{}
	} else {
		sl.i = len(s.slots)
		s.slots = append(s.slots, sl)
		s.slotHead = append(s.slotHead, entry{})
		if sl.i&63 == 0 {
			s.wordHead = append(s.wordHead, entry{at: math.MaxInt64})
		}
	}
	s.slotBy[sl.key] = sl
	for _, p := range s.profiles {
		if p != nil {
			s.relate(sl, p)
		}
	}
	return sl
}

// relate works out anew whether a profile fits a slot.
func (s *State) relate(sl *slot, p *profile) {
	sl.fits.clear(p.i)
	sl.own.clear(p.i)
	p.fits.clear(sl.i)
	if !s.fits(&sl.d, p) {
		return
	}
	sl.fits.set(p.i)
	p.fits.set(sl.i)
	if len(p.staff) > 0 {
		sl.own.set(p.i)
	}
}

// fits is the rule of who may take what. It is the only place that says it.
func (s *State) fits(d *demand, p *profile) bool {
	if len(p.staff) > 0 {
		if d.own == OwnNone || !contains(p.staff, string(d.practice)) {
			return false
		}
	} else {
		if d.own == OwnOnly && !d.outside {
			return false
		}
		if !s.inGroup(d, p) {
			return false
		}
	}
	if d.language != "" && levelOf(p.languages, d.language) < d.level {
		return false
	}
	for _, k := range d.skills {
		if levelOf(p.skills, k.name) < k.level {
			return false
		}
	}
	return true
}

// inGroup says whether the profile is in an open group that is asked. An agent in no group at all is asked by the
// calls that ask every group.
func (s *State) inGroup(d *demand, p *profile) bool {
	if len(d.groups) == 0 {
		if len(p.groups) == 0 {
			return true
		}
		return slices.ContainsFunc(p.groups, func(g string) bool { return s.isOpen(GroupID(g)) })
	}
	for _, g := range d.groups {
		if contains(p.groups, g) && s.isOpen(GroupID(g)) {
			return true
		}
	}
	return false
}

// lessAble says whether a is strictly less able than b: of the same staff, b has every language and skill at least as
// well and one better; or, these being equal, b is in every group of a and one more.
func lessAble(a, b *profile) bool {
	if !slices.Equal(a.staff, b.staff) || !within(a.languages, b.languages) || !within(a.skills, b.skills) {
		return false
	}
	if !slices.Equal(a.languages, b.languages) || !slices.Equal(a.skills, b.skills) {
		return true
	}
	return subset(a.groups, b.groups) && len(a.groups) < len(b.groups)
}

// demandAt is what the call asks for at a stage: its needs, loosened by the first so many Relax.
func (n *Needs) demandAt(stage int) demand {
	d := demand{own: n.Own, language: string(n.Language), level: max(n.Level, Some), groups: names(n.Groups)}
	for _, k := range n.Skills {
		d.skills = append(d.skills, ability{string(k.Skill), max(k.Level, Some)})
	}
	for _, r := range n.Relax[:stage] {
		if r.Level != None {
			d.level = min(d.level, r.Level)
		}
		if r.AnyLanguage {
			d.language = ""
		}
		if r.AnySkill {
			d.skills = nil
		}
		d.outside = d.outside || r.Outside
		if len(d.groups) > 0 {
			d.groups = names(append(toIDs[GroupID](d.groups), r.Groups...))
		}
		if r.AnyGroup {
			d.groups = nil
		}
	}
	sortAbilities(d.skills)
	if d.language == "" {
		d.level = None
	}
	if d.own != OwnNone {
		d.practice = n.Practice
	}
	return d
}

// stageAt is how far a call's needs have loosened after a wait, and when the next loosening comes, if any.
func (n *Needs) stageAt(waited time.Duration) (stage int, next time.Duration) {
	for stage < len(n.Relax) && n.Relax[stage].After <= waited {
		stage++
	}
	if stage < len(n.Relax) {
		next = n.Relax[stage].After
	}
	return stage, next
}

func (n *Needs) clone() Needs {
	c := *n
	c.Skills, c.Groups, c.Relax = slices.Clone(n.Skills), slices.Clone(n.Groups), slices.Clone(n.Relax)
	for i := range c.Relax {
		c.Relax[i].Groups = slices.Clone(c.Relax[i].Groups)
	}
	return c
}

func (a *Agent) clone() Agent {
	c := *a
	c.Languages, c.Skills = maps.Clone(a.Languages), maps.Clone(a.Skills)
	c.Staff, c.Groups = slices.Clone(a.Staff), slices.Clone(a.Groups)
	return c
}
