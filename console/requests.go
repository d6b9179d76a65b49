package console

import (
	"lamplight/notes"
	"lamplight/telephony"
)

// Every request is declared once, here. A new one is declared here and answered in console/house.

// What a desk asks about its agent and their call.
var (
	// AskHello tells who is signed in and everything else that a desk draws; it is asked after every connect and reconnect.
	AskHello = request[Nothing, Hello](Spec{Name: "hello", Desk: true})

	AskReady = request[Nothing, Nothing](Spec{Name: "ready", Desk: true, Needs: notes.TakeNote})
	AskPause = request[PauseRequest, Nothing](Spec{Name: "pause", Desk: true, Needs: notes.TakeNote})
	// AskReject gives an offer back; the caller keeps their place in the queue. An offer is answered by the agent's phone, not
	// by a request.
	AskReject = request[OfferRef, Nothing](Spec{Name: "reject", Desk: true, Needs: notes.TakeNote})
	AskHold   = request[CallRef, Nothing](Spec{Name: "hold", Desk: true, Needs: notes.TakeNote})
	AskResume = request[CallRef, Nothing](Spec{Name: "resume", Desk: true, Needs: notes.TakeNote})
	// AskRejoin rings the agent's phone back into their call after the desk or the phone died. Until it is answered the caller
	// hears hold music.
	AskRejoin = request[CallRef, Nothing](Spec{Name: "rejoin", Desk: true, Needs: notes.TakeNote})
	// AskDirectory lists the people of the practice whose call the agent has, those on call first. AskPatch calls one of them
	// for the caller, who hears hold music meanwhile; AskResume takes the caller back before they are connected. AskLeaveCall
	// takes the agent out of a three-way call: the other two talk on.
	AskDirectory = request[CallRef, Reach](Spec{Name: "directory", Desk: true, Needs: notes.TakeNote, Since: 4})
	AskPatch     = request[PatchRef, Nothing](Spec{Name: "patch", Desk: true, Needs: notes.TakeNote, Once: true, Since: 4})
	AskLeaveCall = request[CallRef, Nothing](Spec{Name: "leavecall", Desk: true, Needs: notes.TakeNote, Since: 4})

	// AskTransfer is AskPatch of an agent who goes at once: the caller hears music until they are connected; when they are not, the call
	// is offered to the agent again, or to others. AskConfer has the caller hear the agent and whom that one talks with alone.
	AskTransfer = request[PatchRef, Nothing](Spec{Name: "transfer", Desk: true, Needs: notes.TakeNote, Once: true, Since: 4})
	AskConfer   = request[CallRef, Nothing](Spec{Name: "confer", Desk: true, Needs: notes.TakeNote, Since: 4})

	// AskHandOver has a colleague who is Ready have the agent's call and the note that was begun for it; the agent goes. When nobody
	// takes the call, both come back to the agent, or go on to whoever takes it from the queue.
	AskHandOver = request[CallGift, Nothing](Spec{Name: "handover", Desk: true, Needs: notes.TakeNote, Once: true, Since: 4})

	AskHangUp     = request[CallRef, Nothing](Spec{Name: "hangup", Desk: true, Needs: notes.TakeNote})
	AskWrapUpDone = request[Nothing, Nothing](Spec{Name: "wrapupdone", Desk: true, Needs: notes.TakeNote})
	// AskSignOut signs the agent out. Notes they have not sent may be finished by others at once, unless they are still at
	// another desk.
	AskSignOut     = request[Nothing, Nothing](Spec{Name: "signout", Desk: true, Needs: notes.TakeNote, Since: 4})
	AskSetLanguage = request[CallLanguage, Nothing](Spec{Name: "setlanguage", Desk: true, Needs: notes.TakeNote})
	// AskCallBack rings the agent's phone, and then the caller of an abandoned call or the number in a note.
	AskCallBack = request[CallBackRef, Nothing](Spec{Name: "callback", Desk: true, Needs: notes.CallBack, Once: true})
	// AskCallsNow lists the calls that have not ended, oldest first, Many at most. AskEndCall ends one for everybody in it,
	// whichever agent has it. Supervisors only.
	AskCallsNow = request[Nothing, []CallNow](Spec{Name: "callsnow", Desk: true, Needs: notes.Supervise, Since: 4})
	AskEndCall  = request[CallRef, Nothing](Spec{Name: "endcall", Desk: true, Needs: notes.Supervise, Since: 4})
	// AskAgents lists the signed-in agents by name, Many at most, and has their changes told from then on, or no longer.
	// AskListen rings the supervisor's phone and brings them in on an agent's call; asked again, it changes the mode.
	// AskUnlisten takes them out. AskSetAgent changes an agent's state; the agent is told who did it. Supervisors only.
	AskAgents   = request[AgentsWatch, []AgentNow](Spec{Name: "agents", Desk: true, Needs: notes.Supervise, Since: 4})
	AskListen   = request[ListenRef, Nothing](Spec{Name: "listen", Desk: true, Needs: notes.Supervise, Since: 4})
	AskUnlisten = request[Nothing, Nothing](Spec{Name: "unlisten", Desk: true, Needs: notes.Supervise, Since: 4})
	AskSetAgent = request[AgentSet, Nothing](Spec{Name: "setagent", Desk: true, Needs: notes.Supervise, Since: 4})
)

