package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A faultKind is what a campaign does to the service.
type faultKind string

const (
	serverKilled   faultKind = "kill"      // kill -9, and started again at once or when all leases have ended
	serverFrozen   faultKind = "stop"      // SIGSTOP
	deskFrozen     faultKind = "desk-stop" // SIGSTOP of an agent's desk with its phone
	postgresFrozen faultKind = "db-stop"   // SIGSTOP of every process of PostgreSQL
	postgresAway   faultKind = "db-away"   // killed, and it does not start
	diskFull       faultKind = "disk-full" // the state directory's disk
	clockMoved     faultKind = "clock"     // an hour forth or back, of the server and PostgreSQL; then right again
	carrierLies    faultKind = "carrier"   // refuses, takes and does not answer, reports what is not so, reports twice
)

// faultKinds are all, and how long each lasts.
var faultKinds = map[faultKind]time.Duration{
	serverKilled: 15 * time.Second, serverFrozen: 20 * time.Second, deskFrozen: 20 * time.Second, postgresFrozen: 20 * time.Second,
	postgresAway: 60 * time.Second, diskFull: 20 * time.Second, clockMoved: 20 * time.Second, carrierLies: 20 * time.Second,
}

// A fault is one of a campaign's.
type fault struct {
	N     int // from 1
	Kind  faultKind
	Call  int           // it begins after this call has come in,
	After time.Duration // so much later, or when the fault before it has ended
	Lasts time.Duration
	Which int // the desk that freezes; of the clock whether it goes back
	// When it was, once it was.
	Began, Ended time.Time
}

func (f fault) String() string {
	return fmt.Sprintf("fault %d, %s for %v, %v after call %d", f.N, f.Kind, f.Lasts.Round(100*time.Millisecond),
		f.After.Round(100*time.Millisecond), f.Call)
}

// A callerKind is how a caller behaves.
type callerKind string

const (
	callerStays   callerKind = "stays"    // until the other side hangs up
	callerGivesUp callerKind = "gives up" // hangs up after a while, wherever they are
	callerLeaves  callerKind = "leaves"   // hangs up soon after the agent is heard
)

// A course is what a campaign does, made of its seed alone.
type course struct {
	Callers []expectedCaller
	Faults  []*fault
	lies    *rand.Rand // of the carrier and the providers, in the order in which messages arrive
}

type expectedCaller struct {
	N        int // from 1
	Kind     callerKind
	Gap      time.Duration // after the caller before
	Patience time.Duration
	Scenario int
}

// ani is the caller's number, which no other caller has.
func (c expectedCaller) ani() string { return fmt.Sprintf("+1773555%04d", c.N) }

// newCourse spreads faults of some kinds over calls. pace multiplies how long each fault lasts.
func newCourse(seed uint64, calls, faults, agents int, kinds []faultKind, pace float64) course {
	r := rand.New(rand.NewPCG(seed, 8))
	p := course{lies: rand.New(rand.NewPCG(seed, 9))}
	between := func(from, to time.Duration) time.Duration { return from + time.Duration(r.Int64N(int64(to-from))) }
	for n := 1; n <= calls; n++ {
		c := expectedCaller{N: n, Gap: between(500*time.Millisecond, 4*time.Second), Scenario: r.IntN(2), Kind: callerStays,
			Patience: between(60*time.Second, 90*time.Second)}
		switch r.IntN(6) {
		case 0:
			c.Kind, c.Patience = callerGivesUp, between(time.Second, 12*time.Second)
		case 1:
			c.Kind = callerLeaves
		}
		p.Callers = append(p.Callers, c)
	}
	for range faults {
		f := &fault{Kind: kinds[r.IntN(len(kinds))], Call: 1 + r.IntN(calls), After: between(0, 6*time.Second), Which: r.IntN(agents)}
		f.Lasts = time.Duration(pace * float64(faultKinds[f.Kind]))
		if f.Kind == serverKilled { // one that starts again within the leases, or after
			f.Lasts = time.Duration(r.Int64N(int64(f.Lasts)))
		}
		p.Faults = append(p.Faults, f)
	}
	slices.SortStableFunc(p.Faults, func(a, b *fault) int { return a.Call - b.Call })
	for i, f := range p.Faults {
		f.N = i + 1
	}
	return p
}
