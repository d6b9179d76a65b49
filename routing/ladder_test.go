package routing

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
	"lamplight/routing/oncall"
)

func TestParseLadders(t *testing.T) {
	text := `{"ladders":[{"name":"urgent","version":3,"board":"9m","rungs":[
		{"after":"0s","who":"primary","channels":["text","push"]},
		{"after":"3m","who":"next","channels":["text"]},
		{"after":"6m","who":"contact:osei","channels":["email"]}]}]}`
	got, err := ParseLadders([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Ladder{{Name: "urgent", Version: 3, Board: 9 * time.Minute, Rungs: []Rung{
		{0, "primary", []ChannelKind{Text, Push}}, {3 * time.Minute, "next", []ChannelKind{Text}},
		{6 * time.Minute, "contact:osei", []ChannelKind{Email}}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	again, err := FormatLadders(got)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ParseLadders(again); err != nil || !reflect.DeepEqual(back, want) {
		t.Errorf("%+v, %v", back, err)
	}
	if none, err := ParseLadders([]byte(" ")); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
}

func TestParseLaddersSaysWhatIsWrongAndWhere(t *testing.T) {
	rung := func(s string) string { return `{"ladders":[{"name":"a","rungs":[` + s + `]}]}` }
	good := `{"after":"0s","who":"primary","channels":["text"]}`
	for name, tc := range map[string]struct{ text, want string }{
		"no JSON":             {`{`, "document: not-json"},
		"two documents":       {`{} {}`, "document: not-json"},
		"a misspelt field":    {`{"ladder":[]}`, "ladder: unknown-field"},
		"a number for a span": {rung(`{"after":3,"who":"primary","channels":["text"]}`), "ladders[0].rungs[0].after: wrong-type"},
		"no name":             {`{"ladders":[{"rungs":[` + good + `]}]}`, "ladders[0].name: missing"},
		"no rungs":            {`{"ladders":[{"name":"a","rungs":[]}]}`, "ladders[0].rungs: missing"},
		"the same name": {`{"ladders":[{"name":"a","rungs":[` + good + `]},{"name":"a","rungs":[` + good + `]}]}`,
			"ladders[1].name: twice"},
		"no span":             {rung(`{"who":"primary","channels":["text"]}`), "ladders[0].rungs[0].after: missing"},
		"a span that is none": {rung(`{"after":"soon","who":"primary","channels":["text"]}`), "ladders[0].rungs[0].after: not-a-duration"},
		"a negative span":     {rung(`{"after":"-1s","who":"primary","channels":["text"]}`), "ladders[0].rungs[0].after: negative"},
		"too long a span":     {rung(`{"after":"25h","who":"primary","channels":["text"]}`), "ladders[0].rungs[0].after: too-long"},
		"rungs out of order":  {rung(good + "," + good), "ladders[0].rungs[1].after: not-later"},
		"nobody named":        {rung(`{"after":"0s","who":"","channels":["text"]}`), "ladders[0].rungs[0].who: unknown"},
		"no channel":          {rung(`{"after":"0s","who":"primary","channels":[]}`), "ladders[0].rungs[0].channels: missing"},
		"an unknown channel":  {rung(`{"after":"0s","who":"primary","channels":["fax"]}`), "ladders[0].rungs[0].channels[0]: unknown"},
		"voice": {rung(`{"after":"0s","who":"primary","channels":["text","voice"]}`),
			"ladders[0].rungs[0].channels[1]: not-offered"},
		"a channel twice": {rung(`{"after":"0s","who":"primary","channels":["text","text"]}`),
			"ladders[0].rungs[0].channels[1]: twice"},
		"a board too early": {`{"ladders":[{"name":"a","board":"1s","rungs":[{"after":"5s","who":"primary","channels":["text"]}]}]}`,
			"ladders[0].board: too-early"},
		"too long": {strings.Repeat(" ", MaxDocument) + "{}", "document: too-long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseLadders([]byte(tc.text))
			var p Problems
			if !errors.As(err, &p) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

// duty is who has a role from an hour on.
type duty map[string][]struct {
	from time.Time
	who  []string
}

func (d duty) at(role string, at time.Time) int {
	n := -1
	for i, s := range d[role] {
		if !s.from.After(at) {
			n = i
		}
	}
	return n
}

func (d duty) Who(role string, at time.Time) []string {
	if n := d.at(role, at); n >= 0 {
		return d[role][n].who
	}
	return nil
}

func (d duty) Next(role string, at time.Time) []string {
	if n := d.at(role, at) + 1; n < len(d[role]) {
		return d[role][n].who
	}
	return nil
}

func TestResolve(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 6, 58, 0, 0, time.UTC)
	seven := t0.Add(2 * time.Minute)
	type shift = struct {
		from time.Time
		who  []string
	}
	rota := duty{"primary": {shift{t0.Add(-time.Hour), []string{"reyes"}}, shift{seven, []string{"osei"}}},
		"pair": {shift{t0.Add(-time.Hour), []string{"osei", "reyes"}}}}
	reach := Reach{Practice: "Lakeside", Push: map[notes.PersonID]bool{"p-reyes": true}, Contacts: contacts}
	min := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	rung := func(after int, who string, ch ...ChannelKind) Rung { return Rung{min(after), who, ch} }
	for name, tc := range map[string]struct {
		ladder Ladder
		steps  string // "minutes who channel", one a step
		holes  string
		board  int
	}{
		"one person, all channels": {Ladder{Rungs: []Rung{rung(0, "primary", Text, Email, Push)}},
			"0 reyes text,0 reyes email,0 reyes push", "", 5},
		"the board as far as the rungs": {Ladder{Rungs: []Rung{rung(0, "primary", Text), rung(3, "contact:osei", Text)}},
			"0 reyes text,3 osei text", "", 6},
		"the board as it says": {Ladder{Board: min(20), Rungs: []Rung{rung(0, "primary", Text)}}, "0 reyes text", "", 20},
		"a rung after the handoff": {Ladder{Rungs: []Rung{rung(0, "primary", Text), rung(3, "primary", Text)}},
			"0 reyes text,3 osei text", "", 6},
		"who is next":    {Ladder{Rungs: []Rung{rung(0, "next", Text)}}, "0 osei text", "", 5},
		"nobody is next": {Ladder{Rungs: []Rung{rung(3, "next", Text)}}, "", "0 nobody-next", 3},
		"who was next has it now": {Ladder{Rungs: []Rung{rung(0, "primary", Text), rung(3, "next", Text)}},
			"0 reyes text,3 osei text", "", 6},
		"two together":        {Ladder{Rungs: []Rung{rung(0, "pair", Text)}}, "0 osei text,0 reyes text", "", 5},
		"no phone for a push": {Ladder{Rungs: []Rung{rung(0, "contact:osei", Push, Text)}}, "0 osei text", "", 5},
		"an empty rung does not wait": {Ladder{Rungs: []Rung{rung(0, "nurse", Text), rung(5, "contact:nobody", Text),
			rung(9, "primary", Text)}},
			"0 reyes text", "0 nobody-on-call,1 no-address", 4},
		"a hole in the middle": {Ladder{Rungs: []Rung{rung(0, "primary", Text), rung(1, "nurse", Text), rung(5, "contact:osei", Text)}},
			"0 reyes text,1 osei text", "1 nobody-on-call", 5},
		"a hole at the end": {Ladder{Rungs: []Rung{rung(0, "primary", Text), rung(1, "nurse", Text)}}, "0 reyes text",
			"1 nobody-on-call", 1},
		"nobody at all":          {Ladder{Rungs: []Rung{rung(0, "nurse", Text)}}, "", "0 nobody-on-call", 0},
		"a contact nobody knows": {Ladder{Rungs: []Rung{rung(0, "contact:ghost", Text)}}, "", "0 no-contact", 0},
		"no rungs":               {Ladder{}, "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := Resolve(tc.ladder, rota, reach, t0)
			var steps, holes []string
			for _, s := range p.Attempts {
				steps = append(steps, strings.TrimSuffix(s.At.Sub(t0).String(), "m0s")+" "+s.Contact+" "+string(s.Channel))
			}
			for _, h := range p.Holes {
				holes = append(holes, string(rune('0'+h.Rung))+" "+string(h.Why))
			}
			if got := strings.ReplaceAll(strings.Join(steps, ","), "0s ", "0 "); got != tc.steps {
				t.Errorf("steps %q, want %q", got, tc.steps)
			}
			if got := strings.Join(holes, ","); got != tc.holes {
				t.Errorf("holes %q, want %q", got, tc.holes)
			}
			if got := p.Board.Sub(t0); got != min(tc.board) {
				t.Errorf("board at %v, want %v min", got, tc.board)
			}
		})
	}
}

// TestResolveSaysWhomItDoesNotReach: somebody on call who cannot be told is never passed over in silence.
func TestResolveSaysWhomItDoesNotReach(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 6, 58, 0, 0, time.UTC)
	people := []notes.Contact{
		{ID: "reyes", Person: "p-reyes", Name: "Dr Reyes", Mobile: "+13125550101"},
		{ID: "osei", Person: "p-osei", Name: "Dr Osei", Email: "osei@lakeside.example"},
	}
	for name, tc := range map[string]struct {
		on       []string
		channels []ChannelKind
		reach    Reach
		steps    int
		want     []PlanHole
	}{
		"everybody": {[]string{"reyes", "osei"}, []ChannelKind{Text, Email}, Reach{}, 2, nil},
		"one without address": {[]string{"reyes", "osei"}, []ChannelKind{Text}, Reach{}, 1,
			[]PlanHole{{Who: "primary", Contact: "osei", Name: "Dr Osei", Why: NoAddress, Others: true}}},
		"one who has left": {[]string{"reyes", "osei"}, []ChannelKind{Text, Email}, Reach{Left: map[notes.PersonID]bool{"p-reyes": true}},
			1,
			[]PlanHole{{Who: "primary", Contact: "reyes", Name: "Dr Reyes", Why: HasLeft, Others: true}}},
		"all have left": {[]string{"reyes"}, []ChannelKind{Text, Email}, Reach{Left: map[notes.PersonID]bool{"p-reyes": true}}, 0,
			[]PlanHole{{Who: "primary", Contact: "reyes", Name: "Dr Reyes", Why: HasLeft}}},
		"no carrier for texts": {[]string{"reyes", "osei"}, []ChannelKind{Text, Email}, Reach{Carriers: map[ChannelKind]bool{Email: true}},
			1,
			[]PlanHole{{Who: "primary", Contact: "reyes", Name: "Dr Reyes", Why: NoCarrier, Others: true}}},
		"no carrier at all": {[]string{"osei"}, []ChannelKind{Text, Email}, Reach{Carriers: map[ChannelKind]bool{}}, 0,
			[]PlanHole{{Who: "primary", Contact: "osei", Name: "Dr Osei", Why: NoCarrier}}},
		"somebody who is no contact": {[]string{"ghost", "reyes"}, []ChannelKind{Text}, Reach{}, 1,
			[]PlanHole{{Who: "primary", Contact: "ghost", Name: "ghost", Why: NoContact, Others: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			rota := duty{"primary": {{t0, tc.on}}}
			tc.reach.Contacts = people
			p := Resolve(Ladder{Rungs: []Rung{{0, "primary", tc.channels}}}, rota, tc.reach, t0)
			if len(p.Attempts) != tc.steps || len(p.Holes)+len(tc.want) > 0 && !reflect.DeepEqual(p.Holes, tc.want) {
				t.Errorf("%d steps, holes %+v", len(p.Attempts), p.Holes)
			}
		})
	}
}

// TestNextIsSomebodyElse: who follows in the schedule may be who has it already, as the default provider or for another week.
func TestNextIsSomebodyElse(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct{ doc, want string }{
		"the next turn": {`{"timezone":"UTC","rotations":[{"name":"r","unit":"day","start":"2026-03-01T08:00","turns":["reyes","osei"]}],
			"layers":[{"rotation":"r"}]}`, "reyes text"},
		"the same again by default, then another": {`{"timezone":"UTC","default":{"primary":"reyes"},"layers":[{"shifts":[
			{"who":"reyes","from":"2026-03-02T08:00","to":"2026-03-02T18:00"},
			{"who":"osei","from":"2026-03-09T08:00","to":"2026-03-09T18:00"}]}]}`, "osei text"},
		"joined by another": {`{"timezone":"UTC","layers":[{"who":["reyes"]},
			{"shifts":[{"who":"osei","from":"2026-03-09T08:00","to":"2026-03-09T18:00"}]}]}`, "osei text"},
		"one alone for ever": {`{"timezone":"UTC","layers":[{"who":["reyes"]}]}`, "nobody-next"},
		"one alone, sometimes by default": {`{"timezone":"UTC","default":{"primary":"reyes"},
			"layers":[{"who":["reyes"],"windows":[{"from":"08:00","to":"18:00"}]}]}`, "nobody-next"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := oncall.Parse(strings.NewReader(tc.doc))
			if err != nil {
				t.Fatal(err)
			}
			s, err := oncall.Compile(doc, at, at.AddDate(0, 0, 30))
			if err != nil {
				t.Fatal(err)
			}
			p := Resolve(Ladder{Rungs: []Rung{{0, "next", []ChannelKind{Text}}}}, OnCall(s, ""), Reach{Contacts: contacts}, at)
			var got []string
			for _, step := range p.Attempts {
				got = append(got, step.Contact+" "+string(step.Channel))
			}
			for _, h := range p.Holes {
				got = append(got, string(h.Why))
			}
			if strings.Join(got, ",") != tc.want {
				t.Errorf("%v, want %s", got, tc.want)
			}
		})
	}
}

func TestPreviewPutsAPersonsChannelsTogether(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	p := Plan{At: t0, Attempts: []PlannedAttempt{
		{Rung: 0, At: t0, Contact: "r", Name: "Dr Reyes", Channel: Text}, {Rung: 0, At: t0, Contact: "r", Name: "Dr Reyes", Channel: Push},
		{Rung: 1, At: t0.Add(3 * time.Minute), Contact: "r", Name: "Dr Reyes", Channel: Text}}}
	want := []PreviewContact{{"Dr Reyes", []ChannelKind{Text, Push}, 0, 0}, {"Dr Reyes", []ChannelKind{Text}, 3 * time.Minute, 1}}
	if got := p.Preview(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestAttemptsOnlyMoveForward(t *testing.T) {
	all := []AttemptState{Due, Sending, Accepted, Delivered, Opened, Failed, Undelivered, Withdrawn}
	for _, s := range all {
		reached := map[AttemptState]bool{}
		var walk func(AttemptState)
		walk = func(at AttemptState) {
			for _, next := range forward[at] {
				if next == s {
					t.Errorf("%s leads back to itself", s)
				}
				if !reached[next] {
					reached[next] = true
					walk(next)
				}
			}
		}
		walk(s)
	}
}

// A ladder document that is taken says the same after it was written and read again, and resolves to a plan in order.
func FuzzParseLadders(f *testing.F) {
	f.Add([]byte(`{"ladders":[{"name":"urgent","version":3,"board":"9m","rungs":[{"after":"0s","who":"primary","channels":["text","push"]}]}]}`))
	f.Add([]byte(`{"ladders":[{"name":"a","rungs":[{"after":"1ns","who":"next","channels":["email"]},{"after":"24h","who":"contact:x","channels":["text"]}]}]}`))
	f.Add([]byte(`{"ladders":null}`))
	f.Add([]byte(`[]`))
	t0 := time.Date(2026, 3, 8, 1, 59, 59, 0, time.UTC)
	reach := Reach{Contacts: contacts}
	f.Fuzz(func(t *testing.T, text []byte) {
		ladders, err := ParseLadders(text)
		if err != nil {
			if len(err.Error()) == 0 || ladders != nil {
				t.Error("an error without words, or with ladders")
			}
			return
		}
		again, err := FormatLadders(ladders)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseLadders(again)
		if err != nil || (len(ladders) > 0 && !reflect.DeepEqual(back, ladders)) {
			t.Fatalf("%+v became %+v (%v)", ladders, back, err)
		}
		for _, l := range ladders {
			p := Resolve(l, duty{"primary": {{t0, []string{"reyes"}}}}, reach, t0)
			last := t0
			for _, s := range p.Attempts {
				if s.At.Before(last) || s.At.After(p.Board) {
					t.Fatalf("%+v: %v out of order", l, s.At)
				}
				last = s.At
			}
		}
	})
}

var contacts = []notes.Contact{
	{ID: "reyes", Person: "p-reyes", Name: "Dr Reyes", Language: "en", Mobile: "+13125550101", Email: "reyes@lakeside.example"},
	{ID: "osei", Person: "p-osei", Name: "Dr Osei", Language: "es", Mobile: "+13125550102", Email: "osei@lakeside.example"},
	{ID: "nobody", Name: "Dr Nowhere", Language: "en"},
}
