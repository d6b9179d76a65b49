package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// series is what one side took, a list a repeat.
type series [][]time.Duration

func (s *series) add(repeat int, d time.Duration) {
	for len(*s) <= repeat {
		*s = append(*s, nil)
	}
	(*s)[repeat] = append((*s)[repeat], d)
}

// all are the measurements of every repeat, the shortest first.
func (s series) all() []time.Duration {
	out := slices.Concat(s...)
	slices.Sort(out)
	return out
}

// quantile of sorted measurements, by the nearest rank; 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(q*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// versus is what ours took and what the peer took, in the same repeats.
type versus struct{ us, them series }

func (v *versus) ours(repeat int, d time.Duration) { v.us.add(repeat, d) }
func (v *versus) peer(repeat int, d time.Duration) { v.them.add(repeat, d) }

// ratios are each repeat's median over the peer's, the least first.
func (v *versus) ratios() []float64 {
	var out []float64
	for i := range min(len(v.us), len(v.them)) {
		u, t := slices.Clone(v.us[i]), slices.Clone(v.them[i])
		slices.Sort(u)
		slices.Sort(t)
		if len(u) > 0 && len(t) > 0 {
			out = append(out, float64(quantile(u, 0.5))/float64(quantile(t, 0.5)))
		}
	}
	slices.Sort(out)
	return out
}

// A verdict is one line of the table.
type verdict struct {
	what, ours, peer, ratio, target, met string
}

// goal is a target: a ratio, a 99th percentile, both, or neither (0).
type goal struct {
	ratio float64
	p99   time.Duration
}

func (g goal) String() string {
	var out []string
	if g.ratio > 0 {
		out = append(out, fmt.Sprintf("ratio <= %.4g", g.ratio))
	}
	if g.p99 > 0 {
		out = append(out, fmt.Sprintf("p99 <= %v", g.p99))
	}
	return strings.Join(out, ", ")
}

// line judges a comparison; a versus without a peer is judged by its time alone.
func (v *versus) line(what string, g goal) verdict {
	us, them, ratios := v.us.all(), v.them.all(), v.ratios()
	out := verdict{what: what, ours: both(us), peer: "-", ratio: "-", target: g.String(), met: "met"}
	met := g.p99 == 0 || quantile(us, 0.99) <= g.p99
	if len(ratios) > 0 {
		out.peer = both(them)
		out.ratio = fmt.Sprintf("%.2f [%.2f-%.2f]", middle(ratios), ratios[0], ratios[len(ratios)-1])
		met = met && (g.ratio == 0 || middle(ratios) <= g.ratio)
	}
	if !met {
		out.met = "missed"
	}
	return out
}

// both are the 50th and the 99th percentile in milliseconds.
func both(sorted []time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%.1f/%.1f ms", ms(quantile(sorted, 0.5)), ms(quantile(sorted, 0.99)))
}

// middle is the median of sorted figures.
func middle(sorted []float64) float64 { return sorted[len(sorted)/2] }

// print prints the table.
func (b *bench) print(cores []verdict, took time.Duration) {
	rows := []verdict{
		b.pop.line("INVITE -> pop at the desk's client / INVITE -> StasisStart at a bare ARI client", goal{p99: 100 * time.Millisecond}),
	}
	if b.window != nil {
		rows = append(rows, b.painted.line("INVITE -> pop painted in the window / the same", goal{p99: 100 * time.Millisecond}))
	} else {
		rows = append(rows, verdict{what: "INVITE -> pop painted in the window", target: "p99 <= 100ms", met: "not measured: " + b.noWin})
	}
	rows = append(rows,
		b.answer.line("answer -> first sound both ways / the same by a bare ARI script", goal{ratio: 1.3}),
		b.send.line("Send -> stored and confirmed at the desk / one bare sealed BEGIN, INSERT, COMMIT",
			goal{ratio: 1.5, p99: 50 * time.Millisecond}),
		b.text.line("note written, just before its commit -> first byte at the text gateway", goal{p99: 50 * time.Millisecond}))
	rows = append(rows, cores...)
	rows = append(rows, b.memory()...)

	fmt.Fprintf(b.out, "\n%d repeats of %d calls a side, ours and the peer's in turn; p50/p99 of all, ratio of the medians: median "+
		"[least-most] of the repeats\n\n",
		b.cmd.Repeats, b.cmd.Calls)
	write := func(r verdict) {
		fmt.Fprintf(b.out, "%-84s  %-18s %-18s %-18s %-28s %s\n", r.what, r.ours, r.peer, r.ratio, r.target, r.met)
	}
	write(verdict{"", "ours p50/p99", "peer p50/p99", "ratio", "target", ""})
	for _, r := range rows {
		write(r)
	}
	fmt.Fprintf(b.out, "\ntook %.0f s on %d processors; what else the machine did: load average %s before, %s after\n", took.Seconds(),
		runtime.NumCPU(), b.load, loadAverage())
}

// loadAverage is how many processes wanted a processor in the last minute (proc_loadavg(5)). A 99th percentile taken on a
// machine that is busy with something else says more of that than of us.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
