package chart

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"lamplight/notes"
	"lamplight/notes/seal"
)

// Who is a patient as a note has them.
type Who struct {
	Name   string
	Birth  string   // 2006-01-02, "" when it was not asked
	Phones []string // E.164
	Number string   // the practice's own number for them, "" when it was not asked
}

// whoIn reads from a note whom it is about.
func whoIn(b notes.Body, settings notes.Chart) Who {
	w := Who{Name: strings.TrimSpace(b.Fields["name"])}
	if d, ok := notes.ParseDate(b.Fields["dob"]); ok {
		w.Birth = d.Format("2006-01-02")
	}
	if n, ok := notes.ParseNumber(b.Fields["callback"]); ok && n.E164 != "" {
		w.Phones = append(w.Phones, n.E164)
	}
	if settings.PatientField != "" {
		w.Number = strings.TrimSpace(b.Fields[settings.PatientField])
	}
	return w
}

// ErrWhich is returned when not exactly one patient fits: a person must say which.
var ErrWhich = errors.New("chart: not exactly one patient fits")

// Match finds the patient, "Patient/123": by the practice's own number for them, or by name, birth date and telephone number
// together. Anything but exactly one is ErrWhich.
func (c *Client) Match(ctx context.Context, who Who) (reference string, err error) {
	if who.Number != "" && c.cfg.PatientSystem != "" {
		found, err := c.byNumber(ctx, who.Number)
		if err != nil {
			return "", err
		}
		// A number that was misheard is another patient's: the birth date must not speak against it.
		if len(found) != 1 || who.Birth != "" && found[0].BirthDate != "" && found[0].BirthDate != who.Birth {
			return "", ErrWhich
		}
		return "Patient/" + found[0].ID, nil
	}
	if who.Name == "" || who.Birth == "" || len(who.Phones) == 0 {
		return "", ErrWhich
	}
	found, more, err := c.patients(ctx, c.dialect.searches(who))
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(p Patient) bool { return !fits(p, who) })
	if len(found) != 1 || more {
		return "", ErrWhich
	}
	return "Patient/" + found[0].ID, nil
}

// byNumber are the patients of a number in the practice's system.
func (c *Client) byNumber(ctx context.Context, number string) (found []Patient, err error) {
	query := url.Values{"identifier": {c.cfg.PatientSystem + "|" + number}, "_count": {"10"}}
	_, err = c.search(ctx, "Patient", query, maxPatient, func(raw json.RawMessage) error {
		var p Patient
		if err := json.Unmarshal(raw, &p); err != nil {
			return &Trouble{Why: Odd}
		}
		if p.lives() && slices.ContainsFunc(p.Identifier, func(i Identifier) bool {
			return i.System == c.cfg.PatientSystem && i.Value == number && i.Use != "old"
		}) {
			found = append(found, p)
		}
		return nil
	})
	return found, err
}

