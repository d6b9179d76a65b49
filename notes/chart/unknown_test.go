package chart

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzNothingUnknownIsLost: whatever a chart's resource holds is still there after it was read, changed and written.
func FuzzNothingUnknownIsLost(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"DocumentReference","id":"a","status":"current","_status":{"extension":[{"url":"u","valueDecimal":1.50}]},` +
			`"contained":[{"resourceType":"Practitioner","id":"p"}],"content":[{"attachment":{"data":"aG9sYQ==","hash":"x","size":4}}]}`,
		`{"status":"","identifier":[],"category":null,"relatesTo":[{"code":"replaces","target":{"identifier":{"value":"1"}}}]}`,
		`{"STATUS":"x","type":{"coding":[{"userSelected":true,"code":"34748-4"}],"text":"ñ"},"context":{"period":{"start":"2026"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d DocumentReference
		if json.Unmarshal(b, &d) != nil {
			return
		}
		same(t, b, d, nil)
		d.Status = "superseded"
		same(t, b, d, map[string]any{"status": "superseded"})
	})
}

// same fails unless d is written as b was, but for what was changed.
func same(t *testing.T, b []byte, d DocumentReference, changed map[string]any) {
	t.Helper()
	var was, is map[string]any
	if err := json.Unmarshal(b, &was); err != nil {
		t.Fatal(err)
	}
	for k, v := range changed {
		was[k] = v
	}
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &is); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(was, is) {
		t.Fatalf("read  %s\nwrote %s", b, out)
	}
}

// TestADeepChangeKeepsItsNeighbours: changing a field of a part writes the part anew, with what else stood in it.
func TestADeepChangeKeepsItsNeighbours(t *testing.T) {
	var d DocumentReference
	if err := json.Unmarshal([]byte(`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain",`+
		`"size":12345678901234567890,"_title":{"id":"t"}},"extension":[{"url":"u"}]}]}`), &d); err != nil {
		t.Fatal(err)
	}
	d.Content[0].Attachment.Title = "ñ < &"
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"content":[{"attachment":{"_title":{"id":"t"},"contentType":"text/plain","size":12345678901234567890,"title":"ñ \u003c \u0026"},` +
		`"extension":[{"url":"u"}]}],"resourceType":"DocumentReference"}`
	if string(out) != want {
		t.Errorf("wrote %s\nwant  %s", out, want)
	}
}
