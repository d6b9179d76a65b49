package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVersusJudges(t *testing.T) {
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	var v versus
	for repeat, ours := range []float64{20, 30, 10} {
		for range 3 {
			v.ours(repeat, ms(ours))
			v.peer(repeat, ms(10))
		}
	}
	v.ours(2, ms(80)) // the slowest of ten is the 99th percentile
	for _, c := range []struct {
		name string
		goal goal
		want string
	}{
		{"within both", goal{ratio: 2, p99: ms(80)}, "met"},
		{"the ratio is too high", goal{ratio: 1.9, p99: ms(80)}, "missed"},
		{"the slowest is too slow", goal{ratio: 2, p99: ms(79)}, "missed"},
		{"no target", goal{}, "met"},
	} {
		got := v.line("a", c.goal)
		if got.met != c.want || got.ratio != "2.00 [1.00-3.00]" || got.ours != "20.0/80.0 ms" || got.peer != "10.0/10.0 ms" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	alone := versus{us: series{{ms(5)}}}
	if got := alone.line("a", goal{p99: ms(4)}); got.ratio != "-" || got.met != "missed" {
		t.Errorf("without a peer: %+v", got)
	}
}

func TestGoBenchmarksAreJudged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cores.bench")
	text := `goos: linux
BenchmarkApply/usual/agents=500/waiting=1000-2   	 97184	 2108 ns/op	 301.0 p50-ns	 2393 p99-ns	 213 B/op
BenchmarkApply/usual/agents=500/waiting=1000-2   	 97184	 2108 ns/op	 301.0 p50-ns	 60000 p99-ns	 213 B/op
BenchmarkApply/usual/agents=500/waiting=1000-2   	 97184	 2108 ns/op	 301.0 p50-ns	 3000 p99-ns	 213 B/op
BenchmarkApply/usual/agents=5000/waiting=1000-2  	 97184	 2108 ns/op	 301.0 p50-ns	 2393 p99-ns	 213 B/op
BenchmarkGrowth/ragged-2                        	 1	 2.013 growth	 1.878 least	 2.045 most
BenchmarkWho-2          	  796240	       260.9 ns/op	      64 B/op	       2 allocs/op
BenchmarkWhoOutside-2   	   40075	      5750 ns/op
PASS
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := readGoBenchmarks([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, strings.Join([]string{r.what, r.ours, r.ratio, r.met}, "|"))
	}
	want := []string{
		"acd Step, p99, 500 agents, 1,000 waiting, mix usual|3.00 us|us [2.39-60.00]|met",
		"acd Step with 500 agents / with 10, 1,000 waiting, mix ragged|-|2.01 [1.88-2.04]|missed",
		"oncall Who, ten years, five layers|0.26 us|us [0.26-0.26]|met",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := os.WriteFile(file, []byte("FAIL\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readGoBenchmarks([]string{file}); err == nil {
		t.Error("benchmarks that measured nothing were taken")
	}
}
