package routing

import (
	"slices"
	"time"

	"lamplight/notes"
)

// A Router makes one practice's plans as they are made in earnest, for other moments than now.
type Router interface {
	// Plan resolves a ladder for a note of a call type that is taken at a moment.
	Plan(callType, ladder string, at time.Time) Plan
	// Rota answers who is on call for a call type.
	Rota(callType string) Rota
}

// A Way is where a note goes.
type Way string

const (
	ToPeople Way = "people"
	ToBoard  Way = "board"   // its ladder reaches nobody: it comes before the supervisors
	ToOffice Way = "office"  // it waits for the practice's staff
	Nowhere  Way = "nowhere" // it cannot be sent: somebody must be told, and it has no ladder
)

// LadderFor is the ladder that a note of a call type would climb; climbs is false when it would wait for the office instead.
func LadderFor(acc notes.Account, callType string, u notes.Urgency) (ladder string, climbs bool) {
	t, ok := acc.Script.CallType(callType)
	ladder = t.LadderFor(u)
	return ladder, ok && ladder != ""
}

// MustTell reports that a note of a call type and urgency must not wait for the office.
func MustTell(acc notes.Account, callType string, u notes.Urgency) bool {
	_, known := acc.Script.CallType(callType)
	return known && slices.Contains(notes.Urgencies, u) && !u.Waits()
}

// Way is where a note with this plan goes; climbs is LadderFor's.
func (p Plan) Way(climbs bool) Way {
	switch {
	case !climbs:
		return ToOffice
	case !p.Reaches():
		return ToBoard
	}
	return ToPeople
}

// Try is what would become of a note of a call type and urgency that is taken at a moment. The plan is empty unless it climbs.
func Try(acc notes.Account, r Router, callType string, u notes.Urgency, at time.Time) (Plan, Way) {
	ladder, climbs := LadderFor(acc, callType, u)
	if climbs {
		p := r.Plan(callType, ladder, at)
		return p, p.Way(true)
	}
	if MustTell(acc, callType, u) {
		return Plan{}, Nowhere
	}
	return Plan{}, ToOffice
}

// NoLadderPlan is the plan of a note whose ladder cannot be climbed: it comes onto the board at once.
func NoLadderPlan(practice, ladder string, at time.Time) Plan {
	at = at.Truncate(time.Microsecond)
	return Plan{Ladder: ladder, Practice: practice, At: at, Board: at, Attempts: []PlannedAttempt{},
		Holes: []PlanHole{{Who: ladder, Why: NoLadder}}}
}
