package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// Me is who is signed in on a page.
type Me struct {
	ID       notes.PersonID     `json:"id"`
	Name     string             `json:"name"`
	Role     notes.Role         `json:"role"`
	Language telephony.Language `json:"language"`
	Accounts []AccountRef       `json:"accounts"`
	Agents   []AgentRef         `json:"agents,omitempty"` // who may have taken a call, for those who search calls
	Keeps    bool               `json:"keeps,omitempty"`  // keeps people: everybody, or a practice's
	// LockAfter is how long nobody may touch a page before it signs itself out.
	LockAfter time.Duration `json:"lockAfter"`
}

// AccountRef names a practice.
type AccountRef struct {
	ID        telephony.AccountID `json:"id"`
	Name      string              `json:"name"`
	TimeZone  string              `json:"timeZone"`
	CallTypes []CallTypeRef       `json:"callTypes,omitempty"` // in Me only
	Chart     bool                `json:"chart,omitempty"`     // in Me only: its notes go into a chart, and this person says whose they are
	Messages  bool                `json:"messages,omitempty"`  // in Me only: it writes with its patients, and so does this person
}

// CallTypeRef names a kind of call, to narrow a list by.
type CallTypeRef struct {
	ID    string     `json:"id"`
	Label notes.Text `json:"label"`
}

// AgentRef names one of the service's staff.
type AgentRef struct {
	ID   notes.PersonID `json:"id"`
	Name string         `json:"name"`
}

// InboxQuery asks for a page of a provider's list: what follows After, the Next of the page before; "" begins.
type InboxQuery struct {
	After string `json:"after"`
}

// InboxPage is one page of a provider's list: what waits for them first, then what else waits and the last few days', each the
// newest first.
type InboxPage struct {
	Rows    []InboxRow `json:"rows"`
	Next    string     `json:"next"`    // "" on the last page
	Waiting int        `json:"waiting"` // how many wait for this person, on all pages; Many stands for that many or more
}

// InboxRow is one note in a provider's list.
type InboxRow struct {
	Note     notes.NoteID    `json:"note"`
	Ref      string          `json:"ref"`
	Practice string          `json:"practice"`
	Urgency  notes.Urgency   `json:"urgency"`
	CallType notes.Text      `json:"callType"`
	State    notes.NoteState `json:"state"`
	TakenAt  time.Time       `json:"takenAt"`
	AckedBy  string          `json:"ackedBy"` // a name, when somebody took it on
	Mine     bool            `json:"mine"`    // it was sent to this person and waits
}

// Card is a note as a provider reads it on a phone.
type Card struct {
	Note     notes.NoteID       `json:"note"`
	Ref      string             `json:"ref"`
	Practice AccountRef         `json:"practice"`
	Urgency  notes.Urgency      `json:"urgency"`
	CallType notes.Text         `json:"callType"`
	Language telephony.Language `json:"language"` // the patient's
	TakenAt  time.Time          `json:"takenAt"`
	Taker    string             `json:"taker"`
	State    notes.NoteState    `json:"state"`
	Reason   string             `json:"reason"`   // the largest thing on the page
	Verbatim string             `json:"verbatim"` // the caller's own words, in their language
	Fields   []CardField        `json:"fields"`   // the others, in the script's order
	CallBack string             `json:"callBack"` // the formatted number, "" when there is none
	CanCall  bool               `json:"canCall"`  // the service can connect this provider to the patient
	AckedBy  string             `json:"ackedBy"`
	AckedAt  time.Time          `json:"ackedAt"`
	ClosedAt time.Time          `json:"closedAt"`
	AddOns   []notes.AddOn      `json:"addOns"`
	Told     []Told             `json:"told"` // who else has it
	NextAt   time.Time          `json:"nextAt"`
	NextName string             `json:"nextName"` // who is told then, if nothing is done; "" with a NextAt is the supervisors
	CanAct   bool               `json:"canAct"`   // may acknowledge, pass on, close
	// TakenOver is the supervisor who has it in hand; CanTakeOver says that the reader may take it over.
	TakenOver   string           `json:"takenOver"`
	CanTakeOver bool             `json:"canTakeOver"`
	Voicemail   telephony.CallID `json:"voicemail,omitempty"` // whose recording is the message, of a voicemail
	ReadBack    []string         `json:"readBack"`            // keys of fields that were read back to the caller
	Now         time.Time        `json:"now"`
}