// What a desk asks about notes.
var (
	// AskSaveDraft seals and stores what was typed; the highest Seq wins. AskDrafts lists the agent's unsent drafts, for after
	// a crash.
	AskSaveDraft = request[Draft, Nothing](Spec{Name: "savedraft", Desk: true, Needs: notes.TakeNote})
	AskDrafts    = request[Nothing, []Draft](Spec{Name: "drafts", Desk: true, Needs: notes.TakeNote})
	AskDropDraft = request[DraftRef, Nothing](Spec{Name: "dropdraft", Desk: true, Needs: notes.TakeNote})
	// AskSentDrafts tells which of these drafts the agent has sent. A desk that crashed while a note was being sent, or where
	// the agent did not finish it, still holds the draft. Only the first Many ids count.
	AskSentDrafts = request[DraftRefs, []SentDraft](Spec{Name: "sentdrafts", Desk: true, Needs: notes.TakeNote, Since: 4})
	// AskTakeDraft takes over a note that another agent has not sent; it disappears from their desk. A supervisor may take any
	// that is on the board, an agent one whose agent has gone.
	AskTakeDraft = request[DraftRef, TakenDraft](Spec{Name: "takedraft", Desk: true, Needs: notes.TakeNote, Since: 4})
	// AskColleagues lists the other agents who are at a desk and may take a practice's notes, by name, Many at most.
	// AskGiveDraft stores an unsent note and gives it to one of them; their desk is told.
	AskColleagues = request[PracticeRef, []Colleague](Spec{Name: "colleagues", Desk: true, Needs: notes.TakeNote, Since: 4})
	AskGiveDraft  = request[DraftGift, Nothing](Spec{Name: "givedraft", Desk: true, Needs: notes.TakeNote, Since: 4})
	// AskNoteFor returns what is needed to take a note of a call that is over: of a voicemail. AskRecording reads a part of its
	// recording, from a given byte on; the parts of one playing leave one trace.
	AskNoteFor   = request[CallRef, Pop](Spec{Name: "notefor", Desk: true, Needs: notes.TakeNote, Since: 4})
	AskRecording = request[RecordingRef, RecordingPart](Spec{Name: "recording", Desk: true, Needs: notes.ReadNote, Since: 4})
	// AskAckBulletin keeps that the agent has read a practice's bulletin, which is not shown to them again.
	AskAckBulletin = request[BulletinRef, Nothing](Spec{Name: "ackbulletin", Desk: true, Needs: notes.TakeNote, Since: 4})
	// AskPreview shows the ladder a draft would climb if sent now.
	AskPreview = request[Draft, Preview](Spec{Name: "preview", Desk: true, Needs: notes.TakeNote})
	// AskSend stores the note, its leaf and its dispatch in one transaction. A draft that was sent before gets the same answer
	// again.
	AskSend = request[Draft, Sent](Spec{Name: "send", Desk: true, Needs: notes.TakeNote})

	// AskBoardPage reads a page of the open notes and the calls to be called back, most late first. Hello brings the first
	// page, and events tell what changes. AskBoard is the first page, for older desks.
	AskBoardPage = request[BoardQuery, BoardPage](Spec{Name: "boardpage", Desk: true, Needs: notes.SeeBoard, Since: 3})
	AskBoard     = request[Nothing, []BoardRow](Spec{Name: "board", Desk: true, Needs: notes.SeeBoard})
	// AskStory returns everything about one call and its note, to the second. It opens the note, which leaves a trace.
	AskStory = request[StoryRef, Story](Spec{Name: "story", Desk: true, Needs: notes.ReadNote})
	// AskStoryState tells the present state of an open story; a desk that shows one asks repeatedly. It opens nothing and
	// leaves no trace.
	AskStoryState = request[StoryRef, StoryState](Spec{Name: "storystate", Desk: true, Needs: notes.ReadNote, Since: 4})
	AskAddOn      = request[NoteText, Nothing](Spec{Name: "addon", Desk: true, Needs: notes.AddToNote, Once: true})
	// AskCloseAbandoned takes a call-back or voicemail row from the board with a word on how it ended.
	AskCloseAbandoned = request[CallOutcome, Nothing](Spec{Name: "closeabandoned", Desk: true, Needs: notes.CallBack})
	// AskSupervise ends an escalation ("cancel") or begins its next rung now ("next"); supervisors only.
	AskSupervise = request[NoteAct, Nothing](Spec{Name: "supervise", Desk: true, Needs: notes.Supervise, Once: true})

	// What an agent does about a late note. AskReach lists the practice's people, those on call first, and how each can be told
	// now. AskPageAgain tells those again who were told last; AskPageContact tells somebody else on the list; AskCallContact
	// rings the agent and then that person; AskToldByVoice records that the agent told them, and acknowledges the note for them
	// only if they said that they take it on.
	AskReach       = request[NoteRef, Reach](Spec{Name: "reach", Desk: true, Needs: notes.Reach, Since: 4})
	AskPageAgain   = request[NoteRef, Nothing](Spec{Name: "pageagain", Desk: true, Needs: notes.Reach, Once: true, Since: 4})
	AskPageContact = request[NoteContact, Nothing](Spec{Name: "pagecontact", Desk: true, Needs: notes.Reach, Once: true, Since: 4})
	AskCallContact = request[NoteContact, Nothing](Spec{Name: "callcontact", Desk: true, Needs: notes.Reach, Once: true, Since: 4})
	AskToldByVoice = request[NoteTold, Nothing](Spec{Name: "toldbyvoice", Desk: true, Needs: notes.Reach, Once: true, Since: 4})
	// AskTakeOver has a supervisor take over a note whose ladder has ended: nobody else is called about it for a while.
	AskTakeOver = request[NoteRef, Nothing](Spec{Name: "takeover", Desk: true, Needs: notes.Supervise, Since: 4})

	// AskScenarios lists the training calls; AskPracticeCall has one come in. In a training environment only.
	AskScenarios    = request[Nothing, []Scenario](Spec{Name: "scenarios", Desk: true, Needs: notes.TakeNote})
	AskPracticeCall = request[ScenarioRef, Nothing](Spec{Name: "practicecall", Desk: true, Needs: notes.TakeNote, Once: true})
)

