package house

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

func (h *House) answerPatients(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskPatients, h.PatientsFound)
	console.On(a, console.AskPutPatient, h.PutPatient)
	console.On(a, console.AskConsent, h.Consent)
	console.On(a, console.AskThreads, h.Threads)
	console.On(a, console.AskThread, func(c ctx, b console.PatientRef) (console.ThreadView, error) { return h.Thread(c, b.Patient) })
	console.On(a, console.AskWriteThread, h.WriteThread)
	console.On(a, console.AskAssignThread, h.AssignThread)
	console.On(a, console.AskCloseThread, h.CloseThread)
	console.On(a, console.AskWithdraw, h.Withdraw)
	console.On(a, console.AskLooked, func(c ctx, b console.PatientRef) (console.ThreadView, error) { return h.Looked(c, b.Patient) })
	console.OnDo(a, console.AskHand, h.Hand)
	console.On(a, console.AskMyThread, func(c ctx, _ console.Nothing) (console.PatientPage, error) { return h.MyThread(c) })
	console.On(a, console.AskMyStamp, func(c ctx, _ console.Nothing) (console.PatientStamp, error) { return h.MyStamp(c) })
	console.On(a, console.AskMyWords, h.MyWords)
	console.On(a, console.AskMyWish, h.MyWish)
	console.On(a, console.AskFile, h.File)
	console.On(a, console.AskFileDone, func(c ctx, b console.FileRef) (console.FileCame, error) { return h.FileDone(c, b.Patient, b.File) })
	console.OnDo(a, console.AskFileDrop, func(c ctx, b console.FileRef) error { return h.FileDrop(c, b.Patient, b.File) })
	console.On(a, console.AskMyFile, func(c ctx, b console.MyFileBegun) (console.FileCame, error) {
		return h.File(c, console.FileBegun{File: b.File, Size: b.Size})
	})
	console.On(a, console.AskMyFileDone, func(c ctx, b console.MyFileRef) (console.FileCame, error) { return h.FileDone(c, "", b.File) })
	console.OnDo(a, console.AskMyFileDrop, func(c ctx, b console.MyFileRef) error { return h.FileDrop(c, "", b.File) })
}

// patientRefusal turns an error about a patient into a refusal with the pages' words.
func patientRefusal(err error) error {
	var read *record.ReadAlready
	switch {
	case errors.Is(err, record.ErrNoPatient), errors.Is(err, record.ErrNoMessage), errors.Is(err, access.ErrForbidden):
		return console.Refuse(console.NotFound, "portal.error.not-found")
	case errors.Is(err, record.ErrNoThread):
		return console.Refuse(console.Conflict, "portal.error.no-thread")
	case errors.Is(err, record.ErrThreadMoved), errors.Is(err, record.ErrMessageTaken):
		return console.Refuse(console.Conflict, "portal.error.thread-moved")
	case errors.Is(err, record.ErrNoFile):
		return console.Refuse(console.Conflict, "portal.error.file-gone")
	case errors.Is(err, record.ErrPatientMoved):
		return console.Refuse(console.Conflict, "portal.error.patient-moved")
	case errors.Is(err, patient.ErrNoConsent):
		return console.Refuse(console.Conflict, "portal.error.no-consent")
	case errors.As(err, &read):
		return console.Refuse(console.Conflict, "portal.error.read-already")
	}
	return pageRefusal(err)
}

// messages refuses when nobody writes with patients at this service.
func (h *House) messages() error {
	if h.cfg.Patients == nil || h.cfg.Notices == nil {
		return console.Refuse(console.NotFound, "portal.error.not-found")
	}
	return nil
}

// PatientsFound searches a practice's patients.
func (h *House) PatientsFound(ctx context.Context, q console.PatientSearch) (out console.PatientRows, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	found, more, err := h.cfg.Patients.Find(ctx, q.Account, q.Search)
	if err != nil {
		return out, patientRefusal(err)
	}
	return console.PatientRows{Rows: patientRows(found), More: more}, nil
}

func patientRows(list []notes.Patient) []console.PatientRow {
	out := make([]console.PatientRow, len(list))
	for i, p := range list {
		out[i] = patientRow(p)
	}
	return out
}

func patientRow(p notes.Patient) console.PatientRow {
	row := console.PatientRow{Patient: p.ID, Name: p.Name, Birth: p.Birth, Language: p.Language}
	if len(p.Numbers) > 0 {
		row.Number = formatNumber(p.Numbers[0].Number)
	}
	return row
}

