package console

import (
	"time"

	"lamplight/notes"
	"lamplight/telephony"
)

// PatientSearch looks for a practice's patients by a name, a date of birth, a number, or several of them.
type PatientSearch struct {
	Account telephony.AccountID `json:"account"`
	Search  string              `json:"search"`
}

// PatientRows are the patients found; More says that there were more than are listed.
type PatientRows struct {
	Rows []PatientRow `json:"rows"`
	More bool         `json:"more"`
}

// PatientRow is a patient in a list.
type PatientRow struct {
	Patient  notes.PatientID    `json:"patient"`
	Name     string             `json:"name"`
	Birth    string             `json:"birth"` // 2006-01-02
	Number   string             `json:"number"`
	Language telephony.Language `json:"language"`
}

// PatientRef names a practice's record of a patient.
type PatientRef struct {
	Patient notes.PatientID `json:"patient"`
}

// PatientForm is a patient's record as staff typed it. For a new patient, the page chooses Patient and Version is 0; Texts and
// Mails say that the patient agreed to be told by text and by email, and How says in what way. Anyway says that other patients
// with the same number are other people.
type PatientForm struct {
	Account  telephony.AccountID `json:"account"`
	Patient  notes.PatientID     `json:"patient"`
	Version  int                 `json:"version"`
	Name     string              `json:"name"`
	Birth    string              `json:"birth"`
	Number   string              `json:"number"`
	Call     bool                `json:"call"` // the number may be rung
	Email    string              `json:"email"`
	Language telephony.Language  `json:"language"`
	Zone     string              `json:"zone"` // "" for the practice's own
	Texts    bool                `json:"texts"`
	Mails    bool                `json:"mails"`
	// Reminders says that a new patient agreed to be reminded of appointments by text.
	Reminders bool             `json:"reminders"`
	How       notes.ConsentHow `json:"how"`
	Anyway    bool             `json:"anyway"`
}

// PatientKept answers a PatientForm: the record that was stored, or else the patients with the same number, among whom a person
// must choose.
type PatientKept struct {
	Record *PatientRecord `json:"record"`
	Same   []PatientRow   `json:"same"`
}

// PatientRecord is a patient's record, opened.
type PatientRecord struct {
	PatientRow
	Version  int          `json:"version"`
	Call     bool         `json:"call"`
	Email    string       `json:"email"`
	Zone     string       `json:"zone"`
	Consents []ConsentRow `json:"consents"`
	// Tells are the channels by which the patient can be told of a message now, the preferred one first. Stopped says that the
	// number texted STOP, which only the patient can undo.
	Tells   []notes.ConsentChannel `json:"tells"`
	Stopped bool                   `json:"stopped"`
}

// ConsentRow is a patient's current consent for one channel.
type ConsentRow struct {
	Purpose notes.Purpose        `json:"purpose"`
	Channel notes.ConsentChannel `json:"channel"`
	Given   bool                 `json:"given"`
	At      time.Time            `json:"at"`
	By      string               `json:"by"` // the name of the member of staff who wrote it down; "" when the patient did
	How     notes.ConsentHow     `json:"how"`
	Wording string               `json:"wording"`
}

// ConsentSaid is what a patient told staff about being told for a purpose, "" for care, by a channel.
type ConsentSaid struct {
	Purpose notes.Purpose        `json:"purpose"`
	Patient notes.PatientID      `json:"patient"`
	Channel notes.ConsentChannel `json:"channel"`
	Given   bool                 `json:"given"`
	How     notes.ConsentHow     `json:"how"`
}

// ThreadsQuery asks for the page of a practice's inbox of threads that follows After, the Next of the page before it; "" asks
// for the first.
type ThreadsQuery struct {
	Account telephony.AccountID `json:"account"`
	Tab     notes.ThreadTab     `json:"tab"`
	After   string              `json:"after"`
}

