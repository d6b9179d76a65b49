package house

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/routing/patient"
	"lamplight/telephony"
)

func (h *House) answerAppointments(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskDay, h.Day)
	console.On(a, console.AskPutVisit, h.PutVisit)
	console.On(a, console.AskMarkVisit, h.MarkVisit)
	console.On(a, console.AskVisit, func(c ctx, b console.VisitRef) (console.VisitView, error) { return h.Visit(c, b.Appointment) })
	console.On(a, console.AskSheet, h.Sheet)
	console.On(a, console.AskFigures, h.Figures)
	console.On(a, console.AskChartVisits, func(c ctx, b console.PracticeRef) (console.ChartVisits, error) {
		return h.ChartVisits(c, b.Account)
	})
	console.On(a, console.AskVisitWord, h.VisitWord)
}

// visitPractice is a practice of staff's who write with its patients, with its zone.
func (h *House) visitPractice(ctx context.Context, id telephony.AccountID) (acc notes.Account, zone *time.Location, err error) {
	if err := h.messages(); err != nil {
		return acc, nil, err
	}
	if _, err := access.Check(ctx, notes.MessagePatients, string(id)); err != nil {
		return acc, nil, patientRefusal(err)
	}
	if acc, err = h.cfg.Store.Account(ctx, id); err != nil {
		return acc, nil, patientRefusal(err)
	}
	zone, err = time.LoadLocation(acc.TimeZone)
	return acc, zone, err
}

// Day reads a page of a practice's appointments of a day.
func (h *House) Day(ctx context.Context, q console.DayQuery) (out console.DayPage, err error) {
	acc, zone, err := h.visitPractice(ctx, q.Account)
	if err != nil {
		return out, err
	}
	from, to, err := daysOf(q.Day, q.Day, zone, h.cfg.Now())
	if err != nil {
		return out, err
	}
	page, err := h.cfg.Patients.Day(ctx, q.Account, from, to, q.After)
	if errors.Is(err, record.ErrCursor) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err != nil {
		return out, patientRefusal(err)
	}
	out = console.DayPage{Day: from.In(zone).Format(time.DateOnly), Rows: make([]console.VisitRow, len(page.Lines)), Next: page.Next,
		Counts: map[string]int{}, Reminds: acc.Messaging != nil && acc.Messaging.Reminders != nil}
	for state, n := range page.Counts {
		out.Counts[string(state)] = n
	}
	for i, l := range page.Lines {
		out.Rows[i] = visitRow(l.Appointment)
		out.Rows[i].Name, out.Rows[i].Language, out.Rows[i].RemindAt, out.Rows[i].Untold = l.Name, l.Language, l.RemindAt, l.Untold
	}
	return out, h.reminded(ctx, out.Rows)
}

// daysOf are the instants between which the days from one to another lie in a zone; "" is today.
func daysOf(first, last string, zone *time.Location, now time.Time) (from, to time.Time, err error) {
	today := now.In(zone).Format(time.DateOnly)
	for _, d := range []struct {
		text string
		more int
		into *time.Time
	}{{first, 0, &from}, {last, 1, &to}} {
		if d.text == "" {
			d.text = today
		}
		day, err := time.Parse(time.DateOnly, d.text)
		if err != nil || day.Year() < 2000 || day.Year() > 2199 {
			return from, to, console.Refuse(console.Invalid, "portal.error.malformed")
		}
		*d.into = time.Date(day.Year(), day.Month(), day.Day()+d.more, 0, 0, 0, 0, zone)
	}
	return from, to, nil
}

func visitRow(a notes.Appointment) console.VisitRow {
	return console.VisitRow{Appointment: a.ID, Patient: a.Patient, Begins: a.Begins, Minutes: a.Minutes, Visit: a.Visit, Place: a.Place,
		Provider: a.Provider, State: a.State, Version: a.Version}
}

// visitRefusal is what went wrong with an appointment in the pages' words.
func visitRefusal(err error) error {
	switch {
	case errors.Is(err, record.ErrNoAppointment):
		return console.Refuse(console.NotFound, "portal.error.not-found")
	case errors.Is(err, record.ErrAppointmentMoved):
		return console.Refuse(console.Conflict, "portal.error.visit-moved")
	}
	return patientRefusal(err)
}