// What a provider's phone asks. Whatever changes something is a POST, and so is opening a note: it leaves a trace, so a browser
// that loads pages in advance must not do it.
var (
	AskMe = request[Nothing, Me](Spec{Name: "me", Route: "GET /api/me"})
	// AskLocate tells which note a link leads to, if the actor may read it. The link does not prove who holds it.
	AskLocate = request[LinkToken, NoteRef](Spec{Name: "locate", Route: "POST /api/locate", Needs: notes.ReadNote})
	// AskInboxPage reads a page of a provider's notes; AskInbox is the first page, for older pages.
	AskInboxPage = request[InboxQuery, InboxPage](Spec{Name: "inboxpage", Route: "POST /api/inbox", Needs: notes.ReadNote, Since: 3})
	AskInbox     = request[Nothing, []InboxRow](Spec{Name: "inbox", Route: "GET /api/inbox", Needs: notes.ReadNote})
	// AskCard opens a note. The trace of that is durable before anything is decrypted.
	AskCard = request[NoteRef, Card](Spec{Name: "card", Route: "POST /api/notes/{note}/open", Needs: notes.ReadNote})
	// AskCardState tells the present state of an open card; a page that shows one asks repeatedly. It opens nothing and leaves
	// no trace.
	AskCardState = request[NoteRef, CardState](Spec{Name: "cardstate", Route: "POST /api/notes/{note}/state", Needs: notes.ReadNote,
		Since: 4})
	// AskRendered says that the note was drawn on a screen, and so was read.
	AskRendered = request[NoteDrawn, Nothing](Spec{Name: "rendered", Route: "POST /api/notes/{note}/rendered", Needs: notes.ReadNote})
	// AskAcknowledge takes the note on. Being second is no error: the card says who was first.
	AskAcknowledge = request[NoteRef, Card](Spec{Name: "acknowledge", Route: "POST /api/notes/{note}/acknowledge", Needs: notes.AckNote})
	// AskPassOn is the button "Not me": the next rung begins now.
	AskPassOn = request[NoteRef, Card](Spec{Name: "pass", Route: "POST /api/notes/{note}/pass", Needs: notes.AckNote})
	// AskTakeOverCard is AskTakeOver on a supervisor's phone.
	AskTakeOverCard = request[NoteRef, Card](Spec{Name: "takeovercard", Route: "POST /api/notes/{note}/takeover", Needs: notes.Supervise,
		Since: 4})
	// AskReply writes back to the agents; the reply shows on the note and on their board.
	AskReply    = request[NoteText, Card](Spec{Name: "reply", Route: "POST /api/notes/{note}/reply", Needs: notes.AddToNote, Once: true})
	AskCloseOut = request[NoteText, Card](Spec{Name: "closeout", Route: "POST /api/notes/{note}/close", Needs: notes.CloseNote})
	// AskCallPatient rings the provider's phone and then the patient's, which shows the practice's number. ID makes it
	// repeatable.
	AskCallPatient = request[PatientCall, Nothing](Spec{Name: "callpatient", Route: "POST /api/notes/{note}/call", Needs: notes.AckNote})
	// AskCallStep tells how far such a call has come; the page asks repeatedly until it has ended.
	AskCallStep = request[PatientCall, CallStep](Spec{Name: "callstep", Route: "POST /api/notes/{note}/call/{id}", Needs: notes.AckNote,
		Since: 4})
	// AskMyDuty returns a provider's own on-call days and what others offer; AskDuty offers a shift, takes one, or agrees.
	AskMyDuty = request[Nothing, MyDuty](Spec{Name: "myduty", Route: "GET /api/duty", Needs: notes.OwnDuty, Since: 4})
	AskDuty   = request[DutyChange, ScheduleEdited](Spec{Name: "duty", Route: "POST /api/duty", Needs: notes.OwnDuty, Since: 4})
	// AskFeed makes the address of a provider's own on-call days at a practice, for calendar programs; an earlier address stops
	// working. AskStopFeed ends it.
	AskFeed     = request[PracticeRef, FeedAddress](Spec{Name: "feed", Route: "POST /api/duty/feed", Needs: notes.OwnDuty, Since: 4})
	AskStopFeed = request[PracticeRef, Nothing](Spec{Name: "stopfeed", Route: "POST /api/duty/feed/stop", Needs: notes.OwnDuty, Since: 4})
	// AskSubscribe has pushes sent to this person's browser; AskPushKey is the key that the browser subscribes with.
	AskSubscribe = request[PushSubscription, Nothing](Spec{Name: "subscribe", Route: "POST /api/push"})
	AskPushKey   = request[Nothing, PushKey](Spec{Name: "pushkey", Route: "GET /api/push-key"})
)

