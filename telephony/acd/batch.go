package acd

import (
	"container/heap"
	mathbits "math/bits"
	"slices"
)

// matchBatch serves an Apply in which several calls or agents came free at once: needs loosened in the same instant, a
// group opened, a State was rebuilt. First it finds whom to serve: the calls in the order of waiting, each if the
// ones before it can all still be served, which also serves as many as can be (the augmenting paths of bipartite
// matching: H. W. Kuhn, "The Hungarian Method", 1955; that taking them in order of urgency gives the best set: J. Edmonds
// and D. R. Fulkerson, "Transversals and Matroid Partition", 1965). Then each, in that order, has its pick of the
// agents that leave the rest servable. With one call or one agent free this is what pick and mostUrgent do.
//
// It works on classes of equal agents and sources of equal calls, so that a thousand calls cost little more than
// their kinds. The cost is O(served × classes × sources) in the worst case.
func (s *State) matchBatch(profiles, slots bits) {
	b := batch{s: s}
	b.gather(profiles, slots)
	b.choose()
	for i := range b.served {
		b.assign(i)
	}
	for _, sv := range b.served {
		s.offer(sv.call, sv.agent)
	}
}

type batch struct {
	s       *State
	classes []class
	sources []source
	line    []int     // sources that have calls to be looked at
	served  []service // in the order of waiting
}

// A class is a set of Ready agents that no call in the batch tells apart: those of one profile, but an agent barred
// from some waiting call stands alone.
type class struct {
	p       *profile
	members []*agent // the longest idle first
	next    int      // of members, the first not assigned yet
	used    int      // services that count on this class
}

// A source is a set of waiting calls that no agent tells apart: those of a slot, but a barred call stands alone.
type source struct {
	calls []*node // in the order of waiting
	next  int
	slot  *slot
	fits  bits // classes
}

type service struct {
	call   *call
	source int
	class  int
	agent  *agent // once assigned
}

func (b *batch) gather(profiles, slots bits) {
	s := b.s
	alone := map[*agent]bool{}
	for _, e := range s.barred {
		for _, bar := range e.n.call.bars {
			if a := s.agents[bar.agent]; a != nil && a.state == StateReady && !alone[a] && profiles.has(a.prof.i) {
				alone[a] = true
				b.classes = append(b.classes, class{p: a.prof, members: []*agent{a}})
			}
		}
	}
	for i, w := range profiles {
		for ; w != 0; w &= w - 1 {
			p := s.profiles[i<<6+mathbits.TrailingZeros64(w)]
			c := class{p: p}
			for _, e := range p.ready {
				if !alone[e.n.agent] {
					c.members = append(c.members, e.n.agent)
				}
			}
			if len(c.members) > 0 {
				slices.SortFunc(c.members, func(x, y *agent) int { return compare(&x.idle, &y.idle) })
				b.classes = append(b.classes, c)
			}
		}
	}
	for i, w := range slots {
		for ; w != 0; w &= w - 1 {
			sl := s.slots[i<<6+mathbits.TrailingZeros64(w)]
			b.addSource(sl, sl.waiting)
		}
	}
	for _, e := range s.barred {
		b.addSource(e.n.call.kind.slots[e.n.call.stage], queue{e})
	}
}

func (b *batch) addSource(sl *slot, waiting queue) {
	src := source{slot: sl}
	room := 0
	for k := range b.classes {
		c := &b.classes[k]
		if sl.fits.has(c.p.i) && !waiting[0].n.call.barred(c.members[0]) {
			src.fits.set(k)
			room += len(c.members)
		}
	}
	if room == 0 {
		return
	}
	src.calls = waiting.least(room) // more could not be served
	b.line = append(b.line, len(b.sources))
	b.sources = append(b.sources, src)
}

// choose finds whom to serve.
func (b *batch) choose() {
	room := 0
	for i := range b.classes {
		room += len(b.classes[i].members)
	}
	heap.Init(b)
	for len(b.served) < room && len(b.line) > 0 {
		i := b.line[0]
		src := &b.sources[i]
		k, ok := b.augment(src)
		if !ok { // what cannot be served now cannot be served later in the batch
			heap.Pop(b)
			continue
		}
		b.served = append(b.served, service{call: src.calls[src.next].call, source: i, class: k})
		if src.next++; src.next < len(src.calls) {
			heap.Fix(b, 0)
		} else {
			heap.Pop(b)
		}
	}
}

