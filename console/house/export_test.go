package house

import (
	"context"
	"time"

	"lamplight/console"
	"lamplight/notes"
	"lamplight/telephony"
)

// AnnounceWaiting is what Run does every minute.
func (h *House) AnnounceWaiting(ctx context.Context) { h.announceWaiting(ctx) }

// Raise is what Run does again and again, at an instant.
func (h *House) Raise(ctx context.Context, now time.Time) { h.raise(ctx, now) }

// Attend is a desk that hears what happens, without a telephone.
func (h *House) Attend(ctx context.Context, a telephony.AgentID) <-chan console.Event {
	return h.streams.attach(ctx, a, []makeEvent{h.now(console.Event{Kind: "hello"})}, func(bool) {})
}

// OnCallNow is who a desk shows as on call.
func (h *House) OnCallNow(ctx context.Context, acc notes.Account) ([]console.OnCall, error) {
	return h.onCall(ctx, acc, h.cfg.Now())
}
