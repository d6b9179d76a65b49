package acd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLeastAgreesWithSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 300 {
		var q queue
		var all []*node
		for i := range n {
			nd := &node{at: int64(r.IntN(20)), seq: uint64(i)}
			all = append(all, nd)
			q.push(nd)
		}
		for i := 0; i < n/3; i++ { // taking out anywhere keeps the order
			k := r.IntN(len(all))
			q.remove(all[k])
			q.remove(all[k])
			all = slices.Delete(all, k, k+1)
		}
		slices.SortFunc(all, compare)
		for _, k := range []int{0, 1, 5, n} {
			if got := q.least(k); !slices.Equal(got, all[:min(k, len(all))]) {
				t.Fatalf("the least %d of %d are wrong", k, len(all))
			}
		}
	}
}

func TestBitsWithin(t *testing.T) {
	var a, b bits
	a.set(1)
	b.set(1)
	b.set(130)
	if !a.within(b) || b.within(a) || b.has(131) || !b.has(130) {
		t.Error("within")
	}
}
