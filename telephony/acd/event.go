package acd

import "time"

// An Event is something that happened: one of the types in this file.
type Event interface{ event() }

// AgentIn signs an agent in, Paused with the reason ReasonSignedIn until Ready. For an agent who is here already it
// replaces what they can do and leaves what they are doing.
type AgentIn struct{ Agent Agent }

// AgentOut signs an agent out, or says that the desk is gone. A standing offer is withdrawn; a conversation goes on,
// and the agent leaves when it has ended.
type AgentOut struct{ Agent AgentID }

// Ready makes a Paused agent, or one in WrapUp, Ready; during a conversation it takes back a Pause.
type Ready struct{ Agent AgentID }

// Pause makes an agent Paused with a reason. A standing offer is withdrawn; in a conversation or in wrap-up the pause
// comes after it.
type Pause struct {
	Agent  AgentID
	Reason string
}

// CallIn puts a call on the list of the waiting.
type CallIn struct {
	Call  CallID
	Needs Needs
}

// Revise changes what a call needs, wherever it stands: the caller chose another language. A waiting call keeps its
// place (a new Priority moves it). An offer to an agent who does not fit any more is withdrawn with WhyNeeds, and
// neither side loses by it. Figures counted before stay with the old
// practice and language.
type Revise struct {
	Call  CallID
	Needs Needs
}

// Return puts a call on the list of the waiting that came in earlier, at Since, and was waiting then: a server that
// takes over has found it. It is not counted as offered again.
type Return struct {
	Call  CallID
	Needs Needs
	Since time.Time
}

// CallGone says that the caller hung up. A call that is waiting or offered is abandoned; one
// in conversation has ended.
type CallGone struct{ Call CallID }

// Requeue sends a call in conversation back to the waiting: the agent's leg failed, or the agent passes it on. It has
// the place of its first arrival. Needs, where given, replace the old ones.
type Requeue struct {
	Call  CallID
	Needs *Needs
}

// Ringing says that the agent's phone rings (Reserved becomes Ringing). It does not move the deadline.
type Ringing struct{ Offer OfferID }

// Accepted says that the agent answered. It counts even after the deadline as long as the offer has not been
// withdrawn, because the agent is there.
type Accepted struct{ Offer OfferID }

// Rejected says that the agent declined.
type Rejected struct{ Offer OfferID }

// Missed says, ahead of the deadline, that the agent's phone cannot be reached or gave up ringing.
type Missed struct{ Offer OfferID }

// Ended says that a conversation is over, whoever ended it.
type Ended struct{ Call CallID }

// WrapUpDone ends an agent's wrap-up ahead of its limit.
type WrapUpDone struct{ Agent AgentID }

// Tick only lets time pass. Send one no later than Next says.
type Tick struct{}

func (AgentIn) event()    {}
func (AgentOut) event()   {}
func (Ready) event()      {}
func (Pause) event()      {}
func (CallIn) event()     {}
func (Revise) event()     {}
func (Return) event()     {}
func (CallGone) event()   {}
func (Requeue) event()    {}
func (Ringing) event()    {}
func (Accepted) event()   {}
func (Rejected) event()   {}
func (Missed) event()     {}
func (Ended) event()      {}
func (WrapUpDone) event() {}
func (Tick) event()       {}

// Reasons of the pauses this package makes itself; all others are the caller's own words.
const (
	ReasonSignedIn = "signed in"
	ReasonMissed   = "missed calls"
)
