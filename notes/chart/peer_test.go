package chart

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lamplight/notes"
)

// A peer is a real FHIR R4 server, which validates what is written, with a SMART token endpoint.
type peer struct {
	base string // "http://127.0.0.1:1234/fhir/R4"
	t    testing.TB
	key  Key // whose token may do everything
	with *Client
}

// startPeer starts one that knows key. oddities say how it is not as the standard has it (peer.mjs).
func startPeer(t testing.TB, key Key, oddities string) *peer {
	t.Helper()
	dir, err := filepath.Abs("../../.cache/fhir-peer")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules/@medplum/fhir-router")); err != nil {
		t.Fatal("the FHIR server for tests is not there: make .cache/done/fhir-peer")
	}
	seeder, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	set, err := JWKS([]Key{key, seeder})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/peer/peer.mjs", file, oddities)
	cmd.Env = append(os.Environ(), "PEER_DIR="+dir)
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
	t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		t.Fatalf("the peer did not start: %v, %q, %.2000s", err, line, said.String())
	}
	p := &peer{base: address + "/fhir/R4", t: t, key: seeder}
	if p.with, err = NewClient(ClientConfig{Chart: notes.Chart{Endpoint: p.base, Dialect: notes.ChartGeneric, Client: "seed"},
		Key: seeder}); err != nil {
		t.Fatal(err)
	}
	p.with.dialect.scopes = []string{"system/*.*"}
	return p
}

// add stores a resource and answers its id.
func (p *peer) add(kind, text string) string {
	p.t.Helper()
	a, err := p.with.do(p.t.Context(), http.MethodPost, p.with.at(kind, nil), []byte(text), nil)
	if err != nil {
		p.t.Fatalf("add a %s: %v", kind, err)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(a.body, &made); err != nil {
		p.t.Fatal(err)
	}
	return made.ID
}

// patient stores one.
func (p *peer) patient(given, family, birth, phone string, more ...string) string {
	p.t.Helper()
	return p.add("Patient", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":%q,"given":[%q]}],"birthDate":%q,`+
		`"telecom":[{"system":"phone","value":%q}]%s}`, family, given, birth, phone, strings.Join(more, "")))
}

// documents are all that the peer has of a patient, the oldest first.
func (p *peer) documents(subject string) (out []DocumentReference) {
	p.t.Helper()
	_, err := p.with.search(p.t.Context(), "DocumentReference", url.Values{"patient": {strings.TrimPrefix(subject, "Patient/")}}, 1000,
		func(raw json.RawMessage) error {
			var d DocumentReference
			if err := json.Unmarshal(raw, &d); err != nil {
				return err
			}
			out = append(out, d)
			return nil
		})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// text is a document's text.
func (p *peer) text(d DocumentReference) string {
	p.t.Helper()
	for _, c := range d.Content {
		if mime(c.Attachment) == "text/plain" {
			b, err := p.with.bytesOf(p.t.Context(), c.Attachment)
			if err != nil {
				p.t.Fatal(err)
			}
			return string(b)
		}
	}
	return ""
}

// client is one of a practice's, for a chart of that dialect.
func (p *peer) client(key Key, dialect string) *Client {
	p.t.Helper()
	c, err := NewClient(ClientConfig{Chart: notes.Chart{Endpoint: p.base, Dialect: dialect, Client: "lamplight",
		PatientSystem: "urn:oid:1.2.3", PatientField: "mrn"}, Key: key})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func newKey(t testing.TB) Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
