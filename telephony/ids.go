package telephony

import (
	"crypto/sha256"
	"fmt"
)

// CallOf is the id of the call that a caller's leg is: always the same for the same leg, so that an event told twice,
// or an engine that starts again, finds the call instead of opening another.
func CallOf(l LegID) CallID {
	h := sha256.Sum256([]byte(l))
	h[6] = h[6]&0x0f | 0x80 // UUID version 8: made our own way
	h[8] = h[8]&0x3f | 0x80
	return CallID(fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16]))
}
