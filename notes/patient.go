package notes

import (
	"cmp"
	"net/mail"
	"slices"
	"strings"
	"time"

	"lamplight/telephony"
)

// A PatientID names one practice's record of a patient for ever. A person who is two practices' patient has two.
type PatientID string

// A Patient is a practice's own record of one of its patients. All of it but the ids, the language and the times is patient data,
// sealed at rest. What the practice's chart knows of the person is the chart's (notes/chart).
type Patient struct {
	ID       PatientID           `json:"-"`
	Account  telephony.AccountID `json:"-"`
	Language telephony.Language  `json:"-"` // in which they are written to
	MadeAt   time.Time           `json:"-"`
	Version  int                 `json:"-"`

	Name    string          `json:"name"`
	Birth   string          `json:"birth"` // 2006-01-02
	Numbers []PatientNumber `json:"numbers,omitempty"`
	Email   string          `json:"email,omitempty"`
	// Zone is where the patient lives, "America/Denver"; "" for the practice's own.
	Zone string `json:"zone,omitempty"`
}

// A PatientNumber is one of a patient's telephones and what it may be used for.
type PatientNumber struct {
	Number telephony.Number `json:"number"`         // E.164
	Text   bool             `json:"text,omitempty"` // it takes texts, and the patient reads them
	Call   bool             `json:"call,omitempty"` // staff may ring it
}

// Texts is the number that a patient is texted at, "" for none.
func (p Patient) Texts() telephony.Number {
	for _, n := range p.Numbers {
		if n.Text {
			return n.Number
		}
	}
	return ""
}

// MaxPatientName is the longest name of a patient, in bytes.
const MaxPatientName = 200

// CheckPatient says what is missing or wrong in a patient's record, by field: "name", "birth", "number", "email", "language",
// "zone". today is the practice's date.
func CheckPatient(p Patient, today time.Time) map[string]string {
	wrong := map[string]string{}
	if name := strings.TrimSpace(p.Name); name == "" {
		wrong["name"] = FieldRequired
	} else if !isName(name) {
		wrong["name"] = FieldName
	} else if len(name) > MaxPatientName {
		wrong["name"] = FieldTooLong
	}
	born, ok := ParseDate(p.Birth)
	switch {
	case p.Birth == "":
		wrong["birth"] = FieldRequired // who they are is proved by it
	case !ok, born.Year() < today.Year()-oldestPatient:
		wrong["birth"] = FieldDate
	case born.After(today):
		wrong["birth"] = FieldFuture
	}
	if len(p.Numbers) == 0 && p.Email == "" {
		wrong["number"] = FieldRequired // nobody could be told that a message waits
	}
	for _, n := range p.Numbers {
		if e164, ok := ParsePhone(n.Number.Reveal()); !ok || n.Text && TakesTexts(e164) == Never {
			wrong["number"] = FieldNumber
		}
	}
	if p.Email != "" {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || len(p.Email) > MaxPatientName {
			wrong["email"] = FieldEmail
		}
	}
	if p.Language != telephony.English && p.Language != telephony.Spanish {
		wrong["language"] = FieldRequired
	}
	if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
		wrong["zone"] = FieldChoice
	}
	return wrong
}

// FieldEmail is of a mail address that is none.
const FieldEmail = "field.email"

// TidyPatient is a record as it is kept: its numbers in E.164, its date in ISO form. It must have passed CheckPatient.
func TidyPatient(p Patient) Patient {
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	if t, ok := ParseDate(p.Birth); ok {
		p.Birth = t.Format(time.DateOnly)
	}
	p.Numbers = slices.Clone(p.Numbers)
	for i, n := range p.Numbers {
		if e164, ok := ParsePhone(n.Number.Reveal()); ok {
			p.Numbers[i].Number = telephony.Number(e164)
		}
	}
	p.Email = strings.TrimSpace(p.Email)
	return p
}

// A ConsentChannel is a way in which a patient may have agreed to be told that a message waits.
type ConsentChannel string

const (
	ByText  ConsentChannel = "text"
	ByEmail ConsentChannel = "email"
)

// A Purpose is what a patient has agreed to be told for.
type Purpose string

const (
	PurposeCare      Purpose = "care"      // that a message of their practice waits
	PurposeReminders Purpose = "reminders" // the day and the time of their appointments
)

// Purposes are all of them.
var Purposes = []Purpose{PurposeCare, PurposeReminders}

// ConsentWording is the version of the words that patients are asked with, by purpose: "care-1" is "portal.patients.consent.care-1".
func (p Purpose) ConsentWording() string { return string(p) + "-1" }

// A ConsentHow says how a patient said so.
type ConsentHow string

