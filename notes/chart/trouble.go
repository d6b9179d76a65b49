package chart

import (
	"errors"
	"fmt"
	"time"
)

// A Why says what keeps a note out of a chart, as a code of the catalogs ("chart.why.").
type Why string

const (
	Unreachable  Why = "unreachable"   // nobody answers
	Untrusted    Why = "untrusted"     // TLS: its certificate is not believed, or it speaks no TLS that we do
	Busy         Why = "busy"          // it said to come back later
	Failing      Why = "failing"       // it answers that it is broken
	Cut          Why = "cut"           // its answer ended in the middle
	Odd          Why = "odd"           // it answers something that is not FHIR: a page of a proxy, nothing
	NoSignIn     Why = "no-sign-in"    // its token server refuses us, or gives no token
	NoKey        Why = "no-key"        // the practice has no key for its chart yet
	NotAllowed   Why = "not-allowed"   // the token does not allow this
	CannotWrite  Why = "cannot-write"  // its CapabilityStatement takes no documents
	CannotRepeat Why = "cannot-repeat" // nothing there tells whether a document is there already
	Refused      Why = "refused"       // it will not have this document
	Several      Why = "several"       // more than one document carries our identifier
	Changed      Why = "changed"       // another hand changed the document between reading and writing
	Differs      Why = "differs"       // what can be read back is not what was written
	Gone         Why = "gone"          // a resource we were pointed to is not there
	NoEncounter  Why = "no-encounter"  // it wants the patient's encounter of the day, and there is not exactly one
	Which        Why = "which"         // not exactly one patient fits: it waits for a person
	Unopened     Why = "unopened"      // our own note does not open
	NoSettings   Why = "no-settings"   // the practice's document names no chart any more
)

// passing are the troubles that are the chart's as a whole and pass: every note of the practice waits, and all are tried again as
// soon as one goes through.
var passing = []Why{Unreachable, Untrusted, Busy, Failing, Cut, Odd, NoSignIn, NoKey, CannotWrite, CannotRepeat, NoSettings}

// A Trouble is a failure with a chart. Said is what the server said, in its words, which may name a patient: it is kept sealed and
// stands in no log; Error holds nothing of it.
type Trouble struct {
	Why    Why
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

func is(err error, why Why) bool {
	t, ok := troubleOf(err)
	return ok && t.Why == why
}
