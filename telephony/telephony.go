// Package telephony holds the words and rules of a call's life: what a call is made of (Call, Leg, Line, Offer), what
// is asked of a switch (Switch) and of the record (Ledger), and what a listener is told (Listener).
//
// It promises that what is named here has one meaning from the carrier's INVITE to the last leg's end, and that it
// compiles with the standard library alone, so that a desk may know the words without holding what runs.
//
// It leaves to others: moving calls (telephony/engine), choosing agents (telephony/acd), talking to Asterisk
// (telephony/ari), what is said in a call and who must hear of it (notes, routing), and what a desk shows (console).
package telephony

import (
	"strings"
	"time"
)

// A CallID names one call for ever. Ids have a fixed width and never repeat, because Asterisk refuses a channel id that
// is a prefix of a live one; leg, bridge, play and recording ids are derived from it.
type CallID string

// A LegID names one party's connection to the switch (Asterisk calls it a channel).
type LegID string

// A BridgeID names a place where legs hear each other.
type BridgeID string

// A PlayID names one prompt being played.
type PlayID string

// A RecordingID names one recording on the switch, until it is fetched, sealed and deleted there.
type RecordingID string

// An AgentID names an agent; it is the id of the person in notes/access.
type AgentID string

// An AccountID names a practice.
type AccountID string

// A Number is a telephone number in E.164 form, "+13125550142"; empty means withheld or unknown.
// A caller's Number is patient data: it never stands in a log, URL, subject or metric, so String hides all but the
// last two digits and Reveal is needed to see it.
type Number string

// String returns the number with all but its last two digits hidden, so that a careless log line tells nothing.
func (n Number) String() string {
	if len(n) < 2 {
		return "…"
	}
	return "…" + string(n[len(n)-2:])
}

// Reveal returns the whole number. Call it only on the way to the switch, the seal, or an authorised screen.
func (n Number) Reveal() string { return string(n) }

// MaxExtension is how many keys an extension has at most.
const MaxExtension = 10

// IsExtension tells whether s is an extension that can be dialled; "" is none, and can.
func IsExtension(s string) bool {
	return len(s) <= MaxExtension && strings.Trim(s, "0123456789*#") == ""
}

// A Language is a BCP 47 primary tag the service speaks: "en" or "es".
type Language string

const (
	English Language = "en"
	Spanish Language = "es"
)

// A Line is a number a practice owns, as the engine needs it when that number is dialled.
type Line struct {
	DID       Number     // the number dialled, not patient data
	Account   AccountID  // whose it is
	Name      string     // the practice's name, for the agent's phone
	Languages []Language // the greeting's order; the first is what is assumed when the caller presses nothing
	Priority  int        // the practice's priority in the queue, 0 is ordinary, higher is served sooner
	// LanguageLevel is the least level at which an agent must speak the caller's language; 0 is Some.
	LanguageLevel Level    `json:",omitempty"`
	Skills        []string // what an agent must be certified for, beside the language
	Groups        []string `json:",omitempty"` // the groups of agents that are asked; none means every agent
	// OwnOnly asks the practice's own staff and nobody else. Without it they are asked first, wherever one of them is signed in.
	OwnOnly bool  `json:",omitempty"`
	Relax   Relax `json:",omitzero"`
}

// A Relax says how the circle of agents who may take a line's call widens while the caller waits, in seconds since the call
// came in; 0 is never. A caller whom the right agents cannot take is better off with another than in the queue.
type Relax struct {
	SkillsAfter   int      `json:",omitempty"` // then an agent without the line's skills will do
	LevelAfter    int      `json:",omitempty"` // then an agent who gets by in the caller's language will do
	LanguageAfter int      `json:",omitempty"` // then an agent who does not speak the caller's language will do, with an interpreter
	GroupsAfter   int      `json:",omitempty"` // then the groups in Overflow are asked too, or every agent if it names none
	Overflow      []string `json:",omitempty"`
	OutsideAfter  int      `json:",omitempty"` // then an agent who is not the practice's own staff will do
}

// A CallState is where a call stands. It only moves along the arrows; Engine alone moves it.
//
//	Arrived ──▶ Waiting ──▶ Offered ──▶ Talking ◀──▶ Held
//	   │          ▲ ▲ │        │           │  │        │
//	   │          │ └─┼────────┘ missed    │  └─▶ Patched
//	   │          └───┼────────────────────┼─────────┘ a transfer that failed
//	   ▼              ▼                    ▼        ▼  ▼
//	 Ended ◀──────── Ended ◀───────────── Ended ◀──── Ended
type CallState string

