package telephony

import (
	"context"
	"io"
	"time"
)

// A Ledger remembers calls. Engine writes an arrival and an offer before it acts on them, every other move, in order,
// while it acts. Every method is durable when it returns nil,
// commits its audit leaf in the same transaction, may be repeated with the same arguments, and may be called from any
// goroutine.
type Ledger interface {
	// LineFor finds the practice that owns a number; ok is false when nobody does.
	LineFor(ctx context.Context, did Number) (line Line, ok bool, err error)
	// Record writes the call as it now stands, and the step that brought it there.
	Record(ctx context.Context, c Call, s Step) error
	// Live lists the calls that have not ended, to reconcile after a restart.
	Live(ctx context.Context) ([]Call, error)
	// Answered counts the calls that callers made from an instant on, and those of them that were answered within a time.
	// It leaves no trace and opens nothing.
	Answered(ctx context.Context, since time.Time, within time.Duration) (Answered, error)
	// Keep seals and stores a call's finished recording (WAV); fetch writes it. A recording kept before is success.
	Keep(ctx context.Context, c CallID, r RecordingID, fetch func(io.Writer) error) error
	// KeepVoicemail makes of a fail-safe message an open note that waits on the agents, and an ended call, unless the caller's
	// own is written already.
	KeepVoicemail(ctx context.Context, v Voicemail, fetch func(io.Writer) error) error
}

// Answered are the calls of which it is known whether somebody answered.
type Answered struct {
	All    int // answered, or lost: the caller gave up, or the fail-safe took the call
	InTime int // answered within the time asked about
}

// Share is the share answered in time, 0 to 1; -1 when there was no call.
func (a Answered) Share() float64 {
	if a.All == 0 {
		return -1
	}
	return float64(a.InTime) / float64(a.All)
}

// A StepKind says what a Step tells.
type StepKind string

const (
	StepArrived       StepKind = "arrived"
	StepPlaced        StepKind = "placed" // a call of ours: Detail is the note or the call it is about
	StepQueued        StepKind = "queued"
	StepLanguage      StepKind = "language"
	StepOffered       StepKind = "offered"
	StepMissed        StepKind = "missed"
	StepRejected      StepKind = "rejected"
	StepWithdrawn     StepKind = "withdrawn" // by the queue
	StepLost          StepKind = "lost"      // a leg failed
	StepFirstAnswered StepKind = "first-answered"
	StepFirstProved   StepKind = "first-proved"     // a key was pressed on the provider's phone
	StepExtension     StepKind = "extension"        // it is being dialled
	StepNoExtension   StepKind = "extension-failed" // it could not be
	StepAnswered      StepKind = "answered"
	StepHeld          StepKind = "held"
	StepResumed       StepKind = "resumed"
	StepCutOff        StepKind = "cut-off"        // the agent's phone died
	StepRejoined      StepKind = "rejoined"       // and came back
	StepPatchAsked    StepKind = "patch-asked"    // Detail is whom the practice's list names, by id, or UnlistedNumber
	StepPatchAnswered StepKind = "patch-answered" // their phone, by whomever or whatever
	StepPatched       StepKind = "patched"        // a key was pressed: all three talk
	StepPatchFailed   StepKind = "patch-failed"   // Detail says why; the caller is back with the agent
	StepPatchLeft     StepKind = "patch-left"     // the agent has gone; the other two talk
	StepPatchOver     StepKind = "patch-over"     // they have gone; the caller is back with the agent
	StepConsulted     StepKind = "consulted"      // their phone was answered: the agent talks with them alone
	StepTransferAsked StepKind = "transfer-asked" // the agent has gone, they are being called; Detail as of StepPatchAsked
	StepTransferred   StepKind = "transferred"    // the caller talks with them
	StepNoTransfer    StepKind = "no-transfer"    // Detail says why; the caller waits for an agent again
	StepHandedOver    StepKind = "handed-over"    // by the agent to a colleague, whose id Detail is; they have gone
	StepSupervised    StepKind = "supervised"     // Agent is the supervisor who is in on it, Detail the SupervisionMode
	StepUnsupervised  StepKind = "unsupervised"   // and is not any more; Detail says why
	StepRecovered     StepKind = "recovered"      // after a restart
	StepEnded         StepKind = "ended"
)

// UnlistedNumber is the Detail of a step that tells of somebody called by a number that stands in no list.
const UnlistedNumber = "typed-number"

// A Step is one line of a call's story. Detail is a code the catalogs translate and holds no patient data.
type Step struct {
	At     time.Time
	Kind   StepKind
	Agent  AgentID
	Detail string
}

// A Listener hears what the engine does, in order, after it is durable. It must not block.
type Listener interface {
	// Offered: show the screen pop. Withdrawn: take it away ("answered", "missed", "rejected", "abandoned", "withdrawn", "lost").
	Offered(o Offer, c Call)
	Withdrawn(o Offer, why string)
	// CallMoved tells a call's new state, AgentMoved an agent's; FiguresMoved, at most twice a second, that the
	// queue's figures changed, or whose caller waits: by agent, when the caller came in who waits longest of those the agent
	// could take. Nobody may change callers.
	CallMoved(c Call)
	AgentMoved(a AgentID, s AgentState, reason string, since time.Time)
	FiguresMoved(f Figures, callers map[AgentID]time.Time)
}

// Figures is the queue in a few numbers, for the top of every desk.
type Figures struct {
	Waiting      int           `json:"waiting"`
	Longest      time.Duration `json:"longest"`      // the longest wait now
	ServiceLevel float64       `json:"serviceLevel"` // share answered within 20 s today, 0 to 1; -1 when no call was counted
	Ready        int           `json:"ready"`
	Talking      int           `json:"talking"`
}