const (
	InPerson   ConsentHow = "in-person"
	ByPhone    ConsentHow = "phone"
	OnPaper    ConsentHow = "paper"
	OnPage     ConsentHow = "page"    // on the patient's own page
	ByReply    ConsentHow = "reply"   // STOP or START
	ByAnyOther ConsentHow = "another" // in another way, told to staff
)

// ConsentHows are the ways that staff may write down.
var ConsentHows = []ConsentHow{InPerson, ByPhone, OnPaper, ByAnyOther}

// A Consent is one line of the ledger: that a patient agreed to something, or no longer does. Lines are only ever added; the newest
// of a purpose, channel and address holds.
type Consent struct {
	ID       string
	Patient  PatientID
	Account  telephony.AccountID
	Purpose  Purpose
	Channel  ConsentChannel
	Given    bool
	Wording  string
	Language telephony.Language
	At       time.Time
	By       string // whoever wrote it down: a person, "patient:ID", or a part of the server
	How      ConsentHow
	Current  bool // it is of an address that the patient has now
}

// A ThreadState is where a thread stands.
type ThreadState string

const (
	ThreadOpen   ThreadState = "open"
	ThreadClosed ThreadState = "closed" // with a word; a patient who writes again begins another
)

// ThreadWaits says on whom an open thread waits.
type ThreadWaits string

const (
	WaitsOnStaff   ThreadWaits = "staff"
	WaitsOnPatient ThreadWaits = "patient"
	WaitsOnNobody  ThreadWaits = "nobody" // closed
)

// A ThreadWarning is what staff are to look at beside the messages.
type ThreadWarning string

const (
	WarnNone      ThreadWarning = ""
	WarnStopped   ThreadWarning = "stopped"   // the patient wants no more texts or mails
	WarnRefused   ThreadWarning = "refused"   // somebody with the link could not prove to be the patient, several times
	WarnUnreached ThreadWarning = "unreached" // a notice did not arrive
	// WarnReschedule: the patient asks for another time of an appointment.
	WarnReschedule ThreadWarning = "reschedule"
)

// A ThreadTab is a part of a practice's inbox of threads.
type ThreadTab string

const (
	TabUnassigned ThreadTab = "unassigned"
	TabMine       ThreadTab = "mine"
	TabWaiting    ThreadTab = "waiting" // on the patient
	TabLate       ThreadTab = "late"    // the promised time has gone by
	TabAll        ThreadTab = "all"
)

// A ThreadID names a thread for ever.
type ThreadID string

// A Thread is one matter between a practice and a patient, from its first message to its closing. A patient has one open thread at
// most. Nothing in it is patient data but Name.
type Thread struct {
	ID       ThreadID
	Account  telephony.AccountID
	Patient  PatientID
	Name     string // the patient's; patient data
	Language telephony.Language
	State    ThreadState
	Waits    ThreadWaits
	MadeAt   time.Time
	MovedAt  time.Time // when its last message was written
	DueAt    time.Time // by when the patient was promised an answer; zero when none is owed
	Assigned PersonID  // whose it is; "" for nobody's
	Warned   ThreadWarning
	Note     NoteID // what it became for the person on call, "" for nothing
	Version  int    // rises with every change
	ClosedAt time.Time
	ClosedBy PersonID
}

// A MessageKind says what a message of a thread is.
type MessageKind string

const (
	FromStaff    MessageKind = "staff"
	FromPatient  MessageKind = "patient"
	StaffRemark  MessageKind = "remark" // among staff; the patient never sees it
	StaffClosing MessageKind = "close"  // the word it was closed with; among staff
)

// A ThreadEntry is one thing said in a thread. Text is patient data, sealed.
type ThreadEntry struct {
	ID      string
	Thread  ThreadID
	Kind    MessageKind
	At      time.Time
	By      PersonID // of staff; "" for the patient
	ByName  string
	Text    string // "" of one that was withdrawn
	ReadAt  time.Time
	Flagged bool // its words reached the person on call at once

	WithdrawnAt time.Time
	WithdrawnBy PersonID
	Files       []File // none of one that was withdrawn
}

// A FileKind is what a file of a thread is.
type FileKind string

const (
	Photo FileKind = "photo" // a JPEG, made anew of what came
	PDF   FileKind = "pdf"
)

// A File is a photo or a PDF that hangs on a message. What is in it is patient data, sealed; it has no name.
type File struct {
	ID            string
	Kind          FileKind
	Bytes         int64
	Width, Height int // of a photo, in pixels
}

// MaxFiles hang on one message; MaxFileBytes is the largest that may come.
const (
	MaxFiles     = 5
	MaxFileBytes = 25 << 20
)

// MaxMessage is the longest message, in bytes.
const MaxMessage = 8 << 10

