package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The service's settings are checked before they are stored; a mistake is told with its place, and the demo's are whole.
func TestServiceSettingsAreChecked(t *testing.T) {
	var out, problems bytes.Buffer
	if err := (&serviceCheckCmd{File: "../lamplight-demo/service.json"}).run(&out, &problems); err != nil || problems.Len() > 0 {
		t.Errorf("the demo's: %v\n%s", err, &problems)
	}
	bad := filepath.Join(t.TempDir(), "service.json")
	text := `{"contacts":[],
		"ladder":{"rungs":[{"after":"0s","who":"contact:sam","channels":["text"]}]}}`
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := (&serviceCheckCmd{File: bad}).run(&out, &problems)
	if err == nil || !strings.Contains(problems.String(), bad+":2: ladder.rungs[0].who") {
		t.Errorf("%v\n%s", err, &problems)
	}
}
