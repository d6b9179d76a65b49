package oncall

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Before and after all time.
const (
	dawn = math.MinInt64
	dusk = math.MaxInt64
)

// maxActive bounds a timeline's memory: the sum, over its segments, of what is active in each.
const maxActive = 4 << 20

// interval is a time [from, to) in which val, an index into what the interval is about, is active.
type interval struct {
	from, to int64
	val      int32
}

// timeline answers what is active at an instant by one binary search. It is all time cut into segments, each with the
// values active in it, in increasing order.
type timeline struct {
	starts []int64 // segment i is [starts[i], starts[i+1]); starts[0] is dawn
	first  []int32 // segment i's values are vals[first[i]:first[i+1]]
	vals   []int32
}

// newTimeline sweeps over the intervals once. They may overlap and come in any order, and begin after dawn.
func newTimeline(ivs []interval) (timeline, error) {
	type edge struct {
		at    int64
		val   int32
		enter bool
	}
	edges := make([]edge, 0, 2*len(ivs))
	for _, iv := range ivs {
		if iv.to > iv.from {
			edges = append(edges, edge{iv.from, iv.val, true}, edge{iv.to, iv.val, false})
		}
	}
	sort.Slice(edges, func(i, j int) bool { return edges[i].at < edges[j].at })
	tl := timeline{starts: []int64{dawn}, first: []int32{0, 0}}
	depth := map[int32]int{} // how many intervals of the same value are open
	var active []int32
	for i := 0; i < len(edges); {
		at := edges[i].at
		for ; i < len(edges) && edges[i].at == at; i++ {
			e := edges[i]
			if e.enter {
				depth[e.val]++
			} else {
				depth[e.val]--
			}
			place, present := slices.BinarySearch(active, e.val)
			switch {
			case depth[e.val] > 0 && !present:
				active = slices.Insert(active, place, e.val)
			case depth[e.val] <= 0 && present:
				active = slices.Delete(active, place, place+1)
			}
		}
		tl.append(at, active)
		if len(tl.vals) > maxActive {
			return timeline{}, fmt.Errorf("too many of them at the same time: more than %d pieces", maxActive)
		}
	}
	return tl, nil
}

// append begins a segment, unless it would say what the one before says.
func (tl *timeline) append(at int64, active []int32) {
	n := len(tl.starts)
	if slices.Equal(tl.vals[tl.first[n-1]:], active) {
		return
	}
	tl.vals = append(tl.vals, active...)
	tl.starts = append(tl.starts, at)
	tl.first = append(tl.first, int32(len(tl.vals)))
}

// at is what is active at t, and until when that is so. The values must not be changed.
func (tl *timeline) at(t int64) (active []int32, until int64) {
	i, found := slices.BinarySearch(tl.starts, t)
	if !found {
		i--
	}
	until = dusk
	if i+1 < len(tl.starts) {
		until = tl.starts[i+1]
	}
	return tl.vals[tl.first[i]:tl.first[i+1]], until
}
