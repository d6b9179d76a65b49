package acd

import (
	"testing"
	"time"
)

func TestReviseMovesTheOfferToWhoFits(t *testing.T) {
	s, err := New(Config{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	step := func(e Event) []Command {
		t.Helper()
		cs, err := Apply(s, e, now)
		if err != nil {
			t.Fatal(err)
		}
		return append([]Command(nil), cs...)
	}
	for _, a := range []Agent{
		{ID: "en", Languages: map[Language]Level{"en": Native}},
		{ID: "es", Languages: map[Language]Level{"es": Native}},
	} {
		step(AgentIn{a})
		step(Ready{a.ID})
	}
	if cs := step(CallIn{"c", Needs{Practice: "p", Language: "en"}}); len(cs) != 1 || cs[0].Offer.Agent != "en" {
		t.Fatalf("the first offer: %+v", cs)
	}
	if cs := step(Revise{"c", Needs{Practice: "p", Language: "en", Priority: time.Minute}}); len(cs) != 0 {
		t.Fatalf("a change that the agent fits moved something: %+v", cs)
	}
	cs := step(Revise{"c", Needs{Practice: "p", Language: "es"}})
	if len(cs) != 2 || cs[0].Do != DoWithdraw || cs[0].Why != WhyNeeds || cs[1].Do != DoOffer || cs[1].Offer.Agent != "es" {
		t.Fatalf("after the change of language: %+v", cs)
	}
	if v, _ := s.AgentNow("en"); v.State != StateReady {
		t.Errorf("the first agent is %v", v.State)
	}
	step(Return{"older", Needs{Practice: "p", Language: "es"}, now.Add(-time.Minute)})
	step(CallIn{"newer", Needs{Practice: "p", Language: "es"}})
	step(Accepted{cs[1].Offer.ID})
	step(Ended{Call: "c"})
	if cs := step(WrapUpDone{"es"}); len(cs) == 0 || cs[len(cs)-1].Offer.Call != "older" {
		t.Errorf("the older call is not first: %+v", cs)
	}
}
