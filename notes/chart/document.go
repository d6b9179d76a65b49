package chart

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Document is a note as it goes into a chart.
type Document struct {
	Note, AddOn string // by whose ids it is known for ever
	Page        Rendering
	At          time.Time // of what it says last
	Begun       time.Time // when the note was taken
	Subject     string    // "Patient/123"
	Replaces    string    // "DocumentReference/12", the note as it was before; "" for the first
}

// identifierSystem is the system of identifiers that are URNs.
const identifierSystem = "urn:ietf:rfc:3986"

// Identifier is the document's, the same however often it is written.
func (d Document) Identifier() string {
	note, err := uuid.Parse(d.Note)
	if err != nil {
		note = uuid.NewSHA1(uuid.NameSpaceURL, []byte("lamplight:note:"+d.Note))
	}
	return uuid.NewSHA1(note, []byte(d.AddOn)).URN()
}

// resource is the document as this chart's dialect takes it.
func (c *Client) resource(d Document, encounter string) (DocumentReference, error) {
	id := Identifier{System: identifierSystem, Value: d.Identifier()}
	r := DocumentReference{ResourceType: "DocumentReference", MasterIdentifier: &id, Identifier: []Identifier{id},
		Status: "current", DocStatus: "final",
		Type: &CodeableConcept{Coding: []Coding{{System: "http://loinc.org", Code: "34748-4", Display: "Telephone encounter Note"}}},
		Category: []CodeableConcept{{Coding: []Coding{{System: "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
			Code: "clinical-note", Display: "Clinical Note"}}}},
		Subject: &Reference{Reference: d.Subject}, Date: d.At.UTC().Format(time.RFC3339), Description: d.Page.Title,
		Context: &DocumentContext{Period: &Period{Start: d.Begun.UTC().Format(time.RFC3339), End: d.At.UTC().Format(time.RFC3339)}}}
	if c.cfg.Author != "" {
		r.Author = []Reference{{Reference: c.cfg.Author}}
	}
	if c.cfg.Authenticator != "" {
		r.Authenticator = &Reference{Reference: c.cfg.Authenticator}
	}
	if encounter != "" {
		r.Context.Encounter = []Reference{{Reference: encounter}}
	}
	if d.Replaces != "" && c.dialect.replaces {
		r.RelatesTo = []Relation{{Code: "replaces", Target: Reference{Reference: d.Replaces}}}
	}
	for _, form := range c.dialect.forms {
		data := []byte(d.Page.Text())
		if form == formPDF {
			var err error
			if data, err = d.Page.PDF(d.At); err != nil {
				return r, err
			}
		}
		r.Content = append(r.Content, Content{Attachment: Attachment{ContentType: form, Language: d.Page.Language,
			Data: base64.StdEncoding.EncodeToString(data), Title: d.Page.Title, Creation: d.At.UTC().Format(time.RFC3339)}})
	}
	return r, nil
}

// Write writes a document and reads it back: it answers "DocumentReference/123" once that is in the chart as it was meant.
// Writing it again finds the one that is there. The one it replaces is marked so where the chart lets us.
func (c *Client) Write(ctx context.Context, d Document) (reference string, err error) {
	s, err := c.statement(ctx)
	if err != nil {
		return "", err
	}
	encounter := ""
	if c.dialect.encounter {
		if encounter, err = c.encounter(ctx, d); err != nil {
			return "", err
		}
	}
	want, err := c.resource(d, encounter)
	if err != nil {
		return "", err
	}
	id, there, err := c.create(ctx, s, want)
	if err != nil {
		return "", err
	}
	var is DocumentReference
	if err := c.read(ctx, "DocumentReference/"+id, &is); err != nil {
		return "", err
	}
	if err := c.same(ctx, want, is, there); err != nil {
		return "", err
	}
	if d.Replaces != "" && s.can("DocumentReference", "update") {
		if err := c.supersede(ctx, d.Replaces); err != nil {
			return "", err
		}
	}
	return "DocumentReference/" + id, nil
}

