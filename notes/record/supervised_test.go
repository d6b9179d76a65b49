package record_test

import (
	"testing"
	"time"

	"lamplight/telephony"
)

// Of a call that has not ended it is told how a supervisor was in on it last, and of one whom the supervisor left that nobody is.
func TestLiveTellsWhoIsInOnACall(t *testing.T) {
	ctx, h := t.Context(), newFixture(t).furnish(t)
	c := h.record(t, aCall("call-1"), telephony.Arrived, telephony.Talking)
	h.record(t, aCall("call-2"), telephony.Arrived)
	at := time.Now().UTC().Truncate(time.Microsecond)
	none := telephony.Supervision{}
	for i, s := range []struct {
		step telephony.Step
		want telephony.Supervision
	}{
		{telephony.Step{Kind: telephony.StepSupervised, Agent: "boss", Detail: "monitor"}, telephony.Supervision{By: "boss", Mode: "monitor"}},
		{telephony.Step{Kind: telephony.StepSupervised, Agent: "boss", Detail: "barge"}, telephony.Supervision{By: "boss", Mode: "barge"}},
		{telephony.Step{Kind: telephony.StepUnsupervised, Agent: "boss", Detail: "stopped-listening"}, none},
		{telephony.Step{Kind: telephony.StepSupervised, Agent: "second", Detail: "whisper"}, telephony.Supervision{By: "second", Mode: "whisper"}},
	} {
		if s.step.At = at.Add(time.Duration(i) * time.Second); s.want != none {
			s.want.Since = s.step.At
		}
		c.State = telephony.Talking
		if err := h.store.Record(ctx, c, s.step); err != nil {
			t.Fatal(err)
		}
		live, err := h.store.Live(ctx)
		if err != nil || len(live) != 2 {
			t.Fatalf("live: %+v %v", live, err)
		}
		for _, l := range live {
			if want := map[telephony.CallID]telephony.Supervision{"call-1": s.want}[l.ID]; l.Supervision != want {
				t.Errorf("after %s %s call %s says %+v, not %+v", s.step.Kind, s.step.Detail, l.ID, l.Supervision, want)
			}
		}
	}
}
