package oncall

import "sort"

// weekly is a span of every week, in seconds of the wall clock from Sunday midnight; to may lie in the next week.
type weekly struct{ from, to int64 }

// epochSunday is a Sunday midnight on the wall clock, 4 January 1970.
const epochSunday = 3 * day

// windowIntervals are the times within [lo, hi), and a little around it, that the windows cover; sorted and apart.
// A window begins at the first reading of its From and ends at the last one of its To.
func windowIntervals(z *zone, windows []weekly, lo, hi int64) []interval {
	var out []interval
	end := z.wall(hi)
	for sunday := epochSunday + (floorDiv(z.wall(lo)-epochSunday, week)-2)*week; sunday <= end+maxShift; sunday += week {
		for _, w := range windows {
			from, to := z.first(sunday+w.from), z.last(sunday+w.to)
			if to > from && to > lo && from < hi {
				out = append(out, interval{from: from, to: to})
			}
		}
	}
	return merge(out)
}

// merge sorts intervals and joins those that touch or overlap; their values are dropped.
func merge(in []interval) []interval {
	sort.Slice(in, func(i, j int) bool { return in[i].from < in[j].from })
	var out []interval
	for _, iv := range in {
		if n := len(out); n > 0 && iv.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, iv.to)
			continue
		}
		out = append(out, interval{from: iv.from, to: iv.to})
	}
	return out
}

// within cuts intervals down to what lies inside the mask, which is sorted and apart.
func within(in, mask []interval) []interval {
	var out []interval
	for _, iv := range in {
		first := sort.Search(len(mask), func(i int) bool { return mask[i].to > iv.from })
		for _, m := range mask[first:] {
			if m.from >= iv.to {
				break
			}
			out = append(out, interval{max(iv.from, m.from), min(iv.to, m.to), iv.val})
		}
	}
	return out
}

// outside is what of [lo, hi) the mask leaves free.
func outside(mask []interval, lo, hi int64) []interval {
	var out []interval
	at := lo
	for _, m := range mask {
		if m.from > at {
			out = append(out, interval{from: at, to: min(m.from, hi)})
		}
		at = max(at, m.to)
		if at >= hi {
			return out
		}
	}
	return append(out, interval{from: at, to: hi})
}