// create has the document be there once. there reports that it was before.
func (c *Client) create(ctx context.Context, s *capability, want DocumentReference) (id string, there bool, err error) {
	header := http.Header{"Prefer": {"return=representation"}}
	ours := want.Identifier[0].System + "|" + want.Identifier[0].Value
	switch c.repeats(s) {
	case repeatNever:
		return "", false, &Trouble{Why: CannotRepeat}
	case repeatCondition:
		header.Set("If-None-Exist", url.Values{"identifier": {ours}}.Encode())
	case repeatSearch:
		if id, err = c.find(ctx, url.Values{"identifier": {ours}}, want); err != nil || id != "" {
			return id, true, err
		}
	case repeatBySubject:
		if id, err = c.find(ctx, url.Values{"patient": {strings.TrimPrefix(want.Subject.Reference, "Patient/")}}, want); err != nil || id != "" {
			return id, true, err
		}
	}
	body, err := json.Marshal(want)
	if err != nil {
		return "", false, fmt.Errorf("write for a chart: %w", err)
	}
	a, err := c.do(ctx, http.MethodPost, c.at("DocumentReference", nil), body, header)
	if err != nil {
		return "", false, err
	}
	var made DocumentReference
	if len(bytes.TrimSpace(a.body)) > 0 {
		o, ok := outcome(a.body)
		switch {
		case ok && o.failed(), ok && a.header.Get("Location") == "":
			return "", false, a.into(&made, "DocumentReference")
		case !ok:
			if err := a.into(&made, "DocumentReference"); err != nil {
				return "", false, err
			}
		}
	}
	if made.ID == "" {
		made.ID = idIn(a.header.Get("Location"))
	}
	if !idOf.MatchString(made.ID) {
		return "", false, &Trouble{Why: Odd, Status: a.status}
	}
	return made.ID, a.status == http.StatusOK, nil
}

// idIn reads the id of a Location: "[base]/DocumentReference/123" with or without "/_history/1".
func idIn(location string) string {
	parts := strings.Split(strings.Trim(location, "/"), "/")
	if i := slices.Index(parts, "DocumentReference"); i >= 0 && i+1 < len(parts) {
		return parts[i+1]
	}
	return ""
}

