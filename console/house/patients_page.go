package house

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing/patient"
)

// MyThread opens the visitor's conversation.
func (h *House) MyThread(ctx context.Context) (out console.PatientPage, err error) {
	v, acc, err := h.visitor(ctx)
	if err != nil {
		return out, err
	}
	c, err := h.cfg.Patients.ReadAsPatient(ctx)
	if err != nil {
		return out, err
	}
	now := h.cfg.Now()
	if zone, err := time.LoadLocation(acc.TimeZone); err == nil { // checked when the practice was stored
		now = now.In(zone)
	}
	out = console.PatientPage{Practice: acc.Name, Number: formatNumber(acc.Line()), Dial: acc.Line().Reveal(), Language: c.Patient.Language,
		TimeZone: acc.TimeZone, Messages: []console.PatientMessage{}, DueAt: c.Thread.DueAt, Closed: c.Thread.State != notes.ThreadOpen,
		Open: acc.OfficeOpen(now), Tells: []console.PatientTell{}, Stamp: stamp(c.Thread)}
	if acc.Messaging != nil {
		out.AfterHours = acc.Messaging.AfterHours
	}
	for _, m := range c.Messages {
		out.Messages = append(out.Messages, console.PatientMessage{ID: m.ID, At: m.At, Mine: m.Kind == notes.FromPatient, By: m.ByName,
			Text: m.Text, ReadAt: m.ReadAt, Flagged: m.Flagged, Withdrawn: !m.WithdrawnAt.IsZero(), Files: messageFiles(m.Files)})
	}
	told, err := h.tells(ctx, v.Patient)
	out.Tells, out.Reminders = told[notes.PurposeCare], told[notes.PurposeReminders]
	return out, err
}

// tells lists the channels by which a patient can be told, by purpose, for the patient to choose from.
func (h *House) tells(ctx context.Context, id notes.PatientID) (map[notes.Purpose][]console.PatientTell, error) {
	p, err := h.cfg.Patients.Open(access.System(ctx, "patients"), id)
	if err != nil {
		return nil, err
	}
	_, stopped, err := h.cfg.Notices.Ways(ctx, p)
	if err != nil {
		return nil, err
	}
	current, err := h.consents(ctx, p)
	if err != nil {
		return nil, err
	}
	out := map[notes.Purpose][]console.PatientTell{}
	for _, to := range notes.Purposes {
		out[to] = []console.PatientTell{}
		for _, by := range []notes.ConsentChannel{notes.ByText, notes.ByEmail} {
			if record.Address(p, by) == "" || !asks(to, by) {
				continue
			}
			t := console.PatientTell{Channel: by, Stopped: stopped && by == notes.ByText}
			for _, c := range current {
				t.On = t.On || c.Purpose == to && c.Channel == by && c.Given && !t.Stopped
			}
			out[to] = append(out[to], t)
		}
	}
	return out, nil
}

// visitor returns the patient who asks, and their practice.
func (h *House) visitor(ctx context.Context) (v access.Visitor, acc notes.Account, err error) {
	if err := h.messages(); err != nil {
		return v, acc, err
	}
	if v, err = access.VisitorFrom(ctx); err != nil {
		return v, acc, console.Refuse(console.SignedOut, "patient.error.signed-out")
	}
	acc, err = h.cfg.Store.Account(ctx, v.Account)
	return v, acc, err
}

// stamp differs whenever a thread has changed.
func stamp(t notes.Thread) string { return fmt.Sprintf("%s.%d", t.ID, t.Version) }

// MyStamp tells whether anything has changed for the visitor.
func (h *House) MyStamp(ctx context.Context) (out console.PatientStamp, err error) {
	v, _, err := h.visitor(ctx)
	if err != nil {
		return out, err
	}
	t, err := h.cfg.Patients.Last(ctx, v.Patient)
	return console.PatientStamp{Stamp: stamp(t)}, err
}

