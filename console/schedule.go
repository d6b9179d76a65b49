package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// ScheduleQuery asks for a practice's calendar: Days days, 42 at most, from a local date on; "" is today. CallType asks who is on
// call for that kind of call; "" is any.
type ScheduleQuery struct {
	Account  telephony.AccountID `json:"account"`
	From     string              `json:"from"`
	Days     int                 `json:"days"`
	CallType string              `json:"callType"`
}

// ScheduleView is who is on call at a practice, when, why, and what may be done about it. People are told by their contacts' ids.
type ScheduleView struct {
	Account AccountRef       `json:"account"`
	From    time.Time        `json:"from"`
	To      time.Time        `json:"to"`
	Basis   string           `json:"basis"`   // names the schedule as it is here: a change must say what it was made from
	MayEdit bool             `json:"mayEdit"` // by who asks
	Roles   []string         `json:"roles"`
	People  []ContactRef     `json:"people"` // who may be put on call
	Shifts  []ScheduleShift  `json:"shifts"`
	Gaps    []ScheduleShift  `json:"gaps"`    // of the next 60 days, whatever days are asked for
	Entries []ScheduleEntry  `json:"entries"` // what was changed for a time that is not over yet
	Changes []ScheduleChange `json:"changes"` // the newest first
	// Problems are what the schedule says and what was hardly meant, or what keeps it from being read.
	Problems []WeekProblem `json:"problems"`
}

// ContactRef names somebody of a practice.
type ContactRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ScheduleShift is a stretch of one role. Gap says that nobody is scheduled; Who is then the default provider, who answers all the
// same, or nobody.
type ScheduleShift struct {
	Role string    `json:"role"`
	Who  []string  `json:"who"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Gap  bool      `json:"gap"`
}

// An EntryKind is what a schedule is changed by for a time.
type EntryKind string

const (
	EntryOverride EntryKind = "override" // Who comes on call in For's place, beside whoever is there, or nobody does
	EntryLeave    EntryKind = "leave"    // For is away, and Who backs them up
	EntrySwap     EntryKind = "swap"     // For gives a shift away, and Who takes it
	EntryHoliday  EntryKind = "holiday"  // the office is closed
)

// ScheduleEntry is one of them, by its place among those of its kind.
type ScheduleEntry struct {
	Kind  EntryKind `json:"kind"`
	Index int       `json:"index"`
	Role  string    `json:"role"` // "" for every role
	Who   string    `json:"who"`
	For   string    `json:"for"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Name  string    `json:"name"`
	Day   string    `json:"day"`   // "12-24", of a holiday of every year; From and To are its next then
	State string    `json:"state"` // of a swap
}

// An EditAct is what is done to a schedule.
type EditAct string

const (
	EditPut     EditAct = "put"     // an entry is added
	EditRemove  EditAct = "remove"  // one is taken out
	EditRestore EditAct = "restore" // an earlier version is brought back
	EditStored  EditAct = "stored"  // the practice was stored whole, from a file: nobody asks for that here
)

// ScheduleEdit is a change of a schedule. From and To are the practice's clock on the wall, "2026-12-24T17:00", or whole days.
type ScheduleEdit struct {
	Account telephony.AccountID `json:"account"`
	Basis   string              `json:"basis"`
	Do      ScheduleAct         `json:"do"`
	Why     string              `json:"why"`
	// Sure says that whoever asks has read what is wrong with it (ScheduleEdited.Problems).
	Sure bool `json:"sure"`
}

