package notes

import "slices"

// A PersonID names a person for ever: agent, supervisor, provider, practice staff, administrator.
type PersonID string

// A Role is what somebody is to a practice.
type Role string

const (
	RoleAgent      Role = "agent"      // takes calls and notes at a desk
	RoleSupervisor Role = "supervisor" // an agent who may also listen, search and end escalations
	RoleProvider   Role = "provider"   // reads, acknowledges and closes notes
	RolePractice   Role = "practice"   // an office's staff: reviews its calls
	RoleAdmin      Role = "admin"      // keeps people and practices; opens no patient data
)

// An Act is one thing a person may or may not do.
type Act string

const (
	TakeNote    Act = "take-note"
	ReadNote    Act = "read-note"
	AckNote     Act = "ack-note"
	AddToNote   Act = "add-to-note"
	CloseNote   Act = "close-note"
	SeeBoard    Act = "see-board"
	Reach       Act = "reach"     // have somebody told of a late note again, ring them, say that they were told by voice
	CallBack    Act = "call-back" // ring an abandoned caller and say how it ended
	SearchCalls Act = "search-calls"
	Listen      Act = "listen" // to recordings
	Export      Act = "export"
	Supervise   Act = "supervise"
	EditAccount Act = "edit-account"
	EditPeople  Act = "edit-people"
	VerifyAudit Act = "verify-audit"
	FileNote    Act = "file-note" // say whose chart a note belongs to
	// EditSchedule is to change who is on call; OwnDuty to see one's own days, offer them and take others'.
	EditSchedule Act = "edit-schedule"
	OwnDuty      Act = "own-duty"
	// EditPractice is to change a practice: its script, hours, people, ladders. Who may for every practice also adds them, and gives
	// them their numbers.
	EditPractice Act = "edit-practice"
	// OverruleTests is to have a change of a practice stored although a test that it keeps fails.
	OverruleTests Act = "overrule-tests"
	// MessagePatients is to keep a practice's patients' records and write with them.
	MessagePatients Act = "message-patients"
)

// rights is the whole table of who may do what. An administrator keeps the service and opens nothing of a patient.
var rights = map[Role][]Act{
	RoleAgent: {TakeNote, ReadNote, AddToNote, SeeBoard, Reach, CallBack},
	RoleSupervisor: {TakeNote, ReadNote, AddToNote, SeeBoard, Reach, CallBack, CloseNote, SearchCalls, Listen, Export, Supervise,
		EditSchedule, EditPractice, OverruleTests},
	RoleProvider: {ReadNote, AckNote, AddToNote, CloseNote, SeeBoard, SearchCalls, FileNote, OwnDuty},
	// notes without a ladder wait for the office, which closes them
	RolePractice: {ReadNote, AddToNote, CloseNote, SeeBoard, SearchCalls, Listen, Export, FileNote, EditSchedule, EditPractice,
		MessagePatients},
	RoleAdmin: {EditAccount, EditPeople, VerifyAudit, EditPractice, OverruleTests},
}

// Known reports that r is one of the roles above.
func (r Role) Known() bool { return rights[r] != nil }

// May reports whether somebody of that role may do act, for the practices they hold the role for.
func (r Role) May(act Act) bool { return slices.Contains(rights[r], act) }
