package channel

import (
	"context"
	"sync/atomic"
)

// A Socket holds a channel that may be put in, changed or taken out while others send by it. An empty one refuses what is sent. Its
// methods may be called from any goroutine.
type Socket struct{ in atomic.Pointer[Channel] }

var _ Channel = (*Socket)(nil)

// Put has ch be what is sent by from now on; nil takes out what there is.
func (s *Socket) Put(ch Channel) {
	if ch == nil {
		s.in.Store(nil)
		return
	}
	s.in.Store(&ch)
}

// Set is ch itself or, of a Socket, what is in it now; nil for nothing.
func Set(ch Channel) Channel {
	s, ok := ch.(*Socket)
	if !ok {
		return ch
	}
	if in := s.in.Load(); in != nil {
		return *in
	}
	return nil
}

// notSet is what an empty Socket says of a message.
const notSet FailureKind = "not-configured"

// Send implements Channel.
func (s *Socket) Send(ctx context.Context, m Message) (Receipt, error) {
	if ch := Set(s); ch != nil {
		return ch.Send(ctx, m)
	}
	return Receipt{}, &SendError{Kind: notSet}
}

// Lookup implements Channel.
func (s *Socket) Lookup(ctx context.Context, m Message) (Receipt, error) {
	if ch := Set(s); ch != nil {
		return ch.Lookup(ctx, m)
	}
	return Receipt{}, ErrNoLookup
}
