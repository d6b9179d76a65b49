package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"lamplight/console"
	"lamplight/console/wire"
)

// Refusals the desk itself gives; the rest come from the server.
const (
	errUnreachable = "desk.error.unreachable"
	errInternal    = "desk.error.internal"
	errSignedOut   = "desk.error.session"
	errNobody      = "desk.error.signed-out" // the same, from behind the wire
	errPhone       = "desk.error.phone"
)

// guard turns a panic in a bound method into an ordinary error: without it Wails only logs the panic and the page's
// promise never settles. The panic's words stay in the log, which a panic value of ours never fills with patient data.
func guard(err *error) {
	if p := recover(); p != nil {
		slog.Error("panic in a bound method", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = console.Refuse(console.Internal, errInternal)
	}
}

// thrown is err's refusal as the page gets it: JSON in a string, because Wails makes an Error of whatever it is given and
// an object would arrive as its name.
func thrown(err error) string {
	b, err := json.Marshal(refusal(err))
	if err != nil { // a refusal is strings only
		return `{"kind":"internal","code":"` + errInternal + `"}`
	}
	return string(b)
}

// refusal is what the page is told of an error: a code it can translate, never an inside.
func refusal(err error) *console.Error {
	var e *console.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, wire.ErrUnreachable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return console.Refuse(console.Unavailable, errUnreachable)
	default:
		return console.Refuse(console.Internal, errInternal)
	}
}
