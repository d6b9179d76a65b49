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
	// Board is the board's first page. BoardNext, BoardOpen and BoardLate are that page's Next, Open and Late.
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
	Reds       []string                     `json:"reds"`              // codes of what is wrong with the service now; every desk shows them
	RedVars    map[string]map[string]string `json:"redVars,omitempty"` // by code: what fills the placeholders of its sentence
}

// Reds are the codes of what is wrong with the service now; with none, nothing is. Vars holds, by code, what fills its
// sentence's placeholders.
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
	Missed    int                  `json:"missed"` // how many calls in a row they did not answer, when that is why they are paused; else 0
	// Supervises is another agent's call that this agent, a supervisor, is in on.
	Supervises *Supervised `json:"supervises,omitempty"`
}

// Figures is the queue as one desk shows it.
type Figures struct {
	telephony.Figures
	// Caller is when the longest waiting caller whom this agent could take came in; zero when there is none.
	Caller time.Time `json:"caller"`
}

// LoudAfter is how long such a caller waits before the desks that could take the call sound an alert.
const LoudAfter = 20 * time.Second

// A PauseReason is why an agent takes no calls: chosen by the agent, or by what happened to them.
type PauseReason string

const (
	NotPaused         PauseReason = ""
	PausedForBreak    PauseReason = "break"
	PausedForMeal     PauseReason = "meal"
	PausedForTraining PauseReason = "training"
	PausedForCoaching PauseReason = "coaching"
	PausedForOther    PauseReason = "other" // also while the desk is locked
	PausedBySignIn    PauseReason = "signed in"
	PausedByMisses    PauseReason = "missed calls"
	PausedByPhone     PauseReason = "phone-out"   // their phone cannot be rung; ends when it can
	PausedToSupervise PauseReason = "supervising" // in on another agent's call
)

// PhoneAccount is what the desk's built-in phone registers with. Password is a secret: the desk keeps it in memory only.
type PhoneAccount struct {
	Registrar string `json:"registrar"` // host:port
	User      string `json:"user"`
	Password  string `json:"password"`
}

// A Pop is everything that a desk shows of an offer or a call. It is complete before the phone rings.
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
	// Outbound says that the agent placed the call: their own phone answers its leg by itself, then the patient's phone rings.
	Outbound bool `json:"outbound,omitempty"`
	// Back is the earlier call whose caller is called back; its outcome is what the agent is asked for.
	Back telephony.CallID `json:"back,omitempty"`
	// Extension is what is dialled when the called party has answered; patient data.
	Extension string `json:"extension,omitempty"`
	Third     *Third `json:"third,omitempty"`
	// Supervisor is the supervisor who is in on the call.
	Supervisor *Supervisor `json:"supervisor,omitempty"`
	// HandedBy is the name of the agent who hands the call over, while it is offered.
	HandedBy string `json:"handedBy,omitempty"`
}

// Supervisor is a supervisor who is in on an agent's call.
type Supervisor struct {
	Name string                    `json:"name"`
	Mode telephony.SupervisionMode `json:"mode"`
}

// Supervised is another agent's call that a supervisor is in on.
type Supervised struct {
	Call     telephony.CallID          `json:"call"`
	Practice string                    `json:"practice"`
	Agent    string                    `json:"agent"` // the name of the agent whose call it is
	Mode     telephony.SupervisionMode `json:"mode"`
	Rings    bool                      `json:"rings"` // the supervisor's phone is still ringing: they hear nothing yet
}

// AgentNow is a signed-in agent as a supervisor sees them; nothing in it is a patient's. Call is set only when the supervisor
// may be in on it.
type AgentNow struct {
	ID         telephony.AgentID    `json:"id"`
	Name       string               `json:"name"`
	State      telephony.AgentState `json:"state"` // AgentOut when they have signed out
	Reason     PauseReason          `json:"reason"`
	Since      time.Time            `json:"since"`
	Call       telephony.CallID     `json:"call"`
	Practice   string               `json:"practice"`
	CallState  telephony.CallState  `json:"callState"`
	Supervisor *Supervisor          `json:"supervisor,omitempty"`
}

// AgentsWatch says whether a supervisor is looking at the list of agents. While they are, changes are told to their desk.
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

// Third is whom the agent is bringing into the call beside the caller, or tried to bring in last.
type Third struct {
	Name  string               `json:"name"`  // "" when it is no longer known
	State telephony.ThirdState `json:"state"` // "" when nobody is being brought in
	Why   string               `json:"why"`   // why it failed: a code of the catalogs' details
}

