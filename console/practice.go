package console

import (
	"time"

	"lamplight/notes"
	"lamplight/routing"
	"lamplight/telephony"
)

// PracticesQuery asks for the page of the practices that follows After, the Next of the page before it; "" asks for the first.
// Search is a part of a name, an id or a number.
type PracticesQuery struct {
	Search string `json:"search"`
	After  string `json:"after"`
}

// PracticesPage is one page of the practices, by name. Those that were never published are on the first.
type PracticesPage struct {
	Rows   []PracticeRow `json:"rows"`
	Next   string        `json:"next"`   // "" on the last page
	MayAdd bool          `json:"mayAdd"` // the asker may add one
}

// PracticeRow is a practice in a list, with those who have a draft of it.
type PracticeRow struct {
	Account telephony.AccountID `json:"account"`
	Name    string              `json:"name"`
	Lines   int                 `json:"lines"`
	New     bool                `json:"new"` // it was never published
	Drafts  []PracticeWriter    `json:"drafts"`
}

// PracticeWriter is somebody who has an unpublished draft of a practice.
type PracticeWriter struct {
	Person notes.PersonID `json:"person"`
	Name   string         `json:"name"`
	At     time.Time      `json:"at"`
	Mine   bool           `json:"mine"`
}

// PracticeWhole is a practice opened to be changed. Its documents are those of 'lamplight practice get', as JSON.
type PracticeWhole struct {
	Account  telephony.AccountID `json:"account"`
	Version  int                 `json:"version"`  // the published one; 0 for never
	Document string              `json:"document"` // the published one; "" for never
	Draft    *PracticeOwnDraft   `json:"draft"`    // the asker's own; nil for none
	Others   []PracticeWriter    `json:"others"`
	Changes  []PracticeChange    `json:"changes"` // the newest first
	Problems []PracticeProblem   `json:"problems"`
	Whole    bool                `json:"whole"` // the asker may change its numbers and its chart, too
}

// PracticeOwnDraft is what the asker has written and not published.
type PracticeOwnDraft struct {
	Version  int       `json:"version"` // the published version that it was begun from
	Base     string    `json:"base"`    // that version's document
	Document string    `json:"document"`
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
}

// PracticeChange is one version of a practice.
type PracticeChange struct {
	ID      string    `json:"id"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // a name; "" when nobody knows
	Why     string    `json:"why"`
}

// PracticeProblem is one thing wrong with a document: its place in it ("account.contacts[2].mobile"), and what to do.
type PracticeProblem struct {
	Field string     `json:"field"`
	Code  string     `json:"code"`
	Final bool       `json:"final"` // while it lasts, the practice cannot be published
	Says  notes.Text `json:"says"`
	// Word says that a test of the practice fails: it is published only with the word of somebody who may overrule tests.
	Word bool `json:"word"`
}

// PracticeNew begins a practice from a template, or as a copy of another practice when From names one.
type PracticeNew struct {
	Account  telephony.AccountID      `json:"account"` // its id, which never changes
	Name     string                   `json:"name"`
	TimeZone string                   `json:"timeZone"`
	Template routing.PracticeTemplate `json:"template"`
	From     telephony.AccountID      `json:"from"`
}

// PracticeSave stores the asker's draft in place of the one that they stored as Seq (0 for none). Version is the published
// version that the draft was begun from.
type PracticeSave struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
	Version  int                 `json:"version"`
	Seq      int64               `json:"seq"`
}

// PracticeSaved tells what became of a draft that was to be stored.
type PracticeSaved struct {
	Saved    bool              `json:"saved"`
	Seq      int64             `json:"seq"`
	Problems []PracticeProblem `json:"problems"`
	// Moved tells who published meanwhile, when that is why nothing was stored.
	Moved *PracticeChange `json:"moved"`
}

// PracticeDraftRef names somebody's draft of a practice.
type PracticeDraftRef struct {
	Account telephony.AccountID `json:"account"`
	Person  notes.PersonID      `json:"person"`
}

// PracticeText is a document, with the version of the practice that it is or was begun from.
type PracticeText struct {
	Document string `json:"document"`
	Version  int    `json:"version"`
}

// PracticePublish publishes the draft that the asker stored as Seq. Sure says that they have read what is wrong with it.
type PracticePublish struct {
	Account telephony.AccountID `json:"account"`
	Seq     int64               `json:"seq"`
	Why     string              `json:"why"`
	Sure    bool                `json:"sure"`
	Word    string              `json:"word"` // why it is published although tests fail
}

// PracticePublished tells what became of a draft that was to be published.
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

// RemindersQuery asks how patients would be reminded of an appointment of a visit type, that begins at the practice's wall clock's Day and
// Time, "2026-12-24" and "09:00", and is booked now, if the practice were as Document says.
type RemindersQuery struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
	Day      string              `json:"day"`
	Time     string              `json:"time"`
	Visit    string              `json:"visit"`
	Place    string              `json:"place"`
	Provider string              `json:"provider"`
}

// RemindersSaid are those reminders, the first first.
type RemindersSaid struct {
	Rows []ReminderSaid `json:"rows"`
}

// ReminderSaid is one of them: when it would be sent to a patient in the practice's zone, and what it would say, by language.
type ReminderSaid struct {
	At   time.Time  `json:"at"`
	Says notes.Text `json:"says"`
}

// PracticeMoment asks what would happen to a call at a moment if the practice were as Document says.
type PracticeMoment struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
	At       string              `json:"at"` // as MomentQuery's
	Later    bool                `json:"later"`
	CallType string              `json:"callType"`
	Urgency  notes.Urgency       `json:"urgency"`
}

// PracticeTests has the tests of a practice tried as if the practice were as Document says.
type PracticeTests struct {
	Account  telephony.AccountID `json:"account"`
	Document string              `json:"document"`
}

// PracticeTested is what trying a practice's tests showed, and when its tests were overruled, the newest first. No tests are tried
// while its ladders or its schedule cannot be read.
type PracticeTested struct {
	Tests     []PracticeTest   `json:"tests"`
	Overruled []TestsOverruled `json:"overruled"`
}

// PracticeTest is what trying one test showed, at the first of the moments at which it fails, or else at the first of all.
type PracticeTest struct {
	ID      string            `json:"id"`
	State   routing.TestState `json:"state"`
	Tried   int               `json:"tried"` // at how many moments
	At      time.Time         `json:"at"`    // zero when none is to come
	Case    notes.Text        `json:"case"`  // what it is about
	Expects notes.Text        `json:"expects"`
	Happens notes.Text        `json:"happens"`
}

// TestsOverruled is one change of a practice that was stored although tests failed.
type TestsOverruled struct {
	At     time.Time    `json:"at"`
	By     string       `json:"by"` // a name; "" when nobody knows
	Why    string       `json:"why"`
	Failed []notes.Text `json:"failed"`
}
