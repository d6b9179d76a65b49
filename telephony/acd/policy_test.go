package acd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// This file states the policy a second time, from the package comment and without any of the package's bits, heaps or
// flows: by trying every assignment.

// mayTake says whether an agent may take a call that has waited so long.
func mayTake(a Agent, n Needs, waited time.Duration, shut map[GroupID]bool) bool {
	level, anyLanguage, anySkill, outside := n.Level, n.Language == "", false, false
	groups, anyGroup := slices.Clone(n.Groups), len(n.Groups) == 0
	if level == None {
		level = Some
	}
	for _, r := range n.Relax {
		if waited < r.After {
			break
		}
		if r.Level != None && r.Level < level {
			level = r.Level
		}
		anyLanguage = anyLanguage || r.AnyLanguage
		anySkill = anySkill || r.AnySkill
		outside = outside || r.Outside
		groups = append(groups, r.Groups...)
		anyGroup = anyGroup || r.AnyGroup
	}
	if !anyLanguage && a.Languages[n.Language] < level {
		return false
	}
	for _, k := range n.Skills {
		if !anySkill && a.Skills[k.Skill] < max(k.Level, Some) {
			return false
		}
	}
	if len(a.Staff) > 0 {
		return n.Own != OwnNone && slices.Contains(a.Staff, n.Practice)
	}
	if n.Own == OwnOnly && !outside {
		return false
	}
	if anyGroup && len(a.Groups) == 0 {
		return true
	}
	for _, g := range a.Groups {
		if !shut[g] && (anyGroup || slices.Contains(groups, g)) {
			return true
		}
	}
	return false
}

// moreAble says whether a should be spared where b would do.
func moreAble(a, b Agent) bool {
	if !slices.Equal(a.Staff, b.Staff) {
		return false
	}
	at, bt := talents(a), talents(b)
	for k, l := range bt {
		if at[k] < l {
			return false
		}
	}
	if len(at) == len(bt) && !slices.ContainsFunc(keys(at), func(k string) bool { return at[k] != bt[k] }) {
		return len(a.Groups) > len(b.Groups) &&
			!slices.ContainsFunc(b.Groups, func(g GroupID) bool { return !slices.Contains(a.Groups, g) })
	}
	return true
}

func talents(a Agent) map[string]Level {
	m := map[string]Level{}
	for l, v := range a.Languages {
		if v > None {
			m["l"+string(l)] = v
		}
	}
	for k, v := range a.Skills {
		if v > None {
			m["s"+string(k)] = v
		}
	}
	return m
}

func keys(m map[string]Level) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// A table is what stands free before offers are made.
type table struct {
	calls  []*call  // in the order of waiting
	agents []*agent // in the order of idle
	can    [][]bool
}

// tableBefore is the table as it was before the offers of this Apply were made, seen from after it.
func tableBefore(s *State, offers []Command) table {
	var t table
	for _, c := range s.calls {
		if c.state == CallWaiting {
			t.calls = append(t.calls, c)
		}
	}
	for _, a := range s.agents {
		if a.state == StateReady {
			t.agents = append(t.agents, a)
		}
	}
	for _, o := range offers {
		t.calls = append(t.calls, s.calls[o.Offer.Call])
		t.agents = append(t.agents, s.agents[o.Offer.Agent])
	}
	slices.SortFunc(t.calls, func(x, y *call) int {
		return cmp.Or(cmp.Compare(x.in-int64(x.kind.needs.Priority), y.in-int64(y.kind.needs.Priority)),
			cmp.Compare(x.place.seq, y.place.seq))
	})
	slices.SortFunc(t.agents, func(x, y *agent) int {
		return cmp.Or(cmp.Compare(x.idle.at, y.idle.at), cmp.Compare(x.idle.seq, y.idle.seq))
	})
	for _, c := range t.calls {
		var row []bool
		for _, a := range t.agents {
			ok := mayTake(a.able, c.kind.needs, time.Duration(s.now-c.in), s.shut)
			for _, b := range c.bars {
				ok = ok && (b.agent != a.id || b.until <= s.now)
			}
			row = append(row, ok)
		}
		t.can = append(t.can, row)
	}
	return t
}

