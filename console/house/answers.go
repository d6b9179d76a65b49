package house

import (
	"context"
	"errors"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/notes/access"
	"lamplight/notes/postgres"
)

// A Service answers what the wire and the pages ask, by the House's methods.
type Service struct {
	*console.Answers
	house *House
}

var _ console.Backend = (*Service)(nil)

// Ask is Answers.Ask. Nothing is refused because the database is away: whoever asks is told that there was no answer.
func (s *Service) Ask(ctx context.Context, name string, body []byte) ([]byte, error) {
	out, err := s.Answers.Ask(ctx, name, body)
	var refused *console.Error
	if errors.As(err, &refused) || !postgres.Away(err) {
		return out, err
	}
	s.house.cfg.Log.Warn("console: the database is away", "request", name, "error", err)
	code := "portal.error.unreachable"
	if spec, _ := console.SpecOf(name); spec.Desk {
		code = "desk.error.unreachable"
	} else if spec.Patient {
		code = "patient.error.unreachable"
	}
	return nil, console.Refuse(console.Unavailable, code)
}

// Watch is House.Watch.
func (s *Service) Watch(ctx context.Context) (<-chan console.Event, error) { return s.house.Watch(ctx) }

// Service returns the answers to every declared request.
func (h *House) Service() *Service {
	a := &console.Answers{Allow: allow}
	h.answerDesks(a)
	h.answerNotes(a)
	h.answerPhones(a)
	h.answerOffices(a)
	h.answerKeepers(a)
	h.answerPatients(a)
	h.answerAppointments(a)
	return &Service{a, h}
}

// allow refuses an asker who holds the needed right at no practice at all. Whether they hold it for the practice in question,
// and whether a thing is theirs, is checked where that thing is read.
func allow(ctx context.Context, s console.Spec) error {
	signedOut, notAllowed := "portal.error.signed-out", "portal.error.forbidden"
	if s.Desk {
		signedOut, notAllowed = "desk.error.session", "desk.error.not-allowed"
	}
	if s.Patient {
		if _, err := access.VisitorFrom(ctx); err != nil {
			return console.Refuse(console.SignedOut, "patient.error.signed-out")
		}
		return nil
	}
	actor, ok := access.From(ctx)
	if !ok {
		return console.Refuse(console.SignedOut, signedOut)
	}
	if s.Needs == "" {
		return nil
	}
	if accounts, everywhere := actor.Accounts(s.Needs); !everywhere && len(accounts) == 0 {
		return console.Refuse(console.Forbidden, notAllowed)
	}
	return nil
}

