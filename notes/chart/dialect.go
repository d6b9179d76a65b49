package chart

import (
	"net/url"
	"strings"

	"lamplight/notes"
)

// repeat is how a document that is there already is found, so that a repeat makes no second one.
type repeat int

const (
	repeatNever     repeat = iota // not at all: nothing is written there
	repeatCondition               // the server does it: If-None-Exist with our identifier
	repeatSearch                  // we look for our identifier before
	repeatBySubject               // its documents of that patient and day are looked through for our identifier
)

// A dialect is in what ways one kind of chart is not as the standard has it. What a server can do its CapabilityStatement says;
// here stands what that does not tell. Generic and Medplum were tried on a server; the others are written after their vendors'
// documentation and were tried on a server that was made to behave so.
type dialect struct {
	scopes    []string
	forms     []string // MIME types of one document's contents, in order
	one       bool     // a document has one content alone: forms[0]
	encounter bool     // a document needs the patient's encounter of that day
	replaces  bool     // relatesTo is taken
	// byName: patients are not found by their birth date alone; a family and a given name go with it.
	byName bool
	// bySubject: documents are not found by an identifier.
	bySubject bool
	// visits are the rights to read appointments and whom they are of; marks: and their status may be changed. Epic's and Oracle
	// Health's servers let nobody confirm an appointment, and what they let be cancelled was tried on neither: it stays in our book.
	visits []string
	marks  bool
}

const (
	formText = "text/plain; charset=utf-8"
	formPDF  = "application/pdf"
)

var (
	visitsV1 = []string{"system/Appointment.read", "system/Practitioner.read", "system/Location.read"}
	visitsV2 = []string{"system/Appointment.rus", "system/Practitioner.r", "system/Location.r"}
)

var dialects = map[string]dialect{
	notes.ChartGeneric: {forms: []string{formPDF, formText}, replaces: true, visits: visitsV2, marks: true,
		scopes: []string{"system/Patient.rs", "system/DocumentReference.crus"}},
	notes.ChartMedplum: {forms: []string{formPDF, formText}, replaces: true, visits: visitsV2, marks: true,
		scopes: []string{"system/Patient.rs", "system/DocumentReference.crus"}},
	// Epic takes one content, as plain text, with an encounter; it neither creates conditionally nor searches by identifier.
	notes.ChartEpic: {forms: []string{"text/plain"}, one: true, encounter: true, byName: true, bySubject: true, visits: visitsV1,
		scopes: []string{"system/Patient.read", "system/Encounter.read", "system/DocumentReference.read", "system/DocumentReference.write"}},
	// Oracle Health takes one content, as PDF, with an encounter.
	notes.ChartOracle: {forms: []string{formPDF}, one: true, encounter: true, byName: true, bySubject: true, visits: visitsV1,
		scopes: []string{"system/Patient.read", "system/Encounter.read", "system/DocumentReference.read", "system/DocumentReference.write"}},
}

func dialectOf(name string) (dialect, bool) {
	d, ok := dialects[name]
	return d, ok
}

// repeats is how this chart is kept from having a document twice.
func (c *Client) repeats(s *capability) repeat {
	switch {
	case s.conditional("DocumentReference") && !c.dialect.bySubject:
		return repeatCondition
	case s.searches("DocumentReference", "identifier") && !c.dialect.bySubject:
		return repeatSearch
	case s.searches("DocumentReference", "patient"):
		return repeatBySubject
	}
	return repeatNever
}

// searches are the questions that together find every patient who may be who: never so few that a namesake is missed.
func (d dialect) searches(who Who) []url.Values {
	fields := url.Values{"_elements": {"id,identifier,active,name,telecom,birthDate,link"}, "_count": {"50"}}
	if !d.byName {
		if who.Birth == "" {
			return nil
		}
		fields.Set("birthdate", who.Birth)
		return []url.Values{fields}
	}
	words := strings.Fields(who.Name)
	if who.Birth == "" || len(words) < 2 {
		return nil
	}
	// Where the given names end and the family's begin nobody knows: "Ana María López Ruiz".
	var out []url.Values
	for i := 1; i < min(len(words), 5); i++ {
		out = append(out, url.Values{"birthdate": {who.Birth}, "given": {words[0]}, "family": {strings.Join(words[i:], " ")}})
	}
	return out
}
