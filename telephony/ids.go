package telephony

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// CallOf is the id of the call that a caller's leg is: always the same for the same leg, so that an event told twice,
// or an engine that starts again, finds the call instead of opening another.
func CallOf(l LegID) CallID {
	h := sha256.Sum256([]byte(l))
	h[6] = h[6]&0x0f | 0x80 // UUID version 8: made our own way
	h[8] = h[8]&0x3f | 0x80
	return CallID(fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16]))
}

// The things of a call on the switch carry its id and a suffix of fixed width, so that none is a prefix of another and
// each leads back to its call.
const (
	bridgeSuffix = "-bridge"
	nearSuffix   = "-near"
	farSuffix    = "-far"
)

func bridgeOf(c CallID) BridgeID { return BridgeID(c + bridgeSuffix) }
func nearOf(c CallID) LegID      { return LegID(c + nearSuffix) }
func farOf(c CallID) LegID       { return LegID(c + farSuffix) }

// marked is the call's id with a letter and a moment to the millisecond: a name that a later engine does not give again.
func marked(c CallID, letter byte, at time.Time) string {
	return fmt.Sprintf("%s-%c%012x", c, letter, at.UnixMilli())
}

const markLen = len("-r000000000000")

// callOfBridge and callOfRecording lead back from a thing's name to its call; "" when the name is not of ours.
func callOfBridge(b BridgeID) CallID {
	c, ok := strings.CutSuffix(string(b), bridgeSuffix)
	if !ok {
		return ""
	}
	return CallID(c)
}

func callOfRecording(r RecordingID) CallID {
	at := len(r) - markLen
	if at <= 0 || r[at] != '-' || r[at+1] != 'r' {
		return ""
	}
	return CallID(r[:at])
}
