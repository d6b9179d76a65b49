package routing

import (
	"errors"
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// Errors a caller can tell apart.
var (
	ErrNoDispatch = errors.New("routing: no open dispatch for the note")
	ErrBadLink    = errors.New("routing: no such link")
	// ErrNotExhausted: supervisors take a note over when its ladder has ended, and not before.
	ErrNotExhausted = errors.New("routing: the note's ladder has not ended")
	// Why nobody is paged by hand: the ladder is at work, nobody was told yet who could be told again, or they were a moment ago.
	ErrNotLate    = errors.New("routing: the note is not late")
	ErrNobodyTold = errors.New("routing: nobody was told yet")
	ErrJustTold   = errors.New("routing: they were told a moment ago")
)

// TakenOver refuses to take a note over that another supervisor has in hand.
type TakenOver struct {
	Name string
	At   time.Time
}

func (t *TakenOver) Error() string { return "routing: another supervisor has it in hand" }

// An ActingPerson is the person who acts, by id and by the name a story shows. The zero ActingPerson is the service itself.
type ActingPerson struct {
	ID   notes.PersonID
	Name string
}

// An AckResult says who took a note on: the first person who did, who need not be the one who asked.
type AckResult struct {
	First bool // this very call took it on
	By    notes.PersonID
	At    time.Time
}

// A DispatchView is an open dispatch as the board shows it.
type DispatchView struct {
	Note  notes.NoteID
	State DispatchState
	Last  DispatchLast
	Next  DispatchNext
	Late  Lateness
	Taken InHand
}

// InHand is the supervisor who has a note in hand whose ladder has ended, until its Next; zero when nobody has.
type InHand struct {
	By   notes.PersonID
	Name string
}

// DispatchLast is the last thing that happened: Kind is that of its line in the story, Name whom it
// concerned or who did it, Channel is set for a step of an attempt, Detail is a code when there is more to say.
type DispatchLast struct {
	Kind    notes.LineKind
	Channel ChannelKind
	Name    string
	Detail  string
	At      time.Time
}

// NextKind is what happens next: a channel's kind, or the board.
type NextKind string

const (
	NextNothing NextKind = ""
	NextText    NextKind = "text"
	NextEmail   NextKind = "email"
	NextPush    NextKind = "push"
	NextVoice   NextKind = "voice"
	NextBoard   NextKind = "board"   // after the last rung
	NextService NextKind = "service" // the service's own ladder is climbed again
)

// DispatchNext is what happens if nobody acts: by what and to whom. Zero At: nothing is due.
type DispatchNext struct {
	Kind NextKind
	Name string
	At   time.Time
}

// Lateness is how late an open note is.
type Lateness string

const (
	OnTime      Lateness = ""
	Late        Lateness = "late"        // a rung passed without an acknowledgment
	Unreachable Lateness = "unreachable" // the ladder is exhausted
)

// A Located link: the note it leads to and the attempt that carried it.
type Located struct {
	Note    notes.NoteID
	Attempt AttemptID
	Account telephony.AccountID
	Person  notes.PersonID // whom it was sent to
	Contact string
}
