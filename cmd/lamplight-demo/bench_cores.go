package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// coreGoal is a target that a Go benchmark measures: of a pure core, or of the server on a database of its own.
type coreGoal struct {
	name  *regexp.Regexp // of the benchmark; its first group, if any, ends the line's title
	what  string
	unit  string // the benchmark's unit that is judged
	limit float64
	least string // units of the spread, for a benchmark that repeats by itself
	most  string
}

var coreGoals = []coreGoal{
	{regexp.MustCompile(`^BenchmarkApply/(\w+)/agents=500/waiting=1000$`), "acd Step, p99, 500 agents, 1,000 waiting, mix", "p99-ns",
		50_000,
		"", ""},
	{regexp.MustCompile(`^BenchmarkGrowth/(\w+)$`), "acd Step with 500 agents / with 10, 1,000 waiting, mix", "growth", 1.2, "least",
		"most"},
	{regexp.MustCompile(`^BenchmarkOpenNotes/(\w+)$`), "ten times as many open notes, 100 to 10,000:", "growth", 1.2, "least", "most"},
	{regexp.MustCompile(`^BenchmarkRealLoad/(\S+_waiting)$`), "Asterisk's time a call, ours / a bare ARI queue's:", "cpu/bare", 1.15,
		"", ""},
	{regexp.MustCompile(`^BenchmarkRealLoad/(\S+_waiting)$`), "agent free -> next INVITE p99, ours / bare:", "gap/bare", 2, "", ""},
	{regexp.MustCompile(`^BenchmarkSenders()$`), "notes a second by 32 agents: the same rows bare / ours", "bare/ours", 1.25,
		"least", "most"},
	{regexp.MustCompile(`^BenchmarkWho()$`), "oncall Who, ten years, five layers", "ns/op", 2000, "", ""},
}

// readGoBenchmarks judges what `go test -bench` printed. A benchmark that ran several times gives its median and spread.
func readGoBenchmarks(files []string) ([]verdict, error) {
	type key struct {
		goal int
		kind string
	}
	found := map[key][]map[string]float64{}
	var order []key
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the Go benchmarks: %w", err)
		}
		sc := bufio.NewScanner(f)
		for sc.Scan() {
			bench, units, ok := benchmarkLine(sc.Text())
			if !ok {
				continue
			}
			for i, g := range coreGoals {
				m := g.name.FindStringSubmatch(bench)
				if m == nil {
					continue
				}
				k := key{i, m[1]}
				if found[k] == nil {
					order = append(order, k)
				}
				found[k] = append(found[k], units)
			}
		}
		err = sc.Err()
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, fmt.Errorf("read the Go benchmarks: %w", err)
		}
	}
	if len(files) > 0 && len(order) == 0 {
		return nil, fmt.Errorf("the Go benchmarks in %s measured nothing that has a target", strings.Join(files, ", "))
	}
	slices.SortStableFunc(order, func(a, b key) int { return a.goal - b.goal })
	var out []verdict
	for _, k := range order {
		out = append(out, coreGoals[k.goal].line(k.kind, found[k]))
	}
	return out, nil
}

// benchmarkLine takes "BenchmarkX-2  100  12.5 ns/op  3 allocs/op" apart.
func benchmarkLine(line string) (name string, units map[string]float64, ok bool) {
	f := strings.Fields(line)
	if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
		return "", nil, false
	}
	name = f[0]
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i] // the number of processors
	}
	units = map[string]float64{}
	for i := 2; i+1 < len(f); i += 2 {
		v, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			return "", nil, false
		}
		units[f[i+1]] = v
	}
	return name, units, true
}

// line is one goal's verdict over the runs of a benchmark.
func (g coreGoal) line(kind string, runs []map[string]float64) verdict {
	var figures []float64
	for _, r := range runs {
		figures = append(figures, r[g.unit])
	}
	slices.Sort(figures)
	mid, least, most := middle(figures), figures[0], figures[len(figures)-1]
	if g.least != "" {
		least, most = runs[0][g.least], runs[0][g.most]
	}
	v := verdict{what: g.what, peer: "-", ratio: "-", met: "met"}
	if kind != "" {
		v.what += " " + strings.ReplaceAll(kind, "_", " ")
	}
	if g.unit == "growth" {
		v.ours, v.ratio, v.target = "-", fmt.Sprintf("%.2f [%.2f-%.2f]", mid, least, most), fmt.Sprintf("ratio <= %g", g.limit)
	} else {
		v.ours = fmt.Sprintf("%.2f us", mid/1000)
		v.ratio = fmt.Sprintf("us [%.2f-%.2f]", least/1000, most/1000)
		v.target = fmt.Sprintf("<= %g us", g.limit/1000)
	}
	if mid > g.limit {
		v.met = "missed"
	}
	return v
}
