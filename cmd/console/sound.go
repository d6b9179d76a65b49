package main

// A sound is a headset: a microphone and a loudspeaker that run from sign-in to sign-out, because opening a device can
// take seconds on a cold machine. Sound is telephony/phone/speech's PCM.
type sound interface {
	// Start opens both. mic is called with what the microphone heard, ear fills what the loudspeaker plays next; both
	// from the devices' own goroutines, at their own pace, and must not wait.
	Start(mic func(pcm []byte), ear func(pcm []byte)) error
	// Stop closes both; no callback begins after it returned.
	Stop()
	// Deaf tells that the machine has no microphone or no loudspeaker now.
	Deaf() bool
}

// noSound is the headset of a desk told to open none.
type noSound struct{}

func (noSound) Start(func([]byte), func([]byte)) error { return nil }
func (noSound) Stop()                                  {}
func (noSound) Deaf() bool                             { return false }
