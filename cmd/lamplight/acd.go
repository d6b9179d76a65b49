package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"lamplight/telephony/acd"
	"lamplight/telephony/acd/simulate"
)

// acdCmd holds the commands around the distribution of calls. They need no server, open no port and read only the
// files they are given. The exit status is 0 when the simulation ran to its end, else 1 with one line on standard error.
type acdCmd struct {
	Simulate acdSimulateCmd `cmd:"" help:"Play a day of calls and agents in simulated time and print the figures."`
}

// acdSimulateCmd is lamplight acd simulate.
//
// FILEs are JSON; durations are written "90s" or "3m". AGENTS is a list of agents:
//
//	[{"id": "ana", "languages": {"en": "native", "es": "qualified"}, "skills": {"nurse": "some"},
//	  "groups": ["main"], "staff": [], "count": 3}]
//
// where count, if given, makes so many alike. CALLS is a list of callers ("at", "talk" and "patience"), KINDS a list of
// shares of callers that come by chance ("weight" and mean times); both name what a call needs:
//
//	[{"at": "10s", "talk": "2m", "patience": "90s", "needs": {"practice": "peds", "language": "es", "level": "native",
//	  "relax": [{"after": "20s", "level": "some"}], "overflow": "5m"}}]
//
// CONFIG is acd's settings ("ring", "misses", "again", "wrap_up", "target", "short", "groups").
type acdSimulateCmd struct {
	Seed    uint64        `help:"Seed of chance; the same seed gives the same day." default:"1" env:"LAMPLIGHT_SEED"`
	Agents  string        `help:"JSON list of agents." type:"existingfile" required:"" placeholder:"FILE"`
	Calls   string        `help:"JSON list of callers, with the times they come at." type:"existingfile" xor:"calls" required:"" placeholder:"FILE"`
	Poisson float64       `help:"Mean number of calls an hour that come by chance." xor:"calls" required:"" placeholder:"PER-HOUR"`
	Kinds   string        `help:"With --poisson: JSON list of the kinds of callers. Without it: English, 3 min, no end of patience." type:"existingfile" placeholder:"FILE"`
	Length  time.Duration `help:"With --poisson: how long calls come." default:"8h"`
	Start   time.Time     `help:"The wall clock at the start, RFC 3339; matters to groups with hours." default:"2026-01-05T08:00:00Z"`
	Config  string        `help:"JSON settings of the distribution." type:"existingfile" placeholder:"FILE"`
	Answer  time.Duration `help:"Mean time an agent's phone rings before the answer." default:"4s"`
	WrapUp  time.Duration `help:"Mean wrap-up after a call." default:"20s"`
	Miss    float64       `help:"Share of offers not answered." default:"0.01"`
	Reject  float64       `help:"Share of offers rejected." default:"0"`
	JSON    bool          `help:"Print one JSON object instead of tables."`
}

// Run simulates and prints.
func (c *acdSimulateCmd) Run() error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	began := time.Now()
	res, err := simulate.Run(plan)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(acdReport{Seed: c.Seed, Result: res, Outcomes: outcomesByName(res.Outcomes)})
	}
	return printACD(os.Stdout, c.Seed, plan, res, time.Since(began))
}

func (c *acdSimulateCmd) plan() (simulate.Scenario, error) {
	p := simulate.Scenario{Seed: c.Seed, Start: c.Start, PerHour: c.Poisson, Length: c.Length, Answer: c.Answer, WrapUp: c.WrapUp,
		Miss: c.Miss, Reject: c.Reject}
	var agents []acdAgent
	if err := readACDFile(c.Agents, &agents); err != nil {
		return p, err
	}
	for _, a := range agents {
		p.Agents = append(p.Agents, a.expand()...)
	}
	if c.Config != "" {
		if err := readACDFile(c.Config, &p.Config); err != nil {
			return p, err
		}
	}
	if c.Calls != "" {
		return p, readACDFile(c.Calls, &p.Calls)
	}
	p.Kinds = []simulate.CallKind{{Needs: acd.Needs{Practice: "practice", Language: "en"}}}
	if c.Kinds != "" {
		p.Kinds = nil
		return p, readACDFile(c.Kinds, &p.Kinds)
	}
	return p, nil
}

const acdInputMax = 64 << 20

// readACDFile reads a file strictly: an unknown field is an error, as it is most often a misspelt one.
func readACDFile(name string, v any) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // read only: nothing is lost if it fails
	b, err := io.ReadAll(io.LimitReader(f, acdInputMax+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > acdInputMax {
		return fmt.Errorf("%s: larger than %d MiB", name, acdInputMax>>20)
	}
	if err := decodeStrict(b, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
