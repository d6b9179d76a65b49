package main

import (
	"context"

	"lamplight/console"
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
	console.OnDo(a, console.AskPause, func(c ctx, b console.Reason) error { return f.Pause(c, b.Reason) })
	console.OnDo(a, console.AskReject, func(c ctx, b console.OfferRef) error { return f.Reject(c, b.Call, b.Epoch) })
	console.OnDo(a, console.AskHold, func(c ctx, b console.CallRef) error { return f.Hold(c, b.Call) })
	console.OnDo(a, console.AskResume, func(c ctx, b console.CallRef) error { return f.Resume(c, b.Call) })
	console.OnDo(a, console.AskRejoin, func(c ctx, b console.CallRef) error { return f.Rejoin(c, b.Call) })
	console.OnDo(a, console.AskHangUp, func(c ctx, b console.CallRef) error { return f.HangUp(c, b.Call) })
	console.OnDo(a, console.AskWrapUpDone, func(c ctx, _ console.Nothing) error { return f.WrapUpDone(c) })
	console.OnDo(a, console.AskSetLanguage, func(c ctx, b console.CallLanguage) error { return f.SetLanguage(c, b.Call, b.Language) })
	console.OnDo(a, console.AskCallBack, func(c ctx, b console.CallBackRef) error { return f.CallBack(c, b.Call) })
	console.On(a, console.AskCallsNow, func(c ctx, _ console.Nothing) ([]console.CallNow, error) { return f.CallsNow(c) })
	console.OnDo(a, console.AskEndCall, func(c ctx, b console.CallRef) error { return f.EndCall(c, b.Call) })
	console.On(a, console.AskScenarios, func(c ctx, _ console.Nothing) ([]console.Scenario, error) { return f.Scenarios(c) })
	console.OnDo(a, console.AskPracticeCall, func(c ctx, b console.ScenarioRef) error { return f.PracticeCall(c, b.ID) })
	console.OnDo(a, console.AskSaveDraft, f.SaveDraft)
	console.On(a, console.AskDrafts, func(c ctx, _ console.Nothing) ([]console.Draft, error) { return f.Drafts(c) })
	console.OnDo(a, console.AskDropDraft, func(c ctx, b console.DraftRef) error { return f.DropDraft(c, b.ID) })
	console.On(a, console.AskPreview, f.Preview)
	console.On(a, console.AskSend, f.Send)
	console.On(a, console.AskBoardPage, f.BoardPage)
	console.On(a, console.AskStory, f.Story)
	console.OnDo(a, console.AskAddOn, func(c ctx, b console.NoteText) error { return f.AddOn(c, b.Note, b.Text) })
	console.OnDo(a, console.AskCloseAbandoned, func(c ctx, b console.CallOutcome) error { return f.CloseAbandoned(c, b.Call, b.Outcome) })
	console.OnDo(a, console.AskSupervise, func(c ctx, b console.NoteAct) error { return f.Supervise(c, b.Note, b.Act, b.Reason) })
}
