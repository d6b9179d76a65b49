package chart

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lamplight/notes"
)

var taken = time.Date(2026, 11, 27, 8, 14, 0, 0, time.UTC)

func document(subject, addOn, replaces, words string) Document {
	return Document{Note: "0199c0de-0000-7000-8000-000000000001", AddOn: addOn, Subject: subject, Replaces: replaces, Begun: taken,
		At: taken.Add(time.Hour), Page: Rendering{Title: "Mensaje L-4821", Language: "es", Lines: []RenderedLine{{"", "Lo que dijo"},
			{"Motivo", words + "\nsegunda línea"}, {"Emoji", "😀 שלום"}}}}
}

// TestANoteInARealChart: who the patient is, the document written, a repeat, the correction that supersedes it, on a server that
// validates; with both kinds of keys.
func TestANoteInARealChart(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := ReadKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	p := startPeer(t, rs, "")
	c, ctx := p.client(rs, notes.ChartGeneric), t.Context()
	if err := c.Ready(ctx); err != nil {
		t.Fatalf("RS384: %v", err)
	}
	maria := p.patient("María Guadalupe", "García López", "1961-04-02", "(312) 555-0142")
	p.patient("Otra", "García", "1961-04-02", "(312) 555-0142")
	who := Who{Name: "Maria Garcia", Birth: "1961-04-02", Phones: []string{"+13125550142"}}
	subject, err := c.Match(ctx, who)
	if err != nil || subject != "Patient/"+maria {
		t.Fatalf("matched %q, %v; want %q", subject, err, maria)
	}
	first := document(subject, "a1", "", "Presión detrás del esternón")
	ref, err := c.Write(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.client(rs, notes.ChartGeneric).Write(ctx, first) // another server, which knows nothing
	if err != nil || again != ref {
		t.Fatalf("a repeat made %q, %v; want %q", again, err, ref)
	}
	// Whoever looked after it in the chart has added something we know nothing of.
	var kept DocumentReference
	if err := c.read(ctx, ref, &kept); err != nil {
		t.Fatal(err)
	}
	kept.was["extension"] = json.RawMessage(`[{"url":"urn:theirs","valueString":"keep me"}]`)
	text, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.with.do(ctx, http.MethodPut, p.with.at(ref, nil), text, nil); err != nil {
		t.Fatal(err)
	}
	second, err := c.Write(ctx, document(subject, "a2", ref, "Corregido"))
	if err != nil {
		t.Fatal(err)
	}
	docs := p.documents(subject)
	if len(docs) != 2 {
		t.Fatalf("%d documents in the chart", len(docs))
	}
	byID := map[string]DocumentReference{}
	for _, d := range docs {
		byID["DocumentReference/"+d.ID] = d
	}
	old, is := byID[ref], byID[second]
	if old.Status != "superseded" || is.Status != "current" || len(is.RelatesTo) != 1 || is.RelatesTo[0].Code != "replaces" ||
		is.RelatesTo[0].Target.Reference != ref {
		t.Errorf("the old one is %q, the new one %q relates to %+v", old.Status, is.Status, is.RelatesTo)
	}
	if !bytes.Contains(old.was["extension"], []byte("keep me")) {
		t.Errorf("superseding lost what the chart's own people had added: %s", old.was["extension"])
	}
	if !strings.Contains(p.text(old), "Presión detrás del esternón") || !strings.Contains(p.text(is), "😀 שלום") {
		t.Errorf("the texts are\n%s\n%s", p.text(old), p.text(is))
	}
	pdf, err := c.bytesOf(ctx, is.Content[0].Attachment)
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("the PDF is %.20q, %v", pdf, err)
	}
}

