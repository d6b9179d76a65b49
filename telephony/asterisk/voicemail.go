package asterisk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A StoredVoicemail is what the name of a stored recording and its companion tell of a message the fail-safe recorded.
//
// The recording "vm/1764000000-_13125550142-1764000000.12" is the voice, a WAV: when the fail-safe took the call, the
// number dialled as the dialplan guesses it (_ stands for its +, which a URL would turn into a space), and the channel's id.
// The recording of the same name with "-caller" behind it is a short text, an Invite, which knows better and knows the
// caller's number: that is patient data and must stand in no name, URL or log. It is written before the caller is asked
// to speak, so one without a voice is a caller who hung up
// during the apology. While the channel lives the message may still be spoken. Both are listed, fetched and deleted
// through ARI like any stored recording. Where a full disk left the text empty, the global variable KeptPrefix + Channel has it,
// for as long as Asterisk runs.
type StoredVoicemail struct {
	Name    string    // the recording's name on ARI
	DID     string    // the number dialled, as the dialplan guesses it
	At      time.Time // when the fail-safe took the call
	Channel string    // the channel that speaks it; the message is whole when that channel is gone
}

// CallerSuffix stands behind a voicemail's name in the name of its companion.
const CallerSuffix = "-caller"

// KeptPrefix stands before a voicemail's channel in the name of the variable that has what a full disk did not take.
const KeptPrefix = "LAMPLIGHT_KEPT_"

var voicemailName = regexp.MustCompile(`^vm/([0-9]{9,12})-(_?[0-9A-Za-z]*)-([0-9A-Za-z._-]+)$`)

// ParseVoicemail reads a stored recording's name. It fails for what is not a voicemail, companions included.
func ParseVoicemail(name string) (StoredVoicemail, error) {
	m := voicemailName.FindStringSubmatch(name)
	if m == nil || strings.HasSuffix(name, CallerSuffix) {
		return StoredVoicemail{}, fmt.Errorf("asterisk: %q does not name a voicemail", name)
	}
	sec, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return StoredVoicemail{}, fmt.Errorf("asterisk: %q: %w", name, err)
	}
	return StoredVoicemail{Name: name, DID: strings.Replace(m[2], "_", "+", 1), At: time.Unix(sec, 0).UTC(), Channel: m[3]}, nil
}