// ThreadsPage is one page of it, the earliest promise first. Counts are by tab; Many stands for that many or more.
type ThreadsPage struct {
	Rows   []ThreadRow    `json:"rows"`
	Next   string         `json:"next"`
	Counts map[string]int `json:"counts"`
	Staff  []AgentRef     `json:"staff"` // those of the practice to whom a thread may be given
}

// ThreadRow is one thread. Name is the patient's.
type ThreadRow struct {
	Patient  notes.PatientID     `json:"patient"`
	Name     string              `json:"name"`
	Language telephony.Language  `json:"language"`
	State    notes.ThreadState   `json:"state"`
	Waits    notes.ThreadWaits   `json:"waits"`
	MovedAt  time.Time           `json:"movedAt"`
	DueAt    time.Time           `json:"dueAt"` // by when an answer was promised; zero when none is owed
	Late     bool                `json:"late"`
	Assigned string              `json:"assigned"` // a name, "" for nobody
	Mine     bool                `json:"mine"`
	Warned   notes.ThreadWarning `json:"warned"`
	Hand     string              `json:"hand"`   // who else is writing to the patient now
	OnCall   bool                `json:"onCall"` // the person on call was told of it
	Version  int                 `json:"version"`
}

// ThreadView is a patient's conversation with the practice, opened for staff.
type ThreadView struct {
	Row      ThreadRow       `json:"row"` // its State is "" when nothing has been written yet
	Assigned notes.PersonID  `json:"assigned"`
	Record   PatientRecord   `json:"record"`
	Messages []ThreadMessage `json:"messages"`
	NoteRef  string          `json:"noteRef"` // the reference of the note that the thread became for the person on call
	NoteIs   notes.NoteState `json:"noteIs"`
	Lines    []ThreadLine    `json:"lines"`
	Proof    Proof           `json:"proof"`
	Visits   []VisitRow      `json:"visits"` // the patient's next
}

// ThreadMessage is one message, and how the patient was told of it.
type ThreadMessage struct {
	ID        string            `json:"id"`
	Kind      notes.MessageKind `json:"kind"`
	At        time.Time         `json:"at"`
	By        string            `json:"by"` // a name of staff; "" for the patient
	Text      string            `json:"text"`
	ReadAt    time.Time         `json:"readAt"`
	Flagged   bool              `json:"flagged"`
	Withdrawn bool              `json:"withdrawn"`
	Notice    *NoticeRow        `json:"notice"`
	Files     []MessageFile     `json:"files"`
}

// MessageFile is a photo or a PDF on a message, fetched by its id.
type MessageFile struct {
	ID     string         `json:"id"`
	Kind   notes.FileKind `json:"kind"`
	Bytes  int64          `json:"bytes"`
	Width  int            `json:"width"` // of a photo, in pixels
	Height int            `json:"height"`
}

// FileBegun is a file that is to come: the name by which the page asks for it again, a UUID, and how many bytes it has.
type FileBegun struct {
	Patient notes.PatientID `json:"patient"`
	File    string          `json:"file"`
	Size    int64           `json:"size"`
}

// FileRef names a file that comes.
type FileRef struct {
	Patient notes.PatientID `json:"patient"`
	File    string          `json:"file"`
}

// MyFileBegun and MyFileRef are a patient's own.
type (
	MyFileBegun struct {
		File string `json:"file"`
		Size int64  `json:"size"`
	}
	MyFileRef struct {
		File string `json:"file"`
	}
)

// FileCame tells how many bytes of a file are there. Kind is what it turned out to be, "" until it was looked at: then it can hang on a
// message.
type FileCame struct {
	Arrived int64          `json:"arrived"`
	Piece   int64          `json:"piece"` // how many bytes each piece has, but the last
	Kind    notes.FileKind `json:"kind"`
}

// NoticeRow is one notice to the patient, sent or still to come. State and Why are codes.
type NoticeRow struct {
	Channel notes.ConsentChannel `json:"channel"`
	State   string               `json:"state"`
	DueAt   time.Time            `json:"dueAt"`
	SentAt  time.Time            `json:"sentAt"`
	Why     string               `json:"why"`
}