// MyWish records whether the visitor wants to be told by a channel.
func (h *House) MyWish(ctx context.Context, w console.PatientWish) (out console.PatientPage, err error) {
	v, _, err := h.visitor(ctx)
	if err != nil {
		return out, err
	}
	p, err := h.cfg.Patients.Open(access.System(ctx, "patients"), v.Patient)
	if err != nil {
		return out, err
	}
	purpose := cmp.Or(w.Purpose, notes.PurposeCare)
	if !asks(purpose, w.Channel) || record.Address(p, w.Channel) == "" {
		return out, console.Refuse(console.Invalid, "patient.error.malformed")
	}
	if err := h.say(ctx, p, purpose, w.Channel, w.On, notes.OnPage); err != nil {
		return out, err
	}
	return h.MyThread(ctx)
}

// MyWords stores what the visitor has written. If it contains a red flag's words, the same transaction makes it a note on its
// way to the person on call.
func (h *House) MyWords(ctx context.Context, w console.PatientWriting) (out console.PatientPage, err error) {
	v, acc, err := h.visitor(ctx)
	if err != nil {
		return out, err
	}
	err = h.keepWords(ctx, acc, v.Patient, record.PatientWords{ID: w.ID, Text: w.Text, Files: w.Files, Due: acc.AnswerBy(h.cfg.Now())})
	var incomplete *record.Incomplete
	switch {
	case errors.As(err, &incomplete):
		return out, &console.Error{Kind: console.Invalid, Code: "patient.error.text", Fields: incomplete.Fields}
	case errors.Is(err, record.ErrNoFile):
		return out, console.Refuse(console.Conflict, "patient.error.file-gone")
	case errors.Is(err, record.ErrMessageTaken):
		return out, console.Refuse(console.Conflict, "patient.error.malformed")
	case err != nil:
		return out, err
	}
	return h.MyThread(ctx)
}

// keepWords keeps what the patient who acts has written; with the words of a red flag it is a note as well.
func (h *House) keepWords(ctx context.Context, acc notes.Account, id notes.PatientID, w record.PatientWords) (err error) {
	if patient.HasRedFlag(acc, w.Text) {
		if w.Flagged, err = h.flagged(ctx, acc, id, w); err != nil {
			return err
		}
	}
	if _, err = h.cfg.Patients.WriteAsPatient(ctx, w); err != nil {
		return err
	}
	if w.Flagged != nil {
		h.cfg.Routing.Begun()
		h.boardMoved()
	}
	return nil
}

// flagged is the note that a patient's words become, with the ladder it climbs. When the ladder reaches nobody, the note begins
// on the supervisors' board.
func (h *House) flagged(ctx context.Context, acc notes.Account, id notes.PatientID, w record.PatientWords) (*record.Flagged, error) {
	system := access.System(ctx, "patients")
	p, err := h.cfg.Patients.Open(system, id)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return nil, err
	}
	ladder := ""
	if acc.Messaging != nil {
		ladder = acc.Messaging.Ladder
	}
	plan, err := h.cfg.Routing.Plan(system, acc, notes.PatientMessageType, ladder)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{"name": p.Name, "dob": p.Birth, "callback": p.Texts().Reveal(), "reason": w.Text}
	draft := notes.Draft{ID: "patient-message:" + w.ID, Account: acc.ID, CallType: notes.PatientMessageType, Urgency: notes.Urgent,
		Language: p.Language, Body: notes.Body{Fields: fields}}
	return &record.Flagged{Note: draft, Zone: zone, Begin: func(ctx context.Context, tx pgx.Tx, n notes.Note) error {
		return h.cfg.Routing.BeginTx(ctx, tx, n, plan)
	}}, nil
}

// patientMessage is the call type of a note made from a patient's message; no script has it.
func patientMessage() notes.CallType {
	return notes.CallType{ID: notes.PatientMessageType, Label: bothLanguages("note.patient-message"), Fields: []notes.Field{
		{Key: "name", Kind: notes.KindName, Label: bothLanguages("note.field.name")},
		{Key: "dob", Kind: notes.KindDate, Label: bothLanguages("note.field.dob")},
		{Key: "callback", Kind: notes.KindPhone, Label: bothLanguages("note.field.callback")}}}
}
