package notes

import (
	"time"

	"lamplight/telephony"
)

// A Draft is a note being typed. ID is chosen by the desk (a UUID) and makes Take repeatable.
type Draft struct {
	ID       string
	Seq      int64
	Call     telephony.CallID
	Account  telephony.AccountID
	CallType string
	Urgency  Urgency
	Language telephony.Language
	Body     Body
	SavedAt  time.Time
	// Voicemail is the note of the voicemail that this one is taken from, which closes it; "" for a call's.
	Voicemail NoteID
}
