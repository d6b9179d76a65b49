package main

import (
	"os"
	"testing"

	"lamplight/telephony/phone/speech"
)

// TestACampaign is a small one, so that the campaign itself stays alive: `make campaign` is the real one.
func TestACampaign(t *testing.T) {
	t.Parallel() // it mostly waits
	k := campaignCmd{Calls: 6, Faults: 3, Seed: 3, Agents: 2, Pace: 0.2, Kinds: []faultKind{serverKilled, deskFrozen, carrierLies},
		Server: os.Args[0], env: []string{"LAMPLIGHT_TEST_SERVER=1"}}
	if err := k.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestACourseIsItsSeeds: the same seed makes the same course.
func TestACourseIsItsSeeds(t *testing.T) {
	kinds := []faultKind{serverKilled, diskFull}
	one, same, other := newCourse(1, 50, 20, 3, kinds, 1), newCourse(1, 50, 20, 3, kinds, 1), newCourse(2, 50, 20, 3, kinds, 1)
	for i := range one.Faults {
		if *one.Faults[i] != *same.Faults[i] {
			t.Fatalf("fault %d differs: %v, %v", i, one.Faults[i], same.Faults[i])
		}
	}
	if *one.Faults[0] == *other.Faults[0] && *one.Faults[1] == *other.Faults[1] {
		t.Error("another seed makes the same course")
	}
}

// TestAToneIsHeard tells tones from silence, from each other and from speech.
func TestAToneIsHeard(t *testing.T) {
	tones := []float64{agentsTone(0), agentsTone(1)}
	ear := earFor{tones: tones}
	if got := ear.hears(make([]byte, 16000)); len(got) > 0 {
		t.Errorf("silence is heard as %v", got)
	}
	_, words, err := (&demo{cmd: &demoCmd{}}).words("en")
	if err != nil {
		t.Fatal(err)
	}
	if got := ear.hears(words); len(got) > 0 {
		t.Errorf("speech is heard as %v", got)
	}
	got := ear.hears(speech.Tone(agentsTone(1), toneLength))
	if len(got) == 0 || got[0] != 1 {
		t.Errorf("the second tone is heard as %v", got)
	}
}
