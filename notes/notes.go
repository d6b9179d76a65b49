// Package notes holds the words and rules of the record: practices (Account) and their scripts, the Note an agent takes from
// the first key to its closing, its Story, and who may do what (Role, Act).
//
// It promises that a rule about a note stands here once (CheckDraft, Tidy, ParseNumber), and that it compiles with no
// driver, so that a desk may know the words without holding a database.
//
// It leaves to others: keeping them (notes/record), sealing them (notes/seal), proving them (notes/audit), knowing people
// (notes/access), and who must be told and when (routing).
package notes

import (
	"slices"
	"time"

	"lamplight/telephony"
)

// A NoteID names one note for ever; sortable by time (UUIDv7).
type NoteID string

// Text is a sentence in each language the service speaks, keyed by "en" and "es".
type Text map[telephony.Language]string

// In returns the text in l, or in English, or in whatever there is.
func (t Text) In(l telephony.Language) string {
	if s, ok := t[l]; ok && s != "" {
		return s
	}
	if s := t[telephony.English]; s != "" {
		return s
	}
	for _, s := range t {
		return s
	}
	return ""
}

// An Account is a practice as agents, routing and pages need it. Nothing in it is patient data.
type Account struct {
	ID           telephony.AccountID  `json:"id"`
	Name         string               `json:"name"`
	Say          string               `json:"say"`      // how its name is pronounced, "LAKE-side"
	TimeZone     string               `json:"timeZone"` // IANA
	Languages    []telephony.Language `json:"languages"`
	AnswerPhrase Text                 `json:"answerPhrase"` // "{{agent}}" stands for the agent's first name
	Instructions Text                 `json:"instructions"`
	Lines        []telephony.Line     `json:"lines"`
	Script       Script               `json:"script"`
	Hours        []OfficeHours        `json:"hours"`
	Contacts     []Contact            `json:"contacts"`
	Places       []Place              `json:"places,omitempty"` // whom an agent may call for a caller, besides the contacts
	Dialling     DialRule             `json:"dialling,omitzero"`
	Voicemail    VoicemailRule        `json:"voicemail,omitzero"`
	Tests        []AccountTest        `json:"tests,omitempty"` // what must hold before a change of the practice is stored
	Schedule     []byte               `json:"-"`               // routing/oncall's JSON document
	Ladders      []byte               `json:"-"`               // routing's JSON document
	Chart        *Chart               `json:"chart,omitempty"` // where closed notes go; nil for a practice without
	// Messaging is how the practice writes with its patients; nil for one that does not.
	Messaging *Messaging `json:"messaging,omitempty"`
	// Version counts the changes of the practice as it is stored; 0 for one that was not read from the record.
	Version int `json:"-"`
}

// A VoicemailRule says what happens to a voicemail that no agent has taken a note from.
type VoicemailRule struct {
	// After is how long it waits on the agents, in minutes; 0 is VoicemailAfter.
	After int `json:"after,omitempty"`
	// Ladder is climbed then; "" for the service's own.
	Ladder string `json:"ladder,omitempty"`
}

// VoicemailAfter is how many minutes a voicemail waits on the agents where its practice says nothing.
const VoicemailAfter = 10

// Wait is After as a duration.
func (r VoicemailRule) Wait() time.Duration {
	minutes := r.After
	if minutes == 0 {
		minutes = VoicemailAfter
	}
	return time.Duration(minutes) * time.Minute
}

// An AccountTest is a case that a practice keeps: a call of a type at a moment must reach these people first, in this order, or wait for
// the office. It is tried with what routes notes in earnest before a change of the practice is stored.
type AccountTest struct {
	ID string `json:"id"`
	// When is a moment of the practice's wall clock: "sun 02:00" for that time of every week, "2026-12-24T02:00" for once.
	When     string       `json:"when"`
	CallType string       `json:"callType"`
	Urgency  Urgency      `json:"urgency,omitempty"` // "" for the one that the call type starts with
	Office   bool         `json:"office,omitempty"`  // the note must wait for the office
	Expect   []TestedRung `json:"expect,omitempty"`  // without Office: who must be told first, in order; more may follow
}

// A TestedRung is whom an AccountTest expects to be told at once, and nobody else beside them.
type TestedRung struct {
	Who      string   `json:"who"`                // as a ladder names them: a role, "next", "contact:ID"
	Channels []string `json:"channels,omitempty"` // by these at least; none for whatever there is
	After    string   `json:"after,omitempty"`    // how long after the note was taken, "5m"; "" for whenever
}