// assignments are all ways to give calls to agents; -1 is nobody.
func (t *table) assignments() [][]int {
	var all [][]int
	taken := make([]bool, len(t.agents))
	now := make([]int, len(t.calls))
	var rec func(i int)
	rec = func(i int) {
		if i == len(t.calls) {
			all = append(all, slices.Clone(now))
			return
		}
		now[i] = -1
		rec(i + 1)
		for k := range t.agents {
			if t.can[i][k] && !taken[k] {
				taken[k], now[i] = true, k
				rec(i + 1)
				taken[k] = false
			}
		}
	}
	rec(0)
	return all
}

// best is the one assignment the policy allows: serve in the order of waiting as long as the ones before stay
// served; then each in that order has its pick.
func (t *table) best() []int {
	all := t.assignments()
	for i := range t.calls {
		if slices.ContainsFunc(all, func(a []int) bool { return a[i] >= 0 }) {
			all = slices.DeleteFunc(all, func(a []int) bool { return a[i] < 0 })
		}
	}
	for i := range t.calls {
		free := map[int]bool{}
		for _, a := range all {
			if a[i] >= 0 {
				free[a[i]] = true
			}
		}
		if len(free) == 0 {
			continue
		}
		pick := t.pick(i, free)
		all = slices.DeleteFunc(all, func(a []int) bool { return a[i] != pick })
	}
	return all[0]
}

func (t *table) pick(i int, free map[int]bool) int {
	own := false
	for k := range free {
		own = own || len(t.agents[k].able.Staff) > 0
	}
	for k := range t.agents { // in the order of idle
		if !free[k] || own && len(t.agents[k].able.Staff) == 0 {
			continue
		}
		spared := false
		for o := range free {
			if own && len(t.agents[o].able.Staff) == 0 {
				continue
			}
			spared = spared || moreAble(t.agents[k].able, t.agents[o].able)
		}
		if !spared {
			return k
		}
	}
	return -1
}

// policyHolds compares the offers of an Apply with the policy. Tables too large to try every assignment of are only
// checked for pairs left unmatched.
func policyHolds(s *State, cs []Command) error {
	var offers []Command
	for _, c := range cs {
		if c.Do == DoOffer {
			offers = append(offers, c)
		}
	}
	t := tableBefore(s, offers)
	for i, c := range t.calls {
		for k, a := range t.agents {
			if t.can[i][k] && c.state == CallWaiting && a.state == StateReady {
				return fmt.Errorf("%s waits and %s is ready", c.id, a.id)
			}
		}
	}
	t.prune()
	ways := 0 // pairs that fit; with more, trying every assignment takes too long
	for _, row := range t.can {
		for _, ok := range row {
			if ok {
				ways++
			}
		}
	}
	if len(t.calls) > 6 || len(t.agents) > 6 || ways > 24 {
		return nil
	}
	want := t.best()
	var got, exp []string
	for _, o := range offers {
		got = append(got, words(o))
	}
	for i, k := range want {
		if k >= 0 {
			exp = append(exp, fmt.Sprintf("%s to %s", t.calls[i].id, t.agents[k].id))
		}
	}
	if !slices.Equal(got, exp) {
		return fmt.Errorf("offers %s, the policy says %s", strings.Join(got, ", "), strings.Join(exp, ", "))
	}
	return nil
}

// prune leaves out who can do nothing, which makes more tables small enough.
func (t *table) prune() {
	var rows []int
	for i := range t.calls {
		if slices.Contains(t.can[i], true) {
			rows = append(rows, i)
		}
	}
	var cols []int
	for k := range t.agents {
		if slices.ContainsFunc(t.can, func(r []bool) bool { return r[k] }) {
			cols = append(cols, k)
		}
	}
	n := table{}
	for _, i := range rows {
		n.calls = append(n.calls, t.calls[i])
		var row []bool
		for _, k := range cols {
			row = append(row, t.can[i][k])
		}
		n.can = append(n.can, row)
	}
	for _, k := range cols {
		n.agents = append(n.agents, t.agents[k])
	}
	*t = n
}
