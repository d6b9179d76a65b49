package patient

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lamplight/notes"
	"lamplight/notes/seal"
	"lamplight/routing/oncall"
	"lamplight/telephony"
)

// A SheetColumn is what a column of a file of appointments holds.
type SheetColumn string

const (
	SheetID       SheetColumn = "id" // the appointment's number in the practice's own system
	SheetName     SheetColumn = "name"
	SheetFirst    SheetColumn = "first" // with SheetLast, in the place of SheetName
	SheetLast     SheetColumn = "last"
	SheetBirth    SheetColumn = "birth"
	SheetNumber   SheetColumn = "number"
	SheetDate     SheetColumn = "date" // or date and time
	SheetTime     SheetColumn = "time"
	SheetMinutes  SheetColumn = "minutes"
	SheetVisit    SheetColumn = "visit"
	SheetPlace    SheetColumn = "place"
	SheetProvider SheetColumn = "provider"
	SheetLanguage SheetColumn = "language"
	SheetState    SheetColumn = "state"
)

// SheetColumns are all of them, in the order in which a person is asked.
var SheetColumns = []SheetColumn{SheetDate, SheetTime, SheetName, SheetFirst, SheetLast, SheetBirth, SheetNumber, SheetMinutes, SheetVisit,
	SheetPlace, SheetProvider, SheetLanguage, SheetState, SheetID}

// sheetHeadings are the names by which practices' systems head the columns, as oncall.Heading folds them.
var sheetHeadings = map[SheetColumn]string{
	SheetID: "appointment id,appt id,appointment number,appointment no,appt no,apptid,appointmentid,visit id,id,confirmation number,id cita," +
		"id de cita,numero de cita",
	SheetName:  "patient,patient name,name,full name,paciente,nombre,nombre del paciente,nombre completo",
	SheetFirst: "first,first name,patient first name,firstname,given name,nombres,primer nombre",
	SheetLast:  "last,last name,patient last name,lastname,surname,apellido,apellidos",
	SheetBirth: "dob,birth,birth date,birthdate,date of birth,patient dob,born,fecha de nacimiento,nacimiento,fecha nac",
	SheetNumber: "mobile,cell,cell phone,mobile phone,mobile number,phone,phone number,patient phone,telephone,celular,movil,telefono," +
		"telefono celular",
	SheetDate: "date,appointment date,appt date,visit date,start,starts,date/time,date time,appointment,appointment time,start time,fecha," +
		"fecha de la cita,fecha de cita,fecha y hora",
	SheetTime:     "time,appointment time,appt time,start time,hour,hora,hora de la cita,hora de cita,hora de inicio",
	SheetMinutes:  "minutes,duration,length,min,mins,duration (min),appointment length,duracion,minutos",
	SheetVisit:    "visit type,appointment type,appt type,type,visit,reason,tipo,tipo de cita,tipo de visita",
	SheetPlace:    "location,place,office,facility,site,department,lugar,sede,sucursal,ubicacion",
	SheetProvider: "provider,doctor,physician,provider name,resource,clinician,medico,doctora,proveedor",
	SheetLanguage: "language,lang,preferred language,idioma,lengua",
	SheetState:    "status,state,appointment status,appt status,estado,estatus",
}

// sheetStates are the words of practices' systems for where an appointment stands, folded as a heading is.
var sheetStates = func() map[string]notes.AppointmentState {
	out := map[string]notes.AppointmentState{}
	for state, words := range map[notes.AppointmentState]string{
		notes.VisitBooked:    "booked,scheduled,pending,new,active,open,unconfirmed,programada,agendada,pendiente",
		notes.VisitConfirmed: "confirmed,confirmada,confirmado",
		notes.VisitCancelled: "cancelled,canceled,cancel,deleted,rescheduled,cancelada,cancelado,anulada",
		notes.VisitKept:      "kept,completed,complete,arrived,checked in,checked out,seen,atendida,completada,realizada,llego",
		notes.VisitMissed:    "no show,noshow,missed,did not come,no asistio,no vino,ausente",
	} {
		for w := range strings.SplitSeq(words, ",") {
			out[w] = state
		}
	}
	return out
}()

// MaxSheetRows is how many appointments a file may have.
const MaxSheetRows = 5000

