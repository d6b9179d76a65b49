package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lamplight/telephony/asterisk"
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

// TestAToneIsHeard tells tones from silence, from each other and from all that a caller hears without an agent.
func TestAToneIsHeard(t *testing.T) {
	tones := make([]float64, mostAgents)
	for n := range tones {
		tones[n] = agentsTone(n)
	}
	none := func(what string, sound []byte) {
		t.Helper()
		ear := earFor{tones: append(slices.Clone(tones), callersTone)}
		if got := ear.hears(sound); len(got) > 0 {
			t.Errorf("%s is heard as %v", what, got)
		}
	}
	none("silence", make([]byte, 16000))
	_, words, err := (&demo{cmd: &demoCmd{}}).words("en")
	if err != nil {
		t.Fatal(err)
	}
	none("speech", words)
	sounds := t.TempDir()
	if err := asterisk.WriteSounds(sounds); err != nil {
		t.Fatal(err)
	}
	heard := 0
	if err := filepath.WalkDir(sounds, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := os.ReadFile(path)
		none(path, speech.FromUlaw(file))
		heard++
		return err
	}); err != nil || heard <= 2*len(asterisk.Prompts) {
		t.Fatalf("%d sounds, %v", heard, err)
	}
	ear := earFor{tones: tones}
	got := ear.hears(speech.Tone(agentsTone(1), toneLength))
	if len(got) == 0 || got[0] != 1 {
		t.Errorf("the second tone is heard as %v", got)
	}
}
