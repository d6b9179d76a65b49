package chart

// An appointment as a chart has it, and how its status is written there.

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"lamplight/notes"
)

// A visit is an appointment of a chart's, read.
type visit struct {
	id      string
	version string      // changes with every change of it; "" where the chart does not say
	subject string      // "Patient/12", "" for nobody's: time that a provider keeps free
	unclear TroubleKind // why nobody is reminded of it: a person must look; "" for nothing
	status  string
	a       notes.Appointment // its State is what the status says, "" for one that is none yet
}

// visitStates are what the statuses of an appointment say. One that is proposed or waits for a slot is nobody's yet.
var visitStates = map[string]notes.AppointmentState{"booked": notes.VisitBooked, "pending": notes.VisitBooked,
	"arrived": notes.VisitKept, "checked-in": notes.VisitKept, "fulfilled": notes.VisitKept, "noshow": notes.VisitMissed,
	"cancelled": notes.VisitCancelled, "entered-in-error": notes.VisitCancelled, "proposed": "", "waitlist": ""}

// readVisit reads an appointment. Names of who and where are left to the caller where the chart gives references alone. ok is false
// for what has no id.
func readVisit(raw json.RawMessage) (v visit, who, where string, ok bool) {
	var r Appointment
	if err := json.Unmarshal(raw, &r); err != nil {
		var head struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(raw, &head)
		return visit{id: head.ID, unclear: Unreadable, a: notes.Appointment{Source: notes.ChartPrefix + head.ID}}, "", "",
			err == nil && idOf.MatchString(head.ID)
	}
	v = visit{id: r.ID, status: r.Status, a: notes.Appointment{Source: notes.ChartPrefix + r.ID, Visit: word(r.kind())}}
	if r.Meta != nil {
		v.version = r.Meta.VersionID + " " + r.Meta.LastUpdated
	}
	state, known := visitStates[r.Status]
	v.a.State = state
	if !known {
		v.unclear = UnclearStatus
	}
	for _, p := range r.Participant {
		if p.Actor == nil {
			continue
		}
		switch ref, name := reference(p.Actor.Reference), word(p.Actor.Display); {
		case strings.HasPrefix(ref, "Patient/"):
			if v.subject != "" && v.subject != ref {
				v.unclear = UnclearPatients
			}
			if v.subject = ref; p.Status == "declined" && state.Awaited() {
				v.a.State = notes.VisitCancelled
			}
		case strings.HasPrefix(ref, "Practitioner/") && v.a.Provider == "" && who == "":
			v.a.Provider, who = name, ref
		case strings.HasPrefix(ref, "Location/") && v.a.Place == "" && where == "":
			v.a.Place, where = name, ref
		}
	}
	begins, err := time.Parse(time.RFC3339, r.Start)
	if err != nil && v.a.State.Awaited() {
		v.unclear = UnclearStart
	} else if err == nil {
		v.a.Begins = begins.UTC().Truncate(time.Second)
	}
	v.a.Minutes = r.MinutesDuration
	if end, err := time.Parse(time.RFC3339, r.End); err == nil && v.a.Minutes == 0 {
		v.a.Minutes = int(end.Sub(begins) / time.Minute)
	}
	if v.a.Minutes < 0 || v.a.Minutes > notes.MaxVisitMinutes {
		v.a.Minutes = 0
	}
	if v.a.Provider != "" {
		who = ""
	}
	if v.a.Place != "" {
		where = ""
	}
	return v, who, where, idOf.MatchString(r.ID)
}

// kind is the visit type, in the chart's words.
func (r Appointment) kind() string {
	all := slices.Clone(r.ServiceType)
	if r.AppointmentType != nil {
		all = append([]CodeableConcept{*r.AppointmentType}, all...)
	}
	for _, c := range all {
		if c.Text != "" {
			return c.Text
		}
		for _, code := range c.Coding {
			if code.Display != "" {
				return code.Display
			}
		}
	}
	return ""
}

// word is a chart's word as long as an appointment keeps it.
func word(s string) string {
	r := []rune(strings.ToValidUTF8(strings.TrimSpace(s), ""))
	return string(r[:min(len(r), notes.MaxVisitWord)])
}

// reference is "Patient/12" of a reference that may be a whole address.
func reference(s string) string {
	parts := strings.Split(strings.TrimRight(s, "/"), "/")
	if len(parts) < 2 || !idOf.MatchString(parts[len(parts)-1]) {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], "/")
}

// maxVisits is more than a chart's answer may ever hold.
const maxVisits = 200_000

