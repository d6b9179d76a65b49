package chart

import (
	"errors"
	"fmt"
	"time"
)

// A TroubleKind says what keeps a note out of a chart, as a code of the catalogs ("chart.why.").
type TroubleKind string

const (
	Unreachable  TroubleKind = "unreachable"   // nobody answers
	Untrusted    TroubleKind = "untrusted"     // TLS: its certificate is not believed, or it speaks no TLS that we do
	Busy         TroubleKind = "busy"          // it said to come back later
	Failing      TroubleKind = "failing"       // it answers that it is broken
	Cut          TroubleKind = "cut"           // its answer ended in the middle
	Odd          TroubleKind = "odd"           // it answers something that is not FHIR: a page of a proxy, nothing
	NoSignIn     TroubleKind = "no-sign-in"    // its token server refuses us, or gives no token
	NoKey        TroubleKind = "no-key"        // the practice has no key for its chart yet
	NotAllowed   TroubleKind = "not-allowed"   // the token does not allow this
	CannotWrite  TroubleKind = "cannot-write"  // its CapabilityStatement takes no documents
	CannotRepeat TroubleKind = "cannot-repeat" // nothing there tells whether a document is there already
	Refused      TroubleKind = "refused"       // it will not have this document
	Several      TroubleKind = "several"       // more than one document carries our identifier
	Changed      TroubleKind = "changed"       // another hand changed the document between reading and writing
	Differs      TroubleKind = "differs"       // what can be read back is not what was written
	Gone         TroubleKind = "gone"          // a resource we were pointed to is not there
	NoEncounter  TroubleKind = "no-encounter"  // it wants the patient's encounter of the day, and there is not exactly one
	Which        TroubleKind = "which"         // not exactly one patient fits: it waits for a person
	Unopened     TroubleKind = "unopened"      // our own note does not open
	NoSettings   TroubleKind = "no-settings"   // the practice's document names no chart any more
)

// What may be unclear about an appointment, for a person to look at.
const (
	UnclearStatus   TroubleKind = "visit-status"   // a status that the standard does not have
	UnclearStart    TroubleKind = "visit-start"    // no beginning, or one without a zone
	UnclearPatients TroubleKind = "visit-patients" // more than one patient's
	UnclearOther    TroubleKind = "visit-other"    // of another patient than it was
	Unreadable      TroubleKind = "visit-odd"      // it is no appointment as FHIR has them
	Unwritten       TroubleKind = "visit-kept"     // that it was cancelled here the chart was not told
)

// passing are the troubles that are the chart's as a whole and pass: every note of the practice waits, and all are tried again as
// soon as one goes through.
var passing = []TroubleKind{Unreachable, Untrusted, Busy, Failing, Cut, Odd, NoSignIn, NoKey, CannotWrite, CannotRepeat, NoSettings}

// A Trouble is a failure with a chart. Said is what the server said, in its words, which may name a patient: it is kept sealed and
// stands in no log; Error holds nothing of it.
type Trouble struct {
	Why    TroubleKind
	After  time.Duration // not before; 0 when the server did not say
	Status int           // of HTTP, 0 without an answer
	Said   string
}

func (t *Trouble) Error() string {
	if t.Status != 0 {
		return fmt.Sprintf("chart: %s (HTTP %d)", t.Why, t.Status)
	}
	return "chart: " + string(t.Why)
}

// troubleOf is what an error is as a trouble; ok is false for one that is no chart's.
func troubleOf(err error) (t *Trouble, ok bool) {
	ok = errors.As(err, &t)
	return t, ok
}

func is(err error, why TroubleKind) bool {
	t, ok := troubleOf(err)
	return ok && t.Why == why
}