// ScheduleAct is what a change does; it is kept with the version it made.
type ScheduleAct struct {
	Act     EditAct   `json:"act"`
	Kind    EntryKind `json:"kind"`
	Index   int       `json:"index"` // of what is removed
	Role    string    `json:"role"`
	Who     string    `json:"who"`
	For     string    `json:"for"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Name    string    `json:"name"`
	Version string    `json:"version"` // what is brought back
	State   string    `json:"state"`   // of a swap: what it became
}

// ScheduleEdited tells what became of a change. Without Saved nothing was stored: because somebody else was quicker (Moved), or for
// Problems.
type ScheduleEdited struct {
	Saved    bool              `json:"saved"`
	Moved    *ScheduleChange   `json:"moved"`
	Problems []ScheduleProblem `json:"problems"`
}

// ScheduleProblem is what would be wrong after a change. With Final, who asks may not save it; without, when they are sure.
type ScheduleProblem struct {
	Field string     `json:"field"`
	Says  notes.Text `json:"says"`
	Final bool       `json:"final"`
}

// ScheduleChange is one version of a schedule: who made it, when, why, by what.
type ScheduleChange struct {
	ID  string      `json:"id"`
	At  time.Time   `json:"at"`
	By  string      `json:"by"` // a name; "" where nobody knows
	Why string      `json:"why"`
	Did ScheduleAct `json:"did"`
}

// MomentQuery asks what would happen to a call of a type at a moment of the practice's clock on the wall, "2026-12-24T02:00". Of one that
// comes twice Later is the second.
type MomentQuery struct {
	Account  telephony.AccountID `json:"account"`
	At       string              `json:"at"`
	Later    bool                `json:"later"`
	CallType string              `json:"callType"`
	Urgency  notes.Urgency       `json:"urgency"`
}

// Moment is the ladder as a note taken then would climb it, and who is on call then.
type Moment struct {
	At       time.Time                `json:"at"`
	Twice    bool                     `json:"twice"`   // the clock shows that time twice
	Skipped  bool                     `json:"skipped"` // the clock skips that time; At is the first after it
	Goes     Goes                     `json:"goes"`
	Ladder   string                   `json:"ladder"`
	Contacts []routing.PreviewContact `json:"contacts"`
	Board    time.Time                `json:"board"` // when supervisors are told
	Holes    []routing.PlanHole       `json:"holes"`
	OnCall   []MomentRole             `json:"onCall"`
}

// MomentRole is who has a role at a moment, until when, and by what: an oncall.Reason's kind and name. Otherwise are those who
// would without that.
type MomentRole struct {
	Role      string    `json:"role"`
	Who       []string  `json:"who"`
	Until     time.Time `json:"until"`
	By        string    `json:"by"`
	Name      string    `json:"name"`
	Otherwise []string  `json:"otherwise"`
}

// MyDuty is what a provider sees of their own days.
type MyDuty struct {
	Practices []PracticeDuty `json:"practices"`
}

// PracticeDuty is a provider's part in one practice's schedule.
type PracticeDuty struct {
	Account AccountRef      `json:"account"`
	Basis   string          `json:"basis"` // as ScheduleView's
	Me      string          `json:"me"`    // whose contact they are
	People  []ContactRef    `json:"people"`
	Mine    []ScheduleShift `json:"mine"`  // of the next six weeks
	Gaps    []ScheduleShift `json:"gaps"`  // of the next 60 days: who takes one has it at once
	Swaps   []ScheduleEntry `json:"swaps"` // shifts that somebody offers and that are not over; "open", "taken" or "approved"
	Feed    time.Time       `json:"feed"`  // when the address of their days was made that calendar programs read; zero without one
}

// FeedAddress is where a calendar program reads a provider's days, below the web's own address. Who has it reads them: it is told
// once.
type FeedAddress struct {
	Path string `json:"path"` // "/feed/….ics"
}

// A DutyAct is what a provider does about their own days and what others offer.
type DutyAct string

const (
	DutyOffer    DutyAct = "offer"    // a shift of theirs; they stay on call until somebody has taken it and they agree
	DutyWithdraw DutyAct = "withdraw" // what they offer, or that they would take what another offers
	DutyTake     DutyAct = "take"     // what another offers
	DutyAgree    DutyAct = "agree"    // that who would take their shift has it now
	DutyFill     DutyAct = "fill"     // a time with nobody scheduled is theirs now
)

// DutyChange is one of these acts: about a swap by its place, or about a shift or gap by its role and time.
type DutyChange struct {
	Account telephony.AccountID `json:"account"`
	Basis   string              `json:"basis"`
	Act     DutyAct             `json:"act"`
	Index   int                 `json:"index"`
	Role    string              `json:"role"`
	From    time.Time           `json:"from"`
	To      time.Time           `json:"to"`
	Sure    bool                `json:"sure"` // as ScheduleEdit's
}
