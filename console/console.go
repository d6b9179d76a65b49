// Package console is the contract between both ends of the wire: what a desk or a page may ask
// (requests.go), what they are told (Event), the rows they are shown, how they are refused (Error) and which version speaks.
//
// It promises that it compiles with the stages' words alone, so that a desk which imports it holds no database, no seal and
// no bus server.
//
// It leaves to others: answering (console/house), carrying (console/wire, console/portal) and drawing (frontend).
package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// Hello is a desk's whole state.
type Hello struct {
	Agent   AgentView    `json:"agent"`
	Now     time.Time    `json:"now"` // the server's clock: a desk counts from it, not from its own
	Phone   PhoneAccount `json:"phone"`
	Figures Figures      `json:"figures"`
	Pop     *Pop         `json:"pop"` // the offer or call this agent has, if any
	// Board is the board's first page, and the rest of it.
	Board      []BoardRow                   `json:"board"`
	BoardNext  string                       `json:"boardNext"`
	BoardOpen  int                          `json:"boardOpen"`
	BoardLate  int                          `json:"boardLate"`
	Drafts     []Draft                      `json:"drafts"`
	DraftPops  []Pop                        `json:"draftPops"` // the calls those drafts belong to, to draw their forms again
	Training   bool                         `json:"training"`  // practice calls can be asked for
	Pauses     []PauseReason                `json:"pauses"`    // those an agent may choose
	Supervisor bool                         `json:"supervisor"`
	LockAfter  time.Duration                `json:"lockAfter"` // how long nobody may touch the desk before it locks itself
	Server     Version                      `json:"server"`
	Reds       []string                     `json:"reds"`              // what is wrong with the service now, for every desk to know: codes
	RedVars    map[string]map[string]string `json:"redVars,omitempty"` // what their sentences name, by code
}

// Reds are the codes of what is wrong with the service now; none says that nothing is. Vars are what their sentences name.
type Reds struct {
	Vars  map[string]map[string]string `json:"vars,omitempty"`
	Codes []string                     `json:"codes"`
}

// AgentView is the agent as their own desk shows them.
type AgentView struct {
	ID        telephony.AgentID    `json:"id"`
	Name      string               `json:"name"`
	Languages []telephony.Language `json:"languages"`
	Interface telephony.Language   `json:"interface"` // the desk's own language
	State     telephony.AgentState `json:"state"`
	Reason    PauseReason          `json:"reason"`
	Since     time.Time            `json:"since"`
	Missed    int                  `json:"missed"` // calls not answered in a row that caused the pause, 0 for another pause
	// Supervises is the call of another's that they are in on.
	Supervises *Supervised `json:"supervises,omitempty"`
}

// Figures is the queue as one desk shows it.
type Figures struct {
	telephony.Figures
	// Caller is when the caller came in who waits longest of those this agent could take; zero when nobody does.
	Caller time.Time `json:"caller"`
}

// LoudAfter is how long such a caller waits before the desks that could take it are loud.
const LoudAfter = 20 * time.Second

// A PauseReason is why an agent takes no calls: chosen by the agent, or by what happened to them.
type PauseReason string

const (
	NotPaused         PauseReason = ""
	PausedForBreak    PauseReason = "break"
	PausedForMeal     PauseReason = "meal"
	PausedForTraining PauseReason = "training"
	PausedForCoaching PauseReason = "coaching"
	PausedForOther    PauseReason = "other" // a locked desk's too
	PausedBySignIn    PauseReason = "signed in"
	PausedByMisses    PauseReason = "missed calls"
	PausedByPhone     PauseReason = "phone-out"   // it cannot be rung; ends when it can
	PausedToSupervise PauseReason = "supervising" // in on another's call
)

// PhoneAccount is what the desk's built-in phone registers with. Password is a secret: it stays in memory.
type PhoneAccount struct {
	Registrar string `json:"registrar"` // host:port
	User      string `json:"user"`
	Password  string `json:"password"`
}

