package wire

import (
	"encoding/json"
	"errors"

	"github.com/nats-io/nats.go"

	"lamplight/console"
)

// ErrUnreachable says that no server answered in time; the request may or may not have been done, and repeating it is
// harmless.
var ErrUnreachable = errors.New("the server does not answer")

// AtOnce has a connection write each message as it is published: what is said between a desk and a server is said one thing
// at a time, and the library's own goroutine that gathers messages would only come between.
var AtOnce = nats.WriteBufferSize(1)

// answer is what a request brings back: a result or a refusal.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *console.Error  `json:"error,omitempty"`
}

// watchEvent is one numbered event of one watch.
type watchEvent struct {
	Watch string        `json:"watch"`
	N     uint64        `json:"n"`
	Event console.Event `json:"event"`
}

// watchBody is the body of the two requests that Server and Client carry themselves, "watch" and "beat".
type watchBody struct {
	Watch    string `json:"watch"`
	Protocol int    `json:"protocol,omitempty"` // what the desk speaks; 0 for one from before it was said here
}

var errMalformed = errors.New("malformed request")
