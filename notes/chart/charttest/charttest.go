// Package charttest is a practice's chart for tests: a real FHIR R4 server, @medplum/fhir-router from npm, in memory and on loopback,
// which validates what is written, with a SMART token endpoint.
//
// It promises that it has ended when the test has. It leaves to others: what is asked of it.
package charttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Start starts one to which the keys of jwks sign in, and answers its FHIR base. oddities say how it is not as the standard has it
// (testdata/peer.mjs); seeds are resources that are there from the beginning.
func Start(t testing.TB, jwks []byte, oddities string, seeds ...json.RawMessage) (base string) {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	testdata := filepath.Join(filepath.Dir(here), "testdata")
	installed := filepath.Join(testdata, "../../../../.cache/fhir-peer")
	if _, err := os.Stat(filepath.Join(installed, "node_modules/@medplum/fhir-router")); err != nil {
		t.Fatal("the FHIR server for tests is not there: make .cache/done/fhir-peer")
	}
	given, err := json.Marshal(map[string]any{"jwks": json.RawMessage(jwks), "odd": strings.Split(oddities, ","), "seeds": seeds})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "chart.json")
	if err := os.WriteFile(file, given, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join(testdata, "peer.mjs"), file)
	cmd.Env = append(os.Environ(), "PEER_DIR="+installed)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends with it
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // "signal: killed"
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		t.Fatalf("the FHIR server did not start: %v, %q, %.2000s", err, line, said.String())
	}
	return address + "/fhir/R4"
}
