package telephony

import (
	"context"
	"errors"
	"io"
	"time"
)

// Errors a Switch returns; adapters wrap them.
var (
	ErrGone     = errors.New("the leg, bridge, play or recording is not there any more")
	ErrUnlinked = errors.New("no connection to the switch")
)

// A Switch moves audio. Every id is chosen by the caller and a repeated command with the same id is harmless: "already
// done" is success. Methods may be called from any goroutine; each returns when the switch has accepted the command or
// ctx is done. ErrGone is returned when the thing commanded has ended, ErrUnlinked when the switch cannot be reached.
type Switch interface {
	// Ring tells a caller's phone that it rings; Answer takes the call. Answer of an answered leg is harmless.
	Ring(ctx context.Context, leg LegID) error
	Answer(ctx context.Context, leg LegID) error
	// Hangup ends a leg; a leg that has gone is success.
	Hangup(ctx context.Context, leg LegID) error
	// Originate starts a leg of ours to an agent's phone or an outside number. It returns when the switch has begun;
	// LegUp, or LegDown with a reason, follows as an event.
	Originate(ctx context.Context, o Originate) error

	// SendKeys dials keys of a telephone on a leg that is up, after a pause; it returns when the switch has them, before they
	// are dialled. Who is at the leg hears them.
	SendKeys(ctx context.Context, leg LegID, after time.Duration, keys string) error
	// Phone tells whether an agent's phone can be rung now, by its endpoint's name; PhoneOut and PhoneBack tell from then on
	// when that changes, until the connection is lost. ErrGone: there is no such endpoint.
	Phone(ctx context.Context, endpoint string) (rings bool, err error)

	// MakeBridge makes a mixing bridge; RemoveBridge removes it, its legs stay up. Both may be repeated.
	MakeBridge(ctx context.Context, b BridgeID) error
	RemoveBridge(ctx context.Context, b BridgeID) error
	Join(ctx context.Context, b BridgeID, legs ...LegID) error
	Leave(ctx context.Context, b BridgeID, leg LegID) error

	// Play plays prompts to all in a bridge, one after the other; PlayEnded follows. StopPlay of a play that is over
	// is success.
	Play(ctx context.Context, p Play) error
	StopPlay(ctx context.Context, p PlayID) error
	// Wait takes a leg out of its bridge to where all who wait hear hold music and nobody hears another; it is no bridge of
	// ours, Join brings a leg back from it. A bridge for each who waits, with music of its own, is what a switch can do
	// least of.
	Wait(ctx context.Context, leg LegID) error
	// Listen takes a leg out of its bridge to where it hears what another says and hears, wherever that one is or goes; the mode says
	// who hears the first. A recording of the other's leg has nothing of it. A leg that listens already is changed in place. It ends
	// with either leg, or when the first is joined to a bridge.
	Listen(ctx context.Context, ear, to LegID, m SupervisionMode) error

	// Record records a leg from now on, both directions in stereo where the switch can (left what the leg says, right
	// what it hears); RecordingEnded follows its end. Recordings stay on the switch until DeleteRecording.
	Record(ctx context.Context, leg LegID, r RecordingID) error
	StopRecording(ctx context.Context, r RecordingID) error
	FetchRecording(ctx context.Context, r RecordingID, w io.Writer) error
	DeleteRecording(ctx context.Context, r RecordingID) error

	// Renew extends a leg's lease: when it runs out without renewal the switch's own fail-safe takes the leg. A lease
	// of 0 never runs out.
	// SetPeer names the leg that the fail-safe should keep this one talking to ("" for none).
	// Beat tells the switch that the server is healthy; new calls are handed to it only while it beats.
	Renew(ctx context.Context, leg LegID, lease time.Duration) error
	SetPeer(ctx context.Context, leg, peer LegID) error
	Beat(ctx context.Context) error

	// Snapshot lists what is on the switch and is ours, to reconcile after a reconnect or a restart.
	Snapshot(ctx context.Context) (Snapshot, error)
	// Voicemails lists what the fail-safe recorded while nobody was there; fetch and delete by Recording.
	Voicemails(ctx context.Context) ([]Voicemail, error)

	// Events delivers every event in order, never dropping one, until the Switch is closed, then it closes. The first
	// event is Linked; after every Linked the receiver takes a Snapshot before it believes what it remembers.
	Events() <-chan Event
}

