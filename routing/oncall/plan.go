package oncall

import (
	"slices"
)

// primary is the role of everything that names none.
const primary = "primary"

// plan is a document that was checked and made ready: names resolved, moments turned into instants. It says everything a
// schedule knows; what changes by the calendar (rotations, windows, holidays) is computed from it for a span of time.
type plan struct {
	doc       *Document
	zone      *zone
	names     map[ParticipantID]string
	fallback  map[string]ParticipantID
	office    []weekly
	holidays  []holiday
	rotations map[string]*rotation
	layers    []layer
	roles     map[string]*role
	roleNames []string // in the order of the document

	leave     []leave
	overrides []override
	swaps     []swapLeg
	temporary []temporary
	leavers   []ParticipantID
	// What of these is active when; they are finite, so one timeline each serves all time.
	leaveAt, overrideAt, swapAt, temporaryAt, leftAt timeline

	named    map[ParticipantID]string // the first field that puts somebody on call
	warnings ReadProblems
}

// role lists a role's layers, the highest priority first and in the document's order within one priority.
type role struct {
	layers []int
	rules  map[string]bool // the holiday rules that have a layer for this role
}

// scope is a Scope made ready; any says that it names no role and reaches all of them.
type scope struct {
	role      string
	any       bool
	callTypes []string
	locations []string
}

// answers reports whether what has this scope counts for a query.
func (s *scope) answers(q *Query) bool {
	return (s.any || s.role == q.Role) &&
		(len(s.callTypes) == 0 || slices.Contains(s.callTypes, q.CallType)) &&
		(len(s.locations) == 0 || slices.Contains(s.locations, q.Location))
}

type layer struct {
	scope
	name         string
	priority     int
	turns        [][]ParticipantID // what an interval's value means
	rotation     *rotation         // nil for fixed people and dated shifts
	ahead        int
	shifts       []interval
	windows      []weekly
	hours        string
	rule         string
	skipHolidays bool
	from, until  int64
}

type leave struct {
	who, backup ParticipantID
}

type override struct {
	scope
	name        string
	add, remove ParticipantID
}

// swapLeg is one direction of a swap: in its time, from's duty is to's.
type swapLeg struct {
	scope
	swap     int // the entry in the document, which moves a duty only once
	from, to ParticipantID
}

type temporary struct {
	scope
	name   string
	people []ParticipantID // by shift
	at     timeline
}
