package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lamplight/console"
	"lamplight/frontend/shared/catalog"
	"lamplight/telephony"
)

var (
	checkSaid = regexp.MustCompile(`c\.(?:good|open|bad)\("([a-z]+)", "([a-z-]+)"`)
	ofCarrier = regexp.MustCompile(`c\.(?:good|open|bad)\(name, "([a-z-]+)"`)
	ofPublic  = regexp.MustCompile(`unreached\{(?:code: )?"([a-z-]+)"|return "([a-z-]+)", [a-z"]`)
)

// TestTheDoctorHasWords: whatever a check says, it says in both languages, and a line of it tells how it stands.
func TestTheDoctorHasWords(t *testing.T) {
	read := func(file string) string {
		b, err := os.ReadFile("server/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	checks, public := read("checks.go"), read("publicurl.go")
	keys := []string{"supervisors.no-service-ladder", "supervisors.service-ladder-nobody"}
	for _, m := range checkSaid.FindAllStringSubmatch(checks, -1) {
		keys = append(keys, m[1], m[1]+"."+m[2])
	}
	for _, m := range ofCarrier.FindAllStringSubmatch(checks, -1) {
		for _, name := range []string{"text", "mail"} {
			keys = append(keys, name, name+"."+m[1])
		}
	}
	for _, m := range ofPublic.FindAllStringSubmatch(public, -1) {
		keys = append(keys, "public."+m[1]+m[2])
	}
	if len(keys) < 60 {
		t.Fatalf("found %d sentences only", len(keys))
	}
	slices.Sort(keys)
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Compact(keys) {
		for _, lang := range []telephony.Language{telephony.English, telephony.Spanish} {
			if _, ok := c.Find(lang, "portal.ready."+key, catalog.Vars{"count": "2"}); !ok {
				t.Errorf("%s has no words in %s", key, lang)
			}
		}
	}
	line := checkLine(console.TonightCheck{Name: "certificate", State: console.CheckBad, Say: "ends",
		Vars: map[string]string{"days": "3", "until": "2026-12-01"}}, "es")
	if !strings.HasPrefix(line, "RED Certificado") || !strings.Contains(line, "en 3 días") {
		t.Errorf("it says %q", line)
	}
}
