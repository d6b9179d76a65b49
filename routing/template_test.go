package routing

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lamplight/notes"
	"lamplight/telephony"
)

func documentOf(t *testing.T, a notes.Account) []byte {
	t.Helper()
	b, err := WritePractice(a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTemplatesAreWhole: what a template leaves open is a number and the people, each at its place; once those are written there is not
// a warning, in either language.
func TestTemplatesAreWhole(t *testing.T) {
	all := []PracticeTemplate{TemplateSolo, TemplateGroup, TemplatePediatrics, TemplateHospital, TemplateAfterHours}
	if len(templates) != len(all) {
		t.Errorf("%d templates, %d are looked at", len(templates), len(all))
	}
	open := regexp.MustCompile(`^account\.(lines\[0\]\.did|contacts\[\d\](\.name)?|script\.callTypes\[\d\])$`)
	for _, of := range all {
		a, ok := NewPractice(of, "north", "Northside", "America/Denver")
		if !ok {
			t.Fatal(of)
		}
		_, found := ReadPractice(documentOf(t, a), map[notes.PersonID]KnownPerson{}, checkedAt)
		if len(found.Refused()) < 2 {
			t.Errorf("%s: it invents somebody: %v", of, found)
		}
		for _, p := range found {
			if !open.MatchString(p.Field) {
				t.Errorf("%s: %s %s %v", of, p.Field, p.Code, p.Vars)
			}
		}
		if digits := regexp.MustCompile(`\+1\d|@`).FindString(string(documentOf(t, a))); digits != "" {
			t.Errorf("%s holds %q", of, digits)
		}
		a.Lines[0].DID = "+13035550100"
		for i := range a.Contacts {
			a.Contacts[i].Name, a.Contacts[i].Mobile = fmt.Sprint("Dr ", i), telephony.Number(fmt.Sprintf("+1303555011%d", i))
		}
		if _, found := ReadPractice(documentOf(t, a), map[notes.PersonID]KnownPerson{}, checkedAt); len(found) > 0 {
			t.Errorf("%s, filled in: %v", of, found)
		}
	}
	only, _ := NewPractice(TemplateGroup, "north", "Northside", "America/Denver", telephony.Spanish)
	only.AnswerPhrase = notes.Text{telephony.Spanish: "Northside, le atiende {{agent}}."}
	if !slices.Equal(only.Lines[0].Languages, only.Languages) || len(only.Languages) != 1 ||
		only.Contacts[0].Language != telephony.Spanish {
		t.Errorf("in Spanish alone: %v, %v, %v", only.Languages, only.Lines[0].Languages, only.Contacts[0].Language)
	}
	_, found := ReadPractice(documentOf(t, only), map[notes.PersonID]KnownPerson{}, checkedAt)
	for _, p := range found {
		if !open.MatchString(p.Field) {
			t.Errorf("in Spanish alone: %+v", p)
		}
	}
	if _, ok := NewPractice("dentist", "x", "X", "UTC"); ok {
		t.Error("a template that nobody wrote")
	}
}

// TestACloneHasNothingOfTheOthersOwn: no number, no chart, nothing that was changed for a time.
func TestACloneHasNothingOfTheOthersOwn(t *testing.T) {
	doc, found := ReadPractice(spoil(t, `"layers"`, `"leave": [{"who":"reyes","from":"2100-01-01","to":"2100-01-02"}], "layers"`), nil, checkedAt)
	if len(found.Refused()) > 0 {
		t.Fatal(found)
	}
	doc.Account.Chart = &notes.Chart{Endpoint: "https://fhir.example.org"}
	c := ClonePractice(doc.Account, "south", "Southside", "America/Chicago")
	text := string(documentOf(t, c))
	for _, own := range []string{doc.Account.Name, "fhir.example.org", "2100-01-01", doc.Account.Lines[0].DID.Reveal()} {
		if strings.Contains(text, own) {
			t.Errorf("it has %q", own)
		}
	}
	_, found = ReadPractice([]byte(text), nil, checkedAt)
	if left := slices.DeleteFunc(found.Refused(), func(p Problem) bool { return p.Field == "account.lines[0].did" }); len(left) > 0 {
		t.Errorf("%v", left)
	}
	if doc.Account.Lines[0].DID == "" || doc.Account.Name == c.Name {
		t.Error("the other was changed")
	}
}

// TestTheCalendarIsCarried: who was put on call for a time while a document was being written stays; the rest is the document's.
func TestTheCalendarIsCarried(t *testing.T) {
	got := CarryCalendar([]byte(`{"layers":[2],"overrides":[1],"holidays":{"calendars":[{"name":"us"}],"own":[1]}}`),
		[]byte(`{"layers":[1],"leave":[3],"holidays":{"own":[4],"calendars":[]}}`))
	var v map[string]any
	if err := json.Unmarshal(got, &v); err != nil {
		t.Fatal(err)
	}
	if want := `map[holidays:map[calendars:[map[name:us]] own:[4]] layers:[2] leave:[3]]`; fmt.Sprint(v) != want {
		t.Errorf("%v\nwant\n%s", v, want)
	}
	for _, odd := range []string{"", "null", "[1]", `{"holidays":null}`, `{"holidays":7}`} {
		if got := CarryCalendar([]byte(odd), []byte(`{"leave":[3]}`)); len(odd) > 5 && !json.Valid(got) {
			t.Errorf("%s became %s", odd, got)
		}
	}
}
