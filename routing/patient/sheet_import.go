package patient

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/record"
	"lamplight/notes/seal"
	"lamplight/telephony"
)

// SheetNobody is the answer that a row's patient is none of those on record.
const SheetNobody notes.PatientID = "new"

// A SheetImport is a file of appointments, and what a person has said about it.
type SheetImport struct {
	Account telephony.AccountID
	File    []byte
	Columns map[SheetColumn]int // nil has them guessed
	// Answers say whose the rows of a question are, by its line.
	Answers map[int]notes.PatientID
	// Moved says of rows without a number, by their line, whether they are an appointment on record at another time.
	Moved map[int]bool
	// Agreed is how patients who come on record with the file said that they want reminders by text; "" for those who were not asked.
	Agreed notes.ConsentHow
	Keep   bool // with false nothing is kept, and it is only told what would be
}

// A SheetQuestion is a patient of the file who may be one of these on record, or somebody else. Shared are the lines of others in the
// file who have the same number and are not on record either.
type SheetQuestion struct {
	Line    int
	Patient notes.Patient
	Among   []notes.Patient
	Shared  []int
}

// A MovedRow is a row without a number that may be an appointment on record which was put to another day: of the same patient, provider
// and visit type, the nearest that the file does not name.
type MovedRow struct {
	Line int
	Row  SheetRow
	From notes.Appointment
}

// A SheetFate is what becomes of a row.
type SheetFate string

const (
	SheetNew     SheetFate = "new"
	SheetChanged SheetFate = "changed"
	SheetSame    SheetFate = "same"
	SheetOpen    SheetFate = "open" // a person says whether it is moved
)

// A SheetOutcome is a file as it was read, and what would become of it, or did.
type SheetOutcome struct {
	Sheet
	Fates     []SheetFate // of Rows
	Questions []SheetQuestion
	Moves     []MovedRow
	Patients  int // who come on record with it
	Kept      bool
}

// Count is how many rows have a fate.
func (o SheetOutcome) Count(f SheetFate) (n int) {
	for _, is := range o.Fates {
		if is == f {
			n++
		}
	}
	return n
}

// Sheet reads a file of appointments, finds whose each is, and keeps them all once nothing is wrong or open and it is told to. The same
// file again changes what has changed, and makes nothing twice. A row is a patient's on record only by name, date of birth and number
// together, and only when one record has them: everything else is asked. Whoever acts must be of the practice's staff.
func (e *Engine) Sheet(ctx context.Context, in SheetImport) (out SheetOutcome, err error) {
	if _, err := access.Check(ctx, notes.MessagePatients, string(in.Account)); err != nil {
		return out, err
	}
	acc, err := e.cfg.Store.Account(ctx, in.Account)
	if err != nil {
		return out, err
	}
	out.Sheet = ReadSheet(in.File, in.Columns, acc, e.clock())
	m, err := e.match(ctx, in, &out)
	if err != nil {
		return out, err
	}
	list, err := e.fates(ctx, in, &out, m)
	if err != nil || !in.Keep || len(out.Wrong) > 0 || len(out.Questions) > 0 || len(out.Moves) > 0 || len(out.Rows) == 0 {
		return out, err
	}
	var fresh []record.NewPatient
	for _, p := range m.fresh {
		n := record.NewPatient{Patient: p}
		if in.Agreed != "" {
			n.Said = []notes.Consent{{Purpose: notes.PurposeReminders, Channel: notes.ByText, Given: true, How: in.Agreed}}
		}
		fresh = append(fresh, n)
	}
	if err := e.cfg.Patients.Book(ctx, in.Account, fresh, list); err != nil {
		return out, err
	}
	out.Kept = true
	e.Wake()
	return out, nil
}

// matched is whose each row of a file is, and who comes on record.
type matched struct {
	of    map[string]notes.PatientID // by Identity
	fresh []notes.Patient
}

func (e *Engine) match(ctx context.Context, in SheetImport, out *SheetOutcome) (m matched, err error) {
	m.of = map[string]notes.PatientID{}
	first := map[string]SheetRow{} // by Identity
	sharing := map[telephony.Number][]string{}
	var births, numbers, order []string
	for _, r := range out.Rows {
		who := Identity(r.Patient)
		if _, known := first[who]; known {
			continue
		}
		first[who] = r
		order = append(order, who)
		number := r.Patient.Texts()
		sharing[number] = append(sharing[number], who)
		births, numbers = append(births, r.Patient.Birth), append(numbers, number.Reveal())
	}
	if len(order) == 0 {
		return m, nil
	}
	found, err := e.cfg.Patients.Matching(ctx, in.Account, births, numbers)
	if err != nil {
		return m, fmt.Errorf("find the patients of a file: %w", err)
	}
	near := nearby(found)
	unknown := map[string]bool{}
	for _, who := range order {
		exact, among := near.to(first[who].Patient)
		switch {
		case len(exact) == 1:
			m.of[who] = exact[0].ID
		case len(among) == 0:
			unknown[who] = true
		default:
			m.ask(in, out, first[who], among, nil)
		}
	}
	for _, who := range order {
		if !unknown[who] {
			continue
		}
		var shared []int
		for _, other := range sharing[first[who].Patient.Texts()] {
			if other != who {
				shared = append(shared, first[other].Line)
			}
		}
		if len(shared) > 0 {
			m.ask(in, out, first[who], nil, shared)
		} else {
			m.make(first[who].Patient)
		}
	}
	slices.SortFunc(out.Questions, func(a, b SheetQuestion) int { return cmp.Compare(a.Line, b.Line) })
	out.Patients = len(m.fresh)
	return m, nil
}

