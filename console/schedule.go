package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// ScheduleQuery asks for Days days, 42 at most, of a practice's calendar from a local date on; "" is today. With CallType, it
// asks who is on call for that kind of call; "" is any.
type ScheduleQuery struct {
	Account  telephony.AccountID `json:"account"`
	From     string              `json:"from"`
	Days     int                 `json:"days"`
	CallType string              `json:"callType"`
}

// ScheduleView is who is on call at a practice, when and why, and what the asker may do about it. People are named by their
// contacts' ids.
type ScheduleView struct {
	Account AccountRef       `json:"account"`
	From    time.Time        `json:"from"`
	To      time.Time        `json:"to"`
	Basis   string           `json:"basis"`   // names this state of the schedule: a change must say which one it was made from
	MayEdit bool             `json:"mayEdit"` // the asker may change it
	Roles   []string         `json:"roles"`
	People  []ContactRef     `json:"people"` // who may be put on call
	Shifts  []ScheduleShift  `json:"shifts"`
	Gaps    []ScheduleShift  `json:"gaps"`    // of the next 60 days, whatever days are asked for
	Entries []ScheduleEntry  `json:"entries"` // temporary changes that are not over yet
	Changes []ScheduleChange `json:"changes"` // the newest first
	// Problems are what is wrong with the schedule or was probably not meant, or why it cannot be read.
	Problems []WeekProblem `json:"problems"`
}

// ContactRef names one of a practice's contacts.
type ContactRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ScheduleShift is a stretch of time of one role. With Gap, nobody is scheduled; Who is then the default provider, who answers
// all the same, or nobody.
type ScheduleShift struct {
	Role string    `json:"role"`
	Who  []string  `json:"who"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Gap  bool      `json:"gap"`
}

// An EntryKind is a way to change a schedule for a time.
type EntryKind string

const (
	EntryOverride EntryKind = "override" // Who is on call in For's place, or beside the others when For is ""; without Who, nobody is
	EntryLeave    EntryKind = "leave"    // For is away, and Who backs them up
	EntrySwap     EntryKind = "swap"     // For gives a shift away, and Who takes it
	EntryHoliday  EntryKind = "holiday"  // the office is closed
)

// ScheduleEntry is one temporary change of a schedule, named by its place among those of its kind.
type ScheduleEntry struct {
	Kind  EntryKind `json:"kind"`
	Index int       `json:"index"`
	Role  string    `json:"role"` // "" for every role
	Who   string    `json:"who"`
	For   string    `json:"for"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Name  string    `json:"name"`
	Day   string    `json:"day"`   // "12-24", of a yearly holiday; From and To are then its next date
	State string    `json:"state"` // of a swap
}

// An EditAct is what is done to a schedule.
type EditAct string

const (
	EditPut     EditAct = "put"     // an entry is added
	EditRemove  EditAct = "remove"  // one is taken out
	EditRestore EditAct = "restore" // an earlier version is brought back
	EditStored  EditAct = "stored"  // the whole practice was stored from a file; no request does that
)

// ScheduleEdit is a change of a schedule. From and To of Do are local times of the practice, "2026-12-24T17:00", or whole days.
type ScheduleEdit struct {
	Account telephony.AccountID `json:"account"`
	Basis   string              `json:"basis"`
	Do      ScheduleAct         `json:"do"`
	Why     string              `json:"why"`
	// Sure says that the asker has read the problems it would cause (ScheduleEdited.Problems).
	Sure bool `json:"sure"`
	// Word is why it is stored although tests of the practice fail.
	Word string `json:"word"`
}

// ScheduleAct is what a change does; it is stored with the version it makes.
type ScheduleAct struct {
	Act     EditAct   `json:"act"`
	Kind    EntryKind `json:"kind"`
	Index   int       `json:"index"` // the entry that is removed
	Role    string    `json:"role"`
	Who     string    `json:"who"`
	For     string    `json:"for"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Name    string    `json:"name"`
	Version string    `json:"version"` // the version that is brought back
	State   string    `json:"state"`   // of a swap: its state after the change
}

// ScheduleEdited tells what became of a change. Without Saved nothing was stored, either because somebody else had changed the
// schedule first (Moved) or because of Problems.
type ScheduleEdited struct {
	Saved    bool              `json:"saved"`
	Moved    *ScheduleChange   `json:"moved"`
	Problems []ScheduleProblem `json:"problems"`
}

// ScheduleProblem is what would be wrong after a change. With Final the asker may not save it; otherwise they may, when they
// are sure.
type ScheduleProblem struct {
	Field string     `json:"field"`
	Says  notes.Text `json:"says"`
	Final bool       `json:"final"`
	Word  bool       `json:"word"` // as a PracticeProblem's
}

// ScheduleChange is one version of a schedule: who made it, when, why and how.
type ScheduleChange struct {
	ID  string      `json:"id"`
	At  time.Time   `json:"at"`
	By  string      `json:"by"` // a name; "" when nobody knows
	Why string      `json:"why"`
	Did ScheduleAct `json:"did"`
}

// MomentQuery asks what would happen to a call of a type at a local time of the practice, "2026-12-24T02:00". Later picks the
// second of a time that the clock shows twice.
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

// MomentRole is who has a role at a moment, until when, and by which rule: By and Name are an oncall.Reason's kind and name.
// Otherwise lists who would have it without that rule.
type MomentRole struct {
	Role      string    `json:"role"`
	Who       []string  `json:"who"`
	Until     time.Time `json:"until"`
	By        string    `json:"by"`
	Name      string    `json:"name"`
	Otherwise []string  `json:"otherwise"`
}

// MyDuty is a provider's own on-call days, at each of their practices.
type MyDuty struct {
	Practices []PracticeDuty `json:"practices"`
}

// PracticeDuty is a provider's part in one practice's schedule.
type PracticeDuty struct {
	Account AccountRef      `json:"account"`
	Basis   string          `json:"basis"` // as ScheduleView's
	Me      string          `json:"me"`    // their own contact's id
	People  []ContactRef    `json:"people"`
	Mine    []ScheduleShift `json:"mine"`  // of the next six weeks
	Gaps    []ScheduleShift `json:"gaps"`  // of the next 60 days; a provider who takes one has it at once
	Swaps   []ScheduleEntry `json:"swaps"` // offered shifts that are not over; State is "open", "taken" or "approved"
	Feed    time.Time       `json:"feed"`  // when the address of their calendar feed was made; zero without one
}

// FeedAddress is where calendar programs read a provider's on-call days, as a path below the pages' own address. Whoever knows
// it can read them, so it is told only once.
type FeedAddress struct {
	Path string `json:"path"` // "/feed/….ics"
}

// A DutyAct is what a provider does about their own days and what others offer.
type DutyAct string

const (
	DutyOffer    DutyAct = "offer"    // a shift of theirs; they stay on call until somebody has taken it and they agree
	DutyWithdraw DutyAct = "withdraw" // takes back an offer of theirs, or their wish to take another's
	DutyTake     DutyAct = "take"     // what another offers
	DutyAgree    DutyAct = "agree"    // whoever would take their shift has it from now on
	DutyFill     DutyAct = "fill"     // they take a time for which nobody is scheduled
)

// DutyChange is one of these acts: about a swap, by its place, or about a shift or gap, by its role and time.
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