func (h *House) answerDesks(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskHello, func(c ctx, _ console.Nothing) (console.Hello, error) { return h.Hello(c) })
	console.OnDo(a, console.AskReady, func(c ctx, _ console.Nothing) error { return h.Ready(c) })
	console.OnDo(a, console.AskPause, func(c ctx, b console.PauseRequest) error { return h.Pause(c, b.Reason) })
	console.OnDo(a, console.AskReject, func(c ctx, b console.OfferRef) error { return h.Reject(c, b.Call, b.Epoch) })
	console.OnDo(a, console.AskHold, func(c ctx, b console.CallRef) error { return h.Hold(c, b.Call) })
	console.OnDo(a, console.AskResume, func(c ctx, b console.CallRef) error { return h.Resume(c, b.Call) })
	console.OnDo(a, console.AskRejoin, func(c ctx, b console.CallRef) error { return h.Rejoin(c, b.Call) })
	console.On(a, console.AskDirectory, func(c ctx, b console.CallRef) (console.Reach, error) { return h.Directory(c, b.Call) })
	console.OnDo(a, console.AskPatch, h.Patch)
	console.OnDo(a, console.AskLeaveCall, func(c ctx, b console.CallRef) error { return h.LeaveCall(c, b.Call) })
	console.OnDo(a, console.AskTransfer, h.Transfer)
	console.OnDo(a, console.AskConfer, func(c ctx, b console.CallRef) error { return h.Confer(c, b.Call) })
	console.OnDo(a, console.AskHandOver, h.HandOver)
	console.OnDo(a, console.AskHangUp, func(c ctx, b console.CallRef) error { return h.HangUp(c, b.Call) })
	console.OnDo(a, console.AskWrapUpDone, func(c ctx, _ console.Nothing) error { return h.WrapUpDone(c) })
	console.OnDo(a, console.AskSignOut, func(c ctx, _ console.Nothing) error { return h.SignOut(c) })
	console.OnDo(a, console.AskSetLanguage, func(c ctx, b console.CallLanguage) error { return h.SetLanguage(c, b.Call, b.Language) })
	console.OnDo(a, console.AskCallBack, func(c ctx, b console.CallBackRef) error { return h.CallBack(c, b.Call, b.Note) })
	console.On(a, console.AskCallsNow, func(c ctx, _ console.Nothing) ([]console.CallNow, error) { return h.CallsNow(c) })
	console.OnDo(a, console.AskEndCall, func(c ctx, b console.CallRef) error { return h.EndCall(c, b.Call) })
	console.On(a, console.AskAgents, func(c ctx, b console.AgentsWatch) ([]console.AgentNow, error) { return h.Agents(c, b.On) })
	console.OnDo(a, console.AskListen, h.Listen)
	console.OnDo(a, console.AskUnlisten, func(c ctx, _ console.Nothing) error { return h.Unlisten(c) })
	console.OnDo(a, console.AskSetAgent, h.SetAgent)
	console.On(a, console.AskScenarios, func(c ctx, _ console.Nothing) ([]console.Scenario, error) { return h.Scenarios(c) })
	console.OnDo(a, console.AskPracticeCall, func(c ctx, b console.ScenarioRef) error { return h.PracticeCall(c, b.ID) })
}

func (h *House) answerNotes(a *console.Answers) {
	type ctx = context.Context
	console.OnDo(a, console.AskSaveDraft, h.SaveDraft)
	console.On(a, console.AskDrafts, func(c ctx, _ console.Nothing) ([]console.Draft, error) { return h.Drafts(c) })
	console.OnDo(a, console.AskDropDraft, func(c ctx, b console.DraftRef) error { return h.DropDraft(c, b.ID) })
	console.On(a, console.AskSentDrafts, func(c ctx, b console.DraftRefs) ([]console.SentDraft, error) { return h.SentDrafts(c, b.IDs) })
	console.On(a, console.AskTakeDraft, func(c ctx, b console.DraftRef) (console.TakenDraft, error) { return h.TakeDraft(c, b.ID) })
	console.On(a, console.AskColleagues, func(c ctx, b console.PracticeRef) ([]console.Colleague, error) {
		return h.Colleagues(c, b.Account)
	})
	console.OnDo(a, console.AskGiveDraft, h.GiveDraft)
	console.On(a, console.AskNoteFor, func(c ctx, b console.CallRef) (console.Pop, error) { return h.NoteFor(c, b.Call) })
	console.On(a, console.AskRecording, h.RecordingPart)
	console.OnDo(a, console.AskAckBulletin, h.AckBulletin)
	console.On(a, console.AskPreview, h.Preview)
	console.On(a, console.AskSend, h.Send)
	console.On(a, console.AskBoardPage, h.BoardPage)
	console.On(a, console.AskBoard, func(c ctx, _ console.Nothing) ([]console.BoardRow, error) {
		page, err := h.BoardPage(c, console.BoardQuery{})
		return page.Rows, err
	})
	console.On(a, console.AskStory, h.Story)
	console.On(a, console.AskStoryState, h.StoryState)
	console.OnDo(a, console.AskAddOn, func(c ctx, b console.NoteText) error { return h.AddOn(c, b.Note, b.Text) })
	console.OnDo(a, console.AskCloseAbandoned, func(c ctx, b console.CallOutcome) error { return h.CloseAbandoned(c, b.Call, b.Outcome) })
	console.On(a, console.AskReach, func(c ctx, b console.NoteRef) (console.Reach, error) { return h.Reach(c, b.Note) })
	console.OnDo(a, console.AskPageAgain, func(c ctx, b console.NoteRef) error { return h.PageAgain(c, b.Note) })
	console.OnDo(a, console.AskPageContact, h.PageContact)
	console.OnDo(a, console.AskCallContact, h.CallContact)
	console.OnDo(a, console.AskToldByVoice, h.ToldByVoice)
	console.OnDo(a, console.AskTakeOver, func(c ctx, b console.NoteRef) error { return h.TakeOver(c, b.Note) })
	console.OnDo(a, console.AskSupervise, func(c ctx, b console.NoteAct) error { return h.Supervise(c, b.Note, b.Act, b.Reason) })
}