// A Chart is a practice's medical record system, into which its notes are written once they are closed. Nothing in it is secret.
type Chart struct {
	Endpoint string `json:"endpoint"` // the FHIR R4 base, "https://fhir.example.org/R4"
	Dialect  string `json:"dialect"`  // one of ChartDialects
	Client   string `json:"client"`   // what its token server calls us
	// PatientSystem is the system of the practice's own numbers for its patients, and PatientField the key of the script's field
	// that asks for one; "" when it has none.
	PatientSystem string   `json:"patientSystem,omitempty"`
	PatientField  string   `json:"patientField,omitempty"`
	CallTypes     []string `json:"callTypes,omitempty"` // whose notes go; none means all but voicemails
	Author        string   `json:"author,omitempty"`    // who writes, as the chart knows it: "Organization/12"
	Authenticator string   `json:"authenticator,omitempty"`
	AlarmAfter    int      `json:"alarmAfter,omitempty"` // minutes that a note may wait before everybody is told; 60 if 0
	// Appointments has the practice's appointments read from it, and patients be reminded of them.
	Appointments bool `json:"appointments,omitempty"`
}

// What a chart may be shaped like.
const (
	ChartGeneric = "generic" // as the standard and US Core have it
	ChartMedplum = "medplum"
	ChartEpic    = "epic"
	ChartOracle  = "oracle"
)

// ChartDialects are all of them.
var ChartDialects = []string{ChartGeneric, ChartMedplum, ChartEpic, ChartOracle}

// Takes reports that notes of a call type go into the chart.
func (c Chart) Takes(callType string) bool {
	if len(c.CallTypes) == 0 {
		return callType != VoicemailType
	}
	return slices.Contains(c.CallTypes, callType)
}

// Patience is how long a note may wait for the chart before everybody is told.
func (c Chart) Patience() time.Duration {
	if c.AlarmAfter == 0 {
		return time.Hour
	}
	return time.Duration(c.AlarmAfter) * time.Minute
}

// OfficeHours is one window of a weekday in the practice's wall clock, "08:00" to "17:30".
type OfficeHours struct {
	Weekday time.Weekday `json:"weekday"`
	From    string       `json:"from"`
	To      string       `json:"to"`
}

// A Contact is somebody a practice wants to be told: a provider mostly. ID is what the on-call schedule names.
type Contact struct {
	ID       string             `json:"id"`
	Person   PersonID           `json:"person"` // who signs in on the phone page; empty for a contact without a sign-in
	Name     string             `json:"name"`   // "Dr Reyes"
	Say      string             `json:"say"`    // "RAY-ess"
	Language telephony.Language `json:"language"`
	Mobile   telephony.Number   `json:"mobile"`
	Email    string             `json:"email"`
}

// A Place is a telephone of a practice's directory that is nobody's own: a pharmacy, a hospital, an interpreter line. Its ID is no
// contact's.
type Place struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Say       string           `json:"say,omitempty"`
	Number    telephony.Number `json:"number"`
	Extension string           `json:"extension,omitempty"` // keyed after the answer
}

// A Script is what an agent says and asks for a practice.
type Script struct {
	Version   int        `json:"version"`
	CallTypes []CallType `json:"callTypes"`
	RedFlags  []RedFlag  `json:"redFlags"`
}

// CallType finds a call type by its id.
func (s Script) CallType(id string) (CallType, bool) {
	i := slices.IndexFunc(s.CallTypes, func(t CallType) bool { return t.ID == id })
	if i < 0 {
		return CallType{}, false
	}
	return s.CallTypes[i], true
}

// A CallType is one reason to call, picked by its digit.
type CallType struct {
	ID      string  `json:"id"`
	Digit   string  `json:"digit"` // "1".."9"
	Label   Text    `json:"label"`
	Urgency Urgency `json:"urgency"` // where it starts; the agent may raise it by the practice's rules
	Ladder  string  `json:"ladder"`  // the name of the ladder it is sent up, "" for none: it waits for the office
	// Ladders are the ladders of single urgencies, where they are others than Ladder: a refill waits for the office, and one
	// that was raised to an emergency wakes somebody.
	Ladders map[Urgency]string `json:"ladders,omitempty"`
	Role    string             `json:"role"` // who is looked up on the schedule, "primary"
	Fields  []Field            `json:"fields"`
}

// LadderFor is the name of the ladder that a note of this urgency is sent up, "" where there is none.
func (t CallType) LadderFor(u Urgency) string {
	if name, ok := t.Ladders[u]; ok {
		return name
	}
	return t.Ladder
}