// What a practice's page asks. A search is a POST, because URLs end up in logs that are not ours.
var (
	// AskCalls lists a practice's calls and notes, with nothing of the patient but the display name.
	AskCalls = request[CallsFilter, CallsPage](Spec{Name: "calls", Route: "POST /api/calls", Needs: notes.SearchCalls})
	// AskExport is AskCalls for a file that leaves the service; the trace says so.
	AskExport = request[CallsFilter, CallsPage](Spec{Name: "export", Needs: notes.Export})
	// AskCallStory returns the whole story of one call, with its note opened.
	AskCallStory = request[CallRef, CallStory](Spec{Name: "callstory", Route: "POST /api/calls/{call}/open", Needs: notes.SearchCalls})
	// AskWeek tells who is on call for seven days from a local date ("2026-11-23"; "" is today), and where nobody is.
	// AskWall is how the calls of now stand, for a screen on the wall: nothing in it is a patient's, and looking leaves no trace.
	AskWall = request[Nothing, Wall](Spec{Name: "wall", Route: "GET /api/wall", Needs: notes.Supervise, Since: 4})

	AskWeek = request[WeekRef, Week](Spec{Name: "week", Route: "POST /api/week", Needs: notes.ReadNote})
	// AskSchedule tells who is on call at a practice on the days asked for; AskMoment, what would happen to a call at a given
	// moment. AskEditSchedule changes the schedule. What prevents the change, such as a colleague's change before it, is an
	// answer, not an error.
	AskSchedule     = request[ScheduleQuery, ScheduleView](Spec{Name: "schedule", Route: "POST /api/schedule", Needs: notes.ReadNote, Since: 4})
	AskMoment       = request[MomentQuery, Moment](Spec{Name: "moment", Route: "POST /api/schedule/moment", Needs: notes.ReadNote, Since: 4})
	AskEditSchedule = request[ScheduleEdit, ScheduleEdited](Spec{Name: "editschedule", Route: "POST /api/schedule/edit",
		Needs: notes.EditSchedule, Since: 4})

	// AskPractices lists the practices that the asker may change. AskPractice opens one, with the asker's draft of it.
	AskPractices = request[PracticesQuery, PracticesPage](Spec{Name: "practices", Route: "POST /api/practices", Needs: notes.EditPractice, Since: 4})
	AskPractice  = request[PracticeRef, PracticeWhole](Spec{Name: "practice", Route: "POST /api/practices/one", Needs: notes.EditPractice, Since: 4})
	// AskNewPractice begins a practice, from a template or as a copy of another. AskSavePractice stores the asker's draft,
	// AskDropPractice throws it away, AskPracticeBeside reads a colleague's. AskPublishPractice has the practice answered as
	// the draft says from now on. What prevents that, such as a colleague's change before it, is an answer, not an error.
	AskNewPractice = request[PracticeNew, PracticeRef](Spec{Name: "newpractice", Route: "POST /api/practices/new", Needs: notes.EditPractice,
		Since: 4})
	AskSavePractice = request[PracticeSave, PracticeSaved](Spec{Name: "savepractice", Route: "POST /api/practices/save",
		Needs: notes.EditPractice, Since: 4})
	AskDropPractice = request[PracticeRef, Nothing](Spec{Name: "droppractice", Route: "POST /api/practices/drop", Needs: notes.EditPractice,
		Since: 4})
	AskPracticeBeside = request[PracticeDraftRef, PracticeText](Spec{Name: "practicebeside", Route: "POST /api/practices/beside",
		Needs: notes.EditPractice, Since: 4})
	AskPublishPractice = request[PracticePublish, PracticePublished](Spec{Name: "publishpractice", Route: "POST /api/practices/publish",
		Needs: notes.EditPractice, Since: 4})
	// AskPracticeVersion reads a present or past version of a practice; AskPracticeMoment is AskMoment for a draft.
	AskPracticeVersion = request[PracticeVersionRef, PracticeText](Spec{Name: "practiceversion", Route: "POST /api/practices/version",
		Needs: notes.EditPractice, Since: 4})
	AskPracticeMoment = request[PracticeMoment, Moment](Spec{Name: "practicemoment", Route: "POST /api/practices/moment",
		Needs: notes.EditPractice, Since: 4})
	// AskPracticeTests tries the practice's tests as a draft has it.
	AskPracticeTests = request[PracticeTests, PracticeTested](Spec{Name: "practicetests", Route: "POST /api/practices/tests",
		Needs: notes.EditPractice, Since: 4})

	// AskBulletins lists what a practice wants its agents to know for a time, and who has acknowledged it. The other two write one and
	// end one, and answer with all as they then are.
	AskBulletins = request[PracticeRef, PracticeBulletins](Spec{Name: "bulletins", Route: "POST /api/practices/bulletins",
		Needs: notes.EditPractice, Since: 4})
	AskPutBulletin = request[BulletinPut, PracticeBulletins](Spec{Name: "putbulletin", Route: "POST /api/practices/bulletins/put",
		Needs: notes.EditPractice, Once: true, Since: 4})
	AskEndBulletin = request[BulletinEnd, PracticeBulletins](Spec{Name: "endbulletin", Route: "POST /api/practices/bulletins/end",
		Needs: notes.EditPractice, Since: 4})

	// AskPracticeReminders tells when a draft would have a patient be reminded of an appointment, and in which words.
	AskPracticeReminders = request[RemindersQuery, RemindersSaid](Spec{Name: "practicereminders", Route: "POST /api/practices/reminders",
		Needs: notes.EditPractice, Since: 4})

	// AskChart lists the notes of a practice that wait for its chart. AskChartQuestion opens one of them and asks the chart
	// which patients it may be about; AskChartAnswer takes a person's decision.
	AskChart         = request[PracticeRef, ChartQueue](Spec{Name: "chart", Route: "POST /api/chart", Needs: notes.FileNote, Since: 4})
	AskChartQuestion = request[NoteRef, ChartQuestion](Spec{Name: "chartquestion", Route: "POST /api/notes/{note}/chart",
		Needs: notes.FileNote, Since: 4})
	AskChartAnswer = request[ChartAnswer, Nothing](Spec{Name: "chartanswer", Route: "POST /api/notes/{note}/chart/answer",
		Needs: notes.FileNote, Since: 4})
)

