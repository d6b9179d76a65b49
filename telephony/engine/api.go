package engine

import (
	"context"
	"lamplight/telephony"
)

// The methods below are what a desk, or the server itself, may ask. Each returns when the loop has decided: nil means
// that it is done or under way, and what comes of it is told to the Listener. A switch command still runs then.

// AgentIn signs an agent in, paused; an agent who is in keeps state, with the name, languages and skills given now.
// An agent who talks (a call found after a restart) comes in Talking.
func (e *Engine) AgentIn(ctx context.Context, a telephony.Agent) error {
	return e.ask(ctx, func() error { return e.agentIn(a) })
}

// AgentOut signs an agent out. An offer of theirs goes to the next agent; a call they talk on goes on until it ends.
func (e *Engine) AgentOut(ctx context.Context, a telephony.AgentID) error {
	return e.ask(ctx, func() error { return e.agentOut(a) })
}

// Ready makes a paused agent, or one in wrap-up, take calls. An agent who talks will be Ready after the wrap-up. One whose
// phone is out stays paused, with the reason telephony.PausedByPhone, and is Ready when it is back.
func (e *Engine) Ready(ctx context.Context, a telephony.AgentID) error {
	return e.ask(ctx, func() error { return e.agentReady(a) })
}

// Pause stops an agent from being offered calls; reason is a code. One who talks will be paused after the call.
func (e *Engine) Pause(ctx context.Context, a telephony.AgentID, reason string) error {
	return e.ask(ctx, func() error { return e.agentPause(a, reason) })
}

// WrapUpDone ends an agent's wrap-up.
func (e *Engine) WrapUpDone(ctx context.Context, a telephony.AgentID) error {
	return e.ask(ctx, func() error { return e.wrapUpDone(a) })
}

// Reject gives an offer back: it goes to the next agent and the caller keeps the place. ErrStale: that offer is over.
func (e *Engine) Reject(ctx context.Context, a telephony.AgentID, c telephony.CallID, epoch uint64) error {
	return e.ask(ctx, func() error { return e.reject(a, c, epoch) })
}

// Hold gives the caller music; Resume brings agent and caller together again. A call already so is success.
func (e *Engine) Hold(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.hold(a, c) })
}

// Resume ends Hold, or a Patch that is not connected yet. An agent whose phone died in the talk it rings again, as Rejoin does.
func (e *Engine) Resume(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.resume(a, c) })
}

// Patch has a third party called for the caller, who hears music meanwhile while the agent hears it ring. Whoever answers hears
// that a caller of the practice waits and how urgent it is, and the agent; they are connected when they press a key, which no
// voicemail does. Then all three talk, until the agent leaves the other two by Leave, or one of them hangs up. When it comes to
// nothing, or the agent takes the caller back by Resume, the two talk again; Call.Third.Why says why. Of whoever answers a plain one
// no key is asked: the agent talks with them alone, until Confer or Leave connects the caller, or Resume takes the caller back. Only
// who called in can be patched (ErrState); ErrThird: somebody is being brought in already.
func (e *Engine) Patch(ctx context.Context, a telephony.AgentID, c telephony.CallID, p Patch) error {
	return e.ask(ctx, func() error { return e.patchCall(a, c, p, patchAsked) })
}

// Confer has the caller hear the agent and the third party, who talk alone: all three talk then.
func (e *Engine) Confer(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.conferCall(a, c) })
}

// Transfer is Patch without the agent, who is in wrap-up from then on: the caller hears music until whoever is called has pressed a
// key, or has answered when none is asked for. When it comes to nothing, the call is offered to the agent again if they have taken
// no other; if they have, or do not take it, the caller waits for any agent, at the place they had when they called.
func (e *Engine) Transfer(ctx context.Context, a telephony.AgentID, c telephony.CallID, p Patch) error {
	return e.ask(ctx, func() error { return e.patchCall(a, c, p, transferAsked) })
}

// Leave takes the agent out of a talk of three, or connects the caller and whom the agent talks with alone: the other two go on, and
// the agent is in wrap-up. Having left is success.
func (e *Engine) Leave(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.leave(a, c) })
}

// Supervise brings a supervisor, who is signed in and in no call, in on an agent's talk: their own phone is rung, and when it is
// answered they hear the agent and all whom the agent hears; the mode says who hears them. Asked again by who is in on it, it changes
// the mode. It goes on while the call is held or somebody is brought in, and ends with the agent's part in the call.
// ErrSupervised: another supervisor is in on it; ErrState: nobody talks there, it is the supervisor's own call, or they are in one.
func (e *Engine) Supervise(ctx context.Context, s telephony.AgentID, c telephony.CallID, m telephony.SupervisionMode) error {
	return e.ask(ctx, func() error { return e.supervise(s, c, m) })
}

// StopSupervising ends what Supervise began. Supervising nobody is success.
func (e *Engine) StopSupervising(ctx context.Context, s telephony.AgentID) error {
	return e.ask(ctx, func() error { return e.stopSupervising(s) })
}

// Rejoin rings the phone of an agent into the call they have, when it is not in it any more: their desk crashed, or their
// phone did. What is left of the old leg is hung up; the caller hears music until the phone is answered.
func (e *Engine) Rejoin(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.rejoinCall(a, c) })
}

// HangUp ends the call an agent talks on, for both. A call that has ended is success.
func (e *Engine) HangUp(ctx context.Context, a telephony.AgentID, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.hangUp(a, c) })
}

// End ends a call for everybody, whoever's it is and wherever it stands: a supervisor's act. A caller nobody talked to is to be
// called back. A call that has ended is success; ErrState: it is not known yet whose it is.
func (e *Engine) End(ctx context.Context, c telephony.CallID) error {
	return e.ask(ctx, func() error { return e.endCall(c) })
}

// SetLanguage notes the language a call is really held in.
func (e *Engine) SetLanguage(ctx context.Context, a telephony.AgentID, c telephony.CallID, l telephony.Language) error {
	return e.ask(ctx, func() error { return e.setLanguage(a, c, l) })
}

// CallBack rings First (a provider), and once a key was pressed there Second (the patient), who sees the practice's number,
// and brings them together; either hanging up ends it for both. Nobody answering, or a voicemail, ends it with the outcome
// Unreached; the last step's Detail says who was not reached and why.
func (e *Engine) CallBack(ctx context.Context, b Callback) error {
	return e.ask(ctx, func() error { return e.callBack("", b) })
}

// Placed is how far a call of CallBack's has come; ErrNoCall: it is not known, or not any more.
func (e *Engine) Placed(ctx context.Context, id telephony.CallID) (out Placed, err error) {
	err = e.ask(ctx, func() error {
		switch c, was := e.calls[id], e.ended[id]; {
		case c != nil:
			out = c.placed()
		case was.plan.ID == "":
			return ErrNoCall
		default:
			out = was.how
		}
		return nil
	})
	return out, err
}

// AgentCall is CallBack with an agent's own phone in First's place: an abandoned caller is called back. The agent must
// be Ready, paused or in wrap-up, and is Talking from then until it ends.
func (e *Engine) AgentCall(ctx context.Context, a telephony.AgentID, b Callback) error {
	return e.ask(ctx, func() error { return e.callBack(a, b) })
}