// PatientMessageType is the call type of a note that a patient's message became because of its words. It climbs its practice's ladder
// for it at once.
const PatientMessageType = "patient-message"

// Messaging is how a practice exchanges messages with its patients. Nothing in it is patient data.
type Messaging struct {
	// Answer is within how many minutes of its office hours the practice promises an answer; 0 is AnswerMinutes.
	Answer int `json:"answer,omitempty"`
	// AfterHours are the practice's own words to a patient who writes when the office is closed: whom to call.
	AfterHours Text `json:"afterHours"`
	// Call is the number that patients call; "" is the practice's first line.
	Call telephony.Number `json:"call,omitempty"`
	// No notice leaves from QuietFrom to QuietTo of the patient's own clock, unless it answers what the patient has just written;
	// "" is QuietFrom and QuietTo.
	QuietFrom string `json:"quietFrom,omitempty"`
	QuietTo   string `json:"quietTo,omitempty"`
	// Ladder is climbed by what a patient writes with the words of a red flag, of these or of the script's.
	Ladder   string    `json:"ladder"`
	RedFlags []RedFlag `json:"redFlags,omitempty"`
	// Reminders are of appointments; nil for a practice that sends none.
	Reminders *Reminders `json:"reminders,omitempty"`
}

// What holds where a practice says nothing.
const (
	AnswerMinutes = 8 * 60
	QuietFrom     = "21:00"
	QuietTo       = "08:00"
)

// Line is the number that a practice's patients call, "" for none.
func (a Account) Line() telephony.Number {
	if a.Messaging != nil && a.Messaging.Call != "" {
		return a.Messaging.Call
	}
	if len(a.Lines) > 0 {
		return a.Lines[0].DID
	}
	return ""
}

// OfficeOpen says whether a practice's office is open; one that names no hours always is.
func (a Account) OfficeOpen(at time.Time) bool {
	if len(a.Hours) == 0 {
		return true
	}
	_, open := a.officeWindow(at)
	return open
}

// officeWindow is the end of the office hours that hold at, or the beginning of the next.
func (a Account) officeWindow(at time.Time) (until time.Time, open bool) {
	y, m, d := at.Date()
	var next time.Time
	for day := range 8 { // a week, and today's again
		for _, h := range a.Hours {
			from, to := clockOn(y, m, d+day, h.From, at.Location()), clockOn(y, m, d+day, h.To, at.Location())
			if from.Weekday() != h.Weekday {
				continue
			}
			if !at.Before(from) && at.Before(to) {
				return to, true
			}
			if from.After(at) && (next.IsZero() || from.Before(next)) {
				next = from
			}
		}
		if !next.IsZero() {
			break
		}
	}
	return next, false
}

// clockOn is a wall clock's time on a day; "24:00" is the next midnight.
func clockOn(y int, m time.Month, d int, clock string, zone *time.Location) time.Time {
	hour, minute := clockMinutes(clock)/60, clockMinutes(clock)%60
	return time.Date(y, m, d, hour, minute, 0, 0, zone)
}

func clockMinutes(clock string) int {
	if len(clock) != 5 {
		return 0
	}
	n := func(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
	return n(clock[:2])*60 + n(clock[3:])
}

// AnswerBy is when a practice that was written to at an instant has promised to answer, by its office hours.
func (a Account) AnswerBy(at time.Time) time.Time {
	minutes := AnswerMinutes
	if a.Messaging != nil && a.Messaging.Answer > 0 {
		minutes = a.Messaging.Answer
	}
	left := time.Duration(minutes) * time.Minute
	if zone, err := time.LoadLocation(a.TimeZone); err == nil {
		at = at.In(zone)
	}
	if len(a.Hours) == 0 {
		return at.Add(left)
	}
	for range 1000 { // a promise of weeks, in an office that opens for an hour
		until, open := a.officeWindow(at)
		if until.IsZero() {
			break
		}
		if open {
			if rest := until.Sub(at); rest >= left {
				return at.Add(left)
			} else {
				left -= rest
			}
		}
		at = until
	}
	return at.Add(left)
}

// Notify is the first moment from at on when a patient whose clock is in zone may be told something unasked.
func (m Messaging) Notify(at time.Time, zone *time.Location) time.Time {
	from, to := clockMinutes(cmp.Or(m.QuietFrom, QuietFrom)), clockMinutes(cmp.Or(m.QuietTo, QuietTo))
	local := at.In(zone)
	now := local.Hour()*60 + local.Minute()
	quiet := from <= now || now < to
	if from < to {
		quiet = from <= now && now < to
	}
	if !quiet || from == to {
		return at
	}
	y, mo, d := local.Date()
	if now >= to { // it ends tomorrow
		d++
	}
	return time.Date(y, mo, d, to/60, to%60, 0, 0, zone)
}
