package oncall

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhoHasLeft: somebody who left sits nowhere, and where nobody else does is a hole that everybody can see.
func TestWhoHasLeft(t *testing.T) {
	const people = `"participants":[{"id":"ana","left":"2026-03-05"},{"id":"bea"},{"id":"cyd"}],`
	at := local(t, "2026-03-06 12:00")
	for _, c := range []struct{ name, text, want, warned string }{
		{"a layer yields to the next", `"layers":[{"who":["ana"],"priority":1},{"who":["bea"]}]`, "bea", "layers[0].who[0]"},
		{"a layer that is alone", `"layers":[{"who":["ana"]}]`, "", "layers[0].who[0]"},
		{"a turn of a rotation", `"rotations":[{"name":"r","unit":"day","start":"2026-03-06T08:00","turns":["ana","bea"]}],"layers":[{"rotation":"r"}]`, "", "rotations[0].turns[0][0]"},
		{"an override", `"layers":[{"who":["bea"]}],"overrides":[{"from":"2026-03-04","to":"2026-03-09","remove":"bea","add":"ana"}]`, "",
			"overrides[0].add"},
		{"an addition", `"layers":[{"who":["bea"]}],"overrides":[{"from":"2026-03-04","to":"2026-03-09","add":"ana"}]`, "bea",
			"overrides[0].add"},
		{"a swap", `"layers":[{"who":["bea"]}],"swaps":[{"owner":"bea","taker":"ana","state":"approved","from":"2026-03-04","to":"2026-03-09"}]`, "", "swaps[0].taker"},
		{"a backup", `"layers":[{"who":["bea"]}],"leave":[{"who":"bea","backup":"ana","from":"2026-03-04","to":"2026-03-09"}]`, "",
			"leave[0].backup"},
		{"a temporary schedule, for which the default answers",
			`"default":{"primary":"cyd"},"layers":[{"who":["bea"]}],"temporary":[{"from":"2026-03-04","to":"2026-03-09","shifts":[{"who":"ana","from":"2026-03-04","to":"2026-03-09"}]}]`, "cyd", "temporary[0].shifts[0].who"},
		{"the default", `"default":{"primary":"ana"},"layers":[{"who":["bea"],"until":"2026-03-05"}]`, "", "default.primary"},
		{"the default's backup", `"default":{"primary":"bea"},"layers":[{"who":["bea"],"until":"2026-03-05"}],"leave":[{"who":"bea","backup":"ana","from":"2026-03-04","to":"2026-03-09"}]`, "bea", "leave[0].backup"},
		{"a shift long over is not told", `"layers":[{"who":["bea"]},{"shifts":[{"who":"ana","from":"2026-01-05","to":"2026-01-06"}]}]`,
			"bea", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := compile(t, people+c.text)
			if got := idsOf(s.Who(at, Query{})); got != c.want {
				t.Errorf("on call %q, want %q", got, c.want)
			}
			gap := len(s.Gaps(at, at.Add(time.Minute), Query{})) == 1
			if scheduled := c.want == "bea" && !strings.Contains(c.name, "default"); gap == scheduled {
				t.Errorf("a gap: %v", gap)
			}
			var fields []string
			for _, w := range s.Warnings() {
				fields = append(fields, w.Field)
				if !strings.HasSuffix(w.String(), `has-left from="2026-03-05 00:00" value="ana"`) {
					t.Errorf("warning %q", w)
				}
			}
			if got := strings.Join(fields, " "); got != c.warned {
				t.Errorf("warned of %q, want %q", got, c.warned)
			}
			e := s.Explain(at, Query{})
			told := slices.ContainsFunc(e.Reasons, func(s Reason) bool { return s.Kind == "left" && s.Text == "ana has left the practice" })
			if told != (c.warned != "") || slices.Compare(e.People, s.Who(at, Query{})) != 0 {
				t.Errorf("explains %+v", e.Reasons)
			}
		})
	}
}

