package chart

import (
	"encoding/json"
	"strings"
)

// The parts of FHIR R4 that we read and write. Each keeps what stands in it that we do not know.
type (
	// Reference points to another resource.
	Reference struct {
		Reference string `json:"reference"`
		Type      string `json:"type"`
		Display   string `json:"display"`
		Kept      `json:"-"`
	}
	// Identifier is a name of a resource in somebody's system.
	Identifier struct {
		Use    string `json:"use"`
		System string `json:"system"`
		Value  string `json:"value"`
		Kept   `json:"-"`
	}
	// Coding is a code of a system.
	Coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display"`
		Kept    `json:"-"`
	}
	// CodeableConcept is a thing as codes and as text.
	CodeableConcept struct {
		Coding []Coding `json:"coding"`
		Text   string   `json:"text"`
		Kept   `json:"-"`
	}
	// Meta is what a server says of a resource.
	Meta struct {
		VersionID   string `json:"versionId"`
		LastUpdated string `json:"lastUpdated"`
		Kept        `json:"-"`
	}
	// Attachment is a file; Data is base64 of it, or URL says where it is.
	Attachment struct {
		ContentType string `json:"contentType"`
		Language    string `json:"language"`
		Data        string `json:"data"`
		URL         string `json:"url"`
		Title       string `json:"title"`
		Creation    string `json:"creation"`
		Kept        `json:"-"`
	}
	// Content is one form of a document.
	Content struct {
		Attachment Attachment `json:"attachment"`
		Format     *Coding    `json:"format"`
		Kept       `json:"-"`
	}
	// Relation says how a document stands to another: "replaces".
	Relation struct {
		Code   string    `json:"code"`
		Target Reference `json:"target"`
		Kept   `json:"-"`
	}
	// Period is from when until when.
	Period struct {
		Start string `json:"start"`
		End   string `json:"end"`
		Kept  `json:"-"`
	}
	// DocumentContext is what a document was made in.
	DocumentContext struct {
		Encounter []Reference `json:"encounter"`
		Period    *Period     `json:"period"`
		Kept      `json:"-"`
	}
	// A DocumentReference is a document in a chart.
	DocumentReference struct {
		ResourceType     string            `json:"resourceType"`
		ID               string            `json:"id"`
		Meta             *Meta             `json:"meta"`
		MasterIdentifier *Identifier       `json:"masterIdentifier"`
		Identifier       []Identifier      `json:"identifier"`
		Status           string            `json:"status"`
		DocStatus        string            `json:"docStatus"`
		Type             *CodeableConcept  `json:"type"`
		Category         []CodeableConcept `json:"category"`
		Subject          *Reference        `json:"subject"`
		Date             string            `json:"date"`
		Author           []Reference       `json:"author"`
		Authenticator    *Reference        `json:"authenticator"`
		Custodian        *Reference        `json:"custodian"`
		RelatesTo        []Relation        `json:"relatesTo"`
		Description      string            `json:"description"`
		Content          []Content         `json:"content"`
		Context          *DocumentContext  `json:"context"`
		Kept             `json:"-"`
	}
	// HumanName is a name of a person.
	HumanName struct {
		Use    string   `json:"use"`
		Text   string   `json:"text"`
		Family string   `json:"family"`
		Given  []string `json:"given"`
		Kept   `json:"-"`
	}
	// ContactPoint is a number or an address.
	ContactPoint struct {
		System string `json:"system"`
		Value  string `json:"value"`
		Kept   `json:"-"`
	}
	// PatientLink says that a patient's record is or was another's.
	PatientLink struct {
		Other Reference `json:"other"`
		Type  string    `json:"type"`
		Kept  `json:"-"`
	}
	// Communication is a language of a patient's.
	Communication struct {
		Language  *CodeableConcept `json:"language"`
		Preferred bool             `json:"preferred"`
		Kept      `json:"-"`
	}
	// A Patient as a chart knows them.
	Patient struct {
		ResourceType string         `json:"resourceType"`
		ID           string         `json:"id"`
		Identifier   []Identifier   `json:"identifier"`
		Active       *bool          `json:"active"`
		Name         []HumanName    `json:"name"`
		Telecom      []ContactPoint `json:"telecom"`
		BirthDate    string         `json:"birthDate"`
		Link         []PatientLink  `json:"link"`
		// Communication are the languages the patient speaks.
		Communication []Communication `json:"communication"`
		Kept          `json:"-"`
	}
	// An Attendee is one of those whom an appointment is of: a patient, a practitioner, a place.
	Attendee struct {
		Actor  *Reference `json:"actor"`
		Status string     `json:"status"`
		Kept   `json:"-"`
	}
	// An Appointment is a visit as a chart knows it. Why somebody comes is not read: a reminder never says it.
	Appointment struct {
		ResourceType    string            `json:"resourceType"`
		ID              string            `json:"id"`
		Meta            *Meta             `json:"meta"`
		Status          string            `json:"status"`
		ServiceType     []CodeableConcept `json:"serviceType"`
		AppointmentType *CodeableConcept  `json:"appointmentType"`
		Start           string            `json:"start"`
		End             string            `json:"end"`
		MinutesDuration int               `json:"minutesDuration"`
		Participant     []Attendee        `json:"participant"`
		Kept            `json:"-"`
	}
	// BundleLink leads to the next page of a search.
	BundleLink struct {
		Relation string `json:"relation"`
		URL      string `json:"url"`
		Kept     `json:"-"`
	}
	// BundleSearch says whether an entry was found or only belongs to one that was.
	BundleSearch struct {
		Mode string `json:"mode"`
		Kept `json:"-"`
	}
	// BundleEntry is one resource of a bundle.
	BundleEntry struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
		Search   *BundleSearch   `json:"search"`
		Kept     `json:"-"`
	}
	// A Bundle is what a search found.
	Bundle struct {
		ResourceType string        `json:"resourceType"`
		Type         string        `json:"type"`
		Link         []BundleLink  `json:"link"`
		Entry        []BundleEntry `json:"entry"`
		Kept         `json:"-"`
	}
	// Issue is one thing that a server has to say.
	Issue struct {
		Severity    string           `json:"severity"`
		Code        string           `json:"code"`
		Details     *CodeableConcept `json:"details"`
		Diagnostics string           `json:"diagnostics"`
		Expression  []string         `json:"expression"`
		Kept        `json:"-"`
	}
	// An OperationOutcome is how a server says what went wrong, or well.
	OperationOutcome struct {
		ResourceType string  `json:"resourceType"`
		Issue        []Issue `json:"issue"`
		Kept         `json:"-"`
	}
)

// failed reports an outcome that tells of a failure.
func (o OperationOutcome) failed() bool {
	for _, i := range o.Issue {
		if i.Severity == "error" || i.Severity == "fatal" {
			return true
		}
	}
	return false
}

// words are what the server says, the worst first, for a person. They may name a patient.
func (o OperationOutcome) words() string {
	var worst, rest []string
	for _, i := range o.Issue {
		s := i.Diagnostics
		if i.Details != nil && i.Details.Text != "" {
			s = i.Details.Text
		} else if i.Details != nil && s == "" && len(i.Details.Coding) > 0 {
			s = i.Details.Coding[0].Display
		}
		if s == "" {
			s = i.Code
		}
		if len(i.Expression) > 0 {
			s += " (" + strings.Join(i.Expression, ", ") + ")"
		}
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if i.Severity == "error" || i.Severity == "fatal" {
			worst = append(worst, s)
		} else {
			rest = append(rest, s)
		}
	}
	s := []rune(strings.Join(append(worst, rest...), "; "))
	return string(s[:min(len(s), maxSaid)])
}

// maxSaid is the most that is kept of what a server says.
const maxSaid = 2000