// find looks for the document among those that a search finds.
func (c *Client) find(ctx context.Context, query url.Values, want DocumentReference) (id string, err error) {
	query.Set("_count", "50")
	ids := []string{}
	more, err := c.search(ctx, "DocumentReference", query, maxLooked, func(raw json.RawMessage) error {
		var d DocumentReference
		if err := json.Unmarshal(raw, &d); err != nil {
			return &Trouble{Why: Odd}
		}
		if d.carries(want.Identifier[0]) {
			ids = append(ids, d.ID)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(ids) > 1:
		return "", &Trouble{Why: Several}
	case len(ids) == 1:
		return ids[0], nil
	case more:
		return "", &Trouble{Why: CannotRepeat}
	}
	return "", nil
}

// maxLooked are the documents of one patient that are looked through for ours.
const maxLooked = 2000

func (d DocumentReference) carries(id Identifier) bool {
	all := d.Identifier
	if d.MasterIdentifier != nil {
		all = append(slices.Clone(all), *d.MasterIdentifier)
	}
	return slices.ContainsFunc(all, func(i Identifier) bool { return i.System == id.System && i.Value == id.Value })
}

// same holds what a chart has against what was meant to be there. Of a document that was there before, an earlier build may have
// drawn the page otherwise: its text decides.
func (c *Client) same(ctx context.Context, want, is DocumentReference, there bool) error {
	subject := ""
	if is.Subject != nil {
		subject = is.Subject.Reference
	}
	if !is.carries(want.Identifier[0]) || is.Status == "entered-in-error" ||
		subject != want.Subject.Reference && !strings.HasSuffix(subject, "/"+want.Subject.Reference) {
		return &Trouble{Why: Differs}
	}
	for _, w := range want.Content {
		i := slices.IndexFunc(is.Content, func(x Content) bool { return mime(x.Attachment) == mime(w.Attachment) })
		if i < 0 {
			return &Trouble{Why: Differs}
		}
		have, err := c.bytesOf(ctx, is.Content[i].Attachment)
		if err != nil {
			return err
		}
		wanted, err := c.bytesOf(ctx, w.Attachment)
		if err != nil {
			return err
		}
		drawnAnew := there && mime(w.Attachment) == formPDF && len(want.Content) > 1 && len(have) > 0
		if !bytes.Equal(have, wanted) && !drawnAnew {
			return &Trouble{Why: Differs}
		}
	}
	return nil
}

// mime is an attachment's type without its parameters.
func mime(a Attachment) string {
	kind, _, _ := strings.Cut(a.ContentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// bytesOf are an attachment's bytes, wherever the chart keeps them.
func (c *Client) bytesOf(ctx context.Context, a Attachment) ([]byte, error) {
	if a.Data != "" || a.URL == "" {
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(a.Data), ""))
		if err != nil {
			return nil, &Trouble{Why: Differs}
		}
		return b, nil
	}
	address, err := c.base.Parse(c.base.Path + "/" + a.URL)
	if strings.Contains(a.URL, "://") {
		address, err = c.base.Parse(a.URL)
	}
	if err != nil {
		return nil, &Trouble{Why: Odd}
	}
	where, err := c.within(address.String())
	if err != nil {
		return nil, err
	}
	got, err := c.do(ctx, http.MethodGet, where, nil, http.Header{"Accept": {a.ContentType}})
	if err != nil {
		return nil, err
	}
	var binary struct {
		ResourceType string `json:"resourceType"`
		Data         []byte `json:"data"`
	}
	if json.Unmarshal(got.body, &binary) == nil && binary.ResourceType == "Binary" {
		return binary.Data, nil
	}
	return got.body, nil
}

// supersede marks a document as replaced, and changes nothing else of it. One that is so already stays as it is.
func (c *Client) supersede(ctx context.Context, reference string) error {
	var old DocumentReference
	if err := c.read(ctx, reference, &old); err != nil {
		if is(err, Gone) {
			return nil // somebody of the practice took it out
		}
		return err
	}
	if old.Status != "current" {
		return nil
	}
	old.Status = "superseded"
	body, err := json.Marshal(old)
	if err != nil {
		return fmt.Errorf("write for a chart: %w", err)
	}
	header := http.Header{}
	if old.Meta != nil && old.Meta.VersionID != "" {
		header.Set("If-Match", `W/"`+old.Meta.VersionID+`"`)
	}
	a, err := c.do(ctx, http.MethodPut, c.at(reference, nil), body, header)
	if is(err, NotAllowed) {
		return nil // the new one says what it replaces
	}
	if err != nil {
		return err
	}
	if o, ok := outcome(a.body); ok && o.failed() {
		return &Trouble{Why: Refused, Status: a.status, Said: o.words()}
	}
	return nil
}

// encounter is the patient's encounter of the note's day, which some charts want with a document: exactly one.
func (c *Client) encounter(ctx context.Context, d Document) (string, error) {
	day := d.Begun.UTC()
	query := url.Values{"patient": {strings.TrimPrefix(d.Subject, "Patient/")}, "_count": {"50"},
		"date": {"ge" + day.AddDate(0, 0, -1).Format(time.DateOnly), "le" + day.AddDate(0, 0, 1).Format(time.DateOnly)}}
	var ids []string
	_, err := c.search(ctx, "Encounter", query, maxPatient, func(raw json.RawMessage) error {
		var e struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return &Trouble{Why: Odd}
		}
		if e.Status != "cancelled" && e.Status != "entered-in-error" && idOf.MatchString(e.ID) {
			ids = append(ids, e.ID)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(ids) != 1 {
		return "", &Trouble{Why: NoEncounter}
	}
	return "Encounter/" + ids[0], nil
}