// ThreadLine is one line of a thread's history. Kind is a code.
type ThreadLine struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Actor string    `json:"actor"` // a name of staff, "patient", or ""
	Leaf  int64     `json:"leaf"`
}

// ThreadWriting is what staff write. ID makes it repeatable. Seen is the last message that the writer had seen: when a newer
// one has come, nothing is stored and the writer is told so.
type ThreadWriting struct {
	Patient notes.PatientID `json:"patient"`
	ID      string          `json:"id"`
	Text    string          `json:"text"`
	Seen    string          `json:"seen"`
	Remark  bool            `json:"remark"` // for staff only
	Files   []string        `json:"files"`  // as FileBegun names them
}

// ThreadClosing closes a thread, with a word that staff alone see.
type ThreadClosing struct {
	Patient notes.PatientID `json:"patient"`
	ID      string          `json:"id"`
	Text    string          `json:"text"`
	Seen    string          `json:"seen"`
}

// ThreadGift gives a thread to somebody of the practice, or to nobody (""), provided that it is still From's.
type ThreadGift struct {
	Patient notes.PatientID `json:"patient"`
	From    notes.PersonID  `json:"from"`
	To      notes.PersonID  `json:"to"`
}

// MessageRef names a message to a patient.
type MessageRef struct {
	Patient notes.PatientID `json:"patient"`
	Message string          `json:"message"`
}

// ThreadHand says that somebody is writing to a patient, or has stopped.
type ThreadHand struct {
	Patient notes.PatientID `json:"patient"`
	On      bool            `json:"on"`
}

// PatientPage is what a patient sees. Stamp differs whenever anything else in it does.
type PatientPage struct {
	Practice   string             `json:"practice"`
	Number     string             `json:"number"` // the number to call, as people write it
	Dial       string             `json:"dial"`   // the same, as it is dialled
	Language   telephony.Language `json:"language"`
	TimeZone   string             `json:"timeZone"` // the practice's
	Messages   []PatientMessage   `json:"messages"`
	DueAt      time.Time          `json:"dueAt"`  // by when an answer is promised; zero when none is owed
	Closed     bool               `json:"closed"` // a new message begins a new thread
	Open       bool               `json:"open"`   // the office is open
	AfterHours notes.Text         `json:"afterHours"`
	Tells      []PatientTell      `json:"tells"`
	Reminders  []PatientTell      `json:"reminders"` // of appointments
	Stamp      string             `json:"stamp"`
}

// PatientMessage is one message as the patient sees it.
type PatientMessage struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Mine      bool      `json:"mine"`
	By        string    `json:"by"` // a name of staff
	Text      string    `json:"text"`
	ReadAt    time.Time `json:"readAt"` // by the other side
	Flagged   bool      `json:"flagged"`
	Withdrawn bool      `json:"withdrawn"`

	Files []MessageFile `json:"files"`
}

// PatientTell is a channel by which the patient can be told, and whether they want that. Stopped says that the number texted
// STOP.
type PatientTell struct {
	Channel notes.ConsentChannel `json:"channel"`
	On      bool                 `json:"on"`
	Stopped bool                 `json:"stopped"`
}

// PatientWriting is what a patient writes. ID makes it repeatable.
type PatientWriting struct {
	ID    string   `json:"id"`
	Text  string   `json:"text"`
	Files []string `json:"files"` // as MyFileBegun names them
}

// PatientStamp is the Stamp that PatientPage would have now.
type PatientStamp struct {
	Stamp string `json:"stamp"`
}

// PatientWish says whether a patient wants to be told for a purpose, "" for care, by a channel.
type PatientWish struct {
	Purpose notes.Purpose        `json:"purpose"`
	Channel notes.ConsentChannel `json:"channel"`
	On      bool                 `json:"on"`
}