// What people who keep people ask, about everybody or about a practice's own. AskKeptPractices and AskKeptContacts list where
// somebody may be given a role, and as which contact.
var (
	AskPeople       = request[PeopleFilter, PeopleList](Spec{Name: "people", Route: "POST /api/people", Needs: notes.EditPeople, Since: 4})
	AskPerson       = request[PersonRef, PersonView](Spec{Name: "person", Route: "POST /api/people/open", Needs: notes.EditPeople, Since: 4})
	AskInvitePerson = request[PersonInvite, PersonInvited](Spec{Name: "inviteperson", Route: "POST /api/people/invite",
		Needs: notes.EditPeople, Once: true, Since: 4})
	AskEditPerson = request[PersonEdit, PersonEdited](Spec{Name: "editperson", Route: "POST /api/people/edit", Needs: notes.EditPeople,
		Since: 4})
	AskKeptPractices = request[Nothing, KeptPractices](Spec{Name: "keptpractices", Route: "GET /api/people/practices", Needs: notes.EditPeople,
		Since: 4})
	AskKeptContacts = request[PracticeRef, KeptContacts](Spec{Name: "keptcontacts", Route: "POST /api/people/contacts",
		Needs: notes.EditPeople, Since: 4})
	// AskOwn returns the asker's own sessions; AskEndOwn ends one of them or all the others.
	AskOwn    = request[Nothing, OwnView](Spec{Name: "own", Route: "GET /api/own", Since: 4})
	AskEndOwn = request[SessionRef, Nothing](Spec{Name: "endown", Route: "POST /api/own/end", Since: 4})
)

