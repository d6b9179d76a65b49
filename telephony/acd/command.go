package acd

import "time"

// A Command is what the world is to do now. Which fields count depends on Do.
type Command struct {
	Do Do
	// Offer is set for DoOffer and DoWithdraw.
	Offer Offer
	// Call and Outcome are set for DoClose.
	Call    CallID
	Outcome Outcome
	// Agent and State are set for DoAgent; Why for DoWithdraw and DoAgent.
	Agent AgentID
	State AgentState
	Why   Why
}

// Do says what a Command asks for.
type Do uint8

// The commands.
const (
	// DoOffer: reserve the agent, show the call and ring. Every DoOffer is followed by exactly one of an Accepted
	// that was not refused, or a DoWithdraw.
	DoOffer Do = 1 + iota
	// DoWithdraw: the offer is over without an answer; stop the ringing. Why says why.
	DoWithdraw
	// DoClose: the call has ended for this package, with an outcome; given exactly once for each call. When the outcome is
	// Overflowed the caller is still there and must be taken elsewhere.
	DoClose
	// DoAgent: the agent's state changed without an event that names it: paused after missed offers, or wrap-up ran
	// into its limit.
	DoAgent
)

// An OfferID names an offer for good: two are never equal, in whatever epoch.
type OfferID struct {
	Epoch uint64 `json:"epoch"`
	N     uint64 `json:"n"`
}

// An Offer is a call put to an agent until Deadline.
type Offer struct {
	ID       OfferID   `json:"id"`
	Call     CallID    `json:"call"`
	Agent    AgentID   `json:"agent"`
	Deadline time.Time `json:"deadline"`
}

// Why says why an offer was withdrawn or an agent's state changed.
type Why uint8

// The reasons.
const (
	WhyMissed   Why = 1 + iota // not answered in time, or the phone could not be reached
	WhyRejected                // the agent declined
	WhyGone                    // the caller hung up
	WhyPaused                  // the agent paused
	WhyOut                     // the agent signed out
	WhyLimit                   // wrap-up reached its limit
	WhyNeeds                   // since a Revise the call needs what the agent does not have
)

// An Outcome is how a call ended.
type Outcome uint8

// The outcomes.
const (
	NotEnded   Outcome = iota // not ended
	Answered                  // an agent and the caller talked
	Abandoned                 // the caller hung up before an agent answered
	Overflowed                // waited as long as Needs.Overflow allows
)

var outcomeNames = [...]string{"open", "answered", "abandoned", "overflowed"}

func (o Outcome) String() string { return outcomeNames[o] }

// AgentState is where an agent stands.
type AgentState uint8

// The states. Package telephony's words are the same.
const (
	StateOut      AgentState = iota // not signed in
	StatePaused                     // signed in, not to be offered calls, with a reason
	StateReady                      // waits for a call
	StateReserved                   // an offer stands, the phone does not ring yet
	StateRinging                    // an offer stands and the phone rings
	StateTalking                    // in a conversation
	StateWrapUp                     // after a conversation, until its limit
)

var agentStateNames = [...]string{"out", "paused", "ready", "reserved", "ringing", "talking", "wrapup"}

func (s AgentState) String() string { return agentStateNames[s] }

// CallState is where a call stands. A call that has ended is not here any more.
type CallState uint8

// The states.
const (
	CallWaiting CallState = iota // on the list
	CallOffered                  // put to an agent; it keeps its place
	CallTalking                  // with an agent
)

var callStateNames = [...]string{"waiting", "offered", "talking"}

func (s CallState) String() string { return callStateNames[s] }