// TestMarkLeft: a keeper who knows from elsewhere who has left need not rewrite the document.
func TestMarkLeft(t *testing.T) {
	doc, err := Parse(strings.NewReader(`{"timezone":"America/Chicago","layers":[{"who":["ana"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	left := local(t, "2026-03-05 17:30")
	doc.MarkLeft("ana", left)
	doc.MarkLeft("ana", left.AddDate(0, 0, 1))
	doc.MarkLeft("eve", left)
	from := local(t, "2026-03-05 00:00")
	s, err := Compile(doc, from, from.AddDate(0, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	gaps := s.Gaps(from, from.AddDate(0, 0, 2), Query{})
	if len(gaps) != 1 || !gaps[0].From.Equal(left) || len(gaps[0].People) != 0 {
		t.Errorf("gaps %v", gaps)
	}
	if until, ok := s.Until(from, Query{}); !ok || !until.Equal(left) {
		t.Errorf("until %v", until)
	}
	if w := s.Warnings(); len(w) != 1 || w[0].String() != `line 1: layers[0].who[0]: has-left from="2026-03-05 17:30" value="ana"` {
		t.Errorf("%v", w)
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"leave of nobody", `"layers":[{"who":["ana"]}],"leave":[{"who":"aan","from":"2026-01-01","to":"2026-01-02"}]`,
			`leave[0].who: never-on-call value="aan"`},
		{"leave of a backup", `"layers":[{"who":["ana"]}],"leave":[{"who":"ana","backup":"bea","from":"2026-01-01","to":"2026-01-02"},{"who":"bea","from":"2026-01-01","to":"2026-01-02"}]`, ""},
		{"a removal of nobody", `"layers":[{"who":["ana"]}],"overrides":[{"remove":"aan","from":"2026-01-01","to":"2026-01-02"}]`,
			`overrides[0].remove: never-on-call value="aan"`},
		{"a swap of nobody's", `"layers":[{"who":["ana"]}],"swaps":[{"owner":"aan","state":"open","from":"2026-01-01","to":"2026-01-02"}]`,
			`swaps[0].owner: never-on-call value="aan"`},
		{"a rotation nobody takes", `"rotations":[{"name":"r","unit":"day","start":"2026-03-06T08:00","turns":["ana"]}],"layers":[{"who":["ana"]}]`, `rotations[0].name: unused`},
		{"a shift outside its temporary schedule",
			`"default":{"primary":"ana"},"layers":[{"who":["ana"]}],"temporary":[{"from":"2026-01-05","to":"2026-01-06","shifts":[{"who":"bea","from":"2026-01-07","to":"2026-01-08"}]}]`,
			`temporary[0].shifts[0]: outside`},
		{"a shift after its layer", `"layers":[{"who":["ana"]},{"until":"2026-01-05","shifts":[{"who":"bea","from":"2026-01-06","to":"2026-01-07"},{"who":"bea","from":"2026-01-05","to":"2026-01-07"}]}]`,
			`layers[1].shifts[0]: outside`},
		{"a rule of no holiday", `"layers":[{"who":["ana"]},{"who":["bea"],"rule":"feast"}]`,
			`layers[1].rule: unused`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := compile(t, c.text).Warnings()
			if c.want == "" && len(w) > 0 || c.want != "" && (len(w) != 1 || !strings.Contains(w[0].String(), c.want)) {
				t.Errorf("warnings %v, want %s", w, c.want)
			}
		})
	}
}

// TestUnasked: a schedule for calls that nobody can make is on call for nothing.
func TestUnasked(t *testing.T) {
	doc, err := Parse(strings.NewReader(`{"timezone":"UTC","layers":[{"who":["ana"]},
{"who":["bea"],"callTypes":["stemi","steemi"]}],
"temporary":[{"from":"2026-01-01","to":"2026-01-02","locations":["north"],"shifts":[]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "line 2: layers[1].callTypes[1]: no-call value=\"steemi\"\nline 3: temporary[0].locations[0]: no-call value=\"north\""
	if got := doc.Unasked([]string{"stemi"}, nil); got.Error() != want {
		t.Errorf("%v", got)
	}
	if got := doc.Unasked([]string{"stemi", "steemi"}, []string{"north"}); got != nil {
		t.Errorf("%v", got)
	}
}

// TestNextOther: who follows is another person, whatever pauses and nights lie between.
func TestNextOther(t *testing.T) {
	s := compile(t, `"rotations":[{"name":"r","unit":"week","start":"2026-03-02T08:00","turns":["ana","bea"]}],"layers":[{"rotation":"r","windows":[{"days":["mon","tue","wed","thu","fri"],"from":"17:00","to":"08:00"}]}]`)
	for at, want := range map[string]string{"2026-03-02 18:00": "bea 09T17-10T08", "2026-03-02 12:00": "ana 02T17-03T08",
		"2026-03-12 18:00": "ana 16T17-17T08"} {
		next, ok := s.NextOther(local(t, at), Query{})
		if got := idsOf(next.People) + " " + short(next.From) + "-" + short(next.Until); !ok || got != want {
			t.Errorf("after %s: %s, want %s", at, got, want)
		}
	}
	s = compile(t, `"layers":[{"who":["ana"]},{"shifts":[{"who":"bea","from":"2026-03-09","to":"2026-03-10"}]}]`)
	if next, ok := s.NextOther(local(t, "2026-03-02 18:00"), Query{}); !ok || idsOf(next.People) != "bea" || short(next.From) != "09T00" {
		t.Errorf("who joins: %v %v", next, ok)
	}
	s = compile(t, `"layers":[{"who":["ana"],"windows":[{"from":"17:00","to":"08:00"}]}]`)
	if next, ok := s.NextOther(local(t, "2026-03-02 18:00"), Query{}); ok {
		t.Errorf("who is alone is followed by nobody: %v", next)
	}
}
