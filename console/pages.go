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
	Agents   []AgentRef         `json:"agents,omitempty"`  // who may have taken a call, for people who search calls
	Keeps    bool               `json:"keeps,omitempty"`   // may look at people and change them: everybody, or a practice's own
	Service  bool               `json:"service,omitempty"` // sets the service up
	Wall     bool               `json:"wall,omitempty"`    // may see how the calls of now stand
	// LockAfter is how long a page may stand untouched before it signs its person out.
	LockAfter time.Duration `json:"lockAfter"`
}

// AccountRef names a practice.
type AccountRef struct {
	ID        telephony.AccountID `json:"id"`
	Name      string              `json:"name"`
	TimeZone  string              `json:"timeZone"`
	CallTypes []CallTypeRef       `json:"callTypes,omitempty"` // in Me only
	Chart     bool                `json:"chart,omitempty"`     // in Me only: its notes go into a chart, and this person may say which patient they are about
	Messages  bool                `json:"messages,omitempty"`  // in Me only: it writes with its patients, and this person may do so
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

// InboxQuery asks for the page of a provider's list that follows After, the Next of the page before it; "" asks for the first.
type InboxQuery struct {
	After string `json:"after"`
}

// InboxPage is one page of a provider's list: first what waits for them, then what else waits and what was done in the last few
// days, each newest first.
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
	Mine     bool            `json:"mine"`    // it was sent to this person and waits for them
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
	NextName string             `json:"nextName"` // who is told at NextAt if nobody acts; "" with a NextAt means the supervisors
	CanAct   bool               `json:"canAct"`   // may acknowledge, pass on, close
	// TakenOver is the supervisor who has the note in hand. CanTakeOver says that the reader may take it over.
	TakenOver   string           `json:"takenOver"`
	CanTakeOver bool             `json:"canTakeOver"`
	Voicemail   telephony.CallID `json:"voicemail,omitempty"` // of a voicemail: the call whose recording is the message
	ReadBack    []string         `json:"readBack"`            // keys of fields that were read back to the caller
	Now         time.Time        `json:"now"`
}

// CardState is what can change on a card while somebody looks at it; nothing in it is the patient's. Its fields are as Card's.
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
	Shown notes.Text      `json:"shown,omitempty"` // a choice's label
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
	After    string              `json:"after"`  // the Next of the page before
	Limit    int                 `json:"limit"`  // at most 500, 50 when 0
}

// A CallsState narrows a list of calls by what became of them.
type CallsState string

const (
	CallsAll          CallsState = ""
	CallsOpen         CallsState = "open" // their note is in that state
	CallsRead         CallsState = "read"
	CallsAcknowledged CallsState = "acknowledged"
	CallsClosed       CallsState = "closed"
	CallsVoicemail    CallsState = "voicemail" // the caller left a message
	CallsCompleted    CallsState = "completed" // the call ended so
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
	// ToDelivered is from taken to the first arrival that a carrier or an opened link reports, 0 when none.
	ToDelivered  time.Duration `json:"toDelivered"`
	ToAck        time.Duration `json:"toAck"` // from taken to acknowledged, 0 when not
	AckedBy      string        `json:"ackedBy"`
	HasRecording bool          `json:"hasRecording"`
	Zone         string        `json:"zone,omitempty"` // the practice's, "America/Chicago"; in an export only

	// Words is what the note says: in an export only, and only for somebody who may read it.
	Words *NoteWords `json:"words,omitempty"`
}

// NoteWords is what an export says of a note.
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

// Proof says how far a story's leaves are covered by the audit log.
type Proof struct {
	Leaves     int       `json:"leaves"`     // of this story
	Sequenced  bool      `json:"sequenced"`  // all of them are under a signed checkpoint
	Checkpoint int64     `json:"checkpoint"` // that checkpoint's size, in leaves
	At         time.Time `json:"at"`
}

// ChartQueue lists those of a practice's notes that wait for its chart and need a person's attention, 100 at most. Notes for
// which a person must choose the patient come first.
type ChartQueue struct {
	Rows []ChartRow `json:"rows"`
}

// ChartRow is one note that waits for the chart. Nothing in it is the patient's.
type ChartRow struct {
	Note     notes.NoteID `json:"note"`
	Ref      string       `json:"ref"`
	CallType notes.Text   `json:"callType"`
	ClosedAt time.Time    `json:"closedAt"`
	Since    time.Time    `json:"since"`
	Asking   bool         `json:"asking"` // a person must say which patient it is about
	Why      string       `json:"why"`    // a code: how the last try failed; "" for none
}

// ChartQuestion is a note that waits for the chart, opened, with the chart's patients whom it may be about.
type ChartQuestion struct {
	Row      ChartRow      `json:"row"`
	Name     string        `json:"name"`
	Birth    string        `json:"birth"` // 2006-01-02, "" when it was not asked
	Phones   []string      `json:"phones"`
	Number   string        `json:"number"`   // the practice's own, as the caller gave it
	Numbered bool          `json:"numbered"` // the practice has patient numbers of its own: one may be given as the answer
	Said     string        `json:"said"`     // what the chart answered, in its own words
	Away     string        `json:"away"`     // a code: why the chart could not be asked; "" when it could
	Choices  []ChartChoice `json:"choices"`  // those that fit best first
}

// ChartChoice is a patient of the chart. Fits lists what agrees with the note: "name", "birth", "phone".
type ChartChoice struct {
	Patient string   `json:"patient"` // the chart's id
	Name    string   `json:"name"`
	Birth   string   `json:"birth"`
	Phones  []string `json:"phones"`
	Number  string   `json:"number"`
	Fits    []string `json:"fits"`
}

// ChartAnswer is what a person decides about a note that waits: which patient it is about, by the chart's id or the practice's
// own number; that it does not go into the chart; or that it is to be tried again now.
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
	// Problems are what is wrong with the schedule, or was probably not meant: above all, somebody in it who has left.
	Problems []WeekProblem `json:"problems"`
}

// WeekProblem is one problem of a schedule: its place in the document, and the sentence.
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
