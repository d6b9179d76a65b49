// Package sound is the agent's headset, and the tones a desk makes itself.
//
// It promises that a device that dies is missed and opened anew when one is back. It leaves what is heard and said to phone.
package sound

// A Headset is a microphone and a loudspeaker that run from sign-in to sign-out, because opening a device can
// take seconds on a cold machine. Sound is telephony/phone/speech's PCM.
type Headset interface {
	// Start opens both. mic is called with what the microphone heard, ear fills what the loudspeaker plays next; both
	// from the devices' own goroutines, at their own pace, and must not wait. With a nil mic the loudspeaker alone is opened.
	Start(mic func(pcm []byte), ear func(pcm []byte)) error
	// Stop closes both; no callback begins after it returned.
	Stop()
	// Deaf tells that the machine has no microphone or no loudspeaker now.
	Deaf() bool
}

// None is the headset of a desk told to open none.
type None struct{}

func (None) Start(func([]byte), func([]byte)) error { return nil }
func (None) Stop()                                  {}
func (None) Deaf() bool                             { return false }
