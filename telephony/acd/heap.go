package acd

import (
	"cmp"
	mathbits "math/bits"
	"slices"
)

// A node is one element's place in a heap: ordered by at (nanoseconds), then seq.
type node struct {
	at    int64
	seq   uint64
	pos   int32 // index in the heap plus one; 0 when in none
	call  *call
	agent *agent
}

// entry repeats the order's key beside the pointer, so that comparing does not chase it.
type entry struct {
	at  int64
	seq uint64
	n   *node
}

func (e entry) before(o entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// less is before as 1 or 0, found without a branch: which of four entries is the least is a toss-up, and a processor that
// guesses it wrong loses more than the search takes.
func (e *entry) less(o *entry) int {
	const sign = 1 << 63
	_, b := mathbits.Sub64(e.seq, o.seq, 0)
	_, b = mathbits.Sub64(uint64(e.at)^sign, uint64(o.at)^sign, b)
	return int(b)
}

// A queue is a 4-ary heap with the earliest first; an element knows its place, so any can be taken out in O(log n).
type queue []entry

func (q *queue) push(n *node) {
	*q = append(*q, entry{})
	q.up(len(*q)-1, entry{n.at, n.seq, n})
}

func (q *queue) remove(n *node) {
	if n.pos == 0 {
		return
	}
	h, i := *q, int(n.pos)-1
	last := len(h) - 1
	e := h[last]
	h[last] = entry{}
	*q = h[:last]
	n.pos = 0
	switch {
	case i == last:
	case i > 0 && e.before(h[(i-1)/4]):
		q.up(i, e)
	default:
		q.down(i, e)
	}
}

// up puts an entry at i, which is vacant, or nearer the first. Entries on the way move once: each move writes to the
// node, which is most likely not in the processor's cache.
func (q queue) up(i int, e entry) {
	for i > 0 {
		p := (i - 1) / 4
		if !e.before(q[p]) {
			break
		}
		q.put(i, q[p])
		i = p
	}
	q.put(i, e)
}

// down puts an entry at i, which is vacant, or farther from the first.
func (q queue) down(i int, e entry) {
	for {
		c := 4*i + 1
		if c >= len(q) {
			break
		}
		least := c
		for c++; c <= 4*i+4 && c < len(q); c++ {
			least += (c - least) & -q[c].less(&q[least])
		}
		if !q[least].before(e) {
			break
		}
		q.put(i, q[least])
		i = least
	}
	q.put(i, e)
}

func (q queue) put(i int, e entry) {
	q[i] = e
	e.n.pos = int32(i + 1)
}

// bits is a set of small numbers.
type bits []uint64

func (b *bits) set(i int) {
	for len(*b) <= i>>6 {
		*b = append(*b, 0)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}

func (b bits) clear(i int) {
	if i>>6 < len(b) {
		b[i>>6] &^= 1 << (i & 63)
	}
}

func (b bits) has(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

func (b bits) any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// meets says whether the two sets share a number.
func (b bits) meets(o bits) bool {
	for i := range min(len(b), len(o)) {
		if b[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// and writes into dst, which may be one of them, what the two share, and says whether that is anything.
func (b bits) and(o bits, dst *bits) bool {
	n := min(len(b), len(o))
	d := (*dst)[:0]
	var any uint64
	for i := range n {
		w := b[i] & o[i]
		any |= w
		d = append(d, w)
	}
	*dst = d
	return any != 0
}

// within says whether every number of b is in o.
func (b bits) within(o bits) bool {
	for i, w := range b {
		if i < len(o) {
			w &^= o[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// add puts in what x and y share.
func (b *bits) add(x, y bits) {
	for i := range min(len(x), len(y)) {
		if i == len(*b) {
			*b = append(*b, 0)
		}
		(*b)[i] |= x[i] & y[i]
	}
}

// least are the first so many nodes of a queue, in order.
func (q queue) least(n int) []*node {
	if n >= len(q)/8 {
		all := slices.Clone(q)
		slices.SortFunc(all, func(x, y entry) int { return compare(x.n, y.n) })
		out := make([]*node, min(n, len(all)))
		for i := range out {
			out[i] = all[i].n
		}
		return out
	}
	out := make([]*node, 0, n)
	for edge := []int{0}; len(out) < n; { // places whose parent is already out
		best := 0
		for i := range edge {
			if q[edge[i]].before(q[edge[best]]) {
				best = i
			}
		}
		i := edge[best]
		edge = slices.Delete(edge, best, best+1)
		out = append(out, q[i].n)
		for c := 4*i + 1; c <= 4*i+4 && c < len(q); c++ {
			edge = append(edge, c)
		}
	}
	return out
}

func compare(a, b *node) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) }
