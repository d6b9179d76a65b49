package console

import (
	"context"

	"lamplight/telephony"
)

// Attend is a desk that hears what happens, without a telephone.
func (h *House) Attend(ctx context.Context, a telephony.AgentID) <-chan Event {
	return h.streams.attach(ctx, a, h.now(Event{Kind: "hello"}), func(bool) {})
}