// TestWhoIsNeverGuessed: whatever is not exactly one patient is for a person to say.
func TestWhoIsNeverGuessed(t *testing.T) {
	key := newKey(t)
	p := startPeer(t, key, "")
	c, ctx := p.client(key, notes.ChartGeneric), t.Context()
	ana := p.patient("Ana", "Núñez", "1990-01-01", "+1 312 555 0111", `,"identifier":[{"system":"urn:oid:1.2.3","value":"77"}]`)
	p.patient("Luis", "Ortega", "1970-05-05", "312-555-0122")
	p.patient("Luis", "Ortega", "1970-05-05", "312-555-0122") // the same one twice, or his namesake
	p.patient("Eva", "Gone", "1980-01-01", "312-555-0133", `,"active":false`)
	p.patient("Rosa", "Merged", "1980-01-01", "312-555-0133", `,"link":[{"type":"replaced-by","other":{"reference":"Patient/`+ana+`"}}]`)
	phone := []string{"+13125550111"}
	for name, x := range map[string]struct {
		who  Who
		want string
	}{
		"name, date, number": {Who{Name: "ana nunez", Birth: "1990-01-01", Phones: phone}, "Patient/" + ana},
		"practice's number":  {Who{Name: "whoever", Number: "77"}, "Patient/" + ana},
		"a misheard number":  {Who{Name: "Ana Núñez", Birth: "1990-01-02", Number: "77"}, ""},
		"an unknown number":  {Who{Name: "Ana Núñez", Birth: "1990-01-01", Phones: phone, Number: "78"}, ""},
		"another's phone":    {Who{Name: "Ana Núñez", Birth: "1990-01-01", Phones: []string{"+13125550112"}}, ""},
		"another birth date": {Who{Name: "Ana Núñez", Birth: "1990-01-02", Phones: phone}, ""},
		"no birth date":      {Who{Name: "Ana Núñez", Phones: phone}, ""},
		"the first name":     {Who{Name: "Ana", Birth: "1990-01-01", Phones: phone}, ""},
		"another name":       {Who{Name: "Ana Lucía Núñez", Birth: "1990-01-01", Phones: phone}, ""},
		"two of one name":    {Who{Name: "Luis Ortega", Birth: "1970-05-05", Phones: []string{"+13125550122"}}, ""},
		"a closed record":    {Who{Name: "Eva Gone", Birth: "1980-01-01", Phones: []string{"+13125550133"}}, ""},
		"a merged record":    {Who{Name: "Rosa Merged", Birth: "1980-01-01", Phones: []string{"+13125550133"}}, ""},
	} {
		got, err := c.Match(ctx, x.who)
		if got != x.want || (x.want == "") != errors.Is(err, ErrWhich) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, x.want)
		}
	}
	choices, err := c.Choices(ctx, Who{Name: "Luis Ortega", Birth: "1970-05-05", Phones: []string{"+13125550122"}, Number: "77"})
	if err != nil || len(choices) != 3 || len(choices[0].Fits) != 3 || choices[2].Number != "77" {
		t.Errorf("the choices are %+v, %v", choices, err)
	}
}

// TestOtherDialects: charts that do not create conditionally, and one that takes one form with an encounter and finds documents by
// their patient alone, have no document twice either.
func TestOtherDialects(t *testing.T) {
	for dialect, oddity := range map[string]string{notes.ChartGeneric: "bare", notes.ChartEpic: "epic", notes.ChartOracle: "epic"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			key := newKey(t)
			p := startPeer(t, key, oddity)
			c, ctx := p.client(key, dialect), t.Context()
			if err := c.Ready(ctx); err != nil {
				t.Fatal(err)
			}
			id := p.patient("Ana", "Núñez Ruiz", "1990-01-01", "+1 312 555 0111")
			subject, err := c.Match(ctx, Who{Name: "Ana Núñez Ruiz", Birth: "1990-01-01", Phones: []string{"+13125550111"}})
			if err != nil || subject != "Patient/"+id {
				t.Fatalf("matched %q, %v", subject, err)
			}
			if oddity == "epic" {
				if _, err := c.Write(ctx, document(subject, "a1", "", "x")); !is(err, NoEncounter) {
					t.Fatalf("without an encounter: %v", err)
				}
				p.add("Encounter", `{"resourceType":"Encounter","status":"in-progress","class":{"code":"VR"},"subject":{"reference":"`+
					subject+`"},"period":{"start":"2026-11-27T08:00:00Z"}}`)
			}
			ref, err := c.Write(ctx, document(subject, "a1", "", "x"))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := c.Write(ctx, document(subject, "a1", "", "x")); err != nil || again != ref {
				t.Fatalf("a repeat made %q, %v", again, err)
			}
			if _, err := c.Write(ctx, document(subject, "a2", ref, "y")); err != nil {
				t.Fatal(err)
			}
			var forms []string
			docs := p.documents(subject)
			for _, d := range docs {
				for _, x := range d.Content {
					forms = append(forms, x.Attachment.ContentType)
				}
			}
			if len(docs) != 2 || !slices.Equal(forms, append(slices.Clone(c.dialect.forms), c.dialect.forms...)) {
				t.Errorf("%d documents in %q", len(docs), forms)
			}
		})
	}
}