func (h *House) answerPhones(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskMe, func(c ctx, _ console.Nothing) (console.Me, error) { return h.Me(c) })
	console.On(a, console.AskLocate, func(c ctx, b console.LinkToken) (console.NoteRef, error) {
		note, err := h.Locate(c, b.Token)
		return console.NoteRef{Note: note}, err
	})
	console.On(a, console.AskInboxPage, h.Inbox)
	console.On(a, console.AskInbox, func(c ctx, _ console.Nothing) ([]console.InboxRow, error) {
		page, err := h.Inbox(c, console.InboxQuery{})
		return page.Rows, err
	})
	card := func(r console.Request[console.NoteRef, console.Card], do func(ctx, notes.NoteID) (console.Card, error)) {
		console.On(a, r, func(c ctx, b console.NoteRef) (console.Card, error) { return do(c, b.Note) })
	}
	card(console.AskCard, h.Card)
	console.On(a, console.AskCardState, func(c ctx, b console.NoteRef) (console.CardState, error) { return h.CardState(c, b.Note) })
	card(console.AskAcknowledge, h.Acknowledge)
	card(console.AskPassOn, h.PassOn)
	card(console.AskTakeOverCard, h.TakeOverCard)
	console.On(a, console.AskReply, func(c ctx, b console.NoteText) (console.Card, error) { return h.Reply(c, b.Note, b.Text) })
	console.On(a, console.AskCloseOut, func(c ctx, b console.NoteText) (console.Card, error) { return h.CloseOut(c, b.Note, b.Text) })
	console.OnDo(a, console.AskRendered, func(c ctx, b console.NoteDrawn) error { return h.Rendered(c, b.Note, b.Token) })
	console.OnDo(a, console.AskCallPatient, func(c ctx, b console.PatientCall) error { return h.CallPatient(c, b.Note, b.ID) })
	console.On(a, console.AskCallStep, func(c ctx, b console.PatientCall) (console.CallStep, error) { return h.CallStep(c, b.Note, b.ID) })
	console.On(a, console.AskMyDuty, func(c ctx, _ console.Nothing) (console.MyDuty, error) { return h.MyDuty(c) })
	console.On(a, console.AskDuty, h.Duty)
	console.On(a, console.AskFeed, func(c ctx, b console.PracticeRef) (console.FeedAddress, error) { return h.MakeFeed(c, b.Account) })
	console.OnDo(a, console.AskStopFeed, func(c ctx, b console.PracticeRef) error { return h.StopFeed(c, b.Account) })
	console.OnDo(a, console.AskSubscribe, h.Subscribe)
	console.On(a, console.AskPushKey, func(c ctx, _ console.Nothing) (console.PushKey, error) {
		key, err := h.PushKey(c)
		return console.PushKey{Key: key}, err
	})
}

