package ari_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/coder/websocket"

	"lamplight/telephony"
)

// The second telling of a key is Asterisk's: seen when it had stood still for 150 ms while keys were pressed.
func TestAKeyToldAgainIsOnePress(t *testing.T) {
	told := []struct {
		key      string
		at, held int // ms
	}{
		{"9", 100, 100}, {"9", 100, 100}, // for the channel and for its endpoint
		{"9", 143, 100}, // put aside, and taken up
		{"8", 290, 100}, {"8", 309, 100},
		{"8", 450, 100}, // pressed again
		{"7", 600, 40}, {"7", 664, 40},
		{"7", 680, 40}, // pressed again, as fast as a machine can
		{"7", 700, 60}, // not held as long: another press
		{"#", 900, 100},
	}
	const want = "988777#"
	p := pretend(t, func(ctx context.Context, _ int64, c *websocket.Conn) {
		say := func(s string) { c.Write(ctx, websocket.MessageText, []byte(s)) }
		say(arrival("c1", "Ana"))
		for _, k := range told {
			say(fmt.Sprintf(`{"type":"ChannelDtmfReceived","timestamp":"2026-01-02T03:04:05.%03d+0000","digit":"%s","duration_ms":%d,"channel":{"id":"c1"}}`, k.at, k.key, k.held))
		}
		c.Read(ctx)
	})
	c := p.connect(t, nil)
	next(t, c, telephony.LegArrived)
	got := ""
	for range want {
		got += next(t, c, telephony.Digit).Digit
	}
	if got != want {
		t.Errorf("keys %q, want %q", got, want)
	}
}
