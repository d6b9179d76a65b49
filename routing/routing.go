// Package routing holds the words and rules of getting a note to a person: a Ladder says who is told, by which channel and
// how long to wait; Resolve turns it, with routing/oncall's answer for an instant, into a Plan of dated rungs, which is
// frozen on the Dispatch; an Attempt is one message to one person.
//
// It promises: accepted by a carrier is not delivered, delivered is not read, and only a person's act stops a ladder; a
// document with a mistake is refused whole, with every mistake named; nothing here waits, sends or stores.
//
// It leaves to others: walking the plan (routing/dispatch), how one message is sent (routing/channel), who is on call
// (routing/oncall), what a note holds (notes).
package routing

import (
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// A ChannelKind is a way to reach a person. Voice is named here and not offered yet: a ladder that names it is refused.
type ChannelKind string

const (
	Text  ChannelKind = "text"
	Email ChannelKind = "email"
	Push  ChannelKind = "push"
	Voice ChannelKind = "voice"
)

// A Ladder is a practice's order of reaching people for a kind of note.
type Ladder struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Rungs   []Rung `json:"rungs"`
	// Board is how long after the dispatch began the note is raised on the supervisors' board. Zero stands for the last
	// rung's After and as much again as lies between the last two rungs, or DefaultWait where there is only one.
	Board time.Duration `json:"board"`
}

// DefaultWait is how long a ladder of a single rung waits before the board, when it does not say.
const DefaultWait = 5 * time.Minute

// A Rung is one step: After the dispatch began, tell whoever Who names by all of Channels at once. Who is a role of the
// schedule ("primary", "backup"), "next" for who follows the primary and is somebody else, or "contact:ID".
type Rung struct {
	After    time.Duration `json:"after"`
	Who      string        `json:"who"`
	Channels []ChannelKind `json:"channels"`
}

// A Plan is a ladder resolved for one instant: names, addresses and times, frozen on the dispatch, so that no edit of a
// schedule, a ladder or a contact moves an escalation that has begun.
type Plan struct {
	Ladder   string           `json:"ladder"`
	Version  int              `json:"version"`
	Practice string           `json:"practice"` // its name, as the messages say it
	At       time.Time        `json:"at"`       // the instant it was resolved for: the first rung's time counts from here
	Attempts []PlannedAttempt `json:"steps"`
	// Board is when the note comes loudly onto the supervisors' board if nobody has acknowledged.
	Board time.Time `json:"board"`
	// Holes say whom a rung does not reach, and why ("nobody-on-call", "no-address", "stopped"): shown before sending.
	Holes []PlanHole `json:"holes"`

	// Asked is when the database was asked for At, by the clock of this process; zero for a plan read back.
	Asked time.Time `json:"-"`
	Basis Basis     `json:"-"`
}

// A Basis is what a plan was resolved from, beside the clock. The statement that begins a dispatch holds them against what
// the database knows at that moment, so that a plan made from what was read before never tells the wrong person.
type Basis struct {
	Account int   // the practice's version; 0 for one that was not read from the record
	Phones  int64 // push_change's count when the phones, and who has left, were read; 0 when they were not
}

// A PlannedAttempt is one attempt to come.
type PlannedAttempt struct {
	Rung    int            `json:"rung"`
	At      time.Time      `json:"at"`
	Contact string         `json:"contact"`
	Name    string         `json:"name"`
	Person  notes.PersonID `json:"person"`
	Channel ChannelKind    `json:"channel"`
	// Address is a number, a mail address or, for a push, the person whose subscriptions are asked when it is sent.
	Address string             `json:"address"`
	Lang    telephony.Language `json:"lang"`
}

// A PlanHole is a rung that reaches nobody, or somebody whom a rung names and does not reach.
type PlanHole struct {
	Rung    int        `json:"rung"`
	Who     string     `json:"who"`               // as the ladder says it
	Contact string     `json:"contact,omitempty"` // who is not reached, "" when nobody has the role
	Name    string     `json:"name,omitempty"`    // how they are called
	Why     HoleReason `json:"why"`
	Others  bool       `json:"others,omitempty"` // the rung tells others all the same
}

// A DispatchState is where a dispatch stands; it only moves forward.
type DispatchState string

const (
	Climbing  DispatchState = "climbing"  // attempts are made or due
	Exhausted DispatchState = "exhausted" // past the last rung: on the supervisors' board, loudly, until a person acts
	Acked     DispatchState = "acked"     // a person took it on
	Cancelled DispatchState = "cancelled" // a supervisor ended it, with a reason
)

// An AttemptState is where one message to one person stands; it only moves forward.
//
//	due ─▶ sending ─▶ accepted ─▶ delivered ─▶ opened
//	 │        │ └─▶ failed └─▶ undelivered        ▲
//	 │        │        └────────────┴─────────────┘ an opened link proves arrival, whatever the carrier said
//	 └────────┴─▶ cancelled (a person acted before it left)
type AttemptState string

const (
	Due         AttemptState = "due"
	Sending     AttemptState = "sending" // claimed under a lease, with a fence
	Accepted    AttemptState = "accepted"
	Delivered   AttemptState = "delivered"
	Opened      AttemptState = "opened" // its link was opened
	Failed      AttemptState = "failed"
	Undelivered AttemptState = "undelivered"
	Withdrawn   AttemptState = "cancelled" // a person acted before it left
)

// A DispatchID and an AttemptID name a dispatch and an attempt; the attempt's id is the idempotency key at the carrier.
type (
	DispatchID string
	AttemptID  string
)

// A Dispatch is one note on its way.
type Dispatch struct {
	ID    DispatchID
	Note  notes.NoteID
	Plan  Plan
	State DispatchState
	Rung  int // the last rung that has begun, -1 before the first
	Begun time.Time
	Next  time.Time // when the next attempt is due, zero when none is
}

// An Attempt is one message to one person by one channel.
type Attempt struct {
	ID       AttemptID
	Dispatch DispatchID
	Rung     int
	Contact  string
	Name     string
	Channel  ChannelKind
	State    AttemptState
	DueAt    time.Time
	SentAt   time.Time // zero until the carrier took it
	// Arrived is when the first message of its dispatch arrived, by a carrier's report or because its link was opened; zero
	// until then. It is read with a note's attempts only.
	Arrived time.Time
	Try     int // 1, and more for a further try within the rung after a failure
	// a code when failed: "refused", "unavailable", "timeout", "no-address", "not-configured", "stopped", "carrier-30003"
	Why string
}