// PutVisit keeps an appointment that staff typed.
func (h *House) PutVisit(ctx context.Context, f console.VisitForm) (out console.VisitView, err error) {
	acc, _, err := h.visitPractice(ctx, f.Account)
	if err != nil {
		return out, err
	}
	if f.Appointment == "" || len(f.Appointment) > 60 {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	begins, err := patient.VisitBegins(acc, f.Day+"T"+f.Time)
	if err != nil {
		code := notes.FieldDate
		if errors.Is(err, patient.ErrGap) {
			code = notes.FieldGap
		}
		return out, patientRefusal(&record.Incomplete{Fields: map[string]string{"begins": code}})
	}
	v := notes.Appointment{ID: f.Appointment, Account: f.Account, Patient: f.Patient, State: notes.VisitBooked, Begins: begins,
		Minutes: f.Minutes, Visit: f.Visit, Place: f.Place, Provider: f.Provider}
	if f.Version > 0 {
		was, err := h.cfg.Patients.OpenAppointment(ctx, f.Appointment)
		if err == nil && was.Account != f.Account {
			err = record.ErrNoAppointment
		}
		if err == nil && was.Version != f.Version {
			err = record.ErrAppointmentMoved
		}
		if err != nil {
			return out, visitRefusal(err)
		}
		v.State, v.Source = "", was.Source
		v = was.Change(v)
	}
	if err := h.cfg.Patients.Book(ctx, f.Account, nil, []notes.Appointment{v}); err != nil {
		return out, visitRefusal(err)
	}
	h.cfg.Notices.Wake()
	return h.Visit(ctx, f.Appointment)
}

// MarkVisit puts an appointment into a state.
func (h *House) MarkVisit(ctx context.Context, m console.VisitMark) (out console.VisitView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	if !slices.Contains(notes.VisitStates, m.State) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	if err := h.cfg.Patients.Mark(ctx, m.Appointment, m.Version, m.State); err != nil {
		return out, visitRefusal(err)
	}
	return h.Visit(ctx, m.Appointment)
}

// Visit opens an appointment with its story.
func (h *House) Visit(ctx context.Context, id notes.AppointmentID) (out console.VisitView, err error) {
	if err := h.messages(); err != nil {
		return out, err
	}
	v, err := h.cfg.Patients.OpenAppointment(ctx, id)
	if err != nil {
		return out, visitRefusal(err)
	}
	p, err := h.cfg.Patients.Open(ctx, v.Patient)
	if err != nil {
		return out, patientRefusal(err)
	}
	lines, proof, err := h.cfg.Patients.AppointmentStory(ctx, id)
	if err != nil {
		return out, visitRefusal(err)
	}
	row := visitRow(v)
	row.Name, row.Language = p.Name, p.Language
	rows := []console.VisitRow{row}
	if err := h.reminded(ctx, rows); err != nil {
		return out, err
	}
	return console.VisitView{Row: rows[0], Lines: threadLines(lines, v.Patient), Proof: console.Proof{Leaves: proof.Leaves,
		Sequenced: proof.Sequenced, Checkpoint: proof.Checkpoint, At: proof.At}}, nil
}

// coming are a patient's appointments from today on.
func (h *House) coming(ctx context.Context, id notes.PatientID) ([]console.VisitRow, error) {
	list, err := h.cfg.Patients.Coming(ctx, id, h.cfg.Now().Add(-12*time.Hour))
	if err != nil {
		return nil, patientRefusal(err)
	}
	rows := make([]console.VisitRow, len(list))
	for i, v := range list {
		rows[i] = visitRow(v)
	}
	return rows, h.reminded(ctx, rows)
}

// Sheet reads a file of appointments, tells what is wrong with it and what is to be asked, and keeps it when it is told to.
func (h *House) Sheet(ctx context.Context, f console.SheetFile) (out console.SheetRead, err error) {
	if _, _, err := h.visitPractice(ctx, f.Account); err != nil {
		return out, err
	}
	if f.Agreed != "" && !slices.Contains(notes.ConsentHows, f.Agreed) {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	file, err := base64.StdEncoding.DecodeString(f.File)
	if err != nil {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	in := patient.SheetImport{Account: f.Account, File: file, Agreed: f.Agreed, Keep: f.Keep, Answers: map[int]notes.PatientID{},
		Moved: map[int]bool{}}
	if len(f.Columns) > 0 {
		in.Columns = map[patient.SheetColumn]int{}
		for c, i := range f.Columns {
			in.Columns[patient.SheetColumn(c)] = i
		}
	}
	for line, id := range f.Answers {
		n, err := strconv.Atoi(line)
		if err != nil {
			return out, console.Refuse(console.Invalid, "portal.error.malformed")
		}
		in.Answers[n] = id
	}
	for line, so := range f.Moved {
		n, err := strconv.Atoi(line)
		if err != nil {
			return out, console.Refuse(console.Invalid, "portal.error.malformed")
		}
		in.Moved[n] = so
	}
	got, err := h.cfg.Notices.Sheet(ctx, in)
	if err != nil {
		return out, visitRefusal(err)
	}
	return sheetRead(got), nil
}

func sheetRead(got patient.SheetOutcome) console.SheetRead {
	out := console.SheetRead{Heading: append([]string{}, got.Heading...), Columns: map[string]int{}, Rows: []console.SheetLine{},
		New: got.Count(patient.SheetNew), Changed: got.Count(patient.SheetChanged), Same: got.Count(patient.SheetSame),
		Patients: got.Patients, Wrong: []console.SheetWrong{}, Questions: []console.SheetQuestion{},
		Moves: []console.SheetMove{}, Kept: got.Kept}
	for c, i := range got.Columns {
		out.Columns[string(c)] = i
	}
	for i, r := range got.Rows[:min(len(got.Rows), console.Many)] {
		out.Rows = append(out.Rows, console.SheetLine{Line: r.Line, Name: r.Patient.Name, Birth: r.Patient.Birth,
			Begins: r.Appointment.Begins, Visit: r.Appointment.Visit, Provider: r.Appointment.Provider, Fate: string(got.Fates[i])})
	}
	for _, w := range got.Wrong {
		out.Wrong = append(out.Wrong, console.SheetWrong{Line: w.Line, Column: string(w.Column), Code: w.Code, Value: w.Value})
	}
	for _, q := range got.Questions {
		out.Questions = append(out.Questions, console.SheetQuestion{Line: q.Line, Patient: patientRow(q.Patient),
			Among: patientRows(q.Among), Shared: append([]int{}, q.Shared...)})
	}
	for _, m := range got.Moves {
		out.Moves = append(out.Moves, console.SheetMove{Line: m.Line, Name: m.Row.Patient.Name, From: m.From.Begins,
			Begins: m.Row.Appointment.Begins, Visit: m.Row.Appointment.Visit, Provider: m.Row.Appointment.Provider})
	}
	return out
}

// PracticeReminders tells how patients would be reminded if the practice were as a draft says.
func (h *House) PracticeReminders(ctx context.Context, q console.RemindersQuery) (out console.RemindersSaid, err error) {
	next, err := h.drafted(ctx, q.Account, q.Document)
	if err != nil {
		return out, err
	}
	begins, err := patient.VisitBegins(next, q.Day+"T"+q.Time)
	if err != nil {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	v := notes.Appointment{Begins: begins, Visit: q.Visit, Place: q.Place, Provider: q.Provider}
	list, err := patient.Previews(next, v, h.cfg.Now())
	out.Rows = make([]console.ReminderSaid, len(list))
	for i, p := range list {
		out.Rows[i] = console.ReminderSaid{At: p.At, Says: p.Says}
	}
	return out, err
}

// reminded puts how their patients were reminded last to some appointments.
func (h *House) reminded(ctx context.Context, rows []console.VisitRow) error {
	ids := make([]notes.AppointmentID, len(rows))
	for i, r := range rows {
		ids[i] = r.Appointment
	}
	told, err := h.cfg.Notices.Reminded(ctx, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		if n, ok := told[rows[i].Appointment]; ok {
			rows[i].Reminder = &console.NoticeRow{Channel: n.Channel, State: string(n.State), DueAt: n.DueAt, SentAt: n.SentAt, Why: n.Why}
		}
	}
	return nil
}

// mostFigureDays is the longest time that figures are asked of.
const mostFigureDays = 366

// Figures counts what became of a practice's appointments and their reminders; without days it is of the last thirty.
func (h *House) Figures(ctx context.Context, q console.FiguresQuery) (out console.VisitFigures, err error) {
	_, zone, err := h.visitPractice(ctx, q.Account)
	if err != nil {
		return out, err
	}
	today := h.cfg.Now().In(zone)
	q.From = cmp.Or(q.From, today.AddDate(0, 0, -30).Format(time.DateOnly))
	q.To = cmp.Or(q.To, today.Format(time.DateOnly))
	from, to, err := daysOf(q.From, q.To, zone, today)
	if err != nil {
		return out, err
	}
	if !from.Before(to) || to.Sub(from) > (mostFigureDays+1)*24*time.Hour {
		return out, console.Refuse(console.Invalid, "portal.error.malformed")
	}
	list, err := h.cfg.Notices.Figures(ctx, q.Account, from, to)
	if err != nil {
		return out, visitRefusal(err)
	}
	out = console.VisitFigures{From: q.From, To: q.To, Rows: make([]console.VisitFigure, len(list))}
	for i, f := range list {
		out.Rows[i] = console.VisitFigure(f)
	}
	return out, nil
}
