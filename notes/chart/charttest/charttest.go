// Package charttest is a practice's chart for tests: a real FHIR R4 server, @medplum/fhir-router from npm, in memory and on loopback,
// which validates what is written, with a SMART token endpoint.
//
// It promises that it has ended when the test has. It leaves to others: what is asked of it.
package charttest

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/peer.mjs
var peer []byte

// Start starts one to which the keys of jwks sign in, and answers its FHIR base. oddities say how it is not as the standard has it
// (testdata/peer.mjs); seeds are resources that are there from the beginning.
func Start(t testing.TB, jwks []byte, oddities string, seeds ...json.RawMessage) (base string) {
	t.Helper()
	installed := filepath.Join(checkout(t), ".cache/fhir-peer")
	if _, err := os.Stat(filepath.Join(installed, "node_modules/@medplum/fhir-router")); err != nil {
		t.Fatal("the FHIR server for tests is not there: make .cache/done/fhir-peer")
	}
	given, err := json.Marshal(map[string]any{"jwks": json.RawMessage(jwks), "odd": strings.Split(oddities, ","), "seeds": seeds})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, file := filepath.Join(dir, "peer.mjs"), filepath.Join(dir, "chart.json")
	if err := os.WriteFile(program, peer, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, given, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", program, file)
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

// checkout is where the project is: a test runs in its package's directory, somewhere below.
func checkout(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("this test does not run in the project's checkout: ", err)
	return ""
}
