package dispatch

import (
	"testing"

	"lamplight/frontend/shared/catalog"
	"lamplight/notes"
	"lamplight/routing"
)

// Every code this package hands out has a sentence in both languages.
func TestEveryCodeHasAWord(t *testing.T) {
	c, err := catalog.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, why := range []routing.HoleReason{routing.NobodyOnCall, routing.NobodyNext, routing.NoAddress,
		routing.NoContact, routing.NoCarrier, routing.HasLeft, routing.NoLadder, routing.Stopped} {
		keys = append(keys, "routing.hole."+string(why), "desk.hole."+string(why))
	}
	for _, k := range []notes.LineKind{notes.LineBegun, notes.LineSent, notes.LineDelivered, notes.LineUndelivered, notes.LineFailed,
		notes.LineLinkOpened, notes.LineNotNeeded, notes.LineAcknowledged, notes.LinePassed, notes.LinePushed, notes.LineSkipped,
		notes.LineReassigned, notes.LineCancelled, notes.LineExhausted, notes.LineForged, notes.LineSummoned, notes.LineTakenOver,
		notes.LinePaged, notes.LineCalled, notes.LineTold,
		notes.LineTextReplied, notes.LineTextUnclear, notes.LineTextsStopped, notes.LineTextsStarted} {
		keys = append(keys, "routing.story."+string(k))
	}
	for _, k := range []string{"refused", "unavailable", "timeout", "no-address", string(notConfigured), string(whyStopped), "undelivered",
		"forged", "unreachable"} {
		keys = append(keys, "routing.why."+k)
	}
	for _, k := range []routing.ChannelKind{routing.Text, routing.Email, routing.Push, routing.Voice} {
		keys = append(keys, "routing.channel."+string(k))
	}
	for _, lang := range c.Languages() {
		for _, k := range keys {
			if _, ok := c[lang][k]; !ok {
				t.Errorf("%s has no %s", lang, k)
			}
		}
	}
}