// PutPatient stores a record that staff typed. When others have the same number, they are returned first, and nothing is
// stored.
func (h *House) PutPatient(ctx context.Context, f console.PatientForm) (out console.PatientKept, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	p := notes.Patient{ID: f.Patient, Account: f.Account, Version: f.Version, Language: f.Language, Name: f.Name, Birth: f.Birth,
		Email: f.Email, Zone: f.Zone}
	if f.Number != "" {
		p.Numbers = []notes.PatientNumber{{Number: telephony.Number(f.Number), Text: true, Call: f.Call}}
	}
	if f.Patient == "" || len(f.Patient) > 60 {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if f.Version == 0 && !f.Anyway {
		same, err := h.cfg.Patients.Same(ctx, p)
		if err != nil {
			return out, patientRefusal(err)
		}
		if len(same) > 0 {
			out.Same = patientRows(same)
			return out, nil
		}
	}
	var said []notes.Consent
	for _, c := range []struct {
		given bool
		to    notes.Purpose
		by    notes.ConsentChannel
	}{{f.Texts && f.Number != "", notes.PurposeCare, notes.ByText}, {f.Reminders && f.Number != "", notes.PurposeReminders, notes.ByText},
		{f.Mails && f.Email != "", notes.PurposeCare, notes.ByEmail}} {
		if c.given && f.Version == 0 {
			if !slices.Contains(notes.ConsentHows, f.How) {
				return out, console.Refuse(console.Invalid, "portal.error.malformed")
			}
			said = append(said, notes.Consent{Purpose: c.to, Channel: c.by, Given: true, How: f.How})
		}
	}
	kept, err := h.cfg.Patients.Put(ctx, p, said, h.cfg.Notices.Changed)
	if err != nil {
		return out, patientRefusal(err)
	}
	rec, err := h.patientRecord(ctx, kept)
	out.Record = &rec
	return out, err
}

// patientRecord draws an opened record, with the patient's consents.
func (h *House) patientRecord(ctx context.Context, p notes.Patient) (out console.PatientRecord, err error) {
	out = console.PatientRecord{PatientRow: patientRow(p), Version: p.Version, Email: p.Email, Zone: p.Zone,
		Consents: []console.ConsentRow{}, Tells: []notes.ConsentChannel{}}
	if len(p.Numbers) > 0 {
		out.Call = p.Numbers[0].Call
	}
	by, stopped, err := h.cfg.Notices.Ways(ctx, p)
	if err != nil {
		return out, patientRefusal(err)
	}
	out.Tells, out.Stopped = append(out.Tells, by...), stopped
	current, err := h.consents(ctx, p)
	if err != nil {
		return out, err
	}
	var people []notes.PersonID
	for _, c := range current {
		people = append(people, notes.PersonID(c.By))
	}
	names, err := h.cfg.Store.Names(ctx, people)
	if err != nil {
		return out, err
	}
	for _, c := range current {
		out.Consents = append(out.Consents, console.ConsentRow{Purpose: c.Purpose, Channel: c.Channel, Given: c.Given, At: c.At,
			How: c.How, Wording: c.Wording,
			By: names[notes.PersonID(c.By)]})
	}
	return out, nil
}

// consents are the current ones for the addresses that a patient has now.
func (h *House) consents(ctx context.Context, p notes.Patient) (out []notes.Consent, err error) {
	lines, reaches, err := h.cfg.Patients.Consents(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	for i, c := range lines {
		address := record.Address(p, c.Channel)
		if address == "" {
			continue
		}
		reach, err := h.cfg.Patients.Reach(ctx, c.Channel, address)
		if err != nil {
			return nil, err
		}
		if slices.Equal(reach, reaches[i]) {
			out = append(out, c)
		}
	}
	return out, nil
}

// Consent writes down what a patient told staff.
func (h *House) Consent(ctx context.Context, s console.ConsentSaid) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	p, err := h.cfg.Patients.Open(ctx, s.Patient)
	if err != nil {
		return out, patientRefusal(err)
	}
	purpose := cmp.Or(s.Purpose, notes.PurposeCare)
	if !slices.Contains(notes.ConsentHows, s.How) || !asks(purpose, s.Channel) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err := h.say(ctx, p, purpose, s.Channel, s.Given, s.How); err != nil {
		return out, patientRefusal(err)
	}
	return h.Thread(ctx, s.Patient)
}

// asks says whether a patient is asked for a purpose by a channel: reminders go by text alone.
func asks(to notes.Purpose, by notes.ConsentChannel) bool {
	return by == notes.ByText && slices.Contains(notes.Purposes, to) || by == notes.ByEmail && to == notes.PurposeCare
}

func (h *House) say(ctx context.Context, p notes.Patient, to notes.Purpose, by notes.ConsentChannel, given bool,
	how notes.ConsentHow) error {
	c := notes.Consent{Purpose: to, Channel: by, Given: given, How: how}
	if given || to == notes.PurposeReminders { // a reminder is looked at once more before it leaves
		return h.cfg.Patients.Say(ctx, p, c)
	}
	return h.cfg.Patients.Say(ctx, p, c, h.cfg.Notices.Ended(p, by))
}

// Threads reads a page of a practice's inbox of threads.
func (h *House) Threads(ctx context.Context, q console.ThreadsQuery) (out console.ThreadsPage, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	actor, err := reader(ctx)
	if err != nil {
		return out, err
	}
	page, err := h.cfg.Patients.Threads(ctx, q.Account, q.Tab, q.After)
	if errors.Is(err, record.ErrCursor) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err != nil {
		return out, patientRefusal(err)
	}
	out = console.ThreadsPage{Rows: make([]console.ThreadRow, len(page.Lines)), Next: page.Next, Counts: map[string]int{},
		Staff: []console.AgentRef{}}
	for tab, n := range page.Counts {
		out.Counts[string(tab)] = n
	}
	people, err := h.cfg.Door.People(access.System(ctx, "console"))
	if err != nil {
		return out, err
	}
	names := map[notes.PersonID]string{}
	for _, p := range people {
		names[p.ID] = p.Name
		if (access.Actor{Person: p.ID, Grants: p.Grants}).May(notes.MessagePatients, string(q.Account)) {
			out.Staff = append(out.Staff, console.AgentRef{ID: p.ID, Name: p.Name})
		}
	}
	for i, l := range page.Lines {
		out.Rows[i] = h.threadRow(l.Thread, actor, names[l.Assigned])
		out.Rows[i].Hand = l.Hand
	}
	return out, nil
}

func (h *House) threadRow(t notes.Thread, a access.Actor, assigned string) console.ThreadRow {
	return console.ThreadRow{Patient: t.Patient, Name: t.Name, Language: t.Language, State: t.State, Waits: t.Waits, MovedAt: t.MovedAt,
		DueAt: t.DueAt, Late: !t.DueAt.IsZero() && t.DueAt.Before(h.cfg.Now()), Assigned: assigned,
		Mine: t.Assigned != "" && t.Assigned == a.Person, Warned: t.Warned, OnCall: t.Note != "", Version: t.Version}
}

// Thread opens a conversation for staff.
func (h *House) Thread(ctx context.Context, id notes.PatientID) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	actor, err := reader(ctx)
	if err != nil {
		return out, err
	}
	c, err := h.cfg.Patients.Read(ctx, id)
	if err != nil {
		return out, patientRefusal(err)
	}
	names, err := h.cfg.Store.Names(ctx, []notes.PersonID{c.Thread.Assigned})
	if err != nil {
		return out, err
	}
	out = console.ThreadView{Row: h.threadRow(c.Thread, actor, names[c.Thread.Assigned]), Assigned: c.Thread.Assigned, NoteRef: c.NoteRef,
		NoteIs: c.NoteIs, Messages: []console.ThreadMessage{}, Lines: threadLines(c.Lines, id), Proof: console.Proof{Leaves: c.Proof.Leaves,
			Sequenced: c.Proof.Sequenced, Checkpoint: c.Proof.Checkpoint, At: c.Proof.At}}
	out.Row.Patient, out.Row.Name, out.Row.Language, out.Row.Hand = id, c.Patient.Name, c.Patient.Language, c.Hand
	if out.Record, err = h.patientRecord(ctx, c.Patient); err != nil {
		return out, err
	}
	if out.Visits, err = h.coming(ctx, id); err != nil {
		return out, err
	}
	told, err := h.cfg.Notices.Notices(ctx, id)
	if err != nil {
		return out, err
	}
	for _, m := range c.Messages {
		row := console.ThreadMessage{ID: m.ID, Kind: m.Kind, At: m.At, By: m.ByName, Text: m.Text, ReadAt: m.ReadAt, Flagged: m.Flagged,
			Withdrawn: !m.WithdrawnAt.IsZero(), Files: messageFiles(m.Files)}
		if i := slices.IndexFunc(told, func(n patient.Notice) bool { return n.Message == m.ID }); i >= 0 {
			n := told[i]
			row.Notice = &console.NoticeRow{Channel: n.Channel, State: string(n.State), DueAt: n.DueAt, SentAt: n.SentAt, Why: n.Why}
		}
		out.Messages = append(out.Messages, row)
	}
	return out, nil
}

