package notes

import (
	"time"

	"lamplight/telephony"
)

// A BulletinKind is how a desk shows what a practice wants known for a time.
type BulletinKind string

const (
	// BulletinToRead is shown to each agent at their first call after its begin, until they acknowledge it.
	BulletinToRead BulletinKind = "bulletin"
	// BulletinStatus is one line that stands at the head of each call while it lasts.
	BulletinStatus BulletinKind = "status"
)

// MaxBulletin is the longest text of a bulletin in one language, in bytes; MaxStatus that of a status line.
const (
	MaxBulletin = 600
	MaxStatus   = 140
)

// MaxBulletins is how many bulletins of a practice may be ahead or last at once.
const MaxBulletins = 12

// A Bulletin is what a practice wants its agents to know for a time: "Dr. Reyes is in surgery until 4". Nothing in it is a patient's.
type Bulletin struct {
	ID      string
	Account telephony.AccountID
	Kind    BulletinKind
	Body    Text
	Begins  time.Time
	Ends    time.Time
	MadeAt  time.Time
	By      PersonID
	ReadBy  []BulletinRead // who has acknowledged it, in the order of time
}

// A BulletinRead is one agent's word that they have read a bulletin.
type BulletinRead struct {
	Person PersonID
	At     time.Time
}
