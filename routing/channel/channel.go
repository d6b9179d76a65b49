// Package channel takes one message to one person: by text, by email or by push, behind one small interface.
//
// A Message says practice, urgency, reference and a link. It cannot hold more: nothing of the patient has a field here.
// Say puts it into the reader's language from the catalogs. Each technology stands in a package of its own (twilio, mail,
// push) and passes the suite in channeltest; pocket is the other end of all three.
//
// It promises that an error says what is known: that the carrier refused (Refused, Unreachable), that it did not take the
// message but may later (Later), or that nobody knows (Unknown), in which case Lookup is asked before sending again. It
// leaves to others when to send, to whom, and what follows (routing).
package channel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lamplight/telephony"
)

// A Channel sends. Methods may be called from any goroutine and return when ctx ends.
type Channel interface {
	// Send hands m to the carrier. A nil error means the carrier took it, not that it arrived. The same Key may be sent
	// twice, after a crash; the reader is at worst told twice. Any error is an *Error.
	Send(ctx context.Context, m Message) (Receipt, error)
	// Lookup asks the carrier whether it has m.Key already. ErrNotFound says that it has not, ErrNoLookup that this
	// carrier cannot be asked; after either, m is sent again.
	Lookup(ctx context.Context, m Message) (Receipt, error)
}

// A Message is what leaves the service. It holds nothing of the patient but, in a reminder, when they are expected.
type Message struct {
	Key       string // the attempt's id: the same for a repeat, never shared by two attempts
	To        string // a number in E.164, a mail address, or for a push the person
	Name      string // the reader's name
	Lang      telephony.Language
	Practice  string
	Urgency   string // "routine", "urgent", "emergency"
	Reference string
	Link      string // its fragment is the token that locates the note
	// Summons says that it goes to a supervisor of the service's: the note has reached nobody.
	Summons bool
	// Invitation says that it lets somebody in: Practice is the service, and there is no note.
	Invitation bool
	// Trial says that it only shows that it arrives: Practice is the service.
	Trial bool
	// Notice says that it goes to a practice's patient and not to one of its people; "" for every other.
	Notice NoticeKind
	Code   string // the one-time code of a NoticeCode
	// Of a NoticeReminder: the days and times, written out, with what the practice has chosen to say beside them; whether they are
	// several, and whether the patient has confirmed all.
	Visits    string
	Several   bool
	Confirmed bool
	// Since is when a message without a link was made: a carrier that has the same words to the same reader since then has this one.
	Since time.Time
}

// A NoticeKind says what a patient is told: that something waits, a code, or when they are expected.
type NoticeKind string

const (
	NoticeMessage NoticeKind = "message" // a message waits
	NoticeLink    NoticeKind = "link"    // a fresh link, asked for
	NoticeCode    NoticeKind = "code"
	// NoticeReminder is of an appointment.
	NoticeReminder NoticeKind = "reminder"
)

// A Receipt is the carrier's word that it has a message.
type Receipt struct {
	Ref    string         // the carrier's own name for it
	Status DeliveryStatus // Accepted, or further when the carrier already knows
}

// A DeliveryStatus is what a carrier says of a message it has taken.
type DeliveryStatus string

const (
	Accepted    DeliveryStatus = "accepted"
	Delivered   DeliveryStatus = "delivered"   // on the phone, as the carrier says; not read
	Undelivered DeliveryStatus = "undelivered" // taken and then given up
	Failed      DeliveryStatus = "failed"
)

// A DeliveryReport is a carrier's later word on a message, as its callback brings it.
type DeliveryReport struct {
	Key    string
	Ref    string
	Status DeliveryStatus
	Why    string // the carrier's code, "30003", "5.1.1"; digits or a plain word only
}

// Lookup's two ways of saying no.
var (
	ErrNotFound = errors.New("channel: the carrier does not have it")
	ErrNoLookup = errors.New("channel: the carrier cannot be asked")
)

// A FailureKind is what a failed Send leaves known.
type FailureKind string

const (
	Refused     FailureKind = "refused"     // the carrier will never take this one
	Unreachable FailureKind = "no-address"  // there is nowhere to send it
	Later       FailureKind = "unavailable" // not taken, but may be another time
	Unknown     FailureKind = "timeout"     // it may or may not have been taken
)

// A SendError is a failed Send or Lookup. Its text holds a code of the carrier's and no address, so that it may be logged.
type SendError struct {
	Kind FailureKind
	Code string // "21211", "550": the carrier's own
	Err  error  // the cause, for errors.Is; not part of the text
}

func (e *SendError) Error() string {
	if e.Code == "" {
		return "channel: " + string(e.Kind)
	}
	return fmt.Sprintf("channel: %s (%s)", e.Kind, e.Code)
}

func (e *SendError) Unwrap() error { return e.Err }
