package oncall

import "time"

// Import says how a practice's own file is to be understood.
type Import struct {
	Timezone string    // the zone of the document, of floating times and of whole days
	Role     string    // the role the shifts are for; "" is "primary"
	From, To time.Time // shifts that touch this time are taken, and recurrences written out in it
	// Names turns a name in the file into a participant's id. A name that is not here becomes an id of its own; two spellings
	// of what seems one name are asked about, and answered here.
	Names map[string]ParticipantID
	Dates string // for ImportCSV: "dmy" or "mdy"; "" to tell it from the file
	// Ends says whether an end such as 23:59 means the minute it names ("exact") or the end of that minute ("through"). "" asks
	// for tables, and takes calendars at their word.
	Ends string
}

// The fields of Import that answer a question which a Problem asks.
const (
	AskNames = "names"
	AskEnds  = "ends"
	AskDates = "dates"
)

// Imported is what an import made of a file, and what it did not take or took by a guess. Nothing in a file is passed over
// without a word here, except what says nothing about who is on call when.
type Imported struct {
	Document *Document
	Warnings ReadProblems // the first of them
	Warned   int          // how many there are in all
	// Shifts were taken. Outside counts the events and rows that lie outside the time asked for, Cancelled those that are
	// called off.
	Shifts, Outside, Cancelled int
}

func (r *Imported) warn(line int, field, code string, pairs ...string) {
	r.Warned++
	r.Warnings.add(line, field, code, pairs...)
}