// CallNow is a call that has not ended, as a supervisor sees it; nothing in it is the patient's.
type CallNow struct {
	Call     telephony.CallID    `json:"call"`
	Practice string              `json:"practice"`
	State    telephony.CallState `json:"state"`
	Agent    string              `json:"agent"` // the name of the agent who has it; "" for nobody
	Inbound  bool                `json:"inbound"`
	Since    time.Time           `json:"since"` // when it came in or was placed
}

// PracticeView is what a desk shows of the practice beside its call.
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
	OnCall       []OnCall             `json:"onCall"` // those on call now, by role, each followed by whoever is next
	// Bulletins are what the practice wants this agent to know now: status lines, and bulletins that they have not acknowledged.
	Bulletins []DeskBulletin `json:"bulletins,omitempty"`
}

// OnCall is one provider on call.
type OnCall struct {
	Role  string    `json:"role"`
	Name  string    `json:"name"` // "" where nobody has the role
	Say   string    `json:"say"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Next  bool      `json:"next"` // not on call yet: comes after the entry before
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
	// Voicemail is the note of the voicemail that this note is taken from. Sending this note closes that one.
	Voicemail notes.NoteID `json:"voicemail,omitempty"`
}

// TakenDraft is another agent's unsent note, with the call it belongs to.
type TakenDraft struct {
	Draft Draft `json:"draft"`
	Pop   Pop   `json:"pop"`
}

// Goes says where a note will go when it is sent. Only of GoesToPeople may a desk say that it is on its way.
type Goes string

const (
	GoesToPeople Goes = "people"  // somebody is told
	GoesToOffice Goes = "office"  // it waits for the office and wakes nobody, as the practice wants it
	GoesToBoard  Goes = "board"   // its ladder reaches nobody now: it is raised on the supervisors' board at once
	GoesNowhere  Goes = "nowhere" // it cannot be sent: somebody must be told, and no ladder says whom
)

// Preview is the ladder that a draft would climb if it were sent now. Missing holds what the form lacks: a catalog code by
// field key.
type Preview struct {
	Goes     Goes               `json:"goes"`
	Contacts []PreviewContact   `json:"steps"`
	Board    time.Time          `json:"board"`
	Holes    []routing.PlanHole `json:"holes"`
	Missing  map[string]string  `json:"missing"`
	// Failing lists the channels of these attempts whose carriers are accepting nothing now.
	Failing []routing.ChannelKind `json:"failing"`
}

// PreviewContact is one person at one time, with all the channels used for them then.
type PreviewContact = routing.PreviewContact

// Sent answers AskSend.
type Sent struct {
	Note      notes.NoteID `json:"note"`
	Reference string       `json:"reference"`
	Row       BoardRow     `json:"row"`
	Goes      Goes         `json:"goes"`
}

// A BoardRow is an open note, or an abandoned call to be called back.
type BoardRow struct {
	// Key is the row's place on the board: rows are sorted by their keys, compared as strings. It is "" when the row is not
	// sent as part of a board.
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
	// Tries is how many unanswered calls from one caller a call back stands for; Last tells of the latest of them.
	Tries int `json:"tries,omitempty"`
	// Draft is the unsent note that the row is about. Call is its call, and Last names the agent who has it.
	Draft string `json:"draft,omitempty"`
	// TakenOver is the supervisor who has had the note in hand, until NextAt, since its ladder ended; "" for nobody.
	TakenOver string `json:"takenOver"`
}

// Reach is who can be told of a note, and how.
type Reach struct {
	People []ReachPerson `json:"people"`
	// Places are who else may be called for a caller.
	Places []ReachPlace `json:"places,omitempty"`
}

// A ReachPlace is a telephone of a practice's directory that is nobody's own.
type ReachPlace struct {
	Contact string `json:"contact"`
	Name    string `json:"name"`
	Say     string `json:"say"`
	Number  string `json:"number"` // formatted
}

// A ReachPerson is one of a practice's people. Why, when set, says why no message reaches them; Channels is then empty.
type ReachPerson struct {
	Contact  string                `json:"contact"`
	Name     string                `json:"name"`
	Say      string                `json:"say"`
	OnCall   bool                  `json:"onCall"`
	Channels []routing.ChannelKind `json:"channels"`
	Why      routing.HoleReason    `json:"why"`
	Rings    bool                  `json:"rings"` // there is a number of theirs to ring
}

// LastStep is the last thing that happened to a row, as a code and a name: ("text", "Dr Reyes", "delivered").
type LastStep struct {
	Kind   LastKind   `json:"kind"`
	Name   string     `json:"name"`
	Detail LastDetail `json:"detail"`
	At     time.Time  `json:"at"`
}

// A LastDetail says more about a last step: what became of a message, or why something did not go on. What a carrier itself
// said stands in the story alone.
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
	DetailLeft        LastDetail = "left" // the agent who was writing the note has gone
)

// A LastKind says what happened last to a row of the board: to a message, by its channel; to an escalation, by the name its
// story uses; to a call without a note, by how it ended.
type LastKind string

const (
	LastTaken        LastKind = "taken"
	LastWaiting      LastKind = "waiting" // waiting for the office
	LastReplied      LastKind = "replied" // a provider wrote back
	LastVoicemail    LastKind = "voicemail"
	LastUnsent       LastKind = "unsent"  // begun and not sent; Detail is "left" when its agent has gone
	LastCutOff       LastKind = "cut-off" // while the agent talked, their phone was lost
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

// Story is the whole story of a call, with its note opened.
type Story struct {
	Row          BoardRow              `json:"row"`
	Caller       string                `json:"caller"`
	Labels       map[string]notes.Text `json:"labels"` // field labels by key
	Body         *notes.Body           `json:"body"`
	AddOns       []notes.AddOn         `json:"addOns"`
	Lines        []notes.StoryLine     `json:"lines"`
	HasRecording bool                  `json:"hasRecording"`
}

// StoryState is what can change in a story while a desk shows it. Its lines hold no numbers: those came when the story was
// opened.
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
	EventAgent   EventKind = "agent"   // the agent's own state has changed
	EventFigures EventKind = "figures" // the queue's figures
	EventBoard   EventKind = "board"   // the board's first page, whole: for desks that do not know EventChange
	EventChange  EventKind = "change"  // what has changed on the board
	EventNotice  EventKind = "notice"  // a sentence shown for a while
	EventReds    EventKind = "reds"    // what is wrong with the service, shown for as long as it is
	EventTaken   EventKind = "taken"   // somebody has taken over a note that this agent had not sent
	EventAgents  EventKind = "agents"  // agents whom a supervisor is looking at have changed
	EventSet     EventKind = "set"     // a supervisor has changed this agent's state
	EventGiven   EventKind = "given"   // somebody has given this agent a note that they had not sent
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

// StateSet tells an agent which state a supervisor has put them in.
type StateSet struct {
	By    string               `json:"by"` // the supervisor's name
	State telephony.AgentState `json:"state"`
}

// DraftTaken tells an agent that somebody has taken over a note they had not sent.
type DraftTaken struct {
	ID   string `json:"id"`
	Name string `json:"name"` // of whoever has taken it
}

// DraftGiven tells an agent that somebody has given them a note that was not sent.
type DraftGiven struct {
	ID   string `json:"id"`
	Name string `json:"name"` // of whoever gave it
}

// A Colleague is another agent who is at a desk.
type Colleague struct {
	ID    telephony.AgentID    `json:"id"`
	Name  string               `json:"name"`
	State telephony.AgentState `json:"state"`
	// Languages are those they take calls in.
	Languages []telephony.Language `json:"languages,omitempty"`
}

// Gone says why an offer or a call left the desk.
type Gone struct {
	Call telephony.CallID `json:"call"`
	Why  GoneWhy          `json:"why"`
	At   time.Time        `json:"at"`
	// Outcome is how a call ended; "" for an offer.
	Outcome telephony.Outcome `json:"outcome,omitempty"`
}

// A GoneWhy says why an offer or a call is no longer this desk's.
type GoneWhy string

const (
	GoneAnswered  GoneWhy = "answered" // the offer is this agent's call now
	GoneMissed    GoneWhy = "missed"
	GoneRejected  GoneWhy = "rejected"
	GoneAbandoned GoneWhy = "abandoned" // the caller hung up
	GoneWithdrawn GoneWhy = "withdrawn" // the queue took it back
	GoneLost      GoneWhy = "lost"      // a line failed
	GoneEnded     GoneWhy = "ended"     // the call is over
	GonePatched   GoneWhy = "patched"   // the agent left, and the caller talks on with the third party
	// the agent has gone, and the caller is being put through
	GoneTransferred GoneWhy = "transferred"
	// the agent has gone, and a colleague is asked to take the call
	GoneHandedOver GoneWhy = "handed-over"
)

// CallMoved is the agent's own call in a new state.
type CallMoved struct {
	Call     telephony.CallID    `json:"call"`
	State    telephony.CallState `json:"state"`
	Language telephony.Language  `json:"language"`
	At       time.Time           `json:"at"`
	Third    *Third              `json:"third,omitempty"`
	// Supervisor is who is in on the call; nil for nobody.
	Supervisor *Supervisor `json:"supervisor,omitempty"`
}