// A SheetProblem is one thing wrong with a file: of the line and the column, or of the file where Line is 0. Code is the catalogs',
// "portal.sheet.wrong." before it. Value is what stands there; patient data.
type SheetProblem struct {
	Line   int
	Column SheetColumn
	Code   string
	Value  string
}

// A SheetRow is one appointment of a file, read.
type SheetRow struct {
	Line        int
	Patient     notes.Patient // as the file says: name, birth, number, language
	Appointment notes.Appointment
}

// A Sheet is a file of appointments, read.
type Sheet struct {
	Heading []string // its columns' own names
	Columns map[SheetColumn]int
	Rows    []SheetRow
	Wrong   []SheetProblem
}

// ReadSheet reads a file of appointments, one a line below a heading, in the forms that routing/oncall reads (separators, encodings,
// dates, times). columns says which column holds what, counted from 0; nil has it guessed from the heading. Every line and column that is
// wrong is told, and every row that is right is there. Times are of the practice's wall clock: one that the clock shows twice is the
// first, one that it never shows is wrong. now is for dates of birth.
func ReadSheet(file []byte, columns map[SheetColumn]int, acc notes.Account, now time.Time) Sheet {
	rows, err := oncall.ReadTable(strings.NewReader(string(file)))
	var problems oncall.ReadProblems
	switch {
	case errors.As(err, &problems):
		return Sheet{Wrong: []SheetProblem{{Line: problems[0].Line, Code: "unreadable"}}}
	case err != nil || len(rows) == 0:
		return Sheet{Wrong: []SheetProblem{{Code: "empty"}}}
	}
	r := &sheetReader{acc: acc, now: now}
	head := 0
	if columns == nil {
		head, columns = guessColumns(rows)
	} else {
		head, _ = guessColumns(rows)
	}
	r.out = Sheet{Heading: rows[head].Cells, Columns: columns}
	for c, i := range columns {
		if i < 0 || i >= len(rows[head].Cells) {
			delete(columns, c)
		}
	}
	r.missing()
	if rows = rows[head+1:]; len(rows) > MaxSheetRows {
		r.wrong(rows[MaxSheetRows].Line, "", "too-many", strconv.Itoa(MaxSheetRows))
		rows = rows[:MaxSheetRows]
	}
	if len(r.out.Wrong) > 0 {
		return r.out
	}
	if len(rows) == 0 {
		r.wrong(0, "", "empty", "")
	}
	if r.orders(rows); len(r.out.Wrong) > 0 {
		return r.out
	}
	for _, row := range rows {
		r.row(row)
	}
	return r.out
}

// guessColumns finds the heading among the first rows, the one that names the most columns, and what they are.
func guessColumns(rows []oncall.TableRow) (head int, columns map[SheetColumn]int) {
	columns = map[SheetColumn]int{}
	for i, row := range rows[:min(len(rows), 10)] {
		found, taken := map[SheetColumn]int{}, map[int]bool{}
		folded := make([]string, len(row.Cells))
		for k, cell := range row.Cells {
			folded[k] = oncall.Heading(cell)
		}
		for _, c := range SheetColumns {
			for name := range strings.SplitSeq(sheetHeadings[c], ",") {
				if k := slices.Index(folded, name); k >= 0 && !taken[k] {
					found[c], taken[k] = k, true
					break
				}
			}
		}
		if len(found) > len(columns) {
			head, columns = i, found
		}
	}
	return head, columns
}

type sheetReader struct {
	acc                    notes.Account
	now                    time.Time
	out                    Sheet
	daysFirst, birthsFirst bool
	seen                   map[string]int // by source, on which line
}

func (r *sheetReader) wrong(line int, c SheetColumn, code, value string) {
	if len(r.out.Wrong) < maxSheetProblems {
		if len(value) > 80 {
			value = strings.ToValidUTF8(value[:80], "") + "…"
		}
		r.out.Wrong = append(r.out.Wrong, SheetProblem{line, c, code, value})
	}
}

// maxSheetProblems is as many as anybody mends at once.
const maxSheetProblems = 500

// missing tells which columns a file cannot be without.
func (r *sheetReader) missing() {
	has := func(c SheetColumn) bool { _, ok := r.out.Columns[c]; return ok }
	for _, c := range []SheetColumn{SheetDate, SheetBirth, SheetNumber} {
		if !has(c) {
			r.wrong(0, c, "no-column", "")
		}
	}
	if !has(SheetName) && (!has(SheetFirst) || !has(SheetLast)) {
		r.wrong(0, SheetName, "no-column", "")
	}
}