// Urgency is how soon the provider must know.
type Urgency string

// Waits reports that a note of this urgency may wait for the office. Every other must reach somebody.
func (u Urgency) Waits() bool { return u == Routine }

const (
	Routine   Urgency = "routine"
	Urgent    Urgency = "urgent"
	Emergency Urgency = "emergency"
)

// Urgencies are all there are, the least first.
var Urgencies = []Urgency{Routine, Urgent, Emergency}

// A Field is one thing to ask. Key names its value in a Note's body; the keys "name", "callback", "dob" and "reason"
// are known to the service: a name is folded for search, a callback is a number and read back, a dob is a date.
type Field struct {
	Key      string    `json:"key"`
	Kind     FieldKind `json:"kind"`
	Label    Text      `json:"label"`
	Cue      Text      `json:"cue"` // what the agent says
	Required bool      `json:"required"`
	ReadBack bool      `json:"readBack"`
	Choices  []Choice  `json:"choices,omitempty"`
}

// A Choice is one answer of a "choice" field.
type Choice struct {
	Value string `json:"value"`
	Label Text   `json:"label"`
}

// A RedFlag shows the practice's own words when a caller's words match. Lamplight never triages.
type RedFlag struct {
	Words map[telephony.Language][]string `json:"words"`
	Show  Text                            `json:"show"`
}

// A NoteState is where a note stands. It only moves forward.
//
//	open ──▶ read ──▶ acknowledged ──▶ closed
//	  └────────────────▲
type NoteState string

const (
	Open         NoteState = "open"         // taken; nobody who must act has said so
	Read         NoteState = "read"         // rendered on a provider's screen
	Acknowledged NoteState = "acknowledged" // a person took it on
	Closed       NoteState = "closed"       // done, with a word on how
)

// A Body is what the caller said: patient data, sealed at rest. Values are keyed by Field.Key; Verbatim keeps the
// caller's own words in their language beside what the agent wrote.
type Body struct {
	Fields   map[string]string `json:"fields"`
	Verbatim string            `json:"verbatim,omitempty"`
	ReadBack []string          `json:"readBack,omitempty"` // keys of the fields that were read back to the caller
}

// A Note is one message. Everything but Body may stand in a list; Body needs an Open, which leaves a trace.
type Note struct {
	ID        NoteID
	Reference string // short, sayable, unique within the practice for a year: "L-4821"; holds nothing of the patient
	Account   telephony.AccountID
	Call      telephony.CallID
	CallType  string
	Urgency   Urgency
	Language  telephony.Language
	Taker     PersonID
	TakenAt   time.Time
	State     NoteState
	ReadAt    time.Time
	AckedAt   time.Time
	AckedBy   PersonID
	ClosedAt  time.Time
	ClosedBy  PersonID
	Version   int
	Body      *Body // nil until opened
	AddOns    []AddOn
}

// An AddOn is something said after the note was locked: a correction, the provider's answer, the agent's remark.
// Text is patient data, sealed like the body.
type AddOn struct {
	ID     string
	Note   NoteID
	By     PersonID
	ByName string
	At     time.Time
	Kind   AddOnKind
	Text   string
}

// A Story is everything that happened to a call and its note, in order, to the second: steps of the call, the note, the
// attempts, reads and acknowledgments.
type Story struct {
	Call       telephony.Call
	Note       *Note // opened; nil when none was taken
	Lines      []StoryLine
	Recordings []telephony.RecordingID
	Proof      Proof
	FollowUp   *AddOn // how the call back ended, nil when there was none; its Note is empty
}

// A Proof says how far a story stands in the audit log.
type Proof struct {
	Leaves     int       `json:"leaves"`     // of this story
	Sequenced  bool      `json:"sequenced"`  // all of them stand under a signed checkpoint
	Checkpoint int64     `json:"checkpoint"` // the newest one's size
	At         time.Time `json:"at"`         // when it was signed
}

// A StoryLine is one step. Kind and Detail are codes the catalogs translate; they hold no patient data, Number does.
type StoryLine struct {
	At     time.Time `json:"at"`
	Kind   LineKind  `json:"kind"`
	Actor  string    `json:"actor"` // a name of staff, or ""
	Detail string    `json:"detail"`
	Leaf   int64     `json:"leaf"`             // the audit leaf's index, -1 until it is sequenced
	Number string    `json:"number,omitempty"` // that was called back
	Whom   string    `json:"whom,omitempty"`   // one of the practice's people who was brought into the call
}
