package push

import (
	"errors"
	"testing"

	"lamplight/routing/channel"
)

// Of two phones one may have the message, and the other's push service is away: it may be there, so it must go again as the same.
func TestAMessageThatMayBeThereIsNotANewOne(t *testing.T) {
	perhaps, away := &channel.SendError{Kind: channel.Unknown}, &channel.SendError{Kind: channel.Later}
	for _, err := range []error{worse(perhaps, away), worse(away, perhaps)} {
		if !errors.Is(err, perhaps) {
			t.Errorf("it is %v", err)
		}
	}
}
