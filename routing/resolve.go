package routing

import (
	"time"

	"lamplight/notes"
)

// A Rota answers who is on call; OnCall wraps a compiled schedule into one. Answers are contact ids; none means a gap.
type Rota interface {
	// Who is on call for a role at an instant.
	Who(role string, at time.Time) []string
	// Next is who follows them: the first people other than those on call at that instant.
	Next(role string, at time.Time) []string
}

// Reach is what a practice knows of its people when a ladder is resolved.
type Reach struct {
	Practice string // the practice's name, as messages say it
	Contacts []notes.Contact
	Push     map[notes.PersonID]bool // who has a phone subscribed to pushes
}

// A PreviewStep is one person at one time, by all the channels of that rung.
type PreviewStep struct {
	Name     string        `json:"name"`
	Channels []ChannelKind `json:"channels"`
	After    time.Duration `json:"after"`
}