// orders finds out of all dates together whether the day or the month comes first; month first where none tells.
func (r *sheetReader) orders(rows []oncall.TableRow) {
	r.seen = map[string]int{}
	var days, births []string
	for _, row := range rows {
		date, _ := oncall.CutMoment(r.cell(row, SheetDate))
		days, births = append(days, date), append(births, r.cell(row, SheetBirth))
	}
	var both, bothBirths bool
	r.daysFirst, both = oncall.DayFirst(days)
	r.birthsFirst, bothBirths = oncall.DayFirst(births)
	if both {
		r.wrong(0, SheetDate, "both-orders", "")
	}
	if bothBirths {
		r.wrong(0, SheetBirth, "both-orders", "")
	}
}

func (r *sheetReader) cell(row oncall.TableRow, c SheetColumn) string {
	if i, ok := r.out.Columns[c]; ok && i < len(row.Cells) {
		return row.Cells[i]
	}
	return ""
}

// row reads one appointment; a row with anything wrong is none.
func (r *sheetReader) row(row oncall.TableRow) {
	before := len(r.out.Wrong)
	p := r.patient(row)
	a := notes.Appointment{Account: r.acc.ID, Visit: r.cell(row, SheetVisit), Place: r.cell(row, SheetPlace),
		Provider: r.cell(row, SheetProvider), Begins: r.begins(row)}
	if text := r.cell(row, SheetMinutes); text != "" {
		digits, _, _ := strings.Cut(text, " ")
		n, err := strconv.Atoi(digits)
		if a.Minutes = n; err != nil || n < 0 || n > notes.MaxVisitMinutes {
			r.wrong(row.Line, SheetMinutes, "minutes", text)
		}
	}
	if text := r.cell(row, SheetState); text != "" {
		state, ok := sheetStates[oncall.Heading(text)]
		if a.State = state; !ok {
			r.wrong(row.Line, SheetState, "state", text)
		}
	}
	for c, text := range map[SheetColumn]string{SheetVisit: a.Visit, SheetPlace: a.Place, SheetProvider: a.Provider,
		SheetID: r.cell(row, SheetID)} {
		if utf8.RuneCountInString(text) > notes.MaxVisitWord {
			r.wrong(row.Line, c, "too-long", text)
		}
	}
	if len(r.out.Wrong) > before {
		return
	}
	a = notes.TidyAppointment(a)
	a.Source = sourceOf(p, a, r.cell(row, SheetID), r.acc)
	if first, twice := r.seen[a.Source]; twice {
		r.wrong(row.Line, SheetID, "twice", strconv.Itoa(first))
		return
	}
	r.seen[a.Source] = row.Line
	r.out.Rows = append(r.out.Rows, SheetRow{row.Line, p, a})
}

// rowPrefix is before the sources of rows without a number.
const rowPrefix = "row:"

// sourceOf names an appointment for ever: by its number, or, in a file without, by whose it is, the day, the provider and the visit type.
func sourceOf(p notes.Patient, a notes.Appointment, id string, acc notes.Account) string {
	if id != "" {
		return "id:" + id
	}
	zone, err := time.LoadLocation(acc.TimeZone)
	if err != nil { // it was checked when the practice was stored
		zone = time.UTC
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{Identity(p), a.Begins.In(zone).Format(time.DateOnly), seal.Fold(a.Provider),
		seal.Fold(a.Visit)}, "\x00")))
	return rowPrefix + hex.EncodeToString(sum[:16])
}

// Identity is who a patient is said to be: the words of the name in any order, the date of birth and the numbers, all of them alike
// where two records are one person's.
func Identity(p notes.Patient) string {
	numbers := make([]string, len(p.Numbers))
	for i, n := range p.Numbers {
		numbers[i] = n.Number.Reveal()
	}
	slices.Sort(numbers)
	return strings.Join([]string{Named(p), p.Birth, strings.Join(numbers, " ")}, "\x00")
}

