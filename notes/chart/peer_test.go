package chart

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lamplight/notes"
	"lamplight/notes/chart/charttest"
)

// A peer is a real FHIR R4 server, which validates what is written, with a SMART token endpoint.
type peer struct {
	base string // "http://127.0.0.1:1234/fhir/R4"
	t    testing.TB
	with *Client // may do everything
}

// startPeer starts one that knows key. oddities say how it is not as the standard has it (charttest).
func startPeer(t testing.TB, key Key, oddities string) *peer {
	t.Helper()
	seeder, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	set, err := JWKS([]Key{key, seeder})
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{base: charttest.Start(t, set, oddities), t: t}
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
