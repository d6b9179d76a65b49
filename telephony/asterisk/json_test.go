package asterisk_test

import (
	"encoding/json"
	"testing"
)

// recordingNames reads ARI's list of stored recordings.
func recordingNames(t *testing.T, list []byte) []string {
	t.Helper()
	var all []struct{ Name string }
	if err := json.Unmarshal(list, &all); err != nil {
		t.Fatalf("%v in %s", err, list)
	}
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}