// The batch is a heap.Interface of its line, the source with the most urgent call first.
func (b *batch) Len() int      { return len(b.line) }
func (b *batch) Swap(i, j int) { b.line[i], b.line[j] = b.line[j], b.line[i] }
func (b *batch) Push(any)      { panic("acd: a batch takes no more sources") }
func (b *batch) Less(i, j int) bool {
	x, y := &b.sources[b.line[i]], &b.sources[b.line[j]]
	return x.calls[x.next].before(y.calls[y.next])
}
func (b *batch) Pop() any {
	b.line = b.line[:len(b.line)-1]
	return nil
}

// augment finds room in a class that fits the source, moving services between classes where that helps.
func (b *batch) augment(src *source) (int, bool) {
	from := make([]int, len(b.classes)) // the service that would move here, or -1
	var seen bits
	var line []int
	reach := func(fits bits, by int) {
		for i, w := range fits {
			for ; w != 0; w &= w - 1 {
				if k := i<<6 + mathbits.TrailingZeros64(w); !seen.has(k) {
					seen.set(k)
					from[k] = by
					line = append(line, k)
				}
			}
		}
	}
	reach(src.fits, -1)
	var asked bits // sources whose classes are all in line
	for n := 0; n < len(line); n++ {
		k := line[n]
		if b.classes[k].used < len(b.classes[k].members) {
			b.classes[k].used++
			for from[k] >= 0 {
				mover := &b.served[from[k]]
				k, mover.class = mover.class, k
			}
			return k, true
		}
		for j := range b.served {
			if sv := &b.served[j]; sv.class == k && !asked.has(sv.source) {
				asked.set(sv.source)
				reach(b.sources[sv.source].fits, j)
			}
		}
	}
	return 0, false
}

// assign gives the i-th service its pick of the agents that leave all later ones servable. Services before it have
// their agent and do not move any more.
func (b *batch) assign(i int) {
	sv := &b.served[i]
	src := &b.sources[sv.source]
	b.classes[sv.class].used--
	// good are the classes with room, or where room can be made: moves[k] leaves k for goes[k], which is good too.
	var good bits
	moves, goes := make([]int, len(b.classes)), make([]int, len(b.classes))
	for k := range b.classes {
		if b.classes[k].used < len(b.classes[k].members) {
			good.set(k)
		}
	}
	for again := true; again; {
		again = false
		for j := i + 1; j < len(b.served); j++ {
			o := &b.served[j]
			if good.has(o.class) {
				continue
			}
			if to, ok := first(b.sources[o.source].fits, good); ok {
				moves[o.class], goes[o.class] = j, to
				good.set(o.class)
				again = true
			}
		}
	}
	k := b.pick(src, good)
	b.makeRoom(k, moves, goes)
	c := &b.classes[k]
	c.used++
	sv.class, sv.agent = k, c.members[c.next]
	c.next++
}

func (b *batch) makeRoom(k int, moves, goes []int) {
	if b.classes[k].used < len(b.classes[k].members) {
		return
	}
	to := goes[k]
	b.makeRoom(to, moves, goes)
	b.served[moves[k]].class = to
	b.classes[to].used++
	b.classes[k].used--
}

// first is the least number two sets share.
func first(x, y bits) (int, bool) {
	for i := range min(len(x), len(y)) {
		if w := x[i] & y[i]; w != 0 {
			return i<<6 + mathbits.TrailingZeros64(w), true
		}
	}
	return 0, false
}

// pick is State.pick among the classes.
func (b *batch) pick(src *source, good bits) int {
	var cand, own bits
	for k := range b.classes {
		if !src.fits.has(k) || !good.has(k) {
			continue
		}
		p := b.classes[k].p
		cand.set(p.i)
		if src.slot.own.has(p.i) {
			own.set(p.i)
		}
	}
	if len(own) > 0 {
		cand = own
	}
	best := -1
	for k := range b.classes {
		c := &b.classes[k]
		if !src.fits.has(k) || !good.has(k) || !cand.has(c.p.i) || cand.meets(c.p.less) {
			continue
		}
		if best < 0 || c.members[c.next].idle.before(&b.classes[best].members[b.classes[best].next].idle) {
			best = k
		}
	}
	return best
}