// CardState is what moves on a card while it is looked at, nothing of the patient: its fields are Card's.
type CardState struct {
	State       notes.NoteState `json:"state"`
	AckedBy     string          `json:"ackedBy"`
	AckedAt     time.Time       `json:"ackedAt"`
	ClosedAt    time.Time       `json:"closedAt"`
	NextAt      time.Time       `json:"nextAt"`
	NextName    string          `json:"nextName"`
	CanAct      bool            `json:"canAct"`
	TakenOver   string          `json:"takenOver"`
	CanTakeOver bool            `json:"canTakeOver"`
}

// CardField is one field as it was taken.
type CardField struct {
	Key   string          `json:"key"`
	Kind  notes.FieldKind `json:"kind"`
	Label notes.Text      `json:"label"`
	Value string          `json:"value"`
	Shown notes.Text      `json:"shown,omitempty"` // what a choice is called
}

// Told is one attempt to reach one person.
type Told struct {
	Name    string               `json:"name"`
	Channel routing.ChannelKind  `json:"channel"`
	State   routing.AttemptState `json:"state"`
	At      time.Time            `json:"at"`
}

// PushSubscription is what a browser's PushManager gives.
type PushSubscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// CallsFilter narrows a practice's list. Dates are the practice's local days, inclusive; empty means no bound.
type CallsFilter struct {
	Account  telephony.AccountID `json:"account"`
	From     string              `json:"from"`
	To       string              `json:"to"`
	CallType string              `json:"callType"`
	State    CallsState          `json:"state"`
	Agent    string              `json:"agent"`
	Search   string              `json:"search"` // a name, a date of birth, a number or a reference
	After    string              `json:"after"`  // the cursor a page gave
	Limit    int                 `json:"limit"`  // at most 500, 50 when 0
}

// A CallsState narrows a list of calls to what became of them.
type CallsState string

const (
	CallsAll          CallsState = ""
	CallsOpen         CallsState = "open" // with a note in that state
	CallsRead         CallsState = "read"
	CallsAcknowledged CallsState = "acknowledged"
	CallsClosed       CallsState = "closed"
	CallsVoicemail    CallsState = "voicemail" // that left a message
	CallsCompleted    CallsState = "completed" // that ended so
	CallsAbandoned    CallsState = "abandoned"
	CallsOverflowed   CallsState = "overflowed"
	CallsRefused      CallsState = "refused"
	CallsUnreached    CallsState = "unreached"
)

// CallsPage is one page of a practice's list.
type CallsPage struct {
	Rows  []CallRow `json:"rows"`
	Next  string    `json:"next"`  // "" on the last page
	Total int       `json:"total"` // on all pages; Many stands for that many or more
}

// CallRow is one call, with its note if one was taken.
type CallRow struct {
	Call     telephony.CallID   `json:"call"`
	Note     notes.NoteID       `json:"note"`
	Ref      string             `json:"ref"`
	At       time.Time          `json:"at"`
	Wait     time.Duration      `json:"wait"` // until answered; 0 when nobody did
	Talk     time.Duration      `json:"talk"`
	Agent    string             `json:"agent"`
	Outcome  telephony.Outcome  `json:"outcome"`
	Language telephony.Language `json:"language"`
	CallType notes.Text         `json:"callType"`
	Urgency  notes.Urgency      `json:"urgency"`
	State    notes.NoteState    `json:"state"`
	Patient  string             `json:"patient"` // "J. Ortega"
	// from taken to the first arrival that a carrier or an opened link reports, 0 when none
	ToDelivered  time.Duration `json:"toDelivered"`
	ToAck        time.Duration `json:"toAck"` // from taken to acknowledged, 0 when not
	AckedBy      string        `json:"ackedBy"`
	HasRecording bool          `json:"hasRecording"`
	Zone         string        `json:"zone,omitempty"` // the practice's, "America/Chicago"; where a file is taken away

	// Words is what the note says, where a file is taken away by somebody who may read it.
	Words *NoteWords `json:"words,omitempty"`
}