// What the service's administrators ask: what is set of it, and whether it is ready for a night.
var (
	AskSettings = request[Nothing, ServiceSettings](Spec{Name: "settings", Route: "GET /api/service", Needs: notes.EditAccount, Since: 4})
	// AskEditSetting changes a part, or brings an earlier version of it back; the running server takes it at once where it can.
	AskEditSetting = request[SettingEdit, SettingEdited](Spec{Name: "editsetting", Route: "POST /api/service/edit",
		Needs: notes.EditAccount, Since: 4})
	AskTonight = request[Nothing, Tonight](Spec{Name: "tonight", Route: "GET /api/service/tonight", Needs: notes.EditAccount, Since: 4})
	// AskTrial sends a message, or rings, to show that it arrives; AskArrived is a person's word that it did. AskTrialCall tells how
	// a call that was asked for goes.
	AskTrial     = request[Trial, Tried](Spec{Name: "trial", Route: "POST /api/service/trial", Needs: notes.EditAccount, Once: true, Since: 4})
	AskArrived   = request[TrialArrived, Nothing](Spec{Name: "arrived", Route: "POST /api/service/arrived", Needs: notes.EditAccount, Since: 4})
	AskTrialCall = request[Nothing, TrialCall](Spec{Name: "trialcall", Route: "GET /api/service/trial", Needs: notes.EditAccount, Since: 4})
)

// What a practice's staff ask about its patients and their threads. Each act answers with the conversation as it then is.
var (
	AskPatients = request[PatientSearch, PatientRows](Spec{Name: "patients", Route: "POST /api/patients", Needs: notes.MessagePatients,
		Since: 4})
	// AskPutPatient stores a new or changed record. Other patients with the same number are an answer, not an error.
	AskPutPatient = request[PatientForm, PatientKept](Spec{Name: "putpatient", Route: "POST /api/patients/put",
		Needs: notes.MessagePatients, Since: 4})
	AskConsent = request[ConsentSaid, ThreadView](Spec{Name: "consent", Route: "POST /api/patients/{patient}/consent",
		Needs: notes.MessagePatients, Since: 4})
	AskThreads = request[ThreadsQuery, ThreadsPage](Spec{Name: "threads", Route: "POST /api/threads", Needs: notes.MessagePatients, Since: 4})
	// AskThread opens a conversation. The trace of that is durable before anything is decrypted.
	AskThread = request[PatientRef, ThreadView](Spec{Name: "thread", Route: "POST /api/patients/{patient}/open",
		Needs: notes.MessagePatients, Since: 4})
	AskWriteThread = request[ThreadWriting, ThreadView](Spec{Name: "writethread", Route: "POST /api/patients/{patient}/write",
		Needs: notes.MessagePatients, Since: 4})
	AskAssignThread = request[ThreadGift, ThreadView](Spec{Name: "assignthread", Route: "POST /api/patients/{patient}/assign",
		Needs: notes.MessagePatients, Since: 4})
	AskCloseThread = request[ThreadClosing, ThreadView](Spec{Name: "closethread", Route: "POST /api/patients/{patient}/close",
		Needs: notes.MessagePatients, Since: 4})
	AskWithdraw = request[MessageRef, ThreadView](Spec{Name: "withdraw", Route: "POST /api/patients/{patient}/withdraw",
		Needs: notes.MessagePatients, Since: 4})
	AskLooked = request[PatientRef, ThreadView](Spec{Name: "looked", Route: "POST /api/patients/{patient}/looked",
		Needs: notes.MessagePatients, Since: 4})
	// AskFile begins a file that is to hang on a message, or tells how far it has come. Its pieces are posted by themselves, and then
	// AskFileDone has it looked at: what is no photo and no PDF, or holds more than it shows, is refused with why, and is gone.
	// AskFileDrop takes one back that hangs on no message.
	AskFile = request[FileBegun, FileCame](Spec{Name: "file", Route: "POST /api/patients/{patient}/file", Needs: notes.MessagePatients,
		Since: 4})
	AskFileDone = request[FileRef, FileCame](Spec{Name: "filedone", Route: "POST /api/patients/{patient}/file/done",
		Needs: notes.MessagePatients, Since: 4})
	AskFileDrop = request[FileRef, Nothing](Spec{Name: "filedrop", Route: "POST /api/patients/{patient}/file/drop",
		Needs: notes.MessagePatients, Since: 4})
	AskHand = request[ThreadHand, Nothing](Spec{Name: "hand", Route: "POST /api/patients/{patient}/hand", Needs: notes.MessagePatients,
		Since: 4})
)

