package engine

import (
	"fmt"
	"lamplight/telephony"
	"strings"
	"time"
)

// The things of a call on the switch carry its id and a suffix of fixed width, so that none is a prefix of another and
// each leads back to its call.
const (
	bridgeSuffix = "-bridge"
	besideSuffix = "-beside"
	nearSuffix   = "-near"
	farSuffix    = "-far"
)

func bridgeOf(c telephony.CallID) telephony.BridgeID { return telephony.BridgeID(c + bridgeSuffix) }
func besideOf(c telephony.CallID) telephony.BridgeID { return telephony.BridgeID(c + besideSuffix) }
func nearOf(c telephony.CallID) telephony.LegID      { return telephony.LegID(c + nearSuffix) }
func farOf(c telephony.CallID) telephony.LegID       { return telephony.LegID(c + farSuffix) }

// marked is the call's id with a letter and a moment to the millisecond: a name that a later engine does not give again.
func marked(c telephony.CallID, letter byte, at time.Time) string {
	return fmt.Sprintf("%s-%c%012x", c, letter, at.UnixMilli())
}

// supervisorMark marks the leg of a supervisor of a call.
const supervisorMark = 's'

// thirdMark marks the leg of a third party, plainMark of one who is asked for no key.
const (
	thirdMark = 't'
	plainMark = 'u'
)

// isMarked tells whether a leg's name has this mark, in its call.
func isMarked(l telephony.LegID, c telephony.CallID, mark byte) bool {
	return len(l) == len(c)+markLen && string(l[:len(c)]) == string(c) && l[len(c)+1] == mark
}

const markLen = len("-r000000000000")

// callOfBridge and callOfRecording lead back from a thing's name to its call; "" when the name is not of ours.
func callOfBridge(b telephony.BridgeID) telephony.CallID {
	for _, suffix := range []string{bridgeSuffix, besideSuffix} {
		if c, ok := strings.CutSuffix(string(b), suffix); ok {
			return telephony.CallID(c)
		}
	}
	return ""
}

func callOfRecording(r telephony.RecordingID) telephony.CallID {
	at := len(r) - markLen
	if at <= 0 || r[at] != '-' || r[at+1] != 'r' {
		return ""
	}
	return telephony.CallID(r[:at])
}
