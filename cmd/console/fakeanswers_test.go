package main

import (
	"context"
	"fmt"

	"lamplight/console"
	"lamplight/routing"
	"lamplight/telephony"
)

// Ask answers as the server does, without rights.
func (f *fakeDesk) Ask(ctx context.Context, name string, body []byte) ([]byte, error) {
	f.once.Do(f.answer)
	return f.answers.Ask(ctx, name, body)
}

func (f *fakeDesk) answer() {
	type ctx = context.Context
	a := &f.answers
	console.On(a, console.AskHello, func(c ctx, _ console.Nothing) (console.Hello, error) { return f.Hello(c) })
	console.OnDo(a, console.AskReady, func(c ctx, _ console.Nothing) error { return f.Ready(c) })
	console.OnDo(a, console.AskPause, func(c ctx, b console.PauseRequest) error { return f.Pause(c, b.Reason) })
	console.OnDo(a, console.AskReject, func(c ctx, b console.OfferRef) error { return f.Reject(c, b.Call, b.Epoch) })
	console.OnDo(a, console.AskHold, func(c ctx, b console.CallRef) error { return f.Hold(c, b.Call) })
	console.OnDo(a, console.AskResume, func(c ctx, b console.CallRef) error { return f.Resume(c, b.Call) })
	console.OnDo(a, console.AskRejoin, func(c ctx, b console.CallRef) error { return f.Rejoin(c, b.Call) })
	console.On(a, console.AskDirectory, func(ctx, console.CallRef) (console.Reach, error) { return reach(), nil })
	console.OnDo(a, console.AskPatch, func(_ ctx, b console.PatchRef) error { return f.Patch(b) })
	console.OnDo(a, console.AskLeaveCall, func(c ctx, b console.CallRef) error { return f.LeaveCall() })
	console.OnDo(a, console.AskTransfer, func(_ ctx, b console.PatchRef) error { return f.Transfer(b) })
	console.OnDo(a, console.AskConfer, func(ctx, console.CallRef) error { return f.Confer() })
	console.OnDo(a, console.AskHangUp, func(c ctx, b console.CallRef) error { return f.HangUp(c, b.Call) })
	console.OnDo(a, console.AskWrapUpDone, func(c ctx, _ console.Nothing) error { return f.WrapUpDone(c) })
	console.OnDo(a, console.AskSetLanguage, func(c ctx, b console.CallLanguage) error { return f.SetLanguage(c, b.Call, b.Language) })
	console.OnDo(a, console.AskCallBack, func(c ctx, b console.CallBackRef) error { return f.CallBack(c, b.Call) })
	console.On(a, console.AskCallsNow, func(c ctx, _ console.Nothing) ([]console.CallNow, error) { return f.CallsNow(c) })
	console.On(a, console.AskAgents, func(_ ctx, b console.AgentsWatch) ([]console.AgentNow, error) { return f.Agents(b.On) })
	console.OnDo(a, console.AskListen, func(_ ctx, b console.ListenRef) error { return f.Listen(b) })
	console.OnDo(a, console.AskUnlisten, func(ctx, console.Nothing) error { return f.Unlisten() })
	console.OnDo(a, console.AskSetAgent, func(_ ctx, b console.AgentSet) error { return f.SetAgent(b) })
	console.OnDo(a, console.AskEndCall, func(c ctx, b console.CallRef) error { return f.EndCall(c, b.Call) })
	console.On(a, console.AskScenarios, func(c ctx, _ console.Nothing) ([]console.Scenario, error) { return f.Scenarios(c) })
	console.OnDo(a, console.AskPracticeCall, func(c ctx, b console.ScenarioRef) error { return f.PracticeCall(c, b.ID) })
	console.OnDo(a, console.AskSaveDraft, f.SaveDraft)
	console.On(a, console.AskDrafts, func(c ctx, _ console.Nothing) ([]console.Draft, error) { return f.Drafts(c) })
	console.OnDo(a, console.AskDropDraft, func(c ctx, b console.DraftRef) error { return f.DropDraft(c, b.ID) })
	console.On(a, console.AskSentDrafts, f.SentDrafts)
	console.On(a, console.AskTakeDraft, f.TakeDraft)
	console.On(a, console.AskColleagues, func(ctx, console.PracticeRef) ([]console.Colleague, error) {
		return []console.Colleague{{ID: "ben", Name: "Ben Cole", State: telephony.AgentReady, Languages: []telephony.Language{"en", "es"}},
			{ID: "kim", Name: "Kim Jefa", State: telephony.AgentTalking}}, nil
	})
	console.OnDo(a, console.AskGiveDraft, f.GiveDraft)
	console.OnDo(a, console.AskHandOver, f.HandOver)
	console.OnDo(a, console.AskSignOut, func(ctx, console.Nothing) error { return f.SignOut() })
	console.OnDo(a, console.AskAckBulletin, f.ackBulletin)
	console.On(a, console.AskNoteFor, f.NoteFor)
	console.On(a, console.AskRecording, f.Recording)
	console.On(a, console.AskPreview, f.Preview)
	console.On(a, console.AskSend, f.Send)
	console.On(a, console.AskBoardPage, f.BoardPage)
	console.On(a, console.AskStory, f.Story)
	console.On(a, console.AskStoryState, f.StoryState)
	console.OnDo(a, console.AskAddOn, func(c ctx, b console.NoteText) error { return f.AddOn(c, b.Note, b.Text) })
	console.OnDo(a, console.AskCloseAbandoned, func(c ctx, b console.CallOutcome) error { return f.CloseAbandoned(c, b.Call, b.Outcome) })
	console.On(a, console.AskReach, func(ctx, console.NoteRef) (console.Reach, error) { return reach(), nil })
	said := func(what string) error { defer f.lock()(); f.said = append(f.said, what); return nil }
	console.OnDo(a, console.AskPageAgain, func(ctx, console.NoteRef) error { return said("page again") })
	console.OnDo(a, console.AskPageContact, func(_ ctx, b console.NoteContact) error { return said("page " + b.Contact) })
	console.OnDo(a, console.AskCallContact, func(_ ctx, b console.NoteContact) error { return said("call " + b.Contact) })
	console.OnDo(a, console.AskToldByVoice, func(_ ctx, b console.NoteTold) error {
		return said(fmt.Sprint("told ", b.Contact, " ", b.Took))
	})
	console.OnDo(a, console.AskTakeOver, func(ctx, console.NoteRef) error {
		return &console.Error{Kind: console.Conflict, Code: "desk.error.taken-over", Vars: map[string]string{"name": "Kim Jefa"}}
	})
	console.OnDo(a, console.AskSupervise, func(c ctx, b console.NoteAct) error { return f.Supervise(c, b.Note, b.Act, b.Reason) })
}

// reach is who can be told of any note.
func reach() console.Reach {
	return console.Reach{People: []console.ReachPerson{
		{Contact: "reyes", Name: "Dr Reyes", OnCall: true, Channels: []routing.ChannelKind{routing.Text, routing.Email}, Rings: true},
		{Contact: "osei", Name: "Dr Osei", Channels: []routing.ChannelKind{routing.Text}, Rings: true},
		{Contact: "nowhere", Name: "Dr Nowhere", Why: routing.NoAddress},
	}, Places: []console.ReachPlace{{Contact: "pharmacy", Name: "Lakeside Pharmacy", Number: "(312) 555-0177"}}}
}