func (h *House) answerOffices(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskCalls, h.Calls)
	console.On(a, console.AskExport, h.Export)
	console.On(a, console.AskCallStory, func(c ctx, b console.CallRef) (console.CallStory, error) { return h.CallStory(c, b.Call) })
	console.On(a, console.AskChart, func(c ctx, b console.PracticeRef) (console.ChartQueue, error) { return h.Chart(c, b.Account) })
	console.On(a, console.AskChartQuestion, func(c ctx, b console.NoteRef) (console.ChartQuestion, error) {
		return h.ChartQuestion(c, b.Note)
	})
	console.OnDo(a, console.AskChartAnswer, h.ChartAnswer)
	console.On(a, console.AskWall, func(c ctx, _ console.Nothing) (console.Wall, error) { return h.Wall(c) })
	console.On(a, console.AskSchedule, h.Schedule)
	console.On(a, console.AskMoment, h.Moment)
	console.On(a, console.AskEditSchedule, h.EditSchedule)
	console.On(a, console.AskPractices, h.Practices)
	console.On(a, console.AskPractice, func(c ctx, b console.PracticeRef) (console.PracticeWhole, error) {
		return h.Practice(c, b.Account)
	})
	console.On(a, console.AskNewPractice, h.NewPractice)
	console.On(a, console.AskSavePractice, h.SavePractice)
	console.OnDo(a, console.AskDropPractice, func(c ctx, b console.PracticeRef) error { return h.DropPractice(c, b.Account) })
	console.On(a, console.AskPracticeBeside, h.PracticeBeside)
	console.On(a, console.AskPublishPractice, h.PublishPractice)
	console.On(a, console.AskPracticeVersion, h.PracticeVersion)
	console.On(a, console.AskPracticeMoment, h.PracticeMoment)
	console.On(a, console.AskPracticeTests, h.PracticeTests)
	console.On(a, console.AskBulletins, func(c ctx, b console.PracticeRef) (console.PracticeBulletins, error) {
		return h.Bulletins(c, b.Account)
	})
	console.On(a, console.AskPutBulletin, h.PutBulletin)
	console.On(a, console.AskEndBulletin, h.EndBulletin)
	console.On(a, console.AskPracticeReminders, h.PracticeReminders)
	console.On(a, console.AskWeek, func(c ctx, b console.WeekRef) (console.Week, error) { return h.Week(c, b.Account, b.From) })
}

func (h *House) answerKeepers(a *console.Answers) {
	type ctx = context.Context
	console.On(a, console.AskPeople, h.People)
	console.On(a, console.AskPerson, func(c ctx, b console.PersonRef) (console.PersonView, error) { return h.Person(c, b.Person) })
	console.On(a, console.AskInvitePerson, h.InvitePerson)
	console.On(a, console.AskEditPerson, h.EditPerson)
	console.On(a, console.AskKeptPractices, func(c ctx, _ console.Nothing) (console.KeptPractices, error) { return h.KeptPractices(c) })
	console.On(a, console.AskKeptContacts, func(c ctx, b console.PracticeRef) (console.KeptContacts, error) {
		return h.KeptContacts(c, b.Account)
	})
	console.On(a, console.AskOwn, func(c ctx, _ console.Nothing) (console.OwnView, error) { return h.Own(c) })
	console.On(a, console.AskSettings, func(c ctx, _ console.Nothing) (console.ServiceSettings, error) { return h.Settings(c) })
	console.On(a, console.AskEditSetting, h.EditSetting)
	console.On(a, console.AskTonight, func(c ctx, _ console.Nothing) (console.Tonight, error) { return h.Tonight(c) })
	console.On(a, console.AskTrial, h.Trial)
	console.OnDo(a, console.AskArrived, h.Arrived)
	console.On(a, console.AskTrialCall, func(c ctx, _ console.Nothing) (console.TrialCall, error) { return h.TrialCall(c) })
	console.OnDo(a, console.AskEndOwn, func(c ctx, b console.SessionRef) error { return h.EndOwn(c, b.Session) })
}
