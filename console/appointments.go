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
// Agreed is how those who come on record with it said that they want reminders by text, "" for not asked. Only with Keep is anything kept.
type SheetFile struct {
	Account telephony.AccountID        `json:"account"`
	File    string                     `json:"file"` // its bytes, in base64
	Columns map[string]int             `json:"columns"`
	Answers map[string]notes.PatientID `json:"answers"`
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
	Kept      bool            `json:"kept"`
}

// SheetLine is an appointment of a file. Fate is a code: "new", "changed", "same".
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
