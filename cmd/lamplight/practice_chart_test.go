package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lamplight/cmd/lamplight/server"
	"lamplight/notes/chart"
	"lamplight/notes/postgres/postgrestest"
)

// TestThePracticesChartHasItsKey: made once, made anew when asked, taken from a file; and what keeps notes out is said.
func TestThePracticesChartHasItsKey(t *testing.T) {
	ctx, pool := t.Context(), postgrestest.New(t)
	flags := server.RecordFlags{State: t.TempDir(), DatabaseURL: postgrestest.Cluster(t).DatabaseURL(pool.Config().ConnConfig.Database)}
	file := practiceFile(t, `"id": "lakeside",`, `"id": "lakeside", "chart": {"endpoint": "https://127.0.0.1:1/R4", "dialect": "generic", `+
		`"client": "lamplight"},`)
	var out strings.Builder
	if err := (&practicePutCmd{RecordFlags: flags, File: file}).run(ctx, &out, &out); err != nil {
		t.Fatal(err, out.String())
	}
	run := func(c practiceChartCmd) (string, error) {
		var out strings.Builder
		c.RecordFlags, c.ID = flags, "lakeside"
		err := c.run(ctx, &out)
		return out.String(), err
	}
	first, err := run(practiceChartCmd{})
	if err != nil || !strings.Contains(first, "(ES384)") || !strings.Contains(first, "/charts/lakeside/jwks.json") {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := run(practiceChartCmd{}); err != nil || again != first {
		t.Errorf("it made another: %q, %v", again, err)
	}
	if other, err := run(practiceChartCmd{NewKey: true}); err != nil || other == first {
		t.Errorf("it made none: %q, %v", other, err)
	}
	k, err := chart.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if taken, err := run(practiceChartCmd{Key: path}); err != nil || !strings.Contains(taken, k.ID) {
		t.Errorf("it took another: %q, %v", taken, err)
	}
	if _, err := run(practiceChartCmd{Try: true}); err == nil || !strings.Contains(err.Error(), "server does not answer") {
		t.Errorf("a chart that is away: %v", err)
	}
	var plain int
	if err := pool.QueryRow(ctx, "select count(*) from chart_key where position('PRIVATE' in encode(sealed, 'escape')) > 0").Scan(&plain); err != nil ||
		plain != 0 {
		t.Errorf("%d keys lie open, %v", plain, err)
	}
}
