package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// ErrUnreachable says that no server answered in time; the request may or may not have been done, and repeating it is
// harmless.
var ErrUnreachable = errors.New("the server does not answer")

// atOnce has a connection write each message as it is published: what is said between a desk and a server is said one thing
// at a time, and the library's own goroutine that gathers messages would only come between.
var AtOnce = nats.WriteBufferSize(1)

// answer is what a request brings back: a result or a refusal.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *console.Error  `json:"error,omitempty"`
}

// telling is one numbered event of one watch.
type telling struct {
	Watch string        `json:"watch"`
	N     uint64        `json:"n"`
	Event console.Event `json:"event"`
}

// The requests' bodies, where a method takes more than one thing.
type (
	none       struct{}
	reasonBody struct {
		Reason string `json:"reason"`
	}
	callBody struct {
		Call     telephony.CallID   `json:"call"`
		Epoch    uint64             `json:"epoch,omitempty"`
		Language telephony.Language `json:"language,omitempty"`
		Outcome  string             `json:"outcome,omitempty"`
	}
	noteBody struct {
		Note   notes.NoteID `json:"note"`
		Text   string       `json:"text,omitempty"`
		Act    string       `json:"act,omitempty"`
		Reason string       `json:"reason,omitempty"`
	}
	nameBody struct {
		ID string `json:"id"`
	}
	watchBody struct {
		Watch string `json:"watch"`
	}
)

// A handler answers one method with a service.
type handler func(ctx context.Context, s console.Service, body []byte) (any, error)

// ask makes a handler of a function that takes a body and answers something.
func ask[In, Out any](f func(context.Context, console.Service, In) (Out, error)) handler {
	return func(ctx context.Context, s console.Service, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("%w: %v", errMalformed, err)
		}
		return f(ctx, s, in)
	}
}

// tell makes a handler of a function that answers nothing.
func tell[In any](f func(context.Context, console.Service, In) error) handler {
	return ask(func(ctx context.Context, s console.Service, in In) (none, error) { return none{}, f(ctx, s, in) })
}

var errMalformed = errors.New("malformed request")

// methods is the whole of console.Service but Watch, which Server and Client carry themselves.
var methods = map[string]handler{
	"hello": ask(func(ctx context.Context, s console.Service, _ none) (console.Hello, error) { return s.Hello(ctx) }),
	"ready": tell(func(ctx context.Context, s console.Service, _ none) error { return s.Ready(ctx) }),
	"pause": tell(func(ctx context.Context, s console.Service, b reasonBody) error { return s.Pause(ctx, b.Reason) }),
	"reject": tell(func(ctx context.Context, s console.Service, b callBody) error {
		return s.Reject(ctx, b.Call, b.Epoch)
	}),
	"hold":       tell(func(ctx context.Context, s console.Service, b callBody) error { return s.Hold(ctx, b.Call) }),
	"resume":     tell(func(ctx context.Context, s console.Service, b callBody) error { return s.Resume(ctx, b.Call) }),
	"rejoin":     tell(func(ctx context.Context, s console.Service, b callBody) error { return s.Rejoin(ctx, b.Call) }),
	"hangup":     tell(func(ctx context.Context, s console.Service, b callBody) error { return s.HangUp(ctx, b.Call) }),
	"wrapupdone": tell(func(ctx context.Context, s console.Service, _ none) error { return s.WrapUpDone(ctx) }),
	"setlanguage": tell(func(ctx context.Context, s console.Service, b callBody) error {
		return s.SetLanguage(ctx, b.Call, b.Language)
	}),
	"callback":  tell(func(ctx context.Context, s console.Service, b callBody) error { return s.CallBack(ctx, b.Call) }),
	"savedraft": tell(func(ctx context.Context, s console.Service, d console.Draft) error { return s.SaveDraft(ctx, d) }),
	"drafts": ask(func(ctx context.Context, s console.Service, _ none) ([]console.Draft, error) {
		return s.Drafts(ctx)
	}),
	"dropdraft": tell(func(ctx context.Context, s console.Service, b nameBody) error { return s.DropDraft(ctx, b.ID) }),
	"preview": ask(func(ctx context.Context, s console.Service, d console.Draft) (console.Preview, error) {
		return s.Preview(ctx, d)
	}),
	"send": ask(func(ctx context.Context, s console.Service, d console.Draft) (console.Sent, error) {
		return s.Send(ctx, d)
	}),
	"board": ask(func(ctx context.Context, s console.Service, _ none) ([]console.BoardRow, error) {
		return s.Board(ctx)
	}),
	"story": ask(func(ctx context.Context, s console.Service, r console.StoryRef) (console.Story, error) {
		return s.Story(ctx, r)
	}),
	"addon": tell(func(ctx context.Context, s console.Service, b noteBody) error { return s.AddOn(ctx, b.Note, b.Text) }),
	"closeabandoned": tell(func(ctx context.Context, s console.Service, b callBody) error {
		return s.CloseAbandoned(ctx, b.Call, b.Outcome)
	}),
	"supervise": tell(func(ctx context.Context, s console.Service, b noteBody) error {
		return s.Supervise(ctx, b.Note, b.Act, b.Reason)
	}),
	"scenarios": ask(func(ctx context.Context, s console.Service, _ none) ([]console.Scenario, error) {
		return s.Scenarios(ctx)
	}),
	"practicecall": tell(func(ctx context.Context, s console.Service, b nameBody) error {
		return s.PracticeCall(ctx, b.ID)
	}),
}
