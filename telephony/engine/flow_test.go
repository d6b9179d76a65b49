package engine

import (
	"lamplight/telephony"
	"slices"
	"testing"
	"time"
)

var fixedTime = time.Unix(1_764_000_000, 0)

func TestTheFlowIsWhole(t *testing.T) {
	known := map[act]bool{}
	for a := range acts {
		known[a] = true
	}
	reached := map[phase]bool{identifying: true, placing: true}
	for p, signals := range flow {
		if _, ok := shown[p]; !ok {
			t.Errorf("%s is shown as no state", p)
		}
		for s, st := range signals {
			reached[st.to] = true
			if _, ok := flow[st.to]; !ok {
				t.Errorf("%s, %s: leads to %q, which is no phase", p, s, st.to)
			}
			for _, a := range st.do {
				if !known[a] {
					t.Errorf("%s, %s: nobody knows how to %q", p, s, a)
				}
			}
			if st.to == closed && st.outcome == "" {
				t.Errorf("%s, %s: ends without an outcome", p, s)
			}
			if st.to != closed && st.outcome != "" {
				t.Errorf("%s, %s: an outcome but no end", p, s)
			}
			if st.to == closed && st.note == "" && st.outcome != telephony.Refused {
				t.Errorf("%s, %s: ends without a line in the story", p, s)
			}
		}
	}
	for p := range flow {
		if !reached[p] {
			t.Errorf("nothing leads to %s", p)
		}
	}
}

func TestEveryPhaseEndsWhenTheCallerGoes(t *testing.T) {
	for p, signals := range flow {
		if p == closed || p == leaving || p == spilled { // the caller has gone there already
			continue
		}
		st, ok := signals[nearGone]
		if !ok || st.to != closed && st.to != leaving {
			t.Errorf("in %s a caller who hangs up leads to %q", p, st.to)
		}
		if lost, ok := signals[nearLost]; ok && slices.Contains(lost.do, dropFar) {
			t.Errorf("in %s the fail-safe's talkers are hung up", p)
		}
	}
}

// Who may end any call can end it wherever it stands, once it is known whose it is.
func TestASupervisorEndsEveryPhase(t *testing.T) {
	for p, signals := range flow {
		switch p {
		case identifying, leaving, spilled, apologizing, closed:
			continue
		}
		if st := signals[endAsked]; st.to != closed || !slices.Contains(st.do, wipe) {
			t.Errorf("in %s it leads to %q and does %v", p, st.to, st.do)
		}
	}
}

func TestIDsLeadBackToTheirCall(t *testing.T) {
	c := telephony.CallOf("lamplight-1764000000.12")
	if c != telephony.CallOf("lamplight-1764000000.12") || c == telephony.CallOf("lamplight-1764000000.1") || len(c) != 36 {
		t.Errorf("CallOf gives %s", c)
	}
	if got := callOfBridge(bridgeOf(c)); got != c {
		t.Errorf("from the bridge: %s", got)
	}
	if got := callOfRecording(telephony.RecordingID(marked(c, 'r', fixedTime))); got != c {
		t.Errorf("from the recording: %s", got)
	}
	for _, other := range []telephony.RecordingID{"", "vm/1764000000-13125550142-1764000000.12", "short",
		telephony.RecordingID(marked(c, 'a', fixedTime))} {
		if got := callOfRecording(other); got != "" {
			t.Errorf("%q leads to call %q", other, got)
		}
	}
}