// threadLines are a story's lines about a patient.
func threadLines(lines []notes.StoryLine, of notes.PatientID) []console.ThreadLine {
	out := []console.ThreadLine{}
	for _, l := range lines {
		actor := l.Actor
		switch actor {
		case access.Visitor{Patient: of}.ID():
			actor = "patient"
		case "patients":
			actor = ""
		}
		out = append(out, console.ThreadLine{At: l.At, Kind: string(l.Kind), Actor: actor, Leaf: l.Leaf})
	}
	return out
}

// then answers an act on a conversation with the conversation as it now is, or with the act's error.
func (h *House) then(ctx context.Context, id notes.PatientID, err error) (console.ThreadView, error) {
	if err != nil {
		return console.ThreadView{}, patientRefusal(err)
	}
	return h.Thread(ctx, id)
}

// WriteThread sends a message to a patient, whose notice is made in the same transaction, or stores a remark for staff.
func (h *House) WriteThread(ctx context.Context, w console.ThreadWriting) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	var hooks []record.ThreadHook
	if !w.Remark {
		account, err := h.cfg.Patients.Account(ctx, w.Patient)
		if err == nil {
			_, err = access.Check(ctx, notes.MessagePatients, string(account)) // before anything of the patient is opened
		}
		if err != nil {
			return out, patientRefusal(err)
		}
		tell, err := h.cfg.Notices.Tell(ctx, w.Patient)
		if err != nil {
			return out, patientRefusal(err)
		}
		hooks = append(hooks, tell)
	}
	_, err = h.cfg.Patients.Write(ctx, record.Writing{ID: w.ID, Patient: w.Patient, Text: w.Text, Seen: w.Seen, Remark: w.Remark,
		Files: w.Files}, hooks...)
	return h.then(ctx, w.Patient, err)
}

