package console

import (
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// DayQuery asks for a page of a practice's appointments of a day, "2026-11-30", "" for today: what follows After, the Next of the page
// before; "" begins.
type DayQuery struct {
	Account telephony.AccountID `json:"account"`
	Day     string              `json:"day"`
	After   string              `json:"after"`
}

// DayPage is one page of it, the earliest first. Counts are of the whole day, by state. Reminds says that the practice sends reminders.
type DayPage struct {
	Day     string         `json:"day"`
	Rows    []VisitRow     `json:"rows"`
	Next    string         `json:"next"`
	Counts  map[string]int `json:"counts"`
	Reminds bool           `json:"reminds"`
}

// VisitRow is one appointment, opened. RemindAt is when the next reminder is sent, zero for none; Untold why the last one was not, a code.
type VisitRow struct {
	Appointment notes.AppointmentID    `json:"appointment"`
	Patient     notes.PatientID        `json:"patient"`
	Name        string                 `json:"name"`
	Language    telephony.Language     `json:"language"`
	Begins      time.Time              `json:"begins"`
	Minutes     int                    `json:"minutes"` // 0 where nobody said
	Visit       string                 `json:"visit"`
	Place       string                 `json:"place"`
	Provider    string                 `json:"provider"`
	State       notes.AppointmentState `json:"state"`
	Version     int                    `json:"version"`
	Reminder    *NoticeRow             `json:"reminder"` // the last one
	RemindAt    time.Time              `json:"remindAt"`
	Untold      string                 `json:"untold"`
}

// VisitForm is an appointment as staff typed it. Appointment is chosen by the page for a new one, whose Version is 0. Day and Time are
// the practice's wall clock's, "2026-11-30" and "09:00".
type VisitForm struct {
	Account     telephony.AccountID `json:"account"`
	Appointment notes.AppointmentID `json:"appointment"`
	Patient     notes.PatientID     `json:"patient"`
	Version     int                 `json:"version"`
	Day         string              `json:"day"`
	Time        string              `json:"time"`
	Minutes     int                 `json:"minutes"`
	Visit       string              `json:"visit"`
	Place       string              `json:"place"`
	Provider    string              `json:"provider"`
}

// VisitRef names an appointment.
type VisitRef struct {
	Appointment notes.AppointmentID `json:"appointment"`
}

// VisitMark puts an appointment into a state, if it is as it was shown.
type VisitMark struct {
	Appointment notes.AppointmentID    `json:"appointment"`
	Version     int                    `json:"version"`
	State       notes.AppointmentState `json:"state"`
}

// VisitView is one appointment with its story.
type VisitView struct {
	Row   VisitRow     `json:"row"`
	Lines []ThreadLine `json:"lines"`
	Proof Proof        `json:"proof"`
}

// SheetFile is a file of appointments that somebody has chosen, and what they have said about it. Columns say which column holds what,
// counted from 0; none has them guessed. Answers say whose the rows of a question are, by its line; "new" is nobody of those on record.
// Moved say, by line, whether a row is the appointment on record that was asked about, at another time. Agreed is how those who come on
// record with it said that they want reminders by text, "" for not asked. Only with Keep is anything kept.
type SheetFile struct {
	Account telephony.AccountID        `json:"account"`
	File    string                     `json:"file"` // its bytes, in base64
	Columns map[string]int             `json:"columns"`
	Answers map[string]notes.PatientID `json:"answers"`
	Moved   map[string]bool            `json:"moved"`
	Agreed  notes.ConsentHow           `json:"agreed"`
	Keep    bool                       `json:"keep"`
}

// SheetRead is what was read in it, and what became of it, or would: Kept says which. Rows are the first Many.
type SheetRead struct {
	Heading   []string        `json:"heading"`
	Columns   map[string]int  `json:"columns"`
	Rows      []SheetLine     `json:"rows"`
	New       int             `json:"new"`
	Changed   int             `json:"changed"`
	Same      int             `json:"same"`
	Patients  int             `json:"patients"` // who come on record
	Wrong     []SheetWrong    `json:"wrong"`
	Questions []SheetQuestion `json:"questions"`
	Moves     []SheetMove     `json:"moves"`
	Kept      bool            `json:"kept"`
}

// SheetLine is an appointment of a file. Fate is a code: "new", "changed", "same", "open".
type SheetLine struct {
	Line     int       `json:"line"`
	Name     string    `json:"name"`
	Birth    string    `json:"birth"`
	Begins   time.Time `json:"begins"`
	Visit    string    `json:"visit"`
	Provider string    `json:"provider"`
	Fate     string    `json:"fate"`
}

// SheetWrong is one thing wrong: Line is 0 where it is the file. Column and Code are codes.
type SheetWrong struct {
	Line   int    `json:"line"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Value  string `json:"value"`
}

// SheetQuestion asks whether a patient of the file is one of those on record. Shared are the lines of others with the same number who
// are not on record either.
type SheetQuestion struct {
	Line    int          `json:"line"`
	Patient PatientRow   `json:"patient"`
	Among   []PatientRow `json:"among"`
	Shared  []int        `json:"shared"`
}

// SheetMove asks whether a row is an appointment on record that began at From: the same patient's, with the same provider and visit type.
type SheetMove struct {
	Line     int       `json:"line"`
	Name     string    `json:"name"`
	From     time.Time `json:"from"`
	Begins   time.Time `json:"begins"`
	Visit    string    `json:"visit"`
	Provider string    `json:"provider"`
}

// FiguresQuery asks for a practice's figures of the days from From to To, both counted, "2026-11-01".
type FiguresQuery struct {
	Account telephony.AccountID `json:"account"`
	From    string              `json:"from"`
	To      string              `json:"to"`
}

// VisitFigures are the figures of a practice's appointments, by visit type and provider.
type VisitFigures struct {
	From string        `json:"from"`
	To   string        `json:"to"`
	Rows []VisitFigure `json:"rows"`
}

// VisitFigure counts appointments of a visit type and a provider, "" where none was said.
type VisitFigure struct {
	Visit       string `json:"visit"`
	Provider    string `json:"provider"`
	Visits      int    `json:"visits"`
	Sent        int    `json:"sent"` // reminded of at least once
	Delivered   int    `json:"delivered"`
	Confirmed   int    `json:"confirmed"`
	Rescheduled int    `json:"rescheduled"` // asked to be
	Cancelled   int    `json:"cancelled"`
	Kept        int    `json:"kept"`
	Missed      int    `json:"missed"`
}

// ChartVisits is how a practice's appointments come in from its chart. Reads is false where they do not; Why is a code, "" when the last
// reading was whole. Count is how many wait for a person; Rows are the next of them, opened.
type ChartVisits struct {
	Reads  bool       `json:"reads"`
	ReadAt time.Time  `json:"readAt"` // zero before the first
	Why    string     `json:"why"`
	Count  int        `json:"count"`
	Rows   []VisitAsk `json:"rows"`
}

// VisitAsk is one of them. Why "which" asks whose it is: Among are those on record whom it may be about. Any other says what is unclear,
// a code of "portal.chart.why."; Status is the chart's own word.
type VisitAsk struct {
	ID       string       `json:"id"`
	Why      string       `json:"why"`
	Name     string       `json:"name"`
	Birth    string       `json:"birth"`
	Phones   []string     `json:"phones"`
	Begins   time.Time    `json:"begins"` // zero where the chart does not say
	Visit    string       `json:"visit"`
	Place    string       `json:"place"`
	Provider string       `json:"provider"`
	Status   string       `json:"status"`
	Among    []PatientRow `json:"among"`
}

// VisitWord is what a person says of one: whose it is; that the patient comes on record (New), and how they said that they want reminders
// by text, "" for not asked; or that it is left out.
type VisitWord struct {
	Account telephony.AccountID `json:"account"`
	ID      string              `json:"id"`
	Patient notes.PatientID     `json:"patient"`
	New     bool                `json:"new"`
	Agreed  notes.ConsentHow    `json:"agreed"`
	Leave   bool                `json:"leave"`
}
