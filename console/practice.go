package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// PracticesQuery asks for a page of the practices: what follows After, the Next of the page before; "" begins. Search is a part of a
// name, an id or a number.
type PracticesQuery struct {
	Search string `json:"search"`
	After  string `json:"after"`
}

// PracticesPage is a page of them by name; those that are being added and not published stand on the first.
type PracticesPage struct {
	Rows   []PracticeRow `json:"rows"`
	Next   string        `json:"next"`   // "" on the last page
	MayAdd bool          `json:"mayAdd"` // by who asks
}

// PracticeRow is a practice in a list, with who is writing at it and has not published.
type PracticeRow struct {
	Account telephony.AccountID `json:"account"`
	Name    string              `json:"name"`
	Lines   int                 `json:"lines"`
	New     bool                `json:"new"` // it was never published
	Drafts  []PracticeWriter    `json:"drafts"`
}

// PracticeWriter is somebody who is writing at a practice and has not published.
type PracticeWriter struct {
	Person notes.PersonID `json:"person"`
	Name   string         `json:"name"`
	At     time.Time      `json:"at"`
	Mine   bool           `json:"mine"`
}

// PracticeWhole is a practice as it is changed. Documents are those of 'lamplight practice get', as JSON.
type PracticeWhole struct {
	Account  telephony.AccountID `json:"account"`
	Version  int                 `json:"version"`  // as it is published, 0 for never
	Document string              `json:"document"` // as it is published, "" for never
	Draft    *PracticeOwnDraft   `json:"draft"`    // who asks has not published; nil for none
	Others   []PracticeWriter    `json:"others"`
	Changes  []PracticeChange    `json:"changes"` // the newest first
	Problems []PracticeProblem   `json:"problems"`
	Whole    bool                `json:"whole"` // who asks may change its numbers and its chart, too
}

// PracticeOwnDraft is what somebody has written and not published.
type PracticeOwnDraft struct {
	Version  int       `json:"version"` // it was begun from
	Base     string    `json:"base"`    // the document of then
	Document string    `json:"document"`
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
}

// PracticeChange is one version of a practice.
type PracticeChange struct {
	ID      string    `json:"id"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // a name, "" where nobody knows
	Why     string    `json:"why"`
}

// PracticeProblem is one thing wrong with a document: where ("account.contacts[2].mobile"), and what to do.
type PracticeProblem struct {
	Field string     `json:"field"`
	Code  string     `json:"code"`
	Final bool       `json:"final"` // with it the practice is not published
	Says  notes.Text `json:"says"`
}

// PracticeNew begins a practice: of a template, or of another practice where From names one.
type PracticeNew struct {
	Account  telephony.AccountID      `json:"account"` // its id, for ever
	Name     string                   `json:"name"`
	TimeZone string                   `json:"timeZone"`
	Template routing.PracticeTemplate `json:"template"`
	From     telephony.AccountID      `json:"from"`
}

// PracticeSave keeps what is being written, in the place of what the same person had kept as Seq (0 for nothing). Version is the
// practice's that it was begun from.
type PracticeSave struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
	Version  int                 `json:"version"`
	Seq      int64               `json:"seq"`
}

// PracticeSaved is what came of it.
type PracticeSaved struct {
	Saved    bool              `json:"saved"`
	Seq      int64             `json:"seq"`
	Problems []PracticeProblem `json:"problems"`
	// Moved tells who published meanwhile, where nothing is kept because of it.
	Moved *PracticeChange `json:"moved"`
}

// PracticeHand names what somebody is writing at a practice.
type PracticeHand struct {
	Account telephony.AccountID `json:"account"`
	Person  notes.PersonID      `json:"person"`
}

// PracticeText is a document, and the version of the practice it is, or was begun from.
type PracticeText struct {
	Document string `json:"document"`
	Version  int    `json:"version"`
}

// PracticePublish publishes what who asks has kept as Seq. Sure says that they have read what is wrong with it.
type PracticePublish struct {
	Account telephony.AccountID `json:"account"`
	Seq     int64               `json:"seq"`
	Why     string              `json:"why"`
	Sure    bool                `json:"sure"`
}

// PracticePublished is what came of it.
type PracticePublished struct {
	Saved    bool              `json:"saved"`
	Problems []PracticeProblem `json:"problems"`
	Moved    *PracticeChange   `json:"moved"` // as PracticeSaved's
}

// PracticeVersionRef names one of a practice's versions.
type PracticeVersionRef struct {
	Account telephony.AccountID `json:"account"`
	Version string              `json:"version"` // a PracticeChange's ID
}

// PracticeMoment asks what would happen to a call at a moment if the practice were as Document has it.
type PracticeMoment struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
	At       string              `json:"at"` // as MomentQuery's
	Later    bool                `json:"later"`
	CallType string              `json:"callType"`
	Urgency  notes.Urgency       `json:"urgency"`
}
