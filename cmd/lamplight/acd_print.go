package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"lamplight/telephony/acd"
	"lamplight/telephony/acd/simulate"
)

type acdReport struct {
	Seed uint64 `json:"seed"`
	simulate.Result
	Outcomes map[string]int `json:"outcomes"`
}

func outcomesByName(m map[acd.Outcome]int) map[string]int {
	out := map[string]int{}
	for o, n := range m {
		out[o.String()] = n
	}
	return out
}

// printACD prints the figures as tables for a person. The time it took is on its last line, which is the only one
// that differs between two runs.
func printACD(w io.Writer, seed uint64, plan simulate.Scenario, res simulate.Result, took time.Duration) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "seed %d, %d agents, %d calls until %v: %d offers, %d missed, %d rejected\n\n", seed, len(plan.Agents), res.Calls,
		res.Until.Round(time.Second), res.Offers, res.Missed, res.Rejected)
	fmt.Fprintln(t, "\tcalls\tanswered\tin target\tabandoned\tshort\toverflow\tlevel in\tout\tno short\tanswer\thandle\toccupied\t")
	figureRow(t, "all", res.Board.All)
	figureRows(t, "practice", res.Board.Practices)
	figureRows(t, "language", res.Board.Languages)
	figureRows(t, "group", res.Board.Groups)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d steps in %v\n", res.Events, took.Round(time.Millisecond))
	return err
}

func figureRows[K cmp.Ordered](w io.Writer, what string, m map[K]acd.Figures) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		figureRow(w, fmt.Sprintf("%s %v", what, k), m[k])
	}
}

func figureRow(w io.Writer, name string, f acd.Figures) {
	share := func(v float64, ok bool) string {
		if !ok {
			return "-"
		}
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	span := func(d time.Duration, ok bool) string {
		if !ok {
			return "-"
		}
		return d.Round(100 * time.Millisecond).String()
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, f.Offered, f.Answered, f.InTarget, f.Abandoned,
		f.AbandonedShort, f.Overflowed, share(f.ServiceLevel(acd.AbandonedIn)), share(f.ServiceLevel(acd.AbandonedOut)),
		share(f.ServiceLevel(acd.ShortOut)), span(f.SpeedOfAnswer()), span(f.HandleTime()), share(f.Occupancy()))
}