// visits calls do with the appointments that were changed since, or with all from a day on where since is zero, each once, and
// answers when the chart was asked, by its own clock.
func (c *Client) visits(ctx context.Context, since, from time.Time, do func(visit) error) (asked time.Time, err error) {
	query := url.Values{"_count": {"100"}}
	if since.IsZero() {
		query.Set("date", "ge"+from.Format(time.DateOnly))
	} else {
		query.Set("_lastUpdated", "ge"+since.UTC().Format(time.RFC3339))
	}
	names := map[string]string{}
	more, err := c.searchFrom(ctx, "Appointment", query, maxVisits, &asked, func(raw json.RawMessage) error {
		v, who, where, ok := readVisit(raw)
		if !ok {
			return nil
		}
		if v.subject != "" && v.unclear == "" {
			if err := c.named(ctx, names, who, &v.a.Provider); err != nil {
				return err
			}
			if err := c.named(ctx, names, where, &v.a.Place); err != nil {
				return err
			}
		}
		v.a = notes.TidyAppointment(v.a)
		return do(v)
	})
	if err == nil && more {
		err = &Trouble{Why: Odd}
	}
	return asked, err
}

// named puts the name of who or where an appointment is into name; one that the chart does not tell stays "".
func (c *Client) named(ctx context.Context, known map[string]string, ref string, name *string) error {
	if ref == "" {
		return nil
	}
	if text, ok := known[ref]; ok {
		*name = text
		return nil
	}
	kind, _, _ := strings.Cut(ref, "/")
	var text string
	var err error
	if kind == "Location" {
		var l struct {
			Name string `json:"name"`
		}
		err = c.read(ctx, ref, &l)
		text = l.Name
	} else {
		var p Patient // a practitioner's names are written as a patient's are
		err = c.read(ctx, ref, &p)
		text = p.shown()
	}
	if t, ok := troubleOf(err); ok && (t.Why == Gone || t.Why == NotAllowed) {
		err = nil
	}
	known[ref] = word(text)
	*name = known[ref]
	return err
}

// notMarked says that the chart lets nobody write this: it stays in our book.
const notMarked TroubleKind = "not-marked"

// moved says that the appointment is not in the chart as it is in our book: what the chart has comes with the next reading.
const moved TroubleKind = "moved"

// marks are how many times an appointment is read anew that another hand changes meanwhile.
const marks = 4

// mark writes that a patient has confirmed or cancelled an appointment which begins then, by a conditional update, and reads it back.
// Everything else of it stays as it is. Done twice it changes nothing.
func (c *Client) mark(ctx context.Context, id string, begins time.Time, to notes.AppointmentState) (err error) {
	s, err := c.statement(ctx)
	if err != nil {
		return err
	}
	if !c.dialect.marks || !s.can("Appointment", "update") {
		return &Trouble{Why: notMarked}
	}
	for range marks {
		if err = c.markOnce(ctx, id, begins, to); !is(err, Changed) {
			break
		}
	}
	return err
}

func (c *Client) markOnce(ctx context.Context, id string, begins time.Time, to notes.AppointmentState) error {
	address := "Appointment/" + id
	r, tag, err := c.appointment(ctx, address)
	if err != nil {
		return err
	}
	start, err := time.Parse(time.RFC3339, r.Start)
	if err != nil || !start.UTC().Truncate(time.Second).Equal(begins) || !visitStates[r.Status].Awaited() && !r.stands(to) {
		return &Trouble{Why: moved}
	}
	if r.stands(to) {
		return nil
	}
	if tag == "" {
		return &Trouble{Why: notMarked}
	}
	r.put(to)
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write for a chart: %w", err)
	}
	a, err := c.do(ctx, http.MethodPut, c.at(address, nil), body, http.Header{"If-Match": {tag}})
	if err != nil {
		return err
	}
	if o, ok := outcome(a.body); ok && o.failed() {
		return &Trouble{Why: Refused, Status: a.status, Said: o.words()}
	}
	is, _, err := c.appointment(ctx, address)
	if err != nil {
		return err
	}
	if !is.stands(to) || is.Start != r.Start {
		return &Trouble{Why: Differs}
	}
	return nil
}

// appointment reads one, with the tag of its version.
func (c *Client) appointment(ctx context.Context, address string) (r Appointment, tag string, err error) {
	a, err := c.do(ctx, http.MethodGet, c.at(address, nil), nil, nil)
	if err != nil {
		return r, "", err
	}
	if err := a.into(&r, "Appointment"); err != nil {
		return r, "", err
	}
	if r.Meta != nil && r.Meta.VersionID != "" {
		tag = `W/"` + r.Meta.VersionID + `"`
	}
	return r, cmp.Or(a.header.Get("ETag"), tag), nil
}

// stands says that the chart has an appointment as a patient said.
func (r Appointment) stands(to notes.AppointmentState) bool {
	if to == notes.VisitCancelled {
		return visitStates[r.Status] == notes.VisitCancelled
	}
	for _, p := range r.Participant {
		if p.Actor != nil && strings.HasPrefix(reference(p.Actor.Reference), "Patient/") && p.Status != "accepted" {
			return false
		}
	}
	return r.Status == "booked"
}

func (r *Appointment) put(to notes.AppointmentState) {
	if to == notes.VisitCancelled {
		r.Status = "cancelled"
		return
	}
	r.Status = "booked"
	for i, p := range r.Participant {
		if p.Actor != nil && strings.HasPrefix(reference(p.Actor.Reference), "Patient/") {
			r.Participant[i].Status = "accepted"
		}
	}
}