// ask takes a person's answer about a patient, or asks for it.
func (m *matched) ask(in SheetImport, out *SheetOutcome, r SheetRow, among []notes.Patient, shared []int) {
	answer := in.Answers[r.Line]
	switch {
	case answer == SheetNobody:
		m.make(r.Patient)
	case answer != "" && slices.ContainsFunc(among, func(p notes.Patient) bool { return p.ID == answer }):
		m.of[Identity(r.Patient)] = answer
	default:
		out.Questions = append(out.Questions, SheetQuestion{r.Line, r.Patient, among, shared})
	}
}

func (m *matched) make(p notes.Patient) {
	p.ID = notes.PatientID(uuid.Must(uuid.NewV7()).String())
	m.of[Identity(p)] = p.ID
	m.fresh = append(m.fresh, p)
}

// near finds patients on record by what they share with one of a file.
type near struct {
	named   map[string][]notes.Patient // by name and date of birth
	numbers map[telephony.Number][]notes.Patient
}

func nearby(found []notes.Patient) near {
	n := near{map[string][]notes.Patient{}, map[telephony.Number][]notes.Patient{}}
	for _, p := range found {
		n.named[Named(p)+"\x00"+p.Birth] = append(n.named[Named(p)+"\x00"+p.Birth], p)
		for _, number := range p.Numbers {
			n.numbers[number.Number] = append(n.numbers[number.Number], p)
		}
	}
	return n
}

// to are those who are plainly p, by name, date of birth and number, and all who share either the first two or the number.
func (n near) to(p notes.Patient) (exact, among []notes.Patient) {
	number := p.Texts()
	for _, q := range n.named[Named(p)+"\x00"+p.Birth] {
		among = append(among, q)
		if slices.ContainsFunc(q.Numbers, func(x notes.PatientNumber) bool { return x.Number == number }) {
			exact = append(exact, q)
		}
	}
	for _, q := range n.numbers[number] {
		if !slices.ContainsFunc(among, func(x notes.Patient) bool { return x.ID == q.ID }) {
			among = append(among, q)
		}
	}
	return exact, among
}

// fates says what becomes of each row, and returns what is to be written.
func (e *Engine) fates(ctx context.Context, in SheetImport, out *SheetOutcome, m matched) (list []notes.Appointment, err error) {
	sources := make([]string, len(out.Rows))
	for i, r := range out.Rows {
		sources[i] = r.Appointment.Source
	}
	if len(sources) == 0 {
		return nil, nil
	}
	known, err := e.cfg.Patients.BySource(ctx, in.Account, sources)
	if err != nil {
		return nil, fmt.Errorf("find the appointments of a file: %w", err)
	}
	from, err := e.moved(ctx, in, out, m, known)
	if err != nil {
		return nil, err
	}
	out.Fates = make([]SheetFate, len(out.Rows))
	for i, r := range out.Rows {
		patient := m.of[Identity(r.Patient)]
		was, there := known[r.Appointment.Source]
		if old, moved := from[r.Line]; moved && !there {
			if yes, said := in.Moved[r.Line]; !said {
				out.Fates[i], out.Moves = SheetOpen, append(out.Moves, MovedRow{r.Line, r, old})
				continue
			} else if yes {
				was, there = old, true
			}
		}
		switch now := was.Change(r.Appointment); {
		case !there:
			out.Fates[i] = SheetNew
			a := r.Appointment
			a.ID, a.Account, a.Patient = notes.AppointmentID(uuid.Must(uuid.NewV7()).String()), in.Account, patient
			a.Filed = a.State
			list = append(list, a.In(cmp.Or(a.State, notes.VisitBooked)))
		case patient != "" && patient != was.Patient:
			out.Wrong = append(out.Wrong, SheetProblem{r.Line, SheetID, "other-patient", r.Patient.Name})
			out.Fates[i] = SheetChanged
		case now == was:
			out.Fates[i] = SheetSame
		default:
			out.Fates[i] = SheetChanged
			list = append(list, now)
		}
	}
	return list, nil
}

// moved are the appointments on record from which rows may have been moved, by the row's line.
func (e *Engine) moved(ctx context.Context, in SheetImport, out *SheetOutcome, m matched, known map[string]notes.Appointment) (
	from map[int]notes.Appointment, err error,
) {
	named := map[string]bool{} // by the file
	var rows []SheetRow
	var of []notes.PatientID
	for _, r := range out.Rows {
		named[r.Appointment.Source] = true
		_, there := known[r.Appointment.Source]
		if patient := m.of[Identity(r.Patient)]; !there && patient != "" && strings.HasPrefix(r.Appointment.Source, rowPrefix) &&
			cmp.Or(r.Appointment.State, notes.VisitBooked).Awaited() {
			rows, of = append(rows, r), append(of, patient)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	coming, err := e.cfg.Patients.ComingOf(ctx, in.Account, of, e.clock())
	if err != nil {
		return nil, fmt.Errorf("find the appointments of a file: %w", err)
	}
	from = map[int]notes.Appointment{}
	for _, r := range rows {
		best := -1
		for i, a := range coming {
			if named[a.Source] || a.Patient != m.of[Identity(r.Patient)] || !strings.HasPrefix(a.Source, rowPrefix) ||
				!a.State.Awaited() && a.State != notes.VisitReschedule || seal.Fold(a.Provider) != seal.Fold(r.Appointment.Provider) ||
				seal.Fold(a.Visit) != seal.Fold(r.Appointment.Visit) {
				continue
			}
			if best < 0 || a.Begins.Sub(r.Appointment.Begins).Abs() < coming[best].Begins.Sub(r.Appointment.Begins).Abs() {
				best = i
			}
		}
		if best >= 0 {
			from[r.Line] = coming[best]
			named[coming[best].Source] = true // it is moved once
		}
	}
	return from, nil
}