// Named is a name to compare by: its words folded, in order of the alphabet.
func Named(p notes.Patient) string {
	words := seal.Words(p.Name)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// fullYear is what a date of birth needs: of two digits nobody knows the century.
var fullYear = regexp.MustCompile(`[0-9]{4}`)

// sheetCodes are the problems that CheckPatient's codes are, by its fields.
var sheetCodes = map[string]SheetColumn{"name": SheetName, "birth": SheetBirth, "number": SheetNumber}

func (r *sheetReader) patient(row oncall.TableRow) notes.Patient {
	name := r.cell(row, SheetName)
	if name == "" {
		name = strings.TrimSpace(r.cell(row, SheetFirst) + " " + r.cell(row, SheetLast))
	}
	if last, first, ok := strings.Cut(name, ","); ok {
		name = strings.TrimSpace(first + " " + last)
	}
	p := notes.Patient{Account: r.acc.ID, Name: name, Language: r.language(row)}
	birth, number := r.cell(row, SheetBirth), r.cell(row, SheetNumber)
	date, _ := oncall.CutMoment(birth)
	date = cmp.Or(date, birth)
	if born, ok := oncall.ReadDay(date, r.birthsFirst); ok && fullYear.MatchString(date) {
		p.Birth = born.Format(time.DateOnly)
	} else if birth != "" {
		p.Birth = "?" // two digits of a year are no date of birth
	}
	if number != "" {
		p.Numbers = []notes.PatientNumber{{Number: telephony.Number(number), Text: true}}
	}
	values := map[string]string{"name": name, "birth": birth, "number": number}
	for field, code := range notes.CheckPatient(p, r.now) {
		if c, ok := sheetCodes[field]; ok {
			if code == notes.FieldFuture {
				code = notes.FieldDate
			}
			r.wrong(row.Line, c, strings.TrimPrefix(code, "field."), values[field])
		}
	}
	return notes.TidyPatient(p)
}

// language is what the file says, or the practice's first.
func (r *sheetReader) language(row oncall.TableRow) telephony.Language {
	switch text := oncall.Heading(r.cell(row, SheetLanguage)); {
	case text == "":
	case strings.HasPrefix(text, "es") || strings.HasPrefix(text, "sp"):
		return telephony.Spanish
	case strings.HasPrefix(text, "en") || strings.HasPrefix(text, "in"):
		return telephony.English
	default:
		r.wrong(row.Line, SheetLanguage, "language", r.cell(row, SheetLanguage))
	}
	if len(r.acc.Languages) > 0 {
		return r.acc.Languages[0]
	}
	return telephony.English
}

// begins reads the date and the time of a row on the practice's clock.
func (r *sheetReader) begins(row oncall.TableRow) (at time.Time) {
	text, own := r.cell(row, SheetDate), r.cell(row, SheetTime)
	if text == "" {
		r.wrong(row.Line, SheetDate, "required", "")
		return at
	}
	date, clock := oncall.CutMoment(text)
	day, ok := oncall.ReadDay(cmp.Or(date, text), r.daysFirst)
	if !ok {
		r.wrong(row.Line, SheetDate, "date", text)
		return at
	}
	column := SheetDate
	if own != "" {
		clock, column = own, SheetTime
	}
	since, ok := oncall.ReadClock(clock)
	if !ok {
		r.wrong(row.Line, SheetTime, map[bool]string{true: "required", false: "time"}[clock == ""], clock)
		return at
	}
	begins, err := VisitBegins(r.acc, day.Add(since).Format(wallForm))
	switch {
	case errors.Is(err, ErrGap):
		r.wrong(row.Line, column, "gap", text+" "+own)
	case err != nil:
		r.wrong(row.Line, SheetDate, "date", text)
	}
	return begins
}

// wallForm is a wall clock's date and time.
const wallForm = "2006-01-02T15:04"

// ErrGap: the clock never shows that time, because it is put forward over it that day.
var ErrGap = errors.New("patients: the clock never shows that time that day")

// VisitBegins is the instant at which a practice's wall clock shows "2026-12-24T17:00", the first where it shows it twice. It refuses
// with ErrGap, or what is no such time.
func VisitBegins(acc notes.Account, wall string) (time.Time, error) {
	at, err := oncall.ReadWall(acc.TimeZone, wall)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the time of an appointment: %w", err)
	}
	if at.Skipped {
		return time.Time{}, ErrGap
	}
	return at.First.UTC(), nil
}