// patients are those that any of the questions finds, each once. more reports that there were too many to look at.
func (c *Client) patients(ctx context.Context, queries []url.Values) (found []Patient, more bool, err error) {
	seen := map[string]bool{}
	for _, query := range queries {
		m, err := c.search(ctx, "Patient", query, maxPatient, func(raw json.RawMessage) error {
			var p Patient
			if err := json.Unmarshal(raw, &p); err != nil {
				return &Trouble{Why: Odd}
			}
			if p.lives() && idOf.MatchString(p.ID) && !seen[p.ID] {
				seen[p.ID] = true
				found = append(found, p)
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		more = more || m
	}
	return found, more, nil
}

// lives reports a record that is in use: neither closed nor merged into another.
func (p Patient) lives() bool {
	return (p.Active == nil || *p.Active) && !slices.ContainsFunc(p.Link, func(l PatientLink) bool { return l.Type == "replaced-by" })
}

// fits reports that name, birth date and number all are this patient's.
func fits(p Patient, who Who) bool {
	return p.BirthDate == who.Birth && p.answers(who.Phones) && p.called(who.Name)
}

// called reports that a name as it was taken is one of the patient's.
func (p Patient) called(name string) bool {
	return slices.ContainsFunc(p.Name, func(n HumanName) bool { return n.is(name) })
}

// answers reports that one of the numbers is the patient's.
func (p Patient) answers(phones []string) bool {
	return slices.ContainsFunc(p.Telecom, func(c ContactPoint) bool {
		e164, ok := notes.ParsePhone(c.Value)
		return ok && (c.System == "phone" || c.System == "sms") && slices.Contains(phones, e164)
	})
}

// is reports that every word of a name as it was taken is in this one, a given name and a family's among them. A chart has more
// names than a caller gives: "María Guadalupe García López" calls as "Maria Garcia".
func (n HumanName) is(taken string) bool {
	if n.Use == "old" {
		return false
	}
	given, family := seal.Words(strings.Join(n.Given, " ")), seal.Words(n.Family)
	if len(given) == 0 || len(family) == 0 {
		return false
	}
	var hasGiven, hasFamily bool
	for _, w := range seal.Words(taken) {
		g, f := slices.Contains(given, w), slices.Contains(family, w)
		if !g && !f {
			return false
		}
		hasGiven, hasFamily = hasGiven || g, hasFamily || f
	}
	return hasGiven && hasFamily
}

// shown is the name as a person reads it.
func (p Patient) shown() string {
	for _, n := range p.Name {
		if n.Use == "old" {
			continue
		}
		if n.Text != "" {
			return n.Text
		}
		return strings.TrimSpace(strings.Join(n.Given, " ") + " " + n.Family)
	}
	return ""
}

// A Candidate is one patient of a chart, as whoever is asked "which patient?" sees them.
type Candidate struct {
	ID     string // the chart's
	Name   string
	Birth  string
	Phones []string
	Number string // the practice's own, "" when there is none
	Fits   []string
}

// What of a note fits a choice.
const (
	FitsName  = "name"
	FitsBirth = "birth"
	FitsPhone = "phone"
)

// maxChoices are as many as a person looks through.
const maxChoices = 20

// Choices are the patients a note may be about, those that fit best first.
func (c *Client) Choices(ctx context.Context, who Who) ([]Candidate, error) {
	queries := c.dialect.searches(who)
	if words := strings.Fields(who.Name); len(queries) == 0 && len(words) > 0 { // without a birth date: by the family's name
		queries = []url.Values{{"family": {words[len(words)-1]}, "_count": {"50"}}}
	}
	found, _, err := c.patients(ctx, queries)
	if err != nil {
		return nil, err
	}
	if who.Number != "" && c.cfg.PatientSystem != "" {
		more, err := c.byNumber(ctx, who.Number)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if !slices.ContainsFunc(found, func(o Patient) bool { return o.ID == p.ID }) {
				found = append(found, p)
			}
		}
	}
	out := make([]Candidate, len(found))
	for i, p := range found {
		out[i] = c.choice(p, who)
	}
	slices.SortStableFunc(out, func(a, b Candidate) int { return len(b.Fits) - len(a.Fits) })
	return out[:min(len(out), maxChoices)], nil
}

// ByNumber is the one patient with the practice's number, ErrWhich when there is none or more than one.
func (c *Client) ByNumber(ctx context.Context, number string) (Candidate, error) {
	if c.cfg.PatientSystem == "" || strings.TrimSpace(number) == "" {
		return Candidate{}, ErrWhich
	}
	found, err := c.byNumber(ctx, strings.TrimSpace(number))
	if err != nil {
		return Candidate{}, err
	}
	if len(found) != 1 {
		return Candidate{}, ErrWhich
	}
	return c.choice(found[0], Who{}), nil
}

func (c *Client) choice(p Patient, who Who) Candidate {
	out := Candidate{ID: p.ID, Name: p.shown(), Birth: p.BirthDate}
	for _, t := range p.Telecom {
		if t.System == "phone" || t.System == "sms" {
			out.Phones = append(out.Phones, t.Value)
		}
	}
	for _, i := range p.Identifier {
		if i.System == c.cfg.PatientSystem && i.System != "" && i.Use != "old" {
			out.Number = i.Value
		}
	}
	if p.called(who.Name) {
		out.Fits = append(out.Fits, FitsName)
	}
	if p.BirthDate != "" && p.BirthDate == who.Birth {
		out.Fits = append(out.Fits, FitsBirth)
	}
	if p.answers(who.Phones) {
		out.Fits = append(out.Fits, FitsPhone)
	}
	return out
}
