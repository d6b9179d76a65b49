package notes

// A LineKind says what a line of a story tells, as the catalogs know it. A line of a later build's may be of another kind.
type LineKind string

// What a call went through (see telephony.StepKind).
const (
	LineArrived       LineKind = "arrived"
	LinePlaced        LineKind = "placed"
	LineQueued        LineKind = "queued"
	LineLanguage      LineKind = "language"
	LineOffered       LineKind = "offered"
	LineMissed        LineKind = "missed"
	LineRejected      LineKind = "rejected"
	LineWithdrawn     LineKind = "withdrawn"
	LineLost          LineKind = "lost"
	LineFirstAnswered LineKind = "first-answered"
	LineFirstProved   LineKind = "first-proved"
	LineExtension     LineKind = "extension"
	LineNoExtension   LineKind = "extension-failed"
	LineAnswered      LineKind = "answered"
	LineHeld          LineKind = "held"
	LineResumed       LineKind = "resumed"
	LineCutOff        LineKind = "cut-off"
	LineRejoined      LineKind = "rejoined"
	LineRecovered     LineKind = "recovered"
	LineConsulted     LineKind = "consulted"
	LineTransferAsked LineKind = "transfer-asked"
	LineTransferred   LineKind = "transferred"
	LineNoTransfer    LineKind = "no-transfer"
	LineHandedOver    LineKind = "handed-over"
	LinePatchAsked    LineKind = "patch-asked"
	LinePatchAnswered LineKind = "patch-answered"
	LinePatched       LineKind = "patched"
	LinePatchFailed   LineKind = "patch-failed"
	LinePatchLeft     LineKind = "patch-left"
	LinePatchOver     LineKind = "patch-over"
	LineSupervised    LineKind = "supervised"   // a supervisor is in on the call; the detail says how
	LineUnsupervised  LineKind = "unsupervised" // and is not any more
	LineEnded         LineKind = "ended"
)

// What was done with a call or a note, as its leaf calls it.
const (
	LineNoteTaken        LineKind = "note.taken"
	LineNoteOpened       LineKind = "note.opened"
	LineNoteRead         LineKind = "note.read"
	LineNoteAcknowledged LineKind = "note.acknowledged"
	LineNoteAddedTo      LineKind = "note.added-to"
	LineNoteClosed       LineKind = "note.closed"
	LineStoryOpened      LineKind = "story.opened"
	LineCallOpened       LineKind = "call.opened"
	LineCallFollowedUp   LineKind = "call.followed-up"
	LineCallEndAsked     LineKind = "call.end-asked"    // by a supervisor
	LineCallListenAsked  LineKind = "call.listen-asked" // by a supervisor; the detail says how
	LineDraftTakenOver   LineKind = "draft.taken-over"  // by another agent than who began the note
	LineDraftGiven       LineKind = "draft.given"       // by who had it
	LineDraftFollowed    LineKind = "draft.followed"    // its call, to the agent who has that now
	LineDraftOpened      LineKind = "draft.opened"      // by who has it
	LineRecordingKept    LineKind = "recording.kept"
	LineRecordingOpened  LineKind = "recording.opened"
	LineVoicemailKept    LineKind = "voicemail.kept"
)

// How a closed note gets into the practice's chart.
const (
	LineChartQueued  LineKind = "chart.queued"
	LineChartAsked   LineKind = "chart.asked"    // which patient? it waits for a person of the practice
	LineChartAnswer  LineKind = "chart.answered" // who said which
	LineChartWritten LineKind = "chart.written"  // and read back
	LineChartLeft    LineKind = "chart.left"     // a person said that it does not go there
)

// What a call went through that the service made about the story: "back." and the step's kind.
const (
	LineBackPlaced        LineKind = "back.placed"
	LineBackFirstAnswered LineKind = "back.first-answered"
	LineBackFirstProved   LineKind = "back.first-proved"
	LineBackAnswered      LineKind = "back.answered"
	LineBackHeld          LineKind = "back.held"
	LineBackResumed       LineKind = "back.resumed"
	LineBackLanguage      LineKind = "back.language"
	LineBackExtension     LineKind = "back.extension"
	LineBackNoExtension   LineKind = "back.extension-failed"
	LineBackSupervised    LineKind = "back.supervised"
	LineBackUnsupervised  LineKind = "back.unsupervised"
	LineBackEnded         LineKind = "back.ended"
)

// How a note's dispatch went.
const (
	LineBegun        LineKind = "dispatch.begun"
	LineSent         LineKind = "attempt.sent"
	LineDelivered    LineKind = "attempt.delivered"
	LineUndelivered  LineKind = "attempt.undelivered"
	LineFailed       LineKind = "attempt.failed"
	LineLinkOpened   LineKind = "attempt.opened"
	LineNotNeeded    LineKind = "attempt.withdrawn" // acknowledged while it was on its way out
	LineAcknowledged LineKind = "dispatch.acknowledged"
	LinePassed       LineKind = "dispatch.passed"
	LinePushed       LineKind = "dispatch.pushed"
	LineSkipped      LineKind = "dispatch.skipped" // everybody on a rung was out of reach: the next one began early
	LineReassigned   LineKind = "dispatch.reassigned"
	LineCancelled    LineKind = "dispatch.cancelled"
	LineExhausted    LineKind = "dispatch.exhausted"
	LineForged       LineKind = "dispatch.forged"     // somebody who is not us wrote to its rows, or its attempts'
	LineSummoned     LineKind = "dispatch.summoned"   // the service's ladder begins: its supervisors are called
	LineTakenOver    LineKind = "dispatch.taken-over" // a supervisor has it in hand
	LinePaged        LineKind = "dispatch.paged"      // an agent had somebody told again, or somebody else
	LineCalled       LineKind = "dispatch.called"     // an agent rings one of the practice's people about it
	LineTold         LineKind = "dispatch.told"       // an agent told one of them by voice
	LineTextReplied  LineKind = "text.replied"        // a text came back; its words stand with the note, and a board shows those
	LineTextUnclear  LineKind = "text.unclear"        // one that could be about any of several notes: its words were not kept
	LineTextsStopped LineKind = "text.stopped"        // the phone wants no texts
	LineTextsStarted LineKind = "text.started"
)

// An AddOnKind says what an add-on is.
type AddOnKind string

const (
	Correction AddOnKind = "correction"
	Reply      AddOnKind = "reply" // a provider's, to the agents
	Remark     AddOnKind = "agent"
	CloseWord  AddOnKind = "closeout" // how it ended
)

// A BoardKind says what a row of the board is.
type BoardKind string

const (
	BoardNote      BoardKind = "note"
	BoardVoicemail BoardKind = "voicemail"
	BoardCallBack  BoardKind = "callback" // an abandoned call, to be called back
	BoardDraft     BoardKind = "draft"    // a note that was begun and not sent, whose call is over
)

// VoicemailType is the call type of a note that the fail-safe's message became. It waits on the agents, and climbs a ladder when they
// let it wait longer than its practice's VoicemailRule says.
const VoicemailType = "voicemail"

// A FieldKind says what may be written into a field.
type FieldKind string

const (
	KindName   FieldKind = "name"
	KindPhone  FieldKind = "phone"
	KindDate   FieldKind = "date"
	KindText   FieldKind = "text"
	KindChoice FieldKind = "choice"
	KindYesNo  FieldKind = "yesno"
)
