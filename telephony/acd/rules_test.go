package acd

import (
	"errors"
	"testing"
	"time"
)

// sign signs agents in and makes them Ready, a second apart from the second on.
func (d *floor) sign(sec float64, agents ...Agent) {
	d.t.Helper()
	for i, a := range agents {
		if got := d.at(sec+float64(i), AgentIn{a}, Ready{a.ID}); got != "" {
			d.t.Fatalf("signing in: %s", got)
		}
	}
}

func in(groups []GroupID, a Agent) Agent { a.Groups = groups; return a }

var en, es = Needs{Practice: "p", Language: "en"}, Needs{Practice: "p", Language: "es"}

func TestAmongEqualsTheLongestIdleComesFirst(t *testing.T) {
	d := newFloor(t, Config{})
	d.sign(0, speaker("a", "en"), speaker("b", "en"), speaker("c", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.want(11, "2 to b", CallIn{"2", en})
	d.at(12, Accepted{d.offer("1")})
	d.want(13, "2 from b gone, 2 abandoned", CallGone{"2"})
	d.want(20, "1 answered", Ended{Call: "1"})
	d.want(21, "", WrapUpDone{"a"})
	d.want(22, "3 to b", CallIn{"3", en}) // b's idle time was not lost with the call that hung up
	d.want(23, "4 to c", CallIn{"4", en})
	d.want(24, "5 to a", CallIn{"5", en})
}

func TestNeedsLoosenAfterStatedWaits(t *testing.T) {
	d := newFloor(t, Config{})
	d.sign(0, in([]GroupID{"main"}, speaker("some", "es:some")), in([]GroupID{"over"}, speaker("over", "es:native")))
	n := Needs{Practice: "p", Language: "es", Level: Native, Groups: []GroupID{"main"},
		Relax: []Relax{{After: 20 * time.Second, Level: Some}, {After: 40 * time.Second, Groups: []GroupID{"over"}}}}
	d.want(10, "", CallIn{"1", n})
	d.want(11, "", CallIn{"2", n})
	if at, ok := d.s.Next(); !ok || !at.Equal(t0.Add(30*time.Second)) {
		t.Errorf("next is %v, %v", at, ok)
	}
	d.want(29.9, "", Tick{})
	d.want(30, "1 to some", Tick{})
	d.want(31, "", Accepted{d.offer("1")}, Tick{})
	d.want(50, "", Tick{})
	d.want(51, "2 to over", Tick{})
}

func TestRelaxWidensEachNeed(t *testing.T) {
	ready := Agent{ID: "a", Languages: map[Language]Level{"en": Native}}
	after := time.Second
	for name, n := range map[string]Needs{
		"any language": {Practice: "p", Language: "ht", Relax: []Relax{{After: after, AnyLanguage: true}}},
		"any skill":    {Practice: "p", Skills: []SkillNeed{{"nurse", Some}}, Relax: []Relax{{After: after, AnySkill: true}}},
		"outside":      {Practice: "p", Own: OwnOnly, Relax: []Relax{{After: after, Outside: true}}},
		"any group":    {Practice: "p", Groups: []GroupID{"g"}, Relax: []Relax{{After: after, AnyGroup: true}}},
	} {
		d := newFloor(t, Config{})
		d.sign(0, ready)
		d.want(1, "", CallIn{"1", n})
		d.want(1.9, "", Tick{})
		if d.want(2, "1 to a", Tick{}); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestPriorityIsAHeadStartAndNobodyStarves(t *testing.T) {
	d := newFloor(t, Config{WrapUp: -1})
	d.sign(0, speaker("a", "en"))
	d.want(5, "0 to a", CallIn{"0", en})
	d.at(5, Accepted{d.offer("0")})
	vip := Needs{Practice: "vip", Language: "en", Priority: 30 * time.Second}
	d.at(10, CallIn{"plain", en})
	d.at(39, CallIn{"vip1", vip}) // stands as if from 9
	d.at(41, CallIn{"vip2", vip}) // stands as if from 11: the plain call is before it
	for _, id := range []string{"vip1", "plain", "vip2"} {
		var last CallID
		for c := range d.s.calls {
			if d.s.calls[c].state == CallTalking {
				last = c
			}
		}
		d.want(60, string(last)+" answered, "+id+" to a", Ended{Call: last})
		d.at(60, Accepted{d.offer(id)})
	}
}

func TestMoreAbleAgentsAreSparedWhereAnotherWillDo(t *testing.T) {
	in := func(id string, groups ...GroupID) Agent {
		return Agent{ID: AgentID(id), Languages: map[Language]Level{"en": Native}, Groups: groups}
	}
	for _, c := range []struct {
		name string
		ags  []Agent
		n    Needs
		want string
	}{
		{"bilingual", []Agent{speaker("both", "en es"), speaker("one", "en")}, en, "1 to one"},
		{"native for a call that some will do", []Agent{speaker("native", "en:native"), speaker("some", "en:some")}, en, "1 to some"},
		{"in more groups", []Agent{in("two", "p", "q"), in("one", "p")}, en, "1 to one"},
		{"different talents: the longest idle", []Agent{speaker("es", "en es"), speaker("ht", "en ht")}, en, "1 to es"},
		{"nobody else will do", []Agent{speaker("both", "en es"), speaker("one", "en")}, es, "1 to both"},
		{"languages count before groups", []Agent{
			{ID: "both", Languages: map[Language]Level{"en": Native, "es": Some}}, in("one", "p", "q")}, en, "1 to one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newFloor(t, Config{})
			d.sign(0, c.ags...)
			d.want(10, c.want, CallIn{"1", c.n})
		})
	}
}

func TestOwnStaffComeFirstAndTakeNothingElse(t *testing.T) {
	own := speaker("own", "en")
	own.Staff = Practices{"o", "p"}
	n := Needs{Practice: "p", Language: "en", Own: OwnFirst, Groups: []GroupID{"main"}}
	d := newFloor(t, Config{})
	us := speaker("us", "en")
	us.Groups = []GroupID{"main"}
	d.sign(0, us, own)
	d.want(9, "other to us", CallIn{"other", Needs{Practice: "q", Language: "en", Own: OwnFirst}})
	d.want(10, "other from us gone, other abandoned", CallGone{"other"})
	d.want(10, "1 to own", CallIn{"1", n})
	d.want(11, "2 to us", CallIn{"2", n})
}

func TestMissesPauseAfterNAndKeepThePlace(t *testing.T) {
	d := newFloor(t, Config{Ring: 10 * time.Second, Misses: 2, Again: 5 * time.Second})
	d.sign(0, speaker("a", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.want(12, "", CallIn{"2", en})
	d.want(20, "1 from a missed, 2 to a", Tick{})
	d.want(25, "", Tick{})
	d.want(30, "2 from a missed, a paused", Tick{})
	if v, _ := d.s.AgentNow("a"); v.Reason != ReasonMissed || v.State != StatePaused {
		t.Errorf("a is %+v", v)
	}
	d.want(31, "1 to a", Ready{"a"}) // the bar has ended, and the first is first
	d.want(32, "", Ringing{d.offer("1")})
	o := d.offer("1")
	d.want(33, "", Accepted{o})
	d.want(34, ErrStale.Error()[5:], Accepted{o})
	d.want(35, ErrStale.Error()[5:], Missed{o})
}

func TestARejectedCallGoesToOthersFirst(t *testing.T) {
	d := newFloor(t, Config{Again: 5 * time.Second})
	d.sign(0, speaker("a", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.want(11, "1 from a rejected", Rejected{d.offer("1")})
	d.want(12, "2 to a", CallIn{"2", en}) // only that call is kept from the agent
	d.want(13, "1 to b", AgentIn{speaker("b", "en")}, Ready{"b"})
	d.want(14, "1 from b rejected", Rejected{d.offer("1")})
	d.want(15, "2 from a rejected, 2 to b", Rejected{d.offer("2")})
	d.want(16, "1 to a", Tick{})
}

func TestAnAnswerCountsUntilTheOfferIsWithdrawn(t *testing.T) {
	d := newFloor(t, Config{Ring: 10 * time.Second})
	d.sign(0, speaker("a", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.want(25, "", Accepted{d.offer("1")})
}

func TestPausesAndSigningOut(t *testing.T) {
	d := newFloor(t, Config{WrapUp: 20 * time.Second})
	d.sign(0, speaker("a", "en"), speaker("b", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.want(11, "1 from a paused, 1 to b", Pause{"a", "lunch"})
	d.want(12, "", Accepted{d.offer("1")}, Pause{"b", "training"})
	d.want(20, "1 answered", Ended{Call: "1"})
	d.want(40, "b paused", Tick{})
	if v, _ := d.s.AgentNow("b"); v.Reason != "training" {
		t.Errorf("b is %+v", v)
	}
	d.want(41, "", CallIn{"2", en})
	d.want(42, "2 to b", Ready{"b"})
	d.want(43, "2 from b out, 2 to a", Ready{"a"}, AgentOut{"b"})
	d.want(44, "", Accepted{d.offer("2")}, AgentOut{"a"})
	if v, _ := d.s.AgentNow("a"); v.State != StateTalking || v.Call != "2" {
		t.Errorf("a is %+v", v)
	}
	d.want(50, "2 answered", Ended{Call: "2"})
	if _, ok := d.s.AgentNow("a"); ok {
		t.Error("a is still here")
	}
	d.sign(51, speaker("c", "en"))
	d.want(52, "3 to c", CallIn{"3", en})
	d.want(53, "", Accepted{d.offer("3")}, Pause{"c", "x"}, Ready{"c"}, AgentOut{"c"}, AgentIn{speaker("c", "en")})
	d.want(54, "3 answered", Ended{Call: "3"})
	d.want(55, "", Pause{"c", "y"}, AgentOut{"c"})
}

func TestOverflow(t *testing.T) {
	d := newFloor(t, Config{Ring: 10 * time.Second})
	n := en
	n.Overflow = 30 * time.Second
	d.want(0, "", CallIn{"1", n}, CallIn{"2", n})
	d.want(25, "1 to a", AgentIn{speaker("a", "en")}, Ready{"a"}) // an offer that stands is not torn away
	d.want(30, "2 overflowed", Tick{})
	d.want(35, "1 from a missed, 1 overflowed", Tick{})
}

func TestRequeueKeepsThePlaceOfTheFirstArrival(t *testing.T) {
	d := newFloor(t, Config{WrapUp: time.Minute})
	d.sign(0, speaker("a", "en"))
	d.want(10, "1 to a", CallIn{"1", en})
	d.at(11, Accepted{d.offer("1")}, CallIn{"2", es})
	d.want(12, "", Requeue{Call: "1", Needs: &es})
	d.want(13, "1 to b", AgentIn{speaker("b", "es")}, Ready{"b"})
	d.want(14, ErrState.Error()[5:], Requeue{Call: "1"})
	late := es
	late.Overflow = time.Second
	d.at(15, Accepted{d.offer("1")})
	d.want(16, "1 overflowed", Requeue{Call: "1", Needs: &late})
}

func TestTheBestSetIsServedWhenManyComeFreeAtOnce(t *testing.T) {
	// At nine the group opens. The older call has its pick, but not the agent that alone can take the other.
	d := newFloor(t, Config{Groups: []Group{{ID: "day", Zone: "UTC", Hours: []Hours{{From: 15*60 + 1, To: 16 * 60}}}}})
	g := []GroupID{"day"}
	d.sign(0, in(g, speaker("both", "en es")), in(g, speaker("other", "en ht")))
	d.want(10, "", CallIn{"1", en}, CallIn{"2", es})
	d.want(60, "1 to other, 2 to both", Tick{})
	if at, ok := d.s.Next(); !ok || at.Hour() != 15 {
		t.Errorf("next is %v", at)
	}
}

func TestRefusals(t *testing.T) {
	d := newFloor(t, Config{})
	d.at(0, CallIn{"1", en}, AgentIn{speaker("a", "ht")})
	d.at(0, AgentIn{speaker("busy", "zz")}, Ready{"busy"}, CallIn{"talk", Needs{Practice: "p", Language: "zz"}})
	d.at(0, Accepted{d.offer("talk")})
	if _, ok := d.s.CallNow("x"); ok {
		t.Error("there is a call x")
	}
	long := string(make([]byte, 300))
	for name, c := range map[string]struct {
		e    Event
		want error
	}{
		"no such agent out":      {AgentOut{"x"}, ErrUnknown},
		"no such agent ready":    {Ready{"x"}, ErrUnknown},
		"no such agent pause":    {Pause{"x", ""}, ErrUnknown},
		"no such agent wrap-up":  {WrapUpDone{"x"}, ErrUnknown},
		"not in wrap-up":         {WrapUpDone{"a"}, ErrState},
		"agent without id":       {AgentIn{}, ErrInvalid},
		"agent's id too long":    {AgentIn{Agent{ID: AgentID(long)}}, ErrInvalid},
		"unnamed language":       {AgentIn{Agent{ID: "a", Languages: map[Language]Level{"": Some}}}, ErrInvalid},
		"level beyond native":    {AgentIn{Agent{ID: "a", Skills: map[Skill]Level{"x": 9}}}, ErrInvalid},
		"call without id":        {CallIn{"", en}, ErrInvalid},
		"call twice":             {CallIn{"1", en}, ErrTwice},
		"call without practice":  {CallIn{"2", Needs{}}, ErrInvalid},
		"practice too long":      {CallIn{"2", Needs{Practice: PracticeID(long)}}, ErrInvalid},
		"needs beyond native":    {CallIn{"2", Needs{Practice: "p", Level: 9}}, ErrInvalid},
		"unnamed skill":          {CallIn{"2", Needs{Practice: "p", Skills: []SkillNeed{{}}}}, ErrInvalid},
		"priority beyond a day":  {CallIn{"2", Needs{Practice: "p", Priority: 25 * time.Hour}}, ErrInvalid},
		"negative overflow":      {CallIn{"2", Needs{Practice: "p", Overflow: -1}}, ErrInvalid},
		"relax at once":          {CallIn{"2", Needs{Practice: "p", Relax: []Relax{{}}}}, ErrInvalid},
		"relax out of order":     {CallIn{"2", Needs{Practice: "p", Relax: []Relax{{After: 2}, {After: 1}}}}, ErrInvalid},
		"relax beyond native":    {CallIn{"2", Needs{Practice: "p", Relax: []Relax{{After: 2, Level: 9}}}}, ErrInvalid},
		"too many relax":         {CallIn{"2", Needs{Practice: "p", Relax: make([]Relax, 17)}}, ErrInvalid},
		"return without id":      {Return{"", en, t0}, ErrInvalid},
		"return twice":           {Return{"1", en, t0}, ErrTwice},
		"return without needs":   {Return{"2", Needs{}, t0}, ErrInvalid},
		"return from 1900":       {Return{"2", en, time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}, ErrInvalid},
		"no such call gone":      {CallGone{"x"}, ErrUnknown},
		"no such call revised":   {Revise{"x", en}, ErrUnknown},
		"revised to nothing":     {Revise{"1", Needs{}}, ErrInvalid},
		"no such call requeued":  {Requeue{Call: "x"}, ErrUnknown},
		"requeued to nothing":    {Requeue{Call: "talk", Needs: &Needs{}}, ErrInvalid},
		"no such call ended":     {Ended{Call: "x"}, ErrUnknown},
		"a waiting call ended":   {Ended{Call: "1"}, ErrState},
		"no such offer ringing":  {Ringing{OfferID{1, 9}}, ErrStale},
		"no such offer rejected": {Rejected{OfferID{1, 9}}, ErrStale},
		"nothing":                {nil, ErrInvalid},
	} {
		cs, err := Apply(d.s, c.e, t0.Add(time.Second))
		if !errors.Is(err, c.want) || len(cs) > 0 {
			t.Errorf("%s: %v, %v; want %v", name, cs, err, c.want)
		}
	}
	if _, err := Apply(d.s, Tick{}, time.Time{}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	for name, cfg := range map[string]Config{
		"negative ring":    {Ring: -1},
		"wrap-up of years": {WrapUp: 1 << 62},
		"negative misses":  {Misses: -1},
		"unknown zone":     {Groups: []Group{{ID: "g", Zone: "Mars/Olympus"}}},
		"group twice":      {Groups: []Group{{ID: "g"}, {ID: "g"}}},
		"minute 1441":      {Groups: []Group{{ID: "g", Hours: []Hours{{From: 0, To: 1441}}}}},
		"an eighth day":    {Groups: []Group{{ID: "g", Hours: []Hours{{Days: []time.Weekday{7}}}}}},
	} {
		if _, err := New(cfg, 1); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.want(-100, "", Tick{}) // a clock that goes back is held
}
