package oncall_test

import (
	"strings"
	"testing"
	"time"

	"lamplight/routing/oncall"
)

func TestMentions(t *testing.T) {
	doc, err := oncall.Parse(strings.NewReader(`{
 "timezone": "America/Chicago", "default": {"primary": "osei", "backup": "reyes"},
 "rotations": [{"name": "weekly", "unit": "week", "start": "2026-01-05T08:00", "turns": ["reyes", ["osei", "lind"]]}],
 "layers": [{"name": "week", "rotation": "weekly"}, {"name": "old", "role": "backup", "who": ["osei"], "until": "2026-02-01"},
  {"name": "now", "role": "backup", "who": ["osei"]}, {"role": "desk", "shifts": [
   {"who": "osei", "from": "2026-03-01T08:00", "to": "2026-03-01T20:00"}, {"who": "osei", "from": "2026-04-01T08:00", "to": "2026-04-02T08:00"}]}],
 "leave": [{"who": "osei", "from": "2026-05-01", "to": "2026-05-09"}, {"who": "reyes", "from": "2026-06-01", "to": "2026-06-09", "backup": "osei"}],
 "overrides": [{"from": "2026-03-20T17:00", "to": "2026-03-21T08:00", "role": "primary", "add": "osei"}, {"from": "2025-03-20T17:00", "to": "2025-03-21T08:00", "role": "primary", "add": "osei"}],
 "swaps": [{"owner": "reyes", "taker": "osei", "from": "2026-07-01T08:00", "to": "2026-07-02T08:00", "state": "approved"}],
 "temporary": [{"from": "2026-08-01", "to": "2026-08-02", "shifts": [{"who": "osei", "from": "2026-08-01T08:00", "to": "2026-08-01T20:00"}]}]
}`))
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, m := range doc.Mentions("osei", time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)) {
		field, _, _ := strings.Cut(m.String(), ":")
		fields = append(fields, field)
	}
	const want = "default.primary rotations[0].turns[1] layers[2].who layers[3].shifts[1] leave[1].backup overrides[0].add swaps[0] " +
		"temporary[0].shifts[0]"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("mentioned in\n%s\nwant\n%s", got, want)
	}
	if m := doc.Mentions("nobody", time.Now()); len(m) != 0 {
		t.Errorf("nobody is mentioned: %v", m)
	}
}