// What a practice's staff ask about its appointments.
var (
	AskDay = request[DayQuery, DayPage](Spec{Name: "day", Route: "POST /api/appointments", Needs: notes.MessagePatients, Since: 4})
	// AskPutVisit keeps a new appointment or a changed one, AskMarkVisit says what has become of it; both answer it as it is then.
	AskPutVisit  = request[VisitForm, VisitView](Spec{Name: "putvisit", Route: "POST /api/appointments/put", Needs: notes.MessagePatients, Since: 4})
	AskMarkVisit = request[VisitMark, VisitView](Spec{Name: "markvisit", Route: "POST /api/appointments/mark", Needs: notes.MessagePatients,
		Since: 4})
	// AskVisit opens an appointment; the trace of that is durable before anything is decrypted.
	AskVisit = request[VisitRef, VisitView](Spec{Name: "visit", Route: "POST /api/appointments/open", Needs: notes.MessagePatients, Since: 4})
	// AskSheet reads a file of appointments; what is wrong with it, and what a person must say first, is an answer.
	AskSheet = request[SheetFile, SheetRead](Spec{Name: "sheet", Route: "POST /api/appointments/sheet", Needs: notes.MessagePatients, Since: 4})
	// AskChartVisits tells how appointments come in from the practice's chart, and what a person is asked about some; AskVisitWord takes
	// what they say, and answers what is left.
	AskChartVisits = request[PracticeRef, ChartVisits](Spec{Name: "chartvisits", Route: "POST /api/appointments/chart",
		Needs: notes.MessagePatients, Since: 4})
	AskVisitWord = request[VisitWord, ChartVisits](Spec{Name: "visitword", Route: "POST /api/appointments/chart/word",
		Needs: notes.MessagePatients, Since: 4})
	// AskFigures counts what became of appointments and their reminders.
	AskFigures = request[FiguresQuery, VisitFigures](Spec{Name: "figures", Route: "POST /api/appointments/figures", Needs: notes.MessagePatients,
		Since: 4})
)

// What a patient's own page asks, always about the patient whose session it is.
var (
	// AskMyThread opens the conversation; what the practice wrote counts as read by then.
	AskMyThread = request[Nothing, PatientPage](Spec{Name: "mythread", Route: "POST /api/patient/thread", Patient: true, Since: 4})
	// AskMyStamp tells whether anything has changed. It opens nothing and leaves no trace.
	AskMyStamp = request[Nothing, PatientStamp](Spec{Name: "mystamp", Route: "POST /api/patient/stamp", Patient: true, Since: 4})
	AskMyWords = request[PatientWriting, PatientPage](Spec{Name: "mywords", Route: "POST /api/patient/write", Patient: true, Since: 4})
	// What staff ask with AskFile, AskFileDone and AskFileDrop.
	AskMyFile     = request[MyFileBegun, FileCame](Spec{Name: "myfile", Route: "POST /api/patient/file", Patient: true, Since: 4})
	AskMyFileDone = request[MyFileRef, FileCame](Spec{Name: "myfiledone", Route: "POST /api/patient/file/done", Patient: true, Since: 4})
	AskMyFileDrop = request[MyFileRef, Nothing](Spec{Name: "myfiledrop", Route: "POST /api/patient/file/drop", Patient: true, Since: 4})

	AskMyWish = request[PatientWish, PatientPage](Spec{Name: "mywish", Route: "POST /api/patient/wish", Patient: true, Since: 4})
)