// AssignThread gives a thread to somebody who may have it.
func (h *House) AssignThread(ctx context.Context, g console.ThreadGift) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	account, err := h.cfg.Patients.Account(ctx, g.Patient)
	if err == nil {
		_, err = access.Check(ctx, notes.MessagePatients, string(account))
	}
	if err != nil {
		return out, patientRefusal(err)
	}
	if g.To != "" {
		to, err := h.cfg.Door.ActorOf(ctx, g.To)
		if err != nil || !to.May(notes.MessagePatients, string(account)) {
			return out, console.Refuse(console.Invalid, "portal.error.malformed")
		}
	}
	_, err = h.cfg.Patients.Assign(ctx, g.Patient, g.From, g.To)
	return h.then(ctx, g.Patient, err)
}

// CloseThread closes a thread, with a word that staff alone see.
func (h *House) CloseThread(ctx context.Context, c console.ThreadClosing) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	_, err = h.cfg.Patients.Close(ctx, c.Patient, c.ID, c.Text, c.Seen)
	return h.then(ctx, c.Patient, err)
}

// Withdraw takes back a message that was not read; its notice, if not yet sent, is never sent.
func (h *House) Withdraw(ctx context.Context, m console.MessageRef) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	_, err = h.cfg.Patients.Withdraw(ctx, m.Patient, m.Message, h.cfg.Notices.Withdraw)
	return h.then(ctx, m.Patient, err)
}

// Looked records that staff have seen what a thread warned of.
func (h *House) Looked(ctx context.Context, id notes.PatientID) (out console.ThreadView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	return h.then(ctx, id, h.cfg.Patients.Looked(ctx, id))
}

// Hand records that the asker is writing to a patient, or has stopped.
func (h *House) Hand(ctx context.Context, b console.ThreadHand) error {
	if err := h.messages(); err != nil {
		return err
	}
	return patientRefusal(h.cfg.Patients.Hand(ctx, b.Patient, b.On))
}