// A Pop is the screen pop: complete before the phone rings.
type Pop struct {
	Call       telephony.CallID    `json:"call"`
	Epoch      uint64              `json:"epoch"`
	Deadline   time.Time           `json:"deadline"`
	State      telephony.CallState `json:"state"`
	Caller     string              `json:"caller"`    // formatted number, or "" when withheld; patient data
	CallerRaw  string              `json:"callerRaw"` // E.164, to fill the call-back field; patient data
	Name       string              `json:"name"`      // the carrier's caller name, cleaned; untrusted, patient data
	Language   telephony.Language  `json:"language"`
	ArrivedAt  time.Time           `json:"arrivedAt"`
	AnsweredAt time.Time           `json:"answeredAt"`
	HeldAt     time.Time           `json:"heldAt"`
	Practice   PracticeView        `json:"practice"`
	Script     notes.Script        `json:"script"`
	Before     []Before            `json:"before"` // what this number called about lately
	// Outbound is a call back that the agent asked for: the desk's own phone answers its leg by itself, then the patient's rings.
	Outbound bool `json:"outbound,omitempty"`
	// Back is the call whose caller is called back: how it ended is asked for that one.
	Back telephony.CallID `json:"back,omitempty"`
	// Extension is what is dialled when the called party has answered; patient data.
	Extension string `json:"extension,omitempty"`
	Third     *Third `json:"third,omitempty"`
	// Supervisor is who is in on the call.
	Supervisor *Supervisor `json:"supervisor,omitempty"`
}

// Supervisor is a supervisor who is in on an agent's call.
type Supervisor struct {
	Name string                    `json:"name"`
	Mode telephony.SupervisionMode `json:"mode"`
}

// Supervised is the call of another's that a supervisor is in on.
type Supervised struct {
	Call     telephony.CallID          `json:"call"`
	Practice string                    `json:"practice"`
	Agent    string                    `json:"agent"` // the name of whose it is
	Mode     telephony.SupervisionMode `json:"mode"`
	Rings    bool                      `json:"rings"` // the supervisor's phone does: they hear nothing yet
}

// AgentNow is an agent who is signed in, as a supervisor sees them: nothing of a patient. The call is one that the supervisor may
// be in on, or none.
type AgentNow struct {
	ID         telephony.AgentID    `json:"id"`
	Name       string               `json:"name"`
	State      telephony.AgentState `json:"state"` // AgentOut: not signed in any more
	Reason     PauseReason          `json:"reason"`
	Since      time.Time            `json:"since"`
	Call       telephony.CallID     `json:"call"`
	Practice   string               `json:"practice"`
	CallState  telephony.CallState  `json:"callState"`
	Supervisor *Supervisor          `json:"supervisor,omitempty"`
}

// AgentsWatch says whether a supervisor looks at the agents: then changes are told.
type AgentsWatch struct {
	On bool `json:"on"`
}

// ListenRef names a call and how a supervisor is to be in on it.
type ListenRef struct {
	Call telephony.CallID          `json:"call"`
	Mode telephony.SupervisionMode `json:"mode"`
}

// AgentSet is a state that a supervisor gives an agent: ready, or paused for a reason.
type AgentSet struct {
	Agent  telephony.AgentID    `json:"agent"`
	State  telephony.AgentState `json:"state"`
	Reason PauseReason          `json:"reason"`
}

// Third is whom the agent brings into the call beside the caller, or tried to last.
type Third struct {
	Name  string               `json:"name"`  // "" where it is not known any more
	State telephony.ThirdState `json:"state"` // "" when nobody is being brought in
	Why   string               `json:"why"`   // it came to nothing: a code of the catalogs' details
}

// CallNow is a call that has not ended, as a supervisor sees it: nothing of the patient.
type CallNow struct {
	Call     telephony.CallID    `json:"call"`
	Practice string              `json:"practice"`
	State    telephony.CallState `json:"state"`
	Agent    string              `json:"agent"` // the name of who has it; "" for nobody
	Inbound  bool                `json:"inbound"`
	Since    time.Time           `json:"since"` // it came in, or was placed
}

// PracticeView is the right column.
type PracticeView struct {
	ID           telephony.AccountID  `json:"id"`
	Name         string               `json:"name"`
	Say          string               `json:"say"`
	TimeZone     string               `json:"timeZone"`
	LocalTime    time.Time            `json:"localTime"`
	Open         bool                 `json:"open"`
	Languages    []telephony.Language `json:"languages"`
	AnswerPhrase notes.Text           `json:"answerPhrase"` // the agent's name is already in it
	Instructions notes.Text           `json:"instructions"`
	OnCall       []OnCall             `json:"onCall"` // now, by role; then who is next
}