// Originate asks for a leg of ours.
type Originate struct {
	Leg        LegID
	Call       CallID
	Agent      string            // an agent's endpoint name; or
	For        LegID             // with Agent: the caller they are to talk to, if there is one
	Number     Number            // an outside number, dialled through the carrier
	CallerID   Number            // what the called party sees
	CallerName string            // shown by an agent's phone: the practice, never the patient
	Headers    map[string]string // SIP headers, "X-Lamplight-Call"; no patient data
	Timeout    time.Duration     // how long it may ring
	// Record, if set, has the switch itself record an agent's leg from its answer to its end, while it is in a bridge, where it
	// can: LegEntered tells that it does. Left is what the leg hears, right what it says. One in which nothing was heard leaves
	// nothing, otherwise RecordingEnded follows the leg's end.
	Record RecordingID
}

// Play asks for prompts in a bridge. Prompts are names the switch knows ("lamplight/greeting"), in the language given.
type Play struct {
	ID       PlayID
	Bridge   BridgeID
	Prompts  []string
	Language Language
}

// Snapshot is what is on the switch and is ours, at one moment.
type Snapshot struct {
	Since      time.Time // when the switch started: of what was there before nothing is left; by its own clock
	Legs       []LegView
	Bridges    []BridgeView
	Recordings []RecordingID // live and stored, without voicemails
	Lost       []LegID       // callers whom the fail-safe has taken, and who live
}

// LegView is a leg as the switch sees it.
type LegView struct {
	Leg      LegID
	Call     CallID // of a leg we originated; empty for a caller, whose call is known by Leg
	Up       bool
	Agent    string // the endpoint, for an agent's leg
	DID, ANI Number
	Called   []Number // as an Event's
	Peer     LegID
	Waits    bool            // it hears music with all who wait, in none of our bridges
	Hears    LegID           // whom it listens to, in none of our bridges either
	As       SupervisionMode // and how
	Since    time.Time
}

// BridgeView is a bridge as the switch sees it.
type BridgeView struct {
	Bridge BridgeID
	Legs   []LegID
}

// A Voicemail is a message the fail-safe recorded. A Length of zero is a caller who hung up before speaking: FetchRecording
// then gives an empty WAV, and the caller is to be called back all the same.
type Voicemail struct {
	Recording RecordingID
	Leg       LegID // the caller's, whose call it belongs to; "" where that is not known
	DID, ANI  Number
	Called    []Number // as an Event's
	At        time.Time
	Length    time.Duration
}

// An EventKind says what an Event tells.
type EventKind string

const (
	Linked     EventKind = "linked"      // connected, or connected again: take a Snapshot
	Unlinked   EventKind = "unlinked"    // the connection is lost; commands fail until Linked
	Demoted    EventKind = "demoted"     // another process took our place on the switch
	LegArrived EventKind = "leg-arrived" // a caller dialled one of our numbers: DID, Called, ANI, CallerName
	LegEntered EventKind = "leg-entered" // a leg we originated was answered and is ours to bridge: Recording, if one was begun
	LegRinging EventKind = "leg-ringing" // a leg we originated rings
	LegDown    EventKind = "leg-down"    // a leg ended: Cause
	LegLost    EventKind = "leg-lost"    // the fail-safe took the leg away from us; it may live on, and nothing more is told of it
	Digit      EventKind = "digit"       // a key was pressed on a leg
	// a leg's sound comes from elsewhere: Originate.Record misses it from now on, Record does not
	SourceChanged  EventKind = "source-changed"
	PlayEnded      EventKind = "play-ended"      // a Play is over
	RecordingEnded EventKind = "recording-ended" // a recording is complete and can be fetched
	PhoneOut       EventKind = "phone-out"       // an agent's phone cannot be rung: it has no registration, or does not answer
	PhoneBack      EventKind = "phone-back"      // it can again
)

// CauseSilent is the cause of a leg that the switch gave up because its phone sent nothing any more: it died, or its
// network did. Q.850: requested circuit or channel not available, which is what Asterisk says of an rtp_timeout.
const CauseSilent = 44

// An Event is something the switch told us. Only the fields its kind needs are set. ANI and CallerName are patient data;
// a caller who withholds the number has neither. Called are all the numbers a caller may mean, the likeliest first, which
// is DID: a carrier may put an account's name where the number should be, a practice may forward its numbers to one of ours.
type Event struct {
	Kind       EventKind
	At         time.Time // when the switch says it happened
	Leg        LegID
	Call       CallID // for legs we originated
	Bridge     BridgeID
	Play       PlayID
	Recording  RecordingID
	DID, ANI   Number
	Called     []Number
	CallerName string
	Digit      string
	Phone      string // an agent's endpoint
	Cause      int    // Q.850 cause of a LegDown; CauseSilent when nobody hung up
	Failed     bool
}