const (
	Arrived CallState = "arrived" // on the switch; a call of ours: the first party is being rung
	Waiting CallState = "waiting" // in the queue, hears the greeting, then music; a call of ours: the second is being rung
	Offered CallState = "offered" // popped on one agent's desk and ringing their phone; the caller hears the same
	Talking CallState = "talking" // caller and agent hear each other
	Held    CallState = "held"    // the agent put the caller on hold, or is bringing somebody in for them
	// the agent has left the caller with whom they brought in: those two talk, or will when that one's phone is answered (a transfer)
	Patched CallState = "patched"
	Ended   CallState = "ended" // no leg of it is left; Outcome says how
)

// An Outcome is how a call ended.
type Outcome string

const (
	Completed Outcome = "completed" // an agent and the caller talked, or a call for trial said its code
	// the caller hung up, or a supervisor ended the call, while nobody talked to them: before an answer, or cut off in a
	// talk; to be called back
	Abandoned  Outcome = "abandoned"
	Overflowed Outcome = "overflowed" // the fail-safe took it: apology and voicemail
	Refused    Outcome = "refused"    // a number nobody owns
	Unreached  Outcome = "unreached"  // a call the service made, and one of the two did not answer
)

// A Call is one caller's call as the server remembers it. ANI and CallerName are patient data.
type Call struct {
	ID         CallID
	DID        Number
	Account    AccountID
	ANI        Number
	CallerName string // what the carrier sent: untrusted, cleaned of control characters and cut to 80 runes
	Language   Language
	State      CallState
	Agent      AgentID // who has the offer, talks or talked last
	Outcome    Outcome // set when State is Ended
	OpenedAt   time.Time
	AnsweredAt time.Time // zero until an agent first talked
	EndedAt    time.Time
	Inbound    bool // false for a call the service made (a provider's call back to a patient)
	Third      Third
	// Supervision is a supervisor's who is in on it, or whose phone is being rung for that.
	Supervision Supervision
}

// A Supervision is how a supervisor is in on an agent's call: one supervisor at a time.
type Supervision struct {
	By    AgentID // "" for nobody
	Mode  SupervisionMode
	Since time.Time // in this mode; zero while their phone rings
}

// A SupervisionMode is who hears a supervisor, who always hears the agent and all whom the agent hears.
type SupervisionMode string

const (
	Monitor SupervisionMode = "monitor" // nobody
	Whisper SupervisionMode = "whisper" // the agent alone
	Barge   SupervisionMode = "barge"   // the agent, and all who hear the agent
)

// A Third is whom an agent brings into a call beside the caller: the last of them.
type Third struct {
	Contact string     // whom the practice's list names, by id; "" for nobody of it, or after a restart
	State   ThirdState // "" when nobody is being brought in
	Why     string     // it came to nothing: a code, as a Step's Detail
}

// A ThirdState is how far somebody is who is being brought into a call.
type ThirdState string

const (
	ThirdRinging ThirdState = "ringing" // their phone rings; the caller hears music
	ThirdAsked   ThirdState = "asked"   // it was answered: whoever it was is asked for a key; the caller hears music
	ThirdAlone   ThirdState = "alone"   // it was answered: the agent talks with them alone; the caller hears music
	ThirdTalking ThirdState = "talking" // with the caller, and with the agent until they leave
)

// An AgentState is where an agent stands; acd moves it.
type AgentState string

const (
	AgentOut      AgentState = "out"      // not signed in
	AgentPaused   AgentState = "paused"   // signed in, takes no calls
	AgentReady    AgentState = "ready"    // waits for a call
	AgentReserved AgentState = "reserved" // an offer has popped, the phone does not ring yet
	AgentRinging  AgentState = "ringing"
	AgentTalking  AgentState = "talking"
	AgentWrapUp   AgentState = "wrapup" // the call is over, the note is not
)

// PausedByPhone is the reason of an agent's pause whose phone cannot be rung. It ends when the phone is back.
const PausedByPhone = "phone-out"

// PausedToSupervise is the reason of a supervisor's pause while they are in on another's call.
const PausedToSupervise = "supervising"

// An Agent is a person who takes calls, as the engine needs them.
type Agent struct {
	ID        AgentID
	Name      string
	Endpoint  string             // the phone's name on the switch, "agent1"
	Languages map[Language]Level // what they speak, and how well
	Skills    []string
	Groups    []string // those they are in
	// Staff are the practices whose own employee this is, empty for the service's agents. They take their calls and no others.
	Staff []AccountID
}

// A Level is how well an agent speaks a language. A skill is had or not.
type Level int

const (
	Some      Level = iota + 1 // gets by
	Qualified                  // tested
	Native                     // grew up with it
)

// An Offer is a call popped on one agent's desk. Epoch rises with every offer of a call; a command that carries an
// older one is refused.
type Offer struct {
	Call     CallID
	Agent    AgentID
	Epoch    uint64
	Deadline time.Time
}