// The requests' bodies.
type (
	// Nothing is the body of a request, or of an answer, that has none.
	Nothing struct{}

	PauseRequest struct {
		Reason PauseReason `json:"reason"`
	}
	OfferRef struct {
		Call  telephony.CallID `json:"call"`
		Epoch uint64           `json:"epoch"`
	}
	CallRef struct {
		Call telephony.CallID `json:"call"`
	}
	PatchRef struct {
		Call    telephony.CallID `json:"call"`
		Contact string           `json:"contact"` // the id of one of the practice's contacts or places
		// Number is called instead, as it was typed; patient data.
		Number string `json:"number,omitempty"`
		// Plain has the agent talk with them alone; without it one of the practice's people is asked for a key, nobody else is.
		Plain   bool          `json:"plain,omitempty"`
		Urgency notes.Urgency `json:"urgency"` // they are told
	}
	RecordingRef struct {
		Call telephony.CallID `json:"call"`
		From int64            `json:"from"`
	}
	// RecordingPart is a part of a WAV file, which is patient data. It is the last part when it ends at Size.
	RecordingPart struct {
		Size int64  `json:"size"`
		Data []byte `json:"data"`
	}
	// CallBackRef names an abandoned call, or a note whose number is called.
	CallBackRef struct {
		Call telephony.CallID `json:"call"`
		Note notes.NoteID     `json:"note"`
	}
	CallLanguage struct {
		Call     telephony.CallID   `json:"call"`
		Language telephony.Language `json:"language"`
	}
	CallOutcome struct {
		Call    telephony.CallID `json:"call"`
		Outcome string           `json:"outcome"`
	}
	PracticeRef struct {
		Account telephony.AccountID `json:"account"`
	}
	DraftRef struct {
		ID string `json:"id"`
	}
	DraftRefs struct {
		IDs []string `json:"ids"`
	}
	// DraftGift is an unsent note, as it was last typed, and the agent who is to finish it.
	DraftGift struct {
		Draft Draft             `json:"draft"`
		To    telephony.AgentID `json:"to"`
	}
	// CallGift is an agent's call, the note begun for it as it was last typed, if any, and the agent who is to have both.
	CallGift struct {
		Call  telephony.CallID  `json:"call"`
		Draft *Draft            `json:"draft,omitempty"`
		To    telephony.AgentID `json:"to"`
	}
	// SentDraft is a draft that became a note.
	SentDraft struct {
		ID        string `json:"id"`
		Reference string `json:"reference"`
	}
	ScenarioRef struct {
		ID string `json:"id"`
	}
	NoteRef struct {
		Note notes.NoteID `json:"note"`
	}
	NoteText struct {
		Note notes.NoteID `json:"note"`
		Text string       `json:"text"`
	}
	NoteAct struct {
		Note   notes.NoteID `json:"note"`
		Act    SuperviseAct `json:"act"`
		Reason string       `json:"reason"`
	}
	NoteContact struct {
		Note    notes.NoteID `json:"note"`
		Contact string       `json:"contact"` // the id of one of the practice's contacts
	}
	NoteTold struct {
		Note    notes.NoteID `json:"note"`
		Contact string       `json:"contact"`
		Took    bool         `json:"took"` // they said that they take it on
	}
	// SuperviseAct is what a supervisor does with an escalation.
	SuperviseAct string
	LinkToken    struct {
		Token string `json:"token"`
	}
	// NoteDrawn names a note that was drawn; Token is the link's, when it was reached by one.
	NoteDrawn struct {
		Note  notes.NoteID `json:"note"`
		Token string       `json:"token"`
	}
	PatientCall struct {
		Note notes.NoteID `json:"note"`
		ID   string       `json:"id"` // a UUID that the asker chooses
	}
	// CallStep is the last step of a call that AskCallPatient began, as in telephony.Step; Kind is "" before the first.
	CallStep struct {
		Kind   telephony.StepKind `json:"kind"`
		Detail string             `json:"detail"`
	}
	PushKey struct {
		Key string `json:"key"`
	}
	WeekRef struct {
		Account telephony.AccountID `json:"account"`
		From    string              `json:"from"`
	}
)

const (
	SuperviseNext   SuperviseAct = "next"   // the next rung now
	SuperviseCancel SuperviseAct = "cancel" // end it
)
