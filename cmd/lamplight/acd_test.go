package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lamplight/telephony/acd/simulate"
)

const acdAgents = `[{"id":"en","languages":{"en":"native"},"groups":["main"],"count":6},
 {"id":"bi","languages":{"en":"native","es":"qualified"},"groups":["main"],"count":3},
 {"id":"own","staff":"peds","languages":{"es":"native"}}]`

const acdKinds = `[{"weight":3,"patience":"4m","needs":{"practice":"internal","language":"en","priority":"10s"}},
 {"needs":{"practice":"peds","language":"es","level":"native","own":"first",
  "relax":[{"after":"20s","level":"some"}],"overflow":"5m"}}]`

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestACDSimulatePrintsTheSameForTheSameSeed(t *testing.T) {
	c := acdSimulateCmd{Seed: 1, Agents: write(t, acdAgents), Poisson: 130, Kinds: write(t, acdKinds), Length: 4 * time.Hour,
		Answer: 4 * time.Second, WrapUp: 20 * time.Second, Miss: 0.02}
	var out [2]string
	for i := range out {
		plan, err := c.plan()
		if err != nil {
			t.Fatal(err)
		}
		res, err := simulate.Run(plan)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := printACD(&b, c.Seed, plan, res, 0); err != nil {
			t.Fatal(err)
		}
		out[i] = b.String()
	}
	if out[0] != out[1] {
		t.Error("two runs of one seed differ")
	}
	for _, want := range []string{"10 agents", "practice peds", "language es", "group main", "%"} {
		if !strings.Contains(out[0], want) {
			t.Errorf("no %q in\n%s", want, out[0])
		}
	}
}

func TestACDSimulateNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ calls, want string }{
		"a misspelt field":    {`[{"at":"1s","talk":"1m","needs":{"practice":"p","langage":"en"}}]`, `unknown field "langage"`},
		"a number for a time": {`[{"at":1,"needs":{"practice":"p"}}]`, `\[0\].at: not a duration`},
		"a time without a unit": {`[{"at":"1s","needs":{"practice":"p","relax":[{"after":"20"}]}}]`,
			`\[0\].needs.relax\[0\].after: .*missing unit`},
		"broken JSON":      {"[\n{]", `line 2`},
		"two documents":    {"[] []", `something follows`},
		"an unknown level": {`[{"at":"1s","needs":{"practice":"p","level":"fluent"}}]`, `no such level`},
	} {
		cmd := acdSimulateCmd{Agents: write(t, acdAgents), Calls: write(t, c.calls)}
		_, err := cmd.plan()
		if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