// OnCall is one provider on call.
type OnCall struct {
	Role  string    `json:"role"`
	Name  string    `json:"name"` // "" where nobody has the role
	Say   string    `json:"say"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Next  bool      `json:"next"` // not on yet: follows the one before
}

// Before is an earlier call from the same number.
type Before struct {
	At       time.Time         `json:"at"`
	CallType notes.Text        `json:"callType"`
	State    notes.NoteState   `json:"state"`
	StateAt  time.Time         `json:"stateAt"`
	Note     notes.NoteID      `json:"note"`
	Ref      string            `json:"ref"`
	Outcome  telephony.Outcome `json:"outcome"` // of a call without a note
}

// A Draft is a note being typed. ID is chosen by the desk (UUID) and makes Send repeatable.
type Draft struct {
	ID       string              `json:"id"`
	Seq      int64               `json:"seq"`
	Call     telephony.CallID    `json:"call"`
	Account  telephony.AccountID `json:"account"`
	CallType string              `json:"callType"`
	Urgency  notes.Urgency       `json:"urgency"`
	Language telephony.Language  `json:"language"`
	Body     notes.Body          `json:"body"`
	SavedAt  time.Time           `json:"savedAt"`
	// Voicemail is the note of the voicemail that this one is taken from: sending closes it.
	Voicemail notes.NoteID `json:"voicemail,omitempty"`
}

// TakenDraft is a note that somebody else had not sent, with the call it belongs to.
type TakenDraft struct {
	Draft Draft `json:"draft"`
	Pop   Pop   `json:"pop"`
}

// Goes says where a note goes when it is sent: "on its way" is said of the first only.
type Goes string

const (
	GoesToPeople Goes = "people"  // somebody is told
	GoesToOffice Goes = "office"  // it waits for the office: nobody is woken, as the practice wants it
	GoesToBoard  Goes = "board"   // its ladder reaches nobody now: it is raised on the supervisors' board at once
	GoesNowhere  Goes = "nowhere" // it cannot be sent: somebody must be told, and no ladder says who
)

// Preview is the ladder before sending. Missing holds what the form lacks, by field key, as catalog codes.
type Preview struct {
	Goes     Goes               `json:"goes"`
	Contacts []PreviewContact   `json:"steps"`
	Board    time.Time          `json:"board"`
	Holes    []routing.PlanHole `json:"holes"`
	Missing  map[string]string  `json:"missing"`
	// Failing are the channels of these steps whose carriers take nothing now.
	Failing []routing.ChannelKind `json:"failing"`
}

// PreviewContact is one person at one time, their channels together.
type PreviewContact = routing.PreviewContact

// Sent answers a Send.
type Sent struct {
	Note      notes.NoteID `json:"note"`
	Reference string       `json:"reference"`
	Row       BoardRow     `json:"row"`
	Goes      Goes         `json:"goes"`
}

// A BoardRow is an open note, or an abandoned call to be called back.
type BoardRow struct {
	// Key is the row's place on the board: rows stand in the order of their keys, which compare as strings. "" in an answer
	// that is no board's.
	Key      string              `json:"key"`
	Kind     notes.BoardKind     `json:"kind"`
	Note     notes.NoteID        `json:"note"`
	Call     telephony.CallID    `json:"call"`
	Ref      string              `json:"ref"`
	Account  telephony.AccountID `json:"account"`
	Practice string              `json:"practice"`
	Urgency  notes.Urgency       `json:"urgency"`
	Patient  string              `json:"patient"` // "J. Ortega"; patient data
	State    notes.NoteState     `json:"state"`
	TakenAt  time.Time           `json:"takenAt"`
	Last     LastStep            `json:"last"`
	NextAt   time.Time           `json:"nextAt"` // zero when nothing is due
	NextKind routing.NextKind    `json:"nextKind"`
	NextName string              `json:"nextName"`
	Late     routing.Lateness    `json:"late"`
	// Tries is how many calls of one caller a call back stands for, none of which was answered; Last tells of the latest.
	Tries int `json:"tries,omitempty"`
	// Draft is the note not sent that the row is of: Call is whose, and Last names the agent who has it.
	Draft string `json:"draft,omitempty"`
	// TakenOver is the supervisor who has it in hand since its ladder has ended, "" for nobody: until NextAt.
	TakenOver string `json:"takenOver"`
}

// Reach is who can be told of a note, and how.
type Reach struct {
	People []ReachPerson `json:"people"`
}

// A ReachPerson is one of a practice's people. Why says why no message reaches them; then Channels is empty.
type ReachPerson struct {
	Contact  string                `json:"contact"`
	Name     string                `json:"name"`
	Say      string                `json:"say"`
	OnCall   bool                  `json:"onCall"`
	Channels []routing.ChannelKind `json:"channels"`
	Why      routing.HoleReason    `json:"why"`
	Rings    bool                  `json:"rings"` // there is a number to ring
}

// LastStep is the last thing that happened to a row, as a code and a name: ("text", "Dr Reyes", "delivered").
type LastStep struct {
	Kind   LastKind   `json:"kind"`
	Name   string     `json:"name"`
	Detail LastDetail `json:"detail"`
	At     time.Time  `json:"at"`
}

// A LastDetail says more of a last step: what became of a message, or why something did not go on. A carrier's own words stand in
// the story alone.
type LastDetail string

const (
	DetailNone        LastDetail = ""
	DetailDelivered   LastDetail = "delivered"
	DetailUndelivered LastDetail = "undelivered"
	DetailFailed      LastDetail = "failed"
	DetailOpened      LastDetail = "opened"
	DetailCancelled   LastDetail = "cancelled"
	DetailByVoice     LastDetail = "by-voice"
	DetailSupervisor  LastDetail = "supervisor"
	DetailReassigned  LastDetail = "reassigned"
	DetailUnreachable LastDetail = "unreachable"
	DetailNoLadder    LastDetail = "no-service-ladder"
	DetailNobody      LastDetail = "service-ladder-nobody"
	DetailHeldTooLong LastDetail = "held-too-long"
	DetailWithheld    LastDetail = "number-withheld"
	DetailLeft        LastDetail = "left" // the agent whose note it was has gone
)

// A LastKind says what happened last to a row of the board: to a message, by its channel; to an escalation, as its story calls it;
// to a call without a note, how it ended.
type LastKind string

const (
	LastTaken        LastKind = "taken"
	LastWaiting      LastKind = "waiting" // for the office
	LastReplied      LastKind = "replied" // a provider wrote back
	LastVoicemail    LastKind = "voicemail"
	LastUnsent       LastKind = "unsent"  // begun and not sent; its agent has gone when Detail says "left"
	LastCutOff       LastKind = "cut-off" // in the talk, when the agent's phone was lost
	LastText         LastKind = "text"
	LastEmail        LastKind = "email"
	LastPush         LastKind = "push"
	LastVoice        LastKind = "voice"
	LastBegun        LastKind = "dispatch.begun"
	LastAcknowledged LastKind = "dispatch.acknowledged"
	LastPassed       LastKind = "dispatch.passed"
	LastPushed       LastKind = "dispatch.pushed"
	LastSkipped      LastKind = "dispatch.skipped"
	LastReassigned   LastKind = "dispatch.reassigned"
	LastCancelled    LastKind = "dispatch.cancelled"
	LastExhausted    LastKind = "dispatch.exhausted"
	LastSummoned     LastKind = "dispatch.summoned"
	LastTakenOver    LastKind = "dispatch.taken-over"
	LastPaged        LastKind = "dispatch.paged"
	LastCalled       LastKind = "dispatch.called"
	LastTold         LastKind = "dispatch.told"
	LastForged       LastKind = "dispatch.forged"
	LastTextUnclear  LastKind = "text.unclear"
	LastTextsStopped LastKind = "text.stopped"
	LastTextsStarted LastKind = "text.started"
	LastCompleted    LastKind = "completed"
	LastAbandoned    LastKind = "abandoned"
	LastOverflowed   LastKind = "overflowed"
	LastRefused      LastKind = "refused"
	LastUnreached    LastKind = "unreached"
)

// StoryRef asks for a story by call or by note.
type StoryRef struct {
	Call telephony.CallID `json:"call"`
	Note notes.NoteID     `json:"note"`
}

// Story is the whole story with the note opened.
type Story struct {
	Row          BoardRow              `json:"row"`
	Caller       string                `json:"caller"`
	Labels       map[string]notes.Text `json:"labels"` // field labels by key
	Body         *notes.Body           `json:"body"`
	AddOns       []notes.AddOn         `json:"addOns"`
	Lines        []notes.StoryLine     `json:"lines"`
	HasRecording bool                  `json:"hasRecording"`
}

// StoryState is what moves in a story while it stands open. The lines hold no numbers: those came when it was opened.
type StoryState struct {
	State        notes.NoteState   `json:"state"` // the note's, "" where there is none
	Lines        []notes.StoryLine `json:"lines"`
	HasRecording bool              `json:"hasRecording"`
}

// A Scenario is a training call.
type Scenario struct {
	ID       string             `json:"id"`
	Title    notes.Text         `json:"title"`
	Practice string             `json:"practice"`
	Language telephony.Language `json:"language"`
	Expected notes.Body         `json:"expected"` // the note a good agent takes
}

// An EventKind says what an Event tells, and so which of its fields is set: the one whose tag names the kind. A desk passes
// over a kind it does not know.
type EventKind string

const (
	EventHello   EventKind = "hello"
	EventPop     EventKind = "pop"     // an offer: show it at once
	EventGone    EventKind = "gone"    // an offer or call has left this desk
	EventCall    EventKind = "call"    // the agent's own call is in a new state
	EventAgent   EventKind = "agent"   // the agent is
	EventFigures EventKind = "figures" // the queue's figures
	EventBoard   EventKind = "board"   // the board's first page, whole: for a desk that does not know EventChange
	EventChange  EventKind = "change"  // what has changed on the board
	EventNotice  EventKind = "notice"  // a sentence shown for a while
	EventReds    EventKind = "reds"    // what is wrong with the service, shown for as long as it is
	EventTaken   EventKind = "taken"   // somebody else has taken a note over that this agent had not sent
	EventAgents  EventKind = "agents"  // agents whom a supervisor looks at are in a new state
	EventSet     EventKind = "set"     // a supervisor has changed the agent's state
	EventGiven   EventKind = "given"   // somebody else has given this agent a note that they had not sent
)

// An Event is one thing that happened.
type Event struct {
	Kind    EventKind    `json:"kind"`
	Sent    time.Time    `json:"sent"` // when the server sent it
	Hello   *Hello       `json:"hello,omitempty" kind:"hello"`
	Pop     *Pop         `json:"pop,omitempty" kind:"pop"`
	Gone    *Gone        `json:"gone,omitempty" kind:"gone"`
	Call    *CallMoved   `json:"call,omitempty" kind:"call"`
	Agent   *AgentView   `json:"agent,omitempty" kind:"agent"`
	Figures *Figures     `json:"figures,omitempty" kind:"figures"`
	Board   []BoardRow   `json:"board,omitempty" kind:"board"`
	Change  *BoardChange `json:"change,omitempty" kind:"change"`
	Notice  string       `json:"notice,omitempty" kind:"notice"` // the catalog's code
	Reds    *Reds        `json:"reds,omitempty" kind:"reds"`
	Taken   *DraftTaken  `json:"taken,omitempty" kind:"taken"`
	Given   *DraftGiven  `json:"given,omitempty" kind:"given"`
	Agents  []AgentNow   `json:"agents,omitempty" kind:"agents"`
	Set     *StateSet    `json:"set,omitempty" kind:"set"`
}

// StateSet is what a supervisor has made of the agent's state.
type StateSet struct {
	By    string               `json:"by"` // their name
	State telephony.AgentState `json:"state"`
}

// DraftTaken is a note not sent that is somebody else's now.
type DraftTaken struct {
	ID   string `json:"id"`
	Name string `json:"name"` // whose
}

// DraftGiven is a note not sent that is this agent's now.
type DraftGiven struct {
	ID   string `json:"id"`
	Name string `json:"name"` // whose it was
}

// A Colleague is another agent who sits at a desk.
type Colleague struct {
	ID    telephony.AgentID    `json:"id"`
	Name  string               `json:"name"`
	State telephony.AgentState `json:"state"`
}

// Gone says why an offer or a call left the desk.
type Gone struct {
	Call telephony.CallID `json:"call"`
	Why  GoneWhy          `json:"why"`
	At   time.Time        `json:"at"`
	// Outcome is how a call ended; "" for an offer.
	Outcome telephony.Outcome `json:"outcome,omitempty"`
}

// A GoneWhy says why an offer, or a call, is no more a desk's.
type GoneWhy string

const (
	GoneAnswered  GoneWhy = "answered" // the offer is this agent's call now
	GoneMissed    GoneWhy = "missed"
	GoneRejected  GoneWhy = "rejected"
	GoneAbandoned GoneWhy = "abandoned" // the caller hung up
	GoneWithdrawn GoneWhy = "withdrawn" // the queue took it back
	GoneLost      GoneWhy = "lost"      // a line failed
	GoneEnded     GoneWhy = "ended"     // the call is over
	GonePatched   GoneWhy = "patched"   // the agent left the caller with whom they brought in
)

// CallMoved is the agent's own call in a new state.
type CallMoved struct {
	Call     telephony.CallID    `json:"call"`
	State    telephony.CallState `json:"state"`
	Language telephony.Language  `json:"language"`
	At       time.Time           `json:"at"`
	Third    *Third              `json:"third,omitempty"`
	// Supervisor is who is in on it; without one, nobody is.
	Supervisor *Supervisor `json:"supervisor,omitempty"`
}