// NoteWords is what a practice keeps of a note in a file of its own.
type NoteWords struct {
	Name   string `json:"name"`
	Number string `json:"number"`
	Reason string `json:"reason"`
	Ended  string `json:"ended"` // the word it was closed out with
}

// CallStory is one call whole, for the practice.
type CallStory struct {
	Row    CallRow           `json:"row"`
	Card   *Card             `json:"card"` // nil for a call without a note
	Lines  []notes.StoryLine `json:"lines"`
	Caller string            `json:"caller"`
	Proof  Proof             `json:"proof"`
}

// Proof says how far a story is in the audit log.
type Proof struct {
	Leaves     int       `json:"leaves"`     // of this story
	Sequenced  bool      `json:"sequenced"`  // all of them stand under a signed checkpoint
	Checkpoint int64     `json:"checkpoint"` // its size
	At         time.Time `json:"at"`
}

// ChartQueue is what of a practice's notes waits for its chart and needs somebody's eye, what asks "which patient?" first; 100 at most.
type ChartQueue struct {
	Rows []ChartRow `json:"rows"`
}

// ChartRow is one note that waits. Nothing in it is the patient's.
type ChartRow struct {
	Note     notes.NoteID `json:"note"`
	Ref      string       `json:"ref"`
	CallType notes.Text   `json:"callType"`
	ClosedAt time.Time    `json:"closedAt"`
	Since    time.Time    `json:"since"`
	Asking   bool         `json:"asking"` // which patient it is
	Why      string       `json:"why"`    // a code: what the last try came to; "" for none
}

// ChartQuestion is a note that waits, opened, with the patients of the chart that it may be about.
type ChartQuestion struct {
	Row      ChartRow      `json:"row"`
	Name     string        `json:"name"`
	Birth    string        `json:"birth"` // 2006-01-02, "" when it was not asked
	Phones   []string      `json:"phones"`
	Number   string        `json:"number"`   // the practice's own, as the caller gave it
	Numbered bool          `json:"numbered"` // the practice has numbers of its own: one may be given as the answer
	Said     string        `json:"said"`     // by the chart, in its own words
	Away     string        `json:"away"`     // a code: why the chart could not be asked, "" when it was
	Choices  []ChartChoice `json:"choices"`  // those that fit best first
}

// ChartChoice is a patient of the chart. Fits says what of the note is theirs too: "name", "birth", "phone".
type ChartChoice struct {
	Patient string   `json:"patient"` // the chart's id
	Name    string   `json:"name"`
	Birth   string   `json:"birth"`
	Phones  []string `json:"phones"`
	Number  string   `json:"number"`
	Fits    []string `json:"fits"`
}

// ChartAnswer is what a person says of a note that waits: the patient by the chart's id or by the practice's own number, that it
// does not go into the chart, or that it is to be tried again now.
type ChartAnswer struct {
	Note    notes.NoteID `json:"note"`
	Patient string       `json:"patient"`
	Number  string       `json:"number"`
	Leave   bool         `json:"leave"`
	Again   bool         `json:"again"`
}

// Week is seven days of on-call.
type Week struct {
	Account AccountRef  `json:"account"`
	From    time.Time   `json:"from"`
	To      time.Time   `json:"to"`
	Shifts  []WeekShift `json:"shifts"`
	Gaps    []WeekShift `json:"gaps"` // nobody is on call, Who is empty
	// Problems are what the schedule says and what was hardly meant: somebody who has left, above all.
	Problems []WeekProblem `json:"problems"`
}

// WeekProblem is one of them: where it stands in the schedule, and the sentence.
type WeekProblem struct {
	Field string     `json:"field"`
	Says  notes.Text `json:"says"`
}

// WeekShift is one stretch of one role.
type WeekShift struct {
	Role string    `json:"role"`
	Who  []string  `json:"who"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}
